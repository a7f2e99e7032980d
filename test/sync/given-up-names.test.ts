import { expect, it } from 'vitest';
import { eventually, patch, type Scim, startLinkspan } from '../linkspan.ts';
import { startProxy } from '../proxy.ts';

const named = (userName: string) =>
  patch({ op: 'replace', value: { userName, emails: [{ value: `${userName}@example.com`, primary: true }] } });

const create = async (scim: Scim, userName: string): Promise<string> =>
  (await scim('POST', '/Users', { userName, emails: [{ value: `${userName}@example.com` }] })).body.id;

it('a name given up by a rename that landed late is free, though the next name was refused', async () => {
  // A late call takes effect 3 s after it was cut.
  const pace = { settleMs: 2_500, backoffMinMs: 8_000, backoffMaxMs: 8_000 };
  const linkspan = await startLinkspan({ targets: ['dashboard'], pace });
  const { scim, sandbox, settled } = linkspan;
  const names = async () => (await sandbox.state()).qflow.users.map(({ userName }) => userName).sort();
  await create(await linkspan.addTenant('globex', { targets: ['dashboard'] }), 'taken');
  const mover = await create(scim, 'old');
  await settled();
  await sandbox.faults({ kinds: ['late'], match: 'PUT /users/v1/api/user/changeusername', times: 1 });
  await scim('PATCH', `/Users/${mover}`, named('between'));
  await eventually('the late rename', async () => (await names()).includes('DEMO/between'));
  await scim('PATCH', `/Users/${mover}`, named('taken'));
  await settled(20_000);
  await create(scim, 'old');
  await settled(20_000);
  expect(await names()).toEqual(['DEMO/between', 'DEMO/old', 'DEMO/taken']);
});

it.each([0, 9])(
  'a name that was taken when it was asked for, and free at the look, is asked for again after %i other failures',
  async (attempts) => {
    const linkspan = await startLinkspan({ targets: [] });
    const { sandbox, settled } = linkspan;
    const proxy = await startProxy(sandbox.url);
    const credentials = async () => ({ ...(await sandbox.credentials('qflow')), baseUrl: proxy.url });
    const scim = await linkspan.addTenant('globex', { targets: ['dashboard'], sandbox: { ...sandbox, credentials } });
    const other = await linkspan.addTenant('initech', { targets: ['dashboard'] });
    const holder = await create(other, 'taken');
    const mover = await create(scim, 'old');
    await settled();
    await linkspan.app.store.write((trx) => trx.updateTable('accounts').set({ attempts }).execute());
    const refused = proxy.hold(/changeusername/);
    await scim('PATCH', `/Users/${mover}`, named('taken'));
    await refused.arrived;
    await other('DELETE', `/Users/${holder}`);
    await eventually('the holder is gone', async () => (await sandbox.state()).qflow.users.length === 1);
    refused.letGo();
    await settled();
    expect((await sandbox.state()).qflow.users).toMatchObject([{ userName: 'DEMO/taken', email: 'taken@example.com' }]);
  },
);
