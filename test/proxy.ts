/** Stands between Linkspan and a sandbox and holds back answers: the sandbox has done it, Linkspan does not know yet. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Proxy {
  url: string;
  /** Resolves when the sandbox has answered the next `METHOD path` that matches; that answer is never passed on. */
  swallow(call: RegExp): Promise<void>;
  /** Like `swallow`, but passes the answer on once `letGo` is called. */
  hold(call: RegExp): { arrived: Promise<void>; letGo: () => void };
  /** Until `stop` is called, matching calls are answered with this status and never reach the sandbox. */
  pretend(call: RegExp, status: number): { stop: () => void };
}

export async function startProxy(to: string): Promise<Proxy> {
  const waiting: { call: RegExp; done: () => void; until?: Promise<void> }[] = [];
  let pretending: { call: RegExp; status: number }[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method = 'GET', url = '/', headers } = request;
    const pretence = pretending.find(({ call }) => call.test(`${method} ${url}`));
    if (pretence) return void response.writeHead(pretence.status).end();
    const sent = Object.fromEntries(
      Object.entries(headers).filter(([name]) => !['host', 'connection', 'content-length'].includes(name)),
    ) as Record<string, string>;
    const answer = await fetch(`${to}${url}`, {
      method,
      headers: sent,
      ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
    }).catch(() => null);
    // The sandbox cut the connection: so does the proxy.
    if (!answer) return void response.destroy();
    const body = Buffer.from(await answer.arrayBuffer());
    const at = waiting.findIndex(({ call }) => call.test(`${method} ${url}`));
    if (at >= 0) {
      const [found] = waiting.splice(at, 1);
      found?.done();
      if (!found?.until) return;
      await found.until;
    }
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    swallow: (call) => new Promise((done) => waiting.push({ call, done })),
    hold(call) {
      const { promise: until, resolve: letGo } = Promise.withResolvers<void>();
      const arrived = new Promise<void>((done) => waiting.push({ call, done, until }));
      return { arrived, letGo };
    },
    pretend(call, status) {
      const pretence = { call, status };
      pretending.push(pretence);
      return {
        stop() {
          pretending = pretending.filter((each) => each !== pretence);
        },
      };
    },
  };
}
