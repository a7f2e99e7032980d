/** What people call a resource: its userName or displayName now, those of deleted ones too while they are remembered. */
import type { Kysely } from 'kysely';
import { fold } from '../scim/comparable.ts';
import type { Database } from '../store/tables.ts';
import { lookupValue } from './lookups.ts';

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

/** What two display names have in common that SCIM takes for the same. */
export function nameKey(name: string): string {
  return fold(name);
}

/** Those of the names that no group has now. */
export async function namesOfNoGroup(
  db: Kysely<Database>,
  tenant: string,
  names: readonly string[],
): Promise<string[]> {
  const known = new Set<string>();
  for (let from = 0; from < names.length; from += AT_ONCE) {
    const keys = names.slice(from, from + AT_ONCE).map((name) => lookupValue(nameKey(name)));
    const rows = await db
      .selectFrom('lookups')
      .select('value')
      .where('tenant', '=', tenant)
      .where('type', '=', 'Group')
      .where('path', '=', 'displayName')
      .where('value', 'in', keys)
      .execute();
    for (const { value } of rows) known.add(value);
  }
  return names.filter((name) => !known.has(lookupValue(nameKey(name))));
}
