import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createQuirkLedger, listQuirks } from '../../src/directory/quirks.ts';
import { QUIRKS, type QuirkRule } from '../../src/scim/quirks.ts';
import type { Store } from '../../src/store/store.ts';
import { createTenant, setTenant } from '../../src/tenancy/tenants.ts';
import { eventually, type Linkspan, PATCH_OP, patch, startLinkspan } from '../linkspan.ts';
import { describeStores } from '../stores.ts';

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const ENT = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

const acme = { tenant: 'acme', client: 'Okta SCIM Client' };
const post = { method: 'POST', type: 'User' };
const notes = (...rules: QuirkRule[]) => rules.map((rule, index) => ({ rule, path: `path${index}` }));
const never = { flushMs: 1e9 };

const counts = async (store: Store, tenant = 'acme') =>
  Object.fromEntries((await listQuirks(store, tenant)).map(({ rule, count }) => [rule, count]));

describeStores('the quirk ledger', (open) => {
  it('counts each rule once for a request, and shows when and where it was seen last', async () => {
    const store = await open();
    const ledger = createQuirkLedger(store, never);
    const began = performance.now();
    const before = await store.now();
    ledger.record(acme, post, notes('op-case', 'op-case', 'flat-key'));
    ledger.record(acme, { method: 'PATCH', type: null }, [{ rule: 'op-case', path: 'op' }]);
    ledger.record({ tenant: 'globex' }, post, notes('op-case'));
    ledger.record(acme, post, []);
    expect(await counts(store)).toEqual({});
    await ledger.flush();

    const [last, first, ...more] = (await listQuirks(store, 'acme')).toSorted((a, b) => b.count - a.count);
    expect(more).toEqual([]);
    expect(last).toMatchObject({ rule: 'op-case', count: 2, ...QUIRKS['op-case'] });
    expect(last?.example).toEqual({ method: 'PATCH', type: null, path: 'op', client: 'Okta SCIM Client' });
    expect(first?.example).toEqual({ ...post, path: 'path2', client: 'Okta SCIM Client' });
    // The store's clock is asked over a connection: by as much as that took, and no more, it can be off.
    const [now, took] = [await store.now(), performance.now() - began];
    for (const at of [last?.firstAt, last?.lastAt, first?.lastAt]) {
      expect(at).toBeGreaterThanOrEqual(Math.floor(before - took));
      expect(at).toBeLessThanOrEqual(Math.ceil(now + took));
    }
    const [other] = await listQuirks(store, 'globex');
    expect(other).toMatchObject({ count: 1, example: { client: null } });
    await ledger.close();
  });

  it('is added to by several processes at once', async () => {
    const store = await open();
    const ledgers = Array.from({ length: 4 }, () => createQuirkLedger(store, never));
    for (let round = 0; round < 5; round++) {
      for (const ledger of ledgers) ledger.record(acme, post, notes('op-case', 'flat-key', 'bare-token'));
      await Promise.all(ledgers.map((ledger) => ledger.flush()));
    }
    expect(await counts(store)).toEqual({ 'op-case': 20, 'flat-key': 20, 'bare-token': 20 });
  });

  it('keeps the earliest and the latest time, whichever process writes first', async () => {
    const store = await open();
    const [early, late] = [createQuirkLedger(store, never), createQuirkLedger(store, never)];
    early.record(acme, post, [{ rule: 'op-case', path: 'early' }]);
    await sleep(300);
    late.record(acme, post, [{ rule: 'op-case', path: 'late' }]);
    await late.flush();
    await early.flush();
    const [quirk] = await listQuirks(store, 'acme');
    expect(quirk).toMatchObject({ count: 2, example: { path: 'late' } });
    expect((quirk?.lastAt ?? 0) - (quirk?.firstAt ?? 0)).toBeGreaterThan(200);
  });

  it('is listed with what was seen last first', async () => {
    const store = await open();
    const ledger = createQuirkLedger(store, never);
    for (const rule of ['op-case', 'bare-token', 'flat-key'] as const) {
      ledger.record(acme, post, notes(rule));
      await sleep(20);
    }
    ledger.record(acme, post, notes('op-case'));
    await ledger.flush();
    expect((await listQuirks(store, 'acme')).map(({ rule }) => rule)).toEqual(['op-case', 'flat-key', 'bare-token']);
  });

  it('is written by itself, and what is left when it is closed', async () => {
    const store = await open();
    const ledger = createQuirkLedger(store, { flushMs: 50 });
    ledger.record(acme, post, notes('op-case'));
    await eventually('the flush', async () => (await counts(store))['op-case'] === 1);
    ledger.record(acme, post, notes('op-case'));
    await eventually('another flush', async () => (await counts(store))['op-case'] === 2);
    ledger.record(acme, post, notes('op-case'));
    await ledger.close();
    expect(await counts(store)).toEqual({ 'op-case': 3 });
  });

  it('loses nothing while it cannot be written, tells of that once, and fails nobody', async () => {
    const store = await open();
    let away = true;
    const write: Store['write'] = (work) => (away ? Promise.reject(new Error('away')) : store.write(work));
    const errors: unknown[] = [];
    const ledger = createQuirkLedger({ ...store, write }, { flushMs: 20, onError: (error) => errors.push(error) });
    for (let n = 0; n < 5; n++) {
      ledger.record(acme, post, notes('op-case', 'flat-key'));
      await sleep(40);
    }
    await expect(ledger.flush()).rejects.toThrow('away');
    expect(errors).toHaveLength(1);
    away = false;
    await eventually('the counts', async () => (await counts(store))['op-case'] === 5);
    expect(await counts(store)).toEqual({ 'op-case': 5, 'flat-key': 5 });
    away = true;
    ledger.record(acme, post, notes('op-case'));
    await ledger.close();
    expect(errors).toHaveLength(2);
  });

  it('holds a bounded number of tenants while it cannot be written', async () => {
    const store = await open();
    const ledger = createQuirkLedger(store, never);
    for (let n = 0; n < 50_010; n++) ledger.record({ tenant: `t${n}` }, post, notes('op-case'));
    ledger.record({ tenant: 't0' }, post, notes('op-case'));
    await ledger.flush();
    expect(await counts(store, 't0')).toEqual({ 'op-case': 2 });
    const { rows } = await store.read
      .selectFrom('quirks')
      .select((row) => row.fn.countAll<number>().as('rows'))
      .executeTakeFirstOrThrow();
    expect(Number(rows)).toBe(50_000);
  });
});

/** What one request adds to the ledger of `acme`. */
async function sees({ app }: Linkspan, send: () => Promise<unknown>): Promise<Record<string, number>> {
  await app.store.write((trx) => trx.deleteFrom('quirks').execute());
  await send();
  await app.quirks.flush();
  return counts(app.store);
}

describe.each(['sqlite', 'postgres'] as const)('a request is counted (%s)', (kind) => {
  it('whatever it is, wherever its quirk is', async () => {
    const linkspan = await startLinkspan({ kind, targets: [] });
    const { scim } = linkspan;
    const see = (...request: Parameters<typeof scim>) => sees(linkspan, () => scim(...request));
    const { id } = (await scim('POST', '/Users', { schemas: [USER], userName: 'jane' })).body;
    const group = (await scim('POST', '/Groups', { schemas: [GROUP], displayName: 'g' })).body;
    const op = (operation: object) => see('PATCH', `/Users/${id}`, patch(operation));
    const member = (operation: object) => see('PATCH', `/Groups/${group.id}`, patch(operation));
    const unknown = [{ value: 'nobody' }];

    const whole = { schemas: [USER], userName: 'jane' };
    expect(await see('PUT', `/Users/${id}`, whole)).toEqual({});
    expect(await see('PUT', `/Users/${id}`, { ...whole, schemas: undefined })).toEqual({ 'missing-schemas': 1 });
    expect(await see('PUT', `/Users/${id}`, { ...whole, ACTIVE: 'True' })).toEqual({
      'attribute-case': 1,
      'string-for-boolean': 1,
    });
    expect(await see('GET', '/Users?filter=userName+eq+jane')).toEqual({ 'unquoted-filter-value': 1 });
    expect(await see('GET', '/Users?filter=active+eq+%22true%22')).toEqual({ 'string-boolean-in-filter': 1 });
    expect(await see('GET', '/Users?filter=userName+eq+%22jane%22')).toEqual({});
    expect(await op({ op: 'Replace', path: null, value: { id: 'x', title: 'CEO' } })).toEqual({
      'op-case': 1,
      'empty-path': 1,
      'read-only-in-patch': 1,
    });
    expect(await op({ op: 'add', path: `${ENT}.manager`, value: [id] })).toEqual({
      'loose-notation': 1,
      'array-for-single-value': 1,
      'string-for-complex': 1,
    });
    expect(await member({ op: 'add', path: 'members', value: unknown })).toEqual({ 'unknown-member': 1 });
    expect(await member({ op: 'add', path: 'members', value: [{ value: id }] })).toEqual({});
    expect(await member({ op: 'remove', path: 'members', value: unknown })).toEqual({ 'remove-with-value': 1 });
    const groups = { schemas: [GROUP], displayName: 'h', members: [{ value: id }, ...unknown] };
    expect(await see('POST', '/Groups', groups)).toEqual({ 'unknown-member': 1 });
    expect(await see('GET', '/Users', undefined, { authorization: scim.token })).toEqual({ 'bare-token': 1 });
    expect(await see('GET', '/Users', undefined, { authorization: `bearer ${scim.token}` })).toEqual({});
    const removed = (await scim('POST', '/Users', { schemas: [USER], userName: 'gone' })).body;
    await scim('DELETE', `/Users/${removed.id}`);
    expect(await member({ op: 'add', path: 'members', value: [{ value: removed.id }] })).toEqual({
      'unknown-member': 1,
    });
  });

  it('also when it is refused: as a duplicate, or for another mistake in it', async () => {
    const linkspan = await startLinkspan({ kind, targets: [] });
    const { scim } = linkspan;
    await scim('POST', '/Users', { schemas: [USER], userName: 'jane' });
    const refused = { schemas: [USER], userName: 'Jane', active: 'True' };
    const see = async (status: number, body: object) => {
      return sees(linkspan, async () => expect((await scim('POST', '/Users', body)).status).toBe(status));
    };
    expect(await see(409, refused)).toEqual({ 'string-for-boolean': 1 });
    expect(await see(400, { ...refused, title: 7 })).toEqual({ 'string-for-boolean': 1 });
  });

  it('in Bulk each operation for itself', async () => {
    const linkspan = await startLinkspan({ kind, targets: [] });
    const post = (bulkId: string, data: object) => ({ method: 'POST', path: '/Users', bulkId, data });
    const Operations = [
      post('a', { userName: 'a', active: 'True' }),
      post('b', { schemas: [USER], userName: 'b' }),
      post('c', { userName: 'c' }),
      post('d', { schemas: [USER], userName: 'a', active: 'True' }),
    ];
    const body = { schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'], Operations };
    const send = async () => {
      const { body: answer } = await linkspan.scim('POST', '/Bulk', body);
      expect(answer.Operations.map(({ status }: { status: string }) => status)).toEqual(['201', '201', '201', '409']);
    };
    expect(await sees(linkspan, send)).toEqual({ 'missing-schemas': 2, 'string-for-boolean': 2 });
  });

  it('for its own tenant, with the client and without any value', async () => {
    const { scim, app, addTenant } = await startLinkspan({ kind, targets: [] });
    const other = await addTenant('globex', { targets: [] });
    const agent = { 'user-agent': 'Okta SCIM Client 1.0.0' };
    const body = { schemas: [USER], userName: 'hunter2', 'name.givenName': 'hunter2', shoeSize: 'hunter2' };
    await scim('POST', '/Users', body, agent);
    await other('POST', '/Users', { ...body, active: 'hunter2' }, { 'user-agent': '' });
    await other('GET', `/Users?filter=${encodeURIComponent('userName eq hunter2')}`, undefined, {
      'user-agent': '(x)',
    });
    await app.quirks.flush();
    const [first, second] = [await listQuirks(app.store, 'acme'), await listQuirks(app.store, 'globex')];
    expect(JSON.stringify([first, second])).not.toContain('hunter2');
    expect(first.map(({ rule, example }) => [rule, example])).toEqual([
      ['flat-key', { method: 'POST', type: 'User', path: 'name.givenName', client: 'Okta SCIM Client' }],
      ['unknown-attribute', { method: 'POST', type: 'User', path: 'shoeSize', client: 'Okta SCIM Client' }],
    ]);
    expect(second.find(({ rule }) => rule === 'unquoted-filter-value')?.example).toEqual({
      method: 'GET',
      type: 'User',
      path: 'userName',
      client: null,
    });
  });

  it('and written when the server stops', async () => {
    const linkspan = await startLinkspan({ kind, targets: [] });
    await linkspan.scim('POST', '/Users', { userName: 'jane' });
    const { databaseUrl } = linkspan.config;
    await linkspan.close();
    const again = await startLinkspan({ databaseUrl, tenant: null });
    expect(await counts(again.app.store)).toEqual({ 'missing-schemas': 1 });
  });
});

describe.each(['sqlite', 'postgres'] as const)('a tenant with the profile strict (%s)', (kind) => {
  it('has unknown attributes refused by name, within a second of being set and no longer', async () => {
    const linkspan = await startLinkspan({ kind, targets: [] });
    const { scim, app } = linkspan;
    const { id } = (await scim('POST', '/Users', { schemas: [USER], userName: 'jane', shoeSize: 1 })).body;
    await setTenant(app.store, 'acme', { profile: 'strict' });
    const refusal = async (...request: Parameters<typeof scim>) => {
      const { status, body } = await scim(...request);
      return { status, scimType: body?.scimType, named: /shoeSize/.test(body?.detail) };
    };
    const whole = { schemas: [USER], userName: 'jane', shoeSize: 2 };
    await eventually('the profile', async () => (await refusal('PUT', `/Users/${id}`, whole)).status === 400, 1_000);
    const expected = { status: 400, scimType: 'invalidSyntax', named: true };
    expect(await refusal('PUT', `/Users/${id}`, whole)).toEqual(expected);
    expect(await refusal('POST', '/Users', { ...whole, userName: 'joe' })).toEqual(expected);
    const operation = { op: 'add', value: { title: 'CEO', shoeSize: 1 } };
    expect(await refusal('PATCH', `/Users/${id}`, patch(operation))).toEqual(expected);
    expect((await scim('GET', `/Users/${id}`)).body.title).toBeUndefined();
    expect(
      (await scim('PATCH', `/Users/${id}`, { schemas: [PATCH_OP], Operations: [{ op: 'Add', value: { title: 'C' } }] }))
        .status,
    ).toBe(200);

    await setTenant(app.store, 'acme', { profile: 'tolerant' });
    await eventually('the profile', async () => (await scim('PUT', `/Users/${id}`, whole)).status === 200, 1_000);
    await app.quirks.flush();
    expect((await counts(app.store))['unknown-attribute']).toBeGreaterThanOrEqual(5);
  });

  it('leaves other tenants as they are', async () => {
    const { app, scim } = await startLinkspan({ kind, targets: [] });
    await createTenant(app.store, { tenant: 'globex', title: 'Globex', idp: 'okta', profile: 'strict' });
    expect((await scim('POST', '/Users', { userName: 'jane', shoeSize: 1 })).status).toBe(201);
  });
});
