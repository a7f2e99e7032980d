/**
 * Groups in groups: whoever is in a group is in every group that this one is in. Looked for level by level, one statement
 * each, so that every membership is read once, circles end, and a tenant without nested groups pays for one statement more.
 * Deleted groups connect nobody.
 */
import { type Kysely, sql } from 'kysely';
import type { Database } from '../store/tables.ts';
import { type GroupRef, groupsOf } from './members.ts';

/** Levels of groups, the one that somebody is in included; what is further away counts nowhere. */
export const LEVELS = 32;
/** Memberships of groups in groups that are read for one user, or one group: some 10 ms. */
const MOST = 10_000;

export interface Memberships {
  direct: readonly GroupRef[];
  /** Through groups, the nearest first; null: too many to be read. */
  nested: readonly GroupRef[] | null;
}

/** Of those who are in any group. */
export async function membershipsOf(
  db: Kysely<Database>,
  tenant: string,
  memberIds: readonly string[],
): Promise<Map<string, Memberships>> {
  const direct = await groupsOf(db, tenant, memberIds);
  const parents = await groupsAbove(db, tenant, [...direct.values()].flat());
  const found = new Map<string, Memberships>();
  for (const [id, groups] of direct) {
    // Alone, so that it is the same for everybody whoever else is read.
    const own = parents ?? (memberIds.length === 1 ? null : await groupsAbove(db, tenant, groups));
    found.set(id, { direct: groups, nested: own && climb(groups, own) });
  }
  return found;
}

/** The groups that each group is in, from these as far up as it goes; null: too many. */
async function groupsAbove(
  db: Kysely<Database>,
  tenant: string,
  groups: readonly GroupRef[],
): Promise<Map<string, readonly GroupRef[]> | null> {
  const parents = new Map<string, readonly GroupRef[]>();
  let frontier = [...new Set(groups.map(({ value }) => value))];
  let left = MOST;
  for (let level = 1; level < LEVELS && frontier.length > 0; level++) {
    const above = await groupsOf(db, tenant, frontier, left + 1);
    for (const id of frontier) parents.set(id, above.get(id) ?? []);
    const reached = [...above.values()].flat();
    left -= reached.length;
    if (left < 0) return null;
    frontier = [...new Set(reached.map(({ value }) => value))].filter((id) => !parents.has(id));
  }
  return parents;
}

function climb(direct: readonly GroupRef[], parents: ReadonlyMap<string, readonly GroupRef[]>): GroupRef[] {
  const seen = new Set(direct.map(({ value }) => value));
  const nested: GroupRef[] = [];
  let frontier: readonly GroupRef[] = direct;
  for (let level = 1; level < LEVELS && frontier.length > 0; level++) {
    const next: GroupRef[] = [];
    for (const group of frontier.flatMap(({ value }) => parents.get(value) ?? [])) {
      if (seen.has(group.value)) continue;
      seen.add(group.value);
      next.push(group);
    }
    nested.push(...next);
    frontier = next;
  }
  return nested;
}

/** The group and those in it, however deep, in the order of their ids; null: too many to be read. */
export async function groupsBelow(db: Kysely<Database>, tenant: string, groupId: string): Promise<string[] | null> {
  const seen = new Set([groupId]);
  let frontier = [groupId];
  let left = MOST;
  for (let level = 1; level < LEVELS && frontier.length > 0; level++) {
    const rows = await nestedIn(db, tenant, frontier)
      .where('removed', '=', 0)
      .limit(left + 1)
      .execute();
    left -= rows.length;
    if (left < 0) return null;
    frontier = [...new Set(rows.map((row) => row.member_id))].filter((id) => !seen.has(id));
    for (const id of frontier) seen.add(id);
  }
  return [...seen].sort();
}

/** Rows of the groups that are members of these, with those that are only kept for fan-out. */
export function nestedIn(db: Kysely<Database>, tenant: string, groupIds: readonly string[]) {
  return (
    db
      .selectFrom('members')
      .select('member_id')
      .where('tenant', '=', tenant)
      .where('group_id', 'in', groupIds)
      // Word for word that of the partial index.
      .where(sql<boolean>`nested = 1`)
  );
}

/**
 * Ids of the groups that each may be in, or may have been until a change that is still to be fanned out; null: too many to
 * be read.
 */
export async function groupsEverAbove(
  db: Kysely<Database>,
  tenant: string,
  memberIds: readonly string[],
): Promise<Map<string, ReadonlySet<string>> | null> {
  const parents = new Map<string, string[]>();
  let frontier = [...memberIds];
  let left = MOST;
  for (let level = 0; level < LEVELS && frontier.length > 0; level++) {
    const rows = await db
      .selectFrom('members')
      .select(['member_id', 'group_id'])
      .where('tenant', '=', tenant)
      .where('member_id', 'in', frontier)
      .limit(left + 1)
      .execute();
    left -= rows.length;
    if (left < 0) return null;
    const above = Map.groupBy(rows, (row) => row.member_id);
    for (const id of frontier) {
      parents.set(
        id,
        (above.get(id) ?? []).map((row) => row.group_id),
      );
    }
    frontier = [...new Set(rows.map((row) => row.group_id))].filter((id) => !parents.has(id));
  }
  return new Map(memberIds.map((id) => [id, reachable(id, parents)]));
}

function reachable(id: string, parents: ReadonlyMap<string, readonly string[]>): Set<string> {
  const seen = new Set<string>();
  const open = [...(parents.get(id) ?? [])];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    open.push(...(parents.get(next) ?? []));
  }
  return seen;
}
