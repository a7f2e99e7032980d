import { instant } from '../comparable.ts';
import {
  type Complex,
  isComplex,
  isObject,
  isStorable,
  type RelationValue,
  type Scalar,
  sameValue,
  type Value,
} from '../document.ts';
import { excerpt, immutable, invalidSyntax, invalidValue, type ScimError } from '../errors.ts';
import { type Note, note } from '../quirks.ts';
import { type Attribute, findAttribute, namesOf } from '../schema.ts';

/** What a body's values are read with. */
export interface Reading {
  /** Each rule once for each path. */
  readonly notes: Note[];
  /**
   * What `""` means for a text. In PATCH it unassigns, because Entra clears attributes with it; in POST and PUT it is a
   * value, because a client that compares the answer with what it sent (authentik) must find it again.
   */
  readonly emptyText: 'value' | 'unassigned';
  /** Unknown attributes are refused: the tenant's profile is strict (decisions.md, unknown attributes in a body). */
  readonly strict: boolean;
}

/** A complex value as sent: each sub-attribute that was mentioned, undefined where it was unassigned. */
export type Parts = ReadonlyMap<Attribute, Value | undefined>;

/** Notes an attribute that the schema does not have. @throws invalidSyntax that names it, in strict. */
export function passOver(reading: Reading, at: string): void {
  note(reading, 'unknown-attribute', at);
  if (reading.strict) {
    throw invalidSyntax(
      `${excerpt(at)} is no attribute of the schema, and this tenant is strict: leave it out, or set the tenant's profile to tolerant`,
    );
  }
}

/**
 * Reads a JSON value as a value of `attribute`: in the schema's type, under canonical names, without nulls.
 *
 * Accepts, with a note, what identity providers send otherwise: booleans as strings, one value for a list, a list of one for
 * a single value, a bare string for a reference, JSON inside a role's value, unknown sub-attributes.
 * What is readOnly in a writable value is passed over, but for what describes a reference, which is kept as sent
 * (`manager.displayName`: strict clients compare).
 *
 * @param at where the value stands, for errors: `emails[0].value`.
 * @returns undefined where it means "unassigned" (RFC 7643 section 2.5).
 * @throws invalidValue that names the place and the expected type.
 */
export function readValue(attribute: Attribute, raw: unknown, at: string, reading: Reading): Value | undefined {
  if (!attribute.multiValued) return readElement(attribute, raw, at, reading);
  if (raw === '') note(reading, 'empty-for-unassigned', at);
  if (raw === null || raw === undefined || raw === '') return undefined;
  if (!Array.isArray(raw)) note(reading, 'single-value-for-array', at);
  const values = (Array.isArray(raw) ? raw : [raw]).flatMap((item, index) => {
    return readElement(attribute, item, Array.isArray(raw) ? `${at}[${index}]` : at, reading) ?? [];
  });
  return values.length > 0 ? values : undefined;
}

/** Reads one element of a multi-valued attribute, or the value of a singular one. */
export function readElement(attribute: Attribute, raw: unknown, at: string, reading: Reading): Value | undefined {
  if (attribute.type !== 'complex') return readScalar(attribute, unwrap(attribute, raw, at, reading), at, reading);
  const parts = readParts(attribute, raw, at, reading);
  return parts && mergeParts(attribute, {}, parts, at);
}

/** A list of one where a single value belongs (Microsoft's manager example). */
function unwrap(attribute: Attribute, raw: unknown, at: string, reading: Reading): unknown {
  if (attribute.multiValued || !Array.isArray(raw)) return raw;
  if (raw.length > 1) throw invalidValue(`${at} has a single value, and ${raw.length} were sent`);
  note(reading, 'array-for-single-value', at);
  return raw[0];
}

/**
 * Reads a complex value without filling gaps, so that it can also be merged into what is there.
 *
 * @returns undefined where the whole value is unassigned: null, "", or its `value` sent empty.
 */
export function readParts(attribute: Attribute, raw: unknown, at: string, reading: Reading): Parts | undefined {
  const object = asObject(attribute, unwrap(attribute, raw, at, reading), at, reading);
  if (!object) return undefined;
  const parts = new Map<Attribute, Value | undefined>();
  for (const [name, member] of Object.entries(object)) {
    const sub = findAttribute(attribute, name);
    if (!sub) {
      passOver(reading, `${at}.${name}`);
      continue;
    }
    if (sub.mutability === 'readOnly' && !findAttribute(attribute, '$ref')) continue;
    if (parts.has(sub)) throw invalidSyntax(`${at}.${sub.name} was sent twice, in different case`);
    if (name !== sub.name) note(reading, 'attribute-case', `${at}.${sub.name}`);
    // What has no value is nothing, whatever type it has: templates send the e-mail address that a person lacks as "".
    if (sub.name === 'value' && (member === null || member === '')) {
      note(reading, 'empty-for-unassigned', at);
      return undefined;
    }
    parts.set(sub, readValue(sub, member, `${at}.${sub.name}`, reading));
  }
  return parts;
}

/**
 * A complex value with the parts laid over it. Where a reference comes to point elsewhere, what described its old target
 * goes: `$ref` and what is readOnly (a manager's displayName).
 *
 * @param refusal makes the error for a required sub-attribute that would have no value.
 * @returns undefined where nothing is left, or nothing but a label: the `value` was taken away.
 * @throws mutability where an immutable sub-attribute would change.
 */
export function mergeParts(
  attribute: Attribute,
  old: Complex,
  parts: Parts,
  at: string,
  refusal: (name: string) => ScimError = (name) => invalidValue(`${name} is required`),
): Complex | undefined {
  const merged: Complex = { ...old };
  const value = findAttribute(attribute, 'value');
  if (value && parts.has(value) && parts.get(value) !== old.value && findAttribute(attribute, '$ref')) {
    for (const sub of attribute.subAttributes.values()) {
      if (sub.name === '$ref' || sub.mutability === 'readOnly') delete merged[sub.name];
    }
  }
  for (const [sub, part] of parts) {
    const isKept = old[sub.name] === undefined || sameValue(old[sub.name], part);
    if (sub.mutability === 'immutable' && !isKept) throw immutable(`${at}.${sub.name}`);
    if (part === undefined) delete merged[sub.name];
    else merged[sub.name] = part;
  }
  const lostValue = value !== undefined && parts.has(value) && merged.value === undefined;
  if (lostValue || Object.keys(merged).length === 0) return undefined;
  for (const sub of attribute.subAttributes.values()) {
    if (sub.required && merged[sub.name] === undefined) throw refusal(`${at}.${sub.name}`);
  }
  return merged;
}

/** Characters of the `value` of a relation; it is part of a key. */
const MAX_REFERENCE = 500;

/** Reads the values of a relation attribute, each `value` once, the last mention winning. */
export function readRelation(attribute: Attribute, raw: unknown, at: string, reading: Reading): RelationValue[] {
  const values = readValue(attribute, raw, at, { ...reading, emptyText: 'unassigned' });
  const byValue = new Map<string, RelationValue>();
  for (const { value, display, type, $ref } of Array.isArray(values) ? values.filter(isComplex) : []) {
    if (typeof value !== 'string') throw invalidValue(`${at}: every element needs a value, the id of the resource`);
    if (value.length > MAX_REFERENCE) throw invalidValue(`${at}: a value has more than ${MAX_REFERENCE} characters`);
    byValue.set(value, {
      value,
      ...(typeof display === 'string' && { display }),
      ...(typeof type === 'string' && { type }),
      ...(typeof $ref === 'string' && { $ref }),
    });
  }
  return [...byValue.values()];
}

function asObject(
  attribute: Attribute,
  raw: unknown,
  at: string,
  reading: Reading,
): Record<string, unknown> | undefined {
  if (raw === null || raw === undefined) return undefined;
  if (raw === '') {
    note(reading, 'empty-for-unassigned', at);
    return undefined;
  }
  const hasValue = findAttribute(attribute, 'value') !== undefined;
  if (typeof raw === 'string' && hasValue) {
    note(reading, 'string-for-complex', at);
    return embeddedJson(attribute, raw, at, reading) ?? { value: raw };
  }
  if (!isObject(raw))
    throw invalidValue(`${at} must be an object, with any of: ${namesOf(attribute.subAttributes).join(', ')}`);
  const embedded =
    hasValue && typeof raw.value === 'string' ? embeddedJson(attribute, raw.value, at, reading) : undefined;
  return embedded ? { ...raw, ...embedded } : raw;
}

/**
 * Entra's legacy PATCH puts an app role as JSON into the string `value` (idp-behaviours.md 1.6). Told from a value that
 * merely looks like JSON by the role's own members: `value`, and `id` or `displayName`.
 */
function embeddedJson(
  attribute: Attribute,
  text: string,
  at: string,
  reading: Reading,
): Record<string, unknown> | undefined {
  if (!attribute.multiValued || !/^\s*\{.*\}\s*$/s.test(text)) return undefined;
  let role: unknown;
  try {
    role = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(role) || typeof role.value !== 'string' || !('id' in role || 'displayName' in role)) return undefined;
  const { value, displayName, display = displayName } = role;
  // The body was checked before this JSON was decoded.
  if (!isStorable(role.value) || (typeof display === 'string' && !isStorable(display))) return undefined;
  note(reading, 'embedded-json', at);
  return { value, ...(typeof display === 'string' && { display }) };
}

function readScalar(attribute: Attribute, raw: unknown, at: string, reading: Reading): Scalar | undefined {
  if (raw === null || raw === undefined) return undefined;
  const isText = attribute.type === 'string' || attribute.type === 'reference' || attribute.type === 'binary';
  if (raw === '' && !(isText && reading.emptyText === 'value')) {
    note(reading, 'empty-for-unassigned', at);
    return undefined;
  }
  switch (attribute.type) {
    case 'boolean': {
      if (typeof raw === 'boolean') return raw;
      const word = typeof raw === 'string' ? raw.trim().toLowerCase() : undefined;
      if (word !== 'true' && word !== 'false') break;
      note(reading, 'string-for-boolean', at);
      return word === 'true';
    }
    case 'integer':
      if (Number.isSafeInteger(raw)) return raw as number;
      break;
    case 'decimal':
      if (Number.isFinite(raw)) return raw as number;
      break;
    case 'dateTime':
      if (typeof raw === 'string' && instant(raw)) return raw;
      break;
    case 'binary':
      if (typeof raw === 'string' && isBase64(raw)) return raw;
      break;
    default:
      if (typeof raw !== 'string') break;
      if (attribute.required && raw.trim() === '') throw invalidValue(`${at} is required and must not be empty`);
      return raw;
  }
  throw invalidValue(`${at} must be ${EXPECTED[attribute.type]}`);
}

/** RFC 4648 section 4. Line breaks are common in certificates. */
function isBase64(text: string): boolean {
  const digits = text.replace(/\s+/g, '');
  return text === '' || (digits.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(digits));
}

const EXPECTED: Record<Attribute['type'], string> = {
  string: 'a string',
  reference: 'a string: a URI',
  binary: 'a string in base64',
  boolean: 'true or false',
  integer: 'a whole number',
  decimal: 'a number',
  dateTime: 'a string such as 2026-01-31T12:00:00Z',
  complex: 'an object',
};
