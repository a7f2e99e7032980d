/**
 * Faults on demand: which call is hit by which fault (drawn from a seeded generator, so that a run can be repeated), and
 * what each kind does to the call. Where the call is logged and what the systems answer is not its matter.
 */
import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { z } from 'zod';
import type { SandboxSystem } from './sandbox.ts';

export const FAULT_KINDS = ['500', '429', 'reset', 'timeout', 'lost-response', '500-after', 'late'] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export const SYSTEMS = ['qflow', 'flowmate', 'uflow', 'platform'] as const satisfies readonly SandboxSystem[];

/** The body of `POST /sandbox/faults`. */
export const FaultRule = z
  .strictObject({
    system: z.enum([...SYSTEMS, '*']),
    /** Share of the matching calls that are hit. */
    rate: z.number().min(0).max(1),
    kinds: z.array(z.enum(FAULT_KINDS)).default([]),
    seed: z.number().int().default(1),
    /** `METHOD path`, the path as called or as documented; `*` at its end stands for anything. Default: every call. */
    match: z.string().optional(),
    /** So many calls are hit, then no more. Default: no end. */
    times: z.number().int().min(0).optional(),
  })
  .refine(({ rate, kinds }) => rate === 0 || kinds.length > 0, { path: ['kinds'], error: 'name at least one kind' });
export type FaultRule = z.infer<typeof FaultRule>;

export interface Faults {
  /** Replaces the rule of its system; one for `*` replaces all. */
  set(rule: FaultRule): void;
  rules(): FaultRule[];
  clear(): void;
  /** The fault that hits this call, or null. */
  draw(call: { system: SandboxSystem; method: string; path: string; template: string }): FaultKind | null;
}

/** @param stored rules of an earlier process. @param onChange is given the rules whenever they change. */
export function createFaults(stored: FaultRule[], onChange: (rules: FaultRule[]) => void): Faults {
  const armed = new Map<string, { rule: FaultRule; random: () => number }>();
  const arm = (rule: FaultRule) => armed.set(rule.system, { rule, random: mulberry32(rule.seed) });
  const rules = () => [...armed.values()].map(({ rule }) => rule);
  for (const rule of stored) arm(rule);

  return {
    set(rule) {
      if (rule.system === '*') armed.clear();
      arm(rule);
      onChange(rules());
    },
    rules,
    clear() {
      armed.clear();
      onChange([]);
    },
    draw(call) {
      const entry = armed.get(call.system) ?? armed.get('*');
      if (!entry || entry.rule.rate === 0 || entry.rule.times === 0 || !isMatch(entry.rule.match, call)) return null;
      if (entry.random() >= entry.rule.rate) return null;
      if (entry.rule.times !== undefined) {
        entry.rule = { ...entry.rule, times: entry.rule.times - 1 };
        onChange(rules());
      }
      return entry.rule.kinds[Math.floor(entry.random() * entry.rule.kinds.length)] ?? null;
    },
  };
}

function isMatch(pattern: string | undefined, call: { method: string; path: string; template: string }): boolean {
  if (pattern === undefined) return true;
  const [method, path] = pattern.includes(' ') ? pattern.split(/\s+/, 2) : [call.method, pattern];
  const wanted = anyNames(path ?? '');
  const fits = (candidate: string) =>
    wanted.endsWith('*') ? candidate.startsWith(wanted.slice(0, -1)) : candidate === wanted;
  return method?.toUpperCase() === call.method && [call.path, anyNames(call.template)].some(fits);
}

/** Documents name path parameters differently. */
const anyNames = (template: string) => template.replace(/\{[^}]*\}|:\w+/g, '{}');

/** A small, seeded generator of numbers in [0, 1). */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export const HELD_MS = 10_000;
export const LATE_MS = 3_000;

/** Runs and forgets something later, unless the sandboxes are closed first. */
export interface Timers {
  after(ms: number, run: () => void): void;
  close(): void;
}

export function createTimers(): Timers {
  const pending = new Set<NodeJS.Timeout>();
  return {
    after(ms, run) {
      const timer = setTimeout(() => {
        pending.delete(timer);
        run();
      }, ms);
      pending.add(timer.unref());
    },
    close() {
      for (const timer of pending) clearTimeout(timer);
    },
  };
}

/**
 * Carries out `kind` on one call. @param handle does what the call asks for.
 * @returns the answer, and the status that the caller gets to see (null: none).
 */
export async function strike(
  kind: FaultKind,
  handle: () => Promise<Response>,
  env: HttpBindings,
  timers: Timers,
): Promise<{ response: Response; status: number | null }> {
  const cut = () => {
    env.incoming.socket.resetAndDestroy();
    return { response: RESPONSE_ALREADY_SENT, status: null };
  };
  switch (kind) {
    case '500':
      return { response: Response.json({ message: 'Sandbox fault' }, { status: 500 }), status: 500 };
    case '429':
      return { response: new Response(null, { status: 429, headers: { 'retry-after': '1' } }), status: 429 };
    case 'reset':
      return cut();
    case 'timeout':
      timers.after(HELD_MS, cut);
      return { response: RESPONSE_ALREADY_SENT, status: null };
    case 'lost-response':
      await handle();
      return cut();
    case '500-after':
      await handle();
      return { response: Response.json({ message: 'Sandbox fault' }, { status: 500 }), status: 500 };
    case 'late':
      timers.after(LATE_MS, handle);
      return cut();
  }
}
