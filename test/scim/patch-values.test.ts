import { describe, expect, it } from 'vitest';
import type { Document } from '../../src/scim/document.ts';
import { applyPatch } from '../../src/scim/patch.ts';
import { deviceTypeOf, ENT, failureOf, USER, USER_TYPE } from './fixtures.ts';
import { ENTRA, jane, type Operation, patch, patched, refusal, STRICT } from './patching.ts';

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
    expect(changed).toBe(false);
    const named = { value: 'JANE@home.example', type: 'HOME', display: 'Home' };
    const { emails } = patch([{ op: 'add', path: 'emails', value: [named] }]).document;
    expect(emails).toContainEqual({ value: 'jane@home.example', type: 'home', display: 'Home' });
  });

  it('lets another value become primary although the former one is sent again', () => {
    const emails = [{ value: 'a@x', type: 'work', primary: true }];
    const sent = [
      { value: 'b@x', type: 'home', primary: true },
      { value: 'a@x', type: 'work' },
    ];
    const { document } = applyPatch(
      { userName: 'j', emails },
      { Operations: [{ op: 'add', path: 'emails', value: sent }] },
      USER_TYPE,
      { createOnReplace: false },
    );
    expect(document.emails).toEqual([
      { value: 'a@x', type: 'work', primary: false },
      { value: 'b@x', type: 'home', primary: true },
    ]);
  });

  it('keeps one of two that have the same value and type', () => {
    const twice = [
      { value: 'n@x', type: 'work' },
      { value: 'N@x', type: 'work', display: 'N' },
    ];
    expect(patched({ op: 'replace', path: 'emails', value: twice }).emails).toEqual([
      { value: 'n@x', type: 'work', display: 'N' },
    ]);
    const { emails } = patched(
      { op: 'replace', path: 'emails[type eq "home"]', value: { value: 'n@x', type: 'work' } },
      { op: 'add', path: 'emails', value: [{ value: 'n@x', type: 'work' }] },
    );
    expect((emails as { value: string }[]).filter(({ value }) => value === 'n@x')).toHaveLength(1);
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

describe('lists of simple values', () => {
  const type = deviceTypeOf();
  const tags = (operation: Operation) =>
    patch([operation], { serial: 'S', tags: ['red', 'blue'] }, STRICT, type).document.tags;

  it('are added to without doubling, replaced, and removed from', () => {
    expect(tags({ op: 'add', path: 'tags', value: ['RED', 'green'] })).toEqual(['red', 'blue', 'green']);
    expect(tags({ op: 'add', path: 'tags', value: 'green' })).toEqual(['red', 'blue', 'green']);
    expect(tags({ op: 'replace', path: 'tags', value: ['x'] })).toEqual(['x']);
    expect(tags({ op: 'remove', path: 'tags[value eq "RED"]' })).toEqual(['blue']);
    expect(tags({ op: 'remove', path: 'tags', value: ['red'] })).toEqual(['blue']);
    expect(tags({ op: 'replace', path: 'tags[value eq "red"]', value: 'pink' })).toEqual(['pink', 'blue']);
    expect(tags({ op: 'replace', path: 'tags[value eq "red"]', value: '' })).toEqual(['blue']);
    expect(tags({ op: 'add', path: 'tags[value eq "new"]', value: 'new' })).toEqual(['red', 'blue', 'new']);
  });
});
