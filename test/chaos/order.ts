/**
 * Reads the recorded calls for order: who is out, and from whom something was taken away after that, is not given it
 * again before somebody asks for it. A call that a frozen process had begun may come late; such are counted apart.
 */
import type { History } from './history.ts';
import type { Key } from './model.ts';
import type { RecordedCall } from './recorder.ts';
import type { Violation } from './violation.ts';

export interface OrderReport {
  violations: Violation[];
  /** Calls out of order that came from a process which had just been woken. */
  excused: number;
}

/** A woken process has so long to send what it had begun. */
const WAKING_MS = 1_500;

const TAKES: Partial<Record<RecordedCall['kind'], RecordedCall['kind']>> = {
  create: 'delete',
  assign: 'unassign',
  enable: 'disable',
};

/** @param owners remote id -> marker, for calls that name no person. @param wakings when processes were woken. */
export function checkOrder(
  calls: readonly RecordedCall[],
  history: History,
  owners: ReadonlyMap<string, string>,
  wakings: readonly number[],
): OrderReport {
  const violations: Violation[] = [];
  let excused = 0;
  const taken = new Map<string, RecordedCall[]>();
  const markerOf = (call: RecordedCall) => call.marker ?? owners.get(call.id ?? '') ?? '';
  const subjectOf = (call: RecordedCall) => `${call.system} ${markerOf(call)} ${call.event ?? ''}`;
  for (const call of calls) {
    if (isTaking(call)) {
      const key = `${call.kind} ${subjectOf(call)}`;
      taken.set(key, [...(taken.get(key) ?? []), call]);
      continue;
    }
    const taking = TAKES[call.kind];
    if (!taking) continue;
    const marker = markerOf(call);
    const out = history.of(marker, keyOf(call)).find(({ since, until }) => since < call.at && call.at < until);
    if (!out) continue;
    const before = (taken.get(`${taking} ${subjectOf(call)}`) ?? []).find(
      ({ at, answeredAt, status }) =>
        at > out.since && answeredAt !== null && answeredAt < call.at && isEffective(taking, status ?? 0),
    );
    if (!before) continue;
    if (wakings.some((at) => at <= call.at && call.at < at + WAKING_MS)) excused++;
    else {
      const gap = call.at - (before.answeredAt ?? 0);
      const what = `${call.system}: ${call.kind} ${call.event ?? call.id ?? ''} ${gap} ms after the ${taking}`;
      violations.push({ kind: 'order', marker, what });
    }
  }
  return { violations, excused };
}

const isTaking = ({ kind }: RecordedCall) => kind === 'delete' || kind === 'unassign' || kind === 'disable';

const isEffective = (taking: RecordedCall['kind'], status: number) =>
  (status >= 200 && status < 300) || (taking === 'delete' && status === 404);

function keyOf({ kind, event }: RecordedCall): Key {
  if (kind === 'create') return 'exists';
  return kind === 'assign' ? `event ${event}` : 'access';
}
