import { describe, expect, it } from 'vitest';
import { listActions, readAction, sayDone } from '../../src/sync/admin/actions.ts';
import { setTarget } from '../../src/sync/admin/targets.ts';
import { approveHold, listHolds, readHold } from '../../src/sync/holds/decide.ts';
import { readProvisioning } from '../../src/sync/upkeep/provisioning-state.ts';
import { openRemovalPages } from '../../src/sync/why/receipts.ts';
import { makeLooksDue } from '../../src/sync/work/looks.ts';
import { eventually } from '../linkspan.ts';
import { withPartner } from './partner.ts';

type Set = Awaited<ReturnType<typeof withPartner>>;

const BY = { by: 'test' };

/** Waits for the one action that is open. */
async function theAction({ actions }: Set) {
  await eventually('an action is open', async () => (await actions()).some(({ closed_at }) => closed_at === null));
  const [action, other] = (await actions()).filter(({ closed_at }) => closed_at === null);
  if (!action || other) throw new Error('more than one action');
  return action;
}

const closedAs = (set: Set, id: string, by: string | null) =>
  eventually(`${id} is ${by}`, async () =>
    (await set.actions()).some((each) => each.id === id && each.closed_by === by),
  );

describe.each(['sqlite', 'postgres'] as const)('what a system has no call for (%s)', (kind) => {
  it('is asked of a person while everything else goes on, and closes itself when a listing shows it done', async () => {
    const set = await withPartner({ kind });
    const jane = await set.hire('jane');
    await set.settled();
    await set.set(jane, 'displayName', 'Jane Doe');
    await set.set(jane, 'active', false);
    const action = await theAction(set);
    await set.settled();

    expect(action).toMatchObject({ kind: 'disable', subject: '', todo: 'Block jane@example.com', closed_by: null });
    expect(set.member('jane')).toMatchObject({ name: 'Jane Doe', state: 'New' });
    const account = await set.account(jane);
    expect(account).toMatchObject({ outcome: 'manual', failure: null, open_actions: 1 });
    expect(account.reason).toBe('to be done by hand: Block jane@example.com');
    expect(account.observed_generation).toBe(account.generation);
    expect(await set.lane()).toMatchObject({ unsettled: 0, rejected: 0, held: 0, actions: 1, openRemovals: 1 });
    expect(await set.receipts()).toEqual([]);
    const open: unknown[] = [];
    for await (const page of openRemovalPages(set.app.store, 'acme', {})) open.push(...page);
    expect(open).toMatchObject([{ user: 'jane', removal: 'access', why: account.reason }]);
    const state = await readProvisioning(set.app.store.read, 'acme', [jane]);
    expect(state.get(jane)).toMatchObject({
      targets: [{ value: 'partner', state: 'manual', lastError: account.reason }],
    });

    set.member('jane').state = 'Blocked';
    await closedAs(set, action.id, 'seen');
    await eventually('settled', async () => (await set.account(jane)).outcome === 'done');
    expect(await set.account(jane)).toMatchObject({ open_actions: 0, look_at: null, removals: null, due_at: null });
    const [receipt, ...more] = await set.receipts();
    expect(more).toEqual([]);
    expect(receipt).toMatchObject({ kind: 'disable', subject: null, evidence: 'listing', emulated: 0 });
    expect(receipt?.activity_id).toBe(action.activity_id);
    expect(receipt?.requested_at).toBeLessThanOrEqual(action.opened_at);
    expect(await set.lane()).toMatchObject({ actions: 0, openRemovals: 0 });
    expect(set.problems).toEqual([]);
  });

  it("is looked at without being counted as unsettled, and its calls are nobody's request", async () => {
    const set = await withPartner({ kind });
    const jane = await set.hire('jane');
    await set.settled();
    await set.set(jane, 'active', false);
    await theAction(set);
    await set.settled();
    await set.stop();
    const { look_at, observed_generation } = await set.account(jane);
    expect(look_at).not.toBeNull();
    await eventually('it is due', async () => (await set.account(jane)).due_at !== null || (await look(set)) > 0);
    expect(await set.account(jane)).toMatchObject({ outcome: 'manual', observed_generation, urgent: -1 });
    expect((await set.lane())?.unsettled).toBe(0);
    const before = await set.app.store.read.selectFrom('calls').selectAll().execute();
    await set.start();
    await eventually('it was looked at', async () => (await set.account(jane)).due_at === null);
    const calls = await set.app.store.read.selectFrom('calls').selectAll().orderBy('id').execute();
    expect(calls.slice(before.length).map(({ activity_id }) => activity_id)).toContain(null);
    // A change is more than a look.
    await set.stop();
    await set.set(jane, 'displayName', 'Jane');
    await set.start();
    await eventually('carried on', async () => set.member('jane').name === 'Jane');
  });

  it('is forgotten without a receipt when it is not wanted any more', async () => {
    const set = await withPartner({ kind });
    const jane = await set.hire('jane');
    await set.settled();
    await set.set(jane, 'active', false);
    const action = await theAction(set);
    await set.set(jane, 'active', true);
    await closedAs(set, action.id, 'gone');
    await set.settled();
    expect(await set.account(jane)).toMatchObject({ outcome: 'done', open_actions: 0, removals: null });
    expect(await set.receipts()).toEqual([]);
  });

  it('keeps a deleted user until the record is seen to be gone, and says how that is known', async () => {
    const set = await withPartner({ kind });
    const jane = await set.hire('jane');
    await set.settled();
    await set.fire(jane);
    const action = await theAction(set);
    expect(action).toMatchObject({ kind: 'delete', todo: 'Remove jane@example.com' });
    await set.settled();
    set.partner.members.splice(0);
    await closedAs(set, action.id, 'seen');
    expect(await set.receipts()).toMatchObject([{ kind: 'delete', evidence: 'listing' }]);
    expect(await set.account(jane)).toMatchObject({ outcome: 'done', remote_id: null, open_actions: 0 });
  });

  it('grants what a person assigned for us, and takes it away again even if that was never seen meanwhile', async () => {
    const set = await withPartner({ kind });
    const jane = await set.hire('jane');
    await set.settled();
    const group = await set.group('Editor', [jane]);
    const assign = await theAction(set);
    expect(assign).toMatchObject({ kind: 'assign', subject: 'Editor' });
    expect(JSON.parse((await set.account(jane)).memory).granted).toEqual([]);

    await set.stop();
    set.member('jane').roles.push('Editor');
    await set.ungroup(group);
    await set.start();
    await closedAs(set, assign.id, 'gone');
    const unassign = await theAction(set);
    expect(unassign).toMatchObject({ kind: 'unassign', subject: 'Editor' });
    set.member('jane').roles.splice(0);
    await closedAs(set, unassign.id, 'seen');
    expect(await set.receipts()).toMatchObject([{ kind: 'unassign', subject: 'Editor', evidence: 'listing' }]);
    expect(JSON.parse((await set.account(jane)).memory).granted).toEqual([]);
  });

  it('is not closed by a word where the system shows otherwise', async () => {
    const set = await withPartner({ kind, pace: { manualLookMs: 86_400_000 } });
    const jane = await set.hire('jane');
    await set.settled();
    await set.set(jane, 'active', false);
    const { id } = await theAction(set);
    await set.settled();
    await sayDone(set.app.store, 'acme', id, { ...BY, note: 'clicked' });
    await eventually('it was looked at', async () => (await readAction(set.app.store, 'acme', id)).shows !== null);
    expect(await readAction(set.app.store, 'acme', id)).toMatchObject({
      ...{ closedAt: null, actor: 'test', note: 'clicked', user: 'jane', record: set.member('jane').id },
      shows: 'a record that is enabled (New)',
    });
    await set.settled();
    set.member('jane').state = 'Blocked';
    await sayDone(set.app.store, 'acme', id, BY);
    await closedAs(set, id, 'seen');
    await expect(sayDone(set.app.store, 'acme', id, BY)).rejects.toThrow('closed already: the system shows');
    expect(await listActions(set.app.store, 'acme')).toEqual({ actions: [], total: 0 });
    expect(await listActions(set.app.store, 'acme', { all: true })).toMatchObject({ total: 1 });
  });

  it('is closed by a word where the system cannot show it, and is remembered', async () => {
    const set = await withPartner({ kind, showsRoles: false, verify: 'none', pace: { manualLookMs: 86_400_000 } });
    const jane = await set.hire('jane');
    await set.settled();
    const group = await set.group('Editor', [jane]);
    const assign = await theAction(set);
    await set.settled();
    await sayDone(set.app.store, 'acme', assign.id, BY);
    await closedAs(set, assign.id, 'person');
    await set.settled();
    expect(await set.account(jane)).toMatchObject({ outcome: 'done', open_actions: 0 });
    expect(JSON.parse((await set.account(jane)).memory).granted).toEqual(['Editor']);

    await set.ungroup(group);
    const unassign = await theAction(set);
    expect(unassign).toMatchObject({ kind: 'unassign', subject: 'Editor' });
    await set.settled();
    await sayDone(set.app.store, 'acme', unassign.id, BY);
    await closedAs(set, unassign.id, 'person');
    await set.settled();
    expect(await set.receipts()).toMatchObject([{ kind: 'unassign', subject: 'Editor', evidence: 'person' }]);
    expect(JSON.parse((await set.account(jane)).memory).granted).toEqual([]);
  });

  it('is held back like any other change before anybody is asked, and counts once', async () => {
    const set = await withPartner({ kind, rules: { limits: { disable: { count: 1 } } } });
    const ids = [await set.hire('jane'), await set.hire('joe')];
    await set.settled();
    for (const id of ids) await set.set(id, 'active', false);
    await theAction(set);
    await eventually('one is held', async () => (await set.lane())?.held === 1);
    await set.settled();
    expect(await set.actions()).toHaveLength(1);
    const [hold] = await listHolds(set.app.store, 'acme', { all: false });
    const { set: code } = await readHold(set.app.store, 'acme', hold?.id ?? '');
    await approveHold(set.app.store, 'acme', hold?.id ?? '', { set: code, ...BY });
    await eventually('both are asked for', async () => (await set.actions()).length === 2);
    // Looked at again after the day in which it was counted.
    await set.app.store.write((trx) => trx.deleteFrom('starts').execute());
    const asked = set.partner.calls.length;
    await eventually('both were looked at', async () => set.partner.calls.length > asked + 4);
    expect((await set.actions()).map(({ closed_at }) => closed_at)).toEqual([null, null]);
    expect((await set.lane())?.held).toBe(0);
  });

  it('stops what needs it, follows other words, and survives failures', async () => {
    const set = await withPartner({ kind });
    const jane = await set.hire('jane');
    await set.settled();
    await set.set(jane, 'active', false);
    const disable = await theAction(set);
    set.member('jane').state = 'Blocked';
    await closedAs(set, disable.id, 'seen');
    await set.group('Editor', [jane]);
    await set.set(jane, 'active', true);
    // A role is of no use to somebody who is blocked.
    expect(await theAction(set)).toMatchObject({ kind: 'enable' });
    const enable = await theAction(set);

    set.partner.fault = () => '500';
    await set.set(jane, 'displayName', 'Jane Doe');
    await eventually('it failed', async () => (await set.account(jane)).outcome === 'retry');
    expect(await set.account(jane)).toMatchObject({ open_actions: 1, look_at: null });
    const lane = await set.lane();
    expect(lane?.actions).toBe(1);
    expect(lane?.unsettled).toBeGreaterThan(0);
    set.partner.fault = () => null;
    await set.settled();
    expect((await theAction(set)).id).toBe(enable.id);
    set.member('jane').state = 'Active';
    await closedAs(set, enable.id, 'seen');
    expect(await theAction(set)).toMatchObject({ kind: 'assign', subject: 'Editor' });
    await set.app.store.write((trx) => trx.updateTable('actions').set({ todo: 'old words' }).execute());
    await eventually('new words', async () => (await theAction(set)).todo === 'Give jane@example.com the role Editor');
  });

  it('is forgotten with the former self of who comes back', async () => {
    const set = await withPartner({ kind });
    const person = { externalId: 'e-1' };
    const jane = await set.hire('jane', person);
    await set.settled();
    await set.fire(jane);
    const { id } = await theAction(set);
    const again = await set.hire('jane', person);
    await closedAs(set, id, 'gone');
    await set.settled();
    expect(await set.account(again)).toMatchObject({
      outcome: 'done',
      open_actions: 0,
      remote_id: set.member('jane').id,
    });
    expect(set.partner.mailed).toEqual(['jane@example.com']);
    await setTarget(set.app, 'acme', 'partner', { rules: { scope: 'userType eq "x"' } });
    expect(await theAction(set)).toMatchObject({ kind: 'disable', user_id: again });
  });
});

/** Makes looks due as a running process would. */
async function look({ app }: Set): Promise<number> {
  const { id } = await app.store.read.selectFrom('targets').select('id').executeTakeFirstOrThrow();
  return makeLooksDue(app.store, [{ targetId: id, paused: false, pace: { manualLookMs: 100 } } as never]);
}
