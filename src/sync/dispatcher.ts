/**
 * Keeps the work going: fans changes out, hands due accounts to their lanes (least recently served first), probes paused
 * targets, renews the lease. Lanes never wait for each other; within a lane p-queue bounds what runs at once. It is woken
 * by a local write and otherwise looks on its own, because other processes write too.
 */
import type { Store } from '../store/store.ts';
import { type Account, claim, dueTargets, freeForgotten, keyOf, release, rescue } from './accounts.ts';
import { createIo } from './calls.ts';
import { fanOut } from './fan-out.ts';
import type { Lane, Lanes } from './lanes.ts';
import { BEAT_MS, type Leases } from './leases.ts';
import { longestEffect } from './pace.ts';
import { pauseTarget, probeLater, resumeTarget } from './pauses.ts';
import { type Worked, work } from './work.ts';

export interface Dispatcher {
  /** There may be something to do. Cheap, returns at once. */
  wake(): void;
  /** Begins no further call, waits for those under way, gives the lease back. */
  stop(): Promise<void>;
}

export interface DispatcherOptions {
  store: Store;
  lanes: Lanes;
  leases: Leases;
  onWorked: (lane: Lane, account: Account, worked: Worked) => void;
  /** Something failed that is not a target's or a rule's doing (the store is out of reach). It is tried again. */
  onError: (error: unknown) => void;
}

/** How soon work left by other processes, expired backoffs and changed targets are seen. */
const LOOK_MS = 250;
/** Together with each lane's own bound: so many accounts in flight in one process. */
const IN_FLIGHT = 256;

export async function startDispatcher(options: DispatcherOptions): Promise<Dispatcher> {
  const { store, lanes, leases, onWorked, onError } = options;
  let stopping = false;
  let awake = true;
  let refreshedAt = 0;
  let rouse = () => {};
  const probing = new Set<string>();
  const held = new Set<string>();
  let sweptAt = 0;
  let leasedForMs = -1;

  const wake = () => {
    awake = true;
    rouse();
  };

  const loop = async () => {
    while (!stopping) {
      awake = false;
      const more = await round().catch((error) => {
        onError(error);
        return false;
      });
      if (more || awake || stopping) continue;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, LOOK_MS);
        rouse = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  };

  /** @returns whether there is more to do at once. */
  const round = async (): Promise<boolean> => {
    if (performance.now() - refreshedAt >= LOOK_MS) await refresh();
    if (performance.now() - sweptAt >= BEAT_MS) await sweep();
    const fanned = await fanOut(store, lanes);
    const served = await serve();
    probePaused();
    return fanned > 0 || served > 0;
  };

  const refresh = async () => {
    await lanes.refresh();
    refreshedAt = performance.now();
    // The lease must outlive the longest call of a target that has just come.
    if (longestCall() > leasedForMs) await beat();
  };

  const longestCall = () => Math.max(0, ...lanes.all().map((lane) => lane.pace.callTimeoutMs));
  const longestOfAll = () => Math.max(0, ...lanes.all().map((lane) => longestEffect(lane.pace)));

  const beat = async () => {
    const callMs = longestCall();
    await leases.beat({ callMs, effectMs: longestOfAll() });
    leasedForMs = callMs;
    await rescue(store, 2 * Math.max(86_400_000, ...lanes.all().map((lane) => lane.pace.backoffMaxMs)));
  };

  /** In the round, which is also where claims are made: so none is under way. */
  const sweep = async () => {
    await freeForgotten(store, leases.processId, held, longestOfAll());
    sweptAt = performance.now();
  };

  const serve = async (): Promise<number> => {
    const open = lanes.all().filter((lane) => !lane.paused && free(lane) > 0);
    const due = await dueTargets(
      store,
      open.map((lane) => lane.targetId),
      await store.now(),
    );
    const waiting = open.filter((lane) => due.has(lane.targetId)).sort((a, b) => a.lastServed - b.lastServed);
    let served = 0;
    for (const lane of waiting) {
      const room = Math.min(free(lane), IN_FLIGHT - inFlight());
      if (room <= 0 || stopping) continue;
      const accounts = await claim(store, lane, leases.processId, room);
      lane.lastServed = performance.now();
      for (const account of accounts) {
        held.add(keyOf(account));
        void lane.queue.add(() => workOn(lane, account));
      }
      served += accounts.length;
    }
    return served;
  };

  const workOn = async (lane: Lane, account: Account) => {
    try {
      if (lane.paused || stopping) return await release(store, account);
      const worked = await work(store, leases, lane, account);
      if (worked.outcome === 'pause') await pauseTarget(store, lane, worked.reason ?? 'unknown');
      onWorked(lane, account, worked);
    } catch (error) {
      onError(error);
    } finally {
      held.delete(keyOf(account));
      wake();
    }
  };

  /** A paused target is tried with its cheapest call; once that works, everything that waits goes on. */
  const probePaused = () => {
    for (const lane of lanes.all()) {
      const due = lane.paused && lane.pausedBy === 'engine' && (lane.probeAt ?? 0) <= Date.now();
      if (!due || probing.has(lane.targetId)) continue;
      probing.add(lane.targetId);
      void probe(lane)
        .catch(onError)
        .finally(() => probing.delete(lane.targetId));
    }
  };

  const probe = async (lane: Lane) => {
    const io = createIo(lane, { userId: null, activityId: null, urgent: true, outlives: leases.outlives });
    try {
      await lane.connection.check(io);
    } catch (error) {
      return probeLater(store, lane, (error as Error).message);
    }
    await resumeTarget(store, lane);
    wake();
  };

  const free = (lane: Lane) => lane.pace.concurrency - lane.queue.pending - lane.queue.size;
  const inFlight = () => lanes.all().reduce((sum, lane) => sum + lane.queue.pending + lane.queue.size, 0);

  await refresh();
  // Apart from the rounds: a long one must not cost the lease.
  const beating = setInterval(() => void beat().catch(onError), BEAT_MS);
  const running = loop();

  return {
    wake,
    async stop() {
      stopping = true;
      leases.stop();
      lanes.release();
      wake();
      await running;
      await Promise.all(lanes.all().map((lane) => lane.queue.onIdle()));
      clearInterval(beating);
      await leases.end().catch(onError);
    },
  };
}
