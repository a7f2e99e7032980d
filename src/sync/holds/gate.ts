/**
 * What of a plan may begin now. Asked once a pass knows its plan and before anything is committed or called: what is over a
 * limit of the target joins a hold, what a set that waits holds back stays, what the target's rules forbid is left out. It
 * costs nothing where the rules limit nothing.
 */
import { type Kysely, sql } from 'kysely';
import type { Database, Millis } from '../../store/tables.ts';
import { TargetError } from '../../targets/outcome.ts';
import type { Desired, Step } from '../../targets/target.ts';
import type { Lane } from '../lanes/lanes.ts';
import { isAskedByHand } from '../work/action-rows.ts';
import type { Pass, Wish } from '../work/pass.ts';
import {
  deletedLately,
  type Item,
  insertItems,
  isApproved,
  itemsOf,
  linkedIn,
  lockTarget,
  openHold,
  startedLately,
  WINDOW_MS,
} from './ledger.ts';
import { allowance, type Kind, kindOf, kindsOf, limitText, TAKING } from './limits.ts';

export interface Gated {
  /** What may begin. */
  plan: Step[];
  /** In words: what waits for an administrator, what the rules forbid; null: nothing. */
  held: string | null;
  forbidden: string | null;
  /** Of what may begin: what an administrator approved. */
  approved: readonly Kind[];
}

/** A run that is being compared is not run ahead of. */
const ASSESSED_MS = 1_000;

/**
 * @param plan the whole plan: of a kind that is in it no more, what is held is forgotten with the settle.
 * @param asked what is to begin of it.
 * @throws TargetError snooze while a run that concerns the account is being compared with the limits.
 */
export async function gate(
  pass: Pass,
  wish: Pick<Wish, 'user' | 'desired'>,
  plan: readonly Step[],
  asked: readonly Step[] = plan,
): Promise<Gated> {
  const { rules } = pass.lane;
  const { desired } = wish;
  const permitted = permittedOf(pass.lane, wish, asked);
  const gated: Gated = { plan: permitted.steps, held: null, forbidden: permitted.why, approved: [] };
  if (rules.limited.size === 0) return gated;

  const wanted = kindsOf(permittedOf(pass.lane, wish, plan).steps, desired);
  const items = await itemsOf(pass.store.read, pass.account);
  pass.unheld = items.map(({ kind }) => kind).filter((kind) => !wanted.has(kind));
  const isAsked = (step: Step) => isAskedByHand(pass.actions, step);
  const toBegin = permitted.steps.filter((step) => !isAsked(step));
  const limited = [...kindsOf(toBegin, desired)].filter((kind) => rules.limited.has(kind));
  if (limited.length === 0) return gated;

  const { held, approved } = await decide(pass, limited);
  const left = new Set(without(toBegin, new Set(held.keys()), desired));
  // What a person has been asked to do stays asked for.
  return {
    ...gated,
    plan: permitted.steps.filter((step) => left.has(step) || isAsked(step)),
    approved,
    held: held.size === 0 ? null : heldText(pass.lane, held),
  };
}

/** A step beside the plan. @returns null: it may begin; else what holds it back, in words. @throws as `gate`. */
export async function mayBegin(pass: Pass, step: Step, desired: Desired): Promise<string | null> {
  const kind = kindOf(step, desired);
  if (kind === null || !pass.lane.rules.limited.has(kind)) return null;
  const { held } = await decide(pass, [kind]);
  return held.size === 0 ? null : heldText(pass.lane, held);
}

/** What is left of the plan without these kinds, and without what needs them. */
function without(plan: readonly Step[], kinds: ReadonlySet<Kind>, desired: Desired | null): Step[] {
  // A double is no part of what is to be made.
  if (kinds.has('create')) return plan.filter(({ record }) => record !== undefined);
  return plan.filter((step) => {
    const kind = kindOf(step, desired);
    return kind === null || !kinds.has(kind);
  });
}

/** Pure. @throws TargetError reject where it cannot be computed who is protected. */
export function permittedOf(
  { rules }: Pick<Lane, 'rules'>,
  { user, desired }: Pick<Wish, 'user' | 'desired'>,
  plan: readonly Step[],
): { steps: Step[]; why: string | null } {
  const isProtected = user !== null && rules.protected !== null && protects(rules, user);
  const isForbidden = (step: Step) =>
    (isProtected && TAKING.includes(kindOf(step, desired) ?? 'create')) ||
    (rules.neverDelete && step.kind === 'delete');
  const forbidden = plan.filter(isForbidden);
  if (forbidden.length === 0) return { steps: [...plan], why: null };
  const done = [...new Set(forbidden.map(({ kind }) => kind))].join(' and ');
  const why = isProtected
    ? `${done} is due, and is not done: the account is protected (${rules.protected})`
    : `${done} is due, and is not done: nobody is ever deleted here`;
  return { steps: plan.filter((step) => !isForbidden(step)), why };
}

function protects(rules: Lane['rules'], user: NonNullable<Wish['user']>): boolean {
  try {
    return rules.isProtected(user);
  } catch (error) {
    const reason = `who is protected cannot be computed: ${(error as Error).message}`;
    throw new TargetError({ kind: 'reject', reason });
  }
}

interface Decision {
  held: Map<Kind, Pick<Item, 'hold_id' | 'state' | 'reason'>>;
  approved: Kind[];
}

async function decide(pass: Pass, kinds: readonly Kind[]): Promise<Decision> {
  const { store, lane, account } = pass;
  const byPercent = kinds.some((kind) => lane.rules.limits[kind].percent !== null);
  const linked = byPercent ? await linkedIn(store, lane) : 0;
  const now = await store.now();
  const decision = await store.write(async (trx) => {
    await lockTarget(trx, store.dialect, lane);
    if (await isBeingCompared(trx, lane, account.user_id)) return null;
    const items = await itemsOf(trx, account);
    const before = byPercent ? linked + (await deletedLately(trx, lane, now)) : 0;
    const decided: Decision = { held: new Map(), approved: [] };
    for (const kind of kinds) {
      const item = items.find((each) => each.kind === kind);
      if (item && !isApproved(item, now)) decided.held.set(kind, item);
      else if (item) {
        if (!(await hasStarted(trx, pass, kind, now))) await noteStart(trx, pass, kind, { now, counted: 0 });
        decided.approved.push(kind);
      } else {
        const hold = await startOrHold(trx, pass, kind, { now, linked: before });
        if (hold) decided.held.set(kind, hold);
      }
    }
    return decided;
  });
  if (decision) return decision;
  const reason = 'what a change of rules or of a group takes away is being compared with the limits';
  throw new TargetError({ kind: 'snooze', reason, afterMs: ASSESSED_MS });
}

/** A change that concerns the user and has not been compared with the limits as a whole. */
async function isBeingCompared(trx: Kysely<Database>, lane: Lane, userId: string): Promise<boolean> {
  const { rows } = await sql`select 1 from changes where tenant = ${lane.tenant} and assessed = 0
    and (subject = 'target' and subject_id = ${lane.targetId}
      or subject = 'group' and exists (select 1 from members where members.tenant = changes.tenant
        and group_id = subject_id and member_id = ${userId})) limit 1`.execute(trx);
  return rows.length > 0;
}

/** @returns the hold that it joins, or null: it may begin, and uses the limit up. */
async function startOrHold(
  trx: Kysely<Database>,
  pass: Pass,
  kind: Kind,
  { now, linked }: { now: Millis; linked: number },
): Promise<Pick<Item, 'hold_id' | 'state' | 'reason'> | null> {
  const { lane, account } = pass;
  const limit = lane.rules.limits[kind];
  const room = allowance(limit, linked);
  if (await hasStarted(trx, pass, kind, now)) return null;
  if (room === null || (await startedLately(trx, lane, kind, now)) < room) {
    await noteStart(trx, pass, kind, { now, counted: 1 });
    return null;
  }
  const reason = `more than ${limitText(limit, linked)} within 24 hours`;
  const about = { tenant: lane.tenant, target_id: lane.targetId, kind, origin: 'pushes' as const };
  const hold = await openHold(trx, { ...about, reason, created_at: now });
  const into = { tenant: lane.tenant, targetId: lane.targetId, kind, holdId: hold.id };
  await insertItems(trx, into, [account.user_id], now);
  return { hold_id: hold.id, state: 'open', reason: hold.reason };
}

/** It was begun, and is tried again: it counts once. */
async function hasStarted(trx: Kysely<Database>, { lane, account }: Pass, kind: Kind, now: Millis): Promise<boolean> {
  const start = await trx
    .selectFrom('starts')
    .select('started_at')
    .where('tenant', '=', lane.tenant)
    .where('target_id', '=', lane.targetId)
    .where('kind', '=', kind)
    .where('user_id', '=', account.user_id)
    .executeTakeFirst();
  return start !== undefined && Math.abs(now - start.started_at) < WINDOW_MS;
}

async function noteStart(
  trx: Kysely<Database>,
  { lane, account }: Pass,
  kind: Kind,
  { now, counted }: { now: Millis; counted: 0 | 1 },
): Promise<void> {
  await trx
    .insertInto('starts')
    .values({
      tenant: lane.tenant,
      target_id: lane.targetId,
      kind,
      user_id: account.user_id,
      started_at: now,
      counted,
    })
    .onConflict((conflict) =>
      conflict.columns(['tenant', 'target_id', 'kind', 'user_id']).doUpdateSet({ started_at: now, counted }),
    )
    .execute();
}

function heldText({ tenant }: Lane, held: Decision['held']): string {
  return [...held]
    .map(([kind, { hold_id, state, reason }]) => {
      const show = `linkspan hold show ${tenant} ${hold_id}`;
      if (state === null) return `${kind} is held back: it belongs to a set that is being put together`;
      if (state === 'rejected') return `${kind} was rejected by an administrator, hold ${hold_id}: ${show}`;
      return `${kind} is held back by hold ${hold_id} (${reason}); an administrator decides: ${show}`;
    })
    .join('; ');
}
