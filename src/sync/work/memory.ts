/** What the engine remembers of an account between passes: pure changes of `Memory`. */
import type { Desired, Memory, Observed, Step } from '../../targets/target.ts';

/** Memory as it is kept. */
interface Kept extends Memory {
  /** The account was handed over before the removal of the former self was done; until it has once been made true. */
  removalOwed?: true;
}

/** @param memory JSON. */
export function isRemovalOwed(memory: string | null): boolean {
  return memory !== null && (JSON.parse(memory) as Kept).removalOwed === true;
}

/** Records beside the account's own that may let somebody in. @param memory JSON. */
export function hasDoubles(memory: string | null): boolean {
  return memory !== null && ((JSON.parse(memory) as Memory).doubles ?? []).length > 0;
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
  // What a person is asked to assign is granted once it is seen.
  const byHand = new Set(plan.flatMap((step) => (step.manual === undefined ? [] : (step.subject ?? []))));
  const granting = subjects('assign').filter((subject) => wanted.has(subject) && !byHand.has(subject));
  const made = plan.flatMap((step) => (step.kind === 'create' && step.manual === undefined ? (step.grants ?? []) : []));
  const taking = desired?.presence === 'inactive' ? subjects('unassign') : [];
  const ofOthers = taking.filter((subject) => !memory.granted.includes(subject));
  return {
    ...memory,
    granted: union(memory.granted, [...granting, ...made]),
    remembered: union(memory.remembered, ofOthers),
  };
}

/** It stands no longer, or was refused. */
export function withoutGrant(memory: Memory, subject: string): Memory {
  return { ...memory, granted: memory.granted.filter((other) => other !== subject) };
}

export function withGrant(memory: Memory, subject: string): Memory {
  return { ...memory, granted: union(memory.granted, [subject]) };
}

/** A create was refused: what it would have made is nobody's. */
export function withoutGrantsOf(memory: Memory, { grants = [] }: Step): Memory {
  return grants.reduce(withoutGrant, memory);
}

/** What was seen to be assigned, or not any more, while a person was asked for it: that is our doing. */
export function grantedByHand(
  memory: Memory,
  asked: readonly { kind: string; subject: string }[],
  assignments: Observed['assignments'],
): Memory {
  if (assignments === null) return memory;
  return asked.reduce((kept, { kind, subject }) => {
    if (kind === 'assign' && assignments.includes(subject)) return withGrant(kept, subject);
    return kind === 'unassign' && !assignments.includes(subject) ? withoutGrant(kept, subject) : kept;
  }, memory);
}

export function withDoubles(memory: Memory, ids: readonly string[]): Memory {
  return ids.length === 0 ? memory : { ...memory, doubles: union(memory.doubles ?? [], ids) };
}

/** It is disabled. */
export function withoutDouble(memory: Memory, id: string): Memory {
  const { doubles = [], ...rest } = memory;
  const left = doubles.filter((other) => other !== id);
  return left.length === 0 ? rest : { ...rest, doubles: left };
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
