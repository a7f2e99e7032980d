/**
 * The engine that makes targets what the directory says. State, not events: a change only marks accounts as due, a worker
 * brings each from what is observed to what is wanted now, and a crash at any instruction repeats work and loses none.
 *
 * In the order in which a change goes through it:
 * - `fan-out/` from a change to due accounts; `accounts/` the rows, claims, leases, intents, links, handing over;
 * - `dispatcher.ts` hands due accounts to their `lanes/`: queue, rate limits, breaker, pauses, every call;
 * - `work/` one pass over one account: wish, look-up, plan, steps; `rules/` who belongs where and what fills each field;
 * - `holds/` what is over a limit waits; `reconcile/` and `catalogue/` read whole targets;
 * - `planning/`, `explain/`, `why/` answer questions; `admin/` does what an administrator asks for; `upkeep/` forgets and counts.
 *
 * It knows no system's API: that is the target types' matter. It never calls a system inside a transaction.
 */
import type { EntryTypes } from '../directory/entries.ts';
import type { Store } from '../store/store.ts';
import type { TargetType } from '../targets/target.ts';
import type { Account } from './accounts/accounts.ts';
import { createLeases } from './accounts/leases.ts';
import type { Refreshed } from './catalogue/refresh.ts';
import { startCatalogues } from './catalogue/schedule.ts';
import { type Dispatcher, startDispatcher } from './dispatcher.ts';
import { startHolds } from './holds/runner.ts';
import { forgetStarts } from './holds/sweep.ts';
import type { CallRecord } from './lanes/calls.ts';
import { type Cipher, createLanes, type Lane } from './lanes/lanes.ts';
import { forgetRuns } from './reconcile/keep.ts';
import type { Reconciled } from './reconcile/reconcile.ts';
import { startSchedule } from './reconcile/schedule.ts';
import type { RuleCompilers } from './rules/rules.ts';
import { everyHour } from './upkeep/hourly.ts';
import { purge } from './upkeep/purge.ts';
import { forget, type Keep } from './upkeep/retention.ts';
import { startLooks } from './work/looks.ts';
import { expirePasswords } from './work/pass-through.ts';
import type { Worked } from './work/work.ts';

export interface SyncOptions extends RuleCompilers {
  store: Store;
  cipher: Cipher;
  types: ReadonlyMap<string, TargetType>;
  /** How long it is remembered what was done. */
  keep: Keep;
  onCall: (lane: Lane, call: CallRecord) => void;
  onWorked: (lane: Lane, account: Account, worked: Worked) => void;
  /** A comparison of a whole target has ended, or was left to another process. */
  onReconciled: (lane: Lane, reconciled: Reconciled) => void;
  /** Every resource type, by name: those of what targets have to assign are written. */
  resourceTypes: EntryTypes;
  /** A target was asked what it has to assign, or that was left to another process. */
  onCatalogue: (lane: Lane, refreshed: Refreshed) => void;
  onBroken: (target: { tenant: string; name: string }, problem: Error) => void;
  onError: (error: unknown) => void;
}

export async function startSync(options: SyncOptions): Promise<Dispatcher> {
  const lanes = createLanes(options);
  const leases = await createLeases(options.store);
  const dispatcher = await startDispatcher({ ...options, lanes, leases });
  const { store, keep, onError } = options;
  const holds = startHolds({ store, lanes, carryOn: dispatcher.wake, onError });
  const housekeeping = [
    holds,
    startLooks({ store, lanes, carryOn: dispatcher.wake, onError }),
    everyHour((signal) => purge(store, { signal }), onError),
    everyHour((signal) => forget(store, keep, { signal }), onError),
    everyHour((signal) => expirePasswords(store, { signal }), onError),
    everyHour((signal) => forgetStarts(store, { signal }), onError),
    everyHour((signal) => forgetRuns(store, { signal }), onError),
    startSchedule({ ...options, lanes, outlives: leases.outlives }),
    startCatalogues({ ...options, lanes, outlives: leases.outlives }),
  ];
  return {
    wake() {
      dispatcher.wake();
      holds.wake();
    },
    async stop() {
      await Promise.all([dispatcher, ...housekeeping].map((each) => each.stop()));
    },
  };
}
