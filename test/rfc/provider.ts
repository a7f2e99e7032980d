/** One real server for all tests of a `describe`; each test asks it for a tenant of its own. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll } from 'vitest';
import { startServer } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { createTenant } from '../../src/tenancy/tenants.ts';
import { issueToken } from '../../src/tenancy/tokens.ts';
import { type Scim, scimClient } from '../linkspan.ts';
import { type Kind, testDatabase } from '../stores.ts';

export const KINDS: Kind[] = ['sqlite', 'postgres'];

/**
 * @param extension an operator's schema of its own, in the data dir.
 * @returns makes a tenant without targets, and a client of it.
 */
export function serveFor(kind: Kind, extension?: object): () => Promise<Scim> {
  let server: Awaited<ReturnType<typeof startServer>>;
  let database: Awaited<ReturnType<typeof testDatabase>>;
  let dataDir: string;
  let tenants = 0;

  beforeAll(async () => {
    database = await testDatabase(kind);
    dataDir = await mkdtemp(path.join(tmpdir(), 'linkspan-rfc-'));
    if (extension) {
      await mkdir(path.join(dataDir, 'scim-schemas'));
      await writeFile(path.join(dataDir, 'scim-schemas', 'extension.json'), JSON.stringify(extension));
    }
    const config = readConfig({
      LINKSPAN_PORT: '0',
      LINKSPAN_DATA_DIR: dataDir,
      LINKSPAN_DATABASE_URL: database.url,
      LINKSPAN_SECRET_KEY: Buffer.alloc(32, 7).toString('base64'),
    });
    server = await startServer(config, pino({ level: 'silent' }));
  });
  afterAll(async () => {
    await server?.close();
    await database?.drop();
    if (dataDir) await rm(dataDir, { recursive: true, force: true });
  });

  return async () => {
    const tenant = `tenant-${++tenants}`;
    const { store } = server.app;
    await createTenant(store, { tenant, title: tenant, idp: 'generic' });
    return scimClient(server.url, tenant, await issueToken(store, tenant, { label: 'test' }));
  };
}
