/** Several changes of one user that are fanned out together, and which of them asked that something be taken away. */
import type { Kysely, Selectable } from 'kysely';
import type { ChangesTable, Database, Millis } from '../../store/tables.ts';
import type { Asking } from '../work/removals.ts';
import { nestedChangesOf } from './nested-changes.ts';

type Change = Selectable<ChangesTable>;

export interface News {
  /** The greatest of them. */
  urgent: Change['urgent'];
  /** Of the last one. */
  activity_id: string | null;
  /** Of the first one: since then something is to be carried on. */
  created_at: Millis;
  /** In the order in which they came. */
  changes: readonly Change[];
}

/** By user. */
export function newsOf(subjects: readonly { userId: string; change: Change }[]): Map<string, News> {
  const byUser = Map.groupBy(subjects, ({ userId }) => userId);
  return new Map(
    [...byUser].map(([userId, ofUser]): [string, News] => {
      const changes = ofUser.map(({ change }) => change).toSorted((a, b) => a.seq - b.seq);
      const urgent = Math.max(...changes.map((change) => change.urgent)) as Change['urgent'];
      const activity_id = changes.at(-1)?.activity_id ?? null;
      return [userId, { urgent, activity_id, created_at: changes[0]?.created_at ?? 0, changes }];
    }),
  );
}

/**
 * A deactivation or deletion: the last one, and of several in a row, between which nothing can have been given back, the
 * first. Where there is none, an edit moved the user out of scope: the last that touched what the scope speaks of.
 * Where the scope speaks of groups, their changes take access too.
 * @param touched paths of attributes, by the change's activity. @param toCome others that have their effect already.
 */
export function whoAsked(
  { changes }: Pick<News, 'changes'>,
  { scope, byGroups }: { scope: string | null; byGroups: boolean },
  touched: ReadonlyMap<string, readonly string[]>,
  toCome: readonly Change[] = [],
): Asking {
  const last = changes.findLastIndex(({ urgent }) => urgent === 1);
  const before = changes.slice(0, last).findLastIndex(({ urgent }) => urgent !== 1);
  const spoken = (scope ?? '').toLowerCase();
  const mover = changes.findLast(({ activity_id }) =>
    touched.get(activity_id ?? '')?.some((path) => spoken.includes(path.toLowerCase())),
  );
  const change = last >= 0 ? changes[before + 1] : (mover ?? changes[0]);
  const isDoingOf = ({ subject }: Change, loss: string) =>
    (subject === 'user') === (loss === 'access') || (byGroups && loss === 'access');
  const deactivates = changes.some(({ urgent, subject }) => urgent === 1 && subject === 'user');
  return {
    at: change?.created_at ?? 0,
    activityId: change?.activity_id ?? null,
    instead(loss) {
      if (deactivates) return null;
      const possible = toCome.filter((other) => isDoingOf(other, loss));
      const later = possible.find(({ urgent }) => urgent === 1) ?? possible[0];
      return later ? { at: later.created_at, activityId: later.activity_id } : null;
    },
    takes: (loss) => changes.some((each) => each.urgent === 1 && isDoingOf(each, loss)),
  };
}

/**
 * Changes of these users that came later and are not fanned out, the likeliest first, by user. A slice of a group sees its
 * members as they are now: what they lose may be the later change's doing. So it is with an edit of a user where a scope
 * speaks of groups, whose changes wait behind those of users.
 */
export async function changesToCome(
  trx: Kysely<Database>,
  tenant: string,
  userIds: readonly string[],
  after: Change,
  byGroups: boolean,
): Promise<Map<string, Change[]>> {
  const isOfUser = after.subject === 'user';
  if (isOfUser && !byGroups) return new Map();
  const seq = isOfUser ? 0 : after.seq;
  const ofUsers = trx
    .selectFrom('changes')
    .selectAll('changes')
    .select('subject_id as user_id')
    .where('tenant', '=', tenant)
    .where('subject', '=', 'user')
    .where('subject_id', 'in', userIds)
    .where('seq', '>', after.seq)
    .orderBy('urgent', 'desc')
    .orderBy('seq');
  const ofGroups = trx
    .selectFrom('changes')
    .innerJoin('members', (join) =>
      join.onRef('members.tenant', '=', 'changes.tenant').onRef('members.group_id', '=', 'changes.subject_id'),
    )
    .selectAll('changes')
    .select('member_id as user_id')
    .where('changes.tenant', '=', tenant)
    .where('subject', 'in', ['group', 'group-members'])
    .where('member_id', 'in', userIds)
    .where('seq', '>', seq)
    .where('urgent', '=', 1)
    .where((row) =>
      row.or([
        row.and([row('removed', '=', 1), row('change_seq', '=', row.ref('seq'))]),
        row.and([row('removed', '=', 0), row('subject', '=', 'group')]),
      ]),
    )
    .orderBy('removed', 'desc')
    .orderBy('seq');
  const nested = [...(await nestedChangesOf(trx, tenant, userIds))].flatMap(([user_id, changes]) =>
    changes.filter((change) => change.seq > seq && change.urgent === 1).map((change) => ({ ...change, user_id })),
  );
  const found = [...(isOfUser ? [] : await ofUsers.execute()), ...(await ofGroups.execute()), ...nested];
  return Map.groupBy(found, ({ user_id }) => user_id);
}

/** What each change of users with several touched, by activity; nothing for the others: there is no choice to make. */
export async function pathsTouched(
  trx: Kysely<Database>,
  tenant: string,
  news: Iterable<News>,
): Promise<Map<string, readonly string[]>> {
  const ids = [...news]
    .filter(({ changes, urgent }) => changes.length > 1 && urgent !== 1)
    .flatMap(({ changes }) => changes.flatMap(({ activity_id }) => activity_id ?? []));
  if (ids.length === 0) return new Map();
  const rows = await trx
    .selectFrom('activity')
    .select(['id', 'detail'])
    .where('tenant', '=', tenant)
    .where('id', 'in', ids)
    .execute();
  return new Map(rows.map(({ id, detail }) => [id, (JSON.parse(detail) as { changed?: string[] }).changed ?? []]));
}
