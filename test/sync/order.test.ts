import { describe, expect, it } from 'vitest';
import { byHand, eventually, patch, type Sandbox, type SandboxCall, startLinkspan } from '../linkspan.ts';
import { startProxy } from '../proxy.ts';

const isCreate = (call: SandboxCall) => call.method === 'POST' && /\/(user|teammember)$/.test(call.path);
const isUnassign = (call: SandboxCall) => call.path.includes('/unassign/');

async function callsAfter(sandbox: Sandbox, mark: number): Promise<SandboxCall[]> {
  return (await sandbox.calls()).filter((call) => call.number > mark);
}

describe('what takes access away goes first', () => {
  it('unassigns before the creates that wait, reads that it is so, and keeps the receipt', async () => {
    const linkspan = await startLinkspan({ pace: { concurrency: 1, ratePerSecond: 60 } });
    const { scim, sandbox, settled, app } = linkspan;
    const jane = (await scim('POST', '/Users', { userName: 'jane@example.com' })).body.id;
    const group = (await scim('POST', '/Groups', { displayName: 'Event 1001', members: [{ value: jane }] })).body.id;
    await settled();
    expect((await sandbox.state()).qflow.assignments).toHaveLength(1);

    const mark = await sandbox.mark();
    const newcomers: string[] = [];
    for (let n = 0; n < 25; n++) {
      newcomers.push((await scim('POST', '/Users', { userName: `newcomer${n}@example.com` })).body.id);
    }
    const members = newcomers.map((value) => ({ value }));
    await scim('PATCH', `/Groups/${group}`, patch({ op: 'add', path: 'members', value: members }));
    await scim('PATCH', `/Groups/${group}`, patch({ op: 'remove', path: `members[value eq "${jane}"]` }));
    await settled(30_000);

    const calls = (await callsAfter(sandbox, mark)).filter((call) => call.template?.startsWith('/checkin'));
    const unassigned = calls.findIndex(isUnassign);
    const createsBefore = calls.slice(0, unassigned).filter(isCreate).length;
    const createsAfter = calls.slice(unassigned).filter(isCreate).length;
    expect(unassigned).toBeGreaterThan(-1);
    expect(createsBefore + createsAfter).toBe(25);
    expect(createsAfter).toBeGreaterThan(20);
    // Confirmed by a read that came after.
    expect(calls.slice(unassigned + 1).find((call) => call.method === 'GET')?.template).toMatch(/\/events$/);
    const receipts = await app.store.read.selectFrom('receipts').selectAll().where('user_id', '=', jane).execute();
    expect(receipts).toMatchObject([{ kind: 'unassign', subject: '1001', evidence: 'read', emulated: 0 }]);
    expect(receipts[0]?.confirmed_at).toBeGreaterThanOrEqual(receipts[0]?.requested_at ?? Number.POSITIVE_INFINITY);
  });

  it('disables who leaves the scope by an ordinary edit before the creates that wait', async () => {
    const { scim, sandbox, settled } = await startLinkspan({
      targets: ['dashboard'],
      pace: { concurrency: 1, ratePerSecond: 60 },
    });
    const jane = (await scim('POST', '/Users', { userName: 'jane' })).body.id;
    await settled();
    const mark = await sandbox.mark();
    for (let n = 0; n < 25; n++) await scim('POST', '/Users', { userName: `newcomer${n}` });
    await scim('PATCH', `/Users/${jane}`, patch({ op: 'add', path: 'userType', value: 'EndUser' }));
    await settled(30_000);
    const calls = await callsAfter(sandbox, mark);
    const disabled = calls.findIndex((call) => call.path.endsWith('/changepassword'));
    expect(disabled).toBeGreaterThan(-1);
    expect(calls.slice(disabled).filter(isCreate).length).toBeGreaterThan(15);
  });

  it('removes before it renames, and assigns last', async () => {
    const { scim, sandbox, settled } = await startLinkspan({ targets: ['door'] });
    const jane = (await scim('POST', '/Users', { userName: 'jane@example.com' })).body.id;
    const member = { members: [{ value: jane }] };
    const first = (await scim('POST', '/Groups', { displayName: 'Event 1001', ...member })).body.id;
    await settled();
    const mark = await sandbox.mark();
    // While the target stands still, everything comes together.
    await sandbox.faults({ kinds: ['500'], rate: 1 });
    await scim('PATCH', `/Users/${jane}`, patch({ op: 'replace', path: 'userName', value: 'jane.roe@example.com' }));
    await scim('POST', '/Groups', { displayName: 'Event 1002', ...member });
    await scim('DELETE', `/Groups/${first}`);
    await sandbox.faults({ rate: 0 });
    await settled();
    const writes = (await callsAfter(sandbox, mark)).filter((call) => call.method !== 'GET' && call.fault === null);
    const kinds = writes.flatMap(({ path }) => /(unassign|update|assign)/.exec(path)?.[1] ?? []);
    expect(kinds).toEqual(['unassign', 'update', 'assign']);
  });

  it('moves a person from one event to another when the group is renamed', async () => {
    const { scim, sandbox, settled } = await startLinkspan({ targets: ['door'] });
    const jane = (await scim('POST', '/Users', { userName: 'jane' })).body.id;
    const group = (await scim('POST', '/Groups', { displayName: 'Event 1001', members: [{ value: jane }] })).body.id;
    await settled();
    await scim('PATCH', `/Groups/${group}`, patch({ op: 'replace', path: 'displayName', value: 'Event 1002' }));
    await settled();
    expect((await sandbox.state()).qflow.assignments).toMatchObject([{ eventId: '1002' }]);
  });

  it('takes away only what it granted, and on return gives back what others had granted', async () => {
    const { scim, sandbox, settled } = await startLinkspan({ targets: ['door'] });
    const jane = (await scim('POST', '/Users', { userName: 'jane' })).body.id;
    await scim('POST', '/Groups', { displayName: 'Event 1001', members: [{ value: jane }] });
    await settled();
    const memberId = (await sandbox.state()).qflow.teamMembers[0]?.id ?? '';
    await byHand(sandbox, 'POST', `/checkin/v1/api/teammember/${memberId}/assign/1005`);

    const events = async () => (await sandbox.state()).qflow.assignments.map(({ eventId }) => eventId).sort();
    await scim('PATCH', `/Users/${jane}`, patch({ op: 'replace', path: 'displayName', value: 'Jane' }));
    await settled();
    expect(await events()).toEqual(['1001', '1005']);
    await scim('PATCH', `/Users/${jane}`, patch({ op: 'replace', path: 'active', value: false }));
    await settled();
    expect(await events()).toEqual([]);
    await scim('PATCH', `/Users/${jane}`, patch({ op: 'replace', path: 'active', value: true }));
    await settled();
    expect(await events()).toEqual(['1001', '1005']);
  });

  it('lets an unknown event hurt only its own assignment', async () => {
    const { scim, sandbox, settled, app } = await startLinkspan({ targets: ['door'] });
    const jane = (await scim('POST', '/Users', { userName: 'jane' })).body.id;
    await scim('POST', '/Groups', { displayName: 'Event 9999', members: [{ value: jane }] });
    await scim('POST', '/Groups', { displayName: 'Event 1003', members: [{ value: jane }] });
    await settled();
    expect((await sandbox.state()).qflow.assignments).toMatchObject([{ eventId: '1003' }]);
    const account = await app.store.read.selectFrom('accounts').selectAll().executeTakeFirstOrThrow();
    expect(account).toMatchObject({ outcome: 'reject', reason: expect.stringContaining('9999') });
  });
});

describe('names', () => {
  it('never links one remote record to two users (the silent collision)', async () => {
    const { scim, sandbox, settled, app } = await startLinkspan({ targets: ['door'] });
    const first = (await scim('POST', '/Users', { userName: 'kelly', emails: [{ value: 'kelly@example.com' }] })).body
      .id;
    await scim('POST', '/Groups', { displayName: 'Event 1001', members: [{ value: first }] });
    await settled();
    // Qflow trims the name; to SCIM these are two.
    const second = (await scim('POST', '/Users', { userName: ' kelly', emails: [{ value: 'other@example.com' }] })).body
      .id;
    await scim('POST', '/Groups', { displayName: 'Event 1002', members: [{ value: second }] });
    await settled();
    const { teamMembers, assignments } = (await sandbox.state()).qflow;
    expect(teamMembers).toMatchObject([{ email: 'kelly@example.com' }]);
    expect(assignments).toMatchObject([{ eventId: '1001' }]);
    const account = await app.store.read
      .selectFrom('accounts')
      .selectAll()
      .where('user_id', '=', second)
      .executeTakeFirstOrThrow();
    expect(account).toMatchObject({ outcome: 'reject', remote_id: null });
  });

  it('never links one remote record in two tenants, and tells neither of the other', async () => {
    const linkspan = await startLinkspan({ targets: ['dashboard'] });
    const other = await linkspan.addTenant('globex', { targets: ['dashboard'] });
    const jane = { userName: 'jane', emails: [{ value: 'jane@example.com' }], title: 'first' };
    await linkspan.scim('POST', '/Users', jane);
    await linkspan.settled();
    const second = (await other('POST', '/Users', { ...jane, name: { familyName: 'Hijack' } })).body.id;
    await linkspan.settled();
    const account = await linkspan.app.store.read
      .selectFrom('accounts')
      .selectAll()
      .where('user_id', '=', second)
      .executeTakeFirstOrThrow();
    expect(account).toMatchObject({ outcome: 'reject', remote_id: null, situation: 'already-linked' });
    expect(account.reason).not.toContain('acme');
    await other('DELETE', `/Users/${second}`);
    await linkspan.settled();
    expect((await linkspan.sandbox.state()).qflow.users).toMatchObject([{ userName: 'DEMO/jane', lastName: '' }]);
  });

  it('swaps the names of two users, by way of a third name', async () => {
    const { scim, sandbox, settled } = await startLinkspan();
    const ids = new Map<string, string>();
    for (const name of ['a', 'b']) {
      const emails = [{ value: `${name}@example.com` }];
      ids.set(name, (await scim('POST', '/Users', { userName: name, emails })).body.id);
    }
    const members = [...ids.values()].map((value) => ({ value }));
    await scim('POST', '/Groups', { displayName: 'Event 1001', members });
    await settled();
    const rename = (id: string | undefined, userName: string) =>
      scim('PATCH', `/Users/${id}`, patch({ op: 'replace', value: { userName } }));
    await sandbox.faults({ kinds: ['500'], rate: 1 });
    await rename(ids.get('a'), 'c');
    await rename(ids.get('b'), 'a');
    await rename(ids.get('a'), 'b');
    await sandbox.faults({ rate: 0 });
    await settled();
    const { users, teamMembers } = (await sandbox.state()).qflow;
    const byEmail = (records: Record<string, string>[]) =>
      Object.fromEntries(records.map(({ email, userName }) => [email, userName?.toLowerCase()]));
    expect(byEmail(users)).toEqual({ 'a@example.com': 'demo/b', 'b@example.com': 'demo/a' });
    expect(byEmail(teamMembers)).toEqual({ 'a@example.com': 'demo/b', 'b@example.com': 'demo/a' });
  });

  it('gives a freed name to a newcomer once it is free', async () => {
    const { scim, sandbox, settled } = await startLinkspan();
    const leaver = (await scim('POST', '/Users', { userName: 'jane', emails: [{ value: 'old@example.com' }] })).body.id;
    await settled();
    await scim('DELETE', `/Users/${leaver}`);
    await scim('POST', '/Users', { userName: 'jane', emails: [{ value: 'new@example.com' }] });
    await settled();
    expect((await sandbox.state()).qflow.users).toMatchObject([{ userName: 'DEMO/jane', email: 'new@example.com' }]);
  });

  it.each(['a+b@example.com', "o'brien@example.com", 'straße', 'İstanbul', 'smile😀@example.com', '100%/x y'])(
    'carries %s through to both systems and finds it again',
    async (userName) => {
      const { scim, sandbox, settled } = await startLinkspan();
      const { status, body } = await scim('POST', '/Users', { userName, emails: [{ value: 'p@example.com' }] });
      expect({ status, userName: body.userName }).toEqual({ status: 201, userName });
      await scim('POST', '/Groups', { displayName: 'Event 1001', members: [{ value: body.id }] });
      await settled();
      const { users, teamMembers, assignments } = (await sandbox.state()).qflow;
      expect(users).toMatchObject([{ userName: `DEMO/${userName}` }]);
      expect(teamMembers).toHaveLength(1);
      expect(assignments).toHaveLength(1);
      const found = await scim('GET', `/Users?filter=${encodeURIComponent(`userName eq "${userName}"`)}`);
      expect(found.body.Resources).toMatchObject([{ id: body.id }]);
      expect((await scim('POST', '/Users', { userName })).body).toMatchObject({
        status: '409',
        scimType: 'uniqueness',
      });
      await scim('DELETE', `/Users/${body.id}`);
      await settled();
      const after = (await sandbox.state()).qflow;
      expect({ users: after.users, teamMembers: after.teamMembers }).toEqual({ users: [], teamMembers: [] });
    },
  );
});

it('makes of ten edits within one lease at most two writes', async () => {
  const linkspan = await startLinkspan({ targets: [] });
  const { app, sandbox, settled } = linkspan;
  const proxy = await startProxy(sandbox.url);
  const credentials = async () => ({ ...(await sandbox.credentials('qflow')), baseUrl: proxy.url });
  const pace = { callTimeoutMs: 60_000 };
  const scim = await linkspan.addTenant('globex', {
    targets: ['dashboard'],
    pace,
    sandbox: { ...sandbox, credentials },
  });
  const { id } = (await scim('POST', '/Users', { userName: 'jane' })).body;
  await settled();
  const puts = async () => (await sandbox.state()).calls['PUT /users/v1/api/user'] ?? 0;
  const before = await puts();
  const rename = (n: number) =>
    scim('PATCH', `/Users/${id}`, patch({ op: 'replace', path: 'name.familyName', value: `Doe ${n}` }));
  const first = proxy.hold(/^PUT \/users\/v1\/api\/user$/);
  await rename(0);
  await first.arrived;
  for (let n = 1; n < 10; n++) await rename(n);
  await eventually('all are fanned out', async () => {
    return (await app.store.read.selectFrom('changes').select('seq').execute()).length === 0;
  });
  first.letGo();
  await settled();
  expect((await sandbox.state()).qflow.users).toMatchObject([{ lastName: 'Doe 9' }]);
  expect((await puts()) - before).toBe(2);
});

it('follows a user who is no longer in scope', async () => {
  const { scim, sandbox, settled } = await startLinkspan();
  const { id } = (await scim('POST', '/Users', { userName: 'jane' })).body;
  const endUser = (await scim('POST', '/Users', { userName: 'guest', userType: 'EndUser' })).body;
  await settled();
  expect((await sandbox.state()).qflow.users).toHaveLength(1);
  await scim('PATCH', `/Users/${id}`, patch({ op: 'add', path: 'userType', value: 'EndUser' }));
  await scim('PATCH', `/Users/${endUser.id}`, patch({ op: 'remove', path: 'userType' }));
  await eventually('both have moved', async () => {
    const { users } = (await sandbox.state()).qflow;
    const disabled = (name: string) =>
      users.find(({ userName }) => userName === name)?.customData?.includes('disabled');
    return disabled('DEMO/jane') === true && disabled('DEMO/guest') === false;
  });
});
