/**
 * A server that is broken in one way at a time: a good one behind a layer that rewrites what goes in or comes out. Each fault
 * has an address of its own, so that many can be tried at once.
 */
import { Hono } from 'hono';
import { listen } from '../../../src/app.ts';

/** JSON of the good server, spoilt at will. */
// biome-ignore lint/suspicious/noExplicitAny: a fault changes what it expects to be there
export type Any = any;

/** As the client sent it. */
export interface Asked {
  method: string;
  /** Below the base URL: "/Users/2819c223". */
  path: string;
  query: URLSearchParams;
  /** The query as it came: "?count=1". */
  search: string;
  headers: Record<string, string>;
  /** JSON where it is JSON, otherwise the text; undefined: no body. */
  body?: Any;
}

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body?: Any;
}

/** How a broken server answers. @param good asks the good one; a fault may do so never, once or several times. */
export type Fault = (asked: Asked, good: (asked: Asked) => Promise<Answer>) => Answer | Promise<Answer>;

export interface BrokenServer {
  /** @returns the base URL at which this fault is. */
  at(fault: Fault): string;
  close(): Promise<void>;
}

/** @param base URL of the good server. */
export async function startBrokenServer(base: string): Promise<BrokenServer> {
  const faults: Fault[] = [];
  const app = new Hono();
  app.all('*', async ({ req }) => {
    const { pathname, search, origin } = new URL(req.url);
    const [, number = '', rest = ''] = /^\/(\d+)(.*)$/s.exec(pathname) ?? [];
    const fault = faults[Number(number)];
    if (!fault) return new Response('no such fault', { status: 500 });
    const own = `${origin}/${number}`;
    const text = await req.text();
    const asked: Asked = {
      method: req.method,
      path: decoded(rest),
      query: new URLSearchParams(search),
      search,
      headers: Object.fromEntries(req.raw.headers),
      body: parsed(text.replaceAll(own, base)),
    };
    const unchanged = asked.query.toString();
    const good = async ({ method, path, query, headers, body }: Asked): Promise<Answer> => {
      const isSame = query.toString() === unchanged;
      const encoded = path === asked.path ? rest : path.split('/').map(encodeURIComponent).join('/');
      const answer = await fetch(`${base}${encoded}${isSame ? search : `?${query}`}`, {
        method,
        headers: without(headers, HOP),
        ...(body !== undefined && method !== 'GET' && { body: written(body) }),
      });
      return {
        status: answer.status,
        headers: without(Object.fromEntries(answer.headers), HOP),
        body: parsed(await answer.text()),
      };
    };
    const { status, headers, body } = await fault(asked, good);
    const shown = Object.entries(headers).map(([name, value]): [string, string] => [name, value.replaceAll(base, own)]);
    const isEmpty = body === undefined || [204, 304].includes(status);
    return new Response(isEmpty ? null : written(body).replaceAll(base, own), { status, headers: shown });
  });
  const server = await listen(app.fetch, { host: '127.0.0.1', port: 0 });
  return {
    at: (fault) => `${server.url}/${faults.push(fault) - 1}`,
    close: () => server.close(),
  };
}

const HOP = ['host', 'connection', 'content-length', 'transfer-encoding', 'keep-alive', 'date'];

function without(headers: Record<string, string>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function parsed(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function written(body: unknown): string {
  return typeof body === 'string' ? body : JSON.stringify(body);
}
