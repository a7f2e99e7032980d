/**
 * Who works on an account: a claim leases it to a process, under a number that only the last claim has (the fence). Every
 * statement is safe to run from several processes at once.
 */
import { type Kysely, sql } from 'kysely';
import type { Store } from '../../store/store.ts';
import type { Database } from '../../store/tables.ts';
import { type Account, type AccountKey, CLASSES, IF_LOSING, keyOf } from './accounts.ts';

interface Part {
  urgent: (typeof CLASSES)[number];
  /** Which of the class. */
  among?: ReturnType<typeof sql<boolean>>;
  /** So many of them. */
  most?: number;
}

const FIRST_TRY = sql<boolean>`attempts = 0 and outcome is distinct from 'snooze'`;

const IN_ORDER: readonly Part[] = CLASSES.map((urgent) => ({ urgent }));

/**
 * Urgent first, runs last; but what has failed, or waits for somebody, does not keep the next class waiting for ever: that has
 * a place in so many claims.
 */
const TURNS: ReadonlyMap<number, readonly Part[]> = new Map([
  [31, [{ urgent: 1, among: FIRST_TRY }, { urgent: 0, most: 1 }, ...IN_ORDER]],
  [63, [{ urgent: 1, among: FIRST_TRY }, { urgent: 0, among: FIRST_TRY }, { urgent: -1, most: 1 }, ...IN_ORDER]],
]);
const ROUND = 64;

/**
 * Leases up to `limit` due accounts of a target to a process: urgent first, runs last, then those that have waited longest. None to a
 * process that knows the target as it was before its last change: it would settle new wishes by old rules.
 * @param turn how many claims of the lane were made before.
 */
export async function claim(
  store: Store,
  { tenant, targetId, revision }: { tenant: string; targetId: string; revision: number },
  processId: string,
  limit: number,
  turn = 0,
): Promise<Account[]> {
  const now = await store.now();
  return store.write(async (trx) => {
    const claimed: Account[] = [];
    for (const { urgent, among = sql<boolean>`1 = 1`, most = limit } of TURNS.get(turn % ROUND) ?? IN_ORDER) {
      const free = Math.min(most, limit - claimed.length);
      if (free <= 0) break;
      const due = sql`select user_id from accounts
        where tenant = ${tenant} and target_id = ${targetId} and urgent = ${urgent} and ${among}
        and due_at is not null and due_at <= ${now} and lease_owner is null
        and exists (select 1 from targets where tenant = ${tenant} and id = ${targetId} and revision = ${revision})
        order by due_at limit ${sql.lit(free)} ${store.dialect.forUpdateSkipLocked}`;
      const { rows } = await sql<Account>`with due as materialized (${due})
        update accounts set lease_owner = ${processId}, lease_epoch = lease_epoch + 1, urgent = 0
        where tenant = ${tenant} and target_id = ${targetId} and user_id in (select user_id from due)
        returning *`.execute(trx);
      // `urgent` was lowered by the claim, so that one raised meanwhile can be told from the one being served.
      claimed.push(...rows.map((row) => ({ ...row, urgent })));
    }
    return claimed;
  });
}

/** The fence: matches only while this claim is the last one. */
export function heldBy(trx: Kysely<Database>, account: Account) {
  return trx
    .updateTable('accounts')
    .where('tenant', '=', account.tenant)
    .where('target_id', '=', account.target_id)
    .where('user_id', '=', account.user_id)
    .where('lease_owner', '=', account.lease_owner)
    .where('lease_epoch', '=', account.lease_epoch);
}

/**
 * Frees what is leased to this process although it works on it no more: a claim whose answer was lost, a settle that the
 * store refused. As with a refused settle, calls may have been made: it is looked at again.
 * @param held the claims at work (`claimOf`). To be called while no claim is under way.
 */
export async function freeForgotten(
  store: Store,
  processId: string,
  held: ReadonlySet<string>,
  effectMs: number,
): Promise<number> {
  const leased = await store.read.selectFrom('accounts').selectAll().where('lease_owner', '=', processId).execute();
  const forgotten = leased.filter((account) => !held.has(claimOf(account)));
  if (forgotten.length === 0) return 0;
  const now = await store.now();
  await store.write(async (trx) => {
    for (const account of forgotten) {
      await heldBy(trx, account)
        .set({
          lease_owner: null,
          urgent: IF_LOSING,
          look_at: null,
          generation: sql<number>`generation + 1`,
          due_at: now,
          verify_after: now + effectMs,
        })
        .execute();
    }
  });
  return forgotten.length;
}

/** One claim of an account: of two passes of one process, an old one and one after its lease was lost, each has its own. */
export function claimOf(account: AccountKey & { lease_epoch: number }): string {
  return `${keyOf(account)} ${account.lease_epoch}`;
}

/** Gives leased accounts back untouched (their target was paused, or the process stops). */
export async function release(store: Store, account: Account): Promise<void> {
  await store.write((trx) =>
    heldBy(trx, account)
      .set({ lease_owner: null, urgent: urgencyKept(account) })
      .execute(),
  );
}

/** What is not finished keeps its place in the lane, or has the better one that a newer change gave it. */
export function urgencyKept(account: Account) {
  if (account.urgent === 1) return 1;
  if (account.urgent === 0) return sql<0 | 1>`urgent`;
  return sql<-1 | 0 | 1>`case when generation > ${account.generation} then urgent else -1 end`;
}
