/**
 * What an administrator does about records that were there before: sees who waits to be linked to which, and decides. A
 * decision is bound to the records that were seen; a worker links that one or asks again (adoption.ts).
 */
import { randomUUIDv7 } from 'node:crypto';
import type { Kysely } from 'kysely';
import { recordActivity } from '../../directory/changes.ts';
import { readNames } from '../../directory/names.ts';
import type { Store } from '../../store/store.ts';
import type { Database, Millis } from '../../store/tables.ts';
import { Rules } from '../rules/rules.ts';
import type { Question } from '../work/adoption.ts';
import { requireTarget, TargetInputError } from './targets.ts';

/** An account that may be a record which was there before. */
export interface OpenAdoption {
  target: string;
  userId: string;
  /** What the user is called now; null where nothing is left of the user. */
  user: string | null;
  /** The names under which the records were found. */
  keys: Question['keys'];
  records: Question['records'];
  askedAt: Millis;
  decision: Question['decision'] | null;
  reason: string | null;
}

export interface OpenAdoptions {
  adoptions: OpenAdoption[];
  /** How many there are, shown or not. */
  total: number;
}

/** @param options.target name of one; all of the tenant's without it. */
export async function listAdoptions(
  store: Store,
  tenant: string,
  options: { target?: string | undefined; limit?: number } = {},
): Promise<OpenAdoptions> {
  const target = options.target === undefined ? null : await requireTarget(store, tenant, options.target);
  const open = store.read
    .selectFrom('accounts')
    .where('accounts.tenant', '=', tenant)
    .where('adoption', 'is not', null)
    .$if(target !== null, (query) => query.where('accounts.target_id', '=', target?.id ?? ''));
  const { total } = await open.select((row) => row.fn.countAll().as('total')).executeTakeFirstOrThrow();
  const rows = await open
    .innerJoin('targets', (join) =>
      join.onRef('targets.tenant', '=', 'accounts.tenant').onRef('targets.id', '=', 'accounts.target_id'),
    )
    .select(['targets.name as target', 'user_id', 'adoption', 'reason'])
    .orderBy('accounts.target_id')
    .orderBy('user_id')
    .limit(options.limit ?? 100)
    .execute();
  const ids = rows.map((row) => row.user_id);
  const names = await readNames(store.read, tenant, ids);
  const adoptions = rows.map(({ target: name, user_id, adoption, reason }): OpenAdoption => {
    const { askedAt, keys, records, decision } = JSON.parse(adoption ?? '') as Question;
    const user = names.get(user_id)?.name ?? null;
    return { target: name, userId: user_id, user, keys, records, askedAt, decision: decision ?? null, reason };
  });
  return { adoptions, total: Number(total) };
}

export interface Decided {
  records: readonly string[];
  /** Under which `linkspan why` shows what came of it. */
  activityId: string;
}

/**
 * The account is linked to the record, as soon as a worker has found it again under the names of the user.
 * @param record its id; may be missing where only one was seen.
 * @throws TargetInputError in words.
 */
export async function approveAdoption(
  store: Store,
  { tenant, target, userId, record }: { tenant: string; target: string; userId: string; record?: string | undefined },
): Promise<Decided> {
  const row = await requireTarget(store, tenant, target);
  if (Rules.parse(JSON.parse(row.rules)).existing === 'refuse') {
    throw new TargetInputError(
      `Target "${target}" links no record that was there before: its rule "existing" is "refuse". Change it with: linkspan target set ${tenant} ${target} --rules '{"existing":"ask"}'`,
    );
  }
  return decide(store, { tenant, target, targetId: row.id, userId }, (question, at) => {
    const ids = question.records.map(({ id }) => id);
    const chosen = record ?? (ids.length === 1 ? ids[0] : undefined);
    if (chosen === undefined) throw new TargetInputError(`Say which record it is, with --record: ${ids.join(', ')}`);
    if (!ids.includes(chosen)) {
      throw new TargetInputError(`Record "${chosen}" is none of those that were seen: ${ids.join(', ')}`);
    }
    return { decision: { kind: 'approved', record: chosen, at }, records: [chosen] };
  });
}

/** None of the records that were seen is linked; one that is seen later is asked about anew. @throws TargetInputError */
export async function refuseAdoption(
  store: Store,
  { tenant, target, userId }: { tenant: string; target: string; userId: string },
): Promise<Decided> {
  const { id } = await requireTarget(store, tenant, target);
  return decide(store, { tenant, target, targetId: id, userId }, (question, at) => ({
    decision: { kind: 'refused', at },
    records: question.records.map((record) => record.id),
  }));
}

type Decision = { decision: NonNullable<Question['decision']>; records: string[] };

async function decide(
  store: Store,
  about: { tenant: string; target: string; targetId: string; userId: string },
  choose: (question: Question, now: Millis) => Decision,
): Promise<Decided> {
  const { tenant, targetId, userId, target } = about;
  const now = await store.now();
  const activityId = randomUUIDv7();
  return store.write(async (trx) => {
    const account = await trx
      .selectFrom('accounts')
      .select('adoption')
      .where('tenant', '=', tenant)
      .where('target_id', '=', targetId)
      .where('user_id', '=', userId)
      .modifyEnd(store.dialect.forUpdate)
      .executeTakeFirst();
    if (!account?.adoption) {
      throw new TargetInputError(
        `Nothing has to be decided about this user in target "${target}". See: linkspan adopt list ${tenant}`,
      );
    }
    const question = JSON.parse(account.adoption) as Question;
    const { decision, records } = choose(question, now);
    await makeDue(trx, about, { ...question, decision }, { activityId, now });
    const action = decision.kind === 'approved' ? 'adopt' : 'refuse to adopt';
    const changed = records.map((id) => `record ${id} of ${target}`);
    const activity = { action, resourceType: 'User', resourceId: userId, changed } as const;
    await recordActivity(trx, { tenant, actor: 'cli', activityId }, activity, now);
    return { records, activityId };
  });
}

/** Whoever works on it now looks again. */
async function makeDue(
  trx: Kysely<Database>,
  { tenant, targetId, userId }: { tenant: string; targetId: string; userId: string },
  question: Question,
  { activityId, now }: { activityId: string; now: Millis },
): Promise<void> {
  await trx
    .updateTable('accounts')
    .set((row) => ({
      adoption: JSON.stringify(question),
      generation: row('generation', '+', 1),
      due_at: now,
      look_at: null,
      attempts: 0,
      activity_id: activityId,
      changed_at: now,
    }))
    .where('tenant', '=', tenant)
    .where('target_id', '=', targetId)
    .where('user_id', '=', userId)
    .execute();
}
