import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { userBody } from '../../compliance/guest/bodies.ts';
import { type ClientOptions, createClient } from '../../compliance/guest/client.ts';
import { discover, USER } from '../../compliance/guest/discover.ts';
import { leftovers, NO_JOURNAL, openJournal } from '../../compliance/guest/journal.ts';
import { cleanUp, createKeeper } from '../../compliance/guest/keeper.ts';
import { createNames } from '../../compliance/guest/names.ts';
import { createPace, retryAfter } from '../../compliance/guest/pace.ts';
import { createSecrets } from '../../compliance/guest/secrets.ts';
import { createWire, MOST_BYTES } from '../../compliance/guest/wire.ts';
import type { Exchange } from '../../compliance/model.ts';
import { type Answer, type Call, strangeServer } from './strange-server.ts';

const TOKEN = 'a-token-that-nobody-may-see';

function client(url: string, { timeoutMs = 5_000, ...options }: Partial<ClientOptions> & { timeoutMs?: number } = {}) {
  const wire = createWire({ timeoutMs });
  onTestFinished(() => wire.close());
  return createClient({ url, token: TOKEN, headers: {}, wire, pace: createPace(0), ...options });
}

async function folder(): Promise<string> {
  const made = await mkdtemp(path.join(tmpdir(), 'compliance-'));
  onTestFinished(() => rm(made, { recursive: true, force: true }));
  return made;
}

describe('a request of a guest', () => {
  it('that is refused for want of a condition is sent with one, unless its client never sends any', async () => {
    const { url, calls } = await strangeServer(({ headers }) => (headers['if-match'] ? { body: {} } : { status: 428 }));
    const deleted = await client(url).send('DELETE', '/Users/1');
    expect(deleted).toMatchObject({ status: 200, requestHeaders: { 'if-match': '*' } });
    expect(await client(url, { conditions: false }).send('DELETE', '/Users/1')).toMatchObject({ status: 428 });
    expect(await client(url).send('PUT', '/Users/1', {}, { headers: { 'if-match': '' } })).toMatchObject({
      status: 200,
    });
    expect(calls.map(({ headers }) => headers['if-match'])).toEqual([undefined, '*', undefined, undefined, '*']);
  });

  it('carries the token, asks for SCIM and says what it sends', async () => {
    const { url, calls } = await strangeServer(() => ({ body: { id: '1' } }));
    const { status, json } = await client(`${url}/scim/v2/?aad=1`).send('POST', '/Users', { userName: 'ä' });
    expect({ status, json }).toEqual({ status: 200, json: { id: '1' } });
    expect(calls[0]).toMatchObject({
      path: '/scim/v2/Users',
      body: '{"userName":"ä"}',
      headers: {
        authorization: `Bearer ${TOKEN}`,
        accept: 'application/scim+json, application/json;q=0.9',
        'content-type': 'application/scim+json',
        'content-length': '17',
      },
    });
  });

  it('leaves out the token where it is anonymous, and headers that are empty', async () => {
    const { url, calls } = await strangeServer(() => ({}));
    const guest = client(url, { headers: { 'X-Api-Key': 'gateway', Cookie: 'me' } });
    await guest.send('GET', '/Users', undefined, { anonymous: true, headers: { accept: '' } });
    await guest.send('GET', '/Users', undefined, { token: 'other' });
    await guest.send('GET', '/Users');
    const seen = calls.map(({ headers }) => [headers.authorization, headers['x-api-key'], headers.cookie]);
    expect(seen).toEqual([
      [undefined, 'gateway', undefined],
      ['Bearer other', 'gateway', undefined],
      [`Bearer ${TOKEN}`, 'gateway', 'me'],
    ]);
    expect(calls[0]?.headers).not.toHaveProperty('accept');
  });

  it('leaves out whatever lets it in, where that is no token', async () => {
    const { url, calls } = await strangeServer(() => ({}));
    const guest = client(url, { token: '', headers: { 'X-Api-Key': 'me', 'x-tenant': 't' } });
    await guest.send('GET', '/Users', undefined, { anonymous: true });
    await guest.send('GET', '/Users', undefined, { token: 'other' });
    await guest.send('GET', '/Users');
    const seen = calls.map(({ headers }) => [headers.authorization, headers['x-api-key'], headers['x-tenant']]);
    expect(seen).toEqual([
      [undefined, undefined, 't'],
      ['Bearer other', undefined, 't'],
      [undefined, 'me', 't'],
    ]);
  });

  it('is repeated after 429 when Retry-After has passed, and its answer is the last one', async () => {
    const { url, calls } = await strangeServer((_call, number) =>
      number < 3 ? { status: 429, headers: { 'retry-after': '0' } } : { body: { ok: true } },
    );
    let requests = 0;
    const started = performance.now();
    const answer = await client(url, { onRequest: () => requests++ }).send('GET', '/Users');
    expect(answer).toMatchObject({ status: 200, json: { ok: true } });
    expect([calls.length, requests]).toEqual([3, 3]);
    expect(performance.now() - started).toBeGreaterThan(190);
  });

  it('gives up on a server that only says 429, with words for it', async () => {
    const { url, calls } = await strangeServer(() => ({ status: 429, headers: { 'retry-after': '3600' } }));
    const answer = await client(url, { patienceMs: 1_000 }).send('GET', '/Users');
    expect(answer.status).toBe(429);
    expect(answer.error).toContain('still 429 after 1 attempts');
    expect(calls).toHaveLength(1);
  });

  it.each([
    ['2', 2_000],
    ['0.5', 500],
    ['Sun, 22 Nov 2026 12:00:30 GMT', 30_000],
    ['Sun, 22 Nov 2026 11:00:00 GMT', 0],
    ['soon', null],
    [undefined, null],
  ])('reads Retry-After: %s', (header, expected) => {
    expect(retryAfter(header, Date.parse('2026-11-22T12:00:00Z'))).toBe(expected);
  });

  it('spares the server: it keeps its own rate', async () => {
    const pace = createPace(50);
    const started = performance.now();
    await Promise.all(Array.from({ length: 6 }, () => pace.turn()));
    expect(performance.now() - started).toBeGreaterThan(95);
  });

  it('asks more slowly once it was refused, and faster again after a while', async () => {
    const pace = createPace(0);
    const timed = async (requests: number) => {
      const started = performance.now();
      for (let n = 0; n < requests; n++) await pace.turn();
      return performance.now() - started;
    };
    pace.pause(20);
    const refused = await timed(4);
    expect(refused).toBeGreaterThan(20 + 50 + 45 + 40 - 4);
    await timed(40);
    expect(await timed(4)).toBeLessThan(refused);
  });

  it.each([['before'], ['within']] as const)(
    'ends with a time-out where the answer hangs %s its body',
    async (hangs) => {
      const { url } = await strangeServer(() => ({ hangs, body: '{"a":' }));
      const answer = await client(url, { timeoutMs: 150 }).send('GET', '/Users');
      expect(answer.error).toContain('within 150 ms');
      expect(answer.status).toBe(hangs === 'before' ? 0 : 200);
    },
  );

  it.each<[string, Answer, Partial<Exchange>]>([
    [
      'HTML',
      { headers: { 'content-type': 'text/html' }, body: '<h1>Welcome</h1>' },
      { status: 200, body: '<h1>Welcome</h1>' },
    ],
    ['half a JSON', { body: '{"a":' }, { status: 200, body: '{"a":' }],
    ['nothing', { status: 204 }, { status: 204, body: '' }],
    [
      'a closed connection',
      { closes: true },
      { status: 0, error: 'the server closed the connection without an answer' },
    ],
  ])('survives %s', async (_what, answer, expected) => {
    const { url } = await strangeServer(() => answer);
    const found = await client(url).send('GET', '/Users');
    expect(found).toMatchObject(expected);
    expect(found.json).toBeUndefined();
  });

  it('reads a body of ten megabytes, and no more than it must of a larger one', async () => {
    const { url } = await strangeServer(({ path: at }) => ({
      body: JSON.stringify({ text: 'x'.repeat(at === '/small' ? 10_000_000 : MOST_BYTES + 1) }),
    }));
    const guest = client(url);
    expect(((await guest.send('GET', '/small')).json as { text: string }).text).toHaveLength(10_000_000);
    const large = await guest.send('GET', '/large');
    expect(large.error).toContain('larger than 16 MB');
    expect(large.json).toBeUndefined();
  });

  it('reads what is compressed though nobody asked for it', async () => {
    const { url } = await strangeServer(() => ({
      headers: { 'content-encoding': 'gzip' },
      body: gzipSync('{"a":1}'),
    }));
    expect((await client(url).send('GET', '/Users')).json).toEqual({ a: 1 });
  });

  it('follows redirects on the same host, not for ever', async () => {
    const { url, calls } = await strangeServer(({ path: at }) =>
      at.startsWith('/Users')
        ? { status: 308, headers: { location: `/v2${at}` } }
        : at.includes('loop')
          ? { status: 302, headers: { location: '/loop' } }
          : { body: { at } },
    );
    const guest = client(url);
    expect((await guest.send('POST', '/Users?x=1', { a: 1 })).json).toEqual({ at: '/v2/Users?x=1' });
    expect(calls[1]).toMatchObject({ method: 'POST', body: '{"a":1}' });
    const looped = await guest.send('GET', '/loop');
    expect(looped).toMatchObject({ status: 302, error: 'redirected more than 5 times' });
    expect(calls.filter(({ path: at }) => at === '/loop')).toHaveLength(6);
  });

  it('takes its token to no other host: not by a redirect, not by a URL in an answer', async () => {
    const other = await strangeServer(() => ({}));
    const { url } = await strangeServer(() => ({ status: 307, headers: { location: `${other.url}/Users` } }));
    const guest = client(url);
    expect((await guest.send('GET', '/Users')).status).toBe(307);
    expect(await guest.send('GET', `${other.url}/Users/1`)).toMatchObject({ status: 0 });
    expect(other.calls).toEqual([]);
  });

  it('waits no longer once the run is ended', async () => {
    const { url } = await strangeServer(() => ({ status: 429, headers: { 'retry-after': '30' } }));
    const stop = new AbortController();
    const asked = client(url, { signal: stop.signal }).send('GET', '/Users');
    setTimeout(() => stop.abort(), 50);
    await expect(asked).rejects.toThrow(/aborted/);
  });
});

describe('secrets', () => {
  const exchange: Exchange = {
    method: 'POST',
    url: `https://example.com/Users?key=${TOKEN}`,
    requestHeaders: { authorization: `Bearer ${TOKEN}`, 'x-key': 'private', accept: 'application/json' },
    requestBody: '{"userName":"jane","password":"Corr3ct-horse","note":"Corr3ct-horse"}',
    status: 400,
    headers: { 'set-cookie': 'session=1', 'www-authenticate': 'Bearer realm="scim"' },
    body: `{"detail":"Corr3ct-horse is weak; ${TOKEN} too","access_token":"eyJ"}`,
    json: {},
    duration: 1,
    at: '2026-11-22T12:00:00.000Z',
  };

  it('are replaced by *** in everything that is kept', () => {
    const secrets = createSecrets([TOKEN, 'private'], ['X-Key']);
    secrets.learn(JSON.parse(exchange.requestBody ?? ''));
    const shown = secrets.exchange(exchange);
    expect(shown).toEqual({
      ...Object.fromEntries(Object.entries(exchange).filter(([name]) => name !== 'json')),
      url: 'https://example.com/Users?key=***',
      requestHeaders: { authorization: '***', 'x-key': '***', accept: 'application/json' },
      requestBody: '{"userName":"jane","password":"***","note":"***"}',
      headers: { 'set-cookie': '***', 'www-authenticate': 'Bearer realm="scim"' },
      body: '{"detail":"*** is weak; *** too","access_token":"***"}',
    });
  });

  it('are known in a PATCH and in a bulk too', () => {
    const secrets = createSecrets([]);
    const operation = { op: 'replace', path: 'password', value: 'first-secret' };
    secrets.learn({ Operations: [operation, { data: { Operations: [{ value: { Password: 'second-secret' } }] } }] });
    expect(secrets.text('first-secret, second-secret, third')).toBe('***, ***, third');
  });

  it('do not take ordinary words along', () => {
    expect(createSecrets(['']).text('Bearer authentication; Basic access')).toBe('Bearer authentication; Basic access');
  });
});

/** Users in memory, with whatever else a test wants. */
async function shelf(answer: (call: Call) => Answer | undefined = () => undefined) {
  const users = new Map<string, Record<string, unknown>>();
  let count = 0;
  const server = await strangeServer((call) => {
    const id = /^\/Users\/(.+)$/.exec(call.path)?.[1] ?? '';
    const made = call.method === 'POST' && call.path === '/Users' ? `u${++count}` : null;
    if (made) users.set(made, { ...JSON.parse(call.body), id: made });
    if (call.method === 'DELETE' && answer(call) === undefined) return { status: users.delete(id) ? 204 : 404 };
    const name = /userName eq "(.*)"/.exec(decodeURIComponent(call.path))?.[1];
    return (
      answer(call) ??
      (made
        ? { status: 201, body: users.get(made) }
        : { body: { Resources: [...users.values()].filter((user) => name === undefined || user.userName === name) } })
    );
  });
  return { ...server, users };
}

describe('what a guest makes', () => {
  const owner = {};
  const names = createNames();

  async function made(
    server: { url: string },
    body: unknown,
    path = '/Users',
    keeper = createKeeper(server.url, NO_JOURNAL),
  ) {
    const guest = client(server.url, { timeoutMs: 300 });
    const answered = keeper.expects('POST', path, body, owner);
    answered(await guest.send('POST', path, body as never));
    return { keeper, guest };
  }

  it('is removed, and nothing else', async () => {
    const server = await shelf();
    server.users.set('theirs', { id: 'theirs', userName: 'jane' });
    const { keeper, guest } = await made(server, { userName: names.next() });
    expect(server.users.size).toBe(2);
    expect(await keeper.cleanAll(guest)).toEqual([]);
    expect([...server.users.keys()]).toEqual(['theirs']);
  });

  it('is found by its name where no answer came', async () => {
    const server = await shelf((call) => (call.method === 'POST' ? { hangs: 'before' } : undefined));
    const { keeper, guest } = await made(server, { userName: names.next() });
    expect(server.users.size).toBe(1);
    await keeper.clean(guest, owner);
    expect(server.users.size).toBe(0);
  });

  it('is not mistaken for somebody else by a server that ignores the filter', async () => {
    const server = await shelf((call) =>
      call.method === 'POST'
        ? { hangs: 'before' }
        : call.method === 'GET'
          ? { body: { Resources: [{ id: 'theirs', userName: 'jane' }, ...server.users.values()] } }
          : undefined,
    );
    server.users.set('theirs', { id: 'theirs', userName: 'jane' });
    const { keeper, guest } = await made(server, { userName: names.next() });
    await keeper.clean(guest, owner);
    expect([...server.users.keys()]).toEqual(['theirs']);
  });

  it('is named where nobody can say whether it is there', async () => {
    for (const body of ['<html>', { Resources: [{ id: 'theirs', userName: 'jane' }] }]) {
      const server = await shelf((call) => ({ hangs: call.method === 'POST' ? 'before' : undefined, body }) as Answer);
      const name = names.next();
      const { keeper, guest } = await made(server, { USERNAME: name });
      expect(await keeper.cleanAll(guest)).toEqual([`/Users?filter=userName%20eq%20%22${name}%22`]);
    }
  });

  it('is known when a bulk made it', async () => {
    const body = { Operations: [{ method: 'post', path: '/Users', bulkId: 'a', data: { userName: names.next() } }] };
    const server = await shelf((call) =>
      call.path === '/Bulk'
        ? { body: { Operations: [{ method: 'POST', status: '201', location: 'https://else.where/v2/Users/b7' }] } }
        : undefined,
    );
    server.users.set('b7', { id: 'b7' });
    const { keeper, guest } = await made(server, body, '/Bulk');
    await keeper.clean(guest, owner);
    expect(server.users.size).toBe(0);
  });

  it('is named where it cannot be removed', async () => {
    const server = await shelf((call) => (call.method === 'DELETE' ? { status: 500 } : undefined));
    const { keeper, guest } = await made(server, { userName: names.next() });
    expect(await keeper.cleanAll(guest)).toEqual(['/Users/u1']);
  });

  it('is all that it changes', async () => {
    const server = await shelf();
    const { keeper } = await made(server, { userName: names.next() });
    const look = keeper.expects('GET', '/Users', undefined, owner);
    server.users.set('theirs', { id: 'theirs', userName: 'jane' });
    look(await client(server.url).send('GET', '/Users'));
    expect(keeper.mayTouch('DELETE', '/Users/u1', undefined)).toBeNull();
    expect(keeper.mayTouch('PATCH', '/Users/nobody-has-this', undefined)).toBeNull();
    expect(keeper.mayTouch('PATCH', '/Users/theirs?x=1', undefined)).toContain('did not make');
    for (const at of ['/Users', '/Users/', '/Me', '/', '/Users?filter=x'])
      expect(keeper.mayTouch('DELETE', at, undefined)).toContain('not its own');
    const bulk = { Operations: [{ method: 'delete', path: '/Users/theirs' }] };
    expect(keeper.mayTouch('POST', '/Bulk', bulk)).toContain('did not make');
  });

  it('is removed later, after a run that was killed', async () => {
    const server = await shelf();
    const state = await folder();
    const keeper = createKeeper(server.url, openJournal(state, 'f00', server.url));
    // Sent, and killed before the answer.
    const late = names.next();
    keeper.expects('POST', '/Users', { userName: late }, owner);
    await made(server, { userName: names.next() }, '/Users', keeper);
    server.users.set('late', { id: 'late', userName: late });

    expect(leftovers(state, 'https://other.example')).toEqual([]);
    const [left] = leftovers(state, server.url);
    expect(left).toMatchObject({ run: 'f00', made: ['/Users/u1'] });
    expect(await cleanUp(client(server.url), left ?? { made: [], intents: [] })).toEqual({
      removed: 2,
      leftBehind: [],
    });
    expect(server.users.size).toBe(0);
  });

  it('leaves no journal where nothing is left, and leaves alone those of runs that go on', async () => {
    const server = await shelf();
    const state = await folder();
    const { keeper, guest } = await made(
      server,
      { userName: names.next() },
      '/Users',
      createKeeper(server.url, openJournal(state, 'f01', server.url)),
    );
    expect(await readdir(state)).toEqual(['f01.jsonl']);
    await keeper.cleanAll(guest);
    expect(await readdir(state)).toEqual([]);
    const lines = (pid: number, startedAt: Date) =>
      `${JSON.stringify({ run: 'f02', url: server.url, pid, startedAt })}\n{"made":"/Users/1"}\n{"made":"/Us`;
    // The parent lives as long as the test does.
    await writeFile(path.join(state, 'f02.jsonl'), lines(process.ppid, new Date()));
    expect(leftovers(state, server.url)).toEqual([]);
    await writeFile(path.join(state, 'f02.jsonl'), lines(process.ppid, new Date(Date.now() - 48 * 3_600_000)));
    expect(leftovers(state, server.url)).toMatchObject([{ made: ['/Users/1'] }]);
  });
});

describe('discovery', () => {
  it('assumes little of a server that says nothing', async () => {
    const { url } = await strangeServer(() => ({ status: 404, body: 'not here' }));
    const server = await discover(client(url));
    expect(Object.entries(server.supports).flatMap(([name, is]) => (is ? [name] : []))).toEqual(['index']);
    expect(server.hasGroups).toBe(false);
    expect(server.attribute('User', 'USERNAME')).toMatchObject({ required: true });
    expect(server.attribute('User', 'emails')).toBeNull();
    expect(userBody(server, 'n')).toEqual({ schemas: [USER], userName: 'n@example.com' });
  });

  it('reads schemas one by one where the list is empty, in whatever letters the URN is written', async () => {
    const schema = {
      id: USER.toUpperCase(),
      attributes: [{ name: 'userName' }, { name: 'name', type: 'complex', subAttributes: [{ name: 'givenName' }] }],
    };
    const type = { name: 'User', endpoint: '/Users', schema: USER };
    const { url } = await strangeServer(({ path: at }) => {
      if (at === '/ResourceTypes') return { body: [type, null, 7] };
      if (at === `/Schemas/${encodeURIComponent(USER)}`) return { body: schema };
      return at === '/Schemas' ? { body: { Resources: null } } : { body: '<html>' };
    });
    const server = await discover(client(url));
    expect(server.attribute('User', 'name.GIVENNAME')).toMatchObject({ type: 'string', mutability: 'readWrite' });
    expect(server.attribute('User', `${USER}:name.givenName`)?.name).toBe('givenName');
    expect(server.attribute('User', 'meta.created')).toMatchObject({ mutability: 'readOnly' });
    expect(server.hasGroups).toBe(false);
  });

  it('fills in what the schemas require', async () => {
    const extension = 'urn:example:badge';
    const attributes = [
      { name: 'userName', required: true },
      { name: 'id', required: true },
      { name: 'serial', required: true, mutability: 'readOnly' },
      { name: 'password', required: true },
      { name: 'level', type: 'integer', required: true },
      { name: 'kind', required: true, canonicalValues: ['guest', 'staff'] },
      {
        name: 'emails',
        type: 'complex',
        multiValued: true,
        required: true,
        subAttributes: [{ name: 'value' }, { name: 'verified', type: 'boolean', required: true }],
      },
    ];
    const { url } = await strangeServer(({ path: at }) => {
      if (at === '/Schemas')
        return {
          body: {
            Resources: [
              { id: USER, attributes },
              { id: extension, attributes: [{ name: 'number', required: true }] },
            ],
          },
        };
      const type = {
        name: 'User',
        endpoint: '/Users',
        schema: USER,
        schemaExtensions: [{ schema: extension, required: true }],
      };
      return at === '/ResourceTypes' ? { body: { Resources: [type] } } : { status: 404 };
    });
    const body = userBody(await discover(client(url)), 'jane-1', { title: 'x' });
    expect(body).toEqual({
      schemas: [USER, extension],
      userName: 'jane-1@example.com',
      password: expect.stringMatching(/^Lk7!.{12,}/),
      level: 1,
      kind: 'guest',
      emails: [{ value: 'jane-1@example.com', type: 'work', primary: true, verified: true }],
      [extension]: { number: 'jane-1' },
      title: 'x',
    });
  });
});
