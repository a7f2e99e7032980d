import { describe, expect, it } from 'vitest';
import { type Document, presentSchemas } from '../../src/scim/document.ts';
import { type ReadMode, readResource } from '../../src/scim/resource.ts';
import { deviceTypeOf, ENT, failureOf, GROUP_TYPE, LAB, USER, USER_TYPE } from './fixtures.ts';
import { group, minimal, refusal, user } from './reading.ts';

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
    expect(minimal({ emails: null, name: null, title: null, phoneNumbers: [null], roles: [] }).notes).toEqual([]);
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
    const sent = { title: ' CEO ', profileUrl: '', x509Certificates: [{ value: 'MIID+/8A\nQQ==' }], nickName: '' };
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
