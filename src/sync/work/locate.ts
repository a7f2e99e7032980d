/**
 * Finds the record that an account is, or proves that there is none. What is found is linked before anything is done to
 * it; a link that others hold is never touched.
 */
import { TargetError } from '../../targets/outcome.ts';
import type { Desired, Found, Keys, Memory, Observed } from '../../targets/target.ts';
import type { AccountKey } from '../accounts/accounts.ts';
import { closeAbsent, type Intent, link, openSince, restampIntents, unlink } from '../accounts/intents.ts';
import { longestEffect } from '../lanes/pace.ts';
import { type Rules, reportsMissing } from '../rules/rules.ts';
import { type Adopted, adoptedFrom, ask, judge, restsBecause } from './adoption.ts';
import { collide, ownersOf, requireUnclaimed } from './collisions.ts';
import { withDoubles, withoutGrants } from './memory.ts';
import { nameOf, type Pass, type Wish } from './pass.ts';
import { openGiven, passwordOf, withoutPassword } from './pass-through.ts';

/** Leaves the record in `pass.observed` and `pass.remoteId`, or null in both. */
export async function locate(pass: Pass, wish: Wish): Promise<void> {
  if (pass.remoteId !== null) {
    await confirm(pass, pass.remoteId, wish.desired);
    if (pass.remoteId !== null) return;
  }
  if (wish.intents.length > 0) await recognize(pass, wish);
  // Without a record, and without a create that may have made one, no name is held: also by who is refused the next one.
  if (pass.remoteId === null) pass.name = null;
  if (pass.remoteId === null && wish.desired) await search(pass, wish, wish.desired);
}

/** Looks at the linked record. */
async function confirm(pass: Pass, id: string, desired: Desired | null): Promise<void> {
  const { connection, systemKey } = pass.lane;
  const last = pass.observed;
  const found = await connection.find({ id, keys: desired ? [desired.keys] : [], last, openIntent: false }, pass.io);
  if (found.kind === 'found') {
    pass.observed = found.observed;
    // A rename that was thought to have failed may have landed late: the name given up must not look taken.
    pass.name = nameOf(found.observed.keys);
    pass.situation = 'confirmed';
    pass.question = null;
    return;
  }
  if (found.kind !== 'absent') {
    throw new TargetError({ kind: 'reject', reason: `the account ${id} cannot be told from others any more` });
  }
  // A wrong base URL answers 404 to everything: absence counts only from a system that proves to be the right one.
  await connection.check(pass.io);
  if (desired?.presence === 'active' && reportsMissing(pass.lane)) {
    pass.situation = 'missing';
    const reason = `the record ${id} is gone; rule "missing" says to report that and not to make it anew`;
    throw new TargetError({ kind: 'reject', reason });
  }
  await unlink(pass.store, pass.account, systemKey, id);
  pass.remoteId = null;
  pass.observed = null;
  pass.adopted = null;
  pass.memory = withoutGrants(pass.memory);
  pass.situation = 'missing';
}

/** Looks for what an earlier create of ours has made, its answer being lost. What others are linked to is not that. */
async function recognize(pass: Pass, wish: Wish): Promise<void> {
  const { intents } = wish;
  const keys = distinct(intents.map((intent) => intent.keys));
  const query = { id: null, keys, last: null, openIntent: true, since: openSince(intents) };
  const found = await pass.lane.connection.find(query, pass.io);
  const doubles = (found.kind === 'found' && found.doubles) || [];
  const linked = await ownersOf(pass, [...idsOf(found), ...doubles]);
  const [made, ...others] = idsOf(found).filter((id) => !linked.has(id));
  if (made === undefined) return concludeAbsent(pass, found, intents);
  pass.situation = others.length > 0 ? 'ambiguous' : 'confirmed';
  const about = { found, free: [made, ...others], keys: keys[0] ?? {} };
  const id = others.length > 0 ? (await decide(pass, wish, about)).record : made;
  const observed = await recordOf(pass, found, id);
  const further = doubles.filter((each) => each !== id && !linked.has(each));
  await linkTo(pass, id, null, withDoubles(pass.memory, further));
  pass.observed = observed;
}

/** Looks for a record that was there before. Whether it is linked is the rule's and the administrator's to say. */
async function search(pass: Pass, wish: Wish, desired: Desired): Promise<void> {
  const { connection, rules } = pass.lane;
  // A record that was made this very moment is given back by a create that is natural: only `exact` may overlook it.
  const isCertain = rules.existing !== 'exact';
  const query = { id: null, keys: [desired.keys], last: null, openIntent: isCertain };
  const found = await connection.find(query, pass.io);
  const ids = idsOf(found);
  if (ids.length === 0) {
    pass.situation ??= 'absent';
    pass.question = null;
    if (found.kind === 'unknowable' && isCertain && desired.presence === 'active') throw unaskable(rules.existing);
    return;
  }
  const linked = await ownersOf(pass, ids);
  const free = ids.filter((id) => !linked.has(id));
  pass.situation = free.length > 1 ? 'ambiguous' : 'found';
  await requireUnclaimed(pass, nameOf(desired.keys));
  if (free.length === 0) return alreadyLinked(pass, linked);
  const { record: id, by } = await decide(pass, wish, { found, free, keys: desired.keys });
  const observed = await recordOf(pass, found, id);
  const adopted = adoptedFrom(observed, desired, { at: await pass.store.now(), by });
  await linkTo(pass, id, adopted);
  pass.observed = observed;
  pass.name = nameOf(desired.keys);
}

/** @throws TargetError where the record is somebody else's. */
export async function linkTo(
  pass: Pass,
  id: string,
  adopted: Adopted | null = null,
  memory: Memory = pass.memory,
): Promise<void> {
  const kept = memory === pass.memory ? null : memory;
  const owner = await link(pass.store, pass.account, pass.lane.systemKey, id, adopted, kept);
  if (owner !== null) return alreadyLinked(pass, new Map([[id, owner]]));
  pass.remoteId = id;
  pass.memory = memory;
  pass.adopted = adopted;
  pass.question = null;
}

/** @param owners by record; one at least. */
async function alreadyLinked(pass: Pass, owners: ReadonlyMap<string, AccountKey>): Promise<never> {
  pass.situation = 'already-linked';
  pass.question = null;
  const { tenant, target_id } = pass.account;
  const ours = [...owners].find(([, owner]) => owner.tenant === tenant && owner.target_id === target_id);
  if (ours) {
    const [record, { user_id }] = ours;
    return collide(pass, user_id, async () => (await ownersOf(pass, [record])).get(record)?.user_id === user_id);
  }
  const reason =
    'an account of that name exists there and is linked elsewhere; a record is linked once, so the user needs another name or e-mail address';
  throw new TargetError({ kind: 'reject', reason });
}

/** @param about.free ids of those that are linked to nobody. @throws TargetError where the account has to rest. */
async function decide(
  pass: Pass,
  { user }: Wish,
  { found, free, keys }: { found: Found; free: readonly string[]; keys: Keys },
): Promise<{ record: string; by: Adopted['by'] }> {
  const verdict = judge(pass.lane.rules.existing, free, pass.question);
  if (verdict.kind === 'link') return verdict;
  const seen = found.kind === 'found' ? { keys: found.observed.keys } : {};
  const asked = { askedAt: await pass.store.now(), keys, records: free.map((id) => ({ id, ...seen })) };
  if (verdict.kind === 'ask') pass.question = ask(pass.question, asked);
  if (verdict.kind === 'forbidden') pass.question = null;
  const userName = String(user?.resource.userName ?? pass.account.user_id);
  const reason = restsBecause(verdict.kind, free, { tenant: pass.lane.tenant, target: pass.lane.name, userName });
  throw new TargetError({ kind: 'reject', reason });
}

/** The record with this id, of those that were found. */
async function recordOf(pass: Pass, found: Found, id: string): Promise<Observed> {
  if (found.kind === 'found' && found.observed.id === id) return found.observed;
  const again = await pass.lane.connection.find({ id, keys: [], last: null, openIntent: false }, pass.io);
  if (again.kind === 'found') return again.observed;
  throw new TargetError({ kind: 'retry', reason: `the record ${id} is gone again; it will be looked for anew` });
}

function idsOf(found: Found): readonly string[] {
  if (found.kind === 'found') return [found.observed.id];
  return found.kind === 'ambiguous' ? [...new Set(found.ids)] : [];
}

/** Where creating is asking, a create would link whatever is there. */
function unaskable(existing: Rules['existing']): TargetError {
  const reason = `this system cannot be asked who is there, and a create would take over an account that exists: rule "existing": "${existing}" cannot be kept here; only "exact" can`;
  return new TargetError({ kind: 'reject', reason });
}

/** An earlier create that may still land forbids the conclusion; where asking is impossible, creating is asking. */
async function concludeAbsent(pass: Pass, found: Found, intents: Wish['intents']): Promise<void> {
  pass.situation ??= 'absent';
  const last = intents.toSorted((a, b) => a.created_at - b.created_at).at(-1);
  if (!last) return;
  pass.question = null;
  if (pass.lane.type.capabilities.invites && intents.some(({ answered }) => answered)) {
    const reason = 'the invitation was accepted and no list shows the person yet; another one would mail them twice';
    throw new TargetError({ kind: 'retry', reason });
  }
  const certainAt = Math.max(last.created_at + longestEffect(pass.lane.pace), pass.account.verify_after ?? 0);
  // What counts is when the look began, not when it ended: it may have landed in between.
  if (pass.begunAt < certainAt) {
    const reason = 'an earlier create may still take effect; it is looked for again then';
    const afterMs = Math.max(0, certainAt - (await pass.store.now()));
    throw new TargetError({ kind: 'snooze', reason, afterMs });
  }
  if (found.kind !== 'unknowable') {
    await closeAbsent(pass.store, pass.account);
    // There is no record: what a create would have assigned is not there either.
    pass.memory = withoutGrants(pass.memory);
    return;
  }
  if (pass.lane.type.capabilities.create === 'none') throw neverTwice(pass.lane.type.capabilities.invites);
  for (const intent of intents) await createAgain(pass, intent);
}

/** Nobody can say whether it took effect, and another one would be a double. */
function neverTwice(invites: boolean): TargetError {
  const what = invites ? 'an invitation was sent' : 'an account was created';
  const reason = `whether ${what} is not known, and this system cannot be asked; it is not repeated: find out there`;
  return new TargetError({ kind: 'reject', reason });
}

/** A second create with the same keys gives back the first (natural idempotency). */
async function createAgain(pass: Pass, intent: Intent): Promise<void> {
  const { lane, io } = pass;
  const password = passwordOf(lane.rules, 'active', pass.given);
  const as: Desired = { presence: 'active', keys: intent.keys, fields: intent.keys, assignments: [], password };
  const step = lane.type.plan(as, null, pass.memory, lane.settings).find(({ kind }) => kind === 'create');
  if (!step) return;
  // Whether it makes the record or gives back the first, which has another password, is not told: none counts as sent.
  const given = await openGiven(pass, step, { asSent: false });
  const subject = { id: null, desired: as, ...(given && { password: given.password }) };
  const applied = await lane.connection.apply(step, subject, io).catch(async (thrown: unknown) => {
    const error = withoutPassword(thrown, given?.password);
    const failure = error instanceof TargetError ? error.failure : null;
    if (failure?.kind !== 'retry' || !failure.unclear) throw error;
    // It may land from now on, as the first one might have: nothing is asked before that is over.
    await restampIntents(pass.store, pass.account);
    throw new TargetError({ ...failure, afterMs: longestEffect(lane.pace) });
  });
  if (applied.id === undefined) return;
  await linkTo(pass, applied.id);
  pass.observed = applied.observed ?? null;
  if (pass.observed === null) await confirm(pass, applied.id, as);
}

function distinct(keys: readonly Keys[]): Keys[] {
  return [...new Map(keys.map((key) => [JSON.stringify(key), key])).values()];
}
