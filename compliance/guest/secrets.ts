/** What must not stand in a report: the token, headers the user gave, passwords. Replaced by `***` wherever they occur. */
import type { Exchange } from '../model.ts';

export interface Secrets {
  /** Remembers the passwords in a body that is sent. */
  learn(body: unknown): void;
  text(text: string): string;
  exchange(exchange: Exchange): Exchange;
}

const HIDDEN = '***';
const SECRET_HEADERS = new Set(['authorization', 'proxy-authorization', 'cookie', 'set-cookie', 'x-api-key']);
const SECRET_KEY = /password|passwd|secret|^(access|refresh)_?token$/i;
/** Shorter ones would blank out ordinary words. */
const SHORTEST = 6;
/** Of a body in a report, in characters. */
const MOST_TEXT = 64 * 1024;

/** @param names of headers that the user gave, whose values are nobody's business. */
export function createSecrets(known: readonly string[], names: readonly string[] = []): Secrets {
  const secrets = new Set<string>();
  const headers = new Set([...SECRET_HEADERS, ...names.map((name) => name.toLowerCase())]);
  const add = (secret: string) => {
    if (secret.length < SHORTEST) return;
    for (const form of [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]) secrets.add(form);
  };
  for (const each of known) add(each);

  const text = (given: string) => {
    let shown = given;
    for (const secret of secrets) if (shown.includes(secret)) shown = shown.replaceAll(secret, HIDDEN);
    return shown.replace(/\b(Bearer|Basic) +[\w.~+/-]{16,}=*/gi, `$1 ${HIDDEN}`);
  };
  const shownHeaders = (given: Record<string, string>) =>
    Object.fromEntries(
      Object.entries(given).map(([name, value]) => [name, headers.has(name.toLowerCase()) ? HIDDEN : text(value)]),
    );
  const shownBody = (given: string) => {
    const cut =
      given.length > MOST_TEXT
        ? `${given.slice(0, MOST_TEXT)}\n... ${given.length - MOST_TEXT} more characters`
        : given;
    return text(hidden(cut));
  };

  return {
    learn(body) {
      for (const password of passwordsIn(body)) add(password);
    },
    text,
    exchange(exchange) {
      const { json: _, ...rest } = exchange;
      return {
        ...rest,
        url: text(exchange.url),
        requestHeaders: shownHeaders(exchange.requestHeaders),
        requestBody: exchange.requestBody === null ? null : shownBody(exchange.requestBody),
        headers: shownHeaders(exchange.headers),
        body: shownBody(exchange.body),
        ...(exchange.error && { error: text(exchange.error) }),
      };
    },
  };
}

/** Values of members that are named like a secret, in JSON text; works on text so that the rest stays byte for byte. */
function hidden(json: string): string {
  return json.replace(/"([^"\\]*)"(\s*:\s*)"((?:[^"\\]|\\.)*)"/g, (whole, key: string, colon: string) =>
    SECRET_KEY.test(key) ? `"${key}"${colon}"${HIDDEN}"` : whole,
  );
}

/** Of a resource, of a PATCH ({"path": "password", "value": ...}) and of what Bulk carries of both. */
function passwordsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(passwordsIn);
  if (typeof value !== 'object' || value === null) return [];
  const object = value as Record<string, unknown>;
  const patched = typeof object.path === 'string' && SECRET_KEY.test(object.path) ? [object.value] : [];
  const named = Object.entries(object).flatMap(([key, each]) => (SECRET_KEY.test(key) ? [each] : []));
  const strings = [...patched, ...named].filter((each): each is string => typeof each === 'string');
  return [...strings, ...Object.values(object).flatMap(passwordsIn)];
}
