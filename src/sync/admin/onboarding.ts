/** How the users who were invited together stand in the target: what came of a bulk onboarding (directory/onboarding.ts). */
import type { Kysely } from 'kysely';
import type { Store } from '../../store/store.ts';
import type { Database, Millis } from '../../store/tables.ts';

export interface Onboarded {
  /**
   * `invited`: by this run; `existing`: in the target already; `refused`: needs a person, or has no business in the target;
   * `waiting`: for its turn, another attempt, or an approval.
   */
  state: 'invited' | 'existing' | 'refused' | 'waiting';
  reason: string | null;
  /** Waiting for nothing that comes by itself. */
  held: boolean;
}

const SLICE = 500;

/** How users stand in one target. @param since invitations from then on are of this run. */
export async function onboardedOf(
  store: Store,
  { tenant, targetId, since }: { tenant: string; targetId: string; since: Millis },
  userIds: readonly string[],
): Promise<Map<string, Onboarded>> {
  const found = new Map<string, Onboarded>();
  for (let from = 0; from < userIds.length; from += SLICE) {
    const ids = userIds.slice(from, from + SLICE);
    // Before the accounts: what is no change any more is an account by then.
    const pending = new Set(await pendingAmong(store.read, tenant, targetId, ids));
    const accounts = await store.read
      .selectFrom('accounts')
      .select(['user_id', 'remote_id', 'due_at', 'look_at', 'lease_owner', 'outcome', 'reason'])
      .where('tenant', '=', tenant)
      .where('target_id', '=', targetId)
      .where('user_id', 'in', ids)
      .execute();
    const intents = await store.read
      .selectFrom('intents')
      .select('user_id')
      .where('tenant', '=', tenant)
      .where('target_id', '=', targetId)
      .where('user_id', 'in', ids)
      .where('kind', '=', 'invite')
      .where('result', '=', 'linked')
      .where('closed_at', '>=', since)
      .execute();
    const invited = new Set(intents.map((intent) => intent.user_id));
    const byUser = new Map(accounts.map((account) => [account.user_id, account]));
    for (const id of ids) {
      found.set(id, stateOf(byUser.get(id), { isPending: pending.has(id), isInvited: invited.has(id) }));
    }
  }
  return found;
}

type Seen = Pick<Database['accounts'], 'remote_id' | 'due_at' | 'lease_owner' | 'outcome' | 'reason'> & {
  look_at: Millis | null;
};

function stateOf(account: Seen | undefined, about: { isPending: boolean; isInvited: boolean }): Onboarded {
  const { isPending, isInvited } = about;
  if (account?.remote_id) return { state: isInvited ? 'invited' : 'existing', reason: troubleOf(account), held: false };
  if (isPending) return { state: 'waiting', reason: null, held: false };
  if (!account) return { state: 'refused', reason: 'has no business in this target', held: false };
  const { due_at, look_at, lease_owner, outcome } = account;
  const reason = troubleOf(account);
  if (lease_owner !== null || (due_at !== null && look_at === null)) return { state: 'waiting', reason, held: false };
  if (outcome === 'hold' || outcome === 'manual') return { state: 'waiting', reason, held: true };
  return { state: 'refused', reason: reason ?? account.reason ?? 'has no business in this target', held: false };
}

function troubleOf({ outcome, reason }: Seen): string | null {
  return outcome === null || outcome === 'done' ? null : reason;
}

/** A change of theirs has not been fanned out, or one of everybody in the target. */
async function pendingAmong(
  db: Kysely<Database>,
  tenant: string,
  targetId: string,
  ids: readonly string[],
): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('changes')
    .select('subject_id')
    .where('tenant', '=', tenant)
    .where((row) =>
      row.or([
        row.and([row('subject', '=', 'user'), row('subject_id', 'in', ids)]),
        row.and([row('subject', '=', 'target'), row('subject_id', '=', targetId)]),
      ]),
    )
    .execute();
  return rows.some((row) => row.subject_id === targetId) ? ids : rows.map((row) => row.subject_id);
}
