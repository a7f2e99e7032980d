/**
 * Who may work on an account. A process keeps one row alive by its heartbeat, and an account is leased to a process by
 * name and epoch: the lease is as good as the heartbeat, and whoever settles proves name and epoch (fencing). Before a
 * call the worker asks on the monotonic clock whether its lease outlives that call, so that a frozen process which wakes
 * late sends nothing more.
 */
import { randomUUIDv7 } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import type { Store } from '../../store/store.ts';
import type { Database, Millis } from '../../store/tables.ts';
import { LONGEST_CALL_MS } from '../lanes/pace.ts';
import { IF_LOSING } from './accounts.ts';
import { afterSetBack } from './set-back.ts';

export interface Leases {
  /** This process's name in the database: another one after it was taken for dead, so that old claims stay lost. */
  readonly processId: string;
  /**
   * Whether everything leased to this process stays so for another `ms`.
   * @param owner as whom it was leased; the present name unless said otherwise.
   */
  outlives(ms: number, owner?: string | null): boolean;
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

/** Two clocks need not go equally fast between two beats, nor does a statement take no time. */
const TOLERANCE_MS = 1_000;

/** @param monotonic milliseconds on a clock that is never set. */
export async function createLeases(store: Store, monotonic: () => number = () => performance.now()): Promise<Leases> {
  let processId = randomUUIDv7();
  let validUntil = 0;
  let stopped = false;
  let others = 0;
  let setBacksSeen = 0;
  let lastBeat: { now: Millis; at: number } | null = null;

  const beat = async ({ callMs, effectMs }: LeaseTimes): Promise<number> => {
    const begun = monotonic();
    const setBacks = store.setBacks();
    const lease = leaseMs(callMs);
    const { freed, now, id } = await store.write(async (trx) => {
      // Read here: a process that froze before its write would take the living for those whom a set clock has left behind.
      const { now } = await trx.selectNoFrom(store.dialect.now().as('now')).executeTakeFirstOrThrow();
      const expected = lastBeat
        ? lastBeat.now + (begun - lastBeat.at)
        : Math.max(others, await lastOfOthers(trx)) - lease;
      const wasSetBack = now < expected - TOLERANCE_MS || setBacks > setBacksSeen;
      if (wasSetBack || lastBeat === null) await afterSetBack(trx, now, { leaseMs: lease, effectMs, seen: wasSetBack });
      const alive_until = now + lease;
      const known = await trx
        .updateTable('processes')
        .set({ alive_until })
        .where('id', '=', processId)
        .executeTakeFirst();
      const isGone = known.numUpdatedRows === 0n;
      const id = isGone && lastBeat ? randomUUIDv7() : processId;
      if (isGone) await trx.insertInto('processes').values({ id, started_at: now, alive_until }).execute();
      // Further ahead than any lease can be: written by a clock that has been set back since.
      await trx
        .deleteFrom('processes')
        .where((row) => row.or([row('alive_until', '<=', now), row('alive_until', '>', now + 2 * LONGEST_LEASE_MS)]))
        .execute();
      const { numUpdatedRows } = await trx
        .updateTable('accounts')
        .set({
          lease_owner: null,
          urgent: IF_LOSING,
          look_at: null,
          due_at: now,
          generation: sql<number>`generation + 1`,
          verify_after: now + effectMs,
        })
        .where('lease_owner', 'is not', null)
        .where('lease_owner', 'not in', (select) => select.selectFrom('processes').select('id'))
        .executeTakeFirst();
      return { freed: Number(numUpdatedRows), now, id };
    });
    lastBeat = { now, at: begun };
    setBacksSeen = setBacks;
    processId = id;
    // Counted from before the write: the row cannot have been written earlier than that.
    validUntil = begun + lease;
    return freed;
  };

  // On SQLite one process works on the database at a time: whoever held leases before is gone, whatever its clock said.
  if (store.kind === 'sqlite') {
    others = await store.write(async (trx) => {
      const last = await lastOfOthers(trx);
      await trx.deleteFrom('processes').execute();
      return last;
    });
  }

  return {
    get processId() {
      return processId;
    },
    outlives: (ms, owner = processId) => owner === processId && !stopped && monotonic() + ms < validUntil,
    beat,
    stop() {
      stopped = true;
    },
    async end() {
      await store.write((trx) => trx.deleteFrom('processes').where('id', '=', processId).execute());
    },
  };
}

/** Until when those who are in the table, or were left there, said that they live. */
async function lastOfOthers(trx: Kysely<Database>): Promise<Millis> {
  const { last } = await trx
    .selectFrom('processes')
    .select((row) => row.fn.max('alive_until').as('last'))
    .executeTakeFirstOrThrow();
  return last ?? 0;
}
