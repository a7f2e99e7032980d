/**
 * What targets have to assign, kept here so that no SCIM request ever waits for a target: asked for as a whole, complete or
 * not at all, and shown as SCIM roles and entitlements (entry.ts). It owns the catalogue and the looks at it. It decides
 * nothing about who is granted what.
 */
import type { EntryTypes } from '../../directory/entries.ts';
import type { Store } from '../../store/store.ts';
import type { Millis } from '../../store/tables.ts';
import { TargetError } from '../../targets/outcome.ts';
import type { CatalogueEntry } from '../../targets/target.ts';
import { type CallRecord, createIo } from '../lanes/calls.ts';
import type { Lane } from '../lanes/lanes.ts';
import { patient } from '../reconcile/patience.ts';
import { CatalogueError, tidied } from './entry.ts';
import { type Kept, keep } from './keep.ts';
import { BEAT_MS, beat, begin, type Claim, end, giveUp, type Look, LookLost } from './look.ts';

export interface RefreshOptions {
  /** Every resource type, by name. */
  resourceTypes: EntryTypes;
  /** Whether it is time; it is, unless this says otherwise. */
  isDue?: (look: Look | undefined, now: Millis) => boolean;
  /** Whether the caller may still make a call that takes so long (leases.ts). */
  outlives?: (ms: number) => boolean;
  /** The process stops. */
  signal?: AbortSignal;
  /** A person asks, and believes a target that says it has nothing. */
  byHand?: boolean;
}

export type Refreshed =
  | ({ kind: 'refreshed' } & Kept)
  /** What was known stays. */
  | { kind: 'failed'; problem: string }
  /** Another process is at it. */
  | { kind: 'busy' }
  | { kind: 'not due' }
  /** The target was changed, paused or removed since this process looked. */
  | { kind: 'changed' }
  /** The process stops, or another one is at it now. */
  | { kind: 'left' };

/** @throws what is not the target's doing. */
export async function refresh(store: Store, lane: Lane, options: RefreshOptions): Promise<Refreshed> {
  const begun = await begin(store, lane, options.isDue ?? (() => true));
  if (begun.kind !== 'begun') return begun;
  const { claim } = begun;
  const ended = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, ended.signal]) : ended.signal;
  const beating = setInterval(() => {
    beat(store, claim).catch((error) => error instanceof LookLost && ended.abort(error));
  }, BEAT_MS);
  try {
    return await carryOut(store, lane, claim, { ...options, signal });
  } catch (error) {
    if (error instanceof LookLost) return { kind: 'left' };
    await giveUp(store, claim).catch(() => {});
    if (signal.aborted) return { kind: 'left' };
    throw error;
  } finally {
    clearInterval(beating);
  }
}

async function carryOut(
  store: Store,
  lane: Lane,
  claim: Claim,
  options: RefreshOptions & { signal: AbortSignal },
): Promise<Refreshed> {
  try {
    const listed = tidied(await ask(store, lane, options));
    options.signal.throwIfAborted();
    if (listed.length === 0 && !options.byHand) await requireUnknown(store, lane);
    const kept = await keep(store, options.resourceTypes, lane, claim, listed);
    await end(store, claim, lane.revision, null);
    return { kind: 'refreshed', ...kept };
  } catch (error) {
    if (options.signal.aborted) throw error;
    if (!(error instanceof TargetError || error instanceof CatalogueError)) throw error;
    await end(store, claim, lane.revision, error.message);
    return { kind: 'failed', problem: error.message };
  }
}

/** @throws TargetError, CatalogueError: whatever the target's code throws is why there is no catalogue. */
async function ask(
  store: Store,
  lane: Lane,
  { outlives = () => true, signal }: RefreshOptions & { signal: AbortSignal },
): Promise<readonly CatalogueEntry[]> {
  const { connection } = lane;
  if (!connection.catalogue) throw new CatalogueError(`${lane.type.title} cannot be asked what it has to assign`);
  const io = createIo(lane, { userId: null, activityId: null, urgent: false, outlives });
  try {
    return await connection.catalogue(patient(io, lane.pace, signal));
  } catch (error) {
    if (error instanceof TargetError) throw error;
    throw new CatalogueError(`the catalogue broke off: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    await keepCalls(store, io.calls);
  }
}

/** Who has something today and nothing an hour later is more likely to be wrong: access must not hang on it. */
async function requireUnknown(store: Store, { tenant, targetId }: Lane): Promise<void> {
  const { count } = await store.read
    .selectFrom('catalogue')
    .select((row) => row.fn.countAll<number>().as('count'))
    .where('tenant', '=', tenant)
    .where('target_id', '=', targetId)
    .where('gone_at', 'is', null)
    .executeTakeFirstOrThrow();
  if (Number(count) === 0) return;
  throw new CatalogueError(
    `the target says that it has nothing to assign, although ${count} were known, which stay. If that is right, refresh it by hand`,
  );
}

const CALLS_AT_ONCE = 250;

async function keepCalls(store: Store, calls: readonly CallRecord[]): Promise<void> {
  for (let from = 0; from < calls.length; from += CALLS_AT_ONCE) {
    const some = calls.slice(from, from + CALLS_AT_ONCE);
    await store.write((trx) => trx.insertInto('calls').values(some).execute());
  }
}
