/** Time to revoke: from the answer that took something away to its being gone in the sandbox. */
import { accessKey, recordKey } from './model.ts';
import { type Evidence, isDone, isTaking, markerOf } from './order/evidence.ts';
import type { RecordedCall } from './recorder.ts';
import type { Seen } from './watch.ts';

/** It may have been carried on before the IdP had its answer. */
const BEFORE_MS = 2_000;

/**
 * The recorded call that took it away tells when; where the sandbox did that without answering, the look that first
 * showed it gone. @returns milliseconds, in no order.
 */
export function timesToRevoke(evidence: Evidence, seen: readonly Seen[]): number[] {
  const taking = new Map<string, RecordedCall[]>();
  for (const call of evidence.calls) {
    if (!isTaking(call) || !isDone(call)) continue;
    const person = `${call.system} ${markerOf(evidence, call)}`;
    const known = taking.get(person);
    if (known) known.push(call);
    else taking.set(person, [call]);
  }
  return seen.map(({ out: { marker, key, since }, goneAt }) => {
    const [system = '', , grant] = key.split(' ');
    const call = (taking.get(`${system} ${marker}`) ?? []).find(
      ({ kind, grant: taken, endedAt }) =>
        endedAt !== null &&
        since - BEFORE_MS < endedAt &&
        endedAt <= goneAt &&
        (kind === 'delete' ||
          ((kind === 'disable' || kind === 'lock') && key === accessKey(system)) ||
          (kind === 'unassign' && key !== recordKey(system) && taken === grant)),
    );
    return Math.max(0, (call?.endedAt ?? goneAt) - since);
  });
}
