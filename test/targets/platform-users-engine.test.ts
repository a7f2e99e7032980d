/** Partner platform users under the real engine: what is invited, what becomes work for a person, and how that work closes. */
import { expect, test } from 'vitest';
import { listActions } from '../../src/sync/admin/actions.ts';
import { addTarget } from '../../src/sync/admin/targets.ts';
import { eventually, type Linkspan, patch, QUICK, startLinkspan } from '../linkspan.ts';

const email = 'ada@example.com';
const ADA = {
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
  userName: 'ada',
  name: { givenName: 'Ada', familyName: 'Byron' },
  emails: [{ value: email, primary: true }],
  active: true,
};

interface World {
  linkspan: Linkspan;
  control(path: string, body: object): Promise<void>;
  platform(): Promise<{ users: { [name: string]: unknown }[]; invitations: { [name: string]: unknown }[] }>;
  /** Kinds of what is open, sorted. */
  open(): Promise<string[]>;
}

async function startWorld(): Promise<World> {
  const linkspan = await startLinkspan({ targets: [] });
  const { app, sandbox } = linkspan;
  const settings = await sandbox.credentials('platform');
  await addTarget(app, 'acme', 'platform', 'platform-users', {
    settings,
    rules: { assignments: [{ groupPrefix: 'Role ' }], limits: 'off' },
    pace: QUICK,
  });
  return {
    linkspan,
    async control(path, body) {
      const answer = await fetch(`${sandbox.url}/sandbox/${path}`, { method: 'POST', body: JSON.stringify(body) });
      if (!answer.ok) throw new Error(await answer.text());
    },
    platform: async () => ((await sandbox.state()) as unknown as { platform: never }).platform,
    open: async () => (await listActions(app.store, 'acme')).actions.map(({ kind }) => kind).sort(),
  };
}

test('a person is invited once, with the role of a group, and every later wish becomes work that closes itself', async () => {
  const { linkspan, control, platform, open } = await startWorld();
  const { scim } = linkspan;
  const user = (await scim('POST', '/Users', ADA)).body;
  await linkspan.settled();
  expect((await platform()).users).toMatchObject([{ Email: email, State: 'New', Roles: ['User'] }]);

  const group = (await scim('POST', '/Groups', { displayName: 'Role Admin', members: [{ value: user.id }] })).body;
  await eventually('roles are to be changed', async () => (await open()).join() === 'assign,unassign');
  await control('platform/edit', { email, set: { Roles: ['Admin'] } });
  await eventually('they were seen to be changed', async () => (await open()).length === 0);

  await scim('PATCH', `/Users/${user.id}`, patch({ op: 'replace', path: 'active', value: false }));
  await eventually('the user is to be blocked', async () => (await open()).join() === 'disable');
  await control('platform/block', { email });
  await eventually('the user was seen to be blocked', async () => (await open()).length === 0);
  await scim('PATCH', `/Users/${user.id}`, patch({ op: 'replace', path: 'active', value: true }));
  await eventually('the user is to be unblocked', async () => (await open()).join() === 'enable');
  await control('platform/unblock', { email });
  await eventually('the user was seen to be unblocked', async () => (await open()).length === 0);

  await scim('DELETE', `/Groups/${group.id}`);
  await eventually('the role is to be taken', async () => (await open()).join() === 'unassign');
  await control('platform/edit', { email, set: { Roles: ['User'] } });
  await eventually('it was seen to be taken', async () => (await open()).length === 0);

  await scim('DELETE', `/Users/${user.id}`);
  await eventually('the user is to be deleted', async () => (await open()).join() === 'delete');
  await control('platform/users', { email: 'somebody-else@example.com' });
  await control('platform/delete', { email });
  await eventually('the user was seen to be gone', async () => (await open()).length === 0);
  const { actions } = await listActions(linkspan.app.store, 'acme', { all: true });
  expect(new Set(actions.map(({ closedBy }) => closedBy))).toEqual(new Set(['seen']));
  expect((await platform()).invitations).toHaveLength(1);
});

test.each(['lost-response', '500-after', '500', 'reset'])(
  '%s: the person is mailed exactly once, and the role is known to be ours',
  async (kind) => {
    const { linkspan, control, platform, open } = await startWorld();
    const { scim } = linkspan;
    await control('faults', {
      system: 'platform',
      rate: 1,
      kinds: [kind],
      times: 1,
      match: 'POST /platform/users/invite',
    });
    const user = (await scim('POST', '/Users', ADA)).body;
    await linkspan.settled();
    expect((await platform()).invitations).toHaveLength(1);
    await scim('POST', '/Groups', { displayName: 'Role Admin', members: [{ value: user.id }] });
    await eventually('roles are to be changed', async () => (await open()).join() === 'assign,unassign');
  },
);

test('an unknown role is said, and hurts nothing else', async () => {
  const { linkspan, platform } = await startWorld();
  const { scim, app } = linkspan;
  const user = (await scim('POST', '/Users', { ...ADA, active: false })).body;
  for (const name of ['Role Boss', 'Role Editor']) {
    await scim('POST', '/Groups', { displayName: name, members: [{ value: user.id }] });
  }
  await scim('PATCH', `/Users/${user.id}`, patch({ op: 'replace', path: 'active', value: true }));
  await eventually('it is said', async () => {
    const account = await app.store.read.selectFrom('accounts').select(['outcome', 'reason']).executeTakeFirst();
    return account?.outcome === 'reject' && account.reason === 'the platform has no role Boss';
  });
  expect((await platform()).users).toMatchObject([{ Roles: ['Editor'] }]);
});

test('two who share an address and come at the same moment are mailed once', async () => {
  const { linkspan, platform } = await startWorld();
  const pairs = Array.from({ length: 20 }, (_, n) => `shared${n}@example.com`);
  await Promise.all(
    pairs.flatMap((value) =>
      ['a', 'b'].map((mark) =>
        linkspan.scim('POST', '/Users', { ...ADA, userName: `${mark}-${value}`, emails: [{ value, primary: true }] }),
      ),
    ),
  );
  await linkspan.settled();
  expect((await platform()).invitations.map(({ Email }) => Email).toSorted()).toEqual(pairs.toSorted());
});
