/**
 * The accounts table as a queue of state: what changed is made due, what is due is found. Every statement is safe to run from
 * several processes at once, and none of them carries a payload. claims.ts takes from it, settle.ts gives back.
 */
import { type Kysely, type Selectable, sql } from 'kysely';
import type { Store } from '../../store/store.ts';
import type { AccountsTable, Database, Millis } from '../../store/tables.ts';
import type { Memory } from '../../targets/target.ts';

export type Account = Selectable<AccountsTable>;

export interface AccountKey {
  tenant: string;
  target_id: string;
  user_id: string;
}

const NOTHING_REMEMBERED: Memory = { granted: [], remembered: [] };

/** The order in which a lane serves. */
export const CLASSES = [1, 0, -1] as const;

/**
 * Makes accounts due, creating those that do not exist. An ordinary change does not cut a backoff short; one that may
 * take access away does, and goes to the front of its lane. One of a run goes to its end. Who waits already keeps the place,
 * but for a better class: further changes put nobody behind others.
 */
export async function enqueue(
  trx: Kysely<Database>,
  accounts: readonly (AccountKey &
    Pick<Account, 'urgent' | 'activity_id' | 'changed_at'> &
    Partial<Pick<Account, 'removals' | 'removal_asked_at' | 'removal_activity_id'>>)[],
  now: Millis,
): Promise<void> {
  for (let from = 0; from < accounts.length; from += 500) {
    await trx
      .insertInto('accounts')
      .values(
        accounts.slice(from, from + 500).map((account) => ({
          ...account,
          generation: 1,
          observed_generation: 0,
          due_at: now,
          attempts: 0,
          lease_epoch: 0,
          memory: JSON.stringify(NOTHING_REMEMBERED),
        })),
      )
      .onConflict((conflict) =>
        conflict.columns(['tenant', 'target_id', 'user_id']).doUpdateSet({
          generation: sql`accounts.generation + 1`,
          look_at: null,
          due_at: sql`case when excluded.urgent <> 1 and accounts.outcome = 'retry' and accounts.due_at is not null
                           then accounts.due_at
                           when excluded.urgent <= accounts.urgent and accounts.due_at < excluded.due_at
                           then accounts.due_at
                           else excluded.due_at end`,
          attempts: sql`case when excluded.urgent = 1 then 0 else accounts.attempts end`,
          removals: sql`case when excluded.removals is null then accounts.removals else nullif(excluded.removals, '{}') end`,
          removal_asked_at: ifSaid('removal_asked_at'),
          removal_activity_id: ifSaid('removal_activity_id'),
          // Nothing is to be taken away any more: that is no reason left to go first.
          urgent: sql`case when accounts.removals is not null and excluded.removals = '{}' and excluded.urgent <> 1 then 0
                           when excluded.urgent > accounts.urgent or (accounts.due_at is null and accounts.lease_owner is null)
                           then excluded.urgent else accounts.urgent end`,
          // What has no request of its own (changed rules) does not hide one that is still to be carried on.
          activity_id: sql`case when accounts.due_at is null then excluded.activity_id
                                else coalesce(excluded.activity_id, accounts.activity_id) end`,
          changed_at: sql`case when accounts.due_at is null then excluded.changed_at else accounts.changed_at end`,
        }),
      )
      .execute();
  }
}

/** What is asked to be taken away changes only where the caller knows (removals.ts). */
function ifSaid(column: 'removal_asked_at' | 'removal_activity_id') {
  const [said, stands] = [sql.ref(`excluded.${column}`), sql.ref(`accounts.${column}`)];
  return sql<null>`case when excluded.removals is null then ${stands} else ${said} end`;
}

/** For accounts that are freed: who stands to lose something goes first, and nobody else is put beside them. */
export const IF_LOSING = sql<0 | 1>`case when removals is null then urgent else 1 end`;

/** Which of `targets` (ids) have an account that a worker should take now. Flat: an index probe for each class. */
export async function dueTargets(store: Store, targets: readonly string[], now: Millis): Promise<Set<string>> {
  if (targets.length === 0) return new Set();
  const due = (urgent: -1 | 0 | 1) =>
    sql<boolean>`exists (select 1 from accounts
      where accounts.tenant = targets.tenant and accounts.target_id = targets.id and accounts.urgent = ${urgent}
      and accounts.due_at is not null and accounts.due_at <= ${now} and accounts.lease_owner is null)`;
  const rows = await store.read
    .selectFrom('targets')
    .select('id')
    .where('id', 'in', targets)
    .where(sql<boolean>`(${sql.join(CLASSES.map(due), sql` or `)})`)
    .execute();
  return new Set(rows.map((row) => row.id));
}

export function keyOf({ target_id, user_id }: Pick<AccountKey, 'target_id' | 'user_id'>): string {
  return `${target_id} ${user_id}`;
}

/**
 * Attempts planned further ahead than any backoff reaches were planned by a clock that has been set back since, and are
 * due. Looked for target by target, at the far end of the index of what is due. @returns how many.
 */
export async function rescue(store: Store, horizonMs: number): Promise<number> {
  const now = await store.now();
  const isFar = (urgent: -1 | 0 | 1) =>
    sql<boolean>`exists (select 1 from accounts
      where accounts.tenant = targets.tenant and accounts.target_id = targets.id and accounts.urgent = ${urgent}
      and accounts.due_at > ${now + horizonMs})`;
  const lanes = await store.read
    .selectFrom('targets')
    .select(['tenant', 'id'])
    .where(sql<boolean>`(${sql.join(CLASSES.map(isFar), sql` or `)})`)
    .execute();
  let rescued = 0;
  for (const { tenant, id } of lanes) {
    const { numUpdatedRows } = await store.write((trx) =>
      trx
        .updateTable('accounts')
        .set({ due_at: now })
        .where('tenant', '=', tenant)
        .where('target_id', '=', id)
        .where('urgent', 'in', CLASSES)
        .where('due_at', '>', now + horizonMs)
        .executeTakeFirst(),
    );
    rescued += Number(numUpdatedRows);
  }
  return rescued;
}
