/**
 * The accounts table as a queue of state: enqueue what changed, claim what is due, settle what is still held. Every
 * statement is safe to run from several processes at once, and none of them carries a payload.
 */
import { type Kysely, type Selectable, sql } from 'kysely';
import type { Store } from '../store/store.ts';
import type { AccountsTable, Database, Millis } from '../store/tables.ts';
import type { Memory, Observed } from '../targets/target.ts';
import type { FailureClass } from './failures.ts';
import { lineOf } from './heirs.ts';

export type Account = Selectable<AccountsTable>;

export interface AccountKey {
  tenant: string;
  target_id: string;
  user_id: string;
}

const NOTHING_REMEMBERED: Memory = { granted: [], remembered: [] };

/** The order in which a lane serves. */
export const CLASSES = [1, 0, -1] as const;

/**
 * Makes accounts due, creating those that do not exist. An ordinary change does not cut a backoff short; one that may
 * take access away does, and goes to the front of its lane. One of a run goes to its end.
 */
export async function enqueue(
  trx: Kysely<Database>,
  accounts: readonly (AccountKey &
    Pick<Account, 'urgent' | 'activity_id' | 'changed_at'> &
    Partial<Pick<Account, 'removals' | 'removal_asked_at' | 'removal_activity_id'>>)[],
  now: Millis,
): Promise<void> {
  for (let from = 0; from < accounts.length; from += 500) {
    await trx
      .insertInto('accounts')
      .values(
        accounts.slice(from, from + 500).map((account) => ({
          ...account,
          generation: 1,
          observed_generation: 0,
          due_at: now,
          attempts: 0,
          lease_epoch: 0,
          memory: JSON.stringify(NOTHING_REMEMBERED),
        })),
      )
      .onConflict((conflict) =>
        conflict.columns(['tenant', 'target_id', 'user_id']).doUpdateSet({
          generation: sql`accounts.generation + 1`,
          due_at: sql`case when excluded.urgent <> 1 and accounts.outcome = 'retry' and accounts.due_at is not null
                           then accounts.due_at else excluded.due_at end`,
          attempts: sql`case when excluded.urgent = 1 then 0 else accounts.attempts end`,
          removals: sql`case when excluded.removals is null then accounts.removals else nullif(excluded.removals, '{}') end`,
          removal_asked_at: ifSaid('removal_asked_at'),
          removal_activity_id: ifSaid('removal_activity_id'),
          urgent: sql`case when excluded.urgent > accounts.urgent or (accounts.due_at is null and accounts.lease_owner is null)
                           then excluded.urgent else accounts.urgent end`,
          // What has no request of its own (changed rules) does not hide one that is still to be carried on.
          activity_id: sql`case when accounts.due_at is null then excluded.activity_id
                                else coalesce(excluded.activity_id, accounts.activity_id) end`,
          changed_at: sql`case when accounts.due_at is null then excluded.changed_at else accounts.changed_at end`,
        }),
      )
      .execute();
  }
}

/** What is asked to be taken away changes only where the caller knows (removals.ts). */
function ifSaid(column: 'removal_asked_at' | 'removal_activity_id') {
  const [said, stands] = [sql.ref(`excluded.${column}`), sql.ref(`accounts.${column}`)];
  return sql<null>`case when excluded.removals is null then ${stands} else ${said} end`;
}

/** Which of `targets` (ids) have an account that a worker should take now. Flat: an index probe for each class. */
export async function dueTargets(store: Store, targets: readonly string[], now: Millis): Promise<Set<string>> {
  if (targets.length === 0) return new Set();
  const due = (urgent: -1 | 0 | 1) =>
    sql<boolean>`exists (select 1 from accounts
      where accounts.tenant = targets.tenant and accounts.target_id = targets.id and accounts.urgent = ${urgent}
      and accounts.due_at is not null and accounts.due_at <= ${now} and accounts.lease_owner is null)`;
  const rows = await store.read
    .selectFrom('targets')
    .select('id')
    .where('id', 'in', targets)
    .where(sql<boolean>`(${sql.join(CLASSES.map(due), sql` or `)})`)
    .execute();
  return new Set(rows.map((row) => row.id));
}

/**
 * Leases up to `limit` due accounts of a target to a process: urgent first, runs last, then those that have waited longest. None to a
 * process that knows the target as it was before its last change: it would settle new wishes by old rules.
 */
export async function claim(
  store: Store,
  { tenant, targetId, revision }: { tenant: string; targetId: string; revision: number },
  processId: string,
  limit: number,
): Promise<Account[]> {
  const now = await store.now();
  return store.write(async (trx) => {
    const claimed: Account[] = [];
    for (const urgent of CLASSES) {
      const free = limit - claimed.length;
      if (free <= 0) break;
      const due = sql`select user_id from accounts
        where tenant = ${tenant} and target_id = ${targetId} and urgent = ${urgent}
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

/** What a worker found and did. */
export interface Settlement {
  outcome: 'done' | 'retry' | 'snooze' | 'reject' | 'pause' | 'hold';
  reason: string | null;
  /** Null: it did not fail. */
  failure: FailureClass | null;
  situation: string | null;
  /** How long until the next look; null: at rest until something changes. */
  waitMs: number | null;
  attempts: number;
  waitsFor: string | null;
  observed: Observed | null;
  memory: Memory;
  name: string | null;
  /** A new question to an administrator, or none any more (JSON); undefined: as it was claimed. */
  adoption?: string | null | undefined;
  /** The pass began at this time, for `verify_after`. */
  begunAt: Millis;
  /** A call may still take effect: the target is looked at again after it could have. */
  unclear: boolean;
  /** What is asked to be taken away from now on; undefined: as before. */
  removals?: Pick<Account, 'removals' | 'removal_asked_at' | 'removal_activity_id'> | undefined;
  /** The longest call of the target, for an unclear call and a refused settle. */
  longestEffectMs: number;
}

/**
 * Records the outcome, if this process still holds the account. Where it does not, somebody else may be at work and a
 * late call of ours may still land: the account is made due again, to be looked at after that.
 * @returns whether it was still held.
 */
export async function settle(
  trx: Kysely<Database>,
  account: Account,
  settlement: Settlement,
  now: Millis,
): Promise<boolean> {
  const verifyAt = verifyAfter(account, settlement, now);
  const next = nextLook(settlement, verifyAt, now);
  const retrying = settlement.outcome === 'retry' || settlement.outcome === 'snooze';
  const unfinished = retrying || settlement.outcome === 'pause' || settlement.outcome === 'hold';
  const { numUpdatedRows } = await heldBy(trx, account)
    .set({
      lease_owner: null,
      outcome: settlement.outcome,
      reason: settlement.reason,
      failure: settlement.failure,
      situation: settlement.situation,
      attempts: sql<number>`case when urgent = 1 then 0 else ${settlement.attempts} end`,
      waits_for: settlement.waitsFor,
      // `remote_id` stands already: linking and unlinking commit it, and the pass may not have heard of that.
      observed: settlement.observed && ifLinked(settlement.observed),
      memory: JSON.stringify(settlement.memory),
      name: settlement.name,
      ...(settlement.adoption !== undefined && { adoption: unlessDecided(account, settlement.adoption) }),
      verify_after: verifyAt,
      observed_generation: settlement.outcome === 'done' ? account.generation : account.observed_generation,
      // A newer change asks for another pass at once, unless this one ended in a backoff that it does not cut short.
      due_at: retrying
        ? sql<number>`case when urgent = 1 then cast(${now} as bigint) else cast(${next} as bigint) end`
        : sql<number>`case when generation > ${account.generation} then cast(${now} as bigint)
                           else cast(${next} as bigint) end`,
      urgent: unfinished ? urgencyKept(account) : sql<-1 | 0 | 1>`urgent`,
      ...settlement.removals,
      ...(settlement.outcome === 'done' ? { last_success_at: now } : { last_error_at: now }),
    })
    .executeTakeFirst();
  if (numUpdatedRows > 0n) {
    // Who waits for a name itself has given none up.
    if (settlement.waitsFor === null) await wakeWaiting(trx, account, now);
    else await lookAgainIfMissed(trx, account, settlement, now);
    return true;
  }
  await distrust(trx, account, now + settlement.longestEffectMs, now);
  return false;
}

function ifLinked(observed: Observed) {
  return sql<string | null>`case when remote_id is null then null else ${JSON.stringify(observed)} end`;
}

function verifyAfter({ verify_after }: Account, settlement: Settlement, now: Millis): Millis | null {
  if (settlement.unclear) return Math.max(verify_after ?? 0, now + settlement.longestEffectMs);
  if (verify_after === null || settlement.begunAt >= verify_after) return null;
  // Further ahead than any call can have its effect: claimed before the clock was set back.
  return Math.min(verify_after, now + settlement.longestEffectMs);
}

function nextLook(settlement: Settlement, verifyAt: Millis | null, now: Millis): Millis | null {
  if (settlement.waitMs !== null) return now + settlement.waitMs;
  return verifyAt;
}

/** What is not finished keeps its place in the lane, or has the better one that a newer change gave it. */
function urgencyKept(account: Account) {
  if (account.urgent === 1) return 1;
  if (account.urgent === 0) return sql<0 | 1>`urgent`;
  return sql<-1 | 0 | 1>`case when generation > ${account.generation} then urgent else -1 end`;
}

/** What an administrator has decided since the claim stands. */
function unlessDecided({ adoption }: Account, asked: string | null) {
  return sql<string | null>`case when adoption is not distinct from cast(${adoption} as text)
                                 then cast(${asked} as text) else adoption end`;
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

/** Whoever waited for a name that this account may have given up looks again. */
async function wakeWaiting(trx: Kysely<Database>, account: AccountKey, now: Millis): Promise<void> {
  await trx
    .updateTable('accounts')
    .set({ due_at: now, waits_for: null })
    .where('tenant', '=', account.tenant)
    .where('target_id', '=', account.target_id)
    .where('waits_for', '=', account.user_id)
    .execute();
}

/** The one waited for settled while this pass was under way: its wake-up may have come before there was a sleeper. */
async function lookAgainIfMissed(trx: Kysely<Database>, account: AccountKey, settlement: Settlement, now: Millis) {
  const holder = await trx
    .selectFrom('accounts')
    .select(['last_success_at', 'last_error_at'])
    .where('tenant', '=', account.tenant)
    .where('target_id', '=', account.target_id)
    .where('user_id', '=', settlement.waitsFor)
    .executeTakeFirst();
  const settledAt = Math.max(holder?.last_success_at ?? 0, holder?.last_error_at ?? 0);
  if (holder && settledAt < settlement.begunAt) return;
  await trx
    .updateTable('accounts')
    .set({ due_at: now })
    .where('tenant', '=', account.tenant)
    .where('target_id', '=', account.target_id)
    .where('user_id', '=', account.user_id)
    .execute();
}

/** Whoever has the account now, perhaps as the heir of the one worked for. */
async function distrust(trx: Kysely<Database>, account: AccountKey, until: Millis, now: Millis): Promise<void> {
  const { tenant, user_id } = account;
  await trx
    .updateTable('accounts')
    .set({ generation: sql<number>`generation + 1`, due_at: now, verify_after: until })
    .where('tenant', '=', tenant)
    .where('target_id', '=', account.target_id)
    .where('user_id', 'in', [user_id, ...(await lineOf(trx, tenant, user_id))])
    .execute();
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
          urgent: 1,
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

export function keyOf({ target_id, user_id }: Pick<AccountKey, 'target_id' | 'user_id'>): string {
  return `${target_id} ${user_id}`;
}

/** Gives leased accounts back untouched (their target was paused, or the process stops). */
export async function release(store: Store, account: Account): Promise<void> {
  await store.write((trx) =>
    heldBy(trx, account)
      .set({ lease_owner: null, urgent: urgencyKept(account) })
      .execute(),
  );
}

/**
 * Attempts planned further ahead than any backoff reaches were planned by a clock that has been set back since, and are
 * due. Looked for target by target, at the far end of the index of what is due. @returns how many.
 */
export async function rescue(store: Store, horizonMs: number): Promise<number> {
  const now = await store.now();
  const isFar = (urgent: -1 | 0 | 1) =>
    sql<boolean>`exists (select 1 from accounts
      where accounts.tenant = targets.tenant and accounts.target_id = targets.id and accounts.urgent = ${urgent}
      and accounts.due_at > ${now + horizonMs})`;
  const lanes = await store.read
    .selectFrom('targets')
    .select(['tenant', 'id'])
    .where(sql<boolean>`(${sql.join(CLASSES.map(isFar), sql` or `)})`)
    .execute();
  let rescued = 0;
  for (const { tenant, id } of lanes) {
    const { numUpdatedRows } = await store.write((trx) =>
      trx
        .updateTable('accounts')
        .set({ due_at: now })
        .where('tenant', '=', tenant)
        .where('target_id', '=', id)
        .where('urgent', 'in', CLASSES)
        .where('due_at', '>', now + horizonMs)
        .executeTakeFirst(),
    );
    rescued += Number(numUpdatedRows);
  }
  return rescued;
}
