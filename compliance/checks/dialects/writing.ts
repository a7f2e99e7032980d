/** POST, PUT and DELETE as clients write them, and what they expect of a disabled user. */
import { randomUUID } from 'node:crypto';
import type { Check, JsonObject, Server, Trial } from '../../trial.ts';
import { finds, groups, hasMembers, isEmpty, patched, users, without, writable } from '../clients.ts';
import {
  at,
  came,
  current,
  ENTERPRISE,
  ERROR,
  GROUP,
  memberIds,
  patch,
  quoted,
  replace,
  sent,
  shown,
  strings,
  succeeded,
  USER,
} from '../reading.ts';

const profiles = ['dialects'] as const;

const unnamedExtension: Check = {
  id: 'dialects/unnamed-extension',
  title: 'An extension is taken that schemas does not name',
  feature: 'create',
  profiles,
  requirements: ['DIALECT-15'],
  unless: without(`${ENTERPRISE}:department`),
  async run(trial: Trial) {
    const body = { ...trial.userBody({ [ENTERPRISE]: { department: 'Sales' } }), schemas: [USER] };
    const answer = await trial.send('POST', users(trial.server), body);
    const department = at(answer.json, ENTERPRISE, 'department');
    trial.holds(
      'DIALECT-15',
      succeeded(answer) && department === 'Sales',
      `the department should be taken; got ${came(answer)} and ${shown(department)}`,
    );
  },
};

const unknownAttributes: Check = {
  id: 'dialects/unknown-attributes',
  title: 'What the server does not know is passed over',
  feature: 'create',
  profiles,
  requirements: ['DIALECT-16'],
  async run(trial: Trial) {
    const extra = { linkspanComplianceUnknown: 'x', linkspanComplianceObject: { part: [1, 2] } };
    const answer = await trial.send('POST', users(trial.server), trial.userBody(extra));
    trial.holds('DIALECT-16', succeeded(answer), `a user with unknown attributes should be taken; got ${came(answer)}`);
    if (!trial.server.hasGroups) return;
    const urn = 'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group';
    const group = await trial.send('POST', groups(trial.server), trial.groupBody({ ...extra, schemas: [GROUP, urn] }));
    trial.holds(
      'DIALECT-16',
      succeeded(group),
      `a group with unknown attributes and an unknown URN should be taken; got ${came(group)}`,
    );
  },
};

const oldUrn: Check = {
  id: 'dialects/old-urn',
  title: 'A body with the URN of SCIM 1.1 is taken',
  feature: 'create',
  profiles,
  requirements: ['DIALECT-34'],
  async run(trial: Trial) {
    const body = trial.userBody({ schemas: ['urn:scim:schemas:core:1.0'] });
    const answer = await trial.send('POST', users(trial.server), body);
    trial.holds('DIALECT-34', succeeded(answer), `it should be taken; got ${came(answer)}`);
  },
};

/** Attributes that may be empty, with the two ways to say so. */
function empty({ attribute }: Server): JsonObject {
  const optional = (name: string) => {
    const found = attribute('User', name);
    return found !== null && !found.required && found.mutability === 'readWrite';
  };
  const found: JsonObject = {};
  for (const name of ['nickName', 'title', 'displayName']) if (optional(name)) found[name] = null;
  for (const name of ['phoneNumbers', 'addresses', 'photos', 'roles']) if (optional(name)) found[name] = [];
  return found;
}

const nothing: Check = {
  id: 'dialects/null',
  title: 'null and empty arrays in a POST mean that there is nothing',
  feature: 'create',
  profiles,
  requirements: ['DIALECT-18'],
  unless: (server) => (Object.keys(empty(server)).length > 0 ? null : 'its users have nothing that may be empty'),
  async run(trial: Trial) {
    const given = empty(trial.server);
    const answer = await trial.send('POST', users(trial.server), trial.userBody(given));
    trial.holds('DIALECT-18', succeeded(answer), `${shown(given)} should be taken; got ${came(answer)}`);
    // A display name may be worked out from the others.
    for (const name of Object.keys(given).filter((each) => each !== 'displayName'))
      trial.holds(
        'DIALECT-18',
        isEmpty(at(answer.json, name)),
        `${name} should be empty; it is ${shown(at(answer.json, name))}`,
      );
  },
};

const echo: Check = {
  id: 'dialects/echo',
  title: 'A PUT with what the server itself added is taken',
  feature: 'replace',
  profiles,
  requirements: ['DIALECT-19'],
  async run(trial: Trial) {
    const made = await trial.makeUser();
    const read = await current(trial, made);
    const password: JsonObject = writable(trial.server, 'password') ? { password: `Aa1!${randomUUID()}` } : {};
    const answer = await replace(trial, made, { ...read, groups: [], ...password });
    trial.holds(
      'DIALECT-19',
      succeeded(answer),
      `id, meta, groups and a password in a PUT should be taken; got ${came(answer)}`,
    );
    const now = await current(trial, made);
    trial.holds(
      'DIALECT-19',
      at(now, 'userName') === at(read, 'userName'),
      `userName should still be ${shown(at(read, 'userName'))}; it is ${shown(at(now, 'userName'))}`,
    );
  },
};

const disabled: Check = {
  id: 'dialects/disabled',
  title: 'A disabled user is still returned, and stays in its groups',
  feature: 'read',
  profiles,
  requirements: ['DIALECT-24', 'DIALECT-25'],
  unless: without('active'),
  async run(trial: Trial) {
    const made = await trial.makeUser();
    const group = trial.server.hasGroups ? await trial.makeGroup({ members: [{ value: made.id }] }) : null;
    const wasIn = group ? memberIds(await current(trial, group)).includes(made.id) : false;
    const answer = trial.server.supports.patch
      ? await patched(trial, made, [{ op: 'replace', path: 'active', value: false }])
      : await replace(trial, made, { active: false });
    trial.needs(succeeded(answer), `it cannot be disabled: ${came(answer)}`);
    const read = await trial.send('GET', made.path);
    trial.holds(
      'DIALECT-24',
      read.status === 200 && at(read.json, 'active') === false,
      `the disabled user should be answered with 200 and active false; got ${came(read)} and ${shown(at(read.json, 'active'))}`,
    );
    await finds(
      trial,
      'DIALECT-24',
      users(trial.server),
      encodeURIComponent(`userName eq ${quoted(String(sent(made).userName))}`),
      made,
    );
    if (group && wasIn) await hasMembers(trial, 'DIALECT-25', group, answer, 'disabling a member', [made.id]);
  },
};

const duplicates: Check = {
  id: 'dialects/duplicate',
  title: 'Who is there already is answered with 409 and uniqueness',
  feature: 'create',
  profiles,
  requirements: ['DIALECT-28', 'DIALECT-29'],
  async run(trial: Trial) {
    const made = await trial.makeUser();
    const answer = await trial.send('POST', users(trial.server), sent(made));
    trial.holds('DIALECT-28', answer.status === 409, `409 was expected; got ${came(answer)}`);
    const type = at(answer.json, 'scimType');
    if (answer.status === 409)
      trial.holds('DIALECT-29', type === 'uniqueness', `scimType should be uniqueness; it is ${shown(type)}`);
  },
};

const gone: Check = {
  id: 'dialects/gone',
  title: 'Who is not there is answered with 404 and a SCIM error',
  feature: 'delete',
  profiles,
  requirements: ['DIALECT-30', 'DIALECT-31'],
  async run(trial: Trial) {
    const unknown = await trial.send('GET', `${users(trial.server)}/${randomUUID()}`);
    const isError = strings(at(unknown.json, 'schemas')).includes(ERROR);
    trial.holds(
      'DIALECT-30',
      unknown.status === 404 && isError,
      `404 and a SCIM error were expected; got ${came(unknown)} and ${shown(unknown.json)}`,
    );
    const made = await trial.makeUser();
    for (const status of [204, 404]) {
      const answer = await trial.send('DELETE', made.path);
      trial.holds(
        'DIALECT-31',
        answer.status === status,
        `DELETE should be answered with ${status}; got ${came(answer)}`,
      );
    }
  },
};

const conditions: Check = {
  id: 'dialects/without-if-match',
  title: 'Nothing needs If-Match',
  feature: 'etag',
  profiles,
  requirements: ['DIALECT-32'],
  async run(trial: Trial) {
    const made = await trial.makeUser();
    const put = await trial.send('PUT', made.path, sent(made), { conditions: false });
    const answers = [put];
    const [change] = ['displayName', 'nickName', 'title'].filter((each) => writable(trial.server, each));
    if (trial.server.supports.patch && change) {
      const body = patch({ op: 'replace', path: change, value: 'Changed' });
      answers.push(await trial.send('PATCH', made.path, body, { conditions: false }));
    }
    answers.push(await trial.send('DELETE', made.path, undefined, { conditions: false }));
    for (const answer of answers)
      trial.holds(
        'DIALECT-32',
        answer.status !== 412 && answer.status !== 428,
        `${answer.method} without If-Match should not be refused for that; got ${came(answer)}`,
        answer,
      );
  },
};

export const checks: readonly Check[] = [
  unnamedExtension,
  unknownAttributes,
  oldUrn,
  nothing,
  echo,
  disabled,
  duplicates,
  gone,
  conditions,
];
