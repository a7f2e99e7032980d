/** An HTTP server that answers as a test says, for what no decent server does. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Call {
  method: string;
  /** With the query. */
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface Answer {
  status?: number;
  headers?: Record<string, string>;
  /** A string as it is, anything else as JSON. */
  body?: unknown;
  /** Never finishes. */
  hangs?: 'before' | 'within';
  /** Closes the connection instead. */
  closes?: boolean;
}

export interface StrangeServer {
  url: string;
  calls: Call[];
}

/** Ends with the test. */
export async function strangeServer(
  answer: (call: Call, number: number) => Answer | Promise<Answer>,
): Promise<StrangeServer> {
  const calls: Call[] = [];
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const { method = '', url = '', headers } = request;
    const call = { method, path: url, headers, body: Buffer.concat(parts).toString() };
    calls.push(call);
    const { status = 200, headers: own = {}, body = '', hangs, closes } = await answer(call, calls.length);
    if (closes) return void response.destroy();
    if (hangs === 'before') return;
    const bytes = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    response.writeHead(status, { 'content-type': 'application/scim+json', ...own });
    if (hangs === 'within') return void response.write(bytes);
    response.end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls };
}
