/** RFC 7644 section 3.5.2.2: remove. */
import type { Check, Trial } from '../trial.ts';
import { noPatch } from './patch-general.ts';
import { isCleared, userWithText, userWithTexts, userWithValues, valuesOf } from './picking.ts';
import { at, came, current, objects, patch, refused, sent, shown, succeeded, unassigned } from './reading.ts';

const noPath: Check = {
  id: 'patch/remove-no-path',
  title: 'A remove without a path is refused with "noTarget"',
  feature: 'patch',
  requirements: ['RFC7644-3.5.2.2-1', 'RFC7644-3.5.2.2-2'],
  unless: noPatch,
  async run(trial: Trial) {
    const { user } = await userWithText(trial);
    const answer = await trial.send('PATCH', user.path, patch({ op: 'remove' }));
    const is400 = trial.holds('RFC7644-3.5.2.2-1', answer.status === 400, `expected 400, got ${came(answer)}`);
    if (!is400) return;
    const scimType = at(answer.json, 'scimType');
    trial.holds(
      'RFC7644-3.5.2.2-2',
      scimType === 'noTarget',
      `scimType should be "noTarget", it is ${shown(scimType)}`,
    );
  },
};

const single: Check = {
  id: 'patch/remove-single',
  title: 'A remove leaves a single-valued attribute without a value, and others as they are',
  feature: 'patch',
  requirements: ['RFC7644-3.5.2.2-3'],
  unless: noPatch,
  async run(trial: Trial) {
    const { user, names } = await userWithTexts(trial, 2);
    const [one = '', other = ''] = names;
    const answer = await trial.send('PATCH', user.path, patch({ op: 'remove', path: one }));
    const now = await current(trial, user);
    const message = `${one} should have no value; the PATCH got ${came(answer)}, it is ${shown(at(now, one))}`;
    trial.holds('RFC7644-3.5.2.2-3', succeeded(answer) && isCleared(at(now, one)), message, answer);
    const kept = at(now, other) === sent(user)[other];
    trial.holds('RFC7644-3.5.2.2-3', kept, `${other} should stay; it is ${shown(at(now, other))}`, answer);
  },
};

const all: Check = {
  id: 'patch/remove-all',
  title: 'A remove without a filter takes all values',
  feature: 'patch',
  requirements: ['RFC7644-3.5.2.2-4', 'RFC7644-3.5.2.2-6'],
  unless: noPatch,
  async run(trial: Trial) {
    const { user, name } = await userWithValues(trial);
    const answer = await trial.send('PATCH', user.path, patch({ op: 'remove', path: name }));
    const now = at(await current(trial, user), name);
    const message = `no ${name} should be left; the PATCH got ${came(answer)}, they are ${shown(now)}`;
    const isGone = trial.holds('RFC7644-3.5.2.2-4', succeeded(answer) && objects(now).length === 0, message, answer);
    if (isGone) trial.holds('RFC7644-3.5.2.2-6', unassigned(now), `${name} should be gone or []; it is ${shown(now)}`);
  },
};

const matching: Check = {
  id: 'patch/remove-matching',
  title: 'A remove with a filter takes the matching values alone, and the last one with its attribute',
  feature: 'patch',
  requirements: ['RFC7644-3.5.2.2-5', 'RFC7644-3.5.2.2-6'],
  unless: noPatch,
  async run(trial: Trial) {
    const { user, name, values, types } = await userWithValues(trial);
    const path = `${name}[type eq "${types[0]}"]`;
    const answer = await trial.send('PATCH', user.path, patch({ op: 'remove', path }));
    const left = valuesOf(await current(trial, user), name);
    const message = `a remove of ${path} should leave ${shown(values[1].value)}; it got ${came(answer)}, left are ${shown(left)}`;
    const isRight = succeeded(answer) && left.length === 1 && left[0] === values[1].value;
    if (!trial.holds('RFC7644-3.5.2.2-5', isRight, message, answer)) return;
    const both = `${name}[type eq "${types[1]}" and value eq ${JSON.stringify(values[1].value)}]`;
    const second = await trial.send('PATCH', user.path, patch({ op: 'remove', path: both }));
    const now = at(await current(trial, user), name);
    const told = `a remove of the last value should leave none; it got ${came(second)}, it is ${shown(now)}`;
    trial.holds('RFC7644-3.5.2.2-6', succeeded(second) && unassigned(now), told, second);
  },
};

const part: Check = {
  id: 'patch/remove-part',
  title: 'A remove of a part of a value leaves the value',
  feature: 'patch',
  requirements: ['RFC7644-3.5.2.2-7'],
  unless: noPatch,
  async run(trial: Trial) {
    const { user, name, values, types } = await userWithValues(trial);
    const path = `${name}[value eq ${JSON.stringify(values[1].value)}].type`;
    const answer = await trial.send('PATCH', user.path, patch({ op: 'remove', path }));
    // A service may need a type, and say so.
    trial.needs(!refused(answer), `it does not let the type of a value be removed: ${came(answer)}`);
    const found = objects(at(await current(trial, user), name)).find((each) => each.value === values[1].value);
    const message = `of ${shown(values[1])} the type ${shown(types[1])} alone should be removed; it is ${shown(found)}`;
    trial.holds('RFC7644-3.5.2.2-7', found !== undefined && at(found, 'type') !== types[1], message, answer);
  },
};

const guarded: Check = {
  id: 'patch/remove-required',
  title: 'A remove of a required or readOnly attribute is refused with "mutability"',
  feature: 'patch',
  requirements: ['RFC7644-3.5.2.2-8', 'RFC7644-3.5.2.2-9'],
  unless: noPatch,
  async run(trial: Trial) {
    const user = await trial.makeUser();
    for (const [path, requirement] of [
      ['userName', 'RFC7644-3.5.2.2-8'],
      ['id', 'RFC7644-3.5.2.2-9'],
    ] as const) {
      const before = at(await current(trial, user), path);
      const answer = await trial.send('PATCH', user.path, patch({ op: 'remove', path }));
      const scimType = at(answer.json, 'scimType');
      const isRefused = refused(answer) && scimType === 'mutability';
      const message = `a remove of ${path} should be refused as "mutability"; it got ${came(answer)}, ${shown(scimType)}`;
      trial.holds(requirement, isRefused, message);
      const after = at(await current(trial, user), path);
      trial.holds(requirement, after === before, `${path} should stay ${shown(before)}; it is ${shown(after)}`, answer);
    }
  },
};

export const checks: readonly Check[] = [noPath, single, all, matching, part, guarded];
