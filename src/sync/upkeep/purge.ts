/**
 * Removes what is left of users who were deleted, once everything about them has been at rest for 30 days: until then the
 * person who comes back takes the accounts over (takeover.ts). A user whose record still stands in a target is kept, for
 * as long as it stands: the link says whose record that is, so that nobody else adopts it and a changed rule can still
 * remove it. Receipts, activity and calls have times of their own (retention.ts).
 */
import { type Kysely, sql } from 'kysely';
import type { Dialect } from '../../store/dialect.ts';
import type { Store } from '../../store/store.ts';
import type { Database, Millis } from '../../store/tables.ts';
import { passes } from './hourly.ts';

export const KEPT_MS = 30 * 86_400_000;

/** Users looked at in one transaction, and the pause after it: requests must not wait for a purge. */
const SLICE = 100;
const PAUSE_MS = 20;

/**
 * @param options.now what to take for the present; the store's clock unless said otherwise.
 * @returns how many users went.
 */
export async function purge(store: Store, options: { now?: Millis; signal?: AbortSignal } = {}): Promise<number> {
  const before = (options.now ?? (await store.now())) - KEPT_MS;
  let purged = 0;
  let slice = await nextDeleted(store, before, { deleted_at: 0, id: '' });
  while (slice.length > 0 && !options.signal?.aborted) {
    for (const [tenant, users] of Map.groupBy(slice, (user) => user.tenant)) {
      const ids = users.map((user) => user.id);
      purged += await store.write((trx) => purgeUsers(trx, store.dialect, tenant, ids, before));
    }
    const last = slice.at(-1);
    if (!last || slice.length < SLICE) break;
    await passes(PAUSE_MS, options.signal);
    slice = await nextDeleted(store, before, last);
  }
  return purged;
}

async function nextDeleted(store: Store, before: Millis, after: { deleted_at: Millis | null; id: string }) {
  return store.read
    .selectFrom('resources')
    .select(['tenant', 'id', 'deleted_at'])
    .where('type', '=', 'User')
    .where('deleted_at', '<=', before)
    .where(sql<boolean>`(deleted_at, id) > (${after.deleted_at}, ${after.id})`)
    .orderBy('deleted_at')
    .orderBy('id')
    .limit(SLICE)
    .execute();
}

async function purgeUsers(
  trx: Kysely<Database>,
  dialect: Dialect,
  tenant: string,
  candidates: readonly string[],
  before: Millis,
): Promise<number> {
  // A rehire under way is waited for, and then seen.
  await trx
    .selectFrom('tombstones')
    .select('resource_id')
    .where('tenant', '=', tenant)
    .where('resource_id', 'in', candidates)
    .orderBy('resource_id')
    .modifyEnd(dialect.forUpdate)
    .execute();
  const ids = await closed(trx, tenant, candidates, before);
  if (ids.length === 0) return 0;
  await trx
    .deleteFrom('intents')
    .where('tenant', '=', tenant)
    .where('target_id', 'in', (select) => select.selectFrom('targets').select('id').where('tenant', '=', tenant))
    .where('user_id', 'in', ids)
    .execute();
  await trx.deleteFrom('accounts').where('tenant', '=', tenant).where('user_id', 'in', ids).execute();
  await trx.deleteFrom('passwords').where('tenant', '=', tenant).where('user_id', 'in', ids).execute();
  await trx.deleteFrom('tombstones').where('tenant', '=', tenant).where('resource_id', 'in', ids).execute();
  await trx.deleteFrom('resources').where('tenant', '=', tenant).where('id', 'in', ids).execute();
  return ids.length;
}

/** Those of whom nothing is linked, owed, under way, or awaited by an heir; and nothing was for 30 days. */
async function closed(
  trx: Kysely<Database>,
  tenant: string,
  candidates: readonly string[],
  before: Millis,
): Promise<string[]> {
  const rows = await trx
    .selectFrom('resources')
    .select('id')
    .where('tenant', '=', tenant)
    .where('id', 'in', candidates)
    .where(
      sql<boolean>`not exists (select 1 from accounts
        where accounts.tenant = resources.tenant and accounts.user_id = resources.id
        and (due_at is not null or lease_owner is not null or remote_id is not null
          or outcome is null or outcome <> 'done' or last_success_at is null or last_success_at > ${before}
          or exists (select 1 from intents where intents.tenant = accounts.tenant
            and intents.target_id = accounts.target_id and intents.user_id = accounts.user_id and closed_at is null)))
        and not exists (select 1 from actions where actions.tenant = resources.tenant
          and actions.user_id = resources.id and closed_at is null)`,
    )
    .where(
      sql<boolean>`not exists (select 1 from remote_links
        where remote_links.tenant = resources.tenant and remote_links.user_id = resources.id)`,
    )
    .where(
      sql<boolean>`not exists (select 1 from tombstones
        where tombstones.tenant = resources.tenant and handed_over_at is null
        and (heir_id = resources.id or (resource_id = resources.id and heir_id is not null)))`,
    )
    .execute();
  return rows.map((row) => row.id);
}
