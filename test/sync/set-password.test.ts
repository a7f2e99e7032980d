import { expect, it } from 'vitest';
import { enqueue } from '../../src/sync/accounts/accounts.ts';
import { claim, release } from '../../src/sync/accounts/claims.ts';
import { readablePassword, setPassword } from '../../src/sync/admin/set-password.ts';
import { pauseByAdmin, requireTarget } from '../../src/sync/admin/targets.ts';
import { openLane } from '../../src/sync/lanes/lanes.ts';
import type { TargetType } from '../../src/targets/target.ts';
import { byHand, startLinkspan } from '../linkspan.ts';
import { describeStores } from '../stores.ts';

describeStores('a password that an administrator sets', (open) => {
  async function withLane() {
    const linkspan = await startLinkspan({ databaseUrl: await open.url(), targets: ['dashboard'] });
    const { app, scim, settled, sandbox } = linkspan;
    const { id } = (await scim('POST', '/Users', { userName: 'jane' })).body;
    await settled();
    // No server works on it from now on but the test.
    await pauseByAdmin(app, 'acme', 'dashboard', 'for the test');
    const row = await requireTarget(app.store, 'acme', 'dashboard');
    const lane = await openLane({ ...row, state: 'active' }, { ...app, onCall: () => {} });
    const key = { tenant: 'acme', target_id: row.id, user_id: String(id) };
    const asWorker = async () => {
      const now = await app.store.now();
      await app.store.write(async (trx) => {
        await trx
          .insertInto('processes')
          .values({ id: 'worker', started_at: now, alive_until: now + 60_000 })
          .execute();
        await enqueue(trx, [{ ...key, urgent: 1, activity_id: null, changed_at: now }], now);
      });
      const [account] = await claim(
        app.store,
        { tenant: 'acme', targetId: row.id, revision: row.revision },
        'worker',
        1,
      );
      if (!account) throw new Error('not claimed');
      return account;
    };
    const request = { userId: key.user_id, user: 'jane', password: 'set by hand', actor: 'cli:test' };
    const users = async () => (await sandbox.state()).qflow.users;
    return { ...linkspan, store: app.store, lane, key, asWorker, request, users };
  }

  it('is set after the worker that has the account, and not at all where that takes too long', async () => {
    const { store, lane, asWorker, request, users } = await withLane();
    const before = await users();
    const account = await asWorker();
    await expect(setPassword(store, lane, { ...request, waitMs: 150 })).rejects.toThrow('being worked on');
    expect(await users()).toEqual(before);
    const setting = setPassword(store, lane, { ...request, waitMs: 60_000 });
    await release(store, account);
    await setting;
    expect(await users()).toMatchObject([{ password: 'set by hand' }]);
  });

  it('is not set for who has lost access while it waited', async () => {
    const { store, lane, key, asWorker, request, users, scim } = await withLane();
    const account = await asWorker();
    const before = await users();
    const setting = setPassword(store, lane, { ...request, waitMs: 60_000 });
    setting.catch(() => {});
    await scim('PUT', `/Users/${key.user_id}`, { userName: 'jane', active: false });
    await release(store, account);
    await expect(setting).rejects.toThrow('jane should have no access');
    expect(await users()).toEqual(before);
  });

  it('is not set for who is disabled there', async () => {
    const { store, lane, request, users, sandbox } = await withLane();
    const [jane] = await users();
    await byHand(sandbox, 'PUT', '/users/v1/api/user', { ...jane, customData: '[linkspan:disabled]' });
    const before = await users();
    await expect(setPassword(store, lane, request)).rejects.toThrow('is disabled there');
    expect(await users()).toEqual(before);
  });

  it('is not set where the record is gone, nor where the system has no call for it', async () => {
    const { store, lane, request, users, sandbox } = await withLane();
    const plan: TargetType['plan'] = () => [];
    const without = { ...lane, type: { ...lane.type, plan } };
    await expect(setPassword(store, without, request)).rejects.toThrow('Qflow Enterprise has no call for it');
    const [jane] = await users();
    await byHand(sandbox, 'DELETE', '/users/v1/api/user', { id: jane?.id });
    await expect(setPassword(store, lane, request)).rejects.toThrow('is gone');
    expect(await store.read.selectFrom('activity').selectAll().where('action', '=', 'set password').execute()).toEqual(
      [],
    );
  });

  it('overrules one of the identity provider that waits to be delivered, and none that comes later', async () => {
    const { store, lane, key, request } = await withLane();
    const now = await store.now();
    const row = { ...key, sealed: 'sealed', initial: 0, sent: 0 } as const;
    const add = (id: string, created_at: number) =>
      store.write((trx) =>
        trx
          .insertInto('passwords')
          .values({ ...row, id, created_at })
          .execute(),
      );
    await add('later', now + 60_000);
    await setPassword(store, lane, request);
    const left = store.read.selectFrom('passwords').select('id');
    expect(await left.execute()).toEqual([{ id: 'later' }]);
    await store.write((trx) => trx.deleteFrom('passwords').execute());
    await add('earlier', now);
    await setPassword(store, lane, request);
    expect(await left.execute()).toEqual([]);
  });

  it('that is made is random, easy to read out, and has a letter of each kind and a digit', () => {
    const made = Array.from({ length: 200 }, readablePassword);
    expect(new Set(made).size).toBe(200);
    for (const password of made) {
      expect(password).toMatch(/^[A-Za-z2-9]{5}(-[A-Za-z2-9]{5}){3}$/);
      expect(password).toMatch(/^(?=.*[a-z])(?=.*[A-Z])(?=.*[2-9])[^l1IO0]*$/);
    }
  });
});
