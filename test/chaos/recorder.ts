/**
 * Stands between the connectors and the sandboxes and writes down every call with what it was about, which the sandboxes'
 * own log does not: ids are in bodies. It changes nothing; a connection that the sandbox cuts is cut.
 */
import { createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DISABLED_MARKER } from '../../src/targets/qflow-enterprise/mapping.ts';
import type { Json } from './idp.ts';

export type CallKind = 'create' | 'delete' | 'update' | 'disable' | 'enable' | 'assign' | 'unassign';

/** A call that may change something. Times in milliseconds since the epoch. */
export interface RecordedCall {
  system: 'dashboard' | 'door';
  kind: CallKind;
  /** The record's id; of a create: once it was answered. */
  id: string | null;
  /** Whose record a create makes. */
  marker: string | null;
  event: string | null;
  at: number;
  answeredAt: number | null;
  status: number | null;
}

export interface Recorder {
  url: string;
  calls: RecordedCall[];
  /** Resolves when the next call that may change something has come in. */
  nextWrite(): Promise<void>;
  close(): void;
}

export async function startRecorder(to: string): Promise<Recorder> {
  const calls: RecordedCall[] = [];
  let waiting: (() => void)[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk);
    } catch {
      return; // The connector was killed in the middle of it.
    }
    const body = Buffer.concat(chunks);
    const { method = 'GET', url = '/', headers } = request;
    const call = read(method, url, parsed(body));
    if (call) {
      calls.push(call);
      for (const done of waiting.splice(0)) done();
    }
    const cut = () => request.socket.resetAndDestroy();
    const onward = send(`${to}${url}`, { method, headers: { ...headers, connection: 'close' } }, async (answer) => {
      const parts: Buffer[] = [];
      try {
        for await (const part of answer) parts.push(part);
      } catch {
        return cut();
      }
      const text = Buffer.concat(parts);
      if (call) {
        call.answeredAt = Date.now();
        call.status = answer.statusCode ?? null;
        if (call.kind === 'create') call.id = parsed(text)?.id ?? null;
      }
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
    nextWrite: () => new Promise((resolve) => waiting.push(resolve)),
    close() {
      waiting = [];
      server.closeAllConnections();
      server.close();
    },
  };
}

function parsed(body: Buffer): Json {
  try {
    return JSON.parse(body.toString());
  } catch {
    return null;
  }
}

/** @returns null for a call that changes nothing that is judged. */
function read(method: string, url: string, body: Json): RecordedCall | null {
  const path = url.split('?')[0] ?? '';
  const event = /^\/checkin\/v1\/api\/teammember\/([^/]+)\/(assign|unassign)\/([^/]+)$/.exec(path);
  if (event) return recorded('door', event[2] as CallKind, event[1], null, event[3]);
  const marker = typeof body?.lastName === 'string' ? body.lastName : null;
  switch (`${method} ${path}`) {
    case 'POST /users/v1/api/user':
      return recorded('dashboard', 'create', null, marker);
    case 'PUT /users/v1/api/user':
      return recorded('dashboard', isMarked(body) ? 'disable' : 'enable', body?.id, marker);
    case 'PUT /users/v1/api/user/changeusername':
      return recorded('dashboard', 'update', body?.id);
    case 'DELETE /users/v1/api/user':
      return recorded('dashboard', 'delete', body?.id);
    case 'POST /checkin/v1/api/teammember':
      return recorded('door', 'create', null, marker);
    case 'PUT /checkin/v1/api/teammember/update':
      return recorded('door', 'update', body?.id, marker);
    case 'DELETE /checkin/v1/api/teammember/delete':
      return recorded('door', 'delete', body?.id);
    default:
      return null;
  }
}

const isMarked = (body: Json): boolean => String(body?.customData ?? '').includes(DISABLED_MARKER);

function recorded(
  system: RecordedCall['system'],
  kind: CallKind,
  id: string | null = null,
  marker: string | null = null,
  event: string | null = null,
): RecordedCall {
  return { system, kind, id, marker, event, at: Date.now(), answeredAt: null, status: null };
}
