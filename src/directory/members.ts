/**
 * Memberships are rows, never an array in a document: adding one member costs the same in a group of ten and of a
 * million. A removed member stays, marked, until fan-out has told its targets.
 */
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { type Kysely, type Selectable, type SqlBool, sql } from 'kysely';
import { compareText, fold } from '../scim/comparable.ts';
import type { Dialect } from '../store/dialect.ts';
import type { Database, MembersTable } from '../store/tables.ts';

/** One member as sent. */
export interface Member {
  value: string;
  display: string | null;
  type: string | null;
  $ref: string | null;
}

/** What a request wants of a group's members: the last word on each id, on top of all or nothing of what is there. */
export interface MembersWish {
  /** True: who is not named here is to go. */
  only: boolean;
  /** Laid over what is there of the member; of those in `anew` nothing stays that is not said again. */
  add: ReadonlyMap<string, Member>;
  anew: ReadonlySet<string>;
  remove: ReadonlySet<string>;
}

/** What has to be written. */
export interface MembersDelta {
  added: Member[];
  removed: string[];
}

/** Rows in one statement, below both stores' limit of parameters. */
const CHUNK = 1_000;

/**
 * The difference between the wish and what is there. Reads only the members concerned; those that are to go because they
 * are not named are found by the store, so that a list of all members costs memory for the difference alone.
 */
export async function membersDelta(
  trx: Kysely<Database>,
  dialect: Dialect,
  tenant: string,
  groupId: string,
  wish: MembersWish,
): Promise<MembersDelta> {
  const concerned = [...wish.add.keys(), ...wish.remove];
  const present = await presentMembers(trx, dialect, tenant, groupId, concerned);
  const added = [...wish.add.values()].flatMap((sent) => {
    const there = present.get(sent.value);
    const member = there && !wish.only && !wish.anew.has(sent.value) ? laidOver(there, sent) : sent;
    return there && isSame(there, member) ? [] : member;
  });
  const removed = wish.only
    ? await membersBut(trx, dialect, tenant, groupId, [...wish.add.keys()])
    : [...wish.remove].filter((id) => present.has(id) && !wish.add.has(id));
  return { added, removed };
}

/** What is said of a member anew, over what was said of it before. */
export function laidOver(there: Member, { value, display, type, $ref }: Member): Member {
  return { value, display: display ?? there.display, type: type ?? there.type, $ref: $ref ?? there.$ref };
}

function isSame(a: Member, b: Member): boolean {
  return a.display === b.display && a.type === b.type && a.$ref === b.$ref;
}

async function presentMembers(
  trx: Kysely<Database>,
  dialect: Dialect,
  tenant: string,
  groupId: string,
  ids: readonly string[],
): Promise<Map<string, Member>> {
  const members = new Map<string, Member>();
  for await (const chunk of chunksOf(ids)) {
    const rows = await standing(trx, tenant, groupId)
      .select(['member_id', 'display', 'member_type', 'ref'])
      .where(dialect.oneOf(sql.ref('member_id'), chunk))
      .execute();
    for (const row of rows) members.set(row.member_id, memberOf(row));
  }
  return members;
}

async function membersBut(
  trx: Kysely<Database>,
  dialect: Dialect,
  tenant: string,
  groupId: string,
  ids: readonly string[],
): Promise<string[]> {
  const rows = await standing(trx, tenant, groupId)
    .select('member_id')
    .where(sql<SqlBool>`not (${dialect.oneOf(sql.ref('member_id'), ids)})`)
    .execute();
  return rows.map((row) => row.member_id);
}

/** The members of one group, without those that are only kept for fan-out. */
function standing(db: Kysely<Database>, tenant: string, groupId: string) {
  return db.selectFrom('members').where('tenant', '=', tenant).where('group_id', '=', groupId).where('removed', '=', 0);
}

type MemberRow = Pick<Selectable<MembersTable>, 'member_id' | 'display' | 'member_type' | 'ref'>;

function memberOf({ member_id, display, member_type, ref }: MemberRow): Member {
  return { value: member_id, display, type: member_type, $ref: ref };
}

/** @returns whether there are strangers among the first thousand added: ids of no resource of the tenant. */
export async function writeMembers(
  trx: Kysely<Database>,
  tenant: string,
  groupId: string,
  delta: MembersDelta,
  changeSeq: number,
): Promise<{ strangers: boolean }> {
  const isStranger = sql<number | boolean>`not exists (select 1 from resources
    where resources.tenant = ${tenant} and resources.id = member_id and resources.deleted_at is null)`;
  let strangers: boolean | undefined;
  for await (const chunk of chunksOf(delta.added)) {
    const rows = await trx
      .insertInto('members')
      .values(
        chunk.map((member) => ({
          tenant,
          group_id: groupId,
          member_id: member.value,
          display: member.display,
          member_type: member.type,
          ref: member.$ref,
          display_folded: member.display === null ? null : fold(member.display),
          type_folded: member.type === null ? null : fold(member.type),
          change_seq: changeSeq,
          removed: 0 as const,
          nested: isGroup(tenant, member.value),
        })),
      )
      .onConflict((conflict) =>
        conflict.columns(['tenant', 'group_id', 'member_id']).doUpdateSet((row) => ({
          display: row.ref('excluded.display'),
          member_type: row.ref('excluded.member_type'),
          ref: row.ref('excluded.ref'),
          display_folded: row.ref('excluded.display_folded'),
          type_folded: row.ref('excluded.type_folded'),
          change_seq: changeSeq,
          removed: 0,
          nested: row.ref('excluded.nested'),
        })),
      )
      // Asked on the way, so that it costs no statement; of a long list only at its beginning.
      .$if(strangers === undefined, (query) => query.returning(isStranger.as('stranger')))
      .execute();
    strangers ??= rows.some((row) => 'stranger' in row && Boolean(row.stranger));
  }
  for await (const chunk of chunksOf(delta.removed)) {
    await trx
      .updateTable('members')
      .set({ removed: 1, change_seq: changeSeq })
      .where('tenant', '=', tenant)
      .where('group_id', '=', groupId)
      .where('member_id', 'in', chunk)
      .execute();
  }
  return { strangers: strangers ?? false };
}

/** An id that is none's now never becomes anybody's, so this holds for as long as the membership. */
function isGroup(tenant: string, id: string) {
  return sql<0 | 1>`(select count(*) from resources where tenant = ${tenant} and id = ${id} and type = 'Group'
    and deleted_at is null)`;
}

/** Takes somebody who is deleted out of all groups: they change with it. */
export async function leaveGroups(
  trx: Kysely<Database>,
  tenant: string,
  memberId: string,
  lastModified: string,
): Promise<void> {
  const ofMember = trx.selectFrom('members').where('tenant', '=', tenant).where('member_id', '=', memberId);
  await trx
    .updateTable('resources')
    .set({ version: sql<number>`version + 1`, last_modified: lastModified })
    .where('tenant', '=', tenant)
    .where('id', 'in', ofMember.where('removed', '=', 0).select('group_id'))
    .execute();
  await trx.deleteFrom('members').where('tenant', '=', tenant).where('member_id', '=', memberId).execute();
}

/** Every member of the groups, in the order in which they were added; null where they are more than `atMost` together. */
export async function membersOf(
  db: Kysely<Database>,
  tenant: string,
  groupIds: readonly string[],
  atMost: number,
): Promise<Map<string, Member[]> | null> {
  if (groupIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('members')
    .select(['group_id', 'member_id', 'display', 'member_type', 'ref', 'change_seq'])
    .where('tenant', '=', tenant)
    .where('group_id', 'in', groupIds)
    .where('removed', '=', 0)
    .limit(atMost + 1)
    .execute();
  if (rows.length > atMost) return null;
  const grouped = new Map<string, Member[]>();
  // Sorted here, because to sort a million before counting to the limit takes a second.
  for (const row of rows.toSorted((a, b) => a.change_seq - b.change_seq || compareText(a.member_id, b.member_id))) {
    const list = grouped.get(row.group_id) ?? [];
    list.push(memberOf(row));
    grouped.set(row.group_id, list);
  }
  return grouped;
}

/** Every member of one group, a chunk at a time, by id: whoever stays a member all the while is read exactly once. */
export async function* memberPages(db: Kysely<Database>, tenant: string, groupId: string): AsyncGenerator<Member[]> {
  for (let last = ''; ; ) {
    const rows = await standing(db, tenant, groupId)
      .select(['member_id', 'display', 'member_type', 'ref'])
      .where('member_id', '>', last)
      .orderBy('member_id')
      .limit(CHUNK)
      .execute();
    yield rows.map(memberOf);
    if (rows.length < CHUNK) return;
    last = rows.at(-1)?.member_id ?? last;
  }
}

export async function countMembers(
  db: Kysely<Database>,
  tenant: string,
  groupId: string,
  atMost: number,
): Promise<number> {
  return (await standing(db, tenant, groupId).select('member_id').limit(atMost).execute()).length;
}

/** A group as somebody who is in it sees it. */
export interface GroupRef {
  value: string;
  display: string | null;
}

/**
 * The groups that each of `memberIds` is in itself, with their names.
 * @param atMost memberships; with more the rest is missing.
 */
export async function groupsOf(
  db: Kysely<Database>,
  tenant: string,
  memberIds: readonly string[],
  atMost?: number,
): Promise<Map<string, GroupRef[]>> {
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
    .$if(atMost === undefined, (query) => query.orderBy('resources.seq'))
    .$if(atMost !== undefined, (query) => query.limit(atMost ?? 0))
    .execute();
  const grouped = new Map<string, GroupRef[]>();
  const names = new Map<string, string | null>();
  for (const row of rows) {
    const list = grouped.get(row.member_id) ?? [];
    const display = names.get(row.group_id) ?? JSON.parse(row.document).displayName ?? null;
    names.set(row.group_id, display);
    list.push({ value: row.group_id, display });
    grouped.set(row.member_id, list);
  }
  return grouped;
}

/** Between chunks others get a turn: a group of 100,000 takes a second to write. */
async function* chunksOf<T>(items: readonly T[]): AsyncGenerator<T[]> {
  for (let from = 0; from < items.length; from += CHUNK) {
    if (from > 0) await turnOfTheLoop();
    yield items.slice(from, from + CHUNK);
  }
}
