import { comparable } from '../comparable.ts';
import { type Complex, isComplex, type Value } from '../document.ts';
import { invalidValue, noTarget, requiredTarget } from '../errors.ts';
import type { Filter } from '../filter/ast.ts';
import { matchesElement } from '../filter/match.ts';
import { note } from '../quirks.ts';
import { type Attribute, findAttribute } from '../schema.ts';
import type { AssignOp, AttributePath, Draft } from './draft.ts';
import { mergeParts, readElement, readParts, readValue } from './values.ts';

/** How many values a multi-valued attribute can have, except for relations: its values are compared with one another. */
export const MAX_VALUES = 1_000;

/** What becomes of one element; undefined: it goes. */
type Change = (element: Value) => Value | undefined;

/**
 * The elements of a multi-valued attribute after `add` or `replace`.
 *
 * - without a selection, `add` appends what is not there yet and `replace` replaces all;
 * - with a filter, or a sub-attribute, every selected element is merged with the value;
 * - a value that becomes primary takes that from the others (RFC 7644 section 3.5.2).
 *
 * @throws noTarget where a filter selects nothing and nothing may be created from it.
 */
export function assignElements(
  draft: Draft,
  op: AssignOp,
  path: AttributePath,
  current: readonly Value[],
  raw: unknown,
  at: string,
): Value[] {
  const { attribute, filter, sub } = path;
  if (filter || sub) return assignSelected(draft, op, path, current, raw, at);
  if (raw === '') note(draft, 'empty-for-unassigned', at);
  if (raw === null || raw === '') return [];
  const sent = readElements(draft, attribute, raw, at);
  if (op === 'replace') return withOnePrimary(sent, sent, at);
  const elements = [...current];
  const places = new Map(current.map((element, index) => [identity(attribute, element), index]));
  const primary = new Set<number>();
  for (const value of sent) {
    const key = identity(attribute, value);
    const place = places.get(key) ?? elements.length;
    elements[place] = place < elements.length ? together(attribute, elements[place], value, at) : value;
    if (isComplex(value) && value.primary === true) primary.add(place);
    places.set(key, place);
  }
  const touched = [...primary].flatMap((place) => elements[place] ?? []);
  return withOnePrimary(elements, touched, at);
}

/**
 * An element with what was sent of it again (RFC 7644 section 3.5.2.1): what is the same in another spelling stays as it is.
 */
function together(attribute: Attribute, known: Value | undefined, sent: Value, at: string): Value {
  if (!isComplex(known) || !isComplex(sent)) return known ?? sent;
  const parts = new Map<Attribute, Value>();
  for (const [name, value] of Object.entries(sent)) {
    const sub = findAttribute(attribute, name);
    if (sub && !sameScalar(sub, known[name], value)) parts.set(sub, value);
  }
  return parts.size > 0 ? (mergeParts(attribute, known, parts, at) ?? known) : known;
}

/** RFC 7643 section 2.4: the same value and type do not stand there twice. The later fills what the former lacks. */
function distinct(attribute: Attribute, elements: readonly Value[]): Value[] {
  const byIdentity = new Map<string, Value>();
  for (const element of elements) {
    const key = identity(attribute, element);
    const known = byIdentity.get(key) ?? element;
    byIdentity.set(key, isComplex(known) && isComplex(element) ? { ...element, ...known } : known);
  }
  return [...byIdentity.values()];
}

/**
 * The elements of a multi-valued attribute after `remove`. With a filter or sub-attribute that selects elements or parts of
 * them; else, where a `value` came along, those elements that it describes (decisions.md, `remove` with a value list); else all.
 */
export function removeElements(
  draft: Draft,
  path: AttributePath,
  current: readonly Value[],
  raw: unknown,
  at: string,
): Value[] {
  const { attribute, filter, sub } = path;
  if (filter || sub) {
    const selected = select(current, filter);
    if (filter && selected.size === 0) throw noTarget(`${at}: no value matches the filter`);
    const left = change(current, selected, (element) => {
      if (!sub || !isComplex(element)) return undefined;
      return mergeParts(attribute, element, new Map([[sub, undefined]]), at, requiredTarget);
    });
    return sub ? distinct(attribute, left) : left;
  }
  if (raw === undefined || raw === null || raw === '') return [];
  note(draft, 'remove-with-value', at);
  // By value, because comparing each with each takes long where a thousand are described.
  const unwanted = Map.groupBy(readElements(draft, attribute, raw, at), (wanted) => valueKey(attribute, wanted));
  return current.filter((element) => {
    const candidates = [...(unwanted.get(valueKey(attribute, element)) ?? []), ...(unwanted.get(undefined) ?? [])];
    return !candidates.some((wanted) => describes(attribute, wanted, element));
  });
}

function assignSelected(
  draft: Draft,
  op: AssignOp,
  path: AttributePath,
  current: readonly Value[],
  raw: unknown,
  at: string,
): Value[] {
  const { attribute, filter } = path;
  const selected = select(current, filter);
  if (!filter && selected.size > 1) {
    throw noTarget(`${at} has ${selected.size} values; say which, with a filter in brackets`);
  }
  const { next, unassigns } = changeOf(draft, path, raw, at);
  if (selected.size > 0) {
    const elements = change(current, selected, next);
    return distinct(attribute, withOnePrimary(elements, changedBetween(current, elements), at));
  }
  if (unassigns) return [...current];
  const created = next(filter ? seedFor(draft, op, attribute, filter, at) : {});
  return created === undefined ? [...current] : withOnePrimary([...current, created], [created], at);
}

/** How the value sent changes each selected element, and whether it leaves something or takes it away. */
function changeOf(
  draft: Draft,
  { attribute, sub }: AttributePath,
  raw: unknown,
  at: string,
): { next: Change; unassigns: boolean } {
  const one = oneOf(draft, raw, at);
  if (attribute.type !== 'complex') {
    const value = readElement(attribute, one, at, draft);
    return { next: () => value, unassigns: value === undefined };
  }
  const parts = readParts(attribute, sub ? { [sub.name]: one } : one, at, draft);
  const next: Change = (element) => {
    const old = isComplex(element) ? element : {};
    return parts && mergeParts(attribute, old, parts, at);
  };
  return { next, unassigns: parts === undefined || (sub !== undefined && parts.get(sub) === undefined) };
}

function readElements(draft: Draft, attribute: Attribute, raw: unknown, at: string): Value[] {
  const values = readValue(attribute, raw, at, draft);
  if (!Array.isArray(values)) return [];
  if (values.length > MAX_VALUES) throw invalidValue(`${at}: at most ${MAX_VALUES} values can be sent`);
  return distinct(attribute, values);
}

function oneOf(draft: Draft, raw: unknown, at: string): unknown {
  if (!Array.isArray(raw)) return raw;
  if (raw.length > 1) throw invalidValue(`${at} takes one value for all that it selects; ${raw.length} were sent`);
  note(draft, 'array-for-single-value', at);
  return raw[0];
}

function select(elements: readonly Value[], filter: Filter | undefined): Set<number> {
  const indices = elements.map((element, index) => (!filter || matchesElement(filter, element) ? index : -1));
  return new Set(indices.filter((index) => index !== -1));
}

function change(elements: readonly Value[], selected: ReadonlySet<number>, next: Change): Value[] {
  return elements.flatMap((element, index) => (selected.has(index) ? (next(element) ?? []) : element));
}

function changedBetween(before: readonly Value[], after: readonly Value[]): Value[] {
  const untouched = new Set(before);
  return after.filter((element) => !untouched.has(element));
}

/**
 * What a new element starts from: the filter's `eq` terms. `add` may always create one. `replace` may where the filter
 * names no type, or a type that the schema knows, or the tenant's identity provider counts on it: Entra sends `replace` for
 * values that were never set (decisions.md; RFC 7644 section 3.5.2.3 says noTarget).
 */
function seedFor(draft: Draft, op: AssignOp, attribute: Attribute, filter: Filter, at: string): Complex {
  const seed = equalities(filter);
  if (!seed) throw noTarget(`${at}: no value matches the filter, and none can be made from it`);
  if (op === 'add') return seed;
  const type = findAttribute(attribute, 'type');
  const known = type?.canonicalValues ?? [];
  const isKnown = (value: Value) => known.some((each) => type && sameScalar(type, each, value));
  if (draft.createOnReplace || seed.type === undefined || isKnown(seed.type)) {
    note(draft, 'created-by-replace', at);
    return seed;
  }
  throw noTarget(
    `${at}: no value matches the filter; add it first${known.length > 0 ? `, or use a type of ${known.join(', ')}` : ''}`,
  );
}

/** The members of `a eq x and b eq y`; undefined for any other filter, and where two terms contradict each other. */
export function equalities(filter: Filter): Complex | undefined {
  const members: Complex = {};
  for (const term of filter.kind === 'and' ? filter.terms : [filter]) {
    if (term.kind !== 'compare' || term.op !== 'eq' || term.literal === null) return undefined;
    const { name } = term.path.attribute;
    if (members[name] !== undefined && !sameScalar(term.path.attribute, members[name], term.literal)) return undefined;
    members[name] ??= term.literal;
  }
  return members;
}

/** RFC 7643 section 2.4: at most one value is primary. `touched` are the elements that this operation sent or changed. */
function withOnePrimary(elements: Value[], touched: readonly Value[], at: string): Value[] {
  const [primary, ...others] = touched.filter((element) => isComplex(element) && element.primary === true);
  if (others.length > 0) throw invalidValue(`${at}: only one value can be primary`);
  if (!primary) return elements;
  return elements.map((element) => {
    return element !== primary && isComplex(element) && element.primary === true
      ? { ...element, primary: false }
      : element;
  });
}

/**
 * What makes two elements the same one: the pair of `value` and `type`, which should not occur twice (RFC 7643 section 2.4).
 * Without a `value`, all members count.
 */
function identity(attribute: Attribute, element: Value): string {
  if (!isComplex(element)) return textOf(attribute, element);
  const names = element.value === undefined ? Object.keys(element).toSorted() : ['value', 'type'];
  return JSON.stringify(names.map((name) => [name, textOf(findAttribute(attribute, name), element[name])]));
}

function valueKey(attribute: Attribute, element: Value): string | undefined {
  if (!isComplex(element)) return textOf(attribute, element);
  return element.value === undefined ? undefined : textOf(findAttribute(attribute, 'value'), element.value);
}

/** Whether `element` has every member of `wanted`. */
function describes(attribute: Attribute, wanted: Value, element: Value): boolean {
  if (!isComplex(wanted) || !isComplex(element)) return sameScalar(attribute, wanted, element);
  return Object.entries(wanted).every(([name, value]) => {
    const sub = findAttribute(attribute, name);
    return sub && sameScalar(sub, value, element[name]);
  });
}

function sameScalar(attribute: Attribute, a: Value | undefined, b: Value | undefined): boolean {
  return textOf(attribute, a) === textOf(attribute, b);
}

/** The comparable form of any value: of a simple one by its attribute, of nothing and of lists as JSON. */
function textOf(attribute: Attribute | undefined, value: Value | undefined): string {
  if (attribute && value !== undefined && typeof value !== 'object') return `=${comparable(attribute, value)}`;
  return JSON.stringify(value) ?? '';
}
