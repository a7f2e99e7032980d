/** `/Roles`: what targets call roles, for identity providers to read (draft-ietf-scim-roles-entitlements). */
import { describe, expect, it, vi } from 'vitest';
import { BULK_REQUEST_URN } from '../../src/scim/bulk.ts';
import { patch, type Scim } from '../linkspan.ts';
import { expectError, expectList } from '../rfc/answers.ts';
import { KINDS } from '../rfc/provider.ts';
import { ENTRIES, ENTRY, laneOf, startSystem, withCatalogue } from '../sync/cataloguing.ts';

vi.setConfig({ testTimeout: 120_000 });

const ROLE = 'urn:ietf:params:scim:schemas:core:2.0:Role';
const OKTA = 'urn:okta:scim:schemas:core:1.0:Role';
const READ_ONLY = /^Role resources cannot be created, changed or deleted here\. .*by its value in the user's roles\.$/;

const search = (filter: string) => `/Roles?filter=${encodeURIComponent(filter)}`;
const names = (resources: Record<string, unknown>[]) =>
  resources.map((resource) => (resource[ENTRY] as { name: string }).name);

/** Two targets of one tenant, and one of another tenant, whose systems all have a role `r1`. */
async function threeTargets(kind: (typeof KINDS)[number]) {
  const linkspan = await withCatalogue({ kind, targets: ['door', 'dashboard'] });
  await linkspan.look();
  const [dashboard, elsewhere] = [await startSystem(), await startSystem()];
  dashboard.entries = [
    { kind: 'role', id: 'r1', name: 'Viewer', weight: 5 },
    { kind: 'role', id: 'r7', name: 'Änderer', weight: -1 },
  ];
  await linkspan.look({}, await laneOf(linkspan, dashboard, 'acme', 'dashboard'));
  const globex = await linkspan.addTenant('globex', { targets: ['door'] });
  await linkspan.look({}, await laneOf(linkspan, elsewhere, 'globex'));
  return { ...linkspan, globex };
}

describe.each(KINDS)('/Roles (%s)', (kind) => {
  it('shows a role under the names of the draft and of Okta', async () => {
    const { look, scim } = await withCatalogue({ kind });
    await look();
    const [viewer] = expectList(await scim('GET', '/Roles'), 2);
    expect(viewer).toEqual({
      schemas: [ROLE, OKTA, ENTRY],
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      value: 'door:r1',
      display: 'Viewer (door)',
      type: 'role',
      supported: true,
      displayName: 'Viewer (door)',
      [ENTRY]: { target: 'door', remoteId: 'r1', name: 'Viewer', weight: 10 },
      meta: {
        resourceType: 'Role',
        created: expect.any(String),
        lastModified: expect.any(String),
        location: `${scim.base}/Roles/${viewer?.id}`,
        version: 'W/"1"',
      },
    });
    const got = await scim('GET', `/Roles/${viewer?.id}`);
    expect(got.body).toEqual(viewer);
    for (const header of ['location', 'content-location']) {
      expect(got.headers.get(header)).toBe(got.body.meta.location);
    }
    expect(got.headers.get('etag')).toBe('W/"1"');
    const known = await scim('GET', `/Roles/${viewer?.id}`, undefined, { 'if-none-match': 'W/"1"' });
    expect(known.status).toBe(304);
    // The id of a role is that of no user.
    expectError(await scim('GET', `/Users/${viewer?.id}`), 404);
    expectError(await scim('GET', '/Roles/r1'), 404);
  });

  it('finds roles by whatever they have, in the spelling of both schemas', async () => {
    const { scim } = await threeTargets(kind);
    const found = async (filter: string) => {
      const answer = await scim('GET', search(filter));
      return names(expectList(answer, answer.body.totalResults));
    };
    expect(await found('value eq "door:r2"')).toEqual(['Editor']);
    // caseExact.
    expect(await found('value eq "DOOR:r2"')).toEqual([]);
    expect(await found('value sw "dashboard:"')).toEqual(['Viewer', 'Änderer']);
    expect(await found('displayName eq "viewer (DOOR)"')).toEqual(['Viewer']);
    expect(await found('display co "ÄNDER"')).toEqual(['Änderer']);
    expect(await found(`${ROLE}:display sw "viewer"`)).toEqual(['Viewer', 'Viewer']);
    expect(await found(`${OKTA}:displayName sw "viewer"`)).toEqual(['Viewer', 'Viewer']);
    expect(await found(`${OKTA}:description pr`)).toEqual(['Editor']);
    expect(await found(`${ENTRY}:target eq "dashboard" and ${ENTRY}:weight lt 0`)).toEqual(['Änderer']);
    expect(await found(`${ENTRY}:name eq "viewer" and not (${ENTRY}:target eq "door")`)).toEqual(['Viewer']);
    expect(await found('supported eq true and type eq "ROLE"')).toHaveLength(4);
    expect(await found(`schemas eq "${OKTA}" and schemas eq "${ROLE}"`)).toHaveLength(4);
    expect(await found('schemas eq "urn:ietf:params:scim:schemas:core:2.0:User"')).toEqual([]);
    expect(await found('meta.resourceType eq "Entitlement"')).toEqual([]);
    expectError(await scim('GET', search('members eq "x"')), 400, 'invalidFilter');
  });

  it('sorts, pages by index and by cursor, and shows what is asked for', async () => {
    const { scim } = await threeTargets(kind);
    const byWeight = `/Roles?sortBy=${ENTRY}:weight&sortOrder=descending`;
    const sorted = ['Editor', 'Viewer', 'Viewer', 'Änderer'];
    expect(names(expectList(await scim('GET', byWeight), 4))).toEqual(sorted);
    const second = await scim('GET', `${byWeight}&startIndex=2&count=2`);
    expect(second.body).toMatchObject({ totalResults: 4, startIndex: 2, itemsPerPage: 2 });
    expect(names(second.body.Resources)).toEqual(sorted.slice(1, 3));

    const walked: string[] = [];
    for (let cursor: string | undefined = ''; cursor !== undefined; ) {
      const { body } = await scim('GET', `${byWeight}&count=3&cursor=${cursor}`);
      walked.push(...names(body.Resources));
      cursor = body.nextCursor;
    }
    expect(walked).toEqual(sorted);

    const asked = {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'],
      filter: 'value eq "door:r2"',
      attributes: ['displayName', `${ENTRY}:weight`],
    };
    const [editor] = expectList(await scim('POST', '/Roles/.search', asked), 1);
    const { schemas: _, id: __, ...rest } = editor ?? {};
    expect(rest).toEqual({ displayName: 'Editor (door)', [ENTRY]: { weight: 20.5 } });
    const okta = await scim('GET', `/Roles?attributes=${OKTA}:displayName&count=1`);
    expect(Object.keys(okta.body.Resources[0]).sort()).toEqual(['displayName', 'id', 'schemas']);
    const without = await scim('GET', `/Roles?excludedAttributes=${ENTRY},meta,display&count=1`);
    expect(Object.keys(without.body.Resources[0])).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(urn:|meta|display$)/)]),
    );
    // The root asks all types together.
    const root = await scim('GET', `/?filter=${encodeURIComponent('displayName sw "viewer" or userName pr')}`);
    expect(names(expectList(root, 2))).toEqual(['Viewer', 'Viewer']);
  });

  it("gives one name in two targets two values, and shows a tenant nothing of another's", async () => {
    const { scim, globex } = await threeTargets(kind);
    const mine = expectList(await scim('GET', search('display sw "Viewer"')), 2);
    expect(mine.map(({ value }) => value)).toEqual(['door:r1', 'dashboard:r1']);
    const theirs = expectList(await globex('GET', search('value eq "door:r1"')), 1);
    expect(mine.map(({ id }) => id)).not.toContain(theirs[0]?.id);
    expectError(await scim('GET', `/Roles/${theirs[0]?.id}`), 404);
    expectList(await globex('GET', '/Roles'), 2);
  });

  it('can be read and nothing else: 405, and in Bulk too', async () => {
    const { look, scim, shown } = await withCatalogue({ kind });
    await look();
    const before = await shown('/Roles');
    const id = before.get('Viewer')?.id;
    const body = { schemas: [ROLE], value: 'x' };
    const tries: [...Parameters<Scim>][] = [
      ['POST', '/Roles', body],
      ['POST', '/Roles', 'no JSON'],
      ['PUT', `/Roles/${id}`, body],
      ['PATCH', `/Roles/${id}`, patch({ op: 'replace', path: 'display', value: 'x' })],
      ['DELETE', `/Roles/${id}`],
      ['DELETE', '/Roles'],
    ];
    for (const request of tries) {
      const answer = await scim(...request);
      expectError(answer, 405);
      expect(answer.headers.get('allow')).toBe('GET');
      expect(answer.body.detail).toMatch(READ_ONLY);
    }
    const { body: bulk } = await scim('POST', '/Bulk', {
      schemas: [BULK_REQUEST_URN],
      Operations: [
        { method: 'POST', path: '/Roles', bulkId: 'a', data: body },
        { method: 'PUT', path: `/Roles/${id}`, data: body },
        { method: 'PATCH', path: `/Roles/${id}`, data: patch({ op: 'remove', path: 'display' }) },
        { method: 'DELETE', path: `/Roles/${id}` },
        { method: 'POST', path: '/Users', bulkId: 'b', data: { userName: 'jane' } },
      ],
    });
    const statuses = bulk.Operations.map(({ status }: { status: string }) => status);
    expect(statuses).toEqual(['405', '405', '405', '405', '201']);
    for (const { response } of bulk.Operations.slice(0, 4)) {
      expect(response).toMatchObject({ status: '405', detail: expect.stringMatching(READ_ONLY) });
    }
    expect(await shown('/Roles')).toEqual(before);
  });

  it('is answered while the target does not answer', async () => {
    const { look, scim, system } = await withCatalogue({ kind });
    await look();
    const open = Promise.withResolvers<void>();
    system.gate = open.promise;
    const looking = look();
    expectList(await scim('GET', '/Roles'), 2);
    expectList(await scim('GET', search('value eq "door:r1"')), 1);
    open.resolve();
    expect(await looking).toMatchObject({ kind: 'refreshed', entries: ENTRIES.length });
  });
});
