/**
 * Concurrent writes share a commit, because on SQLite the commit is what a write costs. Jobs run one after the other on
 * the only writing connection, each behind a savepoint; whoever enqueued one hears of it only after COMMIT.
 *
 * It refuses to decide anything about what a job does, and never runs a job twice.
 */
import { setTimeout as sleep, setImmediate as turnOfTheLoop } from 'node:timers/promises';
import {
  type CompiledQuery,
  type DatabaseConnection,
  DefaultQueryExecutor,
  DummyDriver,
  type Dialect as KyselyDialect,
  type KyselyProps,
  type QueryResult,
  Transaction,
} from 'kysely';
import { StoreUnavailable } from './errors.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import { sqliteCode } from './sqlite-errors.ts';
import type { Database } from './tables.ts';

export interface WriteQueueOptions {
  /** How long another process may hold the database before writes are refused. Default 5,000. */
  lockTimeoutMs?: number;
  /** How long a job may go without a statement. Default 5,000. */
  jobTimeoutMs?: number;
  /** How long a commit waits for further jobs that are there already, while the first of them wait for it. Default 10. */
  batchMs?: number;
}

const BATCH_JOBS = 100;

interface Job {
  /** Resolves to what tells the caller, once the result is durable. */
  run(trx: Transaction<Database>): Promise<() => void>;
  refuse(error: unknown): void;
}

export class WriteQueue {
  readonly #connection: SqliteConnection;
  /** What each job's transaction is made from. Its driver is never asked: a job has its connection from the start. */
  readonly #kysely: KyselyProps;
  readonly #options: Required<WriteQueueOptions>;
  readonly #waiting: Job[] = [];
  #draining = false;

  constructor(connection: SqliteConnection, dialect: KyselyDialect, options: WriteQueueOptions) {
    this.#connection = connection;
    const executor = new DefaultQueryExecutor(dialect.createQueryCompiler(), dialect.createAdapter(), {
      provideConnection: () => Promise.reject(new Error('Only a job has a connection.')),
    });
    this.#kysely = { config: { dialect }, dialect, driver: new DummyDriver(), executor };
    const { lockTimeoutMs = 5_000, jobTimeoutMs = 5_000, batchMs = 10 } = options;
    this.#options = { lockTimeoutMs, jobTimeoutMs, batchMs };
  }

  /**
   * Resolves when what `work` wrote is durable. A statement that fails ends the job, even if `work` catches it.
   * @throws what `work` throws, with nothing kept of it; StoreUnavailable when nothing of the whole batch could be kept.
   */
  write<T>(work: (trx: Transaction<Database>) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const run = async (trx: Transaction<Database>) => {
        const result = await work(trx);
        return () => resolve(result);
      };
      this.#waiting.push({ run, refuse: reject });
      if (!this.#draining) this.#drain();
    });
  }

  async #drain(): Promise<void> {
    this.#draining = true;
    while (this.#waiting.length > 0) {
      // Requests that arrived in the same turn of the event loop join; nobody waits for one that might still come.
      await turnOfTheLoop();
      await this.#batch();
    }
    this.#draining = false;
  }

  /**
   * Even a job's own error waits for COMMIT: it may rest on what an earlier job of the batch wrote (a name was taken), and
   * be wrong if that is lost.
   */
  async #batch(): Promise<void> {
    const begun: Job[] = [];
    const settle: (() => void)[] = [];
    try {
      await this.#begin();
      const end = performance.now() + this.#options.batchMs;
      do {
        const job = this.#waiting.shift();
        if (!job) break;
        begun.push(job);
        settle.push(await this.#attempt(job));
      } while (begun.length < BATCH_JOBS && performance.now() < end);
      this.#connection.run('commit');
    } catch (error) {
      this.#rollback();
      const unavailable =
        error instanceof StoreUnavailable
          ? error
          : new StoreUnavailable('The database did not commit.', { cause: error });
      // Without a transaction nobody's turn has come, and the next attempt would wait as long again.
      const refused = begun.length > 0 ? begun : this.#waiting.splice(0);
      for (const job of refused) job.refuse(unavailable);
      return;
    }
    for (const tell of settle) tell();
  }

  /** Waits for another process's lock without blocking the event loop, which SQLite's own busy time-out would do. */
  async #begin(): Promise<void> {
    const deadline = performance.now() + this.#options.lockTimeoutMs;
    for (;;) {
      try {
        this.#connection.run('begin immediate');
        return;
      } catch (error) {
        if (!sqliteCode(error).startsWith('SQLITE_BUSY') || performance.now() >= deadline) throw error;
        await sleep(1 + 4 * Math.random());
      }
    }
  }

  /** @throws what ended the transaction, and with it the whole batch. */
  async #attempt(job: Job): Promise<() => void> {
    this.#connection.run('savepoint job');
    const turn = new Turn(this.#connection);
    let settled: () => void;
    try {
      settled = await this.#promptly(job.run(this.#transaction(turn)), turn);
      if (turn.failure) throw turn.failure;
    } catch (error) {
      settled = () => job.refuse(error);
      if (turn.failure instanceof StoreUnavailable) throw turn.failure;
      this.#connection.run('rollback to job');
    } finally {
      turn.over = true;
    }
    this.#connection.run('release job');
    return settled;
  }

  /**
   * While a job runs nobody else can write, so it must not sit and wait. A long one may take turns of the event loop
   * between its statements, so that readers are served meanwhile.
   */
  async #promptly<T>(running: Promise<T>, turn: Turn): Promise<T> {
    const { jobTimeoutMs } = this.#options;
    const { promise: late, reject } = Promise.withResolvers<never>();
    const error = `A write was given up ${jobTimeoutMs} ms after its last statement. Inside one, await nothing but its own statements: no other write, no call, no timer.`;
    const check = () => {
      const left = turn.lastStatement + jobTimeoutMs - performance.now();
      if (left <= 0) reject(new Error(error));
      else timer = setTimeout(check, left);
    };
    let timer = setTimeout(check, jobTimeoutMs);
    try {
      return await Promise.race([running, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #transaction(turn: Turn): Transaction<Database> {
    const executor = this.#kysely.executor.withConnectionProvider({ provideConnection: (consumer) => consumer(turn) });
    return new Transaction({ ...this.#kysely, executor });
  }

  #rollback(): void {
    try {
      if (this.#connection.inTransaction) this.#connection.run('rollback');
    } catch {
      // The caller is about to report the error that made it necessary; the next BEGIN would fail too, and say so.
    }
  }
}

/** The connection as one job sees it, and only while it is that job's turn. */
class Turn implements DatabaseConnection {
  over = false;
  /** The first statement that failed. On PostgreSQL too nothing can follow it. */
  failure: unknown;
  /** When the last one ended, on the monotonic clock. */
  lastStatement = performance.now();
  readonly #connection: SqliteConnection;

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    if (this.over) throw new Error('A statement came after its write had ended: an await is missing.');
    if (this.failure) throw this.failure;
    try {
      return await this.#connection.executeQuery(query);
    } catch (error) {
      this.failure = error;
      throw error;
    } finally {
      this.lastStatement = performance.now();
    }
  }

  streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    return this.#connection.streamQuery();
  }
}
