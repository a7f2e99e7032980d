/** What Microsoft Entra ID does with users. */
import { randomUUID } from 'node:crypto';
import type { Check, JsonObject, Trial } from '../../trial.ts';
import { finds, madeBy, users, without, writable } from '../clients.ts';
import {
  at,
  came,
  current,
  ENTERPRISE,
  LIST_RESPONSE,
  objects,
  otherCase,
  quoted,
  refused,
  resources,
  sent,
  shown,
  strings,
  succeeded,
  text,
  USER,
} from '../reading.ts';
import { hasExtension } from '../schemas/samples.ts';

const profiles = ['entra'] as const;
const MEDIA_TYPE = /^application\/scim\+json\b/i;

/** As the default mappings make it, as far as the server has the attributes. */
function entraBody(trial: Trial, overrides: JsonObject = {}): JsonObject {
  const { server } = trial;
  return trial.userBody({
    schemas: hasExtension(server) ? [USER, ENTERPRISE] : [USER],
    externalId: randomUUID(),
    meta: { resourceType: 'User' },
    ...(writable(server, 'roles') && { roles: [] }),
    ...overrides,
  });
}

const probe: Check = {
  id: 'entra/probe',
  title: 'The connection test finds nobody, in an empty list',
  feature: 'filter',
  profiles,
  requirements: ['ENTRA-1'],
  async run(trial: Trial) {
    const answer = await trial.send('GET', `${users(trial.server)}?filter=userName+eq+%22${randomUUID()}%22`);
    const isList = strings(at(answer.json, 'schemas')).includes(LIST_RESPONSE);
    const empty = at(answer.json, 'totalResults') === 0 && resources(answer).length === 0;
    trial.holds(
      'ENTRA-1',
      answer.status === 200 && isList && empty,
      `200 and an empty ListResponse were expected; got ${came(answer)} and ${shown(answer.json)}`,
    );
  },
};

const create: Check = {
  id: 'entra/create',
  title: 'A user as Entra sends it is created',
  feature: 'create',
  profiles,
  requirements: ['ENTRA-2', 'ENTRA-3', 'ENTRA-32'],
  async run(trial: Trial) {
    const body = entraBody(trial);
    const answer = await trial.send('POST', users(trial.server), body);
    const id = text(at(answer.json, 'id'));
    const same = at(answer.json, 'userName') === body.userName;
    trial.holds(
      'ENTRA-3',
      [200, 201].includes(answer.status) && id !== null && same,
      `201, an id and the userName ${shown(body.userName)} were expected; got ${came(answer)} and ${shown(answer.json)}`,
    );
    const made = madeBy(trial, users(trial.server), answer);
    const read = await trial.send('GET', made.path);
    for (const each of [answer, read]) {
      trial.holds(
        'ENTRA-2',
        at(each.json, 'id') === made.id,
        `the answer should have the id ${made.id}; it has ${shown(at(each.json, 'id'))}`,
        each,
      );
      const type = each.headers['content-type'] ?? '';
      trial.holds(
        'ENTRA-32',
        MEDIA_TYPE.test(type),
        `Content-Type should be application/scim+json; it is ${shown(type)}`,
        each,
      );
    }
  },
};

const match: Check = {
  id: 'entra/match',
  title: 'A user is found by what Entra matches on',
  feature: 'filter',
  profiles,
  requirements: ['ENTRA-2', 'ENTRA-4', 'ENTRA-5', 'ENTRA-6', 'ENTRA-7'],
  async run(trial: Trial) {
    const endpoint = users(trial.server);
    const made = madeBy(trial, endpoint, await trial.send('POST', endpoint, entraBody(trial)));
    const { userName, externalId, emails } = sent(made);
    const by = (path: string, value: unknown) => `${path}+eq+${encodeURIComponent(quoted(String(value)))}`;
    const answer = await finds(trial, 'ENTRA-4', endpoint, by('userName', userName), made);
    const ids = resources(answer).map((each) => text(at(each, 'id')));
    trial.holds('ENTRA-2', !ids.includes(null), 'a resource in the list has no id', answer);
    await finds(trial, 'ENTRA-7', endpoint, by('userName', otherCase(String(userName))), made);
    await finds(trial, 'ENTRA-5', endpoint, by('externalId', externalId), made);
    const [email] = objects(emails);
    if (email && at(email, 'type') === 'work')
      await finds(
        trial,
        'ENTRA-6',
        endpoint,
        by(encodeURIComponent('emails[type eq "work"].value').replaceAll('%20', '+'), at(email, 'value')),
        made,
      );
  },
};

const values: Check = {
  id: 'entra/values',
  title: 'A telephone number comes back as it was sent',
  feature: 'schemas',
  profiles,
  requirements: ['ENTRA-31'],
  unless: without('phoneNumbers.value', 'phoneNumbers.type'),
  async run(trial: Trial) {
    const made = await trial.makeUser({ phoneNumbers: [{ value: '55555555555', type: 'work' }] });
    const [phone] = objects(at(await current(trial, made), 'phoneNumbers'));
    trial.holds(
      'ENTRA-31',
      at(phone, 'value') === '55555555555',
      `55555555555 was sent, and ${shown(phone)} came back`,
    );
  },
};

const primaryText: Check = {
  id: 'entra/primary-text',
  title: 'A user whose primary is a text is created',
  feature: 'create',
  profiles,
  requirements: ['ENTRA-30'],
  unless: without('emails.value', 'emails.primary'),
  async run(trial: Trial) {
    const emails = [{ value: `${trial.name()}@example.com`, type: 'work', primary: 'true' }];
    const answer = await trial.send('POST', users(trial.server), trial.userBody({ emails }));
    trial.holds('ENTRA-30', succeeded(answer), `primary "true" should be taken; got ${came(answer)}`);
  },
};

const remove: Check = {
  id: 'entra/delete',
  title: 'A deleted user is gone',
  feature: 'delete',
  profiles,
  requirements: ['ENTRA-26', 'ENTRA-27'],
  async run(trial: Trial) {
    const made = await trial.makeUser();
    const answer = await trial.send('DELETE', made.path);
    const read = await trial.send('GET', made.path);
    trial.holds(
      'ENTRA-26',
      succeeded(answer) && read.status === 404,
      `DELETE should succeed and GET be answered with 404; got ${came(answer)} and ${came(read)}`,
      answer,
    );
    if (refused(answer)) return;
    const again = await trial.send('DELETE', made.path);
    trial.holds('ENTRA-27', again.status === 404, `a second DELETE should be answered with 404; got ${came(again)}`);
  },
};

export const checks: readonly Check[] = [probe, create, match, values, primaryText, remove];
