/** The FlowMate sandbox as a bare client sees it: every endpoint, and every quirk of document and source. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type FlowmateApi, flowmateApi, logIn } from './flowmate-api.ts';
import { type SandboxServer, startSandboxes } from './sandbox-server.ts';

const TENANT = '5f00000000000000000000a1';
const OTHER = '5f00000000000000000000a2';
const [VIEWER, EDITOR, ADMIN] = ['5f00000000000000000000b1', '5f00000000000000000000b2', '5f00000000000000000000b3'];
const NOBODY = '5f00000000000000000000ff';

let sandbox: SandboxServer;
let now = new Date('2026-11-22T14:00:00Z');
let api: FlowmateApi;
const profile = (chosen: string) => sandbox.control('/profile', { system: 'flowmate', profile: chosen });
const kim = { username: 'Kim@Example.com', firstname: 'Kim', lastname: 'Flow', password: 'pw', tenant: TENANT };
const create = async (user: object = kim) => ((await api('POST', '/api/users', user)).body as { id: string }).id;
const stored = async () => (await sandbox.state()).flowmate.users as unknown as Record<string, unknown>[];

beforeAll(async () => {
  sandbox = await startSandboxes({ clock: () => now });
});
afterAll(() => sandbox.close());
beforeEach(async () => {
  now = new Date('2026-11-22T14:00:00Z');
  await sandbox.control('/reset');
  await sandbox.control('/flowmate/revoke');
  api = flowmateApi(sandbox, await logIn(sandbox));
});

describe('the log-in', () => {
  const anonymous = () => flowmateApi(sandbox);

  test('gives an opaque token, the id, and a session cookie', async () => {
    const { username, password } = await sandbox.credentials('flowmate');
    const { status, body, headers } = await anonymous()('POST', '/login', { username, password });
    expect(status).toBe(200);
    expect(body).toEqual({ token: expect.stringMatching(/^[\w-]{171}$/), id: expect.stringMatching(/^[0-9a-f]{24}$/) });
    expect(headers.get('set-cookie')).toContain('HttpOnly');
  });

  test.each([
    ['400', [400, 403, 403, 403]],
    ['401', [401, 401, 401, 401]],
  ])(
    'login-errors=%s: credentials missing, unknown, wrong, of somebody who is not ACTIVE',
    async (chosen, statuses) => {
      await profile(`login-errors=${chosen}`);
      await create({ ...kim, status: 'PENDING' });
      const replies = [
        await anonymous()('POST', '/login', { username: 'x' }),
        await anonymous()('POST', '/login', { username: 'x@example.com', password: 'pw' }),
        await anonymous()('POST', '/login', { username: 'kim@example.com', password: 'no' }),
        await anonymous()('POST', '/login', { username: 'kim@example.com', password: 'pw' }),
      ];
      expect(replies.map(({ status }) => status)).toEqual(statuses);
      expect(replies.map(({ body }) => (body as { message: string }).message)).toEqual([
        'UNKNOWN_ERROR',
        'USER_NOT_FOUND',
        'PASSWORD_INCORRECT',
        'ENTITY_DISABLED',
      ]);
    },
  );

  test('a token lives as long as it is used', async () => {
    await profile('expires-in=2');
    const sliding = flowmateApi(sandbox, await logIn(sandbox));
    await sandbox.control('/flowmate/revoke');
    expect((await sliding('GET', '/api/users/me')).status).toBe(401);
    const fresh = flowmateApi(sandbox, await logIn(sandbox));
    for (let second = 0; second < 5; second++) {
      now = new Date(now.getTime() + 1_500);
      expect((await fresh('GET', '/api/users/me')).status).toBe(200);
    }
    now = new Date(now.getTime() + 2_500);
    expect(await fresh('GET', '/api/users/me')).toMatchObject({ status: 401, body: { message: 'VALIDATION_ERROR' } });
  });

  test('what lets nobody in: no header, half a header, an unknown kind, an unknown token', async () => {
    const reply = async (headers: Record<string, string>) => {
      const { status, body } = await anonymous()('GET', '/api/users/me', undefined, headers);
      return [status, (body as { message: string }).message];
    };
    expect(await reply({})).toEqual([401, '']);
    expect(await reply({ authorization: 'Bearer' })).toEqual([401, 'INVALID_HEADER']);
    expect(await reply({ authorization: 'Bearer x' })).toEqual([401, 'VALIDATION_ERROR']);
    expect(await reply({ authorization: 'Bearer x', 'x-auth-type': 'other' })).toEqual([400, '']);
    expect(await reply({ authorization: 'Bearer x', 'x-auth-type': 'oidc' })).toEqual([401, 'INVALID_TOKEN']);
  });

  test('the word before the token is not looked at, and an error to a form is a page', async () => {
    const token = await logIn(sandbox);
    expect((await anonymous()('GET', '/api/users/me', undefined, { authorization: `Token ${token}` })).status).toBe(
      200,
    );
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const page = await anonymous()('POST', '/api/users', undefined, headers);
    expect(page.headers.get('content-type')).toContain('html');
  });

  test('a cookie outranks the token', async () => {
    await create();
    const login = await anonymous()('POST', '/login', { username: 'kim@example.com', password: 'pw' });
    const cookie = login.headers.get('set-cookie')?.split(';')[0] ?? '';
    const { body } = await api('GET', '/api/users/me', undefined, { cookie });
    expect(body).toMatchObject({ username: 'kim@example.com' });
    expect((await api('GET', '/api/users', undefined, { cookie })).status).toBe(200);
    await profile('users-for-tenants=refused');
    expect((await api('GET', '/api/users', undefined, { cookie })).status).toBe(403);
    expect((await anonymous()('POST', '/logout')).body).toEqual({ loggedOut: true });
  });

  test('who was disabled is let in no more', async () => {
    const id = await create();
    const own = flowmateApi(sandbox, await logIn(sandbox, { username: 'kim@example.com', password: 'pw' }));
    expect((await own('GET', '/api/users/me')).status).toBe(200);
    await api('PATCH', `/api/users/${id}`, { status: 'DISABLED' });
    expect(await own('GET', '/api/users/me')).toMatchObject({ status: 401, body: { message: 'VALIDATION_ERROR' } });
  });

  test('edge=limited answers everything with 429, bearer=refused with 401', async () => {
    await profile('edge=limited');
    const { status, headers } = await api('GET', '/api/users');
    expect([status, headers.get('retry-after')]).toEqual([429, null]);
    await profile('edge=off,bearer=refused');
    expect((await api('GET', '/api/users')).status).toBe(401);
  });
});

describe('users', () => {
  test('a create answers the id alone, in data when asked', async () => {
    expect(await api('POST', '/api/users', kim)).toMatchObject({ status: 200, body: { id: expect.any(String) } });
    const { body } = await api('POST', '/api/users?meta=true', { ...kim, username: 'b@example.com' });
    expect(body).toEqual({ data: { id: expect.stringMatching(/^[0-9a-f]{24}$/) } });
  });

  test('a create folds the name, fills in what is not said, drops what it does not know', async () => {
    const id = await create({ ...kim, img: 'https://example.com/i.png', avatar: 'a', nickname: 'K' });
    expect(await stored()).toEqual([
      {
        id,
        username: 'kim@example.com',
        firstname: 'Kim',
        lastname: 'Flow',
        status: 'ACTIVE',
        confirmed: true,
        roles: [],
        permissions: [],
        tenant: TENANT,
        password: 'pw',
        img: 'https://example.com/i.png',
        createdAt: '2026-11-22T14:00:00.000Z',
        updatedAt: '2026-11-22T14:00:00.000Z',
      },
    ]);
    await profile('image=avatar');
    await create({ ...kim, username: 'b@example.com', img: 'i', avatar: 'a' });
    expect((await stored())[1]).toMatchObject({ avatar: 'a' });
    expect((await stored())[1]).not.toHaveProperty('img');
  });

  test('a create is refused for what is missing, wrong or taken', async () => {
    const reply = async (user: object) => {
      const { status, body } = await api('POST', '/api/users', user);
      return [status, (body as { message: string }).message];
    };
    await create();
    expect(await reply({ ...kim, username: 'KIM@example.com' })).toEqual([409, 'DUPLICATE_KEY']);
    for (const wrong of [{ username: '' }, { status: 'BOGUS' }, { roles: ['Editor'] }, { tenant: 'x' }]) {
      expect(await reply({ ...kim, username: 'b@example.com', ...wrong })).toEqual([400, 'INPUT_INVALID']);
    }
    expect(await reply({ username: 'kim', password: 'pw' })).toEqual([200, undefined]);
    await profile('username=email');
    expect(await reply({ username: 'tim', password: 'pw' })).toEqual([400, 'INPUT_INVALID']);
    expect(await reply({ username: 'b@example.com' })).toEqual([400, 'INPUT_INVALID']);
    await profile('errors=500');
    expect(await reply({ username: 'b@example.com' })).toEqual([500, 'No password was given']);
    const own = { ...kim, username: 'own@example.com', _id: NOBODY };
    expect(await create(own)).toBe(NOBODY);
    expect(await reply({ ...own, username: 'other@example.com' })).toEqual([409, 'DUPLICATE_KEY']);
  });

  test.each([
    ['documented', 'id', [expect.objectContaining({ id: EDITOR, name: 'Editor' })]],
    ['observed', '_id', [EDITOR]],
  ])('%s: the list has %s, and roles in its own form; a single read has objects', async (chosen, idField, roles) => {
    const id = await create({ ...kim, roles: [EDITOR] });
    await profile(chosen);
    const [listed] = (await api('GET', '/api/users')).body as Record<string, unknown>[];
    expect(listed).toMatchObject({ [idField]: id, roles });
    expect(Object.keys(listed ?? {})).not.toContain('password');
    const { body } = await api('GET', `/api/users/${id}`);
    expect(body).toMatchObject({ [idField]: id, roles: [{ [idField]: EDITOR, name: 'Editor' }] });
  });

  test('the list filters by exact names and ids', async () => {
    const id = await create();
    await create({ ...kim, username: 'sam@example.com' });
    const names = async (query: string) =>
      ((await api('GET', `/api/users?${query}`)).body as { username: string }[]).map(({ username }) => username);
    expect(await names('username=KIM@example.com')).toEqual(['kim@example.com']);
    expect(await names('username=kim@example.com&username=sam@example.com')).toHaveLength(2);
    expect(await names('username=kim')).toEqual([]);
    expect(await names(`userId=${id}`)).toEqual(['kim@example.com']);
    expect((await api('GET', '/api/users?userId=x')).status).toBe(400);
    await profile('errors=500');
    expect(await api('GET', '/api/users?userId=x')).toMatchObject({
      status: 500,
      body: { message: 'The filter is invalid.' },
    });
  });

  test.each([
    ['boolean', { '?meta': true, '?meta=true': true, '?meta=false': false, '': false }],
    ['truthy', { '?meta': false, '?meta=true': true, '?meta=false': true, '': false }],
  ])('meta=%s', async (chosen, expected) => {
    await profile(`meta=${chosen}`);
    await create();
    for (const [query, isMeta] of Object.entries(expected)) {
      const { body } = await api('GET', `/api/users${query}`);
      if (isMeta) expect(body).toMatchObject({ data: [{ username: 'kim@example.com' }], meta: { total: 1 } });
      else expect(body).toMatchObject([{ username: 'kim@example.com' }]);
    }
  });

  test('the current user is read and writes only its names', async () => {
    await create();
    const own = flowmateApi(sandbox, await logIn(sandbox, { username: 'kim@example.com', password: 'pw' }));
    expect(await own('PATCH', '/api/users/me', { firstname: 'K', status: 'DISABLED' })).toMatchObject({
      status: 200,
      body: 'OK',
    });
    expect((await own('GET', '/api/users/me')).body).toMatchObject({ firstname: 'K', status: 'ACTIVE' });
    expect(await own('PATCH', '/api/users/5f0000000000000000000001', {})).toMatchObject({
      status: 403,
      body: { message: 'MISSING_PERMISSION' },
    });
  });

  test('PATCH and PUT answer OK, change what they name, clear by null, and check nothing', async () => {
    const id = await create();
    for (const [method, body] of [
      ['PATCH', { lastname: null }],
      ['PATCH', { username: 'NO-ADDRESS', status: 'BOGUS' }],
      ['PUT', { firstname: 'K', password: 'new' }],
    ] as const) {
      expect(await api(method, `/api/users/${id}`, body)).toMatchObject({ status: 200, body: 'OK' });
    }
    expect(await stored()).toMatchObject([
      { username: 'no-address', firstname: 'K', lastname: null, status: 'BOGUS', password: 'new' },
    ]);
  });

  test.each([
    ['honest', [404, 400, 409, 400, 400, 404]],
    ['500', [500, 500, 500, 500, 500, 200]],
  ])('errors=%s', async (chosen, statuses) => {
    await profile(`errors=${chosen}`);
    const id = await create();
    await create({ ...kim, username: 'sam@example.com' });
    const replies = [
      await api('PATCH', `/api/users/${NOBODY}`, {}),
      await api('PATCH', '/api/users/x', {}),
      await api('PATCH', `/api/users/${id}`, { username: 'SAM@example.com' }),
      await api('PATCH', `/api/users/${id}`, { roles: ['Editor'] }),
      await api('GET', '/api/users/x'),
      await api('DELETE', `/api/users/${NOBODY}`),
    ];
    expect(replies.map(({ status }) => status)).toEqual(statuses);
    expect(await api('GET', `/api/users/${NOBODY}`)).toMatchObject({ status: 404, body: 'Not Found' });
    expect(await api('DELETE', `/api/users/${id}`)).toMatchObject({ status: 200, body: 'OK' });
    expect(await stored()).toHaveLength(1);
  });
});

describe('an administrator of one tenant', () => {
  beforeEach(() => profile('account=tenant-admin'));

  test('creates there and nowhere else, with its roles and common permissions only', async () => {
    const id = await create({ ...kim, tenant: OTHER, roles: [VIEWER], permissions: ['tenant.flows.read'] });
    expect(await stored()).toMatchObject([{ id, tenant: TENANT }]);
    for (const more of [{ roles: [ADMIN] }, { permissions: ['all'] }]) {
      const reply = await api('POST', '/api/users', { ...kim, username: 'b@example.com', ...more });
      expect(reply).toMatchObject({ status: 403, body: { message: 'FORBIDDEN' } });
      expect((await api('PATCH', `/api/users/${id}`, more)).status).toBe(403);
    }
  });

  test('lists its own users, by GET /users or by the tenant alone', async () => {
    await create();
    await profile('account=admin');
    await create({ ...kim, username: 'theirs@example.com', tenant: OTHER });
    await profile('account=tenant-admin');
    for (const path of ['/api/users', `/api/tenants/${TENANT}/users`, `/api/tenants/${OTHER}/users`]) {
      expect((await api('GET', path)).body).toMatchObject([{ username: 'kim@example.com' }]);
    }
    await profile('users-for-tenants=refused');
    expect(await api('GET', '/api/users')).toMatchObject({ status: 403, body: { message: 'FORBIDDEN' } });
    expect((await api('GET', `/api/tenants/${TENANT}/users?meta=true`)).body).toMatchObject({ meta: { total: 1 } });
    expect((await api('GET', '/api/tenants')).status).toBe(403);
  });

  test('reads nobody of others, but changes whom it hits, and takes them over', async () => {
    await profile('account=admin');
    const id = await create({ ...kim, tenant: OTHER });
    await profile('account=tenant-admin');
    expect((await api('GET', `/api/users/${id}`)).status).toBe(404);
    expect((await api('PATCH', `/api/users/${id}`, { firstname: 'X' })).status).toBe(200);
    expect(await stored()).toMatchObject([{ firstname: 'X', tenant: TENANT }]);
  });

  test('deletes nobody', async () => {
    const id = await create();
    expect(await api('DELETE', `/api/users/${id}`)).toMatchObject({
      status: 403,
      body: { message: 'MISSING_PERMISSION' },
    });
  });
});

describe('what stands around users', () => {
  test('four roles to begin with, two for everybody', async () => {
    const { body } = await api('GET', '/api/roles');
    const shown = (body as { name: string; isGlobal: boolean }[]).map(({ name, isGlobal }) => `${name} ${isGlobal}`);
    expect(shown.sort()).toEqual(['Admin true', 'Editor false', 'User true', 'Viewer false']);
    expect((await sandbox.state()).flowmate.roles.map(({ name }) => name)).toEqual([
      'Viewer',
      'Editor',
      'Admin',
      'User',
    ]);
  });

  test('roles are made, changed with the record as it was for an answer, and taken from their users', async () => {
    const made = (await api('POST', '/api/roles', { name: 'Tester', permissions: ['tenant.flows.read'] })).body as {
      id: string;
    };
    expect((await api('GET', `/api/roles/${made.id}`)).body).toMatchObject({ name: 'Tester', isGlobal: false });
    expect((await api('PATCH', `/api/roles/${made.id}`, { name: 'Checker' })).body).toMatchObject({ name: 'Tester' });
    const { tenant: _, ...free } = kim;
    await create({ ...free, roles: [made.id] });
    expect(await api('DELETE', `/api/roles/${made.id}`)).toMatchObject({ status: 200, body: 'OK' });
    expect(await stored()).toMatchObject([{ roles: [] }]);
    expect((await api('GET', `/api/roles/${made.id}`)).status).toBe(404);
  });

  test('roles are refused for a name that is reserved or taken, and for restricted permissions', async () => {
    const status = async (role: object) => (await api('POST', '/api/roles', role)).status;
    expect(await status({})).toBe(400);
    expect(await status({ name: 'tenant_admin' })).toBe(403);
    expect(await status({ name: 'X', permissions: ['all'] })).toBe(403);
    expect([await status({ name: 'X' }), await status({ name: 'X' })]).toEqual([200, 409]);
    await profile('errors=500');
    expect(await status({ name: 'X' })).toBe(500);
  });

  test("a tenant's administrator sees its roles and those for everybody, and owns only the former", async () => {
    await profile('account=tenant-admin');
    expect((await api('GET', '/api/roles')).body).toHaveLength(4);
    expect((await api('GET', `/api/roles/${VIEWER}`)).status).toBe(200);
    expect((await api('PATCH', `/api/roles/${ADMIN}`, { name: 'Y' })).status).toBe(403);
    expect(await api('GET', `/api/roles/${NOBODY}`)).toMatchObject({ status: 404, body: { message: 'FORBIDDEN' } });
  });

  test('permissions, the restricted ones for administrators', async () => {
    expect((await api('GET', '/api/permissions')).body).toEqual(expect.arrayContaining(['tenant.flows.read', 'all']));
    await profile('account=tenant-admin');
    expect((await api('GET', '/api/permissions?meta=true')).body).toMatchObject({
      data: expect.not.arrayContaining(['all']),
    });
  });

  test('tenants, and the call that never answers', async () => {
    expect((await api('GET', '/api/tenants')).body).toMatchObject([{ id: TENANT }]);
    expect((await api('GET', `/api/tenants/${TENANT}`)).body).toMatchObject({ name: 'Sandbox' });
    expect((await api('GET', `/api/tenants/${OTHER}`)).status).toBe(404);
    const token = await logIn(sandbox);
    const call = fetch(`${sandbox.url}/flowmate/api/tenants/${TENANT}/user/${NOBODY}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(100),
    });
    await expect(call).rejects.toThrow(/timeout/);
  });

  test('tokens: permanent ones are made, shown masked, introspected, deleted', async () => {
    const accountId = await create({ ...kim, roles: [EDITOR] });
    const { body } = await api('POST', '/api/tokens', { accountId, expiresIn: -1 });
    const { token, id } = body as { token: string; id: string };
    now = new Date('2030-01-01T00:00:00Z');
    const own = flowmateApi(sandbox, token);
    expect((await own('GET', '/api/users/me')).body).toMatchObject({ username: 'kim@example.com' });
    expect((await own('GET', '/api/tokens/refresh')).body).toEqual({ token });
    expect((await own('GET', '/api/tokens')).status).toBe(403);
    const admin = flowmateApi(sandbox, (await sandbox.credentials('flowmate')).permanentToken);
    expect(JSON.stringify((await admin('GET', '/api/tokens')).body)).not.toContain(token);
    expect((await admin('GET', `/api/tokens/${id}`)).body).toMatchObject({
      accountId,
      token: expect.stringMatching(/^\*+/),
    });
    expect((await admin('POST', '/api/tokens/introspect', { token })).body).toMatchObject({
      username: 'kim@example.com',
    });
    expect(await admin('DELETE', `/api/tokens/${id}`)).toMatchObject({ status: 200, body: 'OK' });
    expect((await own('GET', '/api/users/me')).status).toBe(401);
    expect((await admin('POST', '/api/tokens', { accountId: NOBODY, expiresIn: -1 })).status).toBe(404);
    expect((await admin('POST', '/api/tokens/introspect', { token })).status).toBe(404);
  });

  test('a reset logs nobody out, and leaves the API account out of the users', async () => {
    await create();
    await sandbox.control('/reset');
    expect((await api('GET', '/api/users')).body).toEqual([]);
  });
});
