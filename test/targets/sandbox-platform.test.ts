/** The platform's sandbox as a bare client sees it: every endpoint, every profile point, and what a person does in its pages. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type SandboxServer, startSandboxes } from './sandbox-server.ts';

let sandbox: SandboxServer;
let now = new Date('2026-11-22T12:00:00Z');
let api: (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Response>;
const profile = (chosen: string) => sandbox.control('/profile', { system: 'platform', profile: chosen });
const platform = async () => (await sandbox.state()).platform;
const json = async (response: Promise<Response>) => (await response).json();
const control = (path: string, body: object) => sandbox.control(`/platform/${path}`, body);

async function logIn(form: Record<string, string> = {}): Promise<{ status: number; body: Record<string, unknown> }> {
  const { tokenUrl = '', ...known } = await sandbox.credentials('platform');
  const whole = {
    grant_type: 'password',
    client_id: known.clientId ?? '',
    client_secret: known.clientSecret ?? '',
    username: known.username ?? '',
    password: known.password ?? '',
    ...form,
  };
  const response = await fetch(tokenUrl, { method: 'POST', body: new URLSearchParams(whole) });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

beforeAll(async () => {
  sandbox = await startSandboxes({ clock: () => now });
});
afterAll(() => sandbox.close());
beforeEach(async () => {
  now = new Date('2026-11-22T12:00:00Z');
  await sandbox.control('/reset');
  const { baseUrl, subscriptionKey = '' } = await sandbox.credentials('platform');
  const authorization = `Bearer ${(await logIn()).body.access_token}`;
  api = (method, path, body, headers) =>
    fetch(`${baseUrl}${path}`, {
      method,
      headers: { authorization, 'ocp-apim-subscription-key': subscriptionKey, ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
});

describe('the door', () => {
  test('takes a key and a token, and tells a wrong key from a wrong token', async () => {
    const wrongKey = await api('GET', '/users', undefined, { 'ocp-apim-subscription-key': 'wrong' });
    expect(wrongKey.status).toBe(401);
    expect(await wrongKey.json()).toMatchObject({ statusCode: 401, message: expect.stringContaining('invalid') });
    const wrongToken = await api('GET', '/users', undefined, { authorization: 'Bearer wrong' });
    expect([wrongToken.status, await wrongToken.text()]).toEqual([401, '']);
  });

  test('gives no token for wrong credentials', async () => {
    expect(await logIn({ client_secret: 'x' })).toEqual({ status: 400, body: { error: 'invalid_client' } });
    expect(await logIn({ password: 'x' })).toEqual({ status: 400, body: { error: 'invalid_grant' } });
    expect(await logIn({ grant_type: 'device' })).toEqual({ status: 400, body: { error: 'unsupported_grant_type' } });
  });

  test.each([
    ['rotate', 400],
    ['reuse', 200],
  ])('refresh=%s: a second use of a refresh token gets %s', async (how, status) => {
    await profile(`refresh=${how}`);
    const form = { grant_type: 'refresh_token', refresh_token: String((await logIn()).body.refresh_token) };
    expect((await logIn(form)).status).toBe(200);
    expect((await logIn(form)).status).toBe(status);
  });

  test('ends tokens by age, by revocation and by profile', async () => {
    const status = async () => (await api('GET', '/roles')).status;
    expect(await status()).toBe(200);
    await profile('bearer=refused');
    expect(await status()).toBe(401);
    await profile('bearer=accepted');
    now = new Date(now.getTime() + 3_600_000);
    expect(await status()).toBe(401);
    now = new Date(now.getTime() - 3_600_000);
    await control('revoke', { kind: 'access' });
    expect(await status()).toBe(401);
  });

  test.each([
    ['with-retry-after', '7'],
    ['without-retry-after', null],
  ])('throttle=%s', async (how, retryAfter) => {
    await profile(`throttle=${how}`);
    const { status, headers } = await api('GET', '/roles');
    expect([status, headers.get('retry-after')]).toEqual([429, retryAfter]);
  });
});

describe('the list of users', () => {
  beforeEach(async () => {
    for (const name of ['a', 'b', 'c']) await control('users', { email: `${name}@example.com`, roles: ['Admin'] });
  });
  const letters = (list: { Email: string }[]) => list.map(({ Email }) => Email.charAt(0)).join('');

  test('paging=items: an envelope with a total', async () => {
    const page = (await json(api('GET', '/users?page=2&pageSize=2'))) as { Items: { Email: string }[] };
    expect(page).toMatchObject({ Page: 2, PageSize: 2, TotalCount: 3 });
    expect(letters(page.Items)).toBe('c');
    await profile('paging=items-no-total');
    expect(await json(api('GET', '/users'))).not.toHaveProperty('TotalCount');
  });

  test.each([
    ['array', 'c'],
    ['all', 'abc'],
  ])('paging=%s: a plain list', async (paging, shown) => {
    await profile(`paging=${paging}`);
    expect(letters((await json(api('GET', '/users?page=2&pageSize=2'))) as { Email: string }[])).toBe(shown);
  });

  test('page-cap=2: no page is longer, whatever is asked for', async () => {
    await profile('page-cap=2');
    expect(await json(api('GET', '/users?pageSize=100'))).toMatchObject({ PageSize: 2, Items: [{}, {}] });
  });

  test.each([
    ['names', ['Admin']],
    ['ids', ['4']],
    ['objects', [{ Id: '4', Name: 'Admin' }]],
  ])('roles=%s', async (how, Roles) => {
    await profile(`roles=${how}`);
    const { Items } = (await json(api('GET', '/users'))) as { Items: object[] };
    expect(Items[0]).toMatchObject({ Roles, OrganizationIds: [] });
    await profile('roles=none');
    const bare = (await json(api('GET', '/users'))) as { Items: object[] };
    expect(Object.keys(bare.Items[0] ?? {})).not.toContain('Roles');
  });

  test('list-lag: who was just invited shows later', async () => {
    await profile('list-lag=1');
    now = new Date(now.getTime() + 1_000);
    await api('POST', '/users/invite', { Users: [{ Email: 'd@example.com' }] });
    expect(await json(api('GET', '/users'))).toMatchObject({ TotalCount: 3 });
    now = new Date(now.getTime() + 1_000);
    expect(await json(api('GET', '/users'))).toMatchObject({ TotalCount: 4 });
  });
});

describe('an invitation', () => {
  const invite = (user: object, more: object = {}) => api('POST', '/users/invite', { Users: [user], ...more });
  const ada = { Email: 'ada@example.com' };

  test('makes a user and sends a mail', async () => {
    await invite({ ...ada, GroupId: '4' }, { OrganizationIds: [17] });
    const { users, invitations } = await platform();
    expect(users).toMatchObject([{ ...ada, State: 'New', Roles: ['Admin'], OrganizationIds: ['17'] }]);
    expect(invitations).toMatchObject([{ ...ada, UserId: users[0]?.Id, SentOn: now.toISOString() }]);
  });

  test('reinvite=200: another mail to the same user; 409: none', async () => {
    const first = (await json(invite(ada))) as object[];
    expect(await json(invite({ Email: 'ADA@example.com' }))).toMatchObject([{ Id: (first[0] as { Id: string }).Id }]);
    expect((await platform()).invitations).toHaveLength(2);
    await profile('reinvite=409');
    expect((await invite(ada)).status).toBe(409);
    const { users, invitations } = await platform();
    expect([users.length, invitations.length]).toEqual([1, 2]);
  });

  test('invite-answer=empty', async () => {
    await profile('invite-answer=empty');
    const answer = await invite(ada);
    expect([answer.status, await answer.text()]).toEqual([200, '']);
  });

  test.each<[what: string, user: object]>([
    ['without an address', { Email: 'nowhere' }],
    ['with an unknown role', { ...ada, GroupId: '99' }],
    ['through a disabled identity provider', { ...ada, IdentityProviderId: '2' }],
    ['through an unknown identity provider', { ...ada, IdentityProviderId: '99' }],
  ])('%s is refused, in the call or in the result', async (_, user) => {
    const users = [{ Email: 'sam@example.com' }, user];
    expect((await api('POST', '/users/invite', { Users: users })).status).toBe(400);
    expect((await platform()).invitations).toEqual([]);
    await profile('invite-failure=200');
    expect(await json(api('POST', '/users/invite', { Users: users }))).toMatchObject([
      { Status: 'Invited', Error: null },
      { Status: 'Failed', Id: null, Error: expect.any(String) },
    ]);
    expect((await platform()).invitations).toHaveLength(1);
  });

  test('of nobody, or without the right to, is refused', async () => {
    for (const body of [{}, { Users: [] }, { Users: 'ada' }, []]) {
      expect((await api('POST', '/users/invite', body)).status).toBe(400);
    }
    await profile('rights=read-only');
    expect((await invite(ada)).status).toBe(403);
    expect((await platform()).users).toEqual([]);
  });

  test('organisations=user: OrganizationIds is read in the user', async () => {
    await profile('organisations=user');
    await invite({ ...ada, OrganizationIds: ['18'] }, { OrganizationIds: ['17'] });
    expect((await platform()).users).toMatchObject([{ OrganizationIds: ['18'] }]);
  });
});

describe('what a person does in the platform’s pages', () => {
  const email = 'ada@example.com';
  const user = async () => (await platform()).users[0];

  test('accepting, blocking, unblocking, editing and deleting', async () => {
    await api('POST', '/users/invite', { Users: [{ Email: email }] });
    await control('accept', { email });
    expect(await user()).toMatchObject({ State: 'Active' });
    await control('block', { email });
    expect(await user()).toMatchObject({ State: 'Blocked' });
    await control('unblock', { email });
    await control('edit', { email, set: { Roles: ['Admin'], LastName: 'King' } });
    expect(await user()).toMatchObject({ State: 'Active', Roles: ['Admin'], LastName: 'King' });
    await control('delete', { email });
    expect(await user()).toBeUndefined();
  });

  test('roles and identity providers', async () => {
    await control('roles', { name: 'Boss', weight: 99 });
    await control('roles', { name: 'Admin', gone: true });
    await control('identity-providers', { name: 'Entra ID', enabled: true });
    const { roles, identityProviders } = await platform();
    expect(roles.map(({ Name }) => Name)).toEqual(['Viewer', 'User', 'Editor', 'Boss']);
    expect(identityProviders.map(({ Enabled }) => Enabled)).toEqual([true, true]);
  });

  test('what makes no sense is refused in words', async () => {
    await control('users', { email });
    await expect(control('accept', { email })).rejects.toThrow('state Active');
    await expect(control('block', { email: 'x@example.com' })).rejects.toThrow('x@example.com');
    await expect(control('edit', { email, set: { Id: '1' } })).rejects.toThrow('set: ');
    await expect(control('users', {})).rejects.toThrow('email: ');
    await expect(control('roles', {})).rejects.toThrow('name: ');
    await expect(control('identity-providers', { name: 'x', enabled: true })).rejects.toThrow('name: ');
    await expect(control('identity-providers', { name: 'Platform' })).rejects.toThrow('enabled: ');
    await expect(control('revoke', {})).rejects.toThrow('kind: ');
  });
});
