/** The tables of holds, as the gate, the runs and the sweep use them. What writes here holds the target's lock. */
import { createHash, randomBytes } from 'node:crypto';
import { type Kysely, type Selectable, sql } from 'kysely';
import type { Dialect } from '../../store/dialect.ts';
import type { Store } from '../../store/store.ts';
import type { Database, HoldItemsTable, HoldsTable, Millis } from '../../store/tables.ts';
import type { AccountKey } from '../accounts/accounts.ts';
import type { Lane } from '../lanes/lanes.ts';
import type { Kind } from './limits.ts';

export type Hold = Selectable<HoldsTable>;
export type Origin = HoldsTable['origin'];
export type Item = Pick<Selectable<HoldItemsTable>, 'kind' | 'hold_id'> & {
  /** Null: its set is being put together. */
  state: HoldsTable['state'] | null;
  expires_at: Millis | null;
  reason: string | null;
};

export const WINDOW_MS = 86_400_000;

/** Users in one statement. */
export const SLICE = 250;

/** Two processes, or two workers, cannot pass a limit together. @returns the target's revision; null: it is gone. */
export async function lockTarget(
  trx: Kysely<Database>,
  dialect: Dialect,
  { tenant, targetId }: Pick<Lane, 'tenant' | 'targetId'>,
): Promise<number | null> {
  const row = await trx
    .selectFrom('targets')
    .select('revision')
    .where('tenant', '=', tenant)
    .where('id', '=', targetId)
    .modifyEnd(dialect.forUpdate)
    .executeTakeFirst();
  return row?.revision ?? null;
}

export function itemsOf(db: Kysely<Database>, account: AccountKey): Promise<Item[]> {
  return db
    .selectFrom('hold_items')
    .leftJoin('holds', (join) =>
      join.onRef('holds.tenant', '=', 'hold_items.tenant').onRef('holds.id', '=', 'hold_items.hold_id'),
    )
    .select(['hold_items.kind', 'hold_items.hold_id', 'holds.state', 'holds.expires_at', 'holds.reason'])
    .where('hold_items.tenant', '=', account.tenant)
    .where('hold_items.target_id', '=', account.target_id)
    .where('hold_items.user_id', '=', account.user_id)
    .execute();
}

/** May begin, being in an approved set. */
export function isApproved({ state, expires_at }: Pick<Item, 'state' | 'expires_at'>, now: Millis): boolean {
  return state === 'approved' && now < (expires_at ?? 0);
}

/** @param until items made later belong to a newer wish than the one that was looked at. */
export async function dropItems(
  trx: Kysely<Database>,
  account: AccountKey,
  kinds: readonly Kind[],
  until: Millis,
): Promise<void> {
  await trx
    .deleteFrom('hold_items')
    .where('tenant', '=', account.tenant)
    .where('target_id', '=', account.target_id)
    .where('user_id', '=', account.user_id)
    .where('kind', 'in', kinds)
    .where('created_at', '<=', until)
    .execute();
}

/** Letters and digits that cannot be taken for each other. */
const LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789';
const holdId = (bytes: Buffer): string =>
  [...bytes.subarray(0, 8)].map((byte) => LETTERS[byte % LETTERS.length]).join('');

/** The same for the same set: two processes that put it together, or one that begins again, make one hold. */
export function holdIdOf(...parts: readonly (string | number)[]): string {
  return holdId(createHash('sha256').update(JSON.stringify(parts)).digest());
}

export async function insertHold(
  trx: Kysely<Database>,
  hold: Pick<Hold, 'tenant' | 'id' | 'target_id' | 'kind' | 'origin' | 'reason' | 'created_at'>,
): Promise<void> {
  const undecided = { state: 'open' as const, decided_at: null, decided_by: null, expires_at: null, closed_at: null };
  await trx
    .insertInto('holds')
    .values({ ...hold, ...undecided })
    .execute();
}

/** The open one of that origin and kind, or a new one. */
export async function openHold(
  trx: Kysely<Database>,
  hold: Pick<Hold, 'tenant' | 'target_id' | 'kind' | 'origin' | 'reason' | 'created_at'>,
): Promise<{ id: string; reason: string }> {
  const open = await trx
    .selectFrom('holds')
    .select(['id', 'reason'])
    .where('tenant', '=', hold.tenant)
    .where('target_id', '=', hold.target_id)
    .where('kind', '=', hold.kind)
    .where('origin', '=', hold.origin)
    .where('state', '=', 'open')
    .where('closed_at', 'is', null)
    .orderBy('created_at')
    .limit(1)
    .executeTakeFirst();
  if (open) return open;
  const id = holdId(randomBytes(8));
  await insertHold(trx, { ...hold, id });
  return { id, reason: hold.reason };
}

/** Those that belong to no set, or to one that is over, pass into this one. */
export async function insertItems(
  trx: Kysely<Database>,
  { tenant, targetId, kind, holdId }: { tenant: string; targetId: string; kind: Kind; holdId: string },
  userIds: readonly string[],
  now: Millis,
): Promise<void> {
  const items = userIds.map((userId) => ({
    tenant,
    target_id: targetId,
    user_id: userId,
    kind,
    hold_id: holdId,
    woken: 0 as const,
    created_at: now,
  }));
  await trx
    .insertInto('hold_items')
    .values(items)
    .onConflict((conflict) =>
      conflict
        .columns(['tenant', 'target_id', 'user_id', 'kind'])
        .doUpdateSet({ hold_id: holdId, woken: 0, created_at: now })
        .where(
          sql<boolean>`not exists (select 1 from holds where holds.tenant = hold_items.tenant
            and holds.id = hold_items.hold_id and holds.state <> 'expired')`,
        ),
    )
    .execute();
}

/** Accounts of which this kind was begun within the window; one that a clock dates far ahead does not count for ever. */
export async function startedLately(
  db: Kysely<Database>,
  { tenant, targetId }: Pick<Lane, 'tenant' | 'targetId'>,
  kind: Kind,
  now: Millis,
): Promise<number> {
  const { count } = await db
    .selectFrom('starts')
    .select(sql<number>`count(*)`.as('count'))
    .where('tenant', '=', tenant)
    .where('target_id', '=', targetId)
    .where('kind', '=', kind)
    .where('started_at', '>', now - WINDOW_MS)
    .where('started_at', '<=', now + WINDOW_MS)
    .where('counted', '=', 1)
    .executeTakeFirstOrThrow();
  return count;
}

/** A count of many is good for so long: it decides by per cent. */
const COUNT_MS = 10_000;
const MANY = 1_000;
const counted = new WeakMap<Lane, { count: number; at: number }>();

/** Accounts linked in the target. */
export async function linkedIn(store: Store, lane: Lane): Promise<number> {
  const last = counted.get(lane);
  if (last && last.count > MANY && performance.now() - last.at < COUNT_MS) return last.count;
  const { count } = await store.read
    .selectFrom('accounts')
    .select(sql<number>`count(*)`.as('count'))
    .where('tenant', '=', lane.tenant)
    .where('target_id', '=', lane.targetId)
    .where('remote_id', 'is not', null)
    .executeTakeFirstOrThrow();
  counted.set(lane, { count, at: performance.now() });
  return count;
}

/** Deleted within the window: the share is of all who were there before. */
export async function deletedLately(
  db: Kysely<Database>,
  { tenant, targetId }: Pick<Lane, 'tenant' | 'targetId'>,
  now: Millis,
): Promise<number> {
  const { count } = await db
    .selectFrom('starts')
    .select(sql<number>`count(*)`.as('count'))
    .where('tenant', '=', tenant)
    .where('target_id', '=', targetId)
    .where('kind', '=', 'delete')
    .where('started_at', '>', now - WINDOW_MS)
    .where('started_at', '<=', now + WINDOW_MS)
    .where(
      sql<boolean>`not exists (select 1 from accounts where accounts.tenant = starts.tenant
        and accounts.target_id = starts.target_id and accounts.user_id = starts.user_id and remote_id is not null)`,
    )
    .executeTakeFirstOrThrow();
  return count;
}
