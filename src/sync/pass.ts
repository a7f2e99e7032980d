/**
 * One pass over one account: everything that the steps of a pass know and find out. It lives for one claim and is
 * written back by one settle.
 */
import type { Insertable } from 'kysely';
import type { DirectoryUser } from '../directory/people.ts';
import type { Store } from '../store/store.ts';
import type { Millis, ReceiptsTable } from '../store/tables.ts';
import type { Desired, Keys, Memory, Observed } from '../targets/target.ts';
import type { Account } from './accounts.ts';
import type { RecordingIo } from './calls.ts';
import type { Intent } from './intents.ts';
import type { Lane } from './lanes.ts';
import type { Standing } from './rules.ts';

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
  waitsFor: string | null;
  /** A call that changes the record had no clear answer: it may still take effect. (A create has its intent.) */
  unclear: boolean;
  receipts: Insertable<ReceiptsTable>[];
}

/** What was found when the account was looked for. */
export type Situation =
  | 'confirmed'
  | 'absent'
  | 'found'
  | 'ambiguous'
  | 'already-linked'
  | 'missing'
  | 'source-missing'
  | 'out-of-scope';

/** What the directory asks for, worked out anew at each pass. */
export interface Wish {
  user: DirectoryUser | null;
  standing: Standing;
  desired: Desired | null;
  intents: readonly Intent[];
}

/** The name that must be free in the target: by contract the first of an account's keys. */
export function nameOf(keys: Keys): string | null {
  const [first] = Object.values(keys);
  return first === undefined ? null : first.toLowerCase();
}
