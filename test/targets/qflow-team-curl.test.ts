/**
 * Every curl example of Qflow's Team API document (`qflow-team.curl.txt`, as written there), run by the real curl against the
 * sandbox. Only the host and what stands in angle brackets is replaced.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type SandboxServer, startSandboxes } from './sandbox-server.ts';

const commands = readFileSync(new URL('qflow-team.curl.txt', import.meta.url), 'utf8')
  .trim()
  .split('\n\n');

/** What the document shows, in its order, and what must come of it. */
const EXAMPLES: { shows: string; expected: (answer: Answer, known: Known) => void }[] = [
  {
    shows: 'POST /teammember',
    expected: ({ body }) => expect(body).toMatchObject({ id: expect.any(String), ...KELLY }),
  },
  { shows: 'POST /teammember/{teamMemberId}/assign/{eventId}', expected: ({ text }) => expect(text).toBe('') },
  { shows: 'POST /teammember', expected: ({ body }, { id }) => expect(body).toMatchObject({ id, ...KELLY }) },
  {
    shows: 'PUT /teammember/update',
    expected: ({ body }) => expect(body).toMatchObject({ email: 'kelly.new@example.com' }),
  },
  { shows: 'DELETE /teammember/delete', expected: ({ text }) => expect(text).toBe('') },
  { shows: 'GET /teammembers', expected: ({ body }, { id }) => expect(body).toMatchObject([{ id }]) },
  { shows: 'GET /teammembers/all', expected: ({ body }, { id }) => expect(body).toMatchObject([{ id }]) },
  {
    shows: 'GET /teammembers/event/assigned/{eventId}',
    expected: ({ body }, { id }) => expect(body).toMatchObject([{ id }]),
  },
  {
    shows: 'GET /teammembers/user/{username}/events',
    expected: ({ body }) => expect(body).toMatchObject([{ id: '1001' }]),
  },
  { shows: 'POST /teammember/{teamMemberId}/assign/{eventId}', expected: ({ text }) => expect(text).toBe('') },
  { shows: 'POST /teammember/{teamMemberId}/unassign/{eventId}', expected: ({ text }) => expect(text).toBe('') },
  {
    shows: 'GET /team/event/{eventId}',
    expected: ({ body }, { id }) =>
      expect(body).toMatchObject([{ teamMemberId: id, checkedIn: 0, checkedInActivity: [] }]),
  },
];

const KELLY = { userName: 'kelly.door', email: 'kelly@example.com', firstName: 'Kelly', lastName: 'Door' };

interface Known {
  token: string;
  key: string;
  /** Kelly's id: she exists and is assigned to event 1001. */
  id: string;
}

interface Answer {
  status: number;
  text: string;
  body: unknown;
}

describe("the curl examples of Qflow's Team API document", () => {
  let sandbox: SandboxServer;
  let known: Known;

  async function curl(command: string, username = 'DEMO%2Fkelly.door'): Promise<Answer> {
    const shell = command
      .replaceAll('https://api.qflowhub.io', sandbox.url)
      .replaceAll('<access_token>', known.token)
      .replaceAll('<subscription_key>', known.key)
      .replaceAll('<teamMemberId>', known.id)
      .replaceAll('<eventId>', '1001')
      .replaceAll('<username>', username);
    const { stdout } = await promisify(execFile)('sh', ['-c', `${shell} -sS -w '\\n%{http_code}'`]);
    const cut = stdout.lastIndexOf('\n');
    const text = stdout.slice(0, cut);
    return { status: Number(stdout.slice(cut + 1)), text, body: text === '' ? undefined : JSON.parse(text) };
  }

  beforeAll(async () => {
    sandbox = await startSandboxes();
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
    const form = { client_id: clientId, client_secret: clientSecret, username, password };
    const body = new URLSearchParams({ grant_type: 'password', scope: 'qflowapi openid offline_access', ...form });
    const { access_token } = (await (await fetch(tokenUrl, { method: 'POST', body })).json()) as {
      access_token: string;
    };
    known = { token: access_token, key: subscriptionKey, id: '' };
    known.id = ((await curl(commands[0] ?? '')).body as { id: string }).id;
    expect((await curl(commands[1] ?? '')).status).toBe(200);
  });

  test('there are twelve, and each is tested', () => {
    expect(commands).toHaveLength(12);
    expect(EXAMPLES).toHaveLength(12);
  });

  test.each(EXAMPLES.map((example, index) => ({ ...example, number: index + 1 })))(
    'example $number, $shows',
    async ({ number, shows, expected }) => {
      const before = (await sandbox.calls()).length;
      const answer = await curl(commands[number - 1] ?? '');
      expect(answer.status).toBe(200);
      expected(answer, known);
      const [call] = (await sandbox.calls()).slice(before);
      expect(`${call?.method} ${call?.template}`).toBe(shows.replace(' ', ' /checkin/v1/api'));
    },
  );

  test('the namespaced name may also be pasted without encoding', async () => {
    expect((await curl(commands[8] ?? '', 'DEMO/kelly.door')).body).toMatchObject([{ id: '1001' }]);
  });

  test('an update puts the new address and nothing else in the record, a deletion ends it and its assignments', async () => {
    await curl(commands[3] ?? '');
    const { qflow } = await sandbox.state();
    expect(qflow.teamMembers).toMatchObject([
      { ...KELLY, userName: 'DEMO/kelly.door', email: 'kelly.new@example.com' },
    ]);
    await curl(commands[4] ?? '');
    expect((await sandbox.state()).qflow).toMatchObject({ teamMembers: [], assignments: [] });
  });
});
