import { kill } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import { openApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { addTarget } from '../../src/sync/admin/targets.ts';
import { createTenant } from '../../src/tenancy/tenants.ts';
import { issueToken } from '../../src/tenancy/tokens.ts';
import { QUICK, type Scim, scimClient, settled, startSandbox } from '../linkspan.ts';
import { startPostgres } from '../postgres.ts';
import { freePort, ready, startProcess } from '../process.ts';

const USERS = 200;

/** A server of its own: that of the other tests is not to be disturbed. */
async function setUp() {
  const engine = await startPostgres();
  const sandbox = await startSandbox();
  onTestFinished(async () => {
    await sandbox.close();
    await engine.stop();
  });
  const env = {
    LINKSPAN_DATABASE_URL: engine.url,
    LINKSPAN_SECRET_KEY: Buffer.alloc(32, 7).toString('base64'),
    LINKSPAN_LOG_LEVEL: 'error',
  };
  const app = await openApp(readConfig(env));
  await createTenant(app.store, { tenant: 'acme', title: 'acme', idp: 'generic' });
  const token = await issueToken(app.store, 'acme', { label: 'test' });
  const rules = { limits: 'off' };
  const settings = await sandbox.credentials('qflow');
  await addTarget(app, 'acme', 'dashboard', 'qflow-enterprise', { settings, rules, pace: QUICK });
  await app.close();
  const start = async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const process = startProcess(['serve'], { ...env, LINKSPAN_PORT: String(port) });
    await ready(process, url);
    return { process, url, scim: scimClient(url, 'acme', token) };
  };
  return { engine, sandbox, servers: [await start(), await start()] };
}

/** Ends one session's process the hard way: PostgreSQL then ends all of them and recovers, as after a crash. */
async function crash(url: string): Promise<void> {
  const client = new pg.Client(url);
  client.on('error', () => {});
  await client.connect();
  const { rows } = await client.query('select pg_backend_pid() as pid');
  kill(rows[0].pid, 'SIGKILL');
  await client.end().catch(() => {});
}

/** As an identity provider does: until it is accepted. 409: it was, and the answer was lost. */
async function create(scim: Scim, userName: string): Promise<void> {
  for (;;) {
    const answer = await scim('POST', '/Users', { userName }).catch(() => null);
    if (answer?.status === 201 || answer?.status === 409) return;
    if (answer && answer.status < 500) throw new Error(JSON.stringify(answer.body));
    await sleep(50);
  }
}

it('PostgreSQL that goes down and comes back under load loses nothing, doubles nothing and ends no process', async () => {
  const { engine, sandbox, servers } = await setUp();
  const names = Array.from({ length: USERS }, (_, n) => `user${n}@example.com`);
  let created = 0;
  const pushing = [0, 1, 2, 3].map(async (part) => {
    for (let n = part; n < USERS; n += 4) {
      await create((servers[n % 2] ?? servers[0])?.scim as Scim, names[n] ?? '');
      created++;
    }
  });
  for (const share of [0.25, 0.5, 0.75]) {
    while (created < share * USERS) await sleep(5);
    await crash(engine.url);
  }
  await Promise.all(pushing);
  for (const { url } of servers) await settled(url, 60_000);
  const { users } = (await sandbox.state()).qflow;
  expect(users.map(({ userName }) => userName).sort()).toEqual(names.map((name) => `DEMO/${name}`).sort());
  expect(servers.map(({ process }) => process.child.exitCode)).toEqual([null, null]);
}, 120_000);
