import { describe, expect, it, vi } from 'vitest';
import { approveAdoption } from '../../src/sync/admin/adoptions.ts';
import { setTarget } from '../../src/sync/admin/targets.ts';
import { eventually, type Linkspan, patch, type StartOptions, startLinkspan } from '../linkspan.ts';
import { accountOf, accountsOf, edit, hire, sandboxWithDoubles, setRules, users } from './adopting.ts';

vi.setConfig({ testTimeout: 120_000 });

const person = (userName: string, email = `${userName}@example.com`) => ({
  userName,
  emails: [{ value: email, primary: true }],
});

/** To SCIM another name than `name`; to Qflow, which cuts the enterprise's pin off, the same. */
const sameAs = (name: string) => `DEMO/${name}`;

/** Everybody in scope has an account in either target. */
async function start(target: string, options: StartOptions = {}): Promise<Linkspan> {
  const linkspan = await startLinkspan({ ...options, targets: [target] });
  await setRules(linkspan, target, { onlyAssigned: false });
  return linkspan;
}

/** Who is called what in the target: by e-mail address. */
async function namesIn({ sandbox }: Linkspan): Promise<Record<string, string>> {
  const { users: staff, teamMembers } = (await sandbox.state()).qflow;
  const bare = (name = '') => name.toLowerCase().replace('demo/', '');
  return Object.fromEntries([...staff, ...teamMembers].map(({ email, userName }) => [email, bare(userName)]));
}

const restsAt = (linkspan: Linkspan, id: string) => async () => {
  const [account] = await accountsOf(linkspan, id);
  return account?.outcome === 'reject' && account.due_at === null;
};

/** A hot loop would show in the calls of a moment in which nothing has to be done. */
async function expectQuiet(linkspan: Linkspan): Promise<void> {
  const mark = await linkspan.sandbox.mark();
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect((await linkspan.sandbox.calls()).filter((call) => call.number > mark)).toEqual([]);
}

describe.each(['dashboard', 'door'])('names in the %s', (target) => {
  describe.each(['sqlite', 'postgres'] as const)('(%s)', (kind) => {
    it('are swapped, though each found the other at rest', async () => {
      const linkspan = await start(target, { kind });
      const a = await hire(linkspan, person('a'));
      const b = await hire(linkspan, person('b'));
      await linkspan.settled();
      await edit(linkspan, a, { userName: sameAs('b') });
      await eventually('the first rests', restsAt(linkspan, a));
      expect((await accountOf(linkspan, a)).reason).toContain(`held by the account of user ${b}, which is at rest`);
      await expectQuiet(linkspan);
      await edit(linkspan, b, { userName: sameAs('a') });
      await linkspan.settled();
      await eventually('nobody rests', async () => !(await restsAt(linkspan, a)()) && !(await restsAt(linkspan, b)()));
      await linkspan.settled();
      expect(await namesIn(linkspan)).toEqual({ 'a@example.com': 'b', 'b@example.com': 'a' });
      await expectQuiet(linkspan);
    });

    it('are swapped, though neither has a record and both have asked for one', async () => {
      const linkspan = await start(target, { kind });
      const { sandbox } = linkspan;
      const create = target === 'dashboard' ? 'POST /users/v1/api/user' : 'POST /checkin/v1/api/teammember';
      await sandbox.faults({ kinds: ['500'], match: create });
      const mark = await sandbox.mark();
      const failed = async () => (await sandbox.calls()).filter(({ number, fault }) => number > mark && fault).length;
      const a = await hire(linkspan, person('a'));
      const b = await hire(linkspan, person('b'));
      await eventually('both were sent', async () => (await failed()) >= 2);
      await edit(linkspan, a, { userName: sameAs('b') });
      await edit(linkspan, b, { userName: sameAs('a') });
      await eventually('both were sent again, or wait', async () => {
        const accounts = [await accountOf(linkspan, a), await accountOf(linkspan, b)];
        return accounts.every(({ reason }) => /name|answered 500/.test(String(reason)));
      });
      await sandbox.faults({ rate: 0, kinds: [] });
      await linkspan.settled();
      expect(await namesIn(linkspan)).toEqual({ 'a@example.com': 'b', 'b@example.com': 'a' });
    });

    it('go round among three, at rest and all at once', async () => {
      const linkspan = await start(target, { kind });
      const ids: string[] = [];
      for (const name of ['a', 'b', 'c']) ids.push(await hire(linkspan, person(name)));
      await linkspan.settled();
      const [a = '', b = '', c = ''] = ids;
      await edit(linkspan, a, { userName: sameAs('b') });
      await eventually('the first rests', restsAt(linkspan, a));
      await edit(linkspan, b, { userName: sameAs('c') });
      await eventually('the second rests', restsAt(linkspan, b));
      await expectQuiet(linkspan);
      await edit(linkspan, c, { userName: sameAs('a') });
      const round = { 'a@example.com': 'b', 'b@example.com': 'c', 'c@example.com': 'a' };
      await eventually('the names have gone round', async () => {
        const names = await namesIn(linkspan);
        return Object.entries(round).every(([email, name]) => names[email] === name);
      });
      await linkspan.settled();
      await Promise.all([
        edit(linkspan, a, { userName: 'c' }),
        edit(linkspan, b, { userName: 'a' }),
        edit(linkspan, c, { userName: 'b' }),
      ]);
      const back = { 'a@example.com': 'c', 'b@example.com': 'a', 'c@example.com': 'b' };
      await eventually('the names have gone round again', async () => {
        const names = await namesIn(linkspan);
        return Object.entries(back).every(([email, name]) => names[email] === name);
      });
      await linkspan.settled();
      for (const id of ids) expect(await accountOf(linkspan, id)).toMatchObject({ outcome: 'done', waits_for: null });
    });

    it('of who is deleted go to a newcomer in the same second, with the e-mail address but not the record', async () => {
      const linkspan = await start(target, { kind });
      const leaver = await hire(linkspan, person('jane'));
      await linkspan.settled();
      const record = (await accountOf(linkspan, leaver)).remote_id;
      await linkspan.scim('DELETE', `/Users/${leaver}`);
      const newcomer = await hire(linkspan, person('jane'));
      await linkspan.settled();
      expect(await namesIn(linkspan)).toEqual({ 'jane@example.com': 'jane' });
      const account = await accountOf(linkspan, newcomer);
      expect(account).toMatchObject({ outcome: 'done', remote_id: expect.any(String), adopted: null });
      expect(account.remote_id).not.toBe(record);
    });

    it('of who cannot be deleted for a while are waited for, and given once they can', async () => {
      const linkspan = await start(target, { kind });
      const leaver = await hire(linkspan, person('jane'));
      await linkspan.settled();
      const match = target === 'door' ? 'DELETE /checkin/v1/api/teammember/delete' : 'DELETE /users/v1/api/user';
      await linkspan.sandbox.faults({ kinds: ['500'], match });
      await linkspan.scim('DELETE', `/Users/${leaver}`);
      const newcomer = await hire(linkspan, person('jane'));
      await eventually('the newcomer waits', async () => {
        const [account] = await accountsOf(linkspan, newcomer);
        return account?.outcome === 'snooze' && account.waits_for === leaver;
      });
      expect((await accountOf(linkspan, newcomer)).reason).toBe(`waits for user ${leaver} to give up the name`);
      await linkspan.sandbox.faults({ rate: 0 });
      await linkspan.settled();
      expect(await accountOf(linkspan, newcomer)).toMatchObject({ outcome: 'done', situation: 'absent' });
      expect(await namesIn(linkspan)).toEqual({ 'jane@example.com': 'jane' });
    });

    it.each(['renamed', 'deleted'])(
      'of a leaver who is only inactive are refused, in words, until the leaver is %s; then the newcomer goes on',
      async (what) => {
        const linkspan = await start(target, { kind });
        const leaver = await hire(linkspan, person('jane'));
        await linkspan.settled();
        await edit(linkspan, leaver, { active: false });
        await linkspan.settled();
        const newcomer = await hire(linkspan, { ...person('jane'), userName: sameAs('jane') });
        await linkspan.settled();
        expect(await accountOf(linkspan, newcomer)).toMatchObject({
          outcome: 'reject',
          remote_id: null,
          reason: expect.stringMatching(new RegExp(`user ${leaver}, which is at rest: rename or delete that user`)),
        });
        await expectQuiet(linkspan);
        await edit(linkspan, leaver, { title: 'Gone' });
        await linkspan.settled();
        expect(await accountOf(linkspan, newcomer)).toMatchObject({ outcome: 'reject', waits_for: leaver });
        if (what === 'deleted') await linkspan.scim('DELETE', `/Users/${leaver}`);
        else await edit(linkspan, leaver, person('jane.left'));
        await eventually(
          'the newcomer has gone on',
          async () => (await accountOf(linkspan, newcomer)).outcome === 'done',
        );
        const left = what === 'deleted' ? {} : { 'jane.left@example.com': 'jane.left' };
        expect(await namesIn(linkspan)).toEqual({ ...left, 'jane@example.com': 'jane' });
      },
    );
  });
});

describe.each(['sqlite', 'postgres'] as const)('what a create may have made (%s)', (kind) => {
  const named = (name: string) => patch({ op: 'replace', value: person(name) });

  it('is told from the record of another who gives up the name that is wanted now', async () => {
    const linkspan = await startLinkspan({ kind, targets: ['dashboard'], pace: { settleMs: 1_500 } });
    const { scim, sandbox } = linkspan;
    const one = await hire(linkspan, person('x'));
    await linkspan.settled();
    await sandbox.faults({ kinds: ['lost-response'], match: 'POST /users/v1/api/user', times: 1 });
    const two = await hire(linkspan, person('y'));
    await eventually('the lost create', async () => (await users(linkspan)).length === 2);
    await sandbox.faults({ kinds: ['500'], match: 'PUT /users/v1/api/user/changeusername' });
    await scim('PATCH', `/Users/${one}`, named('t'));
    await scim('PATCH', `/Users/${two}`, named('x'));
    await scim('PATCH', `/Users/${one}`, named('y'));
    await eventually('the lost record is linked', async () => (await accountOf(linkspan, two)).remote_id !== null);
    await sandbox.faults({ rate: 0 });
    await linkspan.settled();
    expect((await users(linkspan)).map(({ userName, email }) => [userName, email])).toEqual([
      ['DEMO/y', 'y@example.com'],
      ['DEMO/x', 'x@example.com'],
    ]);
    for (const id of [one, two])
      expect(await accountOf(linkspan, id)).toMatchObject({ outcome: 'done', adopted: null });
  });

  it('is looked for among several records without those that are linked to others, in whatever tenant', async () => {
    const sandbox = await sandboxWithDoubles('m1', 'm2', 'm3');
    const linkspan = await start('door', { kind, sandbox });
    const { app, addTenant, settled } = linkspan;
    const jane = { ...person('jane'), name: { givenName: 'Jane', familyName: 'Doe' } };
    const globex = await addTenant('globex', { targets: ['door'] });
    await setTarget(app, 'globex', 'door', { rules: { onlyAssigned: false } });
    const first = await hire(linkspan, jane);
    const theirs = (await globex('POST', '/Users', jane)).body.id;
    await settled();
    await approveAdoption(app.store, { tenant: 'acme', target: 'door', userId: first, record: 'm1' });
    await approveAdoption(app.store, { tenant: 'globex', target: 'door', userId: theirs, record: 'm3' });
    await settled();
    const second = await hire(linkspan, { ...jane, userName: sameAs('jane') });
    await settled();
    expect(await accountOf(linkspan, second)).toMatchObject({ outcome: 'done', remote_id: 'm2', situation: 'found' });
    const third = await hire(linkspan, { ...jane, userName: ' jane' });
    await settled();
    expect(await accountOf(linkspan, third)).toMatchObject({ outcome: 'reject', situation: 'already-linked' });
    expect((await accountOf(linkspan, third)).reason).not.toContain('globex');
  });
});
