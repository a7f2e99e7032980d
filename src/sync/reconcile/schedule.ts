/**
 * Reconcile by itself: each target as often as its pace says, counted from its last run or else from when it was made, so
 * that a restart brings nothing forward. What a dead process left is taken over. Any number of processes may look: the run's
 * row lets one of them.
 */
import type { Store } from '../../store/store.ts';
import type { Millis } from '../../store/tables.ts';
import type { Lane, Lanes } from '../lanes/lanes.ts';
import { type Hourly, passes } from '../upkeep/hourly.ts';
import { type Reconciled, reconcile } from './reconcile.ts';
import { type Beginning, isAlive, isFinished, lastRun, type Run } from './run.ts';

const LOOK_MS = 60_000;
const HOUR_MS = 3_600_000;
/** A run that failed is repeated after this, where its turn would be later. */
const AGAIN_MS = 4 * HOUR_MS;
/** A target that answers slowly must not keep the others waiting; what a listing needs is held for so many at most. */
const AT_ONCE = 4;

export interface Schedule {
  store: Store;
  lanes: Pick<Lanes, 'all'>;
  outlives: (ms: number) => boolean;
  onReconciled: (lane: Lane, reconciled: Reconciled) => void;
  onError: (error: unknown) => void;
}

export function startSchedule(schedule: Schedule): Hourly {
  const stopped = new AbortController();
  const running = new Map<string, Promise<unknown>>();
  const loop = async () => {
    while (await passes(LOOK_MS, stopped.signal)) {
      const lanes = schedule.lanes.all().filter((lane) => !running.has(lane.targetId));
      for (const lane of await dueLanes(schedule.store, lanes).catch(failed)) {
        if (running.size >= AT_ONCE) break;
        const run = runIfDue(schedule, lane, stopped.signal)
          .catch(schedule.onError)
          .finally(() => running.delete(lane.targetId));
        running.set(lane.targetId, run);
      }
    }
    await Promise.all(running.values());
  };
  const failed = (error: unknown): Lane[] => {
    schedule.onError(error);
    return [];
  };
  const looping = loop();
  return {
    stop() {
      stopped.abort();
      return looping;
    },
  };
}

/** @param now what to take for the present; the store's clock unless said otherwise. */
export async function dueLanes(store: Store, lanes: readonly Lane[], now?: Millis): Promise<Lane[]> {
  const present = now ?? (await store.now());
  const due: { lane: Lane; since: Millis }[] = [];
  for (const lane of lanes) {
    if (lane.paused) continue;
    const last = await lastRun(store.read, lane);
    const target = await store.read
      .selectFrom('targets')
      .select('created_at')
      .where('tenant', '=', lane.tenant)
      .where('id', '=', lane.targetId)
      .executeTakeFirst();
    const createdAt = target?.created_at ?? present;
    const isLeft = last !== undefined && !isFinished(last) && !isAlive(last, present);
    if (!isLeft && !isTime(lane, { createdAt, last, now: present })) continue;
    due.push({ lane, since: isLeft ? 0 : (last?.started_at ?? createdAt) });
  }
  return due.sort((a, b) => a.since - b.since).map(({ lane }) => lane);
}

/** Looks once more while it begins, so that of several processes one does it. */
export async function runIfDue(
  schedule: Omit<Schedule, 'lanes' | 'onError'>,
  lane: Lane,
  signal?: AbortSignal,
  now?: Millis,
): Promise<Reconciled> {
  const reconciled = await reconcile(schedule.store, lane, {
    dryRun: false,
    isDue: (about) => isTime(lane, { ...about, now: now ?? about.now }),
    outlives: schedule.outlives,
    ...(signal && { signal }),
  });
  schedule.onReconciled(lane, reconciled);
  return reconciled;
}

type About = Parameters<NonNullable<Beginning['isDue']>>[0];

function isTime(lane: Lane, { createdAt, last, now }: About): boolean {
  const { reconcileHours } = lane.pace;
  if (reconcileHours === 0 || (last && isUnderWay(last, now))) return false;
  const every = reconcileHours * HOUR_MS;
  const wait = last?.state === 'failed' ? Math.min(every, AGAIN_MS) : every;
  // Further ahead than a whole interval was said by a clock that has been set back since.
  return Math.abs(now - (last?.started_at ?? createdAt)) >= wait;
}

function isUnderWay(run: Run, now: Millis): boolean {
  return !isFinished(run) && isAlive(run, now);
}
