/** Reads the recorded calls for order. What a frozen process had begun may come late; such are counted apart. */
import type { Out } from '../history.ts';
import type { Violation } from '../violation.ts';
import { givenAgain } from './again.ts';
import { blindCreates } from './creates.ts';
import { type Evidence, type Finding, isOfWoken, markerOf } from './evidence.ts';
import { removalsThatWaited } from './first.ts';
import { outOfStep, twoAtOnce } from './records.ts';

export interface OrderReport {
  violations: Violation[];
  /** Calls out of order that came from a process which had just been woken. */
  excused: number;
}

/** A process works on 8 accounts of a lane at once and has claimed as many again; the rest is for a machine that is slow. */
const BEGUN_BEFORE = 48;

/** @param removed removals of what was held at that time. */
export function checkOrder(evidence: Evidence, removed: readonly Out[], processes: number): OrderReport {
  const findings: Finding[] = [
    ...givenAgain(evidence),
    ...outOfStep(evidence),
    ...twoAtOnce(evidence),
    ...blindCreates(evidence),
    ...removalsThatWaited(evidence, removed, BEGUN_BEFORE * processes),
  ];
  const [late, violations] = [true, false].map((woken) =>
    findings.filter(({ call }) => isOfWoken(evidence, call.at) === woken),
  ) as [Finding[], Finding[]];
  return {
    excused: late.length,
    violations: violations.map(({ call, what }) => ({
      kind: 'order',
      marker: markerOf(evidence, call),
      what: `${call.system} ${call.id ?? ''}: ${what}`,
    })),
  };
}
