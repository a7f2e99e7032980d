/**
 * The member list as a look-up. There is no other, and reading it costs as much for one member as for all, so those who need
 * it at the same time share one reading. It owns how old a shared answer may be, and nothing of what is in it.
 */
import type { Io } from '../target.ts';
import type { Member } from './mapping.ts';

export interface Roster {
  /** A list whose reading began after this call. */
  fresh(io: Io): Promise<Member[]>;
  /** May be `RECENT_MS` old: for where a stale answer does no harm. */
  recent(io: Io): Promise<Member[]>;
}

const RECENT_MS = 2_000;

export function createRoster(read: (io: Io) => Promise<Member[]>): Roster {
  let running: Promise<Member[]> | null = null;
  let next: Promise<Member[]> | null = null;
  let last: { members: Member[]; readAt: number } | null = null;

  function begin(io: Io): Promise<Member[]> {
    const readAt = io.clock().getTime();
    const reading = read(io)
      .then((members) => {
        last = { members, readAt };
        return members;
      })
      .finally(() => {
        running = null;
      });
    running = reading;
    return reading;
  }

  function fresh(io: Io): Promise<Member[]> {
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
      return last && age >= 0 && age < RECENT_MS ? last.members : fresh(io);
    },
  };
}
