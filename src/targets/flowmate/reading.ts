/**
 * A list of users as a look-up, for API accounts that have no other: it costs as much for one user as for all, so those
 * who need it at the same time share one reading. It owns how old a shared answer may be, and nothing of what is in it.
 */
import type { Io } from '../target.ts';
import type { UserRecord } from './mapping.ts';

export interface Reading {
  /** A list whose reading began after this call. */
  fresh(io: Io): Promise<UserRecord[]>;
  /** May be `RECENT_MS` old: for where a stale answer does no harm. */
  recent(io: Io): Promise<UserRecord[]>;
}

const RECENT_MS = 2_000;

export function createReading(read: (io: Io) => Promise<UserRecord[]>): Reading {
  let running: Promise<UserRecord[]> | null = null;
  let next: Promise<UserRecord[]> | null = null;
  let last: { users: UserRecord[]; readAt: number } | null = null;

  function begin(io: Io): Promise<UserRecord[]> {
    const readAt = io.clock().getTime();
    const reading = read(io)
      .then((users) => {
        last = { users, readAt };
        return users;
      })
      .finally(() => {
        running = null;
      });
    running = reading;
    return reading;
  }

  function fresh(io: Io): Promise<UserRecord[]> {
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
      return last && age >= 0 && age < RECENT_MS ? last.users : fresh(io);
    },
  };
}
