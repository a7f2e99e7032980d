/** How fast a guest asks: its own rate, and what the server says with 429 and Retry-After. Shared by all checks of a run. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface Pace {
  /** Resolves when it is this request's turn. @throws when the signal aborts. */
  turn(signal?: AbortSignal): Promise<void>;
  /** Nobody asks before then; afterwards everybody asks more slowly, and step by step faster again. */
  pause(ms: number): void;
}

/** After a 429, between two requests. Half as long again after seven requests that are let through. */
const FIRST_GAP_MS = 50;
const LONGEST_GAP_MS = 1_000;
const FASTER = 0.9;

/** @param perSecond 0: as fast as it goes. */
export function createPace(perSecond: number): Pace {
  const least = perSecond > 0 ? 1_000 / perSecond : 0;
  let gap = least;
  let next = 0;
  let pausedUntil = 0;
  return {
    async turn(signal) {
      for (;;) {
        signal?.throwIfAborted();
        const mine = Math.max(performance.now(), next, pausedUntil);
        next = mine + gap;
        gap = gap < 2 ? least : Math.max(least, gap * FASTER);
        const wait = mine - performance.now();
        if (wait > 0) await sleep(wait, undefined, signal ? { signal } : {});
        // A pause may have come up meanwhile; then all who waited queue again, or they would ask all at once at its end.
        if (performance.now() >= pausedUntil) return;
      }
    },
    pause(ms) {
      const until = performance.now() + ms;
      // Several requests in flight are refused for the same reason; only the first of them slows the pace.
      if (performance.now() >= pausedUntil) gap = Math.min(LONGEST_GAP_MS, Math.max(FIRST_GAP_MS, gap * 2));
      pausedUntil = Math.max(pausedUntil, until);
    },
  };
}

/** @returns milliseconds, from seconds or a date (RFC 9110 section 10.2.3); null: it says nothing that can be read. */
export function retryAfter(header: string | undefined, now = Date.now()): number | null {
  if (header === undefined) return null;
  if (/^\s*\d+(\.\d+)?\s*$/.test(header)) return Number(header) * 1_000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}
