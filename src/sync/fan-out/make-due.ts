/**
 * Makes the accounts of changed users due: in which targets somebody has business, how urgently, and who first has to take
 * something over from a former self.
 */
import type { Kysely, Selectable } from 'kysely';
import { type DirectoryUser, readPeople } from '../../directory/people.ts';
import type { Dialect } from '../../store/dialect.ts';
import type { ChangesTable, Database, Millis } from '../../store/tables.ts';
import type { Memory } from '../../targets/target.ts';
import { enqueue, keyOf } from '../accounts/accounts.ts';
import { heirsAmong } from '../accounts/heirs.ts';
import { openIntentsOfMany } from '../accounts/intents.ts';
import { takeOver } from '../accounts/takeover.ts';
import type { Lane, Lanes } from '../lanes/lanes.ts';
import { type CompiledRules, standing } from '../rules/rules.ts';
import { dropPasswords } from '../work/pass-through.ts';
import { askedAgain, isAnyAsked } from '../work/removals.ts';
import { changesToCome, type News, newsOf, pathsTouched, whoAsked } from './news.ts';

export type Change = Selectable<ChangesTable>;

/** Of the users of one transaction, those who take something over: several statements for each and every target. */
export const HEIRS = 50;

export interface KnownTarget {
  id: string;
  /** Null where this process does not know the target's present rules: then everybody may be concerned. */
  rules: CompiledRules | null;
  lane: Lane | null;
}

/** Read in the transaction that fans out, so that a target added meanwhile is either here or has a change of its own. */
export async function targetsOf(trx: Kysely<Database>, lanes: Lanes, tenant: string): Promise<KnownTarget[]> {
  const rows = await trx.selectFrom('targets').select(['id', 'revision']).where('tenant', '=', tenant).execute();
  return rows.map(({ id, revision }) => {
    const known = lanes.byId(id);
    const lane = known?.revision === revision ? known : null;
    return { id, rules: lane?.rules ?? null, lane };
  });
}

export interface Subject {
  userId: string;
  change: Change;
}

/** Of the users of one transaction as many of the first as hold no more heirs than `limit`; the rest waits for the next. */
export async function withFewHeirs(
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
export async function makeDue(
  trx: Kysely<Database>,
  dialect: Dialect,
  targets: readonly KnownTarget[],
  { subjects, heirs }: { subjects: readonly Subject[]; heirs: ReadonlySet<string> },
  now: Millis,
): Promise<void> {
  const tenant = subjects[0]?.change.tenant;
  if (tenant === undefined || targets.length === 0) return;
  const newsByUser = newsOf(subjects);
  const ids = [...newsByUser.keys()];
  const newsOfHeirs = new Map([...newsByUser].filter(([id]) => heirs.has(id)));
  const waiting = await takeOver(trx, dialect, tenant, newsOfHeirs, now);
  const people = await readPeople(trx, tenant, ids);
  const existing = await trx
    .selectFrom('accounts')
    .select(['target_id', 'user_id', 'remote_id', 'observed', 'memory', 'outcome', 'removals'])
    .select(['lease_owner', 'verify_after'])
    .where('tenant', '=', tenant)
    .where('user_id', 'in', ids)
    .orderBy('target_id')
    .orderBy('user_id')
    // What is asked for is read here and written below: no settle may come in between.
    .modifyEnd(dialect.forUpdate)
    .execute();
  const accounts = new Map(existing.map((account) => [keyOf(account), account]));
  const unlinked = existing.filter(({ remote_id }) => remote_id === null);
  const intents = await openIntentsOfMany(trx, tenant, unlinked);
  const known = new Set(existing.map(({ user_id }) => user_id));
  const touched = await pathsTouched(
    trx,
    tenant,
    [...newsByUser].filter(([id]) => known.has(id)).map(([, news]) => news),
  );

  const [first] = subjects;
  const byGroups = targets.some(({ rules }) => rules?.byGroups);
  const toCome =
    first && known.size > 0 ? await changesToCome(trx, tenant, [...known], first.change, byGroups) : new Map();

  const due = targets.flatMap(({ id, rules, lane }) =>
    [...newsByUser].flatMap(([userId, news]) => {
      const key = keyOf({ target_id: id, user_id: userId });
      const account = accounts.get(key);
      // Whoever works on the predecessor's account is followed by one who hands it over, due.
      if (waiting.has(key) && !account) return [];
      const person = people.get(userId);
      const { presence, assignments } = wanted(person, rules, account !== undefined);
      if (presence === 'none' && !account) return [];
      const losing = account !== undefined && (presence !== 'active' || losesGrant(rules, account, assignments));
      const isUrgent = mayTake(news, rules) || losing;
      const asking = whoAsked(news, rules ?? UNKNOWN, touched, toCome.get(userId));
      const isOfRules = news.changes[0]?.subject === 'target';
      const removals =
        account && (isUrgent || isOfRules || account.removals !== null)
          ? askedAgain(lane, { ...account, intents: intents.get(key) ?? [] }, person ?? null, asking, isUrgent)
          : null;
      // Of a deleted group those who lose nothing here go not first: they would stand before those who do.
      const byUser = news.changes.some(({ urgent, subject }) => urgent === 1 && subject === 'user');
      const goesFirst = isUrgent && (byUser || (removals !== null && isAnyAsked(removals)));
      return {
        tenant,
        target_id: id,
        user_id: userId,
        urgent: goesFirst ? (1 as const) : news.changes.every(isOfRun) ? (-1 as const) : (0 as const),
        activity_id: news.activity_id,
        changed_at: news.created_at,
        ...removals,
      };
    }),
  );
  await enqueue(trx, due, now);
  for (const { id, rules } of targets) {
    if (rules?.passwords !== 'pass-through') continue;
    // No worker comes by for who has no account and does not belong there.
    const strangers = ids.filter((userId) => {
      const key = keyOf({ target_id: id, user_id: userId });
      return !accounts.has(key) && !waiting.has(key) && !mayBelong(people.get(userId), rules);
    });
    await dropPasswords(trx, { tenant, targetId: id }, strangers);
  }
}

/** Everybody in a target, or the later slices of a large group: what is pushed for one user meanwhile overtakes it. */
function isOfRun({ subject, cursor }: Change): boolean {
  return subject === 'target' || cursor !== null;
}

/** What a group takes away it takes where the rules speak of groups. */
function mayTake({ changes }: News, rules: CompiledRules | null): boolean {
  const byGroups = rules === null || rules.byGroups || rules.assignments.some((rule) => !('from' in rule));
  return changes.some(({ urgent, subject }) => urgent === 1 && (subject === 'user' || byGroups));
}

const UNKNOWN = { scope: null, byGroups: false };

function mayBelong(person: DirectoryUser | undefined, rules: CompiledRules): boolean {
  if (!person || person.deleted) return false;
  try {
    return rules.inScope(person);
  } catch {
    return true;
  }
}

/** A rule that cannot be computed makes the account due: the worker says so, and takes nothing away. */
function wanted(
  person: DirectoryUser | undefined,
  rules: CompiledRules | null,
  known: boolean,
): { presence: string; assignments: readonly string[] | null } {
  if (!person || (person.deleted && !known)) return { presence: 'none', assignments: [] };
  if (!rules) return { presence: 'unknown', assignments: null };
  try {
    return standing(person, rules, known);
  } catch {
    return { presence: 'unknown', assignments: null };
  }
}

/** Where the user's own values grant something, an edit may take it away; a change of a group says so by itself. */
function losesGrant(
  rules: CompiledRules | null,
  { memory }: { memory: string },
  assignments: readonly string[] | null,
): boolean {
  if (assignments === null || !rules?.assignments.some((rule) => 'from' in rule)) return false;
  return (JSON.parse(memory) as Memory).granted.some((subject) => !assignments.includes(subject));
}
