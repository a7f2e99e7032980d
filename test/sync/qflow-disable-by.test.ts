import { expect, it } from 'vitest';
import { setTarget } from '../../src/sync/admin/targets.ts';
import { patch, startLinkspan } from '../linkspan.ts';
import { describeStores } from '../stores.ts';

/** What a Qflow Enterprise target does with who should be inactive, through the whole engine. */
describeStores('disableBy of a Qflow Enterprise target', (open) => {
  async function withPolicy(disableBy: string) {
    const linkspan = await startLinkspan({ databaseUrl: await open.url(), targets: ['dashboard'] });
    const { app, scim, settled, sandbox } = linkspan;
    await setTarget(app, 'acme', 'dashboard', { settings: { disableBy } });
    const { id } = (await scim('POST', '/Users', { userName: 'jane' })).body;
    await settled();
    const setActive = async (value: boolean) => {
      await scim('PATCH', `/Users/${id}`, patch({ op: 'replace', path: 'active', value }));
      await settled();
    };
    const users = async () => (await sandbox.state()).qflow.users;
    return { ...linkspan, setActive, users };
  }

  it('delete: the user goes with a receipt of the deletion that was asked for, and is made anew on return', async () => {
    const { setActive, users, app } = await withPolicy('delete');
    const [before] = await users();
    await setActive(false);
    expect(await users()).toEqual([]);
    const receipts = await app.store.read.selectFrom('receipts').selectAll().execute();
    expect(receipts).toMatchObject([
      { kind: 'delete', evidence: 'read', emulated: 0, actor: expect.stringMatching(/^token:/) },
    ]);
    const account = await app.store.read.selectFrom('accounts').selectAll().executeTakeFirstOrThrow();
    expect(account).toMatchObject({ outcome: 'done', remote_id: null, removals: null });
    await setActive(true);
    const [again] = await users();
    expect(again).toMatchObject({ userName: before?.userName, email: before?.email });
    expect(again?.id).not.toBe(before?.id);
  });

  it('delete: a target whose rules delete nobody deletes nobody for being inactive either', async () => {
    const { setActive, users, app } = await withPolicy('delete');
    await setTarget(app, 'acme', 'dashboard', { rules: { neverDelete: true } });
    const before = await users();
    await setActive(false);
    expect(await users()).toEqual(before);
    const account = await app.store.read.selectFrom('accounts').selectAll().executeTakeFirstOrThrow();
    expect(account).toMatchObject({
      outcome: 'reject',
      reason: expect.stringContaining('nobody is ever deleted here'),
    });
  });

  it('keep: nothing is called that changes anything, and nobody is said to have lost access', async () => {
    const { setActive, users, app, sandbox } = await withPolicy('keep');
    const before = await users();
    const mark = await sandbox.mark();
    await setActive(false);
    expect(await users()).toEqual(before);
    const changing = (await sandbox.calls()).filter(({ number, method, path }) => {
      return number > mark && method !== 'GET' && !path.startsWith('/identity');
    });
    expect(changing).toEqual([]);
    expect(await app.store.read.selectFrom('receipts').selectAll().execute()).toEqual([]);
  });
});
