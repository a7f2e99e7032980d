/** A create is never sent blindly: somebody looked first, and what may still land has had its time to, or is gone again. */
import type { RecordedCall } from '../recorder.ts';
import { LATE_MS } from '../sandbox.ts';
import { type Evidence, type Finding, isDone, isOfWoken, isUnclear, markerOf } from './evidence.ts';

export function blindCreates(evidence: Evidence): Finding[] {
  const findings: Finding[] = [];
  /** When the latest look for each key had begun; all finished ones. */
  const looks = new Map<string, { begun: number; ended: number }[]>();
  const searched = new Set<string>();
  for (const { kind, system, key, status, begun, ended } of evidence.calls) {
    if (kind !== 'look' || key === null || status === null || status >= 500) continue;
    const about = `${system} ${key}`;
    if (key !== '*') searched.add(system);
    const known = looks.get(about);
    if (known) known.push({ begun, ended });
    else looks.set(about, [{ begun, ended }]);
  }
  const previous = new Map<string, RecordedCall>();
  for (const call of evidence.calls) {
    if (call.kind !== 'create') continue;
    const person = `${call.system} ${call.marker}`;
    const before = previous.get(person);
    previous.set(person, call);
    if (isOfWoken(evidence, call.at)) continue;
    if (before && isUnclear(before) && call.at - before.at < LATE_MS && !isGone(evidence, before, call)) {
      findings.push({ call, what: `create ${call.at - before.at} ms after one that may still take effect` });
      continue;
    }
    // A list of everybody may be some moments old, where nothing is in doubt.
    const mayBeOld = !searched.has(call.system) && !(before && isUnclear(before));
    const since = mayBeOld || !before ? -1 : before.begun;
    const key = searched.has(call.system) ? call.key : '*';
    const has = looks.get(`${call.system} ${key}`)?.some(({ begun, ended }) => begun > since && ended < call.begun);
    if (!has) findings.push({ call, what: 'create, and nobody had looked whether there is one' });
  }
  return findings;
}

/** What the one made was found and deleted before the other. A record that was there for a moment only has no known owner. */
function isGone(evidence: Evidence, made: RecordedCall, again: RecordedCall): boolean {
  return evidence.calls.some((call) => {
    if (call.kind !== 'delete' || call.system !== made.system || !isDone(call) || call.status === 404) return false;
    if (call.begun < made.begun || call.ended > again.begun) return false;
    return (markerOf(evidence, call) ?? made.marker) === made.marker;
  });
}
