import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Call, request } from '../../src/targets/http.ts';
import { createSession, type OAuthSettings, type Session } from '../../src/targets/oauth.ts';
import { type SandboxServer, startSandboxes, testIo, testVault } from './sandbox-server.ts';
import { failureOf } from './target-suite.ts';

describe('a session', () => {
  let now = new Date('2026-11-22T12:00:00Z');
  const io = testIo({ clock: () => now });
  let sandbox: SandboxServer;
  let settings: OAuthSettings;
  let vault: ReturnType<typeof testVault>;
  let session: Session;
  let key: string;

  const open = (changed: Partial<OAuthSettings> = {}) => createSession({ ...settings, ...changed }, vault);
  const read = (with_ = session) =>
    with_.withToken(io, (token) => {
      const headers = { authorization: `Bearer ${token}`, 'ocp-apim-subscription-key': key };
      const call: Call = { method: 'GET', url: `${sandbox.url}/users/v1/api/users`, headers };
      return request(io, call);
    });
  const logIns = async () =>
    (await sandbox.calls()).filter((call) => call.path.endsWith('/token')).map((call) => call.status);

  beforeAll(async () => {
    sandbox = await startSandboxes({ clock: () => now });
  });
  afterAll(() => sandbox.close());
  beforeEach(async () => {
    await sandbox.control('/reset');
    const {
      tokenUrl = '',
      clientId = '',
      clientSecret = '',
      username = '',
      password = '',
      subscriptionKey = '',
    } = await sandbox.credentials();
    settings = { tokenUrl, clientId, clientSecret, username, password, scope: 'qflowapi openid offline_access' };
    key = subscriptionKey;
    vault = testVault();
    session = open();
  });

  test('logs in once for many calls, however many come at the same time', async () => {
    const answers = await Promise.all([read(), read(), read()]);
    await read();
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200]);
    expect(await logIns()).toEqual([200]);
  });

  test('renews a token shortly before it ends, with the refresh token of the time before', async () => {
    await read();
    now = new Date(now.getTime() + 3_560_000);
    await read();
    expect(await logIns()).toEqual([200]);
    now = new Date(now.getTime() + 15_000);
    await read();
    expect(await logIns()).toEqual([200, 200]);
    expect(vault.saved).toHaveLength(2);
    expect((await sandbox.calls()).every((call) => call.status === 200)).toBe(true);
  });

  test('stores a new refresh token before anything is done with what came with it', async () => {
    const order: string[] = [];
    const watched = {
      ...vault,
      save: async () => {
        order.push('saved');
      },
    };
    await createSession(settings, watched).withToken(io, async (token) => {
      order.push('used');
      return request(io, { method: 'GET', url: sandbox.url, headers: { authorization: `Bearer ${token}` } });
    });
    expect(order).toEqual(['saved', 'used']);
  });

  test('goes on with the stored refresh token after a restart', async () => {
    await read();
    await read(open());
    expect(await logIns()).toEqual([200, 200]);
    await sandbox.control('/qflow/revoke', { kind: 'refresh' });
    await read(open());
    expect(await logIns()).toEqual([200, 200, 400, 200]);
  });

  test('lets a stored refresh token not stand in for credentials that were changed', async () => {
    await read();
    const failure = await failureOf(read(open({ password: 'wrong' })));
    expect(failure).toMatchObject({ kind: 'pause', reason: expect.stringContaining('user name and password') });
    expect(await logIns()).toEqual([200, 400]);
  });

  test('renews once for many calls whose token is not taken', async () => {
    await read();
    await sandbox.control('/qflow/revoke', { kind: 'access' });
    const answers = await Promise.all([read(), read(), read()]);
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200]);
    expect(await logIns()).toEqual([200, 200]);
  });

  test.each([
    ['clientSecret', 'client id'],
    ['clientId', 'client id'],
    ['password', 'password'],
    ['username', 'user name'],
  ])('pauses when %s is wrong, and shows none of it', async (name, said) => {
    const failure = await failureOf(read(open({ [name]: 'wr0ng-value' })));
    expect(failure).toMatchObject({ kind: 'pause', reason: expect.stringContaining(said) });
    expect(failure.reason).not.toContain('wr0ng-value');
  });

  test('pauses when the token address leads elsewhere', async () => {
    const failure = await failureOf(read(open({ tokenUrl: `${sandbox.url}/elsewhere` })));
    expect(failure).toMatchObject({ kind: 'pause', reason: expect.stringContaining('log-in settings') });
    const noToken = await failureOf(read(open({ tokenUrl: `${sandbox.url}/sandbox/reset` })));
    expect(noToken).toMatchObject({ kind: 'pause', reason: expect.stringContaining('without an access token') });
  });

  test.each(['500', 'reset', 'lost-response', '500-after'])(
    '%s at the log-in is tried again, nothing is unclear',
    async (kind) => {
      await sandbox.control('/faults', {
        system: 'qflow',
        rate: 1,
        kinds: [kind],
        times: 1,
        match: 'POST /identity/core/connect/token',
      });
      const failure = await failureOf(read());
      expect(failure.kind).toBe('retry');
      expect(failure).not.toHaveProperty('unclear');
      expect((await read()).status).toBe(200);
    },
  );

  test('survives a refresh whose answer was lost, though the token died of it', async () => {
    await read();
    await sandbox.control('/qflow/revoke', { kind: 'access' });
    await sandbox.control('/faults', {
      system: 'qflow',
      rate: 1,
      kinds: ['lost-response'],
      times: 1,
      match: 'POST /identity/core/connect/token',
    });
    expect((await failureOf(read())).kind).toBe('retry');
    expect((await read()).status).toBe(200);
  });
});
