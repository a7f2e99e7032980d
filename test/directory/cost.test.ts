import { describe, expect, it, onTestFinished } from 'vitest';
import { openApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { patch } from '../linkspan.ts';
import { testDatabase } from '../stores.ts';

/** The directory alone, without sync, and what it asks of SQLite. */
async function counting() {
  const database = await testDatabase('sqlite');
  const statements: string[] = [];
  const config = readConfig({ LINKSPAN_DATABASE_URL: database.url });
  const { directory, resourceTypes, store, close } = await openApp(config, undefined, {
    onStatement: (sql) => statements.push(sql),
  });
  onTestFinished(async () => {
    await close();
    await database.drop();
  });
  const type = (name: string) => {
    const found = resourceTypes.get(name);
    if (!found) throw new Error(`no ${name}`);
    return found;
  };
  let activities = 0;
  const caller = () => ({ tenant: 'acme', idp: 'generic', actor: 'test', activityId: `activity-${activities++}` });
  const during = async (work: () => Promise<unknown>) => {
    statements.length = 0;
    await work();
    // The quirk ledger is written each second, whatever is going on.
    return statements.filter((sql) => !/^(begin|commit|savepoint|release|insert into "quirks")/i.test(sql));
  };
  return {
    store,
    during,
    create: async (name: string, body: unknown) =>
      (await directory.create(caller(), type(name), body, {})).resource as Record<string, unknown> & { id: string },
    list: (name: string, filter: string) => directory.list(caller(), [type(name)], { filter }),
    get: async (name: string, id: string) => (await directory.get(caller(), type(name), id, {})).resource,
    put: (name: string, id: string, body: unknown) => directory.replace(caller(), type(name), id, body, {}),
    patch: (name: string, id: string, ...operations: unknown[]) =>
      directory.patch(caller(), type(name), id, patch(...operations), { excludedAttributes: 'members' }),
  };
}

const writes = (sql: readonly string[]) => sql.filter((text) => /^(insert|update|delete)/i.test(text));
const tables = (sql: readonly string[]) => sql.map((text) => /(?:into|update|from) "(\w+)"/.exec(text)?.[1]).sort();

it('a look-up of one person is three statements: where, who, in which groups', async () => {
  const { create, list, during } = await counting();
  for (const userName of ['jane', 'bob']) await create('User', { userName });
  const statements = await during(() => list('User', 'userName eq "JANE"'));
  expect(tables(statements)).toEqual(['members', 'resources', 'resources']);
  expect(await list('User', 'userName eq "JANE"')).toMatchObject({ totalResults: 1, startIndex: 1, itemsPerPage: 1 });
});

describe('a write', () => {
  it('of a user is four statements: the resource, its lookups, one change row, one activity row', async () => {
    const { create, during } = await counting();
    const statements = await during(() => create('User', { userName: 'jane', emails: [{ value: 'a@b' }] }));
    expect(tables(statements)).toEqual(['activity', 'changes', 'lookups', 'resources']);
  });

  it('of a user with an externalId is one more: whether it is somebody who was deleted', async () => {
    const { create, during } = await counting();
    const statements = await during(() => create('User', { userName: 'jane', externalId: 'e-1' }));
    expect(tables(statements)).toEqual(['activity', 'changes', 'lookups', 'resources', 'tombstones']);
  });

  it('of one member costs the same in a group of two and of two thousand', async () => {
    const { create, patch, during, get } = await counting();
    const { id } = await create('User', { userName: 'jane' });
    const group = async (displayName: string, size: number) => {
      const members = Array.from({ length: size }, (_, n) => ({ value: `somebody-${n}` }));
      return (await create('Group', { displayName, members })).id;
    };
    const [small, large] = [await group('small', 2), await group('large', 2_000)];
    const add = (groupId: string) => patch('Group', groupId, { op: 'add', path: 'members', value: [{ value: id }] });
    const inSmall = await during(() => add(small));
    const inLarge = await during(() => add(large));
    expect(tables(writes(inLarge))).toEqual(['activity', 'changes', 'members', 'resources']);
    expect(inLarge).toEqual(inSmall);
    expect(inLarge).toHaveLength(6);
    expect((await get('Group', large))?.members).toHaveLength(2_001);
  });

  it('that changes nothing writes nothing', async () => {
    const { create, put, patch, during, get } = await counting();
    const user = await create('User', { userName: 'jane', title: 'Engineer' });
    const group = await create('Group', { displayName: 'g', members: [{ value: user.id }] });
    const statements = await during(async () => {
      await patch('User', user.id, { op: 'replace', path: 'title', value: 'Engineer' });
      await put('User', user.id, user);
      await patch('Group', group.id, { op: 'add', path: 'members', value: [{ value: user.id }] });
      await patch('Group', group.id, { op: 'remove', path: 'members[value eq "nobody"]' });
    });
    expect(writes(statements)).toEqual([]);
    const { groups, ...unchanged }: Record<string, unknown> = (await get('User', user.id)) ?? {};
    expect(groups).toMatchObject([{ value: group.id, display: 'g' }]);
    // The entity-tag follows the groups that are shown; the counter in it has not moved.
    expect(unchanged).toEqual({
      ...user,
      meta: { ...(user.meta as object), version: expect.stringMatching(/^W\/"1-/) },
    });
  });

  it('of a full member list touches only the difference', async () => {
    const { create, put, get, store } = await counting();
    const members = Array.from({ length: 50 }, (_, n) => ({ value: `somebody-${n}` }));
    const { id } = await create('Group', { displayName: 'g', members });
    await put('Group', id, { displayName: 'g', members: [...members.slice(1), { value: 'new' }] });
    const rows = await store.read.selectFrom('members').selectAll().where('group_id', '=', id).execute();
    const last = Math.max(...rows.map((row) => row.change_seq));
    const touched = rows.filter((row) => row.change_seq === last).map((row) => [row.member_id, row.removed]);
    expect(Object.fromEntries(touched)).toEqual({ 'somebody-0': 1, new: 0 });
    expect((await get('Group', id))?.members).toHaveLength(50);
  });
});
