/**
 * One better-sqlite3 connection: statements are prepared once and kept by their text, and errors come out as the store's
 * own. It knows nothing of who shares it; `sqlite.ts` and `write-queue.ts` see to that.
 */
import Sqlite from 'better-sqlite3';
import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely';
import { sqliteError } from './sqlite-errors.ts';

/** Filters make statement texts of their own, without end: the least recently used is dropped. */
const KEPT_STATEMENTS = 500;

export interface SqliteConnectionOptions {
  readonly?: boolean;
  /** Is told each statement before it runs. */
  onStatement?: ((sql: string, parameters: readonly unknown[]) => void) | undefined;
}

export class SqliteConnection implements DatabaseConnection {
  readonly #database: Sqlite.Database;
  readonly #statements = new Map<string, Sqlite.Statement>();
  readonly #onStatement: ((sql: string, parameters: readonly unknown[]) => void) | undefined;

  constructor(path: string, { readonly = false, onStatement }: SqliteConnectionOptions = {}) {
    this.#database = new Sqlite(path, { readonly });
    this.#onStatement = onStatement;
  }

  get inTransaction(): boolean {
    return this.#database.inTransaction;
  }

  pragma(text: string): unknown {
    try {
      return this.#database.pragma(text, { simple: true });
    } catch (error) {
      throw sqliteError(error);
    }
  }

  /**
   * Runs one statement, now. No `insertId`: PostgreSQL has none, so what needs a number asks for it by RETURNING.
   * @throws UniqueViolation, StoreUnavailable
   */
  run(sql: string, parameters: readonly unknown[] = []): QueryResult<unknown> {
    this.#onStatement?.(sql, parameters);
    try {
      const statement = this.#prepare(sql);
      if (!statement.reader) return { rows: [], numAffectedRows: BigInt(statement.run(parameters).changes) };
      const rows = statement.all(parameters);
      return statement.readonly ? { rows } : { rows, numAffectedRows: BigInt(rows.length) };
    } catch (error) {
      throw sqliteError(error);
    }
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    return this.run(query.sql, query.parameters) as QueryResult<R>;
  }

  streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('The store does not stream: read in pages, which holds nothing open.');
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  #prepare(sql: string): Sqlite.Statement {
    let statement = this.#statements.get(sql);
    if (statement) this.#statements.delete(sql);
    else statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    if (this.#statements.size > KEPT_STATEMENTS) {
      const [oldest = ''] = this.#statements.keys();
      this.#statements.delete(oldest);
    }
    return statement;
  }
}
