/**
 * How a target's client calls its system, and the one place that turns HTTP answers and network errors into outcomes.
 *
 * It owns: encoding and decoding bodies, cutting secrets out of what comes back, `Retry-After`, the closed list of what a
 * status means. It refuses: cookies, redirects (a moved system is an administrator's matter), retries (the engine's), and
 * knowing any one system; a target overrides by looking at the answer before it asks `classify`.
 */
import { type Failure, TargetError } from './outcome.ts';
import { hide, secretsIn, withoutPasswords } from './redact.ts';
import type { Io } from './target.ts';

export interface Call {
  method: string;
  url: string;
  headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  json?: unknown;
  /** Sent form-encoded. */
  form?: Readonly<Record<string, string>>;
  /** Whether the call may change an account. Default: every method but GET and HEAD. */
  writes?: boolean;
}

export interface Answer {
  method: string;
  /** The path called, without the query. */
  path: string;
  writes: boolean;
  status: number;
  headers: Headers;
  /** Parsed where the content type is JSON, without passwords; else undefined. */
  body: unknown;
  /** The body where it is not JSON, '' where there is none: without secrets. */
  text: string;
  /** What the system says in words, without secrets; '' where it says nothing meant for people. */
  detail: string;
  /** From `Retry-After`, in milliseconds, where the answer has one that makes sense. */
  retryAfterMs?: number;
}

/**
 * One call, whatever its status.
 * @throws TargetError when there was no answer, classified. What is not a network error passes through untouched.
 */
export async function request(io: Io, call: Call): Promise<Answer> {
  const writes = call.writes ?? !['GET', 'HEAD'].includes(call.method);
  const about = { method: call.method, path: pathOf(call.url), writes };
  const headers = headersOf(call);
  const body = call.form ? new URLSearchParams(call.form).toString() : call.json && JSON.stringify(call.json);
  let response: Response;
  let raw: string;
  try {
    response = await io.fetch(call.url, { method: call.method, headers, body: body as string, redirect: 'manual' });
    raw = await response.text();
  } catch (error) {
    const failure = classifyError(error, about);
    throw failure ? new TargetError(failure) : error;
  }
  const parsed = /\bjson\b/i.test(response.headers.get('content-type') ?? '') ? parse(raw) : undefined;
  const secrets = secretsIn({ ...call.headers, ...call.form, ...(call.json as object) });
  const text = parsed === undefined ? hide(raw, secrets) : '';
  const isPage = /html/i.test(response.headers.get('content-type') ?? '');
  const retryAfterMs = retryAfter(response.headers, io.clock());
  return {
    ...about,
    status: response.status,
    headers: response.headers,
    body: parsed,
    text,
    detail: parsed === undefined ? (isPage ? '' : text) : hide(wordsOf(parsed), secrets),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
}

/** A value as one segment of a path. @throws TargetError for what a URL would swallow: nothing, `.` and `..`. */
export function segment(value: string): string {
  if (['', '.', '..'].includes(value)) throw new TargetError({ kind: 'reject', reason: `"${value}" cannot be an id` });
  return encodeURIComponent(value);
}

/** What an answer that is not a success comes to. `reason` is safe to store and to show. */
export function classify(answer: Answer): Failure {
  const { status, writes } = answer;
  const reason = sentence(`${answer.method} ${answer.path} answered ${status}`, answer.detail);
  if (status === 429) {
    return { kind: 'retry', reason, ...(answer.retryAfterMs !== undefined && { afterMs: answer.retryAfterMs }) };
  }
  if (status === 401 || status === 403) return { kind: 'pause', reason };
  if (status >= 500) return { kind: 'retry', reason, ...(writes && { unclear: true }) };
  if (status === 408 || status === 425) return { kind: 'retry', reason };
  if (status >= 300 && status < 400) return { kind: 'pause', reason: `${reason}: a redirect; is the address right?` };
  return { kind: 'reject', reason };
}

/** @returns the answer when its status is a success or one of `also`. @throws TargetError otherwise, classified. */
export function expect(answer: Answer, ...also: number[]): Answer {
  const isSuccess = answer.status >= 200 && answer.status < 300;
  if (isSuccess && isPage(answer)) {
    const reason = `${answer.method} ${answer.path} answered ${answer.status} with a web page; is the base URL right?`;
    throw new TargetError({ kind: 'pause', reason });
  }
  if (isSuccess || also.includes(answer.status)) return answer;
  throw new TargetError(classify(answer));
}

/** A log-in page or a proxy's, not the system: a word like OK may come under the same content type. */
function isPage({ headers, text }: Answer): boolean {
  return /html/i.test(headers.get('content-type') ?? '') && text.trimStart().startsWith('<');
}

/** Node's and undici's codes for a connection that was never made: nothing was sent. */
const NOT_SENT = new Set(
  'ECONNREFUSED ENOTFOUND EAI_AGAIN EHOSTUNREACH ENETUNREACH ENETDOWN EADDRNOTAVAIL UND_ERR_CONNECT_TIMEOUT'.split(' '),
);
const CONFIGURATION = /^(CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH|EPROTO)/;

/** What no answer at all comes to, or null when `error` is no network error: then it is somebody else's. */
export function classifyError(error: unknown, call: Pick<Answer, 'method' | 'path' | 'writes'>): Failure | null {
  if (!(error instanceof Error) || error instanceof TargetError) return null;
  const name = `${call.method} ${call.path}`;
  const lost = (why: string): Failure => ({
    kind: 'retry',
    reason: `${name} got no answer (${why})`,
    ...(call.writes && { unclear: true }),
  });
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return lost('timed out');
  const code = codeOf(error) ?? codeOf(error.cause);
  if (code === undefined) {
    if (!['fetch failed', 'terminated'].includes(error.message)) return null;
    const isBadPort = error.cause instanceof Error && error.cause.message === 'bad port';
    return isBadPort
      ? { kind: 'pause', reason: `${name}: the address has a port that fetch refuses` }
      : lost('cut off');
  }
  if (NOT_SENT.has(code)) return { kind: 'retry', reason: `${name} was not sent: no connection (${code})` };
  if (CONFIGURATION.test(code)) {
    return { kind: 'pause', reason: `${name} was not sent: no trusted TLS connection (${code}); check the address` };
  }
  return lost(code);
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

function pathOf(url: string): string {
  const parsed = URL.parse(url);
  if (parsed?.protocol === 'http:' || parsed?.protocol === 'https:') return parsed.pathname;
  throw new TargetError({ kind: 'pause', reason: `"${url.slice(0, 100)}" is not an http or https address` });
}

/** The platform's own error would repeat the value that it refuses, and that may be a secret. */
function headersOf(call: Call): Headers {
  try {
    const headers = new Headers({ accept: 'application/json', ...call.headers });
    if (call.form) headers.set('content-type', 'application/x-www-form-urlencoded');
    else if (call.json !== undefined) headers.set('content-type', 'application/json');
    return headers;
  } catch {
    throw new TargetError({ kind: 'pause', reason: 'a credential holds a character that no HTTP header can carry' });
  }
}

/** Long lists without the word, which an escape could hide, are not searched name by name. */
function parse(raw: string): unknown {
  try {
    const value = JSON.parse(raw);
    return /password|\\u/i.test(raw) ? withoutPasswords(value) : value;
  } catch {
    return undefined;
  }
}

/** RFC 9110 section 10.2.3: seconds or an HTTP date. */
function retryAfter(headers: Headers, now: Date): number | undefined {
  const value = headers.get('retry-after')?.trim();
  if (!value) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - now.getTime();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

const NAMES_OF_WORDS = ['error_description', 'message', 'Message', 'detail', 'error', 'title'];

function wordsOf(body: unknown): string {
  if (typeof body === 'string') return body;
  const record = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  const words = NAMES_OF_WORDS.map((name) => record[name]).find((value) => typeof value === 'string' && value !== '');
  return (words as string | undefined) ?? '';
}

function sentence(start: string, detail: string): string {
  const words = detail.replace(/\s+/g, ' ').trim();
  const whole = words === '' ? start : `${start}: ${words}`;
  return whole.length > 300 ? `${whole.slice(0, 299)}…` : whole;
}
