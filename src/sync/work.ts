/**
 * One pass over one claimed account: from what the directory says now to what the target holds, and the settle that
 * records it. The same path serves pushes, retries, first syncs and repairs; `explain` walks it without applying.
 */
import type { Store } from '../store/store.ts';
import type { Failure } from '../targets/outcome.ts';
import type { Desired, Step } from '../targets/target.ts';
import { type Account, type Settlement, settle } from './accounts.ts';
import { createIo } from './calls.ts';
import { Circle, requireFree } from './collisions.ts';
import { heirOf } from './heirs.ts';
import { prepare } from './intents.ts';
import type { Lane } from './lanes.ts';
import type { Leases } from './leases.ts';
import { locate } from './locate.ts';
import { beforehand, withoutRemovalOwed } from './memory.ts';
import { backoff, longestEffect } from './pace.ts';
import { nameOf, type Pass, type Wish } from './pass.ts';
import { carryOut, failureOf, inOrder, receive, takeStep } from './steps.ts';
import { bequeath } from './takeover.ts';
import { readWish } from './wish.ts';

export interface Worked {
  outcome: Settlement['outcome'];
  reason: string | null;
  /** False: the claim had been lost, and the account is due again. */
  held: boolean;
}

/** Works on the account and settles it. Never throws for what a target or a rule does. */
export async function work(store: Store, leases: Leases, lane: Lane, account: Account): Promise<Worked> {
  const { done, heirId } = await bequeath(store, account);
  if (done) return { outcome: 'done', reason: null, held: true };
  const pass = await begin(store, leases, lane, account);
  const failure = await attempt(pass, heirId);
  const settlement = conclude(pass, failure);
  const now = await store.now();
  const held = await store.write(async (trx) => {
    const receipts = pass.receipts.map((receipt) => ({ ...receipt, confirmed_at: now }));
    if (receipts.length > 0) await trx.insertInto('receipts').values(receipts).execute();
    if (pass.io.calls.length > 0) await trx.insertInto('calls').values(pass.io.calls).execute();
    return settle(trx, account, settlement, now);
  });
  return { outcome: settlement.outcome, reason: settlement.reason, held };
}

async function begin(store: Store, leases: Leases, lane: Lane, account: Account): Promise<Pass> {
  return {
    store,
    lane,
    account,
    io: createIo(lane, {
      userId: account.user_id,
      activityId: account.activity_id,
      urgent: account.urgent === 1,
      outlives: leases.outlives,
    }),
    begunAt: await store.now(),
    remoteId: account.remote_id,
    observed: account.observed === null ? null : JSON.parse(account.observed),
    memory: JSON.parse(account.memory),
    name: account.name,
    situation: null,
    waitsFor: null,
    unclear: false,
    receipts: [],
  };
}

/**
 * @param heirId the heir with a record of its own, beside whom the account of the former self goes its way; null: none.
 * @returns what kept the account from being true, or null.
 */
async function attempt(pass: Pass, heirId: string | null): Promise<Failure | null> {
  let wish: Wish | null = null;
  try {
    wish = await readWish(pass.store.read, pass.lane, pass.account);
    const { presence } = wish.standing;
    if (presence === 'none' || presence === 'keep') {
      pass.situation = 'out-of-scope';
      if (presence === 'none') pass.name = null;
      return null;
    }
    await locate(pass, wish);
    return await makeTrue(pass, wish, heirId);
  } catch (error) {
    if (error instanceof Circle && wish) return stepAside(pass, wish).catch(failureOf);
    return failureOf(error);
  }
}

/** @throws Circle */
async function makeTrue(pass: Pass, wish: Wish, heirId: string | null): Promise<Failure | null> {
  const { desired, standing, user } = wish;
  const { type, settings } = pass.lane;
  if (standing.presence === 'absent') {
    if (pass.situation === 'missing') receive(pass, 'delete', null, 'read');
    else pass.situation = 'source-missing';
  }
  // Who should exist without access and does not exist needs no account.
  if (desired?.presence !== 'active' && pass.observed === null) {
    pass.name = null;
    return null;
  }

  const plan = inOrder(type.plan(desired, pass.observed, pass.memory, settings));
  if (plan.length === 0) {
    if (desired) pass.name = nameOf(desired.keys);
    return null;
  }
  if (user?.deleted && (await heirOf(pass.store.read, pass.account.tenant, user.id)) !== heirId) {
    return { kind: 'snooze', reason: 'the person has come back and takes the account over', afterMs: 0 };
  }
  const creates = plan.some((step) => step.kind === 'create');
  const wantedName =
    desired && (creates || plan.some((step) => step.kind === 'rename')) ? nameOf(desired.keys) : pass.name;
  const blocked = await requireFree(pass, wantedName).then(
    () => null,
    (reason: unknown) => ({ reason }),
  );
  if (blocked) {
    // Who waits for a name, or is refused it, keeps no access for that.
    const failed = await takeAway(pass, plan, desired);
    if (failed && failed.kind !== 'reject') return failed;
    throw blocked.reason;
  }
  await commitBeforehand(pass, {
    memory: beforehand(pass.memory, plan, desired),
    name: wantedName,
    create: creates && desired ? desired.keys : null,
  });
  return carryOut(pass, plan, desired);
}

/** Of the plan only what takes access away. */
async function takeAway(pass: Pass, plan: readonly Step[], desired: Desired | null): Promise<Failure | null> {
  const removals = plan.filter(({ kind }) => kind === 'unassign' || kind === 'disable' || kind === 'delete');
  if (removals.length === 0) return null;
  await commitBeforehand(pass, { memory: beforehand(pass.memory, removals, desired), name: pass.name, create: null });
  return carryOut(pass, removals, desired);
}

/** Nothing is written where nothing has to survive the calls. */
async function commitBeforehand(pass: Pass, about: Parameters<typeof prepare>[2]): Promise<void> {
  const sameMemory = JSON.stringify(about.memory) === JSON.stringify(pass.memory);
  pass.memory = about.memory;
  if (sameMemory && about.name === pass.name && about.create === null) return;
  await prepare(pass.store, pass.account, about);
}

/** Everybody in a circle of renames waits for the next: this account takes a name that nobody wants, for a moment. */
async function stepAside(pass: Pass, { user, standing }: Wish): Promise<Failure> {
  const { type, settings } = pass.lane;
  const userName = `${user?.resource.userName}-moving-${pass.account.user_id.slice(-8)}`;
  const person = user && {
    id: user.id,
    user: { ...user.resource, userName },
    presence: 'active' as const,
    assignments: standing.assignments,
  };
  const aside = person && type.desired(person, settings);
  const rename = aside && type.plan(aside, pass.observed, pass.memory, settings).find((step) => step.kind === 'rename');
  if (!aside || !rename) {
    return { kind: 'reject', reason: 'others hold the name and wait for the one held by this account' };
  }
  await prepare(pass.store, pass.account, { memory: pass.memory, name: nameOf(aside.keys), create: null });
  await takeStep(pass, rename, aside);
  pass.waitsFor = null;
  return { kind: 'snooze', reason: 'stepped aside to break a circle of renames', afterMs: 0 };
}

function conclude(pass: Pass, failure: Failure | null): Settlement {
  const { account, lane } = pass;
  const attempts = failure?.kind === 'retry' ? account.attempts + 1 : failure ? account.attempts : 0;
  return {
    outcome: failure?.kind ?? 'done',
    reason: failure?.reason ?? null,
    situation: pass.situation,
    waitMs: waitOf(failure, attempts, lane),
    attempts,
    waitsFor: failure ? pass.waitsFor : null,
    remoteId: pass.remoteId,
    observed: pass.observed,
    memory: failure ? pass.memory : withoutRemovalOwed(pass.memory),
    name: pass.name,
    begunAt: pass.begunAt,
    unclear: pass.unclear,
    longestEffectMs: longestEffect(lane.pace),
  };
}

/** @returns milliseconds until the next look, or null: at rest. */
function waitOf(failure: Failure | null, attempts: number, lane: Lane): number | null {
  if (failure === null || failure.kind === 'reject') return null;
  if (failure.kind === 'pause') return 0;
  if (failure.kind === 'snooze') return failure.afterMs;
  return failure.afterMs ?? backoff(attempts, lane.pace, Math.random);
}
