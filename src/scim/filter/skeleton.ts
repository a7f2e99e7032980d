import { excerpt, invalidFilter } from '../errors.ts';
import { type Token, tokenize } from './tokens.ts';

/** How deep parentheses, brackets and `not` may nest in a filter. */
export const MAX_FILTER_DEPTH = 50;

const COMPARE_OPS = new Set(['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le']);

/**
 * A filter with its vocabulary taken out: each attribute is `a<i>`, each literal `"<i>"`, so that the grammar engine sees
 * nothing but structure.
 */
export interface Skeleton {
  readonly text: string;
  /** Attribute names as written. Inside brackets they are relative to the element. */
  readonly names: readonly string[];
  /** Literals: strings decoded, anything else as written. */
  readonly literals: readonly Token[];
}

/**
 * Prepares a filter for scim2-parse-filter, which knows precedence and grouping but decodes escapes wrongly, refuses `$ref`,
 * overflows the stack on deep nesting, and turns `a[f].b eq v` into `a[f] and a.b eq v`, which may be two elements. Here it
 * becomes `a[(f) and b eq v]`.
 *
 * @throws invalidFilter that says where the text stops being a filter.
 */
export function skeletonOf(filter: string): Skeleton {
  const tokens = tokenize(filter);
  const names: string[] = [];
  const literals: Token[] = [];
  const out: string[] = [];
  const open: Token[] = [];
  let expected = 'term' as keyof typeof EXPECTED;
  /** Inside `a[f].b ...`: the bracket is closed behind this term. */
  let closeAfterTerm = false;

  const enter = (token: Token, opening: string): void => {
    if (open.push(token) > MAX_FILTER_DEPTH) throw invalidFilter(`The filter nests deeper than ${MAX_FILTER_DEPTH}`);
    out.push(opening);
    expected = 'term';
  };
  const endTerm = (): void => {
    if (closeAfterTerm) out.push(']');
    closeAfterTerm = false;
    expected = 'junction';
  };

  for (const [index, token] of tokens.entries()) {
    const word = token.kind === 'word' ? token.text.toLowerCase() : undefined;
    switch (expected) {
      case 'term':
      case 'operand':
        if (token.kind === '(') enter(token, '(');
        else if (word === undefined || (word === 'not' && expected === 'operand')) throw unexpected(token, expected);
        else if (word === 'not') {
          out.push('not');
          expected = 'operand';
        } else {
          out.push(`a${names.push(token.text) - 1}`);
          expected = 'operator';
        }
        break;
      case 'operator':
        if (token.kind === '[' && !closeAfterTerm) enter(token, '[(');
        else if (word === undefined) throw unexpected(token, expected);
        else if (word === 'pr') {
          out.push('pr');
          endTerm();
        } else {
          if (!COMPARE_OPS.has(word)) throw invalidFilter(`The operator '${excerpt(token.text)}' is not supported`);
          out.push(word);
          expected = 'value';
        }
        break;
      case 'value':
        if (token.kind !== 'string' && token.kind !== 'word') throw unexpected(token, expected);
        out.push(`"${literals.push(token) - 1}"`);
        endTerm();
        break;
      case 'junction':
        if (word === 'and' || word === 'or') {
          out.push(word);
          expected = 'term';
        } else if (token.kind === ')' && open.at(-1)?.kind === '(') {
          open.pop();
          out.push(')');
        } else if (token.kind === ']' && open.at(-1)?.kind === '[') {
          open.pop();
          const next = tokens[index + 1];
          closeAfterTerm = next?.start === token.end && next.text.startsWith('.');
          out.push(closeAfterTerm ? ') and' : ')]');
          if (closeAfterTerm) expected = 'operand';
        } else throw unexpected(token, expected);
    }
  }
  if (expected !== 'junction') throw invalidFilter(`The filter ends where ${EXPECTED[expected]} should follow`);
  const [unclosed] = open;
  if (unclosed) {
    throw invalidFilter(`The '${unclosed.text}' at character ${unclosed.start + 1} of the filter is not closed`);
  }
  return { text: out.join(' '), names, literals };
}

const EXPECTED = {
  term: 'an attribute',
  operand: "an attribute or '('",
  operator: 'an operator (eq, ne, co, sw, ew, gt, ge, lt, le, pr)',
  value: 'a value',
  junction: "'and', 'or' or the end",
};

function unexpected(token: Token, expected: keyof typeof EXPECTED): Error {
  const found = token.kind === 'string' ? 'a quoted value' : `'${excerpt(token.text)}'`;
  return invalidFilter(
    `At character ${token.start + 1} of the filter stands ${found} instead of ${EXPECTED[expected]}`,
  );
}
