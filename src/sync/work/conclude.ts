/** What a pass came to, as the settlement that is written back: its outcome, its reason in words, when it is looked at next. */
import type { Failure } from '../../targets/outcome.ts';
import type { Settlement } from '../accounts/settle.ts';
import { failureClass } from '../lanes/failures.ts';
import type { Lane } from '../lanes/lanes.ts';
import { backoff, LONGEST_WAIT_MS, longestEffect } from '../lanes/pace.ts';
import { byHandText } from './by-hand.ts';
import { withoutRemovalOwed } from './memory.ts';
import type { Pass } from './pass.ts';
import { decisionOf } from './situations.ts';

/** @param failure what kept the account from being true; null: nothing did. */
export function conclude(pass: Pass, failure: Failure | null): Settlement {
  const { account, lane } = pass;
  const byHand = byHandText(pass);
  const attempts = failure?.kind === 'retry' ? account.attempts + 1 : failure ? account.attempts : 0;
  const isMade = failure === null && pass.held === null;
  return {
    outcome: failure?.kind ?? (isMade ? (byHand === null ? 'done' : 'manual') : 'hold'),
    reason:
      [failure?.reason, pass.held, byHand].filter((each) => each != null).join('; ') ||
      decisionOf(pass.situation, pass.remoteId !== null, pass.why),
    failure: failureClass(failure, pass.unclear),
    situation: pass.situation ?? account.situation,
    waitMs: waitOf(failure, attempts, lane),
    attempts,
    waitsFor: failure || pass.held !== null ? pass.waitsFor : null,
    observed: pass.observed,
    memory: failure || pass.held !== null || byHand !== null ? pass.memory : withoutRemovalOwed(pass.memory),
    name: pass.name,
    adoption: questionKept(pass),
    begunAt: pass.begunAt,
    hasLooked: pass.situation !== null,
    hasTaken: isMade || hasTaken(pass),
    unclear: pass.unclear,
    intent: pass.intent,
    longestEffectMs: longestEffect(lane.pace),
    manualLookMs: lane.pace.manualLookMs,
  };
}

/** Nothing is left to take away, and what a call from before this pass may yet give is wanted. */
function hasTaken({ toTake, account, begunAt, manual, memory }: Pass): boolean {
  if (toTake?.size !== 0) return false;
  if (account.verify_after === null || begunAt >= account.verify_after) return true;
  const desired = manual?.desired;
  return desired?.presence === 'active' && memory.granted.every((subject) => desired.assignments.includes(subject));
}

/** @returns undefined: the question is the one that the account was claimed with. */
function questionKept({ account, question }: Pass): string | null | undefined {
  const json = question && JSON.stringify(question);
  return json === account.adoption ? undefined : json;
}

/** @returns milliseconds until the next look, or null: at rest. */
function waitOf(failure: Failure | null, attempts: number, lane: Lane): number | null {
  if (failure === null || failure.kind === 'reject') return null;
  if (failure.kind === 'pause') return 0;
  if (failure.kind === 'snooze') return failure.afterMs;
  const { afterMs } = failure;
  return afterMs === undefined ? backoff(attempts, lane.pace, Math.random) : Math.min(afterMs, LONGEST_WAIT_MS);
}
