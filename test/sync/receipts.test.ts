import { randomUUIDv7 } from 'node:crypto';
import { sql } from 'kysely';
import { describe, expect, it, vi } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import { pauseByAdmin, resumeByAdmin, setTarget } from '../../src/sync/admin/targets.ts';
import { census } from '../../src/sync/upkeep/census.ts';
import { forget } from '../../src/sync/upkeep/retention.ts';
import {
  openRemovalPages,
  type Receipt,
  receiptPages,
  type Selection,
  summarize,
} from '../../src/sync/why/receipts.ts';
import { byHand, eventually, patch, type ScimAnswer, type StartOptions, startLinkspan } from '../linkspan.ts';
import { openTestStore } from '../stores.ts';

/** Most of the time goes by waiting for rounds of the engine. */
vi.setConfig({ testTimeout: 90_000 });

const KINDS = ['sqlite', 'postgres'] as const;
const replace = (path: string, value: unknown) => patch({ op: 'replace', path, value });
const requestOf = (answer: ScimAnswer) => answer.headers.get('x-request-id') ?? '';

async function setUp(options: StartOptions = {}) {
  const linkspan = await startLinkspan({ targets: ['dashboard'], ...options });
  const { app, scim } = linkspan;
  const { read } = app.store;
  const targets = options.targets ?? ['dashboard'];
  const open = () => all(openRemovalPages(app.store, 'acme', {}));
  const fannedOut = () =>
    eventually(
      'everything is fanned out',
      async () => (await read.selectFrom('changes').select('seq').execute()).length === 0,
    );
  await scim('POST', '/Users', { userName: 'sentinel' });
  return {
    ...linkspan,
    open,
    fannedOut,
    edit: (id: string, path: string, value: unknown) => scim('PATCH', `/Users/${id}`, replace(path, value)),
    hire: async (userName = 'jane') => (await scim('POST', '/Users', { userName })).body.id as string,
    receipts: () =>
      read.selectFrom('receipts').selectAll().orderBy('confirmed_at').orderBy('subject').orderBy('id').execute(),
    acceptedAt: async (answer: ScimAnswer) =>
      (await read.selectFrom('activity').select('at').where('id', '=', requestOf(answer)).executeTakeFirstOrThrow()).at,
    /** Until `resume` changes are fanned out, and no worker looks. */
    async pause() {
      for (const name of targets) await pauseByAdmin(app, 'acme', name, 'holiday');
      await eventually('nobody is at work', async () => {
        const busy = read.selectFrom('accounts').select('user_id').where('lease_owner', 'is not', null);
        return (await busy.execute()).length === 0;
      });
      // A target that was changed is read anew: until then it cannot be told what somebody loses there.
      const sentinel = (await scim('GET', '/Users?filter=userName%20eq%20%22sentinel%22')).body.Resources[0].id;
      const active = async (value: boolean) => {
        await scim('PATCH', `/Users/${sentinel}`, replace('active', value));
        await fannedOut();
      };
      await eventually('the pause is known', async () => {
        await active(false);
        const known = (await open()).some(({ user, removal }) => user === 'sentinel' && removal === 'access');
        await active(true);
        return known && (await open()).length === 0;
      });
    },
    async resume() {
      for (const name of targets) await resumeByAdmin(app, 'acme', name);
    },
  };
}

async function all<T>(pages: AsyncIterable<T[]>): Promise<T[]> {
  const rows: T[] = [];
  for await (const page of pages) rows.push(...page);
  return rows;
}

describe.each(KINDS)('a receipt (%s)', (kind) => {
  it('names the deactivation, not the edit that came right after it', async () => {
    const { hire, edit, pause, resume, fannedOut, receipts, acceptedAt, settled } = await setUp({ kind });
    const jane = await hire();
    await settled();
    await pause();
    await edit(jane, 'title', 'Boss');
    await fannedOut();
    const asked = await edit(jane, 'active', false);
    await fannedOut();
    await edit(jane, 'title', 'Former boss');
    await fannedOut();
    await resume();
    await settled();
    expect(await receipts()).toMatchObject([
      {
        kind: 'disable',
        activity_id: requestOf(asked),
        requested_at: await acceptedAt(asked),
        actor: expect.stringMatching(/^token:/),
        evidence: 'read',
        emulated: 1,
      },
    ]);
  });

  it('is made once for what was taken away there by somebody else, and not again with every later removal', async () => {
    const { scim, hire, receipts, settled, sandbox } = await setUp({ kind, targets: ['door'] });
    const jane = await hire();
    const gather = async (displayName: string) =>
      (await scim('POST', '/Groups', { displayName, members: [{ value: jane }] })).body.id as string;
    const groups: string[] = [];
    for (const n of [1001, 1002, 1003]) groups.push(await gather(`Event ${n}`));
    await settled();
    const [member] = (await sandbox.state()).qflow.teamMembers;
    await byHand(sandbox, 'POST', `/checkin/v1/api/teammember/${member?.id}/unassign/1001`);
    for (const id of groups) {
      await scim('DELETE', `/Groups/${id}`);
      await settled();
    }
    expect((await receipts()).map(({ kind, subject }) => [kind, subject])).toEqual([
      ['unassign', '1001'],
      ['unassign', '1002'],
      ['unassign', '1003'],
    ]);
  });

  it('is made of what a process was about to give when it ended only where that was there', async () => {
    const set = await setUp({ kind, targets: ['dashboard', 'door'] });
    const { app, scim, hire, pause, resume, fannedOut, settled, receipts, sandbox } = set;
    const { store } = app;
    const [jane, kim] = [await hire('jane'), await hire('kim')];
    const members = [jane, kim].map((value) => ({ value }));
    await scim('POST', '/Groups', { displayName: 'Event 1002', members });
    await settled();
    await pause();
    const event = (await scim('POST', '/Groups', { displayName: 'Event 1001', members })).body.id;
    await fannedOut();
    const [door] = await store.read.selectFrom('targets').select('id').where('name', '=', 'door').execute();
    const row = { memory: JSON.stringify({ granted: ['1001', '1002'], remembered: [] }), outcome: 'retry' } as const;
    await store.write((trx) =>
      trx
        .updateTable('accounts')
        .set(row)
        .where('target_id', '=', String(door?.id))
        .where('user_id', 'in', [jane, kim])
        .execute(),
    );
    const janes = store.read.selectFrom('accounts').select('remote_id').where('target_id', '=', String(door?.id));
    const { remote_id } = await janes.where('user_id', '=', jane).executeTakeFirstOrThrow();
    await byHand(sandbox, 'POST', `/checkin/v1/api/teammember/${remote_id}/assign/1001`);
    const removed = await scim('DELETE', `/Groups/${event}`);
    await fannedOut();
    // Its answer is lost: at the next look it is gone, as kim's is at the first.
    await sandbox.faults({ kinds: ['lost-response'], match: 'POST /checkin/v1/api/teammember/*', times: 1 });
    await resume();
    await settled();
    const left = (await sandbox.state()).qflow.assignments.map(({ eventId }) => eventId);
    expect(left).toEqual(['1002', '1002']);
    expect(await receipts()).toMatchObject([
      { kind: 'unassign', subject: '1001', user_id: jane, evidence: 'read', activity_id: requestOf(removed) },
    ]);
  });

  it('is not made for who was wanted again before anybody looked', async () => {
    const { app, hire, edit, pause, resume, fannedOut, receipts, open, settled, sandbox } = await setUp({ kind });
    const jane = await hire();
    await settled();
    await pause();
    await edit(jane, 'active', false);
    await fannedOut();
    expect(await open()).toMatchObject([{ removal: 'access', user: 'jane', why: expect.stringContaining('paused') }]);
    await edit(jane, 'active', true);
    await fannedOut();
    expect(await open()).toEqual([]);
    const mark = await sandbox.mark();
    await resume();
    await settled();
    expect(
      (await sandbox.calls()).filter(
        ({ number, method, path }) => number > mark && method !== 'GET' && !path.endsWith('/token'),
      ),
    ).toEqual([]);
    expect(await receipts()).toEqual([]);
    for (const { customData } of (await sandbox.state()).qflow.users) expect(customData).not.toContain('disabled');
    const accounts = app.store.read.selectFrom('accounts').selectAll().where('user_id', '=', jane);
    expect(await accounts.executeTakeFirstOrThrow()).toMatchObject({
      removals: null,
      removal_asked_at: null,
      removal_activity_id: null,
    });
  });

  it('is made for each of two deactivations, with a return between them', async () => {
    const { hire, edit, receipts, acceptedAt, settled } = await setUp({ kind });
    const jane = await hire();
    await settled();
    const first = await edit(jane, 'active', false);
    await settled();
    await edit(jane, 'active', true);
    await settled();
    const second = await edit(jane, 'active', false);
    await settled();
    expect(await receipts()).toMatchObject([
      { activity_id: requestOf(first), requested_at: await acceptedAt(first) },
      { activity_id: requestOf(second), requested_at: await acceptedAt(second) },
    ]);
  });

  it('names for each event who took it away, and for all the others who deactivated', async () => {
    const set = await setUp({ kind, targets: ['dashboard', 'door'] });
    const { scim, hire, edit, pause, resume, fannedOut, receipts, acceptedAt, settled, sandbox } = set;
    const jane = await hire();
    const groups: string[] = [];
    for (const name of ['Event 1001', 'Event 1002']) {
      groups.push((await scim('POST', '/Groups', { displayName: name, members: [{ value: jane }] })).body.id);
    }
    await settled();
    const [member] = (await sandbox.state()).qflow.teamMembers;
    await byHand(sandbox, 'POST', `/checkin/v1/api/teammember/${member?.id}/assign/1005`);
    await pause();
    // May take something away, and takes nothing from anybody here.
    await scim('PATCH', `/Groups/${groups[1]}`, replace('externalId', 'e'));
    const removed = await scim('PATCH', `/Groups/${groups[0]}`, patch({ op: 'remove', path: 'members' }));
    await fannedOut();
    const deactivated = await edit(jane, 'active', false);
    await fannedOut();
    await edit(jane, 'title', 'Gone');
    await fannedOut();
    await resume();
    await settled();
    expect((await receipts()).filter((receipt) => receipt.kind === 'unassign')).toMatchObject([
      { subject: '1001', activity_id: requestOf(removed), requested_at: await acceptedAt(removed), evidence: 'read' },
      { subject: '1002', activity_id: requestOf(deactivated), requested_at: await acceptedAt(deactivated) },
      { subject: '1005', activity_id: requestOf(deactivated), requested_at: await acceptedAt(deactivated) },
    ]);
  });

  it('tells of leaving the scope by an edit, and by a change of the rules', async () => {
    const { app, hire, edit, receipts, acceptedAt, settled } = await setUp({ kind });
    const [jane] = [await hire('jane'), await hire('kim')];
    await settled();
    const left = await edit(jane, 'userType', 'EndUser');
    await settled();
    const before = Date.now();
    await setTarget(app, 'acme', 'dashboard', { rules: { scope: 'userName eq "sentinel"' } });
    await eventually('kim is out', async () => (await receipts()).length === 2);
    const [first, second] = await receipts();
    expect(first).toMatchObject({
      kind: 'disable',
      activity_id: requestOf(left),
      requested_at: await acceptedAt(left),
    });
    expect(second).toMatchObject({ kind: 'disable', activity_id: null, actor: null });
    expect(second?.requested_at).toBeGreaterThan(before - 1_000);
  });

  it('is made, by a read, for a removal whose answer was lost', async () => {
    const { hire, edit, receipts, settled, sandbox } = await setUp({ kind });
    const jane = await hire();
    await settled();
    await sandbox.faults({ kinds: ['lost-response'], match: 'PUT /users/v1/api/user', times: 1 });
    const asked = await edit(jane, 'active', false);
    await settled();
    expect(await receipts()).toMatchObject([{ kind: 'disable', activity_id: requestOf(asked), evidence: 'read' }]);
  });

  it('does not keep an account at the front for what is to be given there, once nothing is left to go', async () => {
    const set = await setUp({ kind, targets: ['dashboard', 'door'] });
    const { app, scim, hire, pause, resume, fannedOut, settled, sandbox } = set;
    const [jane, kim, lee] = [await hire('jane'), await hire('kim'), await hire('lee')];
    await settled();
    await pause();
    await scim('POST', '/Groups', { displayName: 'Event 1002', members: [jane, kim, lee].map((value) => ({ value })) });
    await fannedOut();
    const { store } = app;
    const door = (
      await store.read.selectFrom('targets').select('id').where('name', '=', 'door').executeTakeFirstOrThrow()
    ).id;
    const at = Date.now();
    const losing = async (id: string, verify_after: number | null, granted: string[]) => {
      const memory = JSON.stringify({ granted, remembered: [] });
      const removals = JSON.stringify({ any: { at, activityId: null } });
      const row = { memory, verify_after, removals, removal_asked_at: at, urgent: 1 } as const;
      await store.write((trx) =>
        trx.updateTable('accounts').set(row).where('target_id', '=', door).where('user_id', '=', id).execute(),
      );
    };
    await losing(jane, null, []);
    await losing(kim, at + 60_000, ['1002']);
    await losing(lee, at + 60_000, ['1001']);
    await sandbox.faults({ kinds: ['429'], match: 'POST /checkin/v1/api/teammember/*' });
    await resume();
    const tried = async (id: string) => {
      const rows = store.read
        .selectFrom('accounts')
        .selectAll()
        .where('target_id', '=', door)
        .where('user_id', '=', id);
      let row = await rows.executeTakeFirstOrThrow();
      await eventually('it is tried', async () => {
        row = await rows.executeTakeFirstOrThrow();
        return row.outcome === 'retry' && row.lease_owner === null;
      });
      return { asked: row.removals && Object.keys(JSON.parse(row.removals)), urgent: row.urgent };
    };
    expect(await tried(jane)).toEqual({ asked: null, urgent: 0 });
    expect(await tried(kim), 'what a call may yet give is wanted').toEqual({ asked: null, urgent: 0 });
    expect(await tried(lee), 'it is not').toEqual({ asked: ['any'], urgent: 1 });
    await sandbox.faults({ rate: 0 });
    await settled();
    const assigned = (await sandbox.state()).qflow.assignments.map(({ eventId }) => eventId);
    expect(assigned).toEqual(['1002', '1002', '1002']);
  });

  it('waits for the removal, however long the target is out of order, and counts from the request', async () => {
    const { app, hire, edit, receipts, open, acceptedAt, settled, sandbox } = await setUp({ kind });
    const [jane, kim] = [await hire('jane'), await hire('kim')];
    await settled();
    await sandbox.faults({ kinds: ['500', 'reset', 'timeout'], rate: 1 });
    const asked = await edit(jane, 'active', false);
    await edit(kim, 'active', false);
    const outcome = async () => {
      const rows = await app.store.read
        .selectFrom('accounts')
        .select(['outcome', 'remote_id'])
        .where('user_id', 'in', [jane, kim])
        .execute();
      return rows.every((row) => row.outcome !== 'done' && row.remote_id !== null);
    };
    await eventually('both have failed', outcome);
    // An outage is never read as absence.
    expect(await receipts()).toEqual([]);
    expect(await open()).toMatchObject([
      { user: 'jane', removal: 'access', request: requestOf(asked), askedBy: 'token "test"' },
      { user: 'kim' },
    ]);
    await sandbox.faults({ rate: 0 });
    await settled();
    const done = (await receipts()).find(({ user_id }) => user_id === jane);
    expect(done).toMatchObject({ requested_at: await acceptedAt(asked), activity_id: requestOf(asked) });
    expect(await open()).toEqual([]);
  });
});

it('keeps the request of an open removal, however old', async () => {
  const { app, hire, edit, pause, fannedOut, settled } = await setUp();
  const jane = await hire();
  await settled();
  await pause();
  const asked = await edit(jane, 'active', false);
  await fannedOut();
  // A later request is what the account stands under.
  await edit(jane, 'title', 'x');
  await fannedOut();
  await forget(app.store, { days: 1, receiptDays: 1 }, { now: Date.now() + 10 * 86_400_000 });
  const kept = await app.store.read.selectFrom('activity').select('id').execute();
  expect(kept.map(({ id }) => id)).toContain(requestOf(asked));
});

it('figures: time to revoke is counted, and the oldest open removal has an age until it is done', async () => {
  const { url, hire, edit, pause, resume, fannedOut, settled } = await setUp();
  const figures = async (name: string) => {
    const text = await (await fetch(`${url}/metrics`)).text();
    const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`));
    return lines.map((line) => Number(line.split(' ').at(-1)));
  };
  const jane = await hire();
  await settled();
  await pause();
  await edit(jane, 'active', false);
  await fannedOut();
  expect(await figures('linkspan_removals_open')).toEqual([1]);
  const age = async () => (await figures('linkspan_oldest_open_removal_seconds'))[0] ?? 0;
  await eventually('it ages', async () => (await age()) > 0.05);
  await resume();
  await settled();
  expect([await figures('linkspan_removals_open'), await age()]).toEqual([[0], 0]);
  expect(await figures('linkspan_time_to_revoke_seconds_count')).toEqual([1]);
  expect((await figures('linkspan_time_to_revoke_seconds_sum'))[0]).toBeGreaterThan(0.05);
});

/** Receipts of one target, `tookMs` each, a second apart unless they came at once. */
async function withReceipts(kind: (typeof KINDS)[number], tookMs: readonly number[], { atOnce = false } = {}) {
  const store = await openTestStore(kind);
  const at = 1_700_000_000_000;
  const rows = tookMs.map((took, n) => {
    const confirmed_at = atOnce ? at : at + n * 1_000;
    const about = { tenant: 'acme', id: randomUUIDv7(), target_id: 't', user_id: `u${n}`, subject: null };
    const how = { kind: 'delete', evidence: n % 10 === 0 ? 'answer' : 'read', emulated: 0 } as const;
    return { ...about, ...how, requested_at: confirmed_at - took, confirmed_at, activity_id: null, actor: null };
  });
  await store.write((trx) => trx.insertInto('receipts').values(rows).execute());
  return { store, at };
}

const users = (rows: readonly Receipt[]) => rows.map(({ userId }) => userId);
const list = (store: Store, chosen: Selection) => all(receiptPages(store, 'acme', chosen));

describe.each(KINDS)('many receipts (%s)', (kind) => {
  it('come in pages that miss nothing and repeat nothing, also of one instant', async () => {
    const tookMs = Array.from({ length: 1_203 }, () => 5);
    for (const atOnce of [true, false]) {
      const { store } = await withReceipts(kind, tookMs, { atOnce });
      const rows = users(await list(store, {}));
      expect([rows.length, new Set(rows).size]).toEqual([1_203, 1_203]);
    }
  });

  it('are chosen by target, user and time, the end not included', async () => {
    const { store, at } = await withReceipts(kind, [1, 2, 3, 4, 5]);
    expect(users(await list(store, { since: at + 1_000, until: at + 3_000 }))).toEqual(['u1', 'u2']);
    expect(users(await list(store, { userIds: ['u4', 'u2'] }))).toEqual(['u2', 'u4']);
    expect(await list(store, { targetId: 'other' })).toEqual([]);
    expect(await all(receiptPages(store, 'globex', {}))).toEqual([]);
  });

  it('are summed up by nearest rank', async () => {
    const tookMs = Array.from({ length: 200 }, (_, n) => (((n * 7) % 200) + 1) * 10);
    const { store, at } = await withReceipts(kind, tookMs);
    const figures = { removal: 'delete', count: 200, p50: 1_000, p99: 1_980, longest: 2_000, unseen: 20 };
    expect(await summarize(store, 'acme', {})).toEqual({ revoked: [{ target: null, ...figures }], open: [] });
    const [one] = (await summarize(store, 'acme', { until: at + 1 })).revoked;
    expect(one).toMatchObject({ count: 1, p50: 10, p99: 10, longest: 10 });
    expect((await summarize(store, 'acme', { userIds: ['nobody'] })).revoked).toEqual([]);
  });
});

it('SQLite finds open removals, and receipts by time, by indexes', async () => {
  const statements: string[] = [];
  const store = await openTestStore('sqlite', { onStatement: (text) => statements.push(text) });
  await list(store, { since: 5 });
  await all(openRemovalPages(store, 'acme', {}));
  await summarize(store, 'acme', {});
  await census(store);
  const asked = [...new Set(statements)]
    .filter((text) => text.startsWith('select'))
    .filter((text) => /from "receipts"|removal_asked_at/.test(text));
  expect(asked.length).toBe(4);
  for (const text of asked) {
    const plan = sql.raw<{ detail: string }>(`explain query plan ${text.replaceAll('?', "'x'")}`);
    const details = (await plan.execute(store.read)).rows.map(({ detail }) => detail);
    const line = details.find((detail) => /^(SEARCH|SCAN) (receipts|accounts)/.test(detail));
    expect(line).toMatch(
      /receipts_tenant_confirmed_at_id \(tenant=\? AND \(?confirmed_at|accounts_tenant_removal_asked_at/,
    );
  }
});
