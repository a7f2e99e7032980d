/** Targets that stand still: by an administrator until resumed by hand, by the engine until a probe succeeds. */
import type { Store } from '../store/store.ts';
import type { Lane } from './lanes.ts';

/** The engine pauses only what nobody else has paused. */
export async function pauseTarget(store: Store, lane: Lane, reason: string): Promise<void> {
  Object.assign(lane, {
    paused: true,
    pausedBy: 'engine',
    pausedReason: reason,
    probeAt: Date.now() + lane.pace.probeMs,
  });
  const now = await store.now();
  await store.write((trx) =>
    trx
      .updateTable('targets')
      .set({
        state: 'paused',
        paused_by: 'engine',
        paused_reason: reason,
        probe_at: now + lane.pace.probeMs,
      })
      .where('tenant', '=', lane.tenant)
      .where('id', '=', lane.targetId)
      .where('state', '=', 'active')
      .where('revision', '=', lane.revision)
      .execute(),
  );
}

export async function probeLater(store: Store, lane: Lane, reason: string): Promise<void> {
  lane.probeAt = Date.now() + lane.pace.probeMs;
  const now = await store.now();
  await store.write((trx) =>
    trx
      .updateTable('targets')
      .set({ probe_at: now + lane.pace.probeMs, paused_reason: reason })
      .where('tenant', '=', lane.tenant)
      .where('id', '=', lane.targetId)
      .where('paused_by', '=', 'engine')
      .execute(),
  );
}

/** Ends a pause of the engine's, and pulls forward everything that was waiting out a failure. */
export async function resumeTarget(store: Store, lane: Lane): Promise<void> {
  const now = await store.now();
  await store.write(async (trx) => {
    const { numUpdatedRows } = await trx
      .updateTable('targets')
      .set({ state: 'active', paused_by: null, paused_reason: null, probe_at: null })
      .where('tenant', '=', lane.tenant)
      .where('id', '=', lane.targetId)
      .where('paused_by', '=', 'engine')
      .executeTakeFirst();
    if (numUpdatedRows === 0n) return;
    await trx
      .updateTable('accounts')
      .set({ due_at: now })
      .where('tenant', '=', lane.tenant)
      .where('target_id', '=', lane.targetId)
      .where('outcome', 'in', ['retry', 'pause'])
      .where('due_at', '>', now)
      .execute();
  });
}
