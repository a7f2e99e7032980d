/**
 * The order of resources as SQL: by the comparable text of one attribute, then by insertion, so that no two resources are
 * equal and a place in the order can be returned to (RFC 7644 section 3.4.2.3, RFC 9865 section 2.2).
 */
import { type RawBuilder, type SqlBool, sql } from 'kysely';
import type { FilterPath } from '../scim/filter/ast.ts';
import { findAttribute, type ResourceType } from '../scim/schema.ts';
import { parseSortBy } from '../scim/sort.ts';
import type { JsonPath } from '../store/dialect.ts';
import type { FilterContext } from './filter-source.ts';
import { rowsSource } from './relation-sql.ts';
import { metaText } from './resource-source.ts';

/** Where a resource stands. */
export interface Place {
  seq: number;
  /** Comparable form; null: the attribute is absent, or nothing is sorted by. */
  key: string | null;
  /** The key is only the beginning of one. */
  cut?: boolean;
}

export interface Order {
  /** Null: by insertion alone. */
  key: RawBuilder<string | null> | null;
  descending: boolean;
}

type Context = Omit<FilterContext, 'type'>;

/** @throws ScimError invalidValue. */
export function orderOf(
  { sortBy, descending }: { sortBy: string | undefined; descending: boolean },
  types: readonly ResourceType[],
  context: Context,
): Order {
  if (sortBy === undefined) return { key: null, descending };
  const keys = types.map((type) => keyText(parseSortBy(sortBy, type, types), { ...context, type }));
  const [only, ...more] = keys;
  if (only && more.length === 0) return { key: only, descending };
  const cases = types.map((type, index) => sql`when ${type.name} then ${keys[index]}`);
  return { key: sql`(case resources.type ${sql.join(cases, sql` `)} end)`, descending };
}

function keyText(path: FilterPath, context: FilterContext): RawBuilder<string | null> {
  const { extension, attribute, sub } = path;
  const { dialect, type } = context;
  const search = sql.ref('resources.search');
  if (extension === undefined) {
    if (attribute.name === 'id') return sql`resources.id`;
    if (attribute.name === 'schemas') return sql`cast(${type.schema.id} as text)`;
    if (attribute.name === 'meta' && sub) return metaText(sub, context);
    if (type.relations.has(attribute.name)) return rowsSource(attribute, context).first(sub);
  }
  const at: JsonPath = extension === undefined ? [attribute.name] : [extension, attribute.name];
  if (!attribute.multiValued) return dialect.jsonText(search, sub ? [...at, sub.name] : at);
  const elements = dialect.jsonElements(search, at, 'sorted');
  const isPrimary = findAttribute(attribute, 'primary')
    ? sql<SqlBool>`${elements.sub(['primary'])} = 'true'`
    : sql<SqlBool>`1 = 0`;
  return elements.first(sub ? elements.sub([sub.name]) : elements.text, isPrimary);
}

/** What stands behind the place, or before it; `inclusive`: what stands there too. */
export function beyond(
  { key, descending }: Order,
  { seq, key: at }: Place,
  { backwards, inclusive }: { backwards: boolean; inclusive: boolean },
): RawBuilder<SqlBool> {
  const later = sql.raw((backwards ? '<' : '>') + (inclusive ? '=' : ''));
  const behind = sql<SqlBool>`resources.seq ${later} ${seq}`;
  if (!key) return behind;
  // Resources without a value stand last, and first in descending order.
  const absentAhead = descending === backwards;
  if (at === null) {
    const rest = sql<SqlBool>`(${key} is null and ${behind})`;
    return absentAhead ? rest : sql`(${rest} or ${key} is not null)`;
  }
  const further = sql.raw(descending === backwards ? '>' : '<');
  const rest = sql<SqlBool>`(${key} ${further} ${at} or (${key} = ${at} and ${behind}))`;
  return absentAhead ? sql`(${rest} or ${key} is null)` : rest;
}

/** The terms of ORDER BY. */
export function orderBy({ key, descending }: Order, backwards: boolean): RawBuilder<unknown> {
  const seq = sql`resources.seq ${sql.raw(backwards ? 'desc' : 'asc')}`;
  if (!key) return seq;
  const direction = sql.raw(descending === backwards ? 'asc' : 'desc');
  return sql`(${key} is null) ${direction}, ${key} ${direction}, ${seq}`;
}
