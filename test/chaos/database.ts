/** The database of a run: a SQLite file, or a PostgreSQL of its own that can be stopped, crashed and started again. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { startPostgres, TEMPLATE } from '../postgres.ts';

export interface RunDatabase {
  url: string;
  /** null: it cannot be. @param how `SIGINT` ends every transaction and stops, `SIGQUIT` is a crash. */
  restart: ((how: 'SIGINT' | 'SIGQUIT') => Promise<void>) | null;
  stop(): Promise<void>;
}

/** However busy the machine is. */
const READY_MS = 180_000;

export async function openDatabase(kind: 'sqlite' | 'postgres', directory: string): Promise<RunDatabase> {
  if (kind === 'sqlite') {
    return { url: `sqlite:${path.join(directory, 'linkspan.db')}`, restart: null, stop: async () => {} };
  }
  const { url: server, stop } = await startPostgres();
  const data = await inServer(server, async (client) => {
    await client.query(`create database chaos template ${TEMPLATE}`);
    const { rows } = await client.query<{ data_directory: string }>('show data_directory');
    return rows[0]?.data_directory ?? '';
  });
  // What started it waits for nothing but its own end, and knows only the first one.
  let started: (() => void) | null = null;
  const url = new URL(server);
  url.pathname = 'chaos';
  return {
    url: url.href,
    async restart(how) {
      await end(data, how);
      started?.();
      started = await start(data);
      await accepts(server);
    },
    async stop() {
      if (started) await end(data, 'SIGINT');
      started?.();
      await stop();
    },
  };
}

async function inServer<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function end(data: string, how: 'SIGINT' | 'SIGQUIT'): Promise<void> {
  // Gone when the server is gone; the process itself may stay unburied.
  const file = path.join(data, 'postmaster.pid');
  process.kill(Number((await readFile(file, 'utf8')).split('\n')[0]), how);
  const until = Date.now() + READY_MS;
  while (existsSync(file)) {
    if (Date.now() > until) throw new Error(`PostgreSQL did not end on ${how}`);
    await sleep(20);
  }
}

/** With the command line that it was last started with. Ends when our end of the pipe is closed. */
async function start(data: string): Promise<() => void> {
  const options = (await readFile(path.join(data, 'postmaster.opts'), 'utf8')).trim();
  const { uid, gid } = await stat(data);
  const shell = spawn('sh', ['-c', `${options} & read -r _; kill -INT $! 2>/dev/null; wait $!`], {
    ...(process.getuid?.() === 0 && { uid, gid }),
    cwd: data,
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  return () => shell.stdin.end();
}

async function accepts(url: string): Promise<void> {
  const until = Date.now() + READY_MS;
  for (;;) {
    const client = new pg.Client(url);
    const failed = await client.connect().then(
      () => client.end().then(() => null),
      (error: Error) => error,
    );
    if (!failed) return;
    if (Date.now() > until) throw new Error('PostgreSQL did not come back', { cause: failed });
    await sleep(50);
  }
}
