/** What a write leaves behind besides the resource: one activity row, and one change row for sync, in its transaction. */
import type { Kysely } from 'kysely';
import type { ChangesTable, Database, Millis } from '../store/tables.ts';

/** Who writes, and under which id everything that follows can be found again. */
export interface Actor {
  tenant: string;
  /** `token:<id>`, `cli`, `engine`. */
  actor: string;
  /** UUIDv7: the request's id in logs, answers and the activity log. */
  activityId: string;
  /** The request that this is one operation of (Bulk), where it is not a request of its own. */
  requestId?: string;
}

export interface Activity {
  /** `sync`: nothing changed, but it is to be carried on now. */
  action:
    | 'create'
    | 'replace'
    | 'patch'
    | 'delete'
    | 'sync'
    | 'adopt'
    | 'refuse to adopt'
    | 'action done'
    | 'set password';
  resourceType: string;
  resourceId: string;
  /** Attribute paths that changed, without values. */
  changed: readonly string[];
}

export async function recordActivity(
  trx: Kysely<Database>,
  actor: Actor,
  activity: Activity,
  now: Millis,
): Promise<void> {
  await trx
    .insertInto('activity')
    .values({
      tenant: actor.tenant,
      id: actor.activityId,
      request_id: actor.requestId ?? null,
      at: now,
      actor: actor.actor,
      action: activity.action,
      resource_type: activity.resourceType,
      resource_id: activity.resourceId,
      detail: JSON.stringify({ changed: activity.changed }),
    })
    .execute();
}

/** @returns the change's sequence number, by which fan-out finds the memberships that it touched. */
export async function recordChange(
  trx: Kysely<Database>,
  { tenant, activityId }: Pick<Actor, 'tenant'> & { activityId: string | null },
  change: { subject: ChangesTable['subject']; subjectId: string; urgent: boolean },
  now: Millis,
): Promise<number> {
  const { seq } = await trx
    .insertInto('changes')
    .values({
      tenant,
      subject: change.subject,
      subject_id: change.subjectId,
      activity_id: activityId,
      urgent: change.urgent ? 1 : 0,
      cursor: null,
      // Of one user or some members: it is looked at account by account. Below a group it is part of what was.
      assessed: change.subject === 'group' || change.subject === 'target' ? 0 : 1,
      created_at: now,
    })
    .returning('seq')
    .executeTakeFirstOrThrow();
  return seq;
}
