/**
 * What an administrator sees of holds and does about them. An approval is of exactly the accounts that were seen, by a code
 * that stands for them. The command line calls these functions; a running server carries the decision out (sweep.ts).
 */
import { createHash } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Store } from '../../store/store.ts';
import type { Database, Millis } from '../../store/tables.ts';
import { Rules } from '../rules/rules.ts';
import { type Hold, lockTarget, type Origin } from './ledger.ts';
import type { Kind } from './limits.ts';

export interface HoldInfo {
  id: string;
  /** Its name. */
  target: string;
  kind: Kind;
  origin: Origin;
  /** `closed`: nothing was left of it before anybody decided. */
  state: Hold['state'] | 'closed';
  reason: string;
  createdAt: Millis;
  decidedAt: Millis | null;
  decidedBy: string | null;
  expiresAt: Millis | null;
  /** How many it holds back, or has let go that have not been done yet. */
  accounts: number;
}

export interface HoldDetail extends HoldInfo {
  /** Stands for exactly these users and this kind. */
  set: string;
  users: { id: string; userName: string | null }[];
}

/** Says why a decision cannot be made, in words for an administrator. */
export class HoldError extends Error {
  override readonly name = 'HoldError';
}

/** Newest first. @param options.all also what is over, and what holds nobody. */
export async function listHolds(store: Store, tenant: string, { all }: { all: boolean }): Promise<HoldInfo[]> {
  const rows = await store.read
    .selectFrom('holds')
    .innerJoin('targets', (join) =>
      join.onRef('targets.tenant', '=', 'holds.tenant').onRef('targets.id', '=', 'holds.target_id'),
    )
    .selectAll('holds')
    .select('targets.name as target')
    .where('holds.tenant', '=', tenant)
    .$if(!all, (query) => query.where('closed_at', 'is', null))
    .orderBy('holds.created_at', 'desc')
    .orderBy('holds.id')
    .execute();
  const counts = await store.read
    .selectFrom('hold_items')
    .select(['hold_id', (row) => row.fn.countAll<number>().as('count')])
    .where('tenant', '=', tenant)
    .groupBy('hold_id')
    .execute();
  const countOf = new Map(counts.map(({ hold_id, count }) => [hold_id, Number(count)]));
  const holds = rows.map((row) => infoOf(row, row.target, countOf.get(row.id) ?? 0));
  return all ? holds : holds.filter(({ accounts }) => accounts > 0);
}

/** @throws HoldError where there is none. */
export async function readHold(store: Store, tenant: string, id: string): Promise<HoldDetail> {
  const { hold, target } = await findHold(store, tenant, id);
  const userIds = await usersOf(store.read, hold);
  const names = await namesOf(store, tenant, userIds);
  return {
    ...infoOf(hold, target, userIds.length),
    set: setOf(hold.kind, userIds),
    users: userIds.map((userId) => ({ id: userId, userName: names.get(userId) ?? null })),
  };
}

/**
 * Lets these accounts go, until the target's `approvalHours` are over.
 * @param decision.set the code of the set that was seen. @throws HoldError, also where the set has changed since.
 */
export async function approveHold(
  store: Store,
  tenant: string,
  id: string,
  decision: { set: string; by: string },
): Promise<HoldInfo> {
  const found = await findHold(store, tenant, id);
  const now = await store.now();
  return store.write(async (trx) => {
    const { hold, userIds, rules } = await forDecision(trx, store, found.hold, decision.set);
    if (hold.state === 'approved') throw new HoldError(`Hold ${id} is approved already, by ${hold.decided_by}.`);
    const { approvalHours } = Rules.parse(JSON.parse(rules));
    const decided = {
      state: 'approved' as const,
      decided_at: now,
      decided_by: decision.by,
      expires_at: now + approvalHours * 3_600_000,
    };
    await update(trx, hold, decided);
    // It may have been approved before, and rejected since.
    await trx
      .updateTable('hold_items')
      .set({ woken: 0 })
      .where('tenant', '=', tenant)
      .where('hold_id', '=', id)
      .where('woken', '=', 1)
      .execute();
    return infoOf({ ...hold, ...decided }, found.target, userIds.length);
  });
}

/**
 * The accounts keep what they have, until somebody approves or nothing of the kind is wanted any more. An approval may be
 * withdrawn so, for what has not begun. @param decision.set where given, as with `approveHold`. @throws HoldError
 */
export async function rejectHold(
  store: Store,
  tenant: string,
  id: string,
  decision: { set?: string | undefined; by: string },
): Promise<HoldInfo> {
  const found = await findHold(store, tenant, id);
  const now = await store.now();
  return store.write(async (trx) => {
    const { hold, userIds } = await forDecision(trx, store, found.hold, decision.set);
    if (hold.state === 'rejected') throw new HoldError(`Hold ${id} is rejected already, by ${hold.decided_by}.`);
    const decided = { state: 'rejected' as const, decided_at: now, decided_by: decision.by, expires_at: null };
    await update(trx, hold, decided);
    return infoOf({ ...hold, ...decided }, found.target, userIds.length);
  });
}

async function forDecision(trx: Kysely<Database>, store: Store, seen: Hold, set: string | undefined) {
  const { tenant, id, target_id } = seen;
  await lockTarget(trx, store.dialect, { tenant, targetId: target_id });
  const row = await trx
    .selectFrom('holds')
    .innerJoin('targets', (join) =>
      join.onRef('targets.tenant', '=', 'holds.tenant').onRef('targets.id', '=', 'holds.target_id'),
    )
    .selectAll('holds')
    .select('targets.rules')
    .where('holds.tenant', '=', tenant)
    .where('holds.id', '=', id)
    .executeTakeFirst();
  if (!row) throw new HoldError(`Hold ${id} is gone.`);
  const { rules, ...hold } = row;
  if (hold.state === 'expired') {
    throw new HoldError(`Hold ${id} is over: its approval expired. See: linkspan hold list ${tenant}`);
  }
  const userIds = await usersOf(trx, hold);
  if (userIds.length === 0) throw new HoldError(`Hold ${id} holds nobody any more.`);
  const code = setOf(hold.kind, userIds);
  if (set !== undefined && set !== code) {
    throw new HoldError(
      `That is not the set of hold ${id} as it is now: the code ${set} is wrong, or accounts came or went since. Look again: linkspan hold show ${tenant} ${id}`,
    );
  }
  return { hold, userIds, rules };
}

async function update(trx: Kysely<Database>, { tenant, id }: Hold, values: Partial<Hold>): Promise<void> {
  await trx.updateTable('holds').set(values).where('tenant', '=', tenant).where('id', '=', id).execute();
}

/** @throws HoldError */
async function findHold(store: Store, tenant: string, id: string): Promise<{ hold: Hold; target: string }> {
  const row = await store.read
    .selectFrom('holds')
    .innerJoin('targets', (join) =>
      join.onRef('targets.tenant', '=', 'holds.tenant').onRef('targets.id', '=', 'holds.target_id'),
    )
    .selectAll('holds')
    .select('targets.name as target')
    .where('holds.tenant', '=', tenant)
    .where('holds.id', '=', id)
    .executeTakeFirst();
  if (!row) throw new HoldError(`Tenant "${tenant}" has no hold "${id}". See: linkspan hold list ${tenant} --all`);
  const { target, ...hold } = row;
  return { hold, target };
}

async function usersOf(db: Kysely<Database>, { tenant, id }: Hold): Promise<string[]> {
  const rows = await db
    .selectFrom('hold_items')
    .select('user_id')
    .where('tenant', '=', tenant)
    .where('hold_id', '=', id)
    .execute();
  return rows.map((row) => row.user_id).sort();
}

/** Short enough to be typed, long enough that no other set has it. */
function setOf(kind: Kind, userIds: readonly string[]): string {
  const hash = createHash('sha256').update(kind);
  for (const userId of userIds) hash.update(`\n${userId}`);
  return hash.digest('hex').slice(0, 10);
}

const SLICE = 500;

async function namesOf(store: Store, tenant: string, userIds: readonly string[]): Promise<Map<string, string>> {
  const names = new Map<string, string>();
  for (let from = 0; from < userIds.length; from += SLICE) {
    const rows = await store.read
      .selectFrom('resources')
      .select(['id', 'document'])
      .where('tenant', '=', tenant)
      .where('id', 'in', userIds.slice(from, from + SLICE))
      .execute();
    for (const { id, document } of rows) names.set(id, String(JSON.parse(document).userName));
  }
  return names;
}

function infoOf(hold: Hold, target: string, accounts: number): HoldInfo {
  const { id, kind, origin, reason } = hold;
  return {
    id,
    target,
    kind,
    origin,
    state: hold.state === 'open' && hold.closed_at !== null ? 'closed' : hold.state,
    reason,
    createdAt: hold.created_at,
    decidedAt: hold.decided_at,
    decidedBy: hold.decided_by,
    expiresAt: hold.expires_at,
    accounts,
  };
}
