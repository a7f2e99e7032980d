/**
 * Changes that concern many users at once: of rules or settings, a new target, a group. Before the first of these users is
 * made due, the whole set is compared with the limits of each target, by what was last seen there; a kind of which there is
 * too much is held as a whole, and the rest goes on.
 */
import { type Kysely, type Selectable, sql } from 'kysely';
import type { Store } from '../../store/store.ts';
import type { ChangesTable, Database } from '../../store/tables.ts';
import type { Lane, Lanes } from '../lanes/lanes.ts';
import { affectedBy } from './affected.ts';
import {
  deletedLately,
  holdIdOf,
  insertHold,
  insertItems,
  linkedIn,
  lockTarget,
  type Origin,
  SLICE,
  startedLately,
} from './ledger.ts';
import { allowance, type Kind, limitText } from './limits.ts';
import { letGoSet } from './sweep.ts';

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

/** What leads to a comparison. */
export interface Cause {
  origin: Origin;
  /** For the administrator: `a change of rules`. */
  what: string;
  /** Tells it from all others of the target: what is compared twice is held once. */
  key: string;
}

/** The target is another than the one that was compared with: it is gone, or has new rules. */
export class TargetChanged extends Error {
  constructor() {
    super('the target was changed while what is to be done there was compared with its limits');
  }
}

/**
 * Holds of each kind all of them, where they are more than may begin. To be called before any of them is made due.
 * @returns the ids of the holds made. @throws TargetChanged
 */
export async function holdIfTooMany(
  store: Store,
  lane: Lane,
  cause: Cause,
  affected: AsyncIterable<Affected>,
): Promise<string[]> {
  const { limited } = lane.rules;
  if (limited.size === 0) return [];
  const sets = new Map<Kind, string[]>([...limited].map((kind) => [kind, []]));
  for await (const { userId, kinds } of affected) for (const kind of kinds) sets.get(kind)?.push(userId);
  const made: string[] = [];
  for (const [kind, userIds] of sets) {
    if (userIds.length === 0) continue;
    const id = holdIdOf(lane.tenant, lane.targetId, lane.revision, cause.key, kind);
    try {
      if (await holdSet(store, lane, { ...cause, kind, id }, userIds)) made.push(id);
    } catch (error) {
      if (error instanceof TargetChanged) await letGoSet(store, id);
      throw error;
    }
  }
  return made;
}

async function holdSet(
  store: Store,
  lane: Lane,
  { origin, what, kind, id }: Cause & { kind: Kind; id: string },
  affected: readonly string[],
): Promise<boolean> {
  const limit = lane.rules.limits[kind];
  const now = await store.now();
  const linked = (await linkedIn(store, lane)) + (await deletedLately(store.read, lane, now));
  const room = allowance(limit, linked);
  if (room === null) return false;
  const started = await startedLately(store.read, lane, kind, now);
  if (affected.length + started <= room) return false;
  const userIds = await withoutHeld(store, lane, kind, affected);
  if (userIds.length === 0 || userIds.length + started <= room) return false;

  const { tenant, targetId } = lane;
  const into = { tenant, targetId, kind, holdId: id };
  const lately = started > 0 ? `, after ${started} within 24 hours` : '';
  const reason = `${what} would ${kind} ${userIds.length}${lately}: more than ${limitText(limit, linked)}`;
  // The hold comes last: until it is there nobody can decide about a part, and the gate lets none of them pass.
  for (let from = 0; from < userIds.length; from += SLICE) {
    const slice = userIds.slice(from, from + SLICE);
    if (!(await whileUnborn(store, lane, id, (trx) => insertItems(trx, into, slice, now)))) return false;
  }
  const hold = { tenant, id, target_id: targetId, kind, origin, reason, created_at: now };
  return whileUnborn(store, lane, id, (trx) => insertHold(trx, hold));
}

/** @returns false: the hold is there already, by another process, and is not added to. @throws TargetChanged */
function whileUnborn(
  store: Store,
  lane: Lane,
  id: string,
  write: (trx: Kysely<Database>) => Promise<void>,
): Promise<boolean> {
  return store.write(async (trx) => {
    if ((await lockTarget(trx, store.dialect, lane)) !== lane.revision) throw new TargetChanged();
    const born = await trx
      .selectFrom('holds')
      .select('id')
      .where('tenant', '=', lane.tenant)
      .where('id', '=', id)
      .executeTakeFirst();
    if (born) return false;
    await write(trx);
    return true;
  });
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

/** Compares what waits for it: tenant by tenant, so that nobody's large change makes others wait. */
export interface Assessor {
  /** Tenants for whom something waits. */
  waiting(): Promise<string[]>;
  /** @returns how many of the tenant's changes may be moved on now. */
  assess(tenant: string, signal: AbortSignal): Promise<number>;
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

  const assessOne = async (change: Change, signal: AbortSignal): Promise<boolean> => {
    const open = await concerned(change);
    if (open === null) return false;
    const cause = await causeOf(store, change);
    for (const lane of open) await holdIfTooMany(store, lane, cause, affectedBy(store, lane, change, signal));
    // What was not looked at to the end is looked at again.
    signal.throwIfAborted();
    const { numUpdatedRows } = await store.write((trx) =>
      trx
        .updateTable('changes')
        .set({ assessed: 1 })
        .where('seq', '=', change.seq)
        .where('assessed', '=', 0)
        .executeTakeFirst(),
    );
    return numUpdatedRows > 0n;
  };

  return {
    waiting: async () => {
      const rows = await unassessed(store).select('tenant').distinct().execute();
      return rows.map(({ tenant }) => tenant);
    },
    async assess(tenant, signal) {
      const changes = await unassessed(store)
        .selectAll()
        .where('tenant', '=', tenant)
        .orderBy('urgent', 'desc')
        .orderBy('seq')
        .execute();
      let assessed = 0;
      for (const change of changes) {
        try {
          if (await assessOne(change, signal)) assessed++;
        } catch (error) {
          if (signal.aborted) return assessed;
          // It is compared with the rules that hold now, in another round.
          if (!(error instanceof TargetChanged)) throw error;
        }
      }
      return assessed;
    },
  };
}

function unassessed(store: Store) {
  return store.read
    .selectFrom('changes')
    .where(sql<boolean>`assessed = 0 and subject in ('target', 'group') and exists (${CONCERNED})`);
}

async function causeOf(store: Store, change: Change): Promise<Cause> {
  const key = `change ${change.seq}`;
  if (change.subject === 'target') {
    const target = await store.read
      .selectFrom('targets')
      .select('created_at')
      .where('tenant', '=', change.tenant)
      .where('id', '=', change.subject_id)
      .executeTakeFirst();
    if (target?.created_at === change.created_at) return { origin: 'first-sync', what: 'the first sync', key };
    return { origin: 'rules', what: 'the change of rules or settings', key };
  }
  const group = await store.read
    .selectFrom('resources')
    .select(['document', 'deleted_at'])
    .where('tenant', '=', change.tenant)
    .where('id', '=', change.subject_id)
    .executeTakeFirst();
  const name = group ? String(JSON.parse(group.document).displayName) : change.subject_id;
  return { origin: 'group', what: `the group "${name}", ${group?.deleted_at == null ? 'changed' : 'deleted'},`, key };
}
