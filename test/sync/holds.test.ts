import { describe, expect, it } from 'vitest';
import {
  addTarget,
  pauseByAdmin,
  removeTarget,
  requireTarget,
  resumeByAdmin,
  setTarget,
} from '../../src/sync/admin/targets.ts';
import { explain } from '../../src/sync/explain/explain.ts';
import { approveHold, rejectHold } from '../../src/sync/holds/decide.ts';
import { openLane } from '../../src/sync/lanes/lanes.ts';
import { eventually, patch, QUICK, startLinkspan } from '../linkspan.ts';
import { testDatabase } from '../stores.ts';
import { ADMIN, viewOf, withLimits } from './held.ts';

const TWO = { limits: { disable: { count: 2 } } };

describe.each(['sqlite', 'postgres'] as const)('a limit (%s)', (kind) => {
  it('holds back what is over it, while everything else goes on, until that is approved', async () => {
    const linkspan = await withLimits('dashboard', TWO, { kind });
    const { app, scim, sandbox, settled, hire, setActive, disabled, theHold, approve, accounts, url } = linkspan;
    const ids = await hire(5);
    await setActive(ids.slice(0, 4), false);
    await scim('PATCH', `/Users/${ids[4]}`, patch({ op: 'replace', path: 'name.givenName', value: 'Jane' }));
    await scim('POST', '/Users', { userName: 'newcomer' });
    await settled();

    expect(await disabled()).toBe(2);
    const { users } = (await sandbox.state()).qflow;
    expect(users).toHaveLength(6);
    expect(users.map(({ firstName }) => firstName)).toContain('Jane');
    const hold = await theHold();
    expect(hold).toMatchObject({ kind: 'disable', origin: 'pushes', state: 'open', accounts: 2, target: 'dashboard' });
    expect(hold.reason).toBe('more than 2 within 24 hours');
    const held = (await accounts()).filter(({ outcome }) => outcome === 'hold');
    expect(held.map(({ user_id }) => user_id)).toEqual(hold.users.map(({ id }) => id).sort());
    expect(held[0]?.reason).toContain(`linkspan hold show acme ${hold.id}`);
    expect(held.every(({ due_at, urgent }) => due_at === null && urgent === 1)).toBe(true);
    expect(await (await fetch(`${url}/metrics`)).text()).toContain(
      'linkspan_accounts_held{tenant="acme",target="dashboard"} 2',
    );
    const lane = await openLane(await requireTarget(app.store, 'acme', 'dashboard'), { ...app, onCall: () => {} });
    const explained = await explain(app.store, [lane], 'acme', held[0]?.user_id ?? '');
    expect(JSON.stringify(explained)).toContain(`held back by hold ${hold.id}`);
    expect(JSON.stringify((await scim('GET', `/Users/${held[0]?.user_id}?attributes=${PROVISIONING}`)).body)).toContain(
      '"state":"held"',
    );

    await approve(hold);
    await linkspan.drained();
    await settled();
    expect(await disabled()).toBe(4);
    // What was approved does not use the limit up.
    await setTarget(app, 'acme', 'dashboard', { rules: { limits: { disable: { count: 3 } } } });
    await setActive(ids.slice(4), false);
    await settled();
    expect(await disabled()).toBe(5);
  });

  it('leaves a set that was rejected as it is, until it is approved after all', async () => {
    const { app, hire, setActive, settled, disabled, theHold, holds, approve, scim, drained } = await withLimits(
      'dashboard',
      { limits: { disable: { count: 0 } } },
      { kind },
    );
    const ids = await hire(2);
    await setActive(ids, false);
    await settled();
    const { id, set } = await theHold();
    await rejectHold(app.store, 'acme', id, { set, ...ADMIN });
    for (const user of ids) await scim('PATCH', `/Users/${user}`, patch({ op: 'add', path: 'title', value: 'x' }));
    await settled();
    expect(await disabled()).toBe(0);
    expect(await holds()).toMatchObject([{ id, state: 'rejected', accounts: 2, decidedBy: 'test' }]);
    await approve({ id });
    await drained();
    await settled();
    expect(await disabled()).toBe(2);
  });

  it('is not passed by two processes together', async () => {
    const database = await testDatabase(kind);
    const first = await withLimits('dashboard', TWO, { databaseUrl: database.url, pace: { concurrency: 16 } });
    // Where processes do not share a database there are the workers of one.
    const second =
      kind === 'postgres'
        ? await startLinkspan({ databaseUrl: database.url, tenant: null, sandbox: first.sandbox })
        : null;
    const ids = await first.hire(24);
    await first.setActive(ids, false);
    await first.settled();
    expect(await first.disabled()).toBe(2);
    expect(await first.theHold()).toMatchObject({ accounts: 22 });
    await second?.close();
    await first.close();
    await database.drop();
  });

  it('is compared with all that a change of rules takes away, before any of it begins', async () => {
    const rules = { limits: { disable: { count: 5 } } };
    const { app, hire, settled, disabled, sandbox, theHold, approve, drained } = await withLimits('dashboard', rules, {
      kind,
    });
    await hire(12);
    await hire(3, { userType: 'EndUser' }, 'guest');
    expect((await sandbox.state()).qflow.users).toHaveLength(12);
    await setTarget(app, 'acme', 'dashboard', { rules: { scope: 'userType eq "EndUser"' } });
    await settled();
    expect(await disabled()).toBe(0);
    expect((await sandbox.state()).qflow.users).toHaveLength(15);
    const hold = await theHold();
    expect(hold).toMatchObject({ kind: 'disable', origin: 'rules', accounts: 12 });
    expect(hold.reason).toBe('the change of rules or settings would disable 12: more than 5');
    await approve(hold);
    await drained();
    await settled();
    expect(await disabled()).toBe(12);
  });

  it('is compared with all that a deleted group takes away', async () => {
    const { scim, hire, settled, sandbox, theHold, approve, drained } = await withLimits(
      'door',
      { limits: { unassign: { count: 3 } } },
      { kind },
    );
    const members = (await hire(6)).map((value) => ({ value }));
    const group = (await scim('POST', '/Groups', { displayName: 'Event 1001', members })).body.id;
    await settled();
    const assigned = async () => (await sandbox.state()).qflow.assignments.length;
    expect(await assigned()).toBe(6);
    await scim('DELETE', `/Groups/${group}`);
    await settled();
    expect(await assigned()).toBe(6);
    const hold = await theHold();
    expect(hold.users.map(({ userName }) => userName)).toEqual([0, 1, 2, 3, 4, 5].map((n) => `user0${n}`));
    expect(hold.reason).toBe('the group "Event 1001", deleted, would unassign 6: more than 3');
    await approve(hold);
    await drained();
    await settled();
    expect(await assigned()).toBe(0);
  });

  it('is forgotten with the wish: who is reactivated leaves the hold, and the code of the others is another', async () => {
    const { app, hire, setActive, settled, disabled, theHold, holds } = await withLimits(
      'dashboard',
      { limits: { disable: { count: 0 } } },
      { kind },
    );
    const ids = await hire(3);
    await setActive(ids, false);
    await settled();
    const seen = await theHold();
    expect(seen.accounts).toBe(3);
    await setActive(ids.slice(0, 1), true);
    await settled();
    expect((await theHold()).users.map(({ id }) => id)).toEqual(ids.slice(1));
    const approval = approveHold(app.store, 'acme', seen.id, { set: seen.set, ...ADMIN });
    await expect(approval).rejects.toThrow(/accounts came or went since. Look again: linkspan hold show acme/);
    expect((await theHold()).state).toBe('open');

    await rejectHold(app.store, 'acme', seen.id, ADMIN);
    await setActive(ids, true);
    await settled();
    expect(await holds()).toEqual([]);
    await eventually('it is closed', async () => (await holds(true)).length === 1 && (await theClosed()) !== null);
    expect(await disabled()).toBe(0);

    async function theClosed() {
      const row = await app.store.read.selectFrom('holds').select('closed_at').executeTakeFirstOrThrow();
      return row.closed_at;
    }
  });

  it('holds again what an approval came too late for', async () => {
    const { app, hire, setActive, settled, disabled, theHold, holds, approve } = await withLimits(
      'dashboard',
      { limits: { disable: { count: 0 } } },
      { kind },
    );
    await setActive(await hire(2), false);
    await settled();
    const first = await theHold();
    await pauseByAdmin(app, 'acme', 'dashboard', 'stocktaking');
    const { decidedAt, expiresAt } = await approve(first);
    expect((expiresAt ?? 0) - (decidedAt ?? 0)).toBe(24 * 3_600_000);
    const yesterday = Date.now() - 86_400_000;
    await app.store.write((trx) => trx.updateTable('holds').set({ expires_at: yesterday }).execute());
    await eventually('another hold', async () => (await holds()).some(({ state }) => state === 'open'));
    await resumeByAdmin(app, 'acme', 'dashboard');
    await settled();
    expect(await disabled()).toBe(0);
    const second = await theHold();
    expect(second).toMatchObject({ state: 'open', accounts: 2 });
    expect(second.reason).toMatch(new RegExp(`^approved in hold ${first.id} by test, and not begun in time`));
    expect(await holds(true)).toContainEqual(expect.objectContaining({ id: first.id, state: 'expired', accounts: 0 }));
    const late = approveHold(app.store, 'acme', first.id, { set: first.set, ...ADMIN });
    await expect(late).rejects.toThrow(/is over: its approval expired/);
  });

  it('outlives a restart, and a crash between the hold and the settle', async () => {
    const database = await testDatabase(kind);
    const first = await withLimits('dashboard', { limits: { disable: { count: 0 } } }, { databaseUrl: database.url });
    await first.setActive(await first.hire(2), false);
    await first.settled();
    const { id } = await first.theHold();
    // As the dead worker's account is found: due, and nothing of its pass settled.
    await first.app.store.write((trx) =>
      trx.updateTable('accounts').set({ due_at: 1, outcome: 'done', reason: null }).execute(),
    );
    await first.close();
    const again = await startLinkspan({ databaseUrl: database.url, tenant: null, sandbox: first.sandbox });
    const { theHold, approve, accounts, disabled, drained } = viewOf(again);
    await again.settled();
    expect((await accounts()).map(({ outcome }) => outcome)).toEqual(['hold', 'hold']);
    expect(await theHold()).toMatchObject({ id, accounts: 2 });
    expect(await disabled()).toBe(0);
    await approve({ id });
    await drained();
    await again.settled();
    expect(await disabled()).toBe(2);
    await again.close();
    await database.drop();
  });
});

const PROVISIONING = 'urn:linkspan:params:scim:schemas:extension:provisioning:2.0:User';

describe('limits', () => {
  it('in per cent count only where more than 50 accounts are linked, by default 10 of those disabled or deleted', async () => {
    const rules = { limits: { disable: { percent: 10 }, delete: { percent: 10 } } };
    const { app, scim, hire, settled, disabled, setActive, theHold, holds } = await withLimits('dashboard', rules);
    const ids = await hire(50);
    await setActive(ids.slice(0, 20), false);
    await settled();
    expect(await holds()).toEqual([]);
    expect(await disabled()).toBe(20);

    // Twenty of fifty-two: more than a tenth already.
    await hire(2, {}, 'later');
    await scim('DELETE', `/Users/${ids[20]}`);
    await setActive(ids.slice(21, 23), false);
    await settled();
    expect(await disabled()).toBe(20);
    expect((await theHold()).reason).toMatch(/^more than 10 % of 5[12] linked accounts within 24 hours$/);
    await setTarget(app, 'acme', 'dashboard', { rules: { scope: 'userType eq "Nobody"' } });
    await settled();
    expect(await disabled()).toBe(20);
    expect((await holds()).map(({ origin, accounts }) => `${origin} ${accounts}`).sort()).toEqual([
      'pushes 2',
      'rules 29',
    ]);
  });

  it('that alone are changed make nobody due, and let go what they held when they are lifted', async () => {
    const { app, hire, setActive, settled, disabled, accounts, holds, drained } = await withLimits('dashboard', {
      limits: { disable: { count: 0, percent: null } },
    });
    const ids = await hire(3);
    await setActive(ids.slice(0, 2), false);
    await settled();
    const before = (await accounts()).map(({ generation }) => generation);
    await setTarget(app, 'acme', 'dashboard', { rules: { limits: { delete: { count: 1 } }, approvalHours: 1 } });
    const changes = await app.store.read.selectFrom('changes').select('seq').execute();
    expect(changes).toEqual([]);
    await settled();
    expect((await accounts()).map(({ generation }) => generation)).toEqual(before);
    expect(await holds()).toMatchObject([{ accounts: 2 }]);

    await setTarget(app, 'acme', 'dashboard', { rules: { limits: { disable: null } } });
    await drained();
    await settled();
    expect(await disabled()).toBe(2);
    const { rules } = await requireTarget(app.store, 'acme', 'dashboard');
    expect(JSON.parse(rules).limits).toMatchObject({ delete: { count: 1 }, disable: { count: null, percent: null } });
  });

  it('of creates hold a first sync as a whole, and its updates and names with it', async () => {
    const { scim, hire, settled, sandbox, theHold, holds, approve, drained, app } = await withLimits('dashboard', {
      scope: 'userType eq "Nobody"',
      limits: { create: { count: 2 } },
    });
    const [first = ''] = await hire(4);
    await setTarget(app, 'acme', 'dashboard', { rules: { scope: null } });
    await settled();
    expect((await sandbox.state()).qflow.users).toEqual([]);
    await scim('PATCH', `/Users/${first}`, patch({ op: 'replace', path: 'userName', value: 'renamed' }));
    await settled();
    const hold = await theHold();
    expect(hold).toMatchObject({ kind: 'create', accounts: 4, origin: 'rules' });
    await removeTarget(app, 'acme', 'dashboard');
    expect(await holds(true)).toEqual([]);
    await addTarget(app, 'acme', 'dashboard', 'qflow-enterprise', {
      settings: await sandbox.credentials('qflow').then(({ enterprisePin: _, ...rest }) => rest),
      rules: { limits: { create: { count: 3 } } },
      pace: QUICK,
    });
    await settled();
    expect((await sandbox.state()).qflow.users).toEqual([]);
    const anew = await theHold();
    expect(anew).toMatchObject({
      origin: 'first-sync',
      accounts: 4,
      reason: 'the first sync would create 4: more than 3',
    });
    await approve(anew);
    await drained();
    await settled();
    const names = (await sandbox.state()).qflow.users.map(({ userName }) => userName).sort();
    expect(names).toEqual(['DEMO/renamed', 'DEMO/user01', 'DEMO/user02', 'DEMO/user03']);
  });

  it('hold the access of a leaver in a system that knows no disabling but unassigning', async () => {
    const { scim, hire, setActive, settled, sandbox, theHold } = await withLimits('door', {
      limits: { disable: { count: 1 } },
    });
    const ids = await hire(3);
    const members = ids.map((value) => ({ value }));
    for (const displayName of ['Event 1001', 'Event 1002']) await scim('POST', '/Groups', { displayName, members });
    await settled();
    await setActive(ids, false);
    await settled();
    expect((await sandbox.state()).qflow.assignments).toHaveLength(4);
    expect(await theHold()).toMatchObject({ kind: 'disable', accounts: 2 });
  });

  it('that are off cost no statement', async () => {
    const statements: string[] = [];
    const linkspan = await startLinkspan({
      targets: ['dashboard'],
      store: { onStatement: (text) => statements.push(text) },
    });
    const { hire, setActive, disabled } = viewOf(linkspan);
    statements.length = 0; // Those that make the tables.
    const ids = await hire(3);
    await setActive(ids, false);
    await linkspan.settled();
    expect(await disabled()).toBe(3);
    // A scrape counts what is held, whatever the limits.
    const asked = statements.filter((text) => /"(starts|hold_items)"/.test(text) && !/count\(distinct/.test(text));
    expect(asked).toEqual([]);
    await setTarget(linkspan.app, 'acme', 'dashboard', { rules: { limits: { disable: { count: 9 } } } });
    await setActive(ids, true);
    await linkspan.settled();
    await setActive(ids, false);
    await linkspan.settled();
    expect(statements.some((text) => text.includes('"starts"'))).toBe(true);
  });

  it('are checked with the rules, and named in words', async () => {
    const { app } = await withLimits('dashboard', {});
    const set = (rules: Record<string, unknown>) => setTarget(app, 'acme', 'dashboard', { rules });
    await expect(set({ limits: { disable: { count: -1 } } })).rejects.toThrow(/limits\.disable\.count: /);
    await expect(set({ limits: { disabel: { count: 1 } } })).rejects.toThrow(/limits: .*disabel/);
    await expect(set({ limits: 'on' })).rejects.toThrow(/limits: /);
    await expect(set({ approvalHours: 0 })).rejects.toThrow(/approvalHours: /);
    await expect(set({ protected: 'userName eq' })).rejects.toThrow(/Rule "protected" is no SCIM filter/);
    await expect(set({ scope: 'userName eq' })).rejects.toThrow(/The scope is no SCIM filter/);
  });
});

describe('rules', () => {
  it('that never delete disable instead, and say so', async () => {
    const { app, scim, hire, settled, disabled, sandbox } = await withLimits('dashboard', { neverDelete: true });
    const [id = ''] = await hire(1);
    await scim('DELETE', `/Users/${id}`);
    await settled();
    expect((await sandbox.state()).qflow.users).toHaveLength(1);
    expect(await disabled()).toBe(1);
    const lane = await openLane(await requireTarget(app.store, 'acme', 'dashboard'), { ...app, onCall: () => {} });
    expect(JSON.stringify(await explain(app.store, [lane], 'acme', id))).toContain('nobody is ever deleted here');
    // Nothing is left to be done.
    const calls = await sandbox.mark();
    await setTarget(app, 'acme', 'dashboard', { rules: { outOfScope: 'delete', neverDelete: true } });
    await settled();
    expect((await sandbox.calls()).filter(({ number, method }) => number > calls && method === 'DELETE')).toEqual([]);
  });

  it('that change take nothing from who is protected, who is in no set either', async () => {
    const { app, scim, hire, settled, theHold, approve, drained, disabled } = await withLimits('dashboard', {
      protected: 'title eq "Break glass"',
      limits: { disable: { count: 1 } },
    });
    await scim('POST', '/Users', { userName: 'root', title: 'Break glass' });
    await hire(2);
    await setTarget(app, 'acme', 'dashboard', { rules: { scope: 'userType eq "Nobody"' } });
    await settled();
    const hold = await theHold();
    expect(hold.users.map(({ userName }) => userName)).toEqual(['user00', 'user01']);
    await approve(hold);
    await drained();
    await settled();
    expect(await disabled()).toBe(2);
  });

  it('that protect somebody take nothing away from them, and leave the rest to be done', async () => {
    const { app, scim, settled, disabled, sandbox, setActive, accounts } = await withLimits('dashboard', {
      protected: 'title eq "Break glass"',
    });
    const { id } = (await scim('POST', '/Users', { userName: 'root', title: 'Break glass' })).body;
    const other = (await scim('POST', '/Users', { userName: 'other' })).body.id;
    await settled();
    await scim('PATCH', `/Users/${id}`, patch({ op: 'replace', path: 'name.givenName', value: 'Super' }));
    await setActive([id, other], false);
    await settled();
    expect(await disabled()).toBe(1);
    const root = (await sandbox.state()).qflow.users.find(({ userName }) => userName === 'DEMO/root');
    expect(root?.firstName).toBe('Super');
    expect((await accounts()).find(({ user_id }) => user_id === id)).toMatchObject({
      outcome: 'reject',
      reason: 'disable is due, and is not done: the account is protected (title eq "Break glass")',
    });
    await scim('DELETE', `/Users/${id}`);
    await settled();
    expect((await sandbox.state()).qflow.users).toHaveLength(2);
    await setTarget(app, 'acme', 'dashboard', { rules: { protected: null } });
    await settled();
    expect((await sandbox.state()).qflow.users).toHaveLength(1);
  });
});

it('a removal that is held is not held for who has come back', async () => {
  const { scim, settled, sandbox, theHold, holds } = await withLimits('dashboard', {
    limits: { delete: { count: 0 } },
  });
  const jane = { userName: 'jane', externalId: 'e-1' };
  const { id } = (await scim('POST', '/Users', jane)).body;
  await settled();
  await scim('DELETE', `/Users/${id}`);
  await settled();
  expect((await theHold()).users).toEqual([{ id, userName: 'jane' }]);
  const [record] = (await sandbox.state()).qflow.users;
  await scim('POST', '/Users', jane);
  await settled();
  expect(await holds()).toEqual([]);
  expect((await sandbox.state()).qflow.users).toMatchObject([{ id: record?.id }]);
});
