/** A server and commands beside it, for the tests of commands. */
import { onTestFinished } from 'vitest';
import { startLinkspan } from '../linkspan.ts';
import { runCommand } from '../process.ts';
import { type Kind, testDatabase } from '../stores.ts';

export async function served(kind: Kind = 'sqlite') {
  const database = await testDatabase(kind);
  onTestFinished(() => database.drop());
  const linkspan = await startLinkspan({ databaseUrl: database.url });
  const env = {
    LINKSPAN_DATABASE_URL: database.url,
    LINKSPAN_DATA_DIR: linkspan.config.dataDir,
    LINKSPAN_SECRET_KEY: Buffer.alloc(32, 7).toString('base64'),
  };
  return { ...linkspan, run: (...args: string[]) => runCommand(args, env) };
}
