/**
 * An account remembers one change, its last, and a pass works under the one that it was claimed with. Changes that come
 * close together are therefore carried on by one pass under one id, which may be an earlier or a later one's. Here a change
 * that has no calls of its own is led to the one that has them.
 */
import type { Store } from '../store/store.ts';
import type { AccountsTable, ActivityTable } from '../store/tables.ts';
import type { Account } from './accounts.ts';

/** Another change that has to do with the account. */
export interface Other {
  /** Null: of the target's rules or settings. */
  id: string | null;
  /**
   * `since`: has changed the account since then. The other two where there were no calls for the change itself: `later`, it
   * was carried on with this one, at the latest; `earlier`, a pass for this one had seen it, or they came together.
   */
  how: 'since' | 'later' | 'earlier';
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

/** Ids are in the order of time. @returns null where the change has calls of its own, or nothing is known. */
export async function otherOf(store: Store, account: Trace, { id, at }: Change): Promise<Other | null> {
  const ofAccount = store.read
    .selectFrom('calls')
    .select('activity_id')
    .where('tenant', '=', account.tenant)
    .where('user_id', '=', account.user_id)
    .where('target_id', '=', account.target_id)
    .where('at', '>=', at);
  const own = await ofAccount.where('activity_id', '=', id).limit(1).executeTakeFirst();
  if (own) return null;
  const later = await ofAccount
    .where((row) =>
      account.activity_id === null
        ? row.or([row('activity_id', '>', id), row('activity_id', 'is', null)])
        : row('activity_id', '>', id),
    )
    .orderBy('at')
    .orderBy('id')
    .limit(1)
    .executeTakeFirst();
  if (later) return { id: later.activity_id, how: 'later' };
  // Not called yet, or nothing had to be: an account that was due already keeps the time of the first change.
  if (account.activity_id !== id && account.changed_at <= at) {
    const isEarlier = account.activity_id !== null && account.activity_id < id;
    return { id: account.activity_id, how: isEarlier ? 'earlier' : 'later' };
  }
  if (account.due_at !== null) return null;
  const earlier = await ofAccount
    .where('activity_id', '<', id)
    .orderBy('at', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return earlier ? { id: earlier.activity_id, how: 'earlier' } : null;
}
