/**
 * Receipts as evidence: who lost what, asked for when and by whom, confirmed when and how; and the removals that are asked
 * for and not confirmed, with the reason. Read in pages, so that a year of them needs no memory.
 */
import { type Expression, sql } from 'kysely';
import type { Store } from '../../store/store.ts';
import type { Millis, ReceiptsTable } from '../../store/tables.ts';
import { askedIn } from '../work/removals.ts';
import { readNaming } from './history.ts';

export interface Selection {
  targetId?: string | undefined;
  /** A person may have been several users. */
  userIds?: readonly string[] | undefined;
  /** Confirmed (of open ones: asked for) at this instant or later. */
  since?: Millis | undefined;
  /** And before this one. */
  until?: Millis | undefined;
}

interface Whose {
  /** Null: it is not there any more. */
  user: string | null;
  userId: string;
  target: string | null;
  targetId: string;
  askedAt: Millis;
  /** In words: `token "Okta"`; null: a change of the target's rules or settings, or of receipts of older versions. */
  askedBy: string | null;
  /** The request that asked for it. */
  request: string | null;
}

export interface Receipt extends Whose {
  removal: ReceiptsTable['kind'];
  subject: string | null;
  confirmedAt: Millis;
  evidence: ReceiptsTable['evidence'];
  /** The system has no such call: the nearest thing was done. */
  emulated: boolean;
  /** Both, in words. */
  how: string;
}

export interface OpenRemoval extends Whose {
  /** `any`: what it is shows only when the target has been looked at. */
  removal: 'access' | 'unassign' | 'any';
  subject: string | null;
  /** Why it is not done, in words. */
  why: string;
  nextAttemptAt: Millis | null;
}

const PAGE = 500;

const HOW: Record<ReceiptsTable['evidence'], string> = {
  read: 'seen to be gone by a read',
  listing: 'missing from the complete listing',
  answer: "said by the system's answer, not seen",
  person: 'manual: confirmed by a person',
  unverifiable: 'unverifiable: the system cannot be asked',
};

export function howConfirmed(evidence: ReceiptsTable['evidence'], emulated: boolean): string {
  return `${emulated ? 'emulated (the system has no such call, the nearest thing was done), ' : ''}${HOW[evidence]}`;
}

/** In the order in which they were confirmed, a page at a time. */
export async function* receiptPages(store: Store, tenant: string, chosen: Selection): AsyncGenerator<Receipt[]> {
  let after = { at: chosen.since ?? 0, id: '' };
  for (;;) {
    const rows = await store.read
      .selectFrom('receipts')
      .selectAll()
      .where('tenant', '=', tenant)
      .$if(chosen.targetId !== undefined, (query) => query.where('target_id', '=', chosen.targetId ?? ''))
      .$if(chosen.userIds !== undefined, (query) => query.where('user_id', 'in', chosen.userIds ?? []))
      .$if(chosen.until !== undefined, (query) => query.where('confirmed_at', '<', chosen.until ?? 0))
      .where(isAfter(sql`(confirmed_at, id)`, sql`(cast(${after.at} as bigint), ${after.id})`))
      .orderBy('confirmed_at')
      .orderBy('id')
      .limit(PAGE)
      .execute();
    const last = rows.at(-1);
    if (!last) return;
    const naming = await readNaming(
      store,
      tenant,
      rows.map((row) => row.user_id),
    );
    yield rows.map((row) => ({
      user: naming.resource(row.user_id)?.name ?? null,
      userId: row.user_id,
      target: naming.target(row.target_id),
      targetId: row.target_id,
      removal: row.kind,
      subject: row.subject,
      askedAt: row.requested_at,
      askedBy: row.actor === null ? null : naming.actor(row.actor),
      request: row.activity_id,
      confirmedAt: row.confirmed_at,
      evidence: row.evidence,
      emulated: row.emulated === 1,
      how: howConfirmed(row.evidence, row.emulated === 1),
    }));
    if (rows.length < PAGE) return;
    after = { at: last.confirmed_at, id: last.id };
  }
}

/** The oldest first, a page of accounts at a time. */
export async function* openRemovalPages(
  store: Store,
  tenant: string,
  chosen: Selection,
): AsyncGenerator<OpenRemoval[]> {
  let after = { at: chosen.since ?? 0, target: '', user: '' };
  for (;;) {
    const rows = await store.read
      .selectFrom('accounts')
      .innerJoin('targets', (join) =>
        join.onRef('targets.tenant', '=', 'accounts.tenant').onRef('targets.id', '=', 'accounts.target_id'),
      )
      .select(['target_id', 'user_id', 'removals', 'removal_asked_at', 'lease_owner', 'outcome', 'reason', 'due_at'])
      .select(['targets.state', 'targets.paused_reason'])
      .where('accounts.tenant', '=', tenant)
      .where('removal_asked_at', 'is not', null)
      .$if(chosen.targetId !== undefined, (query) => query.where('target_id', '=', chosen.targetId ?? ''))
      .$if(chosen.userIds !== undefined, (query) => query.where('user_id', 'in', chosen.userIds ?? []))
      .$if(chosen.until !== undefined, (query) => query.where('removal_asked_at', '<', chosen.until ?? 0))
      .where(
        isAfter(
          sql`(removal_asked_at, target_id, user_id)`,
          sql`(cast(${after.at} as bigint), ${after.target}, ${after.user})`,
        ),
      )
      .orderBy('removal_asked_at')
      .orderBy('target_id')
      .orderBy('user_id')
      .limit(PAGE)
      .execute();
    const last = rows.at(-1);
    if (!last) return;
    const causes = rows.flatMap(({ removals }) => Object.values(askedIn(removals)));
    const actors = await actorsOf(store, tenant, new Set(causes.flatMap(({ activityId }) => activityId ?? [])));
    const naming = await readNaming(
      store,
      tenant,
      rows.map((row) => row.user_id),
    );
    yield rows.flatMap((row) =>
      Object.entries(askedIn(row.removals)).map(([what, { at, activityId }]): OpenRemoval => {
        const actor = actors.get(activityId ?? '');
        const isUnassign = what.startsWith('unassign:');
        return {
          user: naming.resource(row.user_id)?.name ?? null,
          userId: row.user_id,
          target: naming.target(row.target_id),
          targetId: row.target_id,
          removal: isUnassign ? 'unassign' : (what as 'access' | 'any'),
          subject: isUnassign ? what.slice('unassign:'.length) : null,
          askedAt: at,
          askedBy: actor === undefined ? null : naming.actor(actor),
          request: activityId,
          why: whyOpen(row),
          nextAttemptAt: row.lease_owner === null ? row.due_at : null,
        };
      }),
    );
    if (rows.length < PAGE) return;
    after = { at: last.removal_asked_at ?? 0, target: last.target_id, user: last.user_id };
  }
}

function isAfter(place: Expression<unknown>, last: Expression<unknown>) {
  return sql<boolean>`${place} > ${last}`;
}

interface Standing {
  state: string;
  paused_reason: string | null;
  lease_owner: string | null;
  outcome: string | null;
  reason: string | null;
  due_at: Millis | null;
}

function whyOpen({ state, paused_reason, lease_owner, outcome, reason, due_at }: Standing): string {
  const last = outcome === null || outcome === 'done' ? null : `${outcome}: ${reason}`;
  if (lease_owner !== null) return last === null ? 'being worked on' : `being worked on, after ${last}`;
  if (state === 'paused') return `the target is paused: ${paused_reason ?? 'by an administrator'}`;
  if (outcome === 'manual') return reason ?? 'to be done by hand';
  if (due_at === null) return outcome === 'reject' ? `needs a person: ${reason}` : (last ?? 'nothing is to be done');
  return last ?? 'waits for its turn';
}

async function actorsOf(store: Store, tenant: string, ids: ReadonlySet<string>): Promise<Map<string, string>> {
  if (ids.size === 0) return new Map();
  const rows = await store.read
    .selectFrom('activity')
    .select(['id', 'actor'])
    .where('tenant', '=', tenant)
    .where('id', 'in', [...ids])
    .execute();
  return new Map(rows.map(({ id, actor }) => [id, actor]));
}

/** Time to revoke, in milliseconds from the accepted request to the confirmation; by nearest rank. */
export interface Revoked {
  target: string | null;
  removal: ReceiptsTable['kind'];
  count: number;
  p50: Millis;
  p99: Millis;
  longest: Millis;
  /** Of them, those that nothing but the answer speaks for, or nothing at all. */
  unseen: number;
}

export interface Summary {
  revoked: Revoked[];
  open: { target: string | null; count: number; oldestAskedAt: Millis; oldestSeconds: number }[];
}

/** Of the receipts chosen, and of all that is open now in that target or for that user. */
export async function summarize(store: Store, tenant: string, chosen: Selection): Promise<Summary> {
  const took = sql<number>`case when confirmed_at > requested_at then confirmed_at - requested_at else 0 end`;
  const { rows } = await sql<Omit<Revoked, 'target' | 'removal'> & { target_id: string; kind: Revoked['removal'] }>`
    with ranked as (
      select target_id, kind, evidence, ${took} as took,
        row_number() over (partition by target_id, kind order by ${took}) as place,
        count(*) over (partition by target_id, kind) as total
      from receipts where ${sql.join(conditions(tenant, chosen, sql.ref('confirmed_at')), sql` and `)})
    select target_id, kind, count(*) as count,
      min(case when place * 100 >= total * 50 then took end) as p50,
      min(case when place * 100 >= total * 99 then took end) as p99,
      max(took) as longest, sum(case when evidence in ('answer', 'unverifiable') then 1 else 0 end) as unseen
    from ranked group by target_id, kind order by target_id, kind`.execute(store.read);
  const now = await store.now();
  const open = await store.read
    .selectFrom('accounts')
    .select(sql<string>`min(target_id)`.as('target_id'))
    .select([sql<number>`count(*)`.as('count'), sql<number>`min(removal_asked_at)`.as('oldest')])
    .where('removal_asked_at', 'is not', null)
    // All of them: a range, and no order to group by, make SQLite take the index of those that are open.
    .where('removal_asked_at', '>', -1)
    .where(sql<boolean>`${sql.join(conditions(tenant, { ...chosen, since: undefined, until: undefined }), sql` and `)}`)
    .groupBy(sql`target_id || ''`)
    .orderBy('target_id')
    .execute();
  const naming = await readNaming(store, tenant, []);
  return {
    revoked: rows.map(({ target_id, kind, ...figures }) => ({
      target: naming.target(target_id),
      removal: kind,
      ...figures,
    })),
    open: open.map(({ target_id, count, oldest }) => ({
      target: naming.target(target_id),
      count,
      oldestAskedAt: oldest,
      oldestSeconds: Math.max(0, (now - oldest) / 1_000),
    })),
  };
}

function conditions(tenant: string, { targetId, userIds, since, until }: Selection, time?: Expression<unknown>) {
  return [
    sql`tenant = ${tenant}`,
    ...(targetId === undefined ? [] : [sql`target_id = ${targetId}`]),
    ...(userIds === undefined ? [] : [sql`user_id in (${sql.join([...userIds])})`]),
    ...(time === undefined || since === undefined ? [] : [sql`${time} >= ${since}`]),
    ...(time === undefined || until === undefined ? [] : [sql`${time} < ${until}`]),
  ];
}
