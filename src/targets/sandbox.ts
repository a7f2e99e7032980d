/**
 * What a target's folder brings along so that its system can be stood in for: routes at the document's paths, starting
 * data, and the points where the documented and the observed behaviour differ (profiles). Faults, the call log, state,
 * persistence and the control surface under `/sandbox` are the same for all and live in `sandbox-host.ts`.
 */
import type { Hono } from 'hono';

/** A record in its system's own field names. */
export type SandboxRecord = Record<string, unknown>;

/** An ordered, durable collection of records, keyed by a string id. Writes are on disk when the method returns. */
export interface Collection {
  get(id: string): SandboxRecord | undefined;
  all(): SandboxRecord[];
  put(id: string, record: SandboxRecord): void;
  delete(id: string): boolean;
}

/** What the routes of a part see of the system that they belong to. Parts of one system share it. */
export interface SandboxWorld {
  collection(name: string): Collection;
  /** The chosen profile's value for one point of difference, e.g. `dup` -> `409`. */
  profile(point: string): string;
  clock: () => Date;
}

export interface SandboxPart {
  /** Parts with the same system (the two Qflow types) share collections, faults and profiles. */
  system: 'qflow' | 'flowmate' | 'uflow' | 'platform';
  /** Names of the collections that `GET /sandbox/state` shows for this part. */
  collections: readonly string[];
  /** Starting data, as `POST /sandbox/reset` restores it. */
  seed(world: SandboxWorld): void;
  /** Points of difference with their allowed values; the first is the default. */
  profiles: Readonly<Record<string, readonly [string, ...string[]]>>;
  /** What a client needs to call this system, given the sandbox's base URL. */
  credentials(baseUrl: string): Record<string, string>;
  routes(world: SandboxWorld): Hono;
}
