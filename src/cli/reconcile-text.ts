/** What a run of reconcile found, for people. */
import type { Change } from '../sync/reconcile/finding.ts';
import {
  type Comparison,
  FINDING_KINDS,
  type FindingInfo,
  type Result,
  type RunInfo,
} from '../sync/reconcile/results.ts';
import { bad, bold, dim, good, table, when } from './terminal.ts';

const MEANING: Record<FindingInfo['kind'], string> = {
  drift: 'not as wanted',
  missing: 'linked, and gone from the target',
  absent: 'belongs there and has no account',
  rejected: 'needs a person',
  orphan: "nobody's account: never touched",
};

/** Of which target, and whether that stands still. */
export interface Where {
  tenant: string;
  name: string;
  paused: boolean;
}

export function resultText({ run, findings, since }: Result, target: Where): string {
  const kind = run.dryRun ? 'dry run' : 'run';
  const head = `${bold(target.name)}  ${dim(`${kind} ${run.id}, begun ${when(run.startedAt)}`)}`;
  if (run.state === 'failed') {
    return [head, '', `${bad('No conclusion:')} ${run.problem}`, 'Nothing was made due.'].join('\n');
  }
  if (run.state !== 'done') return [head, '', unfinished(run)].join('\n');
  return [
    head,
    '',
    countsText(run),
    ...FINDING_KINDS.flatMap((each) =>
      section(
        each,
        run.counts[each],
        findings.filter(({ kind }) => kind === each),
      ),
    ),
    ...(since ? ['', ...sinceText(since)] : []),
    '',
    conclusion(run, target),
  ].join('\n');
}

function unfinished({ state, listed }: RunInfo): string {
  if (state === 'interrupted') {
    return bad('Its process ended before it was done. The next run goes on with it, or a running server does.');
  }
  return `Under way: ${state}, ${listed} records listed.`;
}

function countsText({ listed, counts }: RunInfo): string {
  const line = (name: string, count: number, meaning = '') =>
    `  ${dim(name.padEnd(13))}${String(count).padStart(7)}  ${dim(meaning)}`.trimEnd();
  return [
    line('listed', listed, 'records'),
    line('in order', counts.inOrder),
    ...FINDING_KINDS.map((kind) => line(kind, counts[kind], MEANING[kind])),
    ...(counts.elsewhere > 0 ? [line('elsewhere', counts.elsewhere, 'records that another target is linked to')] : []),
    ...(counts.notJudged > 0
      ? [line('not judged', counts.notJudged, 'due, held back, or touched since the run began')]
      : []),
  ].join('\n');
}

function section(kind: FindingInfo['kind'], total: number, findings: readonly FindingInfo[]): string[] {
  if (findings.length === 0) return [];
  const more = total - findings.length;
  return [
    '',
    bold(kind),
    ...findings.flatMap(findingLines),
    ...(more > 0 ? [dim(`  and ${more} more; --limit <n> shows them`)] : []),
  ];
}

function findingLines(finding: FindingInfo): string[] {
  const { name, userId, remoteId, reason, changes = [], give = [], take = [], steps = [] } = finding;
  const who = name ?? userId ?? remoteId ?? '';
  const facts = [
    ...changes.map(changeText),
    ...(give.length > 0 ? [`to be given: ${give.join(', ')}`] : []),
    ...(take.length > 0 ? [`to be taken away: ${take.join(', ')}`] : []),
    ...(steps.includes('delete') ? ['to be deleted'] : []),
    ...(reason ? [reason] : []),
    ...orphanFacts(finding),
  ];
  const record = remoteId && remoteId !== who ? dim(`  record ${remoteId}`) : '';
  return [`  ${who}${record}`, ...facts.map((fact) => `      ${fact}`)];
}

function orphanFacts({ adopter, resembles }: FindingInfo): string[] {
  if (adopter) return [`user ${adopter}, who has no account, wants exactly its keys: linkspan explain ${adopter}`];
  return resembles ? [`goes by the name of user ${resembles}, whose account is another record`] : [];
}

function changeText({ attribute, wanted, last, seen }: Change): string {
  const was = last === wanted ? '' : `, ${shown(last)} when last seen`;
  return `${attribute}: ${shown(seen)} there, ${shown(wanted)} wanted${was}`;
}

function shown(value: Change['seen']): string {
  return value === null || value === '' ? 'nothing' : JSON.stringify(value);
}

function sinceText({ run, added, gone, still, addedFindings, goneFindings }: Comparison): string[] {
  const names = (sign: string, findings: readonly FindingInfo[], total: number) => [
    ...findings.map(({ kind, name, userId, remoteId }) => `  ${sign} ${kind}  ${name ?? userId ?? remoteId}`),
    ...(total > findings.length ? [dim(`  ${sign} and ${total - findings.length} more`)] : []),
  ];
  return [
    `${bold('since')}  ${dim(`the ${run.dryRun ? 'dry run' : 'run'} of ${when(run.startedAt)}`)}: ${added} new, ${gone} gone, ${still} still there`,
    ...names('+', addedFindings, added),
    ...names('-', goneFindings, gone),
  ];
}

function conclusion({ dryRun, repairs, counts, holds }: RunInfo, { tenant, name, paused }: Where): string {
  if (FINDING_KINDS.every((kind) => counts[kind] === 0)) return good('Everything is in order.');
  if (repairs === 0) return 'Nothing of this is repaired by itself.';
  const accounts = repairs === 1 ? '1 account' : `${repairs} accounts`;
  if (dryRun) return `Nothing was changed. To repair ${accounts}: linkspan reconcile ${tenant} ${name}`;
  return [
    `${accounts} made due: a running server looks at each and repairs it${paused ? ', once the target is no longer paused' : ''}.`,
    ...holds.map(
      (id) => `${bad('Too many at once')} are held back until you decide: linkspan hold show ${tenant} ${id}`,
    ),
  ].join('\n');
}

export function runsText(runs: readonly RunInfo[]): string {
  if (runs.length === 0) return 'No run is kept.';
  const rows = runs.map((run) => [
    when(run.startedAt),
    run.id,
    run.dryRun ? 'dry run' : 'run',
    run.state === 'done' ? good('done') : bad(run.state),
    ...(run.state === 'done' ? FINDING_KINDS.map((kind) => String(run.counts[kind])) : FINDING_KINDS.map(() => '-')),
    run.problem ?? '',
  ]);
  return table(['BEGUN', 'ID', 'KIND', 'STATE', ...FINDING_KINDS.map((kind) => kind.toUpperCase()), ''], rows);
}
