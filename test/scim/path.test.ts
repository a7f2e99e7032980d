import { describe, expect, it } from 'vitest';
import { notation } from '../../src/scim/notation.ts';
import { parsePath } from '../../src/scim/path.ts';
import { deviceTypeOf, ENT, failureOf, GROUP, GROUP_TYPE, USER, USER_TYPE } from './fixtures.ts';

describe('a path', () => {
  it.each([
    ['members', GROUP_TYPE, 'members', false],
    ['name.familyName', USER_TYPE, 'name.familyName', false],
    ['NAME.FAMILYNAME', USER_TYPE, 'name.familyName', false],
    ['addresses[type eq "work"]', USER_TYPE, 'addresses', true],
    ['members[value eq "2819c223-7f76-453a-919d-413861904646"]', GROUP_TYPE, 'members', true],
    ['members[value eq"2819c223"]', GROUP_TYPE, 'members', true],
    ['emails[type eq "work"].value', USER_TYPE, 'emails.value', true],
    ['emails[type eq "a]b[c"].value', USER_TYPE, 'emails.value', true],
    [' emails [type eq "work"].Value ', USER_TYPE, 'emails.value', true],
    ['members[value eq "x"].$ref', GROUP_TYPE, 'members.$ref', true],
    ['members.$ref', GROUP_TYPE, 'members.$ref', false],
    [`${USER}:userName`, USER_TYPE, 'userName', false],
    [`${USER}:name.givenName`, USER_TYPE, 'name.givenName', false],
    [`${USER}:emails[primary eq true].value`, USER_TYPE, 'emails.value', true],
    [`${ENT}:department`, USER_TYPE, `${ENT}:department`, false],
    [`${ENT}:manager.displayName`, USER_TYPE, `${ENT}:manager.displayName`, false],
    [`${ENT.toLowerCase()}:MANAGER`, USER_TYPE, `${ENT}:manager`, false],
    [`${ENT}.manager`, USER_TYPE, `${ENT}:manager`, false],
    ['department', USER_TYPE, `${ENT}:department`, false],
    [ENT, USER_TYPE, ENT, false],
    [USER, USER_TYPE, '', false],
    ['tags[value eq "red"]', deviceTypeOf(), 'tags', true],
    ['externalId', USER_TYPE, 'externalId', false],
    [' title\t', USER_TYPE, 'title', false],
    ['meta.created', USER_TYPE, 'meta.created', false],
  ])('%s', (text, type, name, filtered) => {
    const path = parsePath(text, type);
    expect(notation(path)).toBe(name);
    expect(path.filter !== undefined).toBe(filtered);
  });

  it('keeps the parts apart: extension, attribute, filter, sub-attribute', () => {
    expect(parsePath(`${ENT}:manager.value`, USER_TYPE)).toMatchObject({
      extension: ENT,
      attribute: { name: 'manager' },
      sub: { name: 'value' },
    });
    expect(parsePath('emails[type eq "work"].value', USER_TYPE)).toMatchObject({
      attribute: { name: 'emails' },
      filter: { kind: 'compare', path: { attribute: { name: 'type' } }, op: 'eq', value: 'work' },
      sub: { name: 'value' },
    });
    expect(parsePath(ENT, USER_TYPE)).toEqual({ extension: ENT });
    expect(parsePath(USER, USER_TYPE)).toEqual({});
  });

  it.each([
    ['shoeSize', 'invalidPath', "'shoeSize' names no attribute of User"],
    ['name.shoe', 'invalidPath', "'name.shoe' names no attribute"],
    ['name.givenName.x', 'invalidPath', 'names no attribute'],
    [`${ENT}:shoe`, 'invalidPath', 'names no attribute'],
    [`${ENT}Extra:department`, 'invalidPath', 'names no attribute'],
    [`${GROUP}:members`, 'invalidPath', 'names no attribute'],
    ['/emails/0', 'invalidPath', 'names no attribute'],
    ['.', 'invalidPath', 'names no attribute'],
    ['emails value', 'invalidPath', 'names no attribute'],
    ['emails[type eq "work"', 'invalidPath', 'is no path'],
    ['[type eq "work"]', 'invalidPath', 'is no path'],
    ['emails[type eq "work"].value x', 'invalidPath', 'is no path'],
    ['emails x[type eq "work"]', 'invalidPath', 'is no path'],
    ['emails[type eq "work"]value', 'invalidPath', 'is no path'],
    ['emails[type eq "work"] .value', 'invalidPath', 'is no path'],
    ['emails[type eq "work"].value.x', 'invalidPath', "no sub-attribute 'value.x'"],
    ['emails[type eq "work"].shoe', 'invalidPath', "no sub-attribute 'shoe'"],
    ['emails.value[type eq "work"]', 'invalidPath', 'has a single value'],
    ['name[givenName eq "x"]', 'invalidPath', 'name'],
    ['shoes[type eq "work"]', 'invalidPath', "'shoes' names no attribute"],
    ['emails[]', 'invalidFilter', 'ends where an attribute'],
    ['emails[0].value', 'invalidFilter', 'ends where an operator'],
    ['emails[type eq "work"][type pr]', 'invalidFilter', "stands ']'"],
    ['emails[shoe eq "x"]', 'invalidFilter', "emails has no attribute 'shoe'"],
    ['emails[type eq "work].value', 'invalidFilter', 'no closing quotation mark'],
    [`emails[${'('.repeat(100)}type pr${')'.repeat(100)}]`, 'invalidFilter', 'nests deeper'],
    ['a'.repeat(8_001), 'invalidFilter', 'at most 8000'],
  ])('%s is refused', (text, scimType, reason) => {
    const error = failureOf(() => parsePath(text, USER_TYPE));
    expect(error).toMatchObject({ status: 400, scimType });
    expect(error.detail).toContain(reason);
  });
});
