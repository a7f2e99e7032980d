import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { demandUser } from '../../src/sync/admin/on-demand.ts';
import { setTarget } from '../../src/sync/admin/targets.ts';
import { eventually } from '../linkspan.ts';
import { type Fault, LATE_MS, withPartner } from './partner.ts';

/** The first invitation meets this fault, all later ones none. */
function once(fault: Fault, on = /^POST \/invite$/) {
  let met = false;
  return (call: string) => {
    if (met || !on.test(call)) return null;
    met = true;
    return fault;
  };
}

describe.each(['sqlite', 'postgres'] as const)('an invitation (%s)', (kind) => {
  it.each(['lost', '500-after', 'late'] as const)('is not sent twice when the answer to it is %s', async (fault) => {
    const set = await withPartner({ kind });
    set.partner.fault = once(fault);
    const jane = await set.hire('jane');
    // Whoever looks before it could have taken effect must not conclude that it has not.
    await eventually(
      'it failed',
      async () => (await set.intents()).length === 1 && (await set.account(jane)).outcome !== null,
    );
    await demandUser(set.app.store, 'acme', jane, 'cli');
    await set.settled();
    await sleep(LATE_MS);
    expect(set.partner.mailed).toEqual(['jane@example.com']);
    expect(set.partner.calls.filter((call) => call === 'POST /invite')).toHaveLength(1);
    expect(await set.account(jane)).toMatchObject({ outcome: 'done', remote_id: set.member('jane').id });
    expect(await set.intents()).toMatchObject([{ kind: 'invite', result: 'linked' }]);
  });

  it('is sent anew only once it is proven that there is none', async () => {
    const set = await withPartner({ kind });
    set.partner.fault = once('500');
    const begun = Date.now();
    await set.hire('jane');
    await set.settled();
    expect(set.partner.mailed).toEqual(['jane@example.com']);
    // Not before the first one could not have taken effect any more.
    expect(Date.now() - begun).toBeGreaterThanOrEqual(2_000);
    expect((await set.intents()).map(({ result }) => result)).toEqual(['absent', 'linked']);
  });

  it('goes to a newcomer who has the name of somebody who was never there, and is refused another one', async () => {
    const set = await withPartner({ kind });
    const cora = await set.hire('cora');
    await set.settled();
    // The record keeps its address: nobody changes that there.
    await set.set(cora, 'emails', [{ value: 'cora.new@example.com' }]);
    await set.settled();
    set.partner.fault = (call) => (call === 'POST /invite' ? '500' : null);
    const ben = await set.hire('ben');
    await eventually('it failed once', async () => (await set.intents()).some(({ result }) => result === null));
    await eventually('it failed', async () => (await set.account(ben)).outcome === 'retry');
    await set.set(ben, 'emails', [{ value: 'cora@example.com' }]);
    const ann = await set.hire('ann', { emails: [{ value: 'ben@example.com' }] });
    set.partner.fault = () => null;
    await eventually('it is sent', async () => set.partner.mailed.includes('ben@example.com'));
    await set.settled();
    expect(await set.account(ben)).toMatchObject({ outcome: 'reject', waits_for: cora, name: null });
    expect(await set.account(ann)).toMatchObject({ outcome: 'done', remote_id: set.member('ben').id });
  });

  it('that waits for somebody of whom something is done by hand rests through the looks at that', async () => {
    const set = await withPartner({ kind });
    const cora = await set.hire('cora');
    await set.settled();
    await set.set(cora, 'active', false);
    await eventually('it is asked for', async () => (await set.actions()).length === 1);
    const ben = await set.hire('ben', { emails: [{ value: 'cora@example.com' }] });
    await set.settled();
    const before = await set.account(ben);
    expect(before).toMatchObject({ outcome: 'reject', waits_for: cora, due_at: null });
    const looks = (await set.account(cora)).lease_epoch;
    await eventually('some looks', async () => (await set.account(cora)).lease_epoch > looks + 3);
    expect(await set.account(ben)).toMatchObject({ outcome: 'reject', lease_epoch: before.lease_epoch });
  });

  it('is sent anew at once where it was clearly refused, and grants nothing until then', async () => {
    const set = await withPartner({ kind });
    set.partner.fault = once('400');
    const jane = await set.hire('jane');
    await set.settled();
    expect(await set.account(jane)).toMatchObject({ outcome: 'reject', remote_id: null });
    expect(await set.intents()).toMatchObject([{ kind: 'invite', result: 'refused' }]);
    await set.set(jane, 'displayName', 'Jane');
    await set.settled();
    expect(set.partner.mailed).toEqual(['jane@example.com']);
  });

  it('is not sent again by the next process when the one that sent it was killed', async () => {
    const set = await withPartner({ kind, stopped: true });
    await set.start();
    // The answer never comes, and the process ends before it can be told so.
    set.partner.fault = once('lost');
    const jane = await set.hire('jane');
    await eventually('it was sent', async () => set.partner.mailed.length === 1);
    await set.stop();
    await set.app.store.write((trx) => trx.updateTable('accounts').set({ remote_id: null, outcome: null }).execute());
    await set.start();
    await eventually('linked', async () => (await set.account(jane)).remote_id !== null);
    expect(set.partner.mailed).toEqual(['jane@example.com']);
  });

  it('whose fate cannot be found out is never repeated', async () => {
    const set = await withPartner({ kind, canList: false });
    set.partner.fault = once('lost');
    const jane = await set.hire('jane');
    await set.settled();
    await eventually('it needs a person', async () => (await set.account(jane)).outcome === 'reject');
    expect((await set.account(jane)).reason).toContain('whether an invitation was sent is not known');
    await setTarget(set.app, 'acme', 'partner', { rules: { missing: 'report' } });
    await eventually('looked at again', async () => (await set.account(jane)).generation > 1);
    await set.settled();
    expect(set.partner.mailed).toEqual(['jane@example.com']);
  });

  it('that gives a role has granted it, so that it is taken away with the wish', async () => {
    const set = await withPartner({ kind, stopped: true });
    const jane = await set.hire('jane');
    const group = await set.group('Viewer', [jane]);
    await set.start();
    await set.settled();
    expect(set.member('jane').roles).toEqual(['Viewer']);
    expect(JSON.parse((await set.account(jane)).memory).granted).toEqual(['Viewer']);
    await set.ungroup(group);
    await eventually('it is to be taken away', async () => (await set.actions()).length === 1);
    expect(await set.actions()).toMatchObject([{ kind: 'unassign', subject: 'Viewer' }]);
  });

  it('that was refused has granted nothing', async () => {
    const set = await withPartner({ kind, stopped: true });
    const jane = await set.hire('jane');
    await set.group('Viewer', [jane]);
    set.partner.fault = (call) => (call === 'POST /invite' ? '400' : null);
    await set.start();
    await set.settled();
    expect((await set.account(jane)).outcome).toBe('reject');
    expect(JSON.parse((await set.account(jane)).memory).granted).toEqual([]);
  });
});
