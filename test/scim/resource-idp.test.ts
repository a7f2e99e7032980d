import { describe, expect, it } from 'vitest';
import { ENT, GROUP, USER } from './fixtures.ts';
import { group, minimal, refusal, user } from './reading.ts';

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
    ['"" for a boolean, as none', { active: '' }, { active: true }, ['empty-for-unassigned']],
    ['"" for a list, as none', { phoneNumbers: '' }, {}, ['empty-for-unassigned']],
    ['"" for an extension, as none', { [ENT]: '' }, {}, ['empty-for-unassigned']],
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
