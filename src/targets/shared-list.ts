/**
 * A whole list as a look-up, for systems that have no other: reading it costs as much for one record as for all, so those who
 * need it at the same time share one reading. It owns how old a shared answer may be, and nothing of what is in it.
 */
import type { Io } from './target.ts';

export interface SharedList<Item> {
  /** A list whose reading began after this call. */
  fresh(io: Io): Promise<Item[]>;
  /** May be `RECENT_MS` old: for where a stale answer does no harm. */
  recent(io: Io): Promise<Item[]>;
}

const RECENT_MS = 2_000;

export function createSharedList<Item>(read: (io: Io) => Promise<Item[]>): SharedList<Item> {
  let running: Promise<Item[]> | null = null;
  let next: Promise<Item[]> | null = null;
  let last: { items: Item[]; readAt: number } | null = null;

  function begin(io: Io): Promise<Item[]> {
    const readAt = io.clock().getTime();
    const reading = read(io)
      .then((items) => {
        last = { items, readAt };
        return items;
      })
      .finally(() => {
        running = null;
      });
    running = reading;
    return reading;
  }

  function fresh(io: Io): Promise<Item[]> {
    if (!running) return begin(io);
    // The reading under way may have passed what was just written: everybody who comes now waits for one more.
    next ??= running
      .catch(() => undefined)
      .then(() => {
        next = null;
        return begin(io);
      });
    return next;
  }

  return {
    fresh,
    async recent(io) {
      const age = last ? io.clock().getTime() - last.readAt : Number.POSITIVE_INFINITY;
      return last && age >= 0 && age < RECENT_MS ? last.items : fresh(io);
    },
  };
}
