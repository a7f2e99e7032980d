/**
 * Who may work on an account. A process keeps one row alive by its heartbeat, and an account is leased to a process by
 * name and epoch: the lease is as good as the heartbeat, and whoever settles proves name and epoch (fencing). Before a
 * call the worker asks on the monotonic clock whether its lease outlives that call, so that a frozen process which wakes
 * late sends nothing more.
 */
import { randomUUIDv7 } from 'node:crypto';
import { sql } from 'kysely';
import type { Store } from '../store/store.ts';
import { LONGEST_CALL_MS } from './pace.ts';

export interface Leases {
  /** This process's name in the database. */
  processId: string;
  /** Whether everything leased to this process stays so for another `ms`. */
  outlives(ms: number): boolean;
  /**
   * Says "still here", and frees what dead processes held.
   * @param times the longest over all targets. @returns how many accounts were freed.
   */
  beat(times: LeaseTimes): Promise<number>;
  /** From now on no call is begun: what is under way settles with what it has done. */
  stop(): void;
  /** Gives everything back; the process ends. */
  end(): Promise<void>;
}

export interface LeaseTimes {
  /** Until a call is cut. */
  callMs: number;
  /** Until a call that was cut can have no effect any more. */
  effectMs: number;
}

export const BEAT_MS = 2_000;

/** Two beats may be missed before a call of full length no longer fits. */
const leaseMs = (callMs: number) => callMs + 3 * BEAT_MS;
const LONGEST_LEASE_MS = leaseMs(LONGEST_CALL_MS);

export async function createLeases(store: Store): Promise<Leases> {
  const processId = randomUUIDv7();
  let validUntil = 0;
  let stopped = false;

  const beat = async ({ callMs, effectMs }: LeaseTimes): Promise<number> => {
    const begun = performance.now();
    const lease = leaseMs(callMs);
    const now = await store.now();
    const freed = await store.write(async (trx) => {
      await trx
        .insertInto('processes')
        .values({ id: processId, started_at: now, alive_until: now + lease })
        .onConflict((conflict) => conflict.column('id').doUpdateSet({ alive_until: now + lease }))
        .execute();
      // Further ahead than any lease can be: written by a clock that has been set back since.
      await trx
        .deleteFrom('processes')
        .where((row) => row.or([row('alive_until', '<=', now), row('alive_until', '>', now + 2 * LONGEST_LEASE_MS)]))
        .execute();
      const { numUpdatedRows } = await trx
        .updateTable('accounts')
        .set({
          lease_owner: null,
          urgent: 1,
          due_at: now,
          generation: sql<number>`generation + 1`,
          verify_after: now + effectMs,
        })
        .where('lease_owner', 'is not', null)
        .where('lease_owner', 'not in', (select) => select.selectFrom('processes').select('id'))
        .executeTakeFirst();
      return Number(numUpdatedRows);
    });
    // Counted from before the write: the row cannot have been written earlier than that.
    validUntil = begun + lease;
    return freed;
  };

  // On SQLite one process works on the database at a time: whoever held leases before is gone, whatever its clock said.
  if (store.kind === 'sqlite') await store.write((trx) => trx.deleteFrom('processes').execute());

  return {
    processId,
    outlives: (ms) => !stopped && performance.now() + ms < validUntil,
    beat,
    stop() {
      stopped = true;
    },
    async end() {
      await store.write((trx) => trx.deleteFrom('processes').where('id', '=', processId).execute());
    },
  };
}
