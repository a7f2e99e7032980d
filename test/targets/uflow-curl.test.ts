/**
 * Every call and every sample body of uflow's end-user document (`uflow.curl.txt`), run by the real curl against the sandbox.
 * Only the host and what stands in angle brackets is replaced.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type SandboxServer, startSandboxes } from './sandbox-server.ts';

const commands = readFileSync(new URL('uflow.curl.txt', import.meta.url), 'utf8')
  .trim()
  .split('\n\n');

const john = { email: 'john@example.com', name: 'John Doe', active: true, provider: 'local' };
const LISTED = { page: 1, limit: 10, total: 1, total_pages: 1, users: [john] };

/** What the document shows, in its order, what must come of it, and what becomes of John. */
const EXAMPLES: { shows: string; status?: number; body: object; john?: object | null }[] = [
  { shows: 'GET /uflow/user/enduser/list', body: LISTED },
  { shows: 'POST /uflow/user/enduser/list', body: LISTED },
  { shows: 'POST /uflow/admin/enduser/list', body: { total: 2, users: [john, { email: 'owner@sandbox.test' }] } },
  {
    shows: 'POST /uflow/user/clients/register',
    status: 201,
    body: { user_id: expect.any(String), email: 'jane@example.com', message: 'User registered successfully' },
  },
  {
    shows: 'PUT /uflow/user/enduser/{tenant_id}/{user_id}',
    body: {
      user_id: expect.any(String),
      email: 'john.updated@example.com',
      name: 'Updated Name',
      updated_at: expect.any(String),
      message: 'Profile updated successfully',
    },
    john: { name: 'Updated Name', metadata: { phone: '+1234567890', department: 'Engineering' } },
  },
  { shows: 'PUT /uflow/user/enduser/{tenant_id}/{user_id}/status', body: {}, john: { active: false } },
  { shows: 'POST /uflow/admin/enduser/active', body: {}, john: { active: true } },
  { shows: 'POST /uflow/user/enduser/delete', body: {}, john: { active: false } },
  { shows: 'DELETE /uflow/user/enduser/{tenant_id}/{user_id}', body: {}, john: { active: false } },
  {
    shows: 'POST /uflow/user/enduser/delete_all',
    body: { message: 'User and all related data deleted successfully' },
    john: null,
  },
  {
    shows: 'GET /uflow/user/enduser/databases',
    body: { database_host: 'tenant-db.sandbox.test', database_name: expect.any(String), status: 'active' },
  },
];

describe("the calls of uflow's end-user document", () => {
  let sandbox: SandboxServer;
  let userId: string;

  beforeAll(async () => {
    sandbox = await startSandboxes();
  });
  afterAll(() => sandbox.close());
  beforeEach(async () => {
    await sandbox.control('/reset');
    userId = ((await sandbox.control('/uflow/end-users', john)) as { id: string }).id;
  });

  async function curl(command: string) {
    const { tenantId = '', clientId = '', token = '' } = await sandbox.credentials('uflow');
    const shell = command
      .replaceAll('https://dev.api.authsec.dev', sandbox.url)
      .replaceAll('<tenant_id>', tenantId)
      .replaceAll('<client_id>', clientId)
      .replaceAll('<user_id>', userId)
      .replaceAll('<token>', token);
    const { stdout } = await promisify(execFile)('sh', ['-c', `${shell} -sS -w '\\n%{http_code}'`]);
    const cut = stdout.lastIndexOf('\n');
    return { status: Number(stdout.slice(cut + 1)), body: JSON.parse(stdout.slice(0, cut)) as unknown };
  }

  test('there are eleven, and each is tested', () => {
    expect(commands).toHaveLength(11);
    expect(EXAMPLES).toHaveLength(11);
  });

  test.each(EXAMPLES.map((example, index) => ({ ...example, number: index + 1 })))(
    'example $number, $shows',
    async ({ number, shows, status = 200, body, john }) => {
      const before = (await sandbox.calls()).length;
      expect(await curl(commands[number - 1] ?? '')).toMatchObject({ status, body });
      const [call] = (await sandbox.calls()).slice(before);
      expect(`${call?.method} ${call?.template}`).toBe(shows);
      const record = (await sandbox.state()).uflow.endUsers.find(({ id }) => id === userId);
      if (john === null) expect(record).toBeUndefined();
      else expect(record).toMatchObject(john ?? {});
    },
  );
});
