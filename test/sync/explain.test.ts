import { describe, expect, it, onTestFinished } from 'vitest';
import { explain } from '../../src/sync/explain.ts';
import { openLane } from '../../src/sync/lanes.ts';
import { eventually, type Linkspan, patch, scimClient, startLinkspan, startSandbox } from '../linkspan.ts';
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
        wanted: 'active',
        why: expect.stringContaining('in scope'),
        look: 'no record',
        plan: [
          { kind: 'create', call: 'POST /users/v1/api/user', body: { userName: 'DEMO/jane', password: '<random>' } },
        ],
        last: { outcome: 'retry', reason: expect.stringContaining('500') },
        attempts: 1,
        calls: expect.arrayContaining([expect.objectContaining({ path: '/users/v1/api/users/email', status: 500 })]),
      },
      { target: 'door', wanted: 'none', why: 'nothing is assigned', plan: [] },
    ]);
    expect(targets[0]?.nextAttemptAt).toBeGreaterThan(Date.now());
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
        wanted: 'none',
        why: expect.stringContaining('deleted by the identity provider'),
        receipts: [
          { kind: 'disable', evidence: 'answer', emulated: true },
          { kind: 'delete', evidence: 'read', emulated: false },
        ],
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
