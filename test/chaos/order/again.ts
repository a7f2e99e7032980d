/** Who is out, and from whom something was taken away after that, is not given it again before somebody asks for it. */
import { accessKey, grantKey, recordKey } from '../model.ts';
import type { RecordedCall } from '../recorder.ts';
import type { CallKind } from '../systems/system.ts';
import { type Evidence, type Finding, isDone, isTaking, markerOf } from './evidence.ts';

const TAKES: Partial<Record<CallKind, CallKind>> = { create: 'delete', assign: 'unassign', enable: 'disable' };

export function givenAgain(evidence: Evidence): Finding[] {
  const findings: Finding[] = [];
  const taken = new Map<string, RecordedCall[]>();
  /** What is gone is not taken by a further call: a change of who is disabled writes that mark once more. */
  const gone = new Set<string>();
  const subjectOf = (call: RecordedCall) => `${call.system} ${markerOf(evidence, call)} ${call.grant ?? ''}`;
  for (const call of evidence.calls) {
    if (isTaking(call)) {
      const key = `${call.kind} ${subjectOf(call)}`;
      if (gone.has(key)) continue;
      if (isDone(call)) gone.add(key);
      const known = taken.get(key);
      if (known) known.push(call);
      else taken.set(key, [call]);
      continue;
    }
    const taking = TAKES[call.kind];
    if (!taking) continue;
    gone.delete(`${taking} ${subjectOf(call)}`);
    const outs = evidence.history.of(markerOf(evidence, call) ?? '', keyOf(call));
    const out = outs.find(({ since, until }) => since < call.at && call.at < until);
    if (!out) continue;
    const before = (taken.get(`${taking} ${subjectOf(call)}`) ?? []).find(
      (each) => each.at > out.since && isDone(each) && each.ended < call.begun,
    );
    if (before) findings.push({ call, what: `${call.kind} ${call.at - (before.endedAt ?? 0)} ms after the ${taking}` });
  }
  return findings;
}

function keyOf({ kind, system, grant }: RecordedCall): string {
  if (kind === 'create') return recordKey(system);
  return kind === 'assign' ? grantKey(system, grant ?? '') : accessKey(system);
}
