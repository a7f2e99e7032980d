/**
 * One look at a target's catalogue at a time, as a row: who is at it, and how the last one ended. Whatever a look writes it
 * writes only while the row is its own, so that a process that wakes late, or whose target was removed, writes nothing.
 */
import { randomUUIDv7 } from 'node:crypto';
import type { Kysely, Selectable } from 'kysely';
import type { Store } from '../../store/store.ts';
import type { CatalogueLooksTable, Database, Millis } from '../../store/tables.ts';
import type { Lane } from '../lanes/lanes.ts';

export type Look = Selectable<CatalogueLooksTable>;
type Target = Pick<Lane, 'tenant' | 'targetId'>;

export interface Claim extends Target {
  owner: string;
}

/** Somebody else is at it now, or the target is gone: whatever is under way here ends. */
export class LookLost extends Error {
  override readonly name = 'LookLost';
}

export const BEAT_MS = 2_000;
/** Without a word for so long its process is dead. */
const LEASE_MS = 15_000;

export type Begun =
  | { kind: 'begun'; claim: Claim }
  | { kind: 'busy' }
  | { kind: 'not due' }
  /** This process knows the target as it was before its last change, or it is paused. */
  | { kind: 'changed' };

export async function begin(
  store: Store,
  lane: Lane,
  isDue: (look: Look | undefined, now: Millis) => boolean,
): Promise<Begun> {
  const now = await store.now();
  return store.write(async (trx): Promise<Begun> => {
    const target = await trx
      .selectFrom('targets')
      .select(['revision', 'state'])
      .where('tenant', '=', lane.tenant)
      .where('id', '=', lane.targetId)
      .modifyEnd(store.dialect.forUpdate)
      .executeTakeFirst();
    if (target?.revision !== lane.revision || target.state === 'paused') return { kind: 'changed' };
    const look = await lookOf(trx, lane);
    if (look && isAlive(look, now)) return { kind: 'busy' };
    if (!isDue(look, now)) return { kind: 'not due' };
    const claim: Claim = { tenant: lane.tenant, targetId: lane.targetId, owner: randomUUIDv7() };
    const held = { owner: claim.owner, alive_until: now + LEASE_MS };
    const nothing = { revision: null, tried_at: null, refreshed_at: null, problem: null };
    await trx
      .insertInto('catalogue_looks')
      .values({ tenant: lane.tenant, target_id: lane.targetId, ...nothing, ...held })
      .onConflict((conflict) => conflict.columns(['tenant', 'target_id']).doUpdateSet(held))
      .execute();
    return { kind: 'begun', claim };
  });
}

/** The last one, or the one under way. */
export function lookOf(db: Kysely<Database>, { tenant, targetId }: Target) {
  return db
    .selectFrom('catalogue_looks')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('target_id', '=', targetId)
    .executeTakeFirst();
}

/** Further ahead than any lease reaches: written by a clock that has been set back since. */
export function isAlive({ owner, alive_until }: Look, now: Millis): boolean {
  return owner !== null && alive_until > now && alive_until <= now + 2 * LEASE_MS;
}

/** Says that somebody still is at it. @throws LookLost */
export async function beat(store: Store, claim: Claim): Promise<void> {
  const now = await store.now();
  await store.write((trx) => fence(trx, claim, now));
}

/** To be called first in every transaction of a look. @throws LookLost */
export async function fence(trx: Kysely<Database>, claim: Claim, now: Millis): Promise<void> {
  await set(trx, claim, { alive_until: now + LEASE_MS });
}

/** @param problem why it concluded nothing; null: it ended well. @throws LookLost */
export async function end(store: Store, claim: Claim, revision: number, problem: string | null): Promise<void> {
  const now = await store.now();
  const values = { owner: null, alive_until: 0, revision, tried_at: now, problem };
  await store.write((trx) => set(trx, claim, { ...values, ...(problem === null && { refreshed_at: now }) }));
}

/** Leaves it as if it had not begun. */
export async function giveUp(store: Store, claim: Claim): Promise<void> {
  await store.write((trx) => set(trx, claim, { owner: null, alive_until: 0 }));
}

async function set(trx: Kysely<Database>, { tenant, targetId, owner }: Claim, values: Partial<Look>): Promise<void> {
  const { numUpdatedRows } = await trx
    .updateTable('catalogue_looks')
    .set(values)
    .where('tenant', '=', tenant)
    .where('target_id', '=', targetId)
    .where('owner', '=', owner)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) throw new LookLost('another process looks at the catalogue now, or the target is gone');
}
