/** From the directory to what a target should hold for one user. Reads; decides by pure functions; changes nothing. */
import type { Kysely } from 'kysely';
import { type DirectoryUser, readPeople } from '../../directory/people.ts';
import type { Database } from '../../store/tables.ts';
import { TargetError } from '../../targets/outcome.ts';
import type { Desired, Observed, Person } from '../../targets/target.ts';
import { openIntents } from '../accounts/intents.ts';
import type { Lane } from '../lanes/lanes.ts';
import { type Standing, standing } from '../rules/rules.ts';
import { hasDoubles, isRemovalOwed } from './memory.ts';
import type { Wish } from './pass.ts';
import { passwordOf, readGiven } from './pass-through.ts';

/**
 * @param account its `remote_id` decides whether there is something to lose; `memory` is JSON.
 * @throws TargetError reject, where a rule or mapping cannot be computed: the account keeps what it has.
 */
export async function readWish(
  db: Kysely<Database>,
  lane: Lane,
  account: {
    tenant: string;
    target_id: string;
    user_id: string;
    remote_id: string | null;
    memory: string | null;
    observed?: string | null;
  },
): Promise<Wish> {
  const [people, intents, given] = await Promise.all([
    readPeople(db, account.tenant, [account.user_id]),
    openIntents(db, account),
    readGiven(db, lane, [account.user_id], lane.now),
  ]);
  return wishOf(lane, account, people.get(account.user_id) ?? null, intents, given.get(account.user_id));
}

/** What decides about one user: a lane, or a draft of one. */
export type Deciding = Pick<Lane, 'type' | 'settings' | 'rules'>;

/** Pure. @param given the undelivered password, where that is known. @throws as `readWish`. */
export function wishOf(
  lane: Deciding,
  account: { remote_id: string | null; memory: string | null; observed?: string | null },
  user: DirectoryUser | null,
  intents: Wish['intents'],
  given: Wish['given'] = null,
): Wish {
  const hasAccount = account.remote_id !== null || intents.length > 0 || hasDoubles(account.memory);
  const stand = computed(
    'the scope',
    (): Standing =>
      user
        ? standing(user, lane.rules, hasAccount, isRemovalOwed(account.memory))
        : {
            presence: !hasAccount ? 'none' : lane.rules.neverDelete ? 'keep' : 'absent',
            why: 'the user is gone',
            assignments: [],
          },
  );
  try {
    const desired = computed('the mapping', () => desiredOf(lane, user, stand, given));
    return { user, intents, given, standing: stand, desired };
  } catch (error) {
    if (stand.presence !== 'inactive' || !account.observed || !(error instanceof TargetError)) throw error;
    // Access is taken away whatever the fields should be: they stay as they were seen.
    const { keys } = JSON.parse(account.observed) as Observed;
    const desired: Desired = { presence: 'inactive', keys, fields: {}, assignments: [] };
    return { user, intents, given, standing: stand, desired, problem: error.failure.reason };
  }
}

function desiredOf(
  lane: Deciding,
  user: Wish['user'],
  { presence, assignments }: Standing,
  given: Wish['given'],
): Desired | null {
  if (!user || presence === 'absent' || presence === 'none' || presence === 'keep') return null;
  const values = lane.rules.fields.valuesOf(user.resource);
  const password = passwordOf(lane.rules, presence, given);
  const person: Person = { id: user.id, user: user.resource, presence, assignments, values, password };
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
