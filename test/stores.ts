/**
 * One suite, run on SQLite and on PostgreSQL: `describeStores`. Every test gets a database of its own, empty and migrated,
 * which is gone after it.
 */
import { randomUUID } from 'node:crypto';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, describe, inject, onTestFinished } from 'vitest';
import { openStore, type Store, type StoreOptions } from '../src/store/store.ts';
import { memoryDisk } from './memory-disk.ts';
import { TEMPLATE } from './postgres.ts';

export type Kind = Store['kind'];

export interface TestDatabase {
  /** For a child process, or `openStore` itself. */
  url: string;
  open(options?: StoreOptions): Promise<Store>;
  /** Closes what was opened, and removes the database. */
  drop(): Promise<void>;
}

export interface Open {
  /** Opens the test's database; the second call in a test opens the same one again. Closed after the test. */
  (options?: StoreOptions): Promise<Store>;
  readonly kind: Kind;
  /** Where that database is. */
  url(): Promise<string>;
}

export function describeStores(name: string, suite: (open: Open) => void): void {
  describe.each<Kind>(['sqlite', 'postgres'])(`${name} (%s)`, (kind) => {
    let database: Promise<TestDatabase> | undefined;
    const current = () => {
      database ??= testDatabase(kind);
      return database;
    };
    afterEach(async () => {
      const used = database;
      database = undefined;
      await (await used)?.drop();
    });
    const open = async (options?: StoreOptions) => (await current()).open(options);
    suite(Object.assign(open, { kind, url: async () => (await current()).url }));
  });
}

/** A store on a database of its own, gone when the test ends. */
export async function openTestStore(kind: Kind, options?: StoreOptions): Promise<Store> {
  const database = await testDatabase(kind);
  onTestFinished(() => database.drop());
  return database.open(options);
}

/** A database for longer than a test: whoever makes it drops it. */
export async function testDatabase(kind: Kind): Promise<TestDatabase> {
  const { url, remove } = kind === 'sqlite' ? await sqliteDatabase() : await postgresDatabase();
  const opened: Store[] = [];
  return {
    url,
    async open(options) {
      const store = await openStore(url, options);
      opened.push(store);
      return store;
    },
    async drop() {
      await Promise.all(opened.map((store) => store.close()));
      await remove();
    },
  };
}

async function sqliteDatabase() {
  const directory = await mkdtemp(join(await memoryDisk(), 'linkspan-test-'));
  const file = join(directory, 'linkspan.db');
  await copyFile(inject('sqlite'), file);
  return {
    url: `sqlite:${file}`,
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

/** Made while the test before it runs, for copying the template takes a tenth of a second. */
let spare: Promise<string> | undefined;

async function postgresDatabase() {
  const server = await postgresServer();
  const name = await (spare ?? copyOfTemplate(server));
  spare = copyOfTemplate(server);
  spare.catch(() => {}); // Whoever takes it hears of it.
  const url = new URL(server);
  url.pathname = name;
  return { url: url.href, remove: () => administer(server, `drop database ${name} with (force)`) };
}

async function copyOfTemplate(server: string): Promise<string> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await administer(server, `create database ${name} template ${TEMPLATE}`);
  return name;
}

/** URL of the running PostgreSQL. @throws why it did not start */
export async function postgresServer(): Promise<string> {
  const response = await fetch(inject('postgres'));
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return text;
}

async function administer(server: string, statement: string): Promise<void> {
  const client = new pg.Client(server);
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
