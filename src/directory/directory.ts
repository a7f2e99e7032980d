/**
 * A tenant's users and groups, as the IdP last said. Every operation is the same for every resource type: what differs
 * stands in the schemas. A write commits the resource, one activity row and one change row together, at a cost that does
 * not depend on how many targets or members there are.
 *
 * It owns resources, members, filters in SQL, the activity of writes. It knows no HTTP and no target.
 */
import { randomUUIDv7 } from 'node:crypto';
import { uniqueness } from '../scim/errors.ts';
import { etag, namesVersion } from '../scim/etag.ts';
import { type ProjectionParameters, type Resource, selectionOf } from '../scim/projection.ts';
import type { ResourceType } from '../scim/schema.ts';
import { UniqueViolation } from '../store/errors.ts';
import type { Store } from '../store/store.ts';
import type { Actor } from './changes.ts';
import { type ListParameters, type ListResponse, listResources, MAX_RESULTS } from './list.ts';
import { countMembers } from './members.ts';
import { present, type Reading, requireRow } from './reading.ts';
import { createRow, patchRow, removeRow, replaceRow, type Saved, type Writing } from './writing.ts';

/** Who asks, of which tenant, and whose habits to expect. */
export interface DirectoryCaller extends Actor {
  idp: string;
}

/** What of a resource to answer with, and which version of it may be changed or need not be sent. */
export interface Request extends ProjectionParameters {
  /** `If-Match`, as sent. */
  ifMatch?: string | undefined;
  /** `If-None-Match`, as sent. */
  ifNoneMatch?: string | undefined;
}

export interface Written {
  /** Null where the answer carries no body. */
  resource: Resource | null;
  /** Weak entity-tag. */
  version: string;
  location: string;
  /** The client has this version already (`If-None-Match`). */
  unchanged?: true;
}

/** All methods throw ScimError for what the client did, StoreUnavailable where nothing could be read or written. */
export interface Directory {
  readonly maxResults: number;
  baseUrl(tenant: string): string;
  create(caller: DirectoryCaller, type: ResourceType, body: unknown, query: Request): Promise<Written>;
  get(caller: DirectoryCaller, type: ResourceType, id: string, query: Request): Promise<Written>;
  list(caller: DirectoryCaller, type: ResourceType, query: ListParameters): Promise<ListResponse>;
  replace(caller: DirectoryCaller, type: ResourceType, id: string, body: unknown, query: Request): Promise<Written>;
  /** Without a body for a large group, unless the client says which attributes it wants: the answer may not grow. */
  patch(caller: DirectoryCaller, type: ResourceType, id: string, body: unknown, query: Request): Promise<Written>;
  remove(caller: DirectoryCaller, type: ResourceType, id: string, query: Request): Promise<void>;
}

export interface DirectoryOptions {
  store: Store;
  /** The SCIM base URL of a tenant, without a trailing slash. */
  baseUrl: (tenant: string) => string;
  /** Told after each write that sync has to carry on. */
  onChange: () => void;
}

/** A group with more members answers PATCH with 204. */
const LARGE_GROUP = 1_000;

export function createDirectory({ store, baseUrl, onChange }: DirectoryOptions): Directory {
  const reading = (caller: DirectoryCaller, type: ResourceType): Reading => ({
    db: store.read,
    dialect: store.dialect,
    tenant: caller.tenant,
    type,
    baseUrl: baseUrl(caller.tenant),
  });

  const answer = async (
    caller: DirectoryCaller,
    type: ResourceType,
    saved: Saved,
    query: ProjectionParameters,
  ): Promise<Written> => {
    if (saved.changed) onChange();
    const [resource] = await present(reading(caller, type), [saved], selectionOf(type, query), saved.relations);
    return { resource: resource ?? null, ...place(caller, type, saved) };
  };

  const write = async <T>(
    caller: DirectoryCaller,
    type: ResourceType,
    { ifMatch }: Request,
    work: (writing: Writing) => Promise<T>,
  ): Promise<T> => {
    const now = await store.now();
    try {
      return await store.write((trx) => work({ trx, dialect: store.dialect, caller, type, now, ifMatch }));
    } catch (error) {
      throw refused(error, type);
    }
  };

  const place = (caller: DirectoryCaller, type: ResourceType, { id, version }: { id: string; version: number }) => ({
    version: etag(version),
    location: `${baseUrl(caller.tenant)}${type.endpoint}/${id}`,
  });

  return {
    maxResults: MAX_RESULTS,
    baseUrl,

    async create(caller, type, body, query) {
      const saved = await write(caller, type, {}, (writing) => createRow(writing, randomUUIDv7(), body));
      return answer(caller, type, saved, query);
    },

    async get(caller, type, id, query) {
      const from = reading(caller, type);
      const row = await requireRow(from, id);
      if (query.ifNoneMatch !== undefined && namesVersion(query.ifNoneMatch, row.version)) {
        return { resource: null, unchanged: true, ...place(caller, type, row) };
      }
      const [resource] = await present(from, [row], selectionOf(type, query));
      return { resource: resource ?? null, ...place(caller, type, row) };
    },

    list: (caller, type, query) => listResources(reading(caller, type), query),

    async replace(caller, type, id, body, query) {
      const saved = await write(caller, type, query, (writing) => replaceRow(writing, id, body));
      return answer(caller, type, saved, query);
    },

    async patch(caller, type, id, body, query) {
      const saved = await write(caller, type, query, (writing) => patchRow(writing, id, body));
      const unasked = query.attributes === undefined && query.excludedAttributes === undefined;
      if (unasked && (await isLarge(caller, type, id))) {
        if (saved.changed) onChange();
        return { resource: null, ...place(caller, type, saved) };
      }
      return answer(caller, type, saved, query);
    },

    async remove(caller, type, id, query) {
      await write(caller, type, query, (writing) => removeRow(writing, id));
      onChange();
    },
  };

  async function isLarge(caller: DirectoryCaller, type: ResourceType, id: string): Promise<boolean> {
    const writable = [...type.relations.values()].some((relation) => relation.mutability !== 'readOnly');
    return writable && (await countMembers(store.read, caller.tenant, id, LARGE_GROUP + 1)) > LARGE_GROUP;
  }
}

/** Two resources with one unique value: the second is refused, whichever request came first. */
function refused(error: unknown, type: ResourceType): unknown {
  if (!(error instanceof UniqueViolation)) return error;
  const unique = [...type.attributes.values()].filter(
    (attribute) => attribute.uniqueness !== 'none' && attribute.mutability !== 'readOnly',
  );
  const names = unique.map((attribute) => attribute.name).join(' or ');
  return uniqueness(`Another ${type.name} of this tenant has this ${names} (case does not count).`);
}
