/** PATCH as clients write it. */
import type { Check, JsonObject, Trial } from '../../trial.ts';
import { isEmpty, leaves, patched, users, without, writable } from '../clients.ts';
import { at, came, current, ENTERPRISE, objects, sent, shown, succeeded, text } from '../reading.ts';

const profiles = ['dialects'] as const;

/** Attributes to change, by the name that a path has for them; only those the server has. */
function changes(trial: Trial): { key: string; names: string[]; value: string }[] {
  const all = [
    { key: 'displayName', names: ['displayName'], value: 'Jane Doe' },
    { key: 'name.familyName', names: ['name', 'familyName'], value: 'Doe' },
    { key: `${ENTERPRISE}:department`, names: [ENTERPRISE, 'department'], value: 'Sales' },
  ];
  const found = all.filter(({ key }) => writable(trial.server, key));
  trial.needs(found.length > 0, 'its users have nothing to change');
  return found;
}

const verbs: Check = {
  id: 'dialects/op',
  title: 'op is taken in any case, and path null is no path',
  feature: 'patch',
  profiles,
  requirements: ['DIALECT-1', 'DIALECT-2'],
  async run(trial: Trial) {
    const made = await trial.makeUser();
    const [change] = changes(trial);
    if (!change) return;
    const { key, names, value } = change;
    for (const op of ['Replace', 'REPLACE', 'Add']) {
      const answer = await patched(trial, made, [{ op, path: key, value: `${value} ${op}` }]);
      await leaves(trial, 'DIALECT-1', made, answer, `op ${op}`, names, `${value} ${op}`);
    }
    if (key !== 'displayName') return;
    const answer = await patched(trial, made, [{ op: 'replace', path: null, value: { [key]: 'Nobody' } }]);
    await leaves(trial, 'DIALECT-2', made, answer, 'path null', names, 'Nobody');
  },
};

const pathless: Check = {
  id: 'dialects/without-path',
  title: 'Without a path, values are merged, whatever form their names have',
  feature: 'patch',
  profiles,
  requirements: ['DIALECT-3', 'DIALECT-4'],
  async run(trial: Trial) {
    for (const op of ['replace', 'add'])
      for (const nested of [false, true]) {
        const made = await trial.makeUser();
        const value = nested
          ? inObjects(changes(trial))
          : Object.fromEntries(changes(trial).map(({ key, value }) => [key, value]));
        const answer = await patched(trial, made, [{ op, value }]);
        for (const each of changes(trial))
          await leaves(trial, 'DIALECT-3', made, answer, `${op} of ${each.key} without a path`, each.names, each.value);
        const before = sent(made);
        const kept: string[][] = [['userName'], ['name', 'givenName']];
        for (const names of kept) {
          const was = at(before, ...names);
          if (was !== undefined)
            await leaves(trial, 'DIALECT-4', made, answer, `${op} of other attributes without a path`, names, was);
        }
        const emails = objects(at(await current(trial, made), 'emails')).length;
        if (objects(before.emails).length > 0)
          trial.holds(
            'DIALECT-4',
            emails > 0,
            `${op} of other attributes without a path should leave the e-mail addresses; there are ${emails}`,
          );
      }
  },
};

function inObjects(list: readonly { names: readonly string[]; value: string }[]): JsonObject {
  const found: JsonObject = {};
  for (const { names, value } of list) {
    const [first = '', second] = names;
    found[first] = second === undefined ? value : { [second]: value };
  }
  return found;
}

const booleans: Check = {
  id: 'dialects/booleans',
  title: 'Texts are taken for booleans, and booleans are returned',
  feature: 'patch',
  profiles,
  requirements: ['DIALECT-5', 'DIALECT-6', 'DIALECT-7'],
  unless: without('active'),
  async run(trial: Trial) {
    const made = await trial.makeUser();
    for (const [value, expected] of [
      ['False', false],
      ['True', true],
      ['false', false],
      ['true', true],
    ] as const) {
      const answer = await patched(trial, made, [{ op: 'replace', path: 'active', value }]);
      const active = at(await current(trial, made), 'active');
      const isSo = String(active).toLowerCase() === String(expected);
      trial.holds(
        'DIALECT-5',
        succeeded(answer) && isSo,
        `active ${shown(value)} should be taken for ${expected}; got ${came(answer)}, and it is ${shown(active)}`,
        answer,
      );
      if (isSo)
        trial.holds('DIALECT-7', typeof active === 'boolean', `active should be a boolean; it is ${shown(active)}`);
    }
    const answer = await trial.send('POST', users(trial.server), trial.userBody({ active: 'true' }));
    trial.holds('DIALECT-6', succeeded(answer), `active "true" in a POST should be taken; got ${came(answer)}`);
    if (succeeded(answer))
      trial.holds(
        'DIALECT-7',
        at(answer.json, 'active') === true,
        `active should be true; it is ${shown(at(answer.json, 'active'))}`,
      );
  },
};

const missingValue: Check = {
  id: 'dialects/missing-value',
  title: 'A value path that matches nothing creates the value',
  feature: 'patch',
  profiles,
  requirements: ['DIALECT-8'],
  unless: without('phoneNumbers.value', 'phoneNumbers.type'),
  async run(trial: Trial) {
    for (const op of ['add', 'replace']) {
      const made = await trial.makeUser();
      const answer = await patched(trial, made, [
        { op, path: 'phoneNumbers[type eq "work"].value', value: 'tel:+1-201-555-0123' },
      ]);
      const found = objects(at(await current(trial, made), 'phoneNumbers'));
      const isThere = found.some((each) => at(each, 'type') === 'work' && !isEmpty(at(each, 'value')));
      trial.holds(
        'DIALECT-8',
        succeeded(answer) && isThere,
        `${op} at phoneNumbers[type eq "work"].value should create a number of type work; got ${came(answer)} and ${shown(found)}`,
        answer,
      );
    }
  },
};

const MANAGER = `${ENTERPRISE}:manager`;

const manager: Check = {
  id: 'dialects/manager',
  title: 'A manager is taken in every form, and removed by "" and null',
  feature: 'patch',
  profiles,
  requirements: ['DIALECT-13', 'DIALECT-14'],
  unless: without(MANAGER),
  async run(trial: Trial) {
    const boss = await trial.makeUser();
    const made = await trial.makeUser();
    const idOf = async () => {
      const manager = at(await current(trial, made), ENTERPRISE, 'manager');
      return text(manager) ?? at(manager, 'value');
    };
    const forms = [boss.id, { value: boss.id }, [{ value: boss.id }]];
    for (const value of forms) {
      const answer = await patched(trial, made, [{ op: 'replace', path: MANAGER, value }]);
      const found = await idOf();
      trial.holds(
        'DIALECT-13',
        succeeded(answer) && found === boss.id,
        `a manager as ${shown(value)} should be taken; got ${came(answer)}, and it is ${shown(found)}`,
        answer,
      );
      const nobody = value === boss.id ? null : '';
      const removed = await patched(trial, made, [{ op: 'replace', path: MANAGER, value: nobody }]);
      const left = await idOf();
      trial.holds(
        'DIALECT-14',
        succeeded(removed) && isEmpty(left),
        `a manager ${shown(nobody)} should remove it; got ${came(removed)}, and it is ${shown(left)}`,
        removed,
      );
    }
  },
};

export const checks: readonly Check[] = [verbs, pathless, booleans, missingValue, manager];
