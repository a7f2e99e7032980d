/**
 * One connection of an IdP: sends a request until it is answered. What was not answered (the process was killed) or was
 * answered with 503 is looked up before it is repeated, as Entra and Okta do.
 */
import { setTimeout as sleep } from 'node:timers/promises';

// biome-ignore lint/suspicious/noExplicitAny: JSON as it came
export type Json = any;

export interface Answer {
  status: number;
  body: Json;
}

export interface Change {
  method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  /** What it is about, for people. */
  note?: string;
  body?: unknown;
  /** How to find out whether it was carried out, and the resource then. */
  lookUp: { path: string; find: (answer: Answer) => Json };
}

export interface Acknowledged {
  body: Json;
  /** When it was first sent, and when it was known to be carried out. Milliseconds since the epoch. */
  sentAt: number;
  ackedAt: number;
}

export interface Idp {
  change(change: Change): Promise<Acknowledged>;
  /** Asks until there is an answer below 500. */
  get(path: string): Promise<Answer>;
}

export interface IdpCounts {
  requests: number;
  unanswered: number;
  /** Unanswered, and found to have been carried out. */
  foundDone: number;
  /** Answers that the load did not expect. */
  refusals: string[];
}

/** Nothing takes a server longer, a freeze included. */
const PATIENCE_MS = 120_000;
const MOST_REFUSALS = 5;

export const noCounts = (): IdpCounts => ({ requests: 0, unanswered: 0, foundDone: 0, refusals: [] });

/**
 * @param base SCIM base URL of a process that is up, asked for before each request; undefined: there is none.
 * @param onSend told when a change is on its way to a server.
 */
export function createIdp(base: () => string | undefined, token: string, counts: IdpCounts, onSend = () => {}): Idp {
  async function send(method: string, path: string, body?: unknown): Promise<Answer | null> {
    const url = base();
    if (url === undefined) {
      await sleep(50);
      return null;
    }
    counts.requests++;
    if (method !== 'GET') onSend();
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' };
    const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
    try {
      const response = await fetch(`${url}${path}`, { ...init, signal: AbortSignal.timeout(PATIENCE_MS) });
      const text = await response.text();
      if (response.status !== 503) return { status: response.status, body: text === '' ? null : JSON.parse(text) };
    } catch {
      // Refused, reset, or cut in the middle of the answer.
    }
    counts.unanswered++;
    await sleep(50);
    return null;
  }

  async function get(path: string): Promise<Answer> {
    const until = Date.now() + PATIENCE_MS;
    while (Date.now() < until) {
      const answer = await send('GET', path);
      if (answer && answer.status < 500) return answer;
      if (answer) counts.refusals.push(`GET ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    }
    throw new Error(`GET ${path} had no answer within ${PATIENCE_MS / 1_000} s`);
  }

  return {
    get,
    async change({ method, path, body, lookUp }) {
      const sentAt = Date.now();
      let refused = 0;
      while (refused < MOST_REFUSALS && Date.now() < sentAt + PATIENCE_MS) {
        const answer = await send(method, path, body);
        if (answer && answer.status < 300) return { body: answer.body, sentAt, ackedAt: Date.now() };
        const done = lookUp.find(await get(lookUp.path));
        if (done) {
          if (!answer) counts.foundDone++;
          return { body: done, sentAt, ackedAt: Date.now() };
        }
        if (!answer) continue;
        refused++;
        counts.refusals.push(`${method} ${path}: ${answer.status} ${answer.body?.detail ?? ''}`);
      }
      throw new Error(`${method} ${path} was never carried out: ${counts.refusals.at(-1) ?? 'no answer'}`);
    },
  };
}
