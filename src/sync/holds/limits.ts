/** How much may be done to the accounts of a target before a person is asked, and of which kind a step is. Pure. */
import { z } from 'zod';
import type { Desired, Step } from '../../targets/target.ts';

/** What a step does to an account, as limits count it. */
export const KINDS = ['create', 'update', 'disable', 'delete', 'unassign'] as const;
export type Kind = (typeof KINDS)[number];
/** They take something away. */
export const TAKING: readonly Kind[] = ['disable', 'delete', 'unassign'];

/** Per cent count only where more accounts than this are linked. */
export const SMALL = 50;

const limit = (percent: number | null) =>
  z
    .preprocess(
      (given) => (given === null ? { count: null, percent: null } : given),
      z.strictObject({
        count: z.number().int().min(0).nullable().default(null).describe('accounts; null: no limit'),
        percent: z
          .number()
          .min(0)
          .max(100)
          .nullable()
          .default(percent)
          .describe(`per cent of the accounts linked in the target; null: no limit. Default: ${percent}`),
      }),
    )
    .prefault({});

const OFF = Object.fromEntries(KINDS.map((kind) => [kind, null]));

export const Limits = z
  .preprocess(
    (given) => (given === 'off' ? OFF : given),
    z.strictObject({
      create: limit(null),
      update: limit(null),
      disable: limit(10),
      delete: limit(10),
      unassign: limit(null),
    }),
  )
  .prefault({})
  .describe(
    `at most this many accounts are created, updated (renamed too), disabled, deleted or have something unassigned: by one change of rules or of a group, and within 24 hours. One more is held back until an administrator approves it: of a change of rules or of a group the whole set, else those that came too late. "count" and "percent" are both kept; "percent" is rounded down, is 1 at least unless it is 0, and counts only while more than ${SMALL} accounts are linked. What is unassigned because the account is disabled counts as that. "off": no limit; null for one kind: none for that`,
  );
export type Limits = z.infer<typeof Limits>;
export type Limit = Limits[Kind];

export function isLimited({ count, percent }: Limit): boolean {
  return count !== null || percent !== null;
}

/** @returns how many accounts may be started; null: any number. */
export function allowance({ count, percent }: Limit, linked: number): number | null {
  const share = percent === null || linked <= SMALL ? null : shareOf(percent, linked);
  if (count === null || share === null) return count ?? share;
  return Math.min(count, share);
}

function shareOf(percent: number, linked: number): number {
  return percent === 0 ? 0 : Math.max(1, Math.floor((percent * linked) / 100));
}

/** In words, after a number of accounts. */
export function limitText({ count, percent }: Limit, linked: number): string {
  const parts = [
    ...(count === null ? [] : [String(count)]),
    ...(percent === null || linked <= SMALL ? [] : [`${percent} % of ${linked} linked accounts`]),
  ];
  return parts.join(', and ');
}

/**
 * Null for what only gives back (enable, assign), which is never held. What is unassigned because the account is disabled
 * is that: some systems know no other way. A double of our own making is no account of anybody.
 */
export function kindOf(step: Pick<Step, 'kind' | 'record'>, desired: Pick<Desired, 'presence'> | null): Kind | null {
  if (step.record !== undefined) return null;
  switch (step.kind) {
    case 'create':
    case 'disable':
    case 'delete':
      return step.kind;
    case 'rename':
    case 'update':
      return 'update';
    case 'unassign':
      if (desired === null) return 'delete';
      return desired.presence === 'inactive' ? 'disable' : 'unassign';
    default:
      return null;
  }
}

export function kindsOf(
  plan: readonly Pick<Step, 'kind' | 'record'>[],
  desired: Pick<Desired, 'presence'> | null,
): Set<Kind> {
  return new Set(plan.flatMap((step) => kindOf(step, desired) ?? []));
}

/** Laid over what is there, kind by kind. */
export function mergeLimits(before: unknown, given: unknown): unknown {
  if (!isObject(before) || !isObject(given)) return given;
  const kinds = Object.entries(given).map(([kind, limit]) => {
    const former = before[kind];
    return [kind, isObject(former) && isObject(limit) ? { ...former, ...limit } : limit];
  });
  return { ...before, ...Object.fromEntries(kinds) };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
