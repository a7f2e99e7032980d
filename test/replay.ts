/**
 * Replays a recording against the whole product: sends what an identity provider sends, and after each exchange checks the
 * answer and, where the recording says so, what the sandboxes hold and which calls made it so.
 */
import { expect } from 'vitest';
import { listQuirks } from '../src/directory/quirks.ts';
import { type Linkspan, patch, startLinkspan } from './linkspan.ts';
import { checkAnswer } from './replay-answers.ts';
import { type RawRequest, send } from './replay-http.ts';
import { at, type Exchange, type ExpectedResponse, fill, type Recording } from './replay-recording.ts';
import { watch } from './replay-sandbox.ts';
import type { Kind } from './stores.ts';

/** What one replay has learned so far. */
interface Memory {
  /** Values of `{{name}}`. */
  known: Map<string, string>;
  /** The last answer for each resource, by id. */
  answers: Map<string, Record<string, unknown>>;
  secrets: string[];
}

/** @throws the first expectation that does not hold, with the exchange that it belongs to. */
export async function replay(recording: Recording, kind: Kind): Promise<void> {
  // A slow machine must not turn a call into an unclear one, which would be looked up and made again.
  const linkspan = await startLinkspan({
    kind,
    idp: recording.idp,
    pace: { callTimeoutMs: 10_000 },
    ...(recording.targets && { targets: recording.targets }),
  });
  const { base, token } = linkspan.scim;
  const memory: Memory = { known: new Map(Object.entries({ base, token })), answers: new Map(), secrets: [] };
  const sandboxes = await watch(linkspan);

  for (const [index, exchange] of recording.exchanges.entries()) {
    try {
      for (let n = 1; n <= (exchange.repeat ?? 1); n++) {
        memory.known.set('n', String(n));
        await exchangeOnce(recording, exchange, linkspan, memory);
      }
      if (exchange.sandbox) await sandboxes.look(fill(exchange.sandbox, memory.known));
    } catch (error) {
      throw located(error, `${recording.title}, exchange ${index + 1} (${exchange.name})`);
    }
  }
  // Nothing is done that no exchange accounts for.
  await sandboxes.look({ calls: [] }).catch((error) => {
    throw located(error, `${recording.title}, after the last exchange`);
  });
  expect(await ledger(linkspan), `${recording.title}: the quirk ledger`).toEqual(recording.quirks);
}

async function ledger({ app }: Linkspan): Promise<Record<string, number>> {
  await app.quirks.flush();
  const counted = await listQuirks(app.store, 'acme');
  return Object.fromEntries(counted.map(({ rule, count }) => [rule, count]));
}

async function exchangeOnce(recording: Recording, exchange: Exchange, { scim, url }: Linkspan, memory: Memory) {
  const request = requestOf(recording, exchange, new URL(scim.base).pathname, memory);
  const answer = await send(url, request);
  const expected = exchange.response;
  expect(`${answer.status} ${answer.status === expected.status ? '' : answer.text}`.trim()).toBe(`${expected.status}`);

  const [path = ''] = fill(exchange.request.path, memory.known).split('?');
  const accept = request.headers.Accept ?? 'application/scim+json';
  const body = checkAnswer(answer, { base: scim.base, path, accept, secrets: memory.secrets });
  for (const [name, pointer] of Object.entries(exchange.capture ?? {})) {
    const value = at(body, pointer);
    expect(value, `${pointer}, to be captured`).toBeTypeOf('string');
    memory.known.set(fill(name, memory.known), String(value));
  }
  expectBody(body, fill(expected, memory.known));
  expect(answer.headers).toMatchObject(fill(expected.headers ?? {}, memory.known));
  const id = at(body, '/id');
  if (typeof id === 'string') memory.answers.set(id, body as Record<string, unknown>);
}

function requestOf(recording: Recording, { request }: Exchange, basePath: string, memory: Memory): RawRequest {
  const { operations, ...single } = request;
  const { method, path, headers, body: given, bodyFrom, merge } = fill(single, memory.known);
  let body = given;
  if (operations) {
    const numbered = Array.from({ length: operations.count }, (_, n) => {
      return fill(operations.each, new Map([['n', String(n + 1)]]), true);
    });
    body = fill(patch(...numbered), memory.known);
  }
  if (bodyFrom !== undefined) {
    const last = memory.answers.get(bodyFrom);
    if (!last) throw new Error(`nothing was answered yet for ${bodyFrom}`);
    body = { ...last, ...merge };
  }
  const password = at(body, '/password');
  if (typeof password === 'string') memory.secrets.push(password);
  return {
    method,
    path: `${basePath}${path}`,
    headers: fill({ ...recording.headers, ...(body !== undefined && recording.bodyHeaders), ...headers }, memory.known),
    ...(body !== undefined && { body: JSON.stringify(body) }),
  };
}

function expectBody(body: unknown, expected: ExpectedResponse): void {
  const { body: wanted, exact, values = {}, absent = [], differs = {} } = expected;
  if (exact) expect(body).toEqual(wanted);
  else if (wanted !== undefined) expect(body).toMatchObject(wanted as object);
  for (const [pointer, value] of Object.entries(values)) expect(at(body, pointer), pointer).toEqual(value);
  for (const pointer of absent) expect(at(body, pointer), `${pointer} is absent`).toBeUndefined();
  for (const [pointer, other] of Object.entries(differs)) expect(at(body, pointer), pointer).not.toBe(other);
}

function located(error: unknown, where: string): unknown {
  if (error instanceof Error) error.message = `${where}: ${error.message}`;
  return error;
}
