/** Our own server with one tenant and no targets, for a whole test file. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { startServer } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { createTenant } from '../../src/tenancy/tenants.ts';
import { issueToken } from '../../src/tenancy/tokens.ts';
import { type Kind, testDatabase } from '../stores.ts';

export interface OwnServer {
  /** The SCIM base URL. */
  url: string;
  token: string;
  close(): Promise<void>;
}

/** The caller closes it. */
export async function ownServer(kind: Kind = 'sqlite'): Promise<OwnServer> {
  const database = await testDatabase(kind);
  const dataDir = await mkdtemp(path.join(tmpdir(), 'linkspan-data-'));
  const config = readConfig({
    LINKSPAN_PORT: '0',
    LINKSPAN_DATA_DIR: dataDir,
    LINKSPAN_DATABASE_URL: database.url,
    LINKSPAN_SECRET_KEY: Buffer.alloc(32, 7).toString('base64'),
  });
  const server = await startServer(config, pino({ level: 'silent' }));
  await createTenant(server.app.store, { tenant: 'acme', title: 'Acme', idp: 'generic' });
  return {
    url: `${server.url}/tenants/acme/scim/v2`,
    token: await issueToken(server.app.store, 'acme', { label: 'compliance' }),
    async close() {
      await server.close();
      await database.drop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
