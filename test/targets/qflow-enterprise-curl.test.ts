/**
 * A curl for each endpoint that Qflow's Enterprise API document lists, in its order (`qflow-enterprise.curl.txt`), run by the
 * real curl against the sandbox. The document itself shows none; bodies and answers are those of the target's README.md. Only
 * the host and what stands in angle brackets is replaced.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { logIn, qflowApi } from './qflow-api.ts';
import { type SandboxServer, startSandboxes } from './sandbox-server.ts';

const commands = readFileSync(new URL('qflow-enterprise.curl.txt', import.meta.url), 'utf8')
  .trim()
  .split('\n\n');

const KELLY = { userName: 'DEMO/kelly@example.com', email: 'kelly@example.com', firstName: 'Kelly', lastName: 'Door' };

interface Example {
  shows: string;
  status: number;
  /** What is in the answer; undefined: nothing at all. */
  body?: unknown;
  /** What the sandbox holds of Kelly afterwards; null: she is gone. Default: as before. */
  after?: Record<string, string> | null;
}

const EXAMPLES: Example[] = [
  { shows: 'GET /user/{id}', status: 200, body: { ...KELLY, password: 'first' } },
  { shows: 'GET /users', status: 200, body: [KELLY] },
  { shows: 'GET /users/email', status: 200, body: KELLY },
  { shows: 'POST /user', status: 201, body: { id: expect.any(String), userName: 'DEMO/sam@example.com' } },
  {
    shows: 'PUT /user',
    status: 200,
    body: { email: 'kelly.new@example.com' },
    after: { ...KELLY, email: 'kelly.new@example.com', password: 'first' },
  },
  { shows: 'DELETE /user', status: 204, after: null },
  { shows: 'PUT /user/changepassword', status: 204, after: { ...KELLY, password: 'ChangedMe-2819' } },
  { shows: 'PUT /user/changeusername', status: 204, after: { ...KELLY, userName: 'DEMO/kelly.new@example.com' } },
  { shows: 'GET /user/translations', status: 200, body: expect.any(Array) },
  { shows: 'GET /users/total', status: 200, body: { total: 1 } },
];

describe("a curl for each endpoint of Qflow's Enterprise API document", () => {
  let sandbox: SandboxServer;
  let token: string;
  let key: string;
  let id: string;

  async function curl(command: string): Promise<{ status: number; body: unknown }> {
    const shell = command
      .replaceAll('https://api.qflowhub.io', sandbox.url)
      .replaceAll('<access_token>', token)
      .replaceAll('<subscription_key>', key)
      .replaceAll('<id>', id);
    const { stdout } = await promisify(execFile)('sh', ['-c', `${shell} -sS -w '\\n%{http_code}'`]);
    const cut = stdout.lastIndexOf('\n');
    const text = stdout.slice(0, cut);
    return { status: Number(stdout.slice(cut + 1)), body: text === '' ? undefined : JSON.parse(text) };
  }

  beforeAll(async () => {
    sandbox = await startSandboxes();
  });
  afterAll(() => sandbox.close());
  beforeEach(async () => {
    await sandbox.control('/reset');
    const { username, password, subscriptionKey = '' } = await sandbox.credentials();
    const { body } = await logIn(sandbox, { grant_type: 'password', username, password });
    token = (body as { access_token: string }).access_token;
    key = subscriptionKey;
    const api = await qflowApi(sandbox, '/users/v1/api');
    id = ((await api('POST', '/user', { ...KELLY, password: 'first' })).body as { id: string }).id;
  });

  test('there are ten, and each is tested', () => {
    expect(commands).toHaveLength(10);
    expect(new Set(EXAMPLES.map(({ shows }) => shows)).size).toBe(10);
  });

  test.each(EXAMPLES.map((example, index) => ({ ...example, number: index + 1 })))(
    'curl $number, $shows',
    async ({ number, shows, status, body, after }) => {
      const before = (await sandbox.calls()).length;
      const answer = await curl(commands[number - 1] ?? '');
      expect(answer.status).toBe(status);
      if (body === undefined) expect(answer.body).toBeUndefined();
      else if (Array.isArray(body)) expect(answer.body).toMatchObject(body);
      else expect(answer).toMatchObject({ body });
      const [call] = (await sandbox.calls()).slice(before);
      expect(`${call?.method} ${call?.template}`).toBe(shows.replace(' ', ' /users/v1/api'));
      const kelly = (await sandbox.state()).qflow.users.find((user) => user.id === id);
      if (after === null) expect(kelly).toBeUndefined();
      else expect(kelly).toMatchObject(after ?? { ...KELLY, password: 'first' });
    },
  );
});
