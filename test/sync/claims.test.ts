import { randomUUIDv7 } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import { type Account, enqueue } from '../../src/sync/accounts/accounts.ts';
import { claim } from '../../src/sync/accounts/claims.ts';
import { link, unlink } from '../../src/sync/accounts/intents.ts';
import { createLeases } from '../../src/sync/accounts/leases.ts';
import { type Settlement, settle } from '../../src/sync/accounts/settle.ts';
import { Pace } from '../../src/sync/lanes/pace.ts';
import { requireFree } from '../../src/sync/work/collisions.ts';
import type { Pass } from '../../src/sync/work/pass.ts';
import { settleRemovals } from '../../src/sync/work/removals.ts';
import { describeStores } from '../stores.ts';

const TIMES = { callMs: 1_000, effectMs: 3_000 };
const LANE = { tenant: 'acme', targetId: 'target', revision: 1 };

/** A target without a system, and so many accounts that are due in it. */
async function withDue(store: Store, howMany: number) {
  await store.write(async (trx) => {
    const target = { tenant: LANE.tenant, id: LANE.targetId, name: 't', type: 'none', revision: 1, created_at: 0 };
    const columns = { settings: '{}', rules: '{}', pace: '{}', secrets: null, vault: null, state: 'active' as const };
    await trx
      .insertInto('targets')
      .values({ ...target, ...columns })
      .execute();
    const due = Array.from({ length: howMany }, () => ({
      tenant: LANE.tenant,
      target_id: LANE.targetId,
      user_id: randomUUIDv7(),
      urgent: 0 as const,
      activity_id: null,
      changed_at: 0,
    }));
    await enqueue(trx, due, 1);
  });
}

const rowOf = (store: Store) => store.read.selectFrom('accounts').selectAll().executeTakeFirstOrThrow();

const DONE: Settlement = {
  outcome: 'done',
  reason: null,
  failure: null,
  situation: 'confirmed',
  waitMs: null,
  attempts: 0,
  waitsFor: null,
  observed: { id: 'r1', keys: {}, fields: {}, enabled: true, assignments: [] },
  memory: { granted: [], remembered: [] },
  name: null,
  begunAt: 0,
  hasLooked: true,
  hasTaken: true,
  unclear: false,
  longestEffectMs: 3_000,
};

describeStores('claims', (open) => {
  it('of two processes at once never meet, and leave nobody out', async () => {
    const stores = [await open(), await open()];
    const [first] = stores;
    await withDue(first as Store, 100);
    const taken: Account[] = [];
    const take = async (store: Store, name: string) => {
      for (let batch = await claim(store, LANE, name, 7); batch.length > 0; batch = await claim(store, LANE, name, 7))
        taken.push(...batch);
    };
    await Promise.all(stores.flatMap((store, n) => [take(store, `p${n}`), take(store, `p${n}`)]));
    expect(taken).toHaveLength(100);
    expect(new Set(taken.map(({ user_id }) => user_id)).size).toBe(100);
    expect(new Set(taken.map(({ lease_owner }) => lease_owner)).size).toBe(2);
  });

  it('that were lost stay lost, though the same process has the account again', async () => {
    const store = await open();
    await withDue(store, 1);
    const [before] = await claim(store, LANE, 'p', 1);
    await store.write((trx) => trx.updateTable('accounts').set({ lease_owner: null }).execute());
    const [again] = await claim(store, LANE, 'p', 1);
    if (!before || !again) throw new Error('not claimed');
    expect(await store.write((trx) => settle(trx, before, DONE, 1))).toBe(false);
    expect(await rowOf(store)).toMatchObject({ lease_owner: 'p', lease_epoch: again.lease_epoch, outcome: null });
    expect(await store.write((trx) => settle(trx, again, DONE, 1))).toBe(true);
    // The refused one may have called: the account is looked at once more.
    expect(await rowOf(store)).toMatchObject({ lease_owner: null, due_at: 1 });
  });

  it('that were lost make no receipt for what was seen to be gone: who has the account now makes it', async () => {
    const store = await open();
    await withDue(store, 1);
    const removals = JSON.stringify({ 'unassign:1001': { at: 1, activityId: null } });
    const observed = JSON.stringify({ ...DONE.observed, assignments: ['1001'] });
    await store.write((trx) => trx.updateTable('accounts').set({ removals, observed }).execute());
    const [before] = await claim(store, LANE, 'p', 1);
    await store.write((trx) => trx.updateTable('accounts').set({ lease_owner: null }).execute());
    const [again] = await claim(store, LANE, 'q', 1);
    if (!before || !again) throw new Error('not claimed');
    const found = { situation: 'confirmed', observed: DONE.observed, isEmulated: false } as const;
    const settled = (account: Account, hasTaken = true) =>
      store.write((trx) =>
        settleRemovals(trx, store.dialect, account, { ...found, hasTaken, receipts: [], byHand: [] }),
      );
    expect((await settled(before)).receipts).toEqual([]);
    const receipt = { kind: 'unassign', subject: '1001', evidence: 'read' };
    expect((await settled(again)).receipts).toMatchObject([receipt]);
    // Where something else failed, the removal is over all the same.
    expect(await settled(again, false)).toMatchObject({ receipts: [receipt], columns: { removals: null } });
  });

  it('of a process that was taken for dead allow no call any more, however well it is again', async () => {
    const store = await open();
    let monotonic = 0;
    const frozen = await createLeases(store, () => monotonic);
    await frozen.beat(TIMES);
    const former = frozen.processId;
    expect(frozen.outlives(1_000, former)).toBe(true);
    monotonic += 60_000;
    expect(frozen.outlives(1_000, former)).toBe(false);
    // Another one has found its lease expired, and freed what it held.
    await store.write((trx) => trx.deleteFrom('processes').execute());
    await frozen.beat(TIMES);
    expect(frozen.outlives(1_000, former)).toBe(false);
    expect(frozen.outlives(1_000, frozen.processId)).toBe(true);
    await frozen.beat(TIMES);
    expect(frozen.outlives(1_000, frozen.processId)).toBe(true);
  });

  it('of what is urgent and fails do not keep what is ordinary from its turn; what is new and urgent goes first', async () => {
    const store = await open();
    await withDue(store, 6);
    const ids = (await store.read.selectFrom('accounts').select('user_id').orderBy('user_id').execute()).map(
      ({ user_id }) => user_id,
    );
    const [failing = '', waiting = '', asked = ''] = ids;
    const set = (id: string, values: Partial<Account>) =>
      store.write((trx) => trx.updateTable('accounts').set(values).where('user_id', '=', id).execute());
    await set(failing, { urgent: 1, outcome: 'retry', attempts: 3 });
    await set(waiting, { urgent: 1, outcome: 'snooze' });
    const takes = async (limit: number, turn: number) => {
      const claimed = (await claim(store, LANE, 'p', limit, turn)).map(({ user_id }) => user_id);
      for (const id of claimed) await set(id, { lease_owner: null, urgent: id === failing || id === waiting ? 1 : 0 });
      await set(asked, { urgent: 1 });
      return claimed.map((id) => (ids.indexOf(id) > 2 ? 'ordinary' : id));
    };
    expect([failing, waiting]).not.toContain((await takes(1, 31))[0]);
    expect(await takes(2, 31)).toEqual([asked, 'ordinary']);
    expect((await takes(3, 0)).toSorted()).toEqual([failing, waiting, asked].toSorted());
    expect((await takes(4, 31)).toSorted()).toEqual([failing, waiting, asked, 'ordinary'].toSorted());
  });

  it('come in the order in which something first was to be done: further changes put nobody behind others', async () => {
    const store = await open();
    await withDue(store, 3);
    const [edited, , removed] = await store.read.selectFrom('accounts').selectAll().orderBy('user_id').execute();
    if (!edited || !removed) throw new Error('not there');
    const change = async ({ tenant, target_id, user_id }: Account, urgent: 0 | 1, now: number, removals = '{}') => {
      const asked = { removals, removal_asked_at: null, removal_activity_id: null };
      const due = { tenant, target_id, user_id, urgent, activity_id: null, changed_at: now, ...asked };
      await store.write((trx) => enqueue(trx, [due], now));
      const row = store.read.selectFrom('accounts').selectAll().where('user_id', '=', user_id);
      return (await row.executeTakeFirstOrThrow()).due_at;
    };
    expect(await change(edited, 0, 5)).toBe(1);
    expect(await change(removed, 1, 6), 'a place in a better class is a new one').toBe(6);
    expect(await change(edited, 1, 7)).toBe(7);
    expect([await change(removed, 1, 8), await change(removed, 0, 9)]).toEqual([6, 6]);
    const order: string[] = [];
    for (const _ of [1, 2]) order.push(...(await claim(store, LANE, 'p', 1)).map(({ user_id }) => user_id));
    expect(order).toEqual([removed.user_id, edited.user_id]);
    const urgency = () => store.read.selectFrom('accounts').select('urgent').where('user_id', '=', edited.user_id);
    await change(edited, 1, 10, '{"access":{}}');
    await change(edited, 1, 11);
    expect(await urgency().executeTakeFirst(), 'asked for by an administrator').toEqual({ urgent: 1 });
    await change(edited, 1, 12, '{"access":{}}');
    await change(edited, 0, 13);
    expect(await urgency().executeTakeFirst(), 'nothing is left that goes first').toEqual({ urgent: 0 });
  });

  it('of what is ordinary and waits do not keep a run from its turn, nor who is waited for in it', async () => {
    const store = await open();
    await withDue(store, 4);
    const set = (values: Partial<Account>, id?: string) =>
      store.write((trx) =>
        trx
          .updateTable('accounts')
          .set({ lease_owner: null, due_at: 1, ...values })
          .$if(id !== undefined, (query) => query.where('user_id', '=', id ?? ''))
          .execute(),
      );
    const [ours, holder] = await claim(store, LANE, 'p', 2);
    if (!ours || !holder) throw new Error('not claimed');
    await set({ outcome: 'snooze' });
    await set({ urgent: -1, name: 'jane', outcome: null }, holder.user_id);
    const taken = async (turn: number) => (await claim(store, LANE, 'p', 1, turn)).map(({ user_id }) => user_id);
    expect(await taken(31)).not.toEqual([holder.user_id]);
    expect(await taken(63)).toEqual([holder.user_id]);

    await set({ urgent: -1 }, holder.user_id);
    const urgencyAfter = async (urgent: -1 | 0) => {
      const lane = { pace: Pace.parse({}) };
      const pass = { store, lane, account: { ...ours, urgent }, name: null, waitsFor: null } as unknown as Pass;
      await expect(requireFree(pass, 'jane')).rejects.toThrow('to give up the name');
      const rows = await store.read.selectFrom('accounts').selectAll().where('user_id', '=', holder.user_id).execute();
      return rows[0]?.urgent;
    };
    expect(await urgencyAfter(-1)).toBe(-1);
    expect(await urgencyAfter(0)).toBe(0);
  });

  it('that have taken away what was to go leave the front of the lane, unless more is to go', async () => {
    const store = await open();
    await withDue(store, 1);
    const removals = JSON.stringify({ 'unassign:1001': { at: 1, activityId: null } });
    const none = { removals: null, removal_asked_at: null, removal_activity_id: null };
    const after = async (left: Settlement['removals'], raised = false, settlement: Partial<Settlement> = {}) => {
      const due = { removals, urgent: 1, due_at: 1, verify_after: 0 } as const;
      await store.write((trx) => trx.updateTable('accounts').set(due).execute());
      const [account] = await claim(store, LANE, 'p', 1);
      if (!account) throw new Error('not claimed');
      if (raised) await store.write((trx) => trx.updateTable('accounts').set({ urgent: 1 }).execute());
      const failed = { ...DONE, outcome: 'retry', waitMs: 5_000, attempts: 1, removals: left } as const;
      await store.write((trx) => settle(trx, account, { ...failed, ...settlement }, 10));
      return (await rowOf(store)).urgent;
    };
    expect(await after(none)).toBe(0);
    expect(await after(none, true)).toBe(1);
    expect(await after({ ...none, removals })).toBe(1);
    expect(await after(undefined)).toBe(1);
    expect(await after(none, false, { hasTaken: false }), 'nobody knows what is left').toBe(1);
    const done = { outcome: 'done', waitMs: null } as const;
    expect(await after(none, false, done)).toBe(0);
    expect(await after(none, false, { ...done, unclear: true }), 'a call may yet give something').toBe(1);
    const unlooked = { hasLooked: false, hasTaken: false };
    expect(await after(none, false, unlooked), 'one before it, and nobody has looked').toBe(1);
    expect((await rowOf(store)).verify_after).toBe(0);
  });

  it('that end give up their name, or keep it, also where they wait for another: who waits for it is told', async () => {
    const store = await open();
    await withDue(store, 3);
    const [holder, other, waiting] = await claim(store, LANE, 'p', 3);
    if (!holder || !other || !waiting) throw new Error('not claimed');
    const named = { ...holder, name: 'jane' };
    const waits = { ...DONE, outcome: 'reject', observed: null, waitsFor: other.user_id, begunAt: 5 } as const;
    await store.write((trx) => settle(trx, waiting, { ...waits, waitsFor: holder.user_id }, 10));
    const dueAt = async () =>
      (await store.read.selectFrom('accounts').selectAll().where('user_id', '=', waiting.user_id).execute())[0]?.due_at;
    const again = async (account: Account, name: string | null) => {
      await store.write((trx) => settle(trx, account, { ...waits, name }, 20));
      const { lease_owner, lease_epoch } = account;
      await store.write((trx) =>
        trx.updateTable('accounts').set({ lease_owner, lease_epoch }).where('user_id', '=', account.user_id).execute(),
      );
    };
    expect(await dueAt()).toBeNull();
    await again(named, 'jane');
    expect(await dueAt()).toBeNull();
    await again(named, null);
    expect(await dueAt()).toBe(20);
  });

  it('that end without having heard of their link leave it', async () => {
    const store = await open();
    await withDue(store, 1);
    const [account] = await claim(store, LANE, 'p', 1);
    if (!account) throw new Error('not claimed');
    await link(store, account, 'system', 'r1');
    // As where the connection broke after the commit: the pass ends with what it knew before.
    await store.write((trx) => settle(trx, account, { ...DONE, outcome: 'retry', observed: null, waitMs: 0 }, 1));
    expect(await rowOf(store)).toMatchObject({ remote_id: 'r1' });
  });

  it('forget the record with its link, so that a crash right after leaves nothing to be compared with', async () => {
    const store = await open();
    await withDue(store, 1);
    const [account] = await claim(store, LANE, 'p', 1);
    if (!account) throw new Error('not claimed');
    await link(store, account, 'system', 'r1');
    await store.write((trx) => settle(trx, account, { ...DONE, waitMs: 0 }, 1));
    const [again] = await claim(store, LANE, 'p', 1);
    if (!again) throw new Error('not claimed');
    expect(again.observed).not.toBeNull();
    await unlink(store, again, 'system', 'r1');
    expect(await rowOf(store)).toMatchObject({ remote_id: null, observed: null });
    // Nor does a pass that has not heard of it bring it back.
    await store.write((trx) => settle(trx, again, DONE, 1));
    expect(await rowOf(store)).toMatchObject({ remote_id: null, observed: null });
  });
});
