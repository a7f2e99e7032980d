/**
 * What a filter means, worked out as plainly as possible and without the product's own comparisons: a third opinion beside
 * the matcher and SQL. The rules are those of RFC 7644 section 3.4.2.2 and of `src/scim/filter/ast.ts`.
 */
import { type Complex, isComplex, type Scalar, type Value } from '../../src/scim/document.ts';
import type { Attribute } from '../../src/scim/schema.ts';
import { leafOf, type Named, type Op, type Tree } from './filter-tree.ts';

/** @param listed the subject is an element of a multi-valued attribute, whose `primary` is false where it is absent. */
export function means(tree: Tree, subject: Value, listed = false): boolean {
  switch (tree.kind) {
    case 'and':
      return tree.terms.every((term) => means(term, subject, listed));
    case 'or':
      return tree.terms.some((term) => means(term, subject, listed));
    case 'not':
      return !means(tree.term, subject, listed);
    case 'present':
      return valuesAt(tree.path, subject).some(hasContent);
    case 'null':
      return valuesAt(toLeaf(tree.path), subject).some(hasContent) === (tree.op === 'ne');
    case 'compare': {
      const { op, path, value } = tree;
      const leaf = leafOf(path);
      const found = withPrimary(toLeaf(path), subject, listed);
      const any = (relation: Op) =>
        found.some((each) => leaf && !isObject(each) && compares(leaf, each, relation, value));
      return op === 'ne' ? !any('eq') : any(op);
    }
    case 'element':
      return valuesAt(tree.path, subject).some((element) => {
        const inList = tree.path.attribute.multiValued;
        return means(tree.inner, element, inList) && (tree.tail === null || means(tree.tail, element, inList));
      });
  }
}

/** RFC 7643 section 2.4: an element without `primary` is compared as if it were false. */
function withPrimary(path: Named, subject: Value, listed: boolean): Value[] {
  const { attribute, sub } = path;
  const isPrimary = (each: Attribute | undefined) => each?.name === 'primary' && each.type === 'boolean';
  if (listed && !sub && isPrimary(attribute) && isComplex(subject)) return [subject.primary ?? false];
  if (!attribute.multiValued || !isPrimary(sub)) return valuesAt(path, subject);
  const { extension } = path;
  const elements = valuesAt({ attribute, ...(extension && { extension }) }, subject);
  return elements.map((element) => (isComplex(element) ? (element.primary ?? false) : false));
}

/** A comparison with a bare complex attribute is one with its `value`. */
export function toLeaf(path: Named): Named {
  const leaf = leafOf(path);
  return leaf && leaf !== path.attribute ? { ...path, sub: leaf } : path;
}

/** A simple value stands for an element whose only sub-attribute is itself. */
export function valuesAt({ extension, attribute, sub }: Named, subject: Value): Value[] {
  if (!isComplex(subject)) return [subject];
  const scope = extension === undefined ? subject : subject[extension];
  const values = listOf(isComplex(scope) ? scope[attribute.name] : undefined);
  return sub ? values.flatMap((value) => listOf(isComplex(value) ? value[sub.name] : undefined)) : values;
}

function listOf(value: Value | undefined): Value[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}

function isObject(value: Value): value is Complex | Value[] {
  return typeof value === 'object';
}

function hasContent(value: Value): boolean {
  if (Array.isArray(value)) return value.some(hasContent);
  return isComplex(value) ? Object.values(value).some(hasContent) : value !== '';
}

function compares(leaf: Attribute, found: Scalar, op: Op, wanted: Scalar): boolean {
  if (op === 'co' || op === 'sw' || op === 'ew') {
    const [text, part] = [folded(leaf, String(found)), folded(leaf, String(wanted))];
    return op === 'co' ? text.includes(part) : op === 'sw' ? text.startsWith(part) : text.endsWith(part);
  }
  const order = orderOf(leaf, found, wanted);
  return { eq: order === 0, ne: order !== 0, gt: order > 0, ge: order >= 0, lt: order < 0, le: order <= 0 }[op];
}

/** Below, at or above zero, as `a` stands before, at or behind `b`. */
export function orderOf(leaf: Attribute, a: Scalar, b: Scalar): number {
  switch (leaf.type) {
    case 'boolean':
    case 'integer':
    case 'decimal':
      return Number(a) - Number(b);
    case 'dateTime':
      return Number(nanoseconds(String(a)) - nanoseconds(String(b)));
    default:
      return byCodePoint(folded(leaf, String(a)), folded(leaf, String(b)));
  }
}

/** Without case, unless the attribute has it. */
export function folded(leaf: Attribute, text: string): string {
  if (leaf.caseExact) return text;
  const points = [...text.normalize('NFC')].map((point) => lowered(point));
  return points.join('').normalize('NFC');
}

/** Fullwidth and halfwidth forms count as the ordinary character. */
function lowered(point: string): string {
  if (point === 'ς') return 'σ';
  return (/^[\uff01-\uff5e]$/.test(point) ? point.normalize('NFKC') : point).toLowerCase();
}

function byCodePoint(a: string, b: string): number {
  const [left, right] = [[...a], [...b]].map((points) => points.map((point) => point.codePointAt(0) ?? 0));
  for (const [index, point] of (left ?? []).entries()) {
    const other = right?.[index];
    if (other === undefined) return 1;
    if (point !== other) return point - other;
  }
  return (left?.length ?? 0) - (right?.length ?? 0);
}

/** Since 1970, of a dateTime that is one; without an offset it is UTC. */
function nanoseconds(text: string): bigint {
  const [, seconds = '', fraction = '', offset = 'Z'] = /^(.{19})(?:\.(\d+))?(.*)$/.exec(text.toUpperCase()) ?? [];
  const millis = Date.parse(`${seconds}${offset || 'Z'}`);
  return BigInt(millis) * 1_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0'));
}
