import { describe, expect, it, vi } from 'vitest';
import { explanationText } from '../../src/cli/explain-text.ts';
import { width } from '../../src/cli/terminal.ts';
import { pauseByAdmin } from '../../src/sync/admin/targets.ts';
import { explain } from '../../src/sync/explain/explain.ts';
import { openLane } from '../../src/sync/lanes/lanes.ts';
import { patch, startLinkspan } from '../linkspan.ts';
import { served } from './served.ts';

/** Each command is a process that has to start. */
vi.setConfig({ testTimeout: 180_000 });

const emails = [{ value: 'Jane@Example.com', type: 'work', primary: true }];

describe('linkspan explain', () => {
  it('finds a user by userName, id, externalId or e-mail, and shows five steps for every target, or one', async () => {
    const { scim, settled, run } = await served();
    const { id } = (await scim('POST', '/Users', { userName: 'jane', externalId: 'e-77', emails })).body;
    await scim('POST', '/Users', { userName: 'joe', emails: [{ value: 'two@example.com' }] });
    await scim('POST', '/Users', { userName: 'ann', emails: [{ value: 'two@example.com' }] });
    await settled();
    for (const who of ['jane', id, 'e-77', 'jane@EXAMPLE.com']) {
      const { targets, user } = JSON.parse((await run('explain', 'acme', who, '--json')).stdout);
      expect(user.id).toBe(id);
      expect(targets).toMatchObject([
        { target: 'dashboard', scope: {}, match: {}, map: expect.any(Array), actions: {} },
        { target: 'door' },
      ]);
    }
    const { stdout, code } = await run('explain', 'acme', 'jane', '--target', 'dashboard');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^jane {2}active {2}tenant acme\n/);
    expect(stdout).toMatch(/\n1 import .*\n2 scope .*\n3 match .*\n4 map .*\n5 actions /s);
    expect(stdout).not.toContain('door');
    expect(await run('explain', 'acme', 'two@example.com')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^2 users have the e-mail address "two@example.com"\. Name one by its id: /),
    });
    expect((await run('explain', 'acme', 'nobody')).stderr).toBe('Tenant "acme" has and had no user "nobody".\n');
    expect((await run('explain', 'acme', 'jane', '--target', 'x')).stderr).toMatch(/no target "x".*target list acme/);
  });

  it('--apply does it now, and shows the outcome and the calls', async () => {
    const { scim, settled, sandbox, run } = await served();
    await scim('POST', '/Users', { userName: 'jane', emails });
    await settled();
    const mark = await sandbox.mark();
    const { stdout, code } = await run('explain', 'acme', 'jane', '--apply', '--json');
    expect(code).toBe(0);
    const { applied } = JSON.parse(stdout);
    expect(applied).toMatchObject({ settled: true, served: true, timedOut: false });
    expect(applied.targets).toMatchObject([
      { target: 'dashboard', state: 'settled', last: { outcome: 'done' }, calls: [{ method: 'GET', status: 200 }] },
      { target: 'door', state: expect.stringMatching(/^(none|settled)$/), calls: [] },
    ]);
    expect(await sandbox.mark()).toBeGreaterThan(mark);
    expect((await run('why', 'jane', '--tenant', 'acme')).stdout).toContain('sync User jane by cli');
  });
});

describe('the text of an explanation', () => {
  it.each([60, 80, 120])('fits into %i columns', async (columns) => {
    const { app, scim, settled } = await startLinkspan();
    const userName = `${'very-long-name-'.repeat(6)}@example.com`;
    const { id } = (await scim('POST', '/Users', { userName, externalId: 'x'.repeat(300) })).body;
    await scim('POST', '/Groups', { displayName: 'Event 1001', members: [{ value: id }] });
    await scim('POST', '/Groups', { displayName: 'a group '.repeat(30), members: [{ value: id }] });
    await settled();
    await pauseByAdmin(app, 'acme', 'dashboard', 'because of a reason that is told at some length'.repeat(3));
    await scim('PATCH', `/Users/${id}`, patch({ op: 'replace', path: 'name.familyName', value: 'Doe'.repeat(50) }));
    const rows = await app.store.read.selectFrom('targets').selectAll().orderBy('name').execute();
    const lanes = await Promise.all(rows.map((row) => openLane(row, { ...app, onCall: () => {} })));
    const explanation = await explain(app.store, lanes, 'acme', id);
    if (!explanation) throw new Error('nothing to explain');
    const lines = explanationText(explanation, 'acme', columns).split('\n');
    expect(lines.slice(1).filter((line) => width(line) > columns)).toEqual([]);
    expect(lines.length).toBeGreaterThan(30);
  });
});
