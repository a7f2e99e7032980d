/**
 * Makes due what was found to be otherwise than wanted. Nothing is repaired here: a worker looks for itself and does what
 * is right then, on the same path as for every change.
 */
import type { Store } from '../../store/store.ts';
import type { StepKind } from '../../targets/target.ts';
import { enqueue } from '../accounts/accounts.ts';
import { type Affected, holdIfTooMany } from '../holds/runs.ts';
import type { Lane } from '../lanes/lanes.ts';
import type { Detail } from './finding.ts';
import { commit, type Run } from './run.ts';
import { SLICE } from './slices.ts';

const TAKES: readonly StepKind[] = ['unassign', 'disable', 'delete'];

/**
 * Before the first of them is made due: of a kind of which there is too much all are held. Once for each run.
 */
export async function holdBack(store: Store, lane: Lane, run: Run): Promise<void> {
  if (run.cursor !== null) return;
  const cause = { origin: 'reconcile', what: 'the reconcile', key: `reconcile ${run.id}` } as const;
  const holds = await holdIfTooMany(store, lane, cause, affectedBy(store, run));
  await commit(store, run, { holds: JSON.stringify(holds), cursor: '0' });
}

async function* affectedBy(store: Store, run: Run): AsyncGenerator<Affected> {
  for (let after = 0; ; ) {
    const findings = await toRepair(store, run, after);
    for (const { user_id, detail } of findings) {
      yield { userId: user_id ?? '', kinds: (JSON.parse(detail) as Detail).kinds ?? [] };
    }
    const last = findings.at(-1);
    if (!last) return;
    after = last.n;
  }
}

/** @returns how many accounts were made due; 0: none is left. */
export async function repairSlice(store: Store, run: Run): Promise<number> {
  const findings = await toRepair(store, run, Number(run.cursor ?? 0));
  const last = findings.at(-1);
  if (!last) return 0;
  const now = await store.now();
  const accounts = findings.map(({ user_id, detail }) => {
    const { steps = [] } = JSON.parse(detail) as Detail;
    const urgent = steps.some((kind) => TAKES.includes(kind)) ? (1 as const) : (-1 as const);
    const key = { tenant: run.tenant, target_id: run.target_id, user_id: user_id ?? '' };
    return { ...key, urgent, activity_id: null, changed_at: now };
  });
  await commit(store, run, { cursor: String(last.n) }, (trx) => enqueue(trx, accounts, now));
  return findings.length;
}

function toRepair(store: Store, run: Run, after: number) {
  return store.read
    .selectFrom('findings')
    .select(['n', 'user_id', 'detail'])
    .where('tenant', '=', run.tenant)
    .where('run_id', '=', run.id)
    .where('n', '>', after)
    .where('repair', '=', 1)
    .orderBy('n')
    .limit(SLICE)
    .execute();
}
