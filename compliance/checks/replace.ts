/** RFC 7644 section 3.5.1: PUT replaces a resource that is there. */
import { randomUUID } from 'node:crypto';
import type { Check, Trial } from '../trial.ts';
import {
  endpointOf,
  groupWith,
  immutableText,
  isCleared,
  membersOf,
  sameIds,
  userWithText,
  userWithTexts,
  userWithValues,
  valuesOf,
} from './picking.ts';
import { at, came, current, object, refused, replace, sent, shown, succeeded, text } from './reading.ts';
import { differences } from './states.ts';

const answer: Check = {
  id: 'replace/answer',
  title: 'A PUT is answered with 200 and the whole resource, and does what it says',
  feature: 'replace',
  requirements: ['RFC7644-3.5-1', 'RFC7644-3.5.1-2', 'RFC7644-3.5.1-9', 'RFC7644-3.1-4'],
  async run(trial: Trial) {
    const { user, name } = await userWithText(trial);
    const value = trial.name('new');
    const put = await trial.send('PUT', user.path, { ...sent(user), [name]: value });
    const isSupported = ![404, 405, 501].includes(put.status);
    if (!trial.holds('RFC7644-3.5-1', isSupported, `PUT should be supported; it was answered with ${came(put)}`))
      return;
    const told = `a PUT of what was made, with another ${name}, should succeed; it got ${came(put)}`;
    if (!trial.holds('RFC7644-3.5.1-2', succeeded(put), told)) return;
    const id = text(at(put.json, 'id'));
    const isWhole = put.status === 200 && id === user.id && at(put.json, 'userName') !== undefined;
    trial.holds('RFC7644-3.5.1-9', isWhole, `expected 200 and the user, got ${put.status} and ${shown(put.json)}`);
    const now = await current(trial, user);
    const kept = at(now, name);
    trial.holds(
      'RFC7644-3.5.1-2',
      kept === value,
      `${name} should be ${shown(value)} afterwards; it is ${shown(kept)}`,
    );
    if (!isWhole) return;
    const other = differences(object(put.json) ?? {}, now);
    trial.holds(
      'RFC7644-3.1-4',
      other.length === 0,
      `the answer to PUT and a GET after it differ in ${other.join(', ')}`,
    );
  },
};

const values: Check = {
  id: 'replace/values',
  title: 'A PUT replaces all values of a multi-valued attribute',
  feature: 'replace',
  requirements: ['RFC7644-3.5.1-2'],
  async run(trial: Trial) {
    const { user, name, types, another } = await userWithValues(trial);
    const value = another(types[0]);
    const put = await replace(trial, user, { [name]: [value] });
    const kept = valuesOf(await current(trial, user), name);
    const isReplaced = succeeded(put) && kept.length === 1 && kept[0] === value.value;
    trial.holds(
      'RFC7644-3.5.1-2',
      isReplaced,
      `${name} should be ${shown(value.value)} alone; they are ${shown(kept)}`,
    );
  },
};

const members: Check = {
  id: 'replace/members',
  title: 'A PUT of a group leaves it with the members that it names',
  feature: 'replace',
  requirements: ['RFC7644-3.5.1-2'],
  async run(trial: Trial) {
    const { group, users } = await groupWith(trial, 2);
    const wanted = [...users.slice(1), await trial.makeUser()];
    const put = await replace(trial, group, { members: wanted.map(({ id }) => ({ value: id })) });
    const found = await membersOf(trial, group);
    const message = `a PUT exchanged one of 2 members, and got ${came(put)}; members are ${shown(found)}`;
    trial.holds('RFC7644-3.5.1-2', succeeded(put) && sameIds(found, wanted), message, put);
  },
};

const readOnly: Check = {
  id: 'replace/read-only',
  title: 'A PUT with values for readOnly attributes succeeds, and leaves them',
  feature: 'replace',
  requirements: ['RFC7644-3.5.1-7', 'RFC7643-7-15'],
  async run(trial: Trial) {
    const user = await trial.makeUser();
    const before = await current(trial, user);
    const created = '2001-02-03T04:05:06Z';
    const put = await replace(trial, user, { id: user.id, meta: { resourceType: 'Invented', created } });
    if (!trial.holds('RFC7644-3.5.1-7', succeeded(put), `meta should be ignored; the PUT got ${came(put)}`)) return;
    for (const part of ['created', 'resourceType']) {
      const [was, is] = [at(before, 'meta', part), at(await current(trial, user), 'meta', part)];
      const message = `meta.${part} should stay ${shown(was)} whatever a PUT says; it is ${shown(is)}`;
      trial.holds('RFC7643-7-15', was === undefined || is === was, message);
    }
  },
};

const otherId: Check = {
  id: 'replace/other-id',
  title: 'A PUT with another id in its body changes the resource of its URL, not its id',
  feature: 'replace',
  requirements: ['RFC7644-3.5.1-7'],
  async run(trial: Trial) {
    const { user, name } = await userWithText(trial);
    const value = trial.name('new');
    const put = await replace(trial, user, { id: randomUUID(), [name]: value });
    // Many take it for a mistake of the client.
    trial.needs(trial.manner === 'strict' || !refused(put), `it refuses a PUT with another id: ${came(put)}`);
    if (!trial.holds('RFC7644-3.5.1-7', succeeded(put), `an id in the body should be ignored; it got ${came(put)}`))
      return;
    const now = await current(trial, user);
    const message = `the PUT should change ${name} and leave the id; they are ${shown(at(now, name))}, ${shown(at(now, 'id'))}`;
    trial.holds('RFC7644-3.5.1-7', at(now, 'id') === user.id && at(now, name) === value, message);
  },
};

const omitted: Check = {
  id: 'replace/omitted',
  title: 'A PUT clears what it leaves out',
  feature: 'replace',
  requirements: ['RFC7644-3.5.1-3'],
  async run(trial: Trial) {
    const { user, names } = await userWithTexts(trial, 2);
    const [left = '', kept = ''] = names;
    const { [left]: value, ...body } = sent(user);
    const put = await trial.send('PUT', user.path, { ...body, [kept]: trial.name('new') });
    trial.needs(succeeded(put), `a PUT without ${left} was answered with ${came(put)}`);
    const now = at(await current(trial, user), left);
    trial.holds('RFC7644-3.5.1-3', now !== value, `${left} was left out of the PUT, and is still ${shown(now)}`);
  },
};

const nothing: Check = {
  id: 'replace/null',
  title: 'null and an empty list in a PUT clear the attribute',
  feature: 'replace',
  requirements: ['RFC7644-3.5.1-4'],
  async run(trial: Trial) {
    const { user, name } = await userWithText(trial);
    const put = await replace(trial, user, { [name]: null });
    const now = at(await current(trial, user), name);
    const message = `${name} was null in the PUT, which got ${came(put)}; it should have no value, and is ${shown(now)}`;
    trial.holds('RFC7644-3.5.1-4', succeeded(put) && isCleared(now), message, put);

    const plural = await userWithValues(trial);
    const emptied = await replace(trial, plural.user, { [plural.name]: [] });
    const left = valuesOf(await current(trial, plural.user), plural.name);
    const told = `${plural.name} was [] in the PUT, which got ${came(emptied)}; it should be empty, and is ${shown(left)}`;
    trial.holds('RFC7644-3.5.1-4', succeeded(emptied) && left.length === 0, told, emptied);
  },
};

const immutable: Check = {
  id: 'replace/immutable',
  title: 'A PUT can give an immutable attribute its first value, and no other',
  feature: 'replace',
  requirements: ['RFC7644-3.5.1-5', 'RFC7644-3.5.1-6', 'RFC7643-7-16'],
  unless: (server) => (immutableText(server) ? null : 'its users have no immutable text attribute'),
  async run(trial: Trial) {
    const name = immutableText(trial.server);
    trial.needs(name !== null, 'its users have no immutable text attribute');
    const user = await trial.makeUser();
    trial.needs(isCleared(at(await current(trial, user), name)), `a new user has a value in ${name} already`);
    const value = trial.name('first');
    const first = await replace(trial, user, { [name]: value });
    const now = at(await current(trial, user), name);
    const message = `${name} had no value and should be ${shown(value)}; the PUT got ${came(first)}, it is ${shown(now)}`;
    if (!trial.holds('RFC7644-3.5.1-6', succeeded(first) && now === value, message, first)) return;
    const second = await replace(trial, user, { [name]: trial.name('second') });
    const is400 = second.status === 400 && at(second.json, 'scimType') === 'mutability';
    trial.holds('RFC7644-3.5.1-5', is400, `expected 400 "mutability" for another ${name}, got ${came(second)}`);
    const after = at(await current(trial, user), name);
    trial.holds('RFC7643-7-16', after === value, `${name} should stay ${shown(value)}; it is ${shown(after)}`);
  },
};

const unknown: Check = {
  id: 'replace/unknown',
  title: 'A PUT to an id that nobody has is refused with 404, and creates nothing',
  feature: 'replace',
  requirements: ['RFC7644-3.5.1-1', 'RFC7644-3.2-3', 'RFC7644-3.12-8'],
  async run(trial: Trial) {
    const path = `${endpointOf(trial.server, 'User')}/${randomUUID()}`;
    const put = await trial.send('PUT', path, trial.userBody());
    if (trial.holds('RFC7644-3.5.1-1', refused(put), `a PUT to an unknown id should be refused; it got ${came(put)}`))
      trial.holds('RFC7644-3.12-8', put.status === 404, `expected 404, got ${came(put)}`);
    const read = await trial.send('GET', path);
    trial.holds('RFC7644-3.2-3', !succeeded(read), `the PUT should create nothing; a GET after it got ${came(read)}`);
  },
};

const taken: Check = {
  id: 'replace/taken-name',
  title: "A PUT cannot take another user's name",
  feature: 'replace',
  requirements: ['RFC7644-3.12-11'],
  async run(trial: Trial) {
    const [holder, user] = [await trial.makeUser(), await trial.makeUser()];
    const free = await replace(trial, user, { userName: trial.userBody().userName ?? '' });
    trial.needs(succeeded(free), `the name of a user cannot be changed: ${came(free)}`);
    const put = await replace(trial, user, { userName: sent(holder).userName ?? '' });
    const isRefused = put.status === 409 || (put.status === 400 && at(put.json, 'scimType') === 'uniqueness');
    trial.holds('RFC7644-3.12-11', isRefused, `expected 409, or 400 "uniqueness", got ${came(put)}`);
    if (!isRefused) return;
    const scimType = at(put.json, 'scimType');
    trial.holds(
      'RFC7644-3.12-11',
      scimType === 'uniqueness',
      `scimType should be "uniqueness", it is ${shown(scimType)}`,
    );
  },
};

export const checks: readonly Check[] = [
  answer,
  values,
  members,
  readOnly,
  otherId,
  omitted,
  nothing,
  immutable,
  unknown,
  taken,
];
