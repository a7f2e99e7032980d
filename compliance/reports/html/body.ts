/** A body as it is read best: JSON over several lines, its names set apart, and no longer than there is room for. */
import { content, type Markup, markup } from './markup.ts';

/** Deeper levels are not indented further: a body of brackets alone would grow with the square of its length. */
const DEEPEST = 24;

/** @param limit characters of the body that are shown. */
export function bodyMarkup(body: string, limit: number): Markup {
  if (body === '') return markup`<p class="none">No body.</p>`;
  if (limit === 0) return markup`<p class="note">The body (${sizeOf(body)}) is left out to keep this page small.</p>`;
  const pretty = isJson(body) ? prettyJson(body, limit) : null;
  const text = pretty ?? body;
  const cut = text.length > limit;
  const shown = cut ? text.slice(0, limit).toWellFormed() : text;
  return markup`<pre>${pretty === null ? content(shown) : named(shown)}</pre>${
    cut && markup`<p class="note">Cut after ${limit.toLocaleString('en')} characters; the body has ${sizeOf(body)}.</p>`
  }`;
}

function sizeOf(body: string): string {
  return body.length < 1000 ? `${body.length} characters` : `${Math.round(body.length / 1000).toLocaleString('en')} kB`;
}

function isJson(body: string): boolean {
  try {
    JSON.parse(body);
    return true;
  } catch {
    return false;
  }
}

/**
 * Every token stays as it was sent: numbers are not rounded, names that occur twice occur twice. Stops somewhere after `limit`
 * characters.
 */
export function prettyJson(json: string, limit = Number.POSITIVE_INFINITY): string {
  const tokens = json.match(/"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+/g) ?? [];
  const lines = (depth: number) => `\n${'  '.repeat(Math.min(depth, DEEPEST))}`;
  let text = '';
  let depth = 0;
  for (const [index, token] of tokens.entries()) {
    if (text.length > limit) break;
    const before = tokens[index - 1];
    const empty = (before === '{' && token === '}') || (before === '[' && token === ']');
    if (token === '}' || token === ']') text += empty ? token : lines(--depth) + token;
    else if (token === ',') text += `,${lines(depth)}`;
    else if (token === ':') text += ': ';
    else if (token === '{' || token === '[') {
      const next = tokens[index + 1];
      text += token;
      if (next !== '}' && next !== ']') text += lines(++depth);
    } else text += token;
  }
  return text;
}

/** The names of members stand at the beginnings of lines. */
function named(pretty: string): Markup[] {
  return pretty.split('\n').map((line, index) => {
    const [, indent, name, rest] = /^( *)("[^"\\]*(?:\\.[^"\\]*)*")(: .*)$/.exec(line) ?? [];
    const start = index === 0 ? '' : '\n';
    if (indent === undefined || name === undefined || rest === undefined) return content(start + line);
    return markup`${start}${indent}<b>${content(name)}</b>${content(rest)}`;
  });
}
