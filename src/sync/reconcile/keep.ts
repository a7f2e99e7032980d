/** What is kept of runs, and for how long: the last ones of each target. What was staged goes with the run's end. */
import type { Kysely } from 'kysely';
import type { Store } from '../../store/store.ts';
import type { Database, Millis } from '../../store/tables.ts';
import { passes } from '../upkeep/hourly.ts';
import { commit, isAlive, isFinished, type Run } from './run.ts';

export const KEPT_RUNS = 20;
export const KEPT_MS = 90 * 86_400_000;

/** Rows of one transaction, and the pause after it: requests must not wait for housekeeping. */
const SLICE = 1_000;
const PAUSE_MS = 5;

/** Removes what a run of ours has staged, or what it found. @throws RunLost */
export async function sweep(store: Store, run: Run, table: Table): Promise<void> {
  await drain(store, table, run, (work) => commit(store, run, {}, work));
}

type Table = 'listed' | 'findings';
type Commit = (work: (trx: Kysely<Database>) => Promise<void>) => Promise<void>;

/**
 * Removes runs beyond the last 20 of a target, those older than 90 days (but for its last), those of targets that are no
 * more, and what was staged by runs that ended otherwise than by themselves. @returns how many runs.
 */
export async function forgetRuns(store: Store, options: { now?: Millis; signal?: AbortSignal } = {}): Promise<number> {
  const now = options.now ?? (await store.now());
  const targets = await store.read.selectFrom('targets').select('id').execute();
  const known = new Set(targets.map(({ id }) => id));
  let forgotten = 0;
  for (const { tenant } of await store.read.selectFrom('tenants').select('tenant').execute()) {
    const runs = await store.read
      .selectFrom('reconciles')
      .selectAll()
      .where('tenant', '=', tenant)
      .orderBy('started_at', 'desc')
      .orderBy('id', 'desc')
      .execute();
    for (const [targetId, ofTarget] of Map.groupBy(runs, (run) => run.target_id)) {
      for (const [index, run] of ofTarget.entries()) {
        if (options.signal?.aborted) return forgotten;
        const isOrphaned = !known.has(targetId) && !isAlive(run, now);
        const isOld = isFinished(run) && (index >= KEPT_RUNS || (index > 0 && run.started_at < now - KEPT_MS));
        if (isFinished(run) || isOrphaned) await drainAll(store, 'listed', run, options.signal);
        // A run that failed concludes nothing.
        if (isOld || isOrphaned || run.state === 'failed') await drainAll(store, 'findings', run, options.signal);
        if (!isOld && !isOrphaned) continue;
        await store.write((trx) =>
          trx.deleteFrom('reconciles').where('tenant', '=', tenant).where('id', '=', run.id).execute(),
        );
        forgotten++;
      }
    }
  }
  return forgotten;
}

function drainAll(store: Store, table: Table, run: Run, signal?: AbortSignal): Promise<void> {
  return drain(store, table, run, (work) => store.write(work), signal);
}

/** By ranges of the key: so also a planner that has not heard of the rows yet takes the right way. */
async function drain(store: Store, table: Table, run: Run, write: Commit, signal?: AbortSignal): Promise<void> {
  const slice = table === 'listed' ? listedSlice : findingsSlice;
  while (!signal?.aborted) {
    const remove = await slice(store, run);
    if (!remove) return;
    await write(remove);
    await passes(PAUSE_MS, signal);
  }
}

type Work = Parameters<Commit>[0];

async function listedSlice(store: Store, { tenant, id }: Run): Promise<Work | null> {
  const rows = await store.read
    .selectFrom('listed')
    .select('remote_id')
    .where('tenant', '=', tenant)
    .where('run_id', '=', id)
    .orderBy('remote_id')
    .limit(SLICE)
    .execute();
  const end = rows.at(-1)?.remote_id;
  if (end === undefined) return null;
  return async (trx) => {
    const own = trx.deleteFrom('listed').where('tenant', '=', tenant).where('run_id', '=', id);
    await own.where('remote_id', '<=', end).execute();
  };
}

async function findingsSlice(store: Store, { tenant, id }: Run): Promise<Work | null> {
  const rows = await store.read
    .selectFrom('findings')
    .select('n')
    .where('tenant', '=', tenant)
    .where('run_id', '=', id)
    .orderBy('n')
    .limit(SLICE)
    .execute();
  const end = rows.at(-1)?.n;
  if (end === undefined) return null;
  return async (trx) => {
    const own = trx.deleteFrom('findings').where('tenant', '=', tenant).where('run_id', '=', id);
    await own.where('n', '<=', end).execute();
  };
}
