/** From the directory to what a target should hold for one user. Reads; decides by pure functions; changes nothing. */
import type { Kysely } from 'kysely';
import { readPeople } from '../directory/people.ts';
import type { Database } from '../store/tables.ts';
import { TargetError } from '../targets/outcome.ts';
import type { Desired, Person } from '../targets/target.ts';
import { openIntents } from './intents.ts';
import type { Lane } from './lanes.ts';
import { isRemovalOwed } from './memory.ts';
import type { Wish } from './pass.ts';
import { type Standing, standing } from './rules.ts';

/**
 * @param account its `remote_id` decides whether there is something to lose; `memory` is JSON.
 * @throws TargetError reject, where a rule or mapping cannot be computed: the account keeps what it has.
 */
export async function readWish(
  db: Kysely<Database>,
  lane: Lane,
  account: { tenant: string; target_id: string; user_id: string; remote_id: string | null; memory: string | null },
): Promise<Wish> {
  const [people, intents] = await Promise.all([
    readPeople(db, account.tenant, [account.user_id]),
    openIntents(db, account),
  ]);
  const user = people.get(account.user_id) ?? null;
  const hasAccount = account.remote_id !== null || intents.length > 0;
  const stand = computed(
    'the scope',
    (): Standing =>
      user
        ? standing(user, lane.rules, hasAccount, isRemovalOwed(account.memory))
        : { presence: hasAccount ? 'absent' : 'none', why: 'the user is gone', assignments: [] },
  );
  return { user, intents, standing: stand, desired: computed('the mapping', () => desiredOf(lane, user, stand)) };
}

function desiredOf(lane: Lane, user: Wish['user'], { presence, assignments }: Standing): Desired | null {
  if (!user || presence === 'absent' || presence === 'none' || presence === 'keep') return null;
  const person: Person = { id: user.id, user: user.resource, presence, assignments };
  return lane.type.desired(person, lane.settings);
}

function computed<T>(what: string, compute: () => T): T {
  try {
    return compute();
  } catch (error) {
    if (error instanceof TargetError) throw error;
    throw new TargetError({ kind: 'reject', reason: `${what} cannot be computed: ${(error as Error).message}` });
  }
}
