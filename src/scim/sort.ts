import { excerpt, invalidValue } from './errors.ts';
import type { FilterPath } from './filter/ast.ts';
import { notation, resolveNotation } from './notation.ts';
import { findAttribute, namesOf, type ResourceType } from './schema.ts';

/**
 * Resolves `sortBy` (RFC 7644 section 3.4.2.3) to the simple attribute by whose values resources are put in order. Of a
 * complex attribute that is its `value`; of a multi-valued one the primary value counts, else the first.
 *
 * @param others types that are put into the same order; what only they have is absent in this one.
 * @throws invalidValue where no type has the attribute, or it has no order.
 */
export function parseSortBy(text: string, type: ResourceType, others: readonly ResourceType[] = []): FilterPath {
  for (const each of [type, ...others]) {
    const named = resolveNotation(text, each);
    if (named?.attribute && !each.computed.has(named.extension ?? '')) {
      return leafOf({ ...named, attribute: named.attribute });
    }
  }
  throw invalidValue(`sortBy: ${type.name} has no attribute '${excerpt(text)}' that has an order`);
}

function leafOf(path: FilterPath): FilterPath {
  const { attribute, sub } = path;
  const value = findAttribute(attribute, 'value');
  const leaf = sub ?? (attribute.type === 'complex' ? value : attribute);
  if (!leaf) {
    throw invalidValue(
      `sortBy: ${notation(path)} is complex; name one of ${namesOf(attribute.subAttributes).join(', ')}`,
    );
  }
  // Their order would tell what they are.
  if (leaf.returned === 'never') throw invalidValue(`sortBy: ${notation(path)} has no order`);
  return leaf === attribute ? path : { ...path, sub: leaf };
}
