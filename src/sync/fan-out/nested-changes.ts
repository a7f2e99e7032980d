/** Changes still to be fanned out that concern users through groups in groups: those of groups that they are not in themselves. */
import { type Kysely, type Selectable, sql } from 'kysely';
import { groupsEverAbove } from '../../directory/nesting.ts';
import type { ChangesTable, Database } from '../../store/tables.ts';

type Change = Selectable<ChangesTable>;

/** @returns by user, in the order of `changes.seq`; with too many nested groups to tell, everybody has all of them. */
export async function nestedChangesOf(
  db: Kysely<Database>,
  tenant: string,
  userIds: readonly string[],
): Promise<Map<string, Change[]>> {
  const waiting = await nestedChanges(db, tenant);
  if (waiting.length === 0 || userIds.length === 0) return new Map();
  const above = await groupsEverAbove(db, tenant, userIds);
  return new Map(
    userIds.flatMap((id): [string, Change[]][] => {
      const concerning = waiting.filter(({ through }) => above?.get(id)?.has(through) ?? true);
      return concerning.length > 0 ? [[id, concerning]] : [];
    }),
  );
}

/** Each with a group below which everybody is concerned. */
async function nestedChanges(db: Kysely<Database>, tenant: string): Promise<(Change & { through: string })[]> {
  const any = await db
    .selectFrom('members')
    .select('group_id')
    .where('tenant', '=', tenant)
    .where(sql<boolean>`nested = 1`)
    .limit(1)
    .executeTakeFirst();
  const below = await db
    .selectFrom('changes')
    .selectAll()
    .select('subject_id as through')
    .where('tenant', '=', tenant)
    .where('subject', '=', 'group-below')
    .execute();
  if (!any) return below;
  const ofGroups = await db
    .selectFrom('changes')
    .innerJoin('members', (join) =>
      join
        .onRef('members.tenant', '=', 'changes.tenant')
        .onRef('members.group_id', '=', 'changes.subject_id')
        // Word for word that of the partial index.
        .on(sql<boolean>`nested = 1`),
    )
    .selectAll('changes')
    .select('member_id as through')
    .where('changes.tenant', '=', tenant)
    .where((row) =>
      row.or([
        row('subject', '=', 'group'),
        row.and([row('subject', '=', 'group-members'), row('change_seq', '=', row.ref('seq'))]),
      ]),
    )
    .execute();
  return [...below, ...ofGroups].toSorted((a, b) => a.seq - b.seq);
}
