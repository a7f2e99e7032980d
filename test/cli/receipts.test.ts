import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { csvLine } from '../../src/cli/csv.ts';
import { pauseByAdmin } from '../../src/sync/admin/targets.ts';
import { eventually, patch, startLinkspan } from '../linkspan.ts';
import { runCommand } from '../process.ts';
import { testDatabase } from '../stores.ts';

/** Each command is a process that has to start. */
vi.setConfig({ testTimeout: 180_000 });

const EVIL = '=HYPERLINK("http://evil.example","you, there")';

async function served() {
  const database = await testDatabase('sqlite');
  onTestFinished(() => database.drop());
  const linkspan = await startLinkspan({ databaseUrl: database.url, targets: ['dashboard'] });
  const env = { LINKSPAN_DATABASE_URL: database.url, LINKSPAN_DATA_DIR: linkspan.config.dataDir };
  const receipts = (...args: string[]) => runCommand(['receipts', 'acme', ...args], env);
  const { scim, settled } = linkspan;
  const ids = [];
  for (const userName of ['jane', EVIL]) ids.push((await scim('POST', '/Users', { userName })).body.id as string);
  await settled();
  const deactivate = (id: string | undefined) =>
    scim('PATCH', `/Users/${id}`, patch({ op: 'replace', path: 'active', value: false }));
  return { ...linkspan, ids, deactivate, receipts };
}

describe('linkspan receipts', () => {
  it('shows who lost what, who asked for it, and how it is known: as a table, as JSON lines and as CSV', async () => {
    const { scim, settled, ids, deactivate, receipts } = await served();
    const [first, second] = [await deactivate(ids[0]), await scim('DELETE', `/Users/${ids[1]}`)];
    await settled();
    const requests = [first, second].map((answer) => answer.headers.get('x-request-id'));

    const { stdout, stderr, code } = await receipts();
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^CONFIRMED +USER +TARGET +REMOVAL +ASKED FOR +BY +REQUEST +HOW\n/);
    expect(stdout).toMatch(
      new RegExp(
        `UTC {2}jane +dashboard {2}disable {2}20.* UTC {2}token "test" {2}${requests[0]} {2}emulated .*, seen to be gone by a read\n`,
      ),
    );
    expect(stdout).toMatch(/ dashboard {2}delete .* {2}seen to be gone by a read\n/);

    const lines = (await receipts('--json')).stdout.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).request).toSorted()).toEqual(requests.toSorted());
    expect(JSON.parse((await receipts('--json', '--user', 'JANE')).stdout)).toMatchObject({
      user: 'jane',
      userId: ids[0],
      target: 'dashboard',
      removal: 'disable',
      subject: null,
      askedBy: 'token "test"',
      evidence: 'read',
      emulated: true,
      askedAt: expect.stringMatching(/^20\d\d-.*Z$/),
    });

    const csv = (await receipts('--csv', '--target', 'dashboard', '--since', '1h')).stdout;
    const rows = csv.split('\r\n');
    expect(rows).toHaveLength(4);
    expect(rows[0]).toMatch(/^confirmed_at,user,user_id,target,target_id,removal,subject,asked_at,asked_by,request,/);
    // A spreadsheet shows it, and does not follow it.
    expect(csv).toContain(`,"'=HYPERLINK(""http://evil.example"",""you, there"")",${ids[1]},dashboard,`);
    expect((await receipts('--until', '1h')).stdout).toBe('No removal was confirmed.\n');

    const summary = await receipts('--summary');
    expect(summary.stdout).toMatch(/dashboard +disable +1 +\d+\.\d\d s +\d+\.\d\d s +\d+\.\d\d s +0\n/);
    expect(summary.stdout).toContain('Every removal that was asked for is confirmed.');
    expect(JSON.parse((await receipts('--summary', '--json')).stdout)).toMatchObject({
      revoked: [
        { target: 'dashboard', removal: 'delete', count: 1 },
        { target: 'dashboard', removal: 'disable', count: 1 },
      ],
      open: [],
    });
  });

  it('shows what is asked for and not confirmed, and why not', async () => {
    const { app, ids, deactivate, receipts } = await served();
    expect((await receipts('--open')).stdout).toBe('Every removal that was asked for is confirmed.\n');
    await pauseByAdmin(app, 'acme', 'dashboard', 'stocktaking');
    const asked = await deactivate(ids[0]);
    await eventually('it is asked for', async () => {
      const open = app.store.read.selectFrom('accounts').select('user_id').where('removal_asked_at', 'is not', null);
      return (await open.execute()).length === 1;
    });
    const { stdout } = await receipts('--open');
    expect(stdout).toMatch(/^ASKED FOR +USER +TARGET +REMOVAL +BY +REQUEST +NEXT ATTEMPT +WHY NOT YET\n/);
    expect(stdout).toMatch(/ jane {2}dashboard {2}(access|any) +token "test" .* the target is paused: stocktaking\n$/);
    const [line] = (await receipts('--open', '--json')).stdout.split('\n');
    expect(JSON.parse(line ?? '')).toMatchObject({ user: 'jane', request: asked.headers.get('x-request-id') });
    expect((await receipts('--open', '--csv')).stdout).toMatch(/^asked_at,user,.*\r\n20.*,jane,.*stocktaking\r\n$/s);
    expect((await receipts('--summary')).stdout).toMatch(/OLDEST ASKED FOR +AGE\ndashboard +1 /);
  });

  it('says plainly what cannot be, with exit code 1', async () => {
    const { receipts } = await served();
    const refused: [string[], RegExp][] = [
      [['--target', 'nowhere'], /no target "nowhere". See: linkspan target list acme/],
      [['--user', 'nobody'], /has and had no user "nobody"/],
      [['--since', 'yesterday'], /2026-11-22.*7d/],
      [['--since', '2026-13-45'], /Write a date/],
      [['--since', '1h', '--until', '2h'], /--since must be before --until/],
      [['--json', '--csv'], /Only one of --json and --csv/],
      [['--summary', '--csv'], /--summary goes with --json/],
    ];
    for (const [args, words] of refused) {
      const { code, stdout, stderr } = await receipts(...args);
      expect({ args, code, stdout }).toEqual({ args, code: 1, stdout: '' });
      expect(stderr).toMatch(words);
    }
  });
});

it('CSV quotes what RFC 4180 says, and defuses what a spreadsheet would compute', () => {
  expect(csvLine(['a', 1, null, 'b,c', 'say "x"', 'two\nlines'])).toBe('a,1,,"b,c","say ""x""","two\nlines"\r\n');
  for (const text of ['=1+1', '+1', '-1', '@SUM(A1)', ' =1', '\t=1', '\r=1', '＝1']) {
    expect(csvLine([text])).toMatch(/^"?'/);
  }
  expect(csvLine([-5, 'a=b', 'x-y'])).toBe('-5,a=b,x-y\r\n');
});
