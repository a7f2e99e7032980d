import { isObject, isStorable } from './document.ts';
import { excerpt, invalidSyntax, invalidValue } from './errors.ts';

/** How deep a body may nest: itself is 1, `Operations` 2, an operation 3 ... */
export const MAX_BODY_DEPTH = 32;
/** The longest single text in a body, in bytes of UTF-8. */
export const MAX_TEXT_BYTES = 65_536;

interface Node {
  value: unknown;
  key: string | number;
  parent: Node | undefined;
  depth: number;
}

/**
 * Checks what must hold for any JSON body before code that recurses looks at it. It does not recurse itself.
 *
 * @param value what JSON.parse returned.
 * @throws invalidSyntax where it nests deeper than MAX_BODY_DEPTH; invalidValue where a text or a name is longer than
 *   MAX_TEXT_BYTES, contains U+0000, or half of a surrogate pair.
 */
export function checkShape(value: unknown): void {
  const pending: Node[] = [{ value, key: 'body', parent: undefined, depth: 1 }];
  for (let node = pending.pop(); node; node = pending.pop()) {
    if (typeof node.value === 'string') checkText(node.value, node);
    if (typeof node.value !== 'object' || node.value === null) continue;
    if (node.depth > MAX_BODY_DEPTH)
      throw invalidSyntax(`The body nests deeper than ${MAX_BODY_DEPTH} at ${where(node)}`);
    const depth = node.depth + 1;
    const members = isObject(node.value) ? Object.entries(node.value) : (node.value as unknown[]).entries();
    for (const [key, member] of members) {
      const child: Node = { value: member, key, parent: node, depth };
      if (typeof key === 'string') checkText(key, node);
      pending.push(child);
    }
  }
}

function checkText(text: string, node: Node): void {
  if (!isStorable(text)) throw invalidValue(`${where(node)} contains U+0000 or half of a surrogate pair`);
  if (text.length * 3 > MAX_TEXT_BYTES && Buffer.byteLength(text) > MAX_TEXT_BYTES) {
    throw invalidValue(`${where(node)} is longer than ${MAX_TEXT_BYTES} bytes`);
  }
}

function where(node: Node): string {
  const steps: string[] = [];
  for (let at: Node = node; at.parent; at = at.parent) {
    steps.unshift(typeof at.key === 'number' ? `[${at.key}]` : `.${at.key}`);
  }
  return excerpt(steps.join('').replace(/^\./, '')) || 'the body';
}
