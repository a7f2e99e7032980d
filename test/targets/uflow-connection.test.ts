/** What is special about a uflow connection, beyond what the shared suite asks of every target. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Connection, Io, Keys, Step } from '../../src/targets/target.ts';
import { target as type } from '../../src/targets/uflow/index.ts';
import { type Account, createAccount, type Somebody } from './account.ts';
import { type SandboxServer, startSandboxes, testIo, testVault } from './sandbox-server.ts';
import { failureOf } from './target-suite.ts';

const gina: Somebody = {
  id: '1',
  user: { userName: 'gina', displayName: 'Gina Guest', emails: [{ value: 'gina@example.com' }] },
  presence: 'active',
  assignments: [],
};
const inactive: Somebody = { ...gina, presence: 'inactive' };
const absent: Somebody = { ...gina, presence: 'absent' };
const KEYS: Keys = { email: 'gina@example.com' };

const io = testIo();
let sandbox: SandboxServer;
let connection: Connection;
let account: Account;

const connect = async (overrides: Record<string, unknown> = {}) => {
  const settings = type.settings.parse({ ...(await sandbox.credentials('uflow')), ...overrides });
  connection = type.open(settings, testVault());
  account = createAccount(type, settings, connection, io);
};
const profile = (chosen: string) => sandbox.control('/profile', { system: 'uflow', profile: chosen });
const add = async (user: object) => ((await sandbox.control('/uflow/end-users', user)) as { id: string }).id;
const state = async () => (await sandbox.state()).uflow;
const users = async () => (await state()).endUsers.filter(({ email }) => email !== 'owner@sandbox.test');
const calls = async (during: () => Promise<unknown>) => {
  const before = (await sandbox.calls()).length;
  await during();
  return (await sandbox.calls()).slice(before).map(({ method, template }) => `${method} ${template}`);
};
const look = (more: Partial<Parameters<Connection['find']>[0]> = {}, through: Io = io) =>
  connection.find({ id: null, keys: [KEYS], last: null, openIntent: false, ...more }, through);
/** Calls go through `change` on their way. */
const meddling = (change: (url: string, answer: () => Promise<Response>) => Promise<Response>): Io => ({
  ...io,
  fetch: (url, init) => change(url, () => io.fetch(url, init)),
});

beforeAll(async () => {
  sandbox = await startSandboxes();
});
afterAll(() => sandbox.close());
beforeEach(async () => {
  await sandbox.control('/reset');
  await connect();
});

describe('the log-in to uflow', () => {
  test.each([
    ['email', 'POST /uflow/auth/admin/login'],
    ['username', 'POST /uflow/admin/auth/login'],
  ])('by %s: once, however many calls need it', async (logIn, call) => {
    await connect({ logIn });
    const made = await calls(() => Promise.all([look(), look(), look()]));
    expect(made.filter((each) => each === call)).toHaveLength(1);
    expect(made.filter((each) => each.includes('login'))).toHaveLength(1);
  });

  test('a fixed token needs no log-in, and one that is not taken pauses at once', async () => {
    await connect({ logIn: 'token', username: '', password: '' });
    expect(await calls(() => connection.check(io))).toEqual(['POST /uflow/user/enduser/list']);
    await connect({ logIn: 'token', token: 'wrong-token' });
    const made = await calls(async () => {
      const failure = await failureOf(connection.check(io));
      expect(failure).toMatchObject({ kind: 'pause', reason: expect.stringContaining('setting token') });
      expect(failure.reason).not.toContain('wrong-token');
    });
    expect(made).toHaveLength(1);
  });

  test.each(['email', 'username'])('a second factor is a mistake in the configuration (%s)', async (logIn) => {
    await connect({ logIn });
    await profile('mfa=required');
    const failure = await failureOf(connection.check(io));
    expect(failure).toMatchObject({ kind: 'pause', reason: expect.stringContaining('mfa_required') });
  });

  test.each([
    ['a wrong password', { password: 'wrong-password' }, 'log-in settings'],
    ['a wrong domain', { tenantDomain: 'elsewhere.test' }, 'log-in settings'],
    ["another tenant's administrator", { tenantId: '00000000-0000-4000-8000-000000000000' }, 'tenantId'],
    ['a wrong prefix', { prefix: '/authsec' }, 'prefix'],
  ])('%s pauses, and says what to look at', async (_, overrides, named) => {
    await connect(overrides);
    for (const call of [connection.check(io), look()]) {
      expect(await failureOf(call)).toMatchObject({ kind: 'pause', reason: expect.stringContaining(named) });
    }
  });

  test('a log-in that fails for the moment is tried again, and blames nobody', async () => {
    await sandbox.control('/faults', { system: 'uflow', rate: 1, kinds: ['500'], times: 1 });
    const failure = await failureOf(look());
    expect(failure).toMatchObject({ kind: 'retry' });
    expect(failure).not.toHaveProperty('unclear');
  });
});

describe('the address of uflow', () => {
  test('the prefix stands before every path', async () => {
    const paths: string[] = [];
    const merged: Io = {
      ...io,
      fetch: (url, init) => {
        paths.push(new URL(url).pathname);
        return io.fetch(url.replace('/authsec/', '/'), init);
      },
    };
    await connect({ prefix: '/authsec' });
    await look({}, merged);
    expect(paths.length).toBeGreaterThan(2);
    expect(paths.filter((path) => !path.startsWith('/authsec/uflow/'))).toEqual([]);
  });

  test('another name for the tenant than the server knows pauses the target', async () => {
    await profile('tenant-field=workspace_id');
    expect(await failureOf(look())).toMatchObject({ kind: 'pause', reason: expect.stringContaining('tenantField') });
  });

  test('a tenant that is unknown there is no absence: the target is paused', async () => {
    await connect({ logIn: 'token', tenantId: '00000000-0000-4000-8000-000000000000' });
    expect(await failureOf(look())).toMatchObject({ kind: 'pause', reason: expect.stringContaining('tenantId') });
  });

  test("reality code against a server that has only what is documented pauses: its 404 is not the system's own", async () => {
    await account.sync(gina);
    const { id } = account;
    await connect({ reality: 'code' });
    expect(await failureOf(look({ id }))).toMatchObject({ kind: 'pause', reason: expect.stringContaining('reality') });
  });

  test('the targets of one server share its limit, but no record', () => {
    const settings = (tenantId: string) =>
      type.settings.parse({ baseUrl: 'https://API.example.com', tenantId, clientId: 'c', logIn: 'token', token: 't' });
    expect(type.limitGroup(settings('a'))).toBe(type.limitGroup(settings('b')));
    expect(type.systemKey(settings('a'))).not.toBe(type.systemKey(settings('b')));
  });
});

describe.each([
  ['documented', {}],
  ['observed', { reality: 'code' }],
])('finding a uflow end user, %s', (chosen, overrides) => {
  beforeEach(async () => {
    await profile(chosen);
    await connect(overrides);
  });

  test('an inactive one is found, by address and by id', async () => {
    const id = await add({ email: 'gina@example.com', active: false });
    for (const query of [{}, { id }]) {
      expect(await look(query)).toMatchObject({ kind: 'found', observed: { id, enabled: false } });
    }
  });

  test('an address that only contains the one looked for, or fits it as a pattern, is another', async () => {
    for (const email of ['regina@example.com', 'gina@example.com.au', 'gina@example_com']) await add({ email });
    expect(await look()).toEqual({ kind: 'absent' });
    expect(await look({ keys: [{ email: 'gina@ex_mple.com' }] })).toEqual({ kind: 'absent' });
  });

  test('users of another tenant are left out, and the connection test speaks of them', async () => {
    await profile(`${chosen},shapes=code,listing=leaking`);
    const tenant_id = '00000000-0000-4000-8000-000000000000';
    await add({ email: 'gina@example.com', tenant_id });
    expect(await look()).toEqual({ kind: 'absent' });
    const listed = [];
    for await (const { keys } of connection.list(io)) listed.push(keys.email);
    expect(listed).toEqual(['owner@sandbox.test']);
    expect(await connection.check(io)).toContain('1 users of other tenants');
  });

  test('one older record is found, several are ambiguous, whether or not a create is open', async () => {
    const first = await add({ email: 'Gina@Example.com', created_at: '2026-01-20T10:00:00Z' });
    for (const query of [{}, { openIntent: true }, { openIntent: true, since: new Date() }]) {
      expect(await look(query)).toMatchObject({ kind: 'found', observed: { id: first } });
    }
    const second = await add({ email: 'gina@example.com', active: false, created_at: '2026-02-20T10:00:00Z' });
    for (const query of [{}, { openIntent: true }, { openIntent: true, since: new Date() }]) {
      expect(await look(query)).toMatchObject({ kind: 'ambiguous', ids: expect.arrayContaining([first, second]) });
    }
  });

  test('of those made since the intent the first is the account and the rest are doubles; the older are not touched', async () => {
    const older = await add({ email: 'gina@example.com', created_at: '2026-01-20T10:00:00Z' });
    const at = (second: number) => ({ created_at: `2026-11-22T10:00:0${second}Z` });
    const late = await add({ email: 'gina@example.com', ...at(5) });
    const first = await add({ email: 'gina@example.com', ...at(1) });
    const last = await add({ email: 'gina@example.com', active: false, ...at(7) });
    account.openIntent = true;
    account.since = new Date('2026-11-22T10:00:00Z');
    const { found } = await account.sync(gina);
    expect(found).toMatchObject({ kind: 'found', observed: { id: first }, doubles: [late, last] });
    const active = (await users()).filter((user) => String(user.active) === 'true').map(({ id }) => id);
    expect(new Set(active)).toEqual(new Set([older, first]));
    expect(account.memory.doubles).toEqual([]);
    // The last was inactive before: nobody is told twice.
    expect((await state()).mails).toHaveLength(chosen === 'observed' ? 1 : 0);
    expect((await account.sync(gina)).steps).toEqual([]);
  });

  test('a double that is gone meanwhile is done with', async () => {
    await account.sync(gina);
    account.memory = { ...account.memory, doubles: ['00000000-0000-4000-8000-000000000000'] };
    await account.sync(gina);
    expect(account.memory.doubles).toEqual([]);
    expect(account.observed?.enabled).toBe(true);
  });

  test('who was renamed there by hand is found again by id', async () => {
    await account.sync(gina);
    const id = account.id;
    const [user] = await users();
    await add({ ...user, email: 'moved@example.com' });
    const { found, steps } = await account.sync(gina);
    expect(found).toMatchObject({ kind: 'found', observed: { id, keys: { email: 'moved@example.com' } } });
    expect(steps.map(({ kind }) => kind)).toEqual(['rename']);
  });
});

describe('the calls for a uflow end user', () => {
  test('a linked record costs one call, be it read or listed', async () => {
    await account.sync(gina);
    const linked = { id: account.id, last: account.observed };
    expect(await calls(() => look(linked))).toEqual(['POST /uflow/user/enduser/list']);
    await account.sync(inactive);
    expect(await calls(() => look({ ...linked, last: account.observed }))).toEqual(['POST /uflow/user/enduser/list']);
    await profile('observed');
    const { id } = account;
    await connect({ reality: 'code', logIn: 'token' });
    expect(await calls(() => look({ id }))).toEqual(['GET /uflow/user/enduser/{tenant_id}/{user_id}']);
  });

  test.each([
    ['documented', {}, false],
    ['documented', {}, true],
    ['observed', { reality: 'code' }, true],
  ])('a registration that meets somebody says so (%s, %o, active: %s)', async (chosen, overrides, active) => {
    await profile(chosen);
    await connect(overrides);
    const settings = type.settings.parse({ ...(await sandbox.credentials('uflow')), ...overrides });
    const desired = account.desired(gina);
    const [step] = type.plan(desired, null, account.memory, settings);
    const id = await add({ email: 'GINA@example.com', active });
    const applied = await connection.apply(step as Step, { id: null, desired }, io);
    expect(applied).toMatchObject({ id, existed: true });
    expect(await users()).toHaveLength(1);
  });

  test('a refused registration whose holder no list shows says that nobody is seen to hold the address', async () => {
    const refusing = meddling(async (url, answer) =>
      url.endsWith('/register') ? Response.json({ error: 'User already exists' }, { status: 409 }) : answer(),
    );
    const unseen = createAccount(type, type.settings.parse(await sandbox.credentials('uflow')), connection, refusing);
    expect(await failureOf(unseen.sync(gina))).toMatchObject({ kind: 'reject', heldBy: null });
  });

  test('a registration that made a second record is looked through, and the later one deactivated', async () => {
    await profile('observed');
    await connect({ reality: 'code' });
    account.since = new Date();
    account.openIntent = true;
    const racing = meddling(async (url, answer) => {
      // An earlier attempt lands at this very moment.
      if (url.endsWith('/register')) {
        await add({ email: 'gina@example.com', name: 'Gina Guest' });
        // Of two that were made in one millisecond neither is the later one.
        await sleep(5);
      }
      return answer();
    });
    const before = createAccount(
      type,
      type.settings.parse({ ...(await sandbox.credentials('uflow')), reality: 'code' }),
      connection,
      racing,
    );
    expect(await failureOf(before.sync(gina))).toMatchObject({ kind: 'retry', unclear: true });
    expect(await users()).toHaveLength(2);
    await before.sync(gina);
    expect((await users()).map(({ active }) => String(active))).toEqual(['true', 'false']);
    expect(before.id).toBe((await users())[0]?.id);
    expect((await before.sync(gina)).steps).toEqual([]);
  });

  test('a registration that no list shows is not repeated', async () => {
    const blind = meddling(async (url, answer) =>
      url.endsWith('/list') ? Response.json({ users: [], total: 0 }) : answer(),
    );
    const unseen = createAccount(type, type.settings.parse(await sandbox.credentials('uflow')), connection, blind);
    const failure = await failureOf(unseen.sync(gina));
    expect(failure).toMatchObject({ kind: 'reject', reason: expect.stringContaining('no list shows it') });
  });

  test('a given password arrives, and stands in no plan', async () => {
    const settings = type.settings.parse(await sandbox.credentials('uflow'));
    const desired = account.desired({ ...gina, password: 'given' });
    const [step] = type.plan(desired, null, account.memory, settings);
    expect(JSON.stringify(step)).not.toContain('correct horse');
    expect((await failureOf(connection.apply(step as Step, { id: null, desired }, io))).kind).toBe('retry');
    await connection.apply(step as Step, { id: null, desired, password: 'correct horse' }, io);
    expect(await users()).toMatchObject([{ password: 'correct horse' }]);
  });

  test('a taken address is refused before anything is written, and says who holds it', async () => {
    await profile('observed');
    await connect({ reality: 'code' });
    const heldBy = await add({ email: 'Sam@example.com', active: false });
    await account.sync(gina);
    const before = await users();
    const sam = { ...gina, user: { ...gina.user, emails: [{ value: 'sam@example.com' }] } };
    expect(await failureOf(account.sync(sam))).toMatchObject({
      kind: 'reject',
      heldBy,
      reason: expect.stringContaining(`(${heldBy}, inactive)`),
    });
    expect(await users()).toEqual(before);
  });

  test('a deactivation is proven by a read, and made once however often it is wanted', async () => {
    await profile('observed');
    await connect({ reality: 'code' });
    await account.sync(gina);
    expect((await account.sync(inactive)).applied).toMatchObject([{ evidence: 'read', observed: { enabled: false } }]);
    await account.sync(inactive);
    expect((await state()).mails).toHaveLength(1);
  });

  test('a deactivation whose answer was lost is seen to be done, and mails nobody again', async () => {
    await profile('observed');
    await connect({ reality: 'code' });
    await account.sync(gina);
    const match = 'POST /uflow/admin/enduser/active';
    await sandbox.control('/faults', { system: 'uflow', rate: 1, kinds: ['lost-response'], times: 1, match });
    expect(await failureOf(account.sync(inactive))).toMatchObject({ kind: 'retry', unclear: true });
    expect((await account.sync(inactive)).steps).toEqual([]);
    expect((await state()).mails).toHaveLength(1);
  });

  test.each(['update', 'disable', 'enable'] as const)('to %s a record that is gone is tried again', async (kind) => {
    await account.sync(gina);
    const subject = { id: '00000000-0000-4000-8000-000000000000', desired: null, observed: account.observed };
    const step: Step = { kind, call: '', body: { name: 'Gina' } };
    expect(await failureOf(connection.apply(step, subject, io))).toMatchObject({
      kind: 'retry',
      reason: expect.stringContaining('is gone'),
    });
  });

  test.each([
    ['a deactivation', inactive, {}],
    ['a soft deletion', absent, {}],
    ['a hard deletion', absent, { deleteBy: 'hard' }],
  ])('%s that is answered and not done is not taken for done', async (_, person, overrides) => {
    await connect(overrides);
    await account.sync(gina);
    const settings = type.settings.parse({ ...(await sandbox.credentials('uflow')), ...overrides });
    const [step] = type.plan(account.desired(person), account.observed, account.memory, settings);
    const idle = meddling(async (url, answer) =>
      url.endsWith('/list') ? answer() : Response.json({ message: 'done' }),
    );
    const subject = { id: account.id, desired: null, observed: account.observed };
    expect(await failureOf(connection.apply(step as Step, subject, idle))).toMatchObject({ kind: 'retry' });
  });

  test('a softly deleted record stays, found and inactive; nothing is left to do, and a return opens it again', async () => {
    await account.sync(gina);
    const { steps, applied } = await account.sync(absent);
    expect(steps).toMatchObject([{ kind: 'delete', call: expect.stringContaining('DELETE /uflow/user/enduser/') }]);
    expect(applied).toEqual([{ evidence: 'read' }]);
    expect(await users()).toMatchObject([{ active: false }]);
    expect((await account.sync(absent)).steps).toEqual([]);
    expect((await account.sync(gina)).steps.map(({ kind }) => kind)).toEqual(['enable']);
    expect(await users()).toMatchObject([{ active: true }]);
  });

  test('a hard deletion takes the record, an inactive one too, and is done when somebody else was quicker', async () => {
    await connect({ deleteBy: 'hard' });
    await account.sync(gina);
    await account.sync(inactive);
    const subject = { id: account.id, desired: null, observed: account.observed };
    const { steps, applied } = await account.sync(absent);
    expect(await users()).toEqual([]);
    expect(applied).toEqual([{ evidence: 'listing' }]);
    expect(await connection.apply(steps[0] as Step, subject, io)).toEqual({ evidence: 'listing' });
  });

  test.each([
    ['documented', { deleteBy: 'hard' }],
    ['observed', { reality: 'code', deleteBy: 'hard' }],
    ['observed', { reality: 'code' }],
  ])('the last active user of the tenant needs a person (%s, %o)', async (chosen, overrides) => {
    await profile(chosen);
    await connect(overrides);
    const [owner] = (await state()).endUsers;
    const keys = { email: String(owner?.email) };
    const found = await connection.find({ id: null, keys: [keys], last: null, openIntent: false }, io);
    if (found.kind !== 'found') throw new Error(found.kind);
    const settings = type.settings.parse({ ...(await sandbox.credentials('uflow')), ...overrides });
    const [step] = type.plan(null, found.observed, account.memory, settings);
    const subject = { id: found.observed.id, desired: null, observed: found.observed };
    expect(await failureOf(connection.apply(step as Step, subject, io))).toMatchObject({
      kind: 'reject',
      reason: expect.stringContaining('make another user of the tenant active first'),
    });
    expect((await state()).endUsers).toMatchObject([{ active: true }]);
  });
});

describe('the listing of a uflow tenant', () => {
  const listed = async (through: Io = io) => {
    const emails: string[] = [];
    for await (const { keys } of connection.list(through)) emails.push(keys.email ?? '');
    return emails;
  };
  const many = async (count: number) => {
    for (let n = 0; n < count; n++) await add({ email: `guest${n}@example.com`, active: n % 2 === 0 });
    return (await state()).endUsers.map(({ email }) => email ?? '').sort();
  };
  /** Does something once, after the first page of the active half was read. */
  const afterFirstPage = (something: () => Promise<unknown>) => {
    let isDone = false;
    return meddling(async (url, answer) => {
      const response = await answer();
      if (!isDone && url.endsWith('/list')) {
        isDone = true;
        await something();
      }
      return response;
    });
  };

  test.each([1, 3, 100])('shows active and inactive users, %i a page', async (pageSize) => {
    await profile('observed');
    await connect({ reality: 'code', pageSize });
    const everybody = await many(8);
    expect((await listed()).sort()).toEqual(everybody);
  });

  test('who is added meanwhile pushes the others to the next page: it begins anew, and shows nobody twice', async () => {
    await connect({ pageSize: 2 });
    const everybody = await many(8);
    const emails = await listed(afterFirstPage(() => add({ email: 'new@example.com' })));
    expect(emails.sort()).toEqual([...everybody, 'new@example.com'].sort());
  });

  test('who is removed meanwhile would hide another: it begins anew', async () => {
    await connect({ pageSize: 2 });
    const everybody = await many(8);
    const leaving = (await state()).endUsers.find(({ email }) => email === 'guest6@example.com');
    const emails = await listed(afterFirstPage(() => add({ ...leaving, active: false })));
    expect(emails.sort()).toEqual(everybody);
  });

  test('one who comes while another goes leaves the total as it was: it begins anew all the same', async () => {
    await connect({ pageSize: 2 });
    const everybody = await many(8);
    const leaving = (await state()).endUsers.find(({ email }) => email === 'guest2@example.com');
    const swap = afterFirstPage(async () => {
      await add({ email: 'new@example.com' });
      await add({ ...leaving, active: false });
    });
    expect((await listed(swap)).sort()).toEqual([...everybody, 'new@example.com'].sort());
  });

  test('who is made active between the two halves is in neither, and shown all the same', async () => {
    await connect();
    const everybody = await many(4);
    const coming = (await state()).endUsers.find(({ email }) => email === 'guest1@example.com');
    const emails = await listed(afterFirstPage(() => add({ ...coming, active: true })));
    expect(emails.sort()).toEqual(everybody);
  });

  test('a later page that fails in passing is read again, not all from the first', async () => {
    await connect({ pageSize: 2 });
    const everybody = await many(8);
    const fault = () => sandbox.control('/faults', { system: 'uflow', rate: 1, kinds: ['500'], times: 2 });
    expect((await listed(afterFirstPage(fault))).sort()).toEqual(everybody);
  });

  test('a list that never stands still is given up for now, never taken for whole', async () => {
    await connect({ pageSize: 1 });
    await many(3);
    let number = 0;
    const restless = meddling(async (url, answer) => {
      if (url.endsWith('/list')) await add({ email: `again${number++}@example.com` });
      return answer();
    });
    expect(await failureOf(listed(restless))).toMatchObject({
      kind: 'retry',
      reason: expect.stringContaining('changed'),
    });
  });

  test("an answer that is no list is a mistake in the configuration, never an empty one's", async () => {
    for (const body of [{ items: [] }, [], { users: [] }]) {
      const other = meddling(async (url, answer) => (url.endsWith('/list') ? Response.json(body) : answer()));
      expect(await failureOf(listed(other))).toMatchObject({ kind: 'pause' });
      expect(await failureOf(look({}, other))).toMatchObject({ kind: 'pause' });
    }
  });
});
