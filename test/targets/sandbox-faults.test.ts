/** Every kind of fault, over real HTTP, and what it does to the data. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Api, qflowApi } from './qflow-api.ts';
import { type SandboxServer, startSandboxes } from './sandbox-server.ts';

const CREATE = 'POST /users/v1/api/user';

describe('a fault', () => {
  let sandbox: SandboxServer;
  let api: Api;
  const fault = (kinds: string[], more: object = {}) =>
    sandbox.control('/faults', { system: 'qflow', rate: 1, kinds, times: 1, match: CREATE, ...more });
  const create = (userName = 'DEMO/jane') => api('POST', '/user', { userName, email: 'jane@example.com' });
  const users = async () => (await sandbox.state()).qflow.users.length;
  const lastCall = async () => (await sandbox.calls()).at(-1);

  beforeAll(async () => {
    sandbox = await startSandboxes();
  });
  afterAll(() => sandbox.close());
  beforeEach(async () => {
    await sandbox.control('/reset');
    api = await qflowApi(sandbox, '/users/v1/api');
  });

  test('500: nothing is done', async () => {
    await fault(['500']);
    expect((await create()).status).toBe(500);
    expect(await users()).toBe(0);
    expect(await lastCall()).toMatchObject({ status: 500, fault: '500' });
    expect((await create()).status).toBe(201);
  });

  test('429: nothing is done, come back in a second', async () => {
    await fault(['429']);
    const { status, headers } = await create();
    expect([status, headers.get('retry-after')]).toEqual([429, '1']);
    expect(await users()).toBe(0);
  });

  test('reset: nothing is done, no answer', async () => {
    await fault(['reset']);
    await expect(create()).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } });
    expect(await users()).toBe(0);
    expect(await lastCall()).toMatchObject({ status: null, fault: 'reset' });
  });

  test('timeout: nothing is done, and no answer for ten seconds', async () => {
    await fault(['timeout']);
    const started = performance.now();
    await expect(create()).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } });
    expect(performance.now() - started).toBeGreaterThan(9_900);
    expect(await users()).toBe(0);
    expect(await lastCall()).toMatchObject({ status: null, fault: 'timeout' });
  });

  test('lost-response: done, then cut', async () => {
    await fault(['lost-response']);
    await expect(create()).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } });
    expect(await users()).toBe(1);
  });

  test('500-after: done, then 500', async () => {
    await fault(['500-after']);
    expect((await create()).status).toBe(500);
    expect(await users()).toBe(1);
  });

  test('late: cut at once, done three seconds later', async () => {
    await fault(['late']);
    const started = performance.now();
    await expect(create()).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } });
    expect(performance.now() - started).toBeLessThan(1_000);
    expect(await users()).toBe(0);
    await expect.poll(users, { timeout: 5_000, interval: 50 }).toBe(1);
    expect(performance.now() - started).toBeGreaterThan(2_900);
  });

  test('hits only what matches, by the path as called or as documented', async () => {
    await create();
    const [{ id } = { id: '' }] = (await sandbox.state()).qflow.users;
    for (const match of [
      `GET /users/v1/api/user/${id}`,
      'GET /users/v1/api/user/{userId}',
      'GET /users/v1/api/user/*',
      '/users/v1/api/user/:id',
    ]) {
      await fault(['500'], { match });
      expect((await api('GET', '/users')).status).toBe(200);
      expect((await api('GET', `/user/${id}`)).status).toBe(500);
      expect((await api('GET', `/user/${id}`)).status).toBe(200);
    }
    await fault(['500'], { match: 'GET /users/v1/api/user' });
    expect((await api('GET', `/user/${id}`)).status).toBe(200);
  });

  test('hits as often as it says, or until it is ended', async () => {
    await fault(['500'], { times: 2 });
    expect([(await create()).status, (await create()).status, (await create()).status]).toEqual([500, 500, 201]);
    await fault(['500'], { times: undefined });
    expect([(await create()).status, (await create()).status]).toEqual([500, 500]);
    await sandbox.control('/faults', { system: 'qflow', rate: 0 });
    expect((await create('DEMO/joan')).status).toBe(201);
  });

  test('is drawn from the seed: the same faults every time', async () => {
    const run = async (seed: number) => {
      await fault(['500', '429'], { rate: 0.5, times: undefined, seed, match: undefined });
      const statuses: number[] = [];
      for (let call = 0; call < 30; call++) statuses.push((await api('GET', '/users')).status);
      return statuses;
    };
    const first = await run(3);
    expect(await run(3)).toEqual(first);
    expect(await run(4)).not.toEqual(first);
    expect(new Set(first)).toEqual(new Set([200, 500, 429]));
  });

  test('hits the token endpoint too, and every system where it says *', async () => {
    await fault(['500'], { system: '*', times: undefined, match: undefined });
    const { tokenUrl = '' } = await sandbox.credentials();
    expect((await fetch(tokenUrl, { method: 'POST' })).status).toBe(500);
    expect((await api('GET', '/users')).status).toBe(500);
    await sandbox.control('/faults', { system: 'qflow', rate: 0 });
    expect((await api('GET', '/users')).status).toBe(200);
    await fault(['500'], { system: 'flowmate', times: undefined, match: undefined });
    expect((await api('GET', '/users')).status).toBe(200);
  });

  test('never hits the control surface', async () => {
    await fault(['reset'], { system: '*', times: undefined, match: undefined });
    expect(await users()).toBe(0);
    await sandbox.control('/reset');
    expect((await api('GET', '/users')).status).toBe(200);
  });

  test('leaves the connection of others alone', async () => {
    await fault(['reset']);
    const [broken, fine] = await Promise.allSettled([create(), api('GET', '/users')]);
    expect([broken.status, fine.status]).toEqual(['rejected', 'fulfilled']);
  });
});
