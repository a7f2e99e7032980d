/** Passwords that are passed through: what the system holds, how often it was asked, and what is left in the database. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { addTarget, removeTarget, requireTarget, setTarget } from '../../src/sync/admin/targets.ts';
import { explain } from '../../src/sync/explain/explain.ts';
import { openLane } from '../../src/sync/lanes/lanes.ts';
import { draftOf } from '../../src/sync/planning/draft.ts';
import { plan } from '../../src/sync/planning/planning.ts';
import { purge } from '../../src/sync/upkeep/purge.ts';
import { expirePasswords, passwordOf, passwordProblem, withoutPassword } from '../../src/sync/work/pass-through.ts';
import { TargetError } from '../../src/targets/outcome.ts';
import { createCipher, WrongKey } from '../../src/tenancy/cipher.ts';
import { createTenant } from '../../src/tenancy/tenants.ts';
import { issueToken } from '../../src/tenancy/tokens.ts';
import {
  byHand,
  eventually,
  patch,
  QUICK,
  scimClient,
  settled as settledAt,
  startSandbox,
  TARGETS,
} from '../linkspan.ts';
import { startPassing } from '../passing.ts';
import { freePort, ready, startProcess } from '../process.ts';
import { startProxy } from '../proxy.ts';
import { testDatabase } from '../stores.ts';

const JANE = { userName: 'jane@example.com', emails: [{ value: 'jane@example.com' }] };
const set = (value: string) => patch({ op: 'replace', path: 'password', value });
const active = (value: boolean) => patch({ op: 'replace', path: 'active', value });
const userType = (value: string) => patch({ op: 'replace', path: 'userType', value });

const DAY_MS = 86_400_000;

describe.each(['sqlite', 'postgres'] as const)('a password that is passed through (%s)', (kind) => {
  /** Everything between Linkspan and the sandbox goes through a proxy. */
  async function proxied() {
    const sandbox = await startSandbox();
    onTestFinished(() => sandbox.close());
    const proxy = await startProxy(sandbox.url);
    const credentials = async (system: string) => ({ ...(await sandbox.credentials(system)), baseUrl: proxy.url });
    return { proxy, ...(await startPassing({ kind, sandbox: { ...sandbox, credentials } })) };
  }

  /** Qflow Team without a list of members who have no event. */
  async function standalone() {
    const passing = await startPassing({ kind, targets: ['door'] });
    await passing.sandbox.profile('account=standalone');
    const rules = { onlyAssigned: false };
    await setTarget(passing.app, 'acme', 'door', { settings: { accountKind: 'standalone' }, rules });
    return passing;
  }

  it('goes with the create of the user it came with, and is wiped', async () => {
    const { app, scim, settled, passwords, remotePassword, counted } = await startPassing({ kind });
    await scim('POST', '/Users', { ...JANE, password: 'first' });
    await settled();
    expect(await remotePassword()).toBe('first');
    expect(await counted()).toEqual({ set: 0, created: 1 });
    expect(await passwords()).toEqual([]);
    const account = await app.store.read.selectFrom('accounts').select('password_set_at').executeTakeFirstOrThrow();
    expect(account.password_set_at).toBeGreaterThan(0);
  });

  it('is set in the target by PATCH, PUT and Bulk, where nothing else differs', async () => {
    const { scim, settled, passwords, remotePassword, counted } = await startPassing({ kind });
    const { id } = (await scim('POST', '/Users', JANE)).body;
    await settled();
    expect(await remotePassword()).not.toBe('');
    await scim('PATCH', `/Users/${id}`, set('by PATCH'));
    await settled();
    expect(await remotePassword()).toBe('by PATCH');
    await scim('PUT', `/Users/${id}`, { ...JANE, password: 'by PUT' });
    await settled();
    expect(await remotePassword()).toBe('by PUT');
    await scim('POST', '/Bulk', {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
      Operations: [{ method: 'PATCH', path: `/Users/${id}`, data: set('by Bulk') }],
    });
    await settled();
    expect(await remotePassword()).toBe('by Bulk');
    expect(await counted()).toEqual({ set: 3, created: 1 });
    expect(await passwords()).toEqual([]);
    // What changes without a password leaves the last one alone.
    await scim('PUT', `/Users/${id}`, { ...JANE, title: 'x', name: { givenName: 'Jane' } });
    await settled();
    expect(await remotePassword()).toBe('by Bulk');
  });

  it('is neither kept nor set under the rules none and random-discard', async () => {
    const { app, scim, settled, passwords, remotePassword, sandbox } = await startPassing({ kind });
    await setTarget(app, 'acme', 'dashboard', { rules: { passwords: 'random-discard' } });
    const { id } = (await scim('POST', '/Users', { ...JANE, password: 'first' })).body;
    await settled();
    const random = await remotePassword();
    expect(random).toMatch(/^.{20,}$/);
    await setTarget(app, 'acme', 'dashboard', { rules: { passwords: 'none' } });
    await scim('PATCH', `/Users/${id}`, set('second'));
    await scim('POST', '/Users', { userName: 'joe@example.com', password: 'first' });
    await settled();
    expect((await sandbox.state()).qflow.users.map(({ password }) => password)).toEqual([random, '']);
    expect(await passwords()).toEqual([]);
  });

  it('takes the place of an older one that was not delivered', async () => {
    const { scim, settled, passwords, pause, resume, remotePassword, counted } = await startPassing({ kind });
    const { id } = (await scim('POST', '/Users', JANE)).body;
    await settled();
    await pause();
    for (const value of ['one', 'two', 'three']) await scim('PATCH', `/Users/${id}`, set(value));
    expect(await passwords()).toHaveLength(1);
    await resume();
    await settled();
    expect(await remotePassword()).toBe('three');
    expect(await counted()).toEqual({ set: 1, created: 1 });
    expect(await passwords()).toEqual([]);
  });

  it('is delivered after the one that is being delivered while it comes', async () => {
    const { scim, settled, passwords, remotePassword, counted, proxy } = await proxied();
    const { id } = (await scim('POST', '/Users', JANE)).body;
    await settled();
    const { arrived, letGo } = proxy.hold(/^PUT .*changepassword$/);
    await scim('PATCH', `/Users/${id}`, set('one'));
    await arrived;
    await scim('PATCH', `/Users/${id}`, set('two'));
    letGo();
    await settled();
    expect(await remotePassword()).toBe('two');
    expect((await counted()).set).toBe(2);
    expect(await passwords()).toEqual([]);
  });

  it('sent with a create whose answer was lost counts as delivered once the user is found', async () => {
    const { scim, settled, passwords, remotePassword, counted, sandbox } = await startPassing({ kind });
    await sandbox.faults({ match: 'POST /users/v1/api/user', kinds: ['lost-response'], times: 1 });
    await scim('POST', '/Users', { ...JANE, password: 'first' });
    await settled();
    expect(await remotePassword()).toBe('first');
    expect(await counted()).toEqual({ set: 0, created: 1 });
    expect(await passwords()).toEqual([]);
  });

  it('set while such a create is open is set once the user is found', async () => {
    const { scim, settled, passwords, remotePassword, counted, proxy } = await proxied();
    const swallowed = proxy.swallow(/^POST .*\/api\/user$/);
    const { id } = (await scim('POST', '/Users', { ...JANE, password: 'first' })).body;
    await swallowed;
    await scim('PATCH', `/Users/${id}`, set('second'));
    await settled();
    expect(await remotePassword()).toBe('second');
    expect(await counted()).toEqual({ set: 1, created: 1 });
    expect(await passwords()).toEqual([]);
  });

  it('that was not part of a create that took effect late is set afterwards', async () => {
    const { scim, settled, passwords, remotePassword, counted, proxy } = await proxied();
    const swallowed = proxy.swallow(/^POST .*\/api\/user$/);
    const { id } = (await scim('POST', '/Users', JANE)).body;
    await swallowed;
    await scim('PATCH', `/Users/${id}`, set('later'));
    await settled();
    expect(await remotePassword()).toBe('later');
    expect(await counted()).toEqual({ set: 1, created: 1 });
    expect(await passwords()).toEqual([]);
  });

  it('is part of the second create where a system that cannot be asked may have made nothing at the first', async () => {
    const { scim, settled, passwords, sandbox } = await standalone();
    await sandbox.faults({ match: 'POST /checkin/v1/api/teammember', kinds: ['500'], times: 1 });
    await scim('POST', '/Users', { ...JANE, password: 'first' });
    await settled();
    expect((await sandbox.state()).qflow.teamMembers.map(({ password }) => password)).toEqual(['first']);
    expect(await passwords()).toEqual([]);
  });

  it('is set after the second create where a system that cannot be asked may have given back the first', async () => {
    const { scim, settled, passwords, sandbox } = await standalone();
    await sandbox.faults({ match: 'POST /checkin/v1/api/teammember', kinds: ['500-after'], times: 1 });
    const { id } = (await scim('POST', '/Users', { ...JANE, password: 'first' })).body;
    await eventually('the create', async () => (await sandbox.state()).qflow.teamMembers.length > 0);
    await scim('PATCH', `/Users/${id}`, set('second'));
    await settled();
    expect((await sandbox.state()).qflow.teamMembers.map(({ password }) => password)).toEqual(['second']);
    expect(await passwords()).toEqual([]);
  });

  it('is wiped only by who still holds the account', async () => {
    const { app, scim, settled, passwords, remotePassword, counted, proxy } = await proxied();
    const { id } = (await scim('POST', '/Users', JANE)).body;
    await settled();
    const { arrived, letGo } = proxy.hold(/^PUT .*changepassword$/);
    await scim('PATCH', `/Users/${id}`, set('second'));
    await arrived;
    // As if another process had taken it over.
    await app.store.write((trx) => trx.updateTable('accounts').set({ lease_epoch: 99 }).execute());
    letGo();
    await app.store.write((trx) => trx.updateTable('accounts').set({ lease_owner: null, due_at: 0 }).execute());
    await settled();
    expect(await remotePassword()).toBe('second');
    expect((await counted()).set).toBe(2);
    expect(await passwords()).toEqual([]);
  });

  it('that came with the user does not reset that of an account that was there before; a later one does', async () => {
    const { scim, settled, passwords, remotePassword, counted, sandbox } = await startPassing({ kind });
    const own = { userName: 'DEMO/jane@example.com', email: 'jane@example.com', password: 'own' };
    await byHand(sandbox, 'POST', '/users/v1/api/user', own);
    const { id } = (await scim('POST', '/Users', { ...JANE, password: 'first' })).body;
    await settled();
    expect(await remotePassword()).toBe('own');
    expect(await passwords()).toEqual([]);
    await scim('PATCH', `/Users/${id}`, set('second'));
    await settled();
    expect(await remotePassword()).toBe('second');
    expect((await counted()).set).toBe(1);
    expect(await passwords()).toEqual([]);
  });

  it('is not given to who is inactive, and is on the return', async () => {
    const { scim, settled, passwords, remotePassword } = await startPassing({ kind });
    const { id } = (await scim('POST', '/Users', { ...JANE, password: 'first' })).body;
    await settled();
    await scim('PATCH', `/Users/${id}`, active(false));
    await settled();
    await scim('PATCH', `/Users/${id}`, set('second'));
    await settled();
    expect(['first', 'second']).not.toContain(await remotePassword());
    expect(await passwords()).toHaveLength(1);
    await scim('PATCH', `/Users/${id}`, active(true));
    await settled();
    expect(await remotePassword()).toBe('second');
    expect(await passwords()).toEqual([]);
  });

  it('is wiped undelivered with the user, and when the user leaves the scope', async () => {
    const { scim, settled, passwords, pause, resume, remotePassword } = await startPassing({ kind });
    const { id } = (await scim('POST', '/Users', JANE)).body;
    const gone = (await scim('POST', '/Users', { userName: 'gone@example.com' })).body;
    await settled();
    await pause();
    await scim('PATCH', `/Users/${gone.id}`, set('for nobody'));
    await scim('PATCH', `/Users/${id}`, set('for nobody'));
    await scim('DELETE', `/Users/${gone.id}`);
    expect((await passwords()).map(({ user_id }) => user_id)).toEqual([id]);
    await scim('PATCH', `/Users/${id}`, userType('EndUser'));
    await resume();
    await settled();
    expect(await passwords()).toEqual([]);
    await scim('PATCH', `/Users/${id}`, userType('Employee'));
    await settled();
    expect(await remotePassword()).not.toBe('for nobody');
  });

  it('of who was never in scope is wiped without a worker; of who is not assigned yet it stays', async () => {
    const { app, scim, settled, passwords, remotePassword } = await startPassing({ kind });
    await setTarget(app, 'acme', 'dashboard', {
      rules: { onlyAssigned: true, assignments: [{ groupPrefix: 'Event ' }] },
    });
    await scim('POST', '/Users', { userName: 'guest@example.com', userType: 'EndUser', password: 'for nobody' });
    const { id } = (await scim('POST', '/Users', { ...JANE, password: 'first' })).body;
    await settled();
    expect((await passwords()).map(({ user_id }) => user_id)).toEqual([id]);
    await scim('POST', '/Groups', { displayName: 'Event 1001', members: [{ value: id }] });
    await settled();
    expect(await remotePassword()).toBe('first');
    expect(await passwords()).toEqual([]);
  });

  it('is wiped when the rule changes, and when the target is removed', async () => {
    const { app, scim, passwords, pause } = await startPassing({ kind });
    await pause();
    const { id } = (await scim('POST', '/Users', { ...JANE, password: 'first' })).body;
    await setTarget(app, 'acme', 'dashboard', { rules: { neverDelete: true } });
    expect(await passwords()).toHaveLength(1);
    await setTarget(app, 'acme', 'dashboard', { rules: { passwords: 'random-discard' } });
    expect(await passwords()).toEqual([]);
    await setTarget(app, 'acme', 'dashboard', { rules: { passwords: 'pass-through' } });
    await scim('PATCH', `/Users/${id}`, set('second'));
    expect(await passwords()).toHaveLength(1);
    await removeTarget(app, 'acme', 'dashboard');
    expect(await passwords()).toEqual([]);
  });

  it('is given up when its time is over, and what it kept waiting goes on', async () => {
    const { app, scim, settled, passwords, pause, resume, counted, remotePassword } = await startPassing({ kind });
    const { id } = (await scim('POST', '/Users', JANE)).body;
    await settled();
    await pause();
    await scim('PATCH', `/Users/${id}`, set('too late'));
    const now = await app.store.now();
    expect(await expirePasswords(app.store, { now: now + 6 * DAY_MS })).toBe(0);
    await setTarget(app, 'acme', 'dashboard', { rules: { passwordDays: 5 } });
    await app.store.write((trx) =>
      trx
        .updateTable('passwords')
        .set({ created_at: now - 6 * DAY_MS })
        .execute(),
    );
    await resume();
    await settled();
    expect(await remotePassword()).not.toBe('too late');
    expect((await counted()).set).toBe(0);
    await app.store.write((trx) => trx.updateTable('accounts').set({ outcome: 'reject' }).execute());
    expect(await expirePasswords(app.store)).toBe(1);
    expect(await passwords()).toEqual([]);
    await settled();
    expect(await app.store.read.selectFrom('accounts').select('outcome').execute()).toEqual([{ outcome: 'done' }]);
    expect(await purge(app.store, { now: now + 365 * DAY_MS })).toBe(0);
  });

  it('is set again after a call without an answer, which is no harm, and wiped then', async () => {
    const { scim, settled, passwords, remotePassword, counted, sandbox } = await startPassing({ kind });
    const { id } = (await scim('POST', '/Users', JANE)).body;
    await settled();
    await sandbox.faults({ match: 'PUT /users/v1/api/user/changepassword', kinds: ['lost-response'], times: 1 });
    await scim('PATCH', `/Users/${id}`, set('second'));
    await settled();
    expect(await remotePassword()).toBe('second');
    expect((await counted()).set).toBe(2);
    expect(await passwords()).toEqual([]);
  });

  it('is not lost by a process that is killed between the call and the settle', async () => {
    const database = await testDatabase(kind);
    const sandbox = await startSandbox();
    const proxy = await startProxy(sandbox.url);
    onTestFinished(async () => {
      await sandbox.close();
      await database.drop();
    });
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const env = {
      LINKSPAN_PORT: String(port),
      LINKSPAN_DATABASE_URL: database.url,
      LINKSPAN_SECRET_KEY: Buffer.alloc(32, 7).toString('base64'),
      LINKSPAN_LOG_LEVEL: 'trace',
    };
    const app = await openApp(readConfig(env));
    await createTenant(app.store, { tenant: 'acme', title: 'acme', idp: 'generic' });
    const token = await issueToken(app.store, 'acme', { label: 'test' });
    const [type, rules] = TARGETS.dashboard ?? [''];
    const known = Object.keys(app.types.get(type)?.settings.shape ?? {});
    const credentials = Object.entries(await sandbox.credentials('qflow')).filter(([key]) => known.includes(key));
    const settings = { ...Object.fromEntries(credentials), baseUrl: proxy.url };
    const passThrough = { ...rules, passwords: 'pass-through' };
    await addTarget(app, 'acme', 'dashboard', type, { settings, rules: passThrough, pace: QUICK });
    await app.close();
    const start = async () => {
      const process = startProcess(['serve'], env);
      await ready(process, url);
      return process;
    };
    const first = await start();
    const scim = scimClient(url, 'acme', token);
    const { id } = (await scim('POST', '/Users', { ...JANE, password: 'Tr0ub4dor1' })).body;
    await settledAt(url);
    // Done in the system, and nobody here has heard of it.
    const swallowed = proxy.swallow(/^PUT .*changepassword$/);
    await scim('PATCH', `/Users/${id}`, set('Tr0ub4dor2'));
    await swallowed;
    await first.end('SIGKILL');
    const second = await start();
    await settledAt(url, 30_000);
    const [user] = (await sandbox.state()).qflow.users;
    expect(user?.password).toBe('Tr0ub4dor2');
    const calls = (await sandbox.calls()).filter(({ path }) => path.endsWith('/changepassword'));
    expect(calls).toHaveLength(2);
    expect(`${first.output()}${second.output()}`).not.toContain('Tr0ub4dor');
    const store = await database.open();
    expect(await store.read.selectFrom('passwords').selectAll().execute()).toEqual([]);
  });

  it('that the system refuses is a person’s matter, is tried again with the next one, and is in no text', async () => {
    const refusing = await startRefusing('Tr0ub4dor');
    const { sandbox } = refusing;
    const { app, scim, settled, passwords, remotePassword } = await startPassing({ kind, sandbox });
    const { id } = (await scim('POST', '/Users', JANE)).body;
    await settled();
    await scim('PATCH', `/Users/${id}`, set('Tr0ub4dor'));
    await settled();
    const account = await app.store.read.selectFrom('accounts').selectAll().executeTakeFirstOrThrow();
    expect(account).toMatchObject({ outcome: 'reject', reason: expect.stringContaining('is too weak') });
    expect(JSON.stringify(account)).not.toContain('Tr0ub4dor');
    expect(await passwords()).toHaveLength(1);
    await scim('PATCH', `/Users/${id}`, set('a stronger one'));
    await settled();
    expect(await remotePassword()).toBe('a stronger one');
    expect(await passwords()).toEqual([]);
  });

  it('shows in explanations and plans as one that is to be set', async () => {
    const { app, scim, settled, pause } = await startPassing({ kind });
    const { id } = (await scim('POST', '/Users', JANE)).body;
    await settled();
    await pause();
    await scim('PATCH', `/Users/${id}`, set('Tr0ub4dor'));
    const lane = await openLane(await requireTarget(app.store, 'acme', 'dashboard'), { ...app, onCall: () => {} });
    const explained = await explain(app.store, [lane], 'acme', id);
    const target = explained?.targets[0];
    expect(target?.map.find(({ kind }) => kind === 'password')).toMatchObject({
      field: 'password',
      wanted: 'to be set',
    });
    expect(target?.actions.plan.map(({ kind, body }) => [kind, body?.newPassword])).toEqual([['update', '<given>']]);
    const planned = await plan(app.store, await draftOf(app, 'acme', 'dashboard', {}), { details: 10 });
    expect(planned).toMatchObject({ calls: { update: 1 }, attributes: { password: 1 } });
    expect(JSON.stringify([explained, planned])).not.toContain('Tr0ub4dor');
  });

  it('of one user cannot be opened as that of another', async () => {
    const { app, scim, settled, pause, resume, passwords, sandbox } = await startPassing({ kind });
    const jane = (await scim('POST', '/Users', JANE)).body;
    const joe = (await scim('POST', '/Users', { userName: 'joe@example.com' })).body;
    await settled();
    await pause();
    await scim('PATCH', `/Users/${jane.id}`, set('of Jane'));
    await scim('PATCH', `/Users/${joe.id}`, set('of Joe'));
    const sealed = (await passwords()).find(({ user_id }) => user_id === jane.id)?.sealed ?? '';
    await app.store.write((trx) =>
      trx.updateTable('passwords').set({ sealed }).where('user_id', '=', joe.id).execute(),
    );
    await resume();
    await settled();
    const held = (await sandbox.state()).qflow.users.map(({ password }) => password);
    expect(held.filter((password) => password === 'of Jane')).toHaveLength(1);
    const account = await app.store.read.selectFrom('accounts').selectAll().where('user_id', '=', joe.id).execute();
    expect(account[0]).toMatchObject({ outcome: 'reject', reason: expect.stringContaining('cannot be opened') });
  });
});

describe('the rule for passwords', () => {
  it('cannot be pass-through where the system has no call that sets one, and check says what is missing', async () => {
    const { app } = await startPassing();
    const enterprise = app.types.get('qflow-enterprise');
    if (!enterprise) throw new Error('no such type');
    const mute: typeof enterprise = { ...enterprise, plan: () => [], title: 'Mute' };
    const types = new Map([...app.types, ['qflow-enterprise', mute]]);
    const change = setTarget({ ...app, types }, 'acme', 'dashboard', { rules: { passwords: 'pass-through' } });
    await expect(change).rejects.toThrow('Mute has no call that sets a password');
    await setTarget({ ...app, types }, 'acme', 'dashboard', { rules: { passwords: 'none' } });
    const row = await requireTarget(app.store, 'acme', 'dashboard');
    expect(row.takes_passwords).toBe(0);
    const lane = await openLane(row, { ...app, onCall: () => {} });
    const rules = { passwords: 'pass-through' as const };
    const firstOnly: typeof enterprise = {
      ...mute,
      plan: (_, observed) => (observed ? [] : [{ kind: 'create', call: '', body: { password: '<given>' } }]),
    };
    expect(passwordProblem({ ...lane, rules })).toBeNull();
    expect(passwordProblem({ ...lane, type: mute, rules })).toContain('has no call that sets a password');
    expect(passwordProblem({ ...lane, type: firstOnly, rules })).toContain('no call that changes a password');
    await expect(setTarget(app, 'acme', 'dashboard', { rules: { passwords: 'plain' } })).rejects.toThrow('passwords');
  });
});

describe('who is not to get in', () => {
  it('is given no password, whatever the target type would do with it', () => {
    const given = { id: 'p1', initial: false, sent: false };
    const of = (presence: 'active' | 'inactive', rule: 'none' | 'random-discard' | 'pass-through') =>
      passwordOf({ passwords: rule }, presence, given);
    expect(of('active', 'pass-through')).toBe('given');
    expect(of('inactive', 'pass-through')).toBe('random');
    expect(of('inactive', 'none')).toBe('none');
    expect(passwordOf({ passwords: 'random-discard' }, 'active', null)).toBe('random');
  });
});

describe('what a target says about a password', () => {
  it('is stored without it', () => {
    const failure = new TargetError({ kind: 'reject', reason: 'S3cret is too weak' });
    expect(withoutPassword(failure, 'S3cret')).toMatchObject({ failure: { reason: '<hidden> is too weak' } });
    expect((withoutPassword(new Error('no S3cret'), 'S3cret') as Error).message).toBe('no <hidden>');
    expect(withoutPassword(failure, undefined)).toBe(failure);
  });
});

describe('a sealed value', () => {
  it('opens only as what it was sealed as', async () => {
    const cipher = createCipher(Buffer.alloc(32, 7));
    const sealed = await cipher.seal('plain', 'of Jane');
    expect(await cipher.open(sealed, 'of Jane')).toBe('plain');
    for (const about of ['of Joe', undefined]) await expect(cipher.open(sealed, about)).rejects.toThrow(WrongKey);
    await expect(cipher.open(await cipher.seal('plain'), 'of Jane')).rejects.toThrow(WrongKey);
  });
});

/** A sandbox behind a system that refuses one password, repeats it, and calls the property by a name of its own. */
async function startRefusing(weak: string) {
  const sandbox = await startSandbox();
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    if (request.url?.endsWith('/changepassword') && body.includes(weak)) {
      response.writeHead(400, { 'content-type': 'application/json' });
      return void response.end(JSON.stringify({ pw: weak, message: `The value ${weak} is too weak` }));
    }
    const headers = Object.fromEntries(
      Object.entries(request.headers).filter(([name]) => !['host', 'connection', 'content-length'].includes(name)),
    ) as Record<string, string>;
    const { method = 'GET' } = request;
    const answer = await fetch(`${sandbox.url}${request.url}`, { method, headers, ...(body.length > 0 && { body }) });
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await sandbox.close();
  });
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const credentials = async (system: string) => ({ ...(await sandbox.credentials(system)), baseUrl });
  return { sandbox: { ...sandbox, credentials } };
}
