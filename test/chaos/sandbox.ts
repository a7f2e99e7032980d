/** The sandbox's control surface, as the run uses it, and a reader that keeps up with its log of calls. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Json } from './idp.ts';

interface LoggedCall {
  number: number;
  system: string | null;
  method: string;
  template: string | null;
  fault: string | null;
}

/** As in the contract: without effect on the data, and with. */
export const FAULT_KINDS = ['500', '429', 'reset', 'timeout', 'lost-response', '500-after', 'late'] as const;
const SINGLE_CALL_KINDS = FAULT_KINDS.filter((kind) => kind !== '429');
/** A 429 stops all calls for a second: as often as the others, hardly any call would be made. */
const DRAWN_KINDS = [...SINGLE_CALL_KINDS, ...SINGLE_CALL_KINDS, ...SINGLE_CALL_KINDS, '429'];
/** A `late` call takes effect so long after it was cut. */
export const LATE_MS = 3_000;

export interface CallCounts {
  calls: number;
  /** `METHOD template` -> n. */
  byCall: Record<string, number>;
  faults: Record<string, number>;
}

export interface SandboxControl {
  state(): Promise<Json>;
  /** Of one of its systems. */
  credentials(system: string): Promise<Record<string, string>>;
  post(path: string, body: unknown): Promise<void>;
  faults(rate: number, seed: number): Promise<void>;
  /** Calls logged after this one. */
  callsAfter(number: number): Promise<LoggedCall[]>;
}

export function sandboxControl(url: string): SandboxControl {
  const post = async (path: string, body: unknown) => {
    const response = await asking(`${url}/sandbox/${path}`, { method: 'POST', body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`POST /sandbox/${path}: ${await response.text()}`);
    await response.body?.cancel();
  };
  const get = async (path: string) => (await asking(`${url}/sandbox/${path}`)).json();
  return {
    post,
    state: () => get('state'),
    credentials: async (system) => ((await get('credentials')) as Record<string, Record<string, string>>)[system] ?? {},
    faults: (rate, seed) => post('faults', { system: '*', rate, kinds: rate > 0 ? DRAWN_KINDS : [], seed }),
    callsAfter: async (number) => (await get(`calls?after=${number}`)) as LoggedCall[],
  };
}

export interface CallLog {
  /** All calls from the start up to now. */
  counts(): Promise<CallCounts>;
  stop(): Promise<void>;
}

const TRIES = 5;

/** A connection that was idle may be closed in the moment it is used: that must not end a long run. Each can be repeated. */
export async function asking(url: string, init?: RequestInit): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await fetch(url, init);
    } catch (error) {
      if (attempt === TRIES) throw error;
      await sleep(100 * attempt);
    }
  }
}

/** The sandbox cuts its log at 100,000 calls, so it is read all the time. */
const READ_MS = 2_000;

export function followCalls(sandbox: SandboxControl): CallLog {
  const byCall = new Map<string, number>();
  const faults = new Map<string, number>(FAULT_KINDS.map((kind) => [kind, 0]));
  const increase = (counts: Map<string, number>, key: string) => counts.set(key, (counts.get(key) ?? 0) + 1);
  let calls = 0;
  let last = 0;
  let reading: Promise<void> = Promise.resolve();
  const stop = new AbortController();

  async function read(): Promise<void> {
    for (const { number, method, template, fault } of await sandbox.callsAfter(last)) {
      calls++;
      last = number;
      increase(byCall, `${method} ${template ?? '(unknown)'}`);
      if (fault) increase(faults, fault);
    }
  }
  const next = () => {
    reading = reading.then(read);
    return reading;
  };
  const following = (async () => {
    while (!stop.signal.aborted) {
      await next();
      await sleep(READ_MS, undefined, { signal: stop.signal }).catch(() => {});
    }
  })();

  return {
    async counts() {
      await next();
      return { calls, byCall: Object.fromEntries([...byCall].sort()), faults: Object.fromEntries(faults) };
    },
    async stop() {
      stop.abort();
      await following;
    },
  };
}
