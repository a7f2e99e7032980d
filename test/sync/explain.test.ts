import { describe, expect, it, onTestFinished } from 'vitest';
import { pauseByAdmin, setTarget } from '../../src/sync/admin/targets.ts';
import { explain } from '../../src/sync/explain/explain.ts';
import { openLane } from '../../src/sync/lanes/lanes.ts';
import { eventually, type Linkspan, patch, STAFF, scimClient, startLinkspan, startSandbox } from '../linkspan.ts';
import { testDatabase } from '../stores.ts';

async function explained({ app }: Linkspan, userId: string) {
  const rows = await app.store.read.selectFrom('targets').selectAll().orderBy('name').execute();
  const lanes = await Promise.all(rows.map((row) => openLane(row, { ...app, onCall: () => {} })));
  const explanation = await explain(app.store, lanes, 'acme', userId);
  if (!explanation) throw new Error('nothing to explain');
  return explanation;
}

const accounts = ({ app }: Linkspan) =>
  app.store.read.selectFrom('accounts').selectAll().orderBy('target_id').execute();

describe('explain', () => {
  it('shows who wants the user and why, the exact calls with secrets hidden, and the next attempt', async () => {
    const linkspan = await startLinkspan({ pace: { backoffMinMs: 60_000, backoffMaxMs: 60_000 } });
    const { scim, sandbox } = linkspan;
    await sandbox.faults({ kinds: ['500'], match: 'GET /users/v1/api/users/email', times: 1 });
    const { id } = (await scim('POST', '/Users', { userName: 'jane', emails: [{ value: 'jane@example.com' }] })).body;
    await eventually('a failed attempt', async () => (await accounts(linkspan))[0]?.outcome === 'retry');

    const { user, targets } = await explained(linkspan, id);
    expect(user.resource.userName).toBe('jane');
    expect(targets).toMatchObject([
      {
        target: 'dashboard',
        scope: { wanted: 'active', why: expect.stringContaining('in scope'), rule: STAFF, inScope: true },
        match: {
          situation: 'absent',
          linkedTo: null,
          lookedFor: [{ userName: 'DEMO/jane', email: 'jane@example.com' }],
          look: 'no record',
        },
        actions: {
          plan: [
            { kind: 'create', call: 'POST /users/v1/api/user', body: { userName: 'DEMO/jane', password: '<random>' } },
          ],
          state: 'waiting',
          last: { outcome: 'retry', failure: 'transient', reason: expect.stringContaining('500') },
          attempts: 1,
          calls: expect.arrayContaining([expect.objectContaining({ path: '/users/v1/api/users/email', status: 500 })]),
        },
      },
      {
        target: 'door',
        scope: { wanted: 'none', why: 'nothing is assigned', inScope: true },
        match: { situation: null, look: 'not asked' },
        map: [],
        actions: { plan: [], whyNone: expect.stringContaining('nothing is assigned') },
      },
    ]);
    expect(targets[0]?.actions.nextAttemptAt).toBeGreaterThan(Date.now());
    expect(JSON.stringify(targets)).not.toMatch(/"field":"password"/);
  });

  it('shows field by field what differs, as the target itself compares, and the group behind each assignment', async () => {
    const linkspan = await startLinkspan({ pace: { backoffMinMs: 60_000, backoffMaxMs: 60_000 } });
    const { app, scim, settled } = linkspan;
    const name = { givenName: 'Jane', familyName: 'Doe' };
    const { id } = (await scim('POST', '/Users', { userName: 'jane', name })).body;
    const members = [{ value: id }];
    await scim('POST', '/Groups', { displayName: 'Event 1001', members });
    await scim('POST', '/Groups', { displayName: 'Everybody', members });
    await settled();
    for (const target of ['dashboard', 'door']) await pauseByAdmin(app, 'acme', target, 'holidays');
    await scim('PATCH', `/Users/${id}`, patch({ op: 'replace', path: 'name.familyName', value: 'Smith' }));
    await scim('PATCH', `/Users/${id}`, patch({ op: 'replace', path: 'userName', value: 'janes' }));
    await scim('POST', '/Groups', { displayName: 'Event 1002', members });

    const [dashboard, door] = (await explained(linkspan, id)).targets;
    expect(dashboard).toMatchObject({
      match: { situation: 'confirmed', linkedTo: expect.any(String), lookedFor: [], seen: { enabled: true } },
      map: [
        { field: 'userName', kind: 'key', wanted: 'DEMO/janes', seen: 'DEMO/jane', differs: true },
        { field: 'firstName', wanted: 'Jane', seen: 'Jane', differs: false },
        { field: 'lastName', wanted: 'Smith', seen: 'Doe', differs: true },
        { field: 'email', wanted: 'janes', seen: 'jane', differs: true },
        { field: 'access', kind: 'access', wanted: 'enabled', seen: 'enabled', differs: false },
      ],
      actions: { plan: [{ kind: 'rename' }, { kind: 'update' }], whyNone: null, paused: 'holidays' },
    });
    expect(door?.scope).toMatchObject({
      assignments: ['1001', '1002'],
      groups: [
        { group: 'Event 1001', grants: ['1001'] },
        { group: 'Everybody', grants: [] },
        { group: 'Event 1002', grants: ['1002'] },
      ],
    });
    expect(door?.map.filter(({ kind }) => kind === 'assignment')).toEqual([
      { field: '1001', kind: 'assignment', wanted: 'yes', seen: 'yes', differs: false },
      { field: '1002', kind: 'assignment', wanted: 'yes', seen: null, differs: true },
    ]);
  });

  it("says what stands in the way: a name that is held, a record that is somebody else's, a target that does not answer", async () => {
    const linkspan = await startLinkspan({ targets: ['dashboard'] });
    const { app, scim, sandbox, settled } = linkspan;
    const jane = (await scim('POST', '/Users', { userName: 'jane' })).body.id;
    await settled();
    await setTarget(app, 'acme', 'dashboard', { rules: { deleted: 'keep' } });
    await settled();
    await scim('DELETE', `/Users/${jane}`);
    const { id } = (await scim('POST', '/Users', { userName: 'jane' })).body;
    await eventually('it is refused', async () => (await accounts(linkspan)).some((row) => row.outcome === 'reject'));
    const [held] = (await explained(linkspan, id)).targets;
    expect(held).toMatchObject({
      match: { situation: 'already-linked', linkedTo: null },
      actions: { plan: [], whyNone: expect.stringContaining(`linked to user ${jane}`), state: 'needs a person' },
    });

    await sandbox.faults({ kinds: ['500'], rate: 1 });
    const [silent] = (await explained(linkspan, id)).targets;
    expect(silent).toMatchObject({
      scope: { wanted: 'active' },
      match: { situation: null, look: expect.stringContaining('500') },
      actions: { plan: [], whyNone: expect.stringContaining('could not be asked') },
    });
  });

  it('takes no lease, writes nothing and creates nobody', async () => {
    const linkspan = await startLinkspan({ pace: { backoffMinMs: 60_000, backoffMaxMs: 60_000 } });
    const { scim, sandbox } = linkspan;
    await sandbox.faults({ kinds: ['500'], match: 'GET /users/v1/api/users/email', times: 1 });
    const { id } = (await scim('POST', '/Users', { userName: 'jane' })).body;
    await scim('POST', '/Groups', { displayName: 'Event 1001', members: [{ value: id }] });
    await eventually('the door is done', async () => (await sandbox.state()).qflow.assignments.length === 1);
    await eventually('everything is at rest', async () =>
      (await accounts(linkspan)).every((row) => row.lease_owner === null),
    );
    const before = await accounts(linkspan);
    const mark = await sandbox.mark();
    await explained(linkspan, id);
    expect(await accounts(linkspan)).toEqual(before);
    const calls = (await sandbox.calls()).filter((call) => call.number > mark && !call.path.endsWith('/token'));
    expect(calls.length).toBeGreaterThan(0);
    expect(calls.every((call) => call.method === 'GET')).toBe(true);
  });

  it('tells of somebody who was deleted, with the receipts', async () => {
    const linkspan = await startLinkspan({ targets: ['dashboard'] });
    const { scim, settled } = linkspan;
    const { id } = (await scim('POST', '/Users', { userName: 'jane' })).body;
    await settled();
    await scim('PATCH', `/Users/${id}`, patch({ op: 'replace', path: 'active', value: false }));
    await settled();
    await scim('DELETE', `/Users/${id}`);
    await settled();
    const { user, targets } = await explained(linkspan, id);
    expect(user.deleted).toBe(true);
    expect(targets).toMatchObject([
      {
        scope: { wanted: 'none', why: expect.stringContaining('deleted by the identity provider') },
        actions: {
          receipts: [
            { kind: 'disable', evidence: 'read', emulated: true },
            { kind: 'delete', evidence: 'read', emulated: false },
          ],
        },
      },
    ]);
  });

  it('keeps every wish for a target that cannot be opened', async () => {
    const database = await testDatabase('sqlite');
    const sandbox = await startSandbox();
    onTestFinished(async () => {
      await sandbox.close();
      await database.drop();
    });
    const first = await startLinkspan({ databaseUrl: database.url, sandbox, targets: ['dashboard'] });
    await first.app.store.write((trx) =>
      trx.updateTable('targets').set({ settings: '{"baseUrl":"nonsense"}' }).execute(),
    );
    await first.close();

    const second = await startLinkspan({ databaseUrl: database.url, sandbox, tenant: null });
    const scim = scimClient(second.url, 'acme', first.scim.token);
    await scim('POST', '/Users', { userName: 'jane' });
    await eventually('the change is fanned out', async () => {
      const rows = await second.app.store.read.selectFrom('changes').select('seq').execute();
      return rows.length === 0;
    });
    expect(await accounts(second)).toMatchObject([{ due_at: expect.any(Number), outcome: null }]);
    expect((await sandbox.state()).qflow.users).toEqual([]);
  });
});
