/** The tenant that `linkspan demo` makes, over real HTTP: who goes where, and what becomes of them. */
import { describe, expect, it, vi } from 'vitest';
import { furnish } from '../../src/cli/demo.ts';
import { listTargets } from '../../src/sync/admin/targets.ts';
import { asked, rolesOf, stateOf, writesAfter } from '../five-targets.ts';
import { type Linkspan, patch, type Scim, scimClient, startLinkspan } from '../linkspan.ts';
import type { Kind } from '../stores.ts';

vi.setConfig({ testTimeout: 120_000 });

interface Demo extends Linkspan {
  create(user: Record<string, unknown>): Promise<string>;
  group(displayName: string, ...members: string[]): Promise<string>;
  set(id: string, path: string, value: unknown): Promise<void>;
  /** Whom people are asked to do something about. */
  todo(): Promise<string[]>;
}

async function startDemo(kind: Kind = 'sqlite'): Promise<Demo> {
  const linkspan = await startLinkspan({ kind, tenant: null });
  const demoToken = 'demo_0123456789abcdef';
  await furnish(linkspan.app, { ...linkspan.config, demoToken }, linkspan.sandbox.url);
  const scim: Scim = scimClient(linkspan.url, 'demo', demoToken);
  const made = async (path: string, body: unknown) => {
    const answer = await scim('POST', path, body);
    expect(answer.status, JSON.stringify(answer.body)).toBe(201);
    return answer.body.id as string;
  };
  return {
    ...linkspan,
    scim,
    create: (user) => made('/Users', user),
    group: (displayName, ...members) => made('/Groups', { displayName, members: members.map((value) => ({ value })) }),
    async set(id, path, value) {
      expect((await scim('PATCH', `/Users/${id}`, patch({ op: 'replace', path, value }))).status).toBe(200);
    },
    todo: async () =>
      (await asked(linkspan, 'demo'))
        .map(({ target, kind, subject }) => [target, kind, subject].join(' ').trim())
        .sort(),
  };
}

const JANE = {
  userName: 'Jane.Doe',
  name: { givenName: 'Jane', familyName: 'Doe' },
  emails: [
    { value: 'second@example.com', type: 'home' },
    { value: 'jane@example.com', type: 'work', primary: true },
  ],
  userType: 'Employee',
};
const GUS = {
  userName: 'gus',
  name: { givenName: 'Gus', familyName: 'Guest' },
  emails: [{ value: 'gus@example.com' }, { value: 'other@example.com' }],
  userType: 'EndUser',
};

describe.each(['sqlite', 'postgres'] as const)('the demo tenant (%s)', (kind) => {
  it('sends staff to dashboard, flows and platform, and to the door with a group; end users to guests alone', async () => {
    const { app, sandbox, settled, create, group, scim, todo } = await startDemo(kind);
    const targets = await listTargets(app, 'demo');
    expect(Object.fromEntries(targets.map(({ name, type, state }) => [name, `${type} ${state}`]))).toEqual({
      dashboard: 'qflow-enterprise active',
      door: 'qflow-team active',
      flows: 'flowmate active',
      platform: 'platform-users active',
      guests: 'uflow active',
    });
    for (const { rules, pace } of targets) {
      expect(rules).toMatchObject({ existing: 'exact', outOfScope: 'disable', deleted: 'delete' });
      expect(
        Object.values(rules.limits).every((limit) => JSON.stringify(limit) === JSON.stringify(rules.limits.disable)),
      );
      expect(pace).toMatchObject({
        ratePerSecond: 0,
        callTimeoutMs: 1_000,
        backoffMaxMs: 2_000,
        settleMs: 2_000,
        probeMs: 1_000,
      });
    }

    const before = await sandbox.mark();
    const jane = await create(JANE);
    await create(GUS);
    await create({ userName: 'solo@example.com' });
    await settled();
    let state = await stateOf(sandbox);
    expect(state.qflow.users).toHaveLength(2);
    expect(state.qflow.users).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          userName: 'DEMO/Jane.Doe',
          email: 'jane@example.com',
          firstName: 'Jane',
          lastName: 'Doe',
        }),
        expect.objectContaining({ userName: 'DEMO/solo@example.com', email: 'solo@example.com' }),
      ]),
    );
    expect(state.qflow.teamMembers).toEqual([]);
    expect(state.flowmate.users).toHaveLength(2);
    expect(state.flowmate.users).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          username: 'jane.doe',
          firstname: 'Jane',
          lastname: 'Doe',
          status: 'ACTIVE',
          roles: [],
        }),
        expect.objectContaining({ username: 'solo@example.com', status: 'ACTIVE' }),
      ]),
    );
    expect(state.platform.users).toHaveLength(2);
    expect(state.platform.users).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          Email: 'jane@example.com',
          FirstName: 'Jane',
          LastName: 'Doe',
          Roles: ['User'],
          State: 'New',
        }),
        expect.objectContaining({ Email: 'solo@example.com', Roles: ['User'] }),
      ]),
    );
    expect(state.uflow.endUsers).toMatchObject([{ email: 'gus@example.com', name: 'Gus Guest', active: true }]);
    expect(await writesAfter(sandbox, before)).toEqual({
      'POST /users/v1/api/user': 2,
      'POST /flowmate/api/users': 2,
      'POST /platform/users/invite': 2,
      'POST /uflow/user/clients/register': 1,
    });
    expect(await todo()).toEqual([]);

    const between = await sandbox.mark();
    const groupId = await group('Event 1001', jane);
    await settled();
    state = await stateOf(sandbox);
    expect(state.qflow.teamMembers).toMatchObject([
      { userName: 'DEMO/jane.doe', email: 'jane@example.com', firstName: 'Jane', lastName: 'Doe' },
    ]);
    const [{ id } = { id: '' }] = state.qflow.teamMembers;
    expect(state.qflow.assignments).toEqual([{ teamMemberId: id, eventId: '1001' }]);
    expect(await writesAfter(sandbox, between)).toEqual({
      'POST /checkin/v1/api/teammember': 1,
      'POST /checkin/v1/api/teammember/{teamMemberId}/assign/{eventId}': 1,
    });

    await scim('PATCH', `/Groups/${groupId}`, patch({ op: 'remove', path: `members[value eq "${jane}"]` }));
    await settled();
    state = await stateOf(sandbox);
    expect([state.qflow.teamMembers.length, state.qflow.assignments]).toEqual([1, []]);
  });

  it('takes what is gone and gives it back: inactive, active again, out of scope, deleted', async () => {
    const { sandbox, settled, create, group, scim, set, todo } = await startDemo(kind);
    const [jane, gus] = [await create(JANE), await create(GUS)];
    await group('Event 1001', jane);
    await group('Role Editor', gus);
    await settled();
    const password = (await stateOf(sandbox)).qflow.users[0]?.password;

    const before = await sandbox.mark();
    await set(jane, 'active', false);
    await set(gus, 'active', false);
    await settled();
    let state = await stateOf(sandbox);
    expect(state.qflow.users).toMatchObject([{ customData: expect.stringContaining('disabled') }]);
    expect(state.qflow.users[0]?.password).not.toBe(password);
    expect([state.qflow.teamMembers.length, state.qflow.assignments]).toEqual([1, []]);
    expect(state.flowmate.users).toMatchObject([{ status: 'DISABLED' }]);
    expect(state.platform.users).toMatchObject([{ Email: 'jane@example.com', State: 'New' }]);
    expect(state.uflow.endUsers).toMatchObject([{ email: 'gus@example.com', active: false }]);
    expect(await todo()).toEqual(['platform disable']);
    expect(await writesAfter(sandbox, before)).toEqual({
      'PUT /users/v1/api/user': 1,
      // Before the mark and after it: the PUT may have blanked the password.
      'PUT /users/v1/api/user/changepassword': 2,
      'POST /checkin/v1/api/teammember/{teamMemberId}/unassign/{eventId}': 1,
      'PATCH /flowmate/api/users/{id}': 1,
      'POST /uflow/admin/enduser/active': 1,
    });

    await set(jane, 'active', true);
    await set(gus, 'active', true);
    await settled();
    state = await stateOf(sandbox);
    expect(String(state.qflow.users[0]?.customData ?? '')).not.toContain('disabled');
    expect(state.qflow.assignments).toMatchObject([{ eventId: '1001' }]);
    expect(state.flowmate.users).toMatchObject([{ status: 'ACTIVE' }]);
    expect(state.uflow.endUsers).toMatchObject([{ email: 'gus@example.com', active: true }]);
    expect(await todo()).toEqual([]);

    await set(jane, 'userType', 'EndUser');
    await settled();
    state = await stateOf(sandbox);
    expect(state.qflow.users).toMatchObject([{ customData: expect.stringContaining('disabled') }]);
    expect(state.qflow.assignments).toEqual([]);
    expect(state.flowmate.users).toMatchObject([{ status: 'DISABLED' }]);
    expect(await todo()).toEqual(['platform disable']);
    expect(state.uflow.endUsers.map(({ email, active }) => `${email} ${active}`).sort()).toEqual([
      'gus@example.com true',
      'jane@example.com true',
    ]);
    await set(jane, 'userType', 'Employee');
    await settled();
    state = await stateOf(sandbox);
    expect(state.flowmate.users).toMatchObject([{ status: 'ACTIVE' }]);
    expect(state.qflow.assignments).toMatchObject([{ eventId: '1001' }]);
    expect(state.uflow.endUsers.find(({ email }) => email === 'jane@example.com')?.active).toBe(false);
    expect(await todo()).toEqual([]);

    expect((await scim('DELETE', `/Users/${jane}`)).status).toBe(204);
    expect((await scim('DELETE', `/Users/${gus}`)).status).toBe(204);
    await settled();
    state = await stateOf(sandbox);
    expect([state.qflow.users, state.qflow.teamMembers, state.flowmate.users]).toEqual([[], [], []]);
    expect(state.uflow.endUsers.filter(({ active }) => active)).toEqual([]);
    expect(state.uflow.endUsers.map(({ email }) => email)).toContain('gus@example.com');
    expect(state.platform.users).toHaveLength(1);
    expect(state.platform.invitations).toHaveLength(1);
    expect(await todo()).toEqual(['platform delete']);
  });

  it('gives roles in FlowMate by a call, in the platform by the invitation or else by hand', async () => {
    const { sandbox, settled, create, group, set, scim, todo, url } = await startDemo(kind);
    // Whoever is inactive is not invited yet: so the group is there before.
    const [jane, late] = [await create(JANE), await create({ userName: 'late@example.com', active: false })];
    await settled();
    expect((await stateOf(sandbox)).platform.users).toMatchObject([{ Email: 'jane@example.com' }]);
    const before = await sandbox.mark();
    const editors = await group('Role Editor', jane, late);
    await settled();
    let state = await stateOf(sandbox);
    expect(rolesOf(state, 'jane.doe')).toEqual(['Editor']);
    expect(state.platform.users).toMatchObject([{ Roles: ['User'] }]);
    expect(await todo()).toEqual(['platform assign role:Editor', 'platform unassign role:User']);
    expect(await writesAfter(sandbox, before)).toEqual({ 'PATCH /flowmate/api/users/{id}': 1 });

    await set(late, 'active', true);
    await settled();
    state = await stateOf(sandbox);
    expect(state.platform.users.find(({ Email }) => Email === 'late@example.com')).toMatchObject({ Roles: ['Editor'] });
    expect(rolesOf(state, 'late@example.com')).toEqual(['Editor']);

    await scim('PATCH', `/Groups/${editors}`, patch({ op: 'remove', path: `members[value eq "${jane}"]` }));
    await settled();
    expect(rolesOf(await stateOf(sandbox), 'jane.doe')).toEqual([]);
    expect(await todo()).toEqual([]);

    // Unknown: nothing else suffers.
    await group('Role Emperor', jane);
    await group('Event 4711', jane);
    await group('Role Viewer', jane);
    await group('Event 1002', jane);
    await settled();
    state = await stateOf(sandbox);
    expect(rolesOf(state, 'jane.doe')).toEqual(['Viewer']);
    expect(state.qflow.assignments).toMatchObject([{ eventId: '1002' }]);
    expect(await todo()).toEqual(['platform assign role:Viewer', 'platform unassign role:User']);
    await set(jane, 'name.givenName', 'Janet');
    await settled();
    state = await stateOf(sandbox);
    expect(state.qflow.users.find(({ userName }) => userName === 'DEMO/Jane.Doe')?.firstName).toBe('Janet');
    expect(state.flowmate.users.find(({ username }) => username === 'jane.doe')?.firstname).toBe('Janet');
    const metrics = await (await fetch(`${url}/metrics`)).text();
    const rejected = metrics.split('\n').filter((line) => line.startsWith('linkspan_accounts_rejected{'));
    const needPerson = rejected.filter((line) => !line.endsWith(' 0')).map((line) => /target="(\w+)"/.exec(line)?.[1]);
    expect(needPerson.sort()).toEqual(['door', 'flows', 'platform']);
  });
});
