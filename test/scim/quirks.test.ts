import { describe, expect, it } from 'vitest';
import { parseFilter } from '../../src/scim/filter/parse.ts';
import { parsePath } from '../../src/scim/path.ts';
import { type Note, QUIRKS } from '../../src/scim/quirks.ts';
import { readResource } from '../../src/scim/resource.ts';
import { buildResourceTypes } from '../../src/scim/schema.ts';
import { ENT, failureOf, GROUP_TYPE, USER, USER_TYPE } from './fixtures.ts';
import { jane, patch, STRICT } from './patching.ts';

const rulesOf = (notes: readonly Note[]) => notes.map(({ rule, path }) => `${rule} ${path}`);

describe('a filter', () => {
  const rules = (filter: string) => {
    const notes: Note[] = [];
    parseFilter(filter, USER_TYPE, { notes });
    return rulesOf(notes);
  };

  it.each([
    ['userName eq jane', ['unquoted-filter-value userName']],
    ['userName eq 007 or userName eq 008', ['unquoted-filter-value userName']],
    ['meta.created gt 2026-01-01T00:00:00Z', ['unquoted-filter-value meta.created']],
    ['emails[type eq work]', ['unquoted-filter-value emails.type']],
    ['active eq "true"', ['string-boolean-in-filter active']],
    ['active eq True', ['string-boolean-in-filter active']],
    ['roles[primary eq "True"]', ['string-boolean-in-filter roles.primary']],
    ['emails[type eq "work"].value eq "x"', ['sub-attribute-after-filter emails.value']],
    ['manager eq "x"', [`loose-notation ${ENT}:manager`]],
    [`${ENT}.department eq "x"`, [`loose-notation ${ENT}:department`]],
  ])('%s', (filter, expected) => {
    expect(rules(filter)).toEqual(expected);
  });

  it.each([
    'USERNAME Eq "x" and not (active eq true)',
    'title eq null',
    'title pr',
    'emails co "example.com"',
    'emails[type eq "work" and value co "x"]',
    `${ENT.toUpperCase()}:department eq "x"`,
    `${USER}:userName eq "x"`,
    'meta.created gt "2026-01-01T00:00:00Z"',
  ])('has none where the RFC allows it: %s', (filter) => {
    expect(rules(filter)).toEqual([]);
  });

  it('of a value that does not fit is refused and not noted', () => {
    const notes: Note[] = [];
    failureOf(() => parseFilter('active eq "perhaps"', USER_TYPE, { notes }));
    expect(notes).toEqual([]);
  });
});

describe('a path', () => {
  it.each([
    ['roles[primary eq "True"].value', ['string-boolean-in-filter roles.primary']],
    ['emails[type eq work].value', ['unquoted-filter-value emails.type']],
    ['manager', [`loose-notation ${ENT}:manager`]],
    [`${ENT}.manager`, [`loose-notation ${ENT}:manager`]],
    [`${ENT}:manager`, []],
    [ENT, []],
    ['emails[type eq "work"].value', []],
  ])('%s', (path, expected) => {
    const notes: Note[] = [];
    parsePath(path, USER_TYPE, notes);
    expect(rulesOf(notes)).toEqual(expected);
  });

  it('with a filter, to an attribute of an extension without its URN', () => {
    const badges = { name: 'badges', multiValued: true, type: 'complex', subAttributes: [{ name: 'value' }] };
    const { resourceTypes } = buildResourceTypes(
      [
        { id: 'urn:x:core', name: 'Visitor', attributes: [{ name: 'title' }] },
        { id: 'urn:x:extension', name: 'Door', attributes: [badges] },
      ],
      [
        {
          name: 'Visitor',
          endpoint: '/Visitors',
          schema: 'urn:x:core',
          schemaExtensions: [{ schema: 'urn:x:extension', required: false }],
        },
      ],
    );
    const visitor = resourceTypes.get('Visitor') ?? USER_TYPE;
    const notes: Note[] = [];
    parsePath('urn:x:extension:badges[value eq "x"]', visitor, notes);
    expect(notes).toEqual([]);
    parsePath('badges[value eq "x"]', visitor, notes);
    expect(rulesOf(notes)).toEqual(['loose-notation urn:x:extension:badges']);
  });

  it('is noted in PATCH, and as part of a key', () => {
    const value = [{ value: 'x' }];
    const { notes } = patch([
      { op: 'replace', path: 'emails[primary eq "True"]', value },
      { op: 'replace', path: null, value: { 'emails[primary eq True].type': 'work' } },
    ]);
    expect(rulesOf(notes)).toContain('string-boolean-in-filter emails.primary');
    expect(rulesOf(notes)).toContain('empty-path path');
  });

  it.each([
    ['null', null, ['empty-path path']],
    ['empty', '', ['empty-path path']],
    ['left out', undefined, []],
  ])('that is %s', (_, path, expected) => {
    const { notes } = patch([{ op: 'replace', path, value: { title: 'CEO' } }]);
    expect(rulesOf(notes)).toEqual(expected);
  });
});

describe('"" that clears', () => {
  it.each([
    ['a text', 'title'],
    ['a list', 'emails'],
    ['an element of a list', 'emails[type eq "home"].display'],
    ['an extension', ENT],
  ])('%s', (_, path) => {
    const { notes } = patch([{ op: 'replace', path, value: '' }]);
    expect(notes.map(({ rule }) => rule)).toEqual(['empty-for-unassigned']);
  });

  it('and null, which does so by the RFC', () => {
    expect(patch([{ op: 'replace', path: 'title', value: null }]).notes).toEqual([]);
  });
});

describe('a name in another case', () => {
  it.each([
    ['of an attribute', { TITLE: 'x' }, 'title'],
    ['of a sub-attribute', { name: { GIVENNAME: 'x' } }, 'name.givenName'],
    ['of an extension', { [ENT.toUpperCase()]: { department: 'x' } }, ENT],
  ])('%s', (_, more, path) => {
    const body = { schemas: [USER, ENT], userName: 'jane', ...more };
    expect(readResource(body, USER_TYPE, 'create').notes).toEqual([{ rule: 'attribute-case', path }]);
  });
});

describe('what is readOnly', () => {
  it('is a quirk in PATCH and none in PUT', () => {
    const value = { id: 'x', title: 'CEO' };
    expect(rulesOf(patch([{ op: 'replace', value }]).notes)).toEqual(['read-only-in-patch id']);
    const body = { schemas: [USER], userName: 'jane', ...value, meta: {}, groups: [] };
    expect(readResource(body, USER_TYPE, { replace: jane }).notes).toEqual([]);
  });
});

describe('in the profile strict', () => {
  const strict = { strict: true };
  const body = { schemas: [USER], userName: 'jane' };

  it.each([
    ['an attribute', { shoeSize: 42 }, 'shoeSize'],
    ['a sub-attribute', { name: { nick: 'x' } }, 'name.nick'],
    ['one of an element', { emails: [{ value: 'x', shoe: 1 }] }, 'emails[0].shoe'],
    ['one of an extension', { [ENT]: { badge: 1 } }, `${ENT}:badge`],
    ['an extension', { 'urn:x:y': { a: 'secret' } }, 'urn:x:y'],
  ])('%s that no schema has is refused by its name, in POST, PUT and PATCH', (_, more, name) => {
    const refusals = [
      failureOf(() => readResource({ ...body, ...more }, USER_TYPE, 'create', strict)),
      failureOf(() => readResource({ ...body, ...more }, USER_TYPE, { replace: jane }, strict)),
      failureOf(() => patch([{ op: 'add', value: more }], jane, { ...STRICT, strict: true })),
    ];
    for (const { status, scimType, detail } of refusals) {
      expect({ status, scimType }).toEqual({ status: 400, scimType: 'invalidSyntax' });
      expect(detail).toContain(name);
      expect(detail).toContain('tolerant');
      expect(detail).not.toContain('secret');
    }
    expect(refusals[2]?.detail).toMatch(/^Operations\[0\]: /);
  });

  it('so are those of a member', () => {
    const group = { displayName: 'g', members: [{ value: 'u1', shoe: 1 }] };
    expect(failureOf(() => readResource(group, GROUP_TYPE, 'create', strict)).detail).toContain('members[0].shoe');
  });

  it('everything else is as it is in tolerant', () => {
    const odd = { ...body, schemas: [], id: 'x', active: 'True', emails: { value: 'x' }, 'name.givenName': 'J' };
    expect(readResource(odd, USER_TYPE, 'create', strict)).toEqual(readResource(odd, USER_TYPE, 'create'));
  });

  it('a refused message has its notes all the same', () => {
    const notes: Note[] = [];
    failureOf(() => readResource({ active: 'True', shoeSize: 1 }, USER_TYPE, 'create', { ...strict, notes }));
    expect(rulesOf(notes)).toEqual(['string-for-boolean active', 'unknown-attribute shoeSize']);
  });
});

describe('a path that is noted', () => {
  it('is printable and short, whatever the key', () => {
    const key = `\u001b[2J\n${'x'.repeat(200)}`;
    const { notes } = readResource({ schemas: [USER], userName: 'jane', [key]: 1 }, USER_TYPE, 'create');
    expect(notes).toEqual([{ rule: 'unknown-attribute', path: `?[2J?${'x'.repeat(123)}` }]);
  });
});

describe('what an administrator is told', () => {
  it.each(Object.entries(QUIRKS))('of %s is two sentences', (_, { does, advice }) => {
    for (const text of [does, advice]) expect(text).toMatch(/^[A-Z].*\.$/);
  });
});
