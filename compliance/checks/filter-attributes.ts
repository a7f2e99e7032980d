/** RFC 7644 section 3.4.2.2: what a filter can name: parts, several values, extensions, defaults. */
import type { Check, Json, Trial } from '../trial.ts';
import { declines, find, malformedFilter, matches, noFilter, threeUsers, visible, visibleUser } from './finding.ts';
import { endpointOf, extensionText, userWithName, userWithValues } from './picking.ts';
import { at, came, current, object, quoted, sent, shown, USER } from './reading.ts';

const values: Check = {
  id: 'filter/values',
  title: 'One matching value among several is enough',
  feature: 'filter',
  requirements: ['RFC7644-3.4.2.2-27', 'RFC7644-3.4.2.2-33'],
  unless: noFilter,
  async run(trial: Trial) {
    const { user, name, values } = await userWithValues(trial);
    const userName = String(sent(user).userName);
    await visibleUser(trial, user);
    for (const { value } of values) {
      const filter = `userName eq ${quoted(userName)} and ${name}.value eq ${quoted(String(value))}`;
      const { answer, ids } = await find(trial, filter);
      if (declines(trial, answer)) return;
      const message = `${filter} should match the user; it got ${came(answer)} and ${ids.length} resources`;
      trial.holds('RFC7644-3.4.2.2-27', ids.length === 1 && ids[0] === user.id, message);
    }
    const { answer, ids } = await find(trial, `userName eq ${quoted(userName)} and ${name}.value eq "no such value"`);
    if (declines(trial, answer)) return;
    trial.holds('RFC7644-3.4.2.2-27', answer.status === 200 && ids.length === 0, 'a value that nobody has matched');
  },
};

const complex: Check = {
  id: 'filter/complex',
  title: 'Parts of complex attributes can be filtered by',
  feature: 'filter',
  requirements: ['RFC7644-3.4.2.2-28', 'RFC7644-3.10-3', 'RFC7644-3.4.2.2-33'],
  unless: noFilter,
  async run(trial: Trial) {
    const user = await userWithName(trial);
    await visibleUser(trial, user);
    const family = quoted(String(at(sent(user), 'name', 'familyName')));
    for (const [path, requirement] of [
      ['name.familyName', 'RFC7644-3.4.2.2-28'],
      [`${USER}:name.familyName`, 'RFC7644-3.10-3'],
    ] as const) {
      const { answer, ids } = await find(trial, `${path} eq ${family}`);
      // Another name for an attribute that it compares is no other comparison.
      if (path === 'name.familyName' && declines(trial, answer)) return;
      const message = `${path} eq ${family} should match one user; it got ${came(answer)} and ${ids.length} resources`;
      trial.holds(requirement, answer.status === 200 && ids.join() === user.id, message);
    }
  },
};

const sameValue: Check = {
  id: 'filter/same-value',
  title: 'Square brackets ask all their expressions of the same value',
  feature: 'filter',
  requirements: ['RFC7644-3.4.2.2-22'],
  unless: noFilter,
  async run(trial: Trial) {
    const { user, name, values, types } = await userWithValues(trial);
    const own = `userName eq ${quoted(String(sent(user).userName))}`;
    await visibleUser(trial, user);
    const value = (index: 0 | 1) => quoted(String(values[index].value));
    for (const [type, index, isIt] of [
      [types[0], 0, true],
      [types[1], 1, true],
      [types[0], 1, false],
      [types[1], 0, false],
    ] as const) {
      const filter = `${own} and ${name}[type eq "${type}" and value eq ${value(index)}]`;
      const { answer, ids } = await find(trial, filter);
      // Such filters are a MAY (Table 5).
      trial.needs(answer.status === 200, `it does not do filters in square brackets: ${came(answer)}`);
      const message = `${filter} should ${isIt ? '' : 'not '}match the user; it got ${ids.length} resources`;
      trial.holds('RFC7644-3.4.2.2-22', ids.includes(user.id) === isIt, message);
    }
  },
};

const inBrackets: Check = {
  id: 'filter/in-brackets',
  title: 'What stands in square brackets must be a filter',
  feature: 'filter',
  requirements: ['RFC7644-3.4.2.2-23', 'RFC7644-3.12-19'],
  unless: noFilter,
  async run(trial: Trial) {
    const name = ['emails', 'phoneNumbers'].find((each) => trial.server.attribute('User', `${each}.value`));
    trial.needs(name !== undefined, 'it has no multi-valued attribute of users');
    for (const filter of [`${name}[type eq]`, `${name}[value eq "x"`, `${name}[]`])
      await malformedFilter(trial, 'RFC7644-3.4.2.2-23', filter);
  },
};

const defaults: Check = {
  id: 'filter/defaults',
  title: 'A default is filtered by as it was shown',
  feature: 'filter',
  requirements: ['RFC7644-3.4.2.2-29', 'RFC7644-3.4.2.2-33'],
  unless: noFilter,
  async run(trial: Trial) {
    const { active: _, ...body } = trial.userBody();
    const answer = await trial.send('POST', endpointOf(trial.server, 'User'), body);
    const user = object(answer.json);
    trial.needs(answer.status === 201 && user !== null, `a user without optional attributes got ${came(answer)}`);
    const given = new Set(Object.keys(body).map((each) => each.toLowerCase()));
    const filled = Object.entries(user).find(([name, value]) => {
      const attribute = trial.server.attribute('User', name);
      return attribute?.mutability === 'readWrite' && !given.has(name.toLowerCase()) && isSimple(value);
    });
    trial.needs(filled !== undefined, 'it gives no attribute of a user a default');
    const [name, value] = filled;
    await visible(trial, `userName eq ${quoted(String(body.userName))}`, String(user.id));
    for (const expression of [`${name} eq ${JSON.stringify(value)}`, `${name} pr`]) {
      const filter = `userName eq ${quoted(String(body.userName))} and ${expression}`;
      const found = await find(trial, filter);
      if (declines(trial, found.answer)) return;
      const message = `${name} was shown as ${shown(value)}, so ${filter} should match; it got ${came(found.answer)} and ${found.ids.length} resources`;
      trial.holds('RFC7644-3.4.2.2-29', found.ids.includes(String(user.id)), message);
    }
  },
};

const urns: Check = {
  id: 'filter/urns',
  title: 'Attributes can be named with the URN of their schema',
  feature: 'filter',
  requirements: ['RFC7644-3.10-1', 'RFC7644-3.10-4'],
  unless: noFilter,
  async run(trial: Trial) {
    const three = await threeUsers(trial);
    const value = quoted(three.userName('bravo'));
    const isKnown = await matches(trial, 'RFC7644-3.10-1', three, `${USER}:userName eq ${value}`, ['bravo'], false);
    if (!isKnown) return;
    await matches(trial, 'RFC7644-3.10-4', three, `${USER.toUpperCase()}:userName eq ${value}`, ['bravo'], false);
  },
};

const extension: Check = {
  id: 'filter/extension',
  title: 'Attributes of an extension are filtered by their URN',
  feature: 'filter',
  requirements: ['RFC7644-3.10-1', 'RFC7644-3.4.2.2-33'],
  unless: (server) =>
    noFilter(server) ?? (extensionText(server) ? null : 'its users have no extension with plain text'),
  async run(trial: Trial) {
    const found = extensionText(trial.server);
    trial.needs(found !== null, 'its users have no extension with plain text');
    const value = trial.name('extended');
    const user = await trial.makeUser({ [found.urn]: { [found.name]: value } });
    trial.needs(at(await current(trial, user), found.urn, found.name) === value, `it does not keep ${found.path}`);
    await visibleUser(trial, user);
    const { answer, ids } = await find(trial, `${found.path} eq ${quoted(value)}`);
    if (declines(trial, answer)) return;
    const message = `${found.path} eq ${quoted(value)} should match one user; it got ${came(answer)} and ${ids.length} resources`;
    trial.holds('RFC7644-3.10-1', answer.status === 200 && ids.join() === user.id, message);
  },
};

const isSimple = (value: Json) => typeof value === 'boolean' || (typeof value === 'string' && value !== '');

export const checks: readonly Check[] = [values, complex, sameValue, inBrackets, defaults, urns, extension];
