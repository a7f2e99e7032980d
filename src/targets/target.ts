/**
 * The contract between the sync engine and one kind of downstream system.
 *
 * A target type is data, two pure functions (`desired`, `plan`) and a connection that finds, lists and applies. It owns
 * every fact about its system: field names, error shapes, quirks. It does not own retries, leases, intents, ordering,
 * persistence or scope: those are the engine's, and the same for every target. A folder under `src/targets/` imports
 * these contract files only, and `registry.ts` finds it; adding one touches nothing else.
 */
import type { z } from 'zod';
import type { SandboxPart } from './sandbox.ts';

/**
 * The names under which a system may know one account, e.g. `{ userName: 'jane', email: 'jane@example.com' }`. The first
 * is the one that must be unique there: two accounts of ours that want the same one take turns.
 */
export type Keys = Readonly<Record<string, string>>;

/** Attribute values in the system's own field names. Passwords never appear here. */
export type Fields = Readonly<Record<string, string>>;

export interface Capabilities {
  /** `emulated`: there is no such call; the plan does the nearest thing and the receipt says so. */
  disable: 'native' | 'emulated' | 'none';
  delete: 'hard' | 'soft' | 'none';
  rename: boolean;
  /** What a second create with the same keys does: gives back the first (`natural`), is refused, or makes a double. */
  create: 'natural' | 'conflict' | 'none';
  lookup: 'exact' | 'filter' | 'list';
  /** The best proof of a removal that the system offers. */
  verify: 'read' | 'listing' | 'answer' | 'none';
  /**
   * What an assignment is here, or null where the system has none. With several `kinds` each assignment is written
   * `<kind>:<name>`, and the first kind is meant where none is written.
   */
  assignments: { noun: string; kinds?: readonly string[] } | null;
  invites: boolean;
}

/** One user as a target sees it: the whole directory entry, never a delta. */
export interface Person {
  /** SCIM id. */
  id: string;
  /** The SCIM User as stored: canonical attribute names, real booleans, extensions under their URN. */
  user: Readonly<Record<string, unknown>>;
  /** `active` should work, `inactive` should exist without access, `absent` should not exist. */
  presence: 'active' | 'inactive' | 'absent';
  /** What the target's assignment rules grant, sorted, without doubles. */
  assignments: readonly string[];
  /**
   * The target's fields as mapped for this user (`TargetType.mapping`, overridden by the administrator): null clears the
   * field, a field that is missing is left alone.
   */
  values: Readonly<Record<string, string | null>>;
  /**
   * `given`: the identity provider sent one that has not been delivered yet; `random`: a new record gets one that nobody
   * knows; `none`: a new record gets none.
   */
  password: 'none' | 'random' | 'given';
}

/** How a target's field is filled. */
export interface Mapped {
  /** CEL over `user` (the SCIM User) and `email` (the primary, else the first, else the userName). Gives text or `clear()`. */
  expression: string;
  /** What the field is, for the administrator. */
  description: string;
}

/** What an account should look like. */
export interface Desired {
  presence: 'active' | 'inactive';
  keys: Keys;
  fields: Fields;
  assignments: readonly string[];
  /** As in `Person`. `given` asks for the password of an existing record to be set, once. */
  password?: Person['password'];
}

/** What an account was seen to be. */
export interface Observed {
  /** The system's own id of the record. */
  id: string;
  /** In the form of `Desired.keys`, so that the two can be compared. */
  keys: Keys;
  fields: Fields;
  enabled: boolean;
  /** null: could not be read. */
  assignments: readonly string[] | null;
  /** The system's own word for the record's state, where it has more than enabled or not (`New`, `PENDING`). */
  state?: string;
}

/** What the engine remembers of an account between runs, for `plan`. */
export interface Memory {
  /** Assignments that we made, the only ones that we take away unless the account is disabled. */
  granted: readonly string[];
  /** Assignments made by others and taken away when the account was disabled: given back on its return. */
  remembered: readonly string[];
  /** Ids of further records that a repeated create of ours has made: to be disabled. */
  doubles?: readonly string[];
}

/** Execution order within an account; the engine sorts by it, stably. */
export const STEP_ORDER = ['unassign', 'disable', 'delete', 'create', 'rename', 'update', 'enable', 'assign'] as const;
export type StepKind = (typeof STEP_ORDER)[number];

/**
 * One call of a plan, as plain printable data. `{id}` in `call` stands for the record's id where a create comes first.
 * Anything secret in `body` is a word in angle brackets (`<random>`), replaced only at the moment of sending.
 */
export interface Step {
  kind: StepKind;
  /** `METHOD /path`, as the system's document writes it; `by hand` for a manual step. */
  call: string;
  /** `<random>` stands for a password that is made at the moment of sending, `<given>` for the one in `Subject`. */
  body?: Readonly<Record<string, string>>;
  /** The assignment concerned, for `assign` and `unassign`. */
  subject?: string;
  /** Assignments that a `create` itself makes. */
  grants?: readonly string[];
  /** The system has no call for it: what a person has to do there, in words. `apply` is never asked to. */
  manual?: string;
  /** The id of a double (`Memory.doubles`) that this step disables, in place of the account's own record. */
  record?: string;
  /** Names of the fields that differ, for `update`. */
  changes?: readonly string[];
}

/** How the outcome of a step is known: seen by a read, or only said in the call's answer. */
export type Evidence = 'read' | 'answer' | 'listing' | 'unverifiable';

export interface Applied {
  /** The record's id, where the step made or found one. */
  id?: string;
  /** A create was refused because this record was there before, with exactly its keys: it is not of our making. */
  existed?: boolean;
  evidence: Evidence;
  /** What the record is after the step, where the answer says so. */
  observed?: Observed;
}

export type Found =
  /** `doubles`: further records that our own creates have made (see `Query.since`), which are then disabled. */
  | { kind: 'found'; observed: Observed; doubles?: readonly string[] }
  /** Proven: the system answered in its own shape that no record fits. Another may hold the name; a create finds out. */
  | { kind: 'absent' }
  /** The system cannot be asked; creating is the only look-up (natural idempotency). */
  | { kind: 'unknowable' }
  /** More than one record fits: none of them may be linked. */
  | { kind: 'ambiguous'; ids: readonly string[]; detail: string };

/** The world as a connection sees it for the duration of one piece of work. Every HTTP call goes through `fetch`. */
export interface Io {
  /** Like the global `fetch`. It waits for the shared rate limit, cuts at the call time-out, checks the lease, logs. */
  fetch: (url: string, init?: RequestInit) => Promise<Response>;
  clock: () => Date;
}

/** Where a connection keeps what must survive a restart (refresh tokens): encrypted at rest, one value per target. */
export interface Vault {
  load(): Promise<string | null>;
  save(value: string): Promise<void>;
}

/**
 * What `find` is asked for: the linked record's id where there is one, and every key that may have been sent. The keys are
 * looked for when `id` is null, and when it leads nowhere while an intent is open; a linked record that is gone is
 * otherwise `absent`, whoever has its name now.
 */
export interface Query {
  id: string | null;
  keys: readonly Keys[];
  /** The linked record as it was when last seen, for what the system cannot be asked cheaply. */
  last: Observed | null;
  /** True: an earlier create may have landed under one of the keys, so the answer must be better than a guess. */
  openIntent: boolean;
  /** When the first of the open intents was committed; null without one. A record made since, under our keys, is ours. */
  since?: Date | null;
}

/** What a step is carried out on. */
export interface Subject {
  /** null before a create. */
  id: string | null;
  /** null when removing. */
  desired: Desired | null;
  /** The record as known before this step: the plan's, brought forward by the steps since. Saves the target a read. */
  observed?: Observed | null;
  /** What `<given>` stands for in the step's body. */
  password?: string;
}

/** Something that can be assigned in the system: shown to identity providers and administrators. */
export interface CatalogueEntry {
  /** One of `Capabilities.assignments.kinds`, or its noun. */
  kind: string;
  id: string;
  name: string;
  description?: string;
  /** Where the system ranks its entries. */
  weight?: number;
}

/** What a system can tell beyond its accounts, read when an administrator asks. */
export interface Report {
  /** For programs: plain data. */
  data: unknown;
  /** The same for people. The cells are texts; a note says what the figures do not. */
  tables: readonly { title: string; header: readonly string[]; rows: readonly (readonly string[])[] }[];
  notes: readonly string[];
  /** Where the system asks not to be polled faster: how long the same report is to be left alone, in milliseconds. */
  againAfterMs: number;
}

/** Methods throw `TargetError` when they do not succeed. */
export interface Connection {
  /** The cheapest call that proves address, credentials and rights. Resolves to a sentence for the administrator. */
  check(io: Io): Promise<string>;
  find(query: Query, io: Io): Promise<Found>;
  /** Every account, completely, or a throw: an incomplete listing must never look complete. */
  list(io: Io): AsyncIterable<Observed>;
  /** Carries out one step. */
  apply(step: Step, subject: Subject, io: Io): Promise<Applied>;
  /** Everything that can be assigned, where the system can be asked. */
  catalogue?(io: Io): Promise<readonly CatalogueEntry[]>;
  /** By name, e.g. `roster`. `about` is what it is a report of, by its id there. May answer from a cache of `againAfterMs`. */
  reports?: Readonly<Record<string, (about: string, io: Io) => Promise<Report>>>;
}

export interface TargetType<Settings = unknown> {
  /** Lower-case and hyphens, the folder's name. */
  type: string;
  title: string;
  /** Validates what an administrator enters; its defaults are stated in each field's description. */
  settings: z.ZodType<Settings> & { shape: Readonly<Record<string, z.ZodType>> };
  /** Names of the settings that are encrypted at rest and never shown. */
  secrets: readonly string[];
  capabilities: Capabilities;
  /** The target's fields and what fills them unless an administrator says otherwise. Key fields must give a text. */
  mapping: Readonly<Record<string, Mapped>>;
  /** Calls of targets with the same limit group share one rate limit, across tenants. */
  limitGroup(settings: Settings): string;
  /** Identifies the remote system, so that one record there is never linked twice. */
  systemKey(settings: Settings): string;
  /** Pure. null = should not be there. */
  desired(person: Person, settings: Settings): Desired | null;
  /** Pure. The calls that turn `observed` (null = not there) into `desired` (null = should not be there). */
  plan(desired: Desired | null, observed: Observed | null, memory: Memory, settings: Settings): readonly Step[];
  open(settings: Settings, vault: Vault): Connection;
  sandbox: SandboxPart;
}

/** Keeps a target type's own `Settings` while it is being written, and gives the engine the one shape it knows. */
export function defineTarget<Settings>(type: TargetType<Settings>): TargetType {
  return type as unknown as TargetType;
}
