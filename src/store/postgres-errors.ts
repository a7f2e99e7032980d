/** What PostgreSQL's and the network's errors mean to the store. */
import pg from 'pg';
import { CannotOpenStore, StoreUnavailable, UniqueViolation } from './errors.ts';

const UNIQUE_VIOLATION = '23505';

/** SQLSTATEs, or their first two characters, that stand for the server's condition and not for a wrong statement. */
const UNAVAILABLE: Readonly<Record<string, string>> = {
  '08': 'The connection to PostgreSQL broke.',
  '25006': 'PostgreSQL is read-only at the moment: a standby, or a failover under way.',
  '25P03': 'PostgreSQL ended a transaction that had been idle for too long.',
  '53': 'PostgreSQL has run out of disk, memory or connections.',
  '55P03': 'Rows stayed locked by others for too long.',
  '57014': 'A statement took too long and was cancelled.',
  '57P': 'PostgreSQL is starting up or shutting down.',
  '58': 'PostgreSQL cannot read or write its files.',
};

/** What the driver says, without a code, of a connection that is gone or never came. */
const CONNECTION_GONE =
  /^(Connection terminated|Client (was closed|has encountered a connection error)|Query read timeout|timeout e(xceeded|xpired)|The server does not support SSL|Cannot use a pool after)/;

export function errorCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

/** A driver error as the store's own; any other error unchanged. */
export function postgresError(error: unknown): unknown {
  if (error instanceof pg.DatabaseError) {
    const { code = '', table = '', detail = '' } = error;
    // `Key (tenant, id)=(acme, 1) already exists.`
    if (code === UNIQUE_VIOLATION)
      return new UniqueViolation(table, /\((.*?)\)=\(/.exec(detail)?.[1]?.split(', ') ?? [], { cause: error });
    const sentence = UNAVAILABLE[code] ?? UNAVAILABLE[code.slice(0, 3)] ?? UNAVAILABLE[code.slice(0, 2)];
    return sentence === undefined ? error : new StoreUnavailable(sentence, { cause: error });
  }
  // Errors of the network have a `syscall` and a `code`; some have no message of their own.
  if (error instanceof Error && ('syscall' in error || CONNECTION_GONE.test(error.message)))
    return new StoreUnavailable(`PostgreSQL cannot be reached (${error.message || errorCode(error)}).`, {
      cause: error,
    });
  return error;
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
  const why = ADVICE[String(errorCode(error))] ?? advice(error);
  if (why === undefined) return error;
  return new CannotOpenStore(`Cannot open the database ${withoutSecrets(url)}. ${why}`, { cause: error });
}

function advice(error: unknown): string | undefined {
  if (error instanceof StoreUnavailable)
    return `${error.message} Check that the server is running, and host and port in the URL.`;
  // Without a password in the URL (or PGPASSWORD) the driver fails while it answers the server's challenge.
  if (error instanceof Error && error.message.startsWith('SASL'))
    return 'The server asks for a password: put it in the URL.';
  return undefined;
}

/** Passwords stand before the `@`, and may stand in the query. */
function withoutSecrets(url: string): string {
  if (!URL.canParse(url)) return 'postgres://...';
  const { protocol, username, host, pathname } = new URL(url);
  return `${protocol}//${username ? `${username}@` : ''}${host}${pathname}`;
}
