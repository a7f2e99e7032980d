/** How far users have been carried on, for the readOnly extension of the same name (scim-schemas/Provisioning.json). */
import type { ComputedReader } from '../../directory/computed.ts';
import type { Millis } from '../../store/tables.ts';

export const PROVISIONING = 'urn:linkspan:params:scim:schemas:extension:provisioning:2.0:User';

/** One statement, whatever the number of users. */
export const readProvisioning: ComputedReader = async (db, tenant, userIds) => {
  const accounts = await db
    .selectFrom('accounts')
    .innerJoin('targets', (join) =>
      join.onRef('targets.tenant', '=', 'accounts.tenant').onRef('targets.id', '=', 'accounts.target_id'),
    )
    .select(['targets.name', 'targets.type', 'targets.state as target_state'])
    .select(['user_id', 'remote_id', 'due_at', 'look_at', 'outcome', 'reason', 'last_success_at', 'last_error_at'])
    .where('accounts.tenant', '=', tenant)
    .where('accounts.user_id', 'in', userIds)
    .orderBy('targets.name')
    .execute();
  const byUser = Map.groupBy(accounts, (account) => account.user_id);
  return new Map(
    [...byUser].map(([userId, ofUser]) => [
      userId,
      {
        targets: ofUser.map((account) => ({
          value: account.name,
          type: account.type,
          state: stateOf(account),
          ...(account.remote_id !== null && { remoteId: account.remote_id }),
          ...(account.last_success_at !== null && { lastSuccess: instantOf(account.last_success_at) }),
          ...((hasFailed(account.outcome) || account.outcome === 'manual') &&
            account.reason !== null && { lastError: account.reason }),
          ...(account.last_error_at !== null && { lastErrorAt: instantOf(account.last_error_at) }),
        })),
      },
    ]),
  );
};

interface AccountState {
  due_at: Millis | null;
  look_at: Millis | null;
  outcome: string | null;
  target_state: string;
}

const AT_REST: Readonly<Record<string, string>> = { reject: 'rejected', hold: 'held', manual: 'manual' };

function stateOf({ due_at, look_at, outcome, target_state }: AccountState): string {
  // Due for a look alone: it stands as it did.
  if (due_at === null || look_at !== null) return AT_REST[outcome ?? ''] ?? 'settled';
  if (target_state === 'paused') return 'paused';
  return hasFailed(outcome) ? 'retrying' : 'pending';
}

function hasFailed(outcome: string | null): boolean {
  return outcome !== null && outcome !== 'done' && outcome !== 'manual';
}

function instantOf(millis: Millis): string {
  return new Date(millis).toISOString();
}
