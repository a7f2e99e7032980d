/**
 * One pass over one account: everything that the steps of a pass know and find out. It lives for one claim and is
 * written back by one settle.
 */
import type { Insertable } from 'kysely';
import type { DirectoryUser } from '../../directory/people.ts';
import type { Store } from '../../store/store.ts';
import type { Millis, ReceiptsTable } from '../../store/tables.ts';
import type { Desired, Keys, Memory, Observed, Step } from '../../targets/target.ts';
import type { Account } from '../accounts/accounts.ts';
import type { Intent } from '../accounts/intents.ts';
import type { Kind } from '../holds/limits.ts';
import type { RecordingIo } from '../lanes/calls.ts';
import type { Lane } from '../lanes/lanes.ts';
import type { Standing } from '../rules/rules.ts';
import type { OpenAction } from './action-rows.ts';
import type { Adopted, Question } from './adoption.ts';
import type { Given, Spent } from './pass-through.ts';
import type { Situation } from './situations.ts';

export type { Situation };

export interface Pass {
  readonly store: Store;
  readonly lane: Lane;
  readonly account: Account;
  readonly io: RecordingIo;
  readonly begunAt: Millis;
  remoteId: string | null;
  observed: Observed | null;
  memory: Memory;
  name: string | null;
  situation: Situation | null;
  /** Of the user's standing, in words. */
  why: string;
  /** How the linked record was come by, where it had been there before. */
  adopted: Adopted | null;
  /** Records that it may be, for an administrator to decide about. */
  question: Question | null;
  waitsFor: string | null;
  /** What waits for an administrator's approval, in words. */
  held: string | null;
  /** Kinds of which nothing is to be held any more once this pass is settled. */
  unheld: Kind[];
  /** A call that changes the record had no clear answer: it may still take effect. (A create has its intent.) */
  unclear: boolean;
  /** That of the create of this pass; null: it makes none. */
  intent: string | null;
  receipts: Removed[];
  /** Steps of the plan that take something away and are not done. Null in a pass that came to no plan. */
  toTake: Set<Step> | null;
  /** What a person has to do in the target, as it stood when the pass began. */
  actions: readonly OpenAction[];
  /** Ids of those that are closed because a person said so, the target being unable to show it. */
  believed: string[];
  manual: Manual | null;
  /** The password that the target has not been given yet, when the pass began. */
  given: Given | null;
  /** That of it which is over, as one that was set meanwhile is not. */
  spent: Spent | null;
}

/** What of the plan the system has no call for. Null in a pass that came to no plan: what is open stays. */
export interface Manual {
  planned: readonly Step[];
  /** Those that may be asked for now: neither held back nor in need of another step first. */
  open: Step[];
  /** What the plan was made for. */
  desired: Desired | null;
}

/** A removal as the target confirmed it. Who asked for it is found when it is settled (removals.ts). */
export type Removed = Pick<
  Insertable<ReceiptsTable>,
  'tenant' | 'id' | 'target_id' | 'user_id' | 'kind' | 'evidence' | 'emulated'
> & { subject: string | null };

/** What the directory asks for, worked out anew at each pass. */
export interface Wish {
  user: DirectoryUser | null;
  standing: Standing;
  desired: Desired | null;
  /** What could not be computed, where access is taken away all the same. */
  problem?: string;
  intents: readonly Intent[];
  /** Null: none, or not looked for. */
  given: Given | null;
}

/** The name that must be free in the target: by contract the first of an account's keys. */
export function nameOf(keys: Keys): string | null {
  const [first] = Object.values(keys);
  return first === undefined ? null : first.toLowerCase();
}
