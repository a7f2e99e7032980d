import { describe, expect, it } from 'vitest';
import { setTarget } from '../../src/sync/admin/targets.ts';
import type { Observed } from '../../src/targets/target.ts';
import { eventually, patch } from '../linkspan.ts';
import { found, runNow, withPeople } from './reconciling.ts';

const USER = '/users/v1/api/user';
const TEAM = '/checkin/v1/api/teammember';

/** Two people with an event each. */
async function withEvents(kind: 'sqlite' | 'postgres') {
  const linkspan = await withPeople(['jane', 'john'], { kind });
  const { scim, settled, idOf } = linkspan;
  for (const [name, event] of [
    ['jane', '1001'],
    ['john', '1002'],
  ] as const) {
    await scim('POST', '/Groups', { displayName: `Event ${event}`, members: [{ value: idOf(name) }] });
  }
  await settled();
  return linkspan;
}

describe.each(['sqlite', 'postgres'] as const)('reconcile (%s)', (kind) => {
  it('finds everything in order where nothing was touched, and asks only', async () => {
    const { run, sandbox, writes } = await withEvents(kind);
    const mark = await sandbox.mark();
    for (const target of ['dashboard', 'door']) {
      const { run: info, findings } = await run(target);
      expect(info).toMatchObject({ state: 'done', listed: 2, counts: { inOrder: 2, notJudged: 0 } });
      expect(findings).toEqual([]);
    }
    expect(await writes(mark)).toEqual([]);
  });

  it('reports drift by attribute, and in a dry run changes nothing', async () => {
    const { run, user, hand, sandbox, writes, users, idOf, app } = await withPeople(['jane', 'john'], { kind });
    const jane = await user('jane');
    await hand('PUT', USER, { ...jane, firstName: 'Janet', customData: '[linkspan:disabled]' });
    const [mark, before] = [await sandbox.mark(), await users()];
    const { findings, run: info } = await run('dashboard');
    expect(findings).toEqual([
      {
        kind: 'drift',
        name: 'jane',
        userId: idOf('jane'),
        remoteId: jane.id,
        repair: true,
        steps: ['update', 'enable'],
        kinds: ['update'],
        changes: [
          { attribute: 'firstName', wanted: 'First', last: 'First', seen: 'Janet' },
          { attribute: 'enabled', wanted: true, last: true, seen: false },
        ],
      },
    ]);
    expect(info).toMatchObject({ dryRun: true, repairs: 1, counts: { drift: 1, inOrder: 1 } });
    expect(await writes(mark)).toEqual([]);
    expect(await users()).toEqual(before);
    const due = await app.store.read.selectFrom('accounts').selectAll().where('due_at', 'is not', null).execute();
    expect(due).toEqual([]);
  });

  it('repairs drift through the workers', async () => {
    const { run, user, hand, settled } = await withPeople(['jane'], { kind });
    await hand('PUT', USER, { ...(await user('jane')), lastName: 'Else' });
    expect(found(await run('dashboard', { dryRun: false }))).toEqual(['drift jane']);
    await settled();
    expect(await user('jane')).toMatchObject({ lastName: 'Last' });
    expect(found(await run('dashboard'))).toEqual([]);
  });

  it('reports and repairs a name that was changed', async () => {
    const { run, user, hand, settled } = await withPeople(['jane'], { kind });
    const { id } = await user('jane');
    await hand('PUT', `${USER}/changeusername`, { id, oldUserName: 'DEMO/jane', newUserName: 'DEMO/janet' });
    const { findings } = await run('dashboard', { dryRun: false });
    expect(findings).toMatchObject([
      {
        kind: 'drift',
        steps: ['rename'],
        changes: [{ attribute: 'userName', wanted: 'DEMO/jane', last: 'DEMO/jane', seen: 'DEMO/janet' }],
      },
    ]);
    await settled();
    expect((await user('jane')).id).toBe(id);
  });

  it('reports and repairs assignments: what lacks is given, what others gave is left', async () => {
    const { run, member, hand, settled, sandbox } = await withEvents(kind);
    const { id = '' } = await member('jane');
    await hand('POST', `${TEAM}/${id}/unassign/1001`);
    await hand('POST', `${TEAM}/${id}/assign/1005`);
    const { findings } = await run('door', { dryRun: false });
    expect(findings).toMatchObject([{ kind: 'drift', name: 'jane', steps: ['assign'], give: ['1001'] }]);
    expect(findings[0]).not.toHaveProperty('take');
    await settled();
    const { assignments } = (await sandbox.state()).qflow;
    const events = assignments.filter(({ teamMemberId }) => teamMemberId === id).map(({ eventId }) => eventId);
    expect(events.sort()).toEqual(['1001', '1005']);
  });

  it('takes away again at once what who is inactive was given by hand', async () => {
    const { run, member, hand, settled, sandbox, scim, idOf, app } = await withEvents(kind);
    await scim('PATCH', `/Users/${idOf('jane')}`, patch({ op: 'replace', value: { active: false } }));
    await settled();
    const { id = '' } = await member('jane');
    await hand('POST', `${TEAM}/${id}/assign/1003`);
    const { findings } = await run('door', { dryRun: false });
    expect(findings).toMatchObject([{ kind: 'drift', name: 'jane', steps: ['unassign'], take: ['1003'] }]);
    await settled();
    expect((await sandbox.state()).qflow.assignments.filter(({ teamMemberId }) => teamMemberId === id)).toEqual([]);
    const receipts = await app.store.read
      .selectFrom('receipts')
      .select('subject')
      .where('subject', '=', '1003')
      .execute();
    expect(receipts).toHaveLength(1);
  });

  it('does not judge assignments that a listing does not show', async () => {
    const { lane, app, member, hand } = await withEvents(kind);
    const door = await lane('door');
    await hand('POST', `${TEAM}/${(await member('jane')).id}/unassign/1001`);
    const { list } = door.connection;
    const withoutEvents: typeof list = async function* (io) {
      for await (const record of list(io)) yield { ...record, assignments: null };
    };
    const { findings, run } = await runNow(app, { ...door, connection: { ...door.connection, list: withoutEvents } });
    expect(findings).toEqual([]);
    expect(run.counts).toMatchObject({ inOrder: 2 });
  });

  it('reports an orphan and never touches it, even where it resembles somebody', async () => {
    const { run, hand, users, settled, sandbox, writes, scim } = await withPeople(['jane'], { kind });
    const stranger = { userName: 'DEMO/stranger', email: 'stranger@x.org', password: 'x' };
    await hand('POST', USER, stranger);
    await scim('POST', '/Users', { userName: 'STRANGER', emails: [{ value: 'other@x.org' }] });
    await settled();
    const [before, mark] = [await users(), await sandbox.mark()];
    const { findings, run: info } = await run('dashboard', { dryRun: false });
    expect(findings).toMatchObject([
      { kind: 'rejected', name: 'STRANGER', repair: false },
      { kind: 'orphan', name: 'DEMO/stranger', userId: null, repair: false },
    ]);
    expect(info).toMatchObject({ repairs: 0, counts: { inOrder: 1, orphan: 1, rejected: 1 } });
    await settled();
    expect(await writes(mark)).toEqual([]);
    expect(await users()).toEqual(before);
  });

  it('does not call an orphan what another tenant is linked to, nor says more of it than that', async () => {
    const { run, addTenant, settled } = await withPeople(['jane'], { kind, targets: ['dashboard'] });
    const other = await addTenant('other', { targets: ['dashboard'] });
    await other('POST', '/Users', { userName: 'secret-name', emails: [{ value: 'secret@x.org' }] });
    await settled();
    const result = await run('dashboard');
    expect(result.run.counts).toMatchObject({ inOrder: 1, orphan: 0, elsewhere: 1 });
    expect(JSON.stringify(result)).not.toContain('secret');
  });

  it('has missing records made anew', async () => {
    const { run, user, hand, settled } = await withPeople(['jane', 'john'], { kind });
    const { id } = await user('jane');
    await hand('DELETE', USER, { id });
    const { findings } = await run('dashboard', { dryRun: false });
    expect(findings).toMatchObject([{ kind: 'missing', name: 'jane', remoteId: id, repair: true, steps: ['create'] }]);
    await settled();
    expect((await user('jane')).id).not.toBe(id);
    expect(found(await run('dashboard'))).toEqual([]);
  });

  it('only reports missing records where the rules say so, from the worker as well', async () => {
    const { app, run, user, users, hand, settled, scim, idOf } = await withPeople(['jane', 'john'], { kind });
    await setTarget(app, 'acme', 'dashboard', { rules: { missing: 'report' } });
    await settled();
    const { id } = await user('jane');
    await hand('DELETE', USER, { id });
    const first = await run('dashboard', { dryRun: false });
    expect(first.findings).toMatchObject([{ kind: 'missing', name: 'jane', steps: [] }]);
    await settled();
    expect(await users()).toHaveLength(1);
    const account = () =>
      app.store.read
        .selectFrom('accounts')
        .select(['outcome', 'situation', 'reason', 'remote_id'])
        .where('user_id', '=', idOf('jane'))
        .where('outcome', '=', 'reject')
        .executeTakeFirst();
    expect(await account()).toMatchObject({ outcome: 'reject', situation: 'missing', remote_id: id });
    expect((await account())?.reason).toContain(`the record ${id} is gone`);

    // A change of the user asks again, and is answered the same.
    await scim('PATCH', `/Users/${idOf('jane')}`, patch({ op: 'replace', value: { name: { givenName: 'Janet' } } }));
    await settled();
    expect(await users()).toHaveLength(1);
    const second = await run('dashboard', { dryRun: false });
    expect(second.findings).toMatchObject([{ kind: 'missing', name: 'jane', repair: false }]);
    expect(second.since).toMatchObject({ added: 0, gone: 0, still: 1 });

    await setTarget(app, 'acme', 'dashboard', { rules: { missing: 'recreate' } });
    await settled();
    expect((await user('jane')).firstName).toBe('Janet');
  });

  it('notices that a record that was missing is there again', async () => {
    const { app, run, user, hand, settled, lane } = await withPeople(['jane', 'john'], { kind });
    await setTarget(app, 'acme', 'dashboard', { rules: { missing: 'report' } });
    await settled();
    const jane = await user('jane');
    await hand('DELETE', USER, { id: jane.id });
    await run('dashboard', { dryRun: false });
    await settled();
    const dashboard = await lane('dashboard');
    const back: Observed = {
      id: jane.id ?? '',
      keys: { userName: 'DEMO/jane', email: 'jane@x.org' },
      fields: {},
      enabled: true,
      assignments: [],
    };
    const { list } = dashboard.connection;
    const withJane: typeof list = async function* (io) {
      yield* list(io);
      yield back;
    };
    const { findings } = await runNow(app, { ...dashboard, connection: { ...dashboard.connection, list: withJane } });
    expect(findings).toMatchObject([{ kind: 'drift', name: 'jane', repair: true }]);
    expect(findings[0]?.reason).toContain('there again');
  });

  it('does not ask for a record that nobody needs any more', async () => {
    const { run, user, users, hand, settled, scim, idOf } = await withPeople(['jane', 'john'], { kind });
    await scim('PATCH', `/Users/${idOf('jane')}`, patch({ op: 'replace', value: { active: false } }));
    await settled();
    await hand('DELETE', USER, { id: (await user('jane')).id });
    const { findings } = await run('dashboard', { dryRun: false });
    expect(findings).toMatchObject([{ kind: 'missing', name: 'jane', steps: [] }]);
    await settled();
    expect(await users()).toHaveLength(1);
    expect(found(await run('dashboard'))).toEqual([]);
  });

  it('finds who belongs there and was never given an account', async () => {
    const { app, run, idOf, users, hand, user, settled } = await withPeople(['jane', 'john'], { kind });
    const { id } = await user('jane');
    // As a database that was restored from before the account's time.
    await app.store.write(async (trx) => {
      for (const table of ['accounts', 'intents', 'remote_links'] as const) {
        await trx.deleteFrom(table).where('user_id', '=', idOf('jane')).execute();
      }
    });
    const { findings } = await run('dashboard');
    expect(findings).toMatchObject([
      { kind: 'absent', name: 'jane', userId: idOf('jane'), repair: true, steps: ['create'] },
      { kind: 'orphan', remoteId: id, adopter: idOf('jane') },
    ]);
    await hand('DELETE', USER, { id });
    await run('dashboard', { dryRun: false });
    await settled();
    expect(await users()).toHaveLength(2);
  });

  it('holds all of a kind of which there is too much, before any of it begins; other kinds go on', async () => {
    const { app, run, users, user, hand, settled } = await withPeople(['jane', 'john', 'joan'], {
      kind,
      targets: ['dashboard'],
    });
    await setTarget(app, 'acme', 'dashboard', { rules: { limits: { update: { count: 1 } } } });
    await settled();
    for (const each of await users()) await hand('PUT', USER, { ...each, lastName: 'Else' });
    const { id } = await user('joan');
    await hand('DELETE', USER, { id });
    const dry = await run('dashboard');
    expect(dry.run).toMatchObject({ repairs: 3, holds: [] });
    const { run: info } = await run('dashboard', { dryRun: false });
    expect(info.holds).toHaveLength(1);
    const hold = await app.store.read.selectFrom('holds').selectAll().executeTakeFirstOrThrow();
    expect(hold).toMatchObject({ id: info.holds[0], kind: 'update', origin: 'reconcile' });
    expect(hold.reason).toContain('would update 2');
    await settled();
    expect((await users()).map(({ lastName }) => lastName).sort()).toEqual(['Else', 'Else', 'Last']);
    expect((await user('joan')).id).not.toBe(id);
  });

  it('reports what the rules forbid to be put right, and leaves it', async () => {
    const { app, run, member, hand, settled, sandbox, scim, idOf } = await withEvents(kind);
    await scim('PATCH', `/Users/${idOf('jane')}`, patch({ op: 'replace', value: { active: false } }));
    await settled();
    await setTarget(app, 'acme', 'door', { rules: { protected: 'userName eq "jane"' } });
    await settled();
    await hand('POST', `${TEAM}/${(await member('jane')).id}/assign/1003`);
    const { findings } = await run('door', { dryRun: false });
    expect(findings).toMatchObject([{ kind: 'drift', name: 'jane', repair: false, take: ['1003'] }]);
    expect(findings[0]?.reason).toContain('protected');
    await settled();
    expect((await sandbox.state()).qflow.assignments.map(({ eventId }) => eventId).sort()).toEqual(['1002', '1003']);
  });

  it('says who needs a person, and why', async () => {
    const { scim, settled, run, idOf, hand } = await withPeople(['jane'], { kind, targets: ['dashboard'] });
    await hand('POST', USER, { userName: 'DEMO/john', email: 'someone-else@x.org', password: 'x' });
    await scim('POST', '/Users', { userName: 'john', emails: [{ value: 'john@x.org' }] });
    await settled();
    const { findings } = await run('dashboard');
    expect(findings).toMatchObject([
      { kind: 'rejected', name: 'john', repair: false },
      { kind: 'orphan', name: 'DEMO/john' },
    ]);
    expect(findings[0]?.reason).toContain('john');
    expect(findings.some(({ userId }) => userId === idOf('jane'))).toBe(false);
  });
});

describe.each(['sqlite', 'postgres'] as const)('what moves while it is listed (%s)', (kind) => {
  /** Runs `meanwhile` after the answer of the listing and before it is taken. */
  async function whileListing(
    kind: 'sqlite' | 'postgres',
    meanwhile: (all: Awaited<ReturnType<typeof withPeople>>) => Promise<void>,
  ) {
    const all = await withPeople(['jane', 'john'], { kind, targets: ['dashboard'] });
    const dashboard = await all.lane('dashboard');
    const { list } = dashboard.connection;
    const slowly: typeof list = async function* (io) {
      const records: Observed[] = [];
      for await (const record of list(io)) records.push(record);
      await meanwhile(all);
      yield* records;
    };
    const result = await runNow(all.app, { ...dashboard, connection: { ...dashboard.connection, list: slowly } });
    return { ...all, ...result };
  }

  it('is not judged: an account that was changed and settled', async () => {
    const { findings, run } = await whileListing(kind, async ({ scim, idOf, settled }) => {
      await scim('PATCH', `/Users/${idOf('jane')}`, patch({ op: 'replace', value: { name: { givenName: 'Janet' } } }));
      await settled();
    });
    expect(findings).toEqual([]);
    expect(run.counts).toMatchObject({ inOrder: 1, notJudged: 1 });
  });

  it('is not judged: an account that is still due', async () => {
    const { findings, run } = await whileListing(kind, async ({ scim, idOf, sandbox, app }) => {
      await sandbox.faults({ kinds: ['500'], rate: 1 });
      await scim('PATCH', `/Users/${idOf('jane')}`, patch({ op: 'replace', value: { name: { givenName: 'Janet' } } }));
      await eventually('it is due', async () => {
        const rows = await app.store.read
          .selectFrom('accounts')
          .select('outcome')
          .where('outcome', '=', 'retry')
          .execute();
        return rows.length === 1;
      });
    });
    expect(findings).toEqual([]);
    expect(run.counts).toMatchObject({ inOrder: 1, notJudged: 1 });
  });

  it('is no orphan: a record that was deleted for us', async () => {
    const { findings, run } = await whileListing(kind, async ({ scim, idOf, settled }) => {
      await scim('DELETE', `/Users/${idOf('jane')}`);
      await settled();
    });
    expect(findings).toEqual([]);
    expect(run.counts).toMatchObject({ orphan: 0, notJudged: 1 });
  });

  it('is not missing: a record that was made for us, and is no orphan where it is listed', async () => {
    const all = await withPeople(['jane'], { kind, targets: ['dashboard'] });
    const dashboard = await all.lane('dashboard');
    const { list } = dashboard.connection;
    const late: typeof list = async function* (io) {
      await all.scim('POST', '/Users', { userName: 'john', emails: [{ value: 'john@x.org' }] });
      await all.settled();
      yield* list(io);
    };
    const { findings, run } = await runNow(all.app, {
      ...dashboard,
      connection: { ...dashboard.connection, list: late },
    });
    expect(findings).toEqual([]);
    expect(run).toMatchObject({ listed: 2, counts: { inOrder: 1, notJudged: 1 } });
  });
});
