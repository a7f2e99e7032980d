/**
 * A resource while a message changes it. POST, PUT and PATCH all end up here: a body is a set of attributes to replace, a
 * PATCH operation adds, replaces or removes one. There is one engine for every resource type; what it does follows from
 * the schema. It owns what a change means; it does not read messages (resource.ts, patch.ts) and stores nothing.
 *
 * Values are never changed in place, only replaced, so the document that a draft starts from stays as it was.
 */
import { type Document, isComplex, isObject, type RelationValue, sameValue, type Value } from '../document.ts';
import {
  immutable,
  invalidSyntax,
  invalidValue,
  mutability,
  noTarget,
  requiredTarget,
  type ScimError,
} from '../errors.ts';
import type { Filter } from '../filter/ast.ts';
import { notation, resolveName, resolveNotation } from '../notation.ts';
import { type Path, parsePath } from '../path.ts';
import { note } from '../quirks.ts';
import type { Attribute, ResourceType } from '../schema.ts';
import { assignElements, MAX_VALUES, removeElements } from './elements.ts';
import { assignRelation, removeRelation } from './relations.ts';
import { mergeParts, passOver, type Reading, readParts, readValue } from './values.ts';

/** What a message wants of a relation attribute; `attribute` is its canonical name. To be carried out in order. */
export type RelationChange =
  /** Values that are there already are left alone. */
  | { attribute: string; op: 'add'; values: RelationValue[] }
  /** These `value`s; one that is not there is no error. */
  | { attribute: string; op: 'remove'; values: string[]; filter?: undefined }
  /** What `matchesElement` says of each value; none is no error. */
  | { attribute: string; op: 'remove'; filter: Filter; values?: undefined }
  | { attribute: string; op: 'replace'; values: RelationValue[] }
  | { attribute: string; op: 'clear' };

export interface Draft extends Reading {
  readonly type: ResourceType;
  readonly document: Document;
  readonly relations: RelationChange[];
  /** The only writeOnly attribute: never part of a document. */
  password?: string;
  /** `replace` on a value path without a match creates the value, whatever its `type` (decisions.md, value paths). */
  readonly createOnReplace: boolean;
  /** RFC 7644 section 3.5.2: a PATCH must not name what is readOnly; in POST and PUT it is ignored. */
  readonly patching: boolean;
}

export type AssignOp = 'add' | 'replace';
/** A path that ends in an attribute. */
export type AttributePath = Path & { readonly attribute: Attribute };

/** Carries out `add` or `replace` with a path (RFC 7644 sections 3.5.2.1 and 3.5.2.3). */
export function assign(draft: Draft, op: AssignOp, path: Path, raw: unknown): void {
  if (hasAttribute(path)) {
    refuseReadOnly(path);
    assignAttribute(draft, op, path, raw);
  } else {
    if (path.extension !== undefined) refuseComputed(draft, path.extension);
    assignAll(draft, op, raw, path.extension);
  }
}

/**
 * Carries out `add` or `replace` with a set of attributes: a whole resource, or the extension named. Keys may be nested,
 * dotted (`name.givenName`) or carry a URN. What is readOnly is passed over; what is unknown is noted and passed over.
 */
export function assignAll(draft: Draft, op: AssignOp, raw: unknown, extension?: string): void {
  if (extension !== undefined && (raw === null || raw === '')) {
    if (raw === '') note(draft, 'empty-for-unassigned', extension);
    removeExtension(draft, extension, requiredValue);
    return;
  }
  const container = extension ?? 'The value of an operation without a path';
  if (!isObject(raw)) throw invalidValue(`${container} must be an object of attributes`);
  const seen = new Set<string>();
  for (const [key, member] of Object.entries(raw)) {
    const path = resolveKey(draft, key, extension);
    if (!path) {
      passOver(draft, extension ? `${extension}:${key}` : key);
      continue;
    }
    const name = notation(path);
    if (seen.has(name) && !path.filter) throw invalidSyntax(`${name} was sent twice, in different spelling`);
    seen.add(name);
    noteSpelling(draft, key, path, name, extension);
    if (!hasAttribute(path)) assignAll(draft, op, member, path.extension);
    else if (path.attribute.mutability !== 'readOnly') assignAttribute(draft, op, path, member);
    else if (draft.patching) note(draft, 'read-only-in-patch', name);
  }
}

/**
 * Carries out `remove` (RFC 7644 section 3.5.2.2).
 *
 * @param raw the operation's `value`, which some clients send to say which values they mean.
 */
export function remove(draft: Draft, path: Path, raw: unknown): void {
  if (!hasAttribute(path)) {
    if (path.extension === undefined) throw noTarget('A remove operation needs the path of an attribute');
    refuseComputed(draft, path.extension);
    removeExtension(draft, path.extension, requiredTarget);
    return;
  }
  refuseReadOnly(path);
  const { attribute, sub } = path;
  const at = placeOf(path);
  const current = currentValue(draft, path);
  if (attribute.mutability === 'writeOnly') delete draft.password;
  else if (isRelation(draft.type, path)) removeRelation(draft, path, raw, at);
  else if (attribute.multiValued) {
    store(draft, path, removeElements(draft, path, listOf(current), raw, at), requiredTarget);
  } else if (!sub) store(draft, path, undefined, requiredTarget);
  else if (isComplex(current)) {
    store(draft, path, mergeParts(attribute, current, new Map([[sub, undefined]]), at, requiredTarget), requiredTarget);
  }
}

function assignAttribute(draft: Draft, op: AssignOp, path: AttributePath, raw: unknown): void {
  const { attribute } = path;
  const at = placeOf(path);
  if (attribute.mutability === 'writeOnly') {
    const secret = readValue(attribute, raw, at, draft);
    if (typeof secret === 'string' && secret !== '') draft.password = secret;
    else delete draft.password;
  } else if (isRelation(draft.type, path)) assignRelation(draft, op, path, raw, at);
  else if (attribute.multiValued) {
    store(draft, path, assignElements(draft, op, path, listOf(currentValue(draft, path)), raw, at), requiredValue);
  } else store(draft, path, nextValue(draft, path, raw, at), requiredValue);
}

/** A singular attribute's value after `add` or `replace`, which mean the same here: complex values are merged. */
function nextValue(draft: Draft, path: AttributePath, raw: unknown, at: string): Value | undefined {
  const { attribute, sub } = path;
  if (attribute.type !== 'complex') return readValue(attribute, raw, at, draft);
  const current = currentValue(draft, path);
  const parts = readParts(attribute, sub ? { [sub.name]: raw } : raw, at, draft);
  return parts && mergeParts(attribute, isComplex(current) ? current : {}, parts, at);
}

/** Puts an attribute's new value in its place. `refusal` makes the error for a required one that would have none. */
function store(draft: Draft, path: AttributePath, next: Value | undefined, refusal: (name: string) => ScimError): void {
  const { attribute, extension } = path;
  const { document, type } = draft;
  const current = currentValue(draft, path);
  if (sameValue(current, next)) return;
  if (attribute.mutability === 'immutable' && current !== undefined) throw immutable(placeOf(path));
  if (Array.isArray(next) && next.length > MAX_VALUES) {
    throw invalidValue(`${placeOf(path)} has more than ${MAX_VALUES} values`);
  }
  if (next === undefined || (Array.isArray(next) && next.length === 0)) {
    // A message that takes away what decides over access without saying what holds instead has forgotten it.
    if (extension === undefined && type.defaults.has(attribute.name)) return;
    if (attribute.required) throw refusal(placeOf(path));
    setMember(document, extension, attribute.name, undefined);
  } else setMember(document, extension, attribute.name, next);
}

function setMember(document: Document, extension: string | undefined, name: string, value: Value | undefined): void {
  if (extension !== undefined) {
    const content = document[extension];
    const changed = { ...(isComplex(content) && content) };
    setMember(changed, undefined, name, value);
    setMember(document, undefined, extension, Object.keys(changed).length > 0 ? changed : undefined);
  } else if (value === undefined) delete document[name];
  else document[name] = value;
}

function removeExtension(draft: Draft, extension: string, refusal: (name: string) => ScimError): void {
  const found = draft.type.extensions.find(({ schema }) => schema.id === extension);
  if (found?.required) throw refusal(extension);
  for (const attribute of found?.schema.attributes.values() ?? []) {
    if (attribute.mutability !== 'readOnly') store(draft, { extension, attribute }, undefined, refusal);
  }
}

function currentValue({ document }: Draft, { extension, attribute }: AttributePath): Value | undefined {
  const scope = extension === undefined ? document : document[extension];
  return isComplex(scope) ? scope[attribute.name] : undefined;
}

function resolveKey({ type, notes }: Draft, key: string, extension: string | undefined): Path | undefined {
  if (extension === undefined) {
    const bracket = key.indexOf('[');
    if (bracket === -1) return resolveNotation(key, type);
    return resolveNotation(key.slice(0, bracket).trim(), type) && parsePath(key, type, notes);
  }
  const found = type.extensions.find(({ schema }) => schema.id === extension);
  return found && resolveName(key, type, found.schema);
}

function noteSpelling(draft: Draft, key: string, path: Path, name: string, extension: string | undefined): void {
  const { attribute, sub, filter } = path;
  const nested = sub === undefined && filter === undefined && path.extension === extension && !key.includes(':');
  if (attribute && !nested) note(draft, 'flat-key', name);
  else if (key !== (attribute?.name ?? path.extension)) note(draft, 'attribute-case', name);
}

/** The attribute as errors and notes name it; what a path selects in it is added where it matters. */
function placeOf({ extension, attribute }: AttributePath): string {
  return notation({ ...(extension !== undefined && { extension }), attribute });
}

function isRelation(type: ResourceType, { attribute, extension }: AttributePath): boolean {
  return extension === undefined && type.relations.has(attribute.name);
}

function hasAttribute(path: Path): path is AttributePath {
  return path.attribute !== undefined;
}

/** RFC 7643 section 7: only where a path names it. In a value it is ignored (decisions.md, readOnly attributes). */
function refuseReadOnly(path: AttributePath): void {
  if ([path.attribute, path.sub].some((each) => each?.mutability === 'readOnly')) {
    throw mutability(`${notation(path)} is readOnly`);
  }
}

function refuseComputed({ type }: Draft, extension: string): void {
  if (type.computed.has(extension)) throw mutability(`${extension} is readOnly`);
}

function listOf(value: Value | undefined): Value[] {
  return Array.isArray(value) ? value : [];
}

const requiredValue = (name: string) => invalidValue(`${name} is required and must have a value`);
