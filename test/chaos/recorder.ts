/**
 * Stands between the connectors and the sandboxes and writes down every call with what it was about, which the sandboxes'
 * own log does not: ids are in bodies. It changes nothing; a connection that the sandbox cuts is cut.
 */
import { createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Json } from './idp.ts';
import type { CallKind, System } from './systems/system.ts';

/** A call that is about people. Times in milliseconds since the epoch. */
export interface RecordedCall {
  system: string;
  kind: CallKind;
  /** The record's id; of a create: once it was answered. */
  id: string | null;
  /** Whose record a create makes. */
  marker: string | null;
  grant: string | null;
  /** What a look-up searches for and a create would be found by. */
  key: string | null;
  /** Its place among all begun calls. */
  begun: number;
  /** Its place among all begun and ended ones; infinite while it is under way. */
  ended: number;
  at: number;
  /** Answered, or given up by the connector. */
  endedAt: number | null;
  /** null: no answer. */
  status: number | null;
}

/** So long this process noticed nothing: what it wrote down right after that had happened before. */
export interface Stall {
  from: number;
  to: number;
}

export interface Recorder {
  url: string;
  calls: readonly RecordedCall[];
  stalls: readonly Stall[];
  /** Resolves when the next call that may change something has come in. */
  nextWrite(): Promise<void>;
  close(): void;
}

const BEAT_MS = 20;
const STALL_MS = 100;

export async function startRecorder(to: string, systems: readonly System[]): Promise<Recorder> {
  const calls: RecordedCall[] = [];
  /** Whether the record is in, as it was shown last. */
  const shownIn = new Map<string, boolean>();
  const stalls: Stall[] = [];
  let waiting: (() => void)[] = [];
  let tick = 0;

  let beat = Date.now();
  const beating = setInterval(() => {
    const now = Date.now();
    if (now - beat > STALL_MS) stalls.push({ from: beat, to: now });
    beat = now;
  }, BEAT_MS);

  function begin(method: string, url: string, body: Buffer): RecordedCall | null {
    const { pathname: path, searchParams: query } = new URL(url, 'http://any');
    const raw = { method, path, query, body: parsed(body) };
    for (const system of systems) {
      const reading = system.read(raw);
      if (!reading) continue;
      const { id = null, marker = null, grant = null, key = null } = reading;
      const isIn = reading.kind === 'enable' && shownIn.get(`${system.name} ${id}`);
      const kind = isIn ? 'change' : reading.kind;
      const times = { begun: tick++, ended: Number.POSITIVE_INFINITY, at: Date.now(), endedAt: null };
      const call: RecordedCall = { system: system.name, kind, id, marker, grant, key, ...times, status: null };
      calls.push(call);
      if (kind !== 'look') for (const done of waiting.splice(0)) done();
      return call;
    }
    return null;
  }

  function end(call: RecordedCall | null, status: number | null, body?: Buffer): void {
    if (!call || call.endedAt !== null) return;
    call.ended = tick++;
    call.endedAt = Date.now();
    call.status = status;
    const { isOut } = systems.find(({ name }) => name === call.system) ?? {};
    if (isOut && call.kind === 'look' && call.id !== null && status === 200 && body) {
      shownIn.set(`${call.system} ${call.id}`, !isOut(parsed(body)));
    }
    const answer = call.kind === 'create' && body ? parsed(body) : null;
    const made = answer?.id ?? answer?.user_id;
    if (made !== undefined) call.id = String(made);
  }

  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk);
    } catch {
      return; // The connector was killed in the middle of it.
    }
    const { method = 'GET', url = '/', headers } = request;
    const body = Buffer.concat(chunks);
    const call = begin(method, url, body);
    // The connector's time is up, or it is dead.
    response.on('close', () => end(call, null));
    const cut = () => {
      end(call, null);
      request.socket.resetAndDestroy();
    };
    const onward = send(`${to}${url}`, { method, headers: { ...headers, connection: 'close' } }, async (answer) => {
      const parts: Buffer[] = [];
      try {
        for await (const part of answer) parts.push(part);
      } catch {
        return cut();
      }
      const text = Buffer.concat(parts);
      end(call, answer.statusCode ?? null, text);
      const { connection: _, 'keep-alive': __, 'transfer-encoding': ___, ...passed } = answer.headers;
      response.writeHead(answer.statusCode ?? 502, passed);
      response.end(text);
    });
    onward.on('error', cut);
    onward.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    stalls,
    nextWrite: () => new Promise((resolve) => waiting.push(resolve)),
    close() {
      waiting = [];
      clearInterval(beating);
      server.closeAllConnections();
      server.close();
    },
  };
}

function parsed(body: Buffer): Json {
  if (body.length === 0) return null;
  try {
    return JSON.parse(body.toString());
  } catch {
    return null;
  }
}
