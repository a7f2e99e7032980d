import { expect, it, vi } from 'vitest';
import { catalogueText } from '../../src/cli/target-catalogue.ts';
import { pauseByAdmin, resumeByAdmin } from '../../src/sync/admin/targets.ts';
import { laneOf, startSystem } from '../sync/cataloguing.ts';
import { served } from './served.ts';

/** Each command is a process that has to start. */
vi.setConfig({ testTimeout: 180_000 });

it('linkspan target catalogue shows what a target has to assign, and asks it where it is told to', async () => {
  const { run, scim, settled, app, sandbox } = await served();
  const command = (...args: string[]) => run('target', 'catalogue', 'acme', ...args);
  const unknown = await command('door');
  expect(unknown).toMatchObject({ code: 0, stderr: '' });
  const refreshing = 'linkspan target catalogue acme door --refresh';
  expect(unknown.stdout).toBe(`Nothing is known of what "door" has to assign. Ask it with: ${refreshing}\n`);

  const names = { givenName: 'Jane', familyName: 'Doe' };
  const jane = (await scim('POST', '/Users', { userName: 'jane', name: names, emails: [{ value: 'j@x.org' }] })).body;
  await scim('POST', '/Groups', { displayName: 'Event 1001', members: [{ value: jane.id }] });
  await settled();
  const asked = await command('door', '--refresh');
  expect(asked).toMatchObject({ code: 0, stderr: '' });
  expect(asked.stdout).toMatch(
    /^KIND +NAME +VALUE +WEIGHT +DESCRIPTION\nevent +\S.* +door:1001\n\n1 to assign, as of 20/,
  );
  const { stdout } = await command('door', '--json');
  expect(JSON.parse(stdout)).toEqual({
    target: 'door',
    askable: true,
    refreshedAt: expect.any(Number),
    triedAt: expect.any(Number),
    problem: null,
    entries: [
      {
        kind: 'event',
        id: '1001',
        name: expect.any(String),
        description: null,
        weight: null,
        value: 'door:1001',
        resourceType: 'Entitlement',
        scimId: (await scim('GET', '/Entitlements')).body.Resources[0].id,
        seenAt: expect.any(Number),
      },
    ],
  });

  await sandbox.faults({ kinds: ['500'] });
  const failed = await command('door', '--refresh');
  expect(failed.code).toBe(1);
  expect(failed.stderr).toMatch(/^Not refreshed: .*500/);
  expect(failed.stdout).toContain('door:1001');
  expect(failed.stdout).toMatch(/\nThe last look failed \(20.*UTC\): .*500.*\.\n1 to assign, as of 20/);
  await sandbox.faults({ rate: 0 });

  await pauseByAdmin(app, 'acme', 'door', 'holiday');
  const calls = await sandbox.mark();
  const paused = await command('door', '--refresh');
  expect(paused).toMatchObject({ code: 1, stdout: '' });
  expect(paused.stderr).toContain('paused: holiday. No call is made until: linkspan target resume acme door');
  expect(await sandbox.mark()).toBe(calls);
  await resumeByAdmin(app, 'acme', 'door');

  const dashboard = await command('dashboard');
  expect(dashboard).toMatchObject({ code: 0, stdout: expect.stringContaining('has nothing to assign.') });
  const refused = await command('dashboard', '--refresh');
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('has nothing to assign.') });
  const nowhere = await command('nowhere');
  expect(nowhere).toMatchObject({ code: 1, stderr: expect.stringContaining('has no target "nowhere"') });
  expect((await command('--help')).stdout).toContain('believed only with --refresh');
});

it('the text of a catalogue has its weights and descriptions', async () => {
  const linkspan = await served();
  const lane = await laneOf(linkspan, await startSystem());
  const entry = { kind: 'role', id: 'r', seenAt: 0, resourceType: 'Role' as const, scimId: 's' };
  const catalogue = {
    refreshedAt: 0,
    triedAt: 0,
    problem: null,
    entries: [
      { ...entry, name: 'Admin', value: 'door:1', weight: 0, description: 'All' },
      { ...entry, name: 'User', value: 'door:22', weight: null, description: null },
    ],
  };
  expect(catalogueText(catalogue, lane)).toBe(
    [
      'KIND  NAME   VALUE    WEIGHT  DESCRIPTION',
      'role  Admin  door:1   0       All',
      'role  User   door:22',
      '',
      '2 to assign, as of 1970-01-01 00:00:00 UTC.',
      "VALUE is what a user's roles or entitlements say (docs/scim.md).",
    ].join('\n'),
  );
});
