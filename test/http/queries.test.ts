/** Sorting, cursors and queries by POST, over real HTTP on both stores. */
import { describe, expect, it } from 'vitest';
import { type Linkspan, type Scim, startLinkspan } from '../linkspan.ts';

const SEARCH = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest';
const ENT = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

/** In the order of insertion. */
const PEOPLE = [
  {
    userName: 'delta',
    name: { familyName: 'Zuse' },
    title: 'b',
    externalId: 'b',
    emails: [{ value: 'z@x.org' }, { value: 'a@x.org', primary: true }],
  },
  { userName: 'Alpha', name: { familyName: 'äbel' }, title: 'B', externalId: 'B', emails: [{ value: 'm@x.org' }] },
  { userName: 'charlie', active: false, [ENT]: { costCenter: '10' } },
  {
    userName: 'Bravo',
    name: { familyName: 'adler' },
    title: 'a',
    emails: [{ value: 'b@x.org' }, { value: 'y@x.org' }],
  },
  { userName: 'echo😀', title: 'c', [ENT]: { costCenter: '9' } },
];

async function populated(kind: 'sqlite' | 'postgres'): Promise<Linkspan> {
  const linkspan = await startLinkspan({ kind, targets: [] });
  for (const person of PEOPLE) await linkspan.scim('POST', '/Users', person);
  return linkspan;
}

const initial = ({ userName }: { userName: string }) => userName.slice(0, 1).toLowerCase();

async function names(scim: Scim, query: string): Promise<string[]> {
  const { status, body } = await scim('GET', `/Users?${query}`);
  expect(status, JSON.stringify(body)).toBe(200);
  return body.Resources.map(initial);
}

const ORDERS = [
  ['sortBy=userName', 'abcde'],
  ['sortBy=userName&sortOrder=descending', 'edcba'],
  ['sortBy=USERNAME&sortOrder=Descending', 'edcba'],
  // Absent last, and first in descending order; equal values in the order of insertion.
  ['sortBy=title', 'bdaec'],
  ['sortBy=title&sortOrder=descending', 'cedab'],
  // externalId is caseExact, title is not.
  ['sortBy=externalId', 'adcbe'],
  ['sortBy=name.familyName', 'bdace'],
  // By the primary value, else the first.
  ['sortBy=emails', 'dbace'],
  ['sortBy=emails.value&sortOrder=descending', 'ceabd'],
  ['sortBy=active', 'cdabe'],
  ['sortBy=meta.created', 'dacbe'],
  [`sortBy=${ENT}:costCenter`, 'cedab'],
  ['sortBy=title&filter=title%20pr&startIndex=2&count=2', 'da'],
  ['sortOrder=descending', 'dacbe'],
] as const;

describe.each(['sqlite', 'postgres'] as const)('queries (%s)', (kind) => {
  it('sorts the whole result by any attribute, then pages it', async () => {
    const { scim } = await populated(kind);
    for (const [query, expected] of ORDERS) {
      expect({ query, found: (await names(scim, query)).join('') }).toEqual({ query, found: expected });
    }
    for (const query of ['sortBy=nothing', 'sortBy=name', 'sortBy=password', 'sortBy=userName&sortOrder=upwards']) {
      const { status, body } = await scim('GET', `/Users?${query}`);
      expect({ query, status, scimType: body.scimType }).toEqual({ query, status: 400, scimType: 'invalidValue' });
      expect(body.detail).toMatch(/^sort/);
    }
  });

  it('walks forward and back by cursors', async () => {
    const { scim } = await populated(kind);
    const orders = ['', '&sortBy=title', '&sortBy=title&sortOrder=descending', '&sortBy=emails', '&filter=title%20pr'];
    for (const rest of orders) {
      const whole = await names(scim, `count=100${rest}`);
      for (const count of [1, 2, 3, 5]) {
        const page = async (cursor: string) => {
          const { status, body } = await scim('GET', `/Users?cursor=${cursor}&count=${count}${rest}`);
          expect(status, JSON.stringify(body)).toBe(200);
          expect(body.totalResults).toBe(whole.length);
          expect(body).not.toHaveProperty('startIndex');
          return { ...body, found: body.Resources.map(initial) };
        };
        let body = await page('');
        expect(body).not.toHaveProperty('previousCursor');
        const forward = [body.found];
        while (body.nextCursor) {
          expect(body.nextCursor).toMatch(/^[A-Za-z0-9._~-]+$/);
          body = await page(body.nextCursor);
          forward.push(body.found);
        }
        expect({ rest, count, found: forward.flat() }).toEqual({ rest, count, found: whole });
        const back = [body.found];
        while (body.previousCursor) {
          body = await page(body.previousCursor);
          expect(body.nextCursor).toBeDefined();
          back.unshift(body.found);
        }
        expect({ rest, count, found: back.flat() }).toEqual({ rest, count, found: whole });
      }
    }
  });

  it('keeps its place by cursor while resources come and go', async () => {
    const linkspan = await populated(kind);
    const { scim } = linkspan;
    const first = (await scim('GET', '/Users?cursor=&count=2&sortBy=userName')).body;
    expect(first.Resources.map((user: { userName: string }) => user.userName)).toEqual(['Alpha', 'Bravo']);
    await scim('POST', '/Users', { userName: 'aardvark' });
    await scim('DELETE', `/Users/${first.Resources[1].id}`);
    const second = (await scim('GET', `/Users?cursor=${first.nextCursor}&count=2&sortBy=userName`)).body;
    expect(second.Resources.map((user: { userName: string }) => user.userName)).toEqual(['charlie', 'delta']);
    const back = (await scim('GET', `/Users?cursor=${second.previousCursor}&count=2&sortBy=userName`)).body;
    expect(back.Resources.map((user: { userName: string }) => user.userName)).toEqual(['aardvark', 'Alpha']);
    expect(back).not.toHaveProperty('previousCursor');
  });

  it('turns round on a page that has become empty, and misses nobody', async () => {
    const { scim } = await startLinkspan({ kind, targets: [] });
    const ids: string[] = [];
    for (const userName of ['a', 'b', 'c', 'd', 'e', 'f']) {
      ids.push((await scim('POST', '/Users', { userName })).body.id);
    }
    const page = async (cursor: string) => {
      const { body } = await scim('GET', `/Users?cursor=${cursor}&count=2&sortBy=userName`);
      return { ...body, found: body.Resources.map(initial).join('') };
    };
    const first = await page('');
    const second = await page(first.nextCursor);
    const third = await page(second.nextCursor);
    for (const id of ids.slice(0, 2)) await scim('DELETE', `/Users/${id}`);
    const before = await page(second.previousCursor);
    expect(before.found).toBe('');
    expect((await page(before.nextCursor)).found).toBe('cd');
    for (const id of ids.slice(4)) await scim('DELETE', `/Users/${id}`);
    const behind = await page(second.nextCursor);
    expect([third.found, behind.found, (await page(behind.previousCursor)).found]).toEqual(['ef', '', 'cd']);
  });

  it('gives cursors that fit into a URL, however long what is sorted by', async () => {
    const { scim } = await startLinkspan({ kind, targets: [] });
    const titles = ['b', 'a', 'c', 'a'].map((end) => `${'x'.repeat(20_000)}${end}`);
    for (const [n, title] of titles.entries()) await scim('POST', '/Users', { userName: `user${n}`, title });
    const found: string[] = [];
    for (let cursor: string | undefined = ''; cursor !== undefined; ) {
      const { status, body } = await scim('GET', `/Users?cursor=${cursor}&count=1&sortBy=title&attributes=userName`);
      expect(status).toBe(200);
      found.push(...body.Resources.map((user: { userName: string }) => user.userName));
      cursor = body.nextCursor;
      expect((cursor ?? '').length).toBeLessThan(2_000);
    }
    expect(found).toEqual(['user1', 'user3', 'user0', 'user2']);
  });

  it('refuses what would look into too many other resources, or name too many attributes', async () => {
    const { scim } = await startLinkspan({ kind, targets: [] });
    const filter = Array.from({ length: 21 }, (_, n) => `groups.display co "${n}"`).join(' or ');
    expect((await scim('POST', '/Users/.search', { filter })).body.scimType).toBe('tooMany');
    await scim('POST', '/Users', PEOPLE[0]);
    const attributes = Array.from({ length: 100_000 }, () => 'a');
    expect((await scim('POST', '/Users/.search', { attributes })).body.scimType).toBe('invalidValue');
  });

  it('refuses a cursor that is forged, of another query, page size or tenant', async () => {
    const linkspan = await populated(kind);
    const { scim } = linkspan;
    const { nextCursor } = (await scim('GET', '/Users?cursor&count=2')).body;
    const globex = await linkspan.addTenant('globex', { targets: [] });
    const at = async (client: Scim, query: string) => (await client('GET', query)).body.scimType;
    expect(await at(scim, '/Users?cursor=nonsense')).toBe('invalidCursor');
    expect(await at(scim, `/Users?cursor=${nextCursor.slice(0, -2)}AA&count=2`)).toBe('invalidCursor');
    expect(await at(scim, `/Users?cursor=${nextCursor}&count=2&filter=title%20pr`)).toBe('invalidCursor');
    expect(await at(scim, `/Users?cursor=${nextCursor}&count=2&sortBy=title`)).toBe('invalidCursor');
    expect(await at(scim, `/Groups?cursor=${nextCursor}&count=2`)).toBe('invalidCursor');
    expect(await at(globex, `/Users?cursor=${nextCursor}&count=2`)).toBe('invalidCursor');
    expect(await at(scim, `/Users?cursor=${nextCursor}&count=3`)).toBe('invalidCount');
    expect(await at(scim, '/Users?cursor=&count=x')).toBe('invalidCount');
    expect((await scim('GET', `/Users?cursor=${nextCursor}&count=2`)).status).toBe(200);
  });

  it('answers a SearchRequest as it answers the same query in the URL', async () => {
    const { scim } = await populated(kind);
    const url = await scim(
      'GET',
      '/Users?filter=title%20pr&sortBy=userName&sortOrder=descending&startIndex=2&count=2&attributes=title,userName',
    );
    const body = {
      schemas: [SEARCH],
      attributes: ['title', 'userName'],
      filter: 'title pr',
      sortBy: 'userName',
      sortOrder: 'descending',
      startIndex: 2,
      count: 2,
    };
    const posted = await scim('POST', '/Users/.search', body);
    expect(posted).toMatchObject({ status: 200, body: url.body });
    expect(posted.body.Resources).toHaveLength(2);
    expect(Object.keys(posted.body.Resources[0]).sort()).toEqual(['id', 'schemas', 'title', 'userName']);
    const cursored = (await scim('POST', '/Users/.search', { schemas: [SEARCH], cursor: '', count: 4 })).body;
    const next = await scim('POST', '/Users/.search', { schemas: [SEARCH], cursor: cursored.nextCursor, count: 4 });
    expect(next.body.Resources).toHaveLength(1);
  });

  it('asks all resource types at the root, what only one of them has being absent in the others', async () => {
    const { scim } = await populated(kind);
    await scim('POST', '/Groups', { displayName: 'bees' });
    await scim('POST', '/Groups', { displayName: 'Crew', members: [{ value: 'nobody' }] });
    const found = async (request: object) => {
      const { status, body } = await scim('POST', '/.search', { schemas: [SEARCH], ...request });
      expect(status, JSON.stringify(body)).toBe(200);
      return body.Resources.map((each: Record<string, string>) => each.userName ?? each.displayName);
    };
    expect((await found({})).join(' ')).toBe('delta Alpha charlie Bravo echo😀 bees Crew');
    expect(await found({ filter: 'meta.resourceType eq "Group"' })).toEqual(['bees', 'Crew']);
    expect(await found({ filter: 'userName sw "b" or displayName sw "b"' })).toEqual(['Bravo', 'bees']);
    expect(await found({ filter: 'not (userName pr)' })).toEqual(['bees', 'Crew']);
    expect(await found({ filter: 'members pr' })).toEqual(['Crew']);
    expect(await found({ sortBy: 'userName', startIndex: 4 })).toEqual(['delta', 'echo😀', 'bees', 'Crew']);
    expect(await found({ sortBy: 'displayName', count: 3 })).toEqual(['bees', 'Crew', 'delta']);
    const { body } = await scim(
      'GET',
      '/?filter=title%20eq%20%22a%22%20or%20displayName%20eq%20%22crew%22&attributes=title',
    );
    expect(body).toMatchObject({ totalResults: 2, startIndex: 1, itemsPerPage: 2 });
    expect((await scim('POST', '/.search', { filter: 'colour eq "red"' })).body.scimType).toBe('invalidFilter');
  });
});

it('refuses a cursor after its time', async () => {
  let now = Date.now();
  const linkspan = await startLinkspan({ targets: [], store: { clock: () => now } });
  for (const person of PEOPLE) await linkspan.scim('POST', '/Users', person);
  const { nextCursor } = (await linkspan.scim('GET', '/Users?cursor&count=1')).body;
  const timeout = (await linkspan.scim('GET', '/ServiceProviderConfig')).body.pagination.cursorTimeout * 1_000;
  now += timeout;
  expect((await linkspan.scim('GET', `/Users?cursor=${nextCursor}&count=1`)).status).toBe(200);
  now += 1;
  const late = await linkspan.scim('GET', `/Users?cursor=${nextCursor}&count=1`);
  expect(late).toMatchObject({ status: 400, body: { scimType: 'expiredCursor' } });
});

it('refuses what could be taken for something else', async () => {
  const { scim } = await startLinkspan({ targets: [] });
  await scim('POST', '/Users', PEOPLE[0]);
  const scimType = async (...request: Parameters<Scim>) => (await scim(...request)).body.scimType;
  // A template that yields nothing must not find the first of everybody.
  expect(await scimType('GET', '/Users?filter=')).toBe('invalidFilter');
  expect(await scimType('POST', '/Users/.search', { filter: ' ' })).toBe('invalidFilter');
  expect(await scimType('POST', '/.search', '{"filter":"userName pr","Filter":"title pr"}')).toBe('invalidSyntax');
  const { id } = (await scim('GET', '/Users')).body.Resources[0];
  const twice = '{"Operations":[{"op":"add","Op":"remove","path":"title","value":"x"}]}';
  const refused = await scim('PATCH', `/Users/${id}`, twice);
  expect(refused.body).toMatchObject({
    scimType: 'invalidSyntax',
    detail: expect.stringContaining('Operations[0] (path title)'),
  });
});

it('takes no parameter for a switch of its own', async () => {
  const { scim } = await startLinkspan({ targets: [] });
  const created = await scim('POST', '/Users?bare=1&written=x&ifMatch=y', PEOPLE[0]);
  expect(created).toMatchObject({ status: 201, body: { userName: 'delta' } });
  expect((await scim('GET', `/Users/${created.body.id}?written=x&bare=1`)).body.userName).toBe('delta');
});

it('understands addresses as clients put them together', async () => {
  const { scim, url } = await startLinkspan({ targets: [] });
  const { id } = (await scim('POST', '/Users', PEOPLE[0])).body;
  for (const route of ['//Users', '/Users/', `/Users//${id}`, `//Users/${id}/`, '/', '//']) {
    expect({ route, status: (await scim('GET', route)).status }).toEqual({ route, status: 200 });
  }
  const json = await scim('GET', '/Users', undefined, { accept: 'Application/JSON' });
  expect(json.headers.get('content-type')).toBe('application/json');
  for (const route of ['/Schemas', '/ResourceTypes/User', '/ServiceProviderConfig']) {
    const put = await scim('PUT', route, {});
    expect({ route, status: put.status, allow: put.headers.get('allow') }).toEqual({
      route,
      status: 405,
      allow: 'GET',
    });
  }
  const got = await scim('GET', `/Users/${id}`);
  for (const header of ['location', 'content-location']) expect(got.headers.get(header)).toBe(got.body.meta.location);
  expect((await fetch(`${url}/tenants/acme/scim/v1/Users`)).status).toBe(400);
});

it('knows nobody at /Me, and says which methods a query may have', async () => {
  const { scim } = await startLinkspan({ targets: [] });
  for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
    expect((await scim(method, '/Me', method === 'GET' ? undefined : {})).status).toBe(501);
  }
  const got = await scim('GET', '/Users/.search');
  expect({ status: got.status, allow: got.headers.get('allow') }).toEqual({ status: 405, allow: 'POST' });
  expect((await scim('PUT', '/', {})).headers.get('allow')).toBe('GET');
  for (const body of ['[]', '7', '{"count":[]}', '{"attributes":[1]}', '{"filter":{}}']) {
    expect((await scim('POST', '/.search', body)).status).toBe(400);
  }
});
