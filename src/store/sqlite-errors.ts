/** What SQLite's errors mean to the store. */
import Sqlite from 'better-sqlite3';
import { CannotOpenStore, StoreUnavailable, UniqueViolation } from './errors.ts';

/** By the first two words of SQLite's result code: what keeps the database from answering, whatever the statement. */
const UNAVAILABLE: Readonly<Record<string, string>> = {
  SQLITE_BUSY: 'Another process has the database locked.',
  SQLITE_CANTOPEN: 'The database file cannot be opened.',
  SQLITE_CORRUPT: 'The database file is damaged.',
  SQLITE_FULL: 'The disk that holds the database is full.',
  SQLITE_IOERR: 'The database file cannot be read or written: the disk reports an error.',
  SQLITE_NOMEM: 'There is not enough memory for the database.',
  SQLITE_NOTADB: 'The file is not a SQLite database.',
  SQLITE_PROTOCOL: 'Another process has the database locked.',
  SQLITE_READONLY: 'The database file is read-only.',
};

/** What a driver error means to the store; any other error unchanged. */
export function sqliteError(error: unknown): unknown {
  if (!(error instanceof Sqlite.SqliteError)) return error;
  if (error.code === 'SQLITE_CONSTRAINT_UNIQUE' || error.code === 'SQLITE_CONSTRAINT_PRIMARYKEY') {
    // `UNIQUE constraint failed: tokens.tenant, tokens.id`
    const keys = error.message.slice(error.message.indexOf(': ') + 2).split(', ');
    const table = keys[0]?.split('.')[0] ?? '';
    return new UniqueViolation(
      table,
      keys.map((key) => key.slice(table.length + 1)),
      { cause: error },
    );
  }
  const sentence = UNAVAILABLE[error.code.split('_').slice(0, 2).join('_')];
  return sentence === undefined ? error : new StoreUnavailable(sentence, { cause: error });
}

/** SQLite's result code behind an error of the store, e.g. `SQLITE_BUSY_RECOVERY`; else an empty string. */
export function sqliteCode(error: unknown): string {
  const cause = error instanceof StoreUnavailable ? error.cause : error;
  return cause instanceof Sqlite.SqliteError ? cause.code : '';
}

/** Why opening `url` failed and what to do about it, where that is known; else the error itself. */
export function cannotOpenSqlite(url: string, error: unknown): unknown {
  if (!(error instanceof StoreUnavailable)) return error;
  const code = sqliteCode(error);
  const advice = /CORRUPT|NOTADB/.test(code)
    ? 'Restore it from a backup, or move it out of the way to begin with an empty one.'
    : /FULL|IOERR/.test(code)
      ? 'Look at the disk, then start again.'
      : /BUSY|PROTOCOL/.test(code)
        ? 'End the other process, or try again.'
        : 'Make the file, the files beside it and their directory writable for this user.';
  return new CannotOpenStore(`Cannot open the database ${url}. ${error.message} ${advice}`, { cause: error });
}
