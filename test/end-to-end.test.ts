import { describe, expect, it } from 'vitest';
import { type Linkspan, patch, startLinkspan } from './linkspan.ts';

async function userAndGroup({ scim }: Linkspan, userName = 'jane@example.com') {
  const user = await scim('POST', '/Users', { userName, name: { givenName: 'Jane', familyName: 'Doe' } });
  const group = await scim('POST', '/Groups', { displayName: 'Event 1001', members: [{ value: user.body.id }] });
  return { userId: user.body.id as string, groupId: group.body.id as string };
}

describe.each(['sqlite', 'postgres'] as const)('a push reaches both systems (%s)', (kind) => {
  it('creates, assigns, renames, unassigns, disables and deletes', async () => {
    const linkspan = await startLinkspan({ kind });
    const { scim, sandbox, settled } = linkspan;
    const { userId, groupId } = await userAndGroup(linkspan);
    await settled();
    let state = await sandbox.state();
    expect(state.qflow.users).toMatchObject([{ userName: 'DEMO/jane@example.com', email: 'jane@example.com' }]);
    expect(state.qflow.teamMembers).toMatchObject([{ email: 'jane@example.com', firstName: 'Jane' }]);
    expect(state.qflow.assignments).toMatchObject([{ eventId: '1001' }]);
    const memberId = state.qflow.teamMembers[0]?.id;

    await scim('PATCH', `/Users/${userId}`, patch({ op: 'replace', path: 'userName', value: 'jane.roe@example.com' }));
    await settled();
    state = await sandbox.state();
    expect(state.qflow.users).toMatchObject([{ userName: 'DEMO/jane.roe@example.com' }]);
    expect(state.qflow.teamMembers).toMatchObject([{ id: memberId, userName: 'DEMO/jane.roe@example.com' }]);

    await scim('PATCH', `/Groups/${groupId}`, patch({ op: 'remove', path: `members[value eq "${userId}"]` }));
    await settled();
    expect((await sandbox.state()).qflow.assignments).toEqual([]);

    await scim('PATCH', `/Users/${userId}`, patch({ op: 'replace', path: 'active', value: false }));
    await settled();
    state = await sandbox.state();
    expect(state.qflow.users[0]?.customData).toMatch(/disabled/);
    expect(state.calls['PUT /users/v1/api/user/changepassword']).toBeGreaterThan(0);

    await scim('DELETE', `/Users/${userId}`);
    await settled();
    state = await sandbox.state();
    expect(state.qflow.users).toEqual([]);
    expect(state.qflow.teamMembers).toEqual([]);
  });
});
