/** What PATCH makes of the elements of a multi-valued attribute, for the plain reference (patch-model.ts). */
import type { Attribute } from '../../src/scim/schema.ts';
import { folded } from './filter-meaning.ts';
import { type Entry, isEntry, merge, type Op, Refusal, read, readParts, same, single, UNSET } from './patch-reading.ts';
import type { Target, Where } from './patch-target.ts';

/** `add` appends what is not there and completes what is; `replace` is all there will be. */
export function wholeSet(op: Op, attribute: Attribute, current: readonly unknown[], value: unknown): unknown[] {
  if (value === null || value === '') return [];
  const read1 = read(attribute, value);
  const sent: unknown[] = distinct(attribute, Array.isArray(read1) ? read1 : []);
  if (op === 'replace')
    return primaryOf(
      sent,
      sent.flatMap((each, index) => (isPrimary(each) ? index : [])),
    );
  const elements = [...current];
  const primaries = new Set<number>();
  for (const each of sent) {
    const at = elements.findLastIndex((element) => isSameElement(attribute, element, each));
    const place = at === -1 ? elements.length : at;
    const old = elements[place];
    elements[place] = at === -1 ? each : together(attribute, old, each);
    if (isPrimary(each)) primaries.add(place);
  }
  return primaryOf(elements, [...primaries]);
}

/** What is there with what is sent of it again; the same in another spelling stays as it is. */
function together(attribute: Attribute, old: unknown, sent: unknown): unknown {
  if (!isEntry(old) || !isEntry(sent)) return old;
  const fresh = Object.entries(sent).filter(([name, part]) => {
    const sub = attribute.subAttributes.get(name.toLowerCase());
    return sub && !same(sub, old[name], part);
  });
  return fresh.length > 0 ? merge(attribute, old, Object.fromEntries(fresh)) : old;
}

/** The same element twice is one. */
function distinct(attribute: Attribute, elements: readonly unknown[]): unknown[] {
  const kept: unknown[] = [];
  for (const element of elements) {
    const at = kept.findIndex((each) => isSameElement(attribute, each, element));
    if (at === -1) kept.push(element);
    else if (isEntry(kept[at]) && isEntry(element)) kept[at] = { ...element, ...kept[at] };
  }
  return kept;
}

/** What the brackets, or a sub-attribute without brackets, select is merged with the value, or made of it. */
export function selectedSet(
  createOnReplace: boolean,
  op: Op,
  target: Target,
  attribute: Attribute,
  current: readonly unknown[],
  value: unknown,
): unknown[] {
  const { where, sub } = target;
  const chosen = current.flatMap((element, index) => (!where || meets(where, element) ? index : []));
  if (!where && chosen.length > 1) throw new Refusal('noTarget');
  const one = single(value);
  const change = changeFor(attribute, sub, one);
  if (chosen.length > 0) {
    const next = current.map((element, index) => (chosen.includes(index) ? change.next(element) : element));
    const primaries = change.primary ? chosen : [];
    const kept = next.flatMap((element, index) => (element === UNSET ? [] : { element, index }));
    const one = primaryOf(
      kept.map(({ element }) => element),
      kept.flatMap(({ index }, place) => (primaries.includes(index) ? place : [])),
    );
    return distinct(attribute, one);
  }
  if (change.unassigns) return [...current];
  const seed = where ? seedOf(createOnReplace, op, attribute, where) : {};
  const made = change.next(seed);
  if (made === UNSET) return [...current];
  return primaryOf([...current, made], isPrimary(made) ? [current.length] : []);
}

function changeFor(attribute: Attribute, sub: Attribute | undefined, value: unknown) {
  if (attribute.type !== 'complex') {
    const one = read({ ...attribute, multiValued: false }, value);
    if (Array.isArray(value) && value.length > 0) throw new Refusal('invalidValue');
    return { primary: false, unassigns: one === UNSET, next: () => one };
  }
  const parts = readParts(attribute, sub ? { [sub.name]: value } : value);
  return {
    primary: parts !== UNSET && parts.primary === true,
    unassigns: parts === UNSET || (sub !== undefined && parts[sub.name] === UNSET),
    next(element: unknown): unknown {
      const old = isEntry(element) ? element : {};
      return parts === UNSET ? UNSET : merge(attribute, old, parts);
    },
  };
}

/** The new element that `eq` terms describe: always for `add`; for `replace` unless it is of a type of which nobody knows. */
function seedOf(createOnReplace: boolean, op: Op, attribute: Attribute, where: Where): Entry {
  const seed = described(where);
  if (!seed) throw new Refusal('noTarget');
  const type = attribute.subAttributes.get('type');
  const isKnown = seed.type === UNSET || type?.canonicalValues.some((label) => same(type, label, seed.type));
  if (op === 'replace' && !isKnown && !createOnReplace) throw new Refusal('noTarget');
  return seed;
}

export function described({ join, terms }: Where): Entry | undefined {
  const [first, ...others] = terms;
  // The same said twice is said once.
  const isOne = others.every(
    (term) => term.sub === first?.sub && term.op === first.op && same(term.sub, term.value, first.value),
  );
  if ((join === 'or' && !isOne) || terms.some(({ op }) => op !== 'eq')) return undefined;
  const members: Entry = {};
  for (const { sub, value } of terms) {
    if (sub.name in members && !same(sub, members[sub.name], value)) return undefined;
    if (!(sub.name in members)) members[sub.name] = value;
  }
  return members;
}

/** At most one value is primary: one that becomes so takes that from the others. */
function primaryOf(elements: readonly unknown[], becoming: readonly number[]): unknown[] {
  if (becoming.length > 1) throw new Refusal('invalidValue');
  return elements.map((element, index) => {
    return becoming.length === 1 && index !== becoming[0] && isPrimary(element) && isEntry(element)
      ? { ...element, primary: false }
      : element;
  });
}

export function withoutSelected({ where, sub }: Target, attribute: Attribute, elements: readonly unknown[]): unknown[] {
  const chosen = elements.filter((element) => !where || meets(where, element));
  if (where && chosen.length === 0) throw new Refusal('noTarget');
  const rest = elements.flatMap((element) => {
    if (!chosen.includes(element)) return [element];
    const left = sub && isEntry(element) ? merge(attribute, element, { [sub.name]: UNSET }, 'mutability') : UNSET;
    return left === UNSET ? [] : [left];
  });
  return sub ? distinct(attribute, rest) : rest;
}

/** Without a value all go; with one, those that it describes. */
export function withoutDescribed(attribute: Attribute, elements: readonly unknown[], value: unknown): unknown[] {
  if (value === UNSET || value === null || value === '') return [];
  const unwanted = read(attribute, value);
  return elements.filter(
    (element) =>
      !(Array.isArray(unwanted) ? unwanted : []).some((each) => {
        if (!isEntry(each) || !isEntry(element)) return same(attribute, each, element);
        return Object.entries(each).every(([name, part]) => {
          const sub = attribute.subAttributes.get(name.toLowerCase());
          return sub && same(sub, part, element[name]);
        });
      }),
  );
}

/** The pair of value and type makes an element; without a value everything does. */
function isSameElement(attribute: Attribute, a: unknown, b: unknown): boolean {
  if (!isEntry(a) || !isEntry(b)) return same(attribute, a, b);
  const names = [a, b].some((each) => each.value !== UNSET)
    ? ['value', 'type']
    : [...Object.keys(a), ...Object.keys(b)];
  return names.every((name) => {
    const sub = attribute.subAttributes.get(name.toLowerCase());
    return !sub || same(sub, a[name], b[name]);
  });
}

export function meets({ join, terms }: Where, element: unknown): boolean {
  const results = terms.map(({ sub, op, value }) => {
    const there = isEntry(element) ? element[sub.name] : element;
    // An element without `primary` is compared as if it were false, and has none all the same.
    const isFalse = there === UNSET && sub.name === 'primary' && op !== 'pr' && op !== 'null';
    const found = isFalse ? false : there;
    if (op === 'pr' || op === 'null') return (found !== UNSET && found !== '') === (op === 'pr');
    if (op === 'co') return found !== UNSET && folded(sub, String(found)).includes(folded(sub, String(value)));
    return (found !== UNSET && same(sub, found, value)) === (op === 'eq');
  });
  return join === 'and' ? results.every(Boolean) : results.some(Boolean);
}

function isPrimary(element: unknown): boolean {
  return isEntry(element) && element.primary === true;
}
