/** Whom a person means on the command line, and which targets. */
import { InvalidArgumentError } from 'commander';
import type { App } from '../app.ts';
import { findUsers, findUsersByEmail } from '../directory/people.ts';
import { requireTarget } from '../sync/admin/targets.ts';
import { type Lane, openLane } from '../sync/lanes/lanes.ts';
import { AdminError, requireTenant } from '../tenancy/tenants.ts';

/** What `--help` says of it. */
export const USER = 'userName, externalId, id or e-mail address; deleted users too';

/** @returns the user's id. @throws AdminError where nobody is meant, or more than one. */
export async function requireUser({ store }: App, tenant: string, text: string): Promise<string> {
  await requireTenant(store, tenant);
  const [id] = await findUsers(store.read, store.dialect, tenant, text);
  if (id !== undefined) return id;
  const [only, ...others] = await findUsersByEmail(store.read, store.dialect, tenant, text);
  if (only === undefined) throw new AdminError(`Tenant "${tenant}" has and had no user "${text}".`);
  if (others.length === 0) return only;
  const ids = [only, ...others].slice(0, 10).join(', ');
  throw new AdminError(`${others.length + 1} users have the e-mail address "${text}". Name one by its id: ${ids}`);
}

/** @param name null: all of the tenant's. @throws TargetInputError where there is none of that name. */
export async function openLanes(app: App, tenant: string, name: string | null): Promise<Lane[]> {
  const rows =
    name === null
      ? await app.store.read.selectFrom('targets').selectAll().where('tenant', '=', tenant).orderBy('name').execute()
      : [await requireTarget(app.store, tenant, name)];
  return Promise.all(rows.map((row) => openLane(row, { ...app, onCall: () => {} })));
}

/** For `argParser`. */
export function seconds(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write a number of seconds from 0 to 999999.');
}

/** For `argParser`. */
export function count(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write a number from 0 to 999999.');
}
