/** The uflow sandbox as a bare client sees it: every endpoint, in the documents' version and in the code's. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type SandboxServer, startSandboxes } from './sandbox-server.ts';

interface Reply {
  status: number;
  body: { [name: string]: unknown };
}

const ELSEWHERE = '00000000-0000-4000-8000-000000000000';
const NOBODY = '11111111-0000-4000-8000-000000000000';

let sandbox: SandboxServer;
let known: { [name: string]: string };
let tenant_id: string;
let owner: string;

const profile = (chosen: string) => sandbox.control('/profile', { system: 'uflow', profile: chosen });
const endUsers = async () => (await sandbox.state()).uflow.endUsers as { [name: string]: unknown }[];
const mails = async () => (await sandbox.state()).uflow.mails;
const add = async (user: object) => ((await sandbox.control('/uflow/end-users', user)) as { id: string }).id;
/** The record with this id, as it is kept. */
const kept = async (id: string) => (await endUsers()).find((user) => user.id === id);

async function api(method: string, path: string, body?: object, token = known.token): Promise<Reply> {
  const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {};
  const response = await fetch(`${sandbox.url}/uflow${path}`, {
    method,
    headers,
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json');
  return { status: response.status, body: isJson ? JSON.parse(text) : { text } };
}
const list = (more: object = {}) => api('POST', '/user/enduser/list', { tenant_id, ...more });
const emails = ({ body }: Reply) => (body.users as { email: string }[]).map(({ email }) => email);
const statusOf = async (call: Promise<Reply>) => (await call).status;

beforeAll(async () => {
  sandbox = await startSandboxes();
  known = await sandbox.credentials('uflow');
  tenant_id = known.tenantId ?? '';
});
afterAll(() => sandbox.close());
beforeEach(async () => {
  await sandbox.control('/reset');
  owner = String((await endUsers())[0]?.id);
});

test('a reset leaves one active user', async () => {
  expect(await endUsers()).toMatchObject([{ email: 'owner@sandbox.test', active: true, tenant_id }]);
});

test('documented and observed switch all seven contradictions', async () => {
  const points = ['get-list', 'active-default', 'filter', 'register', 'metadata', 'status-false', 'shapes'];
  for (const [chosen, which] of [
    ['documented', 0],
    ['observed', 1],
  ] as const) {
    const { uflow } = (await profile(chosen)) as { uflow: Record<string, string> };
    const values = [
      ['works', '400'],
      ['all', 'active-only'],
      ['exact', 'substring'],
      ['conflict', 'duplicates'],
      ['stored', 'dropped'],
      ['works', '400'],
      ['documented', 'code'],
    ].map((pair) => pair[which]);
    expect(points.map((point) => uflow[point])).toEqual(values);
  }
});

describe('the uflow sandbox, logging in', () => {
  const byEmail = (body: object) => api('POST', '/auth/admin/login', body, '');
  const byName = (body: object) => api('POST', '/admin/auth/login', body, '');

  test('both documented log-ins give a token that opens the API until it is revoked', async () => {
    const { username, password } = known;
    const one = await byEmail({ email: username, password, tenant_domain: known.tenantDomain });
    expect(one).toMatchObject({ status: 200, body: { email: username, tenant_id, mfa_required: false } });
    const other = await byName({ username, password });
    expect(other).toMatchObject({ status: 200, body: { token_type: 'Bearer', expires_in: 3600 } });
    const read = (token: unknown) => statusOf(api('POST', '/user/enduser/list', { tenant_id }, String(token)));
    for (const token of [one.body.token, other.body.access_token]) expect(await read(token)).toBe(200);
    await sandbox.control('/reset');
    expect(await read(one.body.token)).toBe(200);
    await sandbox.control('/uflow/revoke');
    expect(await read(one.body.token)).toBe(401);
    expect(await read(known.token)).toBe(200);
  });

  test('refuses what is wrong or missing', async () => {
    const { username, password } = known;
    expect(await statusOf(byEmail({ email: username, password: 'short' }))).toBe(400);
    expect(await statusOf(byEmail({ email: username, password: 'wrong-password' }))).toBe(401);
    expect(await statusOf(byEmail({ email: username, password, tenant_domain: 'elsewhere.test' }))).toBe(401);
    expect(await statusOf(byName({ username }))).toBe(400);
    expect(await statusOf(byName({ username, password: 'wrong-password' }))).toBe(401);
    for (const token of ['', 'wrong'])
      expect(await statusOf(api('POST', '/user/enduser/list', { tenant_id }, token))).toBe(401);
  });

  test('a second factor gives no token', async () => {
    await profile('mfa=required');
    const { username, password } = known;
    expect((await byEmail({ email: username, password })).body).toMatchObject({ mfa_required: true, token: '' });
    expect((await byName({ username, password })).body).toEqual({ mfa_required: true });
  });

  test('rate-limit=on and bearer=refused hit every call', async () => {
    await profile('bearer=refused');
    expect(await statusOf(list())).toBe(401);
    await profile('rate-limit=on');
    expect(await statusOf(list())).toBe(429);
  });
});

describe('the uflow sandbox, listing', () => {
  const at = (day: number) => ({ created_at: `2026-01-0${day}T10:00:00Z` });

  beforeEach(async () => {
    await add({ email: 'ann@example.com', name: 'Ann', ...at(1) });
    await add({ email: 'bob@example.com', name: 'Bob', active: false, ...at(2) });
    await add({ email: 'joann@example.com', name: 'Joann', provider: 'google', client_id: 'other', ...at(3) });
  });

  test('newest first, in pages', async () => {
    expect((await list({ limit: 2, page: 2 })).body).toMatchObject({ page: 2, limit: 2, total: 4, total_pages: 2 });
    expect(emails(await list({ limit: 2, page: 2 }))).toEqual(['bob@example.com', 'ann@example.com']);
    expect((await list({ limit: 500 })).body).toMatchObject({ limit: 100 });
    expect((await list()).body).toMatchObject({ limit: 10, page: 1 });
  });

  test('an item has the fields of the document', async () => {
    const { body } = await list({ email: 'ann@example.com' });
    expect(Object.keys((body.users as object[])[0] ?? {}).sort()).toEqual([
      'active',
      'client_id',
      'created_at',
      'email',
      'id',
      'last_login',
      'name',
      'provider',
    ]);
  });

  test('by each filter, by GET as by POST', async () => {
    for (const [filter, found] of [
      [{ active: false }, ['bob@example.com']],
      [{ email: 'ANN@example.com' }, ['ann@example.com']],
      [{ name: 'joann' }, ['joann@example.com']],
      [{ provider: 'google' }, ['joann@example.com']],
      [{ client_id: 'other' }, ['joann@example.com']],
    ] as const) {
      expect(emails(await list(filter))).toEqual(found);
      const query = new URLSearchParams({
        tenant_id,
        ...Object.fromEntries(Object.entries(filter).map(([n, v]) => [n, String(v)])),
      });
      expect(emails(await api('GET', `/user/enduser/list?${query}`))).toEqual(found);
    }
  });

  test('without a tenant 400, of an unknown one 404, in the documented shape', async () => {
    const none = await api('POST', '/user/enduser/list', {});
    expect(none).toMatchObject({ status: 400, body: { error: { code: 'BAD_REQUEST', message: expect.any(String) } } });
    const other = await list({ tenant_id: ELSEWHERE });
    expect(other).toMatchObject({ status: 404, body: { error: { code: 'NOT_FOUND', message: 'Tenant not found' } } });
    await profile('shapes=code');
    expect((await list({ tenant_id: ELSEWHERE })).body).toEqual({ error: 'Tenant not found' });
  });

  test('get-list=400', async () => {
    await profile('get-list=400');
    expect(await statusOf(api('GET', `/user/enduser/list?tenant_id=${tenant_id}`))).toBe(400);
    expect(await statusOf(list())).toBe(200);
  });

  test('active-default=active-only', async () => {
    expect((await list()).body.total).toBe(4);
    await profile('active-default=active-only');
    expect((await list()).body.total).toBe(3);
    expect(emails(await list({ active: false }))).toEqual(['bob@example.com']);
  });

  test('filter=substring: any part, without case, % and _ as they come', async () => {
    await profile('filter=substring');
    expect(emails(await list({ email: 'ANN@' }))).toEqual(['joann@example.com', 'ann@example.com']);
    expect(emails(await list({ email: 'b_b@' }))).toEqual(['bob@example.com']);
    expect(emails(await list({ email: 'jo%com' }))).toEqual(['joann@example.com']);
    expect(emails(await list({ email: 'ann.example' }))).toEqual([]);
  });

  test('shapes=code shows whose a user is, and never a password', async () => {
    await add({ email: 'eve@example.com', password: 'secret' });
    await profile('shapes=code');
    const { body } = await list({ email: 'eve@example.com' });
    expect(body.users).toMatchObject([{ tenant_id, updated_at: expect.any(String) }]);
    expect(JSON.stringify(body)).not.toContain('secret');
  });

  test("other tenants' users show only with listing=leaking", async () => {
    await add({ email: 'foreign@example.com', tenant_id: ELSEWHERE });
    expect((await list()).body.total).toBe(4);
    await profile('listing=leaking');
    expect((await list()).body.total).toBe(5);
  });

  test('tenant-field=workspace_id renames the field everywhere', async () => {
    await profile('tenant-field=workspace_id');
    expect(await statusOf(list())).toBe(400);
    expect((await api('POST', '/user/enduser/list', { workspace_id: tenant_id })).status).toBe(200);
  });

  test('the admin list: active and inactive, in either shape', async () => {
    const admin = (more: object) => api('POST', '/admin/enduser/list', { tenant_id, ...more });
    expect((await admin({ provider: 'local' })).body).toMatchObject({ total: 3, total_pages: 1 });
    expect(await statusOf(api('POST', '/admin/enduser/list', {}))).toBe(400);
    expect(await statusOf(admin({ tenant_id: ELSEWHERE }))).toBe(404);
    await profile('observed');
    const { body } = await admin({ limit: 0 });
    expect(body).not.toHaveProperty('total_pages');
    const [newest, ...others] = body.users as { [name: string]: unknown }[];
    expect(others).toHaveLength(3);
    expect(newest).toMatchObject({ first_name: 'Tenant', last_name: 'Owner', status: 'active', roles: [] });
    expect(newest).not.toHaveProperty('name');
    expect(newest).not.toHaveProperty('active');
    expect(others.map(({ status }) => status)).toEqual(['active', 'inactive', 'active']);
  });
});

describe('the uflow sandbox, registering', () => {
  const register = (more: object = {}) =>
    api('POST', '/user/clients/register', {
      tenant_id,
      client_id: known.clientId,
      email: 'jane@example.com',
      password: 'securepassword',
      name: 'Jane Doe',
      provider: 'local',
      ...more,
    });
  const coded = (more: object = {}) => register({ client_id: undefined, project_id: known.projectId, ...more });

  test('as documented: 201, then 409 whatever the case, and the record as it was sent', async () => {
    const { status, body } = await register();
    expect(status).toBe(201);
    expect(body).toEqual({
      user_id: expect.any(String),
      email: 'jane@example.com',
      tenant_id,
      client_id: known.clientId,
      message: 'User registered successfully',
    });
    expect(await kept(String(body.user_id))).toMatchObject({
      name: 'Jane Doe',
      active: true,
      password: 'securepassword',
    });
    expect(await register({ email: 'JANE@example.com' })).toMatchObject({
      status: 409,
      body: { error: { code: 'CONFLICT' } },
    });
    expect(await endUsers()).toHaveLength(2);
  });

  test('as documented: 400 without an address, 404 for an unknown tenant or client', async () => {
    expect(await statusOf(register({ email: '' }))).toBe(400);
    expect(await statusOf(register({ tenant_id: ELSEWHERE }))).toBe(404);
    expect(await statusOf(register({ client_id: ELSEWHERE }))).toBe(404);
  });

  test('register=duplicates: the same person again and again, each a client of its own, without a password', async () => {
    await profile('observed');
    const [one, other] = [await coded(), await coded()];
    expect([one.status, other.status]).toEqual([201, 201]);
    expect(one.body).toMatchObject({
      email: 'jane@example.com',
      project_id: known.projectId,
      secret_id: expect.any(String),
      active: true,
    });
    expect(one.body.id).not.toBe(other.body.id);
    expect(one.body.client_id).not.toBe(other.body.client_id);
    expect(await kept(String(one.body.id))).not.toHaveProperty('password');
    expect(await endUsers()).toHaveLength(3);
  });

  test('register=duplicates: needs project and name, falls over a project id that is none, calls the tenant a user', async () => {
    await profile('observed');
    expect(await statusOf(register())).toBe(400);
    expect(await statusOf(coded({ name: '' }))).toBe(400);
    expect(await statusOf(coded({ project_id: 'none' }))).toBe(500);
    expect(await coded({ tenant_id: ELSEWHERE })).toEqual({ status: 401, body: { error: 'User not found' } });
  });
});

describe('the uflow sandbox, changing', () => {
  let id: string;
  const one = (more = '', tenant = tenant_id) => `/user/enduser/${tenant}/${id}${more}`;

  beforeEach(async () => {
    id = await add({ email: 'jane@example.com', name: 'Jane' });
  });

  test('an update leaves alone what it does not name', async () => {
    expect((await api('PUT', one(), { name: 'Jane Doe' })).body).toMatchObject({
      user_id: id,
      email: 'jane@example.com',
      name: 'Jane Doe',
    });
    await api('PUT', one(), { email: 'doe@example.com', metadata: { phone: '1' } });
    expect(await kept(id)).toMatchObject({ name: 'Jane Doe', email: 'doe@example.com', metadata: { phone: '1' } });
    expect(await statusOf(api('PUT', one('', ELSEWHERE), { name: 'x' }))).toBe(403);
    id = NOBODY;
    expect(await statusOf(api('PUT', one(), { name: 'x' }))).toBe(404);
  });

  test('metadata=dropped, and the shape of the code', async () => {
    await profile('observed');
    const { body } = await api('PUT', one(), { name: 'Jane Doe', metadata: { phone: '1' } });
    expect(body).toMatchObject({ message: expect.any(String), user: { id, name: 'Jane Doe', tenant_id } });
    expect(await kept(id)).not.toHaveProperty('metadata');
  });

  test('PUT .../status goes both ways, but with status-false=400 only one', async () => {
    const put = (active: unknown) => statusOf(api('PUT', one('/status'), { active }));
    expect([await put(false), (await kept(id))?.active]).toEqual([200, false]);
    await profile('status-false=400');
    expect([await put(true), (await kept(id))?.active]).toEqual([200, true]);
    expect([await put(false), (await kept(id))?.active]).toEqual([400, true]);
    expect(await put(undefined)).toBe(400);
  });

  test("the admin's flag takes false in every version, and mails only where it is told to", async () => {
    const put = (more: object) =>
      api('POST', '/admin/enduser/active', { tenant_id, user_id: id, active: false, ...more });
    expect(await statusOf(put({}))).toBe(200);
    expect([(await kept(id))?.active, await mails()]).toEqual([false, []]);
    await profile('observed');
    expect((await put({})).body).toMatchObject({ user_id: id, active: false });
    expect(await mails()).toMatchObject([{ user_id: id }]);
    await put({ active: true });
    expect([(await kept(id))?.active, (await mails()).length]).toEqual([true, 1]);
    expect(await statusOf(put({ active: undefined }))).toBe(400);
    expect(await statusOf(put({ user_id: undefined }))).toBe(400);
    expect(await statusOf(put({ tenant_id: ELSEWHERE }))).toBe(403);
    expect(await put({ user_id: NOBODY })).toEqual({ status: 404, body: { error: 'User not found' } });
  });

  test('the unlisted flag is missing as documented; in code it spares the last active user', async () => {
    const put = (user_id: string) => api('POST', '/user/enduser/active', { user_id, active: false });
    expect(await put(id)).toEqual({ status: 404, body: { text: '404 page not found' } });
    await profile('observed');
    expect(await statusOf(put(id))).toBe(200);
    expect(await put(owner)).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining('last active user') },
    });
  });

  test('a read of one user is missing as documented; in code it goes by id, or by address and client', async () => {
    const get = (path: string) => api('GET', path);
    expect(await get(one())).toEqual({ status: 404, body: { text: '404 page not found' } });
    await profile('observed');
    expect((await get(one())).body).toMatchObject({ id, email: 'jane@example.com' });
    const byEmail = `/user/enduser/${tenant_id}/jane@example.com`;
    expect(await statusOf(get(byEmail))).toBe(400);
    expect((await get(`${byEmail}?client_id=${known.clientId}`)).body).toMatchObject({ id });
    expect(await statusOf(get(`${byEmail}?client_id=${ELSEWHERE}`))).toBe(404);
    expect(await statusOf(get(one('', ELSEWHERE)))).toBe(403);
  });
});

describe('the uflow sandbox, deleting', () => {
  let id: string;
  beforeEach(async () => {
    id = await add({ email: 'jane@example.com' });
  });
  const byPost = (user_id?: string, tenant = tenant_id) =>
    api('POST', '/user/enduser/delete', { tenant_id: tenant, user_id });
  const byDelete = (user_id = id, tenant = tenant_id) => api('DELETE', `/user/enduser/${tenant}/${user_id}`);
  const hard = (user_id?: string, tenant = tenant_id) =>
    api('POST', '/user/enduser/delete_all', { tenant_id: tenant, user_id });

  test('softly: the record stays, inactive, and a repeat is 200 again', async () => {
    for (const remove of [byPost, byDelete]) {
      await add({ id, email: 'jane@example.com' });
      expect([await statusOf(remove(id)), await statusOf(remove(id))]).toEqual([200, 200]);
      expect(await kept(id)).toMatchObject({ active: false });
      expect(await statusOf(remove(NOBODY))).toBe(404);
      expect(await statusOf(remove(id, ELSEWHERE))).toBe(403);
    }
    expect(await statusOf(byPost(undefined))).toBe(400);
  });

  test('softly: the last active user only as documented', async () => {
    await byDelete();
    await profile('observed');
    expect(await byDelete(owner)).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining('last active user') },
    });
    await profile('documented');
    expect(await statusOf(byDelete(owner))).toBe(200);
  });

  test.each(['documented', 'observed'])('for good: once, and never the last active user (%s)', async (chosen) => {
    await profile(chosen);
    expect(await statusOf(hard(undefined))).toBe(400);
    expect(await statusOf(hard(id, ELSEWHERE))).toBe(403);
    const { status, body } = await hard(id);
    expect([status, body.message]).toEqual([200, 'User and all related data deleted successfully']);
    expect(body.deleted_counts !== undefined).toBe(chosen === 'observed');
    expect(await kept(id)).toBeUndefined();
    expect(await statusOf(hard(id))).toBe(404);
    expect(await statusOf(hard(owner))).toBe(400);
    const off = await add({ email: 'off@example.com', active: false });
    expect(await statusOf(hard(off))).toBe(200);
  });

  test("the tenant's database", async () => {
    const get = (tenant: string) => api('GET', `/user/enduser/databases?tenant_id=${tenant}`);
    expect((await get(tenant_id)).body).toEqual({
      tenant_id,
      status: 'active',
      database_host: expect.any(String),
      database_name: expect.any(String),
    });
    expect([await statusOf(get('')), await statusOf(get(ELSEWHERE))]).toEqual([400, 404]);
    await profile('shapes=code');
    expect((await get(tenant_id)).body).toMatchObject({ database_configured: true, database_reachable: true });
  });
});
