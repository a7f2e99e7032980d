/**
 * Carries out a plan, in the order that every account keeps. Before each call everything that must survive it has been
 * committed; after it, what was learned is noted. A failed step stops only the steps that need it.
 */
import { randomUUIDv7 } from 'node:crypto';
import { type Failure, TargetError } from '../../targets/outcome.ts';
import { type Desired, type Observed, STEP_ORDER, type Step } from '../../targets/target.ts';
import { LeaseLost, refuseIntent, restampIntents, unlink } from '../accounts/intents.ts';
import type { CallRecord } from '../lanes/calls.ts';
import { longestEffect } from '../lanes/pace.ts';
import { Circle, collideWithRecord } from './collisions.ts';
import { linkTo } from './locate.ts';
import { withGrant, withoutDouble, withoutGrant, withoutGrants, withoutGrantsOf, withoutRemembered } from './memory.ts';
import { nameOf, type Pass, type Removed } from './pass.ts';
import { openGiven, withoutPassword } from './pass-through.ts';

/** What takes away first, what gives last. */
export function inOrder(plan: readonly Step[]): Step[] {
  return plan.toSorted((a, b) => STEP_ORDER.indexOf(a.kind) - STEP_ORDER.indexOf(b.kind));
}

export function isRemoval(kind: Step['kind']): kind is Removed['kind'] {
  return kind === 'unassign' || kind === 'disable' || kind === 'delete';
}

/** A refused name that nobody is seen to hold may just have been given up: so many tries before it is a person's matter. */
const NAME_TRIES = 5;
const UNSEEN = 'nobody was seen to hold it';

/** The failure that decides what happens next comes first. */
const SEVERITY: readonly Failure['kind'][] = ['pause', 'retry', 'snooze', 'reject'];

/** @returns the worst failure, or null. @throws Circle where this account has to step aside, LeaseLost. */
export async function carryOut(pass: Pass, plan: readonly Step[], desired: Desired | null): Promise<Failure | null> {
  const failed: { step: Step; failure: Failure }[] = [];
  for (const step of plan) {
    if (failed.some((earlier) => needs(step, earlier.step))) continue;
    if (pass.manual?.open.some((earlier) => needs(step, earlier))) continue;
    if (step.manual !== undefined) {
      pass.manual?.open.push(step);
      pass.toTake?.delete(step);
      continue;
    }
    const callsBefore = pass.io.calls.length;
    try {
      await takeStep(pass, step, desired);
      pass.toTake?.delete(step);
    } catch (error) {
      if (error instanceof Circle) throw error;
      if (error instanceof LeaseLost) throw error;
      const failure = await stepFailed(pass, step, desired, error, pass.io.calls.slice(callsBefore));
      failed.push({ step, failure });
      if (failure.kind === 'pause') break;
    }
  }
  const worst = failed.toSorted((a, b) => SEVERITY.indexOf(a.failure.kind) - SEVERITY.indexOf(b.failure.kind))[0];
  return worst?.failure ?? null;
}

export function failureOf(error: unknown): Failure {
  if (error instanceof TargetError) return error.failure;
  if (error instanceof LeaseLost) return { kind: 'snooze', reason: error.message, afterMs: 0 };
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { kind: 'retry', reason: `unexpected: ${what.slice(0, 300)}`, unclear: true };
}

function needs(step: Step, earlier: Step): boolean {
  if (earlier.kind === 'create') return true;
  if (earlier.kind === 'rename') return step.kind === 'update';
  return earlier.kind === 'enable' && step.kind === 'assign';
}

/** A create was refused because of a record with exactly its keys, which the look before it has not found. */
class Appeared extends TargetError {
  constructor() {
    super({ kind: 'retry', reason: 'an account of that name has appeared meanwhile; it is looked for again' });
  }
}

/** One step: the call, and what follows from its success. */
export async function takeStep(pass: Pass, step: Step, desired: Desired | null): Promise<void> {
  const { connection } = pass.lane;
  // A double is not the account's record: nothing is known of it but its id.
  const subject =
    step.record === undefined
      ? { id: pass.remoteId, desired, observed: pass.observed }
      : { id: step.record, desired, observed: null };
  const given = await openGiven(pass, step, { asSent: step.kind === 'create' });
  const carried = given ? { ...subject, password: given.password } : subject;
  const applied = await connection.apply(step, carried, pass.io).catch((thrown: unknown) => {
    const error = withoutPassword(thrown, given?.password);
    const failure = failureOf(error);
    if (step.kind !== 'create' && failure.kind === 'retry' && failure.unclear) pass.unclear = true;
    throw error;
  });
  if (step.record !== undefined) {
    pass.memory = withoutDouble(pass.memory, step.record);
    return;
  }
  if (step.kind === 'create') {
    if (applied.id === undefined)
      throw new TargetError({ kind: 'retry', reason: 'the create gave no id', unclear: true });
    if (applied.existed) throw new Appeared();
    await linkTo(pass, applied.id);
  }
  if (given) pass.spent = { id: given.id, delivered: true };
  pass.observed = applied.observed ?? after(step, pass.remoteId, pass.observed, desired);
  if ((step.kind === 'create' || step.kind === 'rename') && desired) pass.name = nameOf(desired.keys);
  noteSubject(pass, step, applied.evidence);
  if (step.kind === 'delete') await noteGone(pass);
  requireGranted(step, pass.observed);
}

/** What a create was to give and did not give is planned anew, each for itself: then the target says what is wrong with it. */
function requireGranted({ grants = [] }: Step, observed: Observed | null): void {
  const given = observed?.assignments ?? grants;
  const missing = grants.filter((grant) => !given.includes(grant));
  if (missing.length === 0) return;
  throw new TargetError({ kind: 'snooze', reason: `the create did not give ${missing.join(', ')}`, afterMs: 0 });
}

/** A person says that it is done, and the system cannot show it. */
export async function takeWord(pass: Pass, step: Step, desired: Desired | null): Promise<void> {
  pass.observed = after(step, pass.remoteId, pass.observed, desired);
  noteSubject(pass, step, 'person');
  if (step.kind === 'assign' && step.subject !== undefined) pass.memory = withGrant(pass.memory, step.subject);
  if (step.kind === 'delete') await noteGone(pass);
}

async function noteGone(pass: Pass): Promise<void> {
  if (pass.remoteId === null) return;
  await unlink(pass.store, pass.account, pass.lane.systemKey, pass.remoteId);
  pass.remoteId = null;
  pass.observed = null;
  pass.name = null;
  pass.memory = withoutGrants(pass.memory);
}

function noteSubject(pass: Pass, step: Step, evidence: Removed['evidence']): void {
  const { kind, subject } = step;
  if (isRemoval(kind)) receive(pass, kind, subject ?? null, evidence);
  if (kind === 'unassign' && subject !== undefined) pass.memory = withoutGrant(pass.memory, subject);
  if (kind === 'assign' && subject !== undefined) pass.memory = withoutRemembered(pass.memory, subject);
}

/** A removal, and how it is known. */
export function receive(
  pass: Pass,
  kind: 'unassign' | 'disable' | 'delete',
  subject: string | null,
  evidence: Removed['evidence'],
): void {
  const { account, lane } = pass;
  pass.receipts.push({
    tenant: account.tenant,
    id: randomUUIDv7(),
    target_id: account.target_id,
    user_id: account.user_id,
    kind,
    subject,
    evidence,
    emulated: kind === 'disable' && lane.type.capabilities.disable === 'emulated' ? 1 : 0,
  });
}

/**
 * An unclear create leaves its intent open, and is looked for once it can no longer land. A name that a record of ours
 * holds is waited for. What was refused is not ours, unless an earlier create of ours may have made it.
 */
async function stepFailed(
  pass: Pass,
  step: Step,
  desired: Desired | null,
  error: unknown,
  calls: readonly CallRecord[],
): Promise<Failure> {
  const failure = failureOf(error);
  if (step.kind === 'create') {
    if (mayHaveLanded(pass, step, failure, calls)) {
      const isAnswered = calls.some((call) => isCreate(step, call) && isSuccess(call));
      // Rejected with a success: it may just as well have been refused in words.
      await restampIntents(pass.store, pass.account, isAnswered && failure.kind !== 'reject');
      // Until that is known the name is taken.
      if (desired) pass.name = nameOf(desired.keys);
      return failure.kind === 'retry' ? { ...failure, afterMs: longestEffect(pass.lane.pace) } : failure;
    }
    if (pass.remoteId === null && pass.intent !== null) {
      const mayBeOurs = await refuseIntent(pass.store, pass.account, pass.intent, error instanceof Appeared);
      if (!mayBeOurs) pass.memory = withoutGrantsOf(pass.memory, step);
    }
  }
  if (failure.kind !== 'reject') return failure;
  if (step.kind === 'assign' && step.subject !== undefined) {
    pass.memory = withoutRemembered(withoutGrant(pass.memory, step.subject), step.subject);
  }
  if (failure.heldBy) return collideWithRecord(pass, failure.heldBy, failure, desired);
  const { attempts, reason } = pass.account;
  // What failed before for another reason says nothing about the name.
  const isAnew = failure.heldBy === null && (attempts < NAME_TRIES || !reason?.endsWith(UNSEEN));
  return isAnew ? { kind: 'retry', reason: `${failure.reason}; ${UNSEEN}` } : failure;
}

/** What the record is after a step whose answer did not show it. */
function after(step: Step, id: string | null, before: Observed | null, desired: Desired | null): Observed | null {
  if (step.kind === 'create' && desired && id !== null) {
    return {
      id,
      keys: desired.keys,
      fields: desired.fields,
      enabled: true,
      assignments: [...(step.grants ?? [])].sort(),
    };
  }
  if (before === null || step.kind === 'delete') return null;
  const { assignments } = before;
  const others = (assignments ?? []).filter((subject) => subject !== step.subject);
  switch (step.kind) {
    case 'rename':
      return { ...before, keys: desired?.keys ?? before.keys };
    case 'update':
      return { ...before, keys: desired?.keys ?? before.keys, fields: { ...before.fields, ...desired?.fields } };
    case 'disable':
    case 'enable':
      return { ...before, enabled: step.kind === 'enable' };
    case 'assign':
      return { ...before, assignments: assignments && [...others, step.subject ?? ''].sort() };
    case 'unassign':
      return { ...before, assignments: assignments && others };
    default:
      return before;
  }
}

/**
 * The create's own call was answered with a success or a fault, or not at all: what failed may be what came after it. A name
 * or record that another has is a refusal whatever the answer's status; so is a fault that the target knows to be one.
 */
function mayHaveLanded({ situation }: Pass, step: Step, failure: Failure, calls: readonly CallRecord[]): boolean {
  const isReject = failure.kind === 'reject';
  if (isReject && (failure.heldBy !== undefined || situation === 'already-linked')) return false;
  if (failure.kind === 'retry' && failure.unclear) return true;
  const isFault = ({ status }: CallRecord) => !isReject && Number(status) >= 500;
  return calls.some((call) => isCreate(step, call) && (isSuccess(call) || isFault(call)));
}

function isCreate(step: Step, call: CallRecord): boolean {
  const [method, path = ''] = step.call.split(' ');
  return call.method === method && call.path.endsWith(path);
}

const isSuccess = ({ status }: CallRecord) => typeof status === 'number' && status >= 200 && status < 300;
