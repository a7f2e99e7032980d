/** The last of the five steps: what would be done now, where the account stands, and what was done last. */
import type { Store } from '../../store/store.ts';
import type { AccountsTable, Millis } from '../../store/tables.ts';
import type { Step } from '../../targets/target.ts';
import type { Account, AccountKey } from '../accounts/accounts.ts';
import type { Lane } from '../lanes/lanes.ts';
import { openActionsOf } from '../work/action-rows.ts';

export type AccountState = Account;

export interface ActionsExplanation {
  /** The calls that would be made now, in order, with secrets hidden. */
  plan: readonly Step[];
  /** Why there are none, or not all. */
  whyNone: string | null;
  /**
   * `none`: there is no account; `at work`: right now; `due`: next; `waiting`: for `nextAttemptAt`; `needs a person`: it was
   * refused; `held`: until an administrator approves; `by hand`: a person has to do the rest there; `at rest`: until something
   * changes.
   */
  state: 'none' | 'at work' | 'due' | 'waiting' | 'needs a person' | 'held' | 'by hand' | 'at rest';
  /** What a person has to do in the target. */
  byHand: { id: string; kind: string; subject: string | null; todo: string; openedAt: Millis; saidAt: Millis | null }[];
  /** The target stands still: why. */
  paused: string | null;
  /** The user whose account has to give up the name first. */
  waitsFor: string | null;
  /** When a worker looks next; null: when something changes. */
  nextAttemptAt: Millis | null;
  attempts: number;
  last: LastOutcome | null;
  /** When a password of the identity provider was last passed through to it. */
  passwordSetAt: Millis | null;
  /** Oldest first. */
  calls: {
    at: Millis;
    method: string;
    path: string;
    status: number | null;
    durationMs: number;
    error: string | null;
    activityId: string | null;
  }[];
  receipts: { kind: string; subject: string | null; evidence: string; confirmedAt: Millis; emulated: boolean }[];
}

export interface LastOutcome {
  outcome: string;
  /** What kind of failure it was; null: none. */
  failure: AccountsTable['failure'];
  reason: string | null;
  successAt: Millis | null;
  errorAt: Millis | null;
}

export function readAccount(store: Store, key: AccountKey): Promise<Account | undefined> {
  return store.read
    .selectFrom('accounts')
    .selectAll()
    .where('tenant', '=', key.tenant)
    .where('target_id', '=', key.target_id)
    .where('user_id', '=', key.user_id)
    .executeTakeFirst();
}

export async function readActions(
  store: Store,
  lane: Lane,
  key: AccountKey,
  account: Account | undefined,
  { plan, whyNone }: Pick<ActionsExplanation, 'plan' | 'whyNone'>,
): Promise<ActionsExplanation> {
  return {
    plan,
    whyNone,
    state: stateOf(account, await store.now()),
    byHand: account?.open_actions ? await openByHand(store, key) : [],
    paused: lane.paused ? (lane.pausedReason ?? 'paused') : null,
    waitsFor: account?.waits_for ?? null,
    nextAttemptAt: account?.due_at ?? null,
    attempts: account?.attempts ?? 0,
    last: lastOf(account),
    passwordSetAt: account?.password_set_at ?? null,
    calls: await lastCalls(store, key),
    receipts: await lastReceipts(store, key),
  };
}

export function lastOf(account: Account | undefined): LastOutcome | null {
  if (!account?.outcome) return null;
  const { outcome, failure, reason, last_success_at, last_error_at } = account;
  return { outcome, failure, reason, successAt: last_success_at, errorAt: last_error_at };
}

function stateOf(account: Account | undefined, now: Millis): ActionsExplanation['state'] {
  if (!account) return 'none';
  if (account.lease_owner !== null) return 'at work';
  if (account.outcome === 'manual' && (account.due_at === null || account.look_at !== null)) return 'by hand';
  if (account.due_at !== null) return account.due_at <= now ? 'due' : 'waiting';
  if (account.outcome === 'hold') return 'held';
  return account.outcome === 'reject' ? 'needs a person' : 'at rest';
}

async function openByHand(store: Store, key: AccountKey): Promise<ActionsExplanation['byHand']> {
  const open = await openActionsOf(store.read, key);
  return open.map(({ id, kind, subject, todo, opened_at, said_at }) => {
    return { id, kind, subject: subject === '' ? null : subject, todo, openedAt: opened_at, saidAt: said_at };
  });
}

async function lastCalls(store: Store, key: AccountKey): Promise<ActionsExplanation['calls']> {
  const rows = await store.read
    .selectFrom('calls')
    .select(['at', 'method', 'path', 'status', 'duration_ms as durationMs', 'error', 'activity_id as activityId'])
    .where('tenant', '=', key.tenant)
    .where('user_id', '=', key.user_id)
    .where('target_id', '=', key.target_id)
    .orderBy('at', 'desc')
    .orderBy('id', 'desc')
    .limit(10)
    .execute();
  return rows.reverse();
}

async function lastReceipts(store: Store, key: AccountKey): Promise<ActionsExplanation['receipts']> {
  const rows = await store.read
    .selectFrom('receipts')
    .select(['kind', 'subject', 'evidence', 'confirmed_at', 'emulated'])
    .where('tenant', '=', key.tenant)
    .where('user_id', '=', key.user_id)
    .where('target_id', '=', key.target_id)
    .orderBy('id', 'desc')
    .limit(10)
    .execute();
  return rows.reverse().map(({ confirmed_at, emulated, ...receipt }) => ({
    ...receipt,
    confirmedAt: confirmed_at,
    emulated: emulated === 1,
  }));
}
