import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CannotOpenStore } from '../../src/store/errors.ts';
import { openStore } from '../../src/store/store.ts';
import { postgresServer, testDatabase } from '../stores.ts';
import { tenant } from './rows.ts';

async function directory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'linkspan-test-'));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

/** The sentences that opening `url` fails with. */
async function refusal(url: string): Promise<string> {
  const outcome = await openStore(url, { lockTimeoutMs: 50 }).then(
    (store) => store.close(),
    (error: unknown) => error,
  );
  expect(outcome).toBeInstanceOf(CannotOpenStore);
  return (outcome as CannotOpenStore).message;
}

describe('opening a SQLite file', () => {
  it('makes the directory, and a file that only its owner can read', async () => {
    const path = join(await directory(), 'new', 'deeper', 'linkspan.db');
    const store = await openStore(`sqlite:${path}`);
    await store.write((trx) => trx.insertInto('tenants').values(tenant('acme')).execute());
    for (const file of [path, `${path}-wal`]) expect((await stat(file)).mode & 0o777).toBe(0o600);
    await store.close();
    await store.close();
  });

  it('says that it cannot write there', async () => {
    const file = join(await directory(), 'file');
    await writeFile(file, '');
    expect(await refusal(`sqlite:${file}/linkspan.db`)).toMatch(
      /^Cannot create or write the database file .*LINKSPAN_DATA_DIR/,
    );
  });

  it('says that the file is no database', async () => {
    const file = join(await directory(), 'letter.txt');
    await writeFile(file, 'Dear Sir or Madam, '.repeat(500));
    expect(await refusal(`sqlite:${file}`)).toBe(
      `Cannot open the database sqlite:${file}. The file is not a SQLite database. Restore it from a backup, or move it out of the way to begin with an empty one.`,
    );
  });

  it('says that the file is damaged', async () => {
    const file = join(await directory(), 'linkspan.db');
    await (await openStore(`sqlite:${file}`)).close();
    await truncate(file, 3 * 4096);
    expect(await refusal(`sqlite:${file}`)).toContain('The database file is damaged. Restore it from a backup');
  });

  it.each(['sqlite:', 'sqlite::memory:', 'mysql://root:secret@localhost/x', 'linkspan.db'])(
    'does not take %s',
    async (url) => {
      expect(await refusal(url)).toBe(
        'A database URL is sqlite:<path of a file> or postgres://user:password@host/name.',
      );
    },
  );
});

describe('opening a PostgreSQL database', () => {
  it('says that the password was refused, without showing it', async () => {
    const url = new URL(await postgresServer());
    url.password = 'hunter2';
    const message = await refusal(`${url.href}?application_name=hunter2`);
    expect(message).toBe(
      `Cannot open the database postgres://linkspan@${url.host}/postgres. The password was refused. Check user and password in the URL.`,
    );
  });

  it('says that a password is missing', async () => {
    const url = new URL(await postgresServer());
    url.password = '';
    // In a process of its own, because the driver leaves the connection half open: the server would wait for it for a
    // minute, and other tests for the server.
    const opening = promisify(execFile)(process.execPath, [join(import.meta.dirname, 'child.ts'), 'open', url.href]);
    await expect(opening).rejects.toThrow('CannotOpenStore: Cannot open the database postgres://linkspan@');
    await expect(opening).rejects.toThrow('The server asks for a password: put it in the URL.');
  });

  it('says that there is no such database', async () => {
    const url = new URL(await postgresServer());
    url.pathname = 'nowhere';
    expect(await refusal(url.href)).toContain('There is no such database. Create it, with encoding UTF8.');
  });

  it.each(['127.0.0.1:1', 'localhost:1', 'nowhere.invalid'])('says that nobody answers at %s', async (host) => {
    const message = await refusal(`postgres://linkspan:hunter2@${host}/linkspan`);
    expect(message).toContain(
      `Cannot open the database postgres://linkspan@${host}/linkspan. There is no connection to PostgreSQL: `,
    );
    expect(message).toContain('Check that the server is running, and host and port in the URL.');
    expect(message).not.toContain('hunter2');
  });

  it('says that the user may not create tables', async () => {
    const database = await testDatabase('postgres');
    onTestFinished(() => database.drop());
    const client = new pg.Client(database.url);
    await client.connect();
    onTestFinished(() => client.end());
    await client.query(`create role guest login password 'x'; drop schema public cascade; create schema public`);
    const url = Object.assign(new URL(database.url), { username: 'guest', password: 'x' });
    expect(await refusal(url.href)).toContain('The user may not create tables there. Give it that right');
    await client.query('grant usage on schema public to guest');
    expect(await refusal(url.href)).toContain('The user may not create tables there. Give it that right');
  });

  it('does not take another encoding than UTF8', async () => {
    const url = new URL(await postgresServer());
    const client = new pg.Client(url.href);
    await client.connect();
    await client.query("create database latin encoding 'LATIN1' locale 'C' template template0");
    url.pathname = 'latin';
    expect(await refusal(url.href)).toMatch(/encoded in LATIN1. Create one for Linkspan with: CREATE DATABASE/);
    await client.query('drop database latin');
    await client.end();
  });
});
