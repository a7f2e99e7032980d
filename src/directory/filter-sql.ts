/**
 * A filter as SQL: the same meaning as `scim/filter/match.ts` (it is written down in `scim/filter/ast.ts`), on both
 * stores. Values were put into their comparable form before they were stored, so SQL only compares texts. What an index
 * can answer is asked of the index; the rest is one scan over the tenant's resources of that type.
 */
import { type Expression, type RawBuilder, type SqlBool, sql } from 'kysely';
import { comparable } from '../scim/comparable.ts';
import type { Compare, CompareOp, Element, Filter, FilterPath, Present } from '../scim/filter/ast.ts';
import type { Attribute, ResourceType } from '../scim/schema.ts';
import type { Dialect, JsonPath } from '../store/dialect.ts';
import { isWhole, lookedUp, lookupValue } from './lookups.ts';
import { rowsSource } from './relation-sql.ts';

type Condition = RawBuilder<SqlBool>;
type Text = Expression<string | null>;
type Test = (text: Text) => Condition;

/** Where the values of paths come from: a resource, or one element of it. `some`: any value passes the test. */
export interface Source {
  some(path: FilterPath, test: Test): Condition;
  /** The elements of a multi-valued attribute, each a source of its own. */
  element(path: FilterPath, inner: (element: Source) => Condition): Condition;
}

export interface FilterContext {
  dialect: Dialect;
  tenant: string;
  type: ResourceType;
  /** The tenant's SCIM base URL, for `meta.location` and `$ref`. */
  baseUrl: string;
}

/** @returns a condition on the row `resources`. */
export function filterSql(filter: Filter, context: FilterContext): Condition {
  const aliases = { next: 0 };
  return compile(filter, resourceSource(context, aliases), context);
}

const FALSE = sql<SqlBool>`1 = 0`;
const TRUE = sql<SqlBool>`1 = 1`;

function compile(filter: Filter, source: Source, context: FilterContext, top = true): Condition {
  switch (filter.kind) {
    case 'and':
    case 'or': {
      const terms = filter.terms.map((term) => compile(term, source, context, top));
      return joined(terms, filter.kind === 'and' ? sql` and ` : sql` or `);
    }
    case 'not':
      return negated(compile(filter.term, source, context, top));
    case 'present':
      return presentSql(filter.path, source);
    case 'element': {
      const inner = source.element(filter.path, (element) => compile(filter.filter, element, context, false));
      const narrowed = top ? narrowing(filter, context) : null;
      return narrowed ? sql`(${narrowed} and ${inner})` : inner;
    }
    case 'compare':
      return compareSql(filter, source, context, top);
  }
}

function compareSql(filter: Compare, source: Source, context: FilterContext, top: boolean): Condition {
  const { path, op, value } = filter;
  if (value === null) {
    const present = presentSql(path, source);
    return op === 'eq' ? negated(present) : present;
  }
  if (op === 'ne') return negated(compareSql({ ...filter, op: 'eq' }, source, context, top));
  const indexed = top ? indexSql(pathName(path), op, value, context) : null;
  return indexed ?? source.some(path, (text) => relation(op, text, value, context.dialect));
}

function relation(op: Exclude<CompareOp, 'ne'>, text: Text, value: string, dialect: Dialect): Condition {
  switch (op) {
    case 'eq':
      return sql`${text} = ${value}`;
    case 'co':
      return value === '' ? sql`${text} is not null` : dialect.contains(text, value);
    case 'sw':
      return dialect.startsWith(text, value);
    case 'ew':
      return dialect.endsWith(text, value);
    default:
      return sql`${text} ${sql.raw({ gt: '>', ge: '>=', lt: '<', le: '<=' }[op])} ${value}`;
  }
}

/** Present: a value that is not the empty text; of a complex attribute, in any of its sub-attributes. */
function presentSql(path: Present['path'], source: Source): Condition {
  const test: Test = (text) => sql`${text} <> ''`;
  const parts = path.sub ? [path.sub] : [...path.attribute.subAttributes.values()];
  if (parts.length === 0) return source.some(path, test);
  return sql`(${sql.join(
    parts.map((sub) => source.some({ ...path, sub }, test)),
    sql` or `,
  )})`;
}

/** As a balanced tree: SQLite takes a row of terms for a chain, and refuses one of a thousand. */
function joined(terms: readonly Condition[], operator: RawBuilder<unknown>): Condition {
  if (terms.length <= 2) return sql`(${sql.join(terms, operator)})`;
  const middle = Math.ceil(terms.length / 2);
  return sql`(${joined(terms.slice(0, middle), operator)}${operator}${joined(terms.slice(middle), operator)})`;
}

/** A condition is true or false, never null: `not` is plain negation. */
function negated(condition: Condition): Condition {
  return sql`not ${condition}`;
}

/** Equality and prefixes of attributes that have lookup rows. */
function indexSql(path: string, op: CompareOp, value: string, context: FilterContext): Condition | null {
  if (!lookedUp(context.type).has(path)) return null;
  if (op === 'eq') return inLookups(path, sql`value = ${lookupValue(value)}`, context);
  if (op === 'sw' && value !== '' && isWhole(`${value}${value}`)) {
    return inLookups(path, context.dialect.startsWith(sql.ref('value'), value), context);
  }
  return null;
}

function inLookups(path: string, condition: Condition, { tenant, type }: FilterContext): Condition {
  return sql`resources.id in (select resource_id from lookups
    where tenant = ${tenant} and type = ${type.name} and path = ${path} and ${condition})`;
}

/** `emails[type eq "work" and value eq "x"]` cannot be true where no e-mail is "x": that, an index answers. */
function narrowing({ path, filter }: Element, context: FilterContext): Condition | null {
  const terms = filter.kind === 'and' ? filter.terms : [filter];
  for (const term of terms) {
    if (term.kind !== 'compare' || term.op !== 'eq' || term.value === null) continue;
    const indexed = indexSql(`${pathName(path)}.${term.path.attribute.name}`, 'eq', term.value, context);
    if (indexed) return indexed;
  }
  return null;
}

function pathName({ extension, attribute, sub }: FilterPath): string {
  return `${extension ? `${extension}:` : ''}${attribute.name}${sub ? `.${sub.name}` : ''}`;
}

function resourceSource(context: FilterContext, aliases: { next: number }): Source {
  const { dialect, type } = context;
  const search = sql.ref('resources.search');
  const json = jsonSource(dialect, search, [], aliases);
  return {
    some(path, test) {
      if (path.extension === undefined) {
        if (path.attribute.name === 'id') return test(sql.ref('resources.id'));
        if (path.attribute.name === 'meta') return metaSql(path.sub, test, context);
        if (path.attribute.name === 'schemas') return schemasSql(test, context);
        if (type.relations.has(path.attribute.name)) {
          return rowsSource(path.attribute, context).some(path.sub, test);
        }
      }
      return json.some(path, test);
    },
    element(path, inner) {
      if (path.extension === undefined && type.relations.has(path.attribute.name)) {
        return rowsSource(path.attribute, context).element(inner);
      }
      return json.element(path, inner);
    },
  };
}

/** Values inside a JSON column, below `root`. */
function jsonSource(
  dialect: Dialect,
  column: Expression<unknown>,
  root: readonly string[],
  aliases: { next: number },
): Source {
  const at = (path: FilterPath): JsonPath => {
    const [head, ...tail] = [...root, ...(path.extension ? [path.extension] : []), path.attribute.name];
    return [head ?? '', ...tail];
  };
  return {
    some(path, test) {
      if (!path.attribute.multiValued) {
        const text = dialect.jsonText(column, path.sub ? [...at(path), path.sub.name] : at(path));
        return sql`coalesce(${test(text)}, ${FALSE})`;
      }
      const elements = dialect.jsonElements(column, at(path), `e${aliases.next++}`);
      return elements.some(test(path.sub ? elements.sub([path.sub.name]) : elements.text));
    },
    element(path, inner) {
      if (!path.attribute.multiValued) return inner(jsonSource(dialect, column, at(path), aliases));
      const elements = dialect.jsonElements(column, at(path), `e${aliases.next++}`);
      // The elements of a simple attribute have one sub-attribute, `value`: themselves.
      const simple = path.attribute.subAttributes.size === 0;
      return elements.some(
        inner({
          some: ({ attribute }, test) =>
            sql`coalesce(${test(simple ? elements.text : elements.sub([attribute.name]))}, ${FALSE})`,
          element: () => FALSE,
        }),
      );
    },
  };
}

/** `meta` is kept in columns. */
function metaSql(sub: Attribute | undefined, test: Test, { type, baseUrl }: FilterContext): Condition {
  switch (sub?.name) {
    case 'created':
      return test(sql.ref('resources.created'));
    case 'lastModified':
      return test(sql.ref('resources.last_modified'));
    case 'resourceType':
      return test(sql`cast(${comparable(sub, type.name)} as text)`);
    case 'version':
      return test(sql`('W/"' || cast(resources.version as text) || '"')`);
    case 'location':
      return test(sql`(cast(${`${baseUrl}${type.endpoint}/`} as text) || resources.id)`);
    default:
      return FALSE;
  }
}

/** `schemas` follows from the content: the core schema, and each extension that has any. */
function schemasSql(test: Test, { dialect, type }: FilterContext): Condition {
  const has = (urn: string, present: Condition) => sql`(${present} and ${test(sql`cast(${urn} as text)`)})`;
  return sql`(${sql.join(
    [
      has(type.schema.id, TRUE),
      ...type.extensions.map(({ schema }) =>
        has(schema.id, dialect.jsonExists(sql.ref('resources.search'), [schema.id])),
      ),
    ],
    sql` or `,
  )})`;
}
