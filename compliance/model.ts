/**
 * The words of the compliance runner: what is required, what is tried, what came of it. A requirement is a sentence of a
 * standard, a check is a small conversation with the server that shows whether requirements are met. Nothing here or below
 * this folder knows any server: whatever speaks SCIM 2.0 is measured alike.
 */

export type Level = 'MUST' | 'SHOULD' | 'MAY';

/** Optional features are checked only where the server advertises them; the others always. */
export const FEATURES = {
  discovery: 'Discovery',
  schemas: 'Schemas and attributes',
  users: 'Users',
  groups: 'Groups',
  create: 'Creating',
  read: 'Reading',
  replace: 'Replacing',
  patch: 'PATCH',
  delete: 'Deleting',
  list: 'Lists and paging',
  cursor: 'Cursor paging',
  filter: 'Filters',
  sort: 'Sorting',
  projection: 'Choosing attributes',
  search: 'POST .search',
  etag: 'Versions',
  bulk: 'Bulk',
  password: 'Passwords',
  me: '/Me',
  http: 'HTTP',
  errors: 'Errors',
  authentication: 'Authentication',
} as const;
export type Feature = keyof typeof FEATURES;

/**
 * `rfc`: the standards alone. The others add what that client demands, and drop what it never uses. Where the standards and
 * the field differ, `strict` and `tolerant` say which of them is asked for.
 */
export type Profile = 'rfc' | 'entra' | 'okta' | 'dialects';
export type Manner = 'strict' | 'tolerant';

export interface Requirement {
  /** Stable, for waivers and comparisons: "RFC7644-3.3-2" (document, section, a number within it), "ENTRA-4". */
  id: string;
  /** "RFC 7644", or the name of the public source for what a client demands. */
  source: string;
  /** The section's number, or the page's heading. */
  section: string;
  /** Lines of the RFC's text form, "1021-1024"; null for other sources. */
  lines: string | null;
  url: string;
  level: Level;
  feature: Feature;
  /** One sentence in our own words, of what the server does. */
  text: string;
  /** What to do about it, where the sentence alone does not say. */
  remedy?: string;
  /** Only in these profiles; absent: in `rfc`. */
  profiles?: readonly Profile[];
  /** Only in this manner; absent: in both. */
  manner?: Manner;
  /** Why it cannot be seen from outside. It has no checks then. */
  unseen?: string;
}

/** PASS, or the first of these that applies: FAIL (a MUST is not met), WARN (a SHOULD is not met), SKIP (was not tried). */
export type Verdict = 'PASS' | 'FAIL' | 'WARN' | 'SKIP';

/** A request and its answer as they were, secrets replaced by `***`. */
export interface Exchange {
  method: string;
  url: string;
  requestHeaders: Record<string, string>;
  requestBody: string | null;
  /** 0: no answer came. */
  status: number;
  headers: Record<string, string>;
  body: string;
  /** Of the body, parsed; undefined where it is not JSON. */
  json?: unknown;
  /** Milliseconds. */
  duration: number;
  at: string;
  /** What went wrong below HTTP: a time-out, a refused connection. */
  error?: string;
}

/** A requirement that a check found not to be met. */
export interface Finding {
  requirement: string;
  level: Level;
  /** What was expected and what came instead, for a person. */
  message: string;
  /** Index in the result's exchanges of the one that shows it. */
  exchange: number | null;
}

export interface Result {
  /** Id of the check. */
  check: string;
  title: string;
  feature: Feature;
  verdict: Verdict;
  /** Why it was skipped. */
  reason?: string;
  /** Requirements that were looked at, met or not. */
  requirements: readonly string[];
  findings: readonly Finding[];
  exchanges: readonly Exchange[];
  /** Where every finding is waived: why, and where that is decided. */
  waiver?: Waiver;
  duration: number;
}

/** What a server's owner has decided to do otherwise. */
export interface Waiver {
  /** Id of a requirement. */
  requirement: string;
  /** Only in this check; absent: in all. */
  check?: string;
  reason: string;
  /** Where the decision stands. */
  source: string;
}

/** All of a run: what reports are made of, and what `--json` prints. */
export interface Run {
  /** Of this form. */
  version: 1;
  /** The server's base URL. */
  url: string;
  profile: Profile;
  manner: Manner;
  startedAt: string;
  duration: number;
  /** Requests sent, those after a 429 among them. */
  requests: number;
  /** What the server says of itself, in a few words: "patch, filter (max 200), etag". */
  server: string;
  requirements: readonly Requirement[];
  results: readonly Result[];
  /** What was made and could not be removed: URLs. */
  leftBehind: readonly string[];
}
