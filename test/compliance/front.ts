/**
 * Stands in front of a good server and spoils what it answers, one fault at a time: what shows that a check can fail.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Passing {
  method: string;
  /** Below the base URL, the query included and decoded: "/Users?filter=userName eq "jane"". */
  path: string;
  headers: Record<string, string>;
  /** JSON where it is JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects
  sent: any;
  status: number;
  answerHeaders: Record<string, string>;
  /** JSON where it is JSON; undefined: no body. */
  // biome-ignore lint/suspicious/noExplicitAny: a test spoils what it likes
  body: any;
}

export type Spoil = (passing: Passing) => void;

/** What goes to the good server: to have it do something else than it was asked, or nothing. */
export type Request = Pick<Passing, 'method' | 'path' | 'sent' | 'headers'>;

/** What is answered without the good server; null: it is asked, with what became of the request. */
export type Instead = (request: Request) => Promise<Pick<Passing, 'status' | 'body'> | null>;

export interface Front {
  url: string;
  /** From now on. @param twist changes requests on their way. */
  spoil(spoil: Spoil, twist?: (request: Request) => void, instead?: Instead): void;
  close(): void;
}

/** @param base of the good server. */
export async function startFront(base: string): Promise<Front> {
  let spoil: Spoil = () => {};
  let twist: ((request: Request) => void) | undefined;
  let instead: Instead | undefined;
  const { origin, pathname } = new URL(base);
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const { method = '', url = '', headers } = request;
    const sentText = Buffer.concat(parts).toString();
    // Locations are made of the configured host, as behind any proxy.
    const own = `http://${headers.host}`;
    const path = decodeURIComponent(url.slice(pathname.length).replaceAll('+', ' '));
    const asked: Request = {
      method,
      path,
      sent: parsed(sentText),
      headers: { ...(headers as Record<string, string>) },
    };
    twist?.(asked);
    const answered = await instead?.(asked);
    const forwarded = Object.entries(asked.headers).filter(
      ([name]) => !['host', 'connection', 'content-length', 'transfer-encoding'].includes(name),
    );
    const isTwisted = asked.path !== path;
    const body =
      asked.method === 'GET' ? '' : (twist || instead) && asked.sent !== undefined ? written(asked.sent) : sentText;
    const answer = answered
      ? new Response(answered.body === undefined ? null : written(answered.body), {
          status: answered.status,
          headers: { 'content-type': 'application/scim+json' },
        })
      : await fetch(isTwisted ? `${origin}${pathname}${asked.path}` : `${origin}${url}`, {
          method: asked.method,
          headers: { ...Object.fromEntries(forwarded), accept: headers.accept ?? '*/*' },
          ...(body !== '' && { body }),
        });
    const text = (await answer.text()).replaceAll(origin, own);
    const passing: Passing = {
      method,
      path,
      headers: headers as Record<string, string>,
      sent: parsed(sentText),
      status: answer.status,
      answerHeaders: Object.fromEntries(
        [...answer.headers].filter(([name]) => !['content-length', 'connection', 'transfer-encoding'].includes(name)),
      ),
      body: parsed(text),
    };
    for (const name of ['location', 'content-location'])
      if (passing.answerHeaders[name])
        passing.answerHeaders[name] = passing.answerHeaders[name].replaceAll(origin, own);
    spoil(passing);
    response.writeHead(passing.status, passing.answerHeaders);
    response.end(passing.body === undefined ? '' : written(passing.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${pathname}`,
    spoil(next, nextTwist, nextInstead) {
      spoil = next;
      twist = nextTwist;
      instead = nextInstead;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function written(body: unknown): string {
  return typeof body === 'string' ? body : JSON.stringify(body);
}

function parsed(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
