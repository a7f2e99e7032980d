import { describe, expect, it, vi } from 'vitest';
import { planText } from '../../src/cli/plan-text.ts';
import { width } from '../../src/cli/terminal.ts';
import { setTarget } from '../../src/sync/admin/targets.ts';
import { draftOf } from '../../src/sync/planning/draft.ts';
import { plan } from '../../src/sync/planning/planning.ts';
import { startLinkspan } from '../linkspan.ts';
import { served } from './served.ts';

/** Each command is a process that has to start. */
vi.setConfig({ testTimeout: 180_000 });

describe('linkspan plan', () => {
  it('shows what a draft would do, and takes the options of target set', async () => {
    const { scim, settled, sandbox, run } = await served();
    for (const userName of ['jane', 'joe', 'ann']) await scim('POST', '/Users', { userName });
    await settled();
    const mark = await sandbox.mark();
    const draft = ['plan', 'acme', 'dashboard', '--scope', 'userName sw "j"'];
    const text = await run(...draft, '--limit', '1', '--details');
    expect(text.code).toBe(0);
    expect(text.stdout).toMatch(
      /^dashboard \(qflow-enterprise, tenant acme\)\nWhat saving this draft would do, for 3 users/,
    );
    expect(text.stdout).toMatch(/\n {2}disable {6}1\n {2}nothing {6}2 /);
    expect(text.stdout).toMatch(/\nleaves {2}1 user: 1 disabled\n +ann\n/);
    expect(text.stdout).toMatch(/\nann {2}not in scope.*\n {2}disable +PUT /);
    expect(JSON.parse((await run(...draft, '--json')).stdout)).toMatchObject({
      target: 'dashboard',
      draft: true,
      calls: { disable: 1 },
      leaves: { count: 1, first: [{ userName: 'ann' }] },
      heldBack: [],
    });
    const now = await run('plan', 'acme', 'dashboard');
    expect(now.stdout).toMatch(/What the rules as they are would do now, for 3 users/);
    const fresh = await run(
      'plan',
      'acme',
      'new',
      '--type',
      'qflow-team',
      '--set',
      'clientId=x',
      '--set',
      'username=A/b',
    );
    expect(fresh.stdout).toMatch(/^a new target .*\n.*\n\nactions\n {2}create {7}3\n/);
    expect((await run('plan', 'acme', 'new')).stderr).toMatch(/no target "new"/);
    expect((await run('plan', 'acme', 'dashboard', '--scope', 'x qq 1')).stderr).toMatch(/no SCIM filter/);
    expect(await sandbox.mark()).toBe(mark);
  });

  it('fits into the columns of the terminal', async () => {
    const { app, scim, settled } = await startLinkspan({ targets: ['dashboard'] });
    await scim('POST', '/Users', { userName: `${'long'.repeat(30)}@example.com` });
    await settled();
    const draft = await draftOf(app, 'acme', 'dashboard', {
      rules: { scope: 'userName eq "x"', outOfScope: 'delete' },
    });
    const planned = await plan(app.store, draft, { details: 5 });
    const heldBack = [
      { kind: 'delete' as const, planned: 1, started: 3, allowed: 0, limit: '10 % of 1234 linked accounts' },
    ];
    const lines = planText({ ...planned, heldBack }, 60).split('\n');
    expect(lines.filter((line) => width(line) > 60 && !/^long/.test(line))).toEqual([]);
  });
});

describe('linkspan target set', () => {
  it('asks before saving what takes more away than the limits allow, and without a terminal wants --yes', async () => {
    const { app, scim, settled, run } = await served();
    await setTarget(app, 'acme', 'dashboard', { rules: { limits: { disable: { count: 1 } } } });
    for (const userName of ['jane', 'joe', 'ann']) await scim('POST', '/Users', { userName });
    await settled();
    const row = () =>
      app.store.read.selectFrom('targets').selectAll().where('name', '=', 'dashboard').executeTakeFirst();
    const before = await row();
    const few = ['target', 'set', 'acme', 'dashboard', '--scope', 'userName eq "ann"'];
    const refused = await run(...few);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(
      /take away more than the limits of "dashboard" allow:\n {2}disable +2 accounts: more than 1\n/,
    );
    expect(refused.stderr).toMatch(/leave scope +2: (jane|joe), (jane|joe)\n/);
    expect(refused.stderr).toMatch(/Nothing was saved\. Add --yes/);
    // Limits that the same command lifts do not let it through.
    const lifted = await run(...few, '--rules', '{"limits":"off"}');
    expect(lifted).toMatchObject({ code: 1, stderr: expect.stringContaining('Nothing was saved.') });
    expect(await row()).toEqual(before);

    const one = await run('target', 'set', 'acme', 'dashboard', '--scope', 'userName sw "j"');
    expect(one).toMatchObject({ code: 0, stderr: '' });
    expect(await run(...few, '--yes')).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse((await row())?.rules ?? '{}')).toMatchObject({ scope: 'userName eq "ann"' });
  });
});
