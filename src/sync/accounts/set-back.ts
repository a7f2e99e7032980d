/**
 * The database's clock was set back: what was planned by it lies further ahead than it ever should. Nothing waits longer
 * for that than it would have otherwise. Each process sees it at a beat, and looks once when it starts.
 */
import { type Kysely, sql } from 'kysely';
import type { Database, Millis } from '../../store/tables.ts';
import { CLASSES } from './accounts.ts';

/**
 * @param times.leaseMs how long a process may live on without a beat. @param times.effectMs how long a call that has been
 * begun may take effect. @param times.seen the clock was seen to go back; else it may have, while nobody was there.
 */
export async function afterSetBack(
  trx: Kysely<Database>,
  now: Millis,
  { leaseMs, effectMs, seen }: { leaseMs: number; effectMs: number; seen: boolean },
): Promise<void> {
  // Not deleted: the living come back at their next beat.
  await trx
    .updateTable('processes')
    .set({ alive_until: now + leaseMs })
    .where('alive_until', '>', now + leaseMs)
    .execute();
  // Target by target: an index finds those who are due, and nobody else is looked at.
  const targets = await trx.selectFrom('targets').select(['tenant', 'id']).execute();
  for (const target of targets) await accountsAfterSetBack(trx, target, now, { effectMs, seen });
  await trx
    .updateTable('intents')
    .set({ created_at: now })
    .where('closed_at', 'is', null)
    .where('created_at', '>', now)
    .execute();
  await trx
    .updateTable('targets')
    .set({ probe_at: now })
    .where('paused_by', '=', 'engine')
    .where('probe_at', '>', now)
    .execute();
}

async function accountsAfterSetBack(
  trx: Kysely<Database>,
  { tenant, id }: { tenant: string; id: string },
  now: Millis,
  { effectMs, seen }: { effectMs: number; seen: boolean },
): Promise<void> {
  const due = trx
    .updateTable('accounts')
    .where('tenant', '=', tenant)
    .where('target_id', '=', id)
    .where('urgent', 'in', CLASSES)
    .where('due_at', 'is not', null);
  await due
    .set({ verify_after: now + effectMs })
    .where('verify_after', '>', now + effectMs)
    .execute();
  // Where nobody saw it, who was settled in what is now the future has its next attempt planned from there.
  await due
    .set({
      due_at: now,
      last_success_at: sql<Millis | null>`case when last_success_at > ${now} then cast(${now} as bigint) else last_success_at end`,
      last_error_at: sql<Millis | null>`case when last_error_at > ${now} then cast(${now} as bigint) else last_error_at end`,
    })
    .where('due_at', '>', now)
    .$if(!seen, (query) =>
      query.where((row) => row.or([row('last_success_at', '>', now), row('last_error_at', '>', now)])),
    )
    .execute();
}
