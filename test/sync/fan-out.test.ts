import { randomUUIDv7 } from 'node:crypto';
import pg from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { addTarget, setTarget } from '../../src/sync/admin/targets.ts';
import { fanOut } from '../../src/sync/fan-out/fan-out.ts';
import { SLICE } from '../../src/sync/fan-out/large-changes.ts';
import { createLanes } from '../../src/sync/lanes/lanes.ts';
import { eventually, patch, STAFF, startLinkspan } from '../linkspan.ts';
import { type Kind, testDatabase } from '../stores.ts';

/** A directory with one target and a group of 300, everything fanned out and at rest, and no worker. */
async function atRest(kind: Kind) {
  const database = await testDatabase(kind);
  const secretKey = Buffer.alloc(32, 7).toString('base64');
  const app = await openApp(readConfig({ LINKSPAN_DATABASE_URL: database.url, LINKSPAN_SECRET_KEY: secretKey }));
  onTestFinished(async () => {
    await app.close();
    await database.drop();
  });
  const [user, group] = [app.resourceTypes.get('User'), app.resourceTypes.get('Group')];
  if (!user || !group) throw new Error('no types');
  const credentials = { clientId: 'a', clientSecret: 'b', username: 'DEMO/u', password: 'p', subscriptionKey: 's' };
  await addTarget(app, 'acme', 'door', 'qflow-team', {
    settings: credentials,
    rules: { assignments: [{ groupPrefix: 'Event ' }], limits: 'off' },
  });
  const ignore = () => {};
  const lanes = createLanes({ ...app, onCall: ignore, onBroken: ignore });
  await lanes.refresh();
  const caller = () => ({ tenant: 'acme', actor: 'test', idp: 'generic', activityId: randomUUIDv7() });
  const drain = async () => {
    while ((await fanOut(app.store, lanes)) > 0);
  };
  const rest = () => app.store.write((trx) => trx.updateTable('accounts').set({ due_at: null }).execute());
  const members: { value: string }[] = [];
  for (let n = 0; n < 300; n++) {
    const created = await app.directory.create(caller(), user, { userName: `user${n}` }, {});
    members.push({ value: created.resource?.id ?? '' });
  }
  const body = { displayName: 'Event 1001', members };
  const id = (await app.directory.create(caller(), group, body, {})).resource?.id ?? '';
  await drain();
  await rest();
  return {
    database,
    members,
    rest,
    drain,
    oneSlice: () => fanOut(app.store, lanes),
    due: async () => {
      const rows = await app.store.read
        .selectFrom('accounts')
        .select('user_id')
        .where('due_at', 'is not', null)
        .execute();
      return rows.length;
    },
    edit: (...operations: unknown[]) =>
      app.directory.patch(caller(), group, id, patch(...operations), { attributes: 'id' }),
    remove: () => app.directory.remove(caller(), group, id, {}),
    left: async () => {
      const rows = await app.store.read.selectFrom('members').select('member_id').execute();
      const groups = await app.store.read.selectFrom('resources').select('id').where('type', '=', 'Group').execute();
      return { members: rows.length, groups: groups.length };
    },
  };
}

describe('fan-out', () => {
  it('reaches every member of a group that is deleted while an earlier change of it is on its way', async () => {
    const { edit, oneSlice, rest, remove, drain, due, left } = await atRest('sqlite');
    await edit({ op: 'replace', path: 'externalId', value: 'e' });
    await oneSlice();
    await rest();
    await remove();
    await drain();
    expect(await due()).toBe(300);
    expect(await left()).toEqual({ members: 0, groups: 0 });
  });

  it('of one process leaves alone what another has half drained', async () => {
    const { database, edit, members, oneSlice, rest, drain, due, left } = await atRest('postgres');
    await edit({ op: 'remove', path: 'members', value: members.slice(0, 290) });
    await oneSlice();
    await rest();
    // Another process is at this change.
    const other = new pg.Client(database.url);
    await other.connect();
    await other.query('begin');
    await other.query('select * from changes for update');
    await edit({ op: 'remove', path: 'members', value: members.slice(290, 291) });
    await oneSlice();
    await other.query('rollback');
    await other.end();
    await drain();
    expect(await due()).toBe(290 - SLICE + 1);
    expect((await left()).members).toBe(9);
  });

  it('takes users on beside a large group, whatever came first', async () => {
    const linkspan = await startLinkspan({ targets: ['dashboard'] });
    const other = await linkspan.addTenant('globex', { targets: ['dashboard'] });
    const leaver = (await other('POST', '/Users', { userName: 'leaver' })).body.id;
    await linkspan.settled();
    const members = Array.from({ length: 5_000 }, (_, n) => ({ value: `somebody-${n}` }));
    const group = (await linkspan.scim('POST', '/Groups', { displayName: 'Large', members })).body.id;
    await linkspan.scim('DELETE', `/Groups/${group}`);
    await other('DELETE', `/Users/${leaver}`);
    await linkspan.settled();
    expect((await linkspan.sandbox.state()).qflow.users).toEqual([]);
  });
});

it('a scope that changes under load reaches everybody, whatever a worker knew', async () => {
  const { app, scim, sandbox, settled } = await startLinkspan({ targets: ['dashboard'] });
  for (let n = 0; n < 8; n++) await scim('POST', '/Users', { userName: `user${n}` });
  await settled();
  const disabled = async () => {
    const { users } = (await sandbox.state()).qflow;
    return users.filter(({ customData }) => customData?.includes('disabled')).length;
  };
  for (const [scope, expected] of [
    ['userType eq "Nobody"', 8],
    [STAFF, 0],
    ['userType eq "Nobody"', 8],
  ] as const) {
    let busy = true;
    const load = (async () => {
      for (let n = 0; busy; n++) await scim('POST', '/Users', { userName: `${scope}-${n}`, userType: 'EndUser' });
    })();
    await setTarget(app, 'acme', 'dashboard', { rules: { scope } });
    await eventually('the change is fanned out', async () => {
      const waiting = await app.store.read
        .selectFrom('changes')
        .select('seq')
        .where('subject', '=', 'target')
        .execute();
      return waiting.length === 0;
    });
    busy = false;
    await load;
    await settled();
    expect({ scope, disabled: await disabled() }).toEqual({ scope, disabled: expected });
  }
});

it('a scope may speak of groups, and leaving counts even where leavers are kept', async () => {
  const { app, scim, sandbox, settled } = await startLinkspan({ targets: ['dashboard'] });
  const rules = { scope: 'groups.display eq "Staff"', outOfScope: 'keep' };
  await setTarget(app, 'acme', 'dashboard', { rules });
  const jane = (await scim('POST', '/Users', { userName: 'jane' })).body.id;
  await scim('POST', '/Users', { userName: 'guest' });
  await settled();
  expect((await sandbox.state()).qflow.users).toEqual([]);
  const group = (await scim('POST', '/Groups', { displayName: 'staff', members: [{ value: jane }] })).body.id;
  await settled();
  expect((await sandbox.state()).qflow.users).toMatchObject([{ userName: 'DEMO/jane', customData: '' }]);
  await scim('DELETE', `/Groups/${group}`);
  await settled();
  expect((await sandbox.state()).qflow.users).toMatchObject([{ userName: 'DEMO/jane', customData: '' }]);
  await scim('PATCH', `/Users/${jane}`, patch({ op: 'replace', path: 'active', value: false }));
  await settled();
  expect((await sandbox.state()).qflow.users[0]?.customData).toContain('disabled');
});

it('a target is not moved to another system by mistake', async () => {
  const { app, scim, sandbox, settled } = await startLinkspan({ targets: ['dashboard'] });
  await scim('POST', '/Users', { userName: 'jane' });
  await settled();
  const elsewhere = { settings: { baseUrl: sandbox.url.replace('127.0.0.1', 'localhost') } };
  await expect(setTarget(app, 'acme', 'dashboard', elsewhere)).rejects.toThrow(/another system/);
  await setTarget(app, 'acme', 'dashboard', { ...elsewhere, sameSystem: true });
  const links = await app.store.read.selectFrom('remote_links').select('system_key').execute();
  expect(links).toMatchObject([{ system_key: expect.stringContaining('localhost') }]);
});
