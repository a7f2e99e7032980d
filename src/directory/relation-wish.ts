/** From the relation changes of a PATCH or PUT, in their order, to one wish per member: the last word counts. */
import type { Kysely } from 'kysely';
import type { RelationValue } from '../scim/document.ts';
import { matchesElement } from '../scim/filter/match.ts';
import type { RelationChange } from '../scim/patch.ts';
import type { Database } from '../store/tables.ts';
import { type Member, type MembersWish, membersOf } from './members.ts';
import { memberValue } from './reading.ts';

/** Exactly these. */
export function wishOnly(values: readonly RelationValue[]): MembersWish {
  return { only: true, add: new Map(values.map((value) => [value.value, memberOf(value)])), remove: new Set() };
}

/** @returns null where the changes concern no members. */
export async function wishOf(
  trx: Kysely<Database>,
  tenant: string,
  groupId: string,
  changes: readonly RelationChange[],
): Promise<MembersWish | null> {
  if (changes.length === 0) return null;
  const wish = { only: false, add: new Map<string, Member>(), remove: new Set<string>() };
  const add = (values: readonly RelationValue[]) => {
    for (const value of values) {
      wish.add.set(value.value, memberOf(value));
      wish.remove.delete(value.value);
    }
  };
  const remove = (ids: Iterable<string>) => {
    for (const id of ids) {
      wish.add.delete(id);
      wish.remove.add(id);
    }
  };
  const clear = () => {
    wish.only = true;
    wish.add.clear();
    wish.remove.clear();
  };

  for (const change of changes) {
    if (change.op === 'add') add(change.values);
    else if (change.op === 'clear') clear();
    else if (change.op === 'replace') {
      clear();
      add(change.values);
    } else {
      if (change.values) remove(change.values);
      if (change.filter) remove(await matching(trx, tenant, groupId, wish, change));
    }
  }
  return wish;
}

/** The members that a filter of any kind selects, as they are after the changes before it. */
async function matching(
  trx: Kysely<Database>,
  tenant: string,
  groupId: string,
  wish: MembersWish,
  { filter }: Extract<RelationChange, { op: 'remove' }>,
): Promise<string[]> {
  const stored = wish.only ? [] : ((await membersOf(trx, tenant, [groupId])).get(groupId) ?? []);
  const current = new Map(
    stored.filter(({ value }) => !wish.remove.has(value)).map((member) => [member.value, member]),
  );
  for (const [id, member] of wish.add) current.set(id, member);
  if (!filter) return [];
  return [...current.values()]
    .filter((member) => matchesElement(filter, { ...memberValue(member) }))
    .map((member) => member.value);
}

function memberOf({ value, display, type }: RelationValue): Member {
  return { value, display: display ?? null, type: type ?? null };
}
