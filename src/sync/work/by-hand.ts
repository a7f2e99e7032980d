/**
 * What a system has no call for: which actions a pass finds done, and which it opens and closes as it is settled. An action is
 * closed as `seen` when the system shows it, as `person` where the system cannot show it and a person said so, and as `gone`
 * when it is not wanted any more.
 */
import { randomBytes, randomUUIDv7 } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Dialect } from '../../store/dialect.ts';
import type { Database, Millis } from '../../store/tables.ts';
import type { Capabilities, Desired, Observed, Step } from '../../targets/target.ts';
import { isSame, type OpenAction, openActionsOf, subjectOf } from './action-rows.ts';
import { lossOf } from './losses.ts';
import { grantedByHand } from './memory.ts';
import type { Manual, Pass, Removed } from './pass.ts';
import { askedIn } from './removals.ts';
import { isRemoval, takeWord } from './steps.ts';

/** What is known now of the actions that were open when the pass began: before it is planned what is left. */
export async function readByHand(pass: Pass, desired: Desired | null): Promise<void> {
  for (const action of pass.actions) {
    if (action.said_at === null || canShow(action, pass.observed, pass.lane.type.capabilities)) continue;
    if (action.kind === 'create' || pass.believed.includes(action.id)) continue;
    await takeWord(pass, stepOf(action), desired);
    pass.believed.push(action.id);
  }
  pass.memory = grantedByHand(pass.memory, pass.actions, pass.observed?.assignments ?? null);
}

function stepOf({ kind, subject }: OpenAction): Step {
  return { kind, call: 'by hand', ...(subject !== '' && { subject }) };
}

/** Whether a look tells that it was done. */
function canShow({ kind }: OpenAction, observed: Observed | null, { verify }: Capabilities): boolean {
  if (kind === 'assign' || kind === 'unassign') return observed !== null && observed.assignments !== null;
  return verify !== 'none';
}

/** What a plan asks of people. */
export function manualOf(plan: readonly Step[], desired: Desired | null): Manual {
  return { planned: plan.filter(({ manual }) => manual !== undefined), open: [], desired };
}

/** What a person has to take away and has not, as removals name it. */
export function owedByHand({ manual }: Pick<Pass, 'manual'>): string[] {
  const taking = (manual?.open ?? []).flatMap(({ kind, subject }) => {
    return isRemoval(kind) ? [lossOf(kind, subject ?? null)] : [];
  });
  return [...new Set(taking)];
}

export function byHandText({ manual }: Pick<Pass, 'manual'>): string | null {
  const todo = (manual?.open ?? []).flatMap((step) => step.manual ?? []);
  return todo.length === 0 ? null : `to be done by hand: ${todo.join('; ')}`;
}

export interface SettledByHand {
  /** How many are open now. */
  open: number;
  /** Removals that were seen. */
  receipts: Removed[];
}

/**
 * Opens and closes actions, in the transaction that settles.
 * @returns null where the claim was lost, or there is nothing to be done by hand and was not before.
 */
export async function settleByHand(
  trx: Kysely<Database>,
  dialect: Dialect,
  pass: Pass,
  now: Millis,
): Promise<SettledByHand | null> {
  const { account, manual } = pass;
  if (account.open_actions === 0 && !manual?.open.length) return null;
  const held = await trx
    .selectFrom('accounts')
    .select('removals')
    .where('tenant', '=', account.tenant)
    .where('target_id', '=', account.target_id)
    .where('user_id', '=', account.user_id)
    .where('lease_owner', '=', account.lease_owner)
    .where('lease_epoch', '=', account.lease_epoch)
    .modifyEnd(dialect.forUpdate)
    .executeTakeFirst();
  if (!held) return null;
  const rows = await openActionsOf(trx, account);
  const settled: SettledByHand = { open: 0, receipts: [] };
  for (const row of rows) {
    const closedBy = verdict(row, pass);
    if (closedBy !== null) {
      await update(trx, row, { closed_at: now, closed_by: closedBy });
      if (closedBy === 'seen') settled.receipts.push(...receiptOf(row, pass, settled.receipts));
      continue;
    }
    settled.open += 1;
    const changed = changesOf(row, pass);
    if (changed) await update(trx, row, changed);
  }
  for (const step of merged(manual?.open ?? [])) {
    if (rows.some((row) => isSame(row, step))) continue;
    const { kind } = step;
    const asked = askedIn(held.removals);
    const cause = isRemoval(kind) ? (asked[lossOf(kind, step.subject ?? null)] ?? asked.access) : undefined;
    const { tenant, target_id, user_id } = account;
    await trx
      .insertInto('actions')
      .values({
        ...{ tenant, target_id, user_id, kind },
        id: newActionId(),
        subject: subjectOf(step),
        todo: step.manual ?? '',
        opened_at: now,
        activity_id: cause ? cause.activityId : account.activity_id,
        ...{ said_at: null, shows: null, closed_at: null, closed_by: null, actor: null, note: null },
      })
      .execute();
    settled.open += 1;
  }
  return settled;
}

/** Steps that are one action. */
function merged(steps: readonly Step[]): Step[] {
  const groups = Map.groupBy(steps, (step) => JSON.stringify([step.kind, subjectOf(step)]));
  return [...groups.values()].flatMap(([first, ...others]) => {
    if (!first) return [];
    const todo = [...new Set([first, ...others].map(({ manual }) => manual ?? ''))].join('; ');
    return [{ ...first, manual: todo }];
  });
}

function verdict(row: OpenAction, pass: Pass): OpenAction['closed_by'] {
  if (pass.believed.includes(row.id)) return 'person';
  // What it should look like is not known: it stays as it was.
  if (pass.manual === null || pass.manual.planned.some((step) => isSame(row, step))) return null;
  return isDone(row, pass, pass.manual.desired) ? 'seen' : 'gone';
}

/** The record is as the action asked, and that is still wanted. */
function isDone({ kind, subject }: OpenAction, { observed, account }: Pass, desired: Desired | null): boolean {
  const isWanted = desired?.presence === 'active';
  switch (kind) {
    case 'delete':
    case 'disable':
      return !isWanted && (observed === null || (kind === 'disable' && !observed.enabled));
    case 'unassign':
      if (desired?.assignments.includes(subject)) return false;
      return observed === null || observed.assignments?.includes(subject) === false;
    case 'assign':
      return desired?.assignments.includes(subject) === true && observed?.assignments?.includes(subject) === true;
    case 'enable':
      return isWanted && observed?.enabled === true;
    case 'create':
      return isWanted && observed !== null;
    default: {
      // The wish may have come back to what the record was all the time.
      const last = account.observed === null ? null : (JSON.parse(account.observed) as Observed);
      return observed !== null && namesOf(observed) !== namesOf(last);
    }
  }
}

function namesOf(observed: Observed | null): string {
  const sorted = (values: Readonly<Record<string, string>> = {}) => Object.entries(values).sort();
  return JSON.stringify([sorted(observed?.keys), sorted(observed?.fields)]);
}

function receiptOf(row: OpenAction, { receipts, lane, account }: Pass, more: readonly Removed[]): Removed[] {
  const { kind } = row;
  if (!isRemoval(kind)) return [];
  const subject = row.subject === '' ? null : row.subject;
  const isThere = [...receipts, ...more].some((each) => lossOf(each.kind, each.subject) === lossOf(kind, subject));
  if (isThere) return [];
  const { tenant, target_id, user_id } = account;
  const { verify, disable } = lane.type.capabilities;
  return [
    {
      ...{ tenant, target_id, user_id, kind, subject },
      id: randomUUIDv7(),
      evidence: verify === 'listing' ? 'listing' : 'read',
      emulated: kind === 'disable' && disable === 'emulated' ? 1 : 0,
    },
  ];
}

/** Other words, and what the system shows although a person said that it is done. */
function changesOf(row: OpenAction, { manual, observed, begunAt }: Pass): Partial<OpenAction> | null {
  const step = merged(manual?.open ?? []).find((each) => isSame(row, each));
  const todo = step?.manual ?? row.todo;
  const isLookedAt = manual !== null && row.said_at !== null && row.said_at <= begunAt;
  const shows = isLookedAt ? showsText(row, observed) : row.shows;
  return todo === row.todo && shows === row.shows ? null : { todo, shows };
}

function showsText({ kind, subject }: OpenAction, observed: Observed | null): string {
  if (observed === null) return 'no record';
  const state = observed.state === undefined ? '' : ` (${observed.state})`;
  switch (kind) {
    case 'assign':
      return `a record without ${subject}`;
    case 'unassign':
      return `a record with ${subject}`;
    case 'disable':
    case 'enable':
      return `a record that is ${observed.enabled ? 'enabled' : 'disabled'}${state}`;
    case 'rename':
    case 'update':
      return `other values in record ${observed.id}`;
    default:
      return `record ${observed.id}${state}`;
  }
}

async function update(trx: Kysely<Database>, { tenant, id }: OpenAction, values: Partial<OpenAction>): Promise<void> {
  await trx.updateTable('actions').set(values).where('tenant', '=', tenant).where('id', '=', id).execute();
}

/** Letters and digits that cannot be taken for each other. */
function newActionId(): string {
  const letters = 'abcdefghjkmnpqrstuvwxyz23456789';
  return [...randomBytes(8)].map((byte) => letters[byte % letters.length]).join('');
}
