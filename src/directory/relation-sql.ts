/** Relation attributes (members of a group, groups of a user) in filters: rows of `members` instead of elements of JSON. */
import { type Expression, type RawBuilder, sql } from 'kysely';
import type { Attribute } from '../scim/schema.ts';
import { type Condition, type FilterContext, leaves, type Source, type Test } from './filter-source.ts';
import { lookupValue } from './lookups.ts';

export interface RowsSource {
  some(sub: Attribute | undefined, test: Test): Condition;
  element(inner: (element: Source) => Condition): Condition;
  /** Of the value that came first. */
  first(sub: Attribute | undefined): RawBuilder<string | null>;
  /** `some` for one known value, from its side: an index gives the few rows that hold it. Null where no index does. */
  holding(sub: string, value: string): Condition | null;
}

const NOTHING = sql<string | null>`cast(null as text)`;

/** The side that a resource stands on follows from who may write: a group writes its members, a user only sees groups. */
export function rowsSource(attribute: Attribute, context: FilterContext): RowsSource {
  const rows = attribute.mutability === 'readOnly' ? groupRows(context) : memberRows(context);
  const some = (column: string | undefined, test: Test) =>
    rows.where(sql`coalesce(${test(rows.columns[column ?? 'value'] ?? NOTHING)}, 1 = 0)`);
  return {
    some: (sub, test) => some(sub?.name, test),
    element: (inner) =>
      rows.where(
        inner(
          leaves(({ attribute: sub }, test) => sql`coalesce(${test(rows.columns[sub.name] ?? NOTHING)}, 1 = 0)`, true),
        ),
      ),
    first: (sub) => sql`(select ${rows.columns[sub?.name ?? 'value'] ?? NOTHING} ${rows.from} ${rows.order} limit 1)`,
    holding: rows.holding,
  };
}

interface Rows {
  columns: Readonly<Record<string, Expression<string | null>>>;
  /** FROM and WHERE, of the rows that belong to `resources`. */
  from: RawBuilder<unknown>;
  order: RawBuilder<unknown>;
  where(condition: Condition): Condition;
  holding: RowsSource['holding'];
}

function memberRows({ tenant, dialect }: FilterContext): Rows {
  const from = sql`from members as m where m.tenant = ${tenant} and m.group_id = resources.id and m.removed = 0`;
  return {
    columns: {
      value: sql.ref('m.member_id'),
      display: sql.ref('m.display_folded'),
      type: sql.ref('m.type_folded'),
      $ref: sql.ref('m.ref'),
    },
    from,
    order: sql`order by m.change_seq, m.member_id`,
    where: (condition) => dialect.apart(sql`exists (select 1 ${from} and ${condition})`),
    holding: (sub, value) =>
      sub === 'value'
        ? sql`resources.id in (select group_id from members
            where tenant = ${tenant} and member_id = ${value} and removed = 0)`
        : null,
  };
}

function groupRows({ tenant, baseUrl, dialect }: FilterContext): Rows {
  const from = sql`from members as m
    join resources as g on g.tenant = m.tenant and g.id = m.group_id and g.deleted_at is null
    where m.tenant = ${tenant} and m.member_id = resources.id and m.removed = 0`;
  return {
    columns: {
      value: sql.ref('m.group_id'),
      display: dialect.jsonText(sql.ref('g.search'), ['displayName']),
      $ref: dialect.bytewise(sql`(cast(${`${baseUrl}/Groups/`} as text) || m.group_id)`),
      type: dialect.bytewise(sql`cast('direct' as text)`),
    },
    from,
    order: sql`order by g.seq`,
    where: (condition) => dialect.apart(sql`exists (select 1 ${from} and ${condition})`),
    holding: (sub, value) => {
      if (sub !== 'value' && sub !== 'display') return null;
      const groups =
        sub === 'value'
          ? sql`select id from resources where tenant = ${tenant} and id = ${value} and deleted_at is null`
          : sql`select resource_id from lookups
              where tenant = ${tenant} and type = 'Group' and path = 'displayName' and value = ${lookupValue(value)}`;
      return sql`resources.id in (select member_id from members
        where tenant = ${tenant} and removed = 0 and group_id in (${groups}))`;
    },
  };
}
