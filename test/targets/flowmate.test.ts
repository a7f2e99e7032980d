/** What is special about FlowMate users, beyond what the shared suite asks of every target. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { target as type } from '../../src/targets/flowmate/index.ts';
import { desired as desiredOf, plan } from '../../src/targets/flowmate/mapping.ts';
import { Settings } from '../../src/targets/flowmate/settings.ts';
import type { Connection, Io, Memory, Observed, Step } from '../../src/targets/target.ts';
import { type Account, createAccount, mapped, type Somebody } from './account.ts';
import { type SandboxServer, startSandboxes, testIo, testVault } from './sandbox-server.ts';
import { failureOf } from './target-suite.ts';

const SETTINGS = Settings.parse({ username: 'api@example.com', password: 'p' });
const NOTHING: Memory = { granted: [], remembered: [] };
const [VIEWER, EDITOR] = ['5f00000000000000000000b1', '5f00000000000000000000b2'];
const NOBODY = '5f00000000000000000000ff';

const kim: Somebody = {
  id: '1',
  user: { userName: 'Kim.Flow@Example.com', name: { givenName: 'Kim', familyName: 'Flow' } },
  presence: 'active',
  assignments: ['role:Editor'],
};
const inactive: Somebody = { ...kim, presence: 'inactive' };
const desired = (somebody: Somebody, settings = SETTINGS) => desiredOf(mapped(type, somebody), settings);

describe('the settings of a FlowMate target', () => {
  test('want a log-in or a permanent token', () => {
    expect(Settings.safeParse({ token: 't' }).success).toBe(true);
    expect(Settings.safeParse({ username: 'api@example.com' }).success).toBe(false);
  });

  test('lead to both dialects', () => {
    const own = Settings.parse({ token: 't', baseUrl: 'https://iam.example.com/', apiPath: '/api/v1/' });
    expect(`${own.baseUrl}${own.apiPath}`).toBe('https://iam.example.com/api/v1');
    expect(Settings.parse({ token: 't', apiPath: '' }).apiPath).toBe('');
    expect(Settings.safeParse({ token: 't', apiPath: 'api' }).success).toBe(false);
  });
});

describe('the mapping to a FlowMate user', () => {
  test('keeps the user name in lower case, as FlowMate does', () => {
    expect(desired(kim)?.keys).toEqual({ username: 'kim.flow@example.com' });
  });

  test('takes an assignment without a kind for a role, and the same role twice for one', () => {
    const assignments = ['Editor', 'role:Editor', 'permission:tenant.flows.read'];
    expect(desired({ ...kim, assignments })?.assignments).toEqual(['role:Editor', 'permission:tenant.flows.read']);
  });

  test('refuses a user name that FlowMate would store without a word, where only addresses are taken', () => {
    const strict = Settings.parse({ token: 't', usernames: 'email' });
    const short = { ...kim, user: { ...kim.user, userName: 'kim' } };
    expect(desired(short)?.keys.username).toBe('kim');
    expect(() => desired(short, strict)).toThrow('usernames');
    expect(desired(kim, strict)).not.toBeNull();
  });

  test('sends a picture only under the name that the settings give it', () => {
    const pictured = { ...kim, user: { ...kim.user, photos: [{ value: 'https://example.com/kim.png' }] } };
    expect(desired(pictured)?.fields).toEqual({ firstname: 'Kim', lastname: 'Flow' });
    const settings = Settings.parse({ token: 't', imageField: 'avatar' });
    expect(desired(pictured, settings)?.fields.avatar).toBe('https://example.com/kim.png');
    expect(desired(kim, settings)?.fields).not.toHaveProperty('avatar');
  });
});

describe('the plan for a FlowMate user', () => {
  const id = '5f00000000000000000000e1';
  const call = `PATCH /api/users/${id}`;
  const seen = (more: Partial<Observed> = {}): Observed => {
    const { keys = {}, fields = {} } = desired(kim) ?? {};
    return {
      id,
      keys,
      fields,
      enabled: true,
      assignments: ['role:Editor', `role:${EDITOR}`],
      state: 'ACTIVE',
      ...more,
    };
  };
  const planned = (person: Somebody, observed: Observed | null, memory: Partial<Memory> = {}, settings = SETTINGS) =>
    plan(desired(person, settings), observed, { ...NOTHING, ...memory }, settings);
  const kinds = (steps: Step[]) => steps.map(({ kind, subject }) => [kind, subject].filter(Boolean).join(' '));

  test('creates with roles and permissions in the body, as plain data without a password', () => {
    const assignments = ['role:Editor', 'role:Viewer', 'permission:tenant.flows.read'];
    const steps = planned({ ...kim, assignments }, null, {}, { ...SETTINGS, tenantId: '5f00000000000000000000a1' });
    expect(JSON.parse(JSON.stringify(steps))).toEqual(steps);
    expect(steps).toEqual([
      {
        kind: 'create',
        call: 'POST /api/users',
        body: {
          username: 'kim.flow@example.com',
          firstname: 'Kim',
          lastname: 'Flow',
          status: 'ACTIVE',
          tenant: '5f00000000000000000000a1',
          roles: 'Editor, Viewer',
          permissions: 'tenant.flows.read',
          password: '<random>',
        },
        grants: assignments,
      },
    ]);
  });

  test('creates who is inactive as DISABLED and without roles, and gives the password that was given', () => {
    expect(planned({ ...inactive, password: 'given' }, null)).toMatchObject([
      { body: { status: 'DISABLED', password: '<given>' } },
    ]);
    expect(planned(inactive, null)[0]).not.toHaveProperty('grants');
  });

  test('is empty for who is as wanted, whether the role is called by its name or by its id', () => {
    expect(planned(kim, seen())).toEqual([]);
    expect(planned({ ...kim, assignments: [`role:${EDITOR}`] }, seen())).toEqual([]);
  });

  test('changes name and fields in one call, and clears by the empty text', () => {
    const user = { userName: 'kim@example.com', name: { givenName: 'Kim' } };
    expect(planned({ ...kim, user }, seen())).toEqual([
      { kind: 'rename', call, body: { username: 'kim@example.com', lastname: '' }, changes: ['username', 'lastname'] },
    ]);
  });

  test('takes away what we gave and nobody else, and gives what is missing', () => {
    const assignments = ['role:Editor', 'role:User', 'role:Viewer', 'permission:tenant.all'];
    const steps = planned({ ...kim, assignments: ['role:Viewer', 'role:Admin'] }, seen({ assignments }), {
      granted: ['role:Editor', 'role:Gone', 'permission:tenant.all'],
    });
    expect(kinds(steps)).toEqual(['unassign role:Editor', 'unassign permission:tenant.all', 'assign role:Admin']);
    expect(steps[1]).toMatchObject({ call, body: { permissions: 'without tenant.all' } });
    expect(steps[2]).toMatchObject({ call, body: { roles: 'with Admin' } });
  });

  test('makes ours what was wanted by the name and now is by the id, and no more than that', () => {
    const byId = { ...kim, assignments: [`role:${EDITOR}`] };
    expect(kinds(planned(byId, seen(), { granted: ['role:Editor'] }))).toEqual([
      'unassign role:Editor',
      `assign role:${EDITOR}`,
    ]);
    const theirs = seen({ assignments: ['role:Editor', 'role:Viewer'] });
    expect(kinds(planned({ ...kim, assignments: ['role:Viewer'] }, theirs, { granted: ['role:Editor'] }))).toEqual([
      'unassign role:Editor',
    ]);
  });

  test('disables and nothing else: roles wait for the return', () => {
    const steps = planned({ ...inactive, assignments: [] }, seen(), { granted: ['role:Editor'] });
    expect(steps).toEqual([{ kind: 'disable', call, body: { status: 'DISABLED' } }]);
    expect(planned({ ...inactive, assignments: [] }, seen({ enabled: false }), { granted: ['role:Editor'] })).toEqual(
      [],
    );
    const back = planned({ ...kim, assignments: ['role:Viewer'] }, seen({ enabled: false }), {
      granted: ['role:Editor'],
    });
    expect(kinds(back)).toEqual(['unassign role:Editor', 'enable', 'assign role:Viewer']);
  });

  test('leaves who is PENDING to confirm, unless told otherwise, but disables them', () => {
    const pending = seen({ state: 'PENDING' });
    expect(planned(kim, pending)).toEqual([]);
    expect(kinds(planned(kim, pending, {}, { ...SETTINGS, pending: 'activate' }))).toEqual(['enable']);
    expect(kinds(planned(inactive, pending))).toEqual(['disable']);
  });

  test('sets a given password in a step of its own', () => {
    expect(planned({ ...kim, password: 'given' }, seen())).toEqual([
      { kind: 'update', call, body: { password: '<given>' }, changes: ['password'] },
    ]);
  });

  test('deletes, or disables and says what a person has to do', () => {
    const absent: Somebody = { ...kim, presence: 'absent' };
    expect(planned(absent, seen())).toEqual([{ kind: 'delete', call: `DELETE /api/users/${id}` }]);
    expect(planned(absent, null)).toEqual([]);
    const byHand = { ...SETTINGS, deletion: 'by-hand' as const };
    expect(planned(absent, seen(), {}, byHand)).toMatchObject([
      { kind: 'disable' },
      { kind: 'delete', call: 'by hand', manual: expect.stringContaining('kim.flow@example.com') },
    ]);
    expect(kinds(planned(absent, seen({ enabled: false }), {}, byHand))).toEqual(['delete']);
  });
});

describe('a FlowMate connection', () => {
  const io = testIo();
  let sandbox: SandboxServer;
  let settings: Settings;
  let connection: Connection;
  let account: Account;

  const connect = async (overrides: Record<string, unknown> = {}) => {
    settings = type.settings.parse({ ...(await sandbox.credentials('flowmate')), ...overrides }) as Settings;
    connection = type.open(settings, testVault());
    account = createAccount(type, settings, connection, io);
  };
  const profile = (chosen: string) => sandbox.control('/profile', { system: 'flowmate', profile: chosen });
  const users = async () => (await sandbox.state()).flowmate.users as unknown as Record<string, unknown>[];
  const callsOf = async (run: () => Promise<unknown>) => {
    const before = (await sandbox.calls()).at(-1)?.number ?? 0;
    await run();
    return (await sandbox.calls(before)).map(
      ({ method, template }) => `${method} ${template?.replace('/flowmate', '')}`,
    );
  };
  /** As somebody with a token would, around the connection. */
  const admin = async (method: string, path: string, body?: object) => {
    const { permanentToken } = await sandbox.credentials('flowmate');
    const headers = { authorization: `Bearer ${permanentToken}`, 'content-type': 'application/json' };
    const init = { method, headers, ...(body && { body: JSON.stringify(body) }) };
    const response = await fetch(`${sandbox.url}/flowmate/api${path}`, init);
    return { status: response.status, body: (await response.json().catch(() => null)) as { id: string } };
  };
  const step = (kind: Step['kind'], body: Step['body'], subject?: string): Step => {
    return { kind, call: '', ...(body && { body }), ...(subject && { subject }) };
  };
  const subject = (person = kim) => ({ id: account.id, desired: account.desired(person), observed: account.observed });
  const find = (usernames: string[], openIntent = true) =>
    connection.find({ id: null, keys: usernames.map((username) => ({ username })), last: null, openIntent }, io);

  beforeAll(async () => {
    sandbox = await startSandboxes();
  });
  afterAll(() => sandbox.close());
  beforeEach(async () => {
    await sandbox.control('/reset');
    await sandbox.control('/flowmate/revoke');
    await connect();
  });

  describe('signs in', () => {
    test('once for all calls, with a token that every call prolongs', async () => {
      expect(
        await callsOf(() => Promise.all([connection.check(io), find(['a@example.com']), find(['b@example.com'])])),
      ).toEqual(expect.arrayContaining(['POST /login']));
      expect((await sandbox.calls()).filter(({ path }) => path.endsWith('/login'))).toHaveLength(1);
    });

    test('never sends a cookie, which would outrank the token, and follows no other identity', async () => {
      const sent: Headers[] = [];
      const watching: Io = {
        ...io,
        fetch: (url, init) => {
          sent.push(new Headers(init?.headers));
          return io.fetch(url, init);
        },
      };
      await connection.check(watching);
      await connection.check(watching);
      expect(sent.length).toBeGreaterThan(3);
      expect(sent.filter((headers) => headers.has('cookie') || headers.has('x-auth-type'))).toEqual([]);
    });

    test('with a permanent token and no log-in', async () => {
      const { permanentToken } = await sandbox.credentials('flowmate');
      await connect({ token: permanentToken, username: '', password: '' });
      expect(await callsOf(() => account.sync(kim))).not.toContain('POST /login');
      await sandbox.control('/flowmate/revoke', { kind: 'permanent' });
      expect(await failureOf(account.sync(kim))).toMatchObject({
        kind: 'pause',
        reason: expect.stringContaining('VALIDATION_ERROR'),
      });
    });

    test.each(['login-errors=400', 'login-errors=401'])('or pauses with the reason: %s', async (chosen) => {
      await profile(chosen);
      for (const [wrong, code] of [
        [{ password: 'wrong' }, 'PASSWORD_INCORRECT'],
        [{ username: 'nobody@example.com' }, 'USER_NOT_FOUND'],
      ] as const) {
        await connect(wrong);
        const failure = await failureOf(account.sync(kim));
        expect(failure).toMatchObject({ kind: 'pause', reason: expect.stringContaining(code) });
        expect(failure.reason).not.toContain(settings.password);
      }
    });

    test('as an account that was disabled: paused, in one failure', async () => {
      const { body } = await admin('POST', '/users', { username: 'bot@example.com', password: 'x', status: 'PENDING' });
      expect(body.id).toMatch(/^[0-9a-f]{24}$/);
      await connect({ username: 'bot@example.com', password: 'x' });
      expect(await failureOf(connection.check(io))).toMatchObject({
        kind: 'pause',
        reason: expect.stringContaining('ENTITY_DISABLED'),
      });
    });

    test('and says so, with whose rights', async () => {
      expect(await connection.check(io)).toBe('Signed in as api@sandbox.test (administrator).');
      await profile('account=tenant-admin');
      expect(await connection.check(io)).toBe(`Signed in as api@sandbox.test (tenant ${settings.tenantId}).`);
      await connect({ tenantId: NOBODY });
      expect(await failureOf(connection.check(io))).toMatchObject({
        kind: 'pause',
        reason: expect.stringContaining('tenantId'),
      });
    });
  });

  describe('needs no more calls than', () => {
    test('a look and a create, roles and all', async () => {
      await connection.check(io);
      expect(await callsOf(() => account.sync({ ...kim, assignments: ['Viewer', 'Editor'] }))).toEqual([
        'GET /api/users',
        'GET /api/roles',
        'POST /api/users',
      ]);
      expect(await users()).toMatchObject([{ roles: [VIEWER, EDITOR], tenant: settings.tenantId }]);
    });

    test('one look for who is as wanted, one PATCH for name and fields, one for each role', async () => {
      await account.sync(kim);
      expect(await callsOf(() => account.sync(kim))).toEqual(['GET /api/users/{id}']);
      const renamed = { ...kim, user: { userName: 'k@example.com', name: { givenName: 'K' } } };
      const patches = async (person: Somebody) =>
        (await callsOf(() => account.sync(person))).filter((call) => call.startsWith('PATCH'));
      expect(await patches(renamed)).toHaveLength(1);
      expect(await patches({ ...renamed, assignments: ['Viewer', 'User'] })).toHaveLength(3);
      expect(await patches({ ...renamed, presence: 'inactive' })).toHaveLength(1);
    });
  });

  describe('finds', () => {
    test('one record by each name; two are ambiguous', async () => {
      await account.sync(kim);
      const first = account.id;
      await connect();
      await account.sync({ ...kim, user: { userName: 'sam@example.com' } });
      expect(await find(['kim.flow@example.com'])).toMatchObject({ kind: 'found', observed: { id: first } });
      expect(await find(['kim.flow@example.com', 'sam@example.com'])).toMatchObject({
        kind: 'ambiguous',
        ids: [first, account.id],
      });
    });

    test.each(['documented', 'observed'])('roles under name and id, whatever the answer holds: %s', async (chosen) => {
      await profile(chosen);
      await account.sync(kim);
      const assignments = [`role:${EDITOR}`, 'role:Editor'];
      expect(await find(['kim.flow@example.com'])).toMatchObject({ observed: { assignments } });
      expect((await account.sync(kim)).found).toMatchObject({ observed: { assignments } });
    });

    test('an answer in data and meta as well', async () => {
      await account.sync(kim);
      const wrapping: Io = {
        ...io,
        fetch: (url, init) => {
          const { method = 'GET' } = init ?? {};
          return io.fetch(
            method === 'GET' && url.includes('/users') ? `${url}${url.includes('?') ? '&' : '?'}meta=true` : url,
            init,
          );
        },
      };
      const query = { id: null, keys: [{ username: 'kim.flow@example.com' }], last: null, openIntent: true };
      expect(await connection.find(query, wrapping)).toMatchObject({ kind: 'found' });
      expect(await connection.find({ ...query, id: account.id }, wrapping)).toMatchObject({ kind: 'found' });
    });

    test("through the tenant's list where the full one is refused, read once for many", async () => {
      await profile('account=tenant-admin,users-for-tenants=refused,roles-in-lists=ids');
      await admin('POST', '/users', { username: 'kim.flow@example.com', password: 'x' });
      const names = ['kim.flow@example.com', 'b@example.com', 'c@example.com', 'd@example.com'];
      await connection.check(io);
      const calls = await callsOf(async () => {
        const found = await Promise.all(names.map((name) => find([name], false)));
        expect(found.map(({ kind }) => kind)).toEqual(['found', 'absent', 'absent', 'absent']);
      });
      expect(calls.filter((call) => call === 'GET /api/tenants/{id}/users').length).toBeLessThanOrEqual(3);
      expect(calls).not.toContain('GET /api/users');
      const [listed] = await users();
      await profile('account=admin');
      await admin('DELETE', `/users/${listed?.id}`);
      expect(await find(['kim.flow@example.com'], false)).toEqual({ kind: 'absent' });
    });

    test("the tenant's list without being told the tenant, or says that it needs to be", async () => {
      await profile('account=tenant-admin,users-for-tenants=refused');
      await connect({ tenantId: '' });
      await account.sync(kim);
      expect(await users()).toMatchObject([{ tenant: '5f00000000000000000000a1' }]);
      await profile('account=admin');
      await connect({ tenantId: '', lookup: 'tenant' });
      expect(await failureOf(account.sync(kim))).toMatchObject({
        kind: 'pause',
        reason: expect.stringContaining('tenantId'),
      });
    });

    test('nobody of another FlowMate tenant, and never writes to one', async () => {
      const { body } = await admin('POST', '/users', {
        username: 'kim.flow@example.com',
        password: 'x',
        tenant: NOBODY,
      });
      expect(await find(['kim.flow@example.com'])).toEqual({ kind: 'absent' });
      expect(await failureOf(account.sync(kim))).toMatchObject({ kind: 'reject', heldBy: body.id });
      const linked = connection.find({ id: body.id, keys: [], last: null, openIntent: false }, io);
      expect(await failureOf(linked)).toMatchObject({ kind: 'reject', reason: expect.stringContaining('tenantId') });
      const listed = [];
      for await (const each of connection.list(io)) listed.push(each);
      expect(listed).toEqual([]);
      expect(await users()).toMatchObject([{ tenant: NOBODY, status: 'ACTIVE' }]);
      expect(await users()).toHaveLength(1);
    });

    test('no absence in what is not FlowMate: a page, a sentence, a list of something else', async () => {
      const answers: [string, ResponseInit][] = [
        ['<h1>Not Found</h1>', { status: 404, headers: { 'content-type': 'text/html' } }],
        ['Not Found', { status: 404, headers: { 'content-type': 'text/html' } }],
        ['404 page not found', { status: 404, headers: { 'content-type': 'text/plain' } }],
        [
          '{"message":"no Route matched with those values"}',
          { status: 404, headers: { 'content-type': 'application/json' } },
        ],
        ['<html>Welcome</html>', { status: 200, headers: { 'content-type': 'text/html' } }],
        ['{"users":[]}', { status: 200, headers: { 'content-type': 'application/json' } }],
      ];
      for (const [body, init] of answers) {
        const elsewhere: Io = {
          ...io,
          fetch: (url, request) =>
            url.endsWith('/login') ? io.fetch(url, request) : Promise.resolve(new Response(body, init)),
        };
        for (const id of [null, VIEWER]) {
          const query = { id: id ?? null, keys: [{ username: 'x@example.com' }], last: null, openIntent: false };
          expect(await failureOf(connection.find(query, elsewhere))).toMatchObject({
            kind: 'pause',
            reason: expect.stringContaining('base URL'),
          });
        }
      }
    });

    test('no fault of a user where the service lacks what it should have', async () => {
      const bare: Io = {
        ...io,
        fetch: (url, request) =>
          url.endsWith('/login') ? io.fetch(url, request) : Promise.resolve(new Response('Not Found', { status: 404 })),
      };
      const look = connection.find({ id: null, keys: [{ username: 'x' }], last: null, openIntent: true }, bare);
      const listing = connection.list(bare)[Symbol.asyncIterator]().next();
      for (const call of [connection.check(bare), connection.catalogue?.(bare), look, listing]) {
        expect((await failureOf(Promise.resolve(call))).kind).toBe('pause');
      }
    });

    test('no id of another form, and asks for the setting', async () => {
      const odd: Io = {
        ...io,
        fetch: (url, request) =>
          url.endsWith('/login')
            ? io.fetch(url, request)
            : Promise.resolve(Response.json([{ id: 'u-1', username: 'x@example.com' }])),
      };
      const query = { id: null, keys: [{ username: 'x@example.com' }], last: null, openIntent: true };
      expect(await failureOf(connection.find(query, odd))).toMatchObject({
        kind: 'pause',
        reason: expect.stringContaining('idFormat'),
      });
      await connect({ idFormat: 'any' });
      expect(await connection.find(query, odd)).toMatchObject({ kind: 'found', observed: { id: 'u-1' } });
    });
  });

  describe('creates', () => {
    test('who is there already: found, and not of our making', async () => {
      const { body } = await admin('POST', '/users', { username: 'kim.flow@example.com', password: 'x' });
      const [create] = type.plan(account.desired(kim), null, NOTHING, settings);
      const applied = await connection.apply(create as Step, { id: null, desired: account.desired(kim) }, io);
      expect(applied).toMatchObject({ id: body.id, existed: true });
      expect(await users()).toMatchObject([{ password: 'x' }]);
    });

    test('with the roles that exist; the one that does not hurts only itself, and is named', async () => {
      const both = { ...kim, assignments: ['Nonsense', 'Editor'] };
      const { applied } = await account.sync(both);
      expect(applied[0]?.observed?.assignments).toEqual([`role:${EDITOR}`, 'role:Editor']);
      expect(await users()).toMatchObject([{ roles: [EDITOR] }]);
      expect(await failureOf(account.sync(both))).toMatchObject({
        kind: 'reject',
        reason: expect.stringMatching(/no role "Nonsense".*Viewer/),
      });
    });

    test('without the roles that are not for this API account to give', async () => {
      await profile('account=tenant-admin');
      const both = { ...kim, assignments: ['Admin', 'Viewer'] };
      await account.sync(both);
      expect(await users()).toMatchObject([{ username: 'kim.flow@example.com', roles: [] }]);
      expect(await failureOf(account.sync(both))).toMatchObject({
        kind: 'reject',
        reason: expect.stringContaining('role:Admin'),
      });
      await account.sync({ ...kim, assignments: ['Viewer'] });
      expect(await users()).toMatchObject([{ roles: [VIEWER] }]);
    });

    test('nobody whom the service does not take, and says what it may be', async () => {
      await profile('username=email');
      const short = { ...kim, user: { userName: 'kim' } };
      expect(await failureOf(account.sync(short))).toMatchObject({
        kind: 'reject',
        reason: expect.stringMatching(/INPUT_INVALID.*e-mail address/),
      });
    });

    test('with the password that was given, or one that nobody knows', async () => {
      const [create] = type.plan(account.desired({ ...kim, password: 'given' }), null, NOTHING, settings);
      const applied = await connection.apply(
        create as Step,
        { id: null, desired: null, password: 'Correct-horse-7' },
        io,
      );
      expect(await users()).toMatchObject([{ password: 'Correct-horse-7' }]);
      expect(JSON.stringify([create, applied])).not.toContain('Correct-horse-7');
      await connect();
      await account.sync({ ...kim, user: { userName: 'sam@example.com' } });
      expect(String((await users())[1]?.password).length).toBeGreaterThan(30);
    });
  });

  describe.each(['errors=honest', 'errors=500'])('after a refusal looks again, %s:', (chosen) => {
    beforeEach(async () => {
      await profile(chosen);
      await account.sync(kim);
    });

    test('a name that another has is a collision, and says whose', async () => {
      const { body } = await admin('POST', '/users', { username: 'sam@example.com', password: 'x' });
      const renamed = { ...kim, user: { ...kim.user, userName: 'sam@example.com' } };
      expect(await failureOf(account.sync(renamed))).toMatchObject({ kind: 'reject', heldBy: body.id });
      expect(await users()).toMatchObject([{ username: 'kim.flow@example.com' }, { username: 'sam@example.com' }]);
    });

    test('a user that is gone is looked for again', async () => {
      const before = subject();
      await admin('DELETE', `/users/${account.id}`);
      for (const each of [step('update', { lastname: 'X' }), step('disable', {}), step('assign', {}, 'role:Viewer')]) {
        expect(await failureOf(connection.apply(each, before, io))).toMatchObject({
          kind: 'retry',
          reason: expect.stringContaining('gone'),
        });
      }
      expect(await connection.find({ id: account.id, keys: [], last: null, openIntent: false }, io)).toEqual({
        kind: 'absent',
      });
    });

    test('a change that took place although the answer says 500 is done', async () => {
      const renamed = { ...kim, user: { ...kim.user, userName: 'k@example.com' } };
      await account.sync(kim);
      const [rename] = type.plan(account.desired(renamed), account.observed, NOTHING, settings);
      const match = 'PATCH /flowmate/api/users/{id}';
      await sandbox.control('/faults', { system: 'flowmate', rate: 1, kinds: ['500-after'], times: 1, match });
      expect(await connection.apply(rename as Step, subject(renamed), io)).toMatchObject({
        evidence: 'read',
        observed: { keys: { username: 'k@example.com' } },
      });
      await sandbox.control('/faults', { system: 'flowmate', rate: 1, kinds: ['500'], times: 1, match });
      const failure = await failureOf(connection.apply(step('update', { lastname: 'X' }), subject(renamed), io));
      expect(failure).toMatchObject({ kind: 'retry', unclear: true });
    });

    test('a change whose 500 is followed by another may still have taken place', async () => {
      const failing: Io = {
        ...io,
        fetch: (url, init) =>
          url.endsWith('/login')
            ? io.fetch(url, init)
            : Promise.resolve(Response.json({ message: 'X' }, { status: 500 })),
      };
      expect(await failureOf(connection.apply(step('update', { lastname: 'X' }), subject(), failing))).toMatchObject({
        kind: 'retry',
        unclear: true,
      });
    });

    test('a user that is still there after its deletion is not gone', async () => {
      const ok: Io = {
        ...io,
        fetch: (url, init) => (init?.method === 'DELETE' ? Promise.resolve(new Response('OK')) : io.fetch(url, init)),
      };
      expect(await failureOf(connection.apply(step('delete', undefined), subject(), ok))).toMatchObject({
        kind: 'retry',
      });
    });

    test('a deletion that lost its answer is done at the second try', async () => {
      const match = 'DELETE /flowmate/api/users/{id}';
      await sandbox.control('/faults', { system: 'flowmate', rate: 1, kinds: ['lost-response'], times: 1, match });
      expect(await failureOf(connection.apply(step('delete', undefined), subject(), io))).toMatchObject({
        unclear: true,
      });
      expect(await connection.apply(step('delete', undefined), subject(), io)).toEqual({ evidence: 'read' });
    });
  });

  describe('changes', () => {
    beforeEach(() => account.sync(kim));

    test('what is cleared to null', async () => {
      await connection.apply(step('update', { lastname: '' }), subject(), io);
      expect(await users()).toMatchObject([{ firstname: 'Kim', lastname: null }]);
    });

    test('roles one by one, beside those of others, and proves what it took', async () => {
      await admin('PATCH', `/users/${account.id}`, { roles: [EDITOR, '5f00000000000000000000b4'] });
      const { applied, steps } = await account.sync({ ...kim, assignments: ['Viewer'] });
      expect(steps.map(({ kind }) => kind)).toEqual(['unassign', 'assign']);
      expect(applied).toMatchObject([{ evidence: 'read' }, { evidence: 'answer' }]);
      expect(await users()).toMatchObject([{ roles: ['5f00000000000000000000b4', VIEWER] }]);
      expect((await account.sync({ ...kim, assignments: ['Viewer'] })).steps).toEqual([]);
    });

    test('permissions as roles', async () => {
      const allowed = { ...kim, assignments: ['Editor', 'permission:tenant.flows.read'] };
      await account.sync(allowed);
      expect(await users()).toMatchObject([{ permissions: ['tenant.flows.read'] }]);
      expect((await account.sync(allowed)).steps).toEqual([]);
      await account.sync(kim);
      expect(await users()).toMatchObject([{ permissions: [], roles: [EDITOR] }]);
    });

    test('no role that is wanted under its other name', async () => {
      const byId = { ...kim, assignments: [EDITOR] };
      const calls = await callsOf(() => account.sync(byId));
      expect(calls.filter((call) => call.startsWith('PATCH'))).toEqual([]);
      expect(await users()).toMatchObject([{ roles: [EDITOR] }]);
      expect(account.memory.granted).toEqual([`role:${EDITOR}`]);
      await account.sync({ ...kim, assignments: [] });
      expect(await users()).toMatchObject([{ roles: [] }]);
    });

    test('a role that was made this moment', async () => {
      expect((await failureOf(account.sync({ ...kim, assignments: ['Fresh'] }))).kind).toBe('reject');
      const { body } = await admin('POST', '/roles', { name: 'Fresh', isGlobal: true });
      await account.sync({ ...kim, assignments: ['Fresh'] });
      expect(await users()).toMatchObject([{ roles: [body.id] }]);
    });

    test('of roles with one name the one of the own tenant, else the one for all, else none', async () => {
      const role = (last: string, tenant?: string) => ({ id: `5f00000000000000000000${last}`, name: 'Twin', tenant });
      const assigned = async (...roles: object[]) => {
        await connect();
        await account.sync({ ...kim, assignments: [] });
        const twins: Io = {
          ...io,
          fetch: (url, init) => (url.endsWith('/roles') ? Promise.resolve(Response.json(roles)) : io.fetch(url, init)),
        };
        const { kind, reason } = await failureOf(connection.apply(step('assign', {}, 'role:Twin'), subject(), twins));
        const held = (await users())[0]?.roles as string[];
        await admin('PATCH', `/users/${account.id}`, { roles: [] });
        return kind === 'done' ? held.at(-1)?.slice(-2) : reason;
      };
      expect(await assigned(role('d1', NOBODY), role('d2'), role('d3', settings.tenantId))).toBe('d3');
      expect(await assigned(role('d1', NOBODY), role('d2'))).toBe('d2');
      expect(await assigned(role('d1', NOBODY), role('d4', VIEWER))).toMatch(/2 roles named "Twin".*d1, .*d4/);
    });

    test('one of two roles that share their name, and leaves the other to whoever gave it', async () => {
      const { body } = await admin('POST', '/roles', { name: 'Editor', isGlobal: true });
      await admin('PATCH', `/users/${account.id}`, { roles: [body.id, EDITOR] });
      const { applied } = await account.sync({ ...kim, assignments: [] });
      expect(applied).toMatchObject([{ evidence: 'read' }]);
      expect(await users()).toMatchObject([{ roles: [body.id] }]);
      expect((await account.sync({ ...kim, assignments: [] })).steps).toEqual([]);
    });

    test('the state until a read shows it', async () => {
      const match = 'PATCH /flowmate/api/users/{id}';
      const { applied } = await account.sync(inactive);
      expect(applied).toMatchObject([{ evidence: 'read', observed: { enabled: false, state: 'DISABLED' } }]);
      await account.sync(kim);
      const deaf: Io = {
        ...io,
        fetch: (url, init) => (init?.method === 'PATCH' ? Promise.resolve(new Response('OK')) : io.fetch(url, init)),
      };
      expect(await failureOf(connection.apply(step('disable', {}), subject(), deaf))).toMatchObject({ kind: 'retry' });
      await sandbox.control('/faults', { system: 'flowmate', rate: 1, kinds: ['500-after'], times: 1, match });
      expect(await connection.apply(step('disable', {}), subject(), io)).toMatchObject({ evidence: 'read' });
    });

    test('nothing for a page that says 200', async () => {
      const page: Io = {
        ...io,
        fetch: (url, init) => {
          const html = new Response('<html>', { headers: { 'content-type': 'text/html' } });
          return init?.method === 'PATCH' ? Promise.resolve(html) : io.fetch(url, init);
        },
      };
      expect((await failureOf(connection.apply(step('update', { lastname: 'X' }), subject(), page))).kind).toBe(
        'pause',
      );
    });

    test('a status that nobody knows back to ACTIVE', async () => {
      await admin('PATCH', `/users/${account.id}`, { status: 'BOGUS' });
      const { found } = await account.sync(kim);
      expect(found).toMatchObject({ observed: { enabled: false, state: 'BOGUS' } });
      expect(await users()).toMatchObject([{ status: 'ACTIVE' }]);
    });

    test('the password that was given, and no log-in but with that', async () => {
      await connection.apply(step('update', { password: '<given>' }), { ...subject(), password: 'New-horse-8' }, io);
      expect(await users()).toMatchObject([{ password: 'New-horse-8' }]);
      expect(await failureOf(connection.apply(step('update', { password: '<given>' }), subject(), io))).toMatchObject({
        kind: 'reject',
      });
    });

    test('who may not be deleted to disabled, and asks for the right', async () => {
      await profile('account=tenant-admin');
      expect(await failureOf(account.sync({ ...kim, presence: 'absent' }))).toMatchObject({
        kind: 'reject',
        reason: expect.stringContaining('iam.account.delete'),
      });
      expect(await users()).toMatchObject([{ status: 'DISABLED' }]);
    });

    test('nothing without the right to, and pauses', async () => {
      const { body } = await admin('POST', '/users', {
        username: 'bot@example.com',
        password: 'x',
        permissions: ['tenant.account.read'],
      });
      expect(body.id).toBeDefined();
      await connect({ username: 'bot@example.com', password: 'x', tenantId: '' });
      const patch = connection.apply(step('update', { lastname: 'X' }), { id: VIEWER ?? null, desired: null }, io);
      expect(await failureOf(patch)).toMatchObject({
        kind: 'pause',
        reason: expect.stringContaining('MISSING_PERMISSION'),
      });
    });
  });

  test('shows what can be assigned', async () => {
    const entries = await connection.catalogue?.(io);
    expect(entries).toContainEqual({ kind: 'role', id: EDITOR, name: 'Editor', description: 'Changes flows' });
    expect(entries).toContainEqual({ kind: 'permission', id: 'tenant.flows.read', name: 'tenant.flows.read' });
    expect(
      entries
        ?.filter(({ kind }) => kind === 'role')
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['Admin', 'Editor', 'User', 'Viewer']);
  });

  test('tells the installations apart', () => {
    const key = (more: object) => type.systemKey(Settings.parse({ token: 't', ...more }));
    expect(key({ baseUrl: 'https://A.example.com' })).toBe(key({ baseUrl: 'https://a.example.com/', username: 'x' }));
    expect(key({ baseUrl: 'https://a.example.com' })).not.toBe(key({ baseUrl: 'https://b.example.com' }));
  });
});
