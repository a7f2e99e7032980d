/**
 * Who deleted users are now: the tombstones (directory/tombstones.ts) as lines from a former self to the last one of the same
 * person. A tombstone is open while an account of the former self may still change hands.
 */
import type { Kysely } from 'kysely';
import type { Dialect } from '../../store/dialect.ts';
import type { Database, Millis } from '../../store/tables.ts';

/** More deletions and rehires of one person are followed no further at once. */
const LONGEST_LINE = 1_000;

/** Whom the deleted user became, one after the other; empty: nobody. */
export async function lineOf(db: Kysely<Database>, tenant: string, userId: string): Promise<string[]> {
  const line: string[] = [];
  for (let steps = 0; steps < LONGEST_LINE; steps++) {
    const tombstone = await db
      .selectFrom('tombstones')
      .select('heir_id')
      .where('tenant', '=', tenant)
      .where('resource_id', '=', line.at(-1) ?? userId)
      .executeTakeFirst();
    if (!tombstone?.heir_id) break;
    line.push(tombstone.heir_id);
  }
  return line;
}

/** Who the deleted user is now, however often it was deleted since; null: nobody. */
export async function heirOf(db: Kysely<Database>, tenant: string, userId: string): Promise<string | null> {
  return (await lineOf(db, tenant, userId)).at(-1) ?? null;
}

/** Those of the users for whom something may be left to take over. */
export async function heirsAmong(
  trx: Kysely<Database>,
  tenant: string,
  userIds: readonly string[],
): Promise<Set<string>> {
  if (userIds.length === 0) return new Set();
  const rows = await trx
    .selectFrom('tombstones')
    .select('heir_id')
    .where('tenant', '=', tenant)
    .where('heir_id', 'in', userIds)
    .where('handed_over_at', 'is', null)
    .execute();
  return new Set(rows.flatMap(({ heir_id }) => heir_id ?? []));
}

/** Those whom the heirs were before, and before that, each with the last heir known. */
export async function openTombstones(
  trx: Kysely<Database>,
  tenant: string,
  heirs: Iterable<string>,
): Promise<{ id: string; heirId: string }[]> {
  const open = new Map<string, string>();
  let level = new Map([...heirs].map((id) => [id, id]));
  for (let steps = 0; level.size > 0 && steps < LONGEST_LINE; steps++) {
    const rows = await trx
      .selectFrom('tombstones')
      .select(['resource_id', 'heir_id'])
      .where('tenant', '=', tenant)
      .where('heir_id', 'in', [...level.keys()])
      .where('handed_over_at', 'is', null)
      .orderBy('resource_id', 'desc')
      .execute();
    level = new Map(rows.map((row) => [row.resource_id, level.get(row.heir_id ?? '') ?? '']));
    // Who is found again, from further away, was the former self of one who has an heir already.
    for (const [id, heirId] of level) open.set(id, heirId);
  }
  return [...open].map(([id, heirId]) => ({ id, heirId }));
}

export async function updateTombstone(
  trx: Kysely<Database>,
  tenant: string,
  id: string,
  values: { heir_id: string } | { handed_over_at: Millis },
): Promise<void> {
  await trx.updateTable('tombstones').set(values).where('tenant', '=', tenant).where('resource_id', '=', id).execute();
}

/**
 * Closes the tombstone of a former self once no account of it is due or in anybody's hands, or still to be handed over: where
 * the heir has none, its first change has not been fanned out.
 * @param settled the target in which that is known already: the account there stays with the former self; null: none does.
 */
export async function closeIfEmpty(
  trx: Kysely<Database>,
  dialect: Dialect,
  { tenant, id, heirId, settled }: { tenant: string; id: string; heirId: string; settled: string | null },
  now: Millis,
): Promise<void> {
  // Of two workers at two accounts of one person, the second to get here sees what the first has done.
  await trx
    .selectFrom('tombstones')
    .select('resource_id')
    .where('tenant', '=', tenant)
    .where('resource_id', '=', id)
    .modifyEnd(dialect.forUpdate)
    .execute();
  const open = await trx
    .selectFrom('accounts')
    .select('target_id')
    .where('tenant', '=', tenant)
    .where('user_id', '=', id)
    .where((row) =>
      row.or([
        row('due_at', 'is not', null),
        row('lease_owner', 'is not', null),
        row('target_id', 'not in', (select) =>
          select.selectFrom('accounts').select('target_id').where('tenant', '=', tenant).where('user_id', '=', heirId),
        ),
      ]),
    )
    .$if(settled !== null, (query) => query.where('target_id', '!=', settled ?? ''))
    .limit(1)
    .executeTakeFirst();
  if (!open) await updateTombstone(trx, tenant, id, { handed_over_at: now });
}
