import { isEmpty, isObject, type RelationValue } from '../document.ts';
import { invalidValue, mutability, noTarget } from '../errors.ts';
import type { Filter } from '../filter/ast.ts';
import { note } from '../quirks.ts';
import type { AssignOp, AttributePath, Draft } from './draft.ts';
import { equalities } from './elements.ts';
import { readRelation } from './values.ts';

/**
 * Relation attributes (`members`) are not in the document, and a group may have a million of them. So nothing is applied
 * here: what the message wants is written down as changes, which cost what they say and not what is there.
 */
export function assignRelation(draft: Draft, op: AssignOp, path: AttributePath, raw: unknown, at: string): void {
  const attribute = path.attribute.name;
  // RFC 7643 section 4.2: the sub-attributes of a member are immutable.
  if (path.sub || (path.filter && op === 'replace')) {
    throw mutability(`${at}: a value of ${attribute} cannot be changed; remove it and add another`);
  }
  const values = path.filter
    ? [selectedValue(draft, path, path.filter, raw, at)]
    : readRelation(path.attribute, raw, at, draft);
  if (values.length > 0) draft.relations.push({ attribute, op, values });
  // An `add` of nothing, or of null, never empties a group.
  else if (op === 'replace') draft.relations.push({ attribute, op: 'clear' });
}

/** `add` with `members[value eq "x"]`: the filter says what to add. */
function selectedValue(draft: Draft, path: AttributePath, filter: Filter, raw: unknown, at: string): RelationValue {
  const { value, ...seed } = equalities(filter) ?? {};
  if (typeof value !== 'string') throw noTarget(`${at}: to add a value, name its id with 'value eq'`);
  const sent = Array.isArray(raw) ? raw[0] : raw;
  const [added] = readRelation(path.attribute, [{ ...seed, ...(isObject(sent) && sent), value }], at, draft);
  if (!added) throw invalidValue(`${at}: the value's id must not be empty`);
  return added;
}

/**
 * Three spellings (idp-behaviours.md section 0): a filter, the bare attribute (all values), and the bare attribute with a
 * list of values, which means only those. Removing what is not there succeeds.
 */
export function removeRelation(draft: Draft, path: AttributePath, raw: unknown, at: string): void {
  const attribute = path.attribute.name;
  if (path.sub) throw mutability(`${at} is immutable; remove the whole value of ${attribute}`);
  if (path.filter) {
    const values = namedValues(path.filter);
    draft.relations.push(
      values ? { attribute, op: 'remove', values } : { attribute, op: 'remove', filter: path.filter },
    );
  } else if (raw === undefined || raw === null || raw === '') {
    draft.relations.push({ attribute, op: 'clear' });
  } else {
    note(draft, 'remove-with-value', at);
    const values = readRelation(path.attribute, raw, at, draft).map(({ value }) => value);
    if (values.length > 0) draft.relations.push({ attribute, op: 'remove', values });
  }
}

/** The ids in `value eq "x"` and `value eq "x" or value eq "y"`, so that removing one member need not look at the others. */
function namedValues(filter: Filter): string[] | undefined {
  const ids: string[] = [];
  for (const term of filter.kind === 'or' ? filter.terms : [filter]) {
    const id = equalities(term)?.value;
    if (typeof id !== 'string' || term.kind !== 'compare' || isEmpty(id)) return undefined;
    ids.push(id);
  }
  return ids;
}
