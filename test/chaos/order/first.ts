/**
 * What takes access away goes to the front of its lane: it may wait for what is under way, not for what is due. Who loses
 * something in one system goes first in all of them: what is to be taken away there a look has to tell.
 */
import type { Out } from '../history.ts';
import { grantKey } from '../model.ts';
import type { RecordedCall } from '../recorder.ts';
import { type Evidence, type Finding, isDisturbed, isDone, isTaking, markerOf } from './evidence.ts';

/** Until a change is fanned out and claimed. */
const GRACE_MS = 1_000;
/** So long after it was begun with is somebody counted as one whose removal is under way as well, or until it is done. */
const REMOVAL_MS = 60_000;
/** Who is not begun with at all is not this rule's matter. */
const LOOKED_FOR_MS = 120_000;

export interface Overtaken {
  out: Out;
  first: RecordedCall;
  /** How many others of the lane were begun with before. */
  by: number;
}

/** The calls of a system, by whom they are about. */
type Lane = readonly { call: RecordedCall; marker: string }[];

/** @param outs removals of what was held at that time. */
export function overtaken(evidence: Evidence, outs: readonly Out[]): Overtaken[] {
  const lanes = new Map<string, { call: RecordedCall; marker: string }[]>();
  for (const call of evidence.calls) {
    const marker = markerOf(evidence, call);
    if (marker === null) continue;
    const lane = lanes.get(call.system);
    if (lane) lane.push({ call, marker });
    else lanes.set(call.system, [{ call, marker }]);
  }
  const outsOf = Map.groupBy(evidence.history.outs(), ({ marker }) => marker);
  const removals = new Map<string, { from: number; to: number }[]>();
  for (const [system, lane] of lanes) {
    const byMarker = Map.groupBy(lane, ({ marker }) => marker);
    for (const [marker, own] of outsOf)
      removals.set(`${system} ${marker}`, underWay(system, byMarker.get(marker) ?? [], own));
  }
  const result: Overtaken[] = [];
  for (const out of outs) {
    const system = out.key.split(' ')[0] ?? '';
    const lane = lanes.get(system) ?? [];
    const others = new Set<string>();
    for (let index = firstAfter(lane, out.since); index < lane.length; index++) {
      const { call, marker } = lane[index] as (typeof lane)[number];
      if (call.at > out.since + LOOKED_FOR_MS) break;
      if (marker === out.marker) {
        if (!isDisturbed(evidence, out.since, call.at)) result.push({ out, first: call, by: others.size });
        break;
      }
      const isRemoval = removals.get(`${system} ${marker}`)?.some(({ from, to }) => from <= call.at && call.at < to);
      if (!isRemoval && call.at > out.since + GRACE_MS) others.add(marker);
    }
  }
  return result;
}

/**
 * Of somebody in a lane: from when on something was to be taken away, until some time after that was begun with, or until
 * that was done.
 * @param calls about that person there.
 */
function underWay(system: string, calls: Lane, outs: readonly Out[]): { from: number; to: number }[] {
  return outs.map(({ since, key }) => {
    const grants = grantKey(system, '');
    const isIt = ({ grant }: RecordedCall) => !key.startsWith(grants) || key === `${grants}${grant}`;
    const after = calls.slice(firstAfter(calls, since));
    const begunAt = after[0]?.call.at ?? Number.POSITIVE_INFINITY;
    const next = Math.min(...outs.flatMap((out) => (out.since > since ? out.since : [])));
    const done = after.find(({ call }) => call.at < next && isTaking(call) && isIt(call) && isDone(call));
    return { from: since, to: Math.max(begunAt + REMOVAL_MS, done?.call.endedAt ?? 0) };
  });
}

/** @param most how many may be begun with before a removal that is known. */
export function removalsThatWaited(evidence: Evidence, outs: readonly Out[], most: number): Finding[] {
  return overtaken(evidence, outs)
    .filter(({ by }) => by > most)
    .map(({ out, first, by }) => ({
      call: first,
      what: `${out.key} is taken away after work on ${by} others was begun, ${first.at - out.since} ms after it was due`,
    }));
}

function firstAfter(lane: Lane, at: number): number {
  let [low, high] = [0, lane.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((lane[middle]?.call.at ?? 0) <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}
