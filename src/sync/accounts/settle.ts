/** What a worker found and did, written back under the fence; and who is woken by it. */
import { type Kysely, sql } from 'kysely';
import type { Database, Millis } from '../../store/tables.ts';
import type { Memory, Observed } from '../../targets/target.ts';
import type { FailureClass } from '../lanes/failures.ts';
import type { Account, AccountKey } from './accounts.ts';
import { heldBy, urgencyKept } from './claims.ts';
import { lineOf } from './heirs.ts';
import { distrustIntent } from './intents.ts';

/** What a worker found and did. */
export interface Settlement {
  /** `manual`: all is done but what a person has to do there. */
  outcome: 'done' | 'retry' | 'snooze' | 'reject' | 'pause' | 'hold' | 'manual';
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
  /** It came to see the target's side. */
  hasLooked: boolean;
  /** It left nothing there that was to go, but what a person is to take away. */
  hasTaken: boolean;
  /** A call may still take effect: the target is looked at again after it could have. */
  unclear: boolean;
  /** The intent of the create that was sent, or was about to be. */
  intent?: string | null;
  /** What is asked to be taken away from now on; undefined: as before. */
  removals?: Pick<Account, 'removals' | 'removal_asked_at' | 'removal_activity_id'> | undefined;
  /** What a person has to do there, and how often it is looked at; undefined: nothing, as before. */
  openActions?: number | undefined;
  manualLookMs?: number;
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
  // It goes first for what is to be taken away, and where a call may yet give more: what is left to be given waits its turn.
  const isLosing = settlement.removals ? settlement.removals.removals !== null : account.removals !== null;
  const keepsPlace = unfinished ? isLosing || !settlement.hasTaken : verifyAt !== null;
  const isMade = settlement.outcome === 'done' || settlement.outcome === 'manual';
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
      observed_generation: isMade ? account.generation : account.observed_generation,
      // A newer change asks for another pass at once, unless this one ended in a backoff that it does not cut short.
      due_at: retrying
        ? sql<number>`case when urgent = 1 then cast(${now} as bigint) else cast(${next} as bigint) end`
        : sql<number>`case when generation > ${account.generation} then cast(${now} as bigint)
                           else cast(${next} as bigint) end`,
      urgent: keepsPlace ? urgencyKept(account) : sql<-1 | 0 | 1>`urgent`,
      ...settlement.removals,
      ...lookAgainAt(account, settlement, next, now),
      ...(settlement.outcome === 'done' ? { last_success_at: now } : { last_error_at: now }),
    })
    .executeTakeFirst();
  if (numUpdatedRows > 0n) {
    // Who waits for a name may have given up another one; a mere look has given up none.
    const isWork = settlement.waitsFor === null && account.look_at === null;
    if (isWork || settlement.name !== account.name) await wakeWaiting(trx, account, now);
    if (settlement.waitsFor !== null) await lookAgainIfMissed(trx, account, settlement, now);
    return true;
  }
  await distrust(trx, account, settlement, now);
  return false;
}

/** At rest, and something is to be done by hand: it is looked at again. Who is due for more needs no look of its own. */
function lookAgainAt(account: Account, settlement: Settlement, next: Millis | null, now: Millis) {
  const { openActions = 0, manualLookMs = 0 } = settlement;
  if (openActions === 0 && account.open_actions === 0 && account.look_at === null) return {};
  const look_at =
    openActions === 0 || next !== null
      ? null
      : sql<Millis | null>`case when generation > ${account.generation} then null
                                else cast(${now + manualLookMs} as bigint) end`;
  return { open_actions: openActions, look_at };
}

function ifLinked(observed: Observed) {
  return sql<string | null>`case when remote_id is null then null else ${JSON.stringify(observed)} end`;
}

function verifyAfter({ verify_after }: Account, settlement: Settlement, now: Millis): Millis | null {
  if (settlement.unclear) return Math.max(verify_after ?? 0, now + settlement.longestEffectMs);
  if (verify_after === null) return null;
  if (settlement.begunAt >= verify_after && (settlement.hasLooked || settlement.waitMs === null)) return null;
  // Further ahead than any call can have its effect: claimed before the clock was set back.
  return Math.min(verify_after, now + settlement.longestEffectMs);
}

function nextLook(settlement: Settlement, verifyAt: Millis | null, now: Millis): Millis | null {
  if (settlement.waitMs !== null) return now + settlement.waitMs;
  return verifyAt;
}

/** What an administrator has decided since the claim stands. */
function unlessDecided({ adoption }: Account, asked: string | null) {
  return sql<string | null>`case when adoption is not distinct from cast(${adoption} as text)
                                 then cast(${asked} as text) else adoption end`;
}

/** Whoever waited for a name that this account may have given up looks again. */
export async function wakeWaiting(trx: Kysely<Database>, account: AccountKey, now: Millis): Promise<void> {
  await trx
    .updateTable('accounts')
    .set({ due_at: now, look_at: null, waits_for: null })
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
async function distrust(
  trx: Kysely<Database>,
  { tenant, target_id, user_id }: AccountKey,
  { intent, longestEffectMs }: Settlement,
  now: Millis,
): Promise<void> {
  const users = [user_id, ...(await lineOf(trx, tenant, user_id))];
  await trx
    .updateTable('accounts')
    .set({ generation: sql<number>`generation + 1`, due_at: now, look_at: null, verify_after: now + longestEffectMs })
    .where('tenant', '=', tenant)
    .where('target_id', '=', target_id)
    .where('user_id', 'in', users)
    .execute();
  if (intent) await distrustIntent(trx, { tenant, target_id }, users, intent, now);
}
