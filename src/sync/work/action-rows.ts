/**
 * The rows of actions: what a person has to do in a target because the system has no call for it. They are opened and closed
 * in the transaction that settles the account (by-hand.ts).
 */
import type { Kysely, Selectable } from 'kysely';
import type { ActionsTable, Database } from '../../store/tables.ts';
import type { Step } from '../../targets/target.ts';
import type { AccountKey } from '../accounts/accounts.ts';

export type OpenAction = Selectable<ActionsTable>;

export async function openActionsOf(
  db: Kysely<Database>,
  { tenant, target_id, user_id }: AccountKey,
): Promise<OpenAction[]> {
  return db
    .selectFrom('actions')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('target_id', '=', target_id)
    .where('user_id', '=', user_id)
    .where('closed_at', 'is', null)
    .orderBy('opened_at')
    .orderBy('id')
    .execute();
}

/** What tells the actions of one kind and account apart; '' where there can be but one. */
export function subjectOf({ record, subject }: Pick<Step, 'record' | 'subject'>): string {
  return record ?? subject ?? '';
}

export function isSame(action: Pick<OpenAction, 'kind' | 'subject'>, step: Step): boolean {
  return action.kind === step.kind && action.subject === subjectOf(step);
}

/** A person has been asked for it already. */
export function isAskedByHand(actions: readonly OpenAction[], step: Step): boolean {
  return step.manual !== undefined && actions.some((action) => isSame(action, step));
}

/** Nobody asks for what the account's former self was to have or to lose. */
export async function dropActions(
  trx: Kysely<Database>,
  { tenant, target_id, user_id }: AccountKey,
  now: number,
): Promise<void> {
  await trx
    .updateTable('actions')
    .set({ closed_at: now, closed_by: 'gone' })
    .where('tenant', '=', tenant)
    .where('target_id', '=', target_id)
    .where('user_id', '=', user_id)
    .where('closed_at', 'is', null)
    .execute();
}
