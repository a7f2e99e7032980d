import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { pauseByAdmin, removeTarget, setTarget } from '../../src/sync/admin/targets.ts';
import type { Look } from '../../src/sync/catalogue/look.ts';
import type { Refreshed } from '../../src/sync/catalogue/refresh.ts';
import { dueIn, startCatalogues } from '../../src/sync/catalogue/schedule.ts';
import type { Lane } from '../../src/sync/lanes/lanes.ts';
import { Pace } from '../../src/sync/lanes/pace.ts';
import { eventually, patch, startLinkspan } from '../linkspan.ts';
import { KINDS } from '../rfc/provider.ts';
import { ENTRIES, ENTRY, laneOf, startSystem, withCatalogue } from './cataloguing.ts';

const MINUTE = 60_000;

/** None of these is a measure of the machine. */
vi.setConfig({ testTimeout: 2 * MINUTE });

describe.each(KINDS)('what a target has to assign (%s)', (kind) => {
  it('is shown as roles and entitlements, each with its value, its target and an id of its own', async () => {
    const { look, shown, lane, app } = await withCatalogue({ kind });
    expect(await look()).toEqual({ kind: 'refreshed', entries: 3, added: 3, gone: 0 });
    const roles = await shown('/Roles');
    expect([...roles.keys()]).toEqual(['Viewer', 'Editor']);
    expect(roles.get('Editor')).toMatchObject({
      value: 'door:r2',
      display: 'Editor (door)',
      displayName: 'Editor (door)',
      description: 'Changes things',
      type: 'role',
      supported: true,
      [ENTRY]: { target: 'door', remoteId: 'r2', name: 'Editor', weight: 20.5 },
    });
    const north = (await shown('/Entitlements')).get('North');
    expect(north).toMatchObject({ value: 'door:organisation:o1', type: 'organisation', [ENTRY]: { remoteId: 'o1' } });
    expect(north).not.toHaveProperty('description');
    const calls = await app.store.read.selectFrom('calls').selectAll().where('path', '=', '/entries').execute();
    expect(calls).toHaveLength(3);
    expect(calls[0]).toMatchObject({ tenant: 'acme', target_id: lane.targetId, user_id: null, status: 200 });
  });

  it('keeps ids and versions where nothing has changed, and says what has', async () => {
    const { look, shown, system } = await withCatalogue({ kind });
    await look();
    const before = await shown('/Roles');
    expect(await look()).toEqual({ kind: 'refreshed', entries: 3, added: 0, gone: 0 });
    expect(await shown('/Roles')).toEqual(before);
    system.entries = ENTRIES.map((entry) => (entry.id === 'r1' ? { ...entry, name: 'Reader' } : entry));
    await look();
    const after = await shown('/Roles');
    expect(after.get('Editor')).toEqual(before.get('Editor'));
    expect(after.get('Reader')).toMatchObject({
      id: before.get('Viewer')?.id,
      value: 'door:r1',
      display: 'Reader (door)',
      meta: { version: 'W/"2"' },
    });
  });

  it('is shown no more once the target has it no more, and comes back as what it was', async () => {
    const { look, shown, system, scim, app } = await withCatalogue({ kind });
    await look();
    const editor = (await shown('/Roles')).get('Editor');
    system.entries = ENTRIES.filter(({ id }) => id !== 'r2');
    expect(await look()).toMatchObject({ entries: 2, added: 0, gone: 1 });
    expect([...(await shown('/Roles')).keys()]).toEqual(['Viewer']);
    expect((await scim('GET', `/Roles/${editor?.id}`)).status).toBe(404);
    expect((await scim('GET', '/Roles?filter=displayName%20eq%20%22editor%20(door)%22')).body.totalResults).toBe(0);
    const kept = await app.store.read.selectFrom('catalogue').selectAll().where('entry_id', '=', 'r2').execute();
    expect(kept).toMatchObject([{ name: 'Editor', gone_at: expect.any(Number) }]);
    expect(await look()).toMatchObject({ gone: 0 });

    system.entries = [...ENTRIES];
    expect(await look()).toMatchObject({ entries: 3, added: 1, gone: 0 });
    expect((await shown('/Roles')).get('Editor')).toMatchObject({ id: editor?.id, meta: { version: 'W/"2"' } });
    expect((await scim('GET', '/Roles?filter=displayName%20eq%20%22editor%20(door)%22')).body.totalResults).toBe(1);
  });

  it('stays as it was known where the target fails, also in the middle, and says why', async () => {
    const { look, shown, system, app } = await withCatalogue({ kind });
    await look();
    const before = await shown('/Roles');
    const known = async () => app.store.read.selectFrom('catalogue_looks').selectAll().executeTakeFirst();
    const first = await known();
    system.entries = [
      { kind: 'role', id: 'r9', name: 'New' },
      { kind: 'role', id: 'r8', name: 'Newer' },
    ];
    Object.assign(system, { status: 403, onlyLater: true });
    const problem = 'the catalogue broke off: GET /entries answered 403';
    expect(await look()).toEqual({ kind: 'failed', problem });
    expect(await shown('/Roles')).toEqual(before);
    expect(await known()).toMatchObject({ problem, owner: null, refreshed_at: first?.refreshed_at });
    Object.assign(system, { status: 200 });
    expect(await look()).toMatchObject({ kind: 'refreshed', added: 2, gone: 3 });
    expect(await known()).toMatchObject({ problem: null });
  });

  it('is asked for again where an answer is lost, without which nothing would be known', async () => {
    const { look, system } = await withCatalogue({ kind });
    system.busyFor = 2;
    expect(await look()).toMatchObject({ kind: 'refreshed', entries: 3 });
    expect(system.requests).toBe(5);
  });

  it('is not believed to be nothing unless a person asks', async () => {
    const { look, shown, system } = await withCatalogue({ kind });
    system.entries = [];
    expect(await look()).toMatchObject({ kind: 'refreshed', entries: 0 });
    system.entries = [...ENTRIES];
    await look();
    system.entries = [];
    for (const _ of [1, 2]) {
      expect(await look()).toMatchObject({ kind: 'failed', problem: expect.stringContaining('although 3 were known') });
    }
    expect((await shown('/Roles')).size).toBe(2);
    expect(await look({ byHand: true })).toMatchObject({ kind: 'refreshed', gone: 3 });
    expect((await shown('/Roles')).size).toBe(0);
  });

  it('is asked for by one process at a time, which takes the place of one that died and is not heard again', async () => {
    const { look, shown, system, app } = await withCatalogue({ kind });
    const open = Promise.withResolvers<void>();
    system.gate = open.promise;
    const first = look();
    await eventually('it is asked', async () => system.requests === 1, MINUTE);
    expect(await look()).toEqual({ kind: 'busy' });
    // As if it had been silent for long, and could not say that it lives.
    const dead = { owner: 'dead', alive_until: 1 };
    await app.store.write((trx) => trx.updateTable('catalogue_looks').set(dead).execute());
    system.gate = Promise.resolve();
    system.entries = ENTRIES.slice(0, 1);
    expect(await look()).toMatchObject({ kind: 'refreshed', entries: 1 });
    system.entries = [...ENTRIES];
    open.resolve();
    expect(await first).toEqual({ kind: 'left' });
    expect([...(await shown('/Roles')).keys()]).toEqual(['Viewer']);
  });

  it('goes with its target, also in the middle of a look', async () => {
    const { look, shown, system, app } = await withCatalogue({ kind });
    await look();
    expect((await shown('/Roles')).size).toBe(2);
    const open = Promise.withResolvers<void>();
    system.gate = open.promise;
    system.entries = [...ENTRIES, { kind: 'role', id: 'r3', name: 'Late' }];
    const late = look();
    await eventually('it is asked', async () => system.requests === 4, MINUTE);
    await removeTarget(app, 'acme', 'door');
    open.resolve();
    expect(await late).toEqual({ kind: 'left' });
    expect(await look()).toEqual({ kind: 'changed' });
    for (const table of ['catalogue', 'catalogue_looks', 'lookups', 'resources'] as const) {
      expect(await app.store.read.selectFrom(table).selectAll().execute()).toEqual([]);
    }
  });

  it('is not asked for while the target is paused', async () => {
    const { look, system, app } = await withCatalogue({ kind });
    await pauseByAdmin(app, 'acme', 'door', 'holiday');
    const { revision } = await app.store.read.selectFrom('targets').select('revision').executeTakeFirstOrThrow();
    const lane = await laneOf({ app } as Parameters<typeof laneOf>[0], system);
    expect(lane.revision).toBe(revision);
    expect(await look({}, lane)).toEqual({ kind: 'changed' });
    expect(system.requests).toBe(0);
  });

  it('has names that a database and a screen can take, and one entry for each id', async () => {
    const { look, shown, system } = await withCatalogue({ kind });
    system.entries = [
      { kind: 'role', id: 'r1', name: 'a\0b\ud800' },
      { kind: 'role', id: 'r2', name: ' ', description: '\0' },
      { kind: 'role', id: 'r1', name: 'said twice' },
      { kind: 'role', id: 'x:1', name: 'With a colon' },
    ];
    expect(await look()).toMatchObject({ kind: 'refreshed', entries: 3 });
    const roles = await shown('/Roles');
    expect([...roles.keys()]).toEqual(['said twice', 'r2', 'With a colon']);
    expect(roles.get('With a colon')?.value).toBe('door:role:x:1');
    for (const id of ['', 'a\0b', ' r3']) {
      system.entries = [{ kind: 'organisation', id, name: 'x' }];
      const problem = 'the catalogue has an organisation without a usable id';
      expect(await look()).toEqual({ kind: 'failed', problem });
    }
    expect((await shown('/Roles')).size).toBe(3);
  });

  it('is written in slices, completely', async () => {
    const { look, system, scim } = await withCatalogue({ kind });
    system.entries = Array.from({ length: 250 }, (_, n): (typeof ENTRIES)[number] => {
      return { kind: 'event', id: `e${n}`, name: `Event ${n}` };
    });
    expect(await look()).toMatchObject({ entries: 250, added: 250 });
    system.entries = system.entries.slice(0, 20);
    expect(await look()).toMatchObject({ entries: 20, added: 0, gone: 230 });
    expect((await scim('GET', '/Entitlements?count=0')).body.totalResults).toBe(20);
  });
});

describe.each(KINDS)('looks by themselves (%s)', (kind) => {
  it('come at once when a target is new or changed, and never where it is paused or its pace says 0', async () => {
    const linkspan = await startLinkspan({ kind, targets: ['door'] });
    await linkspan.addTenant('globex', { targets: ['door'] });
    const { store, resourceTypes } = linkspan.app;
    const [system, other] = [await startSystem(), await startSystem()];
    const lanes: Lane[] = [];
    const seen: [string, Refreshed][] = [];
    const schedule = startCatalogues({
      store,
      resourceTypes,
      lanes: { all: () => lanes },
      outlives: () => true,
      onCatalogue: (lane, refreshed) => seen.push([lane.tenant, refreshed]),
      onError: (error) => seen.push([String(error), { kind: 'left' }]),
    });
    onTestFinished(() => schedule.stop());
    // The server that runs beside it knows the pace of tests, which is 0.
    const put = async (of: typeof system, tenant: string, lane: Partial<Lane> = {}) => {
      lanes.splice(0, 2, { ...(await laneOf(linkspan, of, tenant)), pace: Pace.parse({}), ...lane });
    };
    await put(system, 'acme');
    await eventually('the first look', async () => seen.length === 1, MINUTE);
    expect(seen).toEqual([['acme', { kind: 'refreshed', entries: 3, added: 3, gone: 0 }]]);
    system.entries = ENTRIES.slice(0, 2);
    await setTarget(linkspan.app, 'acme', 'door', { pace: { concurrency: 2 } });
    await put(system, 'acme');
    await eventually('the second look', async () => seen.length === 2, MINUTE);
    expect(seen[1]).toEqual(['acme', { kind: 'refreshed', entries: 2, added: 0, gone: 1 }]);

    const asked = system.requests;
    await setTarget(linkspan.app, 'acme', 'door', { pace: { concurrency: 3 } });
    await put(system, 'acme', { pace: Pace.parse({ catalogueMinutes: 0 }) });
    lanes.push({ ...(await laneOf(linkspan, system, 'acme')), pace: Pace.parse({}), paused: true });
    lanes.push({ ...(await laneOf(linkspan, other, 'globex')), pace: Pace.parse({}) });
    // They come before it.
    await eventually('the look at another target', async () => seen.length === 3, MINUTE);
    expect(seen[2]?.[0]).toBe('globex');
    expect(system.requests).toBe(asked);
  });

  it('show the events that a running server found in Qflow, and grant them by value and by id', async () => {
    const linkspan = await startLinkspan({ kind, targets: ['door'], pace: { catalogueMinutes: 60 } });
    const { app, scim, sandbox, settled } = linkspan;
    const rules = {
      onlyAssigned: true,
      assignments: [{ groupPrefix: 'Event ' }, { from: 'entitlements', prefix: 'door:' }],
    };
    await setTarget(app, 'acme', 'door', { rules });
    const person = (userName: string, entitlements?: object[]) => {
      const names = { givenName: userName, familyName: 'Last' };
      return { userName, name: names, emails: [{ value: `${userName}@example.com` }], entitlements };
    };
    const ann = (await scim('POST', '/Users', person('ann', [{ value: 'door:1002' }]))).body;
    await settled(MINUTE);
    const assignments = async () => {
      const { teamMembers, assignments } = (await sandbox.state()).qflow;
      const nameOf = new Map(teamMembers.map((member) => [member.id, member.userName]));
      return assignments.map((each) => `${nameOf.get(each.teamMemberId)} ${each.eventId}`).sort();
    };
    const [one] = await assignments();
    expect(one).toMatch(/ann 1002$/);
    // A change has it asked at once.
    await setTarget(app, 'acme', 'door', { pace: { catalogueMinutes: 59 } });
    const found = () => scim('GET', '/Entitlements?filter=value%20eq%20%22door:1002%22');
    await eventually('the event is known', async () => (await found()).body.totalResults === 1, MINUTE);
    const [event] = (await found()).body.Resources;
    expect(event).toMatchObject({ type: 'event', [ENTRY]: { target: 'door', remoteId: '1002' } });

    // Okta names it by its id.
    await scim('POST', '/Users', person('bob', [{ value: event.id.toUpperCase(), display: event.displayName }]));
    await settled(MINUTE);
    expect(await assignments()).toHaveLength(2);
    expect((await assignments())[1]).toMatch(/bob 1002$/);
    const bob = (await scim('GET', '/Users?filter=userName%20eq%20%22bob%22')).body.Resources[0];
    expect(bob.entitlements).toEqual([{ value: event.id.toUpperCase(), display: event.displayName }]);
    // It says nothing to another tenant.
    const globex = await linkspan.addTenant('globex', { targets: ['door'] });
    await setTarget(app, 'globex', 'door', { rules });
    await globex('POST', '/Users', person('eve', [{ value: event.id }]));
    await settled(MINUTE);
    expect(await assignments()).toHaveLength(2);
    await scim('PATCH', `/Users/${ann.id}`, patch({ op: 'remove', path: 'entitlements' }));
    await settled(MINUTE);
    expect(await assignments()).toEqual([expect.stringMatching(/bob 1002$/)]);
  });
});

describe('the next look', () => {
  const lane = (catalogueMinutes: number) =>
    ({ pace: Pace.parse({ catalogueMinutes }), revision: 3 }) as unknown as Parameters<typeof dueIn>[0];
  const look: Look = {
    tenant: 'acme',
    target_id: 'd1',
    revision: 3,
    owner: null,
    alive_until: 0,
    tried_at: 100 * MINUTE,
    refreshed_at: 100 * MINUTE,
    problem: null,
  };

  it('comes as often as the pace says, sooner after one that failed, at once where none has ended', () => {
    expect(dueIn(lane(60), undefined, 0)).toBe(0);
    expect(dueIn(lane(60), { ...look, tried_at: null, revision: null }, 0)).toBe(0);
    expect(dueIn(lane(60), look, 100 * MINUTE)).toBe(60 * MINUTE);
    expect(dueIn(lane(60), look, 159 * MINUTE)).toBe(MINUTE);
    expect(dueIn(lane(60), look, 160 * MINUTE)).toBe(0);
    expect(dueIn(lane(60), { ...look, revision: 2 }, 101 * MINUTE)).toBe(0);
    expect(dueIn(lane(60), { ...look, problem: 'p' }, 101 * MINUTE)).toBe(4 * MINUTE);
    expect(dueIn(lane(2), { ...look, problem: 'p' }, 101 * MINUTE)).toBe(MINUTE);
  });

  it('waits for one that is under way, and not for what a clock that was set back has left', () => {
    const now = 300 * MINUTE;
    expect(dueIn(lane(60), { ...look, owner: 'p', alive_until: now + 1 }, now)).toBeGreaterThan(0);
    expect(dueIn(lane(60), { ...look, owner: 'p', alive_until: now }, now)).toBe(0);
    expect(dueIn(lane(60), { ...look, owner: 'p', alive_until: now + 60 * MINUTE }, now)).toBe(0);
    expect(dueIn(lane(60), { ...look, tried_at: 400 * MINUTE }, now)).toBe(0);
  });
});
