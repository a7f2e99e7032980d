/** Reading the attributes whose values live in rows: the members of groups, and the groups that users are in. */
import type { RelationValue } from '../scim/document.ts';
import type { Attribute } from '../scim/schema.ts';
import { groupsOf, type Member, memberPages, membersOf } from './members.ts';
import type { Reading } from './reading.ts';
import { fillReferences } from './references.ts';

/** Relation values by attribute name. */
export type Relations = Readonly<Record<string, readonly RelationValue[]>>;

export type RelationPages = AsyncIterable<readonly RelationValue[]>;

/** More members than this in one answer, and they are read while it goes out. */
const HELD_MEMBERS = 5_000;

/**
 * @param complete work out what clients left out of each value (references.ts).
 * @returns the values of one of `ids`: undefined where there are none, in pages where they are too many to hold.
 */
export async function readRelation(
  reading: Reading,
  relation: Attribute,
  ids: readonly string[],
  complete: boolean,
): Promise<(id: string) => readonly RelationValue[] | RelationPages | undefined> {
  const { db, tenant, baseUrl } = reading;
  if (relation.mutability === 'readOnly') {
    const groups = await groupsOf(db, tenant, ids);
    return (id) => groups.get(id)?.map((group) => groupValue(group, baseUrl));
  }
  const valuesOf = (members: readonly Member[]) => {
    const values = members.map(memberValue);
    return complete ? fillReferences(reading, relation, values) : values;
  };
  const members = await membersOf(db, tenant, ids, HELD_MEMBERS);
  if (!members) return (id) => valuePages(id);
  const held = new Map<string, readonly RelationValue[]>();
  for (const [id, list] of members) held.set(id, await valuesOf(list));
  return (id) => held.get(id);

  async function* valuePages(id: string): RelationPages {
    for await (const page of memberPages(db, tenant, id)) yield await valuesOf(page);
  }
}

/** What the client sent is echoed. */
export function memberValue({ value, $ref, display, type }: Member): RelationValue {
  return {
    value,
    ...($ref !== null && { $ref }),
    ...(display !== null && { display }),
    ...(type !== null && { type }),
  };
}

function groupValue({ value, display }: { value: string; display: string | null }, baseUrl: string): RelationValue {
  return { value, $ref: `${baseUrl}/Groups/${value}`, ...(display !== null && { display }), type: 'direct' };
}
