import { randomUUIDv7 } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { addTarget } from '../../src/sync/admin/targets.ts';
import { fanOut } from '../../src/sync/fan-out/fan-out.ts';
import { gate } from '../../src/sync/holds/gate.ts';
import { dropItems, insertItems } from '../../src/sync/holds/ledger.ts';
import { type Affected, createAssessor, holdIfTooMany, TargetChanged } from '../../src/sync/holds/runs.ts';
import { forgetStarts } from '../../src/sync/holds/sweep.ts';
import { createLanes } from '../../src/sync/lanes/lanes.ts';
import type { Pass } from '../../src/sync/work/pass.ts';
import { type Kind, testDatabase } from '../stores.ts';

const CREDENTIALS = { clientId: 'a', clientSecret: 'b', username: 'DEMO/u', password: 'p', subscriptionKey: 's' };
const PLAN = [{ kind: 'disable' as const, call: 'PUT /x' }];
const INACTIVE = { user: null, desired: { presence: 'inactive' as const, keys: {}, fields: {}, assignments: [] } };

/** A directory with a limited target, and neither worker nor assessor: what happens happens when the test says so. */
async function setUp(kind: Kind) {
  const database = await testDatabase(kind);
  const secretKey = Buffer.alloc(32, 7).toString('base64');
  const app = await openApp(readConfig({ LINKSPAN_DATABASE_URL: database.url, LINKSPAN_SECRET_KEY: secretKey }));
  onTestFinished(async () => {
    await app.close();
    await database.drop();
  });
  const [user, group] = [app.resourceTypes.get('User'), app.resourceTypes.get('Group')];
  if (!user || !group) throw new Error('no types');
  await addTarget(app, 'acme', 'door', 'qflow-team', {
    settings: CREDENTIALS,
    rules: { limits: { disable: { count: 1 } } },
  });
  const ignore = () => {};
  const lanes = createLanes({ ...app, onCall: ignore, onBroken: ignore });
  await lanes.refresh();
  const [lane] = lanes.all();
  if (!lane) throw new Error('no lane');
  const { store, directory } = app;
  const caller = () => ({ tenant: 'acme', actor: 'test', idp: 'generic', activityId: randomUUIDv7() });
  const assessor = createAssessor(store, lanes);
  return {
    store,
    lane,
    lanes,
    hire: async (userName: string) => (await directory.create(caller(), user, { userName }, {})).resource?.id ?? '',
    gather: async (displayName: string, ids: readonly string[]) => {
      const body = { displayName, members: ids.map((value) => ({ value })) };
      return (await directory.create(caller(), group, body, {})).resource?.id ?? '';
    },
    disband: (id: string) => directory.remove(caller(), group, id, {}),
    drain: async () => {
      while ((await fanOut(store, lanes)) > 0);
    },
    waiting: async () => (await store.read.selectFrom('changes').select('subject').execute()).map((row) => row.subject),
    waitingTenants: () => assessor.waiting(),
    assess: () => assessor.assess('acme', new AbortController().signal),
    /** What a worker that wants to disable this account may do. */
    ask: (userId: string) => {
      const account = { tenant: 'acme', target_id: lane.targetId, user_id: userId };
      return gate({ store, lane, account, unheld: [] } as unknown as Pass, INACTIVE, PLAN);
    },
    items: () => store.read.selectFrom('hold_items').select(['user_id', 'hold_id']).orderBy('user_id').execute(),
  };
}

async function* disabling(...userIds: string[]): AsyncGenerator<Affected> {
  for (const userId of userIds) yield { userId, kinds: ['disable'] };
}

const RECONCILE = { origin: 'reconcile', what: 'the comparison', key: 'reconcile 1' } as const;

describe.each(['sqlite', 'postgres'] as const)('what concerns many (%s)', (kind) => {
  it('is not fanned out before it has been compared with the limits; one user does not wait for that', async () => {
    const { store, hire, drain, waiting, assess } = await setUp(kind);
    await hire('jane');
    await drain();
    expect(await waiting()).toEqual(['target']);
    expect(await store.read.selectFrom('accounts').select('user_id').execute()).toHaveLength(1);
    expect(await assess()).toBe(1);
    expect(await assess()).toBe(0);
    await drain();
    expect(await waiting()).toEqual([]);
  });

  it('is not run ahead of, by those whom it concerns', async () => {
    const { hire, gather, disband, assess, ask, drain } = await setUp(kind);
    const [jane, joe] = [await hire('jane'), await hire('joe')];
    await expect(ask(joe)).rejects.toMatchObject({ failure: { kind: 'snooze', afterMs: 1_000 } });
    await assess();
    const group = await gather('Staff', [jane]);
    await drain();
    await disband(group);
    await expect(ask(jane)).rejects.toMatchObject({ failure: { kind: 'snooze' } });
    expect(await ask(joe)).toMatchObject({ plan: PLAN, held: null });
    await assess();
    // The one that may begin has begun.
    expect((await ask(jane)).held).toMatch(/^disable is held back by hold \w{8} \(more than 1 within 24 hours\)/);
    expect(await ask(joe)).toMatchObject({ plan: PLAN, held: null });
  });

  it('is held by whoever compares it: all of it where that and what has begun lately is too much, else none', async () => {
    const { store, lane, ask, items, assess } = await setUp(kind);
    await assess();
    expect(await holdIfTooMany(store, lane, RECONCILE, disabling('a'))).toEqual([]);
    const [id] = await holdIfTooMany(store, lane, RECONCILE, disabling('a', 'b'));
    expect(await items()).toEqual(['a', 'b'].map((user_id) => ({ user_id, hold_id: id })));
    const hold = await store.read.selectFrom('holds').selectAll().executeTakeFirstOrThrow();
    expect(hold).toMatchObject({ id, origin: 'reconcile', reason: 'the comparison would disable 2: more than 1' });
    expect((await ask('b')).held).toContain(`hold ${id}`);
    const approvedUntil = (expires_at: number) =>
      store.write((trx) => trx.updateTable('holds').set({ state: 'approved', expires_at }).execute());
    await approvedUntil(Date.now() + 60_000);
    expect(await ask('b')).toMatchObject({ plan: PLAN, held: null, approved: ['disable'] });
    await approvedUntil(Date.now() - 60_000);
    expect((await ask('b')).held).toContain(`hold ${id}`);
    await store.write((trx) => trx.updateTable('holds').set({ state: 'open', expires_at: null }).execute());

    // Again, for a process may have ended before it had said that it was done: nobody is held twice.
    expect(await holdIfTooMany(store, lane, RECONCILE, disabling('a', 'b', 'c'))).toEqual([]);
    expect(await ask('c')).toMatchObject({ held: null });
    const [other] = await holdIfTooMany(store, lane, { ...RECONCILE, key: 'reconcile 2' }, disabling('d'));
    const reasons = await store.read
      .selectFrom('holds')
      .select('reason')
      .where('id', '=', other ?? '')
      .execute();
    expect(reasons).toEqual([{ reason: 'the comparison would disable 1, after 1 within 24 hours: more than 1' }]);
  });

  it('is held while it is put together; what never was is taken over by the next, or let go in an hour', async () => {
    const { store, lane, ask, items, hire, drain } = await setUp(kind);
    const jane = await hire('jane');
    await drain();
    const { revision: _, ...about } = { ...lane, kind: 'disable' as const, holdId: 'unborn' };
    await store.write((trx) => insertItems(trx, about, ['a', 'b', jane], 1));
    await store.write((trx) => trx.updateTable('changes').set({ assessed: 1 }).execute());
    expect((await ask('a')).held).toBe('disable is held back: it belongs to a set that is being put together');
    const [id] = await holdIfTooMany(store, lane, RECONCILE, disabling('a', 'b'));
    expect((await items()).filter(({ hold_id }) => hold_id === id).map(({ user_id }) => user_id)).toEqual(['a', 'b']);
    await store.write((trx) => trx.updateTable('accounts').set({ due_at: null }).execute());
    await forgetStarts(store);
    expect(await items()).toHaveLength(2);
    const account = await store.read.selectFrom('accounts').select(['due_at', 'urgent']).executeTakeFirstOrThrow();
    expect(account).toEqual({ due_at: expect.any(Number), urgent: 1 });
  });

  it('is held once, though two processes compare it at the same time', async () => {
    const { store, lane, items } = await setUp(kind);
    const slowly = async function* () {
      for await (const each of disabling('a', 'b')) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        yield each;
      }
    };
    const made = await Promise.all([1, 2].map(() => holdIfTooMany(store, lane, RECONCILE, slowly())));
    const [id, ...others] = made.flat();
    expect(others).toEqual([]);
    expect(await items()).toEqual(['a', 'b'].map((user_id) => ({ user_id, hold_id: id })));
    // Nor is it added to by one who comes late.
    expect(await holdIfTooMany(store, lane, RECONCILE, disabling('c', 'd', 'e'))).toEqual([]);
    expect(await items()).toHaveLength(2);
  });

  it.each(['removed', 'given new rules'])('holds nobody where the target is %s meanwhile', async (what) => {
    const { store, lane, items } = await setUp(kind);
    const affected = async function* () {
      yield* disabling('a', 'b');
      await store.write(async (trx) => {
        if (what === 'removed') await trx.deleteFrom('targets').execute();
        const revision = lane.revision + 1;
        await trx.updateTable('targets').set({ revision }).execute();
      });
    };
    await expect(holdIfTooMany(store, lane, RECONCILE, affected())).rejects.toThrow(TargetChanged);
    expect(await items()).toEqual([]);
    expect(await store.read.selectFrom('holds').selectAll().execute()).toEqual([]);
  });

  it('is not taken out of a set by a worker who looked before it was put together', async () => {
    const { store, lane, items } = await setUp(kind);
    await holdIfTooMany(store, lane, RECONCILE, disabling('a', 'b'));
    const account = { tenant: 'acme', target_id: lane.targetId, user_id: 'a' };
    const { created_at } = await store.read.selectFrom('hold_items').select('created_at').executeTakeFirstOrThrow();
    await store.write((trx) => dropItems(trx, account, ['disable'], created_at - 1));
    expect(await items()).toHaveLength(2);
    await store.write((trx) => dropItems(trx, account, ['disable'], created_at));
    expect(await items()).toMatchObject([{ user_id: 'b' }]);
  });

  it('and what has begun is forgotten after a day', async () => {
    const { store, ask, assess } = await setUp(kind);
    await assess();
    expect(await ask('a')).toMatchObject({ held: null });
    expect((await ask('b')).held).not.toBeNull();
    // It is tried again, and counts once.
    expect(await ask('a')).toMatchObject({ held: null });
    await forgetStarts(store);
    expect((await ask('c')).held).not.toBeNull();
    const yesterday = (await store.now()) - 86_400_000;
    await store.write((trx) => trx.updateTable('starts').set({ started_at: yesterday }).execute());
    expect(await ask('d')).toMatchObject({ held: null });
    expect((await ask('e')).held).not.toBeNull();
    await store.write((trx) => trx.updateTable('starts').set({ started_at: yesterday }).execute());
    await forgetStarts(store);
    expect(await store.read.selectFrom('starts').selectAll().execute()).toEqual([]);
  });
});
