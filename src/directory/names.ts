/** What people call a resource: its userName or displayName now, those of deleted ones too while they are remembered. */
import type { Kysely } from 'kysely';
import type { Database } from '../store/tables.ts';

export interface ResourceName {
  type: string;
  name: string | null;
  deleted: boolean;
}

const AT_ONCE = 500;

/** By id. Ids of which nothing is left are not in it. */
export async function readNames(
  db: Kysely<Database>,
  tenant: string,
  ids: Iterable<string>,
): Promise<Map<string, ResourceName>> {
  const names = new Map<string, ResourceName>();
  const wanted = [...new Set(ids)];
  for (let from = 0; from < wanted.length; from += AT_ONCE) {
    const rows = await db
      .selectFrom('resources')
      .select(['id', 'type', 'document', 'deleted_at'])
      .where('tenant', '=', tenant)
      .where('id', 'in', wanted.slice(from, from + AT_ONCE))
      .execute();
    for (const { id, type, document, deleted_at } of rows) {
      const { userName, displayName } = JSON.parse(document) as Record<string, unknown>;
      const name = [userName, displayName].find((value) => typeof value === 'string');
      names.set(id, { type, name: name ?? null, deleted: deleted_at !== null });
    }
  }
  return names;
}
