/**
 * Clients name a role or an entitlement by its `value` (draft-ietf-scim-roles-entitlements) or by its `id`, as Okta does. What
 * the directory holds stays as it was sent; whoever works with it is given the value.
 */
import type { Kysely } from 'kysely';
import { type Complex, isComplex } from '../scim/document.ts';
import type { Database } from '../store/tables.ts';
import { isId } from './reading.ts';

const NAMING = ['roles', 'entitlements'] as const;

const AT_ONCE = 500;

/** The same documents, with values in place of ids. Asks nothing where nobody has an id. */
export async function withEntryValues(db: Kysely<Database>, tenant: string, documents: readonly Complex[]) {
  const ids = [...new Set(documents.flatMap((document) => NAMING.flatMap((name) => idsIn(document[name]))))];
  const values = new Map<string, string>();
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const rows = await db
      .selectFrom('resources')
      .select(['id', 'document'])
      .where('tenant', '=', tenant)
      .where('id', 'in', ids.slice(from, from + AT_ONCE))
      .where('type', 'in', ['Role', 'Entitlement'])
      .execute();
    for (const { id, document } of rows) values.set(id, String(JSON.parse(document).value));
  }
  return values.size === 0 ? documents : documents.map((document) => named(document, values));
}

function idsIn(elements: Complex[string] | undefined): string[] {
  return Array.isArray(elements) ? elements.flatMap((element) => idOf(element) ?? []) : [];
}

function idOf(element: Complex[string]): string | undefined {
  const value = isComplex(element) ? element.value : undefined;
  const id = typeof value === 'string' ? value.toLowerCase() : '';
  return isId(id) ? id : undefined;
}

function named(document: Complex, values: ReadonlyMap<string, string>): Complex {
  const result: Complex = { ...document };
  for (const name of NAMING) {
    const elements = document[name];
    if (!Array.isArray(elements)) continue;
    result[name] = elements.map((element) => {
      const value = values.get(idOf(element) ?? '');
      return value !== undefined && isComplex(element) ? { ...element, value } : element;
    });
  }
  return result;
}
