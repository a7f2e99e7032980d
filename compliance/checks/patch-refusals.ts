/** RFC 7644 section 3.5.2: what no PATCH may do. */
import type { Check, Trial } from '../trial.ts';
import { noPatch } from './patch-general.ts';
import { immutableText, isCleared, userWithText } from './picking.ts';
import { at, came, current, patch, refused, sent, shown, succeeded } from './reading.ts';

const noOperations: Check = {
  id: 'patch/no-operations',
  title: 'A PATCH without operations is refused',
  feature: 'patch',
  requirements: ['RFC7644-3.5.2-2'],
  unless: noPatch,
  async run(trial: Trial) {
    const user = await trial.makeUser();
    const { Operations: _, ...without } = patch();
    for (const body of [without, { ...without, Operations: 'none' }]) {
      const answer = await trial.send('PATCH', user.path, body);
      const message = `expected 400 for Operations ${shown(body.Operations)}, got ${came(answer)}`;
      trial.holds('RFC7644-3.5.2-2', answer.status === 400, message);
    }
  },
};

const unknownOperation: Check = {
  id: 'patch/unknown-operation',
  title: 'An operation other than add, remove and replace is refused',
  feature: 'patch',
  requirements: ['RFC7644-3.5.2-3'],
  unless: noPatch,
  async run(trial: Trial) {
    const { user, name } = await userWithText(trial);
    for (const op of ['move', null]) {
      const body = patch({ op, path: name, value: trial.name('new') });
      const answer = await trial.send('PATCH', user.path, body);
      trial.holds(
        'RFC7644-3.5.2-3',
        answer.status === 400,
        `expected 400 for the op ${shown(op)}, got ${came(answer)}`,
      );
    }
  },
};

const malformed: Check = {
  id: 'patch/malformed-path',
  title: 'A path against the grammar is refused with "invalidPath"',
  feature: 'patch',
  requirements: ['RFC7644-3.5.2-4', 'RFC7644-3.12-16'],
  unless: noPatch,
  async run(trial: Trial) {
    const { user, name } = await userWithText(trial);
    for (const path of [`${name}[type eq "work"`, `${name}[`, `${name} ${name}`]) {
      const answer = await trial.send('PATCH', user.path, patch({ op: 'replace', path, value: 'new' }));
      const message = `the path ${shown(path)} should be refused; it got ${came(answer)}`;
      if (!trial.holds('RFC7644-3.5.2-4', refused(answer), message)) continue;
      const scimType = at(answer.json, 'scimType');
      // A fault within the brackets may as well be called one of the filter (Table 9).
      const isNamed = scimType === 'invalidPath' || (path.includes('[') && scimType === 'invalidFilter');
      trial.holds('RFC7644-3.12-16', isNamed, `scimType should be "invalidPath", it is ${shown(scimType)}`);
    }
  },
};

const unknownPath: Check = {
  id: 'patch/unknown-path',
  title: 'A path to an attribute that the schema does not have is refused',
  feature: 'patch',
  requirements: ['RFC7644-3.5.2-16'],
  unless: noPatch,
  async run(trial: Trial) {
    const user = await trial.makeUser();
    const answer = await trial.send('PATCH', user.path, patch({ op: 'replace', path: 'noSuchThing', value: 'new' }));
    trial.holds(
      'RFC7644-3.5.2-16',
      refused(answer),
      `the path "noSuchThing" should be refused; it got ${came(answer)}`,
    );
  },
};

const readOnly: Check = {
  id: 'patch/read-only',
  title: 'An operation on a readOnly attribute is refused',
  feature: 'patch',
  requirements: ['RFC7644-3.5.2-5', 'RFC7644-3.12-17', 'RFC7643-7-15'],
  unless: noPatch,
  async run(trial: Trial) {
    const user = await trial.makeUser();
    const before = await current(trial, user);
    const changes: [path: string, value: string][] = [
      ['id', 'linkspan-compliance'],
      ['meta.created', '2001-02-03T04:05:06Z'],
    ];
    for (const [path, value] of changes) {
      const answer = await trial.send('PATCH', user.path, patch({ op: 'replace', path, value }));
      await refusedAs(trial, 'RFC7644-3.5.2-5', answer, `a PATCH of ${path}`);
      const [was, is] = [before, await current(trial, user)].map((each) => at(each, ...path.split('.')));
      trial.holds('RFC7643-7-15', was === is, `${path} should stay ${shown(was)}; it is ${shown(is)}`);
    }
  },
};

const immutable: Check = {
  id: 'patch/immutable',
  title: 'A PATCH can give an immutable attribute its first value, and no other',
  feature: 'patch',
  requirements: ['RFC7644-3.5.2-7', 'RFC7644-3.5.2-5', 'RFC7644-3.12-17', 'RFC7643-7-16'],
  unless: (server) => noPatch(server) ?? (immutableText(server) ? null : 'its users have no immutable text attribute'),
  async run(trial: Trial) {
    const path = immutableText(trial.server);
    trial.needs(path !== null, 'its users have no immutable text attribute');
    const user = await trial.makeUser();
    trial.needs(isCleared(at(await current(trial, user), path)), `a new user has a value in ${path} already`);
    const value = trial.name('first');
    const first = await trial.send('PATCH', user.path, patch({ op: 'add', path, value }));
    const now = at(await current(trial, user), path);
    const message = `${path} had no value and should be ${shown(value)}; the PATCH got ${came(first)}, it is ${shown(now)}`;
    if (!trial.holds('RFC7644-3.5.2-7', succeeded(first) && now === value, message, first)) return;
    const second = await trial.send('PATCH', user.path, patch({ op: 'replace', path, value: trial.name('second') }));
    await refusedAs(trial, 'RFC7644-3.5.2-5', second, `another value for ${path}`);
    const after = at(await current(trial, user), path);
    trial.holds('RFC7643-7-16', after === value, `${path} should stay ${shown(value)}; it is ${shown(after)}`);
  },
};

const wrongType: Check = {
  id: 'patch/wrong-type',
  title: 'A value of the wrong type is refused',
  feature: 'patch',
  requirements: ['RFC7644-3.5.2-6', 'RFC7644-3.12-13'],
  unless: noPatch,
  async run(trial: Trial) {
    const active = trial.server.attribute('User', 'active');
    trial.needs(active?.type === 'boolean' && active.mutability === 'readWrite', 'its users have no `active`');
    const user = await trial.makeUser();
    const before = at(await current(trial, user), 'active');
    const body = patch({ op: 'replace', path: 'active', value: 'perhaps' });
    const answer = await trial.send('PATCH', user.path, body);
    const message = `\`active\` cannot be "perhaps"; the PATCH was answered with ${came(answer)}`;
    if (!trial.holds('RFC7644-3.5.2-6', refused(answer), message)) return;
    const scimType = at(answer.json, 'scimType');
    trial.holds(
      'RFC7644-3.12-13',
      scimType === 'invalidValue',
      `scimType should be "invalidValue", it is ${shown(scimType)}`,
    );
    const after = at(await current(trial, user), 'active');
    trial.holds(
      'RFC7644-3.5.2-6',
      after === before,
      `it was refused, and \`active\` went from ${shown(before)} to ${shown(after)}`,
    );
  },
};

const taken: Check = {
  id: 'patch/taken-name',
  title: "A PATCH cannot take another user's name",
  feature: 'patch',
  requirements: ['RFC7644-3.12-11'],
  unless: noPatch,
  async run(trial: Trial) {
    const [holder, user] = [await trial.makeUser(), await trial.makeUser()];
    const other = patch({ op: 'replace', path: 'userName', value: trial.userBody().userName ?? '' });
    const free = await trial.send('PATCH', user.path, other);
    trial.needs(succeeded(free), `the name of a user cannot be changed: ${came(free)}`);
    const body = patch({ op: 'replace', path: 'userName', value: sent(holder).userName ?? '' });
    const answer = await trial.send('PATCH', user.path, body);
    const scimType = at(answer.json, 'scimType');
    const isRefused = refused(answer) && scimType === 'uniqueness';
    const message = `expected 409 with scimType "uniqueness", got ${came(answer)} and ${shown(scimType)}`;
    trial.holds('RFC7644-3.12-11', isRefused, message);
  },
};

/** Refused at all, and as a matter of mutability. */
async function refusedAs(trial: Trial, requirement: string, answer: ReturnType<Trial['last']>, what: string) {
  if (!trial.holds(requirement, refused(answer), `${what} should be refused; it got ${came(answer)}`)) return;
  const isMutability = answer.status === 400 && at(answer.json, 'scimType') === 'mutability';
  const message = `expected 400 "mutability" for ${what}, got ${came(answer)} and ${shown(at(answer.json, 'scimType'))}`;
  trial.holds('RFC7644-3.12-17', isMutability, message);
}

export const checks: readonly Check[] = [
  noOperations,
  unknownOperation,
  malformed,
  unknownPath,
  readOnly,
  immutable,
  wrongType,
  taken,
];
