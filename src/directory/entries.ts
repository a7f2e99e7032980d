/**
 * Resources that no client writes (schema.ts, `urn:linkspan:readOnly`): kept like all others, so that filters, pages and
 * versions are theirs too, and written by whoever knows of them. No sync follows from them, and they have no activity.
 */
import type { Kysely } from 'kysely';
import { searchForm } from '../scim/comparable.ts';
import type { Document } from '../scim/document.ts';
import { inSchemaOrder } from '../scim/resource.ts';
import type { ResourceType } from '../scim/schema.ts';
import type { Dialect } from '../store/dialect.ts';
import type { Database, Millis } from '../store/tables.ts';
import { lookupsOf, writeLookups } from './lookups.ts';
import { instantOf } from './writing.ts';

/** Every resource type, by name. */
export type EntryTypes = ReadonlyMap<string, ResourceType>;

/** A resource without its id, as `Document` has it. */
export type EntryContent = Document;

export interface EntryWriting {
  trx: Kysely<Database>;
  dialect: Dialect;
  tenant: string;
  now: Millis;
}

/** As it is now, under the id that it has for good: also one that was withdrawn before. Writes only what differs. */
export async function putEntry(
  { trx, dialect, tenant, now }: EntryWriting,
  type: ResourceType,
  id: string,
  content: EntryContent,
): Promise<void> {
  const document = inSchemaOrder(content, type);
  const text = JSON.stringify(document);
  const row = await trx
    .selectFrom('resources')
    .select(['version', 'document', 'deleted_at'])
    .where('tenant', '=', tenant)
    .where('id', '=', id)
    .executeTakeFirst();
  if (row?.document === text && row.deleted_at === null) return;
  const search = searchForm(document, type);
  const at = instantOf(now);
  const values = {
    document: text,
    search: dialect.jsonb(JSON.stringify(search)),
    last_modified: at,
    version: (row?.version ?? 0) + 1,
    deleted_at: null,
  };
  if (row) {
    await trx.updateTable('resources').set(values).where('tenant', '=', tenant).where('id', '=', id).execute();
    await trx.deleteFrom('lookups').where('tenant', '=', tenant).where('resource_id', '=', id).execute();
  } else {
    await trx
      .insertInto('resources')
      .values({ tenant, id, type: type.name, created: at, ...values })
      .execute();
  }
  await writeLookups(trx, { tenant, id, type: type.name }, lookupsOf(type, search), []);
}

/** Shown no more; their ids stay theirs. */
export async function withdrawEntries({ trx, tenant, now }: EntryWriting, ids: readonly string[]): Promise<void> {
  await trx
    .updateTable('resources')
    .set({ deleted_at: now, last_modified: instantOf(now) })
    .where('tenant', '=', tenant)
    .where('id', 'in', ids)
    .where('deleted_at', 'is', null)
    .execute();
  await trx.deleteFrom('lookups').where('tenant', '=', tenant).where('resource_id', 'in', ids).execute();
}
