/**
 * The HTTP client of a guest: every request waits for its turn, is repeated after 429 within a bounded patience, follows
 * redirects only on the same host, and comes back as an Exchange, even where no answer came. Where a server changes nothing
 * without a condition (428, RFC 6585 section 3), it is asked again with one that any version meets.
 */
import type { Exchange } from '../model.ts';
import type { Json, RequestOptions } from '../trial.ts';
import { type Pace, retryAfter } from './pace.ts';
import type { Wire, WireAnswer, WireRequest } from './wire.ts';

export interface Client {
  /** The base URL without a slash at its end. */
  base: string;
  send(method: string, path: string, body?: Json, options?: RequestOptions): Promise<Exchange>;
}

export interface ClientOptions {
  url: string;
  token: string;
  /** Sent with every request. */
  headers: Record<string, string>;
  wire: Wire;
  pace: Pace;
  /** Ends the waiting. */
  signal?: AbortSignal;
  /** How long one request may be put off by 429, in milliseconds. */
  patienceMs?: number;
  /** False: a change refused for want of a condition stays refused, as with a client that never sends one. */
  conditions?: boolean;
  /** Told of each request that leaves. */
  onRequest?(): void;
}

const REDIRECTS = new Set([301, 302, 307, 308]);
const MOST_REDIRECTS = 5;
const MOST_ATTEMPTS = 8;

export function createClient(options: ClientOptions): Client {
  const base = baseUrl(options.url);
  const { wire, pace, signal, patienceMs = 90_000, conditions = true } = options;

  const once = async (request: WireRequest): Promise<WireAnswer> => {
    let waited = 0;
    for (let attempt = 1; ; attempt++) {
      await pace.turn(signal);
      options.onRequest?.();
      const answer = await wire.send(request);
      const said = retryAfter(answer.headers['retry-after']);
      const busy = answer.status === 429 || (answer.status === 503 && said !== null);
      if (!busy) return answer;
      // A little more than it says: its clock and ours differ.
      const wait = said === null ? Math.min(30_000, 500 * 2 ** attempt) : said + 100;
      if (attempt >= MOST_ATTEMPTS || waited + wait > patienceMs)
        return { ...answer, error: `still ${answer.status} after ${attempt} attempts; --rate asks more slowly` };
      waited += wait;
      pace.pause(wait);
    }
  };

  const followed = async (request: WireRequest): Promise<WireAnswer> => {
    let { url } = request;
    for (let hop = 0; ; hop++) {
      const answer = await once({ ...request, url });
      const target = REDIRECTS.has(answer.status) ? parsed(answer.headers.location, url) : null;
      // The token goes to nobody but the host it was given for.
      if (!target || target.origin !== url.origin) return answer;
      if (hop >= MOST_REDIRECTS) return { ...answer, error: `redirected more than ${MOST_REDIRECTS} times` };
      url = target;
    }
  };

  return {
    base,
    async send(method, path, body, request = {}) {
      const url = parsed(path.startsWith('/') || path === '' ? `${base}${path}` : path, new URL(base));
      const text = request.raw ?? (body === undefined ? null : JSON.stringify(body));
      let headers = headersOf(options, request, text);
      const at = new Date();
      const started = performance.now();
      const foreign = !url || url.origin !== new URL(base).origin;
      let answer: WireAnswer = foreign
        ? { status: 0, headers: {}, body: '', error: 'not asked: it is not at the host of the base URL' }
        : await followed({ method, url, headers, body: text });
      if (
        !foreign &&
        answer.status === 428 &&
        (request.conditions ?? conditions) &&
        headers['if-match'] === undefined
      ) {
        headers = { ...headers, 'if-match': '*' };
        answer = await followed({ method, url, headers, body: text });
      }
      return {
        method,
        url: url?.href ?? path,
        requestHeaders: headers,
        requestBody: text,
        status: answer.status,
        headers: answer.headers,
        body: answer.body,
        ...json(answer.body),
        duration: Math.round(performance.now() - started),
        at: at.toISOString(),
        ...(answer.error && { error: answer.error }),
      };
    },
  };
}

/** Without the query some clients put there, and without a slash at its end. */
export function baseUrl(given: string): string {
  const url = new URL(given);
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

function headersOf({ token, headers }: ClientOptions, request: RequestOptions, text: string | null) {
  const bearer = request.anonymous ? null : (request.token ?? token);
  const isOwn = !request.anonymous && request.token === undefined;
  // Beside a token, such headers let us through a gateway; without one, they are who we are.
  const isCredential = (name: string) =>
    /^(authorization|cookie)$/.test(name) || (!token && /key|token|auth/.test(name));
  const defaults: Record<string, string> = {
    accept: 'application/scim+json, application/json;q=0.9',
    'user-agent': 'linkspan-compliance',
    ...Object.fromEntries(Object.entries(lowerCased(headers)).filter(([name]) => isOwn || !isCredential(name))),
    ...(bearer && { authorization: `Bearer ${bearer}` }),
    ...(text !== null && {
      'content-type': request.contentType ?? 'application/scim+json',
      'content-length': String(Buffer.byteLength(text)),
    }),
    ...lowerCased(request.headers ?? {}),
  };
  return Object.fromEntries(Object.entries(defaults).filter(([, value]) => value !== ''));
}

function lowerCased(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function parsed(url: string | undefined, base: URL): URL | null {
  if (url === undefined) return null;
  try {
    const parsed = new URL(url, base);
    return parsed.protocol === 'http:' || parsed.protocol === 'https:' ? parsed : null;
  } catch {
    return null;
  }
}

function json(body: string): { json?: unknown } {
  try {
    return { json: JSON.parse(body) };
  } catch {
    return {};
  }
}
