/**
 * Forgets what was done once it is old: activity and calls after one time, receipts, which are evidence, after another. What
 * belongs to a request that an account still has to carry on stays, however old: it says why the account is open.
 */
import { sql } from 'kysely';
import type { Store } from '../../store/store.ts';
import type { Millis } from '../../store/tables.ts';
import { passes } from './hourly.ts';

/** Whole days. */
export interface Keep {
  /** Activity and calls. */
  days: number;
  receiptDays: number;
}

const DAY_MS = 86_400_000;
/** Rows looked at in one transaction, and the pause after it: requests must not wait for housekeeping. */
const SLICE = 200;
const PAUSE_MS = 20;

type Kept = 'activity' | 'calls' | 'receipts';

/**
 * @param options.now what to take for the present; the store's clock unless said otherwise.
 * @returns how many rows went.
 */
export async function forget(
  store: Store,
  keep: Keep,
  options: { now?: Millis; signal?: AbortSignal } = {},
): Promise<number> {
  const now = options.now ?? (await store.now());
  const ages: [Kept, number][] = [
    ['activity', keep.days],
    ['calls', keep.days],
    ['receipts', keep.receiptDays],
  ];
  let forgotten = 0;
  for (const { tenant } of await store.read.selectFrom('tenants').select('tenant').execute()) {
    forgotten += await forgetActions(store, tenant, now - keep.receiptDays * DAY_MS);
    for (const [table, days] of ages) {
      forgotten += await forgetRows(store, table, tenant, now - days * DAY_MS, options.signal);
    }
  }
  return forgotten;
}

/** Those that are closed are evidence like receipts. */
async function forgetActions(store: Store, tenant: string, before: Millis): Promise<number> {
  let forgotten = 0;
  for (;;) {
    const { numDeletedRows } = await store.write((trx) =>
      trx
        .deleteFrom('actions')
        .where('tenant', '=', tenant)
        .where('id', 'in', (select) =>
          select
            .selectFrom('actions')
            .select('id')
            .where('tenant', '=', tenant)
            .where('closed_at', 'is not', null)
            .where('closed_at', '<', before)
            .limit(SLICE),
        )
        .executeTakeFirst(),
    );
    forgotten += Number(numDeletedRows);
    if (Number(numDeletedRows) < SLICE) return forgotten;
  }
}

async function forgetRows(store: Store, table: Kept, tenant: string, before: Millis, signal?: AbortSignal) {
  const end = firstIdAt(before);
  let forgotten = 0;
  let after = '';
  while (!signal?.aborted) {
    const slice = await nextIds(store, table, tenant, { after, end });
    if (slice.length > 0) forgotten += await deleteUnlessOpen(store, table, tenant, slice);
    if (slice.length < SLICE) break;
    after = slice.at(-1) ?? end;
    await passes(PAUSE_MS, signal);
  }
  return forgotten;
}

/** By the time in the id, which the primary key is ordered by: no row is written into an index for this. */
async function nextIds(store: Store, table: Kept, tenant: string, { after, end }: { after: string; end: string }) {
  const rows = await store.read
    .selectFrom(table)
    .select('id')
    .where('tenant', '=', tenant)
    .where('id', '>', after)
    .where('id', '<', end)
    .orderBy('id')
    .limit(SLICE)
    .execute();
  return rows.map((row) => row.id);
}

/** RFC 9562 section 5.7: an id begins with 48 bits of milliseconds since 1970. */
function firstIdAt(millis: Millis): string {
  const hex = Math.max(0, millis).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}`;
}

async function deleteUnlessOpen(store: Store, table: Kept, tenant: string, ids: readonly string[]): Promise<number> {
  const activityId = table === 'activity' ? sql.ref('activity.id') : sql.ref(`${table}.activity_id`);
  const { numDeletedRows } = await store.write((trx) =>
    trx
      .deleteFrom(table)
      .where('tenant', '=', tenant)
      .where('id', 'in', ids)
      .where(
        sql<boolean>`not exists (select 1 from accounts where accounts.tenant = ${tenant}
          and accounts.activity_id = ${activityId} and due_at is not null)`,
      )
      .where(
        sql<boolean>`not exists (select 1 from accounts where accounts.tenant = ${tenant}
          and accounts.removal_activity_id = ${activityId} and removal_activity_id is not null)`,
      )
      .executeTakeFirst(),
  );
  return Number(numDeletedRows);
}
