import { describe, expect, it } from 'vitest';
import { eventually, startLinkspan } from '../linkspan.ts';
import { startProxy } from '../proxy.ts';

/** A tenant whose calls go through a proxy that can hold an answer back, and its one account. */
async function behindProxy() {
  const linkspan = await startLinkspan({ targets: [] });
  const { app, sandbox } = linkspan;
  const proxy = await startProxy(sandbox.url);
  const credentials = async () => ({ ...(await sandbox.credentials('qflow')), baseUrl: proxy.url });
  const scim = await linkspan.addTenant('globex', { targets: ['dashboard'], sandbox: { ...sandbox, credentials } });
  const account = () => app.store.read.selectFrom('accounts').selectAll().executeTakeFirstOrThrow();
  /** As another process does when it finds the lease expired. */
  const takeOver = (owner: string | null) =>
    app.store.write((trx) =>
      trx
        .updateTable('accounts')
        .set((row) => ({
          lease_owner: owner,
          lease_epoch: row('lease_epoch', '+', 1),
          generation: row('generation', '+', 1),
          due_at: Date.now(),
        }))
        .execute(),
    );
  const open = () => app.store.read.selectFrom('intents').selectAll().where('closed_at', 'is', null).execute();
  return { ...linkspan, scim, proxy, account, takeOver, open };
}

describe('a worker that has lost its account', () => {
  it('links nothing, closes no intent and settles nothing; whoever comes next finds what it made', async () => {
    const { app, scim, sandbox, proxy, account, takeOver, open, settled } = await behindProxy();
    const held = proxy.hold(/^POST \/users\/v1\/api\/user$/);
    await scim('POST', '/Users', { userName: 'jane' });
    await held.arrived;
    await takeOver('somebody-else');
    await app.store.write((trx) =>
      trx
        .insertInto('processes')
        .values({ id: 'somebody-else', started_at: 0, alive_until: Date.now() + 20_000 })
        .execute(),
    );
    held.letGo();
    // Refused, the settle leaves word that the account has to be looked at again.
    await eventually('the refused settle', async () => (await account()).verify_after !== null);
    expect(await account()).toMatchObject({ lease_owner: 'somebody-else', remote_id: null, outcome: null });
    expect(await open()).toHaveLength(1);

    await takeOver(null);
    await settled();
    const { users } = (await sandbox.state()).qflow;
    expect(users).toMatchObject([{ userName: 'DEMO/jane' }]);
    expect(await account()).toMatchObject({ outcome: 'done', remote_id: users[0]?.id });
    expect((await sandbox.state()).calls['POST /users/v1/api/user']).toBe(1);
  });

  it('leaves nobody behind who was deleted meanwhile', async () => {
    const { scim, sandbox, proxy, account, takeOver, settled } = await behindProxy();
    const held = proxy.hold(/^POST \/users\/v1\/api\/user$/);
    const { id } = (await scim('POST', '/Users', { userName: 'jane' })).body;
    await held.arrived;
    await takeOver(null);
    await scim('DELETE', `/Users/${id}`);
    held.letGo();
    await eventually(
      'a look after the delete',
      async () => (await account()).last_error_at !== null || (await account()).last_success_at !== null,
    );
    await settled();
    expect((await sandbox.state()).qflow.users).toEqual([]);
  });
});
