import { randomUUIDv7 } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import type { Store } from '../../src/store/store.ts';
import type { Account } from '../../src/sync/accounts/accounts.ts';
import { claim } from '../../src/sync/accounts/claims.ts';
import { type Settlement, settle } from '../../src/sync/accounts/settle.ts';
import { bequeath } from '../../src/sync/accounts/takeover.ts';
import { addTarget, setTarget, type TargetInput } from '../../src/sync/admin/targets.ts';
import { fanOut } from '../../src/sync/fan-out/fan-out.ts';
import { HEIRS } from '../../src/sync/fan-out/make-due.ts';
import { createLanes } from '../../src/sync/lanes/lanes.ts';
import { purge } from '../../src/sync/upkeep/purge.ts';
import { type Kind, testDatabase } from '../stores.ts';

const JANE = { externalId: 'e-1', userName: 'jane' };

const SETTLED: Settlement = {
  outcome: 'done',
  reason: null,
  failure: null,
  situation: 'confirmed',
  waitMs: null,
  attempts: 0,
  waitsFor: null,
  observed: null,
  memory: { granted: [], remembered: [] },
  name: 'jane',
  begunAt: 0,
  hasLooked: true,
  hasTaken: true,
  unclear: false,
  longestEffectMs: 0,
};

/** The one account stands at another target too, where its record is r2. */
function alsoElsewhere(store: Store, changes: Partial<Account>): Promise<void> {
  return store.write(async (trx) => {
    const row = await trx.selectFrom('accounts').selectAll().executeTakeFirstOrThrow();
    const other = { ...row, target_id: 'elsewhere', remote_id: 'r2', ...changes };
    await trx.insertInto('accounts').values(other).execute();
  });
}

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
  await addTarget(app, 'acme', 'door', 'qflow-team', { settings: credentials, rules: { limits: 'off' } });
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
    app,
    store,
    directory,
    type,
    caller,
    lanes,
    accounts,
    hire: async () => (await directory.create(caller(), type, JANE, {})).resource?.id ?? '',
    fire: (id: string) => directory.remove(caller(), type, id, {}),
    edit: (id: string, change: object) => directory.replace(caller(), type, id, { ...JANE, ...change }, {}),
    drain: async () => {
      while ((await fanOut(store, lanes)) > 0);
    },
    fanOutOnce: () => fanOut(store, lanes),
    tombstone: (id: string) =>
      store.read.selectFrom('tombstones').selectAll().where('resource_id', '=', id).executeTakeFirst(),
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
    expect(await bequeath(store, claimed)).toMatchObject({ done: true });
    expect(await owners()).toEqual({ accounts: [`${jane} r1`], links: [`${jane} r1`] });
    expect(await bequeath(store, next)).toMatchObject({ done: true });
    expect(await owners()).toEqual({ accounts: [`${last} r1`], links: [`${last} r1`] });
    expect(await claimAll('third')).toMatchObject([{ user_id: last, remote_id: 'r1', urgent: 1 }]);
  });

  it('that are at rest go over too, though a worker hands another one over before the heir is heard of', async () => {
    const { store, jane, hire, fire, drain, claimAll, owners } = await setUp(kind);
    await alsoElsewhere(store, { due_at: null, outcome: 'manual' });
    await fire(jane);
    await drain();
    const claimed = (await claimAll('p')).find(({ remote_id }) => remote_id === 'r1');
    await store.write((trx) =>
      trx.updateTable('accounts').set({ due_at: null }).where('target_id', '=', 'elsewhere').execute(),
    );
    const again = await hire();
    if (!claimed) throw new Error('nothing was claimed');
    expect(await bequeath(store, claimed)).toMatchObject({ done: true, heirId: again });
    await drain();
    expect((await owners()).accounts.toSorted()).toEqual([`${again} r1`, `${again} r2`]);
  });

  it('go over to who the person is at that moment, not to who it was when the worker began', async () => {
    const { store, jane, hire, fire, drain, claimAll, owners } = await setUp(kind);
    await fire(jane);
    await drain();
    const [claimed] = await claimAll('p');
    const second = await hire();
    await drain();
    let last = '';
    const slow: typeof store = {
      ...store,
      async write(work) {
        await fire(second);
        last = await hire();
        await drain();
        return store.write(work);
      },
    };
    if (!claimed) throw new Error('nothing was claimed');
    expect(await bequeath(slow, claimed)).toMatchObject({ done: true, heirId: last });
    expect(await owners()).toEqual({ accounts: [`${last} r1`], links: [`${last} r1`] });
  });

  it('are left alone where the person has a record already; a bare one makes room', async () => {
    const { store, jane, hire, fire, drain, settle, claimAll, owners, fanOutInOrder, tombstone } = await setUp(kind);
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
    await store.write((trx) => trx.updateTable('tombstones').set({ handed_over_at: null }).execute());
    expect(await bequeath(store, old)).toEqual({ done: false, heirId: again });
    expect((await tombstone(jane))?.handed_over_at).not.toBeNull();
    expect((await owners()).accounts).toEqual([`${jane} r1`, `${again} r2`]);

    const set = (values: { remote_id?: null; lease_owner?: string | null; due_at?: number }, id: string) =>
      store.write((trx) => trx.updateTable('accounts').set(values).where('user_id', '=', id).execute());
    await set({ remote_id: null, lease_owner: 'p' }, again);
    expect(await bequeath(store, old)).toMatchObject({ done: true });
    expect((await owners()).accounts).toEqual([`${jane} r1`, `${again} null`]);

    await set({ lease_owner: null }, again);
    await set({ due_at: 0 }, jane);
    const [later] = (await claimAll('p')).filter(({ user_id }) => user_id === jane);
    if (!later) throw new Error('it is not due any more');
    expect(await bequeath(store, later)).toMatchObject({ done: true });
    expect((await owners()).accounts).toEqual([`${again} r1`]);
  });

  it('are no reason to pass over the account that the heir has beside them', async () => {
    const { store, jane, hire, fire, edit, drain, settle, claimAll, accounts } = await setUp(kind);
    await fire(jane);
    await drain();
    await claimAll('p');
    const again = await hire();
    await drain();
    await store.write(async (trx) => {
      const row = await trx.selectFrom('accounts').selectAll().executeTakeFirstOrThrow();
      await trx
        .insertInto('accounts')
        .values({ ...row, user_id: again, lease_owner: null })
        .execute();
    });
    await settle(again, 'r2');
    await edit(again, { active: false });
    await drain();
    expect((await accounts()).find(({ user_id }) => user_id === again)).toMatchObject({
      remote_id: 'r2',
      due_at: expect.any(Number),
    });
  });

  it('take the ones who wait for the name along', async () => {
    const { store, jane, hire, fire, drain } = await setUp(kind);
    await store.write(async (trx) => {
      const row = await trx.selectFrom('accounts').selectAll().executeTakeFirstOrThrow();
      await trx
        .insertInto('accounts')
        .values({ ...row, user_id: 'newcomer', remote_id: null, waits_for: jane })
        .execute();
    });
    await fire(jane);
    const again = await hire();
    await drain();
    const waiting = await store.read
      .selectFrom('accounts')
      .select('waits_for')
      .where('user_id', '=', 'newcomer')
      .execute();
    expect(waiting).toEqual([{ waits_for: again }]);
  });

  it('that are bare leave nobody waiting for a name that has gone with them', async () => {
    const { store, jane, hire, fire, drain, settle } = await setUp(kind);
    await fire(jane);
    const again = await hire();
    await store.write(async (trx) => {
      const row = await trx.selectFrom('accounts').selectAll().executeTakeFirstOrThrow();
      await trx.deleteFrom('remote_links').execute();
      await trx.updateTable('accounts').set({ remote_id: null, name: 'jane' }).execute();
      const bare = { ...row, remote_id: null, due_at: null };
      await trx
        .insertInto('accounts')
        .values([
          { ...bare, user_id: again },
          { ...bare, user_id: 'newcomer', waits_for: jane },
        ])
        .execute();
    });
    await settle(again, 'r2');
    await drain();
    const newcomer = await store.read
      .selectFrom('accounts')
      .select(['waits_for', 'due_at'])
      .where('user_id', '=', 'newcomer')
      .execute();
    expect(newcomer).toEqual([{ waits_for: null, due_at: expect.any(Number) }]);
  });

  it('come to no deleted user anew, under rules that are not known yet', async () => {
    const { app, jane, hire, fire, drain, fanOutInOrder, owners } = await setUp(kind);
    await fire(jane);
    const again = await hire();
    await setTarget(app, 'acme', 'door', { rules: { outOfScope: 'delete' } });
    await fanOutInOrder(again, jane);
    expect((await owners()).accounts).toEqual([`${again} r1`]);
    await setTarget(app, 'acme', 'door', { rules: { outOfScope: 'keep' } });
    await drain();
    expect((await owners()).accounts).toEqual([`${again} r1`]);
  });

  it('remember a removal that was not done, and nothing where it was', async () => {
    const { store, jane, hire, fire, drain } = await setUp(kind);
    const memory = '{"granted":[],"remembered":[]}';
    const done = () =>
      store.write((trx) =>
        trx
          .updateTable('accounts')
          .set((row) => ({ due_at: null, outcome: 'done', observed_generation: row.ref('generation'), memory }))
          .execute(),
      );
    const askedFor = (id: string) =>
      store.read.selectFrom('changes').select('created_at').where('subject_id', '=', id).executeTakeFirstOrThrow();
    const account = () => store.read.selectFrom('accounts').selectAll().executeTakeFirstOrThrow();
    await done();
    await fire(jane);
    const removal = await askedFor(jane);
    await sleep(5);
    const again = await hire();
    await drain();
    expect(await account()).toMatchObject({ user_id: again, changed_at: removal.created_at });
    expect(JSON.parse((await account()).memory)).toMatchObject({ removalOwed: true });

    await done();
    await fire(again);
    await drain();
    await done();
    await sleep(5);
    const last = await hire();
    const rehire = await askedFor(last);
    await drain();
    expect(await account()).toMatchObject({ user_id: last, changed_at: rehire.created_at, memory });
  });

  it('are looked at again after a late answer to who worked for the former self', async () => {
    const { store, jane, hire, fire, drain, claimAll, accounts } = await setUp(kind);
    await fire(jane);
    await drain();
    const [frozen] = await claimAll('frozen');
    if (!frozen) throw new Error('nothing was claimed');
    await store.write((trx) => trx.updateTable('accounts').set({ lease_owner: null }).execute());
    await fire(await hire());
    const again = await hire();
    await drain();
    await store.write((trx) => trx.updateTable('accounts').set({ due_at: null }).execute());
    const settlement = { ...SETTLED, begunAt: Date.now(), longestEffectMs: 40_000 };
    expect(await store.write((trx) => settle(trx, frozen, settlement, Date.now()))).toBe(false);
    expect(await accounts()).toMatchObject([{ user_id: again, remote_id: 'r1', due_at: expect.any(Number) }]);
    const { verify_after } = await store.read.selectFrom('accounts').select('verify_after').executeTakeFirstOrThrow();
    expect(verify_after).toBeGreaterThan(Date.now() + 30_000);
  });

  it('that go over by a worker leave a former self for the purge', async () => {
    const { store, jane, hire, fire, drain, claimAll, tombstone } = await setUp(kind);
    await alsoElsewhere(store, { lease_owner: 'q' });
    await fire(jane);
    await drain();
    await claimAll('p');
    await hire();
    await drain();
    expect((await tombstone(jane))?.handed_over_at).toBeNull();
    const held = await store.read.selectFrom('accounts').selectAll().where('user_id', '=', jane).execute();
    expect(held).toHaveLength(2);
    for (const [index, account] of held.entries()) {
      expect((await tombstone(jane))?.handed_over_at).toBeNull();
      expect(await bequeath(store, account)).toMatchObject({ done: true });
      if (index === 1) expect((await tombstone(jane))?.handed_over_at).not.toBeNull();
    }
    expect(await purge(store, { now: Date.now() + 31 * 86_400_000 })).toBe(1);
  });

  it('are taken over by so many at once that nobody has to wait', async () => {
    const { store, directory, type, caller, drain, fanOutOnce } = await setUp(kind);
    const person = (n: number) => ({ externalId: `many-${n}`, userName: `many${n}` });
    const hire = async (n: number) => (await directory.create(caller(), type, person(n), {})).resource?.id ?? '';
    const COUNT = HEIRS + 10;
    const ids: string[] = [];
    for (let n = 0; n < COUNT; n++) ids.push(await hire(n));
    await drain();
    await store.write((trx) =>
      trx
        .updateTable('accounts')
        .set((row) => ({ due_at: null, outcome: 'done', remote_id: row.ref('user_id') }))
        .execute(),
    );
    for (const id of ids) await directory.remove(caller(), type, id, {});
    await drain();
    const heirs: string[] = [];
    for (let n = 0; n < COUNT; n++) heirs.push(await hire(n));
    const moved = async () =>
      (await store.read.selectFrom('accounts').select('user_id').where('user_id', 'in', heirs).execute()).length;
    expect(await fanOutOnce()).toBe(HEIRS);
    expect(await moved()).toBe(HEIRS);
    await drain();
    expect(await moved()).toBe(COUNT);
  });

  it('of the deleted that are empty stay at rest under new rules; the others are looked at', async () => {
    const { app, store, lanes, jane, fire, drain } = await setUp(kind);
    await fire(jane);
    await drain();
    await store.write((trx) => trx.updateTable('accounts').set({ due_at: null }).execute());
    const due = async (rules: TargetInput['rules']) => {
      await setTarget(app, 'acme', 'door', { rules });
      await lanes.refresh();
      await drain();
      const row = await store.read.selectFrom('accounts').select('due_at').executeTakeFirstOrThrow();
      await store.write((trx) => trx.updateTable('accounts').set({ due_at: null }).execute());
      return row.due_at !== null;
    };
    expect(await due({ outOfScope: 'delete' })).toBe(true);
    await store.write((trx) => trx.updateTable('accounts').set({ remote_id: null }).execute());
    expect(await due({ outOfScope: 'keep' })).toBe(false);
    await store.write((trx) => trx.updateTable('accounts').set({ outcome: 'reject' }).execute());
    expect(await due({ outOfScope: 'delete' })).toBe(true);
    await store.write(async (trx) => {
      const { tenant, target_id, user_id } = await trx.selectFrom('accounts').selectAll().executeTakeFirstOrThrow();
      await trx.updateTable('accounts').set({ outcome: 'done' }).execute();
      const intent = { id: 'i', kind: 'create' as const, keys: '{}', created_at: 1, closed_at: null, result: null };
      await trx
        .insertInto('intents')
        .values({ tenant, target_id, user_id, ...intent })
        .execute();
    });
    expect(await due({ outOfScope: 'keep' })).toBe(true);
  });
});
