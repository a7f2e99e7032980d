/**
 * Each endpoint of the platform's document as a curl command (`platform-users.curl.txt`; the document names the calls and has
 * no examples), run by the real curl against the sandbox. Only the address and what stands in angle brackets is replaced.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type SandboxServer, startSandboxes } from './sandbox-server.ts';

const [token = '', users = '', roles = '', providers = '', invite = '', ...others] = readFileSync(
  new URL('platform-users.curl.txt', import.meta.url),
  'utf8',
)
  .trim()
  .split('\n\n');

let sandbox: SandboxServer;
let accessToken: string;

async function curl(command: string): Promise<{ status: number; body: unknown }> {
  const credentials = await sandbox.credentials('platform');
  const shell = command
    .replaceAll('https://platform.example', credentials.baseUrl ?? '')
    .replaceAll('<client_id>', credentials.clientId ?? '')
    .replaceAll('<client_secret>', credentials.clientSecret ?? '')
    .replaceAll('<username>', credentials.username ?? '')
    .replaceAll('<password>', credentials.password ?? '')
    .replaceAll('<subscription_key>', credentials.subscriptionKey ?? '')
    .replaceAll('<access_token>', accessToken);
  const { stdout } = await promisify(execFile)('sh', ['-c', `${shell} -sS -w '\\n%{http_code}'`]);
  const cut = stdout.lastIndexOf('\n');
  return { status: Number(stdout.slice(cut + 1)), body: JSON.parse(stdout.slice(0, cut)) };
}

beforeAll(async () => {
  sandbox = await startSandboxes();
});
afterAll(() => sandbox.close());
beforeEach(async () => {
  await sandbox.control('/reset');
  accessToken = ((await curl(token)).body as { access_token: string }).access_token;
});

test('there are five, each tested', () => {
  expect(others).toEqual([]);
});

test('a token comes with a life time and a refresh token', async () => {
  const opaque = expect.stringMatching(/^[0-9a-f]{32}$/);
  expect(await curl(token)).toEqual({
    status: 200,
    body: { access_token: opaque, expires_in: 3600, token_type: 'Bearer', refresh_token: opaque },
  });
});

test('several users are invited at once, each into all organisations, and listed', async () => {
  const { status, body } = await curl(invite);
  expect(status).toBe(200);
  const id = expect.any(String);
  expect(body).toEqual([
    { Email: 'ada@example.com', Id: id, Status: 'Invited', Error: null },
    { Email: 'sam@example.com', Id: id, Status: 'Invited', Error: null },
  ]);
  const [ada, sam] = body as { Id: string }[];
  const common = { State: 'New', Accessibility: 'Pending', CreatedOn: id, OrganizationIds: ['17', '18'] };
  expect((await curl(users)).body).toEqual({
    Items: [
      { ...common, Id: ada?.Id, Email: 'ada@example.com', FirstName: 'Ada', LastName: 'Byron', Roles: ['Admin'] },
      { ...common, Id: sam?.Id, Email: 'sam@example.com', FirstName: 'Sam', LastName: 'Roe', Roles: ['Viewer'] },
    ],
    Page: 1,
    PageSize: 100,
    TotalCount: 2,
  });
});

test('roles have an id, a name and a weight', async () => {
  expect((await curl(roles)).body).toEqual([
    { Id: '1', Name: 'Viewer', Weight: 10 },
    { Id: '2', Name: 'User', Weight: 20 },
    { Id: '3', Name: 'Editor', Weight: 30 },
    { Id: '4', Name: 'Admin', Weight: 40 },
  ]);
});

test('identity providers have an id, a name, a prefix, and say whether they are enabled', async () => {
  expect((await curl(providers)).body).toEqual([
    { Id: '1', Name: 'Platform', Prefix: 'platform', Enabled: true },
    { Id: '2', Name: 'Entra ID', Prefix: 'entra', Enabled: false },
  ]);
});
