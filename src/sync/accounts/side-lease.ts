/**
 * The lease of one account for a command that works on it beside the servers: no worker touches the account meanwhile, and
 * one that has it is waited for. As with a worker's, it is as good as its heartbeat: a command that dies holds up nobody, and
 * what it may have done is looked at again.
 *
 * Not `createLeases`: on SQLite that takes the database for its own, and voids what the server holds.
 */
import { randomUUIDv7 } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Store } from '../../store/store.ts';
import type { Account, AccountKey } from './accounts.ts';
import { heldBy } from './claims.ts';
import { BEAT_MS } from './leases.ts';

export interface SideLease {
  account: Account;
  /** Whether it lasts for another `ms`, on the monotonic clock. */
  outlives(ms: number): boolean;
  /** A call may still take effect for so long: the lease is kept until then, and the account looked at again after it. */
  distrust(ms: number): void;
}

const LOOK_MS = 100;

/**
 * @param callMs until a call is cut. @param waitMs for how long a worker that has the account is waited for.
 * @returns what `work` gives; null: the account is not there, or was not free in time.
 */
export async function withSideLease<T>(
  store: Store,
  key: AccountKey,
  { callMs, waitMs }: { callMs: number; waitMs: number },
  work: (lease: SideLease) => Promise<T>,
): Promise<T | null> {
  const id = randomUUIDv7();
  const leaseMs = callMs + 3 * BEAT_MS;
  let validUntil = 0;

  async function beat(): Promise<void> {
    const begun = performance.now();
    const now = await store.now();
    const alive = { alive_until: now + leaseMs };
    const isThere = await store.write(async (trx) => {
      const { numUpdatedRows } = await trx.updateTable('processes').set(alive).where('id', '=', id).executeTakeFirst();
      if (numUpdatedRows === 0n && validUntil === 0) {
        await trx
          .insertInto('processes')
          .values({ id, started_at: now, ...alive })
          .execute();
        return true;
      }
      return numUpdatedRows > 0n;
    });
    // Taken for dead: what it held is free for others.
    validUntil = isThere ? begun + leaseMs : Number.NEGATIVE_INFINITY;
  }

  await beat();
  const heart = setInterval(() => void beat().catch(() => {}), BEAT_MS);
  try {
    const account = await take(store, key, id, waitMs);
    if (account === null) return null;
    let effectMs: number | null = null;
    const distrust = (ms: number) => {
      effectMs = ms;
    };
    try {
      return await work({ account, outlives: (ms) => performance.now() + ms < validUntil, distrust });
    } finally {
      if (effectMs !== null) await sleep(effectMs);
      await giveBack(store, account, effectMs !== null);
    }
  } finally {
    clearInterval(heart);
    await store.write((trx) => trx.deleteFrom('processes').where('id', '=', id).execute());
  }
}

async function giveBack(store: Store, account: Account, lookAgain: boolean): Promise<void> {
  const again = lookAgain ? { generation: sql<number>`generation + 1`, due_at: await store.now() } : {};
  await store.write((trx) =>
    heldBy(trx, account)
      .set({ lease_owner: null, ...again })
      .execute(),
  );
}

async function take(store: Store, key: AccountKey, owner: string, waitMs: number): Promise<Account | null> {
  const until = performance.now() + waitMs;
  for (;;) {
    const taken = await store.write((trx) =>
      trx
        .updateTable('accounts')
        .set({ lease_owner: owner, lease_epoch: sql<number>`lease_epoch + 1` })
        .where('tenant', '=', key.tenant)
        .where('target_id', '=', key.target_id)
        .where('user_id', '=', key.user_id)
        .where('lease_owner', 'is', null)
        .returningAll()
        .executeTakeFirst(),
    );
    if (taken) return taken;
    if (performance.now() >= until) return null;
    await sleep(LOOK_MS);
  }
}
