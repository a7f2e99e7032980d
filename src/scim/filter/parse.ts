import { type Filter as Parsed, parse } from 'scim2-parse-filter';
import { comparable, instant } from '../comparable.ts';
import type { Scalar } from '../document.ts';
import { excerpt, invalidFilter } from '../errors.ts';
import { type Named, notation, resolveNotation } from '../notation.ts';
import { type Note, note, type QuirkRule } from '../quirks.ts';
import { type Attribute, findAttribute, namesOf, type ResourceType } from '../schema.ts';
import type { Compare, CompareOp, Filter, FilterPath } from './ast.ts';
import { type Skeleton, skeletonOf } from './skeleton.ts';
import type { Token } from './tokens.ts';

/** Finds what a name in a filter means: in a resource, or in an element of a multi-valued attribute. */
type Resolve = (name: string) => FilterPath;

/** Told of each quirk and of the attribute that it was seen at, relative to the element inside brackets. */
type Noted = (rule: QuirkRule, at: string) => void;

export interface FilterOptions {
  /**
   * Types that the same filter is also asked of. What only they have is an attribute without a value here, and no error
   * (RFC 7644 section 3.4.2.1).
   */
  others?: readonly ResourceType[];
  /** Where quirks are put down. */
  notes?: Note[];
}

/**
 * Parses a filter and resolves it against a resource type (RFC 7644 section 3.4.2.2).
 *
 * Accepted beyond the grammar: values without quotation marks (old authentik), booleans as strings (Entra compares
 * `roles[primary eq "True"]`), `a[f].b op v` as a condition on the same element, a bare complex attribute for its `value`.
 *
 * @throws invalidFilter that says where, and for an unknown attribute which ones are known.
 */
export function parseFilter(text: string, type: ResourceType, { others = [], notes }: FilterOptions = {}): Filter {
  const noted = noting(notes);
  const resolve: Resolve = (name) => {
    for (const each of [type, ...others]) {
      const named = resolveNotation(name, each);
      if (!named?.attribute) continue;
      if (each.computed.has(named.extension ?? '')) throw invalidFilter(`${notation(named)} cannot be filtered by`);
      if (isLoose(name, named)) noted('loose-notation', notation(named));
      return { ...named, attribute: named.attribute };
    }
    const extensions = type.extensions.map(({ schema }) => schema.id);
    throw unknown(name, type.name, [...namesOf(type.attributes), ...extensions]);
  };
  return parseWith(text, resolve, noted);
}

/** Parses what stands between the brackets of a value path: a filter on one element of `attribute`. */
export function parseElementFilter(text: string, attribute: Attribute, notes?: Note[]): Filter {
  const noted = inside(attribute.name, noting(notes));
  return parseWith(text, elementResolver(attribute, noted), noted);
}

/** Whether an attribute of an extension is named without its URN, or with a dot behind it (notation.ts, two liberties). */
export function isLoose(text: string, { extension = '', attribute }: Named): boolean {
  return extension !== '' && attribute !== undefined && !text.toLowerCase().startsWith(`${extension.toLowerCase()}:`);
}

function noting(notes: Note[] | undefined): Noted {
  return (rule, at) => notes && note({ notes }, rule, at);
}

function inside(parent: string, noted: Noted): Noted {
  return (rule, at) => noted(rule, `${parent}.${at}`);
}

function parseWith(text: string, resolve: Resolve, noted: Noted): Filter {
  const skeleton = skeletonOf(text);
  return build(parse(skeleton.text), skeleton, resolve, noted);
}

function elementResolver(attribute: Attribute, noted: Noted): Resolve {
  // An element of a simple multi-valued attribute has one sub-attribute, `value`: itself.
  const itself: Attribute = { ...attribute, name: 'value', multiValued: false };
  return (name) => {
    // The leading dot is that of `a[f].b`.
    const wanted = name.replace(/^\./, '');
    const simple = attribute.type !== 'complex' && wanted.toLowerCase() === 'value';
    const sub = simple ? itself : findAttribute(attribute, wanted);
    if (sub && wanted !== name) noted('sub-attribute-after-filter', sub.name);
    if (sub) return { attribute: sub };
    const known = attribute.type === 'complex' ? namesOf(attribute.subAttributes) : ['value'];
    throw unknown(wanted, attribute.name, known);
  };
}

function unknown(name: string, where: string, known: readonly string[]): Error {
  return invalidFilter(`${where} has no attribute '${excerpt(name)}'. Known: ${known.join(', ')}`);
}

function build(parsed: Parsed, skeleton: Skeleton, resolve: Resolve, noted: Noted): Filter {
  switch (parsed.op) {
    case 'and':
    case 'or': {
      const kind = parsed.op;
      const terms = parsed.filters.map((filter) => build(filter, skeleton, resolve, noted));
      const [only, ...more] = distinct(terms.flatMap((term) => (term.kind === kind ? term.terms : term)));
      return only && more.length === 0 ? only : { kind, terms: only ? [only, ...more] : [] };
    }
    case 'not':
      return { kind: 'not', term: build(parsed.filter, skeleton, resolve, noted) };
    case 'pr':
      return { kind: 'present', path: filterable(resolve(nameOf(parsed.attrPath, skeleton))) };
    case '[]': {
      const path = filterable(resolve(nameOf(parsed.attrPath, skeleton)));
      if (path.sub || (path.attribute.type !== 'complex' && !path.attribute.multiValued)) {
        throw invalidFilter(
          `${notation(path)} has no elements: '[' can only follow a complex or multi-valued attribute`,
        );
      }
      const within = inside(notation(path), noted);
      const resolveInside = elementResolver(path.attribute, within);
      return { kind: 'element', path, filter: build(parsed.valFilter, skeleton, resolveInside, within) };
    }
    default: {
      const path = leafOf(filterable(resolve(nameOf(parsed.attrPath, skeleton))));
      const literal = skeleton.literals[Number(parsed.compValue)];
      if (!literal) throw new Error(`scim2-parse-filter answered a literal that it was not given: ${parsed.compValue}`);
      return { kind: 'compare', path, op: parsed.op, ...readLiteral(path, parsed.op, literal, noted) };
    }
  }
}

/** What is said twice means the same said once. */
function distinct(terms: readonly Filter[]): Filter[] {
  return [...new Map(terms.map((term) => [JSON.stringify(term, byName), term])).values()];
}

/** For JSON.stringify: attributes by their names, and without literals, of which the comparable form is what counts. */
function byName(key: string, value: unknown): unknown {
  if (key === 'attribute' || key === 'sub') return (value as Attribute | undefined)?.name;
  return key === 'literal' ? undefined : value;
}

/** The name behind a placeholder such as `a3`. */
function nameOf(placeholder: string, skeleton: Skeleton): string {
  const name = skeleton.names[Number(placeholder.slice(1))];
  if (name === undefined) throw new Error(`scim2-parse-filter answered a name that it was not given: ${placeholder}`);
  return name;
}

function filterable(path: FilterPath): FilterPath {
  // Whoever could filter by a password could guess it letter by letter.
  if ((path.sub ?? path.attribute).returned === 'never') throw invalidFilter(`${notation(path)} cannot be filtered by`);
  return path;
}

/** A comparison needs a simple attribute; of a complex one that is its `value` (`emails co "example.com"`). */
function leafOf(path: FilterPath): FilterPath {
  if (path.sub || path.attribute.type !== 'complex') return path;
  const sub = findAttribute(path.attribute, 'value');
  if (sub) return { ...path, sub };
  const known = namesOf(path.attribute.subAttributes).join(', ');
  throw invalidFilter(`${notation(path)} is complex; compare one of its sub-attributes: ${known}`);
}

/** Which comparisons a type has besides `eq` and `ne`: RFC 7644 table 3. */
const COMPARISONS: Record<Attribute['type'], readonly CompareOp[]> = {
  string: ['co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'],
  reference: ['co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'],
  binary: ['co', 'sw', 'ew'],
  dateTime: ['gt', 'ge', 'lt', 'le'],
  integer: ['gt', 'ge', 'lt', 'le'],
  decimal: ['gt', 'ge', 'lt', 'le'],
  boolean: [],
  complex: [],
};

function readLiteral(path: FilterPath, op: CompareOp, token: Token, noted: Noted): Pick<Compare, 'literal' | 'value'> {
  const leaf = path.sub ?? path.attribute;
  const equality = op === 'eq' || op === 'ne';
  if (!equality && !COMPARISONS[leaf.type].includes(op)) {
    throw invalidFilter(`${notation(path)} is a ${leaf.type} and cannot be compared with '${op}'`);
  }
  if (token.kind === 'word' && token.text === 'null') {
    if (equality) return { literal: null, value: null };
    throw invalidFilter(`${notation(path)} ${op} null has no meaning; write 'pr', 'eq null' or 'ne null'`);
  }
  const literal = literalOf(leaf, token);
  const quirk = quirkOf(leaf, token);
  if (literal !== undefined && quirk) noted(quirk, notation(path));
  if (literal !== undefined) return { literal, value: comparable(leaf, literal) };
  throw invalidFilter(`${notation(path)} is compared with a value that is no ${leaf.type}`);
}

/** Undefined where the literal does not fit the attribute. Numbers and booleans are texts to a string attribute. */
function literalOf(leaf: Attribute, { kind, text }: Token): Scalar | undefined {
  switch (leaf.type) {
    case 'boolean': {
      const word = text.toLowerCase();
      return word === 'true' || word === 'false' ? word === 'true' : undefined;
    }
    case 'integer':
    case 'decimal':
      return kind === 'word' && /^-?\d+(\.\d+)?(e[-+]?\d+)?$/i.test(text) ? Number(text) : undefined;
    case 'dateTime':
      return instant(text) && text;
    default:
      return text;
  }
}

/** RFC 7644 figure 1: a literal is one of JSON, of the attribute's own type (section 3.4.2.2). */
function quirkOf(leaf: Attribute, { kind, text }: Token): QuirkRule | undefined {
  if (leaf.type === 'boolean')
    return kind === 'word' && /^(true|false)$/.test(text) ? undefined : 'string-boolean-in-filter';
  const isNumber = leaf.type === 'integer' || leaf.type === 'decimal';
  return kind === 'word' && !isNumber ? 'unquoted-filter-value' : undefined;
}
