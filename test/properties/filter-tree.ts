/** Filters as trees: what a property generates, writes down as text, and works out by itself (filter-meaning.ts). */
import type { Scalar } from '../../src/scim/document.ts';
import type { Attribute, ResourceType } from '../../src/scim/schema.ts';

export interface Named {
  extension?: string;
  attribute: Attribute;
  sub?: Attribute;
}

/** How something is written that may be written in several ways. Any number will do. */
export type Style = number;

export type Op = 'eq' | 'ne' | 'co' | 'sw' | 'ew' | 'gt' | 'ge' | 'lt' | 'le';

export type Tree =
  | { kind: 'and' | 'or'; terms: Tree[] }
  | { kind: 'not'; term: Tree }
  | { kind: 'present'; path: Named; style: Style }
  | { kind: 'null'; op: 'eq' | 'ne'; path: Named; style: Style }
  | { kind: 'compare'; op: Op; path: Named; value: Scalar; style: Style }
  /** `a[f]`, or `a[f].b op v`: then `tail` is said of the same element. */
  | { kind: 'element'; path: Named; inner: Tree; tail: Tree | null; style: Style };

/** What a path ends in: of a complex attribute its `value`. */
export function leafOf({ attribute, sub }: Named): Attribute | undefined {
  return sub ?? (attribute.type === 'complex' ? attribute.subAttributes.get('value') : attribute);
}

export function textOf(tree: Tree, type: ResourceType): string {
  switch (tree.kind) {
    case 'and':
    case 'or':
      return tree.terms.map((term) => inJunction(tree.kind, term, type)).join(` ${tree.kind} `);
    case 'not':
      return `not (${textOf(tree.term, type)})`;
    case 'present':
      return `${nameOf(tree.path, tree.style, type)} ${cased('pr', tree.style >> 2)}`;
    case 'null':
      return `${nameOf(tree.path, tree.style, type)} ${cased(tree.op, tree.style >> 2)} ${cased('null', 0)}`;
    case 'compare':
      return `${nameOf(tree.path, tree.style, type)} ${cased(tree.op, tree.style >> 2)} ${literalOf(tree)}`;
    case 'element': {
      const tail = tree.tail ? `.${textOf(tree.tail, type)}` : '';
      return `${nameOf(tree.path, tree.style, type)}[${textOf(tree.inner, type)}]${tail}`;
    }
  }
}

/** `and` binds closer than `or`, so only an `or` needs parentheses, and only inside an `and`. */
function inJunction(kind: 'and' | 'or', term: Tree, type: ResourceType): string {
  const text = textOf(term, type);
  return kind === 'and' && term.kind === 'or' ? `(${text})` : text;
}

export function nameOf({ extension, attribute, sub }: Named, style: Style, type: ResourceType): string {
  const name = sub ? `${attribute.name}.${sub.name}` : attribute.name;
  const core = type.attributes.get(attribute.name.toLowerCase()) === attribute;
  if (extension !== undefined) {
    const alone = !type.attributes.has(attribute.name.toLowerCase()) && style % 5 === 0;
    return cased(alone ? name : `${extension}:${name}`, style);
  }
  return cased(core && style % 7 === 0 ? `${type.schema.id}:${name}` : name, style);
}

export function cased(text: string, style: Style): string {
  return [text, text, text.toUpperCase(), text.toLowerCase()][style % 4] ?? text;
}

/** Strings are quoted, some with escapes, or bare (old authentik); booleans may be strings (Entra). */
function literalOf({ value, path, style }: Extract<Tree, { kind: 'compare' }>): string {
  if (typeof value === 'boolean')
    return [`${value}`, `"${value}"`, value ? '"True"' : '"False"', `${value}`.toUpperCase()][style % 4] ?? '';
  if (typeof value === 'number') return style % 2 === 0 ? String(value) : value.toExponential();
  const bare = /^[^\s"()[\]]+$/.test(value) && value !== 'null';
  if (bare && style % 11 === 0 && leafOf(path)?.type !== 'boolean') return value;
  const quoted = JSON.stringify(value);
  return style % 3 === 0
    ? quoted.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    : quoted;
}
