/** Every time and limit of a target, as settings with stated defaults, and the backoff that follows from them. */
import { z } from 'zod';
import type { TargetType } from '../../targets/target.ts';

/** No call may take longer: leases are as long. */
export const LONGEST_CALL_MS = 300_000;
/** A system that asks for more patience than this (Retry-After) is asked again after a day all the same. */
export const LONGEST_WAIT_MS = 86_400_000;

const millis = (fallback: number, minimum = 0, maximum = 86_400_000) =>
  z.number().int().min(minimum).max(maximum).default(fallback);

export const Pace = z.strictObject({
  callTimeoutMs: millis(30_000, 100, LONGEST_CALL_MS).describe('one call is cut after this'),
  backoffMinMs: millis(2_000, 10).describe('the first wait after a failure; it doubles with each further one'),
  backoffMaxMs: millis(3_600_000, 10).describe('the longest wait between two attempts'),
  settleMs: millis(10_000).describe('an unclear create may still appear for this long after its call was cut'),
  failuresInRow: z
    .number()
    .int()
    .min(0)
    .max(10_000)
    .default(20)
    .describe('so many failed calls in a row (no answer, 5xx, 408) pause the target; 0: never'),
  failureShare: z
    .number()
    .min(0.1)
    .max(1)
    .default(0.8)
    .describe('so large a share of failed calls among the last ones pauses the target'),
  failureWindow: z
    .number()
    .int()
    .min(0)
    .max(10_000)
    .default(50)
    .describe('how many of the last calls failureShare looks at; 0: none'),
  probeMs: millis(60_000, 100).describe('how often a paused target is tried'),
  limitedMs: millis(60_000, 100).describe('how long 429 without Retry-After stops the calls'),
  ratePerSecond: z.number().min(0).max(10_000).default(12).describe('calls a second over the limit group; 0: no limit'),
  reconcileHours: z
    .number()
    .int()
    .min(0)
    .max(8_760)
    .default(24)
    .describe('the whole target is compared with the directory this often; 0: only by hand'),
  manualLookMs: millis(900_000, 100).describe(
    'how often it is looked at whether what a person has to do there is done',
  ),
  catalogueMinutes: z
    .number()
    .int()
    .min(0)
    .max(43_200)
    .default(360)
    .describe('the target is asked what it has to assign this often; 0: only by hand'),
  concurrency: z
    .number()
    .int()
    .min(1)
    .max(64)
    .default(4)
    .describe(
      'accounts worked on at once; 32 where each look reads the whole list and no call takes access away, as at platform-users',
    ),
});
export type Pace = z.infer<typeof Pace>;

/**
 * Where a look reads everybody, the more accounts look at once the fewer readings there are. Not where a call can take access
 * away: that would wait for as many more to make room.
 */
const SHARING = 32;

const SharingPace = Pace.extend({ concurrency: Pace.shape.concurrency.removeDefault().default(SHARING) });

/** With the defaults of a target of this type. */
export function paceFor({ capabilities }: Pick<TargetType, 'capabilities'>) {
  const { lookup, disable, delete: remove } = capabilities;
  return lookup === 'list' && disable === 'none' && remove === 'none' ? SharingPace : Pace;
}

/** Exponential with full jitter over its upper half. @param attempts failures so far, this one included. */
export function backoff(attempts: number, pace: Pace, random: () => number): number {
  const ceiling = Math.min(pace.backoffMaxMs, pace.backoffMinMs * 2 ** Math.min(attempts - 1, 30));
  return Math.round(ceiling / 2 + (random() * ceiling) / 2);
}

/** The longest that a call may still take effect after it was begun. */
export function longestEffect(pace: Pace): number {
  return pace.callTimeoutMs + pace.settleMs;
}
