import { describe, expect, it } from 'vitest';
import * as listing from './7643-8.7-listing.ts';
import { ENTERPRISE, expectList, GROUP, USER } from './answers.ts';
import { serveFor } from './provider.ts';

const PROVIDER_CONFIG = 'urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig';
const RESOURCE_TYPE = 'urn:ietf:params:scim:schemas:core:2.0:ResourceType';
const SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Schema';

/** By path: lines of the listing that are others here, and lines that are more. */
type Differences = Record<string, string>;

/** References and binaries are caseExact by sections 2.3.6 and 2.3.7, although the listings say otherwise. */
function caseExact(line: string): string {
  const [path, type = '', ...rest] = line.split(' ');
  if (!['reference', 'binary'].includes(type) || rest.includes('caseExact')) return line;
  const at = rest.findLastIndex((word) => word === 'multiValued' || word === 'required') + 1;
  return [path, type, ...rest.toSpliced(at, 0, 'caseExact')].join(' ');
}

function expected(lines: string, differences: Differences): string[] {
  const listed = lines.trim().split('\n').map(caseExact);
  const known = new Set(listed.map((line) => line.split(' ')[0]));
  const more = Object.entries(differences).filter(([path]) => !known.has(path));
  return [...listed.map((line) => differences[line.split(' ')[0] ?? ''] ?? line), ...more.map(([, line]) => line)];
}

/** By RFC 7643's own text, or deliberately. */
const USER_DIFFERENCES: Differences = {
  // An id, and ids are caseExact (section 3.1).
  'groups.value': 'groups.value string caseExact readOnly',
  // Section 4.1.2: the groups to which the user belongs.
  'groups.$ref': 'groups.$ref reference caseExact readOnly referenceTypes:Group',
  // Section 4.1.2 lists "other" as well.
  'ims.type': 'ims.type string canonicalValues:aim,gtalk,icq,xmpp,msn,skype,qq,yahoo,other',
  // Section 2.4 gives it to every multi-valued attribute, and the example in 8.2 has it.
  'addresses.primary': 'addresses.primary boolean',
};

const GROUP_DIFFERENCES: Differences = {
  // Section 4.2 says REQUIRED. Unique, because identity providers look groups up by it (decisions: uniqueness).
  displayName: 'displayName string required uniqueness:server',
  // An id, and ids are caseExact (section 3.1). A member that names nobody is none.
  'members.value': 'members.value string required caseExact immutable',
  // The example in 8.4 has it.
  'members.display': 'members.display string immutable',
};

const ENTERPRISE_DIFFERENCES: Differences = {
  // An id, and ids are caseExact (section 3.1).
  'manager.value': 'manager.value string caseExact',
};

const PROVIDER_CONFIG_DIFFERENCES: Differences = {
  // Section 5 requires these.
  etag: 'etag complex required readOnly',
  'etag.supported': 'etag.supported boolean required readOnly',
  'authenticationSchemes.type':
    'authenticationSchemes.type string required readOnly canonicalValues:oauth,oauth2,oauthbearertoken,httpbasic,httpdigest',
  // Section 2.4 gives it to every multi-valued attribute, and the example in 8.5 has it.
  'authenticationSchemes.primary': 'authenticationSchemes.primary boolean readOnly',
  // RFC 9865 section 4.
  pagination: 'pagination complex readOnly',
  'pagination.cursor': 'pagination.cursor boolean required readOnly',
  'pagination.index': 'pagination.index boolean required readOnly',
  'pagination.defaultPaginationMethod':
    'pagination.defaultPaginationMethod string readOnly canonicalValues:cursor,index',
  'pagination.defaultPageSize': 'pagination.defaultPageSize integer readOnly',
  'pagination.maxPageSize': 'pagination.maxPageSize integer readOnly',
  'pagination.cursorTimeout': 'pagination.cursorTimeout integer readOnly',
};

const RESOURCE_TYPE_DIFFERENCES: Differences = {
  // Section 6: a list, and OPTIONAL.
  schemaExtensions: 'schemaExtensions complex multiValued readOnly',
};

const DATA_TYPES = 'string,complex,boolean,decimal,integer,dateTime,reference,binary';
const SCHEMA_DIFFERENCES: Differences = {
  // Section 2.3.6, and the listing itself has a binary attribute.
  'attributes.type': `attributes.type string required readOnly canonicalValues:${DATA_TYPES}`,
  'attributes.subAttributes.type': `attributes.subAttributes.type string required readOnly canonicalValues:${DATA_TYPES}`,
  // A list, as one level above.
  'attributes.subAttributes.referenceTypes':
    'attributes.subAttributes.referenceTypes string multiValued caseExact readOnly',
};

describe('RFC 7643 8.5 to 8.7', () => {
  const tenant = serveFor('sqlite');

  it('RFC 7643 8.5: the service provider configuration', async () => {
    const scim = await tenant();
    const answer = await scim('GET', '/ServiceProviderConfig');
    expect({ status: answer.status, body: answer.body }).toMatchObject({
      status: 200,
      body: {
        schemas: [PROVIDER_CONFIG],
        patch: { supported: true },
        bulk: { supported: true, maxOperations: expect.any(Number), maxPayloadSize: expect.any(Number) },
        filter: { supported: true, maxResults: expect.any(Number) },
        // Passwords are taken and kept for nobody: there is nothing here to log in to.
        changePassword: { supported: false },
        sort: { supported: true },
        etag: { supported: true },
        authenticationSchemes: [
          {
            name: 'OAuth Bearer Token',
            description: expect.any(String),
            specUri: expect.stringMatching(/^https:\/\/www\.rfc-editor\.org\/info\/rfc6750$/),
            type: 'oauthbearertoken',
            primary: true,
          },
        ],
        meta: { location: `${scim.base}/ServiceProviderConfig`, resourceType: 'ServiceProviderConfig' },
      },
    });
    expect(answer.headers.get('content-type')).toBe('application/scim+json');
  });

  it('RFC 7643 8.5: the configuration has no attribute that its schema does not have', async () => {
    const scim = await tenant();
    const { body } = await scim('GET', '/ServiceProviderConfig');
    // RolesAndEntitlements is complex within complex, which section 2.3.8 lets no schema say (docs/scim.md).
    const { schemas: _, meta: __, RolesAndEntitlements: ___, ...config } = body;
    const paths = Object.entries(config).flatMap(([name, value]) => {
      const values = (Array.isArray(value) ? value : [value]) as object[];
      return [name, ...values.flatMap((each) => Object.keys(each).map((sub) => `${name}.${sub}`))];
    });
    const { attributes } = (await scim('GET', `/Schemas/${PROVIDER_CONFIG}`)).body;
    const known = listing.linesOf(attributes).map((line) => line.split(' ')[0]);
    expect(known).toEqual(expect.arrayContaining(paths));
    const required = listing.linesOf(attributes).filter((line) => line.includes(' required'));
    expect(paths).toEqual(expect.arrayContaining(required.map((line) => line.split(' ')[0])));
  });

  it('RFC 7643 8.6: the resource types', async () => {
    const scim = await tenant();
    const answer = await scim('GET', '/ResourceTypes');
    const [user, group, ...others] = expectList(answer, 6);
    // test/http/roles.test.ts and entitlements.test.ts.
    expect(others.map(({ id }) => id)).toEqual(['Role', 'OktaRole', 'Entitlement', 'OktaEntitlement']);
    expect(user).toEqual({
      schemas: [RESOURCE_TYPE],
      id: 'User',
      name: 'User',
      endpoint: '/Users',
      description: 'User Account',
      schema: USER,
      // Not required, as it is in the RFC's example: a user without it is a user (8.1).
      schemaExtensions: expect.arrayContaining([{ schema: ENTERPRISE, required: false }]),
      meta: { resourceType: 'ResourceType', location: `${scim.base}/ResourceTypes/User` },
    });
    expect(group).toEqual({
      schemas: [RESOURCE_TYPE],
      id: 'Group',
      name: 'Group',
      endpoint: '/Groups',
      description: 'Group',
      schema: GROUP,
      schemaExtensions: [],
      meta: { resourceType: 'ResourceType', location: `${scim.base}/ResourceTypes/Group` },
    });
    for (const each of [user, group]) {
      expect((await scim('GET', `/ResourceTypes/${each?.id}`)).body).toEqual(each);
    }
  });

  it.each([
    ['8.7.1', 'User', USER, 'User Account', listing.USER, USER_DIFFERENCES],
    ['8.7.1', 'Group', GROUP, 'Group', listing.GROUP, GROUP_DIFFERENCES],
    ['8.7.1', 'EnterpriseUser', ENTERPRISE, 'Enterprise User', listing.ENTERPRISE_USER, ENTERPRISE_DIFFERENCES],
    [
      '8.7.2',
      'Service Provider Configuration',
      PROVIDER_CONFIG,
      /./,
      listing.PROVIDER_CONFIG,
      PROVIDER_CONFIG_DIFFERENCES,
    ],
    ['8.7.2', 'ResourceType', RESOURCE_TYPE, /./, listing.RESOURCE_TYPE, RESOURCE_TYPE_DIFFERENCES],
    ['8.7.2', 'Schema', SCHEMA, /./, listing.SCHEMA, SCHEMA_DIFFERENCES],
  ])('RFC 7643 %s: the schema %s', async (_, name, id, description, lines, differences) => {
    const scim = await tenant();
    const answer = await scim('GET', `/Schemas/${id}`);
    expect({ status: answer.status, body: answer.body }).toEqual({
      status: 200,
      body: {
        schemas: [SCHEMA],
        id,
        name,
        description: expect.stringMatching(description),
        attributes: expect.any(Array),
        meta: { resourceType: 'Schema', location: `${scim.base}/Schemas/${id}` },
      },
    });
    expect(listing.linesOf(answer.body.attributes).toSorted()).toEqual(expected(lines, differences).toSorted());
  });

  it('RFC 7643 8.7: every schema is in the list of schemas, in the same form', async () => {
    const scim = await tenant();
    const { body } = await scim('GET', '/Schemas');
    const ids = expectList(await scim('GET', '/Schemas'), body.Resources.length).map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining([USER, GROUP, ENTERPRISE, PROVIDER_CONFIG, RESOURCE_TYPE, SCHEMA]));
    for (const listed of body.Resources) expect((await scim('GET', `/Schemas/${listed.id}`)).body).toEqual(listed);
  });

  it('RFC 7643 8.7: every schema says of its attributes nothing that the schema of schemas does not know', async () => {
    const scim = await tenant();
    const { body } = await scim('GET', '/Schemas');
    const own = body.Resources.find(({ id }: { id: string }) => id === SCHEMA);
    const known = listing
      .linesOf(own.attributes)
      .map((line) => line.split(' ')[0]?.replace(/^(attributes\.)(subAttributes\.)?/, ''));
    const keysOf = (attributes: listing.ShownAttribute[]): string[] =>
      attributes.flatMap((attribute) => [...Object.keys(attribute), ...keysOf(attribute.subAttributes ?? [])]);
    for (const schema of body.Resources) expect(known).toEqual(expect.arrayContaining(keysOf(schema.attributes)));
  });
});
