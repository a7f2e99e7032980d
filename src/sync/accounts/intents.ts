/**
 * What is committed before a call that cannot be taken back, and after it: intents (the exact keys of a create), links,
 * what was granted. Everything here is fenced: it happens only while the claim is held.
 */
import { randomUUIDv7 } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Store } from '../../store/store.ts';
import type { Database, Millis } from '../../store/tables.ts';
import { TargetError } from '../../targets/outcome.ts';
import type { Keys, Memory } from '../../targets/target.ts';
import { lockTarget } from '../holds/ledger.ts';
import type { Adopted } from '../work/adoption.ts';
import { type Account, type AccountKey, keyOf } from './accounts.ts';
import { heldBy } from './claims.ts';

export interface Intent {
  id: string;
  keys: Keys;
  /** When it was committed, or when a call of it last ended unclear. */
  created_at: Millis;
  /** A call of it was answered with a success, though nothing shows what it made. */
  answered?: boolean;
  /** When it was committed first; null: by an older version. */
  committed_at?: Millis | null;
}

/** Since when records may be there that a create of ours has made; null: none is open. */
export function openSince(intents: readonly Intent[]): Date | null {
  const first = intents.map(({ committed_at, created_at }) => Math.min(committed_at ?? created_at, created_at));
  return first.length === 0 ? null : new Date(Math.min(...first));
}

/** The claim was lost: whatever is under way ends here, and the settle will be refused. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

export async function openIntents(db: Kysely<Database>, account: AccountKey): Promise<Intent[]> {
  const rows = await db
    .selectFrom('intents')
    .select(['id', 'keys', 'created_at', 'committed_at', 'result'])
    .where('tenant', '=', account.tenant)
    .where('target_id', '=', account.target_id)
    .where('user_id', '=', account.user_id)
    .where('closed_at', 'is', null)
    .orderBy('id')
    .execute();
  return rows.map(({ result, ...row }) => ({ ...row, keys: JSON.parse(row.keys), answered: result === 'answered' }));
}

/** By account (`keyOf`). Accounts of one tenant. */
export async function openIntentsOfMany(
  db: Kysely<Database>,
  tenant: string,
  accounts: readonly Pick<AccountKey, 'target_id' | 'user_id'>[],
): Promise<Map<string, Intent[]>> {
  if (accounts.length === 0) return new Map();
  const rows = await db
    .selectFrom('intents')
    .select(['target_id', 'user_id', 'id', 'keys', 'created_at', 'committed_at'])
    .where('tenant', '=', tenant)
    .where('target_id', 'in', [...new Set(accounts.map(({ target_id }) => target_id))])
    .where('user_id', 'in', [...new Set(accounts.map(({ user_id }) => user_id))])
    .where('closed_at', 'is', null)
    .execute();
  const open = Map.groupBy(rows, keyOf);
  const toIntent = ({ id, keys, created_at, committed_at }: (typeof rows)[number]) => {
    return { id, keys: JSON.parse(keys), created_at, committed_at };
  };
  return new Map([...open].map(([key, intents]) => [key, intents.map(toIntent)]));
}

/**
 * Commits what is about to be done: the name that will be taken, the assignments that will be made (so that a crash
 * after the call does not make them look like somebody else's), and the keys of a create.
 * @returns the intent's id where there is one. @throws TargetError snooze: another account takes the name at this moment.
 */
export async function prepare(
  store: Store,
  account: Account,
  about: { memory: Memory; name: string | null; create: Keys | null; invites?: boolean },
): Promise<string | null> {
  const now = await store.now();
  const isMailed = about.invites === true && about.create !== null;
  return store.write(async (trx) => {
    if (isMailed) await lockTarget(trx, store.dialect, { tenant: account.tenant, targetId: account.target_id });
    await held(trx, account, { memory: JSON.stringify(about.memory), name: about.name });
    if (isMailed) await requireOurs(trx, account, about.name);
    if (about.create === null) return null;
    const id = randomUUIDv7();
    await trx
      .insertInto('intents')
      .values({
        tenant: account.tenant,
        target_id: account.target_id,
        user_id: account.user_id,
        id,
        kind: about.invites ? 'invite' : 'create',
        keys: JSON.stringify(about.create),
        created_at: now,
        committed_at: now,
        closed_at: null,
        result: null,
      })
      .execute();
    return id;
  });
}

/** Two who share an address are not both invited: the system would mail it twice instead of refusing the second. */
async function requireOurs(trx: Kysely<Database>, account: AccountKey, name: string | null): Promise<void> {
  const other = await trx
    .selectFrom('accounts')
    .select('user_id')
    .where('tenant', '=', account.tenant)
    .where('target_id', '=', account.target_id)
    .where('name', '=', name)
    .where('user_id', '!=', account.user_id)
    .executeTakeFirst();
  if (!other) return;
  throw new TargetError({ kind: 'snooze', reason: `user ${other.user_id} takes the name at this moment`, afterMs: 0 });
}

/** A look that began once none of them could land any more has shown that there is no record. @throws LeaseLost */
export async function closeAbsent(store: Store, account: Account): Promise<void> {
  const now = await store.now();
  await store.write(async (trx) => {
    await held(trx, account, { lease_owner: account.lease_owner });
    await closeAll(trx, account, 'absent', now);
  });
}

/**
 * The call of this one was refused. Of what others of the account have made that says nothing: each is settled by a look.
 * @param met the refusal met a record with exactly its keys. An earlier look has overlooked it, if a create of ours had been
 * sent under them: then it may be ours, and those intents are open again.
 * @returns whether some are. @throws LeaseLost
 */
export async function refuseIntent(store: Store, account: Account, id: string, met: boolean): Promise<boolean> {
  const now = await store.now();
  return store.write(async (trx) => {
    await held(trx, account, { lease_owner: account.lease_owner });
    await intentsOf(trx, account).set({ closed_at: now, result: 'refused' }).where('id', '=', id).execute();
    if (!met) return false;
    const { numUpdatedRows } = await intentsOf(trx, account)
      .set({ closed_at: null, result: null })
      .where('result', '=', 'absent')
      .where('keys', '=', keysOf(trx, account, id))
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  });
}

/**
 * The worker that committed this one had lost the account: its call may have landed after a look of others has shown that
 * there is no record. It is open again, from now on, unless the account has found its record.
 * @param users whose account it may be by now.
 */
export async function distrustIntent(
  trx: Kysely<Database>,
  { tenant, target_id }: Pick<AccountKey, 'tenant' | 'target_id'>,
  users: readonly string[],
  id: string,
  now: Millis,
): Promise<void> {
  const linked = trx
    .selectFrom('accounts')
    .select('user_id')
    .where('tenant', '=', tenant)
    .where('target_id', '=', target_id)
    .where('user_id', 'in', users)
    .where('remote_id', 'is not', null);
  await trx
    .updateTable('intents')
    .set({ closed_at: null, result: null, created_at: now })
    .where('tenant', '=', tenant)
    .where('target_id', '=', target_id)
    .where('user_id', 'in', users)
    .where('id', '=', id)
    .where('result', '=', 'absent')
    .where('user_id', 'not in', linked)
    .execute();
}

/** A call of theirs has just ended without a clear answer: it may take effect from now on. @throws LeaseLost */
export async function restampIntents(store: Store, account: Account, isAnswered = false): Promise<void> {
  const now = await store.now();
  await store.write(async (trx) => {
    await held(trx, account, { lease_owner: account.lease_owner });
    await openIntentsOf(trx, account)
      .set({ created_at: now, ...(isAnswered && { result: 'answered' }) })
      .execute();
  });
}

/**
 * Links the account to a record of the target, unless that record is linked already.
 * @param adopted null: the record is of our making.
 * @param memory what has to be remembered from the moment at which the intent is closed. @returns null, or whose it is.
 */
export async function link(
  store: Store,
  account: Account,
  systemKey: string,
  remoteId: string,
  adopted: Adopted | null = null,
  memory: Memory | null = null,
): Promise<AccountKey | null> {
  const now = await store.now();
  return store.write(async (trx) => {
    await trx
      .insertInto('remote_links')
      .values({
        system_key: systemKey,
        remote_id: remoteId,
        tenant: account.tenant,
        target_id: account.target_id,
        user_id: account.user_id,
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    const owner = await trx
      .selectFrom('remote_links')
      .select(['tenant', 'target_id', 'user_id'])
      .where('system_key', '=', systemKey)
      .where('remote_id', '=', remoteId)
      .executeTakeFirstOrThrow();
    const ours =
      owner.tenant === account.tenant && owner.target_id === account.target_id && owner.user_id === account.user_id;
    const note = adopted && JSON.stringify(adopted);
    const kept = memory && { memory: JSON.stringify(memory) };
    if (ours) await held(trx, account, { remote_id: remoteId, adopted: note, adoption: null, ...kept });
    await closeAll(trx, account, ours ? 'linked' : 'refused', now);
    return ours ? null : owner;
  });
}

/** The record is gone: it may be linked anew. */
export async function unlink(store: Store, account: Account, systemKey: string, remoteId: string): Promise<void> {
  await store.write(async (trx) => {
    await held(trx, account, { remote_id: null, adopted: null, observed: null });
    await trx
      .deleteFrom('remote_links')
      .where('system_key', '=', systemKey)
      .where('remote_id', '=', remoteId)
      .where('tenant', '=', account.tenant)
      .where('user_id', '=', account.user_id)
      .execute();
  });
}

async function held(
  trx: Kysely<Database>,
  account: Account,
  values: Partial<Pick<Account, 'memory' | 'name' | 'remote_id' | 'observed' | 'adopted' | 'adoption' | 'lease_owner'>>,
): Promise<void> {
  const { numUpdatedRows } = await heldBy(trx, account).set(values).executeTakeFirst();
  if (numUpdatedRows === 0n) throw new LeaseLost('the account was taken over');
}

async function closeAll(trx: Kysely<Database>, account: AccountKey, result: string, now: Millis): Promise<void> {
  await openIntentsOf(trx, account).set({ closed_at: now, result }).execute();
}

function openIntentsOf(trx: Kysely<Database>, account: AccountKey) {
  return intentsOf(trx, account).where('closed_at', 'is', null);
}

function intentsOf(trx: Kysely<Database>, { tenant, target_id, user_id }: AccountKey) {
  return trx
    .updateTable('intents')
    .where('tenant', '=', tenant)
    .where('target_id', '=', target_id)
    .where('user_id', '=', user_id);
}

function keysOf(trx: Kysely<Database>, { tenant, target_id, user_id }: AccountKey, id: string) {
  return trx
    .selectFrom('intents as refused')
    .select('refused.keys')
    .where('refused.tenant', '=', tenant)
    .where('refused.target_id', '=', target_id)
    .where('refused.user_id', '=', user_id)
    .where('refused.id', '=', id);
}
