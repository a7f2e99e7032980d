/** What an administrator decides or has to do, and what was found in a target. Rules that hold for all tables: tables.ts. */
import type { Millis } from '../tables.ts';

/**
 * A set of changes that waits for an administrator. Primary key (tenant, id); index (tenant, target_id, kind) where closed_at
 * is null.
 */
export interface HoldsTable {
  tenant: string;
  /** Short, because people type it. */
  id: string;
  target_id: string;
  kind: 'create' | 'update' | 'disable' | 'delete' | 'unassign';
  /** What would have done it; `pushes`: what an IdP changed, one user after the other. */
  origin: 'rules' | 'first-sync' | 'reconcile' | 'group' | 'pushes';
  /** `expired`: was approved, and what had not begun in time is in another hold. */
  state: 'open' | 'approved' | 'rejected' | 'expired';
  /** In words. */
  reason: string;
  created_at: Millis;
  decided_at: Millis | null;
  decided_by: string | null;
  /** Of an approval. */
  expires_at: Millis | null;
  /** Since then nothing is left in it. */
  closed_at: Millis | null;
}

/**
 * An account in a hold. Primary key (tenant, target_id, user_id, kind); index (tenant, hold_id, woken, user_id). One whose
 * hold is not there belongs to a set that is being put together.
 */
export interface HoldItemsTable {
  tenant: string;
  target_id: string;
  user_id: string;
  kind: HoldsTable['kind'];
  hold_id: string;
  /** 1: made due since the hold was approved. */
  woken: 0 | 1;
  created_at: Millis;
}

/**
 * Where a kind is limited: whom it was begun with last. Primary key (tenant, target_id, kind, user_id); index (tenant,
 * target_id, kind, started_at).
 */
export interface StartsTable {
  tenant: string;
  target_id: string;
  kind: HoldsTable['kind'];
  user_id: string;
  started_at: Millis;
  /** 0: approved, so that it does not use the limit up. */
  counted: 0 | 1;
}

/**
 * What a person has to do in a target because the system has no call for it. Primary key (tenant, id); unique (tenant,
 * target_id, user_id, kind, subject) where closed_at is null; index (tenant, user_id); index (tenant, closed_at) where closed_at
 * is not null.
 */
export interface ActionsTable {
  tenant: string;
  /** Short, because people type it. */
  id: string;
  target_id: string;
  user_id: string;
  kind: 'unassign' | 'disable' | 'delete' | 'create' | 'rename' | 'update' | 'enable' | 'assign';
  /** The assignment concerned; '' where there is none. */
  subject: string;
  /** What to do, in words. */
  todo: string;
  opened_at: Millis;
  /** The request that asked for it; null: a change of the target's rules or settings. */
  activity_id: string | null;
  /** When a person said that it is done. */
  said_at: Millis | null;
  /** What the system was seen to hold all the same after that, in words. */
  shows: string | null;
  closed_at: Millis | null;
  /** `seen`: the system showed it; `person`: it cannot show it, and a person said so; `gone`: it is not wanted any more. */
  closed_by: 'seen' | 'person' | 'gone' | null;
  /** Who said so. */
  actor: string | null;
  note: string | null;
}

/**
 * One comparison of a target's listing with its accounts (sync/reconcile). Primary key (tenant, id); index (tenant,
 * target_id, started_at).
 */
export interface ReconcilesTable {
  tenant: string;
  /** UUIDv7. */
  id: string;
  target_id: string;
  /** targets.revision that it judges by. */
  revision: number;
  /** 1: nothing is repaired. */
  dry_run: 0 | 1;
  /** In this order; `failed` from any of them. */
  state: 'listing' | 'matching' | 'joining' | 'repairing' | 'done' | 'failed';
  /** Who works on it, for as long as it says so; null: nobody, or it is finished. */
  owner: string | null;
  alive_until: Millis;
  /** How far the present state has come: a user id, a remote id or a finding's number. */
  cursor: string | null;
  /** Records in the listing so far. */
  listed: number;
  /** Findings so far; the number of the last one. */
  found: number;
  /** JSON: Counts (sync/reconcile/run.ts). */
  counts: string;
  /** JSON: ids of the holds that it came to. */
  holds: string;
  started_at: Millis;
  listed_at: Millis | null;
  finished_at: Millis | null;
  /** Why it failed, in words. */
  problem: string | null;
}

/**
 * What is compared in a run under way: every record that was linked when it began, and every record listed. Primary key
 * (tenant, run_id, remote_id); index (tenant, run_id, name) where name is not null.
 */
export interface ListedTable {
  tenant: string;
  run_id: string;
  remote_id: string;
  /** The user whom it was linked to when the run began; null: to none of this target. */
  user_id: string | null;
  /** That account's, when the run began; null: it was not at rest. */
  generation: number | null;
  lease_epoch: number | null;
  /** JSON: Observed, as listed; null: not listed. */
  record: string | null;
  /** Under which it is known there, folded. */
  name: string | null;
  /** A user without an account who wants exactly these keys. */
  adopter: string | null;
}

/** What a run found. Primary key (tenant, run_id, n); unique (tenant, run_id, kind, subject). */
export interface FindingsTable {
  tenant: string;
  run_id: string;
  n: number;
  kind: 'drift' | 'missing' | 'absent' | 'rejected' | 'orphan';
  /** What tells it from others of its kind, in this run and the next: the user's id, an orphan's remote id. */
  subject: string;
  user_id: string | null;
  remote_id: string | null;
  /** 1: the account is made due, unless it is a dry run. */
  repair: 0 | 1;
  /** JSON: Detail (sync/reconcile/finding.ts). */
  detail: string;
}

/**
 * What a target has to assign, shown as SCIM roles and entitlements. Primary key (tenant, target_id, kind, entry_id); unique
 * (tenant, scim_id).
 */
export interface CatalogueTable {
  tenant: string;
  target_id: string;
  /** As in CatalogueEntry: one of the target type's kinds of assignments. */
  kind: string;
  /** Its id in the target. */
  entry_id: string;
  name: string;
  description: string | null;
  /** A number, written as JSON does. */
  weight: string | null;
  /** resources.id, for good. */
  scim_id: string;
  /** When the target last had it. */
  seen_at: Millis;
  /** Since then the target has it no more. */
  gone_at: Millis | null;
}

/** How the looks at a target's catalogue went (sync/catalogue). Primary key (tenant, target_id). */
export interface CatalogueLooksTable {
  tenant: string;
  target_id: string;
  /** targets.revision at the last one; null: none has ended. */
  revision: number | null;
  /** Who is at one, for as long as it says so. */
  owner: string | null;
  alive_until: Millis;
  /** When the last one ended. */
  tried_at: Millis | null;
  /** When the last one ended well. */
  refreshed_at: Millis | null;
  /** Why the last one did not, in words. */
  problem: string | null;
}
