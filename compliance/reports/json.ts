/** A run as it is, to keep, to compare and to make the other reports of. */
import type { Run } from '../model.ts';

export function json(run: Run): string {
  return `${JSON.stringify(run, null, 2)}\n`;
}

/** @throws in plain words, where the text is not that of a run. */
export function parseRun(text: string, name: string): Run {
  let run: Partial<Run> | null;
  try {
    run = JSON.parse(text);
  } catch {
    throw new Error(`${name} is not JSON; it should be what --json wrote.`);
  }
  if (run?.version !== 1 || !Array.isArray(run.results) || !Array.isArray(run.requirements))
    throw new Error(`${name} is not a run of this version; it should be what --json wrote.`);
  return run as Run;
}
