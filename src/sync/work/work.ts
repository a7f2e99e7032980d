/**
 * One pass over one claimed account: from what the directory says now to what the target holds, and the settle that
 * records it. The same path serves pushes, retries, first syncs and repairs; `explain` walks it without applying.
 */
import type { Store } from '../../store/store.ts';
import type { ReceiptsTable } from '../../store/tables.ts';
import type { Failure } from '../../targets/outcome.ts';
import type { Desired, Keys, Step } from '../../targets/target.ts';
import type { Account } from '../accounts/accounts.ts';
import { heirOf } from '../accounts/heirs.ts';
import { prepare } from '../accounts/intents.ts';
import type { Leases } from '../accounts/leases.ts';
import { type Settlement, settle } from '../accounts/settle.ts';
import { bequeath } from '../accounts/takeover.ts';
import { type Gated, gate, mayBegin, permittedOf } from '../holds/gate.ts';
import { dropItems } from '../holds/ledger.ts';
import { type CallRecord, createIo } from '../lanes/calls.ts';
import type { Lane } from '../lanes/lanes.ts';
import { openActionsOf } from './action-rows.ts';
import { asAdopted } from './adoption.ts';
import { manualOf, owedByHand, readByHand, settleByHand } from './by-hand.ts';
import { Circle, requireFree } from './collisions.ts';
import { conclude } from './conclude.ts';
import { locate } from './locate.ts';
import { beforehand } from './memory.ts';
import { nameOf, type Pass, type Wish } from './pass.ts';
import { settlePassword, spendIfGone, spendUnneeded, withoutSpent } from './pass-through.ts';
import { settleRemovals } from './removals.ts';
import { situationOf } from './situations.ts';
import { carryOut, failureOf, inOrder, isRemoval, receive, takeStep } from './steps.ts';
import { readWish } from './wish.ts';

export interface Worked {
  outcome: Settlement['outcome'];
  reason: string | null;
  /** False: the claim had been lost, and the account is due again. */
  held: boolean;
  /** Every call that was made for it, in order. */
  calls: readonly CallRecord[];
  /** What was taken away, and how long after it was asked for. */
  removals: { kind: ReceiptsTable['kind']; seconds: number }[];
}

/** Works on the account and settles it. Never throws for what a target or a rule does. */
export async function work(store: Store, leases: Leases, lane: Lane, account: Account): Promise<Worked> {
  const { done, heirId } = await bequeath(store, account);
  if (done) return { outcome: 'done', reason: null, held: true, calls: [], removals: [] };
  const pass = await begin(store, leases, lane, account);
  const failure = await attempt(pass, heirId);
  const settlement = conclude(pass, failure);
  const { held, receipts, now } = await store.write(async (trx) => {
    // Read here: of who was frozen before this, the clock may have been set back since.
    const { now } = await trx.selectNoFrom(store.dialect.now().as('now')).executeTakeFirstOrThrow();
    const byHand = await settleByHand(trx, store.dialect, pass, now);
    const { receipts: caused, columns } = await settleRemovals(trx, store.dialect, account, {
      ...pass,
      receipts: [...pass.receipts, ...(byHand?.receipts ?? [])],
      hasTaken: settlement.hasTaken,
      byHand: owedByHand(pass),
      isEmulated: lane.type.capabilities.disable === 'emulated',
    });
    const receipts = caused.map((receipt) => ({ ...receipt, confirmed_at: now }));
    if (receipts.length > 0) await trx.insertInto('receipts').values(receipts).execute();
    if (pass.io.calls.length > 0) await trx.insertInto('calls').values(pass.io.calls).execute();
    const openActions = byHand?.open ?? account.open_actions;
    const held = await settle(trx, account, { ...settlement, removals: columns, openActions }, now);
    if (held && pass.unheld.length > 0) await dropItems(trx, account, pass.unheld, pass.begunAt);
    if (held) await settlePassword(trx, account, pass.spent, now);
    return { receipts, held, now };
  });
  const removals = receipts.map(({ kind, requested_at }) => ({
    kind,
    seconds: Math.max(0, now - requested_at) / 1_000,
  }));
  return { outcome: settlement.outcome, reason: settlement.reason, held, calls: pass.io.calls, removals };
}

async function begin(store: Store, leases: Leases, lane: Lane, account: Account): Promise<Pass> {
  return {
    store,
    lane,
    account,
    io: createIo(lane, {
      userId: account.user_id,
      // A look at what is to be done by hand is nobody's request.
      activityId: account.look_at === null ? account.activity_id : null,
      urgent: account.urgent === 1,
      outlives: (ms) => leases.outlives(ms, account.lease_owner),
    }),
    begunAt: await store.now(),
    remoteId: account.remote_id,
    observed: account.observed === null ? null : JSON.parse(account.observed),
    memory: JSON.parse(account.memory),
    name: account.name,
    situation: null,
    why: '',
    adopted: account.adopted === null ? null : JSON.parse(account.adopted),
    question: account.adoption === null ? null : JSON.parse(account.adoption),
    waitsFor: null,
    held: null,
    unheld: [],
    unclear: false,
    intent: null,
    receipts: [],
    toTake: null,
    actions: account.open_actions === 0 ? [] : await openActionsOf(store.read, account),
    believed: [],
    manual: null,
    given: null,
    spent: null,
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
    const { presence, why } = wish.standing;
    pass.why = why;
    pass.given = wish.given;
    spendIfGone(pass, wish.user);
    if (presence === 'none' || presence === 'keep') {
      pass.situation = situationOf(wish.user, wish.standing, pass.lane.rules);
      pass.question = null;
      if (presence === 'none') pass.name = null;
      pass.manual = manualOf([], null);
      await gate(pass, wish, []);
      return null;
    }
    await locate(pass, wish);
    const failure = await makeTrue(pass, wish, heirId);
    return failure ?? (wish.problem === undefined ? null : { kind: 'reject', reason: wish.problem });
  } catch (error) {
    if (error instanceof Circle && wish) return stepAside(pass, wish).catch(failureOf);
    return failureOf(error);
  }
}

/** @throws Circle */
async function makeTrue(pass: Pass, wish: Wish, heirId: string | null): Promise<Failure | null> {
  const { standing, user } = wish;
  const desired = wish.desired && withoutSpent(asAdopted(wish.desired, pass.adopted), pass);
  const { type, settings } = pass.lane;
  if (standing.presence === 'absent') {
    if (pass.situation === 'missing') receive(pass, 'delete', null, goneBy(pass));
  }
  if (pass.situation !== 'missing') pass.situation = situationOf(user, standing, pass.lane.rules) ?? pass.situation;
  await readByHand(pass, desired);
  // Who should exist without access and does not exist needs no account.
  if (desired?.presence !== 'active' && pass.observed === null) {
    pass.name = null;
    pass.manual = manualOf([], desired);
    const doubles = type.plan(desired, null, pass.memory, settings).filter((step) => step.record !== undefined);
    pass.toTake = new Set(doubles.filter(({ kind }) => isRemoval(kind)));
    return carryOutGated(pass, await gate(pass, wish, doubles), desired);
  }

  const plan = inOrder(type.plan(desired, pass.observed, pass.memory, settings));
  pass.toTake = new Set(plan.filter(({ kind }) => isRemoval(kind)));
  spendUnneeded(pass, plan, desired);
  const asked = manualOf(permittedOf(pass.lane, { user, desired }, plan).steps, desired);
  if (plan.length === 0) {
    if (wish.desired) pass.name = nameOf(wish.desired.keys);
    pass.manual = asked;
    await gate(pass, wish, []);
    return null;
  }
  if (user?.deleted && (await heirOf(pass.store.read, pass.account.tenant, user.id)) !== heirId) {
    return { kind: 'snooze', reason: 'the person has come back and takes the account over', afterMs: 0 };
  }
  pass.manual = asked;
  const blocked = await requireFree(pass, nameAfter(pass, plan, desired)).then(
    () => null,
    (reason: unknown) => ({ reason }),
  );
  if (blocked) {
    // Who waits for a name, or is refused it, keeps no access for that.
    const failed = await takeAway(pass, plan, { ...wish, desired });
    if (failed && failed.kind !== 'reject') return failed;
    throw blocked.reason;
  }
  return carryOutGated(pass, await gate(pass, wish, plan), desired);
}

/** Where a person was asked to remove it, its being gone is proof of the kind that the system offers. */
function goneBy({ actions, lane }: Pass): ReceiptsTable['evidence'] {
  return actions.length > 0 && lane.type.capabilities.verify === 'listing' ? 'listing' : 'read';
}

/** What the gate lets through; what it does not let through is said in the settlement. */
async function carryOutGated(pass: Pass, gated: Gated, desired: Desired | null): Promise<Failure | null> {
  const { plan } = gated;
  pass.held = gated.held;
  await commitBeforehand(pass, {
    memory: beforehand(pass.memory, plan, desired),
    name: nameAfter(pass, plan, desired),
    create: desired && plan.some(isCall('create')) ? desired.keys : null,
    invites: pass.lane.type.capabilities.invites,
  });
  const failure = await carryOut(pass, plan, desired);
  if (failure === null) pass.unheld.push(...gated.approved);
  return failure ?? (gated.forbidden === null ? null : { kind: 'reject', reason: gated.forbidden });
}

function nameAfter(pass: Pass, plan: readonly Step[], desired: Desired | null): string | null {
  const takesName = plan.some(isCall('create')) || plan.some(isCall('rename'));
  return desired && takesName ? nameOf(desired.keys) : pass.name;
}

/** What is left to a person takes no name, and may be done or not. */
function isCall(kind: Step['kind']): (step: Step) => boolean {
  return (step) => step.kind === kind && step.manual === undefined;
}

/** Of the plan only what takes access away. */
async function takeAway(pass: Pass, plan: readonly Step[], wish: Wish): Promise<Failure | null> {
  const removals = plan.filter(({ kind }) => isRemoval(kind));
  if (removals.length === 0) return null;
  return carryOutGated(pass, await gate(pass, wish, plan, removals), wish.desired);
}

/** Nothing is written where nothing has to survive the calls. */
async function commitBeforehand(pass: Pass, about: Parameters<typeof prepare>[2]): Promise<void> {
  const sameMemory = JSON.stringify(about.memory) === JSON.stringify(pass.memory);
  pass.memory = about.memory;
  if (sameMemory && about.name === pass.name && about.create === null) return;
  pass.intent = await prepare(pass.store, pass.account, about);
}

/** Everybody in a circle of renames waits for the next: this account takes a name that nobody wants, for a moment. */
async function stepAside(pass: Pass, { desired }: Wish): Promise<Failure | null> {
  const { type, settings } = pass.lane;
  const aside = desired && { ...desired, keys: outOfTheWay(desired.keys, pass.account.user_id.slice(-8)) };
  const rename = aside && type.plan(aside, pass.observed, pass.memory, settings).find(isCall('rename'));
  if (!aside || !rename) {
    return { kind: 'reject', reason: 'others hold the name and wait for the one held by this account' };
  }
  pass.held = await mayBegin(pass, rename, aside);
  if (pass.held !== null) return null;
  await prepare(pass.store, pass.account, { memory: pass.memory, name: nameOf(aside.keys), create: null });
  await takeStep(pass, rename, aside);
  pass.waitsFor = null;
  return { kind: 'snooze', reason: 'stepped aside to break a circle of renames', afterMs: 0 };
}

/** The name that must be free, made one that nobody wants; an address stays one. */
function outOfTheWay(keys: Keys, mark: string): Keys {
  const [[name, value] = ['', '']] = Object.entries(keys);
  return { ...keys, [name]: value.replace(/(?=@[^@]*$)|$/, `-moving-${mark}`) };
}
