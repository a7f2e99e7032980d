/**
 * Compares everything that a target holds with everything that its accounts should be: a complete listing is staged,
 * joined with the accounts in slices, and what differs becomes findings, and due accounts unless it is a dry run. It owns
 * the runs and their findings. It changes nothing in a target, and knows nothing of how one is repaired.
 */
import type { Store } from '../../store/store.ts';
import { TargetError } from '../../targets/outcome.ts';
import { createIo } from '../lanes/calls.ts';
import type { Lane } from '../lanes/lanes.ts';
import { joinSlice } from './joining.ts';
import { sweep } from './keep.ts';
import { list } from './listing.ts';
import { matchSlice } from './matching.ts';
import { holdBack, repairSlice } from './repairing.ts';
import {
  BEAT_MS,
  type Beginning,
  beat,
  begin,
  finish,
  giveUp,
  type Run,
  RunFailed,
  RunLost,
  requireUnchanged,
} from './run.ts';

export interface Progress {
  state: Run['state'];
  listed: number;
  /** Records and linked accounts compared, of so many. */
  joined: number;
  of: number;
}

export interface ReconcileOptions extends Beginning {
  /** Whether the caller may still make a call that takes so long (leases.ts). */
  outlives?: (ms: number) => boolean;
  /** The process stops: the run is left to whoever takes it over, or ends. */
  signal?: AbortSignal;
  whenStopped?: 'leave' | 'end';
  onProgress?: (progress: Progress) => void;
}

export type Reconciled =
  | { kind: 'run'; run: Run; resumed: boolean }
  /** Another process is at one. */
  | { kind: 'busy'; run: Run }
  | { kind: 'not due' }
  | { kind: 'changed' }
  /** The process stops, or another one has taken the run over. */
  | { kind: 'left'; run: Run };

/** Runs to the end: `run.state` is `done`, or `failed` with the reason in `run.problem`. */
export async function reconcile(store: Store, lane: Lane, options: ReconcileOptions): Promise<Reconciled> {
  const begun = await begin(store, lane, options);
  if (begun.kind !== 'run') return begun;
  const { run } = begun;
  const ended = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, ended.signal]) : ended.signal;
  const beating = setInterval(() => {
    beat(store, run).catch((error) => error instanceof RunLost && ended.abort(error));
  }, BEAT_MS);
  try {
    const problem = await carryOut(store, lane, run, { ...options, signal });
    await sweep(store, run, 'listed');
    if (problem !== null) await sweep(store, run, 'findings');
    await finish(store, run, problem);
    return begun;
  } catch (error) {
    if (error instanceof RunLost) return { kind: 'left', run };
    await giveUp(store, run).catch(() => {});
    if (signal.aborted) return { kind: 'left', run };
    throw error;
  } finally {
    clearInterval(beating);
  }
}

type Watched = ReconcileOptions & { signal: AbortSignal };

/** @returns why it comes to no conclusion, or null. @throws what is not the target's doing. */
async function carryOut(store: Store, lane: Lane, run: Run, options: Watched): Promise<string | null> {
  try {
    await stages(store, lane, run, options);
    return null;
  } catch (error) {
    if (options.signal.aborted) {
      if (options.whenStopped === 'end' && !(error instanceof RunLost)) return 'stopped by hand';
      throw error;
    }
    if (error instanceof TargetError || error instanceof RunFailed) return error.message;
    throw error;
  }
}

async function stages(store: Store, lane: Lane, run: Run, options: Watched): Promise<void> {
  const { signal, onProgress = () => {}, outlives = () => true } = options;
  const joining = { joined: 0, of: 0 };
  const tell = () => onProgress({ state: run.state, listed: run.listed, ...joining });
  /** Between slices: what may end the run. */
  const mayGoOn = async () => {
    signal.throwIfAborted();
    await requireUnchanged(store.read, run);
    tell();
  };

  if (run.state === 'listing') {
    const io = createIo(lane, { userId: null, activityId: null, urgent: false, outlives });
    tell();
    await list(store, lane, run, io, { signal, onListed: tell });
  }
  Object.assign(joining, await countStaged(store, run));
  while (run.state === 'matching') {
    await mayGoOn();
    await matchSlice(store, lane, run);
  }
  while (run.state === 'joining') {
    await mayGoOn();
    joining.joined += await joinSlice(store, lane, run);
  }
  joining.joined = joining.of;
  if (run.dry_run === 1) return;
  await mayGoOn();
  await holdBack(store, lane, run);
  do await mayGoOn();
  while ((await repairSlice(store, run)) > 0);
}

async function countStaged(store: Store, run: Run): Promise<{ joined: number; of: number }> {
  const rows = store.read
    .selectFrom('listed')
    .select((row) => row.fn.countAll<number>().as('count'))
    .where('tenant', '=', run.tenant)
    .where('run_id', '=', run.id);
  const all = await rows.executeTakeFirstOrThrow();
  const before = await rows
    .where('remote_id', '<=', run.state === 'joining' ? (run.cursor ?? '') : '')
    .executeTakeFirstOrThrow();
  return { joined: Number(before.count), of: Number(all.count) };
}
