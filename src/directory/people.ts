/** Users as sync reads them: whole, now, deleted ones included, with the groups that they are members of. */
import { type Kysely, type SqlBool, sql } from 'kysely';
import { fold } from '../scim/comparable.ts';
import type { Complex } from '../scim/document.ts';
import type { Dialect } from '../store/dialect.ts';
import type { Database, Millis } from '../store/tables.ts';
import { withEntryValues } from './entry-values.ts';
import { membershipsOf } from './nesting.ts';

export interface DirectoryUser {
  id: string;
  /**
   * The SCIM resource: its document with `id`, `groups` (those that it is a member of itself) and `meta`; roles and
   * entitlements by their values (entry-values.ts).
   */
  resource: Complex;
  deleted: boolean;
  /** Display names of the groups that the user is in now, through other groups too: those come last. */
  groups: readonly string[];
  /** Why `groups` is not all of them: nothing can be computed from it. */
  groupsProblem?: string;
}

/** Three statements and one for each level of nested groups, whatever the number of users. Ids that are no users are left out. */
export async function readPeople(
  db: Kysely<Database>,
  tenant: string,
  ids: readonly string[],
): Promise<Map<string, DirectoryUser>> {
  if (ids.length === 0) return new Map();
  const users = await db
    .selectFrom('resources')
    .select(['id', 'document', 'deleted_at', 'created', 'last_modified', 'version'])
    .where('tenant', '=', tenant)
    .where('id', 'in', ids)
    .where('type', '=', 'User')
    .execute();
  const groups = await membershipsOf(db, tenant, ids);
  const stored = users.map((row): Complex => JSON.parse(row.document));
  const documents = await withEntryValues(db, tenant, stored);

  return new Map(
    users.map((row, index) => {
      const meta = { resourceType: 'User', created: row.created, lastModified: row.last_modified };
      const { direct, nested } = groups.get(row.id) ?? { direct: [], nested: [] };
      const user: DirectoryUser = {
        id: row.id,
        resource: { ...documents[index], id: row.id, groups: direct.map(reference), meta },
        deleted: row.deleted_at !== null,
        groups: [...new Set([...direct, ...(nested ?? [])].flatMap((group) => group.display ?? []))],
        ...(nested === null && { groupsProblem: 'it is in more nested groups than are followed' }),
      };
      return [row.id, user];
    }),
  );
}

function reference({ value, display }: { value: string; display: string | null }): Complex {
  return { value, ...(display !== null && { display }) };
}

/**
 * Ids of the users whom a person may mean by this text: id, userName or externalId, the living before the deleted, the
 * latest first.
 */
export async function findUsers(
  db: Kysely<Database>,
  dialect: Dialect,
  tenant: string,
  text: string,
): Promise<string[]> {
  const search = sql.ref('search');
  const rows = await db
    .selectFrom('resources')
    .select(['id', 'deleted_at'])
    .where('tenant', '=', tenant)
    .where('type', '=', 'User')
    .where((row) =>
      row.or([
        row('id', '=', text.toLowerCase()),
        sql<boolean>`${dialect.jsonText(search, ['userName'])} = ${fold(text)}`,
        sql<boolean>`${dialect.jsonText(search, ['externalId'])} = ${text}`,
      ]),
    )
    .orderBy('seq', 'desc')
    .execute();
  return livingFirst(rows);
}

/** Ids of the users with this e-mail address, in the order of `findUsers`. */
export async function findUsersByEmail(
  db: Kysely<Database>,
  dialect: Dialect,
  tenant: string,
  address: string,
): Promise<string[]> {
  const emails = dialect.jsonElements(sql.ref('search'), ['emails'], 'email');
  const rows = await db
    .selectFrom('resources')
    .select(['id', 'deleted_at'])
    .where('tenant', '=', tenant)
    .where('type', '=', 'User')
    .where(emails.some(sql<SqlBool>`${emails.sub(['value'])} = ${fold(address)}`))
    .orderBy('seq', 'desc')
    .execute();
  return livingFirst(rows);
}

function livingFirst(rows: readonly { id: string; deleted_at: Millis | null }[]): string[] {
  return rows.toSorted((a, b) => Number(a.deleted_at !== null) - Number(b.deleted_at !== null)).map((row) => row.id);
}
