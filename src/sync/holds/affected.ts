/** What a change that concerns many users would do to each of their accounts, by what was last seen there. Only reads. */
import type { Selectable } from 'kysely';
import { readPeople } from '../../directory/people.ts';
import type { Store } from '../../store/store.ts';
import type { ChangesTable } from '../../store/tables.ts';
import type { Intent } from '../accounts/intents.ts';
import { groupsPassedTo, nextVisits } from '../fan-out/large-changes.ts';
import type { Lane } from '../lanes/lanes.ts';
import { type KnownAccount, planAccount, withoutAccount } from '../planning/planned.ts';
import type { Affected } from './runs.ts';

/** One user after the other, a slice read at a time, with the way free for others in between. */
export async function* affectedBy(
  store: Store,
  lane: Lane,
  change: Selectable<ChangesTable>,
  signal: AbortSignal,
): AsyncGenerator<Affected> {
  const below = await groupsPassedTo(store.read, change);
  if (below.length === 0) return yield* affectedByOne(store, lane, change, signal);
  // Who is in several of the groups counts once.
  const seen = new Set<string>();
  yield* affectedByOne(store, lane, change, signal, seen);
  for (const subject_id of below) {
    yield* affectedByOne(store, lane, { ...change, subject: 'group-below', subject_id, cursor: null }, signal, seen);
  }
}

async function* affectedByOne(
  store: Store,
  lane: Lane,
  change: Selectable<ChangesTable>,
  signal: AbortSignal,
  seen: Set<string> | null = null,
): AsyncGenerator<Affected> {
  for (let cursor: string | null = change.cursor; ; ) {
    // A part of the set must not be taken for the whole.
    signal.throwIfAborted();
    const { visits, end } = await nextVisits(store.read, { ...change, cursor });
    const userIds = [...new Set(visits.map(({ userId }) => userId))].filter((id) => !seen?.has(id));
    for (const id of userIds) seen?.add(id);
    if (userIds.length > 0) yield* await affectedAmong(store, lane, userIds);
    if (end === null) return;
    cursor = end;
    await new Promise(setImmediate);
  }
}

async function affectedAmong(store: Store, lane: Lane, userIds: readonly string[]): Promise<Affected[]> {
  const { tenant, targetId } = lane;
  const people = await readPeople(store.read, tenant, userIds);
  const accounts = await store.read
    .selectFrom('accounts')
    .select(['user_id', 'remote_id', 'observed', 'memory', 'name', 'adopted'])
    .where('tenant', '=', tenant)
    .where('target_id', '=', targetId)
    .where('user_id', 'in', userIds)
    .execute();
  const intents = await store.read
    .selectFrom('intents')
    .select(['id', 'user_id', 'keys', 'created_at'])
    .where('tenant', '=', tenant)
    .where('target_id', '=', targetId)
    .where('user_id', 'in', userIds)
    .where('closed_at', 'is', null)
    .execute();
  const accountOf = new Map<string, KnownAccount>(accounts.map((account) => [account.user_id, account]));
  const intentsOf = Map.groupBy(intents, (intent) => intent.user_id);
  return userIds.flatMap((userId) => {
    const user = people.get(userId) ?? null;
    const account = accountOf.get(userId) ?? withoutAccount(userId);
    if (user === null && account.remote_id === null) return [];
    const open = (intentsOf.get(userId) ?? []).map((row): Intent => ({ ...row, keys: JSON.parse(row.keys) }));
    const { kinds } = planAccount(lane, account, user, open);
    return kinds.length === 0 ? [] : [{ userId, kinds }];
  });
}
