/** What has been kept of requests, calls and receipts, as it is shown to people: with names for ids, and no values. */
import type { Selectable } from 'kysely';
import { type ResourceName, readNames } from '../../directory/names.ts';
import type { Store } from '../../store/store.ts';
import type { ActivityTable, CallsTable, Millis, ReceiptsTable } from '../../store/tables.ts';

/** A write that was accepted. */
export interface Asked {
  /** The request's id, as the answer named it; in a Bulk request the operation's. */
  id: string;
  /** The Bulk request that it was an operation of. */
  partOf: string | null;
  at: Millis;
  /** In words: `token "Okta"`. */
  by: string;
  /** `create`, `replace`, `patch`, `delete`. */
  action: string;
  resourceType: string;
  resourceId: string;
  /** What the resource is called now; null where nothing is left of it. */
  name: string | null;
  deleted: boolean;
  /** Attribute paths. */
  changed: readonly string[];
}

/** Whom a call or a receipt was about, and which request it goes back to. */
interface Traced {
  id: string;
  at: Millis;
  /** Null: the target is not there any more. */
  target: string | null;
  targetId: string;
  userId: string | null;
  user: string | null;
  /** Null: no request, but a change of the target's rules or settings, or a look of its own. */
  activityId: string | null;
}

export interface Called extends Traced {
  kind: 'call';
  method: string;
  path: string;
  /** Null: no answer. */
  status: number | null;
  durationMs: number;
  error: string | null;
}

export interface Received extends Traced {
  kind: 'receipt';
  removal: ReceiptsTable['kind'];
  subject: string | null;
  evidence: ReceiptsTable['evidence'];
  /** The system has no such call: the nearest thing was done. */
  emulated: boolean;
  requestedAt: Millis;
}

/** Looks names up, for many rows at once. */
export interface Naming {
  target(id: string): string | null;
  resource(id: string | null): ResourceName | undefined;
  actor(actor: string): string;
}

export async function readNaming(store: Store, tenant: string, resourceIds: Iterable<string | null>): Promise<Naming> {
  const ids = [...resourceIds].filter((id) => id !== null);
  const resources = await readNames(store.read, tenant, ids);
  const targets = await store.read.selectFrom('targets').select(['id', 'name']).where('tenant', '=', tenant).execute();
  const tokens = await store.read.selectFrom('tokens').select(['id', 'label']).where('tenant', '=', tenant).execute();
  const names = new Map(targets.map(({ id, name }) => [id, name]));
  const labels = new Map(tokens.map(({ id, label }) => [id, label]));
  return {
    target: (id) => names.get(id) ?? null,
    resource: (id) => (id === null ? undefined : resources.get(id)),
    actor(actor) {
      const [, tokenId] = /^token:(.*)$/.exec(actor) ?? [];
      if (tokenId === undefined) return actor;
      const label = labels.get(tokenId);
      return label === undefined ? `a token that is no more (${tokenId})` : `token "${label}"`;
    },
  };
}

export function toAsked(row: Selectable<ActivityTable>, naming: Naming): Asked {
  const resource = naming.resource(row.resource_id);
  const { changed } = JSON.parse(row.detail) as { changed?: string[] };
  return {
    id: row.id,
    partOf: row.request_id,
    at: row.at,
    by: naming.actor(row.actor),
    action: row.action,
    resourceType: row.resource_type,
    resourceId: row.resource_id,
    name: resource?.name ?? null,
    deleted: resource?.deleted ?? true,
    changed: changed ?? [],
  };
}

export function toCalled(row: Selectable<CallsTable>, naming: Naming): Called {
  const { method, path, status, error } = row;
  return { kind: 'call', ...traced(row, row.at, naming), method, path, status, durationMs: row.duration_ms, error };
}

export function toReceived(row: Selectable<ReceiptsTable>, naming: Naming): Received {
  const { kind, subject, evidence } = row;
  return {
    kind: 'receipt',
    ...traced(row, row.confirmed_at, naming),
    removal: kind,
    subject,
    evidence,
    emulated: row.emulated === 1,
    requestedAt: row.requested_at,
  };
}

type Row = { id: string; target_id: string; user_id: string | null; activity_id: string | null };

function traced(row: Row, at: Millis, naming: Naming): Traced {
  return {
    id: row.id,
    at,
    target: naming.target(row.target_id),
    targetId: row.target_id,
    userId: row.user_id,
    user: naming.resource(row.user_id)?.name ?? null,
    activityId: row.activity_id,
  };
}
