/**
 * Two runs side by side: what a change of the server made better or worse. Checks are matched by their ids. One that was
 * skipped was not tried, so a feature that is no longer advertised makes its faults gone, not better.
 */
import type { Level, Result, Run } from '../model.ts';
import { printableLine } from './printable.ts';
import { type Count, LEVELS, type Outcome, outcomeOf, score, tried } from './score.ts';

/** A check whose result is another one than before. */
export interface Change {
  check: string;
  title: string;
  /** null: the check was not part of that run. */
  before: Outcome | null;
  after: Outcome | null;
  /** Ids of requirements that are unmet now and were not before, with what was found. */
  appeared: readonly { requirement: string; level: Level; message: string }[];
  /** Ids of requirements that were unmet, were tried again, and no longer are. */
  vanished: readonly string[];
}

export interface Comparison {
  before: Side;
  after: Side;
  /** What makes the two runs not quite comparable, as sentences. */
  notes: readonly string[];
  worse: readonly Change[];
  better: readonly Change[];
  /** Tried now, and not before. */
  added: readonly Change[];
  /** Tried before, and not now. */
  gone: readonly Change[];
  /** Checks with the same result and the same findings. */
  same: number;
  /** Something is worse, or fails that was not tried before: what a build may want to stop at. */
  regressed: boolean;
}

export interface Side {
  url: string;
  startedAt: string;
  levels: Record<Level, Count>;
}

const RANKS: Record<Outcome, number> = { SKIP: 0, PASS: 1, WAIVED: 2, WARN: 3, FAIL: 4 };

export function compare(before: Run, after: Run): Comparison {
  const old = new Map(before.results.map((result) => [result.check, result]));
  const now = new Map(after.results.map((result) => [result.check, result]));
  const lists = { worse: [] as Change[], better: [] as Change[], added: [] as Change[], gone: [] as Change[] };
  let same = 0;
  for (const id of new Set([...now.keys(), ...old.keys()])) {
    const change = changeOf(old.get(id), now.get(id));
    const kind = kindOf(change);
    if (kind === 'same') same++;
    else lists[kind].push(change);
  }
  for (const list of Object.values(lists)) list.sort((a, b) => rank(b.after ?? b.before) - rank(a.after ?? a.before));
  const regressed = lists.worse.length > 0 || lists.added.some((change) => change.after === 'FAIL');
  return { before: side(before), after: side(after), notes: notes(before, after), ...lists, same, regressed };
}

function changeOf(old: Result | undefined, now: Result | undefined): Change {
  const found = new Set(old?.findings.map(({ requirement }) => requirement));
  const finds = new Set(now?.findings.map(({ requirement }) => requirement));
  return {
    check: now?.check ?? old?.check ?? '',
    title: now?.title ?? old?.title ?? '',
    before: old ? outcomeOf(old) : null,
    after: now ? outcomeOf(now) : null,
    appeared: (now?.findings ?? [])
      .filter(({ requirement }, index, all) => {
        const first = all.findIndex((finding) => finding.requirement === requirement);
        return !found.has(requirement) && first === index;
      })
      .map(({ requirement, level, message }) => ({ requirement, level, message })),
    vanished: now && now.verdict !== 'SKIP' ? [...found].filter((requirement) => !finds.has(requirement)) : [],
  };
}

function kindOf({ before, after, appeared, vanished }: Change): 'worse' | 'better' | 'added' | 'gone' | 'same' {
  const [was, is] = [rank(before), rank(after)];
  if (was === 0 && is === 0) return 'same';
  if (was === 0) return 'added';
  if (is === 0) return 'gone';
  if (is !== was) return is > was ? 'worse' : 'better';
  if (appeared.length > 0) return 'worse';
  return vanished.length > 0 ? 'better' : 'same';
}

function rank(outcome: Outcome | null): number {
  return outcome === null ? 0 : RANKS[outcome];
}

function side(run: Run): Side {
  return { url: run.url, startedAt: run.startedAt, levels: score(run).levels };
}

function notes(before: Run, after: Run): string[] {
  const differs = (what: string, a: string, b: string) =>
    a === b ? [] : [`${what} differs: ${a} before, ${b} after.`];
  const ids = (run: Run) => new Set(run.requirements.map(({ id }) => id));
  const [old, now] = [ids(before), ids(after)];
  const news = [...now].filter((id) => !old.has(id)).length;
  const lost = [...old].filter((id) => !now.has(id)).length;
  return [
    ...differs('The server', before.url, after.url),
    ...differs('The profile', before.profile, after.profile),
    ...differs('The manner', before.manner, after.manner),
    ...differs('What the server advertises', before.server || 'nothing', after.server || 'nothing'),
    ...(news + lost === 0
      ? []
      : [`The runs do not ask for the same: ${news} requirements are only in the second, ${lost} only in the first.`]),
    ...(Date.parse(before.startedAt) > Date.parse(after.startedAt) ? ['The first run is the later one.'] : []),
  ];
}

/** Turns words bold, red or green where a terminal is written to; without it the text is plain. */
export type Paint = (style: 'bold' | 'red' | 'green' | 'dim', text: string) => string;

/** For a terminal. What servers and files hold is made harmless first. @returns lines, without a break at the end. */
export function comparisonText(comparison: Comparison, paint: Paint = (_style, text) => text): string {
  const { before, after } = comparison;
  const lines = [
    paint('bold', 'Comparison of two compliance runs'),
    `  before  ${printableLine(before.startedAt)}  ${printableLine(before.url)}`,
    `  after   ${printableLine(after.startedAt)}  ${printableLine(after.url)}`,
    ...comparison.notes.map((note) => `  Note: ${printableLine(note)}`),
    '',
    ...LEVELS.filter((level) => tried(before.levels[level]) + tried(after.levels[level]) > 0).map((level) => {
      const [old, now] = [before.levels[level], after.levels[level]];
      const by = now.met - old.met;
      const difference = by === 0 ? '' : paint(by > 0 ? 'green' : 'red', `  ${by > 0 ? '+' : ''}${by}`);
      return `  ${level.padEnd(6)}  ${old.met} of ${tried(old)}  ->  ${now.met} of ${tried(now)} met${difference}`;
    }),
  ];
  const section = (title: string, changes: readonly Change[], style: 'red' | 'green' | 'dim') => {
    if (changes.length === 0) return;
    lines.push('', paint('bold', `${title} (${changes.length})`));
    for (const change of changes) lines.push(...changeLines(change, style, paint));
  };
  section('Worse', comparison.worse, 'red');
  section('Better', comparison.better, 'green');
  section('New: tried now, not before', comparison.added, 'dim');
  section('Gone: tried before, not now', comparison.gone, 'dim');
  const changed = [comparison.worse, comparison.better, comparison.added, comparison.gone].some(
    ({ length }) => length > 0,
  );
  const rest = `${changed ? `${comparison.same} other` : `All ${comparison.same}`} checks are as before.`;
  lines.push('', comparison.same === 1 ? '1 other check is as before.' : rest);
  return lines.join('\n');
}

function changeLines(change: Change, style: 'red' | 'green' | 'dim', paint: Paint): string[] {
  const step = `${change.before ?? 'absent'} -> ${change.after ?? 'absent'}`;
  return [
    `  ${paint(style, step.padEnd(16))}  ${printableLine(change.title)}  ${paint('dim', printableLine(change.check))}`,
    ...change.appeared.map(({ requirement, level, message }) => {
      return `    + ${level} ${printableLine(requirement)}: ${printableLine(message)}`;
    }),
    ...change.vanished.map((requirement) => `    - ${printableLine(requirement)} no longer found`),
  ];
}
