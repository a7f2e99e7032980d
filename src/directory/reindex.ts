/**
 * Search forms and lookups are derived from documents, by the schemas and by how values are compared. Where either has
 * changed since they were made, they are made anew before anything is served: otherwise a person could not be found under
 * an attribute that has become unique, or that is compared in another way.
 */
import { createHash } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import { COMPARABLE_VERSION, fold, searchForm } from '../scim/comparable.ts';
import type { Document } from '../scim/document.ts';
import { type AttributeMap, type ResourceType, schemasOf } from '../scim/schema.ts';
import type { Dialect } from '../store/dialect.ts';
import type { Store } from '../store/store.ts';
import type { Database } from '../store/tables.ts';
import { type Lookup, lookupsOf } from './lookups.ts';

const NAME = 'search';
/** Resources, or members, in one transaction. */
const SLICE = 200;

export interface Reindexed {
  resources: number;
  /** Values that a schema now calls unique and that several resources have: they stay, and can be found. */
  shared: number;
}

/** @returns null where everything is as it should be. May be broken off and run again, also by several processes. */
export async function reindex(store: Store, types: readonly ResourceType[]): Promise<Reindexed | null> {
  const madeBy = rulesOf(types);
  const known = await store.read.selectFrom('derived').select('made_by').where('name', '=', NAME).executeTakeFirst();
  if (known?.made_by === madeBy) return null;
  const done: Reindexed = { resources: 0, shared: 0 };
  const byName = new Map(types.map((type) => [type.name, type]));
  for (let last = 0, more = true; more; ) {
    const slice = await store.write((trx) => reindexResources(trx, store.dialect, byName, last));
    done.resources += slice.resources;
    done.shared += slice.shared;
    last = slice.last;
    more = slice.resources === SLICE;
  }
  await refoldMembers(store);
  await store.write((trx) =>
    trx
      .insertInto('derived')
      .values({ name: NAME, made_by: madeBy })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ made_by: madeBy }))
      .execute(),
  );
  return done;
}

async function reindexResources(
  trx: Kysely<Database>,
  dialect: Dialect,
  types: ReadonlyMap<string, ResourceType>,
  after: number,
): Promise<Reindexed & { last: number }> {
  const rows = await trx
    .selectFrom('resources')
    .select(['seq', 'tenant', 'id', 'type', 'document'])
    .where('seq', '>', after)
    .where('deleted_at', 'is', null)
    .orderBy('seq')
    .limit(SLICE)
    .modifyEnd(dialect.forUpdate)
    .execute();
  let shared = 0;
  for (const { tenant, id, type: name, document } of rows) {
    const type = types.get(name);
    if (!type) continue;
    const search = searchForm(JSON.parse(document) as Document, type);
    await trx
      .updateTable('resources')
      .set({ search: dialect.jsonb(JSON.stringify(search)) })
      .where('tenant', '=', tenant)
      .where('id', '=', id)
      .execute();
    shared += await relook(trx, { tenant, id, type: name }, lookupsOf(type, search));
  }
  return { resources: rows.length, shared, last: rows.at(-1)?.seq ?? after };
}

/** @returns how many unique values somebody else has already. */
async function relook(
  trx: Kysely<Database>,
  { tenant, id, type }: { tenant: string; id: string; type: string },
  wanted: readonly Lookup[],
): Promise<number> {
  await trx.deleteFrom('lookups').where('tenant', '=', tenant).where('resource_id', '=', id).execute();
  let shared = 0;
  for (const lookup of wanted) {
    const row = { tenant, type, resource_id: id, ...lookup };
    const insert = (is_unique: 0 | 1) =>
      trx
        .insertInto('lookups')
        .values({ ...row, is_unique })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst();
    const { numInsertedOrUpdatedRows } = await insert(lookup.is_unique);
    if (numInsertedOrUpdatedRows) continue;
    await insert(0);
    shared++;
  }
  return shared;
}

async function refoldMembers(store: Store): Promise<void> {
  for (let last = { tenant: '', group_id: '', member_id: '' }; ; ) {
    const rows = await store.read
      .selectFrom('members')
      .select(['tenant', 'group_id', 'member_id', 'display', 'member_type', 'display_folded', 'type_folded'])
      .where(sql<boolean>`(tenant, group_id, member_id) > (${last.tenant}, ${last.group_id}, ${last.member_id})`)
      .orderBy('tenant')
      .orderBy('group_id')
      .orderBy('member_id')
      .limit(SLICE * 10)
      .execute();
    const folded = (text: string | null) => (text === null ? null : fold(text));
    const stale = rows.filter(
      (row) => row.display_folded !== folded(row.display) || row.type_folded !== folded(row.member_type),
    );
    if (stale.length > 0) {
      await store.write(async (trx) => {
        for (const { tenant, group_id, member_id, display, member_type } of stale) {
          await trx
            .updateTable('members')
            .set({ display_folded: folded(display), type_folded: folded(member_type) })
            .where('tenant', '=', tenant)
            .where('group_id', '=', group_id)
            .where('member_id', '=', member_id)
            .execute();
        }
      });
    }
    const end = rows.at(-1);
    if (!end || rows.length < SLICE * 10) return;
    last = end;
  }
}

/** What the derived forms depend on, as one text. */
function rulesOf(types: readonly ResourceType[]): string {
  const attributesOf = (attributes: AttributeMap): unknown[] =>
    [...attributes.values()].map(({ name, type, caseExact, multiValued, uniqueness, mutability, subAttributes }) => {
      return [name, type, caseExact, multiValued, uniqueness, mutability, attributesOf(subAttributes)];
    });
  const rules = types.map((type) => [
    type.name,
    schemasOf(type).map(({ id, attributes }) => [id, attributesOf(attributes)]),
  ]);
  return createHash('sha256')
    .update(JSON.stringify([COMPARABLE_VERSION, rules]))
    .digest('base64url');
}
