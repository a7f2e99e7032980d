/** What the identity provider has said, and who may say it. Rules that hold for all tables: tables.ts. */
import type { Generated } from 'kysely';
import type { Millis } from '../tables.ts';

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

/** By which rules derived data was last made (directory/reindex.ts). Primary key (name). */
export interface DerivedTable {
  name: string;
  made_by: string;
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
