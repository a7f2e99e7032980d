/** `npm run chaos`: a run at the size that is asked for, on SQLite or on a PostgreSQL of its own. */
import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { openDatabase } from './database.ts';
import { show, table } from './report.ts';
import { type ChaosOptions, type ChaosResult, chaos } from './run.ts';

const USAGE = `npm run chaos -- [--seed n] [--store sqlite|postgres] [--processes 1|3] [--users n] [--groups n]
                 [--kills n] [--freezes n] [--restarts n] [--jumps n] [--minutes n] [--rate n]
                 [--names contested|own] [--full] [--json]

  --seed       what is drawn from it; one is drawn and printed where none is given
  --users      so many people in the end, most of them made as fast as it goes (300)
  --kills      SIGKILL of a connector (20)
  --freezes    SIGSTOP of a connector for longer than its leases, then SIGCONT (a fifth of the kills)
  --restarts   of PostgreSQL, half of them crashes (3 there)
  --jumps      of a connector's wall clock, up to an hour forward or back (0)
  --minutes    how long the load lasts (3 s for each kill, at least 1 minute)
  --rate       what the IdP does in a second (30)
  --names      contested: names are swapped, and given to others once they are free (contested)
  --full       5,000 users, 200 groups, 20 kills, 7 minutes
  --json       the report as JSON

Ends with 1 where something was lost, duplicated, wrong, left or out of order, or the run did less than it should have.`;

const say = (line: string) => process.stdout.write(`${line}\n`);
const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const NUMBERS = ['seed', 'processes', 'users', 'groups', 'kills', 'freezes', 'restarts', 'jumps', 'minutes', 'rate'];
const FULL: Record<string, string> = { users: '5000', groups: '200', kills: '20', minutes: '7' };

/** Something is wrong with the command line. */
class UsageError extends Error {}

interface Asked extends Omit<ChaosOptions, 'database' | 'directory' | 'say'> {
  store: 'sqlite' | 'postgres';
}

/** @throws in plain words. */
function read(args: Readonly<Record<string, unknown>>): Asked {
  const values: Readonly<Record<string, unknown>> = { ...(args.full === true && FULL), ...args };
  const number = (name: string, fallback: number): number => {
    const value = values[name] === undefined ? fallback : Number(values[name]);
    if (!Number.isFinite(value) || value < 0) throw new UsageError(`--${name} must be a number`);
    return value;
  };
  const store = values.store ?? 'sqlite';
  const names = values.names ?? 'contested';
  const processes = number('processes', 1);
  if (store !== 'sqlite' && store !== 'postgres') throw new UsageError('--store is sqlite or postgres');
  if (names !== 'contested' && names !== 'own') throw new UsageError('--names is contested or own');
  if (store === 'sqlite' && processes !== 1) throw new UsageError('on SQLite one process works at a time');
  const users = number('users', 300);
  const kills = number('kills', 20);
  return {
    store,
    seed: number('seed', randomInt(1_000_000)),
    users,
    groups: number('groups', 20),
    kills,
    freezes: number('freezes', Math.ceil(kills / 5)),
    restarts: store === 'postgres' ? number('restarts', 3) : 0,
    jumps: number('jumps', 0),
    processes,
    contested: names === 'contested',
    loadMs: number('minutes', Math.max(1, kills / 20)) * 60_000,
    perSecond: number('rate', 30),
    leastChanges: 3 * users,
    settleWithinMs: 120_000 + users * 100,
  };
}

/** The command that repeats a run. */
function command({
  store,
  settleWithinMs: _,
  leastChanges: __,
  loadMs,
  perSecond,
  contested,
  ...numbers
}: Asked): string {
  const given = { ...numbers, minutes: loadMs / 60_000, rate: perSecond };
  const options = Object.entries(given).map(([name, value]) => `--${name} ${value}`);
  return `npm run chaos -- --store ${store} ${options.join(' ')} --names ${contested ? 'contested' : 'own'}`;
}

function print({ violations, shortfalls, stories, figures }: ChaosResult, asked: Asked, again: string): void {
  for (const { history, explained } of stories) say(`\n${[...history, ...explained].join('\n')}`);
  say('');
  for (const violation of violations) say(show(violation));
  for (const shortfall of shortfalls) say(`the run did less than it should have: ${shortfall}`);
  say(
    `\n${table({ store: `${asked.store}, ${asked.processes} process${asked.processes === 1 ? '' : 'es'}`, ...figures })}`,
  );
  say(`\n${violations.length + shortfalls.length === 0 ? 'Nothing is wrong. Again' : 'To repeat it'}: ${again}`);
}

async function main(): Promise<number> {
  const options = { ...Object.fromEntries(NUMBERS.map((name) => [name, text])), store: text, names: text };
  const { values } = parseArgs({ options: { ...options, full: flag, json: flag, help: flag } });
  if (values.help) {
    say(USAGE);
    return 0;
  }
  const { store, ...asked } = read(values);
  const again = command({ store, ...asked });
  const tellProgress = values.json ? () => {} : say;
  tellProgress(`seed ${asked.seed}`);
  const directory = await mkdtemp(path.join(tmpdir(), 'linkspan-chaos-'));
  const database = await openDatabase(store, directory);
  try {
    const result = await chaos({ ...asked, database, directory, say: tellProgress });
    if (values.json) say(JSON.stringify({ command: again, ...asked, store, ...result }, null, 2));
    else print(result, { store, ...asked }, again);
    return result.violations.length + result.shortfalls.length === 0 ? 0 : 1;
  } finally {
    await database.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

process.exit(
  await main().catch((error: unknown) => {
    const isUsage = error instanceof UsageError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
    const { message, stack } = error as Error;
    process.stderr.write(isUsage ? `${message}. See: npm run chaos -- --help\n` : `${stack ?? message}\n`);
    return isUsage ? 2 : 1;
  }),
);
