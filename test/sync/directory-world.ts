/** A directory with one target and no worker: what fan-out makes due is seen, and nothing is called. */
import { randomUUIDv7 } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { openApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { readPeople } from '../../src/directory/people.ts';
import { addTarget, type TargetInput } from '../../src/sync/admin/targets.ts';
import { fanOut } from '../../src/sync/fan-out/fan-out.ts';
import { createLanes } from '../../src/sync/lanes/lanes.ts';
import { patch } from '../linkspan.ts';

export type DirectoryWorld = Awaited<ReturnType<typeof directoryWorld>>;

export async function directoryWorld(databaseUrl: string, rules: TargetInput['rules'], tenant = 'acme') {
  const secretKey = Buffer.alloc(32, 7).toString('base64');
  const app = await openApp(readConfig({ LINKSPAN_DATABASE_URL: databaseUrl, LINKSPAN_SECRET_KEY: secretKey }));
  onTestFinished(() => app.close());
  const [userType, groupType] = [app.resourceTypes.get('User'), app.resourceTypes.get('Group')];
  if (!userType || !groupType) throw new Error('no types');
  const settings = { clientId: 'a', clientSecret: 'b', username: 'DEMO/u', password: 'p', subscriptionKey: 's' };
  await addTarget(app, tenant, 'door', 'qflow-team', { settings, rules: { limits: 'off', ...rules } });
  const ignore = () => {};
  const lanes = createLanes({ ...app, onCall: ignore, onBroken: ignore });
  await lanes.refresh();
  const caller = () => ({ tenant, actor: 'test', idp: 'generic' as const, activityId: randomUUIDv7() });
  const create = async (type: typeof userType, body: object) =>
    (await app.directory.create(caller(), type, body, { attributes: 'id' })).resource?.id ?? '';
  return {
    app,
    lanes,
    create: (body: object) => create(userType, body),
    user: (userName: string) => create(userType, { userName }),
    group: (displayName: string, members: readonly string[] = []) =>
      create(groupType, { displayName, members: members.map((value) => ({ value })) }),
    edit: (id: string, ...operations: unknown[]) =>
      app.directory.patch(caller(), groupType, id, patch(...operations), { attributes: 'id' }),
    editUser: (id: string, ...operations: unknown[]) =>
      app.directory.patch(caller(), userType, id, patch(...operations), { attributes: 'id' }),
    put: (group: string, ...members: string[]) =>
      app.directory.patch(
        caller(),
        groupType,
        group,
        patch({ op: 'add', path: 'members', value: members.map((value) => ({ value })) }),
        { attributes: 'id' },
      ),
    take: (group: string, ...members: string[]) =>
      app.directory.patch(
        caller(),
        groupType,
        group,
        patch({ op: 'remove', path: 'members', value: members.map((value) => ({ value })) }),
        { attributes: 'id' },
      ),
    removeGroup: (id: string) => app.directory.remove(caller(), groupType, id, {}),
    person: async (id: string) => {
      const person = (await readPeople(app.store.read, tenant, [id])).get(id);
      if (!person) throw new Error(`no ${id}`);
      return person;
    },
    step: () => fanOut(app.store, lanes),
    drain: async () => {
      let rounds = 0;
      while ((await fanOut(app.store, lanes)) > 0) rounds++;
      return rounds;
    },
    /** Ids of the users that are due, with their urgency. */
    due: async () => {
      const rows = await app.store.read
        .selectFrom('accounts')
        .select(['user_id', 'urgent'])
        .where('tenant', '=', tenant)
        .where('due_at', 'is not', null)
        .execute();
      return new Map(rows.map((row) => [row.user_id, row.urgent]));
    },
    /** As if everything had been carried out. */
    rest: () =>
      app.store.write((trx) =>
        trx.updateTable('accounts').set({ due_at: null, urgent: 0 }).where('tenant', '=', tenant).execute(),
      ),
    /** And as workers leave the accounts: linked, with access and these grants. */
    restLinked: (...granted: string[]) => {
      const observed = { id: 'x', enabled: true, keys: {}, fields: {}, assignments: granted };
      const linked = {
        remote_id: 'x',
        memory: JSON.stringify({ granted, remembered: [] }),
        observed: JSON.stringify(observed),
      };
      return app.store.write((trx) =>
        trx
          .updateTable('accounts')
          .set({ ...linked, due_at: null, urgent: 0 })
          .where('tenant', '=', tenant)
          .execute(),
      );
    },
    waiting: async () =>
      (await app.store.read.selectFrom('changes').select(['subject', 'urgent', 'cursor']).execute()).length,
  };
}
