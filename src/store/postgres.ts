/**
 * Opens a PostgreSQL database: one pool that writes and one that only reads, so that a write which reads on the side can
 * never wait for connections that other writes hold. Sharing commits is the server's own business.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  Kysely,
  type PostgresCursor,
  PostgresDialect,
  type PostgresPool,
  type PostgresPoolClient,
  type PostgresQueryResult,
  sql,
  type Transaction,
} from 'kysely';
import pg from 'pg';
import { CannotOpenStore, StoreUnavailable } from './errors.ts';
import { connectionError, errorCode, statementError } from './postgres-errors.ts';
import type { Database } from './tables.ts';

export interface PostgresOptions {
  /** Is told each statement before it runs. */
  onStatement?: (sql: string, parameters: readonly unknown[]) => void;
  /** Connections for reads, and as many again for writes. Default 8. */
  poolSize?: number;
  /** A statement that takes longer is cancelled. Default 30,000. */
  statementTimeoutMs?: number;
}

const CONNECT_MS = 5_000;
/** A process that freezes inside a transaction loses it after this long, and with it the rows it had locked. */
const FROZEN_MS = 10_000;
const ATTEMPTS = 6;
/** Deadlock and serialization failure: the same work may succeed when it is run again. */
const CONFLICTS = ['40P01', '40001'];

/** @throws CannotOpenStore, and what the first statement fails with */
export async function openPostgres(url: string, options: PostgresOptions) {
  const read = kysely(url, options, ['default_transaction_read_only = on']);
  const writer = kysely(url, options, []);

  /** Runs `work` again when PostgreSQL asks for it, so nothing but its statements may have an effect. */
  async function write<T>(work: (trx: Transaction<Database>) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await writer.transaction().execute(work);
      } catch (error) {
        if (!CONFLICTS.includes(errorCode(error) ?? '')) throw error;
        if (attempt === ATTEMPTS)
          throw new StoreUnavailable('Too many writes to the same rows came at once.', { cause: error });
        await sleep(Math.random() * 5 * 2 ** attempt);
      }
    }
  }

  async function close(): Promise<void> {
    await Promise.all([read.destroy(), writer.destroy()]);
  }

  try {
    await checkEncoding(read);
    return { read, write, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** In any other encoding PostgreSQL refuses some characters, and its order is not that of code points. */
async function checkEncoding(db: Kysely<Database>): Promise<void> {
  const { rows } = await sql<{ server_encoding: string }>`show server_encoding`.execute(db);
  const encoding = rows[0]?.server_encoding;
  if (encoding !== 'UTF8')
    throw new CannotOpenStore(
      `The PostgreSQL database is encoded in ${encoding}. Create one for Linkspan with: CREATE DATABASE linkspan ENCODING 'UTF8' TEMPLATE template0.`,
    );
}

function kysely(url: string, options: PostgresOptions, settings: readonly string[]): Kysely<Database> {
  const { poolSize = 8, statementTimeoutMs = 30_000 } = options;
  const session = [
    `statement_timeout = ${statementTimeoutMs}`,
    `idle_in_transaction_session_timeout = ${FROZEN_MS}`,
    // Our queries are short; compiling one takes longer than running it.
    'jit = off',
    ...settings,
  ];
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'linkspan',
    max: poolSize,
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    // For a server that went away without a word, where its own time-out cannot reach us.
    query_timeout: statementTimeoutMs + CONNECT_MS,
    types: { getTypeParser },
    // Not as start-up parameters, which connection poolers refuse.
    onConnect: (client) => client.query(session.map((setting) => `set ${setting}`).join('; ')),
  });
  // A connection that breaks fails its statement, or is replaced when it is needed. Without listeners it would end the
  // process: the pool's covers those that are idle, the client's those in use.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  return new Kysely<Database>({ dialect: new PostgresDialect({ pool: new Sessions(pool, options.onStatement) }) });
}

/** The pool as Kysely sees it. */
class Sessions implements PostgresPool {
  readonly options: object;
  readonly #pool: pg.Pool;
  readonly #onStatement: PostgresOptions['onStatement'];

  constructor(pool: pg.Pool, onStatement: PostgresOptions['onStatement']) {
    this.options = pool.options;
    this.#pool = pool;
    this.#onStatement = onStatement;
  }

  async connect(): Promise<PostgresPoolClient> {
    try {
      return new Session(await this.#pool.connect(), this.#onStatement);
    } catch (error) {
      throw connectionError(error);
    }
  }

  end(): Promise<void> {
    return this.#pool.end();
  }
}

/** A connection for as long as somebody has it: one statement, or one transaction. */
class Session implements PostgresPoolClient {
  /** The first statement that failed. Nothing can follow it, and what is tried all the same fails like it. */
  #failure: unknown;
  readonly #client: pg.PoolClient;
  readonly #onStatement: PostgresOptions['onStatement'];

  constructor(client: pg.PoolClient, onStatement: PostgresOptions['onStatement']) {
    this.#client = client;
    this.#onStatement = onStatement;
  }

  query<R>(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>;
  query<R>(
    statement: string | PostgresCursor<R>,
    parameters: readonly unknown[] = [],
  ): Promise<PostgresQueryResult<R>> | PostgresCursor<R> {
    if (typeof statement !== 'string') throw new Error('The store does not stream: read in pages.');
    return this.#run<R>(statement, parameters);
  }

  async #run<R>(text: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>> {
    if (this.#failure && text !== 'rollback') throw this.#failure;
    this.#onStatement?.(text, parameters);
    try {
      const { command, rowCount, rows } = await this.#client.query(text, [...parameters]);
      return { command: command as PostgresQueryResult<R>['command'], rowCount: rowCount ?? 0, rows };
    } catch (error) {
      this.#failure = statementError(error);
      throw this.#failure;
    }
  }

  /** A connection that cannot be trusted any more is not given to the next. */
  release(discard = false): void {
    this.#client.release(discard || this.#failure instanceof StoreUnavailable);
  }
}

/** int8 as a number: what we count and time stays far below 2^53. */
const getTypeParser: typeof pg.types.getTypeParser = (type, format) =>
  type === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(type, format);
