/** What tests about killed processes share: a tenant behind a proxy, whose server is started again and again. */
import { onTestFinished } from 'vitest';
import { openApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { addTarget } from '../../src/sync/admin/targets.ts';
import { createTenant } from '../../src/tenancy/tenants.ts';
import { issueToken } from '../../src/tenancy/tokens.ts';
import { QUICK, scimClient, settled, startSandbox, TARGETS } from '../linkspan.ts';
import { freePort, ready, startProcess } from '../process.ts';
import { startProxy } from '../proxy.ts';
import { type Kind, testDatabase } from '../stores.ts';

/** A tenant with both targets behind a proxy, and a way to start the server again and again. */
export async function setUp(kind: Kind, pace = QUICK) {
  const database = await testDatabase(kind);
  const sandbox = await startSandbox();
  const proxy = await startProxy(sandbox.url);
  onTestFinished(async () => {
    await sandbox.close();
    await database.drop();
  });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = {
    LINKSPAN_PORT: String(port),
    LINKSPAN_DATABASE_URL: database.url,
    LINKSPAN_SECRET_KEY: Buffer.alloc(32, 7).toString('base64'),
    LINKSPAN_LOG_LEVEL: 'warn',
  };
  const app = await openApp(readConfig(env));
  await createTenant(app.store, { tenant: 'acme', title: 'acme', idp: 'generic' });
  const token = await issueToken(app.store, 'acme', { label: 'test' });
  const credentials = await sandbox.credentials('qflow');
  for (const [name, [type, rules]] of Object.entries(TARGETS)) {
    const known = Object.keys(app.types.get(type)?.settings.shape ?? {});
    const settings = Object.fromEntries(Object.entries(credentials).filter(([key]) => known.includes(key)));
    await addTarget(app, 'acme', name, type, { settings: { ...settings, baseUrl: proxy.url }, rules, pace });
  }
  await app.close();
  const start = async () => {
    const process = startProcess(['serve'], env);
    await ready(process, url);
    return process;
  };
  return { database, sandbox, proxy, start, settled: () => settled(url), scim: scimClient(url, 'acme', token) };
}
