/**
 * An administrator sets the password of one account, now and beside the servers: it goes straight to the system and is kept
 * nowhere, so no worker could carry it on later. Who did it and when is in the activity log, before the call.
 *
 * The account's lease is held meanwhile: a disable that overtook the call would be undone by it, and no read could show that.
 */
import { randomInt, randomUUIDv7 } from 'node:crypto';
import { recordActivity } from '../../directory/changes.ts';
import type { Store } from '../../store/store.ts';
import type { Millis } from '../../store/tables.ts';
import { TargetError } from '../../targets/outcome.ts';
import type { Observed, Step } from '../../targets/target.ts';
import type { AccountKey } from '../accounts/accounts.ts';
import { type SideLease, withSideLease } from '../accounts/side-lease.ts';
import { createIo, type RecordingIo } from '../lanes/calls.ts';
import type { Lane } from '../lanes/lanes.ts';
import { takesGiven, withoutPassword } from '../work/pass-through.ts';
import { readWish } from '../work/wish.ts';
import { TargetInputError } from './targets.ts';

export interface PasswordRequest {
  userId: string;
  /** For messages. */
  user: string;
  password: string;
  actor: string;
  /** How long a worker that has the account is waited for. */
  waitMs?: number;
}

/** @returns the activity's id, for `linkspan why`. @throws TargetInputError in words; then it is not set, or may not be. */
export async function setPassword(store: Store, lane: Lane, request: PasswordRequest): Promise<string> {
  const { tenant, targetId, name } = lane;
  const { user, userId, waitMs = 10_000 } = request;
  if (lane.paused) {
    throw new TargetInputError(`Target "${name}" is paused (${lane.pausedReason}): nothing is called there.`);
  }
  const key = { tenant, target_id: targetId, user_id: userId };
  await requireAccount(store, key, `${user} has no account in "${name}" yet. See: linkspan explain ${tenant} ${user}`);
  const lease = { callMs: lane.pace.callTimeoutMs, waitMs };
  const activityId = await withSideLease(store, key, lease, (held) => setUnderLease(store, lane, held, request));
  if (activityId !== null) return activityId;
  throw new TargetInputError(`The account of ${user} in "${name}" is being worked on. Nothing was set; try again.`);
}

async function requireAccount(
  store: Store,
  { tenant, target_id, user_id }: AccountKey,
  otherwise: string,
): Promise<void> {
  const account = await store.read
    .selectFrom('accounts')
    .select('remote_id')
    .where('tenant', '=', tenant)
    .where('target_id', '=', target_id)
    .where('user_id', '=', user_id)
    .executeTakeFirst();
  if (!account?.remote_id) throw new TargetInputError(otherwise);
}

async function setUnderLease(store: Store, lane: Lane, lease: SideLease, request: PasswordRequest): Promise<string> {
  const { user, userId, password, actor } = request;
  const { tenant, name, connection } = lane;
  const { account } = lease;
  const activityId = randomUUIDv7();
  const io = createIo(lane, { userId, activityId, urgent: true, outlives: lease.outlives });
  const observed = await inWords(lookAt(store, lane, lease, io, user), 'Nothing was set');
  const steps = stepsFor(lane, observed);
  if (steps.length === 0) {
    throw new TargetInputError(
      `No password can be set in "${name}": ${lane.type.title} has no call for it. People choose their own there.`,
    );
  }
  const now = await store.now();
  const activity = {
    action: 'set password',
    resourceType: 'User',
    resourceId: userId,
    changed: [`password in ${name}`],
  } as const;
  await store.write((trx) => recordActivity(trx, { tenant, actor, activityId }, activity, now));
  try {
    for (const step of steps) {
      const subject = { id: observed.id, desired: asObserved(observed), observed, password };
      const applied = connection.apply(step, subject, io).catch((error: unknown) => {
        throw withoutPassword(error, password);
      });
      await inWords(applied, 'The password was not set');
    }
    await overrule(store, account, now);
  } catch (error) {
    // It may land late: not after a disable that comes meanwhile, and not unnoticed where it carries the whole record.
    if (error instanceof Unclear || !(error instanceof TargetInputError)) lease.distrust(lane.pace.settleMs);
    throw error;
  } finally {
    await store.write((trx) => trx.insertInto('calls').values(io.calls).execute());
  }
  return activityId;
}

/** One of the identity provider that was to be delivered before this one is not delivered after it. */
async function overrule(store: Store, { tenant, target_id, user_id }: AccountKey, now: Millis): Promise<void> {
  await store.write((trx) =>
    trx
      .deleteFrom('passwords')
      .where('tenant', '=', tenant)
      .where('target_id', '=', target_id)
      .where('user_id', '=', user_id)
      .where('created_at', '<=', now)
      .execute(),
  );
}

/** The record as it is now. @throws TargetInputError for somebody who should have no access there, or has none. */
async function lookAt(
  store: Store,
  lane: Lane,
  { account }: SideLease,
  io: RecordingIo,
  user: string,
): Promise<Observed> {
  const { standing } = await readWish(store.read, lane, account);
  if (standing.presence !== 'active') {
    throw new TargetInputError(`${user} should have no access to "${lane.name}" (${standing.why}). Nothing was set.`);
  }
  const last = account.observed === null ? null : (JSON.parse(account.observed) as Observed);
  const found = await lane.connection.find({ id: account.remote_id, keys: [], last, openIntent: false }, io);
  if (account.remote_id === null || found.kind !== 'found') {
    throw new TargetInputError(`The record of ${user} in "${lane.name}" is gone. Nothing was set.`);
  }
  if (!found.observed.enabled) {
    throw new TargetInputError(
      `The account of ${user} in "${lane.name}" is disabled there, and is to be enabled. Nothing was set; try again then.`,
    );
  }
  return found.observed;
}

/** Nothing but the password differs, so whatever else is to be done to the account is left to a worker. */
function stepsFor({ type, settings }: Lane, observed: Observed): Step[] {
  const desired = { ...asObserved(observed), password: 'given' as const };
  const plan = type.plan(desired, observed, { granted: [], remembered: [] }, settings);
  return plan.filter((step) => step.manual === undefined && takesGiven(step));
}

function asObserved({ keys, fields, assignments }: Observed) {
  return { presence: 'active' as const, keys, fields, assignments: assignments ?? [] };
}

async function inWords<T>(work: Promise<T>, otherwise: string): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof TargetError)) throw error;
    const { reason } = error.failure;
    if (error.failure.kind === 'retry' && error.failure.unclear) {
      throw new Unclear(`It is not known whether the password was set (${reason}). Set another one.`);
    }
    throw new TargetInputError(`${otherwise}: ${reason}`);
  }
}

class Unclear extends TargetInputError {}

/** Without those that are taken for one another when read aloud or from paper. */
const LETTERS = ['abcdefghijkmnpqrstuvwxyz', 'ABCDEFGHJKLMNPQRSTUVWXYZ', '23456789'] as const;

/** Four groups of five, with a letter of each kind, a digit and a hyphen: over 110 random bits. */
export function readablePassword(): string {
  const all = LETTERS.join('');
  for (;;) {
    const letters = Array.from({ length: 20 }, () => all.charAt(randomInt(all.length)));
    if (!LETTERS.every((kind) => letters.some((letter) => kind.includes(letter)))) continue;
    return letters.join('').replace(/(.{5})(?=.)/g, '$1-');
  }
}
