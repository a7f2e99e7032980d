/**
 * Targets that stand still: by an administrator until resumed by hand; by the engine until a probe succeeds and, after it, one
 * account was worked on. That account is tried by the process that probed, alone; should it die, its turn ends with its
 * heartbeat.
 */
import { type Kysely, sql } from 'kysely';
import type { Store } from '../../store/store.ts';
import type { Database, Millis } from '../../store/tables.ts';
import type { Lane } from './lanes.ts';

/** Accounts in one transaction. */
const SLICE = 500;

/** The engine pauses only what works or is tried by this process. */
export async function pauseTarget(store: Store, lane: Lane, reason: string, processId: string): Promise<void> {
  // Before anything is waited for: nobody else is begun with.
  Object.assign(lane, { paused: true, pausedBy: 'engine', pausedReason: reason, probeAt: Infinity, trialBy: null });
  const now = await store.now();
  lane.probeAt = now + lane.pace.probeMs;
  await store.write((trx) =>
    ofLane(trx, lane)
      .set({
        state: 'paused',
        paused_by: 'engine',
        paused_reason: reason,
        probe_at: now + lane.pace.probeMs,
        trial_by: null,
      })
      .where((row) => row.or([row('state', '=', 'active'), row('trial_by', '=', processId)]))
      .execute(),
  );
}

/** @returns whether it is this process that probes: one does, once in `probeMs`. */
export async function takeProbe(store: Store, lane: Lane): Promise<boolean> {
  const now = await store.now();
  lane.probeAt = now + lane.pace.probeMs;
  return store.write(async (trx) => {
    const { numUpdatedRows } = await untried(ofLane(trx, lane))
      .set({ probe_at: now + lane.pace.probeMs })
      // A probe further ahead than any is was planned by a clock that has been set back since.
      .where((row) => row.or([row('probe_at', '<=', now), row('probe_at', '>', now + 2 * lane.pace.probeMs)]))
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  });
}

/** The probe failed: the reason is the newest one. */
export async function stayPaused(store: Store, lane: Lane, reason: string): Promise<void> {
  lane.pausedReason = reason;
  await store.write((trx) => untried(ofLane(trx, lane)).set({ paused_reason: reason }).execute());
}

/** The probe succeeded: one account is tried, the most urgent. Where nothing is to be done the pause ends at once. */
export async function beginTrial(store: Store, lane: Lane, processId: string): Promise<void> {
  const now = await store.now();
  const begun = await store.write(async (trx) => {
    const { numUpdatedRows } = await untried(ofLane(trx, lane)).set({ trial_by: processId }).executeTakeFirst();
    return numUpdatedRows > 0n ? { someone: await pullFirst(trx, lane, now) } : null;
  });
  if (!begun) return;
  lane.trialBy = processId;
  if (!begun.someone) await resumeTarget(store, lane, processId);
}

/** What was tried so far proved nothing, and nothing is due: another account, once in `probeMs`. */
export async function goOnTrying(store: Store, lane: Lane, processId: string): Promise<void> {
  const now = await store.now();
  lane.probeAt = now + lane.pace.probeMs;
  const someone = await store.write(async (trx) => {
    await ofLane(trx, lane)
      .set({ probe_at: now + lane.pace.probeMs })
      .where('trial_by', '=', processId)
      .execute();
    return pullFirst(trx, lane, now);
  });
  if (!someone) await resumeTarget(store, lane, processId);
}

/** Ends a pause of the engine's, and pulls forward everything that was waiting out a failure. */
export async function resumeTarget(store: Store, lane: Lane, processId: string): Promise<void> {
  const { numUpdatedRows } = await store.write((trx) =>
    ofLane(trx, lane)
      .set({ state: 'active', paused_by: null, paused_reason: null, probe_at: null, trial_by: null })
      .where('trial_by', '=', processId)
      .executeTakeFirst(),
  );
  if (numUpdatedRows === 0n) return;
  Object.assign(lane, { paused: false, pausedBy: null, pausedReason: null, probeAt: null, trialBy: null });
  const now = await store.now();
  while ((await store.write((trx) => pullForward(trx, lane, now))) === SLICE);
}

async function pullForward(trx: Kysely<Database>, { tenant, targetId }: Lane, now: Millis): Promise<number> {
  const { numUpdatedRows } = await trx
    .updateTable('accounts')
    .set({ due_at: now })
    .where('tenant', '=', tenant)
    .where('target_id', '=', targetId)
    .where(
      'user_id',
      'in',
      sql<string>`(select user_id from accounts where tenant = ${tenant} and target_id = ${targetId}
        and urgent in (1, 0, -1) and due_at > ${now} and outcome in ('retry', 'pause') limit ${sql.lit(SLICE)})`,
    )
    .executeTakeFirst();
  return Number(numUpdatedRows);
}

/** @returns whether there is anybody who waits for nothing but the target. */
async function pullFirst(trx: Kysely<Database>, { tenant, targetId }: Lane, now: Millis): Promise<boolean> {
  const first = await trx
    .selectFrom('accounts')
    .select(['user_id', 'due_at'])
    .where('tenant', '=', tenant)
    .where('target_id', '=', targetId)
    .where('due_at', 'is not', null)
    .where('lease_owner', 'is', null)
    .where((row) => row.or([row('due_at', '<=', now), row('outcome', 'in', ['retry', 'pause'])]))
    .orderBy('urgent', 'desc')
    .orderBy('due_at')
    .limit(1)
    .executeTakeFirst();
  if (!first) return false;
  await trx
    .updateTable('accounts')
    .set({ due_at: Math.min(first.due_at ?? now, now) })
    .where('tenant', '=', tenant)
    .where('target_id', '=', targetId)
    .where('user_id', '=', first.user_id)
    .where('due_at', 'is not', null)
    .execute();
  return true;
}

/** The target as this process knows it: after a change of its settings it is somebody else's turn. */
function ofLane(trx: Kysely<Database>, { tenant, targetId, revision }: Lane) {
  return trx
    .updateTable('targets')
    .where('tenant', '=', tenant)
    .where('id', '=', targetId)
    .where('revision', '=', revision);
}

/** Paused by the engine, and nobody who lives is trying it. */
function untried(update: ReturnType<typeof ofLane>) {
  return update
    .where('paused_by', '=', 'engine')
    .where((row) =>
      row.or([
        row('trial_by', 'is', null),
        row('trial_by', 'not in', (select) => select.selectFrom('processes').select('id')),
      ]),
    );
}
