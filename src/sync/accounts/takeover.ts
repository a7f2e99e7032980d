/**
 * A person who was deleted and comes back gets the same downstream records. The directory names the heir of a deleted
 * user (directory/tombstones.ts); here the accounts change hands: the row itself, with its link, memory, open intents and
 * whatever is still owed, becomes the heir's, in one transaction, so there is never a moment with two owners or none.
 *
 * What makes every order end right: an account in a worker's hands stays where it is and is made due again, so that the
 * next worker hands it over instead of working on it; until then the heir gets no account of its own in that target.
 */
import { expressionBuilder, type Kysely, type Selectable } from 'kysely';
import type { Dialect } from '../../store/dialect.ts';
import type { Store } from '../../store/store.ts';
import type { ChangesTable, Database, Millis } from '../../store/tables.ts';
import { dropActions } from '../work/action-rows.ts';
import { withRemovalOwed } from '../work/memory.ts';
import { askedIn, columnsOf } from '../work/removals.ts';
import { type Account, type AccountKey, keyOf } from './accounts.ts';
import { closeIfEmpty, heirOf, openTombstones, updateTombstone } from './heirs.ts';
import { wakeWaiting } from './settle.ts';

/** A worker is at the heir's bare account: it is let finish. So long on the average, so that not all look again at once. */
const POSTPONE_MS = 1_000;

/** What somebody asked for, and when. */
type Cause = Pick<Selectable<ChangesTable>, 'created_at' | 'activity_id'>;

/**
 * Gives these users what those before them left behind, in every target.
 * @param heirs with what is asked for them.
 * @returns keys (`keyOf`) of the heirs' accounts that must wait: a worker is at the predecessor's.
 */
export async function takeOver(
  trx: Kysely<Database>,
  dialect: Dialect,
  tenant: string,
  heirs: ReadonlyMap<string, Cause>,
  now: Millis,
): Promise<Set<string>> {
  const waiting = new Set<string>();
  const tombstones = await openTombstones(trx, tenant, heirs.keys());
  // Before the accounts are locked: a removal that is not here any more can be seen in them.
  const removals = await waitingRemovals(trx, tenant, tombstones);
  for (const { id, heirId } of tombstones) {
    let isOpen = false;
    const removal = removals.get(id);
    for (const account of await lockAccounts(trx, dialect, { tenant, user_id: id })) {
      if (account.lease_owner === null) {
        await handOver(trx, dialect, account, { heirId, removal, rehire: heirs.get(heirId) }, now);
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

/** The last thing asked for these users that has not been fanned out. */
async function waitingRemovals(
  trx: Kysely<Database>,
  tenant: string,
  users: readonly { id: string }[],
): Promise<Map<string, Cause>> {
  if (users.length === 0) return new Map();
  const rows = await trx
    .selectFrom('changes')
    .select(['subject_id', 'created_at', 'activity_id'])
    .where('tenant', '=', tenant)
    .where('subject', '=', 'user')
    .where(
      'subject_id',
      'in',
      users.map(({ id }) => id),
    )
    .orderBy('seq')
    .execute();
  return new Map(rows.map((row) => [row.subject_id, row]));
}

function isOwed({ generation, observed_generation, outcome }: Account): boolean {
  return generation > observed_generation || outcome !== 'done';
}

/**
 * Hands a claimed account over, if its user has an heir.
 * @returns done: the account is not to be worked on any more. Not done where there is no heir, or one (`heirId`) who has a
 * record of its own: then this one is to be removed.
 */
export async function bequeath(store: Store, account: Account): Promise<{ done: boolean; heirId: string | null }> {
  const { tenant, user_id } = account;
  const known = await heirOf(store.read, tenant, user_id);
  if (known === null) return { done: false, heirId: null };
  const now = await store.now();
  return store.write(async (trx) => {
    const rows = await lockAccounts(trx, store.dialect, account);
    // By now the heir may have been deleted and come back as somebody else.
    const heirId = (await heirOf(trx, tenant, user_id)) ?? known;
    const held = rows.find((row) => row.lease_owner === account.lease_owner && row.lease_epoch === account.lease_epoch);
    // Lost to somebody else before anything was done.
    if (!held) return { done: true, heirId };
    const done = await handOver(trx, store.dialect, held, { heirId }, now);
    await closeIfEmpty(
      trx,
      store.dialect,
      { tenant, id: user_id, heirId, settled: done ? null : account.target_id },
      now,
    );
    return { done, heirId };
  });
}

/**
 * @param to.removal what is asked for the former self and was not fanned out. @param to.rehire what is asked for the heir; the
 * account has its time and request from now on, unless something is still to be removed.
 * @returns false where both have a record: then each keeps its own, and the deleted user's goes its way.
 */
async function handOver(
  trx: Kysely<Database>,
  dialect: Dialect,
  account: Account,
  { heirId, removal, rehire }: { heirId: string; removal?: Cause | undefined; rehire?: Cause | undefined },
  now: Millis,
): Promise<boolean> {
  const heirKey = { tenant: account.tenant, target_id: account.target_id, user_id: heirId };
  const [heir] = await lockAccounts(trx, dialect, heirKey);
  const stake = await isAtStake(trx, account);
  if (heir) {
    // Both exist only where the one was made before the other was seen: one of them is bare.
    if (stake && (await isAtStake(trx, heir))) return false;
    if (stake && heir.lease_owner !== null) {
      await lookAgain(trx, { ...account, lease_owner: null }, now + Math.round(POSTPONE_MS * (0.5 + Math.random())));
      return true;
    }
    await dropActions(trx, stake ? heir : account, now);
    await deleteAccount(trx, stake ? heir : account);
    if (!stake) {
      await wakeWaiting(trx, account, now);
      return true;
    }
  }
  const owed = stake && (removal !== undefined || isOwed(account));
  const cause = owed ? (account.due_at === null ? removal : undefined) : rehire;
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
      memory: owed ? withRemovalOwed(account.memory) : account.memory,
      ...(cause && { changed_at: cause.created_at, activity_id: cause.activity_id }),
      // Whether it is still to be taken away is seen when the heir's own change is fanned out.
      ...(owed && removal && withRemovalAsked(account, removal)),
      // Until it has been looked at, the record may stand for somebody who should not have it.
      urgent: 1,
      due_at: now,
      look_at: null,
      open_actions: 0,
    })
    .execute();
  // What is still to be done by hand is asked for anew, of the heir.
  await dropActions(trx, account, now);
  await trx.updateTable('intents').where(isOf(account)).set({ user_id: heirId }).execute();
  // What was held was the former self's: the heir's next pass finds out what is held now.
  await trx.deleteFrom('hold_items').where(isOf(account)).execute();
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

/** Who asked first stays. */
function withRemovalAsked({ removals }: Account, { created_at, activity_id }: Cause) {
  return columnsOf({ access: { at: created_at, activityId: activity_id }, ...askedIn(removals) });
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
  await trx.deleteFrom('hold_items').where(isOf(account)).execute();
  await trx.deleteFrom('accounts').where(isOf(account)).execute();
}
