/**
 * The arrivals curve of an event: how many were let in during each five minutes. Qflow leaves out those in which nobody was,
 * and says only the time of day; pure.
 */
import { TargetError } from '../outcome.ts';

export interface Arrivals {
  /** Start of the five minutes, as time of day: `14:30`. */
  at: string;
  count: number;
}

/** In any order, several may have the same time. */
export type Activity = readonly { admitted: string; admittedCount: number }[];

const BUCKET = 5;
const DAY = (24 * 60) / BUCKET;

/** An event that seems to last longer than this has gone past midnight, if it is shorter that way. */
const LONGEST = (12 * 60) / BUCKET;

/** When each five minutes began, from the first arrival of all to the last, none left out; empty where nobody came. */
export function axisOf(activities: readonly Activity[]): string[] {
  const seen = [...new Set(activities.flat().map(({ admitted }) => bucketOf(admitted)))].sort((a, b) => a - b);
  const [first] = seen;
  if (first === undefined) return [];
  const last = seen.at(-1) ?? first;
  const night = pastMidnight(seen);
  const isNight = last - first > LONGEST && night.length <= LONGEST;
  const { from, length } = isNight ? night : { from: first, length: last - first };
  return Array.from({ length: length + 1 }, (_, index) => timeOf((from + index) % DAY));
}

/** Around the clock, after the longest time without arrivals. `length` is that from the first to the last bucket. */
function pastMidnight(seen: readonly number[]): { from: number; length: number } {
  const gaps = seen.map((bucket, index) => {
    const before = seen.at(index - 1) ?? bucket;
    return { from: bucket, gap: (bucket - before + DAY) % DAY };
  });
  const { from, gap } = gaps.reduce((widest, each) => (each.gap > widest.gap ? each : widest));
  return { from, length: DAY - gap };
}

/** One count for each time of the axis, 0 where there was no arrival. */
export function curveOf(axis: readonly string[], activities: readonly Activity[]): Arrivals[] {
  const counts = new Map<string, number>();
  for (const { admitted, admittedCount } of activities.flat()) {
    const at = timeOf(bucketOf(admitted));
    counts.set(at, (counts.get(at) ?? 0) + admittedCount);
  }
  return axis.map((at) => ({ at, count: counts.get(at) ?? 0 }));
}

/** The number of the five minutes within the day. The document shows `14:30`; other cultures write `2:30 PM`. */
function bucketOf(admitted: string): number {
  const [, hours = '', minutes = '', half] = /^(\d{1,2}):(\d{2})(?::\d{2})?\s*([ap]\.?m\.?)?$/i.exec(admitted) ?? [];
  const hour = half === undefined ? Number(hours) : (Number(hours) % 12) + (/^p/i.test(half) ? 12 : 0);
  if (hours !== '' && hour < 24 && Number(minutes) < 60) return Math.floor((hour * 60 + Number(minutes)) / BUCKET);
  throw new TargetError({ kind: 'reject', reason: `"${admitted.slice(0, 40)}" is no time of day that can be read` });
}

function timeOf(bucket: number): string {
  const two = (value: number) => String(value).padStart(2, '0');
  return `${two(Math.floor((bucket * BUCKET) / 60))}:${two((bucket * BUCKET) % 60)}`;
}
