/** What was done lately for one user, or at one target: requests, calls and receipts in one line of time, newest first. */
import { sql } from 'kysely';
import type { Store } from '../../store/store.ts';
import type { Millis } from '../../store/tables.ts';
import { type Asked, type Called, type Received, readNaming, toAsked, toCalled, toReceived } from './history.ts';

export type Entry = ({ kind: 'request' } & Asked) | Called | Received;

export interface Timeline {
  entries: Entry[];
  /** The requests that calls and receipts go back to, as far as they are remembered. */
  requests: Asked[];
  /** To go on from, with `before`; null: there is nothing older. */
  older: Place | null;
}

/** Of an entry in the line of time. */
export interface Place {
  at: Millis;
  id: string;
}

export interface Page {
  limit?: number;
  before?: Place;
}

/** What identity providers asked for this user, and what was done about it in every target. */
export async function whyUser(store: Store, tenant: string, userId: string, page: Page = {}): Promise<Timeline> {
  const [activity, calls, receipts] = [
    await activityOf(store, tenant, userId, page),
    await callsAt(store, tenant, { user_id: userId }, page),
    await receiptsAt(store, tenant, { user_id: userId }, page),
  ];
  return assemble(store, tenant, { activity, calls, receipts }, page);
}

/** What was called at this target (its id), and why. */
export async function whyTarget(store: Store, tenant: string, targetId: string, page: Page = {}): Promise<Timeline> {
  const calls = await callsAt(store, tenant, { target_id: targetId }, page);
  const receipts = await receiptsAt(store, tenant, { target_id: targetId }, page);
  return assemble(store, tenant, { activity: [], calls, receipts }, page);
}

const DEFAULT_LIMIT = 50;

type Key = { user_id: string } | { target_id: string };

function activityOf(store: Store, tenant: string, resourceId: string, page: Page) {
  return store.read
    .selectFrom('activity')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('resource_id', '=', resourceId)
    .where(earlier('at', page))
    .orderBy('at', 'desc')
    .orderBy('id', 'desc')
    .limit(oneMore(page))
    .execute();
}

function callsAt(store: Store, tenant: string, key: Key, page: Page) {
  return store.read
    .selectFrom('calls')
    .selectAll()
    .where('tenant', '=', tenant)
    .where((row) => row.and(key))
    .where(earlier('at', page))
    .orderBy('at', 'desc')
    .orderBy('id', 'desc')
    .limit(oneMore(page))
    .execute();
}

function receiptsAt(store: Store, tenant: string, key: Key, page: Page) {
  return store.read
    .selectFrom('receipts')
    .selectAll()
    .where('tenant', '=', tenant)
    .where((row) => row.and(key))
    .where(earlier('confirmed_at', page))
    .orderBy('confirmed_at', 'desc')
    .orderBy('id', 'desc')
    .limit(oneMore(page))
    .execute();
}

function earlier(time: string, { before }: Page) {
  return before
    ? sql<boolean>`(${sql.ref(time)}, id) < (cast(${before.at} as bigint), ${before.id})`
    : sql<boolean>`1 = 1`;
}

/** Tells whether there is more. */
function oneMore({ limit = DEFAULT_LIMIT }: Page): number {
  return limit + 1;
}

interface Rows {
  activity: Awaited<ReturnType<typeof activityOf>>;
  calls: Awaited<ReturnType<typeof callsAt>>;
  receipts: Awaited<ReturnType<typeof receiptsAt>>;
}

async function assemble(store: Store, tenant: string, rows: Rows, { limit = DEFAULT_LIMIT }: Page): Promise<Timeline> {
  const causes = await requestsOf(store, tenant, rows);
  const naming = await readNaming(store, tenant, [
    ...[...rows.activity, ...causes].map((row) => row.resource_id),
    ...[...rows.calls, ...rows.receipts].map((row) => row.user_id),
  ]);
  const all: Entry[] = [
    ...rows.activity.map((row) => ({ kind: 'request' as const, ...toAsked(row, naming) })),
    ...rows.calls.map((row) => toCalled(row, naming)),
    ...rows.receipts.map((row) => toReceived(row, naming)),
  ];
  const entries = all.toSorted((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1)).slice(0, limit);
  const last = entries.at(-1);
  const shown = new Set(entries.map((entry) => (entry.kind === 'request' ? null : entry.activityId)));
  return {
    entries,
    requests: causes.filter(({ id }) => shown.has(id)).map((row) => toAsked(row, naming)),
    older: last && all.length > entries.length ? { at: last.at, id: last.id } : null,
  };
}

async function requestsOf(store: Store, tenant: string, { calls, receipts }: Rows) {
  const ids = new Set([...calls, ...receipts].flatMap((row) => row.activity_id ?? []));
  if (ids.size === 0) return [];
  return store.read
    .selectFrom('activity')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('id', 'in', [...ids])
    .orderBy('id')
    .execute();
}
