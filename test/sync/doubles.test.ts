import { describe, expect, it } from 'vitest';
import { eventually } from '../linkspan.ts';
import { withPartner } from './partner.ts';

/** The answer to the first invitation is lost, and the system repeats it by itself. */
async function withDouble(options: Parameters<typeof withPartner>[0]) {
  const set = await withPartner(options);
  const old = {
    id: 'old',
    email: 'jane@example.com',
    name: 'jane',
    state: 'Blocked' as const,
    roles: [],
    createdAt: 1,
  };
  let met = false;
  set.partner.fault = (call) => {
    if (met || call !== 'POST /invite') return null;
    met = true;
    return 'lost';
  };
  const jane = await set.hire('jane');
  await eventually('it was sent', async () => set.partner.members.length === 1);
  set.partner.members.push({ ...set.member('jane'), id: 'double', createdAt: Date.now() }, old);
  return { ...set, jane };
}

describe.each(['sqlite', 'postgres'] as const)('what a repeated create of ours has made (%s)', (kind) => {
  it('is disabled, all but the record that is linked, without a word about the account itself', async () => {
    const set = await withDouble({ kind, rules: { limits: { disable: { count: 0 } } } });
    await eventually('the double is disabled', async () => {
      return set.partner.members.some(({ id, state }) => id === 'double' && state === 'Blocked');
    });
    await set.settled();
    const account = await set.account(set.jane);
    const linked = set.partner.members.find(({ id }) => id === account.remote_id);
    expect(linked).toMatchObject({ state: 'New' });
    expect(account.remote_id).not.toBe('double');
    expect(account.outcome).toBe('done');
    expect(JSON.parse(account.observed ?? '')).toMatchObject({ id: account.remote_id, enabled: true });
    expect(JSON.parse(account.memory)).not.toHaveProperty('doubles');
    expect(await set.receipts()).toEqual([]);
    expect(await set.lane()).toMatchObject({ held: 0, openRemovals: 0 });
    // What was there before the intent is adoption's matter, not ours.
    expect(set.partner.calls.filter((call) => call.includes('/old/'))).toEqual([]);
    expect(set.partner.mailed).toEqual(['jane@example.com']);
  });

  it('is not forgotten by a crash between the link and the disable', async () => {
    const set = await withDouble({ kind });
    set.partner.fault = (call) => (call.endsWith('/block') ? '500' : null);
    await eventually('it is linked', async () => (await set.account(set.jane)).remote_id !== null);
    // As the link's own transaction has left it.
    expect(JSON.parse((await set.account(set.jane)).memory)).toMatchObject({ doubles: ['double'] });
    await set.stop();
    expect(JSON.parse((await set.account(set.jane)).memory)).toMatchObject({ doubles: ['double'] });
    set.partner.fault = () => null;
    await set.start();
    await eventually('the double is disabled', async () => {
      return set.partner.members.some(({ id, state }) => id === 'double' && state === 'Blocked');
    });
    await set.settled();
    expect(JSON.parse((await set.account(set.jane)).memory)).not.toHaveProperty('doubles');
  });
});
