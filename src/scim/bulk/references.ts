/** References to resources that a bulk request creates itself: `bulkId:x` in place of an id (RFC 7644 section 3.7.2). */
import { isObject } from '../document.ts';
import { MAX_FILTER_LENGTH } from '../filter/tokens.ts';
import { type Named, resolveNotation } from '../notation.ts';
import { findAttribute, type ResourceType } from '../schema.ts';

/** Told of every reference. @returns the id in its place; undefined leaves the reference as it is. */
export type ResolveReference = (bulkId: string) => string | undefined;

/** All of a text, or the end of a URL (`$ref`). */
const REFERENCE = /^(.*\/)?bulkId:(.+)$/s;
/** A quoted value in a PATCH path, as in `members[value eq "bulkId:x"]`. */
const QUOTED = /"(?:[^"\\]|\\.)*"/g;

export function resolveText(text: string, resolve: ResolveReference): string {
  if (!text.includes('bulkId:')) return text;
  const [, url = '', bulkId] = REFERENCE.exec(text) ?? [];
  const id = bulkId === undefined ? undefined : resolve(bulkId);
  return id === undefined ? text : url + id;
}

/**
 * The body of a POST or PUT with ids in place of references. Only attributes that refer to resources hold any: a title may
 * well begin with `bulkId:`. What is readOnly is passed over, as it is when the resource is read: a user's `groups` would
 * make a circle with the groups' members.
 *
 * @param body has passed `checkShape`, so that its depth is limited.
 */
export function resolveInResource(body: unknown, type: ResourceType, resolve: ResolveReference): unknown {
  return mapMembers(body, (name, value) => resolveAt(resolveNotation(name, type), value, type, resolve));
}

/** The same for the body of a PATCH: in values, and in the filters of paths. */
export function resolveInPatch(body: unknown, type: ResourceType, resolve: ResolveReference): unknown {
  const inOperation = (operation: unknown) => {
    const [, path] = Object.entries(isObject(operation) ? operation : {}).find(([name]) => isNamed(name, 'path')) ?? [];
    const named = typeof path === 'string' && path.trim() ? resolveNotation(path.split('[', 1)[0] ?? '', type) : {};
    return mapMembers(operation, (name, value) => {
      if (isNamed(name, 'value')) return resolveAt(named, value, type, resolve);
      if (!isNamed(name, 'path') || typeof value !== 'string' || !named || !isReference(named)) return value;
      // Whoever reads it as a path refuses it.
      if (value.length > MAX_FILTER_LENGTH) return value;
      return value.replace(QUOTED, (quoted) => resolveQuoted(quoted, resolve));
    });
  };
  return mapMembers(body, (name, value) =>
    isNamed(name, 'operations') && Array.isArray(value) ? value.map(inOperation) : value,
  );
}

/** @param named what the value is a value of: an attribute, an extension, or the resource itself. */
function resolveAt(named: Named | undefined, value: unknown, type: ResourceType, resolve: ResolveReference): unknown {
  if (named?.attribute) return isReference(named) ? resolveIn(value, resolve) : value;
  if (!named) return value;
  const { extension } = named;
  if (extension === undefined) return resolveInResource(value, type, resolve);
  return mapMembers(value, (name, member) =>
    resolveAt(resolveNotation(`${extension}:${name}`, type), member, type, resolve),
  );
}

/** A complex value with a `$ref`, or a URI of a resource. */
function isReference({ attribute, sub }: Named): boolean {
  if (!attribute || attribute.mutability === 'readOnly') return false;
  const { type, referenceTypes } = sub ?? attribute;
  const isUri = type === 'reference' && referenceTypes.some((each) => each !== 'external' && each !== 'uri');
  return isUri || findAttribute(attribute, '$ref') !== undefined;
}

function resolveIn(value: unknown, resolve: ResolveReference): unknown {
  if (typeof value === 'string') return resolveText(value, resolve);
  if (Array.isArray(value)) return value.map((element) => resolveIn(element, resolve));
  return mapMembers(value, (name, member) =>
    typeof member === 'string' && (isNamed(name, 'value') || name === '$ref') ? resolveText(member, resolve) : member,
  );
}

function isNamed(name: string, wanted: string): boolean {
  return name.toLowerCase() === wanted;
}

function resolveQuoted(quoted: string, resolve: ResolveReference): string {
  try {
    return JSON.stringify(resolveText(JSON.parse(quoted), resolve));
  } catch {
    // No JSON string: whoever reads the filter says so.
    return quoted;
  }
}

/** What is no object stays as it is. */
function mapMembers(value: unknown, map: (name: string, member: unknown) => unknown): unknown {
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, map(name, member)]));
}
