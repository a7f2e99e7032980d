/** Nobody keeps access because a create of ours was thought not to have made the record. */
import { describe, expect, it, vi } from 'vitest';
import { addTarget, type TargetInput } from '../../src/sync/admin/targets.ts';
import { TargetError } from '../../src/targets/outcome.ts';
import { defineTarget, type TargetType } from '../../src/targets/target.ts';
import { byHand, eventually, patch, QUICK, startLinkspan, TARGETS } from '../linkspan.ts';
import type { RunningProcess } from '../process.ts';
import { startProxy } from '../proxy.ts';
import { accountOf, accountsOf, edit, hire, JANE, userByHand, users } from './adopting.ts';
import { setUp } from './crashing.ts';

vi.setConfig({ testTimeout: 120_000 });

const CREATE = /^POST \/users\/v1\/api\/user$/;
const LOOK = /^GET \/users\/v1\/api\/users\/email/;

const leave = {
  deactivated: ['PATCH', patch({ op: 'replace', value: { active: false } })],
  deleted: ['DELETE', undefined],
} as const;

describe.each(['sqlite', 'postgres'] as const)('a record that a look has overlooked (%s)', (kind) => {
  it.each(['deactivated', 'deleted'] as const)(
    'gives no access to a person who is %s after a second create was refused and two kills',
    async (way) => {
      const pace = { ...QUICK, callTimeoutMs: 30_000 };
      const { database, sandbox, proxy, start, scim } = await setUp(kind, pace);
      const first = await start();
      const lost = proxy.swallow(CREATE);
      const { id } = (await scim('POST', '/Users', JANE)).body;
      await lost;
      const store = await database.open();
      const kill = async (process: RunningProcess) => {
        await process.end('SIGKILL');
        // Its lease is over, as it would be after a while.
        await store.write((trx) => trx.deleteFrom('processes').execute());
      };
      await kill(first);

      const hidden = proxy.pretend(LOOK, 404);
      const refused = proxy.hold(CREATE);
      const second = await start();
      const account = () => store.read.selectFrom('accounts').selectAll().executeTakeFirst();
      await eventually('it may still land', async () => (await account())?.outcome === 'snooze');
      await store.write(async (trx) => {
        await trx.updateTable('intents').set({ created_at: 0 }).execute();
        await trx.updateTable('accounts').set({ verify_after: null, due_at: 0 }).execute();
      });
      await refused.arrived;
      hidden.stop();
      const met = proxy.hold(LOOK);
      refused.letGo();
      await met.arrived;
      const adopting = proxy.swallow(LOOK);
      met.letGo();
      await adopting;
      await kill(second);

      const failing = proxy.pretend(LOOK, 503);
      await start();
      expect(await account()).toMatchObject({ remote_id: null });
      const [method, body] = leave[way];
      expect((await scim(method, `/Users/${id}`, body)).status).toBeLessThan(300);
      const left = Date.now();
      await eventually('whoever works on it knows', async () => {
        const { last_success_at, last_error_at } = (await account()) ?? {};
        return Math.max(last_success_at ?? 0, last_error_at ?? 0) > left;
      });
      failing.stop();
      await eventually('nobody has access', async () => {
        const { users } = (await sandbox.state()).qflow;
        return users.every(({ customData }) => way === 'deactivated' && customData === '[linkspan:disabled]');
      });
    },
  );
});

/** One target behind a proxy. Its calls may take effect for half an hour, and the clock can be set. */
async function behindProxy(
  target: string,
  { type = TARGETS[target]?.[0] ?? '', rules = {} as TargetInput['rules'] } = {},
) {
  let offset = 0;
  const linkspan = await startLinkspan({ targets: [], store: { clock: () => Date.now() + offset } });
  const { app, sandbox } = linkspan;
  const proxy = await startProxy(sandbox.url);
  const known = Object.keys((app.types.get(type) as TargetType).settings.shape);
  const given = Object.entries(await sandbox.credentials('qflow')).filter(([name]) => known.includes(name));
  const pace = { ...QUICK, callTimeoutMs: 30_000, settleMs: 1_800_000 };
  const settings = { ...Object.fromEntries(given), baseUrl: proxy.url };
  await addTarget(app, 'acme', target, type, { settings, rules: { ...TARGETS[target]?.[1], ...rules }, pace });
  const anHourLater = () => {
    offset += 3_600_000;
  };
  const intents = () => app.store.read.selectFrom('intents').selectAll().orderBy('id').execute();
  return { ...linkspan, proxy, anHourLater, intents };
}

const SYSTEMS = {
  dashboard: {
    create: 'POST /users/v1/api/user',
    look: LOOK,
    land: {
      path: '/users/v1/api/user',
      record: { userName: 'DEMO/jane', email: 'jane@example.com', password: 'x' },
    },
    records: 'users',
  },
  door: {
    create: 'POST /checkin/v1/api/teammember',
    look: /^GET \/checkin\/v1\/api\/teammembers\/all/,
    land: {
      path: '/checkin/v1/api/teammember',
      record: { userName: 'jane', email: 'jane@example.com', password: 'x' },
    },
    records: 'teamMembers',
  },
} as const;

it.each(['dashboard', 'door'] as const)(
  'a create that lands while it is looked for is not concluded to be absent (%s)',
  async (target) => {
    const linkspan = await behindProxy(target, { rules: { onlyAssigned: false } });
    const { sandbox, scim, proxy, anHourLater, settled } = linkspan;
    const { create, look, land, records } = SYSTEMS[target];
    await sandbox.faults({ kinds: ['reset'], match: create, times: 1 });
    const jane = await hire(linkspan);
    await eventually('it has no answer', async () => (await accountsOf(linkspan, jane))[0]?.outcome === 'retry');
    const looked = proxy.hold(look);
    await scim('DELETE', `/Users/${jane}`);
    await looked.arrived;
    await byHand(sandbox, 'POST', land.path, land.record);
    anHourLater();
    looked.letGo();
    await settled();
    expect((await sandbox.state()).qflow[records]).toEqual([]);
  },
);

it('a create that lands after its worker has lost the account, and others have found nothing, leaves nobody behind', async () => {
  const linkspan = await behindProxy('dashboard');
  const { app, scim, proxy, anHourLater, intents } = linkspan;
  const hidden = proxy.pretend(LOOK, 404);
  const held = proxy.hold(CREATE);
  const jane = await hire(linkspan);
  await held.arrived;
  await app.store.write((trx) =>
    trx
      .updateTable('accounts')
      .set((row) => ({ lease_owner: null, lease_epoch: row('lease_epoch', '+', 1), due_at: 0 }))
      .execute(),
  );
  await scim('DELETE', `/Users/${jane}`);
  anHourLater();
  await eventually('it is thought that there is none', async () => (await intents())[0]?.result === 'absent');
  hidden.stop();
  held.letGo();
  await eventually('it is found and deleted', async () => (await users(linkspan)).length === 0);
  expect(await intents()).toMatchObject([{ result: 'linked' }]);
});

it('a record that was made, whatever was rejected after that, is looked for when its person leaves', async () => {
  const linkspan = await startLinkspan({ targets: [] });
  const { app, sandbox } = linkspan;
  const enterprise = app.types.get('qflow-enterprise') as TargetType;
  const strict = defineTarget({
    ...enterprise,
    type: 'strict',
    open(settings, vault) {
      const connection = enterprise.open(settings, vault);
      return {
        ...connection,
        async apply(step, subject, io) {
          const applied = await connection.apply(step, subject, io);
          if (step.kind !== 'create') return applied;
          throw new TargetError({ kind: 'reject', reason: 'no list shows it' });
        },
      };
    },
  } satisfies TargetType);
  (app.types as Map<string, TargetType>).set('strict', strict);
  const known = Object.keys(enterprise.settings.shape);
  const given = Object.entries(await sandbox.credentials('qflow')).filter(([name]) => known.includes(name));
  await addTarget(app, 'acme', 'strict', 'strict', { settings: Object.fromEntries(given), pace: QUICK });
  const jane = await hire(linkspan);
  await eventually('it is rejected', async () => (await accountsOf(linkspan, jane))[0]?.outcome === 'reject');
  expect(await users(linkspan)).toHaveLength(1);
  await edit(linkspan, jane, { active: false });
  await linkspan.settled();
  expect(await users(linkspan)).toMatchObject([{ customData: '[linkspan:disabled]' }]);
});

it("a record that an earlier create may have made is nobody's to approve, and the heir's where the person has come back", async () => {
  const linkspan = await behindProxy('dashboard', { rules: { existing: 'ask' } });
  const { sandbox, scim, proxy, anHourLater, settled, intents } = linkspan;
  const hidden = proxy.pretend(LOOK, 404);
  await sandbox.faults({ kinds: ['lost-response'], match: SYSTEMS.dashboard.create, times: 1 });
  const person = { ...JANE, externalId: 'e-1' };
  const before = await hire(linkspan, person);
  await eventually('it has no answer', async () => (await accountsOf(linkspan, before))[0]?.outcome === 'retry');
  await scim('DELETE', `/Users/${before}`);
  anHourLater();
  await eventually('it is thought that there is none', async () => (await intents())[0]?.result === 'absent');
  await settled();

  const refused = proxy.hold(CREATE);
  const jane = await hire(linkspan, person);
  await refused.arrived;
  hidden.stop();
  refused.letGo();
  await settled();
  expect(await users(linkspan)).toHaveLength(1);
  expect(await accountOf(linkspan, jane)).toMatchObject({ outcome: 'done', situation: 'confirmed', adopted: null });
  expect((await intents()).map(({ result }) => result)).toEqual(['linked', 'refused']);
});

it('a record that is met by the only create is not of our making: an administrator is asked', async () => {
  const linkspan = await behindProxy('dashboard', { rules: { existing: 'ask' } });
  const looked = linkspan.proxy.hold(LOOK);
  const jane = await hire(linkspan);
  await looked.arrived;
  const record = await userByHand(linkspan.sandbox);
  looked.letGo();
  await linkspan.settled();
  expect(await accountOf(linkspan, jane)).toMatchObject({ outcome: 'reject', adoption: { records: [{ id: record }] } });
});

it('a record that is met under one name reopens no create that was sent under another', async () => {
  const linkspan = await behindProxy('dashboard', { rules: { existing: 'ask' } });
  const { sandbox, proxy, anHourLater, settled, intents } = linkspan;
  await sandbox.faults({ kinds: ['reset'], match: SYSTEMS.dashboard.create, times: 1 });
  const jane = await hire(linkspan, { userName: 'joe', emails: [{ value: 'joe@example.com', primary: true }] });
  await eventually('it has no answer', async () => (await accountsOf(linkspan, jane))[0]?.outcome === 'retry');
  await edit(linkspan, jane, { active: false });
  anHourLater();
  await eventually('it is shown that there is none', async () => (await intents())[0]?.result === 'absent');
  await settled();
  const joe = await userByHand(sandbox, { userName: 'DEMO/joe', email: 'joe@example.com' });

  const looked = proxy.hold(LOOK);
  await edit(linkspan, jane, { ...JANE, active: true });
  await looked.arrived;
  const record = await userByHand(sandbox);
  looked.letGo();
  await settled();
  expect(await accountOf(linkspan, jane)).toMatchObject({ outcome: 'reject', adoption: { records: [{ id: record }] } });
  expect(await users(linkspan)).toMatchObject([{ id: joe, userName: 'DEMO/joe' }, { id: record }]);
});

it('a record is found although another user with its e-mail address is shown in its place', async () => {
  const linkspan = await startLinkspan({ targets: ['dashboard'] });
  await userByHand(linkspan.sandbox, { userName: 'DEMO/other' });
  await linkspan.sandbox.faults({ kinds: ['lost-response'], match: SYSTEMS.dashboard.create, times: 1 });
  const jane = await hire(linkspan);
  await linkspan.settled();
  expect(await accountOf(linkspan, jane)).toMatchObject({ outcome: 'done', situation: 'confirmed', adopted: null });
  await edit(linkspan, jane, { active: false });
  await linkspan.settled();
  expect(await users(linkspan)).toMatchObject([
    { userName: 'DEMO/other', customData: '' },
    { userName: 'DEMO/jane', customData: '[linkspan:disabled]' },
  ]);
});
