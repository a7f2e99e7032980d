/**
 * Memberships are rows, never an array in a document: adding one member costs the same in a group of ten and of a
 * million. A removed member stays, marked, until fan-out has told its targets.
 */
import type { Kysely } from 'kysely';
import { fold } from '../scim/comparable.ts';
import type { Database } from '../store/tables.ts';

/** One member as sent. */
export interface Member {
  value: string;
  display: string | null;
  type: string | null;
}

/** What a request wants of a group's members: the last word on each id, on top of all or nothing of what is there. */
export interface MembersWish {
  /** True: who is not named here is to go. */
  only: boolean;
  add: ReadonlyMap<string, Member>;
  remove: ReadonlySet<string>;
}

/** What has to be written. */
export interface MembersDelta {
  added: Member[];
  removed: string[];
}

/** Rows in one statement, below both stores' limit of parameters. */
const CHUNK = 1_000;

/** The difference between the wish and what is there. Reads only the members concerned, unless `only`. */
export async function membersDelta(
  trx: Kysely<Database>,
  tenant: string,
  groupId: string,
  wish: MembersWish,
): Promise<MembersDelta> {
  const concerned = [...wish.add.keys(), ...wish.remove];
  const present = await presentMembers(trx, tenant, groupId, wish.only ? null : concerned);
  return {
    added: [...wish.add.values()].filter((member) => {
      const there = present.get(member.value);
      return (
        !there || (member.display ?? there.display) !== there.display || (member.type ?? there.type) !== there.type
      );
    }),
    removed: wish.only
      ? [...present.keys()].filter((id) => !wish.add.has(id))
      : [...wish.remove].filter((id) => present.has(id) && !wish.add.has(id)),
  };
}

async function presentMembers(
  trx: Kysely<Database>,
  tenant: string,
  groupId: string,
  ids: readonly string[] | null,
): Promise<Map<string, Member>> {
  const members = new Map<string, Member>();
  const chunks = ids === null ? [null] : chunksOf(ids);
  for (const chunk of chunks) {
    const rows = await trx
      .selectFrom('members')
      .select(['member_id', 'display', 'member_type'])
      .where('tenant', '=', tenant)
      .where('group_id', '=', groupId)
      .where('removed', '=', 0)
      .$if(chunk !== null, (query) => query.where('member_id', 'in', chunk ?? []))
      .execute();
    for (const row of rows) {
      members.set(row.member_id, { value: row.member_id, display: row.display, type: row.member_type });
    }
  }
  return members;
}

export async function writeMembers(
  trx: Kysely<Database>,
  tenant: string,
  groupId: string,
  delta: MembersDelta,
  changeSeq: number,
): Promise<void> {
  for (const chunk of chunksOf(delta.added)) {
    await trx
      .insertInto('members')
      .values(
        chunk.map((member) => ({
          tenant,
          group_id: groupId,
          member_id: member.value,
          display: member.display,
          member_type: member.type,
          display_folded: member.display === null ? null : fold(member.display),
          type_folded: member.type === null ? null : fold(member.type),
          change_seq: changeSeq,
          removed: 0 as const,
        })),
      )
      .onConflict((conflict) =>
        conflict.columns(['tenant', 'group_id', 'member_id']).doUpdateSet((row) => ({
          display: row.ref('excluded.display'),
          member_type: row.ref('excluded.member_type'),
          display_folded: row.ref('excluded.display_folded'),
          type_folded: row.ref('excluded.type_folded'),
          change_seq: changeSeq,
          removed: 0,
        })),
      )
      .execute();
  }
  for (const chunk of chunksOf(delta.removed)) {
    await trx
      .updateTable('members')
      .set({ removed: 1, change_seq: changeSeq })
      .where('tenant', '=', tenant)
      .where('group_id', '=', groupId)
      .where('member_id', 'in', chunk)
      .execute();
  }
}

/** Every member of the groups, in the order in which they were added. */
export async function membersOf(
  db: Kysely<Database>,
  tenant: string,
  groupIds: readonly string[],
): Promise<Map<string, Member[]>> {
  if (groupIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('members')
    .select(['group_id', 'member_id', 'display', 'member_type'])
    .where('tenant', '=', tenant)
    .where('group_id', 'in', groupIds)
    .where('removed', '=', 0)
    .orderBy('change_seq')
    .orderBy('member_id')
    .execute();
  const grouped = new Map<string, Member[]>();
  for (const row of rows) {
    const list = grouped.get(row.group_id) ?? [];
    list.push({ value: row.member_id, display: row.display, type: row.member_type });
    grouped.set(row.group_id, list);
  }
  return grouped;
}

export async function countMembers(
  db: Kysely<Database>,
  tenant: string,
  groupId: string,
  atMost: number,
): Promise<number> {
  const rows = await db
    .selectFrom('members')
    .select('member_id')
    .where('tenant', '=', tenant)
    .where('group_id', '=', groupId)
    .where('removed', '=', 0)
    .limit(atMost)
    .execute();
  return rows.length;
}

/** The groups that each of `memberIds` is in, with their names. */
export async function groupsOf(
  db: Kysely<Database>,
  tenant: string,
  memberIds: readonly string[],
): Promise<Map<string, { value: string; display: string | null }[]>> {
  if (memberIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('members')
    .innerJoin('resources', (join) =>
      join
        .onRef('resources.tenant', '=', 'members.tenant')
        .onRef('resources.id', '=', 'members.group_id')
        .on('resources.deleted_at', 'is', null),
    )
    .select(['members.member_id', 'members.group_id', 'resources.document'])
    .where('members.tenant', '=', tenant)
    .where('members.member_id', 'in', memberIds)
    .where('members.removed', '=', 0)
    .orderBy('resources.seq')
    .execute();
  const grouped = new Map<string, { value: string; display: string | null }[]>();
  for (const row of rows) {
    const list = grouped.get(row.member_id) ?? [];
    list.push({ value: row.group_id, display: JSON.parse(row.document).displayName ?? null });
    grouped.set(row.member_id, list);
  }
  return grouped;
}

function chunksOf<T>(items: readonly T[]): T[][] {
  const chunks: T[][] = [];
  for (let from = 0; from < items.length; from += CHUNK) chunks.push(items.slice(from, from + CHUNK));
  return chunks;
}
