import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { holdText } from '../../src/cli/hold.ts';
import type { HoldDetail } from '../../src/sync/holds/decide.ts';
import { runCommand } from '../process.ts';
import { testDatabase } from '../stores.ts';
import { withLimits } from '../sync/held.ts';

/** Each command is a process that has to start. */
vi.setConfig({ testTimeout: 180_000 });

async function held() {
  const database = await testDatabase('sqlite');
  onTestFinished(() => database.drop());
  const rules = { limits: { disable: { count: 0 } } };
  const linkspan = await withLimits('dashboard', rules, { databaseUrl: database.url });
  await linkspan.setActive(await linkspan.hire(2), false);
  await linkspan.settled();
  const env = { LINKSPAN_DATABASE_URL: database.url, LINKSPAN_DATA_DIR: linkspan.config.dataDir };
  const command = async (...args: string[]) => runCommand(['hold', ...args], env);
  return { ...linkspan, command };
}

describe('linkspan hold', () => {
  it('lists what is held, shows whom and why, and lets exactly that go by its code', async () => {
    const { command, theHold, disabled, drained, settled } = await held();
    const { id, set } = await theHold();
    const list = await command('list', 'acme');
    expect(list.stdout).toMatch(
      /^ID +TARGET +KIND +ACCOUNTS +STATE +SINCE +ORIGIN\n\w{8} +dashboard +disable +2 +open +20\S+ \S+ UTC +pushes\n$/,
    );
    expect(JSON.parse((await command('list', 'acme', '--json')).stdout)).toMatchObject([{ id, accounts: 2 }]);
    const { stdout } = await command('show', 'acme', id);
    expect(stdout).toMatch(new RegExp(`^Hold ${id}  open\\n  target     dashboard\\n`));
    expect(stdout).toContain('because    more than 0 within 24 hours\n');
    expect(stdout).toContain('\n\nUSERS\n  user00\n  user01\n');
    const line = new RegExp(`linkspan (hold approve acme ${id} --set ${set})\n`).exec(stdout)?.[1] ?? '';
    const json = JSON.parse((await command('show', 'acme', id, '--json')).stdout);
    expect(json).toMatchObject({ set, users: [{ userName: 'user00' }, { userName: 'user01' }] });

    const refused = await command('approve', 'acme', id, '--set', 'abc');
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(/^That is not the set of hold \w+ as it is now: the code abc is wrong, or /);
    const rejected = await command('reject', 'acme', id, '--set', set);
    expect(rejected.stdout).toMatch(/^Rejected: 2 accounts in "dashboard" keep what they have/);
    expect((await command('reject', 'acme', id)).stderr).toMatch(/is rejected already, by cli:\w+\.\n$/);
    const approved = await command(...line.split(' ').slice(1));
    expect(approved.stdout).toMatch(/^Approved: 2 accounts may disable in "dashboard" until 20\S+ \S+ UTC\./);
    await drained();
    await settled();
    expect(await disabled()).toBe(2);
    expect((await command('list', 'acme')).stdout).toBe('Nothing is held back for "acme".\n');
    expect((await command('list', 'acme', '--all')).stdout).toContain(`${id}  dashboard  disable  0         approved`);
  });

  it('refuses in plain words', async () => {
    const { command } = await held();
    for (const [args, reason] of [
      [['list', 'nobody'], /There is no tenant "nobody"/],
      [['show', 'acme', 'x'], /^Tenant "acme" has no hold "x"\. See: linkspan hold list acme --all\n$/],
      [['approve', 'acme', 'x'], /required option '--set <code>'/],
      [['reject', 'acme', 'x'], /has no hold "x"/],
    ] as const) {
      const { code, stderr } = await command(...args);
      expect({ args, code }).toEqual({ args, code: 1 });
      expect(stderr).toMatch(reason);
      expect(stderr).not.toMatch(/\bat .*\.ts:\d+/);
    }
  });

  it('shows the first of many by name, and what somebody decided', () => {
    const users = Array.from({ length: 60 }, (_, n) => ({ id: `u${n}`, userName: n === 0 ? null : `user${n}` }));
    const detail: HoldDetail = {
      id: 'abcdefgh',
      target: 'door',
      kind: 'unassign',
      origin: 'group',
      state: 'approved',
      reason: 'the group "Event 1001", deleted, would unassign 60: more than 3',
      createdAt: 0,
      decidedAt: 1_000,
      decidedBy: 'cli:ann',
      expiresAt: 86_401_000,
      accounts: 60,
      set: '0123456789',
      users,
    };
    const text = stripVTControlCharacters(holdText('acme', detail, 60));
    expect(text).toContain('\n  decided    1970-01-01 00:00:01 UTC by cli:ann\n  until      1970-01-02 00:00:01 UTC\n');
    expect(text).toContain('\n  u0\n  user1\n');
    expect(text).toMatch(/\n {2}user49\n {2}and 10 more; --json shows all$/);
    expect(text).not.toContain('hold approve');
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(60);
    const empty = holdText('acme', { ...detail, users: [], accounts: 0, state: 'open' }, 60);
    expect(stripVTControlCharacters(empty)).toMatch(/\n\nNobody is left in it\.$/);
  });
});
