/**
 * Why somebody has or lacks access: what the IdP last said, which targets want the user and why, what would be done now
 * and what was done last. It walks the same path as a worker, stopped before anything is written: no lease, no link, no
 * create; the target is only read.
 */

import { type DirectoryUser, readPeople } from '../directory/people.ts';
import type { Store } from '../store/store.ts';
import { TargetError } from '../targets/outcome.ts';
import type { Found, Observed, Step } from '../targets/target.ts';
import type { Account } from './accounts.ts';
import { createIo } from './calls.ts';
import type { Lane } from './lanes.ts';
import { inOrder } from './steps.ts';
import { readWish } from './wish.ts';

export interface Explanation {
  user: DirectoryUser;
  /** The deleted user whose accounts this one takes over, being the same person; for as long as it is remembered. */
  wasBefore: string | null;
  /** A deleted user: who has taken over the accounts. */
  isNow: string | null;
  targets: TargetExplanation[];
}

export interface TargetExplanation {
  target: string;
  type: string;
  paused: string | null;
  /** `active`, `inactive`, `absent`, `keep`, `none`, or `unknown` where it cannot be computed. */
  wanted: string;
  why: string;
  assignments: readonly string[];
  remoteId: string | null;
  /** What was seen there just now, in words, or why the target could not be asked. */
  look: string;
  plan: readonly Step[];
  last: { outcome: string; reason: string | null; successAt: number | null; errorAt: number | null } | null;
  /** When a worker looks next; null: at rest. */
  nextAttemptAt: number | null;
  attempts: number;
  calls: { at: number; method: string; path: string; status: number | null; error: string | null }[];
  receipts: { kind: string; subject: string | null; evidence: string; confirmedAt: number; emulated: boolean }[];
}

/** @returns null where no user, deleted ones included, has this id. */
export async function explain(store: Store, lanes: readonly Lane[], tenant: string, userId: string) {
  const user = (await readPeople(store.read, tenant, [userId])).get(userId);
  if (!user) return null;
  const targets = await Promise.all(lanes.map((lane) => explainTarget(store, lane, tenant, userId)));
  const { wasBefore, isNow } = await kin(store, tenant, userId);
  return { user, wasBefore, isNow, targets } satisfies Explanation;
}

async function kin(store: Store, tenant: string, userId: string) {
  const tombstones = await store.read
    .selectFrom('tombstones')
    .select(['resource_id', 'heir_id'])
    .where('tenant', '=', tenant)
    .where((row) => row.or([row('resource_id', '=', userId), row('heir_id', '=', userId)]))
    .orderBy('resource_id', 'desc')
    .execute();
  return {
    wasBefore: tombstones.find((row) => row.heir_id === userId)?.resource_id ?? null,
    isNow: tombstones.find((row) => row.resource_id === userId)?.heir_id ?? null,
  };
}

async function explainTarget(store: Store, lane: Lane, tenant: string, userId: string): Promise<TargetExplanation> {
  const key = { tenant, target_id: lane.targetId, user_id: userId };
  const account = await store.read
    .selectFrom('accounts')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('target_id', '=', lane.targetId)
    .where('user_id', '=', userId)
    .executeTakeFirst();
  const now = await present(store, lane, account ?? { ...key, remote_id: null, observed: null, memory: null });
  return {
    target: lane.name,
    type: lane.type.type,
    paused: lane.paused ? (lane.pausedReason ?? 'paused') : null,
    ...now,
    remoteId: account?.remote_id ?? null,
    last: account?.outcome
      ? {
          outcome: account.outcome,
          reason: account.reason,
          successAt: account.last_success_at,
          errorAt: account.last_error_at,
        }
      : null,
    nextAttemptAt: account?.due_at ?? null,
    attempts: account?.attempts ?? 0,
    calls: await lastCalls(store, key),
    receipts: await lastReceipts(store, key),
  };
}

type Looked = Pick<TargetExplanation, 'wanted' | 'why' | 'assignments' | 'look' | 'plan'>;
type AccountLike = Pick<Account, 'tenant' | 'target_id' | 'user_id' | 'remote_id'> & {
  observed: string | null;
  memory: string | null;
};

async function present(store: Store, lane: Lane, account: AccountLike): Promise<Looked> {
  const io = createIo(lane, { userId: account.user_id, activityId: null, urgent: true, outlives: () => true });
  const nothing: Looked = { wanted: 'unknown', why: '', assignments: [], look: 'not asked', plan: [] };
  try {
    const { standing, desired, intents } = await readWish(store.read, lane, account);
    const wanted = { wanted: standing.presence, why: standing.why, assignments: standing.assignments };
    if (standing.presence === 'none' || standing.presence === 'keep') return { ...nothing, ...wanted };
    try {
      const found = await lane.connection.find(
        {
          id: account.remote_id,
          keys: [...intents.map((intent) => intent.keys), ...(desired ? [desired.keys] : [])],
          last: account.observed === null ? null : (JSON.parse(account.observed) as Observed),
          openIntent: intents.length > 0,
        },
        io,
      );
      const memory = account.memory === null ? { granted: [], remembered: [] } : JSON.parse(account.memory);
      const observed = found.kind === 'found' ? found.observed : null;
      const needless = observed === null && desired?.presence !== 'active';
      const plan = needless ? [] : lane.type.plan(desired, observed, memory, lane.settings);
      return { ...nothing, ...wanted, look: describe(found), plan: inOrder(plan) };
    } catch (error) {
      return { ...nothing, ...wanted, look: reasonOf(error) };
    }
  } catch (error) {
    return { ...nothing, why: reasonOf(error) };
  }
}

function describe(found: Found): string {
  switch (found.kind) {
    case 'found':
      return `record ${found.observed.id}`;
    case 'absent':
      return 'no record';
    case 'unknowable':
      return 'cannot be asked; a create would tell';
    case 'ambiguous':
      return `ambiguous: ${found.detail}`;
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof TargetError) return error.failure.reason;
  return error instanceof Error ? error.message : String(error);
}

async function lastCalls(store: Store, key: { tenant: string; target_id: string; user_id: string }) {
  const rows = await store.read
    .selectFrom('calls')
    .select(['at', 'method', 'path', 'status', 'error'])
    .where('tenant', '=', key.tenant)
    .where('user_id', '=', key.user_id)
    .where('target_id', '=', key.target_id)
    .orderBy('at', 'desc')
    .orderBy('id', 'desc')
    .limit(10)
    .execute();
  return rows.reverse();
}

async function lastReceipts(store: Store, key: { tenant: string; target_id: string; user_id: string }) {
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
