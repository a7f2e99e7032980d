/**
 * Changes that concern many users (a group, its members, a target's rules), one slice at a time. What a slice has been
 * through is swept with it, so that nothing that was large has to be deleted at once in the end.
 */
import { type Kysely, sql } from 'kysely';
import type { Dialect } from '../store/dialect.ts';
import type { Database, Millis } from '../store/tables.ts';
import type { Lanes } from './lanes.ts';
import { type Change, HEIRS, makeDue, targetsOf, withFewHeirs } from './make-due.ts';

/** Users in one transaction: so many keep a request on SQLite, where one writes at a time, waiting for some 10 ms. */
export const SLICE = 100;

/** @returns how many users the slice had; the change is gone with its last one. */
export async function moveOn(
  trx: Kysely<Database>,
  dialect: Dialect,
  change: Change,
  lanes: Lanes,
  now: Millis,
): Promise<number> {
  const userIds = await nextUsers(trx, change);
  const targets = await targetsOf(trx, lanes, change.tenant);
  const concerned = change.subject === 'target' ? targets.filter(({ id }) => id === change.subject_id) : targets;
  const subjects = userIds.map((userId) => ({ userId, change }));
  const slice = await withFewHeirs(trx, change.tenant, subjects, HEIRS);
  await makeDue(trx, dialect, concerned, slice, now);

  const isLast = userIds.length < SLICE && slice.subjects.length === userIds.length;
  const visited = slice.subjects.map(({ userId }) => userId);
  if (isLast) await trx.deleteFrom('changes').where('seq', '=', change.seq).execute();
  else
    await trx
      .updateTable('changes')
      .set({ cursor: visited.at(-1) ?? null })
      .where('seq', '=', change.seq)
      .execute();
  if (change.subject !== 'target') await sweepGroup(trx, change, isLast ? null : visited);
  return slice.subjects.length;
}

/** The next slice of those whom it concerns, in the order of their ids. */
export function nextUsers(trx: Kysely<Database>, change: Change): Promise<string[]> {
  if (change.subject === 'target') {
    return (
      trx
        .selectFrom('resources')
        .select('id')
        .where('tenant', '=', change.tenant)
        .where('type', '=', 'User')
        .where('id', '>', change.cursor ?? '')
        // Of the deleted only those who have, or may have, something there: the others' 30 days go on (purge.ts).
        .where(
          sql<boolean>`(deleted_at is null or exists (select 1 from accounts
          where accounts.tenant = resources.tenant and accounts.target_id = ${change.subject_id}
          and accounts.user_id = resources.id
          and (remote_id is not null or due_at is not null or lease_owner is not null
            or outcome is null or outcome <> 'done'
            or exists (select 1 from intents where intents.tenant = accounts.tenant
              and intents.target_id = accounts.target_id and intents.user_id = accounts.user_id
              and closed_at is null))))`,
        )
        .orderBy('id')
        .limit(SLICE)
        .execute()
        .then((rows) => rows.map((row) => row.id))
    );
  }
  return trx
    .selectFrom('members')
    .select('member_id')
    .where('tenant', '=', change.tenant)
    .where('group_id', '=', change.subject_id)
    .where('member_id', '>', change.cursor ?? '')
    .$if(change.subject === 'group-members', (query) => query.where('change_seq', '=', change.seq))
    .orderBy('member_id')
    .limit(SLICE)
    .execute()
    .then((rows) => rows.map((row) => row.member_id));
}

/**
 * Memberships that were only kept for this change go. A change of some members owns the rows that it touched; a change of
 * the whole group has visited all rows that stood when it was made. With the last change of a deleted group goes the rest.
 * @param visited the members of this slice, by whose keys they are found; null: it was the last one, and all that is left goes.
 */
async function sweepGroup(trx: Kysely<Database>, change: Change, visited: string[] | null): Promise<void> {
  const gone = change.subject === 'group' && (await isLastOfDeleted(trx, change));
  await trx
    .deleteFrom('members')
    .where('tenant', '=', change.tenant)
    .where('group_id', '=', change.subject_id)
    .where('change_seq', change.subject === 'group' ? '<=' : '=', change.seq)
    .$if(visited !== null, (query) => query.where('member_id', 'in', visited ?? []))
    .$if(!gone, (query) => query.where('removed', '=', 1))
    .execute();
  if (!gone || visited !== null) return;
  await trx.deleteFrom('resources').where('tenant', '=', change.tenant).where('id', '=', change.subject_id).execute();
}

async function isLastOfDeleted(trx: Kysely<Database>, change: Change): Promise<boolean> {
  const group = await trx
    .selectFrom('resources')
    .select('deleted_at')
    .where('tenant', '=', change.tenant)
    .where('id', '=', change.subject_id)
    .executeTakeFirst();
  if (group?.deleted_at == null) return false;
  const other = await trx
    .selectFrom('changes')
    .select('seq')
    .where('tenant', '=', change.tenant)
    .where('subject_id', '=', change.subject_id)
    .where('seq', '>', change.seq)
    .limit(1)
    .executeTakeFirst();
  return !other;
}
