import { describe, expect, it, vi } from 'vitest';
import { setTarget } from '../../src/sync/admin/targets.ts';
import { warningsAbout } from '../../src/sync/rules/grants.ts';
import { patch, startLinkspan } from '../linkspan.ts';
import { describeStores } from '../stores.ts';
import { directoryWorld } from './directory-world.ts';

/** Real systems and a real database each. */
vi.setConfig({ testTimeout: 180_000 });

async function staffOnly(kind: 'sqlite' | 'postgres' = 'sqlite') {
  const linkspan = await startLinkspan({ targets: ['dashboard'], kind });
  const { app, scim, settled, sandbox } = linkspan;
  await setTarget(app, 'acme', 'dashboard', { rules: { scope: null, groups: ['Staff', 'Guests of honour'] } });
  const jane = (await scim('POST', '/Users', { userName: 'jane' })).body.id as string;
  const joe = (await scim('POST', '/Users', { userName: 'joe' })).body.id as string;
  const inner = (await scim('POST', '/Groups', { displayName: 'Team', members: [{ value: joe }] })).body.id as string;
  const members = [{ value: jane }, { value: inner }];
  const staff = await scim('POST', '/Groups', { displayName: 'STAFF', members });
  await settled();
  return {
    ...linkspan,
    jane,
    joe,
    inner,
    staff: staff.body.id as string,
    /** User names that have access there, sorted. */
    working: async () => {
      await settled();
      const { users } = (await sandbox.state()).qflow;
      return users
        .filter(({ customData }) => !customData?.includes('disabled'))
        .map(({ userName }) => userName?.replace('DEMO/', ''))
        .sort();
    },
    receipts: () => app.store.read.selectFrom('receipts').select(['user_id', 'kind', 'activity_id']).execute(),
  };
}

describe.each(['sqlite', 'postgres'] as const)('a scope of named groups (%s)', (kind) => {
  it('lets their members in, through groups too, whatever the case of the name', async () => {
    const { working, scim } = await staffOnly(kind);
    await scim('POST', '/Users', { userName: 'ann' });
    expect(await working()).toEqual(['jane', 'joe']);
  });

  it.each([
    ['renamed', 'PATCH', patch({ op: 'replace', path: 'displayName', value: 'Alumni' })],
    ['emptied', 'PATCH', patch({ op: 'remove', path: 'members' })],
    ['deleted', 'DELETE', undefined],
  ] as const)('takes them out when the group is %s, and the receipts name that request', async (_, method, body) => {
    const { working, scim, staff, jane, joe, receipts } = await staffOnly(kind);
    const answer = await scim(method, `/Groups/${staff}`, body);
    expect(await working()).toEqual([]);
    const activity_id = answer.headers.get('x-request-id');
    const expected = [jane, joe].map((user_id) => ({ user_id, kind: 'disable', activity_id }));
    expect(await receipts()).toEqual(expect.arrayContaining(expected));
  });
});

describe('a scope of named groups', () => {
  it('is met together with the filter', async () => {
    const { app, scim, working, joe } = await staffOnly();
    await setTarget(app, 'acme', 'dashboard', { rules: { scope: 'title eq "Guide"' } });
    expect(await working()).toEqual([]);
    await scim('PATCH', `/Users/${joe}`, patch({ op: 'add', path: 'title', value: 'guide' }));
    expect(await working()).toEqual(['joe']);
  });

  it('is held back where a group that is deleted would take out more than the limits allow, those below included', async () => {
    const { app, scim, staff, working } = await staffOnly();
    await setTarget(app, 'acme', 'dashboard', { rules: { limits: { disable: { count: 1 } } } });
    await scim('DELETE', `/Groups/${staff}`);
    expect(await working()).toEqual(['jane', 'joe']);
    const holds = await app.store.read.selectFrom('holds').select(['kind', 'reason']).execute();
    expect(holds).toMatchObject([{ kind: 'disable', reason: expect.stringMatching(/would disable 2/) }]);
  });

  it('keeps everybody who is kept out of scope by rule', async () => {
    const { app, scim, staff, working } = await staffOnly();
    await setTarget(app, 'acme', 'dashboard', { rules: { outOfScope: 'keep' } });
    await scim('DELETE', `/Groups/${staff}`);
    expect(await working()).toEqual(['jane', 'joe']);
  });

  it('that nobody has made yet is worth a warning, and no error', async () => {
    const { app, scim, working } = await staffOnly();
    await setTarget(app, 'acme', 'dashboard', { rules: { groups: ['Nobody', 'team'] } });
    expect(await working()).toEqual(['joe']);
    expect(await warningsAbout(app.store, 'acme', { groups: ['Nobody', 'team'] })).toEqual([
      'No group is called "Nobody" now: nobody is in scope by it until there is one.',
    ]);
    await scim('POST', '/Groups', { displayName: 'Nobody' });
    expect(await warningsAbout(app.store, 'acme', { groups: ['Nobody'] })).toEqual([]);
    await expect(setTarget(app, 'acme', 'dashboard', { rules: { groups: [] } })).rejects.toThrow(/groups/);
  });
});

describeStores('out of scope by a group', (open) => {
  it('goes first: the members and those below are urgent, whatever else is changed', async () => {
    const world = await directoryWorld(await open.url(), { groups: ['Staff'], assignments: [] });
    const { user, group, edit, drain, due, restLinked } = world;
    const [jane, joe] = [await user('jane'), await user('joe')];
    const staff = await group('Staff', [jane, await group('Team', [joe])]);
    await drain();
    expect([...(await due()).keys()].toSorted()).toEqual([jane, joe].toSorted());
    await restLinked('1001');
    await edit(staff, { op: 'replace', path: 'displayName', value: 'Alumni' });
    await drain();
    expect(await due()).toEqual(new Map([jane, joe].map((id) => [id, 1])));
  });

  it.each([1, 0])(
    'is asked for by the change of the group, not by an edit of the user beside it (%i)',
    async (late) => {
      const { app, user, group, take, editUser, drain, rest } = await directoryWorld(await open.url(), {
        groups: ['Staff'],
      });
      const jane = await user('jane');
      const staff = await group('Staff', [await group('Team', [jane])]);
      const team = (await app.store.read.selectFrom('members').select('member_id').execute()).find(
        ({ member_id }) => member_id !== jane,
      );
      await drain();
      await rest();
      await app.store.write((trx) => trx.updateTable('accounts').set({ remote_id: 'r1', outcome: 'done' }).execute());
      const title = { op: 'replace', path: 'title', value: 'Guide' };
      if (!late) await editUser(jane, title);
      await take(staff, team?.member_id ?? '');
      if (late) await editUser(jane, title);
      await drain();
      const asked = await app.store.read.selectFrom('activity').select('id').where('resource_id', '=', staff).execute();
      expect(await app.store.read.selectFrom('accounts').select(['removal_activity_id', 'urgent']).execute()).toEqual([
        {
          removal_activity_id: asked
            .map(({ id }) => id)
            .sort()
            .at(-1),
          urgent: 1,
        },
      ]);
    },
  );
});
