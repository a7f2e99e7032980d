/** What runs found, for people: a run, its findings, and how they differ from those of the run before. Reads only. */
import type { Selectable } from 'kysely';
import type { Store } from '../../store/store.ts';
import type { FindingsTable, Millis } from '../../store/tables.ts';
import type { Detail, FindingKind } from './finding.ts';
import { type Counts, isAlive, isFinished, type Run } from './run.ts';

export interface RunInfo {
  id: string;
  /** `interrupted`: its process is gone; the next one goes on with it. */
  state: Run['state'] | 'interrupted';
  dryRun: boolean;
  startedAt: Millis;
  listedAt: Millis | null;
  finishedAt: Millis | null;
  /** Records in the listing. */
  listed: number;
  counts: Counts;
  /** Accounts that were made due, or would have been. */
  repairs: number;
  /** Ids of the holds that a part of them waits in. */
  holds: string[];
  problem: string | null;
}

export interface FindingInfo extends Detail {
  kind: FindingKind;
  userId: string | null;
  remoteId: string | null;
  repair: boolean;
}

export interface Result {
  run: RunInfo;
  /** The first ones of each kind. */
  findings: FindingInfo[];
  /** null: there is no completed run before it. */
  since: Comparison | null;
}

/** By kind and subject. Still there is also what now differs in another way. */
export interface Comparison {
  run: RunInfo;
  added: number;
  gone: number;
  still: number;
  addedFindings: FindingInfo[];
  goneFindings: FindingInfo[];
}

export const FINDING_KINDS: readonly FindingKind[] = ['drift', 'missing', 'absent', 'rejected', 'orphan'];

type Target = { tenant: string; targetId: string };

/** @param id of a run; the latest one where it is not given. @returns null where there is none. */
export async function findRun(store: Store, { tenant, targetId }: Target, id?: string): Promise<Run | null> {
  const [run] = await runsOf(store, { tenant, targetId })
    .$if(id !== undefined, (query) => query.where('id', '=', id ?? ''))
    .limit(1)
    .execute();
  return run ?? null;
}

/** The latest first. */
export async function listRuns(store: Store, target: Target): Promise<RunInfo[]> {
  const runs = await runsOf(store, target).execute();
  return Promise.all(runs.map((run) => infoOf(store, run)));
}

function runsOf(store: Store, { tenant, targetId }: Target) {
  return store.read
    .selectFrom('reconciles')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('target_id', '=', targetId)
    .orderBy('started_at', 'desc')
    .orderBy('id', 'desc');
}

/** @param limit findings of each kind. */
export async function resultOf(store: Store, run: Run, limit: number): Promise<Result> {
  const info = await infoOf(store, run);
  if (run.state !== 'done') return { run: info, findings: [], since: null };
  const findings: FindingInfo[] = [];
  for (const kind of FINDING_KINDS) {
    const rows = await findingsOf(store, run).where('kind', '=', kind).orderBy('n').limit(limit).execute();
    findings.push(...rows.map(findingInfo));
  }
  const before = await completedBefore(store, run);
  return { run: info, findings, since: before && (await compare(store, run, before, limit)) };
}

function findingsOf(store: Store, run: Run) {
  return store.read.selectFrom('findings').selectAll().where('tenant', '=', run.tenant).where('run_id', '=', run.id);
}

async function completedBefore(store: Store, run: Run): Promise<Run | null> {
  const runs = await runsOf(store, { tenant: run.tenant, targetId: run.target_id })
    .where('state', '=', 'done')
    .execute();
  return runs[runs.findIndex(({ id }) => id === run.id) + 1] ?? null;
}

async function compare(store: Store, run: Run, before: Run, limit: number): Promise<Comparison> {
  const added = notIn(store, run, before);
  const gone = notIn(store, before, run);
  const countOf = async (query: typeof added) => {
    const { count } = await query.select((row) => row.fn.countAll<number>().as('count')).executeTakeFirstOrThrow();
    return Number(count);
  };
  const firstOf = async (query: typeof added) =>
    (await query.selectAll('findings').orderBy('n').limit(limit).execute()).map(findingInfo);
  const addedCount = await countOf(added);
  return {
    run: await infoOf(store, before),
    added: addedCount,
    gone: await countOf(gone),
    still: run.found - addedCount,
    addedFindings: await firstOf(added),
    goneFindings: await firstOf(gone),
  };
}

/** What the one found and the other did not. */
function notIn(store: Store, one: Run, other: Run) {
  return store.read
    .selectFrom('findings')
    .where('tenant', '=', one.tenant)
    .where('run_id', '=', one.id)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('findings as others')
            .select('others.n')
            .where('others.tenant', '=', other.tenant)
            .where('others.run_id', '=', other.id)
            .whereRef('others.kind', '=', 'findings.kind')
            .whereRef('others.subject', '=', 'findings.subject'),
        ),
      ),
    );
}

async function infoOf(store: Store, run: Run): Promise<RunInfo> {
  const { count } = await findingsOf(store, run)
    .where('repair', '=', 1)
    .clearSelect()
    .select((row) => row.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  const interrupted = !isFinished(run) && !isAlive(run, await store.now());
  return {
    id: run.id,
    state: interrupted ? 'interrupted' : run.state,
    dryRun: run.dry_run === 1,
    startedAt: run.started_at,
    listedAt: run.listed_at,
    finishedAt: run.finished_at,
    listed: run.listed,
    counts: JSON.parse(run.counts),
    repairs: Number(count),
    holds: JSON.parse(run.holds),
    problem: run.problem,
  };
}

function findingInfo({ kind, user_id, remote_id, repair, detail }: Selectable<FindingsTable>): FindingInfo {
  return { kind, userId: user_id, remoteId: remote_id, repair: repair === 1, ...(JSON.parse(detail) as Detail) };
}

/** Of every target the last run that came to a conclusion; for figures. */
export async function lastConclusions(
  store: Store,
  now: Millis,
): Promise<Map<string, { ageSeconds: number; findings: Record<FindingKind, number> }>> {
  const rows = await store.read
    .selectFrom('targets')
    .innerJoin('reconciles', (join) =>
      join
        .onRef('reconciles.tenant', '=', 'targets.tenant')
        .on(({ eb, selectFrom }) =>
          eb(
            'reconciles.id',
            '=',
            selectFrom('reconciles as each')
              .select('each.id')
              .whereRef('each.tenant', '=', 'targets.tenant')
              .whereRef('each.target_id', '=', 'targets.id')
              .where('each.state', '=', 'done')
              .orderBy('each.started_at', 'desc')
              .orderBy('each.id', 'desc')
              .limit(1),
          ),
        ),
    )
    .select(['reconciles.target_id', 'reconciles.finished_at', 'reconciles.counts'])
    .execute();
  return new Map(
    rows.map(({ target_id, finished_at, counts }) => {
      const { drift, missing, absent, rejected, orphan }: Counts = JSON.parse(counts);
      const ageSeconds = Math.max(0, (now - (finished_at ?? now)) / 1_000);
      return [target_id, { ageSeconds, findings: { drift, missing, absent, rejected, orphan } }];
    }),
  );
}
