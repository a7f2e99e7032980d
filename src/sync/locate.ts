/**
 * Finds the record that an account is, or proves that there is none. What is found is linked before anything is done to
 * it; a link that others hold is never touched.
 */
import { TargetError } from '../targets/outcome.ts';
import type { Desired, Found, Keys } from '../targets/target.ts';
import { collide, requireUnclaimed } from './collisions.ts';
import { closeIntents, type Intent, link, unlink } from './intents.ts';
import { withoutGrants } from './memory.ts';
import { longestEffect } from './pace.ts';
import { nameOf, type Pass, type Wish } from './pass.ts';

/** Leaves the record in `pass.observed` and `pass.remoteId`, or null in both. */
export async function locate(pass: Pass, wish: Wish): Promise<void> {
  if (pass.remoteId !== null) {
    await confirm(pass, pass.remoteId, wish.desired);
    if (pass.remoteId !== null) return;
  }
  const keys = distinct([...wish.intents.map((intent) => intent.keys), ...(wish.desired ? [wish.desired.keys] : [])]);
  if (keys.length === 0) return;

  const query = { id: null, keys, last: null, openIntent: wish.intents.length > 0 };
  const found = await pass.lane.connection.find(query, pass.io);
  if (found.kind === 'found') return adopt(pass, found, wish);
  if (found.kind === 'ambiguous') {
    pass.situation = 'ambiguous';
    throw new TargetError({ kind: 'reject', reason: `${found.ids.length} accounts match: ${found.detail}` });
  }
  await concludeAbsent(pass, found, wish);
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
    return;
  }
  if (found.kind !== 'absent') {
    throw new TargetError({ kind: 'reject', reason: `the account ${id} cannot be told from others any more` });
  }
  // A wrong base URL answers 404 to everything: absence counts only from a system that proves to be the right one.
  await connection.check(pass.io);
  await unlink(pass.store, pass.account, systemKey, id);
  pass.remoteId = null;
  pass.observed = null;
  pass.memory = withoutGrants(pass.memory);
  pass.situation = 'missing';
}

async function adopt(pass: Pass, found: Extract<Found, { kind: 'found' }>, wish: Wish): Promise<void> {
  if (wish.intents.length === 0 && wish.desired) await requireUnclaimed(pass, nameOf(wish.desired.keys));
  await linkTo(pass, found.observed.id);
  pass.observed = found.observed;
  pass.situation = wish.intents.length > 0 ? 'confirmed' : 'found';
}

/** @throws TargetError where the record is somebody else's. */
export async function linkTo(pass: Pass, id: string): Promise<void> {
  const owner = await link(pass.store, pass.account, pass.lane.systemKey, id);
  if (owner === null) {
    pass.remoteId = id;
    return;
  }
  pass.situation = 'already-linked';
  const ours = owner.tenant === pass.account.tenant && owner.target_id === pass.account.target_id;
  if (ours) await collide(pass, owner.user_id);
  throw new TargetError({ kind: 'reject', reason: 'an account of that name exists there and is linked elsewhere' });
}

/** An earlier create that may still land forbids the conclusion; where asking is impossible, creating is asking. */
async function concludeAbsent(pass: Pass, found: Found, { intents }: Wish): Promise<void> {
  pass.situation = 'absent';
  const last = intents.toSorted((a, b) => a.created_at - b.created_at).at(-1);
  if (!last) return;
  const certainAt = Math.max(last.created_at + longestEffect(pass.lane.pace), pass.account.verify_after ?? 0);
  const now = await pass.store.now();
  if (now < certainAt) {
    const reason = 'an earlier create may still take effect; it is looked for again then';
    throw new TargetError({ kind: 'snooze', reason, afterMs: certainAt - now });
  }
  if (found.kind === 'unknowable') for (const intent of intents) await createAgain(pass, intent);
  else await closeIntents(pass.store, pass.account, 'absent');
}

/** A second create with the same keys gives back the first (natural idempotency). */
async function createAgain(pass: Pass, intent: Intent): Promise<void> {
  const { lane, io } = pass;
  const as: Desired = { presence: 'active', keys: intent.keys, fields: intent.keys, assignments: [] };
  const step = lane.type.plan(as, null, pass.memory, lane.settings).find(({ kind }) => kind === 'create');
  if (!step) return;
  const applied = await lane.connection.apply(step, { id: null, desired: as }, io);
  if (applied.id === undefined) return;
  await linkTo(pass, applied.id);
  pass.observed = applied.observed ?? null;
  if (pass.observed === null) await confirm(pass, applied.id, as);
}

function distinct(keys: readonly Keys[]): Keys[] {
  return [...new Map(keys.map((key) => [JSON.stringify(key), key])).values()];
}
