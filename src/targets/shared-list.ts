/**
 * A whole list as a look-up, for systems that have no other: reading it costs as much for one record as for all, so those who
 * need it at the same time share one reading. It owns how old a shared answer may be, and nothing of what is in it.
 */
import type { Io } from './target.ts';

export interface SharedList<List> {
  /** A list whose reading began after this call. */
  fresh(io: Io): Promise<List>;
  /** @param maxAgeMs how old it may be: for where a stale answer does no harm. */
  recent(io: Io, maxAgeMs?: number): Promise<List>;
}

const RECENT_MS = 2_000;

export function createSharedList<List>(read: (io: Io) => Promise<List>): SharedList<List> {
  let running: Promise<List> | null = null;
  let next: Promise<List> | null = null;
  let last: { list: List; readAt: number } | null = null;

  function begin(io: Io): Promise<List> {
    const readAt = io.clock().getTime();
    const reading = read(io)
      .then((list) => {
        last = { list, readAt };
        return list;
      })
      .finally(() => {
        running = null;
      });
    running = reading;
    return reading;
  }

  function fresh(io: Io): Promise<List> {
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
    async recent(io, maxAgeMs = RECENT_MS) {
      const age = last ? io.clock().getTime() - last.readAt : Number.POSITIVE_INFINITY;
      return last && age >= 0 && age < maxAgeMs ? last.list : fresh(io);
    },
  };
}
