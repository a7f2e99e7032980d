/**
 * Whose changes are fanned out next. Tenants take turns by name, so that one with 50,000 changes waiting delays another's
 * only by its share of one slice.
 */
import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Database } from '../../store/tables.ts';

/** Changes of one kind, as a condition on `changes`: word for word that of the partial index that finds them. */
export type ChangeKind = RawBuilder<boolean>;

/** One user each. */
export const OF_USERS: ChangeKind = sql`subject = 'user'`;
/** Of a group or some of its members, not begun: most are small, and go before what is large. */
export const OF_GROUPS: ChangeKind = sql`subject <> 'user' and subject <> 'target' and cursor is null`;
/** Of everybody in a target, and what is left of a large group. */
export const IN_THE_BACKGROUND: ChangeKind = sql`(cursor is not null or subject = 'target')`;

export interface Waiting {
  tenant: string;
  /** Changes waiting, counted as far as `upTo`. */
  count: number;
}

/**
 * The tenants with changes of this kind, beginning with the one after `last`, then round from the first: one index probe
 * for each, however many changes they have.
 */
export async function nextTenants(
  db: Kysely<Database>,
  kind: ChangeKind,
  { last, limit, upTo }: { last: string; limit: number; upTo: number },
): Promise<Waiting[]> {
  const after = await tenantsBetween(db, kind, { from: last, to: null, limit, upTo });
  const left = limit - after.length;
  if (left === 0 || last === '') return after;
  return [...after, ...(await tenantsBetween(db, kind, { from: '', to: last, limit: left, upTo }))];
}

/** SQL has no skip scan: each step of the recursion looks up the next tenant. */
async function tenantsBetween(
  db: Kysely<Database>,
  kind: ChangeKind,
  { from, to, limit, upTo }: { from: string; to: string | null; limit: number; upTo: number },
): Promise<Waiting[]> {
  const { rows } = await sql<Waiting>`with recursive waiting(name) as (
      select (select min(tenant) from changes where ${kind} and tenant > ${from}) as name
      union all
      select (select min(tenant) from changes where ${kind} and tenant > waiting.name) from waiting
      where waiting.name is not null ${to === null ? sql`` : sql`and waiting.name < ${to}`})
    select name as tenant,
      (select count(*) from (select 1 as one from changes where ${kind} and tenant = waiting.name limit ${sql.lit(upTo)}) as counted) as count
    from waiting where name is not null ${to === null ? sql`` : sql`and name <= ${to}`} limit ${sql.lit(limit)}`.execute(
    db,
  );
  return rows;
}

/** How many of `places` each gets: nobody less than an equal share unless fewer are waiting. */
export function sharesOf(waiting: readonly Waiting[], places: number): Map<string, number> {
  const shares = new Map<string, number>();
  let left = places;
  for (const [index, { tenant, count }] of waiting.toSorted((a, b) => a.count - b.count).entries()) {
    const share = Math.min(count, Math.ceil(left / (waiting.length - index)));
    shares.set(tenant, share);
    left -= share;
  }
  return shares;
}
