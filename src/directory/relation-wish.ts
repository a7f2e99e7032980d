/** From the relation changes of a PATCH or PUT, in their order, to one wish per member: the last word counts. */
import type { Kysely } from 'kysely';
import type { RelationValue } from '../scim/document.ts';
import { matchesElement } from '../scim/filter/match.ts';
import type { RelationChange } from '../scim/patch.ts';
import type { Database } from '../store/tables.ts';
import { laidOver, type Member, type MembersWish, memberPages } from './members.ts';
import { memberValue } from './relations.ts';

/** Exactly these. */
export function wishOnly(values: readonly RelationValue[]): MembersWish {
  const add = new Map(values.map((value) => [value.value, memberOf(value)]));
  return { only: true, add, anew: new Set(), remove: new Set() };
}

/** @returns null where the changes concern no members. */
export async function wishOf(
  trx: Kysely<Database>,
  tenant: string,
  groupId: string,
  changes: readonly RelationChange[],
): Promise<MembersWish | null> {
  if (changes.length === 0) return null;
  const wish = { only: false, add: new Map<string, Member>(), anew: new Set<string>(), remove: new Set<string>() };
  const add = (values: readonly RelationValue[]) => {
    for (const value of values) {
      const before = wish.add.get(value.value);
      wish.add.set(value.value, before ? laidOver(before, memberOf(value)) : memberOf(value));
      if (wish.remove.delete(value.value)) wish.anew.add(value.value);
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

  // Read once for all operations: a request may have a thousand.
  let pages: Member[][] | undefined;
  const stored = async () => {
    if (!pages) {
      pages = [];
      for await (const page of memberPages(trx, tenant, groupId)) pages.push(page);
    }
    return pages;
  };

  for (const change of changes) {
    if (change.op === 'add') add(change.values);
    else if (change.op === 'clear') clear();
    else if (change.op === 'replace') {
      clear();
      add(change.values);
    } else {
      if (change.values) remove(change.values);
      if (change.filter) remove(await matching(stored, wish, change));
    }
  }
  return wish;
}

/** The members that a filter of any kind selects, as they are after the changes before it. */
async function matching(
  stored: () => Promise<readonly Member[][]>,
  wish: MembersWish,
  { filter }: Extract<RelationChange, { op: 'remove' }>,
): Promise<string[]> {
  if (!filter) return [];
  const fits = (member: Member) => matchesElement(filter, { ...memberValue(member) });
  const found = [...wish.add.values()].filter(fits);
  if (!wish.only) {
    for (const page of await stored()) {
      const untouched = page.filter(({ value }) => !wish.remove.has(value) && !wish.add.has(value));
      found.push(...untouched.filter(fits));
    }
  }
  return found.map((member) => member.value);
}

function memberOf({ value, display, type, $ref }: RelationValue): Member {
  return { value, display: display ?? null, type: type ?? null, $ref: $ref ?? null };
}
