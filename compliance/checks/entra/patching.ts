/** What Microsoft Entra ID changes in users, and how. */
import { randomUUID } from 'node:crypto';
import type { Check, JsonObject, Trial } from '../../trial.ts';
import { finds, freeTexts, isEmpty, leaves, users, without, writable } from '../clients.ts';
import { at, came, current, ENTERPRISE, objects, patch, quoted, sent, shown, succeeded } from '../reading.ts';

const profiles = ['entra'] as const;

const update: Check = {
  id: 'entra/update',
  title: 'Attributes are changed one operation each, with capital letters',
  feature: 'patch',
  profiles,
  requirements: ['ENTRA-8', 'ENTRA-13'],
  async run(trial: Trial) {
    const made = await trial.makeUser();
    const email = `${trial.name()}@example.com`;
    const changes: [op: string, path: string, names: string[], value: string][] = [];
    if (writable(trial.server, 'displayName')) changes.push(['Replace', 'displayName', ['displayName'], 'Jane Doe']);
    if (writable(trial.server, 'name.familyName'))
      changes.push(['Replace', 'name.familyName', ['name', 'familyName'], 'Doe']);
    const core = changes.map(([op, path, , value]) => ({ op, path, value }));
    const hasEmail = objects(sent(made).emails).some((each) => at(each, 'type') === 'work');
    const mail = hasEmail ? [{ op: 'Replace', path: 'emails[type eq "work"].value', value: email }] : [];
    trial.needs(core.length + mail.length > 0, 'its users have nothing to change');
    const answer = await trial.send('PATCH', made.path, patch(...mail, ...core));
    for (const [op, path, names, value] of changes)
      await leaves(trial, 'ENTRA-8', made, answer, `${op} ${path}`, names, value);
    if (hasEmail) {
      const values = objects(at(await current(trial, made), 'emails')).map((each) => at(each, 'value'));
      trial.holds(
        'ENTRA-8',
        succeeded(answer) && values.includes(email),
        `Replace emails[type eq "work"].value should succeed and leave ${email}; got ${came(answer)}, and there is ${shown(values)}`,
        answer,
      );
    }
    if (!writable(trial.server, `${ENTERPRISE}:department`)) return;
    const department = await trial.send(
      'PATCH',
      made.path,
      patch({ op: 'Add', path: `${ENTERPRISE}:department`, value: 'Sales' }),
    );
    await leaves(trial, 'ENTRA-13', made, department, 'Add of the department', [ENTERPRISE, 'department'], 'Sales');
  },
};

const disable: Check = {
  id: 'entra/disable',
  title: 'A user is disabled and enabled by texts, and is found all the while',
  feature: 'patch',
  profiles,
  requirements: ['ENTRA-9', 'ENTRA-10', 'ENTRA-11'],
  unless: without('active'),
  async run(trial: Trial) {
    const made = await trial.makeUser();
    const endpoint = users(trial.server);
    for (const [value, expected] of [
      ['False', false],
      ['True', true],
    ] as const) {
      const answer = await trial.send('PATCH', made.path, patch({ op: 'Replace', path: 'active', value }));
      const read = await trial.send('GET', made.path);
      trial.holds(
        'ENTRA-11',
        read.status === 200,
        `the user should be returned after active ${value}; got ${came(read)}`,
        read,
      );
      const active = at(read.json, 'active');
      const isSo = String(active).toLowerCase() === String(expected);
      trial.holds(
        'ENTRA-9',
        succeeded(answer) && isSo,
        `active ${value} should succeed and leave it ${expected}; got ${came(answer)}, and it is ${shown(active)}`,
        answer,
      );
      if (active !== undefined)
        trial.holds(
          'ENTRA-10',
          typeof active === 'boolean',
          `active should be a boolean; it is ${shown(active)}`,
          read,
        );
      if (!expected)
        await finds(
          trial,
          'ENTRA-11',
          endpoint,
          `userName+eq+${encodeURIComponent(quoted(String(sent(made).userName)))}`,
          made,
        );
    }
  },
};

const flag: Check = {
  id: 'entra/flag',
  title: 'With aadOptscim062020, one operation without a path changes many attributes',
  feature: 'patch',
  profiles,
  requirements: ['ENTRA-12'],
  async run(trial: Trial) {
    const made = await trial.makeUser();
    const { server } = trial;
    const all: [key: string, names: string[], value: string | boolean][] = [
      ['displayName', ['displayName'], 'Jane Doe'],
      ['name.familyName', ['name', 'familyName'], 'Doe'],
      ['active', ['active'], false],
      [`${ENTERPRISE}:employeeNumber`, [ENTERPRISE, 'employeeNumber'], '42'],
    ];
    const known = all.filter(([key]) => writable(server, key));
    trial.needs(known.length > 0, 'its users have nothing to change');
    const value = Object.fromEntries(known.map(([key, , each]) => [key, each]));
    const answer = await trial.send('PATCH', made.path, patch({ op: 'replace', value }));
    for (const [key, names, each] of known)
      await leaves(trial, 'ENTRA-12', made, answer, `a replace without a path of ${key}`, names, each);
    const givenName = at(sent(made), 'name', 'givenName');
    if (givenName !== undefined)
      await leaves(
        trial,
        'ENTRA-12',
        made,
        answer,
        'a replace without a path of other attributes',
        ['name', 'givenName'],
        givenName,
      );
  },
};

const MANAGER = `${ENTERPRISE}:manager`;

const manager: Check = {
  id: 'entra/manager',
  title: 'A manager is assigned, changed and removed',
  feature: 'patch',
  profiles,
  requirements: ['ENTRA-14', 'ENTRA-15'],
  unless: without(MANAGER),
  async run(trial: Trial) {
    const [one, two, made] = [await trial.makeUser(), await trial.makeUser(), await trial.makeUser()];
    const names = [ENTERPRISE, 'manager', 'value'];
    const change = (op: string, value: JsonObject | string) =>
      trial.send('PATCH', made.path, patch({ op, path: MANAGER, value }));
    for (const [op, { id }] of [
      ['Add', one],
      ['Replace', two],
    ] as const) {
      const bare = await change(op, id);
      if (await leaves(trial, 'ENTRA-15', made, bare, `${op} of a manager as a bare id`, names, id)) continue;
      await leaves(trial, 'ENTRA-14', made, await change(op, { value: id }), `${op} of a manager`, names, id);
    }
    const removed = await change('Replace', '');
    const left = at(await current(trial, made), ENTERPRISE, 'manager', 'value');
    trial.holds(
      'ENTRA-14',
      succeeded(removed) && isEmpty(left),
      `Replace of a manager by "" should succeed and remove it; got ${came(removed)}, and it is ${shown(left)}`,
      removed,
    );
  },
};

const nothing: Check = {
  id: 'entra/null',
  title: 'What is replaced by "" or null is empty',
  feature: 'patch',
  profiles,
  requirements: ['ENTRA-16'],
  unless: (server) => (freeTexts(server).length > 0 ? null : 'its users have no attribute to try it with'),
  async run(trial: Trial) {
    for (const value of ['', null]) {
      const made = await trial.makeUser();
      for (const { path, names } of freeTexts(trial.server)) {
        await trial.send('PATCH', made.path, patch({ op: 'Replace', path, value: 'Something' }));
        const answer = await trial.send('PATCH', made.path, patch({ op: 'Replace', path, value }));
        await leaves(trial, 'ENTRA-16', made, answer, `Replace ${path} by ${shown(value)}`, names, null);
      }
    }
  },
};

const missingValue: Check = {
  id: 'entra/missing-value',
  title: 'A replace of a value that was never set creates it',
  feature: 'patch',
  profiles,
  requirements: ['ENTRA-34'],
  unless: without('phoneNumbers.value', 'phoneNumbers.type'),
  async run(trial: Trial) {
    const made = await trial.makeUser();
    const answer = await trial.send(
      'PATCH',
      made.path,
      patch({ op: 'Replace', path: 'phoneNumbers[type eq "mobile"].value', value: '+1 201 555 0123' }),
    );
    const [phone] = objects(at(await current(trial, made), 'phoneNumbers'));
    trial.holds(
      'ENTRA-34',
      succeeded(answer) && at(phone, 'type') === 'mobile' && !isEmpty(at(phone, 'value')),
      `a number of type mobile should be there; got ${came(answer)} and ${shown(phone)}`,
      answer,
    );
  },
};

const role: Check = {
  id: 'entra/role',
  title: 'A role that is JSON in a text is taken',
  feature: 'patch',
  profiles,
  requirements: ['ENTRA-35'],
  unless: without('roles.value'),
  async run(trial: Trial) {
    const made = await trial.makeUser();
    const value = [{ value: JSON.stringify({ id: randomUUID(), value: 'Admin', displayName: 'Admin' }) }];
    const answer = await trial.send('PATCH', made.path, patch({ op: 'Add', path: 'roles', value }));
    const roles = objects(at(await current(trial, made), 'roles'));
    trial.holds(
      'ENTRA-35',
      succeeded(answer) && roles.length > 0,
      `a role should be there; got ${came(answer)} and ${shown(roles)}`,
      answer,
    );
  },
};

export const checks: readonly Check[] = [update, disable, flag, manager, nothing, missingValue, role];
