/** Who goes to the front of a lane: who loses something there, and nobody else. */
import { randomUUIDv7 } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import { openApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { addTarget } from '../../src/sync/admin/targets.ts';
import { fanOut } from '../../src/sync/fan-out/fan-out.ts';
import { createLanes } from '../../src/sync/lanes/lanes.ts';
import { PATCH_OP } from '../linkspan.ts';
import { type Kind, testDatabase } from '../stores.ts';

const CREDENTIALS = { clientId: 'a', clientSecret: 'b', username: 'DEMO/u', password: 'p', subscriptionKey: 's' };

/** A directory with two targets and no workers: what is due stays so. */
async function setUp(kind: Kind) {
  const database = await testDatabase(kind);
  const secretKey = Buffer.alloc(32, 7).toString('base64');
  const app = await openApp(readConfig({ LINKSPAN_DATABASE_URL: database.url, LINKSPAN_SECRET_KEY: secretKey }));
  onTestFinished(async () => {
    await app.close();
    await database.drop();
  });
  const limits = 'off' as const;
  const assignments = [{ groupPrefix: 'Event ' }];
  await addTarget(app, 'acme', 'dashboard', 'qflow-enterprise', { settings: CREDENTIALS, rules: { limits } });
  await addTarget(app, 'acme', 'door', 'qflow-team', { settings: CREDENTIALS, rules: { assignments, limits } });
  const lanes = createLanes({ ...app, onCall() {}, onBroken() {} });
  await lanes.refresh();
  const { store, directory } = app;
  const [user, group] = [app.resourceTypes.get('User'), app.resourceTypes.get('Group')];
  if (!user || !group) throw new Error('no types');
  const caller = () => ({ tenant: 'acme', actor: 'test', idp: 'generic', activityId: randomUUIDv7() });
  const drain = async () => {
    while ((await fanOut(store, lanes)) > 0);
  };
  return {
    drain,
    hire: async (userName: string) => (await directory.create(caller(), user, { userName }, {})).resource?.id ?? '',
    gather: async (displayName: string, ids: readonly string[]) => {
      const body = { displayName, members: ids.map((value) => ({ value })) };
      return (await directory.create(caller(), group, body, {})).resource?.id ?? '';
    },
    setActive: async (id: string, value: boolean) => {
      const operations = [{ op: 'replace', path: 'active', value }];
      await directory.patch(caller(), user, id, { schemas: [PATCH_OP], Operations: operations }, {});
    },
    disband: (id: string) => directory.remove(caller(), group, id, {}),
    /**
     * As workers leave the accounts: linked, with access, and with these events at the door.
     * @param seen of them; null: nothing was. @param verify_after before that is not known what may yet be given.
     */
    settle: async (
      granted: readonly string[],
      seen: readonly string[] | null = granted,
      verify_after: number | null = null,
    ) => {
      for (const { id, name } of await store.read.selectFrom('targets').select(['id', 'name']).execute()) {
        const isDoor = name === 'door';
        const memory = JSON.stringify({ granted: isDoor ? granted : [], remembered: [] });
        const record = { id: 'x', enabled: true, keys: {}, fields: {}, assignments: isDoor ? seen : [] };
        const observed = seen && JSON.stringify(record);
        const removals = { removals: null, removal_asked_at: null, removal_activity_id: null };
        const done = { due_at: null, urgent: 0 as const, remote_id: 'x', memory, observed, verify_after, ...removals };
        await store.write((trx) => trx.updateTable('accounts').set(done).where('target_id', '=', id).execute());
      }
    },
    classes: async () => {
      const rows = await store.read
        .selectFrom('accounts')
        .innerJoin('targets', 'targets.id', 'accounts.target_id')
        .select(['targets.name as target', 'accounts.urgent'])
        .where('due_at', 'is not', null)
        .execute();
      return Object.fromEntries(rows.map(({ target, urgent }) => [target, urgent]));
    },
  };
}

it.each<Kind>(['sqlite', 'postgres'])(
  'a deleted group puts nobody first who loses nothing by it (%s)',
  async (kind) => {
    const { hire, gather, disband, drain, settle, classes } = await setUp(kind);
    const jane = await hire('jane');
    const [team, event] = [await gather('Team', [jane]), await gather('Event 1001', [jane])];
    await drain();
    await settle(['1001']);
    await disband(team);
    await drain();
    expect(await classes()).toEqual({ dashboard: 0, door: 0 });
    await disband(event);
    await drain();
    expect(await classes()).toEqual({ dashboard: 0, door: 1 });
  },
);

it.each<Kind>(['sqlite', 'postgres'])(
  'what a process was about to give when it ended is taken away as what was seen (%s)',
  async (kind) => {
    const { hire, gather, disband, setActive, drain, settle, classes } = await setUp(kind);
    const jane = await hire('jane');
    for (const [granted, seen, verifyAfter] of [
      [['1001'], [], null],
      [['1001'], null, null],
      [['1001'], [], 1],
    ] as const) {
      const event = await gather('Event 1001', [jane]);
      await drain();
      await settle(granted, seen, verifyAfter);
      await disband(event);
      await drain();
      expect(await classes()).toMatchObject({ door: 1 });
      await setActive(jane, false);
      await drain();
      await setActive(jane, true);
      await drain();
      expect(await classes(), 'the event is still to go').toMatchObject({ door: 1 });
    }
  },
);

it.each<Kind>(['sqlite', 'postgres'])(
  'a call that had no answer puts nobody first for what it cannot have given (%s)',
  async (kind) => {
    const { hire, gather, disband, drain, settle, classes } = await setUp(kind);
    const event = await gather('Event 1001', [await hire('jane')]);
    await drain();
    await settle([], [], 1);
    await disband(event);
    await drain();
    expect(await classes()).toEqual({ dashboard: 0, door: 0 });
  },
);

it.each<Kind>(['sqlite', 'postgres'])(
  'who is deactivated goes first, and no more where it would have cost something once that is taken back (%s)',
  async (kind) => {
    const { hire, gather, setActive, drain, settle, classes } = await setUp(kind);
    const jane = await hire('jane');
    await drain();
    await settle([]);
    await setActive(jane, false);
    await drain();
    expect(await classes()).toEqual({ dashboard: 1, door: 1 });
    await setActive(jane, true);
    await drain();
    expect(await classes()).toMatchObject({ dashboard: 0 });
    await gather('Event 1001', [jane]);
    await drain();
    await settle(['1001']);
    await setActive(jane, false);
    await drain();
    expect(await classes()).toEqual({ dashboard: 1, door: 1 });
  },
);
