import { describe, expect, it, vi } from 'vitest';
import { approveAdoption, listAdoptions, refuseAdoption } from '../../src/sync/admin/adoptions.ts';
import { addTarget, setTarget } from '../../src/sync/admin/targets.ts';
import { whyUser } from '../../src/sync/why/timeline.ts';
import { asAdopted, ask, judge, type Question } from '../../src/sync/work/adoption.ts';
import { defineTarget, type Step, type TargetType } from '../../src/targets/target.ts';
import { byHand, eventually, type Linkspan, QUICK, STAFF, startLinkspan } from '../linkspan.ts';
import { startProxy } from '../proxy.ts';
import {
  accountOf,
  accountsOf,
  edit,
  hire,
  JANE,
  sandboxWithDoubles,
  setRules,
  userByHand,
  users,
} from './adopting.ts';

vi.setConfig({ testTimeout: 120_000 });

const about = { tenant: 'acme', target: 'dashboard' };
const remove = (linkspan: Linkspan, id: string) => byHand(linkspan.sandbox, 'DELETE', '/users/v1/api/user', { id });

/** A target that differs from `qflow-enterprise` in telling addresses apart by the case of their letters. */
async function addExacting({ app, sandbox }: Linkspan): Promise<void> {
  const enterprise = app.types.get('qflow-enterprise') as TargetType;
  const exacting = defineTarget({
    ...enterprise,
    type: 'exacting',
    plan(desired, observed, memory, settings) {
      const steps = enterprise.plan(desired, observed, memory, settings);
      const [now, email = ''] = [observed?.fields.email, desired?.fields.email];
      if (!observed || !desired || now === email) return steps;
      const change: Step = { kind: 'update', call: 'PUT /users/v1/api/user', body: { id: observed.id, email } };
      return [...steps, change];
    },
  } satisfies TargetType);
  (app.types as Map<string, TargetType>).set('exacting', exacting);
  const known = Object.keys(enterprise.settings.shape);
  const given = Object.entries(await sandbox.credentials('qflow')).filter(([name]) => known.includes(name));
  await addTarget(app, 'acme', 'exacting', 'exacting', { settings: Object.fromEntries(given), pace: QUICK });
}

describe.each(['sqlite', 'postgres'] as const)('a record that was there before (%s)', (kind) => {
  describe('under the rule "exact"', () => {
    it('is linked, made what it should be but for its names, and the account says so', async () => {
      const linkspan = await startLinkspan({ kind, targets: ['dashboard'], pace: { callTimeoutMs: 30_000 } });
      const record = await userByHand(linkspan.sandbox, { email: 'Jane@Example.COM', lastName: 'Smith' });
      const jane = await hire(linkspan);
      await linkspan.settled();
      expect(await users(linkspan)).toMatchObject([
        { id: record, userName: 'DEMO/jane', email: 'Jane@Example.COM', firstName: 'Jane', lastName: 'Doe' },
      ]);
      expect(await accountOf(linkspan, jane)).toMatchObject({
        outcome: 'done',
        situation: 'found',
        reason: expect.stringContaining('there before'),
        remote_id: record,
        adoption: null,
        adopted: { record, by: 'rule', wanted: { email: 'jane@example.com' }, keys: { email: 'Jane@Example.COM' } },
      });
    });

    it('keeps its own writing of the e-mail address until the directory changes that, whatever fails meanwhile', async () => {
      const linkspan = await startLinkspan({ kind, targets: [] });
      await addExacting(linkspan);
      await userByHand(linkspan.sandbox, { email: 'Jane@Example.COM' });
      const email = async () => (await users(linkspan))[0]?.email;
      await linkspan.sandbox.faults({ kinds: ['500'], match: 'PUT /users/v1/api/user', times: 2 });
      const jane = await hire(linkspan);
      await linkspan.settled();
      expect(await users(linkspan)).toMatchObject([{ email: 'Jane@Example.COM', lastName: 'Doe' }]);
      await edit(linkspan, jane, { name: { familyName: 'Roe' } });
      await linkspan.settled();
      expect(await users(linkspan)).toMatchObject([{ email: 'Jane@Example.COM', lastName: 'Roe' }]);
      await edit(linkspan, jane, { emails: [{ value: 'jane.roe@example.com', primary: true }] });
      await linkspan.settled();
      expect(await email()).toBe('jane.roe@example.com');
      await edit(linkspan, jane, { emails: [{ value: 'JANE@example.com', primary: true }] });
      await linkspan.settled();
      expect(await email()).toBe('JANE@example.com');
    });

    it('appearing between the look and the create is not taken for one of our making', async () => {
      const linkspan = await startLinkspan({ kind, targets: [] });
      const proxy = await startProxy(linkspan.sandbox.url);
      const settings = { ...(await linkspan.sandbox.credentials('qflow')), baseUrl: proxy.url };
      await addTarget(linkspan.app, 'acme', 'dashboard', 'qflow-enterprise', { settings, pace: QUICK });
      const held = proxy.hold(/^GET \/users\/v1\/api\/users\/email/);
      const jane = await hire(linkspan);
      await held.arrived;
      const record = await userByHand(linkspan.sandbox, { firstName: 'Somebody' });
      held.letGo();
      await linkspan.settled();
      expect(await users(linkspan)).toMatchObject([{ id: record, firstName: 'Jane' }]);
      expect(await accountOf(linkspan, jane)).toMatchObject({ outcome: 'done', adopted: { record, by: 'rule' } });
    });
  });

  describe('under the rule "ask"', () => {
    const asking = async () => {
      const linkspan = await startLinkspan({ kind, targets: ['dashboard'] });
      await setRules(linkspan, 'dashboard', { scope: STAFF, existing: 'ask' });
      return { linkspan, store: linkspan.app.store };
    };

    it('is not touched; the account rests, and says who is asked what', async () => {
      const { linkspan, store } = await asking();
      const record = await userByHand(linkspan.sandbox, { firstName: 'Somebody' });
      const jane = await hire(linkspan);
      await linkspan.settled();
      expect(await users(linkspan)).toMatchObject([{ firstName: 'Somebody' }]);
      expect(await accountOf(linkspan, jane)).toMatchObject({
        outcome: 'reject',
        situation: 'found',
        reason: `an account of that name exists (${record}); approve with: linkspan adopt approve acme dashboard jane`,
        remote_id: null,
        due_at: null,
      });
      expect(await listAdoptions(store, 'acme')).toMatchObject({
        total: 1,
        adoptions: [
          {
            target: 'dashboard',
            user: 'jane',
            records: [{ id: record, keys: { userName: 'DEMO/jane', email: 'jane@example.com' } }],
            decision: null,
          },
        ],
      });
    });

    it('is linked once it is approved, and the request to do so shows in the log', async () => {
      const { linkspan, store } = await asking();
      const record = await userByHand(linkspan.sandbox, { firstName: 'Somebody' });
      const jane = await hire(linkspan);
      await linkspan.settled();
      const { activityId } = await approveAdoption(store, { ...about, userId: jane });
      await linkspan.settled();
      expect(await users(linkspan)).toMatchObject([{ id: record, firstName: 'Jane' }]);
      expect(await accountOf(linkspan, jane)).toMatchObject({
        outcome: 'done',
        remote_id: record,
        adoption: null,
        adopted: { record, by: 'administrator' },
        activity_id: activityId,
      });
      expect(await listAdoptions(store, 'acme')).toEqual({ adoptions: [], total: 0 });
      const { entries } = await whyUser(store, 'acme', jane);
      expect(entries).toContainEqual(
        expect.objectContaining({
          kind: 'request',
          action: 'adopt',
          by: 'cli',
          changed: [`record ${record} of dashboard`],
        }),
      );
      expect(entries).toContainEqual(expect.objectContaining({ kind: 'call', method: 'PUT', activityId }));
    });

    it('is not linked by an approval that was meant for another record of the same names', async () => {
      const { linkspan, store } = await asking();
      const first = await userByHand(linkspan.sandbox);
      const jane = await hire(linkspan);
      await linkspan.settled();
      await remove(linkspan, first);
      const second = await userByHand(linkspan.sandbox, { firstName: 'Somebody' });
      await approveAdoption(store, { ...about, userId: jane });
      await linkspan.settled();
      expect(await users(linkspan)).toMatchObject([{ id: second, firstName: 'Somebody' }]);
      const account = await accountOf(linkspan, jane);
      expect(account).toMatchObject({ outcome: 'reject', remote_id: null, adoption: { records: [{ id: second }] } });
      expect(account.adoption.decision).toBeUndefined();
    });

    it('is left alone for good once it is refused, until the user has another name', async () => {
      const { linkspan, store } = await asking();
      const record = await userByHand(linkspan.sandbox, { firstName: 'Somebody' });
      const jane = await hire(linkspan);
      await linkspan.settled();
      await refuseAdoption(store, { ...about, userId: jane });
      await linkspan.settled();
      await edit(linkspan, jane, { title: 'Boss' });
      await linkspan.settled();
      expect(await accountOf(linkspan, jane)).toMatchObject({
        outcome: 'reject',
        reason: expect.stringContaining('refused'),
        adoption: { decision: { kind: 'refused' } },
      });
      await setRules(linkspan, 'dashboard', { existing: 'exact' });
      await linkspan.settled();
      expect(await accountOf(linkspan, jane)).toMatchObject({ outcome: 'reject', remote_id: null });
      await edit(linkspan, jane, { userName: 'jane.doe' });
      await linkspan.settled();
      expect(await users(linkspan)).toMatchObject([
        { id: record, firstName: 'Somebody' },
        { userName: 'DEMO/jane.doe' },
      ]);
      expect(await accountOf(linkspan, jane)).toMatchObject({ outcome: 'done', situation: 'absent', adoption: null });
    });

    it('is decided about even while a worker has the account', async () => {
      const { linkspan, store } = await asking();
      const proxy = await startProxy(linkspan.sandbox.url);
      await setTarget(linkspan.app, 'acme', 'dashboard', { settings: { baseUrl: proxy.url }, sameSystem: true });
      const record = await userByHand(linkspan.sandbox);
      const jane = await hire(linkspan);
      await linkspan.settled();
      const held = proxy.hold(/^GET \/users\/v1\/api\/users\/email/);
      await edit(linkspan, jane, { title: 'Boss' });
      await held.arrived;
      await approveAdoption(store, { ...about, userId: jane });
      held.letGo();
      await linkspan.settled();
      expect(await accountOf(linkspan, jane)).toMatchObject({ outcome: 'done', remote_id: record });
    });

    it('is not asked about where a create of ours has made it and the answer was lost', async () => {
      const { linkspan } = await asking();
      await linkspan.sandbox.faults({ kinds: ['lost-response'], match: 'POST /users/v1/api/user', times: 1 });
      const jane = await hire(linkspan);
      await linkspan.settled();
      expect(await users(linkspan)).toHaveLength(1);
      expect(await accountOf(linkspan, jane)).toMatchObject({ outcome: 'done', situation: 'confirmed', adopted: null });
    });

    it('is asked about although a create of ours had no answer, where that was under another name', async () => {
      const { linkspan } = await asking();
      const record = await userByHand(linkspan.sandbox, { firstName: 'Somebody' });
      await linkspan.sandbox.faults({ kinds: ['500'], match: 'POST /users/v1/api/user', times: 1 });
      const other = { ...JANE, userName: 'joe', emails: [{ value: 'joe@example.com', primary: true }] };
      const jane = await hire(linkspan, other);
      await eventually('the create has failed', async () => (await accountsOf(linkspan, jane))[0]?.outcome === 'retry');
      await edit(linkspan, jane, JANE);
      await linkspan.settled();
      expect(await users(linkspan)).toMatchObject([{ id: record, firstName: 'Somebody' }]);
      expect(await accountOf(linkspan, jane)).toMatchObject({
        outcome: 'reject',
        adoption: { records: [{ id: record }] },
      });
    });

    it('is not asked about where it is that of a person who comes back', async () => {
      const { linkspan } = await asking();
      const person = { ...JANE, externalId: 'e-1' };
      const before = await hire(linkspan, person);
      await linkspan.settled();
      const [record] = await users(linkspan);
      await linkspan.sandbox.faults({ kinds: ['500'], rate: 1 });
      await linkspan.scim('DELETE', `/Users/${before}`);
      const jane = await hire(linkspan, person);
      await linkspan.sandbox.faults({ rate: 0 });
      await linkspan.settled();
      expect(await accountOf(linkspan, jane)).toMatchObject({ outcome: 'done', remote_id: record?.id, adopted: null });
    });

    it('is no question where it is linked to another user: that is a collision', async () => {
      const { linkspan, store } = await asking();
      const first = await hire(linkspan);
      await linkspan.settled();
      const second = await hire(linkspan, { ...JANE, userName: 'DEMO/jane' });
      await linkspan.settled();
      expect(await accountOf(linkspan, second)).toMatchObject({
        outcome: 'reject',
        situation: 'already-linked',
        reason: expect.stringContaining(first),
        adoption: null,
      });
      await expect(approveAdoption(store, { ...about, userId: second })).rejects.toThrow(/Nothing has to be decided/);
    });

    it('is not taken over unseen where a system cannot be asked', async () => {
      const linkspan = await startLinkspan({ kind, targets: ['door'] });
      await linkspan.sandbox.profile('account=standalone');
      const change = { settings: { accountKind: 'standalone' }, rules: { existing: 'ask', onlyAssigned: false } };
      await setTarget(linkspan.app, 'acme', 'door', change);
      const jane = await hire(linkspan);
      await linkspan.settled();
      expect((await linkspan.sandbox.state()).qflow.teamMembers).toEqual([]);
      expect(await accountOf(linkspan, jane)).toMatchObject({
        outcome: 'reject',
        reason: expect.stringContaining('cannot be asked'),
      });
    });
  });

  it('is never linked under the rule "refuse", and makes room when it goes', async () => {
    const linkspan = await startLinkspan({ kind, targets: ['dashboard'] });
    await setRules(linkspan, 'dashboard', { existing: 'refuse' });
    const record = await userByHand(linkspan.sandbox, { firstName: 'Somebody' });
    const jane = await hire(linkspan);
    await linkspan.settled();
    expect(await users(linkspan)).toMatchObject([{ firstName: 'Somebody' }]);
    const account = await accountOf(linkspan, jane);
    expect(account).toMatchObject({ outcome: 'reject', reason: expect.stringContaining('"refuse"'), adoption: null });
    await expect(approveAdoption(linkspan.app.store, { ...about, userId: jane })).rejects.toThrow(/"refuse"/);
    await remove(linkspan, record);
    await edit(linkspan, jane, { title: 'Boss' });
    await linkspan.settled();
    expect(await users(linkspan)).toMatchObject([{ firstName: 'Jane' }]);
  });

  it('is chosen by an administrator where there are several, in every mode but "refuse"', async () => {
    const sandbox = await sandboxWithDoubles('m1', 'm2');
    const linkspan = await startLinkspan({ kind, sandbox, targets: ['door'] });
    await setRules(linkspan, 'door', { onlyAssigned: false });
    const jane = await hire(linkspan);
    await linkspan.settled();
    const account = await accountOf(linkspan, jane);
    expect(account).toMatchObject({ outcome: 'reject', situation: 'ambiguous', remote_id: null });
    expect(account.reason).toContain('linkspan adopt approve acme door jane --record <id>');
    const door = { tenant: 'acme', target: 'door', userId: jane };
    await expect(approveAdoption(linkspan.app.store, door)).rejects.toThrow(/--record: m1, m2/);
    await expect(approveAdoption(linkspan.app.store, { ...door, record: 'm3' })).rejects.toThrow(/none of those/);
    await approveAdoption(linkspan.app.store, { ...door, record: 'm2' });
    await linkspan.settled();
    expect(await accountOf(linkspan, jane)).toMatchObject({
      outcome: 'done',
      remote_id: 'm2',
      adopted: { record: 'm2' },
    });
  });
});

describe('the verdict about records that were there before', () => {
  const question = (...ids: string[]): Question => ({ askedAt: 1, keys: {}, records: ids.map((id) => ({ id })) });
  const approved = (record: string, ...ids: string[]): Question => ({
    ...question(...ids),
    decision: { kind: 'approved', record, at: 2 },
  });
  const refused = (...ids: string[]): Question => ({ ...question(...ids), decision: { kind: 'refused', at: 2 } });

  it.each([
    ['exact', ['a'], null, { kind: 'link', record: 'a', by: 'rule' }],
    ['exact', ['a', 'b'], null, { kind: 'ask' }],
    ['ask', ['a'], null, { kind: 'ask' }],
    ['ask', ['a'], question('a'), { kind: 'ask' }],
    ['ask', ['a'], approved('a', 'a'), { kind: 'link', record: 'a', by: 'administrator' }],
    ['ask', ['b'], approved('a', 'a'), { kind: 'ask' }],
    ['ask', ['a', 'b'], approved('b', 'a', 'b'), { kind: 'link', record: 'b', by: 'administrator' }],
    ['exact', ['a'], refused('a'), { kind: 'refused' }],
    ['exact', ['a'], refused('a', 'b'), { kind: 'refused' }],
    ['ask', ['a', 'c'], refused('a', 'b'), { kind: 'ask' }],
    ['refuse', ['a'], approved('a', 'a'), { kind: 'forbidden' }],
  ] as const)('%s, found %j', (existing, records, before, verdict) => {
    expect(judge(existing, records, before)).toEqual(verdict);
  });

  it('keeps a question that is about the same records, with when it was asked', () => {
    const asked = { askedAt: 9, keys: {}, records: [{ id: 'b' }, { id: 'a' }] };
    expect(ask(question('a', 'b'), asked)).toEqual(question('a', 'b'));
    expect(ask(question('a'), asked)).toBe(asked);
  });

  it('an adopted record keeps its names for as long as the directory keeps asking for the same', () => {
    const desired = {
      presence: 'active',
      keys: { name: 'j' },
      fields: { name: 'j', title: 'x' },
      assignments: [],
    } as const;
    const adopted = {
      at: 1,
      record: 'a',
      by: 'rule',
      wanted: { name: 'j' },
      keys: { name: 'J' },
      fields: { name: 'J' },
    } as const;
    expect(asAdopted(desired, adopted)).toEqual({ ...desired, keys: { name: 'J' }, fields: { name: 'J', title: 'x' } });
    expect(asAdopted({ ...desired, keys: { name: 'k' } }, adopted).keys).toEqual({ name: 'k' });
    expect(asAdopted(desired, null)).toBe(desired);
  });
});
