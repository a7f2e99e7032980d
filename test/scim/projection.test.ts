import { describe, expect, it } from 'vitest';
import type { Document } from '../../src/scim/document.ts';
import { assemble, project, type Resource, selectionOf, wants } from '../../src/scim/projection.ts';
import { deviceTypeOf, ENT, GROUP, GROUP_TYPE, LAB, USER, USER_TYPE } from './fixtures.ts';

const meta = {
  created: '2026-01-01T00:00:00Z',
  lastModified: '2026-01-02T00:00:00Z',
  location: 'https://host/scim/Users/u1',
  version: 'W/"1"',
};
const document: Document = {
  externalId: 'X1',
  userName: 'jane',
  name: { givenName: 'Jane', familyName: 'Doe' },
  active: false,
  emails: [{ value: 'a@x', type: 'work', primary: true }, { type: 'home' }],
  [ENT]: { department: 'Sales', manager: { value: 'M1', displayName: 'Boss' } },
};
const groups = [{ value: 'g1', display: 'Sales' }];
const jane = assemble(USER_TYPE, { id: 'u1', document, relations: { groups }, meta });
const shown = (attributes?: string, excludedAttributes?: string) =>
  project(jane, USER_TYPE, { attributes, excludedAttributes });
const minimum = { schemas: [USER, ENT], id: 'u1' };

describe('a resource is put together', () => {
  it('in the order of RFC 7643, with schemas and meta', () => {
    expect(JSON.stringify(jane)).toBe(
      JSON.stringify({
        schemas: [USER, ENT],
        id: 'u1',
        ...document,
        groups,
        meta: { resourceType: 'User', ...meta },
      }),
    );
  });

  it('with the schemas that it has content of', () => {
    expect(assemble(USER_TYPE, { id: 'u1', document: { userName: 'j' }, meta }).schemas).toEqual([USER]);
  });

  it('with relations that were loaded, even empty, and without those that were not', () => {
    const group = { id: 'g1', document: { displayName: 'Sales' }, meta };
    expect(assemble(GROUP_TYPE, group)).not.toHaveProperty('members');
    expect(assemble(GROUP_TYPE, { ...group, relations: { members: [] } })).toMatchObject({
      schemas: [GROUP],
      members: [],
    });
  });
});

describe('without parameters', () => {
  it('a resource goes out as it is', () => {
    expect(shown()).toEqual(jane);
    expect(shown('', ' ')).toEqual(jane);
    shown('userName', 'name');
    expect(shown()).toEqual(jane);
  });

  it('a type with hidden attributes shows the others', () => {
    const device = {
      schemas: [],
      id: 'd1',
      serial: 'S',
      secretNote: 'n',
      hidden: 'h',
      slots: [{ value: 'a', note: 'n', key: 'k' }, { note: 'only' }],
      [LAB]: { bench: 'B' },
      meta: { resourceType: 'Device', ...meta },
    } as Resource;
    const of = (attributes?: string) => project(device, deviceTypeOf(), { attributes });
    expect(of()).toEqual({ ...device, secretNote: undefined, hidden: undefined, slots: [{ value: 'a', key: 'k' }] });
    expect(of('secretNote,hidden')).toEqual({ schemas: [], id: 'd1', secretNote: 'n' });
    expect(of('slots.note')).toMatchObject({ slots: [{ note: 'n', key: 'k' }, { note: 'only' }] });
    expect(of('slots').slots).toEqual([{ value: 'a', key: 'k' }]);
  });
});

describe('attributes', () => {
  it.each([
    ['userName', { userName: 'jane' }],
    ['USERNAME, active', { userName: 'jane', active: false }],
    ['name', { name: document.name }],
    ['name.givenName', { name: { givenName: 'Jane' } }],
    ['name.middleName', {}],
    ['emails.value', { emails: [{ value: 'a@x' }] }],
    ['emails.display', {}],
    ['emails.type,emails.primary', { emails: [{ type: 'work', primary: true }, { type: 'home' }] }],
    ['emails,emails.value', { emails: document.emails }],
    [`${USER}:name.familyName`, { name: { familyName: 'Doe' } }],
    [ENT, { [ENT]: document[ENT] }],
    [`${ENT}:department`, { [ENT]: { department: 'Sales' } }],
    [`${ENT}:manager.value`, { [ENT]: { manager: { value: 'M1' } } }],
    ['meta.lastModified', { meta: { lastModified: meta.lastModified } }],
    ['groups', { groups }],
    ['groups.display', { groups: [{ display: 'Sales' }] }],
    ['id,schemas', {}],
    ['password', {}],
    ['shoeSize,urn:x:y:z,,', {}],
    ['emails[type eq "work"]', {}],
  ])('%s', (names, attributes) => expect(shown(names)).toEqual({ ...minimum, ...attributes }));
});

describe('excludedAttributes', () => {
  const all = { ...jane };
  it.each([
    ['userName', { ...all, userName: undefined }],
    ['name.givenName', { ...all, name: { familyName: 'Doe' } }],
    ['name.givenName,name.familyName', { ...all, name: undefined }],
    ['emails.value,emails.primary', { ...all, emails: [{ type: 'work' }, { type: 'home' }] }],
    ['emails.type', { ...all, emails: [{ value: 'a@x', primary: true }] }],
    [ENT, { ...all, [ENT]: undefined }],
    [`${ENT}:manager`, { ...all, [ENT]: { department: 'Sales' } }],
    [`${ENT}:manager.displayName`, { ...all, [ENT]: { department: 'Sales', manager: { value: 'M1' } } }],
    ['groups', { ...all, groups: undefined }],
    ['meta', { ...all, meta: undefined }],
    ['id,schemas', all],
    ['shoeSize', all],
  ])('%s', (names, expected) => expect(shown(undefined, names)).toEqual(expected));

  it('take from what attributes name', () => {
    expect(shown('name,title', 'name.familyName')).toEqual({ ...minimum, name: { givenName: 'Jane' } });
  });
});

describe('a relation is loaded only when it is wanted', () => {
  it.each([
    [{}, true],
    [{ attributes: 'displayName' }, false],
    [{ attributes: 'displayName,members' }, true],
    [{ attributes: 'members.value' }, true],
    [{ attributes: `${GROUP}:MEMBERS` }, true],
    [{ excludedAttributes: 'members' }, false],
    [{ excludedAttributes: 'Members' }, false],
    [{ excludedAttributes: 'members.display' }, true],
    [{ attributes: 'members', excludedAttributes: 'members' }, false],
  ])('%j: %j', (parameters, wanted) => {
    expect(wants('members', selectionOf(GROUP_TYPE, parameters))).toBe(wanted);
  });
});
