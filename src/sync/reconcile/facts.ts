/** What is known of some users in one target, for a slice of a run: a fixed number of statements, of one moment. */
import type { Kysely } from 'kysely';
import { type DirectoryUser, readPeople } from '../../directory/people.ts';
import type { Database } from '../../store/tables.ts';
import type { Account } from '../accounts/accounts.ts';
import { nestedChangesOf } from '../fan-out/nested-changes.ts';
import type { Run } from './run.ts';

export interface Facts {
  people: ReadonlyMap<string, DirectoryUser>;
  accounts: ReadonlyMap<string, Account>;
  /** Users about whom something is under way that their account may not show yet: nothing is said of them. */
  unsettled: ReadonlySet<string>;
}

export async function readFacts(db: Kysely<Database>, run: Run, userIds: readonly string[]): Promise<Facts> {
  if (userIds.length === 0) return { people: new Map(), accounts: new Map(), unsettled: new Set() };
  const { tenant, target_id } = run;
  const people = await readPeople(db, tenant, userIds);
  const accounts = await db
    .selectFrom('accounts')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('target_id', '=', target_id)
    .where('user_id', 'in', userIds)
    .execute();
  const intents = await db
    .selectFrom('intents')
    .select('user_id')
    .where('tenant', '=', tenant)
    .where('target_id', '=', target_id)
    .where('user_id', 'in', userIds)
    .where('closed_at', 'is', null)
    .execute();
  const waiting = await waitingToBeFannedOut(db, run, userIds);
  return {
    people,
    accounts: new Map(accounts.map((account) => [account.user_id, account])),
    unsettled: new Set([...intents.map((intent) => intent.user_id), ...waiting]),
  };
}

/** The directory says something that has not made the account due yet. */
async function waitingToBeFannedOut(
  db: Kysely<Database>,
  { tenant, target_id }: Run,
  userIds: readonly string[],
): Promise<string[]> {
  const users = await db
    .selectFrom('changes')
    .select('subject_id')
    .where('tenant', '=', tenant)
    .where('subject', '=', 'user')
    .where('subject_id', 'in', userIds)
    .execute();
  const members = await db
    .selectFrom('members')
    .select('member_id')
    .where('tenant', '=', tenant)
    .where('member_id', 'in', userIds)
    .where('group_id', 'in', (select) =>
      select
        .selectFrom('changes')
        .select('subject_id')
        .where('tenant', '=', tenant)
        .where('subject', 'in', ['group', 'group-members']),
    )
    .execute();
  const [everybody] = await db
    .selectFrom('changes')
    .select('cursor')
    .where('tenant', '=', tenant)
    .where('subject', '=', 'target')
    .where('subject_id', '=', target_id)
    .orderBy('cursor')
    .execute();
  const rest = everybody ? userIds.filter((id) => id > (everybody.cursor ?? '')) : [];
  const nested = await nestedChangesOf(db, tenant, userIds);
  return [...users.map((row) => row.subject_id), ...members.map((row) => row.member_id), ...nested.keys(), ...rest];
}
