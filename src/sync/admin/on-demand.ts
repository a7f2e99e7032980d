/**
 * "Now": an administrator has one user, or everybody in a target, carried on without waiting for a change. It is a change like
 * any other: the row that an edit would leave, fanned out and worked on by the same path, by whichever server runs.
 */
import { randomUUIDv7 } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import { recordActivity, recordChange } from '../../directory/changes.ts';
import type { Store } from '../../store/store.ts';
import type { Database, Millis } from '../../store/tables.ts';
import { type ActionsExplanation, type LastOutcome, lastOf } from '../explain/actions.ts';

/** Of what was asked for. Null: of a whole target, which is nobody's request. */
export interface Demand {
  at: Millis;
  activityId: string | null;
}

/** The user's accounts go to the front of their lanes, and an account is made where one is wanted. */
export async function demandUser(store: Store, tenant: string, userId: string, actor: string): Promise<Demand> {
  const at = await store.now();
  const activityId = randomUUIDv7();
  await store.write(async (trx) => {
    const activity = { action: 'sync' as const, resourceType: 'User', resourceId: userId, changed: [] };
    await recordActivity(trx, { tenant, actor, activityId }, activity, at);
    await recordChange(trx, { tenant, activityId }, { subject: 'user', subjectId: userId, urgent: true }, at);
  });
  return { at, activityId };
}

/** Everybody whom the target concerns is looked at again. */
export async function demandTarget(store: Store, tenant: string, targetId: string): Promise<Demand> {
  const at = await store.now();
  await store.write((trx) =>
    recordChange(trx, { tenant, activityId: null }, { subject: 'target', subjectId: targetId, urgent: false }, at),
  );
  return { at, activityId: null };
}

/** Whether a process is there that carries changes on: one that ended without saying so counts until its lease is over. */
export async function isServed(store: Store): Promise<boolean> {
  const now = await store.now();
  const alive = await store.read.selectFrom('processes').select('id').where('alive_until', '>', now).executeTakeFirst();
  return alive !== undefined;
}

/** How one user stands in one target. */
export interface Standing {
  targetId: string;
  target: string;
  /**
   * `none`: no account, and none is wanted; `open`: not looked at yet, or at work; `later`: an attempt failed, the next one is
   * at `nextAttemptAt`; `paused`: the target stands still; `failed`: it needs a person; `held`: an administrator's approval;
   * `manual`: a person has to do the rest there;
   * `settled`.
   */
  state: 'none' | 'open' | 'later' | 'paused' | 'failed' | 'held' | 'manual' | 'settled';
  paused: string | null;
  last: LastOutcome | null;
  nextAttemptAt: Millis | null;
  /** Those made because of this demand. */
  calls: ActionsExplanation['calls'];
}

/** @param targets ids. @param until an attempt after this is not waited for. */
export async function standingOf(
  store: Store,
  tenant: string,
  userId: string,
  targets: readonly string[],
  demand: Demand,
  until: Millis,
): Promise<Standing[]> {
  if (targets.length === 0) return [];
  // Before the accounts: what is no change any more is an account by then.
  const isWaiting = await hasChange(store.read, tenant, 'user', userId);
  const rows = await store.read.selectFrom('targets').selectAll().where('id', 'in', targets).orderBy('name').execute();
  const accounts = await store.read
    .selectFrom('accounts')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('user_id', '=', userId)
    .execute();
  const calls = await callsOf(store.read, tenant, userId, demand);
  return rows.map((target) => {
    const account = accounts.find((each) => each.target_id === target.id);
    const isPaused = target.state === 'paused';
    return {
      targetId: target.id,
      target: target.name,
      state: stateOf(account, { isWaiting, isPaused, until }),
      paused: isPaused ? (target.paused_reason ?? 'paused') : null,
      last: lastOf(account),
      nextAttemptAt: account?.due_at ?? null,
      calls: calls.filter((call) => call.targetId === target.id).map(({ targetId: _, ...call }) => call),
    };
  });
}

type Seen = Pick<Database['accounts'], 'due_at' | 'lease_owner' | 'outcome' | 'last_error_at'>;

function stateOf(
  account: Seen | undefined,
  { isWaiting, isPaused, until }: { isWaiting: boolean; isPaused: boolean; until: Millis },
): Standing['state'] {
  if (isWaiting) return 'open';
  if (!account) return 'none';
  if (account.lease_owner !== null) return 'open';
  if (account.due_at === null) {
    if (account.outcome === 'hold') return 'held';
    if (account.outcome === 'manual') return 'manual';
    return account.outcome === 'done' ? 'settled' : 'failed';
  }
  if (isPaused) return 'paused';
  return account.due_at > until ? 'later' : 'open';
}

async function hasChange(
  db: Kysely<Database>,
  tenant: string,
  subject: 'user' | 'target',
  subjectId: string,
): Promise<boolean> {
  const change = await db
    .selectFrom('changes')
    .select('seq')
    .where('tenant', '=', tenant)
    .where('subject_id', '=', subjectId)
    .where('subject', '=', subject)
    .limit(1)
    .executeTakeFirst();
  return change !== undefined;
}

function callsOf(db: Kysely<Database>, tenant: string, userId: string, { activityId }: Demand) {
  return db
    .selectFrom('calls')
    .select(['target_id as targetId', 'at', 'method', 'path', 'status', 'duration_ms as durationMs', 'error'])
    .select('activity_id as activityId')
    .where('tenant', '=', tenant)
    .where('activity_id', '=', activityId)
    .where('user_id', '=', userId)
    .orderBy('at')
    .orderBy('id')
    .execute();
}

/** How far a whole target has come. */
export interface TargetProgress {
  /** Users have still to be looked at, so that more accounts may become due. */
  isFindingOut: boolean;
  /** Accounts to be worked on before `until`. */
  open: number;
  /** Those whose next attempt comes after that, those that need a person, those that wait for an approval. */
  later: number;
  failed: number;
  held: number;
  /** A person has to do the rest there. */
  manual: number;
  /** Accounts that a pass has ended for since the demand. */
  settled: number;
  /** The target stands still: why. */
  paused: string | null;
}

export async function progressOf(
  store: Store,
  tenant: string,
  targetId: string,
  demand: Demand,
  until: Millis,
): Promise<TargetProgress> {
  const isFindingOut = await hasChange(store.read, tenant, 'target', targetId);
  const count = (condition: ReturnType<typeof sql<boolean>>) =>
    sql<number>`coalesce(sum(case when ${condition} then 1 else 0 end), 0)`;
  const open = sql<boolean>`lease_owner is not null or (due_at is not null and due_at <= ${until})`;
  const counts = await store.read
    .selectFrom('accounts')
    .select([
      count(open).as('open'),
      count(sql<boolean>`lease_owner is null and due_at > ${until}`).as('later'),
      count(sql<boolean>`lease_owner is null and due_at is null and outcome = 'reject'`).as('failed'),
      count(sql<boolean>`lease_owner is null and due_at is null and outcome = 'hold'`).as('held'),
      count(sql<boolean>`lease_owner is null and due_at is null and outcome = 'manual'`).as('manual'),
      count(sql<boolean>`due_at is null and outcome = 'done' and last_success_at >= ${demand.at}`).as('settled'),
    ])
    .where('tenant', '=', tenant)
    .where('target_id', '=', targetId)
    .executeTakeFirstOrThrow();
  const target = await store.read
    .selectFrom('targets')
    .select(['state', 'paused_reason'])
    .where('tenant', '=', tenant)
    .where('id', '=', targetId)
    .executeTakeFirst();
  const paused = target?.state === 'paused' ? (target.paused_reason ?? 'paused') : null;
  return {
    isFindingOut,
    open: Number(counts.open),
    later: Number(counts.later),
    failed: Number(counts.failed),
    held: Number(counts.held),
    manual: Number(counts.manual),
    settled: Number(counts.settled),
    paused,
  };
}
