import { comparable, compareText } from '../comparable.ts';
import { type Complex, isComplex, isEmpty, presentSchemas, type Value } from '../document.ts';
import type { ResourceType } from '../schema.ts';
import { type Compare, type CompareOp, type Filter, type FilterPath, isFalseWhenAbsent } from './ast.ts';

/** `ne` is the negation of `eq`, so it needs no relation of its own. */
type Relation = Exclude<CompareOp, 'ne'>;

/**
 * Whether a resource matches a filter (semantics: ast.ts).
 *
 * @param resource in canonical form: a whole resource, or a stored document, whose `schemas` are then worked out. Relation
 *   attributes that are not in it count as absent.
 */
export function matches(filter: Filter, resource: Complex, type: ResourceType): boolean {
  return holds(filter, resource.schemas ? resource : { ...resource, schemas: presentSchemas(resource, type) });
}

/** Whether one element of a multi-valued attribute matches the inner filter of a value path. */
export function matchesElement(filter: Filter, element: Value): boolean {
  return holds(filter, isComplex(element) ? element : { value: element }, true);
}

/** @param isListed the subject is an element of a multi-valued attribute. */
function holds(filter: Filter, subject: Complex, isListed = false): boolean {
  switch (filter.kind) {
    case 'and':
      return filter.terms.every((term) => holds(term, subject, isListed));
    case 'or':
      return filter.terms.some((term) => holds(term, subject, isListed));
    case 'not':
      return !holds(filter.term, subject, isListed);
    case 'present':
      return isPresent(filter.path, subject);
    case 'element':
      return valuesAt(filter.path, subject).some((element) =>
        filter.path.attribute.multiValued
          ? matchesElement(filter.filter, element)
          : isComplex(element) && holds(filter.filter, element),
      );
    case 'compare':
      return filter.op === 'ne'
        ? !compares(filter, 'eq', subject, isListed)
        : compares(filter, filter.op, subject, isListed);
  }
}

function isPresent(path: FilterPath, subject: Complex): boolean {
  return valuesAt(path, subject).some((value) => !isEmpty(value));
}

function compares({ path, value: wanted }: Compare, op: Relation, subject: Complex, isListed: boolean): boolean {
  if (wanted === null) return !isPresent(path, subject);
  const leaf = path.sub ?? path.attribute;
  const absent = isFalseWhenAbsent(path, isListed) ? false : undefined;
  return valuesAt(path, subject, absent).some(
    (value) => typeof value !== 'object' && relates(comparable(leaf, value), op, wanted),
  );
}

function relates(found: string, op: Relation, wanted: string): boolean {
  switch (op) {
    case 'eq':
      return found === wanted;
    case 'co':
      return found.includes(wanted);
    case 'sw':
      return found.startsWith(wanted);
    case 'ew':
      return found.endsWith(wanted);
    case 'gt':
      return compareText(found, wanted) > 0;
    case 'ge':
      return compareText(found, wanted) >= 0;
    case 'lt':
      return compareText(found, wanted) < 0;
    case 'le':
      return compareText(found, wanted) <= 0;
  }
}

/**
 * Every value that a path leads to; arrays on the way are entered.
 *
 * @param absent stands for the last attribute of the path where it is absent and what should hold it is not.
 */
function valuesAt({ extension, attribute, sub }: FilterPath, subject: Complex, absent?: Value): Value[] {
  const scope = extension === undefined ? subject : subject[extension];
  const values = isComplex(scope) ? listOf(scope[attribute.name] ?? (sub ? undefined : absent)) : [];
  return sub ? values.flatMap((value) => (isComplex(value) ? listOf(value[sub.name] ?? absent) : [])) : values;
}

function listOf(value: Value | undefined): Value[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}
