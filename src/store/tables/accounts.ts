/** Targets, how each user stands there, and what was done about it. Rules that hold for all tables: tables.ts. */
import type { Generated } from 'kysely';
import type { Millis } from '../tables.ts';

/** Primary key (tenant, id); unique (tenant, name). */
export interface TargetsTable {
  tenant: string;
  id: string;
  /** What the administrator calls it: `door`. */
  name: string;
  type: string;
  /** JSON: the target type's settings without its secrets. */
  settings: string;
  /** JWE of the secret settings. */
  secrets: string | null;
  /** JWE of what the connection keeps (refresh token). */
  vault: string | null;
  /** JSON: scope, assignments, leaving policies (sync/rules/rules.ts). */
  rules: string;
  /** JSON: times and limits (sync/lanes/pace.ts). */
  pace: string;
  /** 1: the rules limit how much may be done (sync/holds). */
  limited: Generated<0 | 1>;
  /** 1: passwords that the identity provider sets are passed through to it (sync/work/pass-through.ts). */
  takes_passwords: Generated<0 | 1>;
  state: 'active' | 'paused';
  /** `admin`: until resumed by hand. `engine`: a probe resumes it. */
  paused_by: 'admin' | 'engine' | null;
  paused_reason: string | null;
  probe_at: Millis | null;
  /** The process (processes.id) that tries the paused target with one account; nobody else works on it. */
  trial_by: string | null;
  /** Raised by every change of settings, secrets, rules or pace, so that processes notice. */
  revision: number;
  created_at: Millis;
}

/**
 * One user in one target. Primary key (tenant, target_id, user_id); index (tenant, target_id, urgent desc, due_at,
 * changed_at, look_at) where due_at is not null; index (tenant, target_id, look_at) where look_at is not null and due_at is null; index (tenant, target_id) where outcome = 'reject' and due_at is null; index (tenant, user_id); index (lease_owner) where lease_owner is not null;
 * index (tenant, target_id, waits_for) where waits_for is not null; index (tenant, activity_id) where activity_id is not
 * null; index (tenant, removal_asked_at, target_id, user_id) where removal_asked_at is not null; index (tenant,
 * removal_activity_id) where removal_activity_id is not null.
 */
export interface AccountsTable {
  tenant: string;
  target_id: string;
  user_id: string;
  generation: number;
  observed_generation: number;
  /** When a worker should look; null = at rest. */
  due_at: Millis | null;
  /** 1: may lose access, goes first. -1: one of a run (first sync, changed rules, a large group), goes last. */
  urgent: -1 | 0 | 1;
  attempts: number;
  /** processes.id of the holder. */
  lease_owner: string | null;
  /** The fencing token: raised by every claim. */
  lease_epoch: number;
  /** Not at rest before the target has been looked at after this instant. */
  verify_after: Millis | null;
  /** The account that holds the name this one wants. */
  waits_for: string | null;
  remote_id: string | null;
  situation: string | null;
  /** Kind of the last outcome: `done`, `retry`, `snooze`, `reject`, `pause`, `hold`, `manual`; null = never worked on. */
  outcome: string | null;
  reason: string | null;
  /** Class of the last failure (sync/lanes/failures.ts); null = the last pass did not fail. */
  failure: 'transient' | 'account' | 'target' | 'unknown' | null;
  /** JSON: Question (sync/work/adoption.ts), records that it may be, for an administrator; index (tenant, target_id, user_id). */
  adoption: string | null;
  /** JSON: Adopted (sync/work/adoption.ts), where the linked record had been there before. */
  adopted: string | null;
  /** JSON: Observed as last seen, or null. */
  observed: string | null;
  /** JSON: Memory. */
  memory: string;
  /** Keys under which it is known or was wanted last, so that collisions are found: JSON of Keys. */
  keys: string | null;
  /** The canonical name in the target; index (tenant, target_id, name). */
  name: string | null;
  /** Of the last change. */
  activity_id: string | null;
  /** When the first of the changes was accepted that are still to be carried on. */
  changed_at: Millis;
  last_success_at: Millis | null;
  last_error_at: Millis | null;
  /** JSON: Asked (sync/work/removals.ts), the removals that were asked for and are not confirmed yet; null: none. */
  removals: string | null;
  /** When the oldest of them was asked for, and by which request. */
  removal_asked_at: Millis | null;
  removal_activity_id: string | null;
  /**
   * When it is to be looked at because something is to be done by hand there. Stays while it is due for that alone; null:
   * nothing is, or the account is due for more.
   */
  look_at: Generated<Millis | null>;
  /** How many actions are open (ActionsTable). */
  open_actions: Generated<number>;
  /** When a password of the identity provider was last delivered; which one is known nowhere. */
  password_set_at: Millis | null;
}

/**
 * Passwords that an identity provider has set and that a target has not been given yet. Primary key (tenant, user_id,
 * target_id); index (tenant, target_id, created_at).
 */
export interface PasswordsTable {
  tenant: string;
  user_id: string;
  target_id: string;
  /** Another one for each password that is set: only the one that was delivered is wiped. */
  id: string;
  /** JWE, bound to tenant and user. */
  sealed: string;
  /** 1: it came with the user (POST). */
  initial: 0 | 1;
  /** 1: a create has been sent with it. */
  sent: 0 | 1;
  created_at: Millis;
}

/** A create or invite about to be sent. Open until `closed_at`. Primary key (tenant, target_id, user_id, id). */
export interface IntentsTable {
  tenant: string;
  target_id: string;
  user_id: string;
  id: string;
  kind: 'create' | 'invite';
  /** JSON of Keys: exactly what is sent. */
  keys: string;
  created_at: Millis;
  closed_at: Millis | null;
  /** `linked`, `absent`, `refused`. */
  result: string | null;
  /** When it was committed: `created_at` moves on with every unclear call. Null: by an older version. */
  committed_at: Generated<Millis | null>;
}

/**
 * The only table that crosses tenants: one remote record is linked once. Primary key (system_key, remote_id); index
 * (tenant, user_id).
 */
export interface RemoteLinksTable {
  system_key: string;
  remote_id: string;
  tenant: string;
  target_id: string;
  user_id: string;
}

/**
 * How a removal was confirmed. Primary key (tenant, id); index (tenant, user_id); index (tenant, target_id, confirmed_at);
 * index (tenant, activity_id) where activity_id is not null; index (tenant, confirmed_at, id).
 */
export interface ReceiptsTable {
  tenant: string;
  id: string;
  target_id: string;
  user_id: string;
  kind: 'unassign' | 'disable' | 'delete';
  /** The event or role, for `unassign`. */
  subject: string | null;
  /** When the change that asked for it was accepted. */
  requested_at: Millis;
  confirmed_at: Millis;
  evidence: 'read' | 'answer' | 'listing' | 'person' | 'unverifiable';
  /** 1: the system has no such call, the nearest thing was done. */
  emulated: 0 | 1;
  /** The request that asked for it; null: a change of the target's rules or settings. */
  activity_id: string | null;
  /** Whose request it was, as in activity: kept here because a receipt outlives that. */
  actor: string | null;
}

/**
 * Every downstream call, redacted. Primary key (tenant, id); index (tenant, user_id, at); index (tenant, target_id, at); index
 * (tenant, activity_id, at) where activity_id is not null.
 */
export interface CallsTable {
  tenant: string;
  id: string;
  target_id: string;
  /** Null: on behalf of the target itself (log-in, probe, listing). */
  user_id: string | null;
  activity_id: string | null;
  at: Millis;
  method: string;
  /** Path without query values. */
  path: string;
  /** Null: no answer. */
  status: number | null;
  duration_ms: number;
  error: string | null;
}

/** Running processes. A lease is as good as its owner's heartbeat. Primary key (id). */
export interface ProcessesTable {
  id: string;
  started_at: Millis;
  alive_until: Millis;
}
