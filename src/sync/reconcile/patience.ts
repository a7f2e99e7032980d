/**
 * A listing of a hundred thousand accounts is many calls: one that fails must not make an hour's work worthless. Only what
 * changes nothing is asked again.
 */

import { TargetError } from '../../targets/outcome.ts';
import type { Io } from '../../targets/target.ts';
import { backoff, type Pace } from '../lanes/pace.ts';
import { passes } from '../upkeep/hourly.ts';

const TRIES = 4;
const LONGEST_WAIT_MS = 30_000;

/** Asks again after a network error, 429 and 5xx; what comes of the last try is the answer. */
export function patient(io: Io, pace: Pace, signal: AbortSignal): Io {
  const asksAgain = async (attempt: number) =>
    attempt < TRIES && passes(Math.min(LONGEST_WAIT_MS, backoff(attempt, pace, Math.random)), signal);
  return {
    clock: io.clock,
    async fetch(url, init) {
      if ((init?.method ?? 'GET') !== 'GET') return io.fetch(url, init);
      for (let attempt = 1; ; attempt++) {
        try {
          const response = await io.fetch(url, init);
          const isTransient = response.status === 429 || response.status >= 500;
          if (!isTransient || !(await asksAgain(attempt))) return response;
        } catch (error) {
          if (error instanceof TargetError || !(await asksAgain(attempt))) throw error;
        }
      }
    },
  };
}
