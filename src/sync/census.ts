/** How much each target has before it. */
import { sql } from 'kysely';
import type { Store } from '../store/store.ts';

export interface LaneState {
  tenant: string;
  target: string;
  paused: boolean;
  /** Accounts to be worked on, and changes that may yet make accounts due. */
  unsettled: number;
  /** Accounts that need a person: counted apart. */
  rejected: number;
  /** Age of the oldest of the unsettled, in seconds. */
  lagSeconds: number;
}

export async function census(store: Store): Promise<LaneState[]> {
  const now = await store.now();
  const targets = await store.read.selectFrom('targets').select(['tenant', 'id', 'name', 'state']).execute();
  // Before the accounts: work only moves from changes to accounts, so that none is missed on its way.
  const pending = await store.read
    .selectFrom('changes')
    .select(['tenant', sql<number>`count(*)`.as('count'), sql<number>`min(created_at)`.as('oldest')])
    .groupBy('tenant')
    .execute();
  const due = await store.read
    .selectFrom('accounts')
    .select(['target_id', sql<number>`count(*)`.as('count'), sql<number>`min(changed_at)`.as('oldest')])
    .where('due_at', 'is not', null)
    .groupBy('target_id')
    .execute();
  const rejected = await store.read
    .selectFrom('accounts')
    .select(['target_id', sql<number>`count(*)`.as('count')])
    .where('outcome', '=', 'reject')
    .where('due_at', 'is', null)
    .groupBy('target_id')
    .execute();
  const dueOf = new Map(due.map((row) => [row.target_id, row]));
  const rejectedOf = new Map(rejected.map((row) => [row.target_id, row.count]));
  const pendingOf = new Map(pending.map((row) => [row.tenant, row]));

  return targets.map(({ tenant, id, name, state }) => {
    const work = dueOf.get(id);
    const changes = pendingOf.get(tenant);
    const oldest = Math.min(work?.oldest ?? now, changes?.oldest ?? now);
    return {
      tenant,
      target: name,
      paused: state === 'paused',
      unsettled: (work?.count ?? 0) + (changes?.count ?? 0),
      rejected: rejectedOf.get(id) ?? 0,
      lagSeconds: Math.max(0, (now - oldest) / 1_000),
    };
  });
}
