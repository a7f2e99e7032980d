/**
 * The only reader of the environment. Every problem is reported at once, in words that say what to do; what is unsafe
 * is refused. Variables and defaults are those of the README's table.
 */
import path from 'node:path';

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

export interface Config {
  host: string;
  port: number;
  /** Without a trailing slash; null: the address that is listened on. */
  publicUrl: string | null;
  dataDir: string;
  /** `sqlite:<path>` or `postgres://...`. */
  databaseUrl: string;
  /** 32 bytes, or null where the command can do without. */
  secretKey: Uint8Array | null;
  /** The SCIM token of the tenant `demo`, or null: generated. */
  demoToken: string | null;
  sandboxPort: number;
  /** A sandbox that runs elsewhere, or null. */
  sandboxUrl: string | null;
  logLevel: (typeof LOG_LEVELS)[number];
  /** How long activity and calls are remembered. */
  keepDays: number;
  /** How long receipts of removals are. */
  keepReceiptDays: number;
}

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
  }
}

export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const problems: string[] = [];
  const text = (name: string): string | null => env[name]?.trim() || null;

  const port = (name: string, fallback: number): number => {
    const value = text(name);
    if (value === null) return fallback;
    if (/^\d{1,5}$/.test(value) && Number(value) <= 65_535) return Number(value);
    problems.push(`${name} must be a port number between 0 and 65535, not "${value}".`);
    return fallback;
  };

  const days = (name: string, fallback: number): number => {
    const value = text(name);
    if (value === null) return fallback;
    if (/^\d{1,5}$/.test(value) && Number(value) > 0) return Number(value);
    problems.push(`${name} must be a whole number of days between 1 and 99999, not "${value}".`);
    return fallback;
  };

  const url = (name: string, protocols: readonly string[]): string | null => {
    const value = text(name);
    if (value === null) return null;
    if (URL.canParse(value) && protocols.includes(new URL(value).protocol)) return value.replace(/\/+$/, '');
    problems.push(`${name} must be a URL that starts with ${protocols.map((p) => `${p}//`).join(' or ')}.`);
    return null;
  };

  const host = text('LINKSPAN_HOST') ?? '127.0.0.1';
  const listenPort = port('LINKSPAN_PORT', 8484);
  const dataDir = path.resolve(text('LINKSPAN_DATA_DIR') ?? 'data');
  const databaseUrl = text('LINKSPAN_DATABASE_URL') ?? `sqlite:${path.join(dataDir, 'linkspan.sqlite')}`;
  if (!/^(sqlite:.+|postgres(ql)?:\/\/.+)$/.test(databaseUrl)) {
    problems.push('LINKSPAN_DATABASE_URL must be sqlite:<path> or postgres://user:password@host/database.');
  }
  const logLevel = LOG_LEVELS.find((level) => level === (text('LINKSPAN_LOG_LEVEL') ?? 'info'));
  if (!logLevel) problems.push(`LINKSPAN_LOG_LEVEL must be one of ${LOG_LEVELS.join(', ')}.`);

  const demoToken = text('LINKSPAN_DEMO_TOKEN');
  if (demoToken !== null && (demoToken.length < 8 || /\s/.test(demoToken))) {
    problems.push('LINKSPAN_DEMO_TOKEN must have at least 8 characters and no spaces.');
  }
  const config: Config = {
    host,
    port: listenPort,
    publicUrl: url('LINKSPAN_PUBLIC_URL', ['http:', 'https:']),
    dataDir,
    databaseUrl,
    secretKey: readSecretKey(text('LINKSPAN_SECRET_KEY'), problems),
    demoToken,
    sandboxPort: port('LINKSPAN_SANDBOX_PORT', 8485),
    sandboxUrl: url('LINKSPAN_SANDBOX_URL', ['http:', 'https:']),
    logLevel: logLevel ?? 'info',
    keepDays: days('LINKSPAN_KEEP_DAYS', 90),
    keepReceiptDays: days('LINKSPAN_KEEP_RECEIPT_DAYS', 400),
  };
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

/** Where clients find the server, once its port is known. */
export function publicUrlOf({ publicUrl, host }: Pick<Config, 'publicUrl' | 'host'>, port: number): string {
  return publicUrl ?? `http://${hostForUrl(host)}:${port}`;
}

/** An address as it stands in a URL: IPv6 in brackets, "every address" as this machine. */
export function hostForUrl(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}

/** Parses 32 bytes of base64, or reports how to make them. */
function readSecretKey(value: string | null, problems: string[]): Uint8Array | null {
  if (value === null) return null;
  const key = Buffer.from(value, 'base64');
  if (key.length === 32) return new Uint8Array(key);
  problems.push('LINKSPAN_SECRET_KEY must be 32 bytes in base64. Make one with: openssl rand -base64 32');
  return null;
}
