import { randomUUIDv7 } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { enqueue } from '../../src/sync/accounts/accounts.ts';
import { claim } from '../../src/sync/accounts/claims.ts';
import { progressOf } from '../../src/sync/admin/progress.ts';
import { addTarget, pauseByAdmin, resumeByAdmin } from '../../src/sync/admin/targets.ts';
import { fanOut, firstTurns } from '../../src/sync/fan-out/fan-out.ts';
import { SLICE } from '../../src/sync/fan-out/large-changes.ts';
import { sharesOf } from '../../src/sync/fan-out/turns.ts';
import { createLanes } from '../../src/sync/lanes/lanes.ts';
import { eventually, startLinkspan, TARGETS, unsettled } from '../linkspan.ts';
import { type Kind, testDatabase } from '../stores.ts';

/** A directory without workers: what is fanned out is fanned out when the test says so. */
async function withoutWorkers(kind: Kind) {
  const database = await testDatabase(kind);
  const statements: string[] = [];
  const secretKey = Buffer.alloc(32, 7).toString('base64');
  const app = await openApp(
    readConfig({ LINKSPAN_DATABASE_URL: database.url, LINKSPAN_SECRET_KEY: secretKey }),
    undefined,
    { onStatement: (text) => statements.push(text) },
  );
  onTestFinished(async () => {
    await app.close();
    await database.drop();
  });
  const { store } = app;
  const lanes = createLanes({ ...app, onCall() {}, onBroken() {} });
  const turns = firstTurns();
  const group = app.resourceTypes.get('Group');
  if (!group) throw new Error('no Group');
  const caller = (tenant: string) => ({ tenant, actor: 'test', idp: 'generic', activityId: randomUUIDv7() });
  const body = (displayName: string, members: number) => ({
    displayName,
    members: Array.from({ length: members }, (_, n) => ({ value: `${displayName}-${n}` })),
  });
  return {
    store,
    statements,
    round: () => fanOut(store, lanes, turns),
    /** As a directory leaves them behind. */
    change: (tenant: string, count: number, urgent: 0 | 1 = 0) =>
      store.write((trx) => {
        const about = { tenant, subject: 'user' as const, activity_id: null, cursor: null, urgent, created_at: 0 };
        const values = Array.from({ length: count }, (_, n) => ({ ...about, subject_id: `user${n}` }));
        return trx.insertInto('changes').values(values).execute();
      }),
    createGroup: async (tenant: string, displayName: string, members: number) =>
      (await app.directory.create(caller(tenant), group, body(displayName, members), {})).resource?.id ?? '',
    deleteGroup: (tenant: string, id: string) => app.directory.remove(caller(tenant), group, id, {}),
    left: async () => {
      const rows = await store.read.selectFrom('changes').select(['tenant', 'urgent']).orderBy('seq').execute();
      const members = await store.read.selectFrom('members').select('member_id').execute();
      const ofTenants = Map.groupBy(rows, ({ tenant }) => tenant);
      return {
        ...Object.fromEntries([...ofTenants].map(([tenant, { length }]) => [tenant, length])),
        members: members.length,
      } as Record<string, number>;
    },
    drain: async () => {
      while ((await fanOut(store, lanes, turns)) > 0);
    },
  };
}

it('a slice is shared out evenly, and what one does not need the others have', () => {
  const of = (...counts: number[]) => [
    ...sharesOf(
      counts.map((count, n) => ({ tenant: String(n), count })),
      100,
    ).entries(),
  ];
  expect(of(250)).toEqual([['0', 100]]);
  expect(of(250, 1, 250)).toEqual([
    ['1', 1],
    ['0', 50],
    ['2', 49],
  ]);
  expect(of(3, 2)).toEqual([
    ['1', 2],
    ['0', 3],
  ]);
});

describe.each<Kind>(['sqlite', 'postgres'])('fan-out (%s)', (kind) => {
  it('takes a share of each waiting tenant in every round, removals first', async () => {
    const { change, round, left, store } = await withoutWorkers(kind);
    await change('importer', 1_000);
    await change('importer', 3, 1);
    await change('small', 5);
    await change('zoo', 1);
    expect(await round()).toBe(SLICE);
    expect(await left()).toMatchObject({ importer: 1_003 - (SLICE - 6) });
    expect(await left()).not.toHaveProperty('small');
    expect(await left()).not.toHaveProperty('zoo');
    const urgent = await store.read.selectFrom('changes').select('seq').where('urgent', '=', 1).execute();
    expect(urgent).toEqual([]);
  });

  it('takes turns when there are more tenants than one round serves', async () => {
    const { change, round, left } = await withoutWorkers(kind);
    const tenants = Array.from({ length: 60 }, (_, n) => `t${String(n).padStart(2, '0')}`);
    for (const tenant of tenants) await change(tenant, 30);
    for (let n = 0; n < 3; n++) await round();
    const rest = await left();
    for (const tenant of tenants) expect(rest[tenant]).toBeLessThan(30);
  });

  it('moves something large on in slices, one of each tenant, and lets what is small overtake', async () => {
    const { createGroup, deleteGroup, drain, round, left, change, statements } = await withoutWorkers(kind);
    const empty = await createGroup('acme', 'Empty', 0);
    const large = await createGroup('acme', 'Large', 2_000);
    const other = await createGroup('globex', 'Other', 2_000);
    const small = await createGroup('acme', 'Small', 3);
    await drain();

    // A deletion costs the same, however large the group.
    const isOfAnother = /^(begin|commit|savepoint|release|pragma|analyze)|"quirks"/i;
    const statementsOf = async (work: () => Promise<unknown>) => {
      const before = statements.length;
      await work();
      return statements.slice(before).filter((text) => !isOfAnother.test(text));
    };
    expect(await statementsOf(() => deleteGroup('acme', large))).toEqual(
      await statementsOf(() => deleteGroup('acme', empty)),
    );
    await deleteGroup('globex', other);
    expect((await left()).members).toBe(4_003);

    await round();
    expect((await left()).members).toBe(4_003 - 2 * SLICE);
    // What comes later is through before the drains are.
    await deleteGroup('acme', small);
    await change('initech', 1);
    await change('acme', 1);
    await round();
    expect(await left()).toEqual({ acme: 1, globex: 1, members: 4_003 - 4 * SLICE - 3 });
    for (let rounds = 2; rounds < 2_000 / SLICE; rounds++) await round();
    expect((await left()).members).toBe(0);
    await drain();
    expect(await left()).toEqual({ members: 0 });
  });

  it('puts a run behind what is pushed, and a removal before both', async () => {
    const { store } = await withoutWorkers(kind);
    const column = { type: 't', settings: '{}', rules: '{}', pace: '{}', state: 'active' as const };
    await store.write((trx) =>
      trx
        .insertInto('targets')
        .values({ ...column, tenant: 'acme', id: 'door', name: 'door', revision: 1, created_at: 0 })
        .execute(),
    );
    const queue = (now: number, ...accounts: [user: string, urgent: -1 | 0 | 1][]) =>
      store.write((trx) =>
        enqueue(
          trx,
          accounts.map(([user_id, urgent]) => ({
            tenant: 'acme',
            target_id: 'door',
            user_id,
            urgent,
            activity_id: null,
            changed_at: now,
          })),
          now,
        ),
      );
    await queue(1, ['run1', -1], ['run2', -1], ['run3', -1]);
    await queue(2, ['pushed1', 0], ['pushed2', 0], ['run2', 0]);
    await queue(3, ['leaver', 1], ['pushed1', -1], ['pushed3', 0]);
    const lane = { tenant: 'acme', targetId: 'door', revision: 1 };
    const order: string[] = [];
    for (;;) {
      const [account] = await claim(store, lane, 'me', 1);
      if (!account) break;
      order.push(account.user_id);
    }
    expect(order[0]).toBe('leaver');
    expect(order.slice(1, 5).sort()).toEqual(['pushed1', 'pushed2', 'pushed3', 'run2']);
    expect(order.slice(5).sort()).toEqual(['run1', 'run3']);
  });
});

it('a first sync shows how far it is, can be paused, and is overtaken by what is pushed', async () => {
  const linkspan = await startLinkspan({ targets: [] });
  const { app, scim, sandbox } = linkspan;
  for (let n = 0; n < 12; n++) await scim('POST', '/Users', { userName: `before${n}` });
  await linkspan.settled();
  const [type, rules] = TARGETS.dashboard ?? [];
  const known = Object.keys(app.types.get(type ?? '')?.settings.shape ?? {});
  const credentials = Object.entries(await sandbox.credentials('qflow')).filter(([name]) => known.includes(name));
  await addTarget(app, 'acme', 'new', type ?? '', {
    settings: Object.fromEntries(credentials),
    rules,
    pace: { concurrency: 1, ratePerSecond: 0 },
  });
  await pauseByAdmin(app, 'acme', 'new', 'not yet');
  const { id } = await app.store.read.selectFrom('targets').select('id').executeTakeFirstOrThrow();
  const progress = () => progressOf(app.store, 'acme', id);
  await eventually('everybody was looked at', async () => (await progress()).run === null);
  await eventually('all are due', async () => (await progress()).accounts.due === 12);
  await scim('POST', '/Users', { userName: 'pushed' });
  await eventually('the push is due too', async () => (await progress()).accounts.due === 13);
  expect(await sandbox.calls()).toEqual([]);

  await resumeByAdmin(app, 'acme', 'new');
  await linkspan.settled();
  expect(await progress()).toEqual({ run: null, accounts: { settled: 13, due: 0, rejected: 0, held: 0, manual: 0 } });
  const created = (await sandbox.state()).qflow.users.map(({ userName }) => userName);
  expect(created).toHaveLength(13);
  expect(created[0]).toBe('DEMO/pushed');
});

it('progress is told in users looked at', async () => {
  const linkspan = await startLinkspan({ targets: ['dashboard'] });
  const ids: string[] = [];
  for (let n = 0; n < 4; n++) ids.push((await linkspan.scim('POST', '/Users', { userName: `user${n}` })).body.id);
  await linkspan.settled();
  await linkspan.close();
  const database = { LINKSPAN_DATABASE_URL: linkspan.config.databaseUrl };
  const app = await openApp(readConfig(database));
  onTestFinished(() => app.close());
  const { id } = await app.store.read.selectFrom('targets').select('id').executeTakeFirstOrThrow();
  const about = { tenant: 'acme', subject: 'target' as const, subject_id: id, activity_id: null, urgent: 0 as const };
  await app.store.write((trx) =>
    trx
      .insertInto('changes')
      .values({ ...about, cursor: ids.toSorted()[2] ?? null, created_at: 7 })
      .execute(),
  );
  expect((await progressOf(app.store, 'acme', id)).run).toEqual({ since: 7, lookedAt: 3, users: 4 });
});

it('however many slow targets there are, another one has its turn', { timeout: 120_000 }, async () => {
  const linkspan = await startLinkspan({ targets: [] });
  const hung = createServer(() => {});
  await new Promise<void>((resolve) => hung.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    hung.closeAllConnections();
    hung.close();
  });
  const url = `http://127.0.0.1:${(hung.address() as AddressInfo).port}`;
  const nowhere = {
    ...linkspan.sandbox,
    credentials: async (system: string) => ({
      ...(await linkspan.sandbox.credentials(system)),
      baseUrl: url,
      tokenUrl: `${url}/token`,
    }),
  };
  const slow = { sandbox: nowhere, targets: ['dashboard'], pace: { callTimeoutMs: 300_000, concurrency: 64 } };
  // Five times 64 are more than a process works on at once.
  for (let n = 0; n < 5; n++) {
    const scim = await linkspan.addTenant(`slow${n}`, slow);
    await Promise.all(Array.from({ length: 66 }, (_, user) => scim('POST', '/Users', { userName: `user${user}` })));
  }
  const atWork = async () => {
    const { app } = linkspan;
    return app.store.read.selectFrom('accounts').select('user_id').where('lease_owner', 'is not', null).execute();
  };
  await eventually('the house is full', async () => (await atWork()).length >= 256, 60_000);
  const globex = await linkspan.addTenant('globex', { targets: ['dashboard'] });
  await globex('POST', '/Users', { userName: 'jane' });
  await eventually('the other has had its turn', async () => (await linkspan.sandbox.state()).qflow.users.length === 1);
  const lanes = await unsettled(linkspan.url);
  expect(lanes.filter((lane) => lane.endsWith(' 66'))).toHaveLength(5);
  hung.closeAllConnections();
  hung.close();
});
