/** Groups with more members than one answer should hold, over real HTTP. */
import { describe, expect, it } from 'vitest';
import { patch, startLinkspan } from '../linkspan.ts';

const SIZE = 6_500;
const idOf = (n: number) => `member-${String(n).padStart(6, '0')}`;
const members = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, n) => ({ value: idOf(from + n), ...(n === 0 && { display: 'First "one"' }) }));

async function withGroup(kind: 'sqlite' | 'postgres', size = SIZE) {
  const linkspan = await startLinkspan({ kind, targets: [] });
  const created = await linkspan.scim('POST', '/Groups?excludedAttributes=members', {
    displayName: 'Everybody',
    members: members(0, size),
  });
  expect(created.status, JSON.stringify(created.body)).toBe(201);
  return { linkspan, scim: linkspan.scim, id: created.body.id as string };
}

describe.each(['sqlite', 'postgres'] as const)('a large group (%s)', (kind) => {
  it('goes out whole, in a stream, with the attributes that were asked for', async () => {
    const { scim, id } = await withGroup(kind);
    await scim('PATCH', `/Groups/${id}`, patch({ op: 'remove', path: `members[value eq "${idOf(3)}"]` }));
    await scim('POST', '/Groups', { displayName: 'Few', members: [{ value: 'x' }] });

    const whole = await scim('GET', `/Groups/${id}`);
    expect(whole.status).toBe(200);
    expect(whole.headers.get('content-type')).toBe('application/scim+json');
    expect(whole.headers.get('content-length')).toBeNull();
    expect(whole.body).toMatchObject({
      id,
      displayName: 'Everybody',
      meta: { resourceType: 'Group', version: 'W/"2"' },
    });
    expect(whole.body.members[0]).toEqual({ value: idOf(0), display: 'First "one"' });
    const ids = whole.body.members.map((member: { value: string }) => member.value);
    expect(ids).toEqual(members(0, SIZE).flatMap(({ value }) => (value === idOf(3) ? [] : value)));

    const some = (await scim('GET', `/Groups/${id}?attributes=members.value`)).body;
    expect(Object.keys(some).sort()).toEqual(['id', 'members', 'schemas']);
    expect(some.members[0]).toEqual({ value: idOf(0) });
    expect((await scim('GET', `/Groups/${id}?excludedAttributes=members`)).body).not.toHaveProperty('members');

    const list = (await scim('GET', '/Groups?sortBy=displayName')).body;
    expect(list.totalResults).toBe(2);
    expect(list.Resources.map((group: { members: [] }) => group.members.length)).toEqual([SIZE - 1, 1]);
    const put = await scim('PUT', `/Groups/${id}`, { displayName: 'Everybody', members: members(0, SIZE) });
    expect(put.body.members).toHaveLength(SIZE);
  });

  it('that is PUT with its full list of members writes only the difference', async () => {
    const { linkspan, scim, id } = await withGroup(kind);
    const touched = async () => {
      const { store } = linkspan.app;
      const rows = await store.read
        .selectFrom('members')
        .select(['member_id', 'change_seq', 'removed'])
        .where('group_id', '=', id)
        .execute();
      const last = Math.max(...rows.map((row) => row.change_seq));
      const of = rows.filter((row) => row.change_seq === last);
      return of.map((row) => `${row.removed ? '-' : '+'}${row.member_id}`).sort();
    };
    expect(await touched()).toHaveLength(SIZE);
    // One is gone, one is new, one has got a name.
    const list = [...members(0, 10).slice(1), { value: idOf(10), display: 'Ten' }, ...members(11, SIZE + 1)];
    const answer = await scim('PUT', `/Groups/${id}?excludedAttributes=members`, {
      displayName: 'Everybody',
      members: list,
    });
    expect(answer.status).toBe(200);
    expect(await touched()).toEqual([`+${idOf(10)}`, `+${idOf(11)}`, `+${idOf(SIZE)}`, `-${idOf(0)}`].sort());
    const { version } = answer.body.meta;
    const again = await scim('PUT', `/Groups/${id}?excludedAttributes=members`, {
      displayName: 'Everybody',
      members: list,
    });
    expect(again.body.meta.version).toBe(version);
  });

  it('lays what is said of a member over what was said, unless all is said anew', async () => {
    const { scim } = await startLinkspan({ kind, targets: [] });
    const { id } = (
      await scim('POST', '/Groups', { displayName: 'Team', members: [{ value: 'm', display: 'Jane', type: 'User' }] })
    ).body;
    const patched = async (...operations: unknown[]) =>
      (await scim('PATCH', `/Groups/${id}`, patch(...operations))).body.members;
    const add = (value: object) => ({ op: 'add', path: 'members', value: [{ value: 'm', ...value }] });
    expect(await patched(add({ $ref: 'Users/m' }))).toEqual([
      { value: 'm', $ref: 'Users/m', display: 'Jane', type: 'User' },
    ]);
    expect(await patched(add({ display: 'J' }), add({ type: 'Group' }))).toEqual([
      { value: 'm', $ref: 'Users/m', display: 'J', type: 'Group' },
    ]);
    expect(await patched({ op: 'remove', path: 'members[value eq "m"]' }, add({ display: 'K' }))).toEqual([
      { value: 'm', display: 'K' },
    ]);
    expect(await patched({ op: 'replace', path: 'members', value: [{ value: 'm', type: 'User' }] })).toEqual([
      { value: 'm', type: 'User' },
    ]);
    const put = await scim('PUT', `/Groups/${id}`, { displayName: 'Team', members: [{ value: 'm', display: null }] });
    expect(put.body).toMatchObject({ members: [{ value: 'm' }], meta: { version: 'W/"6"' } });
    expect(put.body.members[0]).not.toHaveProperty('type');
    const long = await scim(
      'PATCH',
      `/Groups/${id}`,
      patch({ op: 'add', path: 'members', value: [{ value: 'x'.repeat(501) }] }),
    );
    expect(long).toMatchObject({ status: 400, body: { scimType: 'invalidValue' } });
  });

  it('is not taken for unchanged where its members are named', async () => {
    const { scim } = await startLinkspan({ kind, targets: [] });
    const jane = (await scim('POST', '/Users', { userName: 'jane', displayName: 'Old' })).body;
    const { id, meta } = (await scim('POST', '/Groups', { displayName: 'Team', members: [{ value: jane.id }] })).body;
    await scim('PATCH', `/Users/${jane.id}`, patch({ op: 'replace', path: 'displayName', value: 'New' }));
    const get = (query: string) => scim('GET', `/Groups/${id}${query}`, undefined, { 'if-none-match': meta.version });
    expect((await get('?attributes=members')).body.members[0].display).toBe('New');
    expect((await get('')).status).toBe(304);
  });

  it('and others that contain each other can be deleted at the same time', async () => {
    const { scim } = await startLinkspan({ kind, targets: [] });
    const ids: string[] = [];
    for (let n = 0; n < 8; n++) ids.push((await scim('POST', '/Groups', { displayName: `g${n}` })).body.id);
    for (const id of ids) {
      await scim(
        'PATCH',
        `/Groups/${id}`,
        patch({ op: 'add', path: 'members', value: ids.map((value) => ({ value })) }),
      );
    }
    const answers = await Promise.all(ids.map((id) => scim('DELETE', `/Groups/${id}`)));
    expect(answers.map(({ status }) => status)).toEqual(ids.map(() => 204));
  });

  it('names its members by display and $ref for who asks, where the client did not', async () => {
    const { scim } = await startLinkspan({ kind, targets: [] });
    const jane = (await scim('POST', '/Users', { userName: 'jane', displayName: 'Jane' })).body;
    const bob = (await scim('POST', '/Users', { userName: 'bob' })).body;
    const sub = (await scim('POST', '/Groups', { displayName: 'Sub' })).body;
    const values = [{ value: jane.id, display: 'as sent' }, { value: bob.id }, { value: sub.id }, { value: 'nobody' }];
    const { id } = (await scim('POST', '/Groups', { displayName: 'Team', members: values })).body;
    const asked = (await scim('GET', `/Groups/${id}?attributes=members`)).body.members;
    const refOf = (resource: { meta: { location: string } }) => resource.meta.location;
    expect(new Set(asked)).toEqual(
      new Set([
        { value: jane.id, $ref: refOf(jane), type: 'User', display: 'as sent' },
        { value: bob.id, $ref: refOf(bob), type: 'User', display: 'bob' },
        { value: sub.id, $ref: refOf(sub), type: 'Group', display: 'Sub' },
        { value: 'nobody' },
      ]),
    );
    const displays = (await scim('GET', `/Groups/${id}?attributes=members.display`)).body.members;
    expect(new Set(displays.map((each: { display: string }) => each.display))).toEqual(
      new Set(['as sent', 'bob', 'Sub']),
    );
    // Unasked, the client finds what it sent.
    expect(new Set((await scim('GET', `/Groups/${id}`)).body.members)).toEqual(new Set(values));

    const ENT = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
    const led = (await scim('POST', '/Users', { userName: 'led', [ENT]: { manager: { value: jane.id } } })).body;
    expect(led[ENT].manager).toEqual({ value: jane.id });
    const { manager } = (await scim('GET', `/Users/${led.id}?attributes=${ENT}:manager`)).body[ENT];
    expect(manager).toEqual({ value: jane.id, $ref: refOf(jane), displayName: 'Jane' });
  });
});

it('breaks the connection where the members cannot be read to the end', async () => {
  const { linkspan, scim, id } = await withGroup('sqlite', 190_000);
  const response = await fetch(`${scim.base}/Groups/${id}`, { headers: { authorization: `Bearer ${scim.token}` } });
  const reader = response.body?.getReader();
  expect((await reader?.read())?.done).toBe(false);
  await linkspan.app.store.close();
  const rest = async () => {
    for (;;) if ((await reader?.read())?.done) return 'a whole answer';
  };
  await expect(rest()).rejects.toThrow();
});
