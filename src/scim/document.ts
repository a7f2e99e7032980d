/**
 * What a resource is made of once it has been read: plain JSON without nulls, under the schema's own names.
 */
import { coreSchemasOf, type ResourceType } from './schema.ts';

export type Scalar = string | number | boolean;
export type Value = Scalar | Value[] | Complex;
/** A complex value, or anything else that is an object: sub-attribute name to value. */
export interface Complex {
  [name: string]: Value;
}

/**
 * A resource as it is stored. Canonical attribute names in the schema's order, extensions as objects under their URN.
 * No nulls, no empty arrays, no empty objects, real booleans. Without `schemas`, `id`, `meta`, without anything
 * writeOnly, and without relation attributes (schema.ts), which live in rows.
 */
export type Document = Complex;

/**
 * One value of a relation attribute: a reference to another resource (RFC 7643 section 2.4). `value` is the other's `id`,
 * as sent: whether it exists is the directory's matter.
 */
export type RelationValue = {
  value: string;
  display?: string;
  type?: string;
  $ref?: string;
};

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isComplex(value: Value | undefined): value is Complex {
  return isObject(value);
}

/** Neither PostgreSQL nor UTF-8 has a place for U+0000 and lone surrogates, so no value contains them. */
export function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}

/** RFC 7643 section 2.5: nothing, an empty list or an empty object are all "unassigned"; so is an empty text to `pr`. */
export function isEmpty(value: Value | undefined): boolean {
  if (value === undefined || value === '') return true;
  if (Array.isArray(value)) return value.every(isEmpty);
  return isComplex(value) && Object.values(value).every(isEmpty);
}

/** Deep equality of JSON values; the order of an object's members does not count. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => sameValue(item, b[index]));
  }
  if (!isObject(a) || !isObject(b)) return false;
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && sameValue(a[name], b[name]))
  );
}

/** The value of `schemas`: the core URNs, and that of each extension that is there (RFC 7643 section 3). */
export function presentSchemas(document: Complex, type: ResourceType): string[] {
  const extensions = type.extensions.map(({ schema }) => schema.id).filter((urn) => document[urn] !== undefined);
  return [...coreSchemasOf(type).map(({ id }) => id), ...extensions];
}
