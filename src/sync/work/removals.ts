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
import type { Memory, Observed } from '../../targets/target.ts';
import { nestedChangesOf } from '../fan-out/nested-changes.ts';
import type { Pass, Removed, Wish } from './pass.ts';
import { type Deciding, wishOf } from './wish.ts';

/** Null: no request, but a change of the target's rules or settings. */
export interface Cause {
  at: Millis;
  activityId: string | null;
}

/**
 * What is asked for, by what is to go: `access` (a disable, a deletion), `unassign:<subject>`, or `any` where that is not
 * known before the target has been looked at.
 */
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

export type Losing = Pick<Account, 'remote_id' | 'observed' | 'memory' | 'lease_owner' | 'verify_after' | 'outcome'> & {
  intents: Wish['intents'];
};

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
 * What this person stands to lose there, going by what was last seen.
 * @param lane null: its present rules are not known here. @param urgent the change may take access away, or one before it.
 * @returns null where that cannot be told.
 */
function lossesOf(
  lane: Deciding | null,
  account: Losing,
  person: DirectoryUser | null,
  urgent: boolean,
): string[] | null {
  if (lane === null) return null;
  try {
    const { standing, desired } = wishOf(lane, account, person, account.intents);
    const isLeaving = standing.presence !== 'active';
    // A worker may be about to give what the row does not show yet. What a call may have given, memory shows; but not whether it let in.
    const isAtWork = account.lease_owner !== null;
    const isInMotion = isAtWork || account.verify_after !== null || account.intents.length > 0;
    const unseen = (isAtWork && urgent) || (isInMotion && isLeaving) ? ['any'] : [];
    if (standing.presence === 'keep') return [];
    if (standing.presence === 'none') return unseen;
    const memory = JSON.parse(account.memory) as Memory;
    // A pass that came to no end may have given what it was about to give, without a word of it.
    const isUnfinished = account.outcome === null || account.outcome === 'retry' || account.outcome === 'pause';
    const granted = isInMotion || isUnfinished ? memory.granted : [];
    if (account.observed === null) {
      const lost = granted.filter((subject) => !desired?.assignments.includes(subject));
      return [...(isLeaving ? ['access'] : lost.map((subject) => lossOf('unassign', subject))), ...unseen];
    }
    const observed = withGranted(JSON.parse(account.observed) as Observed, granted);
    const plan = lane.type.plan(desired, observed, memory, lane.settings);
    const lost = plan.flatMap(({ kind, subject, record }) => {
      if (record !== undefined) return [];
      if (kind === 'unassign') return [lossOf(kind, subject ?? null)];
      return kind === 'disable' || kind === 'delete' ? ['access'] : [];
    });
    return [...lost, ...(isLeaving && lost.length > 0 ? ['access'] : []), ...unseen];
  } catch {
    // The worker says what cannot be computed, and takes nothing away.
    return null;
  }
}

function withGranted(observed: Observed, granted: readonly string[]): Observed {
  const { assignments } = observed;
  return { ...observed, assignments: assignments && [...new Set([...assignments, ...granted])].sort() };
}

export function lossOf(kind: ReceiptsTable['kind'], subject: string | null): string {
  return kind === 'unassign' ? `unassign:${subject}` : 'access';
}

/**
 * Finds who asked for what a pass took away, and what is open after it. In the transaction that settles. What an earlier
 * call took away whose answer was lost needs no call now: it has its receipt for having been seen to be gone, by who holds
 * the account.
 * @param pass.done nothing is there any more that was to go when the pass began.
 * @returns `columns` undefined: what is asked for stays as it is.
 */
export async function settleRemovals(
  trx: Kysely<Database>,
  dialect: Dialect,
  account: Account,
  { receipts: removed, observed, situation, isEmulated, done, byHand }: Passed,
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
  const isLast = done && isHeld && row.generation === account.generation;
  const open: Record<string, Cause> = { ...asked[1] };
  for (const { kind, subject } of removed) delete open[lossOf(kind, subject)];
  const isSeen = isLast && (situation === 'confirmed' || situation === 'found');
  const seen = isSeen ? Object.keys(open).flatMap((loss) => seenGone(loss, observed, account, isEmulated)) : [];
  const receipts = [];
  for (const receipt of [...removed, ...seen]) {
    const loss = lossOf(receipt.kind, receipt.subject);
    const causes = [loss, 'access', 'any'].flatMap((key) => asked.flatMap((each) => each[key] ?? []));
    receipts.push({ ...receipt, ...(await provenance(trx, account.tenant, causes[0] ?? (await nobodys()))) });
  }
  if (!isLast) return { receipts, columns: columnsOf(open) };
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
  done: boolean;
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
  if (subject === null || observed?.assignments?.includes(subject) !== false) return [];
  return [{ ...receipt, kind: 'unassign', subject, emulated: 0 }];
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
