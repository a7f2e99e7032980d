/**
 * Changes that concern many users at once: of rules or settings, a new target, a group. Before the first of these users is
 * made due, the whole set is compared with the limits of each target, by what was last seen there; a kind of which there is
 * too much is held as a whole, and the rest goes on.
 */
import { type Selectable, sql } from 'kysely';
import type { Store } from '../../store/store.ts';
import type { ChangesTable } from '../../store/tables.ts';
import type { Lane, Lanes } from '../lanes/lanes.ts';
import { affectedBy } from './affected.ts';
import {
  deletedLately,
  insertHold,
  insertItems,
  linkedIn,
  newHoldId,
  type Origin,
  SLICE,
  startedLately,
} from './ledger.ts';
import { allowance, type Kind, limitText } from './limits.ts';

type Change = Selectable<ChangesTable>;

/** A target of the tenant that the change concerns, and whose rules limit something. */
const CONCERNED = sql`select 1 from targets where targets.tenant = changes.tenant and targets.limited = 1
  and (changes.subject = 'group' or targets.id = changes.subject_id)`;

/** What fan-out may move on: what has been compared, and what needs no comparing. */
export const MAY_MOVE_ON = sql<boolean>`(assessed = 1 or subject in ('user', 'group-members') or not exists (${CONCERNED}))`;

/** An account and what would be done to it. */
export interface Affected {
  userId: string;
  kinds: Iterable<Kind>;
}

/**
 * Holds of each kind all of them, where they are more than may begin. To be called before any of them is made due.
 * @param what has led to it, for the administrator: `a change of rules`.
 * @returns the ids of the holds made.
 */
export async function holdIfTooMany(
  store: Store,
  lane: Lane,
  { origin, what }: { origin: Origin; what: string },
  affected: AsyncIterable<Affected>,
): Promise<string[]> {
  const { limited } = lane.rules;
  if (limited.size === 0) return [];
  const sets = new Map<Kind, string[]>([...limited].map((kind) => [kind, []]));
  for await (const { userId, kinds } of affected) for (const kind of kinds) sets.get(kind)?.push(userId);
  const made: string[] = [];
  for (const [kind, userIds] of sets) {
    const id = userIds.length === 0 ? null : await holdSet(store, lane, { origin, what, kind }, userIds);
    if (id !== null) made.push(id);
  }
  return made;
}

async function holdSet(
  store: Store,
  lane: Lane,
  { origin, what, kind }: { origin: Origin; what: string; kind: Kind },
  affected: readonly string[],
): Promise<string | null> {
  const limit = lane.rules.limits[kind];
  const now = await store.now();
  const linked = (await linkedIn(store, lane)) + (await deletedLately(store.read, lane, now));
  const room = allowance(limit, linked);
  if (room === null) return null;
  const started = await startedLately(store.read, lane, kind, now);
  if (affected.length + started <= room) return null;
  const userIds = await withoutHeld(store, lane, kind, affected);
  if (userIds.length === 0 || userIds.length + started <= room) return null;

  const { tenant, targetId } = lane;
  const id = newHoldId();
  const into = { tenant, targetId, kind, holdId: id };
  // The hold comes last: until it is there nobody can decide about a part, and the gate lets none of them pass.
  for (let from = 0; from < userIds.length; from += SLICE) {
    await store.write((trx) => insertItems(trx, into, userIds.slice(from, from + SLICE), now));
  }
  const lately = started > 0 ? `, after ${started} within 24 hours` : '';
  const reason = `${what} would ${kind} ${userIds.length}${lately}: more than ${limitText(limit, linked)}`;
  await store.write((trx) =>
    insertHold(trx, { tenant, id, target_id: targetId, kind, origin, reason, created_at: now }),
  );
  return id;
}

/** Those that no other set holds, or has been approved in. */
async function withoutHeld(store: Store, lane: Lane, kind: Kind, userIds: readonly string[]): Promise<string[]> {
  const rest: string[] = [];
  for (let from = 0; from < userIds.length; from += SLICE) {
    const slice = userIds.slice(from, from + SLICE);
    const rows = await store.read
      .selectFrom('hold_items')
      .innerJoin('holds', (join) =>
        join.onRef('holds.tenant', '=', 'hold_items.tenant').onRef('holds.id', '=', 'hold_items.hold_id'),
      )
      .select('user_id')
      .where('hold_items.tenant', '=', lane.tenant)
      .where('hold_items.target_id', '=', lane.targetId)
      .where('user_id', 'in', slice)
      .where('hold_items.kind', '=', kind)
      .where('holds.state', '!=', 'expired')
      .execute();
    const held = new Set(rows.map((row) => row.user_id));
    rest.push(...slice.filter((userId) => !held.has(userId)));
  }
  return rest;
}

/** A target that cannot be opened is not waited for longer: nothing is done there, and mending it is a change of its own. */
const OPENED_MS = 5_000;
const AT_ONCE = 100;

/** Compares what waits for it. */
export interface Assessor {
  /** @returns how many changes may be moved on now. */
  assess(signal: AbortSignal): Promise<number>;
}

export function createAssessor(store: Store, lanes: Lanes): Assessor {
  /** When a target, as it is now, was first found not to be open. */
  const closedSince = new Map<string, number>();

  const mayYetOpen = (target: string): boolean => {
    const since = closedSince.get(target) ?? performance.now();
    closedSince.set(target, since);
    return performance.now() - since < OPENED_MS;
  };

  /** The lanes to be compared with; null: some are not open yet as they are now. */
  const concerned = async (change: Change): Promise<Lane[] | null> => {
    const rows = await store.read
      .selectFrom('targets')
      .select(['id', 'revision'])
      .where('tenant', '=', change.tenant)
      .where('limited', '=', 1)
      .$if(change.subject === 'target', (query) => query.where('id', '=', change.subject_id))
      .execute();
    const open: Lane[] = [];
    for (const { id, revision } of rows) {
      const lane = lanes.byId(id);
      if (lane?.revision === revision) open.push(lane);
      else if (mayYetOpen(`${id} ${revision}`)) return null;
    }
    return open;
  };

  return {
    async assess(signal) {
      let assessed = 0;
      for (const change of await unassessed(store)) {
        if (signal.aborted) break;
        const open = await concerned(change);
        if (open === null) continue;
        for (const lane of open) {
          const cause = await causeOf(store, change);
          await holdIfTooMany(store, lane, cause, affectedBy(store, lane, change, signal));
        }
        // What was not looked at to the end is looked at again.
        if (signal.aborted) break;
        await store.write((trx) =>
          trx
            .updateTable('changes')
            .set({ assessed: 1 })
            .where('seq', '=', change.seq)
            .where('assessed', '=', 0)
            .execute(),
        );
        assessed++;
      }
      return assessed;
    },
  };
}

function unassessed(store: Store): Promise<Change[]> {
  return store.read
    .selectFrom('changes')
    .selectAll()
    .where(sql<boolean>`assessed = 0 and subject in ('target', 'group') and exists (${CONCERNED})`)
    .orderBy('urgent', 'desc')
    .orderBy('seq')
    .limit(AT_ONCE)
    .execute();
}

async function causeOf(store: Store, change: Change): Promise<{ origin: Origin; what: string }> {
  if (change.subject === 'target') {
    const target = await store.read
      .selectFrom('targets')
      .select('created_at')
      .where('tenant', '=', change.tenant)
      .where('id', '=', change.subject_id)
      .executeTakeFirst();
    if (target?.created_at === change.created_at) return { origin: 'first-sync', what: 'the first sync' };
    return { origin: 'rules', what: 'the change of rules or settings' };
  }
  const group = await store.read
    .selectFrom('resources')
    .select(['document', 'deleted_at'])
    .where('tenant', '=', change.tenant)
    .where('id', '=', change.subject_id)
    .executeTakeFirst();
  const name = group ? String(JSON.parse(group.document).displayName) : change.subject_id;
  return { origin: 'group', what: `the group "${name}", ${group?.deleted_at == null ? 'changed' : 'deleted'},` };
}
