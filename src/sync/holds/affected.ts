/** What a change that concerns many users would do to each of their accounts, by what was last seen there. Only reads. */
import type { Selectable } from 'kysely';
import { readPeople } from '../../directory/people.ts';
import type { Store } from '../../store/store.ts';
import type { ChangesTable } from '../../store/tables.ts';
import type { Intent } from '../intents.ts';
import type { Lane } from '../lanes.ts';
import { nextUsers } from '../large-changes.ts';
import { type KnownAccount, planAccount, withoutAccount } from '../planned.ts';
import type { Affected } from './runs.ts';

/** One user after the other, a slice read at a time, with the way free for others in between. */
export async function* affectedBy(
  store: Store,
  lane: Lane,
  change: Selectable<ChangesTable>,
  signal: AbortSignal,
): AsyncGenerator<Affected> {
  let { cursor } = change;
  while (!signal.aborted) {
    const userIds = await nextUsers(store.read, { ...change, cursor });
    if (userIds.length === 0) return;
    yield* await affectedAmong(store, lane, userIds);
    cursor = userIds.at(-1) ?? null;
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
