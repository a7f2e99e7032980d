/**
 * What a pass over one account would do, worked out from the directory and from what was last seen: pure, no system is
 * asked. `work.ts` walks the same way with a look at the system before, and with calls behind.
 */
import type { DirectoryUser } from '../../directory/people.ts';
import type { Memory, Observed, Step } from '../../targets/target.ts';
import type { Account } from '../accounts/accounts.ts';
import { permittedOf } from '../holds/gate.ts';
import { type Kind, kindsOf } from '../holds/limits.ts';
import type { Standing } from '../rules/rules.ts';
import { type Adopted, asAdopted } from '../work/adoption.ts';
import { nameOf, type Wish } from '../work/pass.ts';
import { withoutSpent } from '../work/pass-through.ts';
import { inOrder } from '../work/steps.ts';
import { type Deciding, wishOf } from '../work/wish.ts';

/** Of an account row what decides; of a user without one, all null. */
export type KnownAccount = Pick<Account, 'user_id' | 'remote_id' | 'observed' | 'name'> & {
  memory: string | null;
  adopted?: string | null;
};

export interface PlannedAccount {
  userId: string;
  /** Null: nothing is left of the user but the account. */
  userName: string | null;
  /** `unknown`: it cannot be computed. */
  wanted: Standing['presence'] | 'unknown';
  why: string;
  /** In order of execution. */
  steps: readonly Step[];
  /** What that does to the account, as limits count it. */
  kinds: readonly Kind[];
  /** Why some or all of it cannot be done; null: it can. */
  error: string | null;
  /** The name in the target afterwards, as `accounts.name` has it. */
  name: string | null;
  /** The name that must be free for the plan; null: none is taken. */
  takesName: string | null;
}

export function withoutAccount(userId: string): KnownAccount {
  return { user_id: userId, remote_id: null, observed: null, memory: null, name: null };
}

/** @param intents the open ones. @param given the password that has not been delivered. */
export function planAccount(
  deciding: Deciding,
  account: KnownAccount,
  user: DirectoryUser | null,
  intents: Wish['intents'],
  given: Wish['given'] = null,
): PlannedAccount {
  const userName = user ? String(user.resource.userName) : null;
  const about = {
    ...{ userId: account.user_id, userName, steps: [], kinds: [] },
    ...{ error: null, name: account.name, takesName: null },
  };
  try {
    const wish = wishOf(deciding, account, user, intents, given);
    const { standing } = wish;
    const adopted = adoptedOf(account);
    const known = { given, remoteId: account.remote_id, adopted };
    const desired = wish.desired && withoutSpent(asAdopted(wish.desired, adopted), known);
    const planned = { ...about, wanted: standing.presence, why: standing.why };
    if (standing.presence === 'keep') return planned;
    if (standing.presence === 'none') return { ...planned, name: null };
    const observed = lastSeenOf(account);
    const unseen = unseenOf(account, intents);
    if (unseen !== null) return { ...planned, error: unseen };
    const full = stepsFor(deciding, desired, observed, memoryOf(account));
    const { steps, why: error } = permittedOf(deciding, { user, desired }, full);
    const name = desired && (desired.presence === 'active' || observed) ? nameOf(desired.keys) : null;
    const takes = steps.some(({ kind }) => kind === 'create' || kind === 'rename') && name !== account.name;
    return { ...planned, steps, kinds: [...kindsOf(steps, desired)], error, name, takesName: takes ? name : null };
  } catch (error) {
    return { ...about, wanted: 'unknown', why: (error as Error).message, error: (error as Error).message };
  }
}

/** Assignments that could not be read are taken to be those that we made. */
function lastSeenOf(account: KnownAccount): Observed | null {
  if (account.observed === null) return null;
  const observed: Observed = JSON.parse(account.observed);
  return { ...observed, assignments: observed.assignments ?? memoryOf(account).granted };
}

/** What is not known well enough to plan without a look. */
function unseenOf({ remote_id, observed }: KnownAccount, intents: Wish['intents']): string | null {
  if (intents.length > 0 && remote_id === null) {
    return 'an earlier create has had no clear answer; the system will be asked whether it took effect';
  }
  return remote_id !== null && observed === null ? 'the account is linked, but has not been seen yet' : null;
}

export function memoryOf({ memory }: Pick<KnownAccount, 'memory'>): Memory {
  return memory === null ? { granted: [], remembered: [] } : JSON.parse(memory);
}

export function adoptedOf({ adopted }: Pick<KnownAccount, 'adopted'>): Adopted | null {
  return adopted == null ? null : JSON.parse(adopted);
}

/** In order. Who should exist without access and does not exist needs no account. */
export function stepsFor(
  { type, settings }: Pick<Deciding, 'type' | 'settings'>,
  desired: Wish['desired'],
  observed: Observed | null,
  memory: Memory,
): Step[] {
  if (observed === null && desired?.presence !== 'active') return [];
  return inOrder(type.plan(desired, observed, memory, settings));
}
