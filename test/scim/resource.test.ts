import { describe, expect, it } from 'vitest';
import { type Document, presentSchemas } from '../../src/scim/document.ts';
import { type ReadMode, readResource } from '../../src/scim/resource.ts';
import { deviceTypeOf, ENT, failureOf, GROUP, GROUP_TYPE, LAB, USER, USER_TYPE } from './fixtures.ts';

const user = (body: unknown, mode: ReadMode = 'create') => readResource(body, USER_TYPE, mode);
const group = (body: unknown, mode: ReadMode = 'create') => readResource(body, GROUP_TYPE, mode);
const minimal = (more: object = {}) => user({ schemas: [USER], userName: 'jane', ...more });
const refusal = (body: unknown, type = USER_TYPE) => failureOf(() => readResource(body, type, 'create'));

describe('what identity providers send is read (reference/idp-behaviours.md)', () => {
  it("Entra's default create body", () => {
    const body = {
      schemas: [USER, ENT],
      externalId: 'jdoe',
      userName: 'jdoe@contoso.com',
      active: true,
      displayName: 'Jane Doe',
      emails: [{ primary: true, type: 'work', value: 'jdoe@contoso.com' }],
      meta: { resourceType: 'User' },
      name: { formatted: 'Jane Doe', familyName: 'Doe', givenName: 'Jane' },
      title: 'Engineer',
      roles: [],
    };
    expect(user(body)).toEqual({
      document: {
        externalId: 'jdoe',
        userName: 'jdoe@contoso.com',
        name: { formatted: 'Jane Doe', familyName: 'Doe', givenName: 'Jane' },
        displayName: 'Jane Doe',
        title: 'Engineer',
        active: true,
        emails: [{ primary: true, type: 'work', value: 'jdoe@contoso.com' }],
      },
      relations: {},
      notes: [],
    });
  });

  it("Okta's assignment, with a password that stays out of the document", () => {
    const body = {
      schemas: [USER],
      userName: 'jane@ex.com',
      name: { givenName: 'Jane', familyName: 'Doe' },
      emails: [{ primary: true, value: 'jane@ex.com', type: 'work' }],
      displayName: 'Jane Doe',
      locale: 'en-US',
      externalId: '00u1abcd',
      groups: [],
      password: 'x9Random',
      active: true,
    };
    const { document, password, relations, notes } = user(body);
    expect(password).toBe('x9Random');
    expect(JSON.stringify(document)).not.toContain('x9Random');
    expect(document).toMatchObject({ userName: 'jane@ex.com', locale: 'en-US', externalId: '00u1abcd', active: true });
    expect({ relations, notes }).toEqual({ relations: {}, notes: [] });
  });

  it("Okta's PUT of what it got, with id, groups and meta passed over", () => {
    const body = {
      schemas: [USER],
      id: 'u1',
      userName: 'jane@ex.com',
      name: { givenName: 'Jane', familyName: 'Doe' },
      emails: [{ primary: true, value: 'jane@ex.com', type: 'work' }],
      groups: [{ value: 'g1' }],
      active: false,
      meta: { resourceType: 'User', location: 'https://host/scim/v2/Users/u1' },
    };
    const { document, relations } = user(body, { replace: { userName: 'jane@ex.com', active: true, title: 'Old' } });
    expect(document).toEqual({
      userName: 'jane@ex.com',
      name: { givenName: 'Jane', familyName: 'Doe' },
      active: false,
      emails: [{ primary: true, value: 'jane@ex.com', type: 'work' }],
    });
    expect(relations).toEqual({});
  });

  it("OneLogin's template: string booleans, a lone e-mail, an unknown sub-attribute", () => {
    const { document, notes } = user({
      schemas: [USER, ENT],
      userName: 'jane@ex.com',
      name: { givenName: 'Jane', familyName: 'Doe' },
      emails: { value: 'jane@ex.com', type: 'work', primary: 'true' },
      active: 'true',
      [ENT]: { manager: { managerId: '' } },
    });
    expect(document).toEqual({
      userName: 'jane@ex.com',
      name: { givenName: 'Jane', familyName: 'Doe' },
      active: true,
      emails: [{ value: 'jane@ex.com', type: 'work', primary: true }],
    });
    expect(notes).toEqual([
      { rule: 'single-value-for-array', path: 'emails' },
      { rule: 'string-for-boolean', path: 'emails.primary' },
      { rule: 'string-for-boolean', path: 'active' },
      { rule: 'unknown-attribute', path: `${ENT}:manager.managerId` },
    ]);
  });

  it("authentik's user, whose empty family name comes back as sent", () => {
    const { document } = user({
      schemas: [USER],
      userName: 'alice',
      externalId: 'uid',
      active: true,
      displayName: 'Alice',
      name: { formatted: 'Alice', givenName: 'Alice', familyName: '' },
      photos: [],
      emails: [{ value: 'alice@ex.com', type: 'other', primary: true }],
    });
    expect(document.name).toEqual({ formatted: 'Alice', givenName: 'Alice', familyName: '' });
    expect(document).not.toHaveProperty('photos');
  });

  it("Keycloak's user", () => {
    const { document } = user({
      schemas: [USER],
      externalId: 'kc-id',
      userName: 'alice',
      emails: [{ value: 'alice@ex.com' }],
      active: true,
      roles: [{ value: 'editor' }],
    });
    expect(document).toMatchObject({ emails: [{ value: 'alice@ex.com' }], roles: [{ value: 'editor' }] });
  });

  it("Entra's group, with a schema that nobody knows", () => {
    const unknown = 'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group';
    const { document, relations, notes } = group({
      schemas: [GROUP, unknown],
      externalId: 'object-id',
      displayName: 'Sales',
      meta: { resourceType: 'Group' },
    });
    expect(document).toEqual({ externalId: 'object-id', displayName: 'Sales' });
    expect(relations).toEqual({});
    expect(notes).toEqual([{ rule: 'unknown-schema', path: unknown }]);
  });

  it("Okta's group PUT with all members, nulls and an id", () => {
    const { document, relations } = group(
      {
        schemas: [GROUP],
        id: 'g1',
        externalId: null,
        displayName: 'Sales',
        members: [
          { value: 'u1', display: 'jane@ex.com' },
          { value: 'u2', display: null },
        ],
      },
      { replace: { displayName: 'Old', externalId: 'x' } },
    );
    expect(document).toEqual({ displayName: 'Sales' });
    expect(relations).toEqual({ members: [{ value: 'u1', display: 'jane@ex.com' }, { value: 'u2' }] });
  });

  it("Keycloak's group with relative references", () => {
    const { relations } = group({
      schemas: [GROUP],
      displayName: 'Sales',
      members: [{ value: 'u1', $ref: 'Users/u1' }],
    });
    expect(relations).toEqual({ members: [{ value: 'u1', $ref: 'Users/u1' }] });
  });
});

describe('the manager is read from', () => {
  const manager = (value: unknown) => {
    const { document, notes } = minimal({ schemas: [USER, ENT], [ENT]: { manager: value } });
    return { manager: document[ENT], rules: notes.map(({ rule }) => rule) };
  };
  it.each([
    ['an object', { value: 'm1' }, { manager: { value: 'm1' } }, []],
    [
      'an object with a display name, which is echoed',
      { value: 'm1', displayName: 'Boss' },
      { manager: { value: 'm1', displayName: 'Boss' } },
      [],
    ],
    ['a string', 'm1', { manager: { value: 'm1' } }, ['string-for-complex']],
    [
      'a list of one',
      [{ value: 'm1', $ref: '../Users/m1' }],
      { manager: { value: 'm1', $ref: '../Users/m1' } },
      ['array-for-single-value'],
    ],
    ['"", as none', '', undefined, ['empty-for-unassigned']],
    ['null, as none', null, undefined, []],
    ['an empty list, as none', [], undefined, ['array-for-single-value']],
    ['an empty object, as none', {}, undefined, []],
    ['an object with an empty value, as none', { value: '', displayName: 'Boss' }, undefined, ['empty-for-unassigned']],
    ['an object with null for value, as none', { value: null }, undefined, ['empty-for-unassigned']],
  ])('%s', (_, sent, extension, rules) => expect(manager(sent)).toEqual({ manager: extension, rules }));

  it('but not from a list of two', () => {
    const error = refusal({ userName: 'x', [ENT]: { manager: [{ value: 'a' }, { value: 'b' }] } });
    expect(error).toMatchObject({ status: 400, scimType: 'invalidValue' });
    expect(error.detail).toBe(`${ENT}:manager has a single value, and 2 were sent`);
  });
});

describe('a role written as JSON inside a string', () => {
  const roles = (value: unknown) => minimal({ roles: value });
  const json = JSON.stringify({ id: '18d14569', value: 'Admin', displayName: 'Administrator' });

  it('is taken apart', () => {
    const { document, notes } = roles([{ value: json }]);
    expect(document.roles).toEqual([{ value: 'Admin', display: 'Administrator' }]);
    expect(notes).toEqual([{ rule: 'embedded-json', path: 'roles' }]);
  });

  it('keeps the members beside it', () => {
    expect(roles([{ value: json, primary: 'True', type: 'app' }]).document.roles).toEqual([
      { value: 'Admin', display: 'Administrator', primary: true, type: 'app' },
    ]);
  });

  it('is taken apart also where the element is the bare string', () => {
    expect(roles([json]).document.roles).toEqual([{ value: 'Admin', display: 'Administrator' }]);
  });

  it('is told by its id or by its display name', () => {
    expect(roles([{ value: '{"value":"Admin","displayName":"A"}' }]).document.roles).toEqual([
      { value: 'Admin', display: 'A' },
    ]);
    expect(roles([{ value: '{"value":"Admin","id":"1"}' }]).document.roles).toEqual([{ value: 'Admin' }]);
  });

  it('is not looked for where there is a single value', () => {
    const { document } = minimal({ schemas: [USER, ENT], [ENT]: { manager: { value: json } } });
    expect(document[ENT]).toEqual({ manager: { value: json } });
  });

  it.each([
    ['has no value', '{"id":"1"}'],
    ['has a display name that cannot be stored', '{"value":"x","displayName":"a\\u0000b"}'],
    ['is not the shape of a role', '{"value":"x","scope":"y"}'],
    ['is no JSON', '{not json}'],
    ['holds what cannot be stored', '{"id":"1","value":"a\\u0000b"}'],
    ['is a list', '[{"id":"1","value":"x"}]'],
  ])('stays a value where it %s', (_, value) => expect(roles([{ value }]).document.roles).toEqual([{ value }]));
});

describe('spellings that are accepted, and noted', () => {
  it.each([
    [
      'names in another case',
      { DisplayName: 'J', NAME: { GivenName: 'J' } },
      { displayName: 'J', name: { givenName: 'J' } },
      ['attribute-case'],
    ],
    [
      'dotted names',
      { 'name.givenName': 'J', name: { familyName: 'D' } },
      { name: { givenName: 'J', familyName: 'D' } },
      ['flat-key'],
    ],
    ['names with the core URN', { [`${USER}:title`]: 'CEO' }, { title: 'CEO' }, ['flat-key']],
    [
      'names with an extension URN',
      { [`${ENT}:department`]: 'Sales' },
      { [ENT]: { department: 'Sales' } },
      ['flat-key', 'undeclared-extension'],
    ],
    ['the core URN as an object', { [USER]: { title: 'CEO' } }, { title: 'CEO' }, ['attribute-case']],
    [
      'an extension that schemas does not list',
      { [ENT]: { department: 'Sales' } },
      { [ENT]: { department: 'Sales' } },
      ['undeclared-extension'],
    ],
    [
      'an extension URN in another case',
      { [ENT.toLowerCase()]: { Department: 'Sales' } },
      { [ENT]: { department: 'Sales' } },
      ['attribute-case', 'undeclared-extension'],
    ],
    [
      'e-mail addresses as strings',
      { emails: ['a@x', 'b@x'] },
      { emails: [{ value: 'a@x' }, { value: 'b@x' }] },
      ['string-for-complex'],
    ],
    ['"False" for false', { active: 'False' }, { active: false }, ['string-for-boolean']],
    ['"" for a boolean, as none', { active: '' }, { active: true }, []],
    [
      'an e-mail address that is empty, as none',
      { emails: [{ value: '', type: 'work' }] },
      {},
      ['empty-for-unassigned'],
    ],
    ['unknown attributes', { shoeSize: 42, name: { nick: 'x' } }, {}, ['unknown-attribute']],
    ['unknown attributes in an extension', { [ENT]: { badge: 1 } }, {}, ['unknown-attribute']],
    [
      'a path with a filter, whatever its type',
      { 'emails[type eq "odd"].value': 'x' },
      { emails: [{ type: 'odd', value: 'x' }] },
      ['flat-key', 'created-by-replace'],
    ],
    ['blanks around a boolean', { active: ' False ' }, { active: false }, ['string-for-boolean']],
    ['an unknown extension', { 'urn:x:y': { a: 1 } }, {}, ['unknown-attribute']],
    [
      'an unknown name that looks like a path',
      { 'shoes[0': 1, 'shoes[type eq "x"].size': 2 },
      {},
      ['unknown-attribute'],
    ],
  ])('%s', (_, body, document, rules) => {
    const read = minimal(body);
    expect(read.document).toEqual({ userName: 'jane', active: true, ...document });
    expect([...new Set(read.notes.map(({ rule }) => rule))].toSorted()).toEqual(rules.toSorted());
  });

  it.each([
    ['missing', undefined],
    ['no list', USER],
    ['empty', []],
    ['about another version', ['urn:scim:schemas:core:1.0']],
    ['hostile', [{ toString: 1 }, null, 7]],
  ])('schemas that are %s', (_, schemas) => {
    const { document, notes } = user({ ...(schemas && { schemas }), userName: 'jane' });
    expect(document.userName).toBe('jane');
    expect(notes[0]).toEqual({ rule: 'missing-schemas', path: 'schemas' });
  });

  it('schemas in another case are schemas', () => {
    expect(user({ SCHEMAS: [USER], userName: 'jane' }).notes).toEqual([{ rule: 'attribute-case', path: 'schemas' }]);
  });

  it('at most fifty, each once, and without values or indices', () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`unknown${index}`, 'secret']));
    const { notes } = minimal({ ...many, emails: Array(5).fill({ value: 'x', shoe: 1 }) });
    expect(notes.length).toBe(50);
    expect(JSON.stringify(notes)).not.toContain('secret');
    expect(minimal({ emails: Array(5).fill({ value: 'x', shoe: 1 }) }).notes).toEqual([
      { rule: 'unknown-attribute', path: 'emails.shoe' },
    ]);
  });
});

describe('null, [] and {} mean that an attribute has no value', () => {
  it('in POST', () => {
    const { document } = minimal({
      title: null,
      emails: [],
      phoneNumbers: [null, {}],
      name: { givenName: null },
      roles: null,
    });
    expect(document).toEqual({ userName: 'jane', active: true });
    expect(minimal({ emails: null, name: null, title: null, phoneNumbers: '', roles: [] }).notes).toEqual([]);
  });

  it('in PUT, where they take away what was there, as not mentioning it does', () => {
    const old: Document = {
      userName: 'jane',
      title: 'CEO',
      nickName: 'J',
      emails: [{ value: 'x' }],
      [ENT]: { department: 'D' },
    };
    const { document } = user({ schemas: [USER], userName: 'jane', title: null, emails: [] }, { replace: old });
    expect(document).toEqual({ userName: 'jane', active: true });
  });

  it('for relations, which differ from not being mentioned', () => {
    expect(group({ displayName: 'x' }).relations).toEqual({});
    expect(group({ displayName: 'x', members: [] }).relations).toEqual({ members: [] });
    expect(group({ displayName: 'x', members: null }).relations).toEqual({ members: [] });
  });
});

describe('active', () => {
  it('is true for a user that is created without it', () => expect(minimal().document.active).toBe(true));

  it.each([
    ['forgets it', {}],
    ['says null', { active: null }],
    ['says ""', { active: '' }],
  ])('stays what it was where a PUT %s', (_, sent) => {
    const put = (active: boolean) =>
      user({ userName: 'j', ...sent }, { replace: { userName: 'j', active } }).document.active;
    expect(put(false)).toBe(false);
    expect(put(true)).toBe(true);
  });

  it('is nothing that a group has', () => expect(group({ displayName: 'x' }).document).toEqual({ displayName: 'x' }));
});

describe('the document', () => {
  it("has its attributes in the schema's order, extensions last", () => {
    const body = {
      [ENT]: { department: 'D' },
      title: 'T',
      active: true,
      name: { givenName: 'J' },
      userName: 'j',
      externalId: 'e',
    };
    expect(Object.keys(user(body).document)).toEqual(['externalId', 'userName', 'name', 'title', 'active', ENT]);
  });

  it('tells the schemas that it has content of', () => {
    expect(presentSchemas(minimal().document, USER_TYPE)).toEqual([USER]);
    expect(presentSchemas(minimal({ [ENT]: { department: 'D' } }).document, USER_TYPE)).toEqual([USER, ENT]);
    expect(presentSchemas(minimal({ [ENT]: { department: '' } }).document, USER_TYPE)).toEqual([USER, ENT]);
  });

  it('is not polluted by hostile names', () => {
    const { document } = user(JSON.parse('{"userName":"j","__proto__":{"active":false},"constructor":{"x":1}}'));
    expect(document).toEqual({ userName: 'j', active: true });
    expect(({} as Record<string, unknown>).active).toBeUndefined();
  });

  it('keeps texts as they were sent', () => {
    const sent = { title: ' CEO ', profileUrl: '', x509Certificates: [{ value: 'MIID+/_-\nQ==' }], nickName: '' };
    expect(minimal(sent).document).toMatchObject(sent);
    expect(minimal({ title: 'x'.repeat(65_536) }).document.title).toHaveLength(65_536);
    expect(
      minimal({ roles: Array.from({ length: 1_000 }, (_, i) => ({ value: `${i}` })) }).document.roles,
    ).toHaveLength(1_000);
  });

  it('keeps what a member is said to be', () => {
    const members = [{ value: 'g2', type: 'Group', $ref: '../Groups/g2', display: 'EMEA' }];
    expect(group({ displayName: 'x', members }).relations).toEqual({ members });
  });

  it('names each member once', () => {
    const { relations } = group({
      displayName: 'x',
      members: [{ value: 'a' }, { value: 'b' }, { value: 'a', display: 'A' }],
    });
    expect(relations.members).toEqual([{ value: 'a', display: 'A' }, { value: 'b' }]);
  });
});

describe('a value that does not fit is refused with its path', () => {
  const cases: [string, object, string][] = [
    ['a number for a string', { title: 42 }, 'title must be a string'],
    ['an object for a string', { title: { a: 1 } }, 'title must be a string'],
    ['two strings for one', { title: ['a', 'b'] }, 'title has a single value, and 2 were sent'],
    ['a word for a boolean', { active: 'yes' }, 'active must be true or false'],
    ['a number for a boolean', { active: 1 }, 'active must be true or false'],
    ['a string for a name', { name: 'Jane' }, 'name must be an object, with any of: formatted, familyName'],
    ['a number for a name', { name: 7 }, 'name must be an object'],
    ['a number among e-mail addresses', { emails: [{ value: 'x' }, 7] }, 'emails[1] must be an object'],
    ['a number for an address', { emails: [{ value: 7 }] }, 'emails[0].value must be a string'],
    ['a number deep inside', { [ENT]: { manager: { value: 7 } } }, `${ENT}:manager.value must be a string`],
    ['a string for an extension', { [ENT]: 'x' }, `${ENT} must be an object of attributes`],
    [
      'a certificate that is no base64',
      { x509Certificates: [{ value: '*' }] },
      'x509Certificates[0].value must be a string in base64',
    ],
    ['a number for a password', { password: 12345 }, 'password must be a string'],
    [
      'two primary values',
      {
        emails: [
          { value: 'a', primary: true },
          { value: 'b', primary: true },
        ],
      },
      'emails: only one value can be primary',
    ],
    ['U+0000', { title: 'a\0b' }, 'title contains U+0000'],
    ['half a surrogate pair', { name: { givenName: '\ud800' } }, 'name.givenName contains U+0000 or half'],
    ['U+0000 in an attribute that is passed over', { meta: { x: ['\0'] } }, 'meta.x[0] contains U+0000'],
    ['U+0000 in a name', { 'a\0': 1 }, 'the body contains U+0000'],
    ['a text over 64 KB', { title: 'x'.repeat(65_537) }, 'title is longer than 65536 bytes'],
    ['a text over 64 KB in UTF-8', { title: 'é'.repeat(32_769) }, 'title is longer than 65536 bytes'],
    ['more than a thousand values', { emails: Array(1_001).fill({ value: 'x' }) }, 'emails: at most 1000 values'],
  ];
  it.each(cases)('%s', (_, body, detail) => {
    const error = refusal({ userName: 'jane', ...body });
    expect(error).toMatchObject({ status: 400, scimType: 'invalidValue' });
    expect(error.detail).toContain(detail);
    expect(error.detail).not.toContain('12345');
  });

  it.each([
    ['userName missing', {}],
    ['userName null', { userName: null }],
    ['userName empty', { userName: '' }],
    ['userName blank', { userName: ' \t ' }],
  ])('%s', (_, body) => {
    for (const mode of ['create', { replace: { userName: 'old' } }] as ReadMode[]) {
      const error = failureOf(() => user(body, mode));
      expect(error).toMatchObject({ status: 400, scimType: 'invalidValue' });
      expect(error.detail).toContain('userName is required');
    }
  });

  it('a group without a name, a member without an id', () => {
    expect(refusal({ members: [] }, GROUP_TYPE).detail).toBe('displayName is required and must have a value');
    expect(refusal({ displayName: 'x', members: [{ display: 'Jane' }] }, GROUP_TYPE).detail).toBe(
      'members[0].value is required',
    );
    expect(refusal({ displayName: 'x', members: [{ value: 7 }] }, GROUP_TYPE).detail).toBe(
      'members[0].value must be a string',
    );
  });

  it.each([
    ['a list', []],
    ['a string', 'x'],
    ['null', null],
    ['nothing', undefined],
  ])('a body that is %s', (_, body) => expect(refusal(body)).toMatchObject({ status: 400, scimType: 'invalidSyntax' }));

  it('the same attribute twice', () => {
    expect(refusal({ userName: 'a', username: 'b' })).toMatchObject({ scimType: 'invalidSyntax' });
    expect(refusal({ userName: 'a', [`${USER}:userName`]: 'b' })).toMatchObject({ scimType: 'invalidSyntax' });
    expect(refusal({ userName: 'a', name: { givenName: 'a', GIVENNAME: 'b' } }).detail).toContain('name.givenName');
  });

  it('nesting of 10,000 in whatever attribute, without using up the stack', () => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      const deep = JSON.parse(`{"userName":"j","x":${open.repeat(10_000)}1${close.repeat(10_000)}}`);
      expect(refusal(deep)).toMatchObject({ status: 400, scimType: 'invalidSyntax' });
      expect(refusal(deep).detail).toContain('nests deeper than 32');
    }
  });

  it('but nesting of 32 in an attribute that is passed over is none of our business', () => {
    const nested = (depth: number) =>
      JSON.parse(`{"userName":"j","x":${'['.repeat(depth - 1)}1${']'.repeat(depth - 1)}}`);
    expect(user(nested(32)).document.userName).toBe('j');
    expect(refusal(nested(33)).scimType).toBe('invalidSyntax');
  });
});

describe('immutable attributes and required extensions', () => {
  const type = deviceTypeOf();
  const device = (more: object = {}) => ({ serial: 'S1', [LAB]: { bench: 'B' }, ...more });
  const put = (body: unknown) => readResource(body, type, { replace: { serial: 'S1', [LAB]: { bench: 'B' } } });

  it('are set at creation, and may be repeated or left out in a PUT', () => {
    expect(readResource(device(), type, 'create').document.serial).toBe('S1');
    expect(put(device()).document.serial).toBe('S1');
    expect(put({ [LAB]: { bench: 'B' } }).document.serial).toBe('S1');
  });

  it('cannot be changed by a PUT', () => {
    expect(failureOf(() => put(device({ serial: 'S2' })))).toMatchObject({ status: 400, scimType: 'mutability' });
  });

  it('an extension that is required, and what is required in it', () => {
    const error = (body: unknown) => failureOf(() => readResource(body, type, 'create')).detail;
    expect(error({ serial: 'S1' })).toBe(`The extension ${LAB} is required`);
    expect(error({ serial: 'S1', [LAB]: { room: 'R' } })).toBe(`${LAB}:bench is required and must have a value`);
  });

  it('numbers, dates and lists of simple values are checked by their type', () => {
    const read = (more: object) => readResource(device(more), type, 'create').document;
    expect(read({ ports: 8, weight: 1.5, bought: '2026-01-01T00:00:00Z', tags: ['a', null, 'b'] })).toMatchObject({
      ports: 8,
      weight: 1.5,
      bought: '2026-01-01T00:00:00Z',
      tags: ['a', 'b'],
    });
    for (const wrong of [
      { ports: 1.5 },
      { ports: '8' },
      { weight: 'x' },
      { bought: 'today' },
      { tags: [1] },
      { tags: [['a']] },
    ]) {
      expect(failureOf(() => read(wrong)).scimType).toBe('invalidValue');
    }
  });
});
