/**
 * From "this user, this group or these rules changed" to due accounts, in slices, removals first. Each slice is one
 * transaction: the accounts become due and the change moves on together, so a crash repeats a slice and loses none.
 */
import { type Kysely, type Selectable, sql } from 'kysely';
import { type DirectoryUser, readPeople } from '../directory/people.ts';
import type { Dialect } from '../store/dialect.ts';
import type { Store } from '../store/store.ts';
import type { ChangesTable, Database, Millis } from '../store/tables.ts';
import { enqueue, keyOf } from './accounts.ts';
import { heirsAmong } from './heirs.ts';
import type { Lanes } from './lanes.ts';
import { type CompiledRules, standing } from './rules.ts';
import { takeOver } from './takeover.ts';

type Change = Selectable<ChangesTable>;

/** Users in one transaction. */
export const SLICE = 250;

/** Of them, those who take something over: several statements for each and every target. */
export const HEIRS = 50;

/** @returns how many changes were moved on; 0: nothing is waiting. */
export async function fanOut(store: Store, lanes: Lanes): Promise<number> {
  const waiting = await store.read.selectFrom('changes').select('seq').limit(1).executeTakeFirst();
  if (!waiting) return 0;
  const now = await store.now();
  return store.write(async (trx) => {
    const users = await waitingChanges(trx, store, '=').limit(SLICE).execute();
    const seqs: number[] = [];
    let heirs = 0;
    for (const [tenant, ofTenant] of Map.groupBy(users, (change) => change.tenant)) {
      const subjects = ofTenant.map((change) => ({ userId: change.subject_id, change }));
      const slice = await withFewHeirs(trx, tenant, subjects, HEIRS - heirs);
      heirs += slice.heirs.size;
      await makeDue(trx, store.dialect, await targetsOf(trx, lanes, tenant), slice, now);
      seqs.push(...slice.subjects.map(({ change }) => change.seq));
    }
    if (seqs.length > 0) await trx.deleteFrom('changes').where('seq', 'in', seqs).execute();
    // One slice beside the users: a group of a million must not keep anybody else's leaver waiting.
    const large = await waitingChanges(trx, store, '!=').limit(1).executeTakeFirst();
    if (large) await moveOn(trx, store.dialect, large, lanes, now);
    return seqs.length + (large ? 1 : 0);
  });
}

/** Removals first, then in the order in which they came. */
function waitingChanges(trx: Kysely<Database>, store: Store, user: '=' | '!=') {
  return trx
    .selectFrom('changes')
    .selectAll()
    .where('subject', user, 'user')
    .orderBy('urgent', 'desc')
    .orderBy('seq')
    .modifyEnd(store.dialect.forUpdateSkipLocked);
}

/** One slice of a change that concerns many users. */
async function moveOn(
  trx: Kysely<Database>,
  dialect: Dialect,
  change: Change,
  lanes: Lanes,
  now: Millis,
): Promise<void> {
  const userIds = await nextUsers(trx, change);
  const targets = await targetsOf(trx, lanes, change.tenant);
  const concerned = change.subject === 'target' ? targets.filter(({ id }) => id === change.subject_id) : targets;
  const subjects = userIds.map((userId) => ({ userId, change }));
  const slice = await withFewHeirs(trx, change.tenant, subjects, HEIRS);
  await makeDue(trx, dialect, concerned, slice, now);

  if (userIds.length === SLICE || slice.subjects.length < userIds.length) {
    await trx
      .updateTable('changes')
      .set({ cursor: slice.subjects.at(-1)?.userId ?? null })
      .where('seq', '=', change.seq)
      .execute();
    return;
  }
  await trx.deleteFrom('changes').where('seq', '=', change.seq).execute();
  if (change.subject !== 'target') await sweepGroup(trx, change);
}

function nextUsers(trx: Kysely<Database>, change: Change): Promise<string[]> {
  if (change.subject === 'target') {
    return (
      trx
        .selectFrom('resources')
        .select('id')
        .where('tenant', '=', change.tenant)
        .where('type', '=', 'User')
        .where('id', '>', change.cursor ?? '')
        // Of the deleted only those who have, or may have, something there: the others' 30 days go on (purge.ts).
        .where(
          sql<boolean>`(deleted_at is null or exists (select 1 from accounts
          where accounts.tenant = resources.tenant and accounts.target_id = ${change.subject_id}
          and accounts.user_id = resources.id
          and (remote_id is not null or due_at is not null or lease_owner is not null
            or outcome is null or outcome <> 'done'
            or exists (select 1 from intents where intents.tenant = accounts.tenant
              and intents.target_id = accounts.target_id and intents.user_id = accounts.user_id
              and closed_at is null))))`,
        )
        .orderBy('id')
        .limit(SLICE)
        .execute()
        .then((rows) => rows.map((row) => row.id))
    );
  }
  return trx
    .selectFrom('members')
    .select('member_id')
    .where('tenant', '=', change.tenant)
    .where('group_id', '=', change.subject_id)
    .where('member_id', '>', change.cursor ?? '')
    .$if(change.subject === 'group-members', (query) => query.where('change_seq', '=', change.seq))
    .orderBy('member_id')
    .limit(SLICE)
    .execute()
    .then((rows) => rows.map((row) => row.member_id));
}

/**
 * Memberships that were only kept for this change go. A change of some members owns the rows that it touched; a change of
 * the whole group has visited all rows that stood when it was made. With the last change of a deleted group goes the rest.
 */
async function sweepGroup(trx: Kysely<Database>, change: Change): Promise<void> {
  const gone = change.subject === 'group' && (await isLastOfDeleted(trx, change));
  await trx
    .deleteFrom('members')
    .where('tenant', '=', change.tenant)
    .where('group_id', '=', change.subject_id)
    .where('change_seq', change.subject === 'group' ? '<=' : '=', change.seq)
    .$if(!gone, (query) => query.where('removed', '=', 1))
    .execute();
  if (!gone) return;
  await trx.deleteFrom('resources').where('tenant', '=', change.tenant).where('id', '=', change.subject_id).execute();
}

async function isLastOfDeleted(trx: Kysely<Database>, change: Change): Promise<boolean> {
  const group = await trx
    .selectFrom('resources')
    .select('deleted_at')
    .where('tenant', '=', change.tenant)
    .where('id', '=', change.subject_id)
    .executeTakeFirst();
  if (group?.deleted_at == null) return false;
  const other = await trx
    .selectFrom('changes')
    .select('seq')
    .where('tenant', '=', change.tenant)
    .where('subject_id', '=', change.subject_id)
    .where('seq', '>', change.seq)
    .limit(1)
    .executeTakeFirst();
  return !other;
}

interface KnownTarget {
  id: string;
  /** Null where this process does not know the target's present rules: then everybody may be concerned. */
  rules: CompiledRules | null;
}

/** Read in the transaction that fans out, so that a target added meanwhile is either here or has a change of its own. */
async function targetsOf(trx: Kysely<Database>, lanes: Lanes, tenant: string): Promise<KnownTarget[]> {
  const rows = await trx.selectFrom('targets').select(['id', 'revision']).where('tenant', '=', tenant).execute();
  return rows.map(({ id, revision }) => {
    const lane = lanes.byId(id);
    return { id, rules: lane?.revision === revision ? lane.rules : null };
  });
}

interface Subject {
  userId: string;
  change: Change;
}

/** Of the users of one transaction as many of the first as hold no more heirs than `limit`; the rest waits for the next. */
async function withFewHeirs(
  trx: Kysely<Database>,
  tenant: string,
  subjects: readonly Subject[],
  limit: number,
): Promise<{ subjects: readonly Subject[]; heirs: Set<string> }> {
  const all = await heirsAmong(trx, tenant, [...new Set(subjects.map(({ userId }) => userId))]);
  const heirs = new Set<string>();
  for (const [index, { userId }] of subjects.entries()) {
    if (!all.has(userId)) continue;
    if (heirs.size === limit && !heirs.has(userId)) return { subjects: subjects.slice(0, index), heirs };
    heirs.add(userId);
  }
  return { subjects, heirs };
}

/**
 * Users without business in a target get no row there. Who stands to lose something there is urgent, whatever the
 * change said: only here is known that an edited attribute moved somebody out of scope.
 */
async function makeDue(
  trx: Kysely<Database>,
  dialect: Dialect,
  targets: readonly KnownTarget[],
  { subjects, heirs }: { subjects: readonly Subject[]; heirs: ReadonlySet<string> },
  now: Millis,
): Promise<void> {
  const tenant = subjects[0]?.change.tenant;
  if (tenant === undefined || targets.length === 0) return;
  const changeOf = new Map<string, Change>();
  for (const { userId, change } of subjects) {
    const earlier = changeOf.get(userId);
    if (!earlier || change.urgent > earlier.urgent) changeOf.set(userId, change);
  }
  const ids = [...changeOf.keys()];
  const news = new Map([...changeOf].filter(([id]) => heirs.has(id)));
  const waiting = await takeOver(trx, dialect, tenant, news, now);
  const people = await readPeople(trx, tenant, ids);
  const existing = await trx
    .selectFrom('accounts')
    .select(['target_id', 'user_id'])
    .where('tenant', '=', tenant)
    .where('user_id', 'in', ids)
    .execute();
  const hasAccount = new Set(existing.map(keyOf));

  const due = targets.flatMap(({ id, rules }) =>
    [...changeOf].flatMap(([userId, change]) => {
      const key = keyOf({ target_id: id, user_id: userId });
      const known = hasAccount.has(key);
      // Whoever works on the predecessor's account is followed by one who hands it over, due.
      if (waiting.has(key) && !known) return [];
      const presence = wanted(people.get(userId), rules, known);
      if (presence === 'none' && !known) return [];
      const losing = known && presence !== 'active';
      return {
        tenant,
        target_id: id,
        user_id: userId,
        urgent: change.urgent === 1 || losing ? (1 as const) : (0 as const),
        activity_id: change.activity_id,
        changed_at: change.created_at,
      };
    }),
  );
  await enqueue(trx, due, now);
}

/** A rule that cannot be computed makes the account due: the worker says so, and takes nothing away. */
function wanted(person: DirectoryUser | undefined, rules: CompiledRules | null, known: boolean): string {
  if (!person || (person.deleted && !known)) return 'none';
  if (!rules) return 'unknown';
  try {
    return standing(person, rules, known).presence;
  } catch {
    return 'unknown';
  }
}
