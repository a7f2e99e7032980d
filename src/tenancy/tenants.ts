/** Tenants: one customer organisation each, the isolation boundary. The name is part of the SCIM base URL. */
import type { Selectable } from 'kysely';
import type { Store } from '../store/store.ts';
import type { TenantsTable } from '../store/tables.ts';

export interface Tenant {
  tenant: string;
  title: string;
  /** Whose habits to expect: decides what RFC 7644 leaves to the service provider (docs: `replace` on a value path). */
  idp: Idp;
  /** `strict`: a body with unknown attributes is refused; `tolerant`: they are ignored, and counted as a quirk. */
  profile: Profile;
}

/** Of those but Entra none needs anything of its own: the name is for people. */
export const IDPS = ['generic', 'entra', 'okta', 'authentik', 'jumpcloud', 'keycloak', 'onelogin'] as const;
export type Idp = (typeof IDPS)[number];

export const PROFILES = ['tolerant', 'strict'] as const;
export type Profile = (typeof PROFILES)[number];

/** A request that cannot be carried out as asked; the message says why and what to do. Shown to administrators as is. */
export class AdminError extends Error {
  override readonly name = 'AdminError';
}

const NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** @param tenant without a profile: tolerant. */
export async function createTenant(
  store: Store,
  tenant: Omit<Tenant, 'profile'> & Partial<Pick<Tenant, 'profile'>>,
): Promise<void> {
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

/** Changes what is given. Running servers notice within a second. @throws AdminError where there is no such tenant. */
export async function setTenant(
  store: Store,
  name: string,
  changes: Partial<Pick<Tenant, 'title' | 'idp' | 'profile'>>,
): Promise<Tenant> {
  await requireTenant(store, name);
  if (Object.keys(changes).length === 0) throw new AdminError('Say what to change: --title, --idp or --profile.');
  await store.write((trx) => trx.updateTable('tenants').set(changes).where('tenant', '=', name).execute());
  return requireTenant(store, name);
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

function fromRow({ tenant, title, idp, profile }: Selectable<TenantsTable>): Tenant {
  return { tenant, title, idp: IDPS.find((known) => known === idp) ?? 'generic', profile };
}
