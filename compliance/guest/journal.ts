/**
 * What a run makes, noted on disk before and after each request, so that a later `--clean-up` can remove what an interrupted
 * run left. Holds URLs and names, no token. One file a run, gone when nothing is left.
 */
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { MARK } from './names.ts';

/** A resource that was asked for. Which id it got is only known when the answer comes. */
export interface Intent {
  /** "/Users". */
  endpoint: string;
  /** The attribute by which it can be found again, and its value. */
  attribute: string;
  name: string;
}

export interface Journal {
  intends(number: number, intent: Intent): void;
  /** Answered, whatever the answer. */
  answered(number: number): void;
  made(path: string): void;
  removed(path: string): void;
  /** Nothing is left. */
  close(): void;
}

export interface Leftovers {
  file: string;
  run: string;
  made: string[];
  intents: Intent[];
}

type Line =
  | { run: string; url: string; pid: number; startedAt: string }
  | { intends: number; intent: Intent }
  | { answered: number }
  | { made: string }
  | { removed: string };

export function journalFolder(env: NodeJS.ProcessEnv = process.env): string {
  return (
    env.LINKSPAN_COMPLIANCE_STATE ?? path.join(env.XDG_STATE_HOME ?? path.join(homedir(), '.local', 'state'), MARK)
  );
}

/** @throws where the folder cannot be written. */
export function openJournal(folder: string, run: string, url: string): Journal {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = path.join(folder, `${run}.jsonl`);
  const write = (line: Line) => appendFileSync(file, `${JSON.stringify(line)}\n`, { mode: 0o600 });
  write({ run, url, pid: process.pid, startedAt: new Date().toISOString() });
  return {
    intends: (number, intent) => write({ intends: number, intent }),
    answered: (number) => write({ answered: number }),
    made: (each) => write({ made: each }),
    removed: (each) => write({ removed: each }),
    close: () => rmSync(file, { force: true }),
  };
}

/** For runs whose folder cannot be written. */
export const NO_JOURNAL: Journal = { intends() {}, answered() {}, made() {}, removed() {}, close() {} };

/** Of runs against this base URL that are over. */
export function leftovers(folder: string, url: string): Leftovers[] {
  let files: string[];
  try {
    files = readdirSync(folder).filter((file) => file.endsWith('.jsonl'));
  } catch {
    return [];
  }
  return files.flatMap((name) => {
    const file = path.join(folder, name);
    const lines = readFileSync(file, 'utf8').split('\n').flatMap(parsed);
    const head = lines.find((line) => 'run' in line);
    if (!head || head.url !== url || (isAlive(head.pid) && isRecent(head.startedAt))) return [];
    const made = new Set<string>();
    const intents = new Map<number, Intent>();
    for (const line of lines) {
      if ('made' in line) made.add(line.made);
      else if ('removed' in line) made.delete(line.removed);
      else if ('intends' in line) intents.set(line.intends, line.intent);
      else if ('answered' in line) intents.delete(line.answered);
    }
    return [{ file, run: head.run, made: [...made], intents: [...intents.values()] }];
  });
}

/** The last line of a run that was killed may be half a line. */
function parsed(line: string): Line[] {
  try {
    return [JSON.parse(line)];
  } catch {
    return [];
  }
}

/** Longer than any run: the process of that number is another one by now. */
const LONGEST_MS = 24 * 3_600_000;

function isRecent(startedAt: string): boolean {
  return Date.now() - Date.parse(startedAt) < LONGEST_MS;
}

function isAlive(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
