/**
 * A filter as SQL: the same meaning as `scim/filter/match.ts` (it is written down in `scim/filter/ast.ts`), on both
 * stores. Values were put into their comparable form before they were stored, so SQL only compares texts. What an index
 * can answer is asked of the index; the rest is one scan over the tenant's resources of that type.
 */
import { type RawBuilder, sql } from 'kysely';
import {
  type Compare,
  type CompareOp,
  type Element,
  type Filter,
  type FilterPath,
  isFalseWhenAbsent,
  type Present,
} from '../scim/filter/ast.ts';
import type { Dialect } from '../store/dialect.ts';
import type { Condition, FilterContext, Source, Test, Text } from './filter-source.ts';
import { isWhole, lookedUp, lookupValue } from './lookups.ts';
import { rowsSource } from './relation-sql.ts';
import { resourceSource } from './resource-source.ts';

/** @returns a condition on the row `resources`. */
export function filterSql(filter: Filter, context: FilterContext): Condition {
  const aliases = { next: 0 };
  const probing = { ...context, probes: { left: MAX_JOINED_PROBES } };
  return compile(filter, resourceSource(context, aliases), probing);
}

/** Probes of an index by which the planner may find the resources; it weighs every order of joining them. */
const MAX_JOINED_PROBES = 4;

interface Probing extends FilterContext {
  probes: { left: number };
}

function compile(filter: Filter, source: Source, context: Probing, top = true): Condition {
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

function compareSql(filter: Compare, source: Source, context: Probing, top: boolean): Condition {
  const { path, op, value } = filter;
  if (value === null) {
    const present = presentSql(path, source);
    return op === 'eq' ? negated(present) : present;
  }
  if (op === 'ne') return negated(compareSql({ ...filter, op: 'eq' }, source, context, top));
  const indexed = top ? indexSql(path, op, value, context) : null;
  const orFalse = isFalseWhenAbsent(path, source.isListed);
  return (
    indexed ??
    source.some(path, (text) => relation(op, orFalse ? sql`coalesce(${text}, 'false')` : text, value, context.dialect))
  );
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

/** Equality and prefixes of attributes that have lookup rows; who is in a group, and in which groups somebody is. */
function indexSql(at: FilterPath, op: CompareOp, value: string, context: Probing): Condition | null {
  const probe = probeOf(at, op, value, context);
  return probe && context.probes.left-- <= 0 ? context.dialect.apart(probe) : probe;
}

function probeOf(at: FilterPath, op: CompareOp, value: string, context: FilterContext): Condition | null {
  const { extension, attribute, sub } = at;
  if (extension === undefined && context.type.relations.has(attribute.name)) {
    return op === 'eq' ? rowsSource(attribute, context).holding(sub?.name ?? 'value', value) : null;
  }
  const path = pathName(at);
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
function narrowing({ path, filter }: Element, context: Probing): Condition | null {
  const terms = filter.kind === 'and' ? filter.terms : [filter];
  for (const term of terms) {
    if (term.kind !== 'compare' || term.op !== 'eq' || term.value === null) continue;
    const indexed = indexSql({ ...path, sub: term.path.attribute }, 'eq', term.value, context);
    if (indexed) return indexed;
  }
  return null;
}

function pathName({ extension, attribute, sub }: FilterPath): string {
  return `${extension ? `${extension}:` : ''}${attribute.name}${sub ? `.${sub.name}` : ''}`;
}
