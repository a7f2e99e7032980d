/**
 * What a run says of each requirement, and the sums over features and levels that every report shows alike. A requirement
 * is met when it was looked at and no check found otherwise; what was never reached counts neither for nor against.
 */
import { FEATURES, type Feature, type Level, type Requirement, type Result, type Run, type Verdict } from '../model.ts';

export const LEVELS = ['MUST', 'SHOULD', 'MAY'] as const satisfies readonly Level[];

/** `waived`: found not to be met, and decided so by the server's owner. `unseen`: not visible from outside. */
export type Standing = 'met' | 'unmet' | 'waived' | 'untried' | 'unseen';

/** A verdict, or `WAIVED` where every finding is. */
export type Outcome = Verdict | 'WAIVED';

/** What is worst comes first, in every report. */
export const OUTCOMES = ['FAIL', 'WARN', 'WAIVED', 'SKIP', 'PASS'] as const satisfies readonly Outcome[];

export function outcomeOf(result: Result): Outcome {
  return result.waiver && result.verdict !== 'SKIP' ? 'WAIVED' : result.verdict;
}

export interface Judged {
  requirement: Requirement;
  standing: Standing;
  /** The checks that looked at it, those that found it unmet first. */
  results: readonly Result[];
}

export interface Count {
  met: number;
  unmet: number;
  waived: number;
  untried: number;
  unseen: number;
}

/** Those that were looked at: what a score is a part of. */
export function tried(count: Count): number {
  return count.met + count.unmet + count.waived;
}

/** Whole per cent, rounded down: 100 means all of them. null: none was looked at. */
export function percent(count: Count): number | null {
  return tried(count) === 0 ? null : Math.floor((count.met / tried(count)) * 100);
}

/** The levels that there is something to say about. */
export function levelsOf(score: Score): Level[] {
  return LEVELS.filter((level) => Object.values(score.levels[level]).some((number) => number > 0));
}

export interface Score {
  judged: readonly Judged[];
  levels: Record<Level, Count>;
  /** Only features that have a requirement, in the order of FEATURES. */
  features: readonly { feature: Feature; levels: Record<Level, Judged[]> }[];
  /** Checks by what came of them. */
  outcomes: Record<Outcome, number>;
}

export function score(run: Run): Score {
  const judged = judge(run);
  const levels = { MUST: count([]), SHOULD: count([]), MAY: count([]) };
  for (const level of LEVELS) levels[level] = count(judged.filter(({ requirement }) => requirement.level === level));
  const features = (Object.keys(FEATURES) as Feature[])
    .map((feature) => {
      const own = judged.filter(({ requirement }) => requirement.feature === feature);
      const of = (level: Level) => own.filter(({ requirement }) => requirement.level === level);
      return { feature, levels: { MUST: of('MUST'), SHOULD: of('SHOULD'), MAY: of('MAY') } };
    })
    .filter(({ levels }) => LEVELS.some((level) => levels[level].length > 0));
  const outcomes = { FAIL: 0, WARN: 0, WAIVED: 0, SKIP: 0, PASS: 0 };
  for (const result of run.results) outcomes[outcomeOf(result)]++;
  return { judged, levels, features, outcomes };
}

export function count(judged: readonly Judged[]): Count {
  const sum: Count = { met: 0, unmet: 0, waived: 0, untried: 0, unseen: 0 };
  for (const { standing } of judged) sum[standing]++;
  return sum;
}

function judge(run: Run): Judged[] {
  const looking = new Map<string, Result[]>();
  for (const result of run.results) {
    for (const id of new Set([...result.requirements, ...result.findings.map(({ requirement }) => requirement)])) {
      const results = looking.get(id);
      if (results) results.push(result);
      else looking.set(id, [result]);
    }
  }
  return run.requirements.map((requirement) => {
    const faults = (result: Result) => result.findings.some((finding) => finding.requirement === requirement.id);
    const results = looking.get(requirement.id) ?? [];
    const faulty = results.filter(faults);
    return {
      requirement,
      standing: standing(requirement, results, faulty),
      results: [...faulty, ...results.filter((result) => !faults(result))],
    };
  });
}

function standing(requirement: Requirement, results: readonly Result[], faulty: readonly Result[]): Standing {
  if (faulty.some((result) => outcomeOf(result) !== 'WAIVED')) return 'unmet';
  if (faulty.length > 0) return 'waived';
  if (results.some((result) => result.verdict !== 'SKIP')) return 'met';
  return requirement.unseen === undefined ? 'untried' : 'unseen';
}
