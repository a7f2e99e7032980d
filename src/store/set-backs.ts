/** Notices that a clock was set back, and perhaps forward before: between two looks far apart that cannot be seen. */
import type { Millis } from './tables.ts';

export interface SetBacks {
  /** Takes a reading of the clock, and gives it back. */
  note(now: Millis): Millis;
  /** How often the clock has gone back so far. */
  count(): number;
}

/** Readings that were taken at the same time may come in any order. */
const TOLERANCE_MS = 1_000;

export function watchSetBacks(): SetBacks {
  let latest = Number.NEGATIVE_INFINITY;
  let times = 0;
  return {
    note(now) {
      if (now < latest - TOLERANCE_MS) {
        times++;
        latest = now;
      }
      latest = Math.max(latest, now);
      return now;
    },
    count: () => times,
  };
}
