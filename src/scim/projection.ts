import { type Complex, type Document, isComplex, presentSchemas, type RelationValue, type Value } from './document.ts';
import { invalidValue } from './errors.ts';
import { type Named, notation, resolveNotation } from './notation.ts';
import type { Attribute, ResourceType, Schema } from './schema.ts';

/** RFC 7643 section 3.1. `location` is absolute, `version` a weak entity-tag. */
export type Meta = {
  resourceType: string;
  created: string;
  lastModified: string;
  location: string;
  version: string;
};

/** A resource as it goes out. */
export interface Resource extends Complex {
  schemas: string[];
  id: string;
  meta: Meta;
}

/** What the directory keeps of a resource. */
export interface Stored {
  id: string;
  document: Document;
  /** Relation attributes that were loaded, by canonical name; one that was not loaded is left out. */
  relations?: Readonly<Record<string, readonly RelationValue[]>>;
  meta: Omit<Meta, 'resourceType'>;
}

/** Puts a resource together in the order of RFC 7643 section 8.2: `schemas`, `id`, the document, relations, `meta`. */
export function assemble(type: ResourceType, { id, document, relations, meta }: Stored): Resource {
  const { created, lastModified, location, version } = meta;
  const loaded = Object.entries(relations ?? {}).map(([name, values]) => [name, [...values]]);
  return {
    schemas: presentSchemas(document, type),
    id,
    ...document,
    ...Object.fromEntries(loaded),
    meta: { resourceType: type.name, created, lastModified, location, version },
  };
}

/** The query parameters of RFC 7644 section 3.9, each a comma-separated list of attribute names. */
export interface ProjectionParameters {
  attributes?: string | undefined;
  excludedAttributes?: string | undefined;
  /** Attributes that the request wrote: of them, what is returned on request counts as asked for (RFC 7643 section 7). */
  written?: readonly string[] | undefined;
}

/**
 * What goes out, worked out once for a request and used for each of its resources: all of a value, or the members named
 * (of a resource, an extension, a complex value) and what goes out of those.
 */
export type Selection = true | ReadonlyMap<string, Selection>;

/** Most requests have no parameters. */
const selectionsByDefault = new WeakMap<ResourceType, Selection>();

/**
 * Resolves the parameters (RFC 7644 section 3.9). Names that the type does not know are ignored, so that one client can
 * serve many schemas.
 *
 * `returned` decides first: `always` and `never` override the request, `request` waits for it. Naming an extension's URN or
 * a complex attribute names all of it. `excludedAttributes` also takes from what `attributes` named.
 */
export function selectionOf(type: ResourceType, parameters: ProjectionParameters): Selection {
  const written = new Set(parameters.written?.filter((name) => onRequest(type).has(name)));
  const asked = Boolean(parameters.attributes?.trim() || parameters.excludedAttributes?.trim() || written.size > 0);
  const known = asked ? undefined : selectionsByDefault.get(type);
  if (known) return known;
  const request: Request = {
    include: parameters.attributes?.trim() ? namesIn(parameters.attributes, type) : undefined,
    exclude: namesIn(parameters.excludedAttributes ?? '', type),
    written,
  };
  const core = attributesOf(type).map((attribute): Choice => [attribute.name, choose({ attribute }, request)]);
  const extensions = type.extensions.map(({ schema }): Choice => {
    const members = attributesOf(schema).map((attribute): Choice => {
      return [attribute.name, choose({ extension: schema.id, attribute }, request)];
    });
    return [schema.id, gather(members, false)];
  });
  // What is worked out is there only where it was asked for, so that a resource can go out as it is.
  const present = extensions.filter(([urn, chosen]) => chosen || !type.computed.has(urn));
  const selection = gather([...core, ...present], false) ?? new Map();
  if (!asked) selectionsByDefault.set(type, selection);
  return selection;
}

/** A resource with the attributes that its schema and the request's parameters let through. */
export function project(resource: Resource, type: ResourceType, parameters: ProjectionParameters): Resource {
  return select(resource, selectionOf(type, parameters));
}

/** `project` for many resources of one request. */
export function select(resource: Resource, selection: Selection): Resource {
  // `schemas` and `id` are always returned, so what is left is a resource.
  return prune(resource, selection) as Resource;
}

/**
 * Whether an attribute or an extension is wanted at all, so that the directory can leave a million members unread.
 *
 * @param name its canonical name, as in `type.relations`, or the extension's URN.
 */
export function wants(name: string, selection: Selection): boolean {
  return selection === true || selection.has(name);
}

/** Whether an extension that has to be worked out is wanted. */
export function wantsComputed(urn: string, selection: Selection): boolean {
  return selection !== true && selection.has(urn);
}

/** What goes out of values of one attribute of a resource that are not part of it. */
export function selectValues(name: string, values: readonly Value[], selection: Selection): Value[] {
  const selected = selection === true ? true : selection.get(name);
  return selected ? values.flatMap((value) => prune(value, selected) ?? []) : [];
}

/**
 * Whether `attributes` names this attribute, or a part of it: only then is worked out what a client may leave out of a
 * reference (decisions.md, server-computed sub-attributes).
 */
export function asksFor(path: Named, type: ResourceType, { attributes = '' }: ProjectionParameters): boolean {
  const asked = notation(path);
  return [...namesIn(attributes, type)].some((name) => name === asked || name.startsWith(`${asked}.`));
}

function prune(value: Value, selection: Selection): Value | undefined {
  if (selection === true) return value;
  if (Array.isArray(value)) {
    const elements = value.flatMap((element) => prune(element, selection) ?? []);
    return elements.length > 0 ? elements : undefined;
  }
  if (!isComplex(value)) return undefined;
  const pruned: Complex = {};
  for (const [name, member] of Object.entries(value)) {
    const selected = selection.get(name);
    const kept = selected && prune(member, selected);
    if (kept !== undefined) pruned[name] = kept;
  }
  return Object.keys(pruned).length > 0 ? pruned : undefined;
}

interface Request {
  /** Undefined: what is returned by default. Names are in canonical notation. */
  readonly include: ReadonlySet<string> | undefined;
  readonly exclude: ReadonlySet<string>;
  readonly written: ReadonlySet<string>;
}
type Choice = [name: string, selection: Selection | undefined];
type Path = Named & { attribute: Attribute };

const onRequestOf = new WeakMap<ResourceType, ReadonlySet<string>>();

/** Attributes that are returned on request, in canonical notation. */
function onRequest(type: ResourceType): ReadonlySet<string> {
  const known = onRequestOf.get(type);
  if (known) return known;
  const core = [...type.attributes.values()].map((attribute): Path => ({ attribute }));
  const extensions = type.extensions.flatMap(({ schema }) =>
    [...schema.attributes.values()].map((attribute): Path => ({ extension: schema.id, attribute })),
  );
  const found = [...core, ...extensions].filter(({ attribute }) => attribute.returned === 'request');
  const names = new Set(found.map(notation));
  onRequestOf.set(type, names);
  return names;
}

/** writeOnly attributes never come as far as a resource. */
function attributesOf(scope: ResourceType | Schema): Attribute[] {
  return [...scope.attributes.values()].filter(({ mutability }) => mutability !== 'writeOnly');
}

/** The longest list of attribute names that is read, in UTF-16 code units. */
const MAX_NAMES_LENGTH = 8_000;

function namesIn(list: string, type: ResourceType): Set<string> {
  if (list.length > MAX_NAMES_LENGTH) {
    throw invalidValue(`attributes and excludedAttributes may have ${MAX_NAMES_LENGTH} characters, not ${list.length}`);
  }
  const named = list.split(',').map((name) => resolveNotation(name.trim(), type));
  return new Set(named.flatMap((each) => (each && notation(each)) || []));
}

function choose(path: Path, request: Request): Selection | undefined {
  const scope = verdict(path, request);
  if (scope === 'none') return undefined;
  const subs = [...path.attribute.subAttributes.values()];
  const choices = subs.map((sub): Choice => [sub.name, choosesSub({ ...path, sub }, scope, request) || undefined]);
  // What an operator's schema no longer has may still be stored, and is not shown.
  return subs.length === 0 || gather(choices, path.extension === undefined);
}

/** `some`: only the sub-attributes that were named. */
function verdict(path: Path, { include, exclude, written }: Request): 'all' | 'some' | 'none' {
  const { returned } = path.attribute;
  if (returned === 'always') return 'all';
  const name = notation(path);
  const container = path.extension ?? '';
  if (returned === 'never' || exclude.has(name) || exclude.has(container)) return 'none';
  if (!include) return returned === 'request' && !written.has(name) ? 'none' : 'all';
  if (include.has(name) || include.has(container)) return 'all';
  const subs = [...path.attribute.subAttributes.values()];
  return subs.some((sub) => include.has(notation({ ...path, sub }))) ? 'some' : 'none';
}

function choosesSub(path: Path & { sub: Attribute }, scope: 'all' | 'some', { include, exclude }: Request): boolean {
  const { returned } = path.sub;
  if (returned === 'always' || returned === 'never') return returned === 'always';
  const name = notation(path);
  if (exclude.has(name)) return false;
  return include?.has(name) || (scope === 'all' && returned === 'default');
}

/** All of the parts, some of them, or none. @param asWhole all of the parts are the whole. */
function gather(choices: readonly Choice[], asWhole = true): Selection | undefined {
  if (asWhole && choices.every(([, selection]) => selection === true)) return true;
  const chosen = choices.filter((choice): choice is [string, Selection] => choice[1] !== undefined);
  return chosen.length > 0 ? new Map(chosen) : undefined;
}
