/**
 * Who was deleted and may come back. A person is the same where `externalId` and `userName` both match: a name alone may
 * have been given to somebody else. What a rehire takes over is sync's matter (sync/accounts/takeover.ts).
 */
import { createHash } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import type { ResourceType } from '../scim/schema.ts';
import type { Database, Millis } from '../store/tables.ts';

/**
 * @param search the resource in its comparable form: the name folded, the id as it is.
 * @returns what stands for the person, of one length whatever was sent; null where there is nothing to know them by.
 */
export function personOf(type: ResourceType, search: Readonly<Record<string, unknown>>): string | null {
  const { userName, externalId } = search;
  if (typeof userName !== 'string' || typeof externalId !== 'string' || externalId === '') return null;
  return createHash('sha256')
    .update(JSON.stringify([type.name, userName, externalId]))
    .digest('hex');
}

export async function leaveTombstone(
  trx: Kysely<Database>,
  resource: { tenant: string; id: string; person: string },
  now: Millis,
): Promise<void> {
  const { tenant, id, person } = resource;
  await trx
    .insertInto('tombstones')
    .values({ tenant, resource_id: id, person, deleted_at: now, heir_id: null, handed_over_at: null })
    .execute();
}

/** The open tombstones of this person (as a rule there is one at most) have their heir now and can have no other. */
export async function inherit(
  trx: Kysely<Database>,
  { tenant, id, person }: { tenant: string; id: string; person: string },
): Promise<void> {
  // Part of every create with an externalId: as text it takes a third of the time that building it takes.
  await sql`update "tombstones" set heir_id = ${id}
    where tenant = ${tenant} and person = ${person} and heir_id is null`.execute(trx);
}
