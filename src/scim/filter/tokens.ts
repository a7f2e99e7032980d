import { isStorable } from '../document.ts';
import { invalidFilter } from '../errors.ts';

export interface Token {
  readonly kind: 'word' | 'string' | '(' | ')' | '[' | ']';
  /** As written; of a string what it stands for. */
  readonly text: string;
  /** Offset in the source. */
  readonly start: number;
  readonly end: number;
}

/** The longest filter or path that is read, in UTF-16 code units. */
export const MAX_FILTER_LENGTH = 8_000;

/**
 * Splits a filter or a PATCH path into tokens. Strings follow JSON (RFC 8259 section 7), as RFC 7644 figure 1 asks.
 *
 * @throws invalidFilter where the text is too long, a string does not end or holds a wrong escape, or a character occurs
 *   that no stored value can have.
 */
export function tokenize(text: string): Token[] {
  if (text.length > MAX_FILTER_LENGTH) {
    throw invalidFilter(`The filter has ${text.length} characters; at most ${MAX_FILTER_LENGTH} are read`);
  }
  if (!isStorable(text)) throw invalidFilter('The filter contains U+0000 or half of a surrogate pair');
  const pattern = /\s*(?:("[^"\\]*(?:\\.[^"\\]*)*")|([()[\]])|([^\s"()[\]]+))/sy;
  const source = text.trimEnd();
  const tokens: Token[] = [];
  while (pattern.lastIndex < source.length) {
    const from = pattern.lastIndex;
    const [, string, bracket, word] = pattern.exec(source) ?? [];
    const end = pattern.lastIndex;
    if (string !== undefined) {
      tokens.push({ kind: 'string', text: decode(string, end - string.length), start: end - string.length, end });
    } else if (bracket !== undefined) {
      tokens.push({ kind: bracket as Token['kind'], text: bracket, start: end - 1, end });
    } else if (word !== undefined) {
      tokens.push({ kind: 'word', text: word, start: end - word.length, end });
    } else {
      throw invalidFilter(`The quoted value after character ${from} has no closing quotation mark`);
    }
  }
  return tokens;
}

function decode(quoted: string, start: number): string {
  let decoded: string;
  try {
    decoded = JSON.parse(quoted);
  } catch {
    throw invalidFilter(
      `The quoted value at character ${start + 1} is no JSON string: a backslash in it is written \\\\, a line break \\n`,
    );
  }
  if (!isStorable(decoded)) {
    throw invalidFilter(`The quoted value at character ${start + 1} contains U+0000 or half of a surrogate pair`);
  }
  return decoded;
}
