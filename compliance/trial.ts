/** What a check is, and what it has at hand. Implemented in guest/; checks import this file and the model alone. */
import type { Exchange, Feature, Manner, Profile } from './model.ts';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

export interface Check {
  /** Stable and short, "create/location". */
  id: string;
  /** What the server does if all is well, as a sentence: "A created user is answered with its location". */
  title: string;
  feature: Feature;
  /** Ids of the requirements that it looks at. `Trial.holds` refuses others. */
  requirements: readonly string[];
  /** Only in these profiles; absent: wherever one of its requirements is. */
  profiles?: readonly Profile[];
  /** Why it cannot be tried with this server ("it does not advertise sort"); null: it can. `--force` overrides. */
  unless?(server: Server): string | null;
  /** Shares the server with nothing else while it runs: where it looks at totals, or at the rate limit. */
  alone?: boolean;
  run(trial: Trial): Promise<void>;
}

/** The server as it describes itself. Read once; what it does not say is assumed as little as possible. */
export interface Server {
  url: string;
  /** Advertised in /ServiceProviderConfig; all false where that cannot be read. */
  supports: Record<'patch' | 'bulk' | 'filter' | 'changePassword' | 'sort' | 'etag' | 'cursor' | 'index', boolean>;
  /** null: not said. */
  limits: { filterMaxResults: number | null; bulkMaxOperations: number | null; bulkMaxPayloadSize: number | null };
  serviceProviderConfig: JsonObject | null;
  resourceTypes: readonly ResourceType[];
  /** By URN, lower case. */
  schemas: ReadonlyMap<string, Schema>;
  /** Of a schema attribute by its path below the User or Group schema ("name.familyName"), case insensitive; null: none. */
  attribute(resourceType: 'User' | 'Group', path: string): Attribute | null;
  hasGroups: boolean;
}

export interface ResourceType {
  name: string;
  /** "/Users". */
  endpoint: string;
  schema: string;
  schemaExtensions: readonly { schema: string; required: boolean }[];
}

export interface Schema {
  id: string;
  name: string;
  attributes: readonly Attribute[];
}

/** As in RFC 7643 section 7, the defaults filled in. */
export interface Attribute {
  name: string;
  type: string;
  multiValued: boolean;
  required: boolean;
  caseExact: boolean;
  mutability: string;
  returned: string;
  uniqueness: string;
  canonicalValues: readonly string[];
  subAttributes: readonly Attribute[];
}

export interface RequestOptions {
  /** An empty value: without that header. */
  headers?: Record<string, string>;
  /** Sent as it is, instead of `body` as JSON. */
  raw?: string;
  /** Media type of the body; "application/scim+json" unless said otherwise. */
  contentType?: string;
  /** True: without the token. A string: with this one. */
  anonymous?: boolean;
  token?: string;
  /** False: what is refused for want of a condition (428) is not asked again with one. */
  conditions?: false;
}

/** A resource that was made for this run, as the server answered. */
export interface Made {
  id: string;
  /** Relative to the base URL: "/Users/2819c223". */
  path: string;
  resource: JsonObject;
  exchange: Exchange;
}

export interface Trial {
  server: Server;
  manner: Manner;
  profile: Profile;
  /**
   * Every request goes through here: it is recorded, waits for its turn after a 429, and what a POST makes is noted for removal
   * at the end. @param path relative to the base URL, the query included ("/Users?count=1").
   */
  send(method: string, path: string, body?: Json, options?: RequestOptions): Promise<Exchange>;
  /** The answer of the most recent `send`. */
  last(): Exchange;
  /**
   * Notes whether a requirement is met, and goes on either way.
   * @param message what was expected and what came instead. @param exchange the last one unless said otherwise. @returns `met`.
   */
  holds(requirement: string, met: boolean, message: string | (() => string), exchange?: Exchange): boolean;
  /** Ends the check as skipped if `met` is false: what it builds on does not work, and another check says so. */
  needs(met: boolean, reason: string): asserts met;
  /** A name nobody else has, and that shows where it is from: "linkspan-compliance-3f9a-jane-7". */
  name(hint?: string): string;
  /** A body that this server should take: required attributes filled in, others only where its schema has them. */
  userBody(overrides?: JsonObject): JsonObject;
  groupBody(overrides?: JsonObject): JsonObject;
  /** Made and answered with 201, or the check ends as skipped. */
  makeUser(overrides?: JsonObject): Promise<Made>;
  makeGroup(overrides?: JsonObject): Promise<Made>;
}
