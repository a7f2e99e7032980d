/**
 * Reads one part of a long list again where it failed in passing: of a hundred pages one may well fail, and beginning with the
 * first each time would never reach the last. Only for reads, and after the first part: a system that is down fails at that.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { TargetError } from './outcome.ts';

const TRIES = 6;
const PAUSE_MS = 100;

/** @throws what the last try throws, or the first that is no matter of trying again. */
export async function patiently<Part>(read: () => Promise<Part>): Promise<Part> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await read();
    } catch (error) {
      const mayPass = error instanceof TargetError && error.failure.kind === 'retry';
      if (!mayPass || attempt === TRIES) throw error;
    }
    await sleep(PAUSE_MS * attempt);
  }
}
