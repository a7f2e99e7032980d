/**
 * How the faults of operations-spoils.ts, queries-spoils.ts and conditions-spoils.ts are written: what becomes of a request on
 * its way to the good server, and of the answer on its way back.
 */
import type { Front, Passing } from './front.ts';

// biome-ignore lint/suspicious/noExplicitAny: JSON of the good server, spoilt at will
export type Any = any;

export interface Asked {
  method: string;
  /** Without the query; "/" is the base URL. */
  path: string;
  query: URLSearchParams;
  /** The body. */
  sent: Any;
  headers: Record<string, string>;
  /** One for the whole run. */
  memory: Any;
  /** Asks the good server something else. @returns the body of its answer. */
  good(method: string, path: string, body?: unknown): Promise<Any>;
}

export interface Bend {
  /** "check requirement": what must be found. */
  sees: readonly string[];
  /** Changes the request, or answers it. */
  asks?(asked: Asked): Answered | undefined | Promise<Answered | undefined>;
  answers?(answer: Passing, asked: Asked): void;
}

export interface Answered {
  status: number;
  body?: unknown;
}

export const error = (status: number, scimType?: string): Answered => ({
  status,
  body: {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
    status: String(status),
    detail: 'no',
    ...(scimType && { scimType }),
  },
});

export const isMany = ({ path }: Asked) => /^\/(Users|Groups)$/.test(path);
export const isOne = ({ path }: Asked) => /^\/(Users|Groups)\/[^/.]+$/.test(path);
/** Of a PATCH. */
export const operations = ({ method, sent }: Asked): Any[] =>
  method === 'PATCH' && Array.isArray(sent?.Operations) ? sent.Operations : [];
export const listed = ({ body }: Passing): Any[] => body?.Resources ?? [];

/** Says yes, and does nothing. */
export function nothing(asked: Asked): undefined {
  asked.method = 'GET';
  asked.sent = undefined;
}

export const filterOf = ({ query }: Asked) => query.get('filter') ?? '';

export const filtering =
  (from: RegExp, to: string) =>
  ({ query }: Asked): undefined => {
    const filter = query.get('filter');
    if (filter !== null) query.set('filter', filter.replace(from, to));
  };

/** @param token of the good server at `base`. */
export function bend(front: Front, { asks, answers }: Bend, base: string, token: string): void {
  const memory = {};
  const good = async (method: string, path: string, body?: unknown) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' };
    const answer = await fetch(`${base}${path}`, {
      method,
      headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return text === '' ? undefined : JSON.parse(text);
  };
  const asked = ({ method, path, sent, headers }: Pick<Passing, 'method' | 'path' | 'sent' | 'headers'>): Asked => {
    const [before = '', ...rest] = path.split('?');
    const query = new URLSearchParams();
    for (const pair of rest.join('?').split('&').filter(Boolean)) {
      const at = pair.indexOf('=');
      query.append(at < 0 ? pair : pair.slice(0, at), at < 0 ? '' : pair.slice(at + 1));
    }
    return { method, path: before || '/', query, sent, headers, memory, good };
  };
  front.spoil(
    (passing) => answers?.(passing, asked(passing)),
    undefined,
    async (request) => {
      const changed = asked(request);
      const answer = await asks?.(changed);
      if (answer) return { status: answer.status, body: answer.body };
      const query = [...changed.query].map((pair) => pair.map(encodeURIComponent).join('=')).join('&');
      request.path = `${changed.path === '/' ? '' : changed.path}${query && `?${query}`}`;
      request.method = changed.method;
      request.sent = changed.sent;
      return null;
    },
  );
}
