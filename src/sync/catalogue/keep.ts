/** Writes down what a complete catalogue says, in slices, and takes out of sight what it has no more. */
import { randomUUIDv7 } from 'node:crypto';
import type { Kysely } from 'kysely';
import { type EntryTypes, type EntryWriting, putEntry, withdrawEntries } from '../../directory/entries.ts';
import type { Dialect } from '../../store/dialect.ts';
import type { Store } from '../../store/store.ts';
import type { Database } from '../../store/tables.ts';
import type { CatalogueEntry } from '../../targets/target.ts';
import type { Lane } from '../lanes/lanes.ts';
import { documentOf, shownAs } from './entry.ts';
import { type Claim, fence } from './look.ts';

/** Entries of one transaction. */
const SLICE = 100;

export interface Kept {
  entries: number;
  /** Not known before, or known as gone. */
  added: number;
  gone: number;
}

/** @throws LookLost: what was written until then is true, what is gone may still be shown. */
export async function keep(
  store: Store,
  types: EntryTypes,
  lane: Lane,
  claim: Claim,
  listed: readonly CatalogueEntry[],
): Promise<Kept> {
  const known = await readKnown(store.read, lane);
  const rows = listed.map((entry) => {
    const before = known.get(keyOf(entry.kind, entry.id));
    known.delete(keyOf(entry.kind, entry.id));
    return { entry, before, scimId: before?.scim_id ?? randomUUIDv7() };
  });
  for (const slice of slices(rows)) {
    await inSlice(store, lane, claim, async (writing) => {
      await writeRows(writing, lane, slice);
      for (const { entry, scimId } of slice) {
        const type = types.get(shownAs(entry.kind));
        if (type) await putEntry(writing, type, scimId, documentOf(lane, entry));
      }
    });
  }
  const gone = [...known.values()].filter((row) => row.gone_at === null).map((row) => row.scim_id);
  for (const slice of slices(gone)) {
    await inSlice(store, lane, claim, async (writing) => {
      await markGone(writing, slice);
      await withdrawEntries(writing, slice);
    });
  }
  const isNew = ({ before }: (typeof rows)[number]) => before === undefined || before.gone_at !== null;
  return { entries: rows.length, added: rows.filter(isNew).length, gone: gone.length };
}

/** Everything known of a target's catalogue goes, with the look that may be under way. The target's row goes after it. */
export async function forgetCatalogue(
  trx: Kysely<Database>,
  dialect: Dialect,
  tenant: string,
  targetId: string,
): Promise<void> {
  // A look that begins locks this row: it has begun and loses its own below, or finds the target gone.
  await trx
    .selectFrom('targets')
    .select('id')
    .where('tenant', '=', tenant)
    .where('id', '=', targetId)
    .modifyEnd(dialect.forUpdate)
    .execute();
  await trx.deleteFrom('catalogue_looks').where('tenant', '=', tenant).where('target_id', '=', targetId).execute();
  const ids = trx
    .selectFrom('catalogue')
    .select('scim_id')
    .where('tenant', '=', tenant)
    .where('target_id', '=', targetId);
  await trx.deleteFrom('lookups').where('tenant', '=', tenant).where('resource_id', 'in', ids).execute();
  await trx.deleteFrom('resources').where('tenant', '=', tenant).where('id', 'in', ids).execute();
  await trx.deleteFrom('catalogue').where('tenant', '=', tenant).where('target_id', '=', targetId).execute();
}

async function readKnown(db: Kysely<Database>, { tenant, targetId }: Lane) {
  const rows = await db
    .selectFrom('catalogue')
    .select(['kind', 'entry_id', 'scim_id', 'gone_at'])
    .where('tenant', '=', tenant)
    .where('target_id', '=', targetId)
    .execute();
  return new Map(rows.map((row) => [keyOf(row.kind, row.entry_id), row]));
}

function keyOf(kind: string, id: string): string {
  return JSON.stringify([kind, id]);
}

async function inSlice(store: Store, lane: Lane, claim: Claim, work: (writing: EntryWriting) => Promise<void>) {
  const now = await store.now();
  await store.write(async (trx) => {
    await fence(trx, claim, now);
    await work({ trx, dialect: store.dialect, tenant: lane.tenant, now });
  });
}

async function writeRows(
  { trx, now }: EntryWriting,
  { tenant, targetId }: Lane,
  rows: readonly { entry: CatalogueEntry; scimId: string }[],
): Promise<void> {
  const values = rows.map(({ entry, scimId }) => ({
    tenant,
    target_id: targetId,
    kind: entry.kind,
    entry_id: entry.id,
    name: entry.name,
    description: entry.description ?? null,
    weight: entry.weight === undefined ? null : JSON.stringify(entry.weight),
    scim_id: scimId,
    seen_at: now,
    gone_at: null,
  }));
  await trx
    .insertInto('catalogue')
    .values(values)
    .onConflict((conflict) =>
      conflict.columns(['tenant', 'target_id', 'kind', 'entry_id']).doUpdateSet((row) => ({
        name: row.ref('excluded.name'),
        description: row.ref('excluded.description'),
        weight: row.ref('excluded.weight'),
        seen_at: now,
        gone_at: null,
      })),
    )
    .execute();
}

async function markGone({ trx, tenant, now }: EntryWriting, scimIds: readonly string[]): Promise<void> {
  await trx
    .updateTable('catalogue')
    .set({ gone_at: now })
    .where('tenant', '=', tenant)
    .where('scim_id', 'in', scimIds)
    .execute();
}

function* slices<T>(all: readonly T[]): Generator<T[]> {
  for (let from = 0; from < all.length; from += SLICE) yield all.slice(from, from + SLICE);
}
