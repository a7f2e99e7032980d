/**
 * Every table, as Kysely sees it. Rules that hold for all of them:
 * - Each leads with `tenant` (but `tenants`, `processes` and `remote_links`), so PostgreSQL can partition by it.
 * - The same TypeScript type on both stores: flags are 0 or 1, instants are milliseconds since 1970 (UTC), JSON is text,
 *   except `resources.search`, which is JSONB in both because filters look inside it.
 * - Text compares by code point on both stores. What must compare without case is folded before it is stored.
 */
import type { Generated } from 'kysely';

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type Millis = number;

export interface Database {
  tenants: TenantsTable;
  tokens: TokensTable;
  resources: ResourcesTable;
  lookups: LookupsTable;
  tombstones: TombstonesTable;
  members: MembersTable;
  changes: ChangesTable;
  activity: ActivityTable;
  targets: TargetsTable;
  accounts: AccountsTable;
  intents: IntentsTable;
  passwords: PasswordsTable;
  receipts: ReceiptsTable;
  calls: CallsTable;
  remote_links: RemoteLinksTable;
  processes: ProcessesTable;
  holds: HoldsTable;
  hold_items: HoldItemsTable;
  starts: StartsTable;
  actions: ActionsTable;
  reconciles: ReconcilesTable;
  listed: ListedTable;
  findings: FindingsTable;
  catalogue: CatalogueTable;
  catalogue_looks: CatalogueLooksTable;
  derived: DerivedTable;
  quirks: QuirksTable;
}

export interface TenantsTable {
  /** The name in the URL. Primary key. */
  tenant: string;
  title: string;
  /** Which identity provider's habits to expect: `generic`, `entra`, `okta` ... */
  idp: string;
  created_at: Millis;
  /** `strict`: unknown attributes are refused. */
  profile: Generated<'tolerant' | 'strict'>;
}

/** SCIM bearer tokens. Only a SHA-256 of the token is kept. Primary key (tenant, id); unique (hash). */
export interface TokensTable {
  tenant: string;
  id: string;
  hash: string;
  label: string;
  created_at: Millis;
  expires_at: Millis | null;
  revoked_at: Millis | null;
  last_used_at: Millis | null;
}

/**
 * Every SCIM resource of every type. Unique (tenant, id). `seq` is the insertion sequence that orders lists: the rowid on
 * SQLite, an identity column on PostgreSQL. Index (tenant, type, seq) where deleted_at is null; index (deleted_at, id) where
 * deleted_at is not null.
 */
export interface ResourcesTable {
  seq: Generated<number>;
  tenant: string;
  /** UUIDv7, lower case. */
  id: string;
  /** Resource type name: `User`, `Group`. */
  type: string;
  version: number;
  /** `meta.created` in comparable form: RFC 3339, UTC, nine fraction digits. */
  created: string;
  last_modified: string;
  /** The resource as sent back, without `id`, `meta` and the attributes that live in rows (members, groups). */
  document: string;
  /** `document` with every value in its comparable form (scim/comparable.ts): JSONB, for filters. */
  search: unknown;
  /** Set by DELETE: the resource is gone for SCIM, and stays until what hangs on it has been drained. */
  deleted_at: Millis | null;
}

/**
 * Attribute values that IdPs look resources up by, and the unique keys. Primary key (tenant, type, path, value,
 * resource_id); index (tenant, resource_id); unique (tenant, type, path, value) where is_unique = 1.
 */
export interface LookupsTable {
  tenant: string;
  type: string;
  /** Canonical attribute path, e.g. `userName`, `emails.value`. */
  path: string;
  /** Comparable form, shortened when very long (directory/lookups.ts). */
  value: string;
  resource_id: string;
  is_unique: 0 | 1;
}

/**
 * A deleted user who had an externalId, until the purge. Primary key (tenant, resource_id); index (tenant, person) where
 * heir_id is null; index (tenant, heir_id) where heir_id is not null.
 */
export interface TombstonesTable {
  tenant: string;
  resource_id: string;
  /** Stands for userName and externalId (directory/tombstones.ts). */
  person: string;
  deleted_at: Millis;
  /** The user whom the same person became: takes over the accounts. */
  heir_id: string | null;
  /** Since then no account is left to take over. */
  handed_over_at: Millis | null;
}

/**
 * Group membership. Primary key (tenant, group_id, member_id); index (tenant, member_id, group_id); index (tenant,
 * group_id, change_seq), and (tenant, nested, group_id, member_id) where nested = 1. A removed member stays, marked, until fan-out has seen it.
 */
export interface MembersTable {
  tenant: string;
  group_id: string;
  /** The SCIM `value`, as sent. May be unknown: then it grants nothing. */
  member_id: string;
  display: string | null;
  /** `User` or `Group`, as sent. */
  member_type: string | null;
  /** The `$ref`, as sent. */
  ref: string | null;
  /** Both in comparable form, for filters. */
  display_folded: string | null;
  type_folded: string | null;
  /** The change that last touched this row (changes.seq), which fan-out drains by. */
  change_seq: number;
  removed: 0 | 1;
  /** 1: the member is a group of the tenant. */
  nested: Generated<0 | 1>;
}

/**
 * "This user, this group or these rules changed." Fan-out turns each into due accounts and deletes it. `seq` as in
 * resources: rowid on SQLite, identity on PostgreSQL. Index (tenant, subject_id); three of (tenant, urgent desc, seq), each for
 * one kind of change (sync/fan-out/turns.ts).
 */
export interface ChangesTable {
  seq: Generated<number>;
  tenant: string;
  /** `group-below`: what a group was given or lost concerns the users of one in it, and of those in that, now. */
  subject: 'user' | 'group-members' | 'group' | 'group-below' | 'target';
  /** SCIM id of the user or group, or the target's id. `group-members`: only members with this change_seq. */
  subject_id: string;
  activity_id: string | null;
  /** 1: may take access away, and goes first. */
  urgent: 0 | 1;
  /** How far fan-out has come through the subject's members or users; of `group-below` `<group>/<user>`. */
  cursor: string | null;
  /**
   * 1: what it would take away has been compared with the limits (sync/holds), or is not to be. Index (assessed,
   * tenant, seq) where assessed = 0.
   */
  assessed: Generated<0 | 1>;
  created_at: Millis;
}

/**
 * What an IdP (or an administrator) did: one row for each write. Primary key (tenant, id); index (tenant, resource_id, at);
 * index (tenant, request_id) where request_id is not null.
 */
export interface ActivityTable {
  tenant: string;
  /** UUIDv7; also the request's id in logs and answers. */
  id: string;
  /** The Bulk request that this was an operation of. */
  request_id: string | null;
  at: Millis;
  /** `token:<id>`, `cli`, `engine`. */
  actor: string;
  /** `create`, `replace`, `patch`, `delete`, ... */
  action: string;
  resource_type: string;
  resource_id: string;
  /** JSON: what changed, by attribute path, secrets and values hidden where the schema says so. */
  detail: string;
}

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

/** By which rules derived data was last made (directory/reindex.ts). Primary key (name). */
export interface DerivedTable {
  name: string;
  made_by: string;
}

/** Running processes. A lease is as good as its owner's heartbeat. Primary key (id). */
export interface ProcessesTable {
  id: string;
  started_at: Millis;
  alive_until: Millis;
}

/** What a tenant's clients do otherwise than the RFCs ask (scim/quirks.ts). Primary key (tenant, rule). */
export interface QuirksTable {
  tenant: string;
  rule: string;
  /** Requests in which it occurred. */
  count: number;
  first_at: Millis;
  last_at: Millis;
  /** JSON: QuirkExample (directory/quirks.ts), the last one. */
  example: string;
}
