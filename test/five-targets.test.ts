/** Five targets of one tenant, and two tenants behind the same five systems. */
import path from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { openLanes } from '../src/cli/users.ts';
import { addTarget, findTarget, setTarget } from '../src/sync/admin/targets.ts';
import { explain } from '../src/sync/explain/explain.ts';
import { addDemoTenant, rolesOf, stateOf, writesAfter } from './five-targets.ts';
import {
  eventually,
  type Linkspan,
  patch,
  QUICK,
  type Sandbox,
  type Scim,
  STAFF,
  startLinkspan,
  startSandbox,
  unsettled,
} from './linkspan.ts';
import { readRecordings } from './replay-recording.ts';

vi.setConfig({ testTimeout: 120_000 });

const recordings = readRecordings(path.join(import.meta.dirname, 'recordings'));

/** As each identity provider writes its first user: userName, e-mail, given and family name, full name. */
const FIRST: Record<string, [userName: string, email: string, given: string, family: string, full: string]> = {
  'authentik.json': ['alice', 'alice@ex.com', 'Alice', 'A', 'Alice A'],
  'entra-groups.json': ['jdoe@contoso.com', 'jdoe@contoso.com', 'Jane', 'Doe', 'Jane Doe'],
  // Without an e-mail address.
  'entra-legacy.json': ['aking@contoso.com', 'aking@contoso.com', 'Ada', 'King', 'Ada King'],
  'jumpcloud.json': ['scim-test@ex.com', 'scim-test@ex.com', 'Test', 'User', 'Test User'],
  'keycloak.json': ['alice', 'alice@ex.com', 'Alice', 'A', 'Alice A'],
  'okta-aiw.json': ['jane@ex.com', 'jane@ex.com', 'Jane', 'Doe', 'Jane Doe'],
  'okta-import.json': ['user1@ex.com', 'user1@ex.com', 'User', '1', 'User 1'],
  'okta-oin.json': ['jane@ex.com', 'jane@ex.com', 'Jane', 'Doe', 'Jane Doe'],
  'onelogin.json': ['jane@ex.com', 'jane@ex.com', 'Jane', 'Doe', 'Jane Doe'],
};

async function ownSandbox(): Promise<Sandbox> {
  const sandbox = await startSandbox();
  onTestFinished(() => sandbox.close());
  return sandbox;
}

it('puts a user of each identity provider, as recorded, wherever its scope lets it', async () => {
  const linkspan = await startLinkspan({ tenant: null });
  const withUsers = recordings.filter(({ exchanges }) => exchanges.some(isCreate));
  // The other recording of Entra makes no user.
  expect(withUsers.map(({ file }) => file)).toEqual(Object.keys(FIRST));
  const pushed = await Promise.all(
    withUsers.map(async ({ file, idp, headers, bodyHeaders, exchanges }) => {
      const sandbox = await ownSandbox();
      const scim = await addDemoTenant(linkspan, file.replace('.json', ''), { sandbox, idp });
      const user = JSON.parse(JSON.stringify(exchanges.find(isCreate)?.request.body).replaceAll('{{n}}', '1'));
      const all = Object.entries({ ...headers, ...bodyHeaders }).map(([name, value]) => [name.toLowerCase(), value]);
      const { authorization: _, ...sent } = Object.fromEntries(all);
      const made = await scim('POST', '/Users', user, sent);
      expect(`${file} ${made.status}`).toBe(`${file} 201`);
      const guest = { ...user, userName: 'guest', externalId: 'guest', userType: 'EndUser' };
      const asGuest = { ...guest, emails: [{ value: 'Guest@ex.com', primary: true, type: 'work' }] };
      expect(`${file} ${(await scim('POST', '/Users', asGuest, sent)).status}`).toBe(`${file} 201`);
      const event = { displayName: 'Event 1003', members: [{ value: made.body.id }] };
      expect((await scim('POST', '/Groups', event)).status).toBe(201);
      return { file, sandbox };
    }),
  );
  await linkspan.settled(60_000);
  for (const { file, sandbox } of pushed) {
    const [userName, email, given, family, full] = FIRST[file] ?? [];
    const { qflow, flowmate, uflow, platform } = await stateOf(sandbox);
    expect({ file, users: qflow.users }).toMatchObject({
      file,
      users: [{ userName: `DEMO/${userName}`, email, firstName: given, lastName: family }],
    });
    expect({ file, members: qflow.teamMembers }).toMatchObject({
      file,
      members: [{ userName: `DEMO/${userName}`, email, firstName: given, lastName: family }],
    });
    expect(qflow.assignments).toMatchObject([{ eventId: '1003' }]);
    expect({ file, users: flowmate.users }).toMatchObject({
      file,
      users: [{ username: userName, firstname: given, lastname: family, status: 'ACTIVE' }],
    });
    expect({ file, users: platform.users }).toMatchObject({
      file,
      users: [{ Email: email, FirstName: given, LastName: family, Roles: ['User'] }],
    });
    expect(platform.invitations).toHaveLength(1);
    expect({ file, users: uflow.endUsers }).toMatchObject({
      file,
      users: [{ email: 'Guest@ex.com', name: full, active: true }],
    });
  }
});

const isCreate = ({ request, response }: (typeof recordings)[number]['exchanges'][number]) =>
  request.method === 'POST' && request.path === '/Users' && response.status === 201;

const person = (name: string, userType = 'Employee') => ({
  userName: `${name}@example.com`,
  name: { givenName: name, familyName: 'Doe' },
  userType,
});

/** @returns the lanes of a tenant that have something left to do. */
async function open({ url }: Linkspan, tenant: string): Promise<string[]> {
  const lanes = (await unsettled(url)).filter((line) => line.includes(`tenant="${tenant}"`) && !line.endsWith(' 0'));
  return lanes.map((line) => /target="(\w+)"/.exec(line)?.[1] ?? line);
}

/** Eight people and what groups give them, the same each time. */
async function pushInto(scim: Scim): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 1; n <= 8; n++) {
    ids.push((await scim('POST', '/Users', person(`p${n}`, n > 6 ? 'EndUser' : 'Employee'))).body.id);
  }
  const members = ids.map((value) => ({ value }));
  await scim('POST', '/Groups', { displayName: 'Event 1001', members });
  await scim('POST', '/Groups', { displayName: 'Role Editor', members: members.slice(0, 1) });
  return ids;
}

describe.each(['sqlite', 'postgres'] as const)('a target with wrong credentials (%s)', (kind) => {
  it('pauses within one failure, says why, keeps every wish, and the four others do what they always do', async () => {
    const linkspan = await startLinkspan({ kind, tenant: null });
    const { app } = linkspan;
    const sandbox = await ownSandbox();
    const { permanentToken: _, ...settings } = await sandbox.credentials('flowmate');
    const first = () =>
      addTarget(app, 'wrong', 'flows', 'flowmate', {
        settings: { ...settings, password: 'wrong' },
        rules: { scope: STAFF, assignments: [{ groupPrefix: 'Role ' }], limits: 'off' },
        // So rarely tried that no try is counted with the failures.
        pace: { ...QUICK, probeMs: 86_400_000 },
      });
    const scim = await addDemoTenant(linkspan, 'wrong', { sandbox, first });
    await pushInto(scim);
    await eventually('the others are done', async () => (await open(linkspan, 'wrong')).join() === 'flows');
    await eventually('it is paused', async () => (await findTarget(app.store, 'wrong', 'flows'))?.state === 'paused');

    // Nobody fails twice: only who was begun with at the same time finds out as well.
    const flowmate = (await sandbox.calls()).filter(({ path }) => path.startsWith('/flowmate'));
    expect(new Set(flowmate.map(({ method, path, status }) => `${method} ${path} ${status}`))).toEqual(
      new Set(['POST /flowmate/login 403']),
    );
    expect(flowmate.length).toBeLessThanOrEqual(8);
    const paused = await findTarget(app.store, 'wrong', 'flows');
    expect(paused?.paused_reason).toMatch(/log-in|credential|password/i);
    expect(paused?.paused_reason).not.toContain('"wrong"');
    expect((await stateOf(sandbox)).flowmate.users).toEqual([]);

    // And from then on nobody asks any more.
    const mark = await sandbox.mark();
    await scim('POST', '/Users', person('later'));
    await eventually('the others go on', async () => (await stateOf(sandbox)).platform.users.length === 7);
    await eventually('they are done', async () => (await open(linkspan, 'wrong')).join() === 'flows');
    const after = (await sandbox.calls()).filter(({ number, path }) => number > mark && path.startsWith('/flowmate'));
    expect(after).toEqual([]);

    // What the others do is what they do beside a target that works.
    const control = await ownSandbox();
    const other = await addDemoTenant(linkspan, 'right', { sandbox: control });
    await pushInto(other);
    await other('POST', '/Users', person('later'));
    await eventually('all five are done', async () => (await open(linkspan, 'right')).length === 0);
    const besides = async (each: Sandbox) =>
      Object.fromEntries(Object.entries(await writesAfter(each, 0)).filter(([call]) => !call.includes('/flowmate')));
    expect(await besides(sandbox)).toEqual(await besides(control));

    const { password = '' } = await sandbox.credentials('flowmate');
    await setTarget(app, 'wrong', 'flows', { settings: { password } });
    await eventually('it goes on by itself', async () => (await open(linkspan, 'wrong')).length === 0);
    const state = await stateOf(sandbox);
    expect(state.flowmate.users.map(({ username }) => username).sort()).toEqual(
      ['later', 'p1', 'p2', 'p3', 'p4', 'p5', 'p6'].map((name) => `${name}@example.com`),
    );
    expect(rolesOf(state, 'p1@example.com')).toEqual(['Editor']);
    expect((await findTarget(app.store, 'wrong', 'flows'))?.state).toBe('active');
  });

  it('goes on by itself where the system takes again what it refused', async () => {
    const linkspan = await startLinkspan({ kind, tenant: null });
    const { app } = linkspan;
    const sandbox = await ownSandbox();
    const profile = async (bearer: string) =>
      fetch(`${sandbox.url}/sandbox/profile`, {
        method: 'POST',
        body: JSON.stringify({ system: 'flowmate', profile: { bearer } }),
      });
    await profile('refused');
    await pushInto(await addDemoTenant(linkspan, 'acme', { sandbox }));
    await eventually('the others are done', async () => (await open(linkspan, 'acme')).join() === 'flows');
    await eventually('it is paused', async () => (await findTarget(app.store, 'acme', 'flows'))?.state === 'paused');
    await profile('accepted');
    await eventually('it goes on by itself', async () => (await open(linkspan, 'acme')).length === 0);
    expect((await stateOf(sandbox)).flowmate.users).toHaveLength(6);
  });
});

describe.each(['sqlite', 'postgres'] as const)('two tenants behind the same five systems (%s)', (kind) => {
  it("never link one record twice, touch what is the other one's, or learn who that is", async () => {
    const linkspan = await startLinkspan({ kind, tenant: null });
    const { app } = linkspan;
    const sandbox = await ownSandbox();
    const first = await addDemoTenant(linkspan, 'first-inc', { sandbox });
    const second = await addDemoTenant(linkspan, 'second-inc', { sandbox });
    const people = [person('jane'), person('gus', 'EndUser')];
    const push = async (scim: typeof first) => {
      const ids: string[] = [];
      for (const each of people) ids.push((await scim('POST', '/Users', each)).body.id as string);
      await scim('POST', '/Groups', { displayName: 'Event 1001', members: ids.map((value) => ({ value })) });
      await scim('POST', '/Groups', { displayName: 'Role Editor', members: ids.map((value) => ({ value })) });
      return ids;
    };
    const firstIds = await push(first);
    await linkspan.settled();
    const before = await stateOf(sandbox);
    const mark = await sandbox.mark();

    const secondIds = await push(second);
    await linkspan.settled();
    const links = await app.store.read.selectFrom('remote_links').selectAll().execute();
    expect(new Set(links.map(({ system_key, remote_id }) => `${system_key} ${remote_id}`)).size).toBe(links.length);
    expect(await stateOf(sandbox)).toEqual({ ...before, calls: expect.anything() });

    // What the second asks for touches nothing of the first.
    const [jane = '', gus = ''] = secondIds;
    await second('PATCH', `/Users/${jane}`, patch({ op: 'replace', path: 'name.givenName', value: 'Mallory' }));
    await second('PATCH', `/Users/${gus}`, patch({ op: 'replace', path: 'active', value: false }));
    await linkspan.settled();
    await second('DELETE', `/Users/${jane}`);
    await second('DELETE', `/Users/${gus}`);
    await linkspan.settled();
    expect(await stateOf(sandbox)).toEqual({ ...before, calls: expect.anything() });
    expect(Object.keys(await writesAfter(sandbox, mark)).filter((call) => !call.startsWith('POST'))).toEqual([]);

    const lanes = await openLanes(app, 'second-inc', null);
    const told = JSON.stringify([
      await Promise.all(secondIds.map((id) => explain(app.store, lanes, 'second-inc', id))),
      await app.store.read.selectFrom('accounts').selectAll().where('tenant', '=', 'second-inc').execute(),
      await app.store.read.selectFrom('activity').selectAll().where('tenant', '=', 'second-inc').execute(),
    ]);
    expect(told).not.toContain('first-inc');
    for (const id of firstIds) expect(told).not.toContain(id);
  });
});
