/**
 * What becomes of holds as time goes by: accounts of approved ones are made due, what an approval came too late for is held
 * again, what has no limit any more goes, and holds without accounts are closed. In slices, each safe to be repeated.
 */
import { type Kysely, sql } from 'kysely';
import type { Store } from '../../store/store.ts';
import type { Database, Millis } from '../../store/tables.ts';
import type { Lanes } from '../lanes/lanes.ts';
import { passes } from '../upkeep/hourly.ts';
import { type Hold, insertItems, isApproved, lockTarget, openHold, SLICE, WINDOW_MS } from './ledger.ts';
import { TAKING } from './limits.ts';

/** @returns how many accounts were made due. */
export async function sweepHolds(store: Store, lanes: Lanes, signal: AbortSignal): Promise<number> {
  const holds = await store.read.selectFrom('holds').selectAll().where('closed_at', 'is', null).execute();
  let woken = 0;
  for (const hold of holds) {
    if (signal.aborted) break;
    woken += await sweepHold(store, lanes, hold, signal);
  }
  return woken;
}

async function sweepHold(store: Store, lanes: Lanes, hold: Hold, signal: AbortSignal): Promise<number> {
  const lane = lanes.byId(hold.target_id);
  const now = await store.now();
  let woken = 0;
  if (lane && !lane.rules.limited.has(hold.kind)) {
    woken = await inSlices(signal, () => letGo(store, hold, lane.revision));
  } else if (hold.state === 'expired' || (hold.state === 'approved' && !isApproved(hold, now))) {
    await inSlices(signal, () => holdAgain(store, hold));
  } else if (hold.state === 'approved') {
    woken = await inSlices(signal, () => wake(store, hold));
  }
  await closeIfEmpty(store, hold);
  return woken;
}

async function inSlices(signal: AbortSignal, slice: () => Promise<number>): Promise<number> {
  let total = 0;
  for (let done = SLICE; done === SLICE && !signal.aborted; total += done) done = await slice();
  return total;
}

/** The kind has no limit any more. */
async function letGo(store: Store, hold: Hold, revision: number): Promise<number> {
  const now = await store.now();
  return store.write(async (trx) => {
    const present = await lockTarget(trx, store.dialect, { tenant: hold.tenant, targetId: hold.target_id });
    if (present !== revision) return 0;
    const userIds = await nextItems(trx, hold);
    await makeDue(trx, hold, userIds, now);
    await deleteItems(trx, hold, userIds);
    return userIds.length;
  });
}

/** The approval is over: what has not begun waits for another. */
async function holdAgain(store: Store, hold: Hold): Promise<number> {
  const now = await store.now();
  return store.write(async (trx) => {
    const { tenant, target_id, kind, origin, decided_by } = hold;
    await lockTarget(trx, store.dialect, { tenant, targetId: target_id });
    const { numUpdatedRows } = await trx
      .updateTable('holds')
      .set({ state: 'expired' })
      .where('tenant', '=', tenant)
      .where('id', '=', hold.id)
      // Not where somebody has decided anew meanwhile.
      .where((row) => row.or([row('state', '=', 'expired'), row('expires_at', '=', hold.expires_at)]))
      .where('state', 'in', ['approved', 'expired'])
      .executeTakeFirst();
    const userIds = numUpdatedRows === 0n ? [] : await nextItems(trx, hold);
    if (userIds.length === 0) return 0;
    const reason = `approved in hold ${hold.id} by ${decided_by}, and not begun in time; ${hold.reason}`;
    const open = await openHold(trx, { tenant, target_id, kind, origin, reason, created_at: now });
    await insertItems(trx, { tenant, targetId: target_id, kind, holdId: open.id }, userIds, now);
    return userIds.length;
  });
}

async function wake(store: Store, hold: Hold): Promise<number> {
  const now = await store.now();
  return store.write(async (trx) => {
    const userIds = await nextItems(trx, hold, 0);
    await makeDue(trx, hold, userIds, now);
    if (userIds.length === 0) return 0;
    await trx
      .updateTable('hold_items')
      .set({ woken: 1 })
      .where('tenant', '=', hold.tenant)
      .where('hold_id', '=', hold.id)
      .where('user_id', 'in', userIds)
      .execute();
    return userIds.length;
  });
}

async function nextItems(trx: Kysely<Database>, { tenant, id }: Hold, woken?: 0): Promise<string[]> {
  const rows = await trx
    .selectFrom('hold_items')
    .select('user_id')
    .where('tenant', '=', tenant)
    .where('hold_id', '=', id)
    .$if(woken !== undefined, (query) => query.where('woken', '=', 0))
    .orderBy('woken')
    .orderBy('user_id')
    .limit(SLICE)
    .execute();
  return rows.map((row) => row.user_id);
}

async function deleteItems(trx: Kysely<Database>, { tenant, id }: Hold, userIds: readonly string[]): Promise<void> {
  if (userIds.length === 0) return;
  await trx
    .deleteFrom('hold_items')
    .where('tenant', '=', tenant)
    .where('hold_id', '=', id)
    .where('user_id', 'in', userIds)
    .execute();
}

/** By its generation also one that a worker has in hand: it may have looked before the decision. */
async function makeDue(
  trx: Kysely<Database>,
  { tenant, target_id, kind }: Pick<Hold, 'tenant' | 'target_id' | 'kind'>,
  userIds: readonly string[],
  now: Millis,
): Promise<void> {
  if (userIds.length === 0) return;
  await trx
    .updateTable('accounts')
    .set({
      generation: sql<number>`generation + 1`,
      due_at: now,
      look_at: null,
      ...(TAKING.includes(kind) && { urgent: 1, attempts: 0 }),
    })
    .where('tenant', '=', tenant)
    .where('target_id', '=', target_id)
    .where('user_id', 'in', userIds)
    .execute();
}

/** Under the target's lock, as whoever adds to it. */
async function closeIfEmpty(store: Store, { tenant, id, target_id }: Hold): Promise<void> {
  const hasItem = (db: Kysely<Database>) =>
    db
      .selectFrom('hold_items')
      .select('user_id')
      .where('tenant', '=', tenant)
      .where('hold_id', '=', id)
      .limit(1)
      .executeTakeFirst();
  if (await hasItem(store.read)) return;
  const now = await store.now();
  await store.write(async (trx) => {
    await lockTarget(trx, store.dialect, { tenant, targetId: target_id });
    if (await hasItem(trx)) return;
    await trx.updateTable('holds').set({ closed_at: now }).where('tenant', '=', tenant).where('id', '=', id).execute();
  });
}

const ABANDONED_MS = 3_600_000;
const PAUSE_MS = 20;

/** Forgets what was begun before the window, and lets go what a set would have held that was never put together. */
export async function forgetStarts(store: Store, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
  const now = await store.now();
  const targets = await store.read.selectFrom('targets').select(['tenant', 'id']).where('limited', '=', 1).execute();
  for (const { tenant, id } of targets) {
    while (!signal?.aborted && (await forgetSlice(store, { tenant, id }, now)) === SLICE)
      await passes(PAUSE_MS, signal);
  }
  while (!signal?.aborted && (await letGoUnfinished(store, { before: now - ABANDONED_MS })) === SLICE) {
    await passes(PAUSE_MS, signal);
  }
}

/** A set that is not put together to its end holds nobody back. */
export async function letGoSet(store: Store, holdId: string): Promise<void> {
  while ((await letGoUnfinished(store, { holdId })) === SLICE);
}

function forgetSlice(store: Store, { tenant, id }: { tenant: string; id: string }, now: Millis): Promise<number> {
  return store.write(async (trx) => {
    const old = await trx
      .selectFrom('starts')
      .select(['kind', 'user_id'])
      .where('tenant', '=', tenant)
      .where('target_id', '=', id)
      .where('started_at', '<=', now - WINDOW_MS)
      .limit(SLICE)
      .execute();
    for (const [kind, ofKind] of Map.groupBy(old, (row) => row.kind)) {
      await trx
        .deleteFrom('starts')
        .where('tenant', '=', tenant)
        .where('target_id', '=', id)
        .where('kind', '=', kind)
        .where(
          'user_id',
          'in',
          ofKind.map((row) => row.user_id),
        )
        .where('started_at', '<=', now - WINDOW_MS)
        .execute();
    }
    return old.length;
  });
}

/** A slice of the items of sets without a hold: of one, or of all that are so old. */
async function letGoUnfinished(
  store: Store,
  { holdId, before }: { holdId?: string; before?: Millis },
): Promise<number> {
  const now = await store.now();
  const abandoned = await store.read
    .selectFrom('hold_items')
    .selectAll()
    .$if(before !== undefined, (query) => query.where('created_at', '<', before ?? 0))
    .$if(holdId !== undefined, (query) => query.where('hold_id', '=', holdId ?? ''))
    .where(
      sql<boolean>`not exists (select 1 from holds where holds.tenant = hold_items.tenant and holds.id = hold_items.hold_id)`,
    )
    .limit(SLICE)
    .execute();
  if (abandoned.length === 0) return 0;
  await store.write(async (trx) => {
    for (const { tenant, target_id, user_id, kind, hold_id } of abandoned) {
      await makeDue(trx, { tenant, target_id, kind }, [user_id], now);
      await trx
        .deleteFrom('hold_items')
        .where('tenant', '=', tenant)
        .where('target_id', '=', target_id)
        .where('user_id', '=', user_id)
        .where('kind', '=', kind)
        .where('hold_id', '=', hold_id)
        .execute();
    }
  });
  return abandoned.length;
}
