import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { resultText } from '../../src/cli/reconcile-text.ts';
import { setTarget } from '../../src/sync/admin/targets.ts';
import type { Result } from '../../src/sync/reconcile/results.ts';
import { runCommand, startProcess } from '../process.ts';
import { startProxy } from '../proxy.ts';
import { testDatabase } from '../stores.ts';
import { withPeople } from '../sync/reconciling.ts';

/** Each command is a process that has to start. */
vi.setConfig({ testTimeout: 180_000 });

const USER = '/users/v1/api/user';

async function served() {
  const database = await testDatabase('sqlite');
  const dataDir = await mkdtemp(path.join(tmpdir(), 'linkspan-cli-'));
  onTestFinished(async () => {
    await database.drop();
    await rm(dataDir, { recursive: true, force: true });
  });
  const linkspan = await withPeople(['jane', 'john'], { databaseUrl: database.url, dataDir, targets: ['dashboard'] });
  const env = {
    LINKSPAN_DATABASE_URL: database.url,
    LINKSPAN_DATA_DIR: dataDir,
    LINKSPAN_SECRET_KEY: Buffer.alloc(32, 7).toString('base64'),
  };
  const command = (...args: string[]) => runCommand(['reconcile', 'acme', 'dashboard', ...args], env);
  return { ...linkspan, env, command };
}

describe('linkspan reconcile', () => {
  it('says what differs, repairs it beside a running server, and shows it again', async () => {
    const { command, hand, user, users, settled, idOf } = await served();
    const jane = await user('jane');
    await hand('PUT', USER, { ...jane, lastName: 'Else' });
    await hand('POST', USER, { userName: 'DEMO/stranger', email: 'stranger@x.org', password: 'x' });
    const dry = await command('--dry-run');
    expect(dry).toMatchObject({ code: 0, stderr: '' });
    expect(dry.stdout).toMatch(/^dashboard {2}dry run \S+, begun 20\S+ \S+ UTC\n/);
    expect(dry.stdout).toMatch(/\n {2}listed +3 {2}records\n {2}in order +1\n {2}drift +1 {2}not as wanted\n/);
    expect(dry.stdout).toContain(`\ndrift\n  jane  record ${jane.id}\n      lastName: "Else" there, "Last" wanted\n`);
    expect(dry.stdout).toContain('\norphan\n  DEMO/stranger  record ');
    expect(dry.stdout).toContain('Nothing was changed. To repair 1 account: linkspan reconcile acme dashboard');
    expect(await user('jane')).toMatchObject({ lastName: 'Else' });

    const real = await command();
    expect(real.code).toBe(0);
    expect(real.stdout).toMatch(/since {2}the dry run of \S+ \S+ UTC: 0 new, 0 gone, 2 still there/);
    expect(real.stdout).toContain('1 account made due: a running server looks at each and repairs it.');
    await settled();
    expect(await user('jane')).toMatchObject({ lastName: 'Last' });
    expect(await users()).toHaveLength(3);

    const json = JSON.parse((await command('--dry-run', '--json')).stdout);
    expect(json).toMatchObject({
      run: { state: 'done', dryRun: true, listed: 3, counts: { inOrder: 2, drift: 0, orphan: 1 }, repairs: 0 },
      findings: [{ kind: 'orphan', name: 'DEMO/stranger' }],
      since: { added: 0, gone: 1, still: 1, goneFindings: [{ kind: 'drift', userId: idOf('jane') }] },
    });
    const list = await command('--list', '--json');
    const [, second] = JSON.parse(list.stdout);
    expect(JSON.parse(list.stdout)).toHaveLength(3);
    expect((await command('--list')).stdout).toMatch(/^BEGUN +ID +KIND +STATE +DRIFT/);
    expect((await command('--show')).stdout).toContain(json.run.id);
    expect((await command('--show', second.id)).stdout).toContain(`run ${second.id}`);
  });

  it('fails in plain words, with an exit code, and begins nothing where it is only asked to show', async () => {
    const { command, sandbox, env, app } = await served();
    const none = await command('--show');
    expect(none.code).toBe(1);
    expect(none.stderr).toContain('was never reconciled. Begin with: linkspan reconcile acme dashboard --dry-run');
    await sandbox.faults({ kinds: ['500'], rate: 1, match: 'GET /users/v1/api/users' });
    const failed = await command('--dry-run');
    expect(failed.code).toBe(1);
    expect(failed.stdout).toContain('No conclusion: GET /users/v1/api/users answered 500');
    expect(failed.stdout).toContain('Nothing was made due.');
    expect((await command('--show')).code).toBe(0);
    const unknown = await runCommand(['reconcile', 'acme', 'nowhere'], env);
    expect(unknown).toMatchObject({ code: 1 });
    expect(unknown.stderr).toContain('has no target "nowhere"');
    expect((await command('--limit', 'x')).code).toBe(1);
    const help = await command('--help');
    expect(help.stdout).toContain('--dry-run');
    expect(await app.store.read.selectFrom('reconciles').select('id').execute()).toHaveLength(1);
  });

  it('that is killed in the middle of its listing is gone on with by the next, once it is seen to be dead', async () => {
    const { command, sandbox, env, app, settled } = await served();
    const proxy = await startProxy(sandbox.url);
    const change = { settings: { baseUrl: proxy.url }, sameSystem: true, pace: { callTimeoutMs: 120_000 } };
    await setTarget(app, 'acme', 'dashboard', change);
    await settled();
    const held = proxy.hold(/^GET \/users\/v1\/api\/users$/);
    const first = startProcess(['reconcile', 'acme', 'dashboard', '--dry-run'], env);
    await held.arrived;
    const busy = await command('--dry-run');
    expect(busy.code).toBe(1);
    expect(busy.stderr).toContain('Another process is at it since');
    await first.end('SIGKILL');
    held.letGo();
    // As 15 seconds later.
    await app.store.write((trx) => trx.updateTable('reconciles').set({ alive_until: 1 }).execute());
    expect((await command('--show')).stdout).toContain('Its process ended before it was done');
    const again = await command('--dry-run', '--json');
    expect(JSON.parse(again.stdout)).toMatchObject({ run: { state: 'done', listed: 2, counts: { inOrder: 2 } } });
    expect(await app.store.read.selectFrom('reconciles').select('id').execute()).toHaveLength(1);
  });
});

it('the text of a result names everything that an administrator has to decide', () => {
  const run: Result['run'] = {
    id: 'r1',
    state: 'done',
    dryRun: false,
    startedAt: 0,
    listedAt: 1,
    finishedAt: 2,
    listed: 9,
    counts: { inOrder: 1, drift: 3, missing: 1, absent: 0, rejected: 0, orphan: 2, elsewhere: 4, notJudged: 5 },
    repairs: 4,
    holds: ['h1'],
    problem: null,
  };
  const findings: Result['findings'] = [
    {
      kind: 'drift',
      name: 'jane',
      userId: 'u1',
      remoteId: 'x1',
      repair: true,
      changes: [{ attribute: 'enabled', wanted: false, last: null, seen: true }],
      give: ['1001'],
      take: ['1002', '1003'],
    },
    { kind: 'orphan', name: 'joe', userId: null, remoteId: 'x2', repair: false, adopter: 'u7' },
    { kind: 'orphan', name: 'jane', userId: null, remoteId: 'x3', repair: false, resembles: 'u1' },
  ];
  const text = resultText({ run, findings, since: null }, { tenant: 'acme', name: 'door', paused: true });
  for (const part of [
    'enabled: true there, false wanted, nothing when last seen',
    'to be given: 1001',
    'to be taken away: 1002, 1003',
    'and 2 more; --limit <n> shows them',
    'user u7, who has no account, wants exactly its keys',
    'goes by the name of user u1, whose account is another record',
    'elsewhere          4  records that another target is linked to',
    'not judged         5',
    'linkspan hold show acme h1',
    'repairs it, once the target is no longer paused',
  ]) {
    expect(text).toContain(part);
  }
});
