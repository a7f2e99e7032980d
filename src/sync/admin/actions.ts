/**
 * What an administrator sees and says of actions, the work that a target's system has no call for: which are open, and that one
 * is done. Saying so closes nothing by itself: the account is looked at, and what the system shows decides (by-hand.ts).
 */
import { randomUUIDv7 } from 'node:crypto';
import type { Selectable } from 'kysely';
import { recordActivity } from '../../directory/changes.ts';
import type { Store } from '../../store/store.ts';
import type { ActionsTable, Millis } from '../../store/tables.ts';
import { readNaming } from '../why/history.ts';
import { requireTarget, TargetInputError } from './targets.ts';

export interface ActionInfo {
  id: string;
  target: string;
  userId: string;
  /** What the user is called now; null where nothing is left of the user. */
  user: string | null;
  /** The record's id in the target, where there is one. */
  record: string | null;
  kind: ActionsTable['kind'];
  /** The assignment concerned. */
  subject: string | null;
  /** What to do, in words. */
  todo: string;
  openedAt: Millis;
  /** The request that asked for it; null: a change of the target's rules or settings. */
  request: string | null;
  /** When a person last said that it is done, and who, and what they noted. */
  saidAt: Millis | null;
  actor: string | null;
  note: string | null;
  /** What the system was seen to hold after that. */
  shows: string | null;
  closedAt: Millis | null;
  closedBy: ActionsTable['closed_by'];
}

/** Open ones, the oldest first; then those that are closed, the latest first. @param options.target a name. */
export async function listActions(
  store: Store,
  tenant: string,
  options: { target?: string | undefined; all?: boolean; limit?: number } = {},
): Promise<{ actions: ActionInfo[]; total: number }> {
  const { target, all = false, limit = 100 } = options;
  const targetId = target === undefined ? null : (await requireTarget(store, tenant, target)).id;
  const chosen = store.read
    .selectFrom('actions')
    .where('tenant', '=', tenant)
    .$if(targetId !== null, (query) => query.where('target_id', '=', targetId ?? ''))
    .$if(!all, (query) => query.where('closed_at', 'is', null));
  const { total } = await chosen.select((row) => row.fn.countAll().as('total')).executeTakeFirstOrThrow();
  const open = await chosen
    .selectAll()
    .where('closed_at', 'is', null)
    .orderBy('opened_at')
    .orderBy('id')
    .limit(limit)
    .execute();
  const room = all ? limit - open.length : 0;
  const closed =
    room <= 0
      ? []
      : await chosen
          .selectAll()
          .where('closed_at', 'is not', null)
          .orderBy('closed_at', 'desc')
          .orderBy('id')
          .limit(room)
          .execute();
  return { actions: await toInfos(store, tenant, [...open, ...closed]), total: Number(total) };
}

/** @throws TargetInputError where there is none. */
export async function readAction(store: Store, tenant: string, id: string): Promise<ActionInfo> {
  const row = await store.read
    .selectFrom('actions')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('id', '=', id)
    .executeTakeFirst();
  const [action] = row ? await toInfos(store, tenant, [row]) : [];
  if (action) return action;
  throw new TargetInputError(`Tenant "${tenant}" has no action "${id}". See: linkspan action list ${tenant}`);
}

async function toInfos(store: Store, tenant: string, rows: readonly Selectable<ActionsTable>[]): Promise<ActionInfo[]> {
  if (rows.length === 0) return [];
  const userIds = [...new Set(rows.map((row) => row.user_id))];
  const naming = await readNaming(store, tenant, userIds);
  const accounts = await store.read
    .selectFrom('accounts')
    .select(['target_id', 'user_id', 'remote_id'])
    .where('tenant', '=', tenant)
    .where('user_id', 'in', userIds)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    target: naming.target(row.target_id) ?? 'a former target',
    userId: row.user_id,
    user: naming.resource(row.user_id)?.name ?? null,
    record:
      accounts.find((each) => each.target_id === row.target_id && each.user_id === row.user_id)?.remote_id ?? null,
    kind: row.kind,
    subject: row.subject === '' ? null : row.subject,
    todo: row.todo,
    openedAt: row.opened_at,
    request: row.activity_id,
    saidAt: row.said_at,
    actor: row.actor,
    note: row.note,
    shows: row.shows,
    closedAt: row.closed_at,
    closedBy: row.closed_by,
  }));
}

export interface Said {
  action: ActionInfo;
  /** Under which `linkspan why` shows what came of it. */
  activityId: string;
}

/**
 * A person says that it is done: noted, and the account is looked at at once, whatever holds its lane up.
 * @throws TargetInputError where there is none, or it is closed.
 */
export async function sayDone(
  store: Store,
  tenant: string,
  id: string,
  { by, note = null }: { by: string; note?: string | null },
): Promise<Said> {
  const action = await readAction(store, tenant, id);
  const activityId = randomUUIDv7();
  const now = await store.now();
  await store.write(async (trx) => {
    const row = await trx
      .updateTable('actions')
      .set({ said_at: now, actor: by, note, shows: null })
      .where('tenant', '=', tenant)
      .where('id', '=', id)
      .where('closed_at', 'is', null)
      .returning(['target_id', 'user_id'])
      .executeTakeFirst();
    if (!row) throw new TargetInputError(`Action "${id}" is closed already: ${closedText(action.closedBy)}.`);
    await trx
      .updateTable('accounts')
      .set((account) => ({
        generation: account('generation', '+', 1),
        due_at: now,
        look_at: null,
        urgent: 1,
        attempts: 0,
        activity_id: activityId,
        changed_at: now,
      }))
      .where('tenant', '=', tenant)
      .where('target_id', '=', row.target_id)
      .where('user_id', '=', row.user_id)
      .execute();
    const changed = [`${action.kind} in ${action.target}`];
    const activity = { action: 'action done', resourceType: 'User', resourceId: row.user_id, changed } as const;
    await recordActivity(trx, { tenant, actor: by, activityId }, activity, now);
  });
  return { action: await readAction(store, tenant, id), activityId };
}

/** In words. */
export function closedText(closedBy: ActionInfo['closedBy']): string {
  switch (closedBy) {
    case 'seen':
      return 'the system shows that it was done';
    case 'person':
      return 'a person said that it was done, and the system cannot show it';
    case 'gone':
      return 'it is not wanted any more';
    default:
      return 'open';
  }
}
