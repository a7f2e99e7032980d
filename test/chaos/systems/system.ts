/**
 * What the run knows of one downstream system: what it should hold of each person, what it holds, what a call means. Written
 * from the system's document and the target's rules alone, never with the product's mapping code. One file of this folder
 * for each system; the folder is the list.
 */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Json } from '../idp.ts';
import type { Person } from '../model.ts';

/** What should be there of a person. */
export interface Wanted {
  record: 'present' | 'optional' | 'gone';
  /** Whether an existing record lets the person in; null: the system cannot tell. */
  access: boolean | null;
  /** Assignments: events, roles. */
  grants: readonly string[];
  /** As in `Held.fields`. */
  fields: Readonly<Record<string, string>>;
}

/** What is there. */
export interface Held {
  id: string;
  /** Of whom it is: the family name. */
  marker: string;
  access: boolean;
  grants: readonly string[];
  /** In a form that can be compared: lower case where the system does not mind. */
  fields: Readonly<Record<string, string>>;
  /** What no record of ours may be like, in words. */
  flaws: readonly string[];
  /** A deletion has left it, and the person has another or a later one: it counts only for who else it keeps out. */
  isLeftover?: boolean;
}

/**
 * `lock` is a disable that cannot be read back; `enable` may also be a change that carries the flag along; `regrant` writes all
 * that is assigned, and may give or take.
 */
export type CallKind =
  | 'look'
  | 'create'
  | 'change'
  | 'enable'
  | 'assign'
  | 'unassign'
  | 'regrant'
  | 'lock'
  | 'disable'
  | 'delete';

export interface Reading {
  kind: CallKind;
  /** The record's id. A create has none before it is answered. */
  id?: string;
  /** Whose record a create makes. */
  marker?: string;
  grant?: string;
  /** What a look-up searches for and what a create would be found by; `*`: everybody. */
  key?: string;
}

export interface RawCall {
  method: string;
  path: string;
  query: URLSearchParams;
  body: Json;
}

export interface System {
  /** Of the target, and in reports. */
  name: string;
  type: string;
  /** As `linkspan target` takes them. */
  rules: { scope: string; onlyAssigned?: boolean; assignments?: { groupPrefix: string }[] };
  /** So many sets of names of groups; those of a set give the same thing there. */
  groupNames(count: number): string[][];
  /** Sets the sandbox up for these groups. @param post to a path below `/sandbox/`. */
  prepare(post: (path: string, body: unknown) => Promise<void>, count: number): Promise<void>;
  /** @param groups names of the person's groups. */
  wanted(person: Person, groups: readonly string[]): Wanted;
  /** @param state the answer of `GET /sandbox/state`. */
  held(state: Json): Held[];
  /** What is left of people who are gone, and what belongs to no record that is one person's, in words. */
  strays(state: Json): string[];
  /**
   * Whether a record of somebody else has what this person is to be known by, and keeps it: the system forgets nobody. No
   * rule says that the person gets it.
   */
  isTaken?(person: Person, held: readonly Held[]): boolean;
  /** True: a record outlives its person, and who is known by the same gets it. */
  handsOver?: boolean;
  /** Kinds of what people have to be asked to do there by hand. @param record the person's. */
  byHand?(person: Person, groups: readonly string[], record: Held): string[];
  /**
   * Where a change carries the flag along: whether the record that a look showed keeps its person out. An `enable` of who is
   * shown to be in is a change.
   */
  isOut?(record: Json): boolean;
  /** null: another system's, or of no interest. */
  read(call: RawCall): Reading | null;
}

export async function loadSystems(): Promise<System[]> {
  const files = (await readdir(import.meta.dirname)).filter((file) => file !== path.basename(import.meta.filename));
  const modules = await Promise.all(files.sort().map((file) => import(path.join(import.meta.dirname, file))));
  return modules.map(({ system }: { system: System }) => system);
}
