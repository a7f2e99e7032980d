import { describe, expect, it, vi } from 'vitest';
import { describeSituation, SITUATIONS } from '../../src/sync/work/situations.ts';
import { byHand, eventually, startLinkspan } from '../linkspan.ts';
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

const named = (userName: string) => ({ ...JANE, userName, emails: [{ value: `${userName}@example.com` }] });

describe.each(['sqlite', 'postgres'] as const)('the situation of an account (%s)', (kind) => {
  it('is kept whenever it is worked on, with what was decided and what a person can do', async () => {
    const sandbox = await sandboxWithDoubles('m1', 'm2');
    const linkspan = await startLinkspan({ kind, sandbox, targets: ['dashboard'], pace: { callTimeoutMs: 30_000 } });
    const { scim, settled } = linkspan;
    const walked = new Set<string>();
    const expectKept = async (userId: string, kept: { situation: string; outcome: string; reason: RegExp }) => {
      await settled();
      const { situation, outcome, reason } = await accountOf(linkspan, userId);
      expect({ situation, outcome }).toEqual({ situation: kept.situation, outcome: kept.outcome });
      expect(reason).toMatch(kept.reason);
      expect(describeSituation(situation)).toMatchObject({ situation, meaning: expect.any(String) });
      walked.add(kept.situation);
    };
    const orphan = await userByHand(sandbox, { userName: 'DEMO/orphan', email: 'orphan@example.com', firstName: 'O' });
    const before = await userByHand(sandbox, { userName: 'DEMO/before', email: 'before@example.com' });

    const jane = await hire(linkspan, named('joe'));
    await expectKept(jane, { situation: 'absent', outcome: 'done', reason: /no record, and one was made: in scope/ });
    await edit(linkspan, jane, { name: { familyName: 'Roe' } });
    await expectKept(jane, { situation: 'confirmed', outcome: 'done', reason: /linked record is as it should be/ });

    const found = await hire(linkspan, named('before'));
    await expectKept(found, { situation: 'found', outcome: 'done', reason: /there before, and is linked now/ });
    expect((await accountOf(linkspan, found)).remote_id).toBe(before);

    const second = await hire(linkspan, { ...named('joe'), userName: 'DEMO/joe' });
    const held = new RegExp(`held by the account of user ${jane}.*rename or delete that user`);
    await expectKept(second, { situation: 'already-linked', outcome: 'reject', reason: held });

    await byHand(sandbox, 'DELETE', '/users/v1/api/user', { id: before });
    await edit(linkspan, found, { title: 'Boss' });
    await expectKept(found, { situation: 'missing', outcome: 'done', reason: /was gone, and was made anew: in scope/ });
    expect((await accountOf(linkspan, found)).remote_id).not.toBe(before);
    await setRules(linkspan, 'dashboard', { missing: 'report' });
    await settled();
    const again = (await accountOf(linkspan, found)).remote_id;
    await byHand(sandbox, 'DELETE', '/users/v1/api/user', { id: again });
    await edit(linkspan, found, { title: 'Clerk' });
    await expectKept(found, { situation: 'missing', outcome: 'reject', reason: /rule "missing" says/ });

    await edit(linkspan, jane, { userType: 'EndUser' });
    await expectKept(jane, { situation: 'out-of-scope', outcome: 'done', reason: /^not in scope \(.*\): disable$/ });
    await scim('DELETE', `/Users/${jane}`);
    await expectKept(jane, {
      situation: 'source-missing',
      outcome: 'done',
      reason: /deleted by the identity provider: delete/,
    });

    const lost = await hire(linkspan, named('lost'));
    await settled();
    await sandbox.faults({ kinds: ['500'], rate: 1 });
    await edit(linkspan, lost, { name: { familyName: 'Roe' } });
    await eventually('a failed attempt', async () => (await accountOf(linkspan, lost)).outcome === 'retry');
    const { situation, reason } = await accountOf(linkspan, lost);
    expect({ situation, reason }).toEqual({ situation: 'absent', reason: expect.stringContaining('answered 500') });
    await sandbox.faults({ rate: 0 });

    // Whom nobody knows is left as it is, and nobody has an account for it.
    await settled();
    expect(await users(linkspan)).toContainEqual(expect.objectContaining({ id: orphan, firstName: 'O', lastName: '' }));
    const everybody = await linkspan.app.store.read.selectFrom('accounts').select('remote_id').execute();
    expect(everybody.map(({ remote_id }) => remote_id)).not.toContain(orphan);
    expect(SITUATIONS.orphan.reaction).toContain('never touched');

    expect([...walked, 'ambiguous', 'orphan'].sort()).toEqual(Object.keys(SITUATIONS).sort());
  });

  it('is ambiguous where several records have the names, and the reason says how to choose', async () => {
    const sandbox = await sandboxWithDoubles('m1', 'm2');
    const linkspan = await startLinkspan({ kind, sandbox, targets: ['door'] });
    await setRules(linkspan, 'door', { onlyAssigned: false });
    const jane = await hire(linkspan);
    await linkspan.settled();
    expect(await accountsOf(linkspan, jane)).toMatchObject([
      { situation: 'ambiguous', outcome: 'reject', reason: expect.stringContaining('(m1, m2), and which of them') },
    ]);
    expect((await sandbox.state()).qflow.teamMembers).toMatchObject([{ id: 'm1' }, { id: 'm2' }]);
  });
});

it('every situation says what it means, what is done about it and why', () => {
  for (const situation of Object.keys(SITUATIONS)) {
    const { meaning, reaction, advice } = describeSituation(situation) ?? {};
    expect({ situation, meaning, reaction }).toEqual({
      situation,
      meaning: expect.stringMatching(/\w{3}/),
      reaction: expect.stringMatching(/\w{3}/),
    });
    if (!['confirmed', 'absent'].includes(situation)) expect(advice).toMatch(/\w{3}/);
  }
  expect(describeSituation(null)).toBeNull();
  expect(describeSituation('constructor')).toBeNull();
});
