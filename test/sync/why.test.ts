import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { whyTarget, whyUser } from '../../src/sync/why/timeline.ts';
import { whyRequest } from '../../src/sync/why/why.ts';
import { eventually, type Linkspan, patch, type ScimAnswer, startLinkspan } from '../linkspan.ts';

const KINDS = ['sqlite', 'postgres'] as const;
const requestOf = (answer: ScimAnswer) => answer.headers.get('x-request-id') ?? '';
const retitle = (title: string) => patch({ op: 'replace', path: 'title', value: title });

async function whyOf({ app }: Linkspan, answer: ScimAnswer, options?: { limit: number }) {
  const why = await whyRequest(app.store, 'acme', requestOf(answer), options);
  if (!why) throw new Error('nothing is known');
  return why;
}

async function targetId({ app }: Linkspan, name = 'dashboard'): Promise<string> {
  const row = await app.store.read
    .selectFrom('targets')
    .select('id')
    .where('name', '=', name)
    .executeTakeFirstOrThrow();
  return row.id;
}

async function fannedOut({ app }: Linkspan): Promise<void> {
  await eventually('the changes are fanned out', async () => {
    return (await app.store.read.selectFrom('changes').select('seq').execute()).length === 0;
  });
}

/** Changes until this resolves are carried on by one pass. */
async function heldBack(linkspan: Linkspan, meanwhile: () => Promise<void>): Promise<void> {
  const { app } = linkspan;
  const lease = (lease_owner: string | null) =>
    app.store.write((trx) => trx.updateTable('accounts').set({ lease_owner }).execute());
  // Whose lease is alive: nobody else takes the account.
  await app.store.write((trx) =>
    trx
      .insertInto('processes')
      .values({ id: 'somebody', started_at: 0, alive_until: Date.now() + 600_000 })
      .execute(),
  );
  await lease('somebody');
  await meanwhile();
  await fannedOut(linkspan);
  await lease(null);
}

describe.each(KINDS)('why a request (%s)', (kind) => {
  it('names who asked, what changed, the accounts, and every call with its status and duration', async () => {
    const linkspan = await startLinkspan({ kind });
    const { scim, settled } = linkspan;
    await settled();
    const made = await scim('POST', '/Users', { userName: 'jane', title: 'Chief Hunter', password: 'hunter2' });
    await settled();
    // Calls are written beside the settle, not before it.
    const isWritten = async () => (await whyOf(linkspan, made)).calls.some(({ method }) => method === 'POST');
    await eventually('the calls are written', isWritten);
    const why = await whyOf(linkspan, made);
    expect(why).toMatchObject({
      id: requestOf(made),
      waiting: 0,
      asked: [
        {
          id: requestOf(made),
          partOf: null,
          by: 'token "test"',
          action: 'create',
          resourceType: 'User',
          resourceId: made.body.id,
          name: 'jane',
          deleted: false,
          changed: expect.arrayContaining(['userName', 'title']),
        },
      ],
      accounts: [
        {
          target: 'dashboard',
          user: 'jane',
          state: 'settled',
          outcome: 'done',
          reason: expect.any(String),
          other: null,
        },
      ],
      receipts: [],
    });
    expect(why.calls).toContainEqual({
      kind: 'call',
      id: expect.any(String),
      at: expect.any(Number),
      target: 'dashboard',
      targetId: await targetId(linkspan),
      userId: made.body.id,
      user: 'jane',
      activityId: requestOf(made),
      method: 'POST',
      path: '/users/v1/api/user',
      status: 201,
      durationMs: expect.any(Number),
      error: null,
    });
    expect(why.totals).toEqual({ asked: 1, accounts: 1, calls: why.calls.length, receipts: 0 });
    expect(why.calls.map(({ at }) => at)).toEqual(why.calls.map(({ at }) => at).toSorted((a, b) => a - b));
  });

  it('tells of a removal with its receipt, and of the user who is gone', async () => {
    const linkspan = await startLinkspan({ kind, targets: ['dashboard'] });
    const { scim, settled } = linkspan;
    const { id } = (await scim('POST', '/Users', { userName: 'jane' })).body;
    await settled();
    const gone = await scim('DELETE', `/Users/${id}`);
    await settled();
    expect(await whyOf(linkspan, gone)).toMatchObject({
      asked: [{ action: 'delete', name: 'jane', deleted: true, changed: [] }],
      accounts: [{ state: 'settled' }],
      receipts: [{ target: 'dashboard', user: 'jane', removal: 'delete', evidence: 'read', emulated: false }],
    });
  });

  it('shows a failing account with its reason and its next attempt, first', async () => {
    const linkspan = await startLinkspan({ kind, pace: { backoffMinMs: 60_000, backoffMaxMs: 60_000 } });
    const { scim, sandbox, app, settled } = linkspan;
    const ids = await Promise.all(
      ['ann', 'bob'].map(async (userName) => (await scim('POST', '/Users', { userName })).body.id as string),
    );
    await settled();
    await sandbox.faults({ kinds: ['500'], match: 'GET *', times: 1 });
    const members = ids.map((value) => ({ value }));
    const grouped = await scim('POST', '/Groups', { displayName: 'Event 1001', members });
    await eventually('both were worked on', async () => {
      const rows = await app.store.read.selectFrom('accounts').selectAll().execute();
      return rows.every((row) => row.outcome !== null && row.lease_owner === null && row.activity_id !== null);
    });
    await eventually('one has failed', async () => (await whyOf(linkspan, grouped)).accounts[0]?.outcome === 'retry');
    const why = await whyOf(linkspan, grouped);
    expect(why.asked).toMatchObject([{ resourceType: 'Group', name: 'Event 1001', changed: ['displayName'] }]);
    expect(why.accounts[0]).toMatchObject({ state: 'due', outcome: 'retry', reason: expect.stringContaining('500') });
    expect(why.accounts[0]?.nextAttemptAt).toBeGreaterThan(Date.now());
    expect(new Set(why.accounts.map(({ user }) => user))).toEqual(new Set(['ann', 'bob']));
    expect(why.calls).toContainEqual(expect.objectContaining({ status: 500, activityId: requestOf(grouped) }));
  });

  it('leads from a change that a later one overtook to the one that carried both on', async () => {
    const linkspan = await startLinkspan({ kind, targets: ['dashboard'] });
    const { scim, settled } = linkspan;
    const made = await scim('POST', '/Users', { userName: 'jane' });
    const path = `/Users/${made.body.id}`;
    await settled();
    const answers: ScimAnswer[] = [];
    await heldBack(linkspan, async () => {
      for (const title of ['one', 'two', 'three']) {
        answers.push(await scim('PATCH', path, retitle(title)));
        await fannedOut(linkspan);
      }
    });
    await settled();
    const [first, second, third] = answers as [ScimAnswer, ScimAnswer, ScimAnswer];
    for (const earlier of [first, second]) {
      const why = await whyOf(linkspan, earlier);
      expect(why.calls).toEqual([]);
      expect(why.accounts).toMatchObject([
        { target: 'dashboard', state: 'settled', other: { id: requestOf(third), how: 'later' } },
      ]);
    }
    const last = await whyOf(linkspan, third);
    expect(last.accounts).toMatchObject([{ other: null }]);
    expect(last.calls.length).toBeGreaterThan(0);
    // It was carried on by itself, and others came later.
    expect((await whyOf(linkspan, made)).accounts).toMatchObject([
      { state: 'settled', other: { id: requestOf(third), how: 'since' } },
    ]);
  });

  it('leads from a change that a pass under way had seen to the earlier one that the pass was for', async () => {
    const linkspan = await startLinkspan({ kind, targets: ['dashboard'] });
    const { scim, settled, app } = linkspan;
    await settled();
    const made = await scim('POST', '/Users', { userName: 'jane' });
    await settled();
    const gone = await scim('DELETE', `/Users/${made.body.id}`);
    await settled();
    // What is left where the worker came between the claim and the look: its calls stand under the claimed change.
    await app.store.write(async (trx) => {
      for (const table of ['calls', 'receipts'] as const) {
        await trx
          .updateTable(table)
          .set({ activity_id: requestOf(made) })
          .where('activity_id', '=', requestOf(gone))
          .execute();
      }
    });
    expect(await whyOf(linkspan, gone)).toMatchObject({
      calls: [],
      accounts: [{ state: 'settled', other: { id: requestOf(made), how: 'earlier' } }],
    });
  });

  it('leads from each of several changes that came together to the one that has the calls', async () => {
    const linkspan = await startLinkspan({ kind, targets: ['dashboard'] });
    const { scim, settled } = linkspan;
    const { id } = (await scim('POST', '/Users', { userName: 'jane' })).body;
    await settled();
    const answers: ScimAnswer[] = [];
    const open: unknown[] = [];
    await heldBack(linkspan, async () => {
      for (const title of ['1', '2', '3', '4', '5', '6'])
        answers.push(await scim('PATCH', `/Users/${id}`, retitle(title)));
      await fannedOut(linkspan);
      for (const answer of answers) open.push((await whyOf(linkspan, answer)).accounts);
    });
    await settled();
    const whys = await Promise.all(answers.map((answer) => whyOf(linkspan, answer)));
    const carriers = whys.filter(({ calls }) => calls.length > 0);
    expect(carriers).toHaveLength(1);
    const carrier = carriers[0]?.id ?? '';
    expect(carrier).toBe(requestOf(answers.at(-1) as ScimAnswer));
    for (const [n, why] of whys.entries()) {
      const isTogether = why.asked[0]?.at === whys.at(-1)?.asked[0]?.at;
      const other = why.id === carrier ? null : { id: carrier, how: isTogether ? 'together' : 'later' };
      expect(why.accounts).toMatchObject([{ state: 'settled', other }]);
      expect(open[n]).toMatchObject([{ state: 'at work', other }]);
    }
  });

  it('shows a Bulk request with all that came of its operations, and each operation by itself', async () => {
    const linkspan = await startLinkspan({ kind, targets: ['dashboard'] });
    const { scim, settled } = linkspan;
    await settled();
    const create = (userName: string) => ({ method: 'POST', path: '/Users', bulkId: userName, data: { userName } });
    const answer = await scim('POST', '/Bulk', {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
      Operations: [create('ann'), create('bob'), create('ANN')],
    });
    await settled();
    const why = await whyOf(linkspan, answer);
    expect(why.asked.map(({ name, partOf }) => [name, partOf]).toSorted()).toEqual([
      ['ann', requestOf(answer)],
      ['bob', requestOf(answer)],
    ]);
    expect(why.accounts.map(({ user, state, other }) => [user, state, other]).toSorted()).toEqual([
      ['ann', 'settled', null],
      ['bob', 'settled', null],
    ]);
    expect(new Set(why.calls.map(({ user }) => user))).toEqual(new Set(['ann', 'bob']));
    const ann = why.asked.find(({ name }) => name === 'ann');
    const operation = await whyRequest(linkspan.app.store, 'acme', ann?.id ?? '');
    expect(operation).toMatchObject({ asked: [{ name: 'ann' }], accounts: [{ user: 'ann' }] });
    expect(operation?.calls.every(({ user }) => user === 'ann')).toBe(true);
  });

  it('ends its lists at the limit, and says how many there are', async () => {
    const linkspan = await startLinkspan({ kind });
    const { scim, settled } = linkspan;
    const ids = await Promise.all(
      ['ann', 'bob', 'cy'].map(async (userName) => (await scim('POST', '/Users', { userName })).body.id as string),
    );
    await settled();
    const members = ids.map((value) => ({ value }));
    const grouped = await scim('POST', '/Groups', { displayName: 'Event 1001', members });
    await settled();
    const whole = await whyOf(linkspan, grouped);
    const cut = await whyOf(linkspan, grouped, { limit: 2 });
    expect([cut.accounts.length, cut.calls.length]).toEqual([2, 2]);
    expect(cut.totals).toEqual(whole.totals);
    expect(whole.totals).toMatchObject({ accounts: whole.accounts.length, calls: whole.calls.length });
    expect(whole.totals.accounts).toBeGreaterThan(2);
    expect(cut.calls).toEqual(whole.calls.slice(0, 2));
  });
});

it('a request that changed nothing, one that was refused, and another tenant’s are not known', async () => {
  const linkspan = await startLinkspan({ targets: ['dashboard'] });
  const { scim, app, addTenant } = linkspan;
  const made = await scim('POST', '/Users', { userName: 'jane', title: 'x' });
  const idle = await scim('PATCH', `/Users/${made.body.id}`, retitle('x'));
  const refused = await scim('POST', '/Users', { userName: 'jane' });
  expect([idle.status, refused.status]).toEqual([200, 409]);
  await addTenant('globex', { targets: [] });
  for (const answer of [idle, refused]) expect(await whyRequest(app.store, 'acme', requestOf(answer))).toBeNull();
  expect(await whyRequest(app.store, 'globex', requestOf(made))).toBeNull();
});

it('changed rules do not hide the request that an account is still due for', async () => {
  const linkspan = await startLinkspan({ targets: ['dashboard'] });
  const { scim, settled, app } = linkspan;
  const { id } = (await scim('POST', '/Users', { userName: 'jane' })).body;
  await settled();
  let answer: ScimAnswer | undefined;
  await heldBack(linkspan, async () => {
    answer = await scim('PATCH', `/Users/${id}`, retitle('one'));
    await fannedOut(linkspan);
    const target_id = await targetId(linkspan);
    const change = {
      tenant: 'acme',
      subject: 'target',
      subject_id: target_id,
      urgent: 0,
      created_at: Date.now(),
    } as const;
    await app.store.write((trx) => trx.insertInto('changes').values(change).execute());
  });
  await settled();
  const why = await whyOf(linkspan, answer as ScimAnswer);
  expect(why.accounts).toMatchObject([{ other: null }]);
  expect(why.calls.length).toBeGreaterThan(0);
});

describe.each(KINDS)('what was done lately (%s)', (kind) => {
  it('for a user is one line of time, newest first, in pages that miss nothing and repeat nothing', async () => {
    const linkspan = await startLinkspan({ kind });
    const { scim, settled, app } = linkspan;
    await settled();
    const made = await scim('POST', '/Users', { userName: 'jane', title: 'Chief Hunter' });
    const { id } = made.body;
    await settled();
    const grouped = await scim('POST', '/Groups', { displayName: 'Event 1001', members: [{ value: id }] });
    await settled();
    const left = await scim('PATCH', `/Users/${id}`, patch({ op: 'replace', path: 'active', value: false }));
    await settled();

    // Many in one millisecond, as in a burst.
    const at = Math.floor(Date.now() / 1_000) * 1_000;
    await app.store.write((trx) => trx.updateTable('calls').set({ at }).execute());
    const whole = await whyUser(app.store, 'acme', id, { limit: 500 });
    expect(whole.older).toBeNull();
    const requests = whole.entries.filter((entry) => entry.kind === 'request');
    expect(requests.map((entry) => entry.id)).toEqual([requestOf(left), requestOf(made)]);
    expect(whole.entries.map(({ at }) => at)).toEqual(whole.entries.map(({ at }) => at).toSorted((a, b) => b - a));
    expect(whole.entries).toContainEqual(
      expect.objectContaining({ kind: 'call', target: 'door', activityId: requestOf(grouped) }),
    );
    expect(whole.entries).toContainEqual(
      expect.objectContaining({ kind: 'receipt', removal: 'unassign', activityId: requestOf(left) }),
    );
    expect(whole.requests).toContainEqual(
      expect.objectContaining({ id: requestOf(grouped), resourceType: 'Group', name: 'Event 1001' }),
    );

    const paged = [];
    let before: { at: number; id: string } | undefined;
    do {
      const page = await whyUser(app.store, 'acme', id, { limit: 3, ...(before && { before }) });
      expect(page.entries.length).toBeLessThanOrEqual(3);
      paged.push(...page.entries);
      before = page.older ?? undefined;
    } while (before);
    expect(paged).toEqual(whole.entries);
  });

  it('at a target shows its own calls only, and because of what', async () => {
    const linkspan = await startLinkspan({ kind });
    const { scim, settled, app } = linkspan;
    await settled();
    const made = await scim('POST', '/Users', { userName: 'jane' });
    await settled();
    const grouped = await scim('POST', '/Groups', { displayName: 'Event 1001', members: [{ value: made.body.id }] });
    await settled();
    const door = await whyTarget(app.store, 'acme', await targetId(linkspan, 'door'));
    expect(door.entries.length).toBeGreaterThan(0);
    for (const entry of door.entries) expect(entry).toMatchObject({ kind: 'call', target: 'door', user: 'jane' });
    expect(door.requests).toContainEqual(expect.objectContaining({ id: requestOf(grouped), by: 'token "test"' }));
    const dashboard = await whyTarget(app.store, 'acme', await targetId(linkspan), { limit: 1 });
    expect(dashboard.entries).toHaveLength(1);
    expect(dashboard.older).toEqual({ at: dashboard.entries[0]?.at, id: dashboard.entries[0]?.id });
    expect(await whyTarget(app.store, 'globex', await targetId(linkspan))).toEqual({
      entries: [],
      requests: [],
      older: null,
    });
  });
});

it('nothing of it holds a secret or a value of an attribute', async () => {
  const linkspan = await startLinkspan();
  const { scim, settled, app, sandbox } = linkspan;
  const secret = { title: 'Zanzibar', password: 'hunter2', name: { familyName: 'Rumpelstilz' }, nickName: 'Pim' };
  const made = await scim('POST', '/Users', { userName: 'jane', ...secret });
  await settled();
  await sandbox.faults({ kinds: ['500', 'reset'], rate: 0.5, seed: 3 });
  const left = await scim('PUT', `/Users/${made.body.id}`, {
    userName: 'jane2',
    ...secret,
    title: 'Timbuktu',
    active: false,
  });
  await eventually('an attempt', async () => (await whyOf(linkspan, left)).calls.length > 0);
  await sandbox.faults({ rate: 0 });
  await settled();
  const shown = JSON.stringify([
    await whyOf(linkspan, made),
    await whyOf(linkspan, left),
    await whyUser(app.store, 'acme', made.body.id, { limit: 1_000 }),
    await whyTarget(app.store, 'acme', await targetId(linkspan), { limit: 1_000 }),
  ]);
  const credentials = await sandbox.credentials('qflow');
  const hidden = ['password', 'clientSecret', 'subscriptionKey'].map((name) => credentials[name] ?? 'missing');
  for (const value of ['Zanzibar', 'Timbuktu', 'hunter2', 'Rumpelstilz', 'Pim', linkspan.scim.token, ...hidden]) {
    expect(shown).not.toContain(value);
  }
  expect(shown).toContain('title');
});

it('SQLite finds all of it by indexes, in tables of any size', async () => {
  const statements: string[] = [];
  const { app, scim } = await startLinkspan({
    targets: ['dashboard'],
    store: { onStatement: (text) => statements.push(text) },
  });
  const made = await scim('POST', '/Users', { userName: 'jane' });
  await eventually(
    'calls',
    async () => ((await whyRequest(app.store, 'acme', requestOf(made)))?.calls.length ?? 0) > 0,
  );
  statements.length = 0;
  await whyRequest(app.store, 'acme', requestOf(made));
  await whyUser(app.store, 'acme', made.body.id, { before: { at: Date.now(), id: 'f' } });
  await whyTarget(app.store, 'acme', 'nowhere', { before: { at: Date.now(), id: 'f' } });
  const large = /from "?(activity|calls|receipts|accounts|resources)\b/;
  const asked = [...new Set(statements)]
    .filter((text) => text.startsWith('select') || text.startsWith('with'))
    .filter((text) => large.test(text));
  expect(asked.length).toBeGreaterThanOrEqual(9);
  for (const text of asked) {
    const { rows } = await sql
      .raw<{ detail: string }>(`explain query plan ${text.replaceAll('?', "'x'")}`)
      .execute(app.store.read);
    for (const { detail } of rows) {
      if (!/^(SEARCH|SCAN) (activity|calls|receipts|accounts|resources)\b/.test(detail)) continue;
      // By more than the tenant.
      expect({ text, detail }).toEqual({
        text,
        detail: expect.stringMatching(/\((tenant=\? AND \w+|tenant=\? AND target_id=\? AND user_id)/),
      });
    }
  }
});
