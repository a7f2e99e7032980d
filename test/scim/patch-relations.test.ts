import { describe, expect, it } from 'vitest';
import { matchesElement } from '../../src/scim/filter/match.ts';
import { applyPatch } from '../../src/scim/patch.ts';
import { failureOf, GROUP, GROUP_TYPE, PATCHOP } from './fixtures.ts';

const sales = { displayName: 'Sales' };
const patch = (...operations: object[]) =>
  applyPatch(sales, { schemas: [PATCHOP], Operations: operations }, GROUP_TYPE, { createOnReplace: false });
const changes = (...operations: object[]) => patch(...operations).relations;
const attribute = 'members';

describe('members are added', () => {
  const babs = { display: 'Babs Jensen', $ref: 'https://example.com/v2/Users/2819c223', value: '2819c223' };
  it.each([
    ['as RFC 7644 section 3.5.2.1 shows', [babs], [babs]],
    ['as a single object', { value: 'u1' }, [{ value: 'u1' }]],
    ['as Entra does, with a $ref of null', [{ $ref: null, value: 'u1' }], [{ value: 'u1' }]],
    ['as bare ids', ['u1', 'u2'], [{ value: 'u1' }, { value: 'u2' }]],
  ])('%s', (_, value, values) => {
    expect(changes({ op: 'add', path: 'members', value })).toEqual([{ attribute, op: 'add', values }]);
  });

  it('without a path, and with the core URN', () => {
    const added = [{ attribute, op: 'add', values: [{ value: 'u1' }] }];
    expect(changes({ op: 'add', value: { members: [{ value: 'u1' }] } })).toEqual(added);
    expect(changes({ op: 'add', path: `${GROUP}:members`, value: [{ value: 'u1' }] })).toEqual(added);
  });

  it('by a value path that says which', () => {
    expect(changes({ op: 'add', path: 'members[value eq "u1"]', value: { display: 'Jane' } })).toEqual([
      { attribute, op: 'add', values: [{ value: 'u1', display: 'Jane' }] },
    ]);
    expect(failureOf(() => changes({ op: 'add', path: 'members[type eq "User"]', value: {} })).scimType).toBe(
      'noTarget',
    );
  });

  it('but not by one that names an empty id', () => {
    const error = failureOf(() => changes({ op: 'add', path: 'members[value eq ""]', value: {} }));
    expect(error).toMatchObject({ status: 400, scimType: 'invalidValue' });
  });

  it('each once', () => {
    expect(changes({ op: 'add', path: 'members', value: [{ value: 'u1' }, { value: 'u1' }] })).toEqual([
      { attribute, op: 'add', values: [{ value: 'u1' }] },
    ]);
  });

  it('and adding nothing, or null, empties no group', () => {
    for (const value of [[], null, '']) expect(changes({ op: 'add', path: 'members', value })).toEqual([]);
  });
});

describe('members are removed in each of the spellings', () => {
  it.each([
    ['a filter', { op: 'remove', path: 'members[value eq "u1"]' }, { values: ['u1'] }],
    [
      'a filter without a blank, as the RFC prints it',
      { op: 'remove', path: 'members[value eq"u1"]' },
      { values: ['u1'] },
    ],
    [
      'a filter for several',
      { op: 'remove', path: 'members[value eq "u1" or value eq "u2"]' },
      { values: ['u1', 'u2'] },
    ],
    ["Entra's list", { op: 'Remove', path: 'members', value: [{ $ref: null, value: 'u1' }] }, { values: ['u1'] }],
    [
      "authentik's and JumpCloud's list",
      { op: 'remove', path: 'members', value: [{ value: 'u1' }, { value: 'u2' }] },
      { values: ['u1', 'u2'] },
    ],
    ['a single object', { op: 'remove', path: 'members', value: { value: 'u1' } }, { values: ['u1'] }],
    ['a bare id', { op: 'remove', path: 'members', value: 'u1' }, { values: ['u1'] }],
  ])('%s', (_, operation, expected) => expect(changes(operation)).toEqual([{ attribute, op: 'remove', ...expected }]));

  it('of which the list is noted', () => {
    const { notes } = patch({ op: 'remove', path: 'members', value: [{ value: 'u1' }] });
    expect(notes).toEqual([{ rule: 'remove-with-value', path: 'members' }]);
    expect(patch({ op: 'remove', path: 'members[value eq "u1"]' }).notes).toEqual([]);
  });

  it('the bare attribute means all of them', () => {
    expect(changes({ op: 'remove', path: 'members' })).toEqual([{ attribute, op: 'clear' }]);
    expect(changes({ op: 'remove', path: 'members', value: null })).toEqual([{ attribute, op: 'clear' }]);
  });

  it('a list of none means none of them', () => {
    expect(changes({ op: 'remove', path: 'members', value: [] })).toEqual([]);
  });

  it('any other filter is handed on', () => {
    const [change] = changes({ op: 'remove', path: 'members[type eq "Group" and value sw "g"]' });
    if (change?.op !== 'remove' || !change.filter) throw new Error('no filter');
    expect(matchesElement(change.filter, { value: 'g1', type: 'Group' })).toBe(true);
    expect(matchesElement(change.filter, { value: 'u1', type: 'Group' })).toBe(false);
    for (const filter of [
      'value ne "u1"',
      '(value eq "a" and type eq "User") or value eq "b"',
      'value eq ""',
      'value eq "a" or type eq "User"',
      'value eq null',
    ]) {
      expect(changes({ op: 'remove', path: `members[${filter}]` })[0]).toHaveProperty('filter');
    }
  });
});

describe('members are replaced', () => {
  it.each([
    ['by a path', { op: 'replace', path: 'members', value: [{ value: 'u2', display: 'a@ex.com' }] }],
    ['without a path', { op: 'replace', value: { members: [{ value: 'u2', display: 'a@ex.com' }] } }],
  ])('%s', (_, operation) => {
    expect(changes(operation)).toEqual([{ attribute, op: 'replace', values: [{ value: 'u2', display: 'a@ex.com' }] }]);
  });

  it.each([
    [[], []],
    [null, []],
    ['', ['empty-for-unassigned']],
  ])('by %j, that is cleared', (value, rules) => {
    const { relations, notes } = patch({ op: 'replace', path: 'members', value });
    expect(relations).toEqual([{ attribute, op: 'clear' }]);
    expect(notes).toEqual(rules.map((rule) => ({ rule, path: 'members' })));
  });
});

describe('the changes', () => {
  it('stay in the order of the operations, beside those of the document', () => {
    const result = patch(
      { op: 'replace', value: { id: 'g1', displayName: 'Sales EMEA' } },
      { op: 'remove', path: 'members[value eq "u1"]' },
      { op: 'add', path: 'members', value: [{ value: 'u2' }, { value: 'u3' }] },
    );
    expect(result.document).toEqual({ displayName: 'Sales EMEA' });
    expect(result.changed).toBe(true);
    expect(result.relations.map(({ op }) => op)).toEqual(['remove', 'add']);
  });

  it('do not make the document differ', () => {
    const result = patch({ op: 'add', path: 'members', value: [{ value: 'u1' }] });
    expect(result.changed).toBe(false);
    expect(result.document).toBe(sales);
  });

  it('can be as many as authentik sends in one body', () => {
    const operations = Array.from({ length: 250 }, (_, index) => ({
      op: 'add',
      path: 'members',
      value: [{ value: `u${index}` }],
    }));
    expect(changes(...operations)).toHaveLength(250);
    const members = Array.from({ length: 5_000 }, (_, index) => ({ value: `u${index}` }));
    expect(changes({ op: 'add', path: 'members', value: members })[0]).toMatchObject({
      op: 'add',
      values: { length: 5_000 },
    });
  });
});

describe('a member cannot be changed, only removed and added', () => {
  it.each([
    { op: 'replace', path: 'members[value eq "u1"].display', value: 'x' },
    { op: 'replace', path: 'members[value eq "u1"]', value: { display: 'x' } },
    { op: 'add', path: 'members[value eq "u1"].display', value: 'x' },
    { op: 'remove', path: 'members[value eq "u1"].display' },
    { op: 'add', path: 'members.value', value: 'u1' },
  ])('%j', (operation) => {
    expect(failureOf(() => patch(operation))).toMatchObject({ status: 400, scimType: 'mutability' });
  });

  it.each([
    { op: 'add', path: 'members', value: [{ display: 'Jane' }] },
    { op: 'add', path: 'members', value: [{ value: 7 }] },
    { op: 'add', path: 'members', value: 7 },
    { op: 'remove', path: 'members', value: [{ $ref: 'x' }] },
  ])('nor named without an id: %j', (operation) => {
    expect(failureOf(() => patch(operation))).toMatchObject({ status: 400, scimType: 'invalidValue' });
  });

  it('an empty id is passed over, and noted', () => {
    const { relations, notes } = patch({ op: 'add', path: 'members', value: [{ value: '' }, { value: 'u1' }] });
    expect(relations).toEqual([{ attribute, op: 'add', values: [{ value: 'u1' }] }]);
    expect(notes).toEqual([{ rule: 'empty-for-unassigned', path: 'members' }]);
  });
});
