/** The run in figures: as a table for people, as JSON for programs. */
import type { Line } from './history.ts';
import type { Violation } from './violation.ts';

export type Figures = Record<string, string | number | null | Record<string, number>>;

/** In milliseconds; null where there is none. */
export function percentile(values: readonly number[], share: number): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? null;
}

export function table(figures: Figures): string {
  const width = Math.max(...Object.keys(figures).map((name) => name.length));
  return Object.entries(figures)
    .map(([name, value]) => `  ${name.padEnd(width)}  ${text(value)}`)
    .join('\n');
}

function text(value: Figures[string]): string {
  if (value === null) return '-';
  if (typeof value !== 'object') return String(value);
  return Object.entries(value)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}

export function show({ kind, marker, what }: Violation): string {
  return `${kind}: ${marker ?? '-'}: ${what}`;
}

/** What happened to somebody, oldest first, with the times in seconds of the run. */
export function tell(lines: readonly Line[], begun: number): string[] {
  return lines
    .toSorted((a, b) => a.at - b.at)
    .map(({ at, what }) => `${((at - begun) / 1_000).toFixed(3).padStart(9)} ${what}`);
}
