/**
 * A curl for each endpoint that FlowMate's document has for log-in and users (`flowmate.curl.txt`), run by the real curl
 * against the sandbox. The first is the document's own; the document names the other four without an example.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { flowmateApi, logIn } from './flowmate-api.ts';
import { type SandboxServer, startSandboxes } from './sandbox-server.ts';

const commands = readFileSync(new URL('flowmate.curl.txt', import.meta.url), 'utf8')
  .trim()
  .split('\n\n');

/** What stands in the document's example of a user. */
const DOCUMENTED = ['id', 'username', 'firstname', 'lastname', 'status', 'tenant', 'roles', 'permissions', 'confirmed'];
const ROLE = ['id', 'name', 'permissions', 'createdAt', 'updatedAt', 'isGlobal', 'description'];

describe("FlowMate's document, call by call", () => {
  let sandbox: SandboxServer;
  let token: string;
  let id: string;

  /** @param by the token sent; the document's own example sends none. */
  async function curl(command = '', by = token): Promise<{ status: number; body: unknown }> {
    const { username = '', password = '' } = await sandbox.credentials('flowmate');
    const shell = command
      .replaceAll('https://api.platform.openintegrationhub.com', `${sandbox.url}/flowmate`)
      .replaceAll('<username>', username)
      .replaceAll('<password>', password)
      .replaceAll('<id>', id);
    const header = by === '' ? '' : `-H 'Authorization: Bearer ${by}'`;
    const { stdout } = await promisify(execFile)('sh', ['-c', `${shell} ${header} -sS -w '\\n%{http_code}'`]);
    const cut = stdout.lastIndexOf('\n');
    return { status: Number(stdout.slice(cut + 1)), body: JSON.parse(stdout.slice(0, cut)) };
  }

  beforeAll(async () => {
    sandbox = await startSandboxes();
  });
  afterAll(() => sandbox.close());
  beforeEach(async () => {
    await sandbox.control('/reset');
    token = await logIn(sandbox);
    const user = { username: 'kim@example.com', firstname: 'Kim', lastname: 'Flow', password: 'x' };
    const more = {
      tenant: '5f00000000000000000000a1',
      roles: ['5f00000000000000000000b1'],
      img: 'https://example.com/k.png',
    };
    const { body } = await flowmateApi(sandbox, token)('POST', '/api/users', { ...user, ...more });
    ({ id } = body as { id: string });
  });

  test('there are five', () => {
    expect(commands).toHaveLength(5);
  });

  test("get all users, with the example's fields, in data and meta as ?meta asks", async () => {
    const { status, body } = await curl(commands[0]);
    expect(status).toBe(200);
    expect(body).toMatchObject({ data: [{ id, username: 'kim@example.com' }], meta: { total: 1 } });
    const [user] = (body as { data: Record<string, unknown>[] }).data;
    expect(Object.keys(user ?? {})).toEqual(expect.arrayContaining([...DOCUMENTED, 'img']));
    const [role] = (user?.roles ?? []) as object[];
    expect(Object.keys(role ?? {})).toEqual(expect.arrayContaining(ROLE));
    expect((await curl(commands[0]?.replace('?meta', ''))).body).toMatchObject([{ id }]);
  });

  test('only by somebody who is logged in', async () => {
    expect(await curl(commands[0], '')).toEqual({ status: 401, body: { message: '' } });
  });

  test('log in', async () => {
    expect(await curl(commands[1], '')).toMatchObject({ status: 200, body: { token: expect.any(String) } });
  });

  test('create a user', async () => {
    expect(await curl(commands[2])).toEqual({ status: 200, body: { id: expect.stringMatching(/^[0-9a-f]{24}$/) } });
    expect((await sandbox.state()).flowmate.users).toMatchObject([
      {},
      { username: 'sam@example.com', lastname: 'Flow' },
    ]);
  });

  test('get a user by id', async () => {
    expect(await curl(commands[3])).toMatchObject({ status: 200, body: { id, roles: [{ name: 'Viewer' }] } });
  });

  test('get the current user', async () => {
    expect(await curl(commands[4])).toMatchObject({ status: 200, body: { username: 'api@sandbox.test' } });
  });
});
