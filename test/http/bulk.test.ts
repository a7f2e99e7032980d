import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { BULK_REQUEST_URN, BULK_RESPONSE_URN, MAX_BULK_OPERATIONS } from '../../src/scim/bulk.ts';
import { patch, type Scim, startLinkspan } from '../linkspan.ts';

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const ENT = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error';
const MAX_PAYLOAD = 10_485_760;

type Sent = Record<string, unknown>;
interface Result {
  location?: string;
  method?: string;
  bulkId?: string;
  version?: string;
  status: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects
  response?: any;
}

const request = (operations: readonly Sent[], more: Sent = {}) => ({
  schemas: [BULK_REQUEST_URN],
  ...more,
  Operations: operations,
});

/** The results of a request that was processed. */
async function bulk(scim: Scim, operations: readonly Sent[], more: Sent = {}, query = ''): Promise<Result[]> {
  const answer = await scim('POST', `/Bulk${query}`, request(operations, more));
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe('application/scim+json');
  expect(answer.body.schemas).toEqual([BULK_RESPONSE_URN]);
  expect(Object.keys(answer.body).sort()).toEqual(['Operations', 'schemas']);
  return answer.body.Operations;
}

const statuses = (results: readonly Result[]) => results.map(({ status }) => status);
const idOf = (result: Result | undefined) => result?.location?.split('/').at(-1) ?? 'none';
const errorOf = (status: string, detail: unknown, scimType?: string) => ({
  schemas: [ERROR],
  status,
  ...(scimType && { scimType }),
  detail,
});

const user = (bulkId: string, manager?: string, more: Sent = {}): Sent => ({
  method: 'POST',
  path: '/Users',
  bulkId,
  data: {
    schemas: [USER],
    userName: bulkId,
    ...(manager && { [ENT]: { manager: { value: `bulkId:${manager}` } } }),
    ...more,
  },
});
const group = (bulkId: string, ...members: string[]): Sent => ({
  method: 'POST',
  path: '/Groups',
  bulkId,
  data: { schemas: [GROUP], displayName: bulkId, members: members.map((value) => ({ value })) },
});

async function total(scim: Scim, path: string, filter?: string): Promise<number> {
  const query = filter ? `&filter=${encodeURIComponent(filter)}` : '';
  return (await scim('GET', `${path}?count=0${query}`)).body.totalResults;
}

async function membersOf(scim: Scim, location = ''): Promise<string[]> {
  const { body } = await scim('GET', location.slice(scim.base.length));
  return (body.members ?? []).map(({ value }: { value: string }) => value).sort();
}

describe.each(['sqlite', 'postgres'] as const)('the examples of RFC 7644 (%s)', (kind) => {
  it('section 3.7.1: two groups that are members of each other', async () => {
    const { scim } = await startLinkspan({ kind, targets: [] });
    const member = (bulkId: string) => ({ type: 'Group', value: `bulkId:${bulkId}` });
    const results = await bulk(scim, [
      {
        method: 'POST',
        path: '/Groups',
        bulkId: 'qwerty',
        data: { schemas: [GROUP], displayName: 'Group A', members: [member('ytrewq')] },
      },
      {
        method: 'POST',
        path: '/Groups',
        bulkId: 'ytrewq',
        data: { schemas: [GROUP], displayName: 'Group B', members: [member('qwerty')] },
      },
    ]);
    expect(statuses(results)).toEqual(['201', '201']);
    const found = await scim(
      'GET',
      `/Groups?filter=${encodeURIComponent("displayName sw 'Group'".replaceAll("'", '"'))}`,
    );
    const [a, b] = found.body.Resources;
    expect([a.displayName, b.displayName]).toEqual(['Group A', 'Group B']);
    expect(a.members).toMatchObject([{ value: b.id, type: 'Group' }]);
    expect(b.members).toMatchObject([{ value: a.id, type: 'Group' }]);
  });

  it('section 3.7.2: a user, and a group with it as a member', async () => {
    const { scim } = await startLinkspan({ kind, targets: [] });
    const [alice, guides] = await bulk(scim, [
      { method: 'POST', path: '/Users', bulkId: 'qwerty', data: { schemas: [USER], userName: 'Alice' } },
      {
        method: 'POST',
        path: '/Groups',
        bulkId: 'ytrewq',
        data: { schemas: [GROUP], displayName: 'Tour Guides', members: [{ type: 'User', value: 'bulkId:qwerty' }] },
      },
    ]);
    expect(alice).toEqual({
      location: expect.stringMatching(`^${scim.base}/Users/[0-9a-f-]{36}$`),
      method: 'POST',
      bulkId: 'qwerty',
      version: 'W/"1"',
      status: '201',
    });
    expect(guides).toMatchObject({ method: 'POST', bulkId: 'ytrewq', version: 'W/"1"', status: '201' });
    const shown = await scim('GET', `/Groups/${idOf(guides)}`);
    expect(shown.headers.get('etag')).toBe(guides?.version);
    expect(shown.body).toMatchObject({ id: idOf(guides), members: [{ value: idOf(alice), type: 'User' }] });
    // Found by the id that the client could not know.
    expect(await total(scim, '/Groups', `members.value eq "${idOf(alice)}"`)).toBe(1);
    expect((await scim('GET', `/Users/${idOf(alice)}`)).body.groups).toMatchObject([{ value: idOf(guides) }]);
  });

  it('section 3.7.2: a reference in an extension', async () => {
    const { scim } = await startLinkspan({ kind, targets: [] });
    const [alice, bob] = await bulk(scim, [
      { method: 'POST', path: '/Users', bulkId: 'qwerty', data: { schemas: [USER], userName: 'Alice' } },
      {
        method: 'POST',
        path: '/Users',
        bulkId: 'ytrewq',
        data: {
          schemas: [USER, ENT],
          userName: 'Bob',
          [ENT]: { employeeNumber: '11250', manager: { value: 'bulkId:qwerty' } },
        },
      },
    ]);
    const shown = await scim('GET', `/Users/${idOf(bob)}`);
    expect(shown.body[ENT]).toMatchObject({ employeeNumber: '11250', manager: { value: idOf(alice) } });
    expect(await total(scim, '/Users', `${ENT}:manager.value eq "${idOf(alice)}"`)).toBe(1);
  });

  const example = (put: string, patched: string, deleted: string, version: string): Sent[] => [
    { method: 'POST', path: '/Users', bulkId: 'qwerty', data: { schemas: [USER], userName: 'Alice' } },
    {
      method: 'PUT',
      path: `/Users/${put}`,
      version,
      data: { schemas: [USER], id: put, userName: 'Bob' },
    },
    {
      method: 'PATCH',
      path: `/Users/${patched}`,
      version,
      data: [
        { op: 'remove', path: 'nickName' },
        { op: 'add', path: 'userName', value: 'Dave' },
      ],
    },
    { method: 'DELETE', path: `/Users/${deleted}`, version },
  ];

  it('section 3.7.3: add, update and remove users', async () => {
    const { scim } = await startLinkspan({ kind, targets: [] });
    const create = async (userName: string) =>
      (await scim('POST', '/Users', { userName, nickName: userName, title: 'Engineer' })).body.id;
    const [put, patched, deleted] = [await create('bobby'), await create('david'), await create('eve')];
    const results = await bulk(scim, example(put, patched, deleted, 'W/"1"'), { failOnErrors: 1 });
    expect(results).toEqual([
      { location: expect.any(String), method: 'POST', bulkId: 'qwerty', version: 'W/"1"', status: '201' },
      { location: `${scim.base}/Users/${put}`, method: 'PUT', version: 'W/"2"', status: '200' },
      { location: `${scim.base}/Users/${patched}`, method: 'PATCH', version: 'W/"2"', status: '200' },
      { location: `${scim.base}/Users/${deleted}`, method: 'DELETE', status: '204' },
    ]);
    const bob = (await scim('GET', `/Users/${put}`)).body;
    expect([bob.userName, bob.title]).toEqual(['Bob', undefined]);
    const dave = (await scim('GET', `/Users/${patched}`)).body;
    expect([dave.userName, dave.nickName, dave.title]).toEqual(['Dave', undefined, 'Engineer']);
    expect((await scim('GET', `/Users/${deleted}`)).status).toBe(404);
  });

  it('section 3.7.3: stops at the first error when failOnErrors is 1', async () => {
    const { scim } = await startLinkspan({ kind, targets: [] });
    const { id } = (await scim('POST', '/Users', { userName: 'bobby' })).body;
    const [, ...rest] = example(id, id, id, 'W/"1"');
    const noUserName = { method: 'POST', path: '/Users', bulkId: 'qwerty', data: { schemas: [USER] } };
    const results = await bulk(scim, [noUserName, ...rest], { failOnErrors: 1 });
    const response = errorOf('400', 'userName is required and must have a value', 'invalidValue');
    expect(results).toEqual([{ method: 'POST', bulkId: 'qwerty', status: '400', response }]);
    expect((await scim('GET', `/Users/${id}`)).body).toMatchObject({ userName: 'bobby', meta: { version: 'W/"1"' } });
  });

  it('section 3.7.3: tries them all otherwise, even if all fail', async () => {
    const { scim } = await startLinkspan({ kind, targets: [] });
    const { id } = (await scim('POST', '/Users', { userName: 'alice' })).body;
    const gone = '01890a5d-ac96-774b-bcce-b302099a8057';
    const results = await bulk(scim, example(id, id, gone, 'W/"7"'));
    const changed = errorOf('412', expect.stringContaining('its version is W/"1"'));
    expect(results).toEqual([
      {
        method: 'POST',
        bulkId: 'qwerty',
        status: '409',
        response: errorOf('409', expect.stringContaining('userName'), 'uniqueness'),
      },
      { location: `${scim.base}/Users/${id}`, method: 'PUT', status: '412', response: changed },
      { location: `${scim.base}/Users/${id}`, method: 'PATCH', status: '412', response: changed },
      {
        location: `${scim.base}/Users/${gone}`,
        method: 'DELETE',
        status: '404',
        response: errorOf('404', 'There is no User with this id.'),
      },
    ]);
    expect(await total(scim, '/Users')).toBe(1);
  });

  it('section 3.7.4: more bytes than announced', async () => {
    const { scim } = await startLinkspan({ kind, targets: [] });
    const answer = await scim('POST', '/Bulk', request([user('alice', undefined, { title: 'x'.repeat(MAX_PAYLOAD) })]));
    expect(answer.status).toBe(413);
    const detail = `The size of the bulk operation exceeds the maxPayloadSize (${MAX_PAYLOAD}).`;
    expect(answer.body).toEqual(errorOf('413', detail));
    expect(await total(scim, '/Users')).toBe(0);
  });

  it('section 3.7.4: more operations than announced', async () => {
    const { scim } = await startLinkspan({ kind, targets: [] });
    const operations = Array.from({ length: MAX_BULK_OPERATIONS + 1 }, (_, n) => user(`user${n}`));
    const answer = await scim('POST', '/Bulk', request(operations));
    expect(answer.status).toBe(413);
    expect(answer.body).toEqual(errorOf('413', expect.stringContaining('the maxOperations (1000)')));
    expect(await total(scim, '/Users')).toBe(0);
  });
});

describe.each(['sqlite', 'postgres'] as const)('references (%s)', (kind) => {
  it('may point forward: results are in the order of the request all the same', async () => {
    const { scim } = await startLinkspan({ kind, targets: [] });
    const results = await bulk(scim, [group('Everybody', 'bulkId:ann', 'bulkId:bob'), user('ann', 'bob'), user('bob')]);
    expect(results.map(({ bulkId, status }) => [bulkId, status])).toEqual([
      ['Everybody', '201'],
      ['ann', '201'],
      ['bob', '201'],
    ]);
    const [everybody, ann, bob] = results;
    expect(await membersOf(scim, everybody?.location)).toEqual([idOf(ann), idOf(bob)].sort());
    expect((await scim('GET', `/Users/${idOf(ann)}`)).body[ENT].manager.value).toBe(idOf(bob));
  });

  it('may go around: three groups, and two users who are each other’s manager', async () => {
    const { scim } = await startLinkspan({ kind, targets: [] });
    const results = await bulk(scim, [
      group('a', 'bulkId:b'),
      user('ann', 'bob'),
      group('b', 'bulkId:c', 'bulkId:ann'),
      user('bob', 'ann'),
      group('c', 'bulkId:a'),
    ]);
    expect(statuses(results)).toEqual(['201', '201', '201', '201', '201']);
    const [a, ann, b, bob, c] = results;
    expect(await membersOf(scim, a?.location)).toEqual([idOf(b)]);
    expect(await membersOf(scim, b?.location)).toEqual([idOf(c), idOf(ann)].sort());
    expect(await membersOf(scim, c?.location)).toEqual([idOf(a)]);
    const managerOf = async (id: string) => (await scim('GET', `/Users/${id}`)).body[ENT].manager.value;
    expect(await managerOf(idOf(ann))).toBe(idOf(bob));
    expect(await managerOf(idOf(bob))).toBe(idOf(ann));
  });

  it('that go around a failed operation leave none of the circle', async () => {
    const { scim, app } = await startLinkspan({ kind, targets: [] });
    await scim('POST', '/Users', { userName: 'taken' });
    const results = await bulk(scim, [
      user('a', 'b'),
      { ...user('b', 'c'), data: { userName: 'TAKEN', [ENT]: { manager: { value: 'bulkId:c' } } } },
      user('c', 'a'),
      user('other'),
      group('g', 'bulkId:other', 'bulkId:c'),
    ]);
    expect(statuses(results)).toEqual(['409', '409', '409', '201', '409']);
    const [a, b, c, , g] = results;
    expect(b?.response).toMatchObject({ scimType: 'uniqueness' });
    for (const other of [a, c]) {
      expect(other?.response).toEqual(
        errorOf('409', expect.stringMatching(/^Not created: .*bulkId 'b', which failed/)),
      );
      expect(other?.location).toBeUndefined();
    }
    expect(g?.response.detail).toBe("Not carried out: it refers to the bulkId 'c', which was not created.");
    expect(await total(scim, '/Users')).toBe(2);
    expect(await total(scim, '/Groups')).toBe(0);
    const rows = await app.store.read.selectFrom('resources').select('id').execute();
    expect(rows).toHaveLength(2);
    expect((await bulk(scim, [user('a', 'b'), user('b', 'a')])).map(({ status }) => status)).toEqual(['201', '201']);
  });

  it('in the paths of a PATCH, and in an operation’s own path', async () => {
    const { scim } = await startLinkspan({ kind, targets: [] });
    const added = (value: string) => patch({ op: 'add', path: 'members', value: [{ value }] });
    const results = await bulk(scim, [
      { method: 'PATCH', path: '/Groups/bulkId:g', data: added('bulkId:cy') },
      group('g', 'bulkId:ann', 'bulkId:bob'),
      user('ann'),
      user('bob'),
      user('cy'),
      {
        method: 'PATCH',
        path: '/Groups/bulkId:g',
        data: patch({ op: 'remove', path: 'members[value eq "bulkId:bob"]' }),
      },
      { method: 'PUT', path: '/Users/bulkId:ann', data: { userName: 'ann', title: 'Boss' } },
      { method: 'DELETE', path: '/Users/bulkId:bob' },
    ]);
    expect(statuses(results)).toEqual(['200', '201', '201', '201', '201', '200', '200', '204']);
    const [patched, g, ann, bob, cy] = results;
    expect(patched?.location).toBe(g?.location);
    expect(await membersOf(scim, g?.location)).toEqual([idOf(ann), idOf(cy)].sort());
    expect((await scim('GET', `/Users/${idOf(ann)}`)).body.title).toBe('Boss');
    expect((await scim('GET', `/Users/${idOf(bob)}`)).status).toBe(404);
  });

  it('to what is not there, or failed, are conflicts that say so; and nothing is written', async () => {
    const { scim } = await startLinkspan({ kind, targets: [] });
    const results = await bulk(scim, [
      group('g', 'bulkId:nobody'),
      { method: 'DELETE', path: '/Users/bulkId:nobody' },
      { method: 'POST', path: '/Users', bulkId: 'broken', data: { title: 'x' } },
      user('ann', 'broken'),
      user('bob', 'ann'),
    ]);
    expect(results.map(({ status, response }) => [status, response.detail])).toEqual([
      ['409', "Not carried out: it refers to the bulkId 'nobody', which no POST of this request has."],
      ['409', "Not carried out: it refers to the bulkId 'nobody', which no POST of this request has."],
      ['400', 'userName is required and must have a value'],
      ['409', "Not carried out: it refers to the bulkId 'broken', which was not created."],
      ['409', "Not carried out: it refers to the bulkId 'ann', which was not created."],
    ]);
    expect([await total(scim, '/Users'), await total(scim, '/Groups')]).toEqual([0, 0]);
  });
});

describe.each(['sqlite', 'postgres'] as const)('operations (%s)', (kind) => {
  it('after the number of errors in failOnErrors are left undone, and left out', async () => {
    const { scim } = await startLinkspan({ kind, targets: [] });
    const bad = { method: 'POST', path: '/Users', data: {} };
    const operations = [user('a'), bad, user('b'), { method: 'GET', path: '/Users' }, user('c'), bad];
    expect(statuses(await bulk(scim, operations, { failOnErrors: 2 }))).toEqual(['201', '400', '201', '405']);
    expect(await total(scim, '/Users')).toBe(2);
    expect(await total(scim, '/Users', 'userName eq "c"')).toBe(0);
    const circle = [user('x', 'y', { userName: 'a' }), user('y', 'x'), user('z')];
    expect(statuses(await bulk(scim, circle, { failOnErrors: 1 }))).toEqual(['409', '409']);
  });

  it('change only the version that they name', async () => {
    const { scim } = await startLinkspan({ kind, targets: [] });
    const { id, meta } = (await scim('POST', '/Users', { userName: 'jane' })).body;
    const titled = (title: string, version?: string): Sent => ({
      method: 'PATCH',
      path: `/Users/${id}`,
      ...(version && { version }),
      data: patch({ op: 'replace', path: 'title', value: title }),
    });
    const results = await bulk(scim, [
      titled('first', meta.version),
      titled('second', meta.version),
      { method: 'PUT', path: `/Users/${id}`, version: meta.version, data: { userName: 'john' } },
      { method: 'DELETE', path: `/Users/${id}`, version: 'W/"1"' },
      titled('third', 'W/"2"'),
      titled('third'),
    ]);
    expect(results.map(({ status, version }) => [status, version])).toEqual([
      ['200', 'W/"2"'],
      ['412', undefined],
      ['412', undefined],
      ['412', undefined],
      ['200', 'W/"3"'],
      ['200', 'W/"3"'],
    ]);
    expect((await scim('GET', `/Users/${id}`)).body).toMatchObject({ userName: 'jane', title: 'third' });
  });

  it('are each done whole or not at all, whatever becomes of the others', async () => {
    const { scim } = await startLinkspan({ kind, targets: [] });
    const { id } = (await scim('POST', '/Users', { userName: 'jane' })).body;
    const results = await bulk(scim, [
      {
        method: 'PATCH',
        path: `/Users/${id}`,
        data: patch({ op: 'replace', path: 'title', value: 'Boss' }, { op: 'replace', path: 'nonsense', value: 'x' }),
      },
      'nonsense' as unknown as Sent,
      { method: 'PATCH', path: `/Users/${id}`, data: patch({ op: 'add', path: 'nickName', value: 'J' }) },
      { method: 'PATCH', path: `/Users/${id}`, data: { Operations: 'none' } },
      { method: 'POST', path: '/Users', data: { userName: 'no bulkId' } },
    ]);
    expect(results.map(({ status, response }) => [status, response?.scimType])).toEqual([
      ['400', 'invalidPath'],
      ['400', 'invalidSyntax'],
      ['200', undefined],
      ['400', 'invalidSyntax'],
      ['201', undefined],
    ]);
    const { title, nickName, meta } = (await scim('GET', `/Users/${id}`)).body;
    expect({ title, nickName, version: meta.version }).toEqual({ nickName: 'J', version: 'W/"2"' });
  });

  it('answer with the attributes that are asked for, in their path or in that of the request', async () => {
    const { scim } = await startLinkspan({ kind, targets: [] });
    const base = { displayName: 'Jane', title: 'Boss' };
    const [a, b, c, d] = await bulk(
      scim,
      [
        { ...user('a', 'b', base), path: '/Users?attributes=userName,title' },
        user('b', 'a', base),
        { method: 'DELETE', path: '/Users/bulkId:b' },
        { ...user('a'), bulkId: 'again', path: '/Users?attributes=userName' },
      ],
      {},
      '?excludedAttributes=title,meta,schemas,active',
    );
    expect(a?.response).toEqual({ schemas: [USER, ENT], id: idOf(a), userName: 'a', title: 'Boss' });
    expect(b?.response).toMatchObject({ id: idOf(b), userName: 'b', displayName: 'Jane' });
    expect(b?.response).not.toHaveProperty('title');
    expect(c).toEqual({ location: b?.location, method: 'DELETE', status: '204' });
    expect(d?.response).toMatchObject({ status: '409', scimType: 'uniqueness' });
  });

  it('of a circle show what the others made of it', async () => {
    const { scim } = await startLinkspan({ kind, targets: [] });
    const echo = { [ENT]: { manager: { value: 'bulkId:g' } } };
    const [u, g] = await bulk(
      scim,
      [user('u', undefined, echo), group('g', 'bulkId:u')],
      {},
      '?excludedAttributes=title',
    );
    expect(statuses([u as Result, g as Result])).toEqual(['201', '201']);
    expect(u?.response.groups).toMatchObject([{ value: idOf(g), display: 'g' }]);
    expect(g?.response.members).toMatchObject([{ value: idOf(u) }]);
  });

  it('answer with all members of a group, however many', async () => {
    const { scim } = await startLinkspan({ kind, targets: [] });
    const members = Array.from({ length: 6_000 }, (_, n) => `somebody-${n}`);
    const add = patch({ op: 'add', path: 'members', value: [{ value: 'bulkId:ann' }] });
    const results = await bulk(scim, [
      group('g', ...members),
      user('ann'),
      { method: 'PATCH', path: '/Groups/bulkId:g?attributes=members.value', data: add },
    ]);
    expect(statuses(results)).toEqual(['201', '201', '200']);
    const values = results[2]?.response.members.map(({ value }: { value: string }) => value);
    expect(values.sort()).toEqual([...members, idOf(results[1])].sort());
  });

  it('leave one change and one activity each, under an id of their own', async () => {
    const statements: string[] = [];
    const { scim, app } = await startLinkspan({
      kind,
      targets: [],
      store: { onStatement: (sql) => statements.push(sql) },
    });
    const results = await bulk(scim, [
      user('ann'),
      user('bob', 'cy'),
      user('cy', 'bob'),
      group('g', 'bulkId:ann', 'bulkId:bob'),
      { method: 'PATCH', path: '/Users/bulkId:ann', data: patch({ op: 'add', path: 'title', value: 'Boss' }) },
      { method: 'DELETE', path: '/Users/bulkId:bob' },
      user('ann2', undefined, { userName: 'ann' }),
    ]);
    expect(statuses(results)).toEqual(['201', '201', '201', '201', '200', '204', '409']);
    // One more was rolled back, or not reached.
    const changes = statements.filter((sql) => sql.startsWith('insert into "changes"'));
    expect(changes).toHaveLength(6);
    const activity = await app.store.read.selectFrom('activity').selectAll().orderBy('id').execute();
    expect(activity.map(({ action, resource_type }) => `${action} ${resource_type}`)).toEqual([
      'create User',
      'create User',
      'create User',
      'create Group',
      'patch User',
      'delete User',
    ]);
    expect(new Set(activity.map(({ resource_id }) => resource_id))).toEqual(
      new Set(results.slice(0, 4).map((result) => idOf(result))),
    );
  });

  it('can be a thousand, and others are answered meanwhile', async () => {
    const { scim } = await startLinkspan({ kind, targets: [] });
    await scim('POST', '/Users', { userName: 'somebody' });
    const operations = Array.from({ length: 999 }, (_, n) => user(`user${n}`));
    const everybody = group('Everybody', ...operations.map(({ bulkId }) => `bulkId:${bulkId}`));
    let running = true;
    const results = bulk(scim, [everybody, ...operations]).finally(() => {
      running = false;
    });
    let answered = 0;
    const created: number[] = [];
    while (running) {
      const found = await scim('GET', '/Users?filter=userName eq "somebody"');
      expect(found.body.totalResults).toBe(1);
      answered++;
      if (answered % 10 === 0) created.push(await total(scim, '/Users'));
      await sleep(5);
    }
    expect(new Set(statuses(await results))).toEqual(new Set(['201']));
    expect(await total(scim, '/Users')).toBe(1_000);
    expect(await membersOf(scim, (await results)[0]?.location)).toHaveLength(999);
    expect(answered).toBeGreaterThan(20);
    // It is not one transaction: what is done is seen.
    expect(created.some((count) => count > 1 && count < 1_000)).toBe(true);
  }, 120_000);

  it('can be one circle of a thousand, and readers are answered meanwhile', async () => {
    const { scim } = await startLinkspan({ kind, targets: [] });
    const operations = Array.from({ length: 1_000 }, (_, n) => user(`user${n}`, `user${(n + 1) % 1_000}`));
    let running = true;
    const results = bulk(scim, operations).finally(() => {
      running = false;
    });
    const seen = new Map<number, number>();
    while (running) {
      const count = await total(scim, '/Users');
      seen.set(count, (seen.get(count) ?? 0) + 1);
    }
    expect(new Set(statuses(await results))).toEqual(new Set(['201']));
    // All of it or nothing, at any moment.
    expect([...seen.keys()].filter((count) => count !== 0 && count !== 1_000)).toEqual([]);
    expect(seen.get(0)).toBeGreaterThan(10);
  }, 120_000);

  it('reach no other tenant', async () => {
    const linkspan = await startLinkspan({ kind, targets: [] });
    const other = await linkspan.addTenant('globex', { targets: [] });
    const { id } = (await linkspan.scim('POST', '/Users', { userName: 'jane' })).body;
    const results = await bulk(other, [
      { method: 'DELETE', path: `/Users/${id}` },
      { method: 'PUT', path: `/Users/${id}`, data: { userName: 'mallory' } },
    ]);
    expect(statuses(results)).toEqual(['404', '404']);
    expect((await linkspan.scim('GET', `/Users/${id}`)).body.userName).toBe('jane');
  });
});

describe('the endpoint', () => {
  it('announces its limits', async () => {
    const { scim } = await startLinkspan({ targets: [] });
    const { body } = await scim('GET', '/ServiceProviderConfig');
    expect(body.bulk).toEqual({ supported: true, maxOperations: 1_000, maxPayloadSize: MAX_PAYLOAD });
  });

  it.each(['GET', 'PUT', 'PATCH', 'DELETE'])('does not know %s', async (method) => {
    const { scim } = await startLinkspan({ targets: [] });
    const answer = await scim(method, '/Bulk', method === 'GET' ? undefined : {});
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('POST');
    expect(answer.body).toMatchObject({ schemas: [ERROR], status: '405' });
  });

  it.each<[string, unknown, number, string | undefined]>([
    ['no JSON', '{"Operations":[', 400, 'invalidSyntax'],
    ['a list', [user('a')], 400, 'invalidSyntax'],
    ['no Operations', { schemas: [BULK_REQUEST_URN] }, 400, 'invalidSyntax'],
    ['a bulkId twice', request([user('a'), user('a')]), 400, 'invalidValue'],
    ['failOnErrors as text', request([user('a')], { failOnErrors: '1' }), 400, 'invalidValue'],
  ])('refuses a request as a whole: %s', async (_, body, status, scimType) => {
    const { scim } = await startLinkspan({ targets: [] });
    const answer = await scim('POST', '/Bulk', body);
    expect(answer.status).toBe(status);
    expect(answer.body).toEqual(errorOf(String(status), expect.any(String), scimType));
    expect(await total(scim, '/Users')).toBe(0);
  });

  it('is for who has a token, and for JSON', async () => {
    const { scim } = await startLinkspan({ targets: [] });
    const body = JSON.stringify(request([user('a')]));
    expect((await scim('POST', '/Bulk', body, { authorization: 'Bearer nonsense' })).status).toBe(401);
    expect((await scim('POST', '/Bulk', body, { 'content-type': 'text/plain' })).status).toBe(415);
    expect(await total(scim, '/Users')).toBe(0);
  });
});

describe('a store that goes away', () => {
  const big = (n: number) => user(`user${n}`, undefined, { displayName: 'x'.repeat(2_000) });

  it('in the middle gives 503 to all that is left, untried, and loses nothing that was done', async () => {
    const tried: string[] = [];
    const { scim, app } = await startLinkspan({
      targets: [],
      store: {
        maxPageCount: 150,
        onStatement: (sql) => {
          if (sql.startsWith('insert into "resources"')) tried.push(sql);
        },
      },
    });
    const operations = Array.from({ length: 300 }, (_, n) => big(n));
    const results = await bulk(scim, [...operations, group('g', 'bulkId:user299')]);
    expect(results).toHaveLength(301);
    const done = results.filter(({ status }) => status === '201');
    expect(done.length).toBeGreaterThan(5);
    expect(new Set(statuses(results.slice(done.length)))).toEqual(new Set(['503']));
    expect(results.at(-1)?.response).toEqual(errorOf('503', expect.stringContaining('cannot be reached or written')));
    expect(tried).toHaveLength(done.length + 1);
    const rows = await app.store.read.selectFrom('resources').select('id').orderBy('seq').execute();
    expect(rows.map(({ id }) => id)).toEqual(done.map(idOf));
    const limited = await bulk(scim, [{ method: 'DELETE', path: '/Users/x' }, ...operations], { failOnErrors: 1 });
    expect(statuses(limited)).toEqual(['404']);
  });

  it('before anything is written gives 503 to the request', async () => {
    const { scim } = await startLinkspan({ targets: [], store: { maxPageCount: 150 } });
    for (let n = 0; (await bulk(scim, [big(n)]).catch(() => null)) !== null; n++);
    const answer = await scim('POST', '/Bulk', request([{ method: 'GET', path: '/Users' }, big(1_000), big(1_001)]));
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('5');
    expect(answer.body).toMatchObject({ schemas: [ERROR], status: '503' });
  });
});

it('what a bulk request does reaches the targets', async () => {
  const { scim, settled, sandbox } = await startLinkspan({ targets: ['door'] });
  const withMail = (name: string) =>
    user(name, undefined, { emails: [{ value: `${name}@example.com`, primary: true }] });
  const operations = [group('Event 1001', 'bulkId:ann', 'bulkId:bob'), withMail('ann'), withMail('bob')];
  const results = await bulk(scim, operations);
  expect(statuses(results)).toEqual(['201', '201', '201']);
  await settled();
  const emails = async () => (await sandbox.state()).qflow.teamMembers.map(({ email }) => email).sort();
  expect(await emails()).toEqual(['ann@example.com', 'bob@example.com']);
  expect((await sandbox.state()).qflow.assignments).toHaveLength(2);
  await bulk(scim, [{ method: 'DELETE', path: `/Users/${idOf(results[2])}` }]);
  await settled();
  expect(await emails()).toEqual(['ann@example.com']);
});
