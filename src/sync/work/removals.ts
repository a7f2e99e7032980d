/**
 * Removals that were asked for and are not confirmed yet. They are kept on the account from the change that may take
 * something away until the pass that has made it so, over retries and whoever works on it, because the account's own
 * `activity_id` and `changed_at` are those of whatever came last, and first: a receipt names who asked for that removal.
 *
 * What is lost is worked out as a worker would, from what was last seen; so an edit of somebody who has no access any more
 * asks for nothing, and somebody who was wanted again before a worker came is asked for no more.
 */
import { randomUUIDv7 } from 'node:crypto';
import { type Kysely, type Selectable, sql } from 'kysely';
import type { DirectoryUser } from '../../directory/people.ts';
import type { Dialect } from '../../store/dialect.ts';
import type { AccountsTable, Database, Millis, ReceiptsTable } from '../../store/tables.ts';
import type { Observed } from '../../targets/target.ts';
import { nestedChangesOf } from '../fan-out/nested-changes.ts';
import { isUnfinished, type Losing, lossesOf, lossOf } from './losses.ts';
import type { Pass, Removed } from './pass.ts';
import type { Deciding } from './wish.ts';

/** Null: no request, but a change of the target's rules or settings. */
export interface Cause {
  at: Millis;
  activityId: string | null;
}

/** What is asked for, by what is to go (losses.ts). */
export type Asked = Readonly<Record<string, Cause>>;

type Account = Selectable<AccountsTable>;
type Columns = Pick<AccountsTable, 'removals' | 'removal_asked_at' | 'removal_activity_id'>;

/** Clears the column. */
const NONE = '{}';

/** @param removals JSON, as in the column. */
export function askedIn(removals: string | null): Asked {
  return removals === null ? {} : (JSON.parse(removals) as Asked);
}

/** The oldest stands in columns of its own. */
export function columnsOf(asked: Asked): Columns {
  const oldest = Object.values(asked).reduce<Cause | null>((a, b) => (a === null || b.at < a.at ? b : a), null);
  if (oldest === null) return { removals: null, removal_asked_at: null, removal_activity_id: null };
  return {
    removals: JSON.stringify(asked),
    removal_asked_at: oldest.at,
    removal_activity_id: oldest.activityId,
  };
}

/**
 * What is still lost keeps who asked first, what is not lost any more goes. The rest was asked for by this change, unless it
 * is one that takes nothing away by itself: then it shows only now what an earlier one asked for.
 */
function carriedOn(asked: Asked, losses: readonly string[], { at, activityId, takes, instead }: Asking): Asked {
  const causeOf = (loss: string) =>
    asked[loss] ?? instead(loss) ?? (takes(loss) ? null : asked.any) ?? { at, activityId };
  return Object.fromEntries(losses.map((loss) => [loss, causeOf(loss)]));
}

/** Who asks, should the change take something away. */
export interface Asking extends Cause {
  /** A deactivation or deletion takes access, a change of a group assignments; an edit neither by itself. */
  takes(loss: string): boolean;
  /** A later change whose doing it rather is; null: none. */
  instead(loss: string): Cause | null;
}

/**
 * What is asked for after a change, as columns for `enqueue`; `{}` in `removals` clears what was asked for.
 */
export function askedAgain(
  lane: Deciding | null,
  account: Losing & Pick<Account, 'removals'>,
  person: DirectoryUser | null,
  asking: Asking,
  urgent: boolean,
): Columns {
  const before = askedIn(account.removals);
  const losses = lossesOf(lane, account, person, urgent || before.any !== undefined);
  // Where nothing can be told, what was asked for stands.
  const any = { at: asking.at, activityId: asking.activityId };
  const kept = losses === null ? { ...(urgent && { any }), ...before } : carriedOn(before, losses, asking);
  const columns = columnsOf(kept);
  return columns.removals === null ? { ...columns, removals: NONE } : columns;
}

/** Whether anything is asked for, as `askedAgain` says it. */
export const isAnyAsked = ({ removals }: Columns): boolean => removals !== NONE;

/**
 * Finds who asked for what a pass took away, and what is open after it. In the transaction that settles. What an earlier
 * call took away whose answer was lost needs no call now: it has its receipt for having been seen to be gone, by who holds
 * the account. What may have been given and was never seen to be there has none.
 * @returns `columns` undefined: what is asked for stays as it is.
 */
export async function settleRemovals(
  trx: Kysely<Database>,
  dialect: Dialect,
  account: Account,
  { receipts: removed, observed, situation, isEmulated, hasTaken, byHand }: Passed,
): Promise<{ receipts: (Removed & Provenance)[]; columns?: Columns }> {
  if (removed.length === 0 && account.removals === null && byHand.length === 0) return { receipts: [] };
  const row = await trx
    .selectFrom('accounts')
    .select(['generation', 'removals', 'lease_owner', 'lease_epoch'])
    .where('tenant', '=', account.tenant)
    .where('target_id', '=', account.target_id)
    .where('user_id', '=', account.user_id)
    .modifyEnd(dialect.forUpdate)
    .executeTakeFirst();
  // Those of the claim first: what came since may be for the next pass.
  const asked = [askedIn(account.removals), askedIn(row?.removals ?? null)];
  const isHeld = row?.lease_owner === account.lease_owner && row.lease_epoch === account.lease_epoch;
  const isCurrent = isHeld && row.generation === account.generation;
  const open: Record<string, Cause> = { ...asked[1] };
  for (const { kind, subject } of removed) delete open[lossOf(kind, subject)];
  const isSeen = isCurrent && (situation === 'confirmed' || situation === 'found');
  const seen = isSeen ? Object.keys(open).flatMap((loss) => seenGone(loss, observed, account, isEmulated)) : [];
  const receipts = [];
  for (const receipt of [...removed, ...seen]) {
    const loss = lossOf(receipt.kind, receipt.subject);
    const causes = [loss, 'access', 'any'].flatMap((key) => asked.flatMap((each) => each[key] ?? []));
    receipts.push({ ...receipt, ...(await provenance(trx, account.tenant, causes[0] ?? (await nobodys()))) });
  }
  if (!hasTaken || !isCurrent) {
    for (const { kind, subject } of seen) delete open[lossOf(kind, subject)];
    return { receipts, columns: columnsOf(open) };
  }
  const left: Record<string, Cause> = {};
  for (const loss of byHand) {
    const [cause] = [loss, 'access', 'any'].flatMap((key) => asked.flatMap((each) => each[key] ?? []));
    left[loss] = cause ?? (await nobodys());
  }
  return { receipts, columns: columnsOf(left) };

  async function nobodys(): Promise<Cause> {
    return (await seenBeforeFannedOut(trx, account)) ?? (await lastCause(trx, account));
  }
}

/** What a pass has found and done. */
type Passed = Pick<Pass, 'receipts' | 'observed' | 'situation'> & {
  isEmulated: boolean;
  /** Nothing is there any more that was to go when the pass began. */
  hasTaken: boolean;
  /** What a person has to take away (`lossOf`): it stays open. */
  byHand: readonly string[];
};

function seenGone(loss: string, observed: Observed | null, account: Account, isEmulated: boolean): Removed[] {
  const { tenant, target_id, user_id } = account;
  const receipt = { tenant, id: randomUUIDv7(), target_id, user_id, evidence: 'read' } as const;
  if (loss === 'access' && observed?.enabled === false) {
    return [{ ...receipt, kind: 'disable', subject: null, emulated: isEmulated ? 1 : 0 }];
  }
  const subject = loss.startsWith('unassign:') ? loss.slice('unassign:'.length) : null;
  if (subject === null || observed?.assignments?.includes(subject) !== false || !wasThere(account, subject)) return [];
  return [{ ...receipt, kind: 'unassign', subject, emulated: 0 }];
}

/** Where the system had not shown what is assigned, all was given that was to be, if the last pass came to an end. */
function wasThere(account: Account, subject: string): boolean {
  if (account.observed === null) return false;
  const { assignments } = JSON.parse(account.observed) as Observed;
  return assignments?.includes(subject) ?? !isUnfinished(account);
}

type Provenance = Pick<ReceiptsTable, 'requested_at' | 'activity_id' | 'actor'>;

async function provenance(trx: Kysely<Database>, tenant: string, { at, activityId }: Cause): Promise<Provenance> {
  const activity = activityId === null ? undefined : await activityOf(trx, tenant, activityId);
  return { requested_at: at, activity_id: activityId, actor: activity?.actor ?? null };
}

/** The worker reads the user as it is now: it may see a change that fan-out has not come to. */
async function seenBeforeFannedOut(trx: Kysely<Database>, { tenant, user_id }: Account): Promise<Cause | null> {
  const change = await trx
    .selectFrom('changes')
    .select(['activity_id', 'created_at'])
    .where('tenant', '=', tenant)
    .where(
      sql<boolean>`((subject = 'user' and subject_id = ${user_id}) or (subject in ('group', 'group-members') and exists (
        select 1 from members where members.tenant = changes.tenant and group_id = subject_id and member_id = ${user_id}
        and (subject = 'group' or change_seq = changes.seq))))`,
    )
    .orderBy('urgent', 'desc')
    .orderBy('seq')
    .limit(1)
    .executeTakeFirst();
  const [nested] = change ? [] : ((await nestedChangesOf(trx, tenant, [user_id])).get(user_id) ?? []);
  const cause = change ?? nested;
  return cause ? { at: cause.created_at, activityId: cause.activity_id } : null;
}

/** Nobody asked: something was given in the target itself, and a pass for something else has seen it. */
async function lastCause(trx: Kysely<Database>, { tenant, activity_id, changed_at }: Account): Promise<Cause> {
  const activity = activity_id === null ? undefined : await activityOf(trx, tenant, activity_id);
  return { at: activity?.at ?? changed_at, activityId: activity_id };
}

function activityOf(trx: Kysely<Database>, tenant: string, id: string) {
  return trx
    .selectFrom('activity')
    .select(['at', 'actor'])
    .where('tenant', '=', tenant)
    .where('id', '=', id)
    .executeTakeFirst();
}
