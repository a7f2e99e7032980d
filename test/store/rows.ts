/** Rows of the tables, complete, for tests that care about one or two of their columns. */
import { randomUUID } from 'node:crypto';
import type { Insertable } from 'kysely';
import type { Store } from '../../src/store/store.ts';
import type { Database } from '../../src/store/tables.ts';

type Row<Table extends keyof Database> = Insertable<Database[Table]>;

export function tenant(name: string): Row<'tenants'> {
  return { tenant: name, title: name, idp: 'generic', created_at: 1_700_000_000_000 };
}

export function change(subjectId: string): Row<'changes'> {
  return {
    tenant: 'acme',
    subject: 'user',
    subject_id: subjectId,
    activity_id: null,
    urgent: 0,
    cursor: null,
    created_at: 1_700_000_000_000,
  };
}

export function lookup(value: string, resourceId: string): Row<'lookups'> {
  return { tenant: 'acme', type: 'User', path: 'userName', value, resource_id: resourceId, is_unique: 1 };
}

export function resource(store: Store, search: unknown, id: string = randomUUID()): Row<'resources'> {
  return {
    tenant: 'acme',
    id,
    type: 'User',
    version: 1,
    created: '2026-01-01T00:00:00.000000000Z',
    last_modified: '2026-01-01T00:00:00.000000000Z',
    document: '{}',
    search: store.dialect.jsonb(JSON.stringify(search)),
    deleted_at: null,
  };
}

export async function tenantNames(store: Store): Promise<string[]> {
  const rows = await store.read.selectFrom('tenants').select('tenant').orderBy('tenant').execute();
  return rows.map((row) => row.tenant);
}
