/** An explanation for a person who has a minute: the five steps one after the other, in as many columns as there are. */

import type { LastOutcome } from '../sync/explain/actions.ts';
import type { Explanation } from '../sync/explain/explain.ts';
import type { FieldExplanation } from '../sync/explain/map.ts';
import type { TargetExplanation } from '../sync/explain/target.ts';
import { describeSituation } from '../sync/work/situations.ts';
import type { Step } from '../targets/target.ts';
import { type Fact, factText, INDENT } from './facts.ts';
import { bad, bold, dim, good, when, width } from './terminal.ts';

export function explanationText(explanation: Explanation, tenant: string, columns: number): string {
  const { user, targets } = explanation;
  const state = user.deleted ? bad('deleted') : user.resource.active === false ? bad('inactive') : good('active');
  const step = stepWriter(columns);
  return [
    `${bold(String(user.resource.userName))}  ${state}  ${dim(`tenant ${tenant}`)}`,
    '',
    ...step('1 import', 'what the directory holds, as the identity provider last said', importFacts(explanation)),
    ...targets.flatMap((target) => [
      '',
      `${bold(target.target)} ${dim(`(${target.type})`)}`,
      ...step('2 scope', scopeSummary(target), scopeFacts(target)),
      ...step('3 match', matchSummary(target), matchFacts(target)),
      ...step('4 map', mapSummary(target), target.map.map(mapFact)),
      ...step('5 actions', actionsSummary(target), actionFacts(target, tenant, columns - INDENT)),
    ]),
    ...(targets.length === 0 ? ['', 'This tenant has no targets. Add one with: linkspan target add'] : []),
  ].join('\n');
}

type StepWriter = (name: string, summary: string, facts: readonly Fact[]) => string[];

function stepWriter(columns: number): StepWriter {
  return (name, summary, facts) => [
    factText([name, summary], columns).trimStart().replace(name, bold(name)),
    ...facts.map((fact) => factText(fact, columns)),
  ];
}

/** Not shown as attributes: they say nothing, or stand elsewhere. */
const LEFT_OUT = new Set(['schemas', 'id', 'meta', 'groups']);

function importFacts({ user, wasBefore, isNow, isWaiting }: Explanation): Fact[] {
  const { resource, groups } = user;
  const { lastModified } = resource.meta as { lastModified: string };
  return [
    ['id', user.id],
    ...Object.entries(resource).flatMap(([name, value]) => (LEFT_OUT.has(name) ? [] : attributeFacts(name, value))),
    ['groups', groups.join('\n') || 'none'],
    ['last changed', `${lastModified.slice(0, 19).replace('T', ' ')} UTC`],
    ...(isWaiting ? ([['waiting', 'a change has come for which no target has been looked at yet']] as Fact[]) : []),
    ...(wasBefore ? ([['was before', `${wasBefore}, deleted since: its accounts were taken over`]] as Fact[]) : []),
    ...(isNow ? ([['is now', `${isNow}, who takes the accounts over`]] as Fact[]) : []),
  ];
}

/** An extension's attributes each have a line. */
function attributeFacts(name: string, value: unknown): Fact[] {
  if (name.startsWith('urn:') && typeof value === 'object' && value !== null) {
    return Object.entries(value).map(([sub, subValue]) => [sub, valueText(subValue)]);
  }
  return [[name, valueText(value)]];
}

/** A certificate is no reading matter. */
const LONGEST = 200;

function valueText(value: unknown): string {
  if (Array.isArray(value)) return value.map(elementText).join('\n');
  if (typeof value !== 'object' || value === null) return cut(String(value));
  const subs = Object.entries(value).map(([name, sub]) => `${name} ${valueText(sub)}`);
  return subs.join(', ');
}

function elementText(element: unknown): string {
  if (typeof element !== 'object' || element === null || !('value' in element)) return valueText(element);
  const { value, type, primary, ...others } = element as Record<string, unknown>;
  const notes = [type, primary === true ? 'primary' : undefined, others.display].filter((note) => note !== undefined);
  return `${valueText(value)}${notes.length > 0 ? ` (${notes.join(', ')})` : ''}`;
}

function cut(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}… (${text.length} characters)` : text;
}

const WANTED: Record<string, string> = {
  active: 'should have access',
  inactive: 'should have no access',
  absent: 'should not be there',
  keep: 'stays as it is',
  none: 'has no business here',
  unknown: 'cannot be computed',
};

function scopeSummary({ scope }: TargetExplanation): string {
  const wanted = WANTED[scope.wanted] ?? scope.wanted;
  return `${scope.wanted === 'active' ? good(wanted) : bad(wanted)}: ${scope.why}`;
}

function scopeFacts({ scope }: TargetExplanation): Fact[] {
  const { rule, inScope, groups, values, assignments } = scope;
  const verdict = inScope === null ? bad('cannot be computed') : inScope ? 'lets the user in' : 'keeps the user out';
  const granting = groups.filter(({ grants }) => grants.length > 0);
  const idle = groups.filter(({ grants }) => grants.length === 0);
  const idleValues = values.filter(({ grants }) => grants.length === 0);
  const grants = [
    ...granting.map(({ group, grants }) => `${grants.join(', ')}, by the group "${group}"`),
    ...values.flatMap(({ from, value, grants }) =>
      grants.length > 0 ? `${grants.join(', ')}, by the ${VALUES[from]} "${value}"` : [],
    ),
  ];
  return [
    ['rule', rule === null ? 'everybody is let in' : `${rule}\n${verdict}`],
    ...(grants.length > 0
      ? [[assignments.length > 0 ? 'granted' : 'would grant', grants.join('\n')] satisfies Fact]
      : []),
    ...(idle.length > 0 ? [['no grant by', idle.map(({ group }) => group).join('\n')] satisfies Fact] : []),
    ...(idleValues.length > 0
      ? [['nor by', idleValues.map(({ from, value }) => `the ${VALUES[from]} ${value}`).join('\n')] satisfies Fact]
      : []),
  ];
}

const VALUES = { roles: 'role', entitlements: 'entitlement' } as const;

function matchSummary({ match, scope }: TargetExplanation): string {
  const facts = describeSituation(match.situation);
  if (facts) return `${facts.situation}: ${facts.meaning}`;
  if (scope.wanted === 'none' || scope.wanted === 'keep') return 'not looked for, as nothing is to be done';
  return bad(match.look);
}

/** Situations that nobody has to do anything about. */
const FINE = new Set(['confirmed', 'absent', 'found', 'out-of-scope', 'source-missing']);

function matchFacts({ match }: TargetExplanation): Fact[] {
  const { situation, lastSituation, linkedTo, lookedFor, openIntents, seen, look } = match;
  const advice = situation && !FINE.has(situation) ? describeSituation(situation)?.advice : null;
  const keys = lookedFor.map((key) =>
    Object.entries(key)
      .map(([name, value]) => `${name} ${value}`)
      .join(', '),
  );
  return [
    ['linked to', linkedTo ?? 'no record'],
    ...(keys.length > 0 ? [['looked for', keys.join('\n')] satisfies Fact] : []),
    ...(openIntents > 0
      ? [['open creates', `${openIntents} without a clear answer: looked for under what they sent`] satisfies Fact]
      : []),
    ...(situation !== null ? [['seen now', seen ? `${look}, ${accessText(seen)}` : look] satisfies Fact] : []),
    ...(lastSituation !== null && lastSituation !== situation ? [['last time', lastSituation] satisfies Fact] : []),
    ...(advice ? [['what to do', advice] satisfies Fact] : []),
  ];
}

function accessText({ enabled, assignments, state }: NonNullable<TargetExplanation['match']['seen']>): string {
  const holds =
    assignments === null ? ', assignments not read' : assignments.length > 0 ? `, has ${assignments.join(', ')}` : '';
  return `${enabled ? 'enabled' : 'disabled'}${state === undefined ? '' : ` (${state})`}${holds}`;
}

function mapSummary({ map, match }: TargetExplanation): string {
  if (map.length === 0) return 'no fields are wanted';
  const differing = map.filter(({ differs }) => differs).length;
  if (!match.seen) return match.situation === null ? 'what is wanted; what is there is not known' : 'all of it is new';
  return differing === 0 ? 'nothing differs' : bad(`${differing} of ${map.length} differ`);
}

function mapFact({ field, kind, wanted, seen, differs }: FieldExplanation): Fact {
  if (kind === 'password') return [field, bad(wanted ?? '')];
  if (kind === 'assignment') return ['assigned', assignmentText(field, wanted, differs)];
  const quoted = (value: string | null) => (value === null ? 'nothing' : JSON.stringify(value));
  if (!differs) {
    return [field, seen === null || seen === wanted ? quoted(wanted) : `${quoted(wanted)}, as ${quoted(seen)}`];
  }
  return [field, seen === null ? `${quoted(wanted)} (new)` : `${bad(quoted(wanted))} instead of ${quoted(seen)}`];
}

function assignmentText(subject: string, wanted: string | null, differs: boolean): string {
  if (!differs) return subject;
  return wanted === null ? bad(`${subject} (is to go)`) : `${subject} (new)`;
}

function actionsSummary({ actions }: TargetExplanation): string {
  const { plan, whyNone } = actions;
  if (plan.length === 0) return `nothing to do: ${whyNone}`;
  const calls = plan.length === 1 ? '1 call' : `${plan.length} calls`;
  return `${calls} to make${whyNone ? bad(`; the rest waits: ${whyNone}`) : ''}`;
}

function actionFacts({ actions }: TargetExplanation, tenant: string, room: number): Fact[] {
  const { plan, paused, waitsFor, byHand, last, passwordSetAt, calls, receipts } = actions;
  return [
    ...plan.map((step, index): Fact => [`${index + 1} ${step.kind}`, stepText(step, room)]),
    ['now', nowText(actions)],
    ...(paused ? [['paused', bad(paused)] satisfies Fact] : []),
    ...(waitsFor ? [['waits for', `user ${waitsFor}, to give up the name`] satisfies Fact] : []),
    ...byHand.map((action): Fact => ['by hand', byHandText(action, tenant)]),
    ['last', lastText(last)],
    ...(passwordSetAt === null ? [] : [['password', `set ${when(passwordSetAt)}`] satisfies Fact]),
    ...calls.map((call): Fact => ['called', callText(call, room)]),
    ...receipts.map((receipt): Fact => ['receipt', receiptText(receipt)]),
  ];
}

export function stepText({ call, body, manual }: Step, room: number): string {
  if (manual !== undefined) return `${call}: ${manual}`;
  if (!body) return call;
  // With spaces, so that it can be broken.
  const json = JSON.stringify(body, null, 1).replaceAll(/\n */g, ' ');
  return `${call}${width(call) + 1 + width(json) <= room ? ' ' : '\n'}${json}`;
}

function byHandText({ id, todo, saidAt }: TargetExplanation['actions']['byHand'][number], tenant: string): string {
  const said = saidAt === null ? '' : `\nsaid to be done ${when(saidAt)}`;
  return `${bad(todo)}${said}\nwhen it is done: linkspan action done ${tenant} ${id}`;
}

function nowText({ state, nextAttemptAt, attempts, paused }: TargetExplanation['actions']): string {
  const failures = attempts > 0 ? `, after ${attempts} failed ${attempts === 1 ? 'attempt' : 'attempts'}` : '';
  switch (state) {
    case 'none':
      return 'no account is kept here';
    case 'at work':
      return 'being worked on';
    case 'due':
      return paused ? 'waits for the target to go on' : `due since ${when(nextAttemptAt)}${failures}`;
    case 'waiting':
      return `next attempt ${when(nextAttemptAt)}${failures}`;
    case 'needs a person':
      return bad('needs a person: it is not tried again until something changes');
    case 'held':
      return bad('held back until an administrator approves');
    case 'by hand':
      return bad('the rest is to be done by hand there');
    case 'at rest':
      return 'at rest until something changes';
  }
}

const FAILURES = {
  transient: 'it passes, and is tried again',
  account: 'about this account, for a person',
  target: 'about the whole target, for a person',
  unknown: 'whether a call took effect is not known yet',
} as const;

export function lastText(last: LastOutcome | null): string {
  if (!last) return 'never worked on';
  const { outcome, failure, reason, successAt, errorAt } = last;
  if (outcome === 'done') return `${good('done')} ${when(successAt)}${reason ? `: ${reason}` : ''}`;
  return `${bad(outcome)} ${when(errorAt)}: ${reason}${failure ? `\n${failure}: ${FAILURES[failure]}` : ''}`;
}

/** @param room a path that does not fit has lines of its own. */
export function callText(
  { at, method, path, status, error }: TargetExplanation['actions']['calls'][number],
  room: number,
): string {
  const answer = status === null ? bad(error ?? 'no answer') : status < 400 ? String(status) : bad(String(status));
  const line = `${when(at)}  ${answer}  ${method} ${path}`;
  return width(line) <= room ? line : `${when(at)}  ${answer}\n${method} ${path}`;
}

export function receiptText({
  kind,
  subject,
  evidence,
  confirmedAt,
  emulated,
}: TargetExplanation['actions']['receipts'][number]): string {
  return `${when(confirmedAt)}  ${kind}${subject ? ` ${subject}` : ''}${emulated ? ' (emulated)' : ''}, confirmed by ${evidence}`;
}
