import { describe, expect, it } from 'vitest';
import type { Document } from '../../src/scim/document.ts';
import { applyPatch } from '../../src/scim/patch.ts';
import { deviceTypeOf, ENT, failureOf, LAB, PATCHOP, USER, USER_TYPE } from './fixtures.ts';
import { frozen, jane, type Operation, patch, patched, refusal, STRICT } from './patching.ts';

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

  it('passes over what is readOnly or unknown, and notes both', () => {
    const { document, changed, notes } = patch([
      {
        op: 'replace',
        value: { id: 'other', meta: { version: 'x' }, schemas: [USER], groups: [{ value: 'g' }], shoeSize: 42 },
      },
    ]);
    expect(document).toBe(jane);
    expect(changed).toBe(false);
    expect(notes).toEqual([
      ...['id', 'meta', 'schemas', 'groups'].map((path) => ({ rule: 'read-only-in-patch', path })),
      { rule: 'unknown-attribute', path: 'shoeSize' },
    ]);
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
    expect(failureOf(() => patch(many(1_001)))).toMatchObject({ status: 400, scimType: 'tooMany' });
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
