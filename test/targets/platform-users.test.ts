/** What is special about partner platform users, beyond what the shared suite asks of every target. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { target as type } from '../../src/targets/platform-users/index.ts';
import type { Connection, Found, Step } from '../../src/targets/target.ts';
import { type Account, createAccount, type Somebody } from './account.ts';
import { byHand } from './platform-by-hand.ts';
import { type SandboxServer, startSandboxes, testIo, testVault } from './sandbox-server.ts';
import { failureOf } from './target-suite.ts';

const io = testIo();
const email = 'ada@example.com';
const ada: Somebody = {
  id: '1',
  presence: 'active',
  assignments: [],
  user: { userName: 'ada', name: { givenName: 'Ada', familyName: 'Byron' }, emails: [{ value: 'Ada@Example.com' }] },
};
const inactive: Somebody = { ...ada, presence: 'inactive' };
const absent: Somebody = { ...ada, presence: 'absent' };
const wanting = (...assignments: string[]): Somebody => ({ ...ada, assignments });

let sandbox: SandboxServer;
let connection: Connection;
let account: Account;
let settings: unknown;

const connect = async (overrides: Record<string, unknown> = {}, play = false) => {
  settings = type.settings.parse({ ...(await sandbox.credentials('platform')), ...overrides });
  connection = type.open(settings, testVault());
  account = createAccount(type, settings, connection, io, play ? (...step) => byHand(sandbox, ...step) : undefined);
};
const platform = async () => (await sandbox.state()).platform;
const person = (what: string, more: object = {}) => sandbox.control(`/platform/${what}`, { email, ...more });
const profile = (chosen: string) => sandbox.control('/profile', { system: 'platform', profile: chosen });
const fault = (kind: string, match = 'POST /platform/users/invite') =>
  sandbox.control('/faults', { system: 'platform', rate: 1, kinds: [kind], times: 1, match });
const look = (id: string | null, openIntent = false, address = email): Promise<Found> =>
  connection.find({ id, keys: [{ Email: address }], last: null, openIntent }, io);
const calls = async () => (await sandbox.state()).calls;
const brief = ({ kind, manual, subject, call }: Step) => [kind, manual ?? call, ...(subject ? [subject] : [])];
const todo = async (somebody: Somebody) => (await account.sync(somebody)).steps.map(brief);
const who = () => `the user Ada Byron, ${email} (id ${account.id})`;

beforeAll(async () => {
  sandbox = await startSandboxes();
});
afterAll(() => sandbox.close());
beforeEach(async () => {
  await sandbox.control('/reset');
  await connect();
});

describe('the plan for a platform user', () => {
  test('an invitation is plain data, and says what it grants', () => {
    const steps = type.plan(account.desired(wanting('Admin', 'organisation:17')), null, account.memory, settings);
    expect(JSON.parse(JSON.stringify(steps))).toEqual(steps);
    expect(steps).toEqual([
      {
        kind: 'create',
        call: 'POST /users/invite',
        body: { Email: email, FirstName: 'Ada', LastName: 'Byron', GroupId: 'Admin', OrganizationIds: '17' },
        grants: ['role:Admin', 'organisation:17'],
      },
      { kind: 'assign', call: 'GET /roles', subject: 'role:Admin' },
    ]);
  });

  test('nobody is invited who may not come in', async () => {
    expect(await todo(inactive)).toEqual([]);
    expect(await todo(absent)).toEqual([]);
    expect((await platform()).invitations).toEqual([]);
  });

  test('what has no call is said in words, and goes away when the listing shows it done', async () => {
    await account.sync(ada);
    await person('accept');
    expect(await todo(inactive)).toEqual([['disable', `In the platform's user management, block ${who()}.`]]);
    await person('block');
    expect(await todo(inactive)).toEqual([]);
    expect(await todo(ada)).toEqual([['enable', `In the platform's user management, unblock ${who()}.`]]);
    await person('unblock');
    expect(await todo(ada)).toEqual([]);
    expect(await todo(absent)).toEqual([['delete', `In the platform's user management, delete ${who()}.`]]);
    await person('users', { email: 'somebody-else@example.com' });
    await person('delete');
    expect((await account.sync(absent)).found).toEqual({ kind: 'absent' });
  });

  test('a blocked user needs no blocking, but a deletion', async () => {
    await account.sync(ada);
    await person('block');
    expect(await todo(inactive)).toEqual([]);
    expect((await todo(absent)).map(([kind]) => kind)).toEqual(['delete']);
  });

  test('a new name and address are one thing to do, and an address in another case is none', async () => {
    await account.sync(ada);
    const user = { ...ada.user, name: { givenName: 'Ada' }, emails: [{ value: 'king@example.com' }] };
    expect((await account.sync({ ...ada, user })).steps).toEqual([
      {
        kind: 'update',
        call: 'by hand',
        manual: `In the platform's user management, change the last name to nothing and the e-mail address to "king@example.com" for ${who()}.`,
        changes: ['LastName', 'Email'],
      },
    ]);
    expect(await todo({ ...ada, user: { ...ada.user, emails: [{ value: 'ADA@example.COM' }] } })).toEqual([]);
  });

  test('what the listing does not show is not asked for', async () => {
    await account.sync(ada);
    const { observed } = account;
    const bare = observed && { ...observed, fields: { PlatformRoles: observed.fields.PlatformRoles ?? '[]' } };
    expect(type.plan(account.desired(ada), bare, account.memory, settings)).toEqual([]);
  });

  test('states are shown as they are', async () => {
    await account.sync(ada);
    expect(await look(account.id)).toMatchObject({ observed: { state: 'New', enabled: true } });
    await person('accept');
    expect(await look(account.id)).toMatchObject({ observed: { state: 'Active', enabled: true } });
    await person('block');
    expect(await look(account.id)).toMatchObject({ observed: { state: 'Blocked', enabled: false } });
    await connect({ blockedStates: 'Suspended' });
    expect(await look((await platform()).users[0]?.Id ?? '')).toMatchObject({
      observed: { state: 'Blocked', enabled: true },
    });
  });
});

describe('roles', () => {
  const held = async () => (await platform()).users[0]?.Roles;

  test.each([
    ['highest', ['Admin']],
    ['lowest', ['Viewer']],
  ])('of several wanted roles the one with the %s weight is given, and nothing is left to do', async (end, given) => {
    await connect({ roleByWeight: end });
    const everybody = wanting('role:Viewer', 'role:Admin', 'role:Editor');
    await account.sync(everybody);
    expect(await held()).toEqual(given);
    expect(await todo(everybody)).toEqual([]);
    expect((await platform()).invitations).toHaveLength(1);
  });

  test('who is given no role gets the default, which may be none', async () => {
    await account.sync(ada);
    expect(await held()).toEqual(['User']);
    expect(await todo(ada)).toEqual([]);
    await sandbox.control('/reset');
    await connect({ defaultRole: '' });
    await account.sync(ada);
    expect(await held()).toEqual([]);
  });

  test('a default that the platform does not have pauses, and the connection test says so', async () => {
    await connect({ defaultRole: 'Boss' });
    const reason = expect.stringContaining('"Boss"');
    expect(await failureOf(account.sync(ada))).toMatchObject({ kind: 'pause', reason });
    expect(await failureOf(connection.check(io))).toMatchObject({ kind: 'pause', reason });
    expect((await platform()).invitations).toEqual([]);
  });

  test('an unknown role hurts only itself: the person is invited with the others', async () => {
    const somebody = wanting('role:Boss', 'role:Editor');
    expect(await failureOf(account.sync(somebody))).toEqual({
      kind: 'reject',
      reason: 'the platform has no role Boss',
    });
    expect(await held()).toEqual(['Editor']);
    expect(await failureOf(account.sync(somebody))).toMatchObject({ kind: 'reject' });
    await sandbox.control('/platform/roles', { name: 'Boss', weight: 5 });
    await account.sync(somebody);
    expect(await todo(somebody)).toEqual([]);
  });

  test('rules write roles by name, in the case of the platform, or by id, as the settings say', async () => {
    const hint = async (role: string, settings = {}) => {
      await sandbox.control('/reset');
      await connect(settings);
      return (await failureOf(account.sync(wanting(role)))).reason;
    };
    expect(await hint('role:admin')).toBe('the platform has no role admin; write Admin');
    expect(await hint('4')).toBe('the platform has no role 4; write Admin');
    expect(await held()).toEqual(['User']);
    expect(await hint('role:Admin', { rolesBy: 'id', defaultRole: '1' })).toBe(
      'the platform has no role Admin; write 4',
    );
    expect(await held()).toEqual(['Viewer']);
    await sandbox.control('/reset');
    await connect({ rolesBy: 'id', defaultRole: '1' });
    await account.sync(wanting('4'));
    expect(await held()).toEqual(['Admin']);
    expect(await todo(wanting('4'))).toEqual([]);
    expect(account.observed?.assignments).toEqual(['role:4']);
  });

  test('what is to be done by hand is named as the listing will show it', async () => {
    await account.sync(wanting('role:Editor'));
    const { steps } = await account.sync(wanting('role:Admin'));
    const [unassign, assign] = steps.map(({ subject = '' }) => subject);
    expect(account.observed?.assignments).toContain(unassign);
    await person('edit', { set: { Roles: ['Admin'] } });
    await account.sync(wanting('role:Admin'));
    expect(account.observed?.assignments).toEqual([assign]);
  });

  test('two roles of one name are told apart by their ids only', async () => {
    await sandbox.control('/platform/roles', { name: 'Twin', weight: 50 });
    const id = (await platform()).roles.find(({ Name }) => Name === 'Twin')?.Id ?? '';
    await sandbox.control('/platform/roles', { name: 'Twin2', weight: 60, renamed: 'Twin' });
    const { reason } = await failureOf(account.sync(wanting('role:Twin')));
    expect(reason).toContain('several roles Twin');
    await sandbox.control('/platform/delete', { email });
    await connect({ rolesBy: 'id', defaultRole: '' });
    await account.sync(wanting(id));
    expect(account.observed?.assignments).toEqual([`role:${id}`]);
  });

  test('a change of role after the invitation is for a person, and only what we gave is taken', async () => {
    await account.sync(wanting('role:Editor'));
    await person('edit', { set: { Roles: ['Editor', 'Viewer'] } });
    const change = [
      ['unassign', `In the platform's user management, take the role Editor from ${who()}.`, 'role:Editor'],
      ['assign', `In the platform's user management, give the role Admin to ${who()}.`, 'role:Admin'],
    ];
    expect(await todo(wanting('role:Admin'))).toEqual(change);
    await person('edit', { set: { Roles: ['Admin', 'Editor', 'Viewer'] } });
    expect(await todo(wanting('role:Admin'))).toEqual(change.slice(0, 1));
    await person('edit', { set: { Roles: ['Admin', 'Viewer'] } });
    expect(await todo(wanting('role:Admin'))).toEqual([]);
  });

  test('who loses the last role falls back to the default', async () => {
    await account.sync(wanting('role:Admin'));
    expect(await todo(ada)).toEqual([
      [
        'unassign',
        `In the platform's user management, take the role Admin from ${who()} and give the role User.`,
        'role:Admin',
      ],
    ]);
    await person('edit', { set: { Roles: ['User'] } });
    expect(await todo(ada)).toEqual([]);
  });

  test('a role that others gave, or took, is nobody’s business unless it is wanted', async () => {
    await account.sync(ada);
    await person('edit', { set: { Roles: ['Admin'] } });
    expect(await todo(ada)).toEqual([]);
  });

  test('where the listing shows no roles, what was granted counts', async () => {
    await profile('roles=none');
    await connect({}, true);
    const editor = wanting('role:Editor', 'organisation:17');
    await account.sync(editor);
    expect(account.memory.granted.toSorted()).toEqual(['organisation:17', 'role:Editor']);
    expect(await todo(editor)).toEqual([]);
    expect(await todo(wanting('role:Editor', 'role:Viewer', 'organisation:17'))).toEqual([]);
    expect(await look(account.id)).toMatchObject({ observed: { assignments: null } });
    expect((await todo(wanting('role:Admin'))).map(([kind, , subject]) => `${kind} ${subject}`)).toEqual([
      'unassign role:Editor',
      'unassign organisation:17',
      'assign role:Admin',
    ]);
    expect(await todo(wanting('role:Admin'))).toEqual([]);
  });

  test('equal weights are decided by name, and a role without a weight comes last', async () => {
    await sandbox.control('/platform/roles', { name: 'Abbot', weight: 40 });
    await sandbox.control('/platform/roles', { name: 'Weightless' });
    await account.sync(wanting('role:Weightless', 'role:Admin', 'role:Abbot'));
    expect(await held()).toEqual(['Abbot']);
    await sandbox.control('/reset');
    await sandbox.control('/platform/roles', { name: 'Weightless' });
    await connect({ roleByWeight: 'lowest' });
    await account.sync(wanting('role:Weightless', 'role:Admin'));
    expect(await held()).toEqual(['Admin']);
  });
});

describe('organisations', () => {
  const held = async () => (await platform()).users[0]?.OrganizationIds;
  const known = { organisations: 'ACME=17, Globex = 18' };

  test('are written by name where the settings know them, and by id where they know none', async () => {
    await connect(known);
    await account.sync(wanting('organisation:acme', 'organisation:18'));
    expect(account.memory.granted).toEqual(expect.arrayContaining(['organisation:ACME', 'organisation:Globex']));
    expect(await held()).toEqual(['17', '18']);
    expect(await todo(wanting('organisation:acme', 'organisation:18'))).toEqual([]);
    expect(await todo(wanting('organisation:Globex'))).toEqual([
      [
        'unassign',
        `In the platform's user management, remove ${who()} from the organisation ACME (id 17).`,
        'organisation:ACME',
      ],
    ]);
    await person('edit', { set: { OrganizationIds: ['17'] } });
    expect(await todo(wanting('organisation:Globex', 'organisation:ACME'))).toEqual([
      [
        'assign',
        `In the platform's user management, add ${who()} to the organisation Globex (id 18).`,
        'organisation:Globex',
      ],
    ]);
  });

  test('an unknown one hurts only itself', async () => {
    await connect(known);
    const somebody = wanting('organisation:Initech', 'organisation:ACME');
    expect(await failureOf(account.sync(somebody))).toMatchObject({
      kind: 'reject',
      reason: expect.stringContaining('Initech'),
    });
    expect(await held()).toEqual(['17']);
    expect(await failureOf(account.sync(somebody))).toMatchObject({ kind: 'reject' });
  });

  test('the default ones are for whom no rule gives one, and stay', async () => {
    await connect({ ...known, defaultOrganisations: 'Globex' });
    await account.sync(ada);
    expect(await held()).toEqual(['18']);
    expect(await todo(ada)).toEqual([]);
    expect((await todo(wanting('organisation:ACME'))).map(([kind]) => kind).sort()).toEqual(['assign', 'unassign']);
  });

  test('a table that cannot be read is refused', async () => {
    const credentials = await sandbox.credentials('platform');
    for (const organisations of ['ACME', '=17', 'ACME=']) {
      const result = type.settings.safeParse({ ...credentials, organisations });
      expect(result.error?.issues[0]).toMatchObject({ path: ['organisations'] });
    }
  });

  test('the catalogue has roles with their weights, and organisations of the settings and of users', async () => {
    await connect(known);
    await person('users', { organisationIds: ['18', '99'] });
    const entries = await connection.catalogue?.(io);
    expect(entries).toContainEqual({ kind: 'role', id: 'Admin', name: 'Admin', weight: 40 });
    expect(entries?.filter(({ kind }) => kind === 'organisation')).toEqual([
      { kind: 'organisation', id: '17', name: 'ACME' },
      { kind: 'organisation', id: '18', name: 'Globex' },
      { kind: 'organisation', id: '99', name: '99' },
    ]);
  });
});

describe('an invitation', () => {
  test.each(['lost-response', '500-after', 'timeout', '500', 'reset'])(
    '%s: whether the mail went out is looked up, and it is never sent twice',
    async (kind) => {
      await fault(kind);
      const hasty = createAccount(type, settings, connection, testIo({ timeoutMs: 300 }));
      expect(await failureOf(hasty.sync(ada))).toMatchObject({ kind: 'retry', unclear: true });
      await hasty.sync(ada);
      expect((await platform()).invitations).toHaveLength(1);
    },
  );

  test('without an id in the answer the list gives it; a list that lags behind leaves it unclear', async () => {
    await profile('invite-answer=empty,list-lag=3600');
    const failure = await failureOf(account.sync(ada));
    expect(failure).toMatchObject({ kind: 'retry', unclear: true, reason: expect.stringContaining('not in the list') });
    await profile('list-lag=0');
    const { steps } = await account.sync(ada);
    expect(steps).toEqual([]);
    expect((await platform()).invitations).toHaveLength(1);
  });

  test('a list that fails after the mail went out leaves it unclear, even with 429', async () => {
    await profile('invite-answer=empty');
    const step = type.plan(account.desired(ada), null, account.memory, settings)[0] as Step;
    await connection.check(io);
    await fault('429', 'GET /platform/users');
    const invited = connection.apply(step, { id: null, desired: account.desired(ada) }, io);
    expect(await failureOf(invited)).toMatchObject({ kind: 'retry', unclear: true });
    expect((await platform()).invitations).toHaveLength(1);
  });

  test('somebody who is there already is no creation of ours where the platform refuses', async () => {
    await profile('reinvite=409');
    const step = type.plan(account.desired(ada), null, account.memory, settings)[0] as Step;
    await person('users', { roles: ['Viewer'] });
    const applied = await connection.apply(step, { id: null, desired: account.desired(ada) }, io);
    expect(applied).toMatchObject({ existed: true, evidence: 'listing', observed: { assignments: ['role:Viewer'] } });
    expect((await platform()).invitations).toEqual([]);
  });

  test.each(['400', '200'])(
    'invite-failure=%s: who cannot be invited is refused in words of the platform',
    async (how) => {
      await profile(`invite-failure=${how}`);
      const bad: Somebody = { ...ada, user: { userName: 'no-address' } };
      expect(await failureOf(account.sync(bad))).toEqual({
        kind: 'reject',
        reason: expect.stringContaining('Email is required'),
      });
    },
  );

  test('where the answer to a refusal is empty, nobody is taken for invited', async () => {
    await profile('invite-failure=200,invite-answer=empty');
    const bad: Somebody = { ...ada, user: { userName: 'no-address' } };
    expect(await failureOf(account.sync(bad))).toMatchObject({ kind: 'retry', unclear: true });
  });

  test('without the right to invite the target pauses', async () => {
    await profile('rights=read-only');
    const reason = expect.stringContaining('not allowed to invite');
    expect(await failureOf(account.sync(ada))).toMatchObject({ kind: 'pause', reason });
  });

  test('carries the identity provider by its id', async () => {
    for (const identityProvider of ['platform', '1']) {
      await sandbox.control('/reset');
      await connect({ identityProvider });
      await account.sync(ada);
      expect((await platform()).invitations).toMatchObject([{ IdentityProviderId: '1' }]);
    }
  });

  test.each([
    ['Entra ID', 'is disabled'],
    ['Nowhere', 'no identity provider "Nowhere"'],
  ])('through %s is not sent: the target pauses until it is enabled', async (identityProvider, why) => {
    await connect({ identityProvider });
    const pause = { kind: 'pause', reason: expect.stringContaining(why) };
    expect(await failureOf(account.sync(ada))).toMatchObject(pause);
    expect(await failureOf(connection.check(io))).toMatchObject(pause);
    expect((await platform()).invitations).toEqual([]);
    if (why !== 'is disabled') return;
    await sandbox.control('/platform/identity-providers', { name: 'Entra ID', enabled: true });
    expect(await connection.check(io)).toContain('Signed in');
    await account.sync(ada);
    expect((await platform()).invitations).toHaveLength(1);
  });

  test('puts OrganizationIds where the settings say', async () => {
    await profile('organisations=user');
    await connect({ organisationIdsIn: 'user' });
    await account.sync(wanting('organisation:17'));
    expect((await platform()).users).toMatchObject([{ OrganizationIds: ['17'] }]);
  });

  test('nothing but the invitation is ever asked of the platform to change', async () => {
    await account.sync(ada);
    for (const kind of ['update', 'disable', 'delete', 'enable', 'unassign', 'rename'] as const) {
      const failure = await failureOf(
        connection.apply({ kind, call: 'by hand' }, { id: account.id, desired: null }, io),
      );
      expect(failure).toMatchObject({ kind: 'reject', reason: expect.stringContaining('by hand') });
    }
    const writes = Object.keys(await calls()).filter((call) => !call.startsWith('GET'));
    expect(writes.sort()).toEqual(['POST /platform/connect/token', 'POST /platform/users/invite']);
  });
});

describe('the list as the only look-up', () => {
  const crowd = async (count: number) => {
    for (let number = 1; number <= count; number++) await person('users', { email: `p${number}@example.com` });
  };
  const reads = async () => (await calls())['GET /platform/users'] ?? 0;
  const since = async (work: () => Promise<unknown>) => {
    const before = await reads();
    await work();
    return (await reads()) - before;
  };

  test.each(['items', 'array', 'items-no-total', 'all'])(
    'paging=%s: everybody is listed, whatever the page size',
    async (how) => {
      await crowd(5);
      for (const cap of ['100', '2']) {
        await profile(`paging=${how},page-cap=${cap}`);
        for (const pageSize of [1, 2, 3, 5, 100]) {
          await connect({ pageSize });
          expect(await look(null, true, 'p5@example.com')).toMatchObject({ kind: 'found' });
          expect(await look(null, true)).toEqual({ kind: 'absent' });
          const listed = [];
          for await (const { id } of connection.list(io)) listed.push(id);
          expect(listed.toSorted()).toEqual((await platform()).users.map(({ Id }) => Id).sort());
        }
      }
    },
  );

  test('a list of nobody at all says nothing of a linked user', async () => {
    const failure = await failureOf(look('gone'));
    expect(failure).toMatchObject({ kind: 'retry', reason: expect.stringContaining('the list of users is empty') });
    await crowd(1);
    expect(await look('gone')).toEqual({ kind: 'absent' });
  });

  test('a total saves the page that shows that there are no more', async () => {
    await crowd(3);
    await connect({ pageSize: 3 });
    await connection.check(io);
    expect(await since(() => look(null))).toBe(1);
    await profile('paging=array');
    expect(await since(() => look(null))).toBe(2);
    await profile('paging=all');
    await connect({ paging: 'none' });
    await connection.check(io);
    expect(await since(() => look(null))).toBe(1);
  });

  test('paging=none is refused where the list shows but a part', async () => {
    await crowd(3);
    await profile('page-cap=2');
    await connect({ paging: 'none' });
    const reason = expect.stringContaining('2 of 3');
    expect(await failureOf(look(null))).toMatchObject({ kind: 'pause', reason });
  });

  test('absence over several pages is read twice where a mail or a link depends on it', async () => {
    await crowd(3);
    await connect({ pageSize: 2 });
    expect(await since(() => look(null))).toBe(2);
    expect(await since(() => look(null, true))).toBe(4);
    expect(await since(() => look('gone'))).toBe(4);
    await connect({ pageSize: 3 });
    expect(await since(() => look('gone'))).toBe(1);
  });

  test('who asks at the same time shares a reading that began after each asked', async () => {
    await connection.check(io);
    expect(await since(() => Promise.all(Array.from({ length: 20 }, () => look(null))))).toBe(2);
  });

  test('an old list serves only where the settings allow it, and never to say that a linked user is gone', async () => {
    await connect({ listingSeconds: 60 });
    expect(await look(null)).toEqual({ kind: 'absent' });
    await person('users');
    const id = (await platform()).users[0]?.Id ?? '';
    expect(await look(null)).toEqual({ kind: 'absent' });
    expect(await look(null, true)).toMatchObject({ kind: 'found' });
    await connect({ listingSeconds: 60 });
    await sandbox.control('/reset');
    await look(null);
    await person('users');
    const again = (await platform()).users[0]?.Id ?? '';
    expect(again).not.toBe(id);
    expect(await look(again)).toMatchObject({ kind: 'found' });
    expect(await since(() => look(again))).toBe(0);
  });

  test('two users with one address are ambiguous', async () => {
    await person('users');
    await person('users');
    const ids = (await platform()).users.map(({ Id }) => Id);
    expect(await look(null)).toMatchObject({ kind: 'ambiguous', ids });
  });

  test('a list that cannot be had is nobody’s fault: the target pauses', async () => {
    await connect({ usersPath: '/users/invite' });
    expect((await failureOf(look(null))).kind).toBe('pause');
    await connect({ baseUrl: sandbox.url });
    expect(await failureOf(look(null))).toMatchObject({ kind: 'pause', reason: expect.stringContaining('base URL') });
    await connect({ usersPath: '/connect/token' });
    expect((await failureOf(connection.check(io))).kind).toBe('pause');
  });
});
