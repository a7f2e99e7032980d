/** What is special about uflow end users as data: mapping, plan, settings, and whose a record is. */
import { describe, expect, test } from 'vitest';
import type { Desired, Memory, Observed } from '../../src/targets/target.ts';
import { target as type } from '../../src/targets/uflow/index.ts';
import { madeSince } from '../../src/targets/uflow/making.ts';
import { desired as desiredOf, type EndUser, observe, plan } from '../../src/targets/uflow/mapping.ts';
import { Settings } from '../../src/targets/uflow/settings.ts';
import { mapped, type Somebody } from './account.ts';

const LOG_IN = { username: 'admin@example.com', password: 'p' };
const SETTINGS = Settings.parse({ ...LOG_IN, tenantId: 't', clientId: 'c' });
const NOTHING: Memory = { granted: [], remembered: [] };
const PROJECT = '00000000-0000-0000-0000-000000000001';

const gina: Somebody = {
  id: '1',
  user: { userName: 'gina', displayName: 'Gina Guest', emails: [{ value: ' Gina@Example.com ' }] },
  presence: 'active',
  assignments: [],
};
const desired = (somebody: Somebody) => desiredOf(mapped(type, somebody));

describe('the mapping to a uflow end user', () => {
  test('the address is the key, whatever its case, and is sent as it is written', () => {
    expect(desired(gina)).toMatchObject({
      keys: { email: 'gina@example.com' },
      fields: { email: 'Gina@Example.com', name: 'Gina Guest' },
    });
    expect(desired({ ...gina, presence: 'absent' })).toBeNull();
  });

  test.each([
    ['the display name', { displayName: 'G', name: { formatted: 'F', givenName: 'Gina' } }, 'G'],
    ['the formatted name', { name: { formatted: 'F', givenName: 'Gina' } }, 'F'],
    ['both names', { name: { givenName: 'Gina', familyName: 'Guest' } }, 'Gina Guest'],
    ['the first name alone', { name: { givenName: 'Gina' } }, 'Gina'],
    ['the last name alone', { name: { familyName: 'Guest' } }, 'Guest'],
    ['the user name', {}, 'gina'],
  ])('the name is %s', (_, user, name) => {
    expect(desired({ ...gina, user: { userName: 'gina', ...user } })?.fields.name).toBe(name);
  });

  test('who has no name is called by the address: a registration needs one', () => {
    const person = { ...mapped(type, gina), values: { email: 'gina@example.com', name: null } };
    expect(desiredOf(person)?.fields.name).toBe('gina@example.com');
  });

  test('names in two halves, and a word for the flag, are understood', () => {
    const user = { id: '7', active: true, email: 'Gina@example.com', first_name: 'Gina', last_name: 'Guest' };
    expect(observe(user)).toEqual({
      id: '7',
      keys: { email: 'gina@example.com' },
      fields: { email: 'Gina@example.com', name: 'Gina Guest' },
      enabled: true,
      assignments: [],
    });
  });
});

describe('the plan for a uflow end user', () => {
  const wanted = desired(gina) as Desired;
  const off: Desired = { ...wanted, presence: 'inactive' };
  const seen: Observed = { id: '7', keys: wanted.keys, fields: wanted.fields, enabled: true, assignments: [] };
  const shut = { ...seen, enabled: false };
  const code = Settings.parse({ ...LOG_IN, tenantId: 't', projectId: PROJECT, reality: 'code' });

  test('registers, as plain data without a secret', () => {
    const made = plan(wanted, null, NOTHING, SETTINGS);
    expect(JSON.parse(JSON.stringify(made))).toEqual(made);
    expect(made).toEqual([
      {
        kind: 'create',
        call: 'POST /uflow/user/clients/register',
        body: {
          tenant_id: 't',
          client_id: 'c',
          email: 'Gina@Example.com',
          name: 'Gina Guest',
          provider: 'local',
          password: '<random>',
        },
      },
    ]);
  });

  test('registers with the password of the rule, and with none where the code reads none', () => {
    const passwordOf = (password: Desired['password'], settings = SETTINGS) =>
      plan({ ...wanted, password }, null, NOTHING, settings)[0]?.body?.password;
    expect(passwordOf('given')).toBe('<given>');
    expect(passwordOf('none')).toBeUndefined();
    expect(passwordOf('given', code)).toBeUndefined();
    expect(plan(wanted, null, NOTHING, code)[0]?.body).toMatchObject({ project_id: PROJECT });
  });

  test('asks for nothing where nothing differs, be it the case of the address', () => {
    expect(
      plan({ ...wanted, fields: { ...wanted.fields, email: 'GINA@example.com' } }, seen, NOTHING, SETTINGS),
    ).toEqual([]);
    expect(plan(off, shut, NOTHING, SETTINGS)).toEqual([]);
  });

  test('uses the one call for the flag that takes false in every version', () => {
    const call = 'POST /uflow/admin/enduser/active';
    const body = { tenant_id: 't', user_id: '7' };
    expect(plan(off, seen, NOTHING, SETTINGS)).toEqual([{ kind: 'disable', call, body: { ...body, active: 'false' } }]);
    expect(plan(wanted, shut, NOTHING, SETTINGS)).toEqual([
      { kind: 'enable', call, body: { ...body, active: 'true' } },
    ]);
  });

  test('sends only what differs: the rest stays as it is', () => {
    const call = 'PUT /uflow/user/enduser/t/7';
    const named = { ...seen, fields: { ...seen.fields, name: 'Regina' } };
    const body = { name: 'Gina Guest' };
    expect(plan(wanted, named, NOTHING, SETTINGS)).toEqual([{ kind: 'update', call, body, changes: ['name'] }]);
    const moved = { ...seen, keys: { email: 'old@example.com' }, fields: { ...seen.fields, email: 'old@example.com' } };
    expect(plan(wanted, moved, NOTHING, SETTINGS)).toEqual([
      { kind: 'rename', call, body: { email: 'Gina@Example.com' }, changes: ['email'] },
    ]);
  });

  test('a soft deletion is asked for once: an inactive record is as deleted as it gets', () => {
    expect(plan(null, seen, NOTHING, SETTINGS)).toEqual([{ kind: 'delete', call: 'DELETE /uflow/user/enduser/t/7' }]);
    expect(plan(null, shut, NOTHING, SETTINGS)).toEqual([]);
    expect(plan(null, null, NOTHING, SETTINGS)).toEqual([]);
  });

  test('a hard deletion ends inactive records too', () => {
    const hard: Settings = { ...SETTINGS, deleteBy: 'hard' };
    for (const record of [seen, shut]) {
      expect(plan(null, record, NOTHING, hard)).toEqual([
        { kind: 'delete', call: 'POST /uflow/user/enduser/delete_all', body: { tenant_id: 't', user_id: '7' } },
      ]);
    }
  });

  test('every double is deactivated, also beside a deletion, and never the record itself', () => {
    const memory: Memory = { ...NOTHING, doubles: ['7', '8', '9'] };
    for (const person of [wanted, null]) {
      const steps = plan(person, seen, memory, SETTINGS).filter(({ record }) => record !== undefined);
      expect(steps).toMatchObject([
        { kind: 'disable', record: '8', body: { user_id: '8', active: 'false' } },
        { kind: 'disable', record: '9', body: { user_id: '9', active: 'false' } },
      ]);
    }
  });

  test('the tenant goes by the name that the settings give it', () => {
    const newer: Settings = { ...SETTINGS, tenantField: 'workspace_id' };
    for (const [step] of [plan(wanted, null, NOTHING, newer), plan(off, seen, NOTHING, newer)]) {
      expect(step?.body).toMatchObject({ workspace_id: 't' });
      expect(step?.body).not.toHaveProperty('tenant_id');
    }
  });
});

describe('the settings of a uflow target', () => {
  const fields = (settings: object) =>
    Settings.safeParse({ tenantId: 't', ...settings }).error?.issues.map(({ path }) => path.join('.')) ?? [];

  test('ask for what the chosen log-in needs', () => {
    expect(fields({ clientId: 'c' })).toEqual(['username', 'password']);
    expect(fields({ clientId: 'c', logIn: 'token' })).toEqual(['token']);
    expect(fields({ clientId: 'c', logIn: 'token', token: 'x' })).toEqual([]);
    expect(fields({ clientId: 'c', logIn: 'username', ...LOG_IN })).toEqual([]);
  });

  test('ask for what a registration names in the chosen reality', () => {
    expect(fields(LOG_IN)).toEqual(['clientId']);
    expect(fields({ ...LOG_IN, reality: 'code' })).toEqual(['projectId']);
    expect(fields({ ...LOG_IN, reality: 'code', projectId: 'not a uuid' })).toEqual(['projectId']);
    expect(fields({ ...LOG_IN, reality: 'code', projectId: PROJECT })).toEqual([]);
  });

  test('take a prefix as it stands in a path', () => {
    expect(fields({ ...LOG_IN, clientId: 'c', prefix: '/authsec' })).toEqual([]);
    for (const prefix of ['authsec', '/authsec/', '/a?b']) {
      expect(fields({ ...LOG_IN, clientId: 'c', prefix })).toEqual(['prefix']);
    }
  });
});

describe('the records made since', () => {
  const user = (id: string, created_at?: string): EndUser => ({ id, active: true, ...(created_at && { created_at }) });
  const since = new Date('2026-11-22T10:00:00.500Z');
  const ids = (users: EndUser[], offset = 0) => madeSince(users, since, offset).map(({ id }) => id);

  test('come in the order of their making, the older left out', () => {
    const users = [
      user('third', '2026-11-22T10:00:03.000Z'),
      user('second', '2026-11-22T10:00:01.000Z'),
      user('older', '2026-11-22T10:00:00.499Z'),
      user('first', '2026-11-22T10:00:00.500Z'),
    ];
    expect(ids(users)).toEqual(['first', 'second', 'third']);
  });

  test('a time in whole seconds may stand for any moment of that second', () => {
    expect(ids([user('this', '2026-11-22T10:00:00Z'), user('before', '2026-11-22T09:59:59Z')])).toEqual(['this']);
  });

  test('a record that does not say when it was made is not taken for ours', () => {
    expect(ids([user('unknown'), user('nonsense', 'yesterday')])).toEqual([]);
  });

  test.each([
    ['behind', -3_600_000, '2026-11-22T09:00:00.600Z', '2026-11-22T08:59:58.000Z'],
    ['ahead', 3_600_000, '2026-11-22T11:00:00.600Z', '2026-11-22T10:59:58.000Z'],
  ])('a system clock that is %s is allowed for', (_, offset, ours, older) => {
    expect(ids([user('ours', ours), user('older', older)], offset)).toEqual(['ours']);
  });
});
