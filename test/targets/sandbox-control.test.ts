/** The sandboxes' control surface, and that what they hold outlives their process. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { logIn, qflowApi } from './qflow-api.ts';
import { type SandboxServer, startSandboxes } from './sandbox-server.ts';

const JANE = { userName: 'DEMO/jane', email: 'jane@example.com' };
const EVENTS = Array.from({ length: 10 }, (_, index) => String(1001 + index));

describe('the control surface', () => {
  let sandbox: SandboxServer;

  beforeAll(async () => {
    sandbox = await startSandboxes();
  });
  afterAll(() => sandbox.close());
  afterEach(() => sandbox.control('/reset'));

  const status = async (path: string, body: string, method = 'POST') => {
    const response = await fetch(`${sandbox.url}/sandbox${path}`, { method, ...(method === 'POST' && { body }) });
    return { status: response.status, error: ((await response.json()) as { error?: string }).error };
  };

  test('shows every key of every system, built or not', async () => {
    const state = await sandbox.state();
    const list = expect.any(Array);
    expect(state).toMatchObject({
      qflow: { users: [], teamMembers: [], assignments: [], events: list, mails: [] },
      flowmate: { users: list, roles: list },
      uflow: { endUsers: list },
      platform: { users: list, invitations: list, roles: list, identityProviders: list },
      calls: {},
    });
    expect(state.qflow.events.map(({ id }) => id)).toEqual(EVENTS);
  });

  test('tells what a client needs, at the address that it was asked at or is told', async () => {
    expect(await sandbox.credentials()).toMatchObject({
      baseUrl: sandbox.url,
      username: expect.stringMatching(/^DEMO\//),
    });
    const named = await startSandboxes({ baseUrl: 'https://sandbox.example/' });
    expect(await named.credentials()).toMatchObject({
      baseUrl: 'https://sandbox.example',
      tokenUrl: 'https://sandbox.example/identity/core/connect/token',
    });
    await named.close();
  });

  test('logs calls in order, by template and path, and nothing secret', async () => {
    const api = await qflowApi(sandbox, '/users/v1/api');
    const { subscriptionKey = '', password = '', clientSecret = '' } = await sandbox.credentials();
    await api('POST', '/user', { ...JANE, password: 'Tr0ub4dor' });
    await api('GET', '/users/email?email=jane%40example.com');
    await api('GET', '/user/some-id');
    await api('GET', '/nowhere');
    const calls = await sandbox.calls();
    expect(calls.map(({ method, template, path, status: answered }) => [method, template, path, answered])).toEqual([
      ['POST', '/identity/core/connect/token', '/identity/core/connect/token', 200],
      ['POST', '/users/v1/api/user', '/users/v1/api/user', 201],
      ['GET', '/users/v1/api/users/email', '/users/v1/api/users/email', 200],
      ['GET', '/users/v1/api/user/{id}', '/users/v1/api/user/some-id', 404],
      ['GET', null, '/users/v1/api/nowhere', 404],
    ]);
    expect(calls.map(({ number }) => number)).toEqual(calls.map((_, index) => (calls[0]?.number ?? 0) + index));
    expect(calls.slice(0, 4).every(({ system, fault }) => system === 'qflow' && fault === null)).toBe(true);
    expect(await sandbox.calls(calls[2]?.number)).toEqual(calls.slice(3));
    for (const secret of [subscriptionKey, password, clientSecret, 'Tr0ub4dor', 'jane']) {
      expect(JSON.stringify(calls)).not.toContain(secret);
    }
    expect((await sandbox.state()).calls).toMatchObject({
      'POST /users/v1/api/user': 1,
      'GET /users/v1/api/user/{id}': 1,
    });
  });

  test('sets one point of a profile, several, or all by name', async () => {
    const set = (profile: unknown) => sandbox.control('/profile', { system: 'qflow', profile });
    expect(await set('dup=400')).toMatchObject({ qflow: { dup: '400', put: 'replace' } });
    expect(await set('put=merge, delete=query')).toMatchObject({
      qflow: { dup: '400', put: 'merge', delete: 'query' },
    });
    expect(await set({ dup: '200-existing', account: 'standalone' })).toMatchObject({
      qflow: { dup: '200-existing', account: 'standalone' },
    });
    const circumstances = { account: 'standalone', edge: 'off', 'expires-in': '3600', bearer: 'accepted' };
    expect(await set('documented')).toMatchObject({ qflow: { dup: '409', put: 'replace', ...circumstances } });
    expect(await set('observed,dup=409')).toMatchObject({
      qflow: { dup: '409', 'email-lookup': 'array', put: 'merge', delete: 'query', refresh: 'reuse', ...circumstances },
    });
    expect(await sandbox.control('/profile', { system: '*', profile: 'documented' })).toMatchObject({
      qflow: { dup: '409' },
    });
  });

  test.each([
    ['/faults', 'no JSON', 'JSON'],
    ['/faults', '{}', 'system'],
    ['/faults', '{"system":"mars","rate":1,"kinds":["500"]}', 'system'],
    ['/faults', '{"system":"qflow","rate":2,"kinds":["500"]}', 'rate'],
    ['/faults', '{"system":"qflow","rate":1,"kinds":["earthquake"]}', 'kinds'],
    ['/faults', '{"system":"qflow","rate":1}', 'kinds'],
    ['/faults', '{"system":"qflow","rate":1,"kinds":["500"],"often":true}', 'often'],
    ['/profile', '{"system":"qflow","profile":"dup=never"}', '409, 400, 200-existing'],
    ['/profile', '{"system":"qflow","profile":"mood=good"}', 'mood'],
    ['/profile', '{"system":"qflow"}', 'profile'],
    ['/qflow/checkins', '{"eventId":"1001","teamMemberId":"nobody"}', 'not assigned'],
    ['/qflow/events', '{}', 'id'],
    ['/qflow/revoke', '{"kind":"all"}', 'access'],
  ])('%s refuses %s', async (path, body, said) => {
    expect(await status(path, body)).toMatchObject({ status: 400, error: expect.stringContaining(said) });
  });

  test('sets nothing when one wish of several is wrong', async () => {
    await status('/profile', '{"system":"qflow","profile":"dup=400,put=never"}');
    expect(await sandbox.control('/profile', { system: 'qflow', profile: 'delete=body' })).toMatchObject({
      qflow: { dup: '409' },
    });
  });

  test('knows what it does not have', async () => {
    expect((await status('/nothing', '{}')).status).toBe(404);
    expect((await status('/calls?after=x', '', 'GET')).status).toBe(400);
    expect(await sandbox.calls()).toEqual([]);
  });

  test('a reset restores the starting data and the defaults, ends faults, and logs nobody out', async () => {
    const api = await qflowApi(sandbox, '/users/v1/api');
    await api('POST', '/user', JANE);
    await sandbox.control('/qflow/events', { id: '2001' });
    await sandbox.control('/profile', { system: 'qflow', profile: 'dup=400' });
    await sandbox.control('/faults', { system: 'qflow', rate: 1, kinds: ['500'] });
    const numbers = (await sandbox.calls()).map(({ number }) => number);
    await sandbox.control('/reset');
    const { qflow, calls } = await sandbox.state();
    expect([qflow.users, calls]).toEqual([[], {}]);
    expect(qflow.events.map(({ id }) => id)).toEqual(EVENTS);
    expect((await api('POST', '/user', JANE)).status).toBe(201);
    expect((await api('POST', '/user', JANE)).status).toBe(409);
    expect((await sandbox.calls())[0]?.number).toBeGreaterThan(Math.max(...numbers));
  });
});

describe('a sandbox with a state file', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'linkspan-sandbox-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('goes on where it was: records, order, tokens, profiles, faults, calls', async () => {
    const stateFile = join(folder, 'state.sqlite');
    let sandbox = await startSandboxes({ stateFile });
    let api = await qflowApi(sandbox, '/users/v1/api');
    const ids: string[] = [];
    for (const name of ['zoe', 'adam', 'mia', 'bea', 'yan', 'cid', 'xia']) {
      const { body } = await api('POST', '/user', { userName: `DEMO/${name}`, email: `${name}@example.com` });
      ids.push((body as { id: string }).id);
    }
    await api('PUT', '/user', { id: ids[0], email: 'zoe@example.org' });
    await api('DELETE', '/user', { id: ids[1] });
    await sandbox.control('/qflow/events', { id: '2001' });
    await sandbox.control('/profile', { system: 'qflow', profile: 'dup=400' });
    await sandbox.control('/faults', {
      system: 'qflow',
      rate: 1,
      kinds: ['500'],
      times: 1,
      match: 'GET /users/v1/api/users',
    });
    const { username, password } = await sandbox.credentials();
    const { body: tokens } = await logIn(sandbox, { grant_type: 'password', username, password });
    const before = await sandbox.state();
    const calls = await sandbox.calls();
    await sandbox.close();

    sandbox = await startSandboxes({ stateFile });
    expect(await sandbox.state()).toEqual(before);
    expect(before.qflow.users.map(({ email }) => email).slice(0, 2)).toEqual(['zoe@example.org', 'mia@example.com']);
    expect(await sandbox.calls()).toEqual(calls);
    const { refresh_token } = tokens as { refresh_token: string };
    expect((await logIn(sandbox, { grant_type: 'refresh_token', refresh_token })).status).toBe(200);
    api = await qflowApi(sandbox, '/users/v1/api');
    expect((await api('GET', '/users')).status).toBe(500);
    expect((await api('GET', '/users')).status).toBe(200);
    const again = { userName: 'DEMO/zoe', email: 'zoe@example.com' };
    expect((await api('POST', '/user', again)).status).toBe(400);
    expect((await api('GET', '/users/email?email=mia%40example.com')).body).toMatchObject({ id: ids[2] });
    await sandbox.close();
  });
});
