/** What a filter is asked of, in SQL: a resource, or one element of it. */
import { type Expression, type RawBuilder, type SqlBool, sql } from 'kysely';
import type { FilterPath } from '../scim/filter/ast.ts';
import type { ResourceType } from '../scim/schema.ts';
import type { Dialect } from '../store/dialect.ts';

/** True or false, never null. */
export type Condition = RawBuilder<SqlBool>;
export type Text = Expression<string | null>;
export type Test = (text: Text) => Condition;

export interface Source {
  /** Whether any value at the path passes the test. */
  some(path: FilterPath, test: Test): Condition;
  /** Whether any element of a multi-valued attribute does, each a source of its own. */
  element(path: FilterPath, inner: (element: Source) => Condition): Condition;
  /** An element of a multi-valued attribute. */
  readonly isListed: boolean;
}

export interface FilterContext {
  dialect: Dialect;
  tenant: string;
  type: ResourceType;
  /** The tenant's SCIM base URL, for `meta.location` and `$ref`. */
  baseUrl: string;
}

export const FALSE = sql<SqlBool>`1 = 0`;
export const TRUE = sql<SqlBool>`1 = 1`;

/** A source whose elements do not nest. */
export function leaves(some: Source['some'], isListed = false): Source {
  return { some, element: () => FALSE, isListed };
}
