/** RFC 7644 section 3.5.2.1: add. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Check, JsonObject, Trial } from '../trial.ts';
import { noPatch } from './patch-general.ts';
import {
  texts,
  userWithName,
  userWithoutText,
  userWithText,
  userWithTexts,
  userWithValues,
  valuesOf,
} from './picking.ts';
import { at, came, current, objects, patch, refused, sent, shown, succeeded } from './reading.ts';

const noValue: Check = {
  id: 'patch/add-no-value',
  title: 'An add without a value is refused',
  feature: 'patch',
  requirements: ['RFC7644-3.5.2.1-1'],
  unless: noPatch,
  async run(trial: Trial) {
    const { user, name } = await userWithText(trial);
    const answer = await trial.send('PATCH', user.path, patch({ op: 'add', path: name }));
    trial.holds(
      'RFC7644-3.5.2.1-1',
      refused(answer),
      `an add without a value should be refused; it got ${came(answer)}`,
    );
  },
};

const noPath: Check = {
  id: 'patch/add-no-path',
  title: 'An add without a path adds the attributes of its value',
  feature: 'patch',
  requirements: ['RFC7644-3.5.2.1-2'],
  unless: noPatch,
  async run(trial: Trial) {
    const { user, names } = await userWithTexts(trial, 2);
    const [one = '', other = ''] = names;
    const value = trial.name('new');
    const answer = await trial.send('PATCH', user.path, patch({ op: 'add', value: { [one]: value } }));
    const now = await current(trial, user);
    const message = `${one} should be ${shown(value)}; the PATCH got ${came(answer)}, it is ${shown(at(now, one))}`;
    trial.holds('RFC7644-3.5.2.1-2', succeeded(answer) && at(now, one) === value, message, answer);
    const kept = at(now, other);
    const told = `${other} was not named and should stay; it is ${shown(kept)}`;
    trial.holds('RFC7644-3.5.2.1-2', kept === sent(user)[other], told, answer);
  },
};

const first: Check = {
  id: 'patch/add-first',
  title: 'An add gives a value to an attribute without one',
  feature: 'patch',
  requirements: ['RFC7644-3.5.2.1-3'],
  unless: noPatch,
  async run(trial: Trial) {
    const { user, name } = await userWithoutText(trial);
    const value = trial.name('first');
    const answer = await trial.send('PATCH', user.path, patch({ op: 'add', path: name, value }));
    const now = at(await current(trial, user), name);
    const message = `${name} should be ${shown(value)}; the PATCH got ${came(answer)}, it is ${shown(now)}`;
    trial.holds('RFC7644-3.5.2.1-3', succeeded(answer) && now === value, message, answer);
  },
};

const complex: Check = {
  id: 'patch/add-complex',
  title: 'An add to a complex attribute sets the parts that it names',
  feature: 'patch',
  requirements: ['RFC7644-3.5.2.1-4'],
  unless: noPatch,
  async run(trial: Trial) {
    const user = await userWithName(trial);
    const value = { givenName: 'Janet', familyName: trial.name('roe') };
    const answer = await trial.send('PATCH', user.path, patch({ op: 'add', path: 'name', value }));
    const now = at(await current(trial, user), 'name');
    const isSet = at(now, 'givenName') === value.givenName && at(now, 'familyName') === value.familyName;
    const message = `name should be ${shown(value)}; the PATCH got ${came(answer)}, it is ${shown(now)}`;
    trial.holds('RFC7644-3.5.2.1-4', succeeded(answer) && isSet, message, answer);
  },
};

const values: Check = {
  id: 'patch/add-value',
  title: 'An add to a multi-valued attribute keeps the values that are there',
  feature: 'patch',
  requirements: ['RFC7644-3.5.2.1-5'],
  unless: noPatch,
  async run(trial: Trial) {
    const { user, name, types, another } = await userWithValues(trial);
    const operations = (value: JsonObject): JsonObject[] => [
      { op: 'add', path: name, value: [value] },
      { op: 'add', value: { [name]: [value] } },
    ];
    for (const [number, operation] of operations(another(types[2])).entries()) {
      const target = number === 0 ? user : (await userWithValues(trial)).user;
      const before = valuesOf(await current(trial, target), name);
      const added = String(objects(operation.path ? operation.value : at(operation.value, name))[0]?.value);
      const answer = await trial.send('PATCH', target.path, patch(operation));
      const wanted = [...before, added].sort();
      const found = valuesOf(await current(trial, target), name);
      const message = `${name} should be ${shown(wanted)}; the PATCH got ${came(answer)}, they are ${shown(found)}`;
      trial.holds('RFC7644-3.5.2.1-5', succeeded(answer) && found.join() === wanted.join(), message, answer);
    }
  },
};

const single: Check = {
  id: 'patch/add-single',
  title: 'An add to a single-valued attribute replaces its value',
  feature: 'patch',
  requirements: ['RFC7644-3.5.2.1-6'],
  unless: noPatch,
  async run(trial: Trial) {
    const { user, name } = await userWithText(trial);
    const value = trial.name('new');
    const answer = await trial.send('PATCH', user.path, patch({ op: 'add', path: name, value }));
    const now = at(await current(trial, user), name);
    const message = `${name} should be ${shown(value)}; the PATCH got ${came(answer)}, it is ${shown(now)}`;
    trial.holds('RFC7644-3.5.2.1-6', succeeded(answer) && now === value, message, answer);
  },
};

/** Longer than a second, for times that are kept in seconds. */
const TICK = 1_100;

const again: Check = {
  id: 'patch/add-again',
  title: 'Adding what is there already succeeds, and changes nothing',
  feature: 'patch',
  requirements: ['RFC7644-3.5.2.1-7', 'RFC7644-3.5.2.1-8'],
  unless: noPatch,
  async run(trial: Trial) {
    const [name] = texts(trial.server);
    const plural = await userWithValues(trial, name ? { [name]: trial.name(name) } : {});
    const first = await current(trial, plural.user);
    const operations: JsonObject[] = [{ op: 'add', path: plural.name, value: at(first, plural.name) ?? [] }];
    if (name && typeof at(first, name) === 'string')
      operations.push({ op: 'add', path: name, value: at(first, name) ?? '' });
    for (const operation of operations) {
      // What an operation before has done is not this one's.
      const before = await current(trial, plural.user);
      await sleep(TICK);
      const answer = await trial.send('PATCH', plural.user.path, patch(operation));
      const after = await current(trial, plural.user);
      const [was, is] = [before, after].map((each) => at(each, String(operation.path)));
      const isUnchanged = JSON.stringify(was) === JSON.stringify(is) || sameValues(was, is);
      const message = `${operation.path} was added as it was, ${shown(was)}; the PATCH got ${came(answer)}, it is ${shown(is)}`;
      if (!trial.holds('RFC7644-3.5.2.1-7', succeeded(answer) && isUnchanged, message, answer)) continue;
      const [then, now] = [before, after].map((each) => at(each, 'meta', 'lastModified'));
      const told = `nothing changed, and meta.lastModified went from ${shown(then)} to ${shown(now)}`;
      trial.holds('RFC7644-3.5.2.1-8', then === now, told, answer);
    }
  },
};

/** The order of values means nothing. */
function sameValues(one: unknown, other: unknown): boolean {
  const texts = (json: unknown) =>
    objects(json)
      .map((each) => JSON.stringify(at(each, 'value')))
      .sort()
      .join();
  return Array.isArray(one) && Array.isArray(other) && one.length === other.length && texts(one) === texts(other);
}

export const checks: readonly Check[] = [noValue, noPath, first, complex, values, single, again];
