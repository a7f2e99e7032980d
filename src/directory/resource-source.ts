/** Where the values of a resource are kept: columns, the JSON of its comparable form, rows of members. */
import { type Expression, type RawBuilder, sql } from 'kysely';
import { comparable } from '../scim/comparable.ts';
import { tooMany } from '../scim/errors.ts';
import type { FilterPath } from '../scim/filter/ast.ts';
import { type Attribute, coreSchemasOf } from '../scim/schema.ts';
import type { Dialect, JsonPath } from '../store/dialect.ts';
import { type Condition, FALSE, type FilterContext, leaves, type Source, type Test, TRUE } from './filter-source.ts';
import { rowsSource } from './relation-sql.ts';

/** Conditions on rows of other resources, each a sub-query for each resource that is looked at. */
const MAX_RELATED = 20;

export function resourceSource(context: FilterContext, aliases: { next: number }): Source {
  const { dialect, type } = context;
  const search = sql.ref('resources.search');
  const json = jsonSource(dialect, search, [], aliases);
  let relatedTests = 0;
  const related = (path: FilterPath) => {
    relatedTests += 1;
    if (relatedTests <= MAX_RELATED) return rowsSource(path.attribute, context);
    throw tooMany(`The filter looks into members or groups more than ${MAX_RELATED} times; ask in parts.`);
  };
  return {
    isListed: false,
    some(path, test) {
      if (path.extension === undefined) {
        if (path.attribute.name === 'id') return test(sql.ref('resources.id'));
        if (path.attribute.name === 'meta') return path.sub ? test(metaText(path.sub, context)) : FALSE;
        if (path.attribute.name === 'schemas') return schemasSql(test, context);
        if (type.relations.has(path.attribute.name)) {
          return related(path).some(path.sub, test);
        }
      }
      return json.some(path, test);
    },
    element(path, inner) {
      if (path.extension === undefined) {
        if (path.attribute.name === 'meta')
          return inner(leaves(({ attribute }, test) => test(metaText(attribute, context))));
        if (path.attribute.name === 'schemas')
          return schemasSql((urn) => inner(leaves((_, test) => test(urn))), context);
        if (type.relations.has(path.attribute.name)) return related(path).element(inner);
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
    isListed: false,
    some(path, test) {
      if (!path.attribute.multiValued) {
        const text = dialect.jsonText(column, path.sub ? [...at(path), path.sub.name] : at(path));
        return sql`coalesce(${test(text)}, ${FALSE})`;
      }
      const elements = dialect.jsonElements(column, at(path), `e${aliases.next++}`);
      return elements.some(test(path.sub ? elements.sub([path.sub.name]) : elements.text));
    },
    element(path, inner) {
      if (!path.attribute.multiValued) {
        const isThere = dialect.jsonExists(column, at(path));
        return sql`(${isThere} and ${inner(jsonSource(dialect, column, at(path), aliases))})`;
      }
      const elements = dialect.jsonElements(column, at(path), `e${aliases.next++}`);
      // The elements of a simple attribute have one sub-attribute, `value`: themselves.
      const simple = path.attribute.subAttributes.size === 0;
      return elements.some(
        inner(
          leaves(
            ({ attribute }, test) =>
              sql`coalesce(${test(simple ? elements.text : elements.sub([attribute.name]))}, ${FALSE})`,
            true,
          ),
        ),
      );
    },
  };
}

/** `meta` is kept in columns. */
export function metaText(sub: Attribute, { dialect, type, baseUrl }: FilterContext): RawBuilder<string | null> {
  switch (sub.name) {
    case 'created':
      return sql`resources.created`;
    case 'lastModified':
      return sql`resources.last_modified`;
    case 'resourceType':
      return dialect.bytewise(sql`cast(${comparable(sub, type.name)} as text)`);
    case 'version':
      return dialect.bytewise(sql`('W/"' || cast(resources.version as text) || '"')`);
    case 'location':
      return dialect.bytewise(sql`(cast(${`${baseUrl}${type.endpoint}/`} as text) || resources.id)`);
    default:
      return sql`cast(null as text)`;
  }
}

/** `schemas` follows from the content: the core schemas, and each extension that has any. */
function schemasSql(test: Test, { dialect, type }: FilterContext): Condition {
  const has = (urn: string, present: Condition) =>
    sql`(${present} and ${test(dialect.bytewise(sql`cast(${urn} as text)`))})`;
  return sql`(${sql.join(
    [
      ...coreSchemasOf(type).map(({ id }) => has(id, TRUE)),
      ...type.extensions.map(({ schema }) =>
        has(schema.id, dialect.jsonExists(sql.ref('resources.search'), [schema.id])),
      ),
    ],
    sql` or `,
  )})`;
}
