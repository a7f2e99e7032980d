/**
 * Filters (RFC 7644 section 3.4.2.2), parsed and resolved against a schema: `parse.ts` makes them, `match.ts` answers them in
 * memory, `src/directory` compiles them to SQL. This folder does not decide which resources may be filtered, nor how fast.
 *
 * What a filter means, for everyone who evaluates one:
 *
 * - A *leaf* is the simple attribute that a path ends in. A path's *values* are all values of its leaf: none when it, its
 *   parent or its extension is absent, several when something on the way is multi-valued.
 * - `compare` with `eq co sw ew gt ge lt le`: true when any value, in comparable form (comparable.ts), stands in that
 *   relation to `value`, by code point. A relation to the empty text holds for any value that is there.
 * - `compare` with `ne`: the negation of `eq`. So it is true when there is no value, and on a multi-valued attribute when no
 *   value equals.
 * - `compare` with `value: null`: `eq` is the negation of `present`, `ne` is `present`. There are no others.
 * - `present`: the attribute has a value that is neither an empty text, an empty list nor an object of such.
 *   A false boolean is present. The path may end in a complex attribute.
 * - `element`: one and the same element of a multi-valued attribute (or the one value of a singular one) satisfies the whole
 *   inner filter. Paths inside are relative to the element: `attribute` is the sub-attribute, nothing else is set. The
 *   elements of a simple multi-valued attribute have one sub-attribute, `value`: themselves. Elements do not nest.
 * - `not` is plain negation: a filter is true or false, never unknown.
 * - An element of a complex multi-valued attribute that has no `primary` is compared as if it were false (RFC 7643 section
 *   2.4); present it is not.
 * - `schemas` has the core URN and that of each extension with content. Relation attributes (schema.ts) are attributes like
 *   any other, wherever they are stored.
 */
import type { Scalar } from '../document.ts';
import type { Attribute } from '../schema.ts';

export interface FilterPath {
  /** URN of the extension that the attribute belongs to; absent for common and core attributes. */
  readonly extension?: string;
  readonly attribute: Attribute;
  readonly sub?: Attribute;
}

export type CompareOp = 'eq' | 'ne' | 'co' | 'sw' | 'ew' | 'gt' | 'ge' | 'lt' | 'le';

export interface Compare {
  readonly kind: 'compare';
  /** Ends in a leaf: a bare complex attribute has become its `value` sub-attribute. */
  readonly path: FilterPath;
  readonly op: CompareOp;
  /** Comparable form of `literal`. Null only with `eq` and `ne`. */
  readonly value: string | null;
  /** As written, in the attribute's own type. */
  readonly literal: Scalar | null;
}

export interface Present {
  readonly kind: 'present';
  readonly path: FilterPath;
}

export interface Element {
  readonly kind: 'element';
  /** Never has a `sub`. */
  readonly path: FilterPath;
  readonly filter: Filter;
}

export interface Junction {
  readonly kind: 'and' | 'or';
  /** Two or more, none of them of the same kind. */
  readonly terms: readonly Filter[];
}

export interface Not {
  readonly kind: 'not';
  readonly term: Filter;
}

/** @param isListed the path is relative to an element of a multi-valued attribute. */
export function isFalseWhenAbsent({ attribute, sub }: FilterPath, isListed: boolean): boolean {
  const leaf = isListed ? attribute : attribute.multiValued ? sub : undefined;
  return leaf?.name === 'primary' && leaf.type === 'boolean';
}

export type Filter = Junction | Not | Compare | Present | Element;
