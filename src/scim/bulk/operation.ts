/** One operation of a bulk request: what it is to do, or why it cannot be done. */
import { excerpt, invalidSyntax, invalidValue, notFound, notImplemented, ScimError } from '../errors.ts';
import { PATCH_OP_URN } from '../patch.ts';
import type { ProjectionParameters } from '../projection.ts';
import type { ResourceType } from '../schema.ts';
import { checkShape } from '../shape.ts';
import { type ResolveReference, resolveInPatch, resolveInResource, resolveText } from './references.ts';

const METHODS = ['POST', 'PUT', 'PATCH', 'DELETE'] as const;
type Method = (typeof METHODS)[number];

interface Labels {
  /** As sent, in upper case; undefined where it was no text. */
  method: string | undefined;
  bulkId: string | undefined;
  /** Relative to the base URL, percent-encoded. Undefined: of a POST, or of what has no id (yet). */
  location: string | undefined;
}

/** An operation that can be tried. */
export interface BulkTask extends Labels {
  method: Method;
  type: ResourceType;
  /** Of a POST: the one that the resource will have. */
  id: string;
  /** As `If-Match` has it. */
  version: string | undefined;
  /** The body, with ids in place of references. */
  data: unknown;
  /** bulkIds of POSTs of this request, or of nothing. */
  refersTo: ReadonlySet<string>;
  /** From the query of its path. */
  projection: ProjectionParameters;
}

/** One that cannot, and why. */
export interface BulkMistake extends Labels {
  error: ScimError;
}

export type BulkOperation = BulkTask | BulkMistake;

/** As sent, its members by lower-case name; null where it was no object. */
export type RawOperation = Record<string, unknown> | null;

export function methodOf(operation: RawOperation): string | undefined {
  return typeof operation?.method === 'string' ? operation.method.toUpperCase() : undefined;
}

export function bulkIdOf(operation: RawOperation): string | undefined {
  return typeof operation?.bulkid === 'string' && operation.bulkid !== '' ? operation.bulkid : undefined;
}

export interface Around {
  types: readonly ResourceType[];
  ids: ReadonlyMap<string, string>;
  newId: () => string;
}

export function readOperation(raw: RawOperation, { types, ids, newId }: Around): BulkOperation {
  const labels: Labels = { method: methodOf(raw), bulkId: bulkIdOf(raw), location: undefined };
  const refersTo = new Set<string>();
  const resolve = (bulkId: string) => {
    refersTo.add(bulkId);
    return ids.get(bulkId);
  };
  try {
    if (!raw) throw invalidSyntax('An operation must be an object');
    const { method: sentMethod, bulkid, path, version, data } = raw;
    checkShape({ method: sentMethod, bulkId: bulkid, path, version });
    const place = readPath(path, resolve, ids);
    if (labels.method !== 'POST') labels.location = place.location;
    const method = readMethod(labels.method);
    if (typeof bulkid !== 'string' && bulkid !== undefined && bulkid !== null) {
      throw invalidValue('bulkId must be a string');
    }
    const { type, id } = readTarget(place, method, types);
    return {
      ...labels,
      method,
      type,
      id: id ?? (labels.bulkId === undefined ? undefined : ids.get(labels.bulkId)) ?? newId(),
      version: readVersion(version),
      data: method === 'DELETE' ? undefined : readData(data, method, type, resolve),
      refersTo,
      projection: place.projection,
    };
  } catch (error) {
    if (!(error instanceof ScimError)) throw error;
    return { ...labels, error };
  }
}

function readMethod(method: string | undefined): Method {
  if (method === undefined) throw invalidSyntax('method is required: POST, PUT, PATCH or DELETE');
  const known = METHODS.find((each) => each === method);
  if (known) return known;
  const possible = 'Possible are POST, PUT, PATCH, DELETE.';
  throw new ScimError(405, undefined, `${excerpt(method)} is not possible in a bulk request. ${possible}`);
}

interface Place {
  /** Of the path, decoded, with ids in place of references. */
  segments: readonly string[];
  location: string | undefined;
  projection: ProjectionParameters;
}

function readPath(path: unknown, resolve: ResolveReference, ids: ReadonlyMap<string, string>): Place {
  if (typeof path !== 'string' || path.trim() === '') {
    throw invalidSyntax('path is required: /Users, for example, with POST, else /Users/{id}');
  }
  const [route = '', ...query] = path.trim().split('?');
  let known = true;
  const segments = route
    .split('/')
    .filter((segment) => segment !== '')
    .map((segment) =>
      resolveText(decode(segment), (bulkId) => {
        known &&= ids.has(bulkId);
        return resolve(bulkId);
      }),
    );
  const parameters = new URLSearchParams(query.join('?'));
  return {
    segments,
    location: known ? segments.map((segment) => `/${encodeURIComponent(segment)}`).join('') : undefined,
    projection: {
      attributes: parameters.get('attributes') ?? undefined,
      excludedAttributes: parameters.get('excludedAttributes') ?? undefined,
    },
  };
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    // Then it names nothing.
    return segment;
  }
}

function readTarget({ segments }: Place, method: Method, types: readonly ResourceType[]) {
  const [endpoint, id, ...more] = segments;
  const type = types.find((each) => each.endpoint === `/${endpoint}`);
  if (endpoint === 'Me') throw notImplemented('/Me needs a credential that names a user.');
  if (!type || more.length > 0) {
    const endpoints = types.map((each) => each.endpoint).join(', ');
    throw notFound(`There is no such endpoint. Resources are at ${endpoints}, relative to the SCIM base URL.`);
  }
  if (method === 'POST' && id !== undefined) {
    throw new ScimError(405, undefined, `POST creates; its path is ${type.endpoint}, without an id.`);
  }
  if (method !== 'POST' && id === undefined) {
    throw new ScimError(405, undefined, `${method} needs the path of one resource: ${type.endpoint}/{id}.`);
  }
  return { type, id };
}

function readVersion(version: unknown): string | undefined {
  if (version === undefined || version === null) return undefined;
  if (typeof version !== 'string') throw invalidValue('version must be a string: meta.version as last read');
  return version;
}

function readData(data: unknown, method: Method, type: ResourceType, resolve: ResolveReference): unknown {
  if (data === undefined || data === null) throw invalidSyntax(`data is required with ${method}`);
  checkShape(data);
  if (method !== 'PATCH') return resolveInResource(data, type, resolve);
  // A bare list of operations: RFC 7644 section 3.7.3 itself comes close to sending one.
  return resolveInPatch(Array.isArray(data) ? { schemas: [PATCH_OP_URN], Operations: data } : data, type, resolve);
}
