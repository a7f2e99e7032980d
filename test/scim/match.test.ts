import { describe, expect, it } from 'vitest';
import type { Complex } from '../../src/scim/document.ts';
import { matches, matchesElement } from '../../src/scim/filter/match.ts';
import { parseElementFilter, parseFilter } from '../../src/scim/filter/parse.ts';
import { findAttribute, type ResourceType } from '../../src/scim/schema.ts';
import { DEVICE, deviceTypeOf, ENT, failureOf, GROUP_TYPE, USER, USER_TYPE } from './fixtures.ts';

const jane: Complex = {
  schemas: [USER, ENT],
  id: 'u1',
  externalId: 'X1',
  userName: 'Jane@Example.com',
  name: { givenName: 'Jané', familyName: 'Doe' },
  nickName: '',
  active: false,
  emails: [
    { value: 'jane@work.example', type: 'work', primary: true },
    { value: 'jane@home.example', type: 'home' },
  ],
  groups: [{ value: 'g1', display: 'Sales' }],
  [ENT]: { department: 'Sales', manager: { value: 'M1' } },
  meta: {
    resourceType: 'User',
    created: '2026-01-01T00:00:00Z',
    lastModified: '2026-06-01T12:00:00.5Z',
    version: 'W/"A"',
    location: 'https://h/Users/u1',
  },
};

describe('a user matches', () => {
  const holds = (filter: string, subject = jane) => matches(parseFilter(filter, USER_TYPE), subject, USER_TYPE);

  it.each([
    ['userName eq "JANE@EXAMPLE.COM"', true],
    ['externalId eq "x1"', false],
    ['externalId eq "X1"', true],
    ['id eq "u1"', true],
    ['name.givenName eq "JANE\u0301"', true],
    ['userName sw "jane@"', true],
    ['userName ew ".COM"', true],
    ['userName co "example"', true],
    ['userName co "other"', false],
    ['userName co ""', true],
    ['title co ""', false],
    ['userName gt "jane"', true],
    ['userName lt "jane"', false],
    ['userName ge "jane@example.com"', true],
    ['userName le "jane@example.com"', true],
    ['userName gt "jane@example.com"', false],
    ['userName lt "jane@example.com"', false],
    ['title gt "a" or title le "z"', false],
    ['active eq false', true],
    ['active pr', true],
    // Presence
    ['title pr', false],
    ['nickName pr', false],
    ['nickName eq ""', true],
    ['name pr', true],
    ['name.middleName pr', false],
    ['emails pr', true],
    ['emails.primary pr', true],
    ['phoneNumbers pr', false],
    [`${ENT}:manager pr`, true],
    // Null
    ['title eq null', true],
    ['title ne null', false],
    ['userName eq null', false],
    ['userName ne null', true],
    // Any value of several
    ['emails eq "jane@home.example"', true],
    ['emails.type eq "home"', true],
    ['emails.value co "work"', true],
    ['emails.type eq "other"', false],
    // Negation of equality
    ['userType ne "EndUser"', true],
    ['userName ne "jane@example.com"', false],
    ['emails.type ne "work"', false],
    ['emails.type ne "other"', true],
    ['emails.display ne "x"', true],
    ['phoneNumbers.type ne "work"', true],
    // The same element
    ['emails[type eq "work" and value co "home"]', false],
    ['emails.type eq "work" and emails.value co "home"', true],
    ['emails[type eq "home" and value co "home"]', true],
    ['emails[type eq "work"].value co "home"', false],
    ['emails[type eq "home"].value co "home"', true],
    ['emails[type ne "work"]', true],
    ['emails[not (type pr)]', false],
    ['emails[primary ne true and type eq "home"]', true],
    ['phoneNumbers[type ne "work"]', false],
    ['name[givenName eq "jané" and familyName eq "doe"]', true],
    // Junctions
    ['not (title pr)', true],
    ['not (emails.type eq "work")', false],
    ['title pr or active eq false and userName pr', true],
    ['(title pr or active eq false) and userType pr', false],
    // Common, extension and relation attributes
    ['meta.resourceType eq "User"', true],
    ['meta.resourceType eq "user"', false],
    ['meta.version eq "W/\\"A\\""', true],
    ['meta.version eq "w/\\"a\\""', false],
    ['meta.location ew "/Users/u1"', true],
    ['meta.location ew "/users/u1"', false],
    [`schemas eq "${ENT.toUpperCase()}"`, false],
    ['meta.lastModified gt "2026-06-01T12:00:00.49Z"', true],
    ['meta.lastModified lt "2026-06-01T14:00:00.6+02:00"', true],
    ['meta.created eq "2026-01-01T01:00:00+01:00"', true],
    [`schemas eq "${ENT}"`, true],
    ['schemas eq "urn:x"', false],
    [`${ENT}:department eq "sales"`, true],
    ['manager eq "M1"', true],
    ['manager.value eq "m1"', false],
    ['groups eq "g1"', true],
    ['groups[display eq "sales" and value eq "g1"]', true],
    ['roles[value eq "admin"]', false],
  ])('%s: %j', (filter, expected) => expect(holds(filter)).toBe(expected));

  it('also as a stored document, whose schemas follow from its content', () => {
    const document = { userName: 'jane', [ENT]: { department: 'Sales' } };
    expect(holds(`schemas eq "${ENT}" and schemas eq "${USER}"`, document)).toBe(true);
    expect(holds(`schemas eq "${ENT}"`, { userName: 'jane' })).toBe(false);
    expect(holds('groups pr', document)).toBe(false);
  });

  it('by what is there, not by what is there and empty', () => {
    const present = (subject: Complex) => holds('name pr', subject);
    expect(present({ name: { givenName: '', familyName: 'Doe' } })).toBe(true);
    expect(present({ name: { givenName: '' } })).toBe(false);
    expect(holds('emails pr', { emails: [{ value: '' }] })).toBe(false);
    expect(holds('emails pr', { emails: [{ value: '' }, { value: '', primary: false }] })).toBe(true);
  });

  it('and `ne` is the opposite of `eq`, `not` of anything, for every filter above', () => {
    for (const path of [
      'userName',
      'title',
      'emails.type',
      'emails.display',
      `${ENT}:department`,
      'phoneNumbers.value',
    ]) {
      for (const value of ['"jane@example.com"', '"work"', '"sales"', '""', 'null']) {
        expect(holds(`${path} ne ${value}`)).toBe(!holds(`${path} eq ${value}`));
        expect(holds(`not (${path} eq ${value})`)).toBe(!holds(`${path} eq ${value}`));
      }
    }
  });
});

describe('other types match', () => {
  it('groups by their members', () => {
    const group: Complex = { displayName: 'Sales', members: [{ value: 'u1' }, { value: 'u2', type: 'User' }] };
    const holds = (filter: string) => matches(parseFilter(filter, GROUP_TYPE), group, GROUP_TYPE);
    expect(holds('members eq "u2"')).toBe(true);
    expect(holds('members[value eq "u1" and type eq "user"]')).toBe(false);
    expect(holds('members eq "u3" or displayName eq "SALES"')).toBe(true);
  });

  it('lists of simple values, whose elements are called value', () => {
    const type: ResourceType = deviceTypeOf();
    const device = { serial: 's', tags: ['Red', 'blue'], ports: 8, weight: -1.5 };
    const holds = (filter: string) => matches(parseFilter(filter, type), device, type);
    expect(holds('tags eq "RED"')).toBe(true);
    expect(holds('tags ne "red"')).toBe(false);
    expect(holds('tags[VALUE sw "b" and value ew "e"]')).toBe(true);
    expect(holds('tags[value sw "r" and value ew "e"]')).toBe(false);
    expect(failureOf(() => holds('tags[type eq "x"]')).detail).toContain('Known: value');
    expect(holds('ports gt 7 and ports le 8 and weight lt -1.4 and weight ge -1.5')).toBe(true);
    expect(holds(`${DEVICE}:ports eq 8.0`)).toBe(true);
  });

  it('an element on its own, for PATCH paths', () => {
    const members = findAttribute(GROUP_TYPE, 'members');
    const tags = findAttribute(deviceTypeOf(), 'tags');
    if (!members || !tags) throw new Error();
    expect(matchesElement(parseElementFilter('value eq "u1"', members), { value: 'u1' })).toBe(true);
    expect(matchesElement(parseElementFilter('type ne "Group"', members), { value: 'u1' })).toBe(true);
    expect(matchesElement(parseElementFilter('value eq "RED"', tags), 'red')).toBe(true);
  });
});
