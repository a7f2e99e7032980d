/**
 * Keeps the work going: fans changes out, hands due accounts to their lanes (least recently served first), probes paused
 * targets, renews the lease. Lanes never wait for each other; within a lane p-queue bounds what runs at once. It is woken
 * by a local write and otherwise looks on its own, because other processes write too.
 */
import type { Store } from '../store/store.ts';
import { type Account, dueTargets, rescue } from './accounts/accounts.ts';
import { claim, claimOf, freeForgotten, release } from './accounts/claims.ts';
import { BEAT_MS, type Leases } from './accounts/leases.ts';
import { fanOut, firstTurns } from './fan-out/fan-out.ts';
import type { Lane, Lanes } from './lanes/lanes.ts';
import { longestEffect } from './lanes/pace.ts';
import { createTrials } from './lanes/trials.ts';
import { type Worked, work } from './work/work.ts';

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
/** Together with each lane's own bound: so many accounts in flight in one process, and one of every lane however many. */
const IN_FLIGHT = 256;

export async function startDispatcher(options: DispatcherOptions): Promise<Dispatcher> {
  const { store, lanes, leases, onWorked, onError } = options;
  let stopping = false;
  const turns = firstTurns();
  let refreshedAt = 0;
  const rouse = new Set<() => void>();
  const held = new Set<string>();
  let sweptAt = 0;
  let leasedForMs = -1;

  const wake = () => {
    for (const each of rouse) each();
  };
  const trials = createTrials({ store, lanes, leases, wake, onError });

  /** @param round returns whether there is more to do at once. */
  const loop = async (round: () => Promise<boolean>) => {
    while (!stopping) {
      const { promise: woken, resolve } = Promise.withResolvers<void>();
      rouse.add(resolve);
      const more = await round().catch((error) => {
        onError(error);
        return false;
      });
      if (!more && !stopping) {
        const timer = setTimeout(resolve, LOOK_MS);
        await woken;
        clearTimeout(timer);
      }
      rouse.delete(resolve);
    }
  };

  /** Apart from the serving: a long drain of one tenant must not keep due accounts of others waiting. */
  const fanOutRound = async (): Promise<boolean> => {
    const moved = await fanOut(store, lanes, turns);
    if (moved > 0) wake();
    return moved > 0;
  };

  const serveRound = async (): Promise<boolean> => {
    if (performance.now() - refreshedAt >= LOOK_MS) await refresh();
    if (performance.now() - sweptAt >= BEAT_MS) await sweep();
    const served = await serve();
    await trials.tend();
    return served > 0;
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

  /** In the round that also makes the claims: so none is under way. */
  const sweep = async () => {
    await freeForgotten(store, leases.processId, held, longestOfAll());
    sweptAt = performance.now();
  };

  const serve = async (): Promise<number> => {
    const open = lanes.all().filter((lane) => trials.mayWork(lane) && free(lane) > 0);
    const due = await dueTargets(
      store,
      open.map((lane) => lane.targetId),
      await store.now(),
    );
    const waiting = open.filter((lane) => due.has(lane.targetId)).sort((a, b) => a.lastServed - b.lastServed);
    let served = 0;
    for (const lane of waiting) {
      // Nobody's first account waits for others to make room: many slow targets would fill the house.
      const room = Math.min(free(lane), Math.max(IN_FLIGHT - inFlight(), busy(lane) === 0 ? 1 : 0));
      if (room <= 0 || stopping) continue;
      const accounts = await claim(store, lane, leases.processId, room, lane.turn++);
      lane.lastServed = performance.now();
      for (const account of accounts) {
        held.add(claimOf(account));
        void lane.queue.add(() => workOn(lane, account));
      }
      served += accounts.length;
    }
    for (const lane of open) if (lane.paused && !due.has(lane.targetId)) await trials.nobody(lane);
    return served;
  };

  const workOn = async (lane: Lane, account: Account) => {
    try {
      if (!trials.mayWork(lane) || stopping) return await release(store, account);
      const worked = await work(store, leases, lane, account);
      await trials.judge(lane, worked);
      onWorked(lane, account, worked);
    } catch (error) {
      onError(error);
    } finally {
      held.delete(claimOf(account));
      wake();
    }
  };

  const busy = (lane: Lane) => lane.queue.pending + lane.queue.size;
  const free = (lane: Lane) => trials.places(lane) - busy(lane);
  const inFlight = () => lanes.all().reduce((sum, lane) => sum + busy(lane), 0);

  await refresh();
  // Apart from the rounds: a long one must not cost the lease.
  const beating = setInterval(() => void beat().catch(onError), BEAT_MS);
  const running = [loop(fanOutRound), loop(serveRound)];

  return {
    wake,
    async stop() {
      stopping = true;
      leases.stop();
      lanes.release();
      wake();
      await Promise.all(running);
      await Promise.all(lanes.all().map((lane) => lane.queue.onIdle()));
      clearInterval(beating);
      await leases.end().catch(onError);
    },
  };
}
