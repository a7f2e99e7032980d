/** RFC 7644 section 3.5.2.3: replace. */
import type { Check, Trial } from '../trial.ts';
import { noPatch } from './patch-general.ts';
import { userWithName, userWithoutText, userWithTexts, userWithValues, valuesOf } from './picking.ts';
import { at, came, current, objects, patch, refused, sent, shown, succeeded } from './reading.ts';

const noPath: Check = {
  id: 'patch/replace-no-path',
  title: 'A replace without a path replaces the attributes of its value, and no others',
  feature: 'patch',
  requirements: ['RFC7644-3.5.2.3-1', 'RFC7644-3.5.2.3-11'],
  unless: noPatch,
  async run(trial: Trial) {
    const { user, names } = await userWithTexts(trial, 2);
    const [one = '', other = ''] = names;
    const value = trial.name('new');
    const answer = await trial.send('PATCH', user.path, patch({ op: 'replace', value: { [one]: value } }));
    const now = await current(trial, user);
    const message = `${one} should be ${shown(value)}; the PATCH got ${came(answer)}, it is ${shown(at(now, one))}`;
    trial.holds('RFC7644-3.5.2.3-1', succeeded(answer) && at(now, one) === value, message, answer);
    const kept = at(now, other) === sent(user)[other];
    trial.holds('RFC7644-3.5.2.3-11', kept, `${other} was not named; it is ${shown(at(now, other))}`, answer);
  },
};

const single: Check = {
  id: 'patch/replace-single',
  title: 'A replace gives a single-valued attribute its new value',
  feature: 'patch',
  requirements: ['RFC7644-3.5.2.3-2', 'RFC7644-3.5.2.3-11'],
  unless: noPatch,
  async run(trial: Trial) {
    const { user, names } = await userWithTexts(trial, 2);
    const [one = '', other = ''] = names;
    const value = trial.name('new');
    const answer = await trial.send('PATCH', user.path, patch({ op: 'replace', path: one, value }));
    const now = await current(trial, user);
    const message = `${one} should be ${shown(value)}; the PATCH got ${came(answer)}, it is ${shown(at(now, one))}`;
    trial.holds('RFC7644-3.5.2.3-2', succeeded(answer) && at(now, one) === value, message, answer);
    const kept = at(now, other) === sent(user)[other];
    trial.holds('RFC7644-3.5.2.3-11', kept, `${other} was not named; it is ${shown(at(now, other))}`, answer);
  },
};

const boolean: Check = {
  id: 'patch/replace-active',
  title: 'A replace of `active` deactivates a user, and activates it again',
  feature: 'patch',
  requirements: ['RFC7644-3.5.2.3-2'],
  unless: noPatch,
  async run(trial: Trial) {
    trial.needs(trial.server.attribute('User', 'active')?.mutability === 'readWrite', 'its users have no `active`');
    const user = await trial.makeUser({ active: true });
    trial.needs(at(await current(trial, user), 'active') === true, 'a user made active is not shown as active');
    for (const value of [false, true]) {
      const answer = await trial.send('PATCH', user.path, patch({ op: 'replace', path: 'active', value }));
      const now = at(await current(trial, user), 'active');
      const message = `\`active\` should be ${value}; the PATCH got ${came(answer)}, it is ${shown(now)}`;
      trial.holds('RFC7644-3.5.2.3-2', succeeded(answer) && now === value, message, answer);
    }
  },
};

const values: Check = {
  id: 'patch/replace-values',
  title: 'A replace without a filter replaces all values',
  feature: 'patch',
  requirements: ['RFC7644-3.5.2.3-3'],
  unless: noPatch,
  async run(trial: Trial) {
    const { user, name, types, another } = await userWithValues(trial);
    const value = another(types[0]);
    const answer = await trial.send('PATCH', user.path, patch({ op: 'replace', path: name, value: [value] }));
    const found = valuesOf(await current(trial, user), name);
    const message = `${name} should be ${shown(value.value)} alone; the PATCH got ${came(answer)}, they are ${shown(found)}`;
    trial.holds('RFC7644-3.5.2.3-3', succeeded(answer) && found.join() === value.value, message, answer);
  },
};

const missing: Check = {
  id: 'patch/replace-missing',
  title: 'A replace of an attribute without a value works like an add',
  feature: 'patch',
  requirements: ['RFC7644-3.5.2.3-4'],
  unless: noPatch,
  async run(trial: Trial) {
    const { user, name } = await userWithoutText(trial);
    const value = trial.name('first');
    const answer = await trial.send('PATCH', user.path, patch({ op: 'replace', path: name, value }));
    const now = at(await current(trial, user), name);
    const message = `${name} should be ${shown(value)}; the PATCH got ${came(answer)}, it is ${shown(now)}`;
    trial.holds('RFC7644-3.5.2.3-4', succeeded(answer) && now === value, message, answer);
  },
};

const complex: Check = {
  id: 'patch/replace-complex',
  title: 'A replace of a complex attribute sets the parts that it names, and leaves the others',
  feature: 'patch',
  requirements: ['RFC7644-3.5.2.3-5', 'RFC7644-3.5.2.3-6'],
  unless: noPatch,
  async run(trial: Trial) {
    for (const [path, value] of [
      ['name', { givenName: 'Janet' }],
      ['name.givenName', 'Joan'],
    ] as const) {
      const user = await userWithName(trial);
      const family = at(sent(user), 'name', 'familyName');
      const answer = await trial.send('PATCH', user.path, patch({ op: 'replace', path, value }));
      const now = at(await current(trial, user), 'name');
      const wanted = typeof value === 'string' ? value : value.givenName;
      const message = `name.givenName should be ${shown(wanted)}; a PATCH of ${path} got ${came(answer)}, it is ${shown(now)}`;
      trial.holds('RFC7644-3.5.2.3-5', succeeded(answer) && at(now, 'givenName') === wanted, message, answer);
      const told = `name.familyName should stay ${shown(family)} after a PATCH of ${path}; it is ${shown(at(now, 'familyName'))}`;
      trial.holds('RFC7644-3.5.2.3-6', at(now, 'familyName') === family, told, answer);
    }
  },
};

const matching: Check = {
  id: 'patch/replace-matching',
  title: 'A replace with a filter replaces the matching values alone',
  feature: 'patch',
  requirements: ['RFC7644-3.5.2.3-7'],
  unless: noPatch,
  async run(trial: Trial) {
    const { user, name, values, types, another } = await userWithValues(trial);
    const value = another(types[1]);
    const path = `${name}[type eq "${types[1]}"]`;
    const answer = await trial.send('PATCH', user.path, patch({ op: 'replace', path, value }));
    const wanted = [String(values[0].value), String(value.value)].sort();
    const found = valuesOf(await current(trial, user), name);
    const message = `${name} should be ${shown(wanted)}; a replace of ${path} got ${came(answer)}, they are ${shown(found)}`;
    trial.holds('RFC7644-3.5.2.3-7', succeeded(answer) && found.join() === wanted.join(), message, answer);
  },
};

const below: Check = {
  id: 'patch/replace-below',
  title: 'A replace below a filter changes the part of every matching value, and of no other',
  feature: 'patch',
  requirements: ['RFC7644-3.5.2.3-8'],
  unless: noPatch,
  async run(trial: Trial) {
    const { user, name, values, types, another } = await userWithValues(trial);
    const value = String(another(types[1]).value);
    const path = `${name}[type eq "${types[1]}"].value`;
    const answer = await trial.send('PATCH', user.path, patch({ op: 'replace', path, value }));
    const found = objects(at(await current(trial, user), name));
    const isChanged = found.some((each) => each.value === value && at(each, 'type') === at(values[1], 'type'));
    const isKept = found.length === 2 && found.some((each) => each.value === values[0].value);
    const message = `a replace of ${path} should make it ${shown(value)}; it got ${came(answer)}, they are ${shown(found)}`;
    trial.holds('RFC7644-3.5.2.3-8', succeeded(answer) && isChanged && isKept, message, answer);
  },
};

const nothing: Check = {
  id: 'patch/replace-nothing',
  title: 'A replace whose filter matches nothing does not pass as a success without effect',
  feature: 'patch',
  requirements: ['RFC7644-3.5.2.3-9', 'RFC7644-3.5.2.3-10'],
  unless: noPatch,
  async run(trial: Trial) {
    const { user, name, types, another } = await userWithValues(trial);
    const value = String(another(types[2]).value);
    const path = `${name}[type eq "${types[2]}"].value`;
    const before = valuesOf(await current(trial, user), name);
    const answer = await trial.send('PATCH', user.path, patch({ op: 'replace', path, value }));
    const isRefused = answer.status === 400 && at(answer.json, 'scimType') === 'noTarget';
    const strict = `no value has the type ${types[2]}: expected 400 "noTarget", got ${came(answer)}`;
    trial.holds('RFC7644-3.5.2.3-9', isRefused, strict);
    const after = valuesOf(await current(trial, user), name);
    const isCreated = succeeded(answer) && after.join() === [...before, value].sort().join();
    const isLeft = refused(answer) && after.join() === before.join();
    const tolerant = `expected a refusal, or ${shown(value)} among the ${name}; got ${came(answer)} and ${shown(after)}`;
    trial.holds('RFC7644-3.5.2.3-10', isCreated || isLeft, tolerant, answer);
  },
};

export const checks: readonly Check[] = [noPath, single, boolean, values, missing, complex, matching, below, nothing];
