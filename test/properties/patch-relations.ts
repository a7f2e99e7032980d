/** What PATCH wants of members, which are no part of the document, for the plain reference (patch-model.ts). */
import type { Attribute } from '../../src/scim/schema.ts';
import { described } from './patch-elements.ts';
import { type Entry, isEntry, type Op, Refusal, read, UNSET } from './patch-reading.ts';
import type { Target, Where } from './patch-target.ts';

export type Relation = { op: Op | 'clear'; values?: Entry[]; where?: Where };

export function assignRelation(
  relations: Relation[],
  op: Op,
  { sub, where }: Target,
  attribute: Attribute,
  value: unknown,
): void {
  if (sub || (where && op === 'replace')) throw new Refusal('mutability');
  let sent = value;
  if (where) {
    const seed = described(where);
    if (!seed || typeof seed.value !== 'string') throw new Refusal('noTarget');
    const first = Array.isArray(value) ? value[0] : value;
    const { value: id, ...rest } = seed;
    sent = [{ ...rest, ...(isEntry(first) && first), value: id }];
  }
  const values = relationValues(attribute, sent);
  if (where && values.length === 0) throw new Refusal('invalidValue');
  if (values.length > 0) relations.push({ op, values });
  else if (op === 'replace') relations.push({ op: 'clear' });
}

export function removeRelation(
  relations: Relation[],
  { sub, where }: Target,
  attribute: Attribute,
  value: unknown,
): void {
  if (sub) throw new Refusal('mutability');
  if (where) relations.push({ op: 'remove', where });
  else if (value === UNSET || value === null || value === '') relations.push({ op: 'clear' });
  else {
    const values = relationValues(attribute, value);
    if (values.length > 0) relations.push({ op: 'remove', values });
  }
}

/** Each id once, the last mention counting. */
function relationValues(attribute: Attribute, value: unknown): Entry[] {
  const values = read(attribute, value);
  const byId = new Map<unknown, Entry>();
  for (const each of Array.isArray(values) ? values.filter(isEntry) : []) byId.set(each.value, each);
  return [...byId.values()];
}
