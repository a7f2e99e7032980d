/**
 * An account remembers one change, its last, and a pass works under the one that it was claimed with. Changes that come
 * close together are therefore carried on by one pass under one id, which may be an earlier or a later one's. Here a change
 * that has no calls of its own is led to the one that has them.
 */
import type { Store } from '../../store/store.ts';
import type { AccountsTable, ActivityTable, Millis } from '../../store/tables.ts';
import type { Account } from '../accounts/accounts.ts';

/** Another change that has to do with the account. */
export interface Other {
  /** Null: of the target's rules or settings. */
  id: string | null;
  /**
   * `since`: has changed the account since then. The others where there were no calls for the change itself: `later`, it
   * was carried on with this one, at the latest; `earlier`, a pass for this one had seen it; `together`, both came in one
   * millisecond, and which of them was the first is not known (an id tells the order no better).
   */
  how: 'since' | 'later' | 'earlier' | 'together';
}

type Change = Pick<ActivityTable, 'id' | 'at'>;
type Trace = Pick<AccountsTable, 'tenant' | 'target_id' | 'user_id' | 'activity_id' | 'changed_at' | 'due_at'>;

/** The user's accounts that stand under another change than this one, which may have touched them too. */
export function accountsUnderOthers(store: Store, tenant: string, userId: string, change: Change): Promise<Account[]> {
  return store.read
    .selectFrom('accounts')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('user_id', '=', userId)
    .where((row) => row.or([row('activity_id', '!=', change.id), row('activity_id', 'is', null)]))
    .execute();
}

/** @returns null where the change has calls of its own, or nothing is known. */
export async function otherOf(store: Store, account: Trace, { id, at }: Change): Promise<Other | null> {
  const ofAccount = store.read
    .selectFrom('calls')
    .leftJoin('activity', (join) =>
      join.onRef('activity.tenant', '=', 'calls.tenant').onRef('activity.id', '=', 'calls.activity_id'),
    )
    .select(['calls.activity_id', 'activity.at as askedAt'])
    .where('calls.tenant', '=', account.tenant)
    .where('calls.user_id', '=', account.user_id)
    .where('calls.target_id', '=', account.target_id)
    .where('calls.at', '>=', at);
  const own = await ofAccount.where('calls.activity_id', '=', id).limit(1).executeTakeFirst();
  if (own) return null;
  const later = await ofAccount
    .where((row) =>
      account.activity_id === null
        ? row.or([row('activity.at', '>=', at), row('calls.activity_id', 'is', null)])
        : row('activity.at', '>=', at),
    )
    .orderBy('calls.at')
    .orderBy('calls.id')
    .limit(1)
    .executeTakeFirst();
  if (later) return { id: later.activity_id, how: howCarried(later.askedAt, at) };
  // Not called yet, or nothing had to be: an account that was due already keeps the time of the first change.
  if (account.activity_id !== id && account.changed_at <= at) {
    return { id: account.activity_id, how: howCarried(await askedAt(store, account), at) };
  }
  if (account.due_at !== null) return null;
  const earlier = await ofAccount
    .where('activity.at', '<', at)
    .orderBy('calls.at', 'desc')
    .orderBy('calls.id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return earlier ? { id: earlier.activity_id, how: 'earlier' } : null;
}

/** @param askedAt null: of no request, or of one that is forgotten; a later one, as what is older goes first. */
function howCarried(askedAt: Millis | null, at: Millis): Other['how'] {
  if (askedAt === at) return 'together';
  return askedAt !== null && askedAt < at ? 'earlier' : 'later';
}

async function askedAt(store: Store, { tenant, activity_id }: Trace): Promise<Millis | null> {
  if (activity_id === null) return null;
  const activity = await store.read
    .selectFrom('activity')
    .select('at')
    .where('tenant', '=', tenant)
    .where('id', '=', activity_id)
    .executeTakeFirst();
  return activity?.at ?? null;
}
