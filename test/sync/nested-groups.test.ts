import fc from 'fast-check';
import { sql } from 'kysely';
import { expect, it, vi } from 'vitest';
import { recordChange } from '../../src/directory/changes.ts';
import { groupsBelow, LEVELS, membershipsOf } from '../../src/directory/nesting.ts';
import { readPeople } from '../../src/directory/people.ts';
import { nesting } from '../../src/store/migrations/0013-nesting.ts';
import { SLICE } from '../../src/sync/fan-out/large-changes.ts';
import { startLinkspan } from '../linkspan.ts';
import { describeStores, testDatabase } from '../stores.ts';
import { directoryWorld } from './directory-world.ts';

/** Real systems and a real database each. */
vi.setConfig({ testTimeout: 180_000 });

const EVENTS = { assignments: [{ groupPrefix: 'Event ' }] };

describeStores('nested groups', (open) => {
  it('give everybody below what the groups above grant, and SCIM shows the direct ones', async () => {
    const { user, group, person } = await directoryWorld(await open.url(), EVENTS);
    const [jane, joe] = [await user('jane'), await user('joe')];
    const inner = await group('Inner', [jane]);
    const middle = await group('Middle', [inner, joe]);
    await group('Event 1001', [middle]);
    expect((await person(jane)).groups).toEqual(['Inner', 'Middle', 'Event 1001']);
    expect((await person(joe)).groups).toEqual(['Middle', 'Event 1001']);
    expect((await person(jane)).resource.groups).toEqual([{ value: inner, display: 'Inner' }]);
  });

  it('survive circles, and count no more through a group that is deleted', async () => {
    const { user, group, put, person, removeGroup } = await directoryWorld(await open.url(), EVENTS);
    const jane = await user('jane');
    const a = await group('A', [jane]);
    const b = await group('B', [a]);
    const c = await group('C', [b]);
    await put(a, c, a);
    expect((await person(jane)).groups).toEqual(['A', 'B', 'C']);
    await removeGroup(b);
    expect((await person(jane)).groups).toEqual(['A']);
  });

  it(`are followed ${LEVELS} levels up and down, and no further`, async () => {
    const { app, user, group, person } = await directoryWorld(await open.url(), EVENTS);
    const jane = await user('jane');
    const ids = [await group('G1', [jane])];
    for (let n = 2; n <= LEVELS + 2; n++) ids.push(await group(`G${n}`, [ids.at(-1) ?? '']));
    expect((await person(jane)).groups).toEqual(Array.from({ length: LEVELS }, (_, n) => `G${n + 1}`));
    const below = await groupsBelow(app.store.read, 'acme', ids[LEVELS - 1] ?? '');
    expect(below?.toSorted()).toEqual(ids.slice(0, LEVELS).toSorted());
  });

  it('reach their users, in slices, whatever happens to a group above', async () => {
    const { user, group, put, take, edit, removeGroup, drain, due, restLinked } = await directoryWorld(
      await open.url(),
      EVENTS,
    );
    const users: string[] = [];
    for (let n = 0; n < SLICE + 20; n++) users.push(await user(`u${n}`));
    const outsider = await user('outsider');
    const inner = await group('Inner', users.slice(0, SLICE + 10));
    const second = await group('Second', users.slice(SLICE));
    const middle = await group('Middle', [inner, second]);
    const event = await group('Event 1001', [outsider]);
    await drain();
    const reached = async (what: () => Promise<unknown>) => {
      await restLinked('1001', '1002');
      await what();
      await drain();
      return await due();
    };
    const everybody = new Map(users.map((id) => [id, expect.any(Number)]));
    const urgent = new Map(users.map((id) => [id, 1]));
    expect(await reached(() => put(event, middle))).toEqual(everybody);
    expect(await reached(() => edit(event, { op: 'replace', path: 'displayName', value: 'Event 1002' }))).toEqual(
      new Map([...urgent, [outsider, 1]]),
    );
    expect(await reached(() => put(event, inner))).toEqual(
      new Map(users.slice(0, SLICE + 10).map((id) => [id, expect.any(Number)])),
    );
    expect(await reached(() => take(event, middle, inner))).toEqual(urgent);
    await put(event, middle);
    await drain();
    expect(await reached(() => take(middle, second))).toEqual(new Map(users.slice(SLICE).map((id) => [id, 1])));
    expect(await reached(() => removeGroup(event))).toEqual(
      new Map([...users.slice(0, SLICE + 10), outsider].map((id) => [id, 1])),
    );
  });

  it('of a deleted group that a change was on its way to leave nothing behind', async () => {
    const { app, user, group, take, removeGroup, drain, due, rest } = await directoryWorld(await open.url(), EVENTS);
    const jane = await user('jane');
    const inner = await group('Inner', [jane]);
    const event = await group('Event 1001', [inner]);
    await drain();
    await rest();
    await take(event, inner);
    await removeGroup(inner);
    // As another process may have it, which was at the change of the group above.
    const below = { subject: 'group-below', subjectId: inner, urgent: true } as const;
    await app.store.write((trx) => recordChange(trx, { tenant: 'acme', activityId: null }, below, 1));
    await removeGroup(event);
    await drain();
    expect([...(await due()).keys()]).toEqual([jane]);
    const left = await app.store.read.selectFrom('resources').select('id').where('type', '=', 'Group').execute();
    const members = await app.store.read.selectFrom('members').select('group_id').execute();
    expect({ left, members }).toEqual({ left: [], members: [] });
  });

  it('that were there before they counted are found when the database is opened by this version', async () => {
    const { app, user, group, drain } = await directoryWorld(await open.url(), EVENTS);
    const jane = await user('jane');
    const inner = await group('Inner', [jane]);
    await group('Event 1001', [inner]);
    await drain();
    await app.store.write(async (trx) => {
      await sql`drop index members_tenant_nested_group_id_member_id`.execute(trx);
      await sql`alter table members drop column nested`.execute(trx);
      await nesting.up(trx, app.store.dialect.ddl);
    });
    const rows = await app.store.read.selectFrom('members').select(['member_id', 'nested']).execute();
    expect(new Map(rows.map((row) => [row.member_id, row.nested]))).toEqual(
      new Map([
        [jane, 0],
        [inner, 1],
      ]),
    );
    expect(await app.store.read.selectFrom('changes').select(['subject', 'assessed']).execute()).toEqual([
      { subject: 'target', assessed: 0 },
    ]);
  });

  it('that are too many to follow decide nothing, and everybody is looked at', async () => {
    const { app, user, group, person, put, take, drain, due, rest } = await directoryWorld(await open.url(), EVENTS);
    const [jane, joe] = [await user('jane'), await user('joe')];
    const inner = await group('Inner', [jane]);
    const hub = await group('Hub', [inner]);
    const event = await group('Event 1001', [joe]);
    await drain();
    // 101 groups that are all in each other: 10,100 memberships, above the one that jane is in.
    await app.store.write(async (trx) => {
      const n = sql`with recursive n(i) as (select 0 union all select i + 1 from n where i < 100)`;
      const columns = sql`(tenant, group_id, member_id, change_seq, removed, nested)`;
      await sql`insert into resources (tenant, id, type, version, created, last_modified, document, search)
        ${n} select 'acme', 'dense-' || i, 'Group', 1, '', '', '{"displayName":"Dense"}',
        ${app.store.dialect.jsonb('{}')} from n`.execute(trx);
      await sql`insert into members ${columns} ${n} select 'acme', 'dense-' || a.i, 'dense-' || b.i, 0, 0, 1
        from n as a, n as b where a.i <> b.i`.execute(trx);
      await sql`insert into members ${columns} values ('acme', 'dense-0', ${hub}, 0, 0, 1),
        ('acme', ${hub}, 'dense-0', 0, 0, 1)`.execute(trx);
    });
    expect((await person(jane)).groupsProblem).toMatch(/more nested groups/);
    // Whoever is read beside her is known.
    const both = await readPeople(app.store.read, 'acme', [jane, joe]);
    expect(both.get(joe)).toMatchObject({ groups: ['Event 1001'] });
    expect(both.get(joe)?.groupsProblem).toBeUndefined();
    await rest();
    await put(event, hub);
    await take(event, hub);
    await drain();
    expect([...(await due()).keys()].toSorted()).toEqual([jane, joe].toSorted());
  });

  it('flattened are as a naive model says, over random graphs with circles, and fan-out misses nobody', async () => {
    const url = await open.url();
    const GROUPS = 5;
    const USERS = 4;
    const operation = fc.record({
      what: fc.constantFrom('put', 'put', 'put', 'put group', 'put group', 'put group', 'take', 'take group', 'delete'),
      group: fc.nat(GROUPS - 1),
      member: fc.nat(GROUPS + USERS - 1),
    });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 15, maxLength: 25 }), async (operations) => {
        const tenant = `t${run++}`;
        const world = await directoryWorld(url, { assignments: [{ groupPrefix: 'G' }] }, tenant);
        const { user, group, person, put, take, removeGroup, drain, due, rest, app } = world;
        const groups: string[] = [];
        const users: string[] = [];
        for (let n = 0; n < GROUPS; n++) groups.push(await group(`G${n}`));
        for (let n = 0; n < USERS; n++) users.push(await user(`u${n}`));
        await drain();
        const members = new Map(groups.map((id) => [id, new Set<string>()]));
        const naive = (id: string) => {
          const found = new Set<string>();
          for (let before = -1; before !== found.size; ) {
            before = found.size;
            for (const [each, inside] of members) {
              if (inside.has(id) || [...found].some((one) => inside.has(one))) found.add(each);
            }
          }
          return [...found].map((each) => `G${groups.indexOf(each)}`).sort();
        };
        const flat = () => new Map(users.map((id) => [id, naive(id)]));
        await rest();
        let before = flat();
        for (const { what, group: index, member } of operations) {
          const id = groups[index] ?? '';
          const inside = members.get(id);
          if (!inside) continue;
          const other = what.endsWith('group') ? groups[member % GROUPS] : users[member % USERS];
          if (other === undefined || (groups.includes(other) && !members.has(other))) continue;
          if (what.startsWith('put')) {
            inside.add(other);
            await put(id, other);
          } else if (what.startsWith('take')) {
            inside.delete(other);
            await take(id, other);
          } else {
            members.delete(id);
            for (const each of members.values()) each.delete(id);
            await removeGroup(id);
          }
          const people = await readPeople(app.store.read, tenant, users);
          for (const each of users) {
            // Alone too: what is read for others must not help.
            const alone = (await person(each)).groups.toSorted();
            expect([people.get(each)?.groups.toSorted(), alone]).toEqual([naive(each), naive(each)]);
          }
          // Now and then several changes are on their way together.
          if (member % 2 === 0) continue;
          await drain();
          const now = flat();
          const changed = users.filter((each) => String(now.get(each)) !== String(before.get(each)));
          expect([...(await due()).keys()]).toEqual(expect.arrayContaining(changed));
          await rest();
          before = now;
        }
      }),
      { numRuns: 8 },
    );
  });
});

it('a user of nested groups is granted what they grant, and loses it, in the target itself', async () => {
  const { scim, sandbox, settled } = await startLinkspan({ targets: ['door'] });
  const jane = (await scim('POST', '/Users', { userName: 'jane' })).body.id;
  const inner = (await scim('POST', '/Groups', { displayName: 'Inner', members: [{ value: jane }] })).body.id;
  const event = (await scim('POST', '/Groups', { displayName: 'Event 1001', members: [{ value: inner }] })).body.id;
  await settled();
  const events = async () => (await sandbox.state()).qflow.assignments.map(({ eventId }) => eventId);
  expect(await events()).toEqual(['1001']);
  expect((await scim('GET', `/Users/${jane}`)).body.groups).toMatchObject([{ value: inner, type: 'direct' }]);
  await scim('DELETE', `/Groups/${event}`);
  await settled();
  expect(await events()).toEqual([]);
});

it('SQLite finds groups in groups by an index of theirs, however many users a group has', async () => {
  const database = await testDatabase('sqlite');
  const { app } = await directoryWorld(database.url, EVENTS);
  const { rows } = await sql<{ detail: string }>`explain query plan select member_id from members
    where tenant = 'acme' and group_id in ('a', 'b') and nested = 1 and removed = 0 limit 10`.execute(app.store.read);
  expect(rows.map(({ detail }) => detail).join()).toMatch(/INDEX members_tenant_nested_group_id_member_id \(tenant=\?/);
  expect(await membershipsOf(app.store.read, 'acme', ['nobody'])).toEqual(new Map());
});
