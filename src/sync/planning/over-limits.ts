/** Of what a plan takes away: what is more than the limits of its target let begin without a person's approval. */
import type { Store } from '../../store/store.ts';
import { deletedLately, startedLately } from '../holds/ledger.ts';
import { allowance, KINDS, type Kind, limitText } from '../holds/limits.ts';
import type { Rules } from '../rules/rules.ts';
import type { Draft } from './draft.ts';
import type { Plan } from './tally.ts';

export interface OverLimit {
  kind: Kind;
  /** Accounts that the plan affects, and those that have been within 24 hours. */
  planned: number;
  started: number;
  /** How many may be, together. */
  allowed: number;
  /** In words, after a number of accounts. */
  limit: string;
}

/** Compares as a run of changed rules will be compared when it is saved (holds/runs.ts). */
export async function overLimits(
  store: Store,
  { tenant, targetId }: Pick<Draft, 'tenant' | 'targetId'>,
  { kinds, linked }: Pick<Plan, 'kinds' | 'linked'>,
  { limits }: Pick<Rules, 'limits'>,
): Promise<OverLimit[]> {
  const now = await store.now();
  const lane = targetId === null ? null : { tenant, targetId };
  const before = linked + (lane ? await deletedLately(store.read, lane, now) : 0);
  const over: OverLimit[] = [];
  for (const kind of KINDS) {
    const planned = kinds[kind];
    const allowed = allowance(limits[kind], before);
    if (planned === 0 || allowed === null) continue;
    const started = lane ? await startedLately(store.read, lane, kind, now) : 0;
    if (planned + started <= allowed) continue;
    over.push({ kind, planned, started, allowed, limit: limitText(limits[kind], before) });
  }
  return over;
}
