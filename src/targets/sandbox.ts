/**
 * What a target's folder brings along so that its system can be stood in for: routes at the document's paths, starting
 * data, and the points where the documented and the observed behaviour differ (profiles). Faults, the call log, state,
 * persistence and the control surface under `/sandbox` are the same for all and live in `sandbox-host.ts`.
 */
import type { HttpBindings } from '@hono/node-server';
import type { Hono } from 'hono';

export type SandboxSystem = 'qflow' | 'flowmate' | 'uflow' | 'platform';

/** A record in its system's own field names. Never changed in place: `put` a new one. */
export type SandboxRecord = Readonly<Record<string, unknown>>;

/** An ordered, durable collection of records, keyed by a string id. Writes are on disk when the method returns. */
export interface Collection {
  get(id: string): SandboxRecord | undefined;
  all(): SandboxRecord[];
  /** Records whose `field` is `value`, without case; an index serves it. */
  where(field: string, value: string): SandboxRecord[];
  put(id: string, record: SandboxRecord): void;
  delete(id: string): boolean;
}

/** What the routes of a part see of the system that they belong to. Parts of one system share it. */
export interface SandboxWorld {
  collection(name: string): Collection;
  /** The chosen value for one profile point or switch, e.g. `dup` -> `409`. */
  profile(point: string): string;
  clock: () => Date;
}

/** Served by `@hono/node-server`: faults cut the socket, the edge sees the caller's address. */
export type SandboxApp = Hono<{ Bindings: HttpBindings }>;

/** Points with their allowed values; the first is the default. */
export type SandboxPoints = Readonly<Record<string, readonly [string, ...string[]]>>;

export interface SandboxPart {
  /** Parts with the same system (the two Qflow types) share collections, faults, profiles and equal routes. */
  system: SandboxSystem;
  /** Names of the collections that `GET /sandbox/state` shows for this part. */
  collections: readonly string[];
  /** Names of collections that a reset keeps (issued tokens: a reset logs nobody out). */
  lasting?: readonly string[];
  /** Starting data, as `POST /sandbox/reset` restores it. */
  seed(world: SandboxWorld): void;
  /** Where documented (first value) and observed (second) behaviour differ, or an assumption needs both. */
  profiles: SandboxPoints;
  /** Circumstances rather than doubts (account type, token life): the names `documented` and `observed` leave them. */
  switches?: SandboxPoints;
  /** What a client needs to call this system, given the sandbox's base URL. */
  credentials(baseUrl: string): Record<string, string>;
  /** Absolute paths, with parameters named as the system's document names them. */
  routes(world: SandboxWorld): SandboxApp;
  /** Control of what lies outside the system's API, below `/sandbox/{system}`. */
  control?(world: SandboxWorld): SandboxApp;
}
