import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import { type AccountKey, enqueue } from '../../src/sync/accounts/accounts.ts';
import { claim, release } from '../../src/sync/accounts/claims.ts';
import { createLeases } from '../../src/sync/accounts/leases.ts';
import { withSideLease } from '../../src/sync/accounts/side-lease.ts';
import { pauseByAdmin, requireTarget } from '../../src/sync/admin/targets.ts';
import { startLinkspan } from '../linkspan.ts';
import { describeStores } from '../stores.ts';

const TIMES = { callMs: 1_000, waitMs: 0 };

/** One account, with a target that no server works on. */
async function oneAccount(databaseUrl: string) {
  const linkspan = await startLinkspan({ databaseUrl, targets: ['dashboard'] });
  const { app, scim, settled } = linkspan;
  const { id } = (await scim('POST', '/Users', { userName: 'jane' })).body;
  await settled();
  await pauseByAdmin(app, 'acme', 'dashboard', 'for the test');
  const { id: targetId, revision } = await requireTarget(app.store, 'acme', 'dashboard');
  const key: AccountKey = { tenant: 'acme', target_id: targetId, user_id: id };
  const asWorker = async (name: string) => {
    await alive(app.store, name);
    await due(app.store, key);
    return claim(app.store, { tenant: 'acme', targetId, revision }, name, 10);
  };
  return { ...linkspan, store: app.store, key, asWorker };
}

async function alive(store: Store, id: string): Promise<void> {
  const now = await store.now();
  const row = { id, started_at: now, alive_until: now + 60_000 };
  await store.write((trx) =>
    trx
      .insertInto('processes')
      .values(row)
      .onConflict((c) => c.doNothing())
      .execute(),
  );
}

async function due(store: Store, key: AccountKey): Promise<void> {
  const now = await store.now();
  await store.write((trx) => enqueue(trx, [{ ...key, urgent: 1, activity_id: null, changed_at: now }], now));
}

const rowOf = (store: Store, { user_id }: AccountKey) =>
  store.read.selectFrom('accounts').selectAll().where('user_id', '=', user_id).executeTakeFirstOrThrow();

describeStores('the lease of a command', (open) => {
  it('keeps workers away while it lasts, and no longer', async () => {
    const { store, key, asWorker } = await oneAccount(await open.url());
    const given = await withSideLease(store, key, TIMES, async ({ account, outlives }) => {
      expect(account.user_id).toBe(key.user_id);
      expect([outlives(1_000), outlives(60_000)]).toEqual([true, false]);
      return asWorker('worker');
    });
    expect(given).toEqual([]);
    expect(await rowOf(store, key)).toMatchObject({ lease_owner: null });
    expect(await asWorker('worker')).toHaveLength(1);
  });

  it('waits for the worker that has the account, for as long as it is told', async () => {
    const { store, key, asWorker } = await oneAccount(await open.url());
    const [account] = await asWorker('worker');
    if (!account) throw new Error('not claimed');
    expect(await withSideLease(store, key, { ...TIMES, waitMs: 150 }, async () => 'had')).toBeNull();
    let isFree = false;
    const having = withSideLease(store, key, { ...TIMES, waitMs: 30_000 }, async () => isFree);
    await sleep(150);
    isFree = true;
    await release(store, account);
    expect(await having).toBe(true);
  });

  it('leaves nothing behind, whether or not the work succeeds', async () => {
    const { store, key } = await oneAccount(await open.url());
    const before = await rowOf(store, key);
    const processes = () => store.read.selectFrom('processes').select('id').execute();
    const others = await processes();
    await withSideLease(store, key, TIMES, async () => {});
    await expect(withSideLease(store, key, TIMES, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await rowOf(store, key)).toEqual({ ...before, lease_epoch: before.lease_epoch + 2 });
    expect(await processes()).toEqual(others);
  });

  it('of a command that died is freed by the next beat of a server, and the account looked at again', async () => {
    const { store, key, app } = await oneAccount(await open.url());
    await withSideLease(store, key, TIMES, async ({ account }) => {
      await store.write((trx) =>
        trx
          .deleteFrom('processes')
          .where('id', '=', account.lease_owner ?? '')
          .execute(),
      );
      await (await createLeases(app.store)).beat({ callMs: 1_000, effectMs: 1_000 });
      expect(await rowOf(store, key)).toMatchObject({
        lease_owner: null,
        generation: account.generation + 1,
        due_at: expect.any(Number),
      });
    });
  });

  it('after a call without a clear answer is kept until that can land no more, and the account looked at again', async () => {
    const { store, key, asWorker } = await oneAccount(await open.url());
    const { generation } = await rowOf(store, key);
    let isOver = false;
    const having = withSideLease(store, key, TIMES, async ({ distrust }) => distrust(3_000)).then(() => {
      isOver = true;
    });
    await sleep(100);
    expect(await asWorker('worker')).toEqual([]);
    expect(isOver).toBe(false);
    await having;
    // One by the request of the worker, one by what was unclear.
    expect(await rowOf(store, key)).toMatchObject({ generation: generation + 2, due_at: expect.any(Number) });
  });
});
