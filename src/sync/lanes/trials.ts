/**
 * How a target's lane comes to stand still and goes on again: what passes say about the target, the probe of a paused one,
 * and the trial with one account that follows a probe which succeeded.
 */
import type { Store } from '../../store/store.ts';
import type { Millis } from '../../store/tables.ts';
import type { Leases } from '../accounts/leases.ts';
import type { Worked } from '../work/work.ts';
import { failuresAmong } from './breaker.ts';
import { createIo } from './calls.ts';
import type { Lane, Lanes } from './lanes.ts';
import { beginTrial, goOnTrying, pauseTarget, resumeTarget, stayPaused, takeProbe } from './pauses.ts';

export interface Trials {
  /** Whether this process may work in the lane: it is not paused, or is tried by this process. */
  mayWork(lane: Lane): boolean;
  /** How many accounts may be at work in it at once. */
  places(lane: Lane): number;
  /** What came of a pass: may pause the target, or end its trial. */
  judge(lane: Lane, worked: Worked): Promise<void>;
  /** Looks after paused targets: begins the probes that are due, without waiting for them. */
  tend(): Promise<void>;
  /** In a trial there was nobody to claim. */
  nobody(lane: Lane): Promise<void>;
}

export interface TrialsOptions {
  store: Store;
  lanes: Lanes;
  leases: Leases;
  wake: () => void;
  onError: (error: unknown) => void;
}

export function createTrials({ store, lanes, leases, wake, onError }: TrialsOptions): Trials {
  const probing = new Set<string>();
  const isTried = (lane: Lane) => lane.paused && lane.trialBy === leases.processId;
  const isTime = (lane: Lane, now: Millis) => (lane.probeAt ?? 0) <= now;

  /** The cheapest call of the target's type. */
  const probe = async (lane: Lane) => {
    if (!(await takeProbe(store, lane))) return;
    const io = createIo(lane, { userId: null, activityId: null, urgent: true, outlives: leases.outlives });
    try {
      await lane.connection.check(io);
    } catch (error) {
      return stayPaused(store, lane, (error as Error).message);
    }
    await beginTrial(store, lane, leases.processId);
    wake();
  };

  return {
    mayWork: (lane) => !lane.paused || isTried(lane),
    places: (lane) => (isTried(lane) ? 1 : lane.pace.concurrency),
    async judge(lane, { outcome, reason, calls }) {
      if (outcome === 'pause') return pauseTarget(store, lane, reason ?? 'unknown', leases.processId);
      const failed = failuresAmong(calls, outcome);
      if (!isTried(lane)) {
        const why = lane.paused ? null : lane.breaker.count(failed);
        if (why) await pauseTarget(store, lane, `${why}; the last: ${reason}`, leases.processId);
        return;
      }
      if (failed.includes(true)) return pauseTarget(store, lane, `tried again: ${reason}`, leases.processId);
      if (failed.length > 0) await resumeTarget(store, lane, leases.processId);
    },
    async tend() {
      const waiting = lanes
        .all()
        .filter((lane) => lane.paused && lane.pausedBy === 'engine' && !isTried(lane) && !probing.has(lane.targetId));
      if (waiting.length === 0) return;
      const now = await store.now();
      for (const lane of waiting.filter((each) => isTime(each, now))) {
        probing.add(lane.targetId);
        void probe(lane)
          .catch(onError)
          .finally(() => probing.delete(lane.targetId));
      }
    },
    async nobody(lane) {
      if (isTried(lane) && isTime(lane, await store.now())) await goOnTrying(store, lane, leases.processId);
    },
  };
}
