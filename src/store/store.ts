/**
 * The one way to the database: opens SQLite or PostgreSQL, brings it up to date, and hides which of the two it is.
 *
 * It owns connections, transactions, migrations and the errors of both. It does not own a single query: `directory`,
 * `sync` and `tenancy` write theirs in Kysely, with `dialect` for what the two stores spell differently.
 */
import type { Kysely, Transaction } from 'kysely';
import { type Dialect, postgresDialect, sqliteDialect } from './dialect.ts';
import { CannotOpenStore, StoreUnavailable } from './errors.ts';
import { migrate } from './migrate.ts';
import { openPostgres, type PostgresOptions } from './postgres.ts';
import { cannotOpenPostgres } from './postgres-errors.ts';
import { watchSetBacks } from './set-backs.ts';
import { openSqlite, type SqliteOptions } from './sqlite.ts';
import { cannotOpenSqlite } from './sqlite-errors.ts';
import type { Database, Millis } from './tables.ts';

export interface Store {
  readonly kind: 'sqlite' | 'postgres';
  readonly dialect: Dialect;
  /**
   * For reading outside a write: never waits for one, and sees every write that has resolved. Writing through it fails.
   * Several reads of one moment: `read.transaction().setIsolationLevel('repeatable read')`.
   */
  readonly read: Kysely<Database>;
  /**
   * One transaction, durable when the promise resolves. `work` may await nothing but its own statements, and must have no
   * other effect: PostgreSQL may have it run again after a conflict. A statement that fails ends it, even if caught.
   * @throws what `work` throws, UniqueViolation, StoreUnavailable; nothing is kept then.
   */
  write<T>(work: (trx: Transaction<Database>) => Promise<T>): Promise<T>;
  /** The clock that all processes on this database share. */
  now(): Promise<Millis>;
  /** How often this process has seen that clock go back. */
  setBacks(): number;
  /** Takes no more writes, and waits for those under way. */
  close(): Promise<void>;
}

export interface StoreOptions extends SqliteOptions, PostgresOptions {
  /** Stands in for the machine's clock, on SQLite. */
  clock?: () => Millis;
}

/**
 * Opens the database at `sqlite:<path>` or `postgres://...`, creating the file or the tables where there are none.
 * @throws CannotOpenStore
 */
export async function openStore(url: string, options: StoreOptions = {}): Promise<Store> {
  const isPostgres = /^postgres(ql)?:\/\//.test(url);
  let store: Store | undefined;
  try {
    store = isPostgres ? await onPostgres(url, options) : onSqlite(url, options);
    await migrate(store);
    return store;
  } catch (error) {
    await store?.close();
    throw isPostgres ? cannotOpenPostgres(url, error) : cannotOpenSqlite(url, error);
  }
}

async function onPostgres(url: string, options: StoreOptions): Promise<Store> {
  const dialect = postgresDialect();
  const engine = await openPostgres(url, options);
  const setBacks = watchSetBacks();
  const now = async () => {
    const row = await engine.read.selectNoFrom(dialect.now().as('now')).executeTakeFirstOrThrow();
    return setBacks.note(row.now);
  };
  return assemble('postgres', dialect, { now, setBacks: setBacks.count }, engine);
}

function onSqlite(url: string, options: StoreOptions): Store {
  const path = /^sqlite:(.+)$/.exec(url)?.[1];
  if (path === undefined || path === ':memory:')
    throw new CannotOpenStore('A database URL is sqlite:<path of a file> or postgres://user:password@host/name.');
  const setBacks = watchSetBacks();
  const read = options.clock ?? Date.now;
  const clock = () => setBacks.note(read());
  const engine = openSqlite(path, options);
  return assemble('sqlite', sqliteDialect(clock), { now: async () => clock(), setBacks: setBacks.count }, engine);
}

function assemble(
  kind: Store['kind'],
  dialect: Dialect,
  { now, setBacks }: Pick<Store, 'now' | 'setBacks'>,
  engine: Pick<Store, 'read' | 'write' | 'close'>,
): Store {
  const underWay = new Set<Promise<unknown>>();
  let closing: Promise<void> | undefined;
  return {
    kind,
    dialect,
    read: engine.read,
    write(work) {
      if (closing) return Promise.reject(new StoreUnavailable('The store is closed.'));
      const writing = engine.write(work);
      underWay.add(writing);
      const settled = () => underWay.delete(writing);
      writing.then(settled, settled);
      return writing;
    },
    now,
    setBacks,
    close() {
      closing ??= Promise.allSettled(underWay).then(engine.close);
      return closing;
    },
  };
}
