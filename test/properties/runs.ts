/**
 * How the property tests are run. By default the same inputs every time, so that a failure means a change of the code.
 *
 * - `FC_SEED=123` other inputs; the number stands in fast-check's report of a failure.
 * - `FC_RUNS=20` twenty times as many runs: `FC_RUNS=20 FC_SEED=$RANDOM vitest run test/properties`.
 * - `FC_FIGURES=file` appends what was tried, as lines of JSON.
 */
import { appendFileSync } from 'node:fs';
import type { Parameters } from 'fast-check';

const { FC_SEED, FC_RUNS, FC_FIGURES } = process.env;
export const SEED = Number(FC_SEED ?? 20_261_122);
const TIMES = Number(FC_RUNS ?? 1);

/** Milliseconds for a test, which grow with the runs. */
export const TIMEOUT = 120_000 * Math.max(1, TIMES);

/** @param usual how many runs a property gets unless told otherwise. */
export function runs(usual: number): Parameters<unknown> {
  return { seed: SEED, numRuns: Math.ceil(usual * TIMES) };
}

/** What a property tried: for reports, and to assert that it was not vacuous. */
export function figures<Name extends string>(property: string, counts: Record<Name, number>): void {
  if (FC_FIGURES) appendFileSync(FC_FIGURES, `${JSON.stringify({ property, seed: SEED, ...counts })}\n`);
}
