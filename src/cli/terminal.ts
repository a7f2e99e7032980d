/** What the commands share: printing, tables, errors in plain words, running until stopped. */
import { stripVTControlCharacters, styleText } from 'node:util';
import { type App, openApp } from '../app.ts';
import { type Config, readConfig } from '../config.ts';
import { ScimError } from '../scim/errors.ts';
import { readDemoSecrets } from './demo-secrets.ts';

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** For whoever reads it by program: `--json`. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
}

export const bold = (text: string) => styleText('bold', text);
export const dim = (text: string) => styleText('dim', text);
export const good = (text: string) => styleText('green', text);
export const bad = (text: string) => styleText('red', text);

/** Columns as wide as their content; the last one is not padded. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) => Math.max(width(title), ...rows.map((row) => width(row[column] ?? ''))));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - width(cell))))
      .join('  ')
      .trimEnd();
  return [dim(line(header)), ...rows.map(line)].join('\n');
}

/** Columns on a terminal. */
export function width(text: string): number {
  return [...stripVTControlCharacters(text)].length;
}

/** Broken at spaces; a word that is longer than a line is broken anywhere. */
export function wrapped(text: string, columns: number): string[] {
  const room = Math.max(20, columns);
  const lines: string[] = [''];
  for (const word of text.split(' ').flatMap((each) => each.match(new RegExp(`.{1,${room}}`, 'gsu')) ?? [])) {
    const last = lines.at(-1) ?? '';
    if (last === '') lines[lines.length - 1] = word;
    else if (width(last) + 1 + width(word) <= room) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** An instant as people read it, in UTC to the second. */
export function when(millis: number | null): string {
  return millis === null ? '-' : `${new Date(millis).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/**
 * Opens what a command needs, and closes it again. Where there is no database, it is an error: a wrong directory is not to
 * look like an empty database.
 * @param options `mayCreate`: one is made there.
 * @throws CannotOpenStore
 */
export async function withApp<T>(
  work: (app: App, config: Config) => Promise<T>,
  { mayCreate = false } = {},
): Promise<T> {
  const config = await readCommandConfig();
  const app = await openApp(config, undefined, { mustExist: !mayCreate });
  try {
    return await work(app, config);
  } finally {
    await app.close();
  }
}

/** Beside a demo, a command uses the demo's key. */
async function readCommandConfig(): Promise<Config> {
  const config = readConfig(process.env);
  const demo = config.secretKey ? null : await readDemoSecrets(config);
  return demo ? { ...config, secretKey: Buffer.from(demo.secretKey, 'base64') } : config;
}

/** One sentence or a few, never a stack: what is ours to explain is explained, the rest keeps its message. */
export function inPlainWords(error: unknown): string {
  if (error instanceof ScimError) return error.detail;
  if (!(error instanceof Error)) return String(error);
  const { code, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  if (code === 'EADDRINUSE') {
    return `Port ${port} on ${address} is in use. Is Linkspan running already? Choose another with LINKSPAN_PORT or LINKSPAN_SANDBOX_PORT.`;
  }
  if (code === 'EADDRNOTAVAIL')
    return `${address} is not an address of this machine. Set LINKSPAN_HOST to one that is.`;
  if (code === 'EACCES' && port)
    return `Port ${port} may not be used by this user. Choose one above 1024 with LINKSPAN_PORT.`;
  return error.message;
}

/** Resolves at Ctrl-C or SIGTERM; to be called before anything starts. A second Ctrl-C ends the process at once. */
export function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => {
      process.once('SIGINT', () => process.exit(130));
      resolve();
    };
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
  });
}
