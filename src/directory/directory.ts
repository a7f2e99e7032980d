/**
 * A tenant's users and groups, as the IdP last said. Every operation is the same for every resource type: what differs
 * stands in the schemas. A write commits the resource, one activity row and one change row together, at a cost that does
 * not depend on how many targets or members there are.
 *
 * It owns resources, members, filters in SQL, the activity of writes. It knows no HTTP and no target.
 */
import { randomUUIDv7 } from 'node:crypto';
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { readOnlyResources, uniqueness } from '../scim/errors.ts';
import { etag, namesTag } from '../scim/etag.ts';
import { type ProjectionParameters, selectionOf, wantsComputed } from '../scim/projection.ts';
import type { QueryParameters } from '../scim/query.ts';
import type { Note } from '../scim/quirks.ts';
import type { ResourceType } from '../scim/schema.ts';
import { StoreUnavailable, UniqueViolation } from '../store/errors.ts';
import type { Store } from '../store/store.ts';
import type { Actor } from './changes.ts';
import type { ComputedReaders } from './computed.ts';
import type { Seal } from './cursor.ts';
import { type ListResponse, listResources } from './list.ts';
import { uniquePaths } from './lookups.ts';
import { countMembers } from './members.ts';
import { type PasswordKeeping, together, Unsealed, withSealed } from './passwords.ts';
import type { NotedClient, OnNotes } from './quirks.ts';
import { present, type Reading, requireRow } from './reading.ts';
import { showsOthers } from './references.ts';
import type { Presented } from './streamed.ts';
import { createRow, patchRow, removeRow, replaceRow, type Saved, type Writing } from './writing.ts';

/** Who asks, of which tenant, and whose habits to expect. */
export interface DirectoryCaller extends Actor, NotedClient {
  idp: string;
  /** Bodies with unknown attributes are refused. */
  strict?: boolean | undefined;
}

/** What of a resource to answer with, and which version of it may be changed or need not be sent. */
export interface Request extends ProjectionParameters {
  /** Only whether it worked is wanted: no resource is read for the answer. */
  bare?: boolean | undefined;
  /** `If-Match`, as sent. */
  ifMatch?: string | undefined;
  /** `If-None-Match`, as sent. */
  ifNoneMatch?: string | undefined;
}

export interface Written {
  /** Null where the answer carries no body. */
  resource: Presented | null;
  /** Weak entity-tag. */
  version: string;
  location: string;
  /** By itself the request would be answered without a body. */
  noContent?: true;
  /** The client has this version already (`If-None-Match`). */
  unchanged?: true;
}

/** A resource to create whose id is chosen already, so that others can refer to it. */
export interface Creation {
  caller: DirectoryCaller;
  type: ResourceType;
  id: string;
  body: unknown;
  query: Request;
}

/** One of several resources could not be created, so none was. `cause` is why, as `create` would throw it. */
export class NoneCreated extends Error {
  override readonly name = 'NoneCreated';
  /** Which one, counted from 0. */
  readonly index: number;

  constructor(index: number, cause: unknown) {
    super('One of several resources could not be created, so none was.', { cause });
    this.index = index;
  }
}

/** All methods throw ScimError for what the client did, StoreUnavailable where nothing could be read or written. */
export interface Directory {
  baseUrl(tenant: string): string;
  create(caller: DirectoryCaller, type: ResourceType, body: unknown, query: Request): Promise<Written>;
  /** All in one transaction, so that they can refer to each other. @throws NoneCreated, StoreUnavailable. */
  createTogether(creations: readonly Creation[]): Promise<Written[]>;
  get(caller: DirectoryCaller, type: ResourceType, id: string, query: Request): Promise<Written>;
  /** @param asked the types whose resources are asked for: one, or several for a query over the root. */
  list(caller: DirectoryCaller, asked: readonly ResourceType[], query: QueryParameters): Promise<ListResponse>;
  replace(caller: DirectoryCaller, type: ResourceType, id: string, body: unknown, query: Request): Promise<Written>;
  /** Without a body for a large group, unless the client says which attributes it wants: the answer may not grow. */
  patch(caller: DirectoryCaller, type: ResourceType, id: string, body: unknown, query: Request): Promise<Written>;
  remove(caller: DirectoryCaller, type: ResourceType, id: string, query: Request): Promise<void>;
}

export interface DirectoryOptions {
  store: Store;
  /** Every resource type, by name. */
  types: ReadonlyMap<string, ResourceType>;
  /** The SCIM base URL of a tenant, without a trailing slash. */
  baseUrl: (tenant: string) => string;
  /** Who works out the extensions that resource types call computed. */
  computed: ComputedReaders;
  /** What cursors are sealed with. */
  cursors: Seal;
  /** Told after each write that sync has to carry on. */
  onChange: () => void;
  onNotes?: OnNotes;
  /** Who is to be given the passwords that identity providers set; undefined: nobody, and none is kept. */
  passwords?: PasswordKeeping;
}

/** A group with more members answers PATCH with 204. */
const LARGE_GROUP = 1_000;

export function createDirectory(options: DirectoryOptions): Directory {
  const { store, types, computed, baseUrl, cursors, onChange, onNotes, passwords: keeping } = options;

  const reading = (caller: DirectoryCaller, type: ResourceType): Reading => ({
    db: store.read,
    dialect: store.dialect,
    tenant: caller.tenant,
    type,
    types,
    computed,
    baseUrl: baseUrl(caller.tenant),
  });

  const answer = async (
    caller: DirectoryCaller,
    type: ResourceType,
    saved: Saved,
    query: Request,
  ): Promise<Written> => {
    if (saved.changed) onChange();
    if (query.bare) return { resource: null, ...place(caller, type, saved) };
    const [presented] = await present(
      reading(caller, type),
      [saved],
      { ...query, written: saved.written },
      saved.relations,
    );
    return { resource: null, ...place(caller, type, saved), ...presented };
  };

  const noted = (caller: DirectoryCaller, method: string, type: ResourceType | undefined, notes: readonly Note[]) => {
    if (notes.length > 0) onNotes?.(caller, { method, type: type?.name ?? null }, notes);
  };

  const write = async <T>(
    caller: DirectoryCaller,
    method: string,
    type: ResourceType,
    { ifMatch, ifNoneMatch }: Request,
    work: (writing: Writing) => Promise<T>,
  ): Promise<T> => {
    if (type.readOnly) throw readOnlyResources(type);
    const now = await store.now();
    // What has to be run again after a conflict notes the same once more, which makes no difference.
    const notes: Note[] = [];
    try {
      return await withSealed(keeping, (passwords) =>
        store.write((trx) =>
          work({ trx, dialect: store.dialect, caller, type, now, ifMatch, ifNoneMatch, notes, passwords }),
        ),
      );
    } catch (error) {
      throw refused(error, type);
    } finally {
      noted(caller, method, type, notes);
    }
  };

  const place = (caller: DirectoryCaller, type: ResourceType, { id, version }: { id: string; version: number }) => ({
    version: etag(version),
    location: `${baseUrl(caller.tenant)}${type.endpoint}/${id}`,
  });

  return {
    baseUrl,

    async create(caller, type, body, query) {
      const id = randomUUIDv7();
      const saved = await write(caller, 'POST', type, {}, (writing) => createRow(writing, id, body));
      return answer(caller, type, saved, query);
    },

    async createTogether(creations) {
      const readOnly = creations.findIndex(({ type }) => type.readOnly);
      const refusedType = creations[readOnly]?.type;
      if (refusedType) throw new NoneCreated(readOnly, readOnlyResources(refusedType));
      const now = await store.now();
      let at = 0;
      const notes = creations.map((): Note[] => []);
      const rows = withSealed(keeping, (passwords) =>
        store.write(async (trx) => {
          const saved: Saved[] = [];
          const unsealed: Unsealed[] = [];
          for (const [index, { caller, type, id, body }] of creations.entries()) {
            // Readers have their turn, however long the circle is.
            if (index > 0) await turnOfTheLoop();
            at = index;
            // Run once more for a password that was not sealed yet, it notes what holds when all of them are there.
            notes[index] = [];
            const writing = { trx, dialect: store.dialect, caller, type, now, notes: notes[index], passwords };
            await createRow(writing, id, body).then(
              (row) => saved.push(row),
              (error) => {
                if (!(error instanceof Unsealed)) throw error;
                unsealed.push(error);
              },
            );
          }
          if (unsealed.length > 0) throw together(unsealed);
          return saved;
        }),
      );
      const counted = rows.finally(() => {
        for (const [index, { caller, type }] of creations.entries()) noted(caller, 'POST', type, notes[index] ?? []);
      });
      const saved = await counted.catch((error) => {
        const type = creations[at]?.type;
        throw error instanceof StoreUnavailable || !type ? error : new NoneCreated(at, refused(error, type));
      });
      return Promise.all(
        creations.map(({ caller, type, query }, index) => {
          const row = saved[index] as Saved;
          // The others may have made it a member.
          return answer(caller, type, creations.length > 1 ? { ...row, relations: undefined } : row, query);
        }),
      );
    },

    async get(caller, type, id, query) {
      const from = reading(caller, type);
      const row = await requireRow(from, id);
      const [presented] = await present(from, [row], query);
      const got: Written = { resource: null, ...place(caller, type, row), ...presented };
      if (query.ifNoneMatch === undefined || !namesTag(query.ifNoneMatch, got.version)) return got;
      // What is worked out changes without the resource.
      const selection = selectionOf(type, query);
      const isWorkedOut = showsOthers(from, query) || [...type.computed].some((urn) => wantsComputed(urn, selection));
      return isWorkedOut ? got : { ...got, resource: null, unchanged: true };
    },

    async list(caller, asked, query) {
      const { read: db, dialect, now } = store;
      const { tenant } = caller;
      const notes: Note[] = [];
      const from = { db, dialect, tenant, types, computed, baseUrl: baseUrl(tenant), notes };
      const listing = { ...from, now, asked, seal: cursors };
      try {
        return await listResources(listing, query);
      } finally {
        noted(caller, 'GET', asked.length === 1 ? asked[0] : undefined, notes);
      }
    },

    async replace(caller, type, id, body, query) {
      const saved = await write(caller, 'PUT', type, query, (writing) => replaceRow(writing, id, body));
      return answer(caller, type, saved, query);
    },

    async patch(caller, type, id, body, query) {
      const saved = await write(caller, 'PATCH', type, query, (writing) => patchRow(writing, id, body));
      const unasked = query.attributes === undefined && query.excludedAttributes === undefined;
      if (unasked && (await isLarge(caller, type, id))) {
        const written = await answer(caller, type, saved, { bare: true });
        return { ...written, noContent: true };
      }
      return answer(caller, type, saved, query);
    },

    async remove(caller, type, id, query) {
      await write(caller, 'DELETE', type, query, (writing) => removeRow(writing, id));
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
  const names = uniquePaths(type).join(' or ');
  return uniqueness(`Another ${type.name} of this tenant has this ${names} already.`);
}
