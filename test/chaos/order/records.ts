/**
 * Call by call over each record: within one pass what takes away comes before what gives, and nobody works on a record
 * while another does. A pass begins by looking at the record, so two calls without a look between them are of one pass.
 */
import type { RecordedCall } from '../recorder.ts';
import type { CallKind } from '../systems/system.ts';
import { type Evidence, type Finding, isOfWoken, isStalled } from './evidence.ts';

const RANK: Partial<Record<CallKind, number>> = {
  unassign: 0,
  lock: 0,
  disable: 0,
  delete: 0,
  change: 2,
  enable: 3,
  assign: 4,
};

/** Well before its time-out (stage.ts) no connector gives a call up; after that it may be seen to close it late. */
const PATIENT_MS = 150;
const CLOSING_MS = 300;

/** Everything that happened to calls, in its order. */
function* moments(calls: readonly RecordedCall[]): Generator<{ call: RecordedCall; begins: boolean }> {
  const ended = calls.filter((call) => call.endedAt !== null).sort((a, b) => a.ended - b.ended);
  let next = 0;
  for (const call of calls) {
    for (let end = ended[next]; end && end.ended < call.begun; end = ended[++next]) yield { call: end, begins: false };
    yield { call, begins: true };
  }
}

export function outOfStep(evidence: Evidence): Finding[] {
  const findings: Finding[] = [];
  /** The last change of each record. */
  const changed = new Map<string, RecordedCall>();
  /** When the latest finished look had begun: at each record, and (by system) at all. */
  const looked = new Map<string, number>();
  for (const { call, begins } of moments(evidence.calls)) {
    const record = `${call.system} ${call.id}`;
    if (!begins) {
      const isLook = call.kind === 'look' && call.status !== null && call.status < 500;
      const at = call.id === null ? call.system : record;
      if (isLook) looked.set(at, Math.max(looked.get(at) ?? -1, call.begun));
      continue;
    }
    const rank = RANK[call.kind];
    if (call.id === null || rank === undefined) continue;
    const before = changed.get(record);
    changed.set(record, call);
    if (!before || before.ended > call.begun) continue;
    const lookedAt = Math.max(looked.get(record) ?? -1, looked.get(call.system) ?? -1);
    if (lookedAt > before.ended || rank >= (RANK[before.kind] ?? 0)) continue;
    findings.push({ call, what: `${call.kind} ${call.grant ?? ''} after the ${before.kind} of the same pass` });
  }
  return findings;
}

export function twoAtOnce(evidence: Evidence): Finding[] {
  const findings: Finding[] = [];
  const latest = new Map<string, RecordedCall>();
  for (const call of evidence.calls) {
    // A create has no id yet while it is under way.
    const about = call.kind === 'create' ? call.marker : call.id;
    if (about === null) continue;
    const subject = `${call.system} ${call.kind === 'create' ? 'create' : ''} ${about}`;
    const other = latest.get(subject);
    latest.set(subject, call);
    if (!other || other.ended < call.begun || isOfWoken(evidence, other.at, call.at)) continue;
    if (call.at - other.at > PATIENT_MS || isStalled(evidence, other.at, call.at)) continue;
    // Who looks for a name may be shown the record of another.
    if (call.kind === 'look' && other.kind === 'look') continue;
    const isOpen = other.status !== null || (other.endedAt ?? Number.POSITIVE_INFINITY) - call.at > CLOSING_MS;
    if (isOpen) findings.push({ call, what: `${call.kind} while a ${other.kind} of the same record is under way` });
  }
  return findings;
}
