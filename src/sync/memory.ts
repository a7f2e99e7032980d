/** What the engine remembers of an account between passes: pure changes of `Memory`. */
import type { Desired, Memory, Step } from '../targets/target.ts';

/** Memory as it is kept. */
interface Kept extends Memory {
  /** The account was handed over before the removal of the former self was done; until it has once been made true. */
  removalOwed?: true;
}

/** @param memory JSON. */
export function isRemovalOwed(memory: string | null): boolean {
  return memory !== null && (JSON.parse(memory) as Kept).removalOwed === true;
}

/** @param memory JSON. */
export function withRemovalOwed(memory: string): string {
  const kept: Kept = { ...(JSON.parse(memory) as Memory), removalOwed: true };
  return JSON.stringify(kept);
}

export function withoutRemovalOwed(memory: Memory): Memory {
  const { removalOwed: _, ...rest }: Kept = memory;
  return rest;
}

/** What will be granted counts as ours, and what others granted and a disable takes is remembered, before any call. */
export function beforehand(memory: Memory, plan: readonly Step[], desired: Desired | null): Memory {
  const subjects = (kind: Step['kind']) =>
    plan.flatMap((step) => (step.kind === kind && step.subject !== undefined ? [step.subject] : []));
  const wanted = new Set(desired?.assignments ?? []);
  const granting = subjects('assign').filter((subject) => wanted.has(subject));
  const taking = desired?.presence === 'inactive' ? subjects('unassign') : [];
  const ofOthers = taking.filter((subject) => !memory.granted.includes(subject));
  return {
    ...memory,
    granted: union(memory.granted, granting),
    remembered: union(memory.remembered, ofOthers),
  };
}

/** It stands no longer, or was refused. */
export function withoutGrant(memory: Memory, subject: string): Memory {
  return { ...memory, granted: memory.granted.filter((other) => other !== subject) };
}

/** They went with the record. */
export function withoutGrants(memory: Memory): Memory {
  return { ...memory, granted: [] };
}

/** It was given back, or cannot be. */
export function withoutRemembered(memory: Memory, subject: string): Memory {
  return { ...memory, remembered: memory.remembered.filter((other) => other !== subject) };
}

function union(a: readonly string[], b: readonly string[]): string[] {
  return [...new Set([...a, ...b])].sort();
}
