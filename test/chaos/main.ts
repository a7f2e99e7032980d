/** `npm run chaos`: a run at the size that is asked for, on SQLite or on a PostgreSQL of its own. */
import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { startPostgres, TEMPLATE } from '../postgres.ts';
import { show, table } from './report.ts';
import { chaos } from './run.ts';

const USAGE = `npm run chaos -- [--seed n] [--store sqlite|postgres] [--users n] [--groups n] [--kills n] [--freezes n]
                 [--processes 1|3] [--minutes n] [--rate changes-per-second]
                 [--names contested|own]`;

const say = (line: string) => process.stdout.write(`${line}\n`);

async function databaseIn(directory: string, kind: string) {
  if (kind === 'sqlite') return { url: `sqlite:${path.join(directory, 'linkspan.db')}`, stop: async () => {} };
  const { url: server, stop } = await startPostgres();
  const client = new pg.Client(server);
  await client.connect();
  await client.query(`create database chaos template ${TEMPLATE}`);
  await client.end();
  const url = new URL(server);
  url.pathname = 'chaos';
  return { url: url.href, stop };
}

async function main(): Promise<number> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: {
      seed: text,
      store: text,
      users: text,
      groups: text,
      kills: text,
      freezes: text,
      processes: text,
      minutes: text,
      rate: text,
      names: text,
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    say(USAGE);
    return 0;
  }
  const number = (name: Exclude<keyof typeof values, 'help'>, fallback: number): number => {
    const value = values[name] === undefined ? fallback : Number(values[name]);
    if (!Number.isFinite(value) || value < 0) throw new Error(`--${name} must be a number.\n${USAGE}`);
    return value;
  };
  const kind = values.store ?? 'sqlite';
  const processes = number('processes', 1);
  if (kind !== 'sqlite' && kind !== 'postgres') throw new Error(`--store is sqlite or postgres.\n${USAGE}`);
  if (kind === 'sqlite' && processes > 1) throw new Error('On SQLite one process works at a time.');
  const seed = number('seed', randomInt(1_000_000));
  say(`seed ${seed}`);
  const users = number('users', 300);
  const kills = number('kills', 20);
  const minutes = number('minutes', Math.max(1, kills / 20));
  const directory = await mkdtemp(path.join(tmpdir(), 'linkspan-chaos-'));
  const database = await databaseIn(directory, kind);
  try {
    const { violations, explanations, figures } = await chaos({
      seed,
      databaseUrl: database.url,
      directory,
      users,
      groups: number('groups', 20),
      kills,
      freezes: number('freezes', Math.ceil(kills / 5)),
      processes,
      contested: values.names !== 'own',
      loadMs: minutes * 60_000,
      perSecond: number('rate', Math.max(30, users / 10)),
      settleWithinMs: 120_000 + users * 20,
      say,
    });
    for (const violation of violations) say(show(violation));
    for (const explanation of explanations) say(`\n${explanation}`);
    say(`\n${table({ store: `${kind}, ${processes} process${processes === 1 ? '' : 'es'}`, ...figures })}`);
    return violations.length === 0 ? 0 : 1;
  } finally {
    await database.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

process.exit(
  await main().catch((error: unknown) => {
    say(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return 1;
  }),
);
