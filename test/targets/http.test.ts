import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { type Call, classify, expect as expectAnswer, request, segment } from '../../src/targets/http.ts';
import { testIo } from './sandbox-server.ts';
import { failureOf } from './target-suite.ts';

const NOW = new Date('2026-11-22T12:00:00Z');
const io = testIo({ timeoutMs: 300, clock: () => NOW });
const servers: Server[] = [];

async function serving(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  servers.push(server);
  await new Promise((resolve) => server.once('listening', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** Asks a server that answers with `status`, `body` and `headers`. */
async function ask(status: number, body = '', headers: Record<string, string> = {}, call: Partial<Call> = {}) {
  const url = await serving((_, response) => response.writeHead(status, headers).end(body));
  return request(io, { method: 'GET', url: `${url}/api/users?email=a@example.com`, ...call });
}

const JSON_TYPE = { 'content-type': 'application/problem+json; charset=utf-8' };

describe('a request', () => {
  test('sends JSON or a form, and says so', async () => {
    const seen: string[] = [];
    const url = await serving(async (incoming, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk);
      seen.push(`${incoming.headers['content-type']} ${Buffer.concat(chunks)}`);
      response.end();
    });
    await request(io, { method: 'POST', url, json: { a: 1 } });
    await request(io, { method: 'POST', url, form: { scope: 'a b', name: 'p/x@y' } });
    await request(io, { method: 'POST', url });
    expect(seen).toEqual([
      'application/json {"a":1}',
      'application/x-www-form-urlencoded scope=a+b&name=p%2Fx%40y',
      'undefined ',
    ]);
  });

  test('parses only what is called JSON', async () => {
    expect(await ask(200, '{"id":"1"}', JSON_TYPE)).toMatchObject({ body: { id: '1' }, text: '' });
    expect(await ask(200, '{"id":"1"}', { 'content-type': 'text/plain' })).toMatchObject({
      body: undefined,
      text: '{"id":"1"}',
    });
    expect(await ask(200, 'not JSON', JSON_TYPE)).toMatchObject({ body: undefined, text: 'not JSON' });
    expect(await ask(200, 'OK', { 'content-type': 'text/plain' })).toMatchObject({
      status: 200,
      body: undefined,
      text: 'OK',
    });
    expect(await ask(204)).toMatchObject({ status: 204, body: undefined, text: '' });
  });

  test('leaves passwords at the door, at any depth', async () => {
    const body = JSON.stringify([{ id: '1', password: 'hunter2', profile: { newPassword: 'hunter3' } }]);
    expect((await ask(200, body, JSON_TYPE)).body).toEqual([{ id: '1', profile: {} }]);
  });

  test('follows no redirect: a moved system is a matter of configuration', async () => {
    const answer = await ask(302, '', { location: 'https://elsewhere.example/' });
    expect(classify(answer)).toMatchObject({ kind: 'pause', reason: expect.stringContaining('redirect') });
  });

  test('names the path without its query', async () => {
    expect((await ask(400)).path).toBe('/api/users');
  });
});

describe('an answer comes to', () => {
  test.each([
    [400, 'reject'],
    [404, 'reject'],
    [409, 'reject'],
    [422, 'reject'],
    [418, 'reject'],
    [401, 'pause'],
    [403, 'pause'],
    [408, 'retry'],
    [429, 'retry'],
    [500, 'retry'],
    [503, 'retry'],
  ])('%i: %s', async (status, kind) => {
    expect(classify(await ask(status)).kind).toBe(kind);
  });

  test('unclear after a 5xx only where something was written', async () => {
    expect(classify(await ask(502, '', {}, { method: 'PUT' }))).toMatchObject({ kind: 'retry', unclear: true });
    expect(classify(await ask(502))).not.toHaveProperty('unclear');
    expect(classify(await ask(502, '', {}, { method: 'POST', writes: false }))).not.toHaveProperty('unclear');
  });

  test.each([
    ['7', 7_000],
    ['Sun, 22 Nov 2026 12:01:30 GMT', 90_000],
    ['Sun, 22 Nov 2026 11:00:00 GMT', 0],
    ['soon', undefined],
    ['', undefined],
  ])('Retry-After "%s": %s ms', async (value, afterMs) => {
    expect(classify(await ask(429, '', { 'retry-after': value }))).toMatchObject({ kind: 'retry' });
    expect((classify(await ask(429, '', { 'retry-after': value })) as { afterMs?: number }).afterMs).toBe(afterMs);
  });

  test("the system's own words, in one short line", async () => {
    const words = (body: unknown) =>
      ask(400, JSON.stringify(body), JSON_TYPE).then((answer) => classify(answer).reason);
    expect(await words({ message: 'userName\n is  required' })).toBe(
      'GET /api/users answered 400: userName is required',
    );
    expect(await words({ error: 'invalid', error_description: 'no such scope' })).toContain('no such scope');
    expect(await words({ unknown: 'shape' })).toBe('GET /api/users answered 400');
    expect((await words({ message: 'x'.repeat(9_000) })).length).toBe(300);
    const page = await ask(404, '<html>Not Found</html>', { 'content-type': 'text/html' });
    expect(classify(page).reason).toBe('GET /api/users answered 404');
  });

  test('a throw, unless the status is a success or expected', async () => {
    expect(expectAnswer(await ask(204)).status).toBe(204);
    expect(expectAnswer(await ask(404), 404).status).toBe(404);
    const refused = await ask(409);
    expect((await failureOf(Promise.resolve().then(() => expectAnswer(refused)))).kind).toBe('reject');
  });
});

describe('a reason', () => {
  const secrets = { authorization: 'Bearer s3cr3t-t0k3n', 'ocp-apim-subscription-key': 'key+with/slash=' };

  test.each([
    '{"message":"token s3cr3t-t0k3n is not good"}',
    '{"message":"You sent key key+with/slash= (key%2Bwith%2Fslash%3D)"}',
    '{"message":"newPassword Tr0ub4dor&3 is too short"}',
    '{"message":"bad line: {\\"password\\":\\"Tr0ub4dor&3\\"}"}',
    '{"message":"password=unknown-to-us is wrong"}',
  ])('never repeats a secret: %s', async (body) => {
    const answer = await ask(400, body, JSON_TYPE, {
      method: 'PUT',
      headers: secrets,
      json: { newPassword: 'Tr0ub4dor&3' },
    });
    const { reason } = classify(answer);
    expect(reason).toContain('<hidden>');
    expect(reason).not.toMatch(/s3cr3t|key\+with|key%2B|Tr0ub4dor|unknown-to-us/);
  });

  test('hides a secret in a body that is not JSON too', async () => {
    const answer = await ask(400, 'refused: s3cr3t-t0k3n', { 'content-type': 'text/plain' }, { headers: secrets });
    expect(answer.text).toBe('refused: <hidden>');
  });
});

describe('no answer comes to', () => {
  const gone = 'http://127.0.0.1:1234/api';

  test('retry, and nothing unclear, where there was no connection', async () => {
    const closed = `${await serving(() => {})}/api`;
    await new Promise((resolve) => servers.pop()?.close(resolve));
    for (const url of [closed, 'http://nothing.invalid/api']) {
      const failure = await failureOf(request(io, { method: 'POST', url }));
      expect(failure).toMatchObject({ kind: 'retry', reason: expect.stringContaining('was not sent') });
      expect(failure).not.toHaveProperty('unclear');
    }
  });

  test.each([
    ['a reset', (_: unknown, response: Parameters<RequestListener>[1]) => response.socket?.resetAndDestroy()],
    ['a close', (_: unknown, response: Parameters<RequestListener>[1]) => response.socket?.destroy()],
    ['silence', () => {}],
    [
      'half an answer',
      (_: unknown, response: Parameters<RequestListener>[1]) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('half', () => response.socket?.destroy());
      },
    ],
  ] as const)('retry after %s, unclear where something was written', async (_, answer) => {
    const url = await serving(answer);
    expect(await failureOf(request(io, { method: 'DELETE', url }))).toMatchObject({ kind: 'retry', unclear: true });
    expect(await failureOf(request(io, { method: 'GET', url }))).not.toHaveProperty('unclear');
  });

  test('pause where TLS or the address is at fault', async () => {
    const url = (await serving((_, response) => response.end())).replace('http:', 'https:');
    expect(await failureOf(request(io, { method: 'GET', url }))).toMatchObject({
      kind: 'pause',
      reason: expect.stringContaining('TLS'),
    });
    for (const address of ['ftp://example.com', 'no address', '', 'http://127.0.0.1:9/']) {
      const failure = await failureOf(request(io, { method: 'GET', url: address }));
      expect(failure).toMatchObject({ kind: 'pause', reason: expect.stringContaining('address') });
    }
  });

  test('pause where a credential cannot be sent, without showing it', async () => {
    const failure = await failureOf(
      request(io, { method: 'GET', url: gone, headers: { authorization: 'Bearer bad\nt0ken' } }),
    );
    expect(failure.kind).toBe('pause');
    expect(failure.reason).not.toContain('t0ken');
  });

  test("what is not the network's fault passes through untouched", async () => {
    const own = new Error('the lease ended');
    const refusing = { ...io, fetch: () => Promise.reject(own) };
    await expect(request(refusing, { method: 'POST', url: gone })).rejects.toBe(own);
  });
});

test('a path segment swallows nothing', async () => {
  expect(segment('DEMO/kelly door')).toBe('DEMO%2Fkelly%20door');
  for (const value of ['', '.', '..']) {
    expect((await failureOf(Promise.resolve().then(() => segment(value)))).kind).toBe('reject');
  }
});
