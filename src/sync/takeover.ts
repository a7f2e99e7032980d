/**
 * A person who was deleted and comes back gets the same downstream records. The directory names the heir of a deleted
 * user (directory/tombstones.ts); here the accounts change hands: the row itself, with its link, memory, open intents and
 * whatever is still owed, becomes the heir's, in one transaction, so there is never a moment with two owners or none.
 *
 * What makes every order end right: an account in a worker's hands stays where it is and is made due again, so that the
 * next worker hands it over instead of working on it; until then the heir gets no account of its own in that target.
 */
import { expressionBuilder, type Kysely } from 'kysely';
import type { Dialect } from '../store/dialect.ts';
import type { Store } from '../store/store.ts';
import type { Database, Millis } from '../store/tables.ts';
import { type Account, type AccountKey, keyOf } from './accounts.ts';

/** A worker is at the heir's bare account: it is let finish. */
const POSTPONE_MS = 1_000;

/** More deletions and rehires of one person are followed no further at once. */
const LONGEST_LINE = 1_000;

/**
 * Gives these users what those before them left behind, in every target.
 * @returns keys (`keyOf`) of the heirs' accounts that must wait: a worker is at the predecessor's.
 */
export async function takeOver(
  trx: Kysely<Database>,
  dialect: Dialect,
  tenant: string,
  heirs: readonly string[],
  now: Millis,
): Promise<Set<string>> {
  const waiting = new Set<string>();
  for (const { id, heirId } of await openTombstones(trx, tenant, heirs)) {
    let isOpen = false;
    for (const account of await lockAccounts(trx, dialect, { tenant, user_id: id })) {
      if (account.lease_owner === null) {
        await handOver(trx, dialect, account, heirId, now);
      } else {
        isOpen = true;
        waiting.add(keyOf({ target_id: account.target_id, user_id: heirId }));
        await lookAgain(trx, account, now);
      }
    }
    await updateTombstone(trx, tenant, id, isOpen ? { heir_id: heirId } : { handed_over_at: now });
  }
  return waiting;
}

/**
 * Hands a claimed account over, if its user has an heir. @returns false: there is none, or the heir has a record of its
 * own and this one is to be removed; true: the account is not to be worked on any more.
 */
export async function bequeath(store: Store, account: Account): Promise<boolean> {
  const { tenant, user_id } = account;
  const heirId = await heirOf(store.read, tenant, user_id);
  if (heirId === null) return false;
  const now = await store.now();
  return store.write(async (trx) => {
    const rows = await lockAccounts(trx, store.dialect, account);
    const held = rows.find((row) => row.lease_owner === account.lease_owner && row.lease_epoch === account.lease_epoch);
    // Lost to somebody else before anything was done.
    if (!held) return true;
    return handOver(trx, store.dialect, held, heirId, now);
  });
}

/** Who the deleted user is now, however often it was deleted since; null: nobody. */
export async function heirOf(db: Kysely<Database>, tenant: string, userId: string): Promise<string | null> {
  let heirId: string | null = null;
  for (let steps = 0; steps < LONGEST_LINE; steps++) {
    const tombstone = await db
      .selectFrom('tombstones')
      .select('heir_id')
      .where('tenant', '=', tenant)
      .where('resource_id', '=', heirId ?? userId)
      .executeTakeFirst();
    if (!tombstone?.heir_id) break;
    heirId = tombstone.heir_id;
  }
  return heirId;
}

/**
 * Those whom the heirs were before, and before that, each with the last heir known. One statement where there is nothing to
 * do.
 */
async function openTombstones(
  trx: Kysely<Database>,
  tenant: string,
  heirs: readonly string[],
): Promise<{ id: string; heirId: string }[]> {
  const open = new Map<string, string>();
  let level = new Map(heirs.map((id) => [id, id]));
  for (let steps = 0; level.size > 0 && steps < LONGEST_LINE; steps++) {
    const rows = await trx
      .selectFrom('tombstones')
      .select(['resource_id', 'heir_id'])
      .where('tenant', '=', tenant)
      .where('heir_id', 'in', [...level.keys()])
      .where('handed_over_at', 'is', null)
      .orderBy('resource_id', 'desc')
      .execute();
    level = new Map(rows.map((row) => [row.resource_id, level.get(row.heir_id ?? '') ?? '']));
    // Who is found again, from further away, was the former self of one who has an heir already.
    for (const [id, heirId] of level) open.set(id, heirId);
  }
  return [...open].map(([id, heirId]) => ({ id, heirId }));
}

/** @returns false where both have a record: then each keeps its own, and the deleted user's goes its way. */
async function handOver(
  trx: Kysely<Database>,
  dialect: Dialect,
  account: Account,
  heirId: string,
  now: Millis,
): Promise<boolean> {
  const heirKey = { tenant: account.tenant, target_id: account.target_id, user_id: heirId };
  const [heir] = await lockAccounts(trx, dialect, heirKey);
  const stake = await isAtStake(trx, account);
  if (heir) {
    // Both exist only where the one was made before the other was seen: one of them is bare.
    if (stake && (await isAtStake(trx, heir))) return false;
    if (stake && heir.lease_owner !== null) {
      await lookAgain(trx, { ...account, lease_owner: null }, now + POSTPONE_MS);
      return true;
    }
    await deleteAccount(trx, stake ? heir : account);
    if (!stake) return true;
  }
  await trx
    .updateTable('accounts')
    .where(isOf(account))
    .set({
      user_id: heirId,
      generation: Math.max(account.generation, heir?.generation ?? 0) + 1,
      lease_epoch: Math.max(account.lease_epoch, heir?.lease_epoch ?? 0) + 1,
      lease_owner: null,
      waits_for: null,
      attempts: 0,
      // Until it has been looked at, the record may stand for somebody who should not have it.
      urgent: 1,
      due_at: now,
    })
    .execute();
  await trx.updateTable('intents').where(isOf(account)).set({ user_id: heirId }).execute();
  await trx.updateTable('remote_links').where(isOf(account)).set({ user_id: heirId }).execute();
  await trx
    .updateTable('accounts')
    .set({ waits_for: heirId })
    .where('tenant', '=', account.tenant)
    .where('target_id', '=', account.target_id)
    .where('waits_for', '=', account.user_id)
    .execute();
  return true;
}

/** There is a record, or there may be one. */
async function isAtStake(trx: Kysely<Database>, account: Account): Promise<boolean> {
  if (account.remote_id !== null) return true;
  const intent = await trx
    .selectFrom('intents')
    .select('id')
    .where(isOf(account))
    .where('closed_at', 'is', null)
    .limit(1)
    .executeTakeFirst();
  return intent !== undefined;
}

/** Columns that accounts, intents and remote links have in common. */
function isOf({ tenant, target_id, user_id }: AccountKey) {
  return expressionBuilder<Database, 'accounts'>().and({ tenant, target_id, user_id });
}

/** The accounts of a user, in one target or in all; nobody claims or settles them until the transaction ends. */
function lockAccounts(
  trx: Kysely<Database>,
  dialect: Dialect,
  { tenant, user_id, target_id }: { tenant: string; user_id: string; target_id?: string },
): Promise<Account[]> {
  return trx
    .selectFrom('accounts')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('user_id', '=', user_id)
    .$if(target_id !== undefined, (query) => query.where('target_id', '=', target_id ?? ''))
    .orderBy('target_id')
    .modifyEnd(dialect.forUpdate)
    .execute();
}

async function lookAgain(trx: Kysely<Database>, account: Account, due_at: Millis): Promise<void> {
  const { lease_owner } = account;
  await trx
    .updateTable('accounts')
    .where(isOf(account))
    .set((row) => ({ generation: row('generation', '+', 1), urgent: 1, due_at, lease_owner }))
    .execute();
}

async function deleteAccount(trx: Kysely<Database>, account: Account): Promise<void> {
  await trx.deleteFrom('accounts').where(isOf(account)).execute();
}

async function updateTombstone(
  trx: Kysely<Database>,
  tenant: string,
  id: string,
  values: { heir_id: string } | { handed_over_at: Millis },
): Promise<void> {
  await trx.updateTable('tombstones').set(values).where('tenant', '=', tenant).where('resource_id', '=', id).execute();
}
