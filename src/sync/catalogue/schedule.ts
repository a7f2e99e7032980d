/**
 * Catalogues by themselves: a target's at once when it is new or changed, then as often as its pace says; never while it is
 * paused. Any number of processes may look: the look's row lets one of them.
 */
import type { EntryTypes } from '../../directory/entries.ts';
import type { Store } from '../../store/store.ts';
import type { Millis } from '../../store/tables.ts';
import type { Lane, Lanes } from '../lanes/lanes.ts';
import { type Hourly, passes } from '../upkeep/hourly.ts';
import { isAlive, type Look, lookOf } from './look.ts';
import { type Refreshed, refresh } from './refresh.ts';

const LOOK_MS = 500;
const MINUTE_MS = 60_000;
/** A look that failed is repeated after this, where its turn would be later. */
const AGAIN_MS = 5 * MINUTE_MS;
/** While another process is at it, or its target changes. */
const SOON_MS = 2_000;
/** A target that answers slowly must not keep the others waiting. */
const AT_ONCE = 4;

export interface Catalogues {
  store: Store;
  lanes: Pick<Lanes, 'all'>;
  resourceTypes: EntryTypes;
  outlives: (ms: number) => boolean;
  onCatalogue: (lane: Lane, refreshed: Refreshed) => void;
  onError: (error: unknown) => void;
}

/** When the database is to be asked about a target again, on the monotonic clock: not before, unless it was changed. */
interface Asked {
  revision: number;
  again: number;
}

export function startCatalogues(catalogues: Catalogues): Hourly {
  const { store, lanes, onError } = catalogues;
  const stopped = new AbortController();
  const running = new Map<string, Promise<unknown>>();
  let asked = new Map<string, Asked>();

  const tend = async (lane: Lane) => {
    const waitMs = await refreshIfDue(catalogues, lane, stopped.signal).catch((error) => {
      onError(error);
      return AGAIN_MS;
    });
    asked.set(lane.targetId, { revision: lane.revision, again: performance.now() + waitMs });
  };
  const isTime = (lane: Lane) => {
    const last = asked.get(lane.targetId);
    return last?.revision !== lane.revision || performance.now() >= last.again;
  };
  const loop = async () => {
    while (await passes(LOOK_MS, stopped.signal)) {
      const all = lanes.all().filter(wantsLooks);
      asked = new Map([...asked].filter(([id]) => all.some((lane) => lane.targetId === id)));
      for (const lane of all) {
        if (running.size >= AT_ONCE) break;
        if (running.has(lane.targetId) || !isTime(lane)) continue;
        running.set(
          lane.targetId,
          tend(lane).finally(() => running.delete(lane.targetId)),
        );
      }
    }
    await Promise.all(running.values());
  };
  const looping = loop().catch(onError);
  return {
    async stop() {
      stopped.abort();
      await looping;
    },
  };

  async function refreshIfDue(options: Catalogues, lane: Lane, signal: AbortSignal): Promise<Millis> {
    const waitMs = dueIn(lane, await lookOf(store.read, lane), await store.now());
    if (waitMs > 0) return waitMs;
    const isDue = (look: Look | undefined, now: Millis) => dueIn(lane, look, now) === 0;
    const refreshed = await refresh(store, lane, { ...options, signal, isDue });
    options.onCatalogue(lane, refreshed);
    const isOver = refreshed.kind === 'refreshed' || refreshed.kind === 'failed';
    return isOver ? dueIn(lane, await lookOf(store.read, lane), await store.now()) : SOON_MS;
  }
}

function wantsLooks({ paused, pace, connection }: Lane): boolean {
  return !paused && pace.catalogueMinutes > 0 && connection.catalogue !== undefined;
}

/** Milliseconds until it is time; 0: now. */
export function dueIn({ pace, revision }: Lane, look: Look | undefined, now: Millis): Millis {
  if (look && isAlive(look, now)) return SOON_MS;
  if (look?.tried_at == null || look.revision !== revision) return 0;
  const every = pace.catalogueMinutes * MINUTE_MS;
  const wait = look.problem === null ? every : Math.min(every, AGAIN_MS);
  // Further ahead than a whole interval was said by a clock that has been set back since.
  return Math.max(0, wait - Math.abs(now - look.tried_at));
}
