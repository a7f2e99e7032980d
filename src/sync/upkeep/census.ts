/** How much each target has before it. */
import { sql } from 'kysely';
import type { Store } from '../../store/store.ts';
import { lastConclusions } from '../reconcile/results.ts';

export interface LaneState {
  tenant: string;
  target: string;
  paused: boolean;
  /** Accounts to be worked on, and changes that may yet make accounts due. */
  unsettled: number;
  /** Accounts that need a person: counted apart. */
  rejected: number;
  /** Accounts of which something waits for an administrator's approval. */
  held: number;
  /** What people have to do in the target: open actions. */
  actions: number;
  /** Age of the oldest of the unsettled, in seconds. */
  lagSeconds: number;
  /** Accounts with a removal that was asked for and is not confirmed. */
  openRemovals: number;
  /** Age of the oldest of them, in seconds; 0: there is none. */
  oldestRemovalSeconds: number;
  /** What the last run of reconcile found, by kind, and how long ago; null: none has come to a conclusion. */
  reconciled: { ageSeconds: number; findings: Readonly<Record<string, number>> } | null;
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
    // Who is only to be looked at, something being done by hand there, is as settled as can be.
    .select([
      'target_id',
      sql<number>`count(case when look_at is null then 1 end)`.as('count'),
      sql<number | null>`min(case when look_at is null then changed_at end)`.as('oldest'),
    ])
    .where('due_at', 'is not', null)
    // With the tenant in front this is the order of the index, which has all that is asked for.
    .groupBy(['tenant', 'target_id'])
    .execute();
  const rejected = await store.read
    .selectFrom('accounts')
    .select(['target_id', sql<number>`count(*)`.as('count')])
    .where(sql<boolean>`outcome = 'reject' and due_at is null`)
    .groupBy(['tenant', 'target_id'])
    .execute();
  const open = await store.read
    .selectFrom('accounts')
    .select(['target_id', sql<number>`count(*)`.as('count'), sql<number>`min(removal_asked_at)`.as('oldest')])
    .where('removal_asked_at', 'is not', null)
    // All of them: a range makes SQLite take the index of those that are open.
    .where('removal_asked_at', '>', -1)
    .groupBy('target_id')
    .execute();
  const held = await store.read
    .selectFrom('hold_items')
    .leftJoin('holds', (join) =>
      join.onRef('holds.tenant', '=', 'hold_items.tenant').onRef('holds.id', '=', 'hold_items.hold_id'),
    )
    .select(['hold_items.target_id', sql<number>`count(distinct user_id)`.as('count')])
    .where((row) => row.or([row('holds.state', '=', 'open'), row('holds.state', 'is', null)]))
    .groupBy('hold_items.target_id')
    .execute();
  const byHand = await store.read
    .selectFrom('actions')
    .select(['target_id', sql<number>`count(*)`.as('count')])
    .where('closed_at', 'is', null)
    .groupBy(['tenant', 'target_id'])
    .execute();
  const byHandOf = new Map(byHand.map((row) => [row.target_id, row.count]));
  const reconciledOf = await lastConclusions(store, now);
  const heldOf = new Map(held.map((row) => [row.target_id, row.count]));
  const openOf = new Map(open.map((row) => [row.target_id, row]));
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
      held: heldOf.get(id) ?? 0,
      actions: byHandOf.get(id) ?? 0,
      lagSeconds: Math.max(0, (now - oldest) / 1_000),
      openRemovals: openOf.get(id)?.count ?? 0,
      reconciled: reconciledOf.get(id) ?? null,
      oldestRemovalSeconds: Math.max(0, (now - (openOf.get(id)?.oldest ?? now)) / 1_000),
    };
  });
}
