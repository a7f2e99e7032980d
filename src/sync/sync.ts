/**
 * The engine that makes targets what the directory says. State, not events: a change only marks accounts as due, a worker
 * brings each from what is observed to what is wanted now, and a crash at any instruction repeats work and loses none.
 *
 * It owns fan-out, accounts, leases, intents, order, retries, pauses and receipts. It knows no system's API: that is the
 * target types' matter. It never calls a system inside a transaction.
 */
import type { Store } from '../store/store.ts';
import type { TargetType } from '../targets/target.ts';
import type { Account } from './accounts.ts';
import type { CallRecord } from './calls.ts';
import { type Dispatcher, startDispatcher } from './dispatcher.ts';
import { startHolds } from './holds/runner.ts';
import { forgetStarts } from './holds/sweep.ts';
import { everyHour } from './hourly.ts';
import { type Cipher, createLanes, type Lane } from './lanes.ts';
import { createLeases } from './leases.ts';
import { purge } from './purge.ts';
import { forgetRuns } from './reconcile/keep.ts';
import type { Reconciled } from './reconcile/reconcile.ts';
import { startSchedule } from './reconcile/schedule.ts';
import { forget, type Keep } from './retention.ts';
import type { RuleCompilers } from './rules.ts';
import type { Worked } from './work.ts';

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
    everyHour((signal) => purge(store, { signal }), onError),
    everyHour((signal) => forget(store, keep, { signal }), onError),
    everyHour((signal) => forgetStarts(store, { signal }), onError),
    everyHour((signal) => forgetRuns(store, { signal }), onError),
    startSchedule({ ...options, lanes, outlives: leases.outlives }),
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
