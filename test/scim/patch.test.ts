import { describe, expect, it } from 'vitest';
import type { Document } from '../../src/scim/document.ts';
import { applyPatch, type PatchOptions } from '../../src/scim/patch.ts';
import { deviceTypeOf, ENT, failureOf, LAB, PATCHOP, USER, USER_TYPE } from './fixtures.ts';

type Operation = Record<string, unknown>;
const STRICT: PatchOptions = { createOnReplace: false };
const ENTRA: PatchOptions = { createOnReplace: true };

const jane: Document = {
  externalId: 'X1',
  userName: 'jane',
  name: { givenName: 'Jane', familyName: 'Doe' },
  title: 'Engineer',
  active: true,
  emails: [
    { value: 'jane@work.example', type: 'work', primary: true },
    { value: 'jane@home.example', type: 'home' },
  ],
  [ENT]: { department: 'Sales', manager: { value: 'M1', $ref: '../Users/M1', displayName: 'Boss' } },
};
const frozen = structuredClone(jane);

const patch = (operations: unknown, document = jane, options = STRICT, type = USER_TYPE) =>
  applyPatch(document, { schemas: [PATCHOP], Operations: operations }, type, options);
/** What one operation makes of the attributes given. */
const patched = (operation: Operation, document = jane, options = STRICT) =>
  patch([operation], document, options).document;
const refusal = (operation: unknown, options = STRICT) => failureOf(() => patch([operation], jane, options));

describe('add', () => {
  it('sets what has no value, and replaces a single value', () => {
    expect(patched({ op: 'add', path: 'nickName', value: 'Babs' }).nickName).toBe('Babs');
    expect(patched({ op: 'add', path: 'title', value: 'CEO' }).title).toBe('CEO');
  });

  it('merges into a complex value', () => {
    expect(patched({ op: 'add', path: 'name', value: { middleName: 'X', familyName: 'Roe' } }).name).toEqual({
      givenName: 'Jane',
      familyName: 'Roe',
      middleName: 'X',
    });
  });

  it('appends to a multi-valued attribute', () => {
    const { emails } = patched({ op: 'add', path: 'emails', value: [{ value: 'other@x', type: 'other' }] });
    expect(emails).toEqual([...(jane.emails as object[]), { value: 'other@x', type: 'other' }]);
  });

  it('appends a single object as well', () => {
    expect(patched({ op: 'add', path: 'roles', value: { value: 'admin' } }).roles).toEqual([{ value: 'admin' }]);
  });

  it('does not double a value that is there, whatever its case', () => {
    const { document, changed } = patch([
      { op: 'add', path: 'emails', value: [{ value: 'JANE@home.example', type: 'HOME' }] },
    ]);
    expect((document.emails as object[]).length).toBe(2);
    expect(changed).toBe(true);
    expect(patch([{ op: 'add', path: 'emails', value: [{ value: 'jane@home.example', type: 'home' }] }]).changed).toBe(
      false,
    );
  });

  it('adds to a value that is there what it did not have', () => {
    const { emails } = patched({
      op: 'add',
      path: 'emails',
      value: [{ value: 'jane@home.example', type: 'home', display: 'J' }],
    });
    expect(emails).toEqual([
      { value: 'jane@work.example', type: 'work', primary: true },
      { value: 'jane@home.example', type: 'home', display: 'J' },
    ]);
  });

  it('keeps the same value with another type apart', () => {
    const { emails } = patched({ op: 'add', path: 'emails', value: [{ value: 'jane@work.example', type: 'home' }] });
    expect(emails).toHaveLength(3);
  });

  it('does not double an address either, which has no value', () => {
    const address = { type: 'work', locality: 'Rome' };
    const once = patched({ op: 'add', path: 'addresses', value: [address] });
    expect(patch([{ op: 'add', path: 'addresses', value: [{ locality: 'Rome', type: 'work' }] }], once).changed).toBe(
      false,
    );
  });

  it('of nothing changes nothing', () => {
    expect(patch([{ op: 'add', path: 'emails', value: [] }]).changed).toBe(false);
    expect(patch([{ op: 'add', path: 'name', value: {} }]).changed).toBe(false);
  });
});

describe('replace', () => {
  it('of a single value, present or not', () => {
    expect(patched({ op: 'replace', path: 'title', value: 'CEO' }).title).toBe('CEO');
    expect(patched({ op: 'replace', path: 'nickName', value: 'J' }).nickName).toBe('J');
    expect(patched({ op: 'replace', path: 'name.givenName', value: 'Jo' }).name).toEqual({
      givenName: 'Jo',
      familyName: 'Doe',
    });
    expect(patched({ op: 'replace', path: `${ENT}:costCenter`, value: '7' })[ENT]).toMatchObject({
      department: 'Sales',
      costCenter: '7',
    });
  });

  it('of a complex value leaves alone what is not mentioned (RFC 7644 section 3.5.2.3)', () => {
    expect(patched({ op: 'replace', path: 'name', value: { givenName: 'Jo' } }).name).toEqual({
      givenName: 'Jo',
      familyName: 'Doe',
    });
  });

  it('of a multi-valued attribute replaces all of it', () => {
    expect(patched({ op: 'replace', path: 'emails', value: [{ value: 'new@x' }] }).emails).toEqual([
      { value: 'new@x' },
    ]);
  });

  it('of the values that a filter selects merges each of them', () => {
    expect(
      patched({ op: 'replace', path: 'emails[type eq "work"]', value: { value: 'new@x', display: 'New' } }).emails,
    ).toEqual([
      { value: 'new@x', type: 'work', primary: true, display: 'New' },
      { value: 'jane@home.example', type: 'home' },
    ]);
    expect(patched({ op: 'replace', path: 'emails[value co "example"].display', value: 'J' }).emails).toEqual([
      { value: 'jane@work.example', type: 'work', primary: true, display: 'J' },
      { value: 'jane@home.example', type: 'home', display: 'J' },
    ]);
  });

  it('takes a bare string for the value that a filter selects, and a list of one', () => {
    for (const value of ['new@x', ['new@x'], [{ value: 'new@x' }]]) {
      expect(patched({ op: 'replace', path: 'emails[type eq "home"]', value }).emails).toMatchObject([
        {},
        { value: 'new@x', type: 'home' },
      ]);
    }
    expect(patch([{ op: 'replace', path: 'emails[type eq "home"]', value: [{ value: 'x' }] }]).notes).toEqual([
      { rule: 'array-for-single-value', path: 'emails' },
    ]);
    expect(refusal({ op: 'replace', path: 'emails[type eq "home"]', value: ['a', 'b'] }).scimType).toBe('invalidValue');
  });

  it('of a sub-attribute without a filter takes the one value there is, or makes one', () => {
    const one: Document = { userName: 'j', emails: [{ value: 'a@x', type: 'work' }] };
    expect(patched({ op: 'replace', path: 'emails.value', value: 'b@x' }, one).emails).toEqual([
      { value: 'b@x', type: 'work' },
    ]);
    expect(patched({ op: 'add', path: 'emails.value', value: 'b@x' }, { userName: 'j' }).emails).toEqual([
      { value: 'b@x' },
    ]);
    expect(refusal({ op: 'replace', path: 'emails.value', value: 'b@x' })).toMatchObject({ scimType: 'noTarget' });
  });
});

describe('a filter that matches nothing', () => {
  const created = (operation: Operation, options = STRICT) => patched(operation, { userName: 'j' }, options);

  it('makes the value that an add describes', () => {
    expect(created({ op: 'add', path: 'emails[type eq "work"].value', value: 'a@x' }).emails).toEqual([
      { type: 'work', value: 'a@x' },
    ]);
    expect(created({ op: 'add', path: 'emails[type eq "untyped"].value', value: 'a@x' }).emails).toEqual([
      { type: 'untyped', value: 'a@x' },
    ]);
    expect(
      created({ op: 'add', path: 'emails[type eq "work" and primary eq true]', value: { value: 'a@x' } }).emails,
    ).toEqual([{ type: 'work', primary: true, value: 'a@x' }]);
    expect(created({ op: 'add', path: 'roles[primary eq "True"].value', value: 'Admin' }).roles).toEqual([
      { primary: true, value: 'Admin' },
    ]);
  });

  it('makes the value that a replace describes, where its type is one of the schema or not named', () => {
    const operation = { op: 'replace', path: 'emails[type eq "Work"].value', value: 'a@x' };
    expect(created(operation).emails).toEqual([{ type: 'Work', value: 'a@x' }]);
    expect(patch([operation], { userName: 'j' }).notes).toEqual([{ rule: 'created-by-replace', path: 'emails' }]);
    expect(created({ op: 'replace', path: 'roles[primary eq "True"].value', value: 'A' }).roles).toEqual([
      { primary: true, value: 'A' },
    ]);
    expect(created({ op: 'replace', path: 'addresses[type eq "work"].country', value: 'SE' }).addresses).toEqual([
      { type: 'work', country: 'SE' },
    ]);
  });

  it('refuses a replace of any other type, unless the identity provider is Entra', () => {
    const operation = { op: 'replace', path: 'emails[type eq "untyped"].value', value: 'a@x' };
    const error = failureOf(() => created(operation));
    expect(error).toMatchObject({ status: 400, scimType: 'noTarget' });
    expect(error.detail).toContain('use a type of work, home, other');
    expect(created(operation, ENTRA).emails).toEqual([{ type: 'untyped', value: 'a@x' }]);
    expect(failureOf(() => created({ op: 'replace', path: 'roles[type eq "app"].value', value: 'A' })).scimType).toBe(
      'noTarget',
    );
  });

  it.each([
    'emails[value co "x"]',
    'emails[type eq "work" or type eq "home"]',
    'emails[not (type eq "work")]',
    'emails[type eq "work" and value sw "x"]',
    'emails[type eq "work" and type eq "home"]',
    'emails[type eq null]',
  ])('refuses %s, which describes no value, for anybody', (path) => {
    for (const op of ['add', 'replace']) {
      const error = failureOf(() => created({ op, path, value: { display: 'x' } }, ENTRA));
      expect(error).toMatchObject({ status: 400, scimType: 'noTarget' });
    }
  });

  it('changes nothing where the operation unassigns', () => {
    for (const value of [null, '']) {
      expect(patch([{ op: 'replace', path: 'phoneNumbers[type eq "work"].value', value }]).changed).toBe(false);
      expect(patch([{ op: 'replace', path: 'phoneNumbers[type eq "pager"]', value }]).changed).toBe(false);
      expect(patch([{ op: 'replace', path: 'roles[type eq "app"].value', value }]).changed).toBe(false);
      expect(patch([{ op: 'add', path: 'roles[value co "x"].display', value }]).changed).toBe(false);
    }
  });

  it('refuses a remove', () => {
    expect(refusal({ op: 'remove', path: 'emails[type eq "other"]' })).toMatchObject({
      status: 400,
      scimType: 'noTarget',
    });
    expect(refusal({ op: 'remove', path: 'emails[type eq "other"].value' }).scimType).toBe('noTarget');
  });
});

describe('remove', () => {
  it('of an attribute, a sub-attribute, an extension attribute, an extension', () => {
    expect(patched({ op: 'remove', path: 'title' })).not.toHaveProperty('title');
    expect(patched({ op: 'remove', path: 'name.givenName' }).name).toEqual({ familyName: 'Doe' });
    expect(patched({ op: 'remove', path: 'emails' })).not.toHaveProperty('emails');
    expect(patched({ op: 'remove', path: `${ENT}:manager` })[ENT]).toEqual({ department: 'Sales' });
    expect(patched({ op: 'remove', path: ENT })).not.toHaveProperty([ENT]);
  });

  it('of the last sub-attribute takes the attribute along, of the last attribute the extension', () => {
    const document: Document = { userName: 'j', name: { givenName: 'J' }, [ENT]: { department: 'D' } };
    expect(patched({ op: 'remove', path: 'name.givenName' }, document)).not.toHaveProperty('name');
    expect(patched({ op: 'remove', path: `${ENT}:department` }, document)).not.toHaveProperty([ENT]);
  });

  it('of selected values, or of a sub-attribute of them', () => {
    expect(patched({ op: 'remove', path: 'emails[type eq "work" and value ew "example"]' }).emails).toEqual([
      { value: 'jane@home.example', type: 'home' },
    ]);
    expect(patched({ op: 'remove', path: 'emails[type eq "home"].type' }).emails).toEqual([
      { value: 'jane@work.example', type: 'work', primary: true },
      { value: 'jane@home.example' },
    ]);
    expect(patched({ op: 'remove', path: 'emails.type' }).emails).toEqual([
      { value: 'jane@work.example', primary: true },
      { value: 'jane@home.example' },
    ]);
  });

  it('of the value of an e-mail address takes the address along: what is left is only a label', () => {
    expect(patched({ op: 'remove', path: 'emails[type eq "work"].value' }).emails).toEqual([
      { value: 'jane@home.example', type: 'home' },
    ]);
    expect(patched({ op: 'replace', path: 'emails[type eq "work"].value', value: '' }).emails).toEqual([
      { value: 'jane@home.example', type: 'home' },
    ]);
    expect(patched({ op: 'remove', path: 'emails.value' })).not.toHaveProperty('emails');
  });

  it('with a list of values removes only those', () => {
    const { document, notes } = patch([
      { op: 'remove', path: 'emails', value: [{ value: 'JANE@home.example' }, { value: 'x' }] },
    ]);
    expect(document.emails).toEqual([{ value: 'jane@work.example', type: 'work', primary: true }]);
    expect(notes).toEqual([{ rule: 'remove-with-value', path: 'emails' }]);
    expect(
      patch([{ op: 'remove', path: 'emails', value: [{ value: 'jane@home.example', type: 'work' }] }]).changed,
    ).toBe(false);
    expect(patched({ op: 'remove', path: 'emails', value: [{ type: 'home' }] }).emails).toHaveLength(1);
    expect(patched({ op: 'remove', path: 'emails', value: null })).not.toHaveProperty('emails');
  });

  it('of what is not there changes nothing', () => {
    for (const path of ['nickName', 'name.middleName', 'photos', `${ENT}:division`]) {
      expect(patch([{ op: 'remove', path }]).changed).toBe(false);
    }
  });

  it('of a required attribute is refused with mutability, of nothing with noTarget', () => {
    expect(refusal({ op: 'remove', path: 'userName' })).toMatchObject({ status: 400, scimType: 'mutability' });
    expect(refusal({ op: 'remove' })).toMatchObject({ status: 400, scimType: 'noTarget' });
    expect(refusal({ op: 'remove', path: '' }).scimType).toBe('noTarget');
    expect(refusal({ op: 'remove', path: USER }).scimType).toBe('noTarget');
  });
});

describe('a path-less operation', () => {
  it('takes nested, dotted and URN-prefixed names, and a whole extension', () => {
    const value = {
      displayName: 'Jane Roe',
      'name.familyName': 'Roe',
      [`${USER}:nickName`]: 'J',
      [`${ENT}:employeeNumber`]: '42',
      [`${ENT}:manager.value`]: 'M2',
      [ENT]: { costCenter: 'C' },
      'emails[type eq "home"].value': 'new@home',
    };
    for (const op of ['add', 'replace']) {
      expect(patched({ op, value })).toMatchObject({
        displayName: 'Jane Roe',
        name: { givenName: 'Jane', familyName: 'Roe' },
        nickName: 'J',
        title: 'Engineer',
        emails: [{ value: 'jane@work.example' }, { value: 'new@home', type: 'home' }],
        [ENT]: { department: 'Sales', employeeNumber: '42', manager: { value: 'M2' }, costCenter: 'C' },
      });
    }
  });

  it('adds to, or replaces, multi-valued attributes', () => {
    const value = { emails: [{ value: 'babs@jensen.org', type: 'home' }], nickname: 'Babs' };
    expect(patched({ op: 'add', value }).emails).toHaveLength(3);
    expect(patched({ op: 'add', value }).nickName).toBe('Babs');
    expect(patched({ op: 'replace', value }).emails).toEqual(value.emails);
  });

  it.each([undefined, null, '', '  ', USER])('has no path, or %j', (path) => {
    expect(patched({ op: 'replace', path, value: { title: 'CEO' } }).title).toBe('CEO');
  });

  it('passes over what is readOnly or unknown, noting the latter', () => {
    const { document, changed, notes } = patch([
      {
        op: 'replace',
        value: { id: 'other', meta: { version: 'x' }, schemas: [USER], groups: [{ value: 'g' }], shoeSize: 42 },
      },
    ]);
    expect(document).toBe(jane);
    expect(changed).toBe(false);
    expect(notes).toEqual([{ rule: 'unknown-attribute', path: 'shoeSize' }]);
  });

  it.each([
    ['a string', 'x'],
    ['a list', [{ title: 'x' }]],
    ['null', null],
    ['a number', 1],
  ])('is refused with %s for a value', (_, value) => {
    expect(refusal({ op: 'replace', value })).toMatchObject({ status: 400, scimType: 'invalidValue' });
  });

  it('is refused where a path among its keys is malformed', () => {
    expect(refusal({ op: 'replace', value: { 'emails[type eq': 'x' } })).toMatchObject({
      status: 400,
      scimType: 'invalidPath',
    });
    expect(refusal({ op: 'replace', value: { 'emails[shoe eq "x"].value': 'x' } }).scimType).toBe('invalidFilter');
  });
});

describe('null and "" unassign', () => {
  it.each([null, ''])('%j', (value) => {
    for (const op of ['add', 'replace']) {
      expect(patched({ op, path: 'title', value })).not.toHaveProperty('title');
      expect(patched({ op, path: 'name.givenName', value }).name).toEqual({ familyName: 'Doe' });
      expect(patched({ op, path: 'name', value })).not.toHaveProperty('name');
      expect(patched({ op, path: 'name', value: { familyName: value } }).name).toEqual({ givenName: 'Jane' });
      expect(patched({ op, path: 'emails', value })).not.toHaveProperty('emails');
      expect(patched({ op, path: 'emails[type eq "work"]', value }).emails).toEqual([
        { value: 'jane@home.example', type: 'home' },
      ]);
      expect(patched({ op, path: `${ENT}:manager`, value })[ENT]).toEqual({ department: 'Sales' });
      expect(patched({ op, path: ENT, value })).not.toHaveProperty([ENT]);
      expect(patched({ op, value: { title: value, [ENT]: value } })).toEqual({
        ...jane,
        title: undefined,
        [ENT]: undefined,
      });
    }
  });

  it('and [] does so with replace', () => {
    expect(patched({ op: 'replace', path: 'emails', value: [] })).not.toHaveProperty('emails');
    expect(patched({ op: 'replace', value: { emails: [] } })).not.toHaveProperty('emails');
  });

  it('but a required attribute must keep a value', () => {
    for (const value of [null, '', '   ']) {
      expect(refusal({ op: 'replace', path: 'userName', value })).toMatchObject({
        status: 400,
        scimType: 'invalidValue',
      });
      expect(refusal({ op: 'replace', value: { userName: value } })).toMatchObject({
        status: 400,
        scimType: 'invalidValue',
      });
    }
  });
});

describe('active', () => {
  const leaver: Document = { userName: 'j', active: false };
  it.each([
    { op: 'remove', path: 'active' },
    { op: 'replace', path: 'active', value: null },
    { op: 'replace', path: 'active', value: '' },
    { op: 'add', value: { active: null } },
  ])('is left as it is by %j', (operation) => {
    expect(patch([operation], leaver).changed).toBe(false);
    expect(patch([operation]).changed).toBe(false);
  });

  it('is a boolean afterwards, however it was sent', () => {
    for (const value of [false, 'False', 'false', 'FALSE', [false]]) {
      expect(patched({ op: 'Replace', path: 'active', value }).active).toBe(false);
      expect(patched({ op: 'Add', value: { active: value } }).active).toBe(false);
    }
    expect(refusal({ op: 'replace', path: 'active', value: 'no' }).detail).toBe(
      'Operations[0] (path active): active must be true or false',
    );
  });
});

describe('primary', () => {
  it('set on one value is taken from the others', () => {
    const expected = [
      { value: 'jane@work.example', type: 'work', primary: false },
      { value: 'jane@home.example', type: 'home', primary: true },
    ];
    expect(patched({ op: 'replace', path: 'emails[type eq "home"].primary', value: true }).emails).toEqual(expected);
    expect(patched({ op: 'add', path: 'emails[type eq "home"]', value: { primary: 'True' } }).emails).toEqual(expected);
    expect(
      patched({ op: 'add', path: 'emails', value: [{ value: 'jane@home.example', type: 'home', primary: true }] })
        .emails,
    ).toEqual(expected);
    expect(patched({ op: 'add', value: { emails: { value: 'c@x', primary: true } } }).emails).toEqual([
      { value: 'jane@work.example', type: 'work', primary: false },
      { value: 'jane@home.example', type: 'home' },
      { value: 'c@x', primary: true },
    ]);
    expect(
      patched({ op: 'add', path: 'emails[type eq "other" and primary eq true].value', value: 'c@x' }).emails,
    ).toMatchObject([{ primary: false }, {}, { primary: true }]);
  });

  it('stays where it is when another sub-attribute changes', () => {
    expect(patched({ op: 'replace', path: 'emails[type pr].display', value: 'J' }).emails).toMatchObject([
      { primary: true },
      { type: 'home' },
    ]);
  });

  it.each([
    { op: 'replace', path: 'emails[type pr].primary', value: true },
    {
      op: 'replace',
      path: 'emails',
      value: [
        { value: 'a', primary: true },
        { value: 'b', primary: true },
      ],
    },
    {
      op: 'add',
      path: 'roles',
      value: [
        { value: 'a', primary: true },
        { value: 'b', primary: true },
      ],
    },
  ])('cannot be two values: %j', (operation) => {
    expect(refusal(operation)).toMatchObject({ status: 400, scimType: 'invalidValue' });
  });

  it('sent twice for the same value is one', () => {
    const twice = { value: 'a', primary: true };
    expect(patched({ op: 'add', path: 'roles', value: [twice, twice] }).roles).toEqual([twice]);
  });
});

describe('the manager', () => {
  const manager = (value: unknown, path = `${ENT}:manager`) =>
    (patched({ op: 'add', path, value })[ENT] as Document).manager;

  it.each([
    ['a string', 'M2', { value: 'M2' }],
    ['a list of one', [{ $ref: '../Users/M2', value: 'M2' }], { value: 'M2', $ref: '../Users/M2' }],
    ['an object', { value: 'M2' }, { value: 'M2' }],
    [
      'the same manager again, which changes nothing',
      { value: 'M1' },
      { value: 'M1', $ref: '../Users/M1', displayName: 'Boss' },
    ],
    ['an empty value, as none', { value: '' }, undefined],
    ['a list of nothing, as none', [], undefined],
  ])('from %s', (_, value, expected) => expect(manager(value)).toEqual(expected));

  it("behind the dot of Microsoft's collection", () =>
    expect(manager('M2', `${ENT}.manager`)).toEqual({ value: 'M2' }));
  it('by its value', () => expect(manager('M2', `${ENT}:manager.value`)).toEqual({ value: 'M2' }));
  it('keeps a display name that is sent along', () => {
    expect(manager({ value: 'M2', displayName: 'New' })).toEqual({ value: 'M2', displayName: 'New' });
  });
});

describe('what cannot be changed', () => {
  it.each(['id', 'meta', 'meta.created', 'groups', 'groups[value eq "g1"]', `${ENT}:manager.displayName`])(
    '%s by an explicit path is mutability',
    (path) => {
      for (const op of ['add', 'replace', 'remove']) {
        const error = refusal({ op, path, value: 'x' });
        expect(error).toMatchObject({ status: 400, scimType: 'mutability' });
        expect(error.detail).toContain('is readOnly');
      }
    },
  );

  it('schemas follows from the attributes: naming an extension first is understood, taking one away is not', () => {
    const { changed, notes } = patch([{ op: 'add', path: 'schemas', value: [ENT] }]);
    expect({ changed, notes }).toEqual({ changed: false, notes: [{ rule: 'patched-schemas', path: 'schemas' }] });
    expect(refusal({ op: 'remove', path: 'schemas' }).scimType).toBe('mutability');
    expect(refusal({ op: 'replace', path: 'schemas', value: [USER] }).scimType).toBe('mutability');
  });

  it('an immutable attribute once it has a value', () => {
    const type = deviceTypeOf();
    const device: Document = { serial: 'S', slots: [{ value: 'a', code: '1' }, { value: 'b' }], [LAB]: { bench: 'B' } };
    const run = (operation: Operation, document = device) => patch([operation], document, STRICT, type);
    expect(failureOf(() => run({ op: 'replace', path: 'serial', value: 'T' })).scimType).toBe('mutability');
    expect(failureOf(() => run({ op: 'replace', value: { serial: 'T' } })).scimType).toBe('mutability');
    expect(failureOf(() => run({ op: 'remove', path: 'serial' })).scimType).toBe('mutability');
    expect(run({ op: 'replace', path: 'serial', value: 'S' }).changed).toBe(false);
    expect(run({ op: 'add', path: 'serial', value: 'S' }, { tags: ['x'] }).document.serial).toBe('S');
    expect(failureOf(() => run({ op: 'add', path: 'slots[value eq "a"]', value: { code: '2' } })).scimType).toBe(
      'mutability',
    );
    expect(failureOf(() => run({ op: 'replace', path: 'slots[value eq "a"].code', value: '2' })).scimType).toBe(
      'mutability',
    );
    expect(failureOf(() => run({ op: 'remove', path: 'slots[value eq "a"].code' })).scimType).toBe('mutability');
    expect(run({ op: 'add', path: 'slots[value eq "b"].code', value: '2' }).changed).toBe(true);
    const removal = failureOf(() => run({ op: 'remove', path: LAB }));
    expect(removal.scimType).toBe('mutability');
    expect(removal.detail).toContain(`: ${LAB} is required and cannot be removed`);
  });
});

describe('lists of simple values', () => {
  const type = deviceTypeOf();
  const tags = (operation: Operation) =>
    patch([operation], { serial: 'S', tags: ['red', 'blue'] }, STRICT, type).document.tags;

  it('are added to without doubling, replaced, and removed from', () => {
    expect(tags({ op: 'add', path: 'tags', value: ['RED', 'green'] })).toEqual(['RED', 'blue', 'green']);
    expect(tags({ op: 'add', path: 'tags', value: 'green' })).toEqual(['red', 'blue', 'green']);
    expect(tags({ op: 'replace', path: 'tags', value: ['x'] })).toEqual(['x']);
    expect(tags({ op: 'remove', path: 'tags[value eq "RED"]' })).toEqual(['blue']);
    expect(tags({ op: 'remove', path: 'tags', value: ['red'] })).toEqual(['blue']);
    expect(tags({ op: 'replace', path: 'tags[value eq "red"]', value: 'pink' })).toEqual(['pink', 'blue']);
    expect(tags({ op: 'replace', path: 'tags[value eq "red"]', value: '' })).toEqual(['blue']);
    expect(tags({ op: 'add', path: 'tags[value eq "new"]', value: 'new' })).toEqual(['red', 'blue', 'new']);
  });
});

describe('the password', () => {
  it('comes out by itself, the last one sent', () => {
    const result = patch([
      { op: 'replace', path: 'password', value: 'first' },
      { op: 'replace', value: { password: 'second' } },
    ]);
    expect(result.password).toBe('second');
    expect(result.changed).toBe(false);
    expect(JSON.stringify(result.document)).not.toContain('second');
    expect(
      patch([
        { op: 'add', path: 'password', value: 'x' },
        { op: 'remove', path: 'password' },
      ]),
    ).not.toHaveProperty('password');
    expect(patch([{ op: 'replace', path: 'password', value: '' }])).not.toHaveProperty('password');
  });

  it.each([
    { op: 'replace', path: 'password', value: { hunter2: 'hunter2' } },
    { op: 'replace', path: 'password', value: ['hunter2', 'hunter2'] },
    { op: 'replace', path: 'password eq "hunter2"', value: 'hunter2' },
    { op: 'replace', path: 'password[value eq "hunter2"]', value: 'hunter2' },
    { op: 'replace', path: 'title', value: { password: 'hunter2' } },
    { op: 'hunter2', path: 'password', value: 'hunter2' },
  ])('is never echoed: %j', (operation) => {
    const error = refusal(operation);
    expect(error.status).toBe(400);
    expect(error.detail).not.toContain('hunter2');
  });
});

describe('the operations', () => {
  it('are applied in order, each to what the one before left', () => {
    const { document } = patch([
      { op: 'add', path: 'phoneNumbers', value: [{ value: '1', type: 'work' }] },
      { op: 'replace', path: 'phoneNumbers[type eq "work"].value', value: '2' },
      { op: 'remove', path: 'emails' },
      { op: 'add', path: 'emails', value: { value: 'x' } },
    ]);
    expect(document).toMatchObject({ phoneNumbers: [{ value: '2', type: 'work' }], emails: [{ value: 'x' }] });
  });

  it('are all or nothing, and never touch the document given', () => {
    const error = failureOf(() =>
      patch([
        { op: 'replace', path: 'emails[type eq "work"].value', value: 'changed' },
        { op: 'replace', path: `${ENT}:manager`, value: 'changed' },
        { op: 'replace', path: 'shoeSize', value: 42 },
      ]),
    );
    expect(error).toMatchObject({ status: 400, scimType: 'invalidPath' });
    expect(error.detail).toBe("Operations[2] (path shoeSize): 'shoeSize' names no attribute of User");
    patch([
      { op: 'replace', path: 'emails[type eq "work"].value', value: 'changed' },
      { op: 'remove', path: ENT },
    ]);
    expect(jane).toEqual(frozen);
  });

  it("leave the document's attributes in the schema's order", () => {
    const { document } = patch([{ op: 'add', path: 'displayName', value: 'J' }], {
      [ENT]: { division: 'D' },
      userName: 'j',
      externalId: 'e',
    });
    expect(Object.keys(document)).toEqual(['externalId', 'userName', 'displayName', ENT]);
  });

  it('that change nothing give back the very document', () => {
    const { document, changed } = patch([
      { op: 'replace', path: 'title', value: 'Engineer' },
      { op: 'add', path: 'name', value: { familyName: 'Doe' } },
      { op: 'replace', path: 'emails', value: structuredClone(jane.emails) },
      { op: 'add', path: 'nickName', value: 'J' },
      { op: 'remove', path: 'nickName' },
    ]);
    expect(changed).toBe(false);
    expect(document).toBe(jane);
  });

  it('come in a body whose names and verbs have any case, with a note about the latter', () => {
    const { document, notes } = applyPatch(
      jane,
      { operations: [{ OP: 'REPLACE', Path: 'title', VALUE: 'CEO' }] },
      USER_TYPE,
      STRICT,
    );
    expect(document.title).toBe('CEO');
    expect(notes).toEqual([
      { rule: 'missing-schemas', path: 'schemas' },
      { rule: 'op-case', path: 'op' },
    ]);
  });

  it('up to a thousand', () => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ op: 'replace', path: 'title', value: `${index}` }));
    expect(patch(many(1_000)).document.title).toBe('999');
    expect(failureOf(() => patch(many(1_001)))).toMatchObject({ status: 413 });
  });

  it.each([
    ['a body that is a list', []],
    ['a body that is null', null],
    ['a body that is a string', 'x'],
    ['no Operations', { schemas: [PATCHOP] }],
    ['a SCIM 1.1 body', { userName: 'x' }],
    ['Operations that are no list', { Operations: { op: 'add' } }],
    ['no operation', { Operations: [] }],
    ['an operation that is no object', { Operations: ['add'] }],
    ['an operation that is null', { Operations: [null] }],
    ['an operation that is a list', { Operations: [['op', 'add']] }],
    ['an operation without op', { Operations: [{ path: 'title', value: 'x' }] }],
    ['an unknown op', { Operations: [{ op: 'move', path: 'title', value: 'x' }] }],
    ['an op that is no string', { Operations: [{ op: 1, path: 'title', value: 'x' }] }],
  ])('%s is refused with invalidSyntax', (_, body) => {
    const error = failureOf(() => applyPatch(jane, body, USER_TYPE, STRICT));
    expect(error).toMatchObject({ status: 400, scimType: 'invalidSyntax' });
  });

  it.each([
    [{ op: 'add', path: 'title' }, 'invalidValue', 'add needs a value'],
    [{ op: 'replace', path: 42, value: 'x' }, 'invalidPath', 'path must be a string'],
    [{ op: 'replace', path: 'title', value: { a: 1 } }, 'invalidValue', 'title must be a string'],
    [{ op: 'replace', path: 'name', value: 'Jane' }, 'invalidValue', 'name must be an object'],
    [{ op: 'replace', path: ENT, value: 'x' }, 'invalidValue', 'must be an object of attributes'],
    [
      { op: 'replace', path: 'emails[type eq "work"].value', value: { a: 1 } },
      'invalidValue',
      'emails.value must be a string',
    ],
    [{ op: 'replace', path: 'emails[0].value', value: 'x' }, 'invalidFilter', 'ends where an operator'],
    [{ op: 'add', path: 'emails', value: [7] }, 'invalidValue', 'emails[0] must be an object'],
    [{ op: 'add', path: 'title', value: 'a\0b' }, 'invalidValue', 'Operations[0].value contains U+0000'],
    [
      { op: 'add', path: 'roles', value: Array.from({ length: 1_001 }, (_, i) => `r${i}`) },
      'invalidValue',
      'at most 1000 values',
    ],
  ])('%j is refused, and where is said', (operation, scimType, reason) => {
    const error = refusal(operation);
    expect(error).toMatchObject({ status: 400, scimType });
    expect(error.detail).toContain('Operations[0]');
    expect(error.detail).toContain(reason);
  });

  it('cannot make an attribute grow past a thousand values', () => {
    const roles = Array.from({ length: 1_000 }, (_, index) => ({ value: `r${index}` }));
    const error = failureOf(() => patch([{ op: 'add', path: 'roles', value: 'one more' }], { userName: 'j', roles }));
    expect(error.detail).toContain('roles has more than 1000 values');
  });

  it('nested 10,000 deep are refused without using up the stack', () => {
    const deep = JSON.parse(`${'['.repeat(10_000)}${']'.repeat(10_000)}`);
    expect(refusal({ op: 'add', path: 'title', value: deep })).toMatchObject({
      status: 400,
      scimType: 'invalidSyntax',
    });
    const path = `emails[${'('.repeat(3_000)}type pr${')'.repeat(3_000)}]`;
    expect(refusal({ op: 'add', path, value: 'x' })).toMatchObject({ status: 400, scimType: 'invalidFilter' });
  });
});
