/** Housekeeping: soon after the start, and every hour. Any number of processes may do the same at once. */
import { setTimeout as sleep } from 'node:timers/promises';

const FIRST_MS = 5_000;
const EVERY_MS = 3_600_000;

export interface Hourly {
  /** Waits for the work under way, which is told by its signal. */
  stop(): Promise<void>;
}

/** @param onError told of what `work` throws; it has its turn again an hour later. */
export function everyHour(work: (signal: AbortSignal) => Promise<unknown>, onError: (error: unknown) => void): Hourly {
  const stopped = new AbortController();
  const loop = async () => {
    for (let wait = FIRST_MS; await passes(wait, stopped.signal); wait = EVERY_MS) {
      await work(stopped.signal).catch(onError);
    }
  };
  const running = loop();
  return {
    stop() {
      stopped.abort();
      return running;
    },
  };
}

/** @returns false as soon as `signal` says so. */
export function passes(ms: number, signal?: AbortSignal): Promise<boolean> {
  return sleep(ms, true, { signal, ref: false }).catch(() => false);
}
