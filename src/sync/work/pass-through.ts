/**
 * Passwords that an identity provider has set, from the directory's keeping (directory/passwords.ts) to the targets whose
 * rule passes them through. A row stands for one that a target has not been given yet: a worker opens it right before the
 * step that needs it, and its settle removes it, unless a newer one has come. What is not wanted any more is removed
 * undelivered: the user is deleted or leaves the scope, the rule or the target goes, the time is over.
 *
 * Setting one twice is harmless, and what a crash between call and settle comes to. But one that was sent with a create
 * has been delivered as soon as the record is found, and nobody's record that was there before is given a first one.
 */
import { type Kysely, sql } from 'kysely';
import type { Owner } from '../../directory/passwords.ts';
import type { DirectoryUser } from '../../directory/people.ts';
import type { Store } from '../../store/store.ts';
import type { Database, Millis, PasswordsTable } from '../../store/tables.ts';
import { TargetError } from '../../targets/outcome.ts';
import { hide } from '../../targets/redact.ts';
import type { Desired, Observed, Person, Step, TargetType } from '../../targets/target.ts';
import type { AccountKey } from '../accounts/accounts.ts';
import { heldBy } from '../accounts/claims.ts';
import { LeaseLost } from '../accounts/intents.ts';
import { Rules } from '../rules/rules.ts';
import { passes } from '../upkeep/hourly.ts';
import type { Pass } from './pass.ts';

const DAY_MS = 86_400_000;
/** Accounts in one transaction, and the pause after it: requests must not wait for housekeeping. */
const SLICE = 250;
const PAUSE_MS = 20;

/** One that has not been delivered, without the password. */
export type Given = Pick<PasswordsTable, 'id'> & {
  /** It came with the user. */
  initial: boolean;
  /** A create has been sent with it. */
  sent: boolean;
};

/** What became of one in this pass. */
export interface Spent {
  id: string;
  /** False: it is not to be delivered any more. */
  delivered: boolean;
}

/** What a sealed password is bound to. */
export function aboutPassword({ tenant, userId }: Owner): string {
  return JSON.stringify(['password', tenant, userId]);
}

/** Targets of the tenant that are given passwords. */
export async function takersOf(trx: Kysely<Database>, tenant: string): Promise<string[]> {
  const rows = await trx
    .selectFrom('targets')
    .select('id')
    .where('tenant', '=', tenant)
    .where('takes_passwords', '=', 1)
    .execute();
  return rows.map(({ id }) => id);
}

interface Taking {
  tenant: string;
  /** Null: a target that is not there yet. */
  targetId: string | null;
  rules: Pick<Rules, 'passwords' | 'passwordDays'>;
}

/** By user. Those whose time is over are left out. Costs nothing where the rule passes none through. */
export async function readGiven(
  db: Kysely<Database>,
  { tenant, targetId, rules }: Taking,
  userIds: readonly string[],
  now: () => Promise<Millis>,
): Promise<Map<string, Given>> {
  if (rules.passwords !== 'pass-through' || targetId === null || userIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('passwords')
    .select(['user_id', 'id', 'initial', 'sent', 'created_at'])
    .where('tenant', '=', tenant)
    .where('user_id', 'in', userIds)
    .where('target_id', '=', targetId)
    .execute();
  if (rows.length === 0) return new Map();
  const since = (await now()) - rules.passwordDays * DAY_MS;
  return new Map(
    rows
      .filter(({ created_at }) => created_at > since)
      .map(({ user_id, id, initial, sent }) => [user_id, { id, initial: initial === 1, sent: sent === 1 }]),
  );
}

/** Who must not get in is given none: where a disable is a changed password, that would undo it. */
export function passwordOf(
  { passwords }: Pick<Rules, 'passwords'>,
  presence: Person['presence'],
  given: Given | null,
): Person['password'] {
  if (passwords === 'none') return 'none';
  return given && presence === 'active' ? 'given' : 'random';
}

/**
 * What is wanted, now that the record was looked for. A record that is there is not given what was sent with its create,
 * nor, where it was there before and is adopted, what came with the user; what is set later it is given.
 */
export function withoutSpent<T extends Desired>(
  desired: T,
  { given, remoteId, adopted }: { given: Given | null; remoteId: string | null; adopted: object | null },
): T {
  if (given === null || remoteId === null) return desired;
  return (adopted ? given.initial : given.sent) ? { ...desired, password: 'random' } : desired;
}

const GIVEN = '<given>';

export function takesGiven({ body }: Step): boolean {
  return body !== undefined && Object.values(body).includes(GIVEN);
}

/**
 * Whether this type sends a password with a create, and sets one for an account that is there: asked of its own plan, for
 * nobody in particular. Where it will plan nothing for nobody, it is taken to do both.
 */
function passwordCalls(type: TargetType, settings: unknown): { create: boolean; change: boolean } {
  const values = Object.fromEntries(Object.keys(type.mapping).map((field) => [field, 'nobody@example.com']));
  const person = {
    id: 'nobody',
    user: { userName: 'nobody@example.com' },
    presence: 'active',
    assignments: [],
  } as const;
  const memory = { granted: [], remembered: [] };
  try {
    const desired = type.desired({ ...person, values, password: 'given' }, settings);
    if (desired === null) return { create: true, change: true };
    const { keys, fields, assignments } = desired;
    const observed: Observed = { id: 'nobody', keys, fields, enabled: true, assignments };
    return {
      create: type.plan(desired, null, memory, settings).some(takesGiven),
      change: type.plan(desired, observed, memory, settings).some(takesGiven),
    };
  } catch {
    return { create: true, change: true };
  }
}

/** What the rule "passwords" cannot do in this target, in words; null: nothing. */
export function passwordProblem({ type, settings, rules }: PassingOn): string | null {
  if (rules.passwords !== 'pass-through') return null;
  const { create, change } = passwordCalls(type, settings);
  if (create && change) return null;
  const has = (what: string) => `${type.title} has no call that ${what}`;
  if (change) return `${has('makes an account with a password')}: it is set right after.`;
  if (create) return `${has('changes a password')}: only the first one is passed through, the others are given up.`;
  return `${has('sets a password')}: rule "passwords" can be "none" or "random-discard" here.`;
}

interface PassingOn {
  type: TargetType;
  settings: unknown;
  rules: Pick<Rules, 'passwords'>;
}

/** Whether the rule can do anything there. */
export function canPassThrough(type: TargetType, settings: unknown): boolean {
  return Object.values(passwordCalls(type, settings)).includes(true);
}

/** Notes that it is not to be delivered any more: no step needs it, or it is no business of the target's. */
export function spendUnneeded(pass: Pass, plan: readonly Step[], desired: Desired | null): void {
  if (pass.given === null || desired?.presence !== 'active' || plan.some(takesGiven)) return;
  const delivered = pass.given.sent && pass.remoteId !== null && pass.adopted === null;
  pass.spent = { id: pass.given.id, delivered };
}

/** Notes that it is not to be delivered any more: the user is gone, or has left the scope. Who is inactive may come back. */
export function spendIfGone(pass: Pass, user: DirectoryUser | null): void {
  if (pass.given === null || (user && !user.deleted && pass.lane.rules.inScope(user))) return;
  pass.spent = { id: pass.given.id, delivered: false };
}

/**
 * Opens the password that a step needs.
 * @param asSent it goes with a create that makes the record or fails.
 * @returns null where it needs none. @throws TargetError where there is none any more or it cannot be opened, LeaseLost.
 */
export async function openGiven(
  pass: Pass,
  step: Step,
  { asSent }: { asSent: boolean },
): Promise<{ id: string; password: string } | null> {
  if (!takesGiven(step)) return null;
  const { account, lane, store } = pass;
  const row = asSent ? await markSent(pass) : await find(store.read, account);
  if (!row) throw new TargetError({ kind: 'snooze', reason: 'the password is not to be set any more', afterMs: 0 });
  const about = aboutPassword({ tenant: account.tenant, userId: account.user_id });
  const password = await lane.openSeal(row.sealed, about).catch(() => {
    const reason =
      'the password that the identity provider has set cannot be opened: it was sealed with another LINKSPAN_SECRET_KEY. Start with that key, or have the password set again';
    throw new TargetError({ kind: 'reject', reason });
  });
  return { id: row.id, password };
}

/** Committed before the create is sent, so that a record which is found later counts as having it. */
async function markSent({ store, account }: Pass): Promise<Sealed | undefined> {
  return store.write(async (trx) => {
    const { numUpdatedRows } = await heldBy(trx, account).set({ lease_owner: account.lease_owner }).executeTakeFirst();
    if (numUpdatedRows === 0n) throw new LeaseLost('the account was taken over');
    await trx
      .updateTable('passwords')
      .set({ sent: 1 })
      .where((row) => row.and(isOf(account)))
      .execute();
    return find(trx, account);
  });
}

type Sealed = Pick<PasswordsTable, 'id' | 'sealed'>;

function find(db: Kysely<Database>, account: AccountKey): Promise<Sealed | undefined> {
  return db
    .selectFrom('passwords')
    .select(['id', 'sealed'])
    .where((row) => row.and(isOf(account)))
    .executeTakeFirst();
}

/** A failure that repeats the password says the rest. */
export function withoutPassword(error: unknown, password: string | undefined): unknown {
  if (password === undefined || !(error instanceof Error)) return error;
  if (error instanceof TargetError) {
    const reason = hide(error.failure.reason, [password]);
    return reason === error.failure.reason ? error : new TargetError({ ...error.failure, reason });
  }
  return error.message.includes(password) ? new Error(hide(error.message, [password])) : error;
}

/** In the transaction that settles, and only while the claim is held. One that was set meanwhile stays. */
export async function settlePassword(
  trx: Kysely<Database>,
  account: AccountKey,
  spent: Spent | null,
  now: Millis,
): Promise<void> {
  if (spent === null) return;
  await trx
    .deleteFrom('passwords')
    .where((row) => row.and(isOf(account)))
    .where('id', '=', spent.id)
    .execute();
  if (!spent.delivered) return;
  await trx
    .updateTable('accounts')
    .set({ password_set_at: now })
    .where('tenant', '=', account.tenant)
    .where('target_id', '=', account.target_id)
    .where('user_id', '=', account.user_id)
    .execute();
}

/** These users have no business in the target. */
export async function dropPasswords(
  trx: Kysely<Database>,
  { tenant, targetId }: { tenant: string; targetId: string },
  userIds: readonly string[],
): Promise<void> {
  if (userIds.length === 0) return;
  await trx
    .deleteFrom('passwords')
    .where('tenant', '=', tenant)
    .where('user_id', 'in', userIds)
    .where('target_id', '=', targetId)
    .execute();
}

/** The target takes none any more. */
export async function dropPasswordsOf(trx: Kysely<Database>, { tenant, id }: { tenant: string; id: string }) {
  await trx.deleteFrom('passwords').where('tenant', '=', tenant).where('target_id', '=', id).execute();
}

/**
 * Removes those that could not be delivered in time, and what was kept while a rule was being changed. An account that
 * needed a person is tried again: it may have been the password that was refused.
 * @param options.now what to take for the present; the store's clock unless said otherwise. @returns how many went.
 */
export async function expirePasswords(
  store: Store,
  options: { now?: Millis; signal?: AbortSignal } = {},
): Promise<number> {
  const now = options.now ?? (await store.now());
  let expired = 0;
  const kept = await store.read.selectFrom('passwords').select(['tenant', 'target_id']).distinct().execute();
  for (const { tenant, target_id } of kept) {
    const target = await store.read
      .selectFrom('targets')
      .select(['rules', 'takes_passwords'])
      .where('tenant', '=', tenant)
      .where('id', '=', target_id)
      .executeTakeFirst();
    const days = target?.takes_passwords === 1 ? Rules.parse(JSON.parse(target.rules)).passwordDays : 0;
    for (let more = true; more && !options.signal?.aborted; ) {
      const gone = await store.write((trx) => expireSlice(trx, { tenant, target_id }, now - days * DAY_MS, now));
      expired += gone;
      more = gone === SLICE && (await passes(PAUSE_MS, options.signal));
    }
  }
  return expired;
}

async function expireSlice(
  trx: Kysely<Database>,
  { tenant, target_id }: { tenant: string; target_id: string },
  before: Millis,
  now: Millis,
): Promise<number> {
  const rows = await trx
    .selectFrom('passwords')
    .select(['user_id', 'id'])
    .where('tenant', '=', tenant)
    .where('target_id', '=', target_id)
    .where('created_at', '<=', before)
    .orderBy('created_at')
    .limit(SLICE)
    .execute();
  if (rows.length === 0) return 0;
  const users = rows.map(({ user_id }) => user_id);
  await trx
    .deleteFrom('passwords')
    .where('tenant', '=', tenant)
    .where('target_id', '=', target_id)
    .where('user_id', 'in', users)
    .where(
      'id',
      'in',
      rows.map(({ id }) => id),
    )
    .execute();
  await trx
    .updateTable('accounts')
    .set({ generation: sql<number>`generation + 1`, due_at: now })
    .where('tenant', '=', tenant)
    .where('target_id', '=', target_id)
    .where('user_id', 'in', users)
    .where('outcome', '=', 'reject')
    .where('due_at', 'is', null)
    .where('lease_owner', 'is', null)
    .execute();
  return rows.length;
}

function isOf({ tenant, target_id, user_id }: AccountKey) {
  return { tenant, target_id, user_id };
}
