/** What the engine remembers of an account between passes: pure changes of `Memory`. */
import type { Desired, Memory, Step } from '../targets/target.ts';

/** What will be granted counts as ours, and what others granted and a disable takes is remembered, before any call. */
export function beforehand(memory: Memory, plan: readonly Step[], desired: Desired | null): Memory {
  const subjects = (kind: Step['kind']) =>
    plan.flatMap((step) => (step.kind === kind && step.subject !== undefined ? [step.subject] : []));
  const wanted = new Set(desired?.assignments ?? []);
  const granting = subjects('assign').filter((subject) => wanted.has(subject));
  const taking = desired?.presence === 'inactive' ? subjects('unassign') : [];
  const ofOthers = taking.filter((subject) => !memory.granted.includes(subject));
  return { granted: union(memory.granted, granting), remembered: union(memory.remembered, ofOthers) };
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
