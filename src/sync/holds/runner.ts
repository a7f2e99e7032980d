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
/** Tenants that are compared for beside each other. */
const AT_ONCE = 8;

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
  /** Tenants that are being compared for. */
  const comparing = new Map<string, Promise<void>>();
  let rouse = () => {};
  let isAwake = false;
  let sweptAt = performance.now();

  const compareFor = async (tenant: string) => {
    try {
      if ((await assessor.assess(tenant, signal)) > 0) carryOn();
    } catch (error) {
      onError(error);
    } finally {
      comparing.delete(tenant);
    }
  };

  const round = async () => {
    for (const tenant of await assessor.waiting()) {
      if (comparing.size >= AT_ONCE) break;
      if (!comparing.has(tenant)) comparing.set(tenant, compareFor(tenant));
    }
    if (performance.now() - sweptAt < SWEEP_MS) return;
    const moved = await sweepHolds(store, lanes, signal);
    sweptAt = performance.now();
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
      await Promise.all(comparing.values());
    },
  };
}
