/** Tenants: one customer organisation each, the isolation boundary. The name is part of the SCIM base URL. */
import type { Store } from '../store/store.ts';

export interface Tenant {
  tenant: string;
  title: string;
  /** Whose habits to expect: decides what RFC 7644 leaves to the service provider (docs: `replace` on a value path). */
  idp: Idp;
}

export const IDPS = ['generic', 'entra', 'okta'] as const;
export type Idp = (typeof IDPS)[number];

/** A request that cannot be carried out as asked; the message says why and what to do. Shown to administrators as is. */
export class AdminError extends Error {
  override readonly name = 'AdminError';
}

const NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

export async function createTenant(store: Store, tenant: Tenant): Promise<void> {
  if (!NAME.test(tenant.tenant)) {
    throw new AdminError(
      `"${tenant.tenant}" cannot be a tenant's name: it is part of the URL, so use 1 to 63 of a-z, 0-9 and "-".`,
    );
  }
  const now = await store.now();
  const { numInsertedOrUpdatedRows } = await store.write((trx) =>
    trx
      .insertInto('tenants')
      .values({ ...tenant, created_at: now })
      .onConflict((conflict) => conflict.column('tenant').doNothing())
      .executeTakeFirst(),
  );
  if (!numInsertedOrUpdatedRows) throw new AdminError(`There is a tenant "${tenant.tenant}" already.`);
}

export async function listTenants(store: Store): Promise<Tenant[]> {
  const rows = await store.read.selectFrom('tenants').selectAll().orderBy('tenant').execute();
  return rows.map(fromRow);
}

/** @returns null where there is none. */
export async function findTenant(store: Store, name: string): Promise<Tenant | null> {
  const row = await store.read.selectFrom('tenants').selectAll().where('tenant', '=', name).executeTakeFirst();
  return row ? fromRow(row) : null;
}

/** @throws AdminError where there is none. */
export async function requireTenant(store: Store, name: string): Promise<Tenant> {
  const tenant = await findTenant(store, name);
  if (!tenant) throw new AdminError(`There is no tenant "${name}". See: linkspan tenant list`);
  return tenant;
}

function fromRow(row: { tenant: string; title: string; idp: string }): Tenant {
  return { tenant: row.tenant, title: row.title, idp: IDPS.find((idp) => idp === row.idp) ?? 'generic' };
}
