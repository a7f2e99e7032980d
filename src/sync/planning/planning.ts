/**
 * A draft of a target's rules against the real directory: what saving it would do. It is computed from the directory and
 * from what was last seen; no system is asked, nothing is written. Users are read in slices, and others get a turn between
 * them, so that a tenant of any size is planned in bounded memory beside a server's other work.
 */
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { type Kysely, sql } from 'kysely';
import { type DirectoryUser, readPeople } from '../../directory/people.ts';
import type { Store } from '../../store/store.ts';
import type { Database } from '../../store/tables.ts';
import type { Intent } from '../accounts/intents.ts';
import { TAKING } from '../holds/limits.ts';
import { readGiven } from '../work/pass-through.ts';
import { isRemoval } from '../work/steps.ts';
import { type Deciding, wishOf } from '../work/wish.ts';
import type { Draft } from './draft.ts';
import { type KnownAccount, type PlannedAccount, planAccount, withoutAccount } from './planned.ts';
import { createTally, type Plan } from './tally.ts';

/** Users read at once. */
const SLICE = 250;

export interface PlanningOptions {
  /** How many are named in each list. */
  limit?: number;
  /** How many accounts are listed with their calls. */
  details?: number;
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

/** @throws the signal's reason, where it ends the work. */
export async function plan(store: Store, draft: Draft, options: PlanningOptions = {}): Promise<Plan> {
  const { tenant } = draft;
  const total = await countUsers(store.read, tenant);
  const tally = createTally(draft, options);
  let done = 0;
  for (let after = ''; ; ) {
    options.signal?.throwIfAborted();
    const ids = await nextUsers(store.read, draft, after);
    const slice = await readSlice(store.read, draft, ids);
    const given = await readGiven(store.read, { ...draft, rules: draft.after.rules }, ids, store.now);
    const planned = slice.map((known) => ({
      known,
      account: planAccount(draft.after, known.account, known.user, known.intents, given.get(known.account.user_id)),
    }));
    const refused = await refusedNames(
      store.read,
      draft,
      planned.map(({ account }) => account),
    );
    for (const { known, account } of planned) {
      const holder = refused.get(account.userId);
      tally.add(holder === undefined ? account : refuse(account, holder), known.account, belonged(draft, known));
    }
    done += ids.length;
    options.onProgress?.(Math.min(done, total), total);
    if (ids.length < SLICE) break;
    after = ids.at(-1) ?? after;
    await turnOfTheLoop();
  }
  return tally.plan();
}

async function countUsers(db: Kysely<Database>, tenant: string): Promise<number> {
  const { count } = await db
    .selectFrom('resources')
    .select(sql<number>`count(*)`.as('count'))
    .where('tenant', '=', tenant)
    .where('type', '=', 'User')
    .where('deleted_at', 'is', null)
    .executeTakeFirstOrThrow();
  return count;
}

/** As fan-out visits them: everybody, and of the deleted those who have an account there. */
async function nextUsers(db: Kysely<Database>, { tenant, targetId }: Draft, after: string): Promise<string[]> {
  const rows = await db
    .selectFrom('resources')
    .select('id')
    .where('tenant', '=', tenant)
    .where('type', '=', 'User')
    .where('id', '>', after)
    .where(
      sql<boolean>`(deleted_at is null or exists (select 1 from accounts where accounts.tenant = resources.tenant
        and accounts.target_id = ${targetId ?? ''} and accounts.user_id = resources.id))`,
    )
    .orderBy('id')
    .limit(SLICE)
    .execute();
  return rows.map((row) => row.id);
}

interface Known {
  account: KnownAccount;
  user: DirectoryUser | null;
  intents: Intent[];
}

async function readSlice(db: Kysely<Database>, { tenant, targetId }: Draft, ids: readonly string[]): Promise<Known[]> {
  if (ids.length === 0) return [];
  const people = await readPeople(db, tenant, ids);
  const of = { tenant, target_id: targetId ?? '' };
  const accounts = await db
    .selectFrom('accounts')
    .select(['user_id', 'remote_id', 'observed', 'memory', 'name', 'adopted'])
    .where((row) => row.and(of))
    .where('user_id', 'in', ids)
    .execute();
  const intents = await db
    .selectFrom('intents')
    .select(['user_id', 'id', 'keys', 'created_at'])
    .where((row) => row.and(of))
    .where('user_id', 'in', ids)
    .where('closed_at', 'is', null)
    .execute();
  const accountOf = new Map(accounts.map((account) => [account.user_id, account]));
  const intentsOf = Map.groupBy(intents, (intent) => intent.user_id);
  return ids.map((id) => ({
    account: accountOf.get(id) ?? withoutAccount(id),
    user: people.get(id) ?? null,
    intents: (intentsOf.get(id) ?? []).map((row) => ({ ...row, keys: JSON.parse(row.keys) })),
  }));
}

/** Whether the user should have an account and access, by the present rules; null: there are none, or they fail. */
function belonged({ before }: Draft, { account, user, intents }: Known): boolean | null {
  return before && standsIn(before, account, user, intents);
}

function standsIn(deciding: Deciding, account: KnownAccount, user: DirectoryUser | null, intents: Intent[]) {
  try {
    return wishOf(deciding, account, user, intents).standing.presence === 'active';
  } catch {
    return null;
  }
}

/**
 * Of the plans that take a name, those who find it held by another account of ours that keeps it.
 * @returns the holder's id by the user's.
 */
async function refusedNames(
  db: Kysely<Database>,
  draft: Draft,
  planned: readonly PlannedAccount[],
): Promise<Map<string, string>> {
  const taking = new Map(planned.flatMap(({ userId, takesName }) => (takesName === null ? [] : [[takesName, userId]])));
  if (taking.size === 0 || draft.targetId === null) return new Map();
  const rows = await db
    .selectFrom('accounts')
    .select(['user_id', 'name'])
    .where('tenant', '=', draft.tenant)
    .where('target_id', '=', draft.targetId)
    .where('name', 'in', [...taking.keys()])
    .execute();
  const holders = rows.filter(({ user_id, name }) => taking.get(name ?? '') !== user_id);
  const known = await readSlice(
    db,
    draft,
    holders.map(({ user_id }) => user_id),
  );
  const refused = new Map<string, string>();
  for (const { account, user, intents } of known) {
    const { name, userId } = planAccount(draft.after, account, user, intents);
    // Who gives it up is waited for.
    if (name === null || name !== account.name) continue;
    const waiting = taking.get(name);
    if (waiting !== undefined) refused.set(waiting, userId);
  }
  return refused;
}

function refuse(account: PlannedAccount, holderId: string): PlannedAccount {
  const error = 'the name is held by the account of another user, who keeps it';
  const steps = account.steps.filter(({ kind }) => isRemoval(kind));
  const kinds = account.kinds.filter((kind) => TAKING.includes(kind));
  return { ...account, steps, kinds, error, why: `${account.why}; holder: ${holderId}` };
}
