import { randomUUIDv7 } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { type Account, claim } from '../../src/sync/accounts.ts';
import { fanOut } from '../../src/sync/fan-out.ts';
import { createLanes } from '../../src/sync/lanes.ts';
import { bequeath } from '../../src/sync/takeover.ts';
import { addTarget } from '../../src/sync/targets.ts';
import { type Kind, testDatabase } from '../stores.ts';

const JANE = { externalId: 'e-1', userName: 'jane' };

/** A directory with one target and no worker: what happens to the accounts happens when the test says so. */
async function setUp(kind: Kind) {
  const database = await testDatabase(kind);
  const secretKey = Buffer.alloc(32, 7).toString('base64');
  const app = await openApp(readConfig({ LINKSPAN_DATABASE_URL: database.url, LINKSPAN_SECRET_KEY: secretKey }));
  onTestFinished(async () => {
    await app.close();
    await database.drop();
  });
  const type = app.resourceTypes.get('User');
  if (!type) throw new Error('no User');
  const credentials = { clientId: 'a', clientSecret: 'b', username: 'DEMO/u', password: 'p', subscriptionKey: 's' };
  await addTarget(app, 'acme', 'door', 'qflow-team', { settings: credentials });
  const ignore = () => {};
  const lanes = createLanes({ ...app, onCall: ignore, onBroken: ignore });
  await lanes.refresh();
  const { store, directory } = app;
  const caller = () => ({ tenant: 'acme', actor: 'test', idp: 'generic', activityId: randomUUIDv7() });
  const accounts = () =>
    store.read
      .selectFrom('accounts')
      .select(['user_id', 'remote_id', 'lease_owner', 'due_at'])
      .orderBy('user_id')
      .execute();
  const set = {
    store,
    accounts,
    hire: async () => (await directory.create(caller(), type, JANE, {})).resource?.id ?? '',
    fire: (id: string) => directory.remove(caller(), type, id, {}),
    edit: (id: string, change: object) => directory.replace(caller(), type, id, { ...JANE, ...change }, {}),
    drain: async () => {
      while ((await fanOut(store, lanes)) > 0);
    },
    /** As after a pass that found or made this record. */
    settle: (id: string, remoteId: string | null) =>
      store.write(async (trx) => {
        const { target_id } = await trx
          .updateTable('accounts')
          .set({ due_at: null, urgent: 0, outcome: 'done', remote_id: remoteId, lease_owner: null })
          .where('user_id', '=', id)
          .returning('target_id')
          .executeTakeFirstOrThrow();
        if (remoteId === null) return;
        const link = { system_key: 's', remote_id: remoteId, tenant: 'acme', target_id, user_id: id };
        await trx.insertInto('remote_links').values(link).execute();
      }),
    claimAll: async (processId: string): Promise<Account[]> => {
      const lane = lanes.all()[0];
      if (!lane) throw new Error('no lane');
      return claim(store, lane, processId, 10);
    },
    owners: async () => ({
      accounts: (await accounts()).map(({ user_id, remote_id }) => `${user_id} ${remote_id}`),
      links: (await store.read.selectFrom('remote_links').select(['user_id', 'remote_id']).execute()).map(
        ({ user_id, remote_id }) => `${user_id} ${remote_id}`,
      ),
    }),
    /** Fans out what happened to these users, one after the other. */
    fanOutInOrder: async (...users: string[]) => {
      const changes = await store.read.selectFrom('changes').selectAll().orderBy('seq').execute();
      await store.write((trx) => trx.deleteFrom('changes').execute());
      for (const user of users) {
        const ofUser = changes.filter((change) => change.subject_id === user).map(({ seq: _, ...change }) => change);
        await store.write((trx) => trx.insertInto('changes').values(ofUser).execute());
        await set.drain();
      }
    },
  };
  const jane = await set.hire();
  await set.drain();
  await set.settle(jane, 'r1');
  return { ...set, jane };
}

describe.each(['sqlite', 'postgres'] as const)('the accounts of who comes back (%s)', (kind) => {
  it.each(['old first', 'new first', 'together'])(
    'change hands in whatever order the news comes: %s',
    async (order) => {
      const { jane, hire, fire, drain, fanOutInOrder, accounts, owners } = await setUp(kind);
      await fire(jane);
      const again = await hire();
      if (order === 'old first') await fanOutInOrder(jane, again);
      else if (order === 'new first') await fanOutInOrder(again, jane);
      else await drain();
      expect(await owners()).toEqual({ accounts: [`${again} r1`], links: [`${again} r1`] });
      expect((await accounts())[0]?.due_at).not.toBeNull();
    },
  );

  it.each(['together', 'one by one'])('go to the last of many, whoever is heard of first: %s', async (order) => {
    const { jane, hire, fire, drain, fanOutInOrder, owners } = await setUp(kind);
    await fire(jane);
    const second = await hire();
    await fire(second);
    const third = await hire();
    await fire(third);
    const last = await hire();
    if (order === 'together') await drain();
    else await fanOutInOrder(third, last, second, jane);
    expect(await owners()).toEqual({ accounts: [`${last} r1`], links: [`${last} r1`] });
  });

  it('go to one: who has the same name and id later gets none of them', async () => {
    const { jane, hire, fire, edit, drain, owners } = await setUp(kind);
    await fire(jane);
    const again = await hire();
    await edit(again, { userName: 'jane.roe' });
    const later = await hire();
    await drain();
    expect(await owners()).toEqual({ accounts: [`${again} r1`, `${later} null`], links: [`${again} r1`] });
  });

  it('stay where they are while a worker has them, and go over with the next claim', async () => {
    const { store, jane, hire, fire, edit, drain, claimAll, owners } = await setUp(kind);
    await fire(jane);
    await drain();
    const [claimed] = await claimAll('frozen');
    const second = await hire();
    await drain();
    await fire(second);
    const last = await hire();
    await drain();
    await edit(last, { title: 'Boss' });
    await drain();
    expect(await owners()).toEqual({ accounts: [`${jane} r1`], links: [`${jane} r1`] });

    await store.write((trx) => trx.updateTable('accounts').set({ lease_owner: null }).execute());
    const [next] = await claimAll('next');
    if (!claimed || !next) throw new Error('nothing was claimed');
    // Whoever had it before has no say any more.
    expect(await bequeath(store, claimed)).toBe(true);
    expect(await owners()).toEqual({ accounts: [`${jane} r1`], links: [`${jane} r1`] });
    expect(await bequeath(store, next)).toBe(true);
    expect(await owners()).toEqual({ accounts: [`${last} r1`], links: [`${last} r1`] });
    expect(await claimAll('third')).toMatchObject([{ user_id: last, remote_id: 'r1', urgent: 1 }]);
  });

  it('are left alone where the person has a record already; a bare one makes room', async () => {
    const { store, jane, hire, fire, drain, settle, claimAll, owners, fanOutInOrder } = await setUp(kind);
    await fire(jane);
    const again = await hire();
    await store.write((trx) => trx.updateTable('tombstones').set({ heir_id: null }).execute());
    await fanOutInOrder(again);
    await store.write((trx) => trx.updateTable('tombstones').set({ heir_id: again }).execute());
    await settle(again, 'r2');
    await drain();
    await store.write((trx) => trx.updateTable('accounts').set({ due_at: 0 }).where('user_id', '=', jane).execute());
    const [old] = await claimAll('p');
    if (!old) throw new Error('nothing was claimed');
    expect(await bequeath(store, old)).toBe(false);
    expect((await owners()).accounts).toEqual([`${jane} r1`, `${again} r2`]);

    const set = (values: { remote_id?: null; lease_owner?: string | null; due_at?: number }, id: string) =>
      store.write((trx) => trx.updateTable('accounts').set(values).where('user_id', '=', id).execute());
    await set({ remote_id: null, lease_owner: 'p' }, again);
    expect(await bequeath(store, old)).toBe(true);
    expect((await owners()).accounts).toEqual([`${jane} r1`, `${again} null`]);

    await set({ lease_owner: null }, again);
    await set({ due_at: 0 }, jane);
    const [later] = (await claimAll('p')).filter(({ user_id }) => user_id === jane);
    if (!later) throw new Error('it is not due any more');
    expect(await bequeath(store, later)).toBe(true);
    expect((await owners()).accounts).toEqual([`${again} r1`]);
  });
});
