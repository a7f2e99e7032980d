/**
 * What can come of a downstream call: a small closed set. The engine knows nothing else about a failure.
 *
 * - `done`   made true.
 * - `retry`  try this account again, counted as an attempt (backoff, or `afterMs` when the system names a time).
 * - `snooze` look again after `afterMs`; not counted as an attempt (waiting for another account, or to settle).
 * - `reject` this account needs a person; nothing is retried until something about it changes.
 * - `pause`  the whole target stops: credentials or configuration. A probe resumes it.
 *
 * `unclear` says that the call may have taken effect all the same (time-out, reset, 5xx after sending). `heldBy` says that
 * the wanted name belongs to another record: its id, or null where the system does not tell.
 */
export type Outcome =
  | { kind: 'done' }
  | { kind: 'retry'; reason: string; afterMs?: number; unclear?: boolean }
  | { kind: 'snooze'; reason: string; afterMs: number }
  | { kind: 'reject'; reason: string; heldBy?: string | null }
  | { kind: 'pause'; reason: string };

/** Every way of not being done. */
export type Failure = Exclude<Outcome, { kind: 'done' }>;

/** How a connection's method says that it did not succeed. `failure.reason` is safe to store and to show. */
export class TargetError extends Error {
  override readonly name = 'TargetError';
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.reason);
    this.failure = failure;
  }
}
