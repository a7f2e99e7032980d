/**
 * The one door to a downstream system: waits for the limit group, checks the lease, cuts at the time-out, never follows
 * a redirect, reads the whole answer, and keeps a redacted record of the call for the activity log.
 */
import { randomUUIDv7 } from 'node:crypto';
import type { Insertable } from 'kysely';
import type { CallsTable } from '../../store/tables.ts';
import { TargetError } from '../../targets/outcome.ts';
import type { Io } from '../../targets/target.ts';
import type { Lane } from './lanes.ts';
import { LONGEST_WAIT_MS } from './pace.ts';

export type CallRecord = Insertable<CallsTable>;

/** On whose behalf calls are made. */
export interface Caller {
  userId: string | null;
  activityId: string | null;
  urgent: boolean;
  /** Whether the caller's lease lasts for another `ms`. */
  outlives: (ms: number) => boolean;
}

export interface RecordingIo extends Io {
  /** What was called so far, in order. */
  calls: CallRecord[];
}

/** An answer larger than this is a fault of the system, not a list of accounts. */
const MAX_BODY_BYTES = 256 * 1024 * 1024;

export function createIo(lane: Lane, caller: Caller): RecordingIo {
  const calls: CallRecord[] = [];
  const { callTimeoutMs, limitedMs } = lane.pace;

  const fetchOnce = async (url: string, init?: RequestInit): Promise<Response> => {
    if (!caller.outlives(callTimeoutMs)) {
      throw new TargetError({ kind: 'snooze', reason: 'the lease would end before the call', afterMs: 1_000 });
    }
    const started = performance.now();
    const record: CallRecord = {
      tenant: lane.tenant,
      id: randomUUIDv7(),
      target_id: lane.targetId,
      user_id: caller.userId,
      activity_id: caller.activityId,
      at: Date.now(),
      method: init?.method ?? 'GET',
      path: new URL(url).pathname,
      status: null,
      duration_ms: 0,
      error: null,
    };
    calls.push(record);
    try {
      const response = await fetch(url, { ...init, redirect: 'manual', signal: AbortSignal.timeout(callTimeoutMs) });
      record.status = response.status;
      const body = await readWhole(response);
      if (response.status === 429) lane.limit.hold(retryAfter(response.headers) ?? limitedMs);
      return new Response(body, { status: response.status, headers: response.headers });
    } catch (error) {
      record.error = describe(error);
      throw error;
    } finally {
      record.duration_ms = Math.round(performance.now() - started);
      lane.onCall(record);
    }
  };

  return {
    calls,
    clock: () => new Date(),
    fetch: (url, init) => lane.limit.run(caller.urgent, () => fetchOnce(url, init)),
  };
}

/** A null body where the status forbids one. */
async function readWhole(response: Response): Promise<ArrayBuffer | null> {
  const body = await response.arrayBuffer();
  if (body.byteLength > MAX_BODY_BYTES) throw new Error(`the answer is larger than ${MAX_BODY_BYTES} bytes`);
  return body.byteLength === 0 ? null : body;
}

/** RFC 9110 section 10.2.3: seconds or a date. @returns milliseconds, null where absent or senseless. */
function retryAfter(headers: Headers): number | null {
  const value = headers.get('retry-after');
  if (value === null) return null;
  const ms = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) && ms >= 0 ? Math.min(ms, LONGEST_WAIT_MS) : null;
}

/** A network error in a few words: never the request, whose headers carry credentials. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  if (error.name === 'TimeoutError') return 'timed out';
  const code = (error.cause as { code?: string } | undefined)?.code;
  return code ?? error.name;
}
