/**
 * Names that another account of ours holds in the same target. While the holder is on its way to another name (or out),
 * the newcomer waits and is woken by the holder's settle; a circle of renames is broken through a temporary name; a
 * holder at rest is a matter for a person.
 */
import { type Failure, TargetError } from '../../targets/outcome.ts';
import type { Desired } from '../../targets/target.ts';
import type { Account, AccountKey } from '../accounts/accounts.ts';
import { nameOf, type Pass } from './pass.ts';

/** Looked at again at the latest after this, should the holder's settle and ours have missed each other. */
const LONGEST_WAIT_MS = 10_000;
const LONGEST_CIRCLE = 20;

/** Thrown where everybody in a circle waits for the next: this account has to step aside. */
export class Circle extends Error {
  override readonly name = 'Circle';
}

/** @returns if `name` is free as far as our own accounts go. @throws TargetError or Circle as `collide` does. */
export async function requireFree(pass: Pass, name: string | null): Promise<void> {
  if (name === null || name === pass.name) return;
  const { tenant, target_id, user_id } = pass.account;
  await collideWith(pass, () =>
    pass.store.read
      .selectFrom('accounts')
      .select('user_id')
      .where('tenant', '=', tenant)
      .where('target_id', '=', target_id)
      .where('name', '=', name)
      .where('user_id', '!=', user_id)
      .executeTakeFirst(),
  );
}

/**
 * @returns if no create of another account of ours, whose answer was lost, may have made the record of this name.
 * @throws TargetError or Circle as `collide` does.
 */
export async function requireUnclaimed(pass: Pass, name: string | null): Promise<void> {
  const { tenant, target_id, user_id } = pass.account;
  await collideWith(pass, () =>
    pass.store.read
      .selectFrom('accounts')
      .innerJoin('intents', (join) =>
        join
          .onRef('intents.tenant', '=', 'accounts.tenant')
          .onRef('intents.target_id', '=', 'accounts.target_id')
          .onRef('intents.user_id', '=', 'accounts.user_id'),
      )
      .select('accounts.user_id')
      .where('accounts.tenant', '=', tenant)
      .where('accounts.target_id', '=', target_id)
      .where('accounts.name', '=', name)
      .where('accounts.user_id', '!=', user_id)
      .where('intents.closed_at', 'is', null)
      .limit(1)
      .executeTakeFirst(),
  );
}

/** Whose these records are, by their ids; those of this account and of nobody are left out. */
export async function ownersOf(pass: Pass, remoteIds: readonly string[]): Promise<Map<string, AccountKey>> {
  if (remoteIds.length === 0) return new Map();
  const { tenant, target_id, user_id } = pass.account;
  const links = await pass.store.read
    .selectFrom('remote_links')
    .select(['remote_id', 'tenant', 'target_id', 'user_id'])
    .where('system_key', '=', pass.lane.systemKey)
    .where('remote_id', 'in', remoteIds)
    .execute();
  const isOurs = (link: AccountKey) =>
    link.tenant === tenant && link.target_id === target_id && link.user_id === user_id;
  return new Map(links.filter((link) => !isOurs(link)).map(({ remote_id, ...owner }) => [remote_id, owner]));
}

/** @param holderOf who has it now; nobody: no collision. @throws as `collide` does. */
async function collideWith(pass: Pass, holderOf: () => Promise<{ user_id: string } | undefined>): Promise<void> {
  const holder = await holderOf();
  if (holder) await collide(pass, holder.user_id, async () => (await holderOf())?.user_id === holder.user_id);
}

/**
 * @param holdsStill read once more: what the holder gave up with the settle that put it to rest wakes nobody any more.
 * @throws TargetError snooze while the holder moves, reject where it is at rest; Circle where it waits for us.
 */
export async function collide(pass: Pass, holderId: string, holdsStill: () => Promise<boolean>): Promise<never> {
  const holder = await readHolder(pass, holderId);
  pass.waitsFor = holderId;
  // One that waits for us may be at rest, having been told that we were.
  if (holder && (await waitsForUs(pass, holder.waits_for))) throw new Circle('a circle of renames');
  if (!holder || isAtRest(holder)) {
    if (!(await holdsStill())) {
      throw new TargetError({ kind: 'snooze', reason: `user ${holderId} has just given up the name`, afterMs: 0 });
    }
    const reason = `the name is held by the account of user ${holderId}, which is at rest: rename or delete that user, or give this one another name; the account then goes on by itself`;
    throw new TargetError({ kind: 'reject', reason });
  }
  if (holder.urgent === -1 && pass.account.urgent > -1) await hurry(pass, holderId);
  const reason = `waits for user ${holderId} to give up the name`;
  throw new TargetError({ kind: 'snooze', reason, afterMs: LONGEST_WAIT_MS });
}

/** The target says which record has the name: where it is an account of ours, that is a matter among us. */
export async function collideWithRecord(
  pass: Pass,
  remoteId: string,
  refusal: Failure,
  desired: Desired | null,
): Promise<Failure> {
  const holderOf = () =>
    pass.store.read
      .selectFrom('remote_links')
      .select('user_id')
      .where('system_key', '=', pass.lane.systemKey)
      .where('remote_id', '=', remoteId)
      .where('tenant', '=', pass.account.tenant)
      .where('target_id', '=', pass.account.target_id)
      .executeTakeFirst();
  const holder = await holderOf();
  if (holder?.user_id === pass.account.user_id) return refusal;
  try {
    if (holder) await collideWith(pass, holderOf);
    // Not linked yet, but perhaps what a create of ours made whose answer was lost.
    if (desired) await requireUnclaimed(pass, nameOf(desired.keys));
    return refusal;
  } catch (error) {
    if (error instanceof TargetError) return error.failure;
    throw error;
  }
}

/** Nothing is to be done for it; that it is looked at, something being done there by hand, is no work of ours. */
function isAtRest({ due_at, look_at, lease_owner }: Pick<Account, 'due_at' | 'look_at' | 'lease_owner'>): boolean {
  return look_at !== null || (due_at === null && lease_owner === null);
}

/** Who is waited for is no part of a run any more, which comes after everybody else. */
async function hurry({ store, account: { tenant, target_id } }: Pass, holderId: string): Promise<void> {
  await store.write((trx) =>
    trx
      .updateTable('accounts')
      .set({ urgent: 0 })
      .where('tenant', '=', tenant)
      .where('target_id', '=', target_id)
      .where('user_id', '=', holderId)
      .where('urgent', '=', -1)
      .where('due_at', 'is not', null)
      .where('lease_owner', 'is', null)
      .execute(),
  );
}

async function waitsForUs(pass: Pass, waitsFor: string | null): Promise<boolean> {
  let next = waitsFor;
  for (let steps = 0; next !== null && steps < LONGEST_CIRCLE; steps++) {
    if (next === pass.account.user_id) return true;
    next = (await readHolder(pass, next))?.waits_for ?? null;
  }
  return false;
}

function readHolder(pass: Pass, userId: string) {
  return pass.store.read
    .selectFrom('accounts')
    .select(['due_at', 'look_at', 'lease_owner', 'waits_for', 'urgent'])
    .where('tenant', '=', pass.account.tenant)
    .where('target_id', '=', pass.account.target_id)
    .where('user_id', '=', userId)
    .executeTakeFirst();
}
