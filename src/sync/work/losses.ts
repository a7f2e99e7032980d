/**
 * What somebody stands to lose in a target, by what is to go: `access` (a disable, a deletion), `unassign:<subject>`, or `any`
 * where that is not known before the target has been looked at. Pure.
 */
import type { DirectoryUser } from '../../directory/people.ts';
import type { ReceiptsTable } from '../../store/tables.ts';
import type { Memory, Observed } from '../../targets/target.ts';
import type { Account } from '../accounts/accounts.ts';
import type { Wish } from './pass.ts';
import { isRemoval } from './steps.ts';
import { type Deciding, wishOf } from './wish.ts';

export type Losing = Pick<Account, 'remote_id' | 'observed' | 'memory' | 'lease_owner' | 'verify_after' | 'outcome'> & {
  intents: Wish['intents'];
};

/**
 * What this person stands to lose there, going by what was last seen.
 * @param lane null: its present rules are not known here. @param urgent the change may take access away, or one before it.
 * @returns null where that cannot be told.
 */
export function lossesOf(
  lane: Deciding | null,
  account: Losing,
  person: DirectoryUser | null,
  urgent: boolean,
): string[] | null {
  if (lane === null) return null;
  try {
    const { standing, desired } = wishOf(lane, account, person, account.intents);
    const isLeaving = standing.presence !== 'active';
    // A worker may be about to give what the row does not show yet. What calls may have given, memory shows, but not access.
    const isAtWork = account.lease_owner !== null;
    const isInMotion = isAtWork || account.verify_after !== null || account.intents.length > 0;
    const unseen = (isAtWork && urgent) || (isInMotion && isLeaving) ? ['any'] : [];
    if (standing.presence === 'keep') return [];
    if (standing.presence === 'none') return unseen;
    const memory = JSON.parse(account.memory) as Memory;
    const granted = isInMotion || isUnfinished(account) ? memory.granted : [];
    if (account.observed === null) {
      const lost = granted.filter((subject) => !desired?.assignments.includes(subject));
      return [...(isLeaving ? ['access'] : lost.map((subject) => lossOf('unassign', subject))), ...unseen];
    }
    const observed = withGranted(JSON.parse(account.observed) as Observed, granted);
    const plan = lane.type.plan(desired, observed, memory, lane.settings);
    const lost = plan.flatMap(({ kind, subject, record }) => {
      return record === undefined && isRemoval(kind) ? [lossOf(kind, subject ?? null)] : [];
    });
    return [...lost, ...(isLeaving && lost.length > 0 ? ['access'] : []), ...unseen];
  } catch {
    // The worker says what cannot be computed, and takes nothing away.
    return null;
  }
}

/** A pass that came to no end may have given what it was about to give, without a word of it. */
export function isUnfinished({ outcome }: Pick<Account, 'outcome'>): boolean {
  return outcome === null || outcome === 'retry' || outcome === 'pause';
}

function withGranted(observed: Observed, granted: readonly string[]): Observed {
  const { assignments } = observed;
  return { ...observed, assignments: assignments && [...new Set([...assignments, ...granted])].sort() };
}

export function lossOf(kind: ReceiptsTable['kind'], subject: string | null): string {
  return kind === 'unassign' ? `unassign:${subject}` : 'access';
}
