/** The Qflow Enterprise sandbox as a bare client sees it: every endpoint, and every profile point. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Api, qflowApi } from './qflow-api.ts';
import { type SandboxServer, startSandboxes } from './sandbox-server.ts';

let sandbox: SandboxServer;
const profile = (chosen: string) => sandbox.control('/profile', { system: 'qflow', profile: chosen });

beforeAll(async () => {
  sandbox = await startSandboxes();
});
afterAll(() => sandbox.close());
beforeEach(() => sandbox.control('/reset'));

describe('the Qflow Enterprise sandbox', () => {
  const jane = {
    userName: 'DEMO/jane',
    email: 'jane@example.com',
    firstName: 'Jane',
    lastName: 'Doe',
    password: 'first',
  };
  let api: Api;
  let id: string;
  const user = async () => (await api('GET', `/user/${id}`)).body;

  beforeEach(async () => {
    api = await qflowApi(sandbox, '/users/v1/api');
    const { status, body } = await api('POST', '/user', jane);
    expect(status).toBe(201);
    ({ id } = body as { id: string });
  });

  test('reads echo the password', async () => {
    expect(await user()).toMatchObject({ id, ...jane });
    expect((await api('GET', '/users')).body).toMatchObject([jane]);
    expect((await api('GET', '/users/total')).body).toEqual({ total: 1 });
    expect(Array.isArray((await api('GET', '/user/translations')).body)).toBe(true);
    expect(await api('GET', '/user/nobody')).toMatchObject({ status: 404, body: '' });
  });

  test.each([
    ['409', 409],
    ['400', 400],
    ['200-existing', 200],
  ])('dup=%s: a second create gets %i, in any case of the name', async (chosen, status) => {
    await profile(`dup=${chosen}`);
    const again = await api('POST', '/user', { ...jane, userName: 'demo/JANE', firstName: 'Other' });
    expect(again.status).toBe(status);
    if (status === 200) expect(again.body).toMatchObject({ id, firstName: 'Jane' });
    expect((await sandbox.state()).qflow.users).toHaveLength(1);
  });

  test.each([
    ['object', { id: expect.any(String) }, 404, ''],
    ['array', [{ id: expect.any(String) }], 200, []],
    ['404', [{ id: expect.any(String) }], 404, ''],
    ['empty', { id: expect.any(String) }, 200, ''],
  ])('email-lookup=%s', async (chosen, there, status, absent) => {
    await profile(`email-lookup=${chosen}`);
    expect((await api('GET', '/users/email?email=JANE%40example.com')).body).toMatchObject(there);
    expect(await api('GET', '/users/email?email=no%40example.com')).toMatchObject({ status, body: absent });
  });

  test.each([
    ['replace', { firstName: '', password: 'first' }],
    ['merge', { firstName: 'Jane', password: 'first' }],
    ['put-blanks-omitted', { firstName: '', password: '' }],
  ])('put=%s', async (chosen, left) => {
    await profile(`put=${chosen}`);
    expect((await api('PUT', '/user', { id, email: 'new@example.com' })).status).toBe(200);
    expect(await user()).toMatchObject({ ...left, userName: 'DEMO/jane', email: 'new@example.com' });
  });

  test('a PUT changes no user name, and needs a known id', async () => {
    expect((await api('PUT', '/user', { ...jane, id, userName: 'DEMO/other' })).status).toBe(400);
    expect((await api('PUT', '/user', jane)).status).toBe(400);
    expect((await api('PUT', '/user', { ...jane, id: 'nobody' })).status).toBe(404);
  });

  test('changeusername compares with the old name, and answers 204', async () => {
    const change = (body: object) => api('PUT', '/user/changeusername', body).then(({ status }) => status);
    await api('POST', '/user', { ...jane, userName: 'DEMO/joan' });
    expect(await change({ id, oldUserName: 'DEMO/other', newUserName: 'DEMO/new' })).toBe(400);
    expect(await change({ id, oldUserName: 'DEMO/jane', newUserName: 'DEMO/JOAN' })).toBe(409);
    expect(await change({ id: 'nobody', oldUserName: 'DEMO/jane', newUserName: 'DEMO/new' })).toBe(404);
    expect(await change({ oldUserName: 'DEMO/jane' })).toBe(400);
    expect(await change({ oldUserName: 'DEMO/jane', newUserName: 'DEMO/new' })).toBe(204);
    expect(await user()).toMatchObject({ userName: 'DEMO/new' });
    expect((await api('POST', '/user', jane)).status).toBe(201);
  });

  test('changepassword', async () => {
    expect((await api('PUT', '/user/changepassword', { id, newPassword: 'second' })).status).toBe(204);
    expect((await api('PUT', '/user/changepassword', { id })).status).toBe(400);
    expect((await api('PUT', '/user/changepassword', { id: 'nobody', newPassword: 'x' })).status).toBe(404);
    expect(await user()).toMatchObject({ password: 'second' });
  });

  test.each(['body', 'query'])('delete=%s', async (chosen) => {
    await profile(`delete=${chosen}`);
    const byBody = () => api('DELETE', '/user', { id }).then(({ status }) => status);
    const byQuery = () => api('DELETE', `/user?id=${id}`).then(({ status }) => status);
    const [right, wrong] = chosen === 'body' ? [byBody, byQuery] : [byQuery, byBody];
    expect([await wrong(), await right(), await right()]).toEqual([400, 204, 404]);
  });

  test('trust=untrusted: reading goes, changing does not', async () => {
    await profile('trust=untrusted');
    expect(await user()).toMatchObject({ id });
    for (const [method, path] of [
      ['POST', '/user'],
      ['PUT', '/user'],
      ['DELETE', '/user'],
      ['PUT', '/user/changepassword'],
      ['PUT', '/user/changeusername'],
    ] as const) {
      expect(await api(method, path, { id })).toMatchObject({ status: 403, body: { error: 'trust_required' } });
    }
  });

  test.each(['', 'no JSON', '[]', '"text"', '{}'])('a create with body %j is a 400', async (body) => {
    expect((await api('POST', '/user', body)).status).toBe(400);
  });
});
