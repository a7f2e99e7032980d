/**
 * The attribute values by which identity providers look resources up, one row each, so that matching costs an index
 * probe; the unique ones among them are what makes a duplicate impossible.
 */
import { createHash } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { ResourceType } from '../scim/schema.ts';
import type { Database } from '../store/tables.ts';

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

/** Besides every attribute whose schema says that it is unique. Paths that a type does not have cost nothing. */
const LOOKED_UP = ['externalId', 'displayName', 'value', 'emails.value', `${ENTERPRISE}:employeeNumber`];

/** A longer value is shortened, with a hash: PostgreSQL's index rows have a limit. Prefix searches stay right up to it. */
const LONGEST = 300;

export interface Lookup {
  path: string;
  value: string;
  is_unique: 0 | 1;
}

const lookedUpOf = new WeakMap<ResourceType, ReadonlySet<string>>();

/** Which paths of a type are served by an index. */
export function lookedUp(type: ResourceType): ReadonlySet<string> {
  const known = lookedUpOf.get(type) ?? new Set([...uniquePaths(type), ...LOOKED_UP]);
  lookedUpOf.set(type, known);
  return known;
}

/** @param search the resource in its comparable form (scim/comparable.ts). */
export function lookupsOf(type: ResourceType, search: Readonly<Record<string, unknown>>): Lookup[] {
  const unique = new Set(uniquePaths(type));
  const rows = new Map<string, Lookup>();
  for (const path of lookedUp(type)) {
    for (const value of valuesAt(search, path)) {
      const lookup: Lookup = { path, value: lookupValue(value), is_unique: unique.has(path) ? 1 : 0 };
      rows.set(`${path} ${lookup.value}`, lookup);
    }
  }
  return [...rows.values()];
}

export function lookupValue(comparable: string): string {
  if (comparable.length <= LONGEST) return comparable;
  const head = [...comparable].slice(0, LONGEST / 2).join('');
  return `${head}#${createHash('sha256').update(comparable).digest('hex')}`;
}

/** Whether a comparison with this value can be answered by the index alone. */
export function isWhole(comparable: string): boolean {
  return comparable.length <= LONGEST;
}

/**
 * Whether a value is unique is settled when it is first written, or made anew (reindex.ts): those who had one together when
 * it became unique can still be changed.
 */
export async function writeLookups(
  trx: Kysely<Database>,
  resource: { tenant: string; id: string; type: string },
  wanted: readonly Lookup[],
  before: readonly Lookup[],
): Promise<void> {
  const same = (a: Lookup, b: Lookup) => a.path === b.path && a.value === b.value;
  const gone = before.filter((old) => !wanted.some((lookup) => same(old, lookup)));
  const fresh = wanted.filter((lookup) => !before.some((old) => same(old, lookup)));
  for (const { path, value } of gone) {
    await trx
      .deleteFrom('lookups')
      .where('tenant', '=', resource.tenant)
      .where('type', '=', resource.type)
      .where('path', '=', path)
      .where('value', '=', value)
      .where('resource_id', '=', resource.id)
      .execute();
  }
  if (fresh.length === 0) return;
  const { tenant, type, id } = resource;
  await trx
    .insertInto('lookups')
    .values(fresh.map((lookup) => ({ tenant, type, resource_id: id, ...lookup })))
    .execute();
}

/** Paths of the attributes and sub-attributes that the type's schemas call unique. */
export function uniquePaths(type: ResourceType): string[] {
  return [...uniqueIn(type), ...type.extensions.flatMap(({ schema }) => uniqueIn(schema, `${schema.id}:`))];
}

function uniqueIn({ attributes }: Pick<ResourceType, 'attributes'>, prefix = ''): string[] {
  return [...attributes.values()].flatMap(({ name, uniqueness, mutability, subAttributes }) => {
    if (mutability === 'readOnly') return [];
    const path = prefix + name;
    return [...(uniqueness === 'none' ? [] : [path]), ...uniqueIn({ attributes: subAttributes }, `${path}.`)];
  });
}

/** `emails.value`, or `<urn>:employeeNumber`: the part before the last colon is the extension. */
function valuesAt(search: Readonly<Record<string, unknown>>, path: string): string[] {
  const colon = path.lastIndexOf(':');
  const root = colon < 0 ? search : search[path.slice(0, colon)];
  let level: unknown[] = [root];
  for (const name of path.slice(colon + 1).split('.')) {
    level = level.flatMap((node) => {
      const child = (node as Record<string, unknown> | undefined)?.[name];
      return child === undefined ? [] : Array.isArray(child) ? child : [child];
    });
  }
  return level.filter((value): value is string => typeof value === 'string');
}
