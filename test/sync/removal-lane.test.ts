import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { resumeByAdmin, setTarget } from '../../src/sync/admin/targets.ts';
import { newsOf, whoAsked } from '../../src/sync/fan-out/news.ts';
import { openRemovalPages } from '../../src/sync/why/receipts.ts';
import { eventually, type Linkspan, patch, type StartOptions, startLinkspan } from '../linkspan.ts';
import { startProxy } from '../proxy.ts';

const KINDS = ['sqlite', 'postgres'] as const;
const replace = (path: string, value: unknown) => patch({ op: 'replace', path, value });

/** A tenant whose calls go through a proxy. */
async function behindProxy(options: StartOptions = {}) {
  const linkspan = await startLinkspan({ ...options, targets: [] });
  const { app, sandbox } = linkspan;
  const proxy = await startProxy(sandbox.url);
  const credentials = async () => ({ ...(await sandbox.credentials('qflow')), baseUrl: proxy.url });
  const scim = await linkspan.addTenant('globex', {
    targets: options.targets ?? ['dashboard'],
    pace: options.pace,
    sandbox: { ...sandbox, credentials },
  });
  return {
    ...linkspan,
    scim,
    proxy,
    receipts: () => app.store.read.selectFrom('receipts').selectAll().orderBy('id').execute(),
    open: () => all(openRemovalPages(app.store, 'globex', {})),
    fannedOut: () => fannedOut(linkspan),
  };
}

async function all<T>(pages: AsyncIterable<T[]>): Promise<T[]> {
  const rows: T[] = [];
  for await (const page of pages) rows.push(...page);
  return rows;
}

function fannedOut({ app }: Pick<Linkspan, 'app'>) {
  return eventually('everything is fanned out', async () => {
    return (await app.store.read.selectFrom('changes').select('seq').execute()).length === 0;
  });
}

describe.each(KINDS)('with 500 creates and updates waiting (%s)', (kind) => {
  it('a deactivation that comes last goes before all but those in flight', async () => {
    const concurrency = 4;
    // Nothing is cut while the calls in flight are held.
    const { scim, sandbox, proxy, fannedOut } = await behindProxy({
      kind,
      pace: { concurrency, callTimeoutMs: 240_000 },
    });
    const bulk = async (operations: object[]) => {
      const schemas = ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'];
      const { body } = await scim('POST', '/Bulk', { schemas, Operations: operations });
      return (body.Operations as { location: string }[]).map(({ location }) => location.split('/').at(-1));
    };
    const creates = (name: string, count: number) =>
      Array.from({ length: count }, (_, n) => {
        return { method: 'POST', path: '/Users', bulkId: `${n}`, data: { userName: `${name}${n}@example.com` } };
      });
    const early = await bulk(creates('early', 100));
    const [jane] = await bulk(creates('jane', 1));
    await eventually('all are there', async () => (await sandbox.state()).qflow.users.length === 101, 60_000);

    const mark = await sandbox.mark();
    const isCreate = /^POST \/users\/v1\/api\/user$/;
    const held = Array.from({ length: concurrency }, () => proxy.hold(isCreate));
    await bulk(creates('in-flight', concurrency));
    await Promise.all(held.map(({ arrived }) => arrived));
    for (const name of ['a', 'b', 'c', 'd']) await bulk(creates(name, 100));
    const rename = replace('name.familyName', 'Doe');
    await bulk(early.map((id) => ({ method: 'PATCH', path: `/Users/${id}`, data: rename })));
    await scim('PATCH', `/Users/${jane}`, replace('active', false));
    await fannedOut();
    for (const { letGo } of held) letGo();

    const since = async () => (await sandbox.calls()).filter(({ number }) => number > mark);
    const isDisable = ({ path }: { path: string }) => path.endsWith('/changepassword');
    await eventually('she is out', async () => (await since()).some(isDisable), 60_000);
    const calls = await since();
    const record = (await sandbox.state()).qflow.users.find(({ email }) => email === 'jane0@example.com');
    // Up to the first look at her record: the other lanes' work goes on beside hers.
    const before = calls.slice(
      0,
      calls.findIndex(({ path }) => path.endsWith(`/${record?.id}`)),
    );
    expect(before.length).toBeGreaterThan(0);
    const writes = before.filter(({ method, path }) => isCreate.test(`${method} ${path}`) || method === 'PUT');
    expect(writes).toHaveLength(concurrency);
  }, 120_000);
});

it.each(['dashboard', 'door'])('a base URL that answers 404 to everything closes no removal (%s)', async (name) => {
  const nowhere = createServer((_, response) => response.writeHead(404).end('no such page'));
  await new Promise<void>((resolve) => nowhere.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void nowhere.close());
  const linkspan = await startLinkspan({ targets: [name] });
  const { app, scim, sandbox, settled } = linkspan;
  const ids = await Promise.all(
    ['jane', 'kim'].map(async (userName) => (await scim('POST', '/Users', { userName })).body.id as string),
  );
  const members = ids.map((value) => ({ value }));
  await scim('POST', '/Groups', { displayName: 'Event 1001', members });
  await settled();
  const right = (await sandbox.credentials('qflow')).baseUrl;
  const baseUrl = `http://127.0.0.1:${(nowhere.address() as AddressInfo).port}`;
  await setTarget(app, 'acme', name, { settings: { baseUrl }, sameSystem: true });
  await scim('DELETE', `/Users/${ids[0]}`);
  await scim('PATCH', `/Users/${ids[1]}`, replace('active', false));
  await fannedOut(linkspan);
  const accounts = () => app.store.read.selectFrom('accounts').selectAll().execute();
  await eventually('it was tried', async () => {
    const paused = await app.store.read.selectFrom('targets').select('state').executeTakeFirstOrThrow();
    const tried = (await accounts()).every(({ outcome, lease_owner }) => outcome !== 'done' && lease_owner === null);
    return paused.state === 'paused' || tried;
  });
  expect(await app.store.read.selectFrom('receipts').selectAll().execute()).toEqual([]);
  expect((await accounts()).every(({ remote_id }) => remote_id !== null)).toBe(true);
  const open = await all(openRemovalPages(app.store, 'acme', {}));
  expect(new Set(open.map(({ user }) => user))).toEqual(new Set(['jane', 'kim']));

  await setTarget(app, 'acme', name, { settings: { baseUrl: right }, sameSystem: true });
  const { state } = await app.store.read.selectFrom('targets').select('state').executeTakeFirstOrThrow();
  if (state === 'paused') await resumeByAdmin(app, 'acme', name);
  await settled(30_000);
  const receipts = await app.store.read.selectFrom('receipts').select(['user_id']).execute();
  expect(new Set(receipts.map(({ user_id }) => user_id))).toEqual(new Set(ids));
});

describe('a removal that is answered with success and has no effect', () => {
  const removals: [what: string, target: string, call: RegExp, status: number, evidence: string][] = [
    ['disable', 'dashboard', /^PUT \/users\/v1\/api\/user$/, 200, 'read'],
    ['delete', 'dashboard', /^DELETE /, 204, 'read'],
    ['unassign', 'door', /\/unassign\//, 200, 'read'],
    ['delete', 'door', /^DELETE /, 200, 'listing'],
  ];

  it.each(removals)('has no receipt: %s at the %s', async (what, target, call, status, evidence) => {
    const { scim, app, proxy, receipts, open, settled } = await behindProxy({ targets: [target] });
    const { id } = (await scim('POST', '/Users', { userName: 'jane' })).body;
    await scim('POST', '/Groups', { displayName: 'Event 1001', members: [{ value: id }] });
    await settled();
    const pretence = proxy.pretend(call, status);
    if (what === 'delete') await scim('DELETE', `/Users/${id}`);
    else await scim('PATCH', `/Users/${id}`, replace('active', false));
    const account = () => app.store.read.selectFrom('accounts').selectAll().executeTakeFirstOrThrow();
    await eventually('it has failed', async () => ['retry', 'reject'].includes((await account()).outcome ?? ''));
    expect(await receipts()).toEqual([]);
    expect(await open()).toContainEqual(expect.objectContaining({ user: 'jane', removal: 'access' }));

    pretence.stop();
    // What needs a person is tried again when a person says so.
    await app.store.write((trx) => trx.updateTable('accounts').set({ due_at: 0 }).execute());
    await settled();
    // As good a proof as the target's `verify` promises, or a better one.
    expect((await receipts()).map((receipt) => [receipt.kind, receipt.evidence])).toEqual([[what, evidence]]);
    expect(await open()).toEqual([]);
  });
});

describe('of several changes of one user that are fanned out together', () => {
  const change = (seq: number, urgent: 0 | 1) => ({
    userId: 'u',
    change: {
      seq,
      tenant: 't',
      subject: 'user' as const,
      subject_id: 'u',
      activity_id: `a${seq}`,
      urgent,
      cursor: null,
      created_at: seq * 10,
      assessed: 0 as const,
    },
  });
  const asked = (urgent: readonly (0 | 1)[], touched: Record<number, string[]> = {}, scope: string | null = null) => {
    // As they are read: what is urgent first.
    const subjects = urgent.map((each, n) => change(n + 1, each)).toSorted((a, b) => b.change.urgent - a.change.urgent);
    const news = newsOf(subjects).get('u');
    if (!news) throw new Error('no news');
    const paths = new Map(Object.entries(touched).map(([seq, each]) => [`a${seq}`, each]));
    const { at, activityId } = whoAsked(news, { scope, byGroups: false }, paths);
    return { at, activityId, news };
  };

  it('the account stands under the last, and is owed since the first', () => {
    expect(asked([0, 1, 0]).news).toMatchObject({ activity_id: 'a3', created_at: 10, urgent: 1 });
  });

  it('a deactivation asked for the removal, whatever came before and after', () => {
    expect(asked([0, 1, 0])).toMatchObject({ activityId: 'a2', at: 20 });
    expect(asked([1, 0])).toMatchObject({ activityId: 'a1' });
    // Deactivated, wanted again, deactivated.
    expect(asked([1, 0, 1])).toMatchObject({ activityId: 'a3' });
    // Deactivated and deleted.
    expect(asked([0, 1, 1])).toMatchObject({ activityId: 'a2' });
  });

  it('or the edit that touched what the scope speaks of', () => {
    const paths = { 1: ['title'], 2: ['userType'], 3: ['nickName'] };
    expect(asked([0, 0, 0], paths, 'userType ne "EndUser"')).toMatchObject({ activityId: 'a2' });
    expect(asked([0, 0, 0], paths, 'active eq true')).toMatchObject({ activityId: 'a1' });
  });
});
