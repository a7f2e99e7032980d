/** How a JSON value in a PATCH is understood, for the plain reference (patch-model.ts). */
import type { Scalar } from '../../src/scim/document.ts';
import type { ScimType } from '../../src/scim/errors.ts';
import type { Attribute } from '../../src/scim/schema.ts';
import { orderOf } from './filter-meaning.ts';

export const UNSET = undefined;
export type Entry = Record<string, unknown>;
export type Op = 'add' | 'replace' | 'remove';

export class Refusal extends Error {
  readonly scimType: ScimType;
  constructor(scimType: ScimType) {
    super(scimType);
    this.scimType = scimType;
  }
}

export function isEntry(value: unknown): value is Entry {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A list of one stands for its one, an empty one for nothing. */
export function single(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  if (value.length > 1) throw new Refusal('invalidValue');
  return value[0];
}

/** The value in the schema's type; UNSET for what means nothing: null, "", an empty list, an empty object. */
export function read(attribute: Attribute, value: unknown): unknown {
  if (!attribute.multiValued) return readOne(attribute, single(value));
  if (value === null || value === UNSET || value === '') return UNSET;
  const elements = (Array.isArray(value) ? value : [value]).map((each) => readOne(attribute, each));
  const present = elements.filter((each) => each !== UNSET);
  return present.length > 0 ? present : UNSET;
}

function readOne(attribute: Attribute, value: unknown): unknown {
  if (attribute.type !== 'complex') return readScalar(attribute, value);
  const parts = readParts(attribute, value);
  return parts === UNSET ? UNSET : merge(attribute, {}, parts);
}

/** The sub-attributes that a value mentions; those that it takes away are UNSET members. */
export function readParts(attribute: Attribute, value: unknown): Entry | undefined {
  if (value === null || value === UNSET || value === '') return UNSET;
  const hasValue = attribute.subAttributes.has('value');
  let entry: unknown = value;
  if (typeof value === 'string' && hasValue) entry = roleIn(attribute, value) ?? { value };
  if (!isEntry(entry)) throw new Refusal('invalidValue');
  if (hasValue && typeof entry.value === 'string') entry = { ...entry, ...roleIn(attribute, entry.value) };
  const parts: Entry = {};
  for (const [name, member] of Object.entries(entry as Entry)) {
    const sub = attribute.subAttributes.get(name.toLowerCase());
    if (!sub || (sub.mutability === 'readOnly' && !attribute.subAttributes.has('$ref'))) continue;
    if (sub.name in parts) throw new Refusal('invalidSyntax');
    if (sub.name === 'value' && (member === null || member === '')) return UNSET;
    parts[sub.name] = read(sub, member);
  }
  return parts;
}

/** What Entra writes into the value of a role: {"id": ..., "value": ..., "displayName": ...} as a string. */
function roleIn(attribute: Attribute, text: string): Entry | undefined {
  if (!attribute.multiValued || !text.startsWith('{')) return undefined;
  const { value, displayName } = JSON.parse(text);
  return { value, display: displayName };
}

/** Another target of a reference takes along what described the old one; without its value an element is gone. */
export function merge(
  attribute: Attribute,
  old: Entry,
  parts: Entry,
  missing: ScimType = 'invalidValue',
): Entry | undefined {
  const merged = { ...old };
  const points = attribute.subAttributes.has('value') && attribute.subAttributes.has('$ref');
  if (points && 'value' in parts && parts.value !== old.value) {
    for (const sub of attribute.subAttributes.values()) {
      if (sub.name === '$ref' || sub.mutability === 'readOnly') delete merged[sub.name];
    }
  }
  for (const [name, part] of Object.entries(parts)) {
    const sub = attribute.subAttributes.get(name.toLowerCase());
    const isKept = !sub || old[name] === UNSET || same(sub, old[name], part, true);
    if (sub?.mutability === 'immutable' && !isKept) throw new Refusal('mutability');
    if (part === UNSET) delete merged[name];
    else merged[name] = part;
  }
  if ('value' in parts && merged.value === UNSET) return UNSET;
  if (Object.keys(merged).length === 0) return UNSET;
  for (const sub of attribute.subAttributes.values()) {
    if (sub.required && merged[sub.name] === UNSET) throw new Refusal(missing);
  }
  return merged;
}

function readScalar({ type, required }: Attribute, value: unknown): unknown {
  if (value === null || value === UNSET || value === '') return UNSET;
  const isText = typeof value === 'string';
  switch (type) {
    case 'boolean':
      if (typeof value === 'boolean') return value;
      if (isText && /^\s*(true|false)\s*$/i.test(value)) return value.trim().toLowerCase() === 'true';
      break;
    case 'integer':
      if (Number.isSafeInteger(value)) return value;
      break;
    case 'decimal':
      if (typeof value === 'number') return value;
      break;
    case 'dateTime':
      if (
        isText &&
        /^\d{4}-\d\d-\d\dT/.test(value) &&
        !Number.isNaN(Date.parse(value)) &&
        value.includes('T') &&
        !/[tz]/.test(value) &&
        isDay(value.slice(0, 10))
      )
        return value;
      break;
    case 'binary':
      if (
        isText &&
        /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)$/.test(value.replace(/\s/g, ''))
      )
        return value;
      break;
    default:
      if (isText && !(required && value.trim() === '')) return value;
  }
  throw new Refusal('invalidValue');
}

function isDay(day: string): boolean {
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
}

/**
 * Whether two simple values are the same as far as the attribute's kind goes.
 *
 * @param exactly even in case and spelling.
 */
export function same(attribute: Attribute, a: unknown, b: unknown, exactly = false): boolean {
  return exactly || a === UNSET || b === UNSET ? a === b : orderOf(attribute, a as Scalar, b as Scalar) === 0;
}
