/**
 * From a request's id to all that came of it: what it changed, where each account that it touched stands, every call that
 * was made because of it, and the receipts. It only reads, and asks no system anything.
 */
import { type Selectable, sql } from 'kysely';
import type { Store } from '../../store/store.ts';
import type { ActivityTable, Millis } from '../../store/tables.ts';
import { type Account, keyOf } from '../accounts/accounts.ts';
import {
  type Asked,
  type Called,
  type Naming,
  type Received,
  readNaming,
  toAsked,
  toCalled,
  toReceived,
} from './history.ts';
import { accountsUnderOthers, type Other, otherOf } from './shadows.ts';

export interface Why {
  id: string;
  /** One; the operations of a Bulk request; none where only what came of it is remembered. */
  asked: Asked[];
  /** Its changes that no account, or not every account, has been made due for yet. */
  waiting: number;
  accounts: Touched[];
  /** In the order of time. */
  calls: Called[];
  receipts: Received[];
  /** How many there are: the lists end at the limit. */
  totals: { asked: number; accounts: number; calls: number; receipts: number };
}

/** An account as it stands now. */
export interface Touched {
  /** Null: the target is not there any more. */
  target: string | null;
  targetId: string;
  userId: string;
  user: string | null;
  /** `due`: waits for its next attempt; `failed`: needs a person; `gone`: nothing is left of it. */
  state: 'due' | 'at work' | 'settled' | 'failed' | 'gone';
  /** Of the last attempt; null: none yet. */
  outcome: string | null;
  reason: string | null;
  nextAttemptAt: Millis | null;
  lastSuccessAt: Millis | null;
  lastErrorAt: Millis | null;
  /** Another change that has to do with it, if any. */
  other: Other | null;
}

/** @returns null where nothing is known under this id: it changed nothing, was refused, or is forgotten. */
export async function whyRequest(
  store: Store,
  tenant: string,
  id: string,
  { limit = 100 }: { limit?: number } = {},
): Promise<Why | null> {
  const activities = await store.read
    .selectFrom('activity')
    .selectAll()
    .where('tenant', '=', tenant)
    .where((row) => row.or([row('id', '=', id), row('request_id', '=', id)]))
    .orderBy('at')
    .orderBy('id')
    .execute();
  const asked = activities.slice(0, limit);
  const ids = [...new Set([id, ...activities.map((activity) => activity.id)])];
  const calls = await callsOf(store, tenant, ids, limit);
  const receipts = await receiptsOf(store, tenant, ids, limit);
  const touched = await touchedBy(store, tenant, ids, limit);
  const totals = {
    asked: activities.length,
    accounts: totalOf(touched),
    calls: totalOf(calls),
    receipts: totalOf(receipts),
  };
  if (Object.values(totals).every((total) => total === 0)) return null;

  const waiting = await countWaiting(store, tenant, ids);
  const byKey = new Map(touched.map((row) => [keyOf(row), { row: row as Standing, other: since(row, ids) }]));
  for (const { row, other } of await carriedWithOthers(store, tenant, asked, touched)) {
    if (other === null || ids.includes(other.id ?? '')) continue;
    // A change that is still to be fanned out has reached nothing.
    if (waiting === 0 || other.how === 'later') byKey.set(keyOf(row), { row, other });
  }
  const accounts = [...byKey.values()];
  const naming = await readNaming(store, tenant, [
    ...asked.map((activity) => activity.resource_id),
    ...[...accounts.map(({ row }) => row), ...calls, ...receipts].map((row) => row.user_id),
  ]);
  return {
    id,
    asked: asked.map((row) => toAsked(row, naming)),
    waiting,
    accounts: accounts.map(({ row, other }) => toTouched(row, other, naming)),
    calls: calls.map((row) => toCalled(row, naming)),
    receipts: receipts.map((row) => toReceived(row, naming)),
    totals: { ...totals, accounts: totals.accounts + accounts.length - touched.length },
  };
}

type Change = Selectable<ActivityTable>;
type Standing = Pick<Account, 'target_id' | 'user_id' | 'activity_id' | 'lease_owner' | 'due_at' | 'reason'> &
  Pick<Account, 'outcome' | 'last_success_at' | 'last_error_at'> & { generation: number | null };

function since({ activity_id, generation }: Standing, ids: readonly string[]): Other | null {
  const isLast = activity_id !== null && ids.includes(activity_id);
  return isLast || generation === null ? null : { id: activity_id, how: 'since' };
}

/** Accounts without calls of this request, with the change that has them. */
async function carriedWithOthers(
  store: Store,
  tenant: string,
  asked: readonly Change[],
  touched: readonly (Standing & { changed_at: Millis | null })[],
): Promise<{ row: Standing; other: Other | null }[]> {
  const changes = new Map(asked.map((change) => [change.id, change]));
  const found: { row: Standing; other: Other | null }[] = [];
  for (const row of touched) {
    const change = changes.get(row.activity_id ?? '');
    if (!change) continue;
    const account = { ...row, tenant, changed_at: row.changed_at ?? change.at };
    found.push({ row, other: await otherOf(store, account, change) });
  }
  for (const change of asked.filter(({ resource_type }) => resource_type === 'User')) {
    for (const account of await accountsUnderOthers(store, tenant, change.resource_id, change)) {
      found.push({ row: account, other: await otherOf(store, account, change) });
    }
  }
  return found;
}

function toTouched(row: Standing, other: Other | null, naming: Naming): Touched {
  return {
    target: naming.target(row.target_id),
    targetId: row.target_id,
    userId: row.user_id,
    user: naming.resource(row.user_id)?.name ?? null,
    state: stateOf(row),
    outcome: row.outcome,
    reason: row.reason,
    nextAttemptAt: row.due_at,
    lastSuccessAt: row.last_success_at,
    lastErrorAt: row.last_error_at,
    other,
  };
}

function stateOf({ generation, lease_owner, due_at, outcome }: Standing): Touched['state'] {
  if (generation === null) return 'gone';
  if (lease_owner !== null) return 'at work';
  if (due_at !== null) return 'due';
  return outcome === 'reject' || outcome === 'hold' || outcome === 'manual' ? 'failed' : 'settled';
}

const total = sql<number>`count(*) over ()`.as('total');

function totalOf([first]: readonly { total: number }[]): number {
  return first?.total ?? 0;
}

function callsOf(store: Store, tenant: string, ids: readonly string[], limit: number) {
  return store.read
    .selectFrom('calls')
    .selectAll()
    .select(total)
    .where('tenant', '=', tenant)
    .where('activity_id', 'in', ids)
    .orderBy('at')
    .orderBy('id')
    .limit(limit)
    .execute();
}

function receiptsOf(store: Store, tenant: string, ids: readonly string[], limit: number) {
  return store.read
    .selectFrom('receipts')
    .selectAll()
    .select(total)
    .where('tenant', '=', tenant)
    .where('activity_id', 'in', ids)
    .orderBy('confirmed_at')
    .orderBy('id')
    .limit(limit)
    .execute();
}

/** Accounts that a request has now, or that something was done with because of it; what is open first. */
function touchedBy(store: Store, tenant: string, ids: readonly string[], limit: number) {
  const from = (table: 'accounts' | 'calls' | 'receipts') =>
    store.read
      .selectFrom(table)
      .select(['target_id', sql<string>`user_id`.as('user_id')])
      .where('tenant', '=', tenant)
      .where('activity_id', 'in', ids)
      .where('user_id', 'is not', null);
  return store.read
    .with('touched', () => from('accounts').union(from('calls')).union(from('receipts')))
    .selectFrom('touched')
    .leftJoin('accounts', (join) =>
      join
        .on('accounts.tenant', '=', tenant)
        .onRef('accounts.target_id', '=', 'touched.target_id')
        .onRef('accounts.user_id', '=', 'touched.user_id'),
    )
    .select(['touched.target_id', 'touched.user_id', 'generation', 'changed_at', 'accounts.activity_id', 'lease_owner'])
    .select(['due_at', 'outcome', 'reason', 'last_success_at', 'last_error_at', total])
    .orderBy(sql`due_at is null`)
    .orderBy(sql`coalesce(outcome, '') = 'done'`)
    .orderBy('touched.target_id')
    .orderBy('touched.user_id')
    .limit(limit)
    .execute();
}

/** Changes are few, and gone as soon as they are fanned out. */
async function countWaiting(store: Store, tenant: string, ids: readonly string[]): Promise<number> {
  const { count } = await store.read
    .selectFrom('changes')
    .select(sql<number>`count(*)`.as('count'))
    .where('tenant', '=', tenant)
    .where('activity_id', 'in', ids)
    .executeTakeFirstOrThrow();
  return count;
}
