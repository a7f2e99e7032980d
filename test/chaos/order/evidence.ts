/** What the rules of order read: the recorded calls, what the IdP had asked for, and when processes were disturbed. */
import type { Disturbance } from '../disturb.ts';
import type { History } from '../history.ts';
import type { RecordedCall, Stall } from '../recorder.ts';

export interface Evidence {
  /** As they began. */
  calls: readonly RecordedCall[];
  history: History;
  /** Remote id -> marker, for calls that name no person. */
  owners: ReadonlyMap<string, string>;
  disturbances: readonly Disturbance[];
  stalls: readonly Stall[];
}

export interface Finding {
  call: RecordedCall;
  what: string;
}

/** A woken process has so long to send what it had begun. */
const WAKING_MS = 1_500;

export const markerOf = ({ owners }: Evidence, { marker, id }: RecordedCall): string | null =>
  marker ?? owners.get(id ?? '') ?? null;

export const isTaking = ({ kind }: RecordedCall): boolean =>
  kind === 'delete' || kind === 'unassign' || kind === 'disable' || kind === 'lock';

export const isDone = ({ kind, status }: RecordedCall): boolean =>
  status !== null && ((status >= 200 && status < 300) || (kind === 'delete' && status === 404));

/** Nobody can tell whether it took place. */
export const isUnclear = ({ status }: RecordedCall): boolean => status === null || status >= 500;

/** What a process that was frozen had begun may come late, and beside what another does by then. */
export function isOfWoken({ disturbances }: Evidence, from: number, to = from): boolean {
  return disturbances.some((each) => each.kind === 'freeze' && each.from <= to && from < each.to + WAKING_MS);
}

/** What waited meanwhile is noted one after the other. */
const CATCHING_UP_MS = 100;

/** The times of the calls are not those at which they were made. */
export function isStalled({ stalls }: Evidence, from: number, to: number): boolean {
  return stalls.some((each) => each.from <= to && from < each.to + CATCHING_UP_MS);
}

/** The engine was not left alone at that time. */
export function isDisturbed({ disturbances }: Evidence, from: number, to: number): boolean {
  return disturbances.some((each) => each.from <= to && from < each.to + WAKING_MS);
}
