import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { eventually, startLinkspan } from '../linkspan.ts';
import { runCommand, startProcess } from '../process.ts';
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
    LINKSPAN_SECRET_KEY: Buffer.alloc(32, 7).toString('base64'),
  };
  const { scim, settled, sandbox } = linkspan;
  const name = { givenName: 'Jane', familyName: 'Doe' };
  const { id } = (await scim('POST', '/Users', { userName: 'jane@example.com', name })).body;
  await scim('POST', '/Groups', { displayName: 'Event 1001', members: [{ value: id }] });
  await settled();
  const teamMemberId = (await sandbox.state()).qflow.teamMembers[0]?.id;
  for (const at of ['14:31', '14:34', '14:41']) {
    const body = JSON.stringify({ eventId: '1001', teamMemberId, at: `2026-11-22T${at}:00Z` });
    await fetch(`${sandbox.url}/sandbox/qflow/checkins`, { method: 'POST', body });
  }
  return { ...linkspan, env, run: (...words: string[]) => runCommand(['target', 'roster', ...words], env) };
}

describe('linkspan target roster', () => {
  it('shows who is assigned to an event with what they checked in, and the curve', async () => {
    const { run } = await served();
    const { code, stdout } = await run('acme', 'door', '1001');
    expect(code).toBe(0);
    expect(stdout).toContain('1 assigned to event 1001, 3 checked in');
    expect(stdout).toMatch(/DEMO\/jane@example\.com +Jane Doe +jane@example\.com +3\n/);
    expect(stdout).toMatch(/14:30 +2 +█+\n14:35 +0\n14:40 +1 +█+\n/);
    const { stdout: json } = await run('acme', 'door', '1001', '--json');
    expect(JSON.parse(json)).toMatchObject({
      event: '1001',
      checkedIn: 3,
      arrivals: [
        { at: '14:30', count: 2 },
        { at: '14:35', count: 0 },
        { at: '14:40', count: 1 },
      ],
      members: [{ userName: 'DEMO/jane@example.com', checkedIn: 3 }],
    });
  });

  it('says that an empty one may be an unknown event, and which systems have none', async () => {
    const { run } = await served();
    expect(await run('acme', 'door', '9999')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('unknown or belongs to another account'),
    });
    expect(await run('acme', 'dashboard', '1001')).toMatchObject({
      code: 1,
      stderr: 'Target "dashboard" (Qflow Enterprise) has no rosters.\n',
    });
    expect((await run('acme', 'door', '1001', '--watch', 'often')).stderr).toContain('number of seconds');
  });

  it('--watch asks no more often than the system allows, tries again what failed, and ends at Ctrl-C', async () => {
    const { env, sandbox } = await served();
    const match = 'GET /checkin/v1/api/team/event/{eventId}';
    const watch = startProcess(['target', 'roster', 'acme', 'door', '1001', '--watch', '0', '--json'], env);
    const lines = () =>
      watch
        .output()
        .split('\n')
        .filter((line) => line.startsWith('{'));
    await eventually('a first line', async () => lines().length === 1, 60_000);
    await sandbox.faults({ system: 'qflow', kinds: ['500'], times: 1, match });
    await eventually('a failure', async () => watch.output().includes('again in 5 s'), 60_000);
    await eventually('a second line', async () => lines().length === 2, 60_000);
    const [first, second] = lines().map((line) => JSON.parse(line) as { at: string; checkedIn: number });
    expect([first?.checkedIn, second?.checkedIn]).toEqual([3, 3]);
    expect(Date.parse(second?.at ?? '') - Date.parse(first?.at ?? '')).toBeGreaterThan(9_900);
    expect(await watch.end('SIGINT')).toBe(0);
  });
});
