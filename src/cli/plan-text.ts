/** A plan as text: counts first, then who, then what stands in the way; in as many columns as there are. */
import type { OverLimit } from '../sync/planning/over-limits.ts';
import type { Named, Plan } from '../sync/planning/tally.ts';
import type { StepKind } from '../targets/target.ts';
import { stepText } from './explain-text.ts';
import { type Fact, factText, INDENT } from './facts.ts';
import { bad, bold, dim, good, wrapped } from './terminal.ts';

const DEEDS: Record<StepKind, string> = {
  create: 'create',
  rename: 'rename',
  update: 'update',
  enable: 'enable',
  assign: 'assign',
  unassign: 'unassign',
  disable: 'disable',
  delete: 'delete',
};
const TAKING: readonly string[] = ['unassign', 'disable', 'delete'];

export interface Shown extends Plan {
  /** What would be held back until an administrator approves. */
  heldBack: OverLimit[];
}

export function planText(plan: Shown, columns: number): string {
  const { target, type, tenant, draft, users } = plan;
  const facts = (rows: readonly Fact[]) => rows.map((row) => factText(row, columns));
  const what = draft
    ? `What ${target === null ? 'adding it' : 'saving this draft'} would do`
    : 'What the rules as they are would do now';
  return [
    `${bold(target ?? 'a new target')} ${dim(`(${type}, tenant ${tenant})`)}`,
    ...wrapped(`${what}, for ${usersText(users)}. Nothing was written, and the target was not asked.`, columns),
    '',
    bold('actions'),
    ...facts(callFacts(plan)),
    ...section('held back', plan.heldBack.map(heldFact), facts),
    ...section('attributes changed', countFacts(plan.attributes), facts),
    ...section('assignments', assignmentFacts(plan), facts),
    ...moves('enters', plan.enters, '', facts),
    ...moves('leaves', plan.leaves, fates(plan.leaves), facts),
    ...plan.errors.flatMap(({ reason, count, first }) => [
      '',
      ...facts([[bad('cannot be'), `${reason}: ${usersText(count)}`]]),
      ...facts([['', namesText(first, count)]]),
    ]),
    ...plan.details.flatMap((account) => [
      '',
      `${bold(account.userName ?? account.userId)}  ${dim(account.why)}`,
      ...facts(account.steps.map((step) => [step.kind, stepText(step, columns - INDENT)])),
      ...(account.error === null ? [] : facts([['cannot be', bad(account.error)]])),
    ]),
  ].join('\n');
}

type Facts = (rows: readonly Fact[]) => string[];

function section(title: string, rows: readonly Fact[], facts: Facts): string[] {
  return rows.length === 0 ? [] : ['', bold(title), ...facts(rows)];
}

function callFacts({ calls, accounts, nothing, failed }: Plan): Fact[] {
  const kinds = (Object.keys(DEEDS) as StepKind[]).filter((kind) => calls[kind] > 0);
  return [
    ...kinds.map((kind): Fact => {
      const of = calls[kind] === accounts[kind] ? '' : dim(`  for ${usersText(accounts[kind])}`);
      const text = number(calls[kind]);
      return [DEEDS[kind], `${TAKING.includes(kind) ? bad(text) : good(text)}${of}`];
    }),
    ['nothing', `${number(nothing)}${dim(nothing === 1 ? '  user needs nothing done' : '  users need nothing done')}`],
    ...(failed > 0 ? [['not computed', bad(number(failed))] satisfies Fact] : []),
  ];
}

export function heldFact({ kind, planned, started, limit }: OverLimit): Fact {
  const lately = started > 0 ? ` after ${number(started)} within 24 hours` : '';
  return [kind, bad(`${number(planned)} accounts${lately}: more than ${limit}`)];
}

function countFacts(counts: Readonly<Record<string, number>>): Fact[] {
  return Object.entries(counts).map(([name, count]) => [name, number(count)]);
}

function assignmentFacts({ assignments }: Plan): Fact[] {
  return Object.entries(assignments).map(([subject, { assign, unassign }]) => {
    const parts = [
      ...(assign > 0 ? [`${number(assign)} given`] : []),
      ...(unassign > 0 ? [`${number(unassign)} taken`] : []),
    ];
    return [subject, parts.join(', ')];
  });
}

function moves(title: string, list: { count: number; first: Named[] }, note: string, facts: Facts): string[] {
  if (list.count === 0) return [];
  return ['', `${bold(title)}  ${usersText(list.count)}${note}`, ...facts([['', namesText(list.first, list.count)]])];
}

function fates({ disabled, deleted, kept, withoutAccount }: Plan['leaves']): string {
  const parts = [
    [disabled, 'disabled'],
    [deleted, 'deleted'],
    [kept, 'left as they are'],
    [withoutAccount, 'without an account'],
  ] as const;
  const told = parts.filter(([count]) => count > 0).map(([count, fate]) => `${number(count)} ${fate}`);
  return `: ${told.join(', ')}`;
}

function namesText(first: readonly Named[], count: number): string {
  const names = first.map(({ userName, userId }) => userName ?? userId);
  const more = count - first.length;
  return [...names, ...(more > 0 ? [`and ${number(more)} more (--limit <n>)`] : [])].join('\n');
}

const number = (value: number) => value.toLocaleString('en');
const usersText = (count: number) => `${number(count)} ${count === 1 ? 'user' : 'users'}`;
