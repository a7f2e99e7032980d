/**
 * From "this user, this group or these rules changed" to due accounts, in slices, removals first. Each slice is one
 * transaction: the accounts become due and the change moves on together, so a crash repeats a slice and loses none.
 * Tenants take turns: whoever has much waiting delays nobody else.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import type { Store } from '../../store/store.ts';
import type { Database } from '../../store/tables.ts';
import { MAY_MOVE_ON } from '../holds/runs.ts';
import type { Lanes } from '../lanes/lanes.ts';
import { moveOn, SLICE } from './large-changes.ts';
import { type Change, HEIRS, makeDue, targetsOf, withFewHeirs } from './make-due.ts';
import { type ChangeKind, IN_THE_BACKGROUND, nextTenants, OF_GROUPS, OF_USERS, sharesOf } from './turns.ts';

/** Tenants whose users are in one transaction: each costs several statements. */
const TENANTS_A_SLICE = 25;
/** Tenants of which something large is moved on in one round: a transaction for each. */
const TENANTS_A_ROUND = 4;
/** After a slice of something large: on SQLite, where one writes at a time, requests and workers have the store to themselves. */
const PAUSE_MS = 20;
/** Changes of groups in one transaction, as long as they are small. */
const GROUPS_A_SLICE = 20;

/** The tenant that was last served, for each kind of change. */
export interface Turns {
  users: string;
  groups: string;
  background: string;
}

export const firstTurns = (): Turns => ({ users: '', groups: '', background: '' });

/**
 * One round: of everybody who waits a share.
 * @param turns whose turn it is, kept by the caller from round to round.
 * @returns how many changes were moved on; 0: nothing is waiting.
 */
export async function fanOut(store: Store, lanes: Lanes, turns: Turns = firstTurns()): Promise<number> {
  const waiting = await store.read.selectFrom('changes').select('seq').limit(1).executeTakeFirst();
  if (!waiting) return 0;
  return (
    (await moveUsersOn(store, lanes, turns)) +
    (await moveBackgroundOn(store, lanes, turns)) +
    (await moveGroupsOn(store, lanes, turns))
  );
}

async function moveUsersOn(store: Store, lanes: Lanes, turns: Turns): Promise<number> {
  const waiting = await nextTenants(store.read, OF_USERS, { last: turns.users, limit: TENANTS_A_SLICE, upTo: SLICE });
  if (waiting.length === 0) return 0;
  turns.users = waiting.at(-1)?.tenant ?? '';
  const now = await store.now();
  return store.write(async (trx) => {
    const seqs: number[] = [];
    let heirs = 0;
    for (const [tenant, share] of sharesOf(waiting, SLICE)) {
      const users = await nextChanges(trx, store, OF_USERS, tenant, share);
      const subjects = users.map((change) => ({ userId: change.subject_id, change }));
      const slice = await withFewHeirs(trx, tenant, subjects, HEIRS - heirs);
      heirs += slice.heirs.size;
      await makeDue(trx, store.dialect, await targetsOf(trx, lanes, tenant), slice, now);
      seqs.push(...slice.subjects.map(({ change }) => change.seq));
    }
    if (seqs.length > 0) await trx.deleteFrom('changes').where('seq', 'in', seqs).execute();
    return seqs.length;
  });
}

/** The first slice of each: nothing small waits for what is large. */
async function moveGroupsOn(store: Store, lanes: Lanes, turns: Turns): Promise<number> {
  const waiting = await nextTenants(store.read, OF_GROUPS, { last: turns.groups, limit: TENANTS_A_ROUND, upTo: 1 });
  turns.groups = waiting.at(-1)?.tenant ?? '';
  let moved = 0;
  for (const { tenant } of waiting) moved += await moveSome(store, lanes, OF_GROUPS, tenant, GROUPS_A_SLICE);
  return moved;
}

/** The rest, one slice of one change in each transaction. */
async function moveBackgroundOn(store: Store, lanes: Lanes, turns: Turns): Promise<number> {
  const last = turns.background;
  const waiting = await nextTenants(store.read, IN_THE_BACKGROUND, { last, limit: TENANTS_A_ROUND, upTo: 1 });
  turns.background = waiting.at(-1)?.tenant ?? '';
  let moved = 0;
  for (const { tenant } of waiting) moved += await moveSome(store, lanes, IN_THE_BACKGROUND, tenant, 1);
  if (moved > 0) await sleep(PAUSE_MS);
  return moved;
}

async function moveSome(store: Store, lanes: Lanes, kind: ChangeKind, tenant: string, limit: number): Promise<number> {
  const now = await store.now();
  return store.write(async (trx) => {
    let users = 0;
    let moved = 0;
    for (const change of await nextChanges(trx, store, kind, tenant, limit)) {
      if (users >= SLICE) break;
      users += await moveOn(trx, store.dialect, change, lanes, now);
      moved++;
    }
    return moved;
  });
}

/** Removals first, then in the order in which they came. */
function nextChanges(
  trx: Kysely<Database>,
  store: Store,
  kind: ChangeKind,
  tenant: string,
  limit: number,
): Promise<Change[]> {
  return trx
    .selectFrom('changes')
    .selectAll()
    .where('tenant', '=', tenant)
    .where(kind)
    .where(MAY_MOVE_ON)
    .orderBy('urgent', 'desc')
    .orderBy('seq')
    .limit(limit)
    .modifyEnd(store.dialect.forUpdateSkipLocked)
    .execute();
}
