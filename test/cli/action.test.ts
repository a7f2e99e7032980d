import { expect, it, vi } from 'vitest';
import { eventually } from '../linkspan.ts';
import { runCommand } from '../process.ts';
import { withPartner } from '../sync/partner.ts';

/** Each command is a process that has to start. */
vi.setConfig({ testTimeout: 300_000 });

it('linkspan action shows what is to be done by hand, and looks whether it was, beside a running engine', async () => {
  const set = await withPartner({ pace: { manualLookMs: 86_400_000 } });
  const env = { ...set.env, NO_COLOR: '1' };
  const action = (...args: string[]) => runCommand(['action', ...args], env);
  const jane = await set.hire('jane');
  await set.settled();
  await set.set(jane, 'active', false);
  await eventually('it is asked for', async () => (await set.actions()).length === 1);
  await set.settled();
  const [{ id } = { id: '' }] = await set.actions();

  const listed = await action('list', 'acme', '--target', 'partner');
  expect([listed.code, listed.stderr]).toEqual([0, '']);
  const [header, line] = listed.stdout.split('\n');
  expect(header).toMatch(/^ID +TARGET +USER +KIND +SINCE +STATE +WHAT TO DO$/);
  expect(line).toMatch(new RegExp(`^${id} +partner +jane +disable +20.* UTC +open +Block jane@example.com$`));
  expect(JSON.parse((await action('list', 'acme', '--json')).stdout)).toMatchObject({
    total: 1,
    actions: [{ id, user: 'jane', kind: 'disable', closedBy: null }],
  });
  const denied = await action('done', 'acme', id, '--note', 'clicked');
  expect(denied.code).toBe(1);
  expect(denied.stdout).toMatch(
    /^Still open: said to be done at 20.* UTC, the system still shows a record that is enabled \(New\)/,
  );

  const shown = (await action('show', 'acme', id)).stdout;
  expect(shown).toMatch(/record +\S+\n/);
  expect(shown).toContain('Block jane@example.com');
  expect(shown).toMatch(/note +clicked\n/);

  set.member('jane').state = 'Blocked';
  const done = await action('done', 'acme', id);
  expect([done.code, done.stderr]).toEqual([0, '']);
  expect(done.stdout).toContain('Closed: the system shows that it was done.');
  const activity = /linkspan why (\S+)/.exec(done.stdout)?.[1] ?? '';
  expect((await runCommand(['why', activity, '--tenant', 'acme'], env)).stdout).toContain('action done User jane');
  expect((await action('list', 'acme', '--all')).stdout).toMatch(/ seen +Block jane@example.com/);

  for (const [args, problem] of [
    [['list', 'nobody'], /no tenant "nobody"/],
    [['show', 'acme', 'x'], /no action "x".*linkspan action list acme/],
    [['done', 'acme', id], /closed already/],
  ] as const) {
    const { code, stderr } = await action(...args);
    expect({ args, code }).toEqual({ args, code: 1 });
    expect(stderr).toMatch(problem);
  }
});
