import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { requestText, timelineText } from '../../src/cli/why.ts';
import type { Called, Received } from '../../src/sync/why/history.ts';
import type { Touched, Why } from '../../src/sync/why/why.ts';
import { startLinkspan } from '../linkspan.ts';
import { runCommand } from '../process.ts';
import { testDatabase } from '../stores.ts';

/** Each command is a process that has to start. */
vi.setConfig({ testTimeout: 180_000 });

async function served() {
  const database = await testDatabase('sqlite');
  onTestFinished(() => database.drop());
  const linkspan = await startLinkspan({ databaseUrl: database.url });
  const env = {
    LINKSPAN_DATABASE_URL: database.url,
    LINKSPAN_DATA_DIR: linkspan.config.dataDir,
    LINKSPAN_KEEP_DAYS: '42',
  };
  const why = async (...args: string[]) => runCommand(['why', ...args, '--tenant', 'acme'], env);
  return { ...linkspan, why };
}

describe('linkspan why', () => {
  it('leads from the id in an answer to the calls, and from a user or a target to the latest ones', async () => {
    const { scim, settled, why } = await served();
    await settled();
    const made = await scim('POST', '/Users', { userName: 'jane', title: 'Zanzibar', password: 'hunter2' });
    await settled();
    const id = made.headers.get('x-request-id') ?? '';
    const { stdout, code } = await why(id.toUpperCase());
    expect(code).toBe(0);
    const day = new Date().toISOString().slice(0, 10);
    expect(stdout).toMatch(/^create User jane {2}by token "test"\n/);
    expect(stdout).toContain(`\n  request      ${id}\n  when         ${day} `);
    expect(stdout).toMatch(/\n {2}changed {6}userName, title, active\n/);
    expect(stdout).toMatch(/\n\ndashboard\n {2}account {6}jane: settled 20\S+ \S+ UTC\n/);
    expect(stdout).toMatch(/\n {2}called {7}20\S+ \S+ UTC {2}201 +\d+ ms {2}POST \/users\/v1\/api\/user\n/);

    const user = await why('jane');
    expect(user.stdout).toMatch(/^jane {2}what was asked and done, newest first\n/);
    expect(user.stdout).toContain('create User jane by token "test": userName, title, active');
    expect(user.stdout).toContain(`because of ${id}, create User jane`);
    const target = await why('dashboard', '--limit', '1');
    expect(target.stdout).toMatch(/^dashboard {2}.*newest first\n\n20\S+ \S+ UTC {2}jane {2}201 +\d+ ms {2}POST \S+\n/);
    expect(target.stdout).toContain('There is more; --limit <n> shows it.');

    const json = await Promise.all([why(id, '--json'), why('jane', '--json'), why('dashboard', '--json')]);
    const [request, ofUser, ofTarget] = json.map((each) => JSON.parse(each.stdout));
    expect(request).toMatchObject({ about: 'request', id, asked: [{ id }], accounts: [{ target: 'dashboard' }] });
    expect(ofUser).toMatchObject({ about: 'user', id: made.body.id, requests: [{ id }], older: null });
    expect(ofTarget).toMatchObject({ about: 'target', name: 'dashboard', requests: [{ id }], older: null });
    for (const { stdout: text } of [...json, user, target]) expect(text).not.toMatch(/Zanzibar|hunter2/);
  });

  it('says how to be exact where a name is that of more than one', async () => {
    const { scim, why } = await served();
    const { body } = await scim('POST', '/Users', { userName: 'dashboard' });
    const unclear = await why('dashboard');
    expect(unclear).toMatchObject({ code: 1, stdout: '' });
    expect(unclear.stderr).toBe(
      '"dashboard" is the name of a user and of a target. Say which, with --user or --target.\n',
    );
    expect(JSON.parse((await why('dashboard', '--user', '--json')).stdout)).toMatchObject({
      about: 'user',
      id: body.id,
    });
    expect(JSON.parse((await why('dashboard', '--target', '--json')).stdout)).toMatchObject({ about: 'target' });
    expect((await why('dashboard', '--target', '--user')).stderr).toMatch(/Only one of/);
  });

  it('says plainly that nothing is known, and why that can be', async () => {
    const { scim, why } = await served();
    await scim('POST', '/Users', { userName: 'jane' });
    const refused = await scim('POST', '/Users', { userName: 'jane' });
    const id = refused.headers.get('x-request-id') ?? '';
    expect(await why(id)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: `Tenant "acme" knows no change under the id ${id}: the request changed nothing, was refused, or is older than 42 days (LINKSPAN_KEEP_DAYS).\n`,
    });
    expect((await why('nobody')).stderr).toBe('Tenant "acme" has no user, target or request "nobody".\n');
    expect((await why('nobody', '--user')).stderr).toMatch(/has and had no user "nobody"/);
    expect((await why('nobody', '--target')).stderr).toMatch(/no target "nobody".*target list acme/);
    expect((await why('nobody', '--request')).stderr).toMatch(/no request's id.*X-Request-Id/);
    expect((await why('jane', '--limit', '0')).stderr).toMatch(/number from 1/);
  });

  it('shows a user who was deleted', async () => {
    const { scim, settled, why } = await served();
    const { id } = (await scim('POST', '/Users', { userName: 'jane' })).body;
    await settled();
    const gone = await scim('DELETE', `/Users/${id}`);
    await settled();
    expect((await why('jane')).stdout).toMatch(/ delete User jane by token "test"\n/);
    const shown = (await why(gone.headers.get('x-request-id') ?? '')).stdout;
    expect(shown).toMatch(new RegExp(`\\n {2}user {9}${id} \\(deleted\\)\\n`));
    expect(shown).toMatch(/\n {2}receipt {6}20\S+ \S+ UTC {2}delete, confirmed by read\n/);
  });
});

const at = Date.UTC(2026, 10, 22, 7);
const uuid = (n: number) => `01a2025f-927a-7f45-8d2b-${String(n).padStart(12, '0')}`;
const asked = {
  id: uuid(1),
  partOf: null,
  at,
  by: 'token "Okta"',
  action: 'patch',
  resourceType: 'Group',
  resourceId: uuid(2),
  name: 'Event 1001',
  deleted: false,
  changed: ['displayName', 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department', 'members'],
};
const deed = (n: number) => ({
  id: uuid(100 + n),
  at,
  target: 'door',
  targetId: uuid(3),
  userId: uuid(10 + n),
  user: `${'long'.repeat(n)}@example.com`,
  activityId: uuid(1),
});
const calls: Called[] = [1, 3, 5].map((n) => ({
  kind: 'call',
  ...deed(n),
  method: 'POST',
  path: `/checkin/v1/api/teammember/${uuid(7)}/assign/${'9'.repeat(n * 20)}`,
  status: n === 3 ? null : 200 + 100 * n,
  durationMs: 10 ** n,
  error: n === 3 ? 'ECONNRESET' : null,
}));
const receipts: Received[] = [
  {
    kind: 'receipt',
    ...deed(2),
    removal: 'unassign',
    subject: '1001',
    evidence: 'read',
    emulated: true,
    requestedAt: at,
  },
];
const account = { target: 'door', targetId: uuid(3), nextAttemptAt: at, lastSuccessAt: at, lastErrorAt: at };
const states = ['due', 'at work', 'settled', 'failed', 'gone'] as const;
const others: Touched['other'][] = [
  { id: uuid(6), how: 'earlier' },
  { id: uuid(4), how: 'later' },
  { id: uuid(5), how: 'since' },
  { id: null, how: 'later' },
];
const full: Why = {
  id: uuid(1),
  asked: [asked],
  waiting: 1,
  accounts: states.map((state, n) => ({
    ...account,
    userId: uuid(10 + n),
    user: `${'long'.repeat(n)}@example.com`,
    state,
    outcome: state === 'due' ? 'retry' : 'done',
    reason: 'GET /checkin/v1/api/teammembers/all answered 500: nobody is at home',
    other: others[n] ?? null,
  })),
  calls,
  receipts,
  totals: { asked: 1, accounts: 1_005, calls: 3, receipts: 1 },
};

describe.each([60, 80, 160])('in %i columns', (columns) => {
  const lines = (text: string) => stripVTControlCharacters(text).split('\n');
  const joined = (text: string) => lines(text).join('').replace(/\s+/g, '');

  it('a request fits, and loses nothing', () => {
    const text = requestText(full, columns);
    for (const line of lines(text)) expect(line.length, line).toBeLessThanOrEqual(columns);
    const said = joined(text);
    for (const { user } of full.accounts) expect(said).toContain(user);
    for (const { path } of calls) expect(said).toContain(path);
    for (const words of [
      'due2026-11-2207:00:00UTC(retry:GET/checkin',
      'beingworkedon',
      'settled2026-11-22',
      'needsaperson:GET',
      'nothingisleft',
      `nocallsofitsown,carriedonwiththelater${uuid(4)},atthelatest`,
      `sincethenchangedby${uuid(5)}`,
      `carriedonwiththeearlier${uuid(6)}`,
      'target’ssettings'.replace('’', "'"),
      'ECONNRESET',
      'unassign1001(emulated),confirmedbyread',
      'noteveryaccount',
      'And1000accountsmore',
      'Ofthemembersofagroup',
    ]) {
      expect(said).toContain(words);
    }
  });

  it('a line of time fits, and loses nothing', () => {
    const entries = [{ kind: 'request' as const, ...asked }, ...calls, ...receipts];
    const timeline = { entries, requests: [asked], older: { at, id: uuid(1) } };
    for (const about of ['user', 'target'] as const) {
      const text = timelineText({ about, name: 'x', ...timeline }, columns);
      for (const line of lines(text)) expect(line.length, line).toBeLessThanOrEqual(columns);
      for (const { path } of calls) expect(joined(text)).toContain(path);
      // Named once: all of them go back to the one at the top.
      expect(joined(text).split(`request${uuid(1)}`)).toHaveLength(2);
      expect(joined(text)).not.toContain('becauseof');
    }
  });
});

it('a Bulk request and one that is forgotten are told apart', () => {
  const operations = [1, 2].map((n) => ({ ...asked, id: uuid(50 + n), partOf: uuid(9) }));
  const bulk = { ...full, id: uuid(9), asked: operations, totals: { ...full.totals, asked: 7 } };
  expect(requestText(bulk, 100)).toMatch(/^.*Bulk request.*7 operations that changed something/);
  expect(requestText(bulk, 100)).toContain(`${uuid(51)} patch Group Event 1001`);
  expect(requestText(bulk, 100)).toContain('And 5 operations, 1000 accounts more');
  expect(requestText({ ...full, asked: [] }, 100)).toMatch(/forgotten; this is what is left/);
  const nothing = { ...full, waiting: 0, accounts: [], calls: [], receipts: [] };
  expect(requestText(nothing, 100)).toContain('No account was touched');
});
