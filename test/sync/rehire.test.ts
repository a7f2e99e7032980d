import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { pauseByAdmin, resumeByAdmin, setTarget } from '../../src/sync/admin/targets.ts';
import { explain } from '../../src/sync/explain/explain.ts';
import {
  byHand,
  eventually,
  type Linkspan,
  patch,
  type StartOptions,
  startLinkspan,
  startSandbox,
} from '../linkspan.ts';
import { startProxy } from '../proxy.ts';

const JANE = { externalId: 'e-1', userName: 'jane@example.com', emails: [{ value: 'jane@example.com' }] };

/** Jane, who is in both targets and at one event. */
async function withJane(options: StartOptions = {}) {
  const linkspan = await startLinkspan(options);
  const { scim, sandbox, app, settled } = linkspan;
  const hire = async (person: object = JANE) => (await scim('POST', '/Users', person)).body.id as string;
  const attend = (id: string, event = '1001') =>
    scim('POST', '/Groups', { displayName: `Event ${event}`, members: [{ value: id }] });
  const jane = await hire();
  await attend(jane);
  await settled();
  const records = async () => {
    const { users, teamMembers, assignments } = (await sandbox.state()).qflow;
    return { users, teamMembers, events: assignments.map(({ eventId }) => eventId).sort() };
  };
  return {
    ...linkspan,
    jane,
    hire,
    attend,
    records,
    before: await records(),
    fire: async (id: string) => expect((await scim('DELETE', `/Users/${id}`)).status).toBe(204),
    accounts: (userId: string) =>
      app.store.read.selectFrom('accounts').selectAll().where('user_id', '=', userId).execute(),
    links: () => app.store.read.selectFrom('remote_links').select(['user_id', 'remote_id']).execute(),
  };
}

const idsOf = (records: { users: { id?: string }[]; teamMembers: { id?: string }[] }) =>
  [...records.users, ...records.teamMembers].map(({ id }) => id);

/** Nothing is tried again before the test has said what it has to say; what takes effect late still counts. */
const UNHURRIED = { settleMs: 4_000, backoffMinMs: 1_500, backoffMaxMs: 1_500 };

/** Ways in which a removal does not get through until it is ended. */
const obstacles = {
  down: async ({ sandbox }: Linkspan) => {
    await sandbox.faults({ kinds: ['500', 'reset'], rate: 1 });
    return () => sandbox.faults({ rate: 0 });
  },
  paused: async ({ app }: Linkspan) => {
    for (const name of ['dashboard', 'door']) await pauseByAdmin(app, 'acme', name, 'maintenance');
    await sleep(600);
    return async () => {
      for (const name of ['dashboard', 'door']) await resumeByAdmin(app, 'acme', name);
    };
  },
};

describe.each(['sqlite', 'postgres'] as const)('who is deleted and comes back (%s)', (kind) => {
  it.each(['down', 'paused'] as const)('while the targets are %s keeps the records', async (obstacle) => {
    const set = await withJane({ kind });
    const { jane, hire, fire, attend, records, before, settled, accounts, links, sandbox } = set;
    const end = await obstacles[obstacle](set);
    await fire(jane);
    const again = await hire({ ...JANE, userName: 'JANE@Example.com', title: 'Boss' });
    await attend(again, '1002');
    await end();
    await settled();

    const after = await records();
    expect(again).not.toBe(jane);
    expect(idsOf(after)).toEqual(idsOf(before));
    expect(after.users[0]?.customData).not.toContain('disabled');
    // What the former groups granted is gone with them.
    expect(after.events).toEqual(['1002']);
    expect((await links()).map(({ user_id }) => user_id)).toEqual([again, again]);
    expect(await accounts(jane)).toEqual([]);
    expect((await sandbox.state()).calls['DELETE /users/v1/api/user']).toBeUndefined();
  });

  it('again and again, ends with one record and one link, whatever came through in between', async () => {
    const set = await withJane({ kind });
    const { hire, fire, records, settled, links } = set;
    let { jane } = set;
    const everyJane: string[] = [jane];
    for (let n = 0; n < 4; n++) {
      await fire(jane);
      jane = await hire();
      everyJane.push(jane);
    }
    await settled();
    const end = await obstacles.down(set);
    const before = await records();
    for (let n = 0; n < 4; n++) {
      await fire(jane);
      jane = await hire();
      everyJane.push(jane);
    }
    await end();
    await settled();
    const { users } = await records();
    expect(new Set(everyJane).size).toBe(9);
    expect(users).toMatchObject([{ id: before.users[0]?.id, userName: 'DEMO/jane@example.com' }]);
    expect(await links()).toContainEqual({ user_id: jane, remote_id: users[0]?.id });
    expect(new Set((await links()).map(({ user_id }) => user_id))).toEqual(new Set([jane]));
  });

  it('in ten requests at once is one person, with the records', async () => {
    const set = await withJane({ kind });
    const { scim, app, jane, fire, records, before, settled } = set;
    const end = await obstacles.down(set);
    await fire(jane);
    const answers = await Promise.all(Array.from({ length: 10 }, () => scim('POST', '/Users', JANE)));
    await end();
    await settled();
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(9).fill(409)]);
    expect(idsOf(await records())).toEqual(idsOf(before));
    const tombstones = await app.store.read.selectFrom('tombstones').select('heir_id').execute();
    expect(tombstones).toEqual([{ heir_id: answers.find(({ status }) => status === 201)?.body.id }]);
  });

  it('and goes again at once is removed, and leaves no link', async () => {
    const set = await withJane({ kind });
    const { jane, hire, fire, records, settled, links } = set;
    const end = await obstacles.down(set);
    await fire(jane);
    await fire(await hire());
    await end();
    await settled();
    expect(await records()).toEqual({ users: [], teamMembers: [], events: [] });
    expect(await links()).toEqual([]);
  });

  it('out of scope loses access as anybody out of scope does, not as one who was deleted', async () => {
    const set = await withJane({ kind });
    const { app, jane, hire, fire, records, before, settled } = set;
    const end = await obstacles.down(set);
    await fire(jane);
    const again = await hire({ ...JANE, userType: 'EndUser' });
    await end();
    await settled();
    const after = await records();
    expect(idsOf(after)).toEqual(idsOf(before));
    expect(after.users[0]?.customData).toContain('disabled');
    expect(after.events).toEqual([]);
    const receipts = await app.store.read.selectFrom('receipts').select(['user_id', 'kind']).execute();
    expect(receipts.map(({ user_id, kind }) => [user_id === again, kind]).sort()).toEqual([
      [true, 'disable'],
      [true, 'unassign'],
    ]);
  });
});

describe('who comes back after the removal', () => {
  it('gets new records, and the events that were remembered of the old one', async () => {
    const { scim, sandbox, jane, hire, fire, attend, records, before, settled } = await withJane();
    await byHand(sandbox, 'POST', `/checkin/v1/api/teammember/${before.teamMembers[0]?.id}/assign/1005`);
    await scim('PATCH', `/Users/${jane}`, patch({ op: 'replace', path: 'active', value: false }));
    await settled();
    await fire(jane);
    await settled();
    expect((await records()).teamMembers).toEqual([]);
    const again = await hire();
    await attend(again, '1002');
    await settled();
    const after = await records();
    expect(idsOf(after)).toHaveLength(2);
    expect(idsOf(after)).not.toEqual(idsOf(before));
    expect(after.events).toEqual(['1002', '1005']);
  });

  it('keeps what others granted on the new record, though it was once granted on the old one', async () => {
    const { scim, sandbox, jane, hire, fire, attend, records, settled } = await withJane({ targets: ['door'] });
    await fire(jane);
    await settled();
    const again = await hire();
    await attend(again, '1002');
    await settled();
    const { teamMembers } = await records();
    await byHand(sandbox, 'POST', `/checkin/v1/api/teammember/${teamMembers[0]?.id}/assign/1001`);
    await scim('PATCH', `/Users/${again}`, patch({ op: 'replace', path: 'name.givenName', value: 'Jane' }));
    await settled();
    expect((await records()).teamMembers).toMatchObject([{ firstName: 'Jane' }]);
    expect((await records()).events).toEqual(['1001', '1002']);
  });

  it('gets the old records where the policy only disables, with what others had granted', async () => {
    const { app, sandbox, jane, hire, fire, records, before, settled } = await withJane();
    for (const name of ['dashboard', 'door']) await setTarget(app, 'acme', name, { rules: { deleted: 'disable' } });
    await byHand(sandbox, 'POST', `/checkin/v1/api/teammember/${before.teamMembers[0]?.id}/assign/1005`);
    await settled();
    await fire(jane);
    await settled();
    expect((await records()).events).toEqual([]);
    expect((await records()).users[0]?.customData).toContain('disabled');
    const again = await hire();
    await settled();
    const after = await records();
    expect(idsOf(after)).toEqual(idsOf(before));
    expect(after.users[0]?.customData).not.toContain('disabled');
    expect(after.events).toEqual(['1005']);
    expect(await explain(app.store, [], 'acme', again)).toMatchObject({ wasBefore: jane, isNow: null });
    expect(await explain(app.store, [], 'acme', jane)).toMatchObject({ wasBefore: null, isNow: again });
  });
});

describe('who comes back while the removal is under way', () => {
  const REMOVAL = 'DELETE /users/v1/api/user';
  const struck = ({ sandbox }: Linkspan, fault: string) =>
    eventually(`a call is hit by ${fault}`, async () => (await sandbox.calls()).some((call) => call.fault === fault));

  it('keeps the record where the call comes to nothing', async () => {
    const set = await withJane({ targets: ['dashboard'] });
    const { sandbox, jane, hire, fire, records, before, settled, accounts } = set;
    await sandbox.faults({ kinds: ['timeout'], match: REMOVAL, times: 1 });
    await fire(jane);
    await struck(set, 'timeout');
    const again = await hire();
    await settled();
    expect(idsOf(await records())).toEqual(idsOf(before));
    expect(await accounts(again)).toMatchObject([{ outcome: 'done', remote_id: before.users[0]?.id }]);
  });

  it.each(['late', 'lost-response'])('is made anew where the call takes effect all the same (%s)', async (fault) => {
    const set = await withJane({ targets: ['dashboard'], pace: UNHURRIED });
    const { sandbox, jane, hire, fire, records, before, settled, accounts } = set;
    await sandbox.faults({ kinds: [fault], match: REMOVAL, times: 1 });
    await fire(jane);
    await struck(set, fault);
    const again = await hire();
    await settled();
    const { users } = await records();
    expect(users).toMatchObject([{ userName: 'DEMO/jane@example.com', customData: '' }]);
    expect(users[0]?.id).not.toBe(before.users[0]?.id);
    expect(await accounts(again)).toMatchObject([{ outcome: 'done', remote_id: users[0]?.id }]);
  });

  it('finds the record of a create whose answer was lost, under the names of then', async () => {
    const { app, scim, sandbox, settled } = await startLinkspan({ targets: ['dashboard'], pace: { settleMs: 2_000 } });
    await sandbox.faults({ kinds: ['lost-response'], match: 'POST /users/v1/api/user', times: 1 });
    const jane = (await scim('POST', '/Users', JANE)).body.id;
    const account = () => app.store.read.selectFrom('accounts').selectAll().executeTakeFirst();
    await eventually('the create is cut', async () => (await account())?.outcome === 'retry');
    await sandbox.faults({ kinds: ['500'], rate: 1 });
    await scim('DELETE', `/Users/${jane}`);
    await scim('POST', '/Users', { ...JANE, emails: [{ value: 'other@example.com' }] });
    await sandbox.faults({ rate: 0 });
    await settled();
    expect((await sandbox.state()).qflow.users).toMatchObject([{ email: 'other@example.com' }]);
    expect((await sandbox.state()).calls['POST /users/v1/api/user']).toBe(1);
  });

  /** Jane's removal is stopped at a call, and she comes back; then the answer gets through. */
  async function stoppedAt(call: RegExp, kind: 'sqlite' | 'postgres') {
    const linkspan = await startLinkspan({ targets: [], kind });
    const { app, sandbox, settled } = linkspan;
    const proxy = await startProxy(sandbox.url);
    const credentials = async () => ({ ...(await sandbox.credentials('qflow')), baseUrl: proxy.url });
    const scim = await linkspan.addTenant('globex', { targets: ['dashboard'], sandbox: { ...sandbox, credentials } });
    const jane = (await scim('POST', '/Users', JANE)).body.id;
    await settled();
    const [before] = (await sandbox.state()).qflow.users;
    const held = proxy.hold(call);
    await scim('DELETE', `/Users/${jane}`);
    await held.arrived;
    const again = (await scim('POST', '/Users', JANE)).body.id;
    const waiting = () => app.store.read.selectFrom('changes').select('seq').execute();
    await eventually('the rehire is fanned out', async () => (await waiting()).length === 0);
    const owners = async () =>
      (await app.store.read.selectFrom('accounts').select('user_id').execute()).map(({ user_id }) => user_id);
    expect(await owners()).toEqual([jane]);
    held.letGo();
    await settled();
    expect(await owners()).toEqual([again]);
    const { qflow, calls } = await sandbox.state();
    expect(qflow.users).toMatchObject([{ userName: 'DEMO/jane@example.com' }]);
    return { same: qflow.users[0]?.id === before?.id, removals: calls[REMOVAL] ?? 0 };
  }

  it.each(['sqlite', 'postgres'] as const)('has no account until the worker lets go (%s)', async (kind) => {
    expect(await stoppedAt(/^DELETE \/users\/v1\/api\/user/, kind)).toEqual({ same: false, removals: 1 });
  });

  it('keeps the record where it has only been looked at', async () => {
    expect(await stoppedAt(/^GET \/users\/v1\/api\/user\//, 'sqlite')).toEqual({ same: true, removals: 0 });
  });
});

describe('who only looks like somebody deleted', () => {
  it('by the user name, waits until the record is gone and gets another', async () => {
    const set = await withJane();
    const { jane, hire, fire, records, before, settled, accounts } = set;
    const end = await obstacles.down(set);
    await fire(jane);
    const newcomer = await hire({ ...JANE, externalId: 'e-2' });
    await end();
    await settled();
    const { users } = await records();
    expect(users).toHaveLength(1);
    expect(users[0]?.id).not.toBe(before.users[0]?.id);
    expect(await accounts(newcomer)).toMatchObject([{ remote_id: users[0]?.id }]);
    expect((await accounts(jane)).map(({ remote_id }) => remote_id)).toEqual([null, null]);
  });

  it('by the user name, is refused a record that the policy keeps', async () => {
    const { app, jane, hire, fire, records, before, settled, accounts, links } = await withJane({
      targets: ['dashboard'],
    });
    await setTarget(app, 'acme', 'dashboard', { rules: { deleted: 'keep' } });
    await settled();
    await fire(jane);
    const newcomer = await hire({ ...JANE, externalId: 'e-2', name: { familyName: 'Newcomer' } });
    await settled();
    expect((await records()).users).toEqual(before.users);
    expect(await accounts(newcomer)).toMatchObject([{ outcome: 'reject', remote_id: null }]);
    expect(await links()).toEqual([{ user_id: jane, remote_id: before.users[0]?.id }]);
  });

  it('by the user name, is not given a record whose create has not been answered yet', async () => {
    const { app, scim, sandbox, settled } = await startLinkspan({ targets: ['dashboard'] });
    await sandbox.faults({ kinds: ['lost-response'], match: 'POST /users/v1/api/user', times: 1 });
    const jane = (await scim('POST', '/Users', JANE)).body.id;
    const account = (id: string) =>
      app.store.read.selectFrom('accounts').selectAll().where('user_id', '=', id).executeTakeFirst();
    await eventually('the create is cut', async () => (await account(jane))?.outcome === 'retry');
    const [made] = (await sandbox.state()).qflow.users;
    // Another process has the account, and takes its time.
    const lend = (lease_owner: string | null) =>
      app.store.write(async (trx) => {
        if (lease_owner) {
          const alive = { id: lease_owner, started_at: 0, alive_until: Date.now() + 20_000 };
          await trx.insertInto('processes').values(alive).execute();
        }
        await trx.updateTable('accounts').set({ lease_owner }).where('user_id', '=', jane).execute();
      });
    await lend('another');
    await scim('DELETE', `/Users/${jane}`);
    const newcomer = (await scim('POST', '/Users', { ...JANE, externalId: 'e-2' })).body.id;
    await eventually('the newcomer is looked at', async () => (await account(newcomer))?.outcome != null);
    expect(await account(newcomer)).toMatchObject({ outcome: 'snooze', waits_for: jane, remote_id: null });
    await lend(null);
    await settled();
    const { users } = (await sandbox.state()).qflow;
    expect(users).toHaveLength(1);
    expect(users[0]?.id).not.toBe(made?.id);
    expect(await account(newcomer)).toMatchObject({ remote_id: users[0]?.id });
  });

  it('by the external id, gets a record of its own, and the old one goes', async () => {
    const set = await withJane();
    const { jane, hire, fire, records, before, settled } = set;
    const end = await obstacles.down(set);
    await fire(jane);
    await hire({ ...JANE, userName: 'jane.roe@example.com', emails: [{ value: 'jane.roe@example.com' }] });
    await end();
    await settled();
    const { users } = await records();
    expect(users).toMatchObject([{ userName: 'DEMO/jane.roe@example.com' }]);
    expect(users[0]?.id).not.toBe(before.users[0]?.id);
  });

  it('in another tenant, gets nothing and takes nothing', async () => {
    const set = await withJane({ targets: ['dashboard'] });
    const { app, jane, hire, fire, records, before, settled, accounts } = set;
    const elsewhere = await startSandbox();
    onTestFinished(() => elsewhere.close());
    const globex = await set.addTenant('globex', { targets: ['dashboard'], sandbox: elsewhere });
    const end = await obstacles.down(set);
    await fire(jane);
    const foreigner = (await globex('POST', '/Users', JANE)).body.id;
    await eventually('the other tenant is served', async () => (await elsewhere.state()).qflow.users.length === 1);
    expect(await accounts(jane)).toMatchObject([{ tenant: 'acme', remote_id: before.users[0]?.id }]);
    expect(await accounts(foreigner)).toMatchObject([{ tenant: 'globex' }]);
    await globex('DELETE', `/Users/${foreigner}`);
    const again = await hire();
    await end();
    await settled();
    expect(idsOf(await records())).toEqual(idsOf(before));
    expect(await accounts(again)).toMatchObject([{ tenant: 'acme', remote_id: before.users[0]?.id }]);
    expect((await elsewhere.state()).qflow.users).toEqual([]);
    const tombstones = await app.store.read
      .selectFrom('tombstones')
      .select(['tenant', 'heir_id'])
      .orderBy('tenant')
      .execute();
    expect(tombstones).toEqual([
      { tenant: 'acme', heir_id: again },
      { tenant: 'globex', heir_id: null },
    ]);
  });

  it('by the user name, is not held up by a record that was gone before', async () => {
    const set = await withJane({ targets: ['dashboard'] });
    const { sandbox, jane, hire, fire, records, before, settled, accounts } = set;
    await sandbox.profile('delete=query');
    await byHand(sandbox, 'DELETE', `/users/v1/api/user?id=${before.users[0]?.id}`);
    expect((await records()).users).toEqual([]);
    await fire(jane);
    await settled();
    const newcomer = await hire({ ...JANE, externalId: 'e-2', emails: [{ value: 'other@example.com' }] });
    await settled();
    const { users } = await records();
    expect(users).toMatchObject([{ email: 'other@example.com' }]);
    expect(await accounts(newcomer)).toMatchObject([{ outcome: 'done', remote_id: users[0]?.id }]);
  });
});

it('a removal that takes effect late is seen, though the person was wanted again before', async () => {
  const { app, scim, sandbox, jane, records, settled, before } = await withJane({
    targets: ['dashboard'],
    pace: UNHURRIED,
  });
  await setTarget(app, 'acme', 'dashboard', { rules: { outOfScope: 'delete' } });
  await settled();
  await sandbox.faults({ kinds: ['late'], match: 'DELETE /users/v1/api/user', times: 1 });
  await scim('PATCH', `/Users/${jane}`, patch({ op: 'add', path: 'userType', value: 'EndUser' }));
  await eventually('the call is cut', async () => (await sandbox.calls()).some(({ fault }) => fault === 'late'));
  await scim('PATCH', `/Users/${jane}`, patch({ op: 'remove', path: 'userType' }));
  await settled();
  const { users } = await records();
  expect(users).toHaveLength(1);
  expect(users[0]?.id).not.toBe(before.users[0]?.id);
});
