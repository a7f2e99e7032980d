/** What both Qflow sandboxes share, as a bare client sees it: log-in, and the gate before the APIs. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { logIn, qflowApi } from './qflow-api.ts';
import { type SandboxServer, startSandboxes } from './sandbox-server.ts';

let now = new Date('2026-11-22T14:33:20Z');
let sandbox: SandboxServer;
const profile = (chosen: string) => sandbox.control('/profile', { system: 'qflow', profile: chosen });

beforeAll(async () => {
  sandbox = await startSandboxes({ clock: () => now });
});
afterAll(() => sandbox.close());
beforeEach(() => sandbox.control('/reset'));

describe("Qflow's token endpoint", () => {
  const byPassword = async (more: Record<string, string> = {}) => {
    const { username, password } = await sandbox.credentials();
    return logIn(sandbox, { grant_type: 'password', username, password, ...more });
  };
  const byRefresh = (refresh_token: string) => logIn(sandbox, { grant_type: 'refresh_token', refresh_token });
  const refreshTokenOf = ({ body }: { body: unknown }) => (body as { refresh_token: string }).refresh_token;

  test('gives opaque tokens of 32 hexadecimal digits', async () => {
    expect(await byPassword()).toMatchObject({
      status: 200,
      body: {
        access_token: expect.stringMatching(/^[0-9a-f]{32}$/),
        refresh_token: expect.stringMatching(/^[0-9a-f]{32}$/),
        expires_in: 3600,
        token_type: 'Bearer',
      },
    });
  });

  test('takes a refresh token once', async () => {
    const first = refreshTokenOf(await byPassword());
    const second = await byRefresh(first);
    expect(refreshTokenOf(second)).not.toBe(first);
    expect(await byRefresh(first)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    expect((await byRefresh(refreshTokenOf(second))).status).toBe(200);
  });

  test('refresh=reuse: takes it again and again', async () => {
    await profile('refresh=reuse');
    const token = refreshTokenOf(await byPassword());
    expect(refreshTokenOf(await byRefresh(token))).toBe(token);
    expect((await byRefresh(token)).status).toBe(200);
  });

  test.each([
    [{ client_secret: 'wrong' }, 'invalid_client'],
    [{ client_id: 'wrong' }, 'invalid_client'],
    [{ password: 'wrong' }, 'invalid_grant'],
    [{ username: 'api@sandbox.test' }, 'invalid_grant'],
    [{ grant_type: 'client_credentials' }, 'unsupported_grant_type'],
  ])('refuses %j as %s', async (form, error) => {
    expect(await byPassword(form as Record<string, string>)).toMatchObject({ status: 400, body: { error } });
  });

  test('ends an access token when it said', async () => {
    await profile('expires-in=2');
    const api = await qflowApi(sandbox, '/users/v1/api');
    expect((await api('GET', '/users')).status).toBe(200);
    now = new Date(now.getTime() + 2_000);
    expect(await api('GET', '/users')).toMatchObject({ status: 401, body: '' });
  });
});

describe("Qflow's gate", () => {
  test.each(['/users/v1/api/users', '/checkin/v1/api/teammembers'])('%s: the key before the token', async (path) => {
    const api = await qflowApi(sandbox, '');
    expect((await api('GET', path)).status).toBe(200);
    expect(await api('GET', path, undefined, { 'ocp-apim-subscription-key': 'wrong' })).toMatchObject({
      status: 401,
      body: { statusCode: 401, message: expect.stringContaining('invalid subscription key') },
    });
    expect(await api('GET', path, undefined, { 'ocp-apim-subscription-key': '', authorization: '' })).toMatchObject({
      body: { statusCode: 401, message: expect.stringContaining('missing subscription key') },
    });
    for (const authorization of ['', 'Bearer nothing', 'Basic abc']) {
      expect(await api('GET', path, undefined, { authorization })).toMatchObject({ status: 401, body: '' });
    }
  });

  test('edge: so many calls a minute from one address, over both APIs, then 429 for a minute', async () => {
    const api = await qflowApi(sandbox, '');
    await profile('edge=20');
    now = new Date(now.getTime() + 120_000);
    for (let call = 0; call < 10; call++) {
      expect((await api('GET', '/users/v1/api/users')).status).toBe(200);
      expect((await api('GET', '/checkin/v1/api/teammembers')).status).toBe(200);
    }
    const limited = await api('GET', '/users/v1/api/users');
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '60']);
    await profile('retry-after=omitted');
    expect((await api('GET', '/checkin/v1/api/teammembers')).headers.get('retry-after')).toBeNull();
    expect((await logIn(sandbox, { grant_type: 'password' })).status).toBe(400);
    now = new Date(now.getTime() + 61_000);
    expect((await api('GET', '/users/v1/api/users')).status).toBe(200);
  });
});
