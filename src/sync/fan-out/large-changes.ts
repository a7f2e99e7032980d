/**
 * Changes that concern many users (a group, its members, a target's rules), one slice at a time. What a slice has been
 * through is swept with it, so that nothing that was large has to be deleted at once in the end.
 */
import { type Kysely, sql } from 'kysely';
import { recordChange } from '../../directory/changes.ts';
import { groupsBelow, nestedIn } from '../../directory/nesting.ts';
import type { Dialect } from '../../store/dialect.ts';
import type { Database, Millis } from '../../store/tables.ts';
import type { Lanes } from '../lanes/lanes.ts';
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
  const { visits, end } = await nextVisits(trx, change);
  const targets = await targetsOf(trx, lanes, change.tenant);
  const concerned = change.subject === 'target' ? targets.filter(({ id }) => id === change.subject_id) : targets;
  const subjects = visits.map(({ userId }) => ({ userId, change }));
  const slice = await withFewHeirs(trx, change.tenant, subjects, HEIRS);
  await makeDue(trx, dialect, concerned, slice, now);

  const visited = slice.subjects.map(({ userId }) => userId);
  const cursor = visited.length === visits.length ? end : (visits[visited.length - 1]?.cursor ?? change.cursor);
  const isLast = cursor === null;
  if (isLast) await trx.deleteFrom('changes').where('seq', '=', change.seq).execute();
  else await trx.updateTable('changes').set({ cursor }).where('seq', '=', change.seq).execute();
  if (change.subject === 'group' || change.subject === 'group-members') {
    await passDown(trx, change, visited);
    await sweepGroup(trx, change, isLast ? null : visited);
  }
  return slice.subjects.length;
}

/** Of the groups among these members everybody is concerned too: by a change of its own for each, in slices. */
async function passDown(trx: Kysely<Database>, change: Change, memberIds: readonly string[]): Promise<void> {
  if (memberIds.length === 0) return;
  const { tenant, subject_id, activity_id, urgent, created_at } = change;
  const groups = await nestedIn(trx, tenant, [subject_id]).where('member_id', 'in', memberIds).execute();
  for (const { member_id } of groups) {
    const below = { subject: 'group-below', subjectId: member_id, urgent: urgent === 1 } as const;
    await recordChange(trx, { tenant, activityId: activity_id }, below, created_at);
  }
}

/** The groups whose users a change of this one concerns besides its own members. */
export async function groupsPassedTo(db: Kysely<Database>, change: Change): Promise<string[]> {
  if (change.subject !== 'group') return [];
  const rows = await nestedIn(db, change.tenant, [change.subject_id]).orderBy('member_id').execute();
  return rows.map((row) => row.member_id);
}

/** Somebody whom a change concerns, and the cursor that says so. */
export interface Visit {
  userId: string;
  cursor: string;
}

export interface Visits {
  visits: Visit[];
  /** The cursor behind them; null: nobody is left. */
  end: string | null;
}

/** The next slice of those whom it concerns. */
export async function nextVisits(trx: Kysely<Database>, change: Change): Promise<Visits> {
  if (change.subject === 'group-below') return nextBelow(trx, change);
  const ids = change.subject === 'target' ? await nextUsers(trx, change) : await nextMembers(trx, change);
  const visits = ids.map((userId) => ({ userId, cursor: userId }));
  return { visits, end: ids.length < SLICE ? null : (ids.at(-1) ?? null) };
}

/** Groups looked into in one slice: those without users of their own cost a statement too. */
const GROUPS = 100;
/** In place of a group's id: there are too many groups, so everybody is visited. Sorts before every id. */
const EVERYBODY = '*';

/**
 * One group after the other, the users of each in the order of their ids. What is nested otherwise meanwhile has a change
 * of its own, which reaches those whom this one does not find any more, or not yet.
 */
async function nextBelow(trx: Kysely<Database>, change: Change): Promise<Visits> {
  const { tenant, subject_id } = change;
  const [group = '', last = ''] = (change.cursor ?? '').split('/');
  const below = await groupsBelow(trx, tenant, subject_id);
  if (below === null) {
    const ids = await usersAfter(trx, tenant, group === EVERYBODY ? last : '').execute();
    const visits = ids.map(({ id }) => ({ userId: id, cursor: `${EVERYBODY}/${id}` }));
    return { visits, end: ids.length < SLICE ? null : (visits.at(-1)?.cursor ?? null) };
  }
  const groups = below.filter((id) => id >= group);
  const visits: Visit[] = [];
  for (const id of groups.slice(0, GROUPS)) {
    const members = await trx
      .selectFrom('members')
      .select('member_id')
      .where('tenant', '=', tenant)
      .where('group_id', '=', id)
      .where('member_id', '>', id === group ? last : '')
      .where('removed', '=', 0)
      .orderBy('member_id')
      .limit(SLICE - visits.length)
      .execute();
    visits.push(...members.map(({ member_id }) => ({ userId: member_id, cursor: `${id}/${member_id}` })));
    if (visits.length === SLICE) return { visits, end: visits.at(-1)?.cursor ?? null };
  }
  const next = groups[GROUPS];
  return { visits, end: next === undefined ? null : `${next}/` };
}

function usersAfter(trx: Kysely<Database>, tenant: string, id: string) {
  return trx
    .selectFrom('resources')
    .select('id')
    .where('tenant', '=', tenant)
    .where('type', '=', 'User')
    .where('id', '>', id)
    .orderBy('id')
    .limit(SLICE);
}

function nextUsers(trx: Kysely<Database>, change: Change): Promise<string[]> {
  return (
    usersAfter(trx, change.tenant, change.cursor ?? '')
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
      .execute()
      .then((rows) => rows.map((row) => row.id))
  );
}

function nextMembers(trx: Kysely<Database>, change: Change): Promise<string[]> {
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
    // It sweeps nothing, and has nobody left to find.
    .where('subject', '!=', 'group-below')
    .where('seq', '>', change.seq)
    .limit(1)
    .executeTakeFirst();
  return !other;
}
