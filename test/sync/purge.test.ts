import { describe, expect, it, onTestFinished } from 'vitest';
import { pauseByAdmin, setTarget } from '../../src/sync/admin/targets.ts';
import { purge } from '../../src/sync/upkeep/purge.ts';
import { eventually, scimClient, startLinkspan, startSandbox } from '../linkspan.ts';
import { type Kind, testDatabase } from '../stores.ts';

const DAY = 86_400_000;
const JANE = { externalId: 'e-1', userName: 'jane', emails: [{ value: 'jane@example.com' }] };

async function withJane(kind: Kind = 'sqlite') {
  const linkspan = await startLinkspan({ kind, targets: ['dashboard'] });
  const { app, scim, sandbox, settled } = linkspan;
  const hire = async (person: object = JANE) => (await scim('POST', '/Users', person)).body.id as string;
  const jane = await hire();
  await settled();
  return {
    ...linkspan,
    jane,
    hire,
    fire: async (id: string) => {
      await scim('DELETE', `/Users/${id}`);
      await settled();
    },
    purgeAfter: (days: number) => purge(app.store, { now: Date.now() + days * DAY }),
    users: async () => (await sandbox.state()).qflow.users,
    /** How much of a user is left in each table. */
    left: async (id: string) => {
      const { read } = app.store;
      const rows = await Promise.all([
        read.selectFrom('resources').select('id').where('id', '=', id).execute(),
        read.selectFrom('tombstones').select('resource_id').where('resource_id', '=', id).execute(),
        read.selectFrom('accounts').select('user_id').where('user_id', '=', id).execute(),
        read.selectFrom('intents').select('id').where('user_id', '=', id).execute(),
        read.selectFrom('remote_links').select('remote_id').where('user_id', '=', id).execute(),
        read.selectFrom('receipts').select('id').where('user_id', '=', id).execute(),
      ]);
      const [resources, tombstones, accounts, intents, links, receipts] = rows.map((found) => found.length);
      return { resources, tombstones, accounts, intents, links, receipts };
    },
  };
}

describe.each(['sqlite', 'postgres'] as const)('30 days after a deletion (%s)', (kind) => {
  it('nothing of the user is left but the receipts, and not a day before', async () => {
    const { jane, hire, fire, purgeAfter, left, settled, users, app } = await withJane(kind);
    const bystander = await hire({ externalId: 'e-2', userName: 'bystander' });
    await fire(jane);
    const whole = { resources: 1, tombstones: 1, accounts: 1, intents: 1, links: 0, receipts: 1 };
    expect(await purgeAfter(29)).toBe(0);
    expect(await left(jane)).toEqual(whole);
    expect(await purgeAfter(31)).toBe(1);
    expect(await left(jane)).toEqual({ resources: 0, tombstones: 0, accounts: 0, intents: 0, links: 0, receipts: 1 });
    expect(await left(bystander)).toMatchObject({ resources: 1, accounts: 1, links: 1 });

    const again = await hire();
    await settled();
    expect(await users()).toHaveLength(2);
    expect(await app.store.read.selectFrom('tombstones').selectAll().execute()).toEqual([]);
    expect(await left(again)).toMatchObject({ accounts: 1, links: 1 });
  });

  it('a removal that is not done yet keeps everything', async () => {
    const { scim, sandbox, jane, hire, purgeAfter, left, settled, users } = await withJane(kind);
    const [record] = await users();
    await sandbox.faults({ kinds: ['500'], rate: 1 });
    await scim('DELETE', `/Users/${jane}`);
    expect(await purgeAfter(400)).toBe(0);
    expect(await left(jane)).toMatchObject({ resources: 1, tombstones: 1, accounts: 1, links: 1 });
    await hire();
    await sandbox.faults({ rate: 0 });
    await settled();
    expect((await users()).map(({ id }) => id)).toEqual([record?.id]);
  });

  it('who has come back is untouched, and the former self is forgotten', async () => {
    const { jane, hire, fire, purgeAfter, left, settled, users } = await withJane(kind);
    await fire(jane);
    const again = await hire();
    await settled();
    expect(await purgeAfter(31)).toBe(1);
    expect(await left(jane)).toMatchObject({ resources: 0, tombstones: 0, accounts: 0, receipts: 1 });
    expect(await left(again)).toMatchObject({ resources: 1, accounts: 1, links: 1 });
    expect(await users()).toHaveLength(1);
  });
});

it('a record that the policy keeps stays its owner’s: nobody else gets it, and the person does', async () => {
  const { app, jane, hire, fire, scim, purgeAfter, left, settled, users } = await withJane();
  await setTarget(app, 'acme', 'dashboard', { rules: { deleted: 'keep' } });
  await settled();
  const [record] = await users();
  await fire(jane);
  expect(await purgeAfter(400)).toBe(0);
  expect(await left(jane)).toMatchObject({ resources: 1, tombstones: 1, accounts: 1, links: 1 });
  const newcomer = await hire({ ...JANE, externalId: 'e-2', name: { familyName: 'Newcomer' } });
  await settled();
  expect(await users()).toEqual([record]);
  await scim('DELETE', `/Users/${newcomer}`);
  await settled();
  const again = await hire({ ...JANE, name: { familyName: 'Doe' } });
  await settled();
  expect(await users()).toMatchObject([{ id: record?.id, lastName: 'Doe' }]);
  expect(await left(again)).toMatchObject({ accounts: 1, links: 1 });
});

it('a heir who has not been seen to yet keeps the purge away', async () => {
  const { app, jane, fire, purgeAfter, left } = await withJane();
  await fire(jane);
  await app.store.write((trx) => trx.updateTable('tombstones').set({ heir_id: 'somebody' }).execute());
  expect(await purgeAfter(31)).toBe(0);
  await app.store.write((trx) => trx.updateTable('tombstones').set({ handed_over_at: 1 }).execute());
  expect(await purgeAfter(31)).toBe(1);
  expect(await left(jane)).toMatchObject({ resources: 0, tombstones: 0, accounts: 0 });
});

it('whatever alone is still open keeps everything', async () => {
  const { app, jane, fire, purgeAfter, left } = await withJane();
  await fire(jane);
  const { write } = app.store;
  const later = Date.now() + 20 * DAY;
  const open = { due_at: later, lease_owner: 'p', remote_id: 'r', outcome: 'reject', last_success_at: later };
  // Nobody works on what the test makes up.
  await pauseByAdmin(app, 'acme', 'dashboard', 'test');
  for (const [column, value] of Object.entries(open)) {
    const before = await app.store.read.selectFrom('accounts').selectAll().executeTakeFirstOrThrow();
    await write((trx) =>
      trx
        .updateTable('accounts')
        .set({ [column]: value })
        .execute(),
    );
    expect([column, await purgeAfter(31)]).toEqual([column, 0]);
    await write((trx) => trx.updateTable('accounts').set(before).execute());
  }
  await write((trx) => trx.updateTable('intents').set({ closed_at: null }).execute());
  expect(await purgeAfter(31)).toBe(0);
  await write((trx) => trx.updateTable('intents').set({ closed_at: 1 }).execute());
  expect(await left(jane)).toMatchObject({ resources: 1, tombstones: 1, accounts: 1, intents: 1 });
  expect(await purgeAfter(31)).toBe(1);
});

it('hundreds go in slices, past those who stay', async () => {
  const { app, scim, purgeAfter, settled } = await withJane();
  await setTarget(app, 'acme', 'dashboard', { rules: { scope: 'userType eq "None"' } });
  await Promise.all(
    Array.from({ length: 250 }, async (_, n) => {
      const { id } = (await scim('POST', '/Users', { userName: `user${n}` })).body;
      await scim('DELETE', `/Users/${id}`);
    }),
  );
  await settled();
  await app.store.write((trx) =>
    trx
      .insertInto('remote_links')
      .columns(['system_key', 'remote_id', 'tenant', 'target_id', 'user_id'])
      .expression((select) =>
        select
          .selectFrom('resources')
          .select((row) => [
            row.val('other').as('system_key'),
            'id as remote_id',
            'tenant',
            row.val('t').as('target_id'),
            'id as user_id',
          ])
          .where('deleted_at', 'is not', null)
          .limit(120),
      )
      .execute(),
  );
  expect(await purgeAfter(31)).toBe(130);
});

it('a server does it by itself soon after its start', async () => {
  const database = await testDatabase('sqlite');
  const sandbox = await startSandbox();
  onTestFinished(async () => {
    await sandbox.close();
    await database.drop();
  });
  const first = await startLinkspan({ databaseUrl: database.url, sandbox, targets: ['dashboard'] });
  const { id } = (await first.scim('POST', '/Users', JANE)).body;
  await first.settled();
  await first.scim('DELETE', `/Users/${id}`);
  await first.settled();
  await first.close();
  const store = { clock: () => Date.now() + 31 * DAY };
  const second = await startLinkspan({ databaseUrl: database.url, sandbox, tenant: null, store });
  const users = () => second.app.store.read.selectFrom('resources').select('id').execute();
  expect(await users()).toHaveLength(1);
  await eventually('it is purged', async () => (await users()).length === 0);
  expect((await scimClient(second.url, 'acme', first.scim.token)('POST', '/Users', JANE)).status).toBe(201);
});
