/**
 * An exchange as a command to try it again by hand: `TOKEN=... ` and paste. Quoted for any POSIX shell, whatever the body
 * holds; the token is `$TOKEN`, and other secrets stay `***`.
 */
import type { Exchange } from '../model.ts';
import { printable } from './printable.ts';

/** What curl says of itself, or of the connection. */
const CURLS_OWN = new Set([
  'accept-encoding',
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'transfer-encoding',
  'user-agent',
]);
/** Fields that only a browser-like client adds. */
const CLIENTS_OWN = /^sec-/;

const HIDDEN = '***';

/** How the end of a body looks that was too long to be kept. */
const CUT = /\n\.\.\. \d+ more characters$/;

export type Sent = Pick<Exchange, 'method' | 'url' | 'requestHeaders' | 'requestBody'>;

/** @returns one command over several lines, without a line break at its end. */
export function curl(exchange: Sent): string {
  const body = exchange.requestBody === '' ? null : exchange.requestBody;
  const lines = [`curl -i${method(exchange.method, body)}${address(exchange.url)}`];
  const names = new Set<string>();
  for (const [name, value] of Object.entries(exchange.requestHeaders)) {
    names.add(name.toLowerCase());
    if (CURLS_OWN.has(name.toLowerCase()) || CLIENTS_OWN.test(name.toLowerCase())) continue;
    lines.push(`-H ${header(name, value)}`);
  }
  let before = '';
  if (body !== null) {
    // Without this curl calls every body a form.
    if (!names.has('content-type')) lines.push("-H 'Content-Type:'");
    if (CUT.test(body)) {
      before = '# The body was longer than a report keeps. Put the whole of it into body.json.\n';
      lines.push('--data-binary @body.json');
    } else if (tame(body)) lines.push(`--data-raw ${quoted(body)}`);
    else {
      before = `printf ${format(body)} | `;
      lines.push('--data-binary @-');
    }
  }
  return before + lines.join(' \\\n  ');
}

/**
 * Between single quotes every character stands for itself, but for the quote. Control characters do not: a terminal may act
 * on them while they are pasted, so printf makes them.
 */
function quoted(text: string): string {
  return tame(text) ? `'${text.replaceAll("'", `'\\''`)}'` : `"$(printf ${format(text)})"`;
}

function tame(text: string): boolean {
  return printable(text) === text;
}

/** For printf, which knows bytes by their octal numbers. */
function format(text: string): string {
  const inner = text.replaceAll(/./gsu, (character) => {
    if (character === '\\') return '\\\\';
    if (character === '%') return '%%';
    if (tame(character)) return character;
    return [...Buffer.from(character)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
  });
  // What begins with a dash would be an option.
  const escaped = inner.replace(/^-/, '\\055');
  return `'${escaped.replaceAll("'", `'\\''`)}'`;
}

function method(name: string, body: string | null): string {
  if (name === 'GET' && body === null) return ' ';
  // With `-X HEAD` curl waits for a body.
  if (name === 'HEAD') return ' --head ';
  return ` -X ${/^[A-Z]+$/.test(name) ? name : quoted(name)} `;
}

/** curl would read brackets as patterns, and take dots out of a path. */
function address(url: string): string {
  const globoff = /[[\]{}]/.test(url) ? '--globoff ' : '';
  const pathAsIs = /\/\.{1,2}(?:[/?#]|$)/.test(url) ? '--path-as-is ' : '';
  return globoff + pathAsIs + quoted(url);
}

function header(name: string, value: string): string {
  if (value.trim() === '') return quoted(`${name};`);
  if (name.toLowerCase() !== 'authorization' || !value.includes(HIDDEN)) return quoted(`${name}: ${value}`);
  const text = `${name}: ${value === HIDDEN ? `Bearer ${HIDDEN}` : value}`;
  if (/^[\w: *-]*$/.test(text)) return `"${text.replace(HIDDEN, '$TOKEN')}"`;
  return text
    .split(HIDDEN)
    .map((part) => (part === '' ? '' : quoted(part)))
    .join('"$TOKEN"');
}
