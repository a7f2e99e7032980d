import { describe, expect, it, onTestFinished } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import { eventually, type Scim, scimClient, settled, startLinkspan, startSandbox } from '../linkspan.ts';
import { freePort, ready, startProcess } from '../process.ts';
import { startProxy } from '../proxy.ts';
import { type Kind, testDatabase } from '../stores.ts';

const person = (n: number) => ({
  externalId: `e-${n}`,
  userName: `user${n}`,
  emails: [{ value: `user${n}@example.com` }],
});

/** A tenant whose target is behind a proxy, and servers that can be killed. */
async function setUp(kind: Kind) {
  const database = await testDatabase(kind);
  const sandbox = await startSandbox();
  const proxy = await startProxy(sandbox.url);
  onTestFinished(async () => {
    await sandbox.close();
    await database.drop();
  });
  const credentials = async () => ({ ...(await sandbox.credentials('qflow')), baseUrl: proxy.url });
  const first = await startLinkspan({
    databaseUrl: database.url,
    sandbox: { ...sandbox, credentials },
    targets: ['dashboard'],
  });
  await first.close();
  const start = async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const process = startProcess(['serve'], {
      LINKSPAN_PORT: String(port),
      LINKSPAN_DATABASE_URL: database.url,
      LINKSPAN_SECRET_KEY: Buffer.alloc(32, 7).toString('base64'),
      LINKSPAN_LOG_LEVEL: 'warn',
    });
    await ready(process, url);
    return { process, url, scim: scimClient(url, 'acme', first.scim.token) };
  };
  let store: Store | undefined;
  const open = async () => {
    store ??= await database.open();
    return {
      links: await store.read.selectFrom('remote_links').select(['user_id', 'remote_id']).orderBy('user_id').execute(),
      accounts: await store.read.selectFrom('accounts').select(['user_id', 'remote_id']).orderBy('user_id').execute(),
    };
  };
  return { sandbox, proxy, start, open, users: async () => (await sandbox.state()).qflow.users };
}

const rehire = async (scim: Scim, id: string, n: number): Promise<string> => {
  await scim('DELETE', `/Users/${id}`);
  return (await scim('POST', '/Users', person(n))).body.id;
};

describe.each(['sqlite', 'postgres'] as const)('a process that is killed (%s)', (kind) => {
  it('right after it took somebody back has lost neither the person nor the record', async () => {
    const { sandbox, start, open, users } = await setUp(kind);
    const { process, url, scim } = await start();
    const { id } = (await scim('POST', '/Users', person(1))).body;
    await settled(url);
    const before = await users();
    await sandbox.faults({ kinds: ['500'], rate: 1 });
    const again = await rehire(scim, id, 1);
    await process.end('SIGKILL');
    await sandbox.faults({ rate: 0 });

    await settled((await start()).url);
    expect(await users()).toEqual(before);
    const mine = [{ user_id: again, remote_id: before[0]?.id }];
    expect(await open()).toEqual({ links: mine, accounts: mine });
  });

  it('between the removal and its answer leaves one record, of who came back meanwhile', async () => {
    const { proxy, start, open, users } = await setUp(kind);
    const { process, url, scim } = await start();
    const { id } = (await scim('POST', '/Users', person(1))).body;
    await settled(url);
    const [before] = await users();
    const swallowed = proxy.swallow(/^DELETE \/users\/v1\/api\/user/);
    await scim('DELETE', `/Users/${id}`);
    await swallowed;
    const again = (await scim('POST', '/Users', person(1))).body.id;
    await process.end('SIGKILL');
    expect(await users()).toEqual([]);

    await settled((await start()).url, 25_000);
    expect(await users()).toMatchObject([{ userName: 'DEMO/user1' }]);
    const [record] = await users();
    expect(record?.id).not.toBe(before?.id);
    const mine = [{ user_id: again, remote_id: record?.id }];
    expect(await open()).toEqual({ links: mine, accounts: mine });
  });
});

it('two servers on one PostgreSQL take everybody back, whoever of them removes and whoever hires', async () => {
  const COUNT = 12;
  const { sandbox, start, open, users } = await setUp('postgres');
  const [one, two] = [await start(), await start()];
  const hired = await Promise.all(Array.from({ length: COUNT }, (_, n) => one.scim('POST', '/Users', person(n))));
  await settled(one.url);
  const before = await users();
  let ids = hired.map(({ body }) => body.id as string);

  const round = async () => {
    ids = await Promise.all(
      ids.map(async (id, n) => {
        await [one, two][n % 2]?.scim('DELETE', `/Users/${id}`);
        return (await [two, one][n % 2]?.scim('POST', '/Users', person(n)))?.body.id as string;
      }),
    );
  };
  await sandbox.faults({ kinds: ['500'], rate: 1 });
  await round();
  await round();
  await eventually('all accounts have changed hands', async () => {
    const { accounts } = await open();
    return accounts.map(({ user_id }) => user_id).join() === ids.toSorted().join();
  });
  await sandbox.faults({ rate: 0 });
  await settled(one.url);
  expect((await users()).map(({ id }) => id).sort()).toEqual(before.map(({ id }) => id).sort());

  // And while everything works, and does not.
  await sandbox.faults({ kinds: ['500-after', 'lost-response', 'reset'], rate: 0.2 });
  for (let n = 0; n < 3; n++) await round();
  await sandbox.faults({ rate: 0 });
  await eventually('both are done', async () => {
    await settled(one.url, 25_000);
    await settled(two.url, 25_000);
    return true;
  });
  const records = await users();
  const { links, accounts } = await open();
  expect(records.map(({ userName }) => userName).sort()).toEqual(
    Array.from({ length: COUNT }, (_, n) => `DEMO/user${n}`).sort(),
  );
  expect(links.map(({ user_id }) => user_id)).toEqual(ids.toSorted());
  expect(links.map(({ remote_id }) => remote_id).sort()).toEqual(records.map(({ id }) => id).sort());
  expect(accounts).toEqual(links);
});
