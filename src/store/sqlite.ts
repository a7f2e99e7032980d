/**
 * Opens a SQLite file: one connection that writes, behind the write queue, and one that reads beside it, so that a read
 * never waits for a transaction. Statements are synchronous, so one reader serves all; whoever wants several reads of one
 * moment (`read.transaction()`) gets a connection of their own for as long.
 */
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  type Dialect as KyselyDialect,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { CannotOpenStore } from './errors.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import type { Database } from './tables.ts';
import { WriteQueue, type WriteQueueOptions } from './write-queue.ts';

export interface SqliteOptions extends WriteQueueOptions {
  /** Is told each statement before it runs. */
  onStatement?: (sql: string, parameters: readonly unknown[]) => void;
  /** The most pages of 4 KiB that the file may have: a full disk, for tests. */
  maxPageCount?: number;
  /** Fails where there is no file, rather than make one. */
  mustExist?: boolean;
}

/** @throws CannotOpenStore */
export function openSqlite(file: string, options: SqliteOptions) {
  const path = resolve(file);
  const writer = openWriter(path, options);
  const driver = new ReadDriver(() => new SqliteConnection(path, { readonly: true, onStatement: options.onStatement }));
  const dialect: KyselyDialect = {
    createAdapter: () => new ReadAdapter(),
    createDriver: () => driver,
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
  const read = new Kysely<Database>({ dialect });
  const queue = new WriteQueue(writer, dialect, options);

  return {
    read,
    write: queue.write.bind(queue),
    async close(): Promise<void> {
      await read.destroy();
      writer.pragma('wal_checkpoint(truncate)');
      writer.close();
    },
  };
}

function openWriter(path: string, { onStatement, maxPageCount, mustExist }: SqliteOptions): SqliteConnection {
  if (mustExist && !existsSync(path)) {
    throw new CannotOpenStore(
      `There is no database at ${path}. Are LINKSPAN_DATA_DIR and LINKSPAN_DATABASE_URL those of the server? Where there is none yet, "linkspan tenant add" makes one.`,
    );
  }
  try {
    mkdirSync(dirname(path), { recursive: true });
    // Created here for its mode, which SQLite also gives to the files beside it: it holds people's data.
    closeSync(openSync(path, 'a', 0o600));
  } catch (error) {
    throw new CannotOpenStore(
      `Cannot create or write the database file ${path}: ${error instanceof Error ? error.message : error}. Make its directory writable for this user, or choose another with LINKSPAN_DATA_DIR or LINKSPAN_DATABASE_URL.`,
      { cause: error },
    );
  }
  const writer = new SqliteConnection(path, { onStatement });
  try {
    writer.pragma('journal_mode = wal');
    writer.pragma('synchronous = full');
    // On macOS an ordinary fsync does not reach the disk; elsewhere this does nothing.
    writer.pragma('fullfsync = on');
    // Savepoints keep the pages that they may have to restore: in memory, 16 creates in one commit take 30 % less time.
    writer.pragma('temp_store = memory');
    // What a burst of writes has blown the WAL up to is given back after it.
    writer.pragma('journal_size_limit = 67108864');
    if (maxPageCount !== undefined) writer.pragma(`max_page_count = ${maxPageCount}`);
    // From here on the write queue waits, without blocking the event loop.
    writer.pragma('busy_timeout = 0');
    return writer;
  } catch (error) {
    writer.close();
    throw error;
  }
}

/** Kysely lets a dialect with one connection run one query at a time; readers stand in nobody's way. */
class ReadAdapter extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}

/** Hands out the shared reader, and another for the length of a transaction. */
class ReadDriver implements Driver {
  readonly #open: () => SqliteConnection;
  readonly #spare: SqliteConnection[] = [];
  #shared: SqliteConnection | undefined;

  constructor(open: () => SqliteConnection) {
    this.#open = open;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    this.#shared ??= this.#open();
    return new Reader(this.#shared);
  }

  async beginTransaction(reader: Reader): Promise<void> {
    reader.connection = this.#spare.pop() ?? this.#open();
    reader.connection.run('begin');
  }

  async commitTransaction(reader: Reader): Promise<void> {
    reader.connection.run('commit');
    this.#spare.push(reader.connection);
  }

  async rollbackTransaction(reader: Reader): Promise<void> {
    reader.connection.run('rollback');
    this.#spare.push(reader.connection);
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {
    for (const connection of this.#spare) connection.close();
    this.#shared?.close();
  }
}

class Reader implements DatabaseConnection {
  connection: SqliteConnection;

  constructor(connection: SqliteConnection) {
    this.connection = connection;
  }

  executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    return this.connection.executeQuery(query);
  }

  streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    return this.connection.streamQuery();
  }
}
