import { describe, expect, it } from 'vitest';
import {
  type Attribute,
  buildResourceTypes,
  findAttribute,
  resourceTypeResources,
  type Schema,
  schemaResource,
} from '../../src/scim/schema.ts';
import { built, ENT, GROUP, GROUP_TYPE, USER, USER_TYPE } from './fixtures.ts';

const PROVISIONING = 'urn:linkspan:params:scim:schemas:extension:provisioning:2.0:User';

const shown = (schema: Schema) => JSON.parse(JSON.stringify(schemaResource(schema, 'https://host/scim')));
const everyAttribute = (attributes: Iterable<Attribute>): Attribute[] =>
  [...attributes].flatMap((attribute) => [attribute, ...everyAttribute(attribute.subAttributes.values())]);

describe('the definitions', () => {
  it('are User, Group and EnterpriseUser with every attribute of RFC 7643 section 8.7.1, and an extension of ours', () => {
    const names = built.schemas.map((schema) => [schema.id, [...schema.attributes.values()].map(({ name }) => name)]);
    // What is more describes roles and entitlements: test/http/entitlements.test.ts.
    expect(names.slice(0, 4)).toEqual([
      [
        USER,
        [
          'userName',
          'name',
          'displayName',
          'nickName',
          'profileUrl',
          'title',
          'userType',
          'preferredLanguage',
          'locale',
        ]
          .concat(['timezone', 'active', 'password', 'emails', 'phoneNumbers', 'ims', 'photos', 'addresses', 'groups'])
          .concat(['entitlements', 'roles', 'x509Certificates']),
      ],
      [GROUP, ['displayName', 'members']],
      [ENT, ['employeeNumber', 'costCenter', 'organization', 'division', 'department', 'manager']],
      [PROVISIONING, ['targets']],
    ]);
  });

  it.each([
    ['userName', { required: true, caseExact: false, uniqueness: 'server' }],
    ['password', { mutability: 'writeOnly', returned: 'never' }],
    ['groups', { mutability: 'readOnly', multiValued: true }],
    ['id', { mutability: 'readOnly', returned: 'always', caseExact: true }],
    ['externalId', { mutability: 'readWrite', caseExact: true, uniqueness: 'none' }],
    ['profileUrl', { type: 'reference', caseExact: true }],
    ['schemas', { returned: 'always', multiValued: true }],
  ])('say of User.%s what the RFC says', (name, characteristics) =>
    expect(findAttribute(USER_TYPE, name)).toMatchObject(characteristics),
  );

  it('make a group need a displayName that no other group has', () => {
    expect(findAttribute(GROUP_TYPE, 'displayName')).toMatchObject({
      required: true,
      caseExact: false,
      uniqueness: 'server',
    });
  });

  it('make members of value, $ref, type and display', () => {
    const members = findAttribute(GROUP_TYPE, 'members');
    expect([...(members?.subAttributes.keys() ?? [])].toSorted()).toEqual(['$ref', 'display', 'type', 'value']);
  });

  it('compare references and certificates with case, whatever the listing says', () => {
    const attributes = built.schemas.flatMap((schema) => everyAttribute(schema.attributes.values()));
    const references = attributes.filter(({ type }) => type === 'reference' || type === 'binary');
    expect(references.length).toBeGreaterThan(4);
    expect(references.every(({ caseExact }) => caseExact)).toBe(true);
  });
});

describe('lookup', () => {
  it('finds attributes and sub-attributes in any case', () => {
    expect(findAttribute(USER_TYPE, 'USERNAME')?.name).toBe('userName');
    const name = findAttribute(USER_TYPE, 'Name');
    expect(name && findAttribute(name, 'GIVENname')?.name).toBe('givenName');
    expect(findAttribute(USER_TYPE, 'department')).toBeUndefined();
    expect(findAttribute(USER_TYPE, '__proto__')).toBeUndefined();
  });

  it('finds the common attributes in every type', () => {
    for (const type of [USER_TYPE, GROUP_TYPE]) {
      expect(['schemas', 'id', 'externalId', 'meta'].map((name) => findAttribute(type, name)?.name)).toEqual([
        'schemas',
        'id',
        'externalId',
        'meta',
      ]);
    }
  });

  it('knows which attributes live outside the document, and which always have a value', () => {
    expect([...USER_TYPE.relations.keys()]).toEqual(['groups']);
    expect([...GROUP_TYPE.relations.keys()]).toEqual(['members']);
    expect([...USER_TYPE.defaults]).toEqual([['active', true]]);
  });
});

describe('discovery', () => {
  it('shows every characteristic of every attribute, in camel case and without nulls', () => {
    for (const schema of built.schemas) {
      const resource = shown(schema);
      expect(JSON.stringify(resource)).not.toContain('null');
      for (const attribute of resource.attributes) {
        expect(attribute).toMatchObject({
          name: expect.any(String),
          type: expect.any(String),
          multiValued: expect.any(Boolean),
          description: expect.stringMatching(/./),
          required: expect.any(Boolean),
          mutability: expect.any(String),
          returned: expect.any(String),
          uniqueness: expect.any(String),
        });
        if (attribute.type === 'complex') expect(attribute.subAttributes.length).toBeGreaterThan(1);
        if (attribute.type === 'string') expect(attribute.caseExact).toBeTypeOf('boolean');
      }
    }
  });

  it('shows a schema with its URN as id and an absolute location', () => {
    expect(shown(built.schemas[1] as Schema)).toMatchObject({
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:Schema'],
      id: GROUP,
      name: 'Group',
      meta: { resourceType: 'Schema', location: `https://host/scim/Schemas/${GROUP}` },
    });
  });

  it('shows canonical values, reference types and sub-attributes where there are any, and only there', () => {
    const attributes = shown(built.schemas[0] as Schema).attributes as {
      name: string;
      subAttributes: { name: string }[];
    }[];
    const named = (name: string) => attributes.find((attribute) => attribute.name === name);
    expect(named('profileUrl')).toMatchObject({ referenceTypes: ['external'], caseExact: true });
    expect(named('emails')?.subAttributes[2]).toMatchObject({
      name: 'type',
      canonicalValues: ['work', 'home', 'other'],
    });
    for (const absent of ['canonicalValues', 'referenceTypes', 'subAttributes'])
      expect(named('title')).not.toHaveProperty(absent);
    expect(named('active')).not.toHaveProperty('caseExact');
  });

  it('shows a resource type without our private keys', () => {
    expect(resourceTypeResources(USER_TYPE, 'https://host/scim')).toEqual([
      {
        schemas: ['urn:ietf:params:scim:schemas:core:2.0:ResourceType'],
        id: 'User',
        name: 'User',
        endpoint: '/Users',
        description: 'User Account',
        schema: USER,
        schemaExtensions: [
          { schema: ENT, required: false },
          { schema: PROVISIONING, required: false },
        ],
        meta: { resourceType: 'ResourceType', location: 'https://host/scim/ResourceTypes/User' },
      },
    ]);
  });
});

describe('a broken definition is refused at start', () => {
  const schema = { id: 'urn:x:Thing', name: 'Thing', attributes: [{ name: 'label' }] };
  const type = { name: 'Thing', endpoint: '/Things', schema: 'urn:x:Thing' };
  const nested = (lid: string) => [
    { name: 'box', type: 'complex', subAttributes: [{ name: 'lid', type: lid, subAttributes: [{ name: 'colour' }] }] },
  ];

  it('but a minimal one is completed as RFC 7643 section 2.2 says', () => {
    const { resourceTypes } = buildResourceTypes([schema], [type]);
    const thing = resourceTypes.get('Thing');
    expect(thing && findAttribute(thing, 'label')).toMatchObject({
      type: 'string',
      multiValued: false,
      mutability: 'readWrite',
      returned: 'default',
      uniqueness: 'none',
      caseExact: false,
    });
  });

  it('and the common attributes prevail over a schema that lists them too (RFC 7643 section 3.1)', () => {
    const listing = {
      ...schema,
      attributes: [
        { name: 'externalId', caseExact: false },
        { name: 'link', type: 'reference' },
      ],
    };
    const { resourceTypes } = buildResourceTypes(
      [listing],
      [{ ...type, id: 'thing', 'urn:linkspan:defaults': { LINK: 'x' } }],
    );
    const thing = resourceTypes.get('Thing');
    if (!thing) throw new Error();
    expect(findAttribute(thing, 'externalId')?.caseExact).toBe(true);
    expect(findAttribute(thing, 'link')?.caseExact).toBe(true);
    expect(thing.id).toBe('thing');
    expect([...thing.defaults]).toEqual([['link', 'x']]);
    expect(built.resourceTypes.get('User')?.id).toBe('User');
  });

  it('and a schema that no resource type has may nest deeper (RFC 7643 section 8.7.2)', () => {
    const deep = { ...schema, id: 'urn:x:Deep', attributes: nested('complex') };
    const { schemas } = buildResourceTypes([schema, deep], [type]);
    expect(shown(schemas[1] as Schema).attributes).toMatchObject([
      { name: 'box', subAttributes: [{ name: 'lid', subAttributes: [{ name: 'colour', type: 'string' }] }] },
    ]);
  });

  it.each([
    ['an unknown type', [{ ...schema, attributes: [{ name: 'label', type: 'text' }] }], [type], /urn:x:Thing/],
    ['no attributes', [{ ...schema, attributes: [] }], [type], /urn:x:Thing/],
    ['a schema that is not there', [schema], [{ ...type, schema: 'urn:x:Other' }], /urn:x:Other/],
    [
      'an extension that is not there',
      [schema],
      [{ ...type, schemaExtensions: [{ schema: 'urn:x:E', required: true }] }],
      /urn:x:E/,
    ],
    ['a relation that is not there', [schema], [{ ...type, 'urn:linkspan:relations': ['parts'] }], /parts/],
    ['a relation that is no list', [schema], [{ ...type, 'urn:linkspan:relations': ['label'] }], /label/],
    ['a second secret', [{ ...schema, attributes: [{ name: 'pin', mutability: 'writeOnly' }] }], [type], /pin/],
    [
      'a relation without ids',
      [{ ...schema, attributes: [{ name: 'tags', multiValued: true }] }],
      [{ ...type, 'urn:linkspan:relations': ['tags'] }],
      /tags/,
    ],
    ['null', [null], [type], /Schema/],
    ['a complex sub-attribute', [{ ...schema, attributes: nested('complex') }], [type], /urn:x:Thing:box\.lid/],
    [
      'a sub-attribute with sub-attributes',
      [{ ...schema, attributes: nested('string') }],
      [type],
      /urn:x:Thing:box\.lid/,
    ],
    [
      'a complex sub-attribute in an extension',
      [schema, { ...schema, id: 'urn:x:E', attributes: nested('complex') }],
      [{ ...type, schemaExtensions: [{ schema: 'urn:x:E', required: false }] }],
      /Thing: urn:x:E:box\.lid/,
    ],
  ])('%s', (_, schemas, types, message) => expect(() => buildResourceTypes(schemas, types)).toThrow(message));
});
