/**
 * A run of reconcile as a row: who works on it, how far it has come, what it counted. Whatever a run writes it writes in
 * one transaction with its progress and only while the row is its own, so that a run that is taken over after a crash goes
 * on where the last commit was, and a process that wakes late writes nothing more.
 */
import { randomUUIDv7 } from 'node:crypto';
import { expressionBuilder, type Kysely, type Selectable } from 'kysely';
import type { Store } from '../../store/store.ts';
import type { Database, Millis, ReconcilesTable } from '../../store/tables.ts';
import type { Lane } from '../lanes/lanes.ts';

export type Run = Selectable<ReconcilesTable>;

/** What became of the accounts and records; each is counted once. */
export interface Counts {
  /** Looked at, and as it should be. */
  inOrder: number;
  drift: number;
  missing: number;
  absent: number;
  rejected: number;
  orphan: number;
  /** Records that another target, perhaps of another tenant, is linked to. */
  elsewhere: number;
  /** Due, at work or touched since the run began. */
  notJudged: number;
}

export const NOTHING: Counts = {
  inOrder: 0,
  drift: 0,
  missing: 0,
  absent: 0,
  rejected: 0,
  orphan: 0,
  elsewhere: 0,
  notJudged: 0,
};

/** Somebody else has the run now: whatever is under way here ends. */
export class RunLost extends Error {
  override readonly name = 'RunLost';
}

/** The run comes to no conclusion, for this reason. */
export class RunFailed extends Error {
  override readonly name = 'RunFailed';
}

export const BEAT_MS = 2_000;
/** Without a word for so long its process is dead. */
const LEASE_MS = 15_000;
/** What was listed longer ago than this is listed anew. */
const STALE_MS = 6 * 3_600_000;

export type Begun =
  | { kind: 'run'; run: Run; resumed: boolean }
  /** Somebody works on one. */
  | { kind: 'busy'; run: Run }
  | { kind: 'not due' }
  /** This process knows the target as it was before its last change. */
  | { kind: 'changed' };

export interface Beginning {
  dryRun: boolean;
  /** Whether it is time for a new run; one that died is taken over whatever this says. */
  isDue?: (about: { createdAt: Millis; last: Run | undefined; now: Millis }) => boolean;
  /** Taken over only where it asks for the same. */
  onlyAlike?: boolean;
}

/** One run of a target at a time: begins one, or takes over the one that died. */
export async function begin(store: Store, lane: Lane, options: Beginning): Promise<Begun> {
  const now = await store.now();
  return store.write(async (trx): Promise<Begun> => {
    const target = await trx
      .selectFrom('targets')
      .select(['revision', 'created_at'])
      .where('tenant', '=', lane.tenant)
      .where('id', '=', lane.targetId)
      .modifyEnd(store.dialect.forUpdate)
      .executeTakeFirst();
    if (target?.revision !== lane.revision) return { kind: 'changed' };
    const last = await lastRun(trx, lane);
    if (last && !isFinished(last)) {
      if (isAlive(last, now)) return { kind: 'busy', run: last };
      if (goesOn(last, lane, options, now)) {
        const owner = { owner: randomUUIDv7(), alive_until: now + LEASE_MS };
        await trx.updateTable('reconciles').where(isRun(last)).set(owner).execute();
        return { kind: 'run', run: { ...last, ...owner }, resumed: true };
      }
      const problem = 'the process that was at it ended before it was done';
      const ended = { state: 'failed' as const, owner: null, finished_at: now, problem };
      await trx.updateTable('reconciles').where(isRun(last)).set(ended).execute();
    }
    const about = { createdAt: target.created_at, last, now };
    if (options.isDue && !options.isDue(about)) return { kind: 'not due' };
    const run = newRun(lane, options.dryRun, now);
    await trx.insertInto('reconciles').values(run).execute();
    return { kind: 'run', run, resumed: false };
  });
}

function newRun(lane: Lane, dryRun: boolean, now: Millis): Run {
  return {
    tenant: lane.tenant,
    id: randomUUIDv7(),
    target_id: lane.targetId,
    revision: lane.revision,
    dry_run: dryRun ? 1 : 0,
    state: 'listing',
    owner: randomUUIDv7(),
    alive_until: now + LEASE_MS,
    cursor: null,
    listed: 0,
    found: 0,
    counts: JSON.stringify(NOTHING),
    holds: '[]',
    started_at: now,
    listed_at: null,
    finished_at: null,
    problem: null,
  };
}

export function isFinished({ state }: Pick<Run, 'state'>): boolean {
  return state === 'done' || state === 'failed';
}

/** Further ahead than any lease reaches: written by a clock that has been set back since. */
export function isAlive({ owner, alive_until }: Run, now: Millis): boolean {
  return owner !== null && alive_until > now && alive_until <= now + 2 * LEASE_MS;
}

function goesOn(run: Run, lane: Lane, { dryRun, onlyAlike = false }: Beginning, now: Millis): boolean {
  if (run.revision !== lane.revision) return false;
  if (onlyAlike && (run.dry_run === 1) !== dryRun) return false;
  return run.state === 'listing' || Math.abs(now - run.started_at) < STALE_MS;
}

/** The latest, finished or not. */
export function lastRun(db: Kysely<Database>, { tenant, targetId }: { tenant: string; targetId: string }) {
  return db
    .selectFrom('reconciles')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('target_id', '=', targetId)
    .orderBy('started_at', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
}

type Progress = Partial<
  Pick<Run, 'state' | 'cursor' | 'listed' | 'found' | 'counts' | 'holds' | 'started_at' | 'listed_at'>
>;

/** Commits `work` and the progress together, and brings `run` forward. @throws RunLost */
export async function commit(
  store: Store,
  run: Run,
  progress: Progress,
  work: (trx: Kysely<Database>) => Promise<void> = async () => {},
): Promise<void> {
  const now = await store.now();
  await store.write(async (trx) => {
    await hold(trx, run, { ...progress, alive_until: now + LEASE_MS });
    await work(trx);
  });
  Object.assign(run, progress);
}

/** Says that somebody still works on it. @throws RunLost */
export async function beat(store: Store, run: Run): Promise<void> {
  await commit(store, run, {});
}

/** The end of it. @param problem why it comes to no conclusion. @throws RunLost */
export async function finish(store: Store, run: Run, problem: string | null): Promise<void> {
  const now = await store.now();
  const end = {
    state: problem === null ? 'done' : 'failed',
    owner: null,
    cursor: null,
    problem,
    finished_at: now,
  } as const;
  await store.write((trx) => hold(trx, run, end));
  Object.assign(run, end);
}

/** Leaves it to whoever takes it over. */
export async function giveUp(store: Store, run: Run): Promise<void> {
  await store.write((trx) => hold(trx, run, { owner: null, alive_until: 0 }));
}

function isRun({ tenant, id }: Run) {
  return expressionBuilder<Database, 'reconciles'>().and({ tenant, id });
}

/** The fence. */
async function hold(trx: Kysely<Database>, run: Run, values: Partial<Run>): Promise<void> {
  const { numUpdatedRows } = await trx
    .updateTable('reconciles')
    .set(values)
    .where(isRun(run))
    .where('owner', '=', run.owner)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) throw new RunLost('the run was taken over by another process');
}

/** @throws RunFailed where the target was changed since the run began: it judges by what holds no more. */
export async function requireUnchanged(db: Kysely<Database>, run: Run): Promise<void> {
  const target = await db
    .selectFrom('targets')
    .select('revision')
    .where('tenant', '=', run.tenant)
    .where('id', '=', run.target_id)
    .executeTakeFirst();
  if (target?.revision === run.revision) return;
  throw new RunFailed('the target was changed while the run was under way; nothing is concluded, run it again');
}
