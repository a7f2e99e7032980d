/** Relation attributes (members of a group, groups of a user) in filters: rows of `members` instead of elements of JSON. */
import { type Expression, type RawBuilder, type SqlBool, sql } from 'kysely';
import type { Attribute } from '../scim/schema.ts';
import type { FilterContext, Source } from './filter-sql.ts';

type Condition = RawBuilder<SqlBool>;
type Test = (text: Expression<string | null>) => Condition;

export interface RowsSource {
  some(sub: Attribute | undefined, test: Test): Condition;
  element(inner: (element: Source) => Condition): Condition;
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
        inner({
          some: ({ attribute: sub }, test) => sql`coalesce(${test(rows.columns[sub.name] ?? NOTHING)}, 1 = 0)`,
          element: () => sql`1 = 0`,
        }),
      ),
  };
}

interface Rows {
  columns: Readonly<Record<string, Expression<string | null>>>;
  where(condition: Condition): Condition;
}

function memberRows({ tenant }: FilterContext): Rows {
  return {
    columns: { value: sql.ref('m.member_id'), display: sql.ref('m.display_folded'), type: sql.ref('m.type_folded') },
    where: (condition) => sql`exists (select 1 from members as m
      where m.tenant = ${tenant} and m.group_id = resources.id and m.removed = 0 and ${condition})`,
  };
}

function groupRows({ tenant, baseUrl, dialect }: FilterContext): Rows {
  return {
    columns: {
      value: sql.ref('m.group_id'),
      display: dialect.jsonText(sql.ref('g.search'), ['displayName']),
      $ref: sql`(cast(${`${baseUrl}/Groups/`} as text) || m.group_id)`,
      type: sql`'direct'`,
    },
    where: (condition) => sql`exists (select 1 from members as m
      join resources as g on g.tenant = m.tenant and g.id = m.group_id and g.deleted_at is null
      where m.tenant = ${tenant} and m.member_id = resources.id and m.removed = 0 and ${condition})`,
  };
}
