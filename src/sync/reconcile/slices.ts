/** What a slice of the join comes to, committed with the cursor: a crash repeats a slice and doubles no finding. */
import type { Kysely } from 'kysely';
import type { Store } from '../../store/store.ts';
import type { Database } from '../../store/tables.ts';
import type { Finding } from './finding.ts';
import { type Counts, commit, type Run } from './run.ts';

/** Users or records judged in one transaction. */
export const SLICE = 250;

export interface Slice {
  /** Up to where the run has come with it. */
  cursor: string;
  findings: Finding[];
  /** Of what is no finding. */
  counts: Partial<Counts>;
}

/** @param next the state that begins when this slice was the last of its own. @throws RunLost */
export async function record(
  store: Store,
  run: Run,
  { cursor, findings, counts }: Slice,
  next: Run['state'] | null,
  also: (trx: Kysely<Database>) => Promise<void> = async () => {},
): Promise<void> {
  const sum: Counts = JSON.parse(run.counts);
  for (const [name, count] of Object.entries(counts)) sum[name as keyof Counts] += count;
  for (const { kind } of findings) sum[kind]++;
  const progress = {
    counts: JSON.stringify(sum),
    found: run.found + findings.length,
    ...(next === null ? { cursor } : { state: next, cursor: null }),
  };
  const rows = findings.map(({ kind, userId, remoteId, repair, detail }, index) => ({
    tenant: run.tenant,
    run_id: run.id,
    n: run.found + index + 1,
    kind,
    subject: userId ?? remoteId ?? '',
    user_id: userId,
    remote_id: remoteId,
    repair: repair ? (1 as const) : (0 as const),
    detail: JSON.stringify(detail),
  }));
  await commit(store, run, progress, async (trx) => {
    if (rows.length > 0) await trx.insertInto('findings').values(rows).execute();
    await also(trx);
  });
}
