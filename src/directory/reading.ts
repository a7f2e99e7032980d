/** From rows to resources: the document, its relations where they are wanted, `meta`. */
import { createHash } from 'node:crypto';
import type { Kysely, Selectable } from 'kysely';
import type { Document, RelationValue } from '../scim/document.ts';
import { notFound } from '../scim/errors.ts';
import { etag } from '../scim/etag.ts';
import {
  asksFor,
  assemble,
  type ProjectionParameters,
  type Selection,
  select,
  selectionOf,
  selectValues,
  wants,
} from '../scim/projection.ts';
import type { ResourceType } from '../scim/schema.ts';
import type { Dialect } from '../store/dialect.ts';
import type { Database, ResourcesTable } from '../store/tables.ts';
import { type ComputedReaders, readComputed } from './computed.ts';
import { fillDocuments } from './references.ts';
import { type RelationPages, type Relations, readRelation } from './relations.ts';
import { type Presented, Streamed } from './streamed.ts';

/** Where and for whom something is read. */
export interface Reading {
  db: Kysely<Database>;
  dialect: Dialect;
  tenant: string;
  type: ResourceType;
  /** All there are, by name: a reference may lead to any of them. */
  types: ReadonlyMap<string, ResourceType>;
  computed: ComputedReaders;
  /** The tenant's SCIM base URL. */
  baseUrl: string;
}

/** What of a row makes a resource. */
export type Row = Pick<Selectable<ResourcesTable>, 'id' | 'version' | 'created' | 'last_modified' | 'document'>;

export const ROW_COLUMNS = ['id', 'version', 'created', 'last_modified', 'document'] as const;

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** As every id is made; anything else names nothing, and must not be asked for: a store may not even take it. */
export function isId(text: string): boolean {
  return ID.test(text);
}

/** @param lock until the transaction ends, where the row is about to be changed. @throws ScimError 404. */
export async function requireRow(
  { db, dialect, tenant, type }: Pick<Reading, 'db' | 'dialect' | 'tenant' | 'type'>,
  id: string,
  lock = false,
): Promise<Row> {
  const none = notFound(`There is no ${type.name} with this id.`);
  if (!isId(id)) throw none;
  const row = await db
    .selectFrom('resources')
    .select(ROW_COLUMNS)
    .where('tenant', '=', tenant)
    .where('id', '=', id)
    .where('type', '=', type.name)
    .where('deleted_at', 'is', null)
    .$if(lock, (query) => query.modifyEnd(dialect.forUpdate))
    .executeTakeFirst();
  if (!row) throw none;
  return row;
}

export interface PresentedRow {
  resource: Presented;
  /** The entity-tag of what is shown. */
  version: string;
}

/** @param known relations that need not be read, of all the rows. */
export async function present(
  reading: Reading,
  rows: readonly Row[],
  query: ProjectionParameters,
  known?: Relations,
): Promise<PresentedRow[]> {
  const { type, baseUrl } = reading;
  const selection = selectionOf(type, query);
  const ids = rows.map((row) => row.id);
  const wanted = [...type.relations.values()].filter(({ name }) => wants(name, selection));
  const readers = await Promise.all(
    wanted.map(async (relation) => {
      const complete = asksFor({ attribute: relation }, type, query);
      const read =
        known && !complete ? () => known[relation.name] : await readRelation(reading, relation, ids, complete);
      return { ...relation, read };
    }),
  );
  const documents = rows.map((row) => JSON.parse(row.document) as Document);
  const filled = await fillDocuments(reading, documents, query);
  const computedOf = await readComputed(reading, ids, selection);

  return rows.map((row, index) => {
    const held: Record<string, readonly RelationValue[]> = {};
    const streamed: Record<string, Streamed | []> = {};
    for (const { name, mutability, read } of readers) {
      const values = read(row.id);
      // A group without members says so: authentik fills up only what it is shown.
      if (!values && mutability !== 'readOnly') streamed[name] = [];
      if (values && isPages(values)) streamed[name] = new Streamed(selected(values, name, selection));
      else if (values) held[name] = values;
    }
    const version = etag(
      row.version,
      digestOf(wanted.flatMap(({ name, mutability }) => (mutability === 'readOnly' && held[name]) || [])),
    );
    const resource = assemble(type, {
      id: row.id,
      document: { ...filled[index], ...computedOf(row.id) },
      relations: held,
      meta: {
        created: timestamp(row.created),
        lastModified: timestamp(row.last_modified),
        location: `${baseUrl}${type.endpoint}/${row.id}`,
        version,
      },
    });
    return { resource: { ...select(resource, selection), ...streamed }, version };
  });
}

/** Of values that other resources contribute; nothing where there are none. */
function digestOf(values: readonly RelationValue[]): string | undefined {
  if (values.length === 0) return undefined;
  return createHash('sha256').update(JSON.stringify(values)).digest('hex').slice(0, 12);
}

function isPages(values: readonly RelationValue[] | RelationPages): values is RelationPages {
  return Symbol.asyncIterator in values;
}

async function* selected(pages: RelationPages, name: string, selection: Selection) {
  for await (const page of pages) yield selectValues(name, page, selection);
}

/** Stored with nine fraction digits, shown with three. */
function timestamp(comparable: string): string {
  return `${comparable.slice(0, 23)}Z`;
}
