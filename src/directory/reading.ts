/** From rows to resources: the document, its relations where they are wanted, `meta`. */
import type { Kysely, Selectable } from 'kysely';
import type { Document, RelationValue } from '../scim/document.ts';
import { notFound } from '../scim/errors.ts';
import { etag } from '../scim/etag.ts';
import { assemble, type Resource, type Selection, select, wantsRelation } from '../scim/projection.ts';
import type { ResourceType } from '../scim/schema.ts';
import type { Dialect } from '../store/dialect.ts';
import type { Database, ResourcesTable } from '../store/tables.ts';
import { groupsOf, type Member, membersOf } from './members.ts';

/** Where and for whom something is read. */
export interface Reading {
  db: Kysely<Database>;
  dialect: Dialect;
  tenant: string;
  type: ResourceType;
  /** The tenant's SCIM base URL. */
  baseUrl: string;
}

/** What of a row makes a resource. */
export type Row = Pick<Selectable<ResourcesTable>, 'id' | 'version' | 'created' | 'last_modified' | 'document'>;

/** Relation values by attribute name. */
export type Relations = Readonly<Record<string, readonly RelationValue[]>>;

export const ROW_COLUMNS = ['id', 'version', 'created', 'last_modified', 'document'] as const;

/** As every id is made; anything else names nothing, and need not be asked for. */
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** @param lock until the transaction ends, where the row is about to be changed. @throws ScimError 404. */
export async function requireRow(
  { db, dialect, tenant, type }: Omit<Reading, 'baseUrl'>,
  id: string,
  lock = false,
): Promise<Row> {
  const none = notFound(`There is no ${type.name} with this id.`);
  if (!ID.test(id)) throw none;
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

/** @param known relations that need not be read, of all the rows. */
export async function present(
  reading: Reading,
  rows: readonly Row[],
  selection: Selection,
  known?: Relations,
): Promise<Resource[]> {
  const { type, baseUrl } = reading;
  const relations = known
    ? null
    : await readRelations(
        reading,
        rows.map((row) => row.id),
        selection,
      );
  return rows.map((row) => {
    const resource = assemble(type, {
      id: row.id,
      document: JSON.parse(row.document) as Document,
      relations: known ?? relations?.get(row.id) ?? {},
      meta: {
        created: timestamp(row.created),
        lastModified: timestamp(row.last_modified),
        location: `${baseUrl}${type.endpoint}/${row.id}`,
        version: etag(row.version),
      },
    });
    return select(resource, selection);
  });
}

/** Stored with nine fraction digits, shown with three. */
function timestamp(comparable: string): string {
  return `${comparable.slice(0, 23)}Z`;
}

async function readRelations(reading: Reading, ids: readonly string[], selection: Selection) {
  const { db, tenant, type, baseUrl } = reading;
  const relations = new Map<string, Record<string, RelationValue[]>>(ids.map((id) => [id, {}]));
  for (const relation of type.relations.values()) {
    if (!wantsRelation(relation.name, selection)) continue;
    if (relation.mutability === 'readOnly') {
      for (const [id, groups] of await groupsOf(db, tenant, ids)) {
        put(
          id,
          relation.name,
          groups.map((group) => groupValue(group, baseUrl)),
        );
      }
    } else {
      for (const [id, members] of await membersOf(db, tenant, ids)) put(id, relation.name, members.map(memberValue));
    }
  }
  return relations;

  function put(id: string, name: string, values: RelationValue[]): void {
    const of = relations.get(id);
    if (of && values.length > 0) of[name] = values;
  }
}

/** What the client sent is echoed. */
export function memberValue({ value, display, type }: Member): RelationValue {
  return { value, ...(display !== null && { display }), ...(type !== null && { type }) };
}

function groupValue({ value, display }: { value: string; display: string | null }, baseUrl: string): RelationValue {
  return { value, $ref: `${baseUrl}/Groups/${value}`, ...(display !== null && { display }), type: 'direct' };
}
