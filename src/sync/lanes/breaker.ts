/**
 * When a target as a whole is in trouble, not one account: many calls in a row, or most of the last ones, failed in a way
 * that passes. Each process counts what it has seen itself.
 */
import type { CallRecord } from './calls.ts';
import type { Pace } from './pace.ts';

export interface Breaker {
  /** @param failed one for each call, in order. @returns in words why the target is to be paused; null: it is not. */
  count(failed: readonly boolean[]): string | null;
  reset(): void;
}

type Limits = Pick<Pace, 'failuresInRow' | 'failureShare' | 'failureWindow'>;

export function createBreaker({ failuresInRow, failureShare, failureWindow }: Limits): Breaker {
  let inRow = 0;
  let last: boolean[] = [];

  const verdict = (): string | null => {
    if (failuresInRow > 0 && inRow >= failuresInRow) return `${inRow} calls in a row failed`;
    if (failureWindow === 0 || last.length < failureWindow) return null;
    const failures = last.filter(Boolean).length;
    return failures >= failureShare * failureWindow ? `${failures} of the last ${failureWindow} calls failed` : null;
  };

  return {
    count(failed) {
      for (const one of failed) {
        inRow = one ? inRow + 1 : 0;
        last = failureWindow > 0 ? [...last, one].slice(-failureWindow) : [];
        const why = verdict();
        if (why) return why;
      }
      return null;
    },
    reset() {
      inRow = 0;
      last = [];
    },
  };
}

/**
 * What the calls of one pass say about the target: no answer, 5xx and 408 are failures. 429 is a limit and says nothing. Where
 * the pass did not end in `retry` the target's type has read an answer in its own way (some systems say "taken" with a
 * 500), and then none is a failure.
 */
export function failuresAmong(calls: readonly Pick<CallRecord, 'status' | 'error'>[], outcome: string): boolean[] {
  return calls.filter(({ status }) => status !== 429).map((call) => outcome === 'retry' && isTransient(call));
}

function isTransient({ status, error }: Pick<CallRecord, 'status' | 'error'>): boolean {
  return typeof status !== 'number' || status >= 500 || status === 408 || typeof error === 'string';
}
