/** Beside the dispatcher: compares large changes with the limits as they come, and carries out what was decided about holds. */
import type { Store } from '../../store/store.ts';
import type { Lanes } from '../lanes/lanes.ts';
import { createAssessor } from './runs.ts';
import { sweepHolds } from './sweep.ts';

export interface HoldsRunner {
  /** There may be something to do. Cheap, returns at once. */
  wake(): void;
  stop(): Promise<void>;
}

/** How soon the writes and decisions of other processes are seen. */
const LOOK_MS = 250;
const SWEEP_MS = 1_000;

/** @param options.carryOn to be told that there is more to fan out, or to work on. */
export function startHolds(options: {
  store: Store;
  lanes: Lanes;
  carryOn: () => void;
  onError: (error: unknown) => void;
}): HoldsRunner {
  const { store, lanes, carryOn, onError } = options;
  const stopped = new AbortController();
  const { signal } = stopped;
  const assessor = createAssessor(store, lanes);
  let rouse = () => {};
  let isAwake = false;
  let sweptAt = performance.now();

  const round = async () => {
    let moved = await assessor.assess(signal);
    if (performance.now() - sweptAt >= SWEEP_MS) {
      moved += await sweepHolds(store, lanes, signal);
      sweptAt = performance.now();
    }
    if (moved > 0) carryOn();
  };

  const loop = async () => {
    while (!signal.aborted) {
      isAwake = false;
      await round().catch(onError);
      if (isAwake || signal.aborted) continue;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, LOOK_MS);
        rouse = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  };

  const wake = () => {
    isAwake = true;
    rouse();
  };
  const running = loop();
  return {
    wake,
    async stop() {
      stopped.abort();
      wake();
      await running;
    },
  };
}
