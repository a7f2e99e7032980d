/** `/Entitlements`, and how a client finds out about both endpoints. */
import { describe, expect, it, vi } from 'vitest';
import { expectError, expectList } from '../rfc/answers.ts';
import { KINDS, serveFor } from '../rfc/provider.ts';
import { ENTRY, withCatalogue } from '../sync/cataloguing.ts';

vi.setConfig({ testTimeout: 120_000 });

const ENTITLEMENT = 'urn:ietf:params:scim:schemas:core:2.0:Entitlement';
const OKTA = 'urn:okta:scim:schemas:core:1.0:';

describe.each(KINDS)('/Entitlements (%s)', (kind) => {
  it('shows everything that is no role, with its kind as the type', async () => {
    const { look, scim, shown } = await withCatalogue({ kind });
    await look();
    const [north] = expectList(await scim('GET', '/Entitlements?filter=type%20eq%20%22organisation%22'), 1);
    expect(north).toMatchObject({
      schemas: [ENTITLEMENT, `${OKTA}Entitlement`, ENTRY],
      value: 'door:organisation:o1',
      display: 'North (door)',
      displayName: 'North (door)',
      type: 'organisation',
      supported: true,
      [ENTRY]: { target: 'door', remoteId: 'o1', name: 'North' },
      meta: { resourceType: 'Entitlement', location: `${scim.base}/Entitlements/${north?.id}` },
    });
    expect((await scim('GET', `/Entitlements/${north?.id}`)).body).toEqual(north);
    expectError(await scim('GET', `/Roles/${north?.id}`), 404);
    const viewer = (await shown('/Roles')).get('Viewer');
    expectError(await scim('GET', `/Entitlements/${viewer?.id}`), 404);
  });

  it("is read by the steps of Okta's entitlement management", async () => {
    const { look, scim } = await withCatalogue({ kind });
    await look();
    const types = (await scim('GET', '/ResourceTypes')).body.Resources;
    const schemas = (await scim('GET', '/Schemas')).body.Resources.map(({ id }: { id: string }) => id);
    const found: string[] = [];
    for (const name of ['Role', 'Entitlement']) {
      const [type, ...others] = types.filter(({ schema }: { schema: string }) => schema === OKTA + name);
      expect(others).toEqual([]);
      expect(type).toMatchObject({ name, endpoint: `/${name === 'Role' ? 'Roles' : 'Entitlements'}` });
      const extensions = type.schemaExtensions.map(({ schema }: { schema: string }) => schema);
      expect(schemas).toEqual(expect.arrayContaining(extensions));
      for (const resource of (await scim('GET', type.endpoint)).body.Resources) {
        expect(resource).toMatchObject({ id: expect.any(String), type: expect.any(String) });
        expect(resource.schemas).toContain(type.schema);
        found.push(resource.displayName);
      }
    }
    expect(found).toEqual(['Viewer (door)', 'Editor (door)', 'North (door)']);
  });
});

describe('discovery of roles and entitlements', () => {
  const tenant = serveFor('sqlite');

  it('lists each endpoint under the URNs of the draft and of Okta, and has an empty list where no target has any', async () => {
    const scim = await tenant();
    const types = expectList(await scim('GET', '/ResourceTypes'), 6).slice(2);
    const rows = types.map(({ id, name, endpoint, schema }) => `${id} ${name} ${endpoint} ${schema}`);
    expect(rows).toEqual([
      'Role Role /Roles urn:ietf:params:scim:schemas:core:2.0:Role',
      `OktaRole Role /Roles ${OKTA}Role`,
      `Entitlement Entitlement /Entitlements ${ENTITLEMENT}`,
      `OktaEntitlement Entitlement /Entitlements ${OKTA}Entitlement`,
    ]);
    for (const type of types) {
      expect(type.schemaExtensions).toEqual([{ schema: ENTRY, required: false }]);
      expect((await scim('GET', `/ResourceTypes/${type.id}`)).body).toEqual(type);
    }
    expectList(await scim('GET', '/Roles'), 0);
    expectList(await scim('GET', '/Entitlements'), 0);
  });

  it('describes attributes that can only be read', async () => {
    const scim = await tenant();
    for (const name of ['Role', 'Entitlement']) {
      const draft = (await scim('GET', `/Schemas/urn:ietf:params:scim:schemas:core:2.0:${name}`)).body;
      const okta = (await scim('GET', `/Schemas/${OKTA}${name}`)).body;
      const entry = (await scim('GET', `/Schemas/${ENTRY}`)).body;
      const attributes = [draft, okta, entry].flatMap((schema) => schema.attributes);
      expect(new Set(attributes.map(({ mutability }) => mutability))).toEqual(new Set(['readOnly']));
      const required = draft.attributes.filter((each: { required: boolean }) => each.required);
      expect(required.map((each: { name: string }) => each.name)).toEqual(['value', 'supported']);
    }
  });

  it('says in the service provider configuration what roles and entitlements can be', async () => {
    const scim = await tenant();
    expect((await scim('GET', '/ServiceProviderConfig')).body.RolesAndEntitlements).toEqual({
      roles: { supported: true, multipleRolesSupported: true, primarySupported: true, typeSupported: true },
      entitlements: {
        supported: true,
        multipleEntitlementsSupported: true,
        primarySupported: true,
        typeSupported: true,
      },
    });
  });
});
