import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { pauseByAdmin, resumeByAdmin, setTarget } from '../../src/sync/admin/targets.ts';
import { eventually, patch, type StartOptions, startLinkspan } from '../linkspan.ts';

const person = (userName: string, externalId: string) => ({
  externalId,
  userName,
  emails: [{ value: `${userName}@example.com` }],
});
const JANE = person('jane', 'e-1');

async function setUp(options: StartOptions = {}) {
  const linkspan = await startLinkspan({ targets: ['dashboard'], ...options });
  const { app, scim, sandbox } = linkspan;
  const { read } = app.store;
  return {
    ...linkspan,
    hire: async (body: object = JANE) => (await scim('POST', '/Users', body)).body.id as string,
    fire: async (id: string) => expect((await scim('DELETE', `/Users/${id}`)).status).toBe(204),
    edit: (id: string, path: string, value: unknown) =>
      scim('PATCH', `/Users/${id}`, patch({ op: 'replace', path, value })),
    users: async () => (await sandbox.state()).qflow.users,
    accounts: (id: string) => read.selectFrom('accounts').selectAll().where('user_id', '=', id).execute(),
    receipts: () => read.selectFrom('receipts').selectAll().orderBy('id').execute(),
    fannedOut: () =>
      eventually(
        'everything is fanned out',
        async () => (await read.selectFrom('changes').select('seq').execute()).length === 0,
      ),
  };
}

const disabled = (user: Record<string, string> | undefined) => user?.customData?.includes('disabled');

/** Two selves of one person, both with a record: the second was hired under another name, and renamed. */
async function twoRecords(options: StartOptions = {}) {
  const set = await setUp(options);
  const { app, hire, fire, edit, users, settled } = set;
  await setTarget(app, 'acme', 'dashboard', { rules: { deleted: 'disable' } });
  const first = await hire();
  await settled();
  await fire(first);
  await settled();
  const second = await hire(person('jane.roe', 'e-1'));
  await settled();
  await edit(second, 'userName', 'jane');
  await settled();
  expect(await users()).toHaveLength(2);
  return { ...set, first, second };
}

describe.each(['sqlite', 'postgres'] as const)('a removal (%s)', (kind) => {
  it('is not held up by a name that somebody else has', async () => {
    const { app, hire, fire, edit, users, accounts, receipts, settled } = await setUp({ kind });
    await setTarget(app, 'acme', 'dashboard', { rules: { deleted: 'keep' } });
    const ann = await hire(person('ann', 'e-2'));
    const bob = await hire(person('bob', 'e-3'));
    await settled();
    await fire(ann);
    await settled();
    await edit(bob, 'userName', 'ann');
    await settled();
    await edit(bob, 'active', false);
    await settled();
    expect((await users()).map((user) => [user.userName, disabled(user)]).toSorted()).toEqual([
      ['DEMO/ann', false],
      ['DEMO/bob', true],
    ]);
    expect(await accounts(bob)).toMatchObject([{ outcome: 'reject', reason: expect.stringContaining(ann) }]);
    expect(await receipts()).toMatchObject([{ user_id: bob, kind: 'disable' }]);
  });

  it.each(['fanned out before', 'fanned out with'])(
    'is not forgotten for a policy of the one who comes back (%s the rehire)',
    async (order) => {
      const set = await setUp({ kind, targets: ['dashboard', 'door'] });
      const { app, scim, sandbox, hire, fire, fannedOut, users, edit, settled } = set;
      const rules = { outOfScope: 'keep', deleted: 'delete' } as const;
      for (const name of ['dashboard', 'door']) await setTarget(app, 'acme', name, { rules });
      const jane = await hire();
      await scim('POST', '/Groups', { displayName: 'Event 1001', members: [{ value: jane }] });
      await settled();
      for (const name of ['dashboard', 'door']) await pauseByAdmin(app, 'acme', name, 'maintenance');
      await sleep(600);
      await fire(jane);
      if (order === 'fanned out before') await fannedOut();
      const again = await hire({ ...JANE, userType: 'EndUser' });
      for (const name of ['dashboard', 'door']) await resumeByAdmin(app, 'acme', name);
      await settled();
      expect((await users()).map(disabled)).toEqual([true]);
      expect((await sandbox.state()).qflow.assignments).toEqual([]);

      // Once that is done the policy is what it says.
      await edit(again, 'userType', 'Staff');
      await settled();
      expect((await users()).map(disabled)).toEqual([false]);
      await edit(again, 'userType', 'EndUser');
      await settled();
      expect((await users()).map(disabled)).toEqual([false]);
    },
  );

  it('that was not to be is not made up for', async () => {
    const { app, hire, fire, fannedOut, users, receipts, settled } = await setUp({ kind });
    await setTarget(app, 'acme', 'dashboard', { rules: { outOfScope: 'keep', deleted: 'keep' } });
    const jane = await hire();
    await settled();
    await pauseByAdmin(app, 'acme', 'dashboard', 'maintenance');
    await sleep(600);
    await fire(jane);
    await fannedOut();
    await hire({ ...JANE, userType: 'EndUser' });
    await resumeByAdmin(app, 'acme', 'dashboard');
    await settled();
    expect((await users()).map(disabled)).toEqual([false]);
    expect(await receipts()).toEqual([]);
  });
});

describe('a former self with a record beside that of who came back', () => {
  it('is removed as its policy says, and then left alone', async () => {
    const { app, sandbox, first, second, hire, fire, users, accounts, settled } = await twoRecords();
    await fire(second);
    await settled();
    const again = await hire();
    await settled();
    await setTarget(app, 'acme', 'dashboard', { rules: { deleted: 'delete' } });
    await eventually('the surplus record is gone', async () => (await users()).length === 1);
    await settled();
    const [kept] = await users();
    expect(await accounts(again)).toMatchObject([{ remote_id: kept?.id, outcome: 'done' }]);
    expect(disabled(kept)).toBe(false);
    const left = [...(await accounts(first)), ...(await accounts(second))];
    expect(left).toMatchObject([{ remote_id: null, outcome: 'done', due_at: null }]);
    const calls = await sandbox.mark();
    await sleep(500);
    expect(await sandbox.mark()).toBe(calls);
  });
});

describe('the receipt for who comes back out of scope', () => {
  /** @returns the receipts of the heir, and the time and request of the deletion and of the rehire. */
  async function rehired(deleted: 'keep' | 'delete') {
    const { app, sandbox, hire, fire, receipts, settled } = await setUp();
    await setTarget(app, 'acme', 'dashboard', { rules: { deleted } });
    const jane = await hire();
    await settled();
    if (deleted === 'delete') await sandbox.faults({ kinds: ['500'], rate: 1 });
    await fire(jane);
    if (deleted === 'keep') await settled();
    else await sleep(500);
    const again = await hire({ ...JANE, userType: 'EndUser' });
    await sandbox.faults({ rate: 0 });
    await settled();
    const activity = await app.store.read
      .selectFrom('activity')
      .select(['id', 'at', 'resource_id'])
      .orderBy('at')
      .execute();
    return {
      receipts: (await receipts()).filter(({ user_id }) => user_id === again),
      deletion: activity.filter(({ resource_id }) => resource_id === jane).at(-1),
      rehire: activity.find(({ resource_id }) => resource_id === again),
    };
  }

  it('names the rehire where the deletion asked for nothing', async () => {
    const { receipts, rehire } = await rehired('keep');
    expect(receipts).toMatchObject([{ kind: 'disable', activity_id: rehire?.id }]);
    expect(receipts[0]?.requested_at).toBeGreaterThanOrEqual(rehire?.at ?? Number.NaN);
  });

  it('counts from the deletion where its removal was not done', async () => {
    const { receipts, deletion, rehire } = await rehired('delete');
    expect(receipts).toMatchObject([{ kind: 'disable' }]);
    expect(receipts[0]?.requested_at).toBeGreaterThanOrEqual(deletion?.at ?? Number.NaN);
    expect(receipts[0]?.requested_at).toBeLessThan(rehire?.at ?? Number.NaN);
  });
});
