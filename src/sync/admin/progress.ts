/** How far a target has come: with a first sync or changed rules, and with the accounts that it has. */
import { sql } from 'kysely';
import type { Store } from '../../store/store.ts';
import type { Millis } from '../../store/tables.ts';

export interface TargetProgress {
  /** Everybody is looked at because the target is new, or its rules or settings changed; null: that is not under way. */
  run: { since: Millis; lookedAt: number; users: number } | null;
  accounts: {
    /** As wanted. */
    settled: number;
    /** To be worked on. */
    due: number;
    /** Need a person. */
    rejected: number;
    /** Wait for an approval. */
    held: number;
    /** A person has to do the rest there. */
    manual: number;
  };
}

/** Reads the target's accounts through: for people, not for a loop. */
export async function progressOf(store: Store, tenant: string, targetId: string): Promise<TargetProgress> {
  const change = await store.read
    .selectFrom('changes')
    .select(['cursor', 'created_at'])
    .where('tenant', '=', tenant)
    .where('subject_id', '=', targetId)
    .where('subject', '=', 'target')
    .orderBy('seq')
    .limit(1)
    .executeTakeFirst();
  const state = sql<keyof TargetProgress['accounts']>`case when due_at is not null and look_at is null then 'due'
    when outcome = 'reject' then 'rejected' when outcome = 'hold' then 'held'
    when outcome = 'manual' then 'manual' else 'settled' end`;
  const states = await store.read
    .selectFrom('accounts')
    .select([state.as('state'), sql<number>`count(*)`.as('count')])
    .where('tenant', '=', tenant)
    .where('target_id', '=', targetId)
    .groupBy(sql`1`)
    .execute();
  const accounts = { settled: 0, due: 0, rejected: 0, held: 0, manual: 0 };
  for (const row of states) accounts[row.state] = row.count;
  return { run: change ? await runOf(store, tenant, change) : null, accounts };
}

async function runOf(store: Store, tenant: string, change: { cursor: string | null; created_at: Millis }) {
  const { lookedAt, users } = await store.read
    .selectFrom('resources')
    .select([
      sql<number>`count(*)`.as('users'),
      sql<number>`count(case when id <= ${change.cursor ?? ''} then 1 end)`.as('lookedAt'),
    ])
    .where('tenant', '=', tenant)
    .where('type', '=', 'User')
    .where('deleted_at', 'is', null)
    .executeTakeFirstOrThrow();
  return { since: change.created_at, lookedAt, users };
}
