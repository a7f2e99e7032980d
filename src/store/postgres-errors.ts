/** What PostgreSQL's and the network's errors mean to the store. */
import pg from 'pg';
import { CannotOpenStore, StoreUnavailable, UniqueViolation } from './errors.ts';

const UNIQUE_VIOLATION = '23505';

/** SQLSTATEs, or what they begin with, that stand for the server's condition and not for a wrong statement. */
const UNAVAILABLE: Readonly<Record<string, string>> = {
  '08': 'The connection to PostgreSQL broke.',
  '25006': 'PostgreSQL is read-only at the moment: a standby, or a failover under way.',
  '25P03': 'PostgreSQL ended a transaction that had been idle for too long.',
  '28': 'PostgreSQL refuses the log-in.',
  '3D': 'PostgreSQL does not have the database any more.',
  '53': 'PostgreSQL has run out of disk, memory or connections.',
  '55P03': 'Rows stayed locked by others for too long.',
  '57014': 'A statement took too long and was cancelled.',
  '57P': 'PostgreSQL is starting up or shutting down.',
  '58': 'PostgreSQL cannot read or write its files.',
};

/** What the driver says, without any code, of a connection that is gone. */
const GONE = /^(Connection terminated|Client (was closed|has encountered a connection error)|Query read timeout)/;

/** The SQLSTATE of an error, or of what is behind it, e.g. `40P01`; the network's code, e.g. `ECONNRESET`; or nothing. */
export function errorCode(error: unknown): string | undefined {
  const origin = error instanceof StoreUnavailable ? error.cause : error;
  return origin instanceof Error && 'code' in origin ? String(origin.code) : undefined;
}

/** An error of a statement as the store's own; any other error unchanged. */
export function statementError(error: unknown): unknown {
  if (error instanceof pg.DatabaseError) {
    const { code = '', table = '', detail = '' } = error;
    // `Key (tenant, id)=(acme, 1) already exists.`
    if (code === UNIQUE_VIOLATION)
      return new UniqueViolation(table, /\((.*?)\)=\(/.exec(detail)?.[1]?.split(', ') ?? [], { cause: error });
    const sentence = UNAVAILABLE[code] ?? UNAVAILABLE[code.slice(0, 3)] ?? UNAVAILABLE[code.slice(0, 2)];
    return sentence === undefined ? error : new StoreUnavailable(sentence, { cause: error });
  }
  return error instanceof Error && ('syscall' in error || GONE.test(error.message)) ? noConnection(error) : error;
}

/** An error of connecting: whatever does not come from the server is the way to it. */
export function connectionError(error: unknown): unknown {
  return error instanceof pg.DatabaseError ? statementError(error) : noConnection(error);
}

function noConnection(error: unknown): StoreUnavailable {
  // When several addresses were tried the message is empty.
  const reason = (error instanceof Error && error.message) || errorCode(error);
  return new StoreUnavailable(`There is no connection to PostgreSQL: ${reason}.`, { cause: error });
}

const NO_TABLES = 'The user may not create tables there. Give it that right (GRANT USAGE, CREATE ON SCHEMA public).';

const ADVICE: Readonly<Record<string, string>> = {
  '28P01': 'The password was refused. Check user and password in the URL.',
  '28000': 'The server does not let this user in from here. Check the user in the URL and pg_hba.conf on the server.',
  '3D000': 'There is no such database. Create it, with encoding UTF8.',
  '3F000': NO_TABLES,
  '42501': NO_TABLES,
};

/** Why opening `url` failed and what to do about it, where that is known; else the error itself. */
export function cannotOpenPostgres(url: string, error: unknown): unknown {
  const why = ADVICE[errorCode(error) ?? ''] ?? advice(error);
  if (why === undefined) return error;
  return new CannotOpenStore(`Cannot open the database ${withoutSecrets(url)}. ${why}`, { cause: error });
}

function advice(error: unknown): string | undefined {
  if (!(error instanceof StoreUnavailable)) return undefined;
  // Without a password, in the URL or elsewhere, the driver fails while it answers the server's challenge.
  if (error.message.includes('SASL')) return 'The server asks for a password: put it in the URL.';
  return `${error.message} Check that the server is running, and host and port in the URL.`;
}

/** Passwords stand before the `@`, and may stand in the query. */
function withoutSecrets(url: string): string {
  if (!URL.canParse(url)) return 'postgres://...';
  const { protocol, username, host, pathname } = new URL(url);
  return `${protocol}//${username ? `${username}@` : ''}${host}${pathname}`;
}
