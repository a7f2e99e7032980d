import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { startLinkspan } from '../linkspan.ts';
import { runCommand } from '../process.ts';
import { testDatabase } from '../stores.ts';
import { accountOf, hire, JANE, setRules, userByHand, users } from '../sync/adopting.ts';

/** Each command is a process that has to start. */
vi.setConfig({ testTimeout: 120_000 });

it('linkspan adopt shows who waits for which record, and approves or refuses, beside a running server', async () => {
  const database = await testDatabase('sqlite');
  const dataDir = await mkdtemp(path.join(tmpdir(), 'linkspan-adopt-'));
  onTestFinished(async () => {
    await database.drop();
    await rm(dataDir, { recursive: true, force: true });
  });
  const linkspan = await startLinkspan({ databaseUrl: database.url, dataDir, targets: ['dashboard'] });
  const env = {
    LINKSPAN_DATABASE_URL: database.url,
    LINKSPAN_DATA_DIR: dataDir,
    LINKSPAN_SECRET_KEY: Buffer.alloc(32, 7).toString('base64'),
    NO_COLOR: '1',
  };
  const adopt = async (...args: string[]) => runCommand(['adopt', ...args], env);
  const said = async (...args: string[]) => {
    const { code, stdout, stderr } = await adopt(...args);
    if (code !== 0) throw new Error(stderr);
    return stdout;
  };
  await setRules(linkspan, 'dashboard', { existing: 'ask' });
  expect(await said('list', 'acme')).toBe('Nobody waits to be linked to a record that was there before.\n');

  const record = await userByHand(linkspan.sandbox);
  const joes = await userByHand(linkspan.sandbox, { userName: 'DEMO/joe', email: 'joe@example.com' });
  const jane = await hire(linkspan);
  const joe = await hire(linkspan, { userName: 'joe', emails: [{ value: 'joe@example.com' }] });
  await linkspan.settled();

  const shown = (await said('list', 'acme')).split('\n');
  expect(shown[0]).toMatch(/^TARGET +USER +RECORD +ITS NAMES +SINCE +DECISION$/);
  expect(
    shown.slice(1, 3).map((line) => line.replace(/\d{4}-\d\d-\d\d [\d:]{8} UTC/, '<time>').split(/ {2,}/)),
  ).toEqual([
    ['dashboard', 'jane', record, 'DEMO/jane, jane@example.com', '<time>'],
    ['dashboard', 'joe', joes, 'DEMO/joe, joe@example.com', '<time>'],
  ]);
  expect(shown.join('\n')).toContain('linkspan adopt approve acme <target> <user>');
  expect(await said('list', 'acme', '--limit', '1')).toContain('And 1 more; --limit <n> shows them.');
  expect(JSON.parse(await said('list', 'acme', '--target', 'dashboard', '--json'))).toMatchObject({
    total: 2,
    adoptions: [{ userId: jane, records: [{ id: record }] }, { userId: joe }],
  });

  const approved = await said('approve', 'acme', 'dashboard', 'jane');
  expect(approved).toContain(`Approved. jane is linked to record ${record}`);
  expect(await said('refuse', 'acme', 'dashboard', 'joe')).toContain(`joe is not linked to ${joes}`);
  await linkspan.settled();
  expect(await accountOf(linkspan, jane)).toMatchObject({ outcome: 'done', remote_id: record });
  expect(await accountOf(linkspan, joe)).toMatchObject({ outcome: 'reject', remote_id: null });
  expect(await users(linkspan)).toMatchObject([{ firstName: JANE.name.givenName }, { firstName: '' }]);
  expect(await said('list', 'acme')).toMatch(/joe.* refused/);
  const activity = /linkspan why (\S+)/.exec(approved)?.[1] ?? '';
  const why = await runCommand(['why', activity, '--tenant', 'acme'], env);
  expect(why.stdout).toContain('adopt User jane');
  expect(why.stdout).toMatch(/called .*PUT \/users\/v1\/api\/user/);

  for (const [args, reason] of [
    [['list', 'nobody'], /There is no tenant "nobody"/],
    [['list', 'acme', '--target', 'x'], /no target "x"/],
    [['list', 'acme', '--limit', 'x'], /number from 1/],
    [['approve', 'acme', 'dashboard', 'nobody'], /no user "nobody"/],
    [['approve', 'acme', 'dashboard', 'jane'], /Nothing has to be decided about this user.*linkspan adopt list acme/],
    [['approve', 'acme', 'dashboard', 'joe', '--record', 'x'], /none of those that were seen/],
    [['approve', 'acme', 'elsewhere', 'joe'], /no target "elsewhere"/],
  ] as const) {
    const { code, stderr } = await adopt(...args);
    expect({ args, code }).toEqual({ args, code: 1 });
    expect(stderr).toMatch(reason);
    expect(stderr).not.toMatch(/\bat .*\.ts:\d+/);
  }
  expect((await adopt('approve', '--help')).stdout).toContain('--record <id>');
});
