/** The run in figures, as a table for people. */
import type { Violation } from './violation.ts';

export type Figures = Record<string, string | number>;

export function percentile(values: readonly number[], share: number): string {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)];
  return value === undefined ? '-' : `${(value / 1_000).toFixed(2)} s`;
}

export function table(figures: Figures): string {
  const width = Math.max(...Object.keys(figures).map((name) => name.length));
  return Object.entries(figures)
    .map(([name, value]) => `  ${name.padEnd(width)}  ${value}`)
    .join('\n');
}

export function show({ kind, marker, what }: Violation): string {
  return `${kind}: ${marker ?? '-'}: ${what}`;
}
