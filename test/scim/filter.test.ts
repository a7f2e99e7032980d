import { describe, expect, it } from 'vitest';
import type { Complex } from '../../src/scim/document.ts';
import type { Filter } from '../../src/scim/filter/ast.ts';
import { matches, matchesElement } from '../../src/scim/filter/match.ts';
import { parseElementFilter, parseFilter } from '../../src/scim/filter/parse.ts';
import { notation } from '../../src/scim/notation.ts';
import { findAttribute, type ResourceType } from '../../src/scim/schema.ts';
import { DEVICE, deviceTypeOf, ENT, failureOf, GROUP, GROUP_TYPE, USER, USER_TYPE } from './fixtures.ts';

/** An AST as a short text with every parenthesis, so that a table can show structure. */
function show(filter: Filter): string {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return `(${filter.terms.map(show).join(` ${filter.kind} `)})`;
    case 'not':
      return `not ${show(filter.term)}`;
    case 'present':
      return `${notation(filter.path)} pr`;
    case 'element':
      return `${notation(filter.path)}[${show(filter.filter)}]`;
    case 'compare':
      return `${notation(filter.path)} ${filter.op} ${JSON.stringify(filter.value)}`;
  }
}
const parsed = (text: string, type = USER_TYPE) => show(parseFilter(text, type));
const refusal = (text: string, type = USER_TYPE) => failureOf(() => parseFilter(text, type));

describe('the examples of RFC 7644 figure 2', () => {
  it.each([
    ['userName eq "bjensen"', 'userName eq "bjensen"'],
    ['name.familyName co "O\'Malley"', 'name.familyName co "o\'malley"'],
    ['userName sw "J"', 'userName sw "j"'],
    [`${USER}:userName sw "J"`, 'userName sw "j"'],
    ['title pr', 'title pr'],
    ['meta.lastModified gt "2011-05-13T04:42:34Z"', 'meta.lastModified gt "2011-05-13T04:42:34.000000000Z"'],
    ['meta.lastModified ge "2011-05-13T04:42:34Z"', 'meta.lastModified ge "2011-05-13T04:42:34.000000000Z"'],
    ['title pr and userType eq "Employee"', '(title pr and userType eq "employee")'],
    ['title pr or userType eq "Intern"', '(title pr or userType eq "intern")'],
    [`schemas eq "${ENT}"`, `schemas eq "${ENT}"`],
    [
      'userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")',
      '(userType eq "employee" and (emails.value co "example.com" or emails.value co "example.org"))',
    ],
    [
      'userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org")',
      '(userType ne "employee" and not (emails.value co "example.com" or emails.value co "example.org"))',
    ],
    ['userType eq "Employee" and (emails.type eq "work")', '(userType eq "employee" and emails.type eq "work")'],
    [
      'userType eq "Employee" and emails[type eq "work" and value co "@example.com"]',
      '(userType eq "employee" and emails[(type eq "work" and value co "@example.com")])',
    ],
    [
      'emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]',
      '(emails[(type eq "work" and value co "@example.com")] or ims[(type eq "xmpp" and value co "@foo.com")])',
    ],
  ])('%s', (text, shown) => expect(parsed(text)).toBe(shown));
});

describe('a filter is read', () => {
  it.each([
    [
      'with names and operators in any case',
      'USERNAME Eq "x" AND NOT (Active EQ True)',
      '(userName eq "x" and not active eq "true")',
    ],
    ['with `and` before `or`', 'title pr or locale pr and timezone pr', '(title pr or (locale pr and timezone pr))'],
    [
      'with parentheses before both',
      '(title pr or locale pr) and timezone pr',
      '((title pr or locale pr) and timezone pr)',
    ],
    ['with chains flattened', 'title pr and (locale pr and (timezone pr))', '(title pr and locale pr and timezone pr)'],
    ['with `not` before `and`', 'not (title pr) and locale pr', '(not title pr and locale pr)'],
    ['with `not` without parentheses', 'not title pr', 'not title pr'],
    ['with blanks wherever', '  ( userName   eq\t"x" )  ', 'userName eq "x"'],
    ['without a blank before the value, as RFC 7644 section 3.5.2.2 prints it', 'userName eq"x"', 'userName eq "x"'],
    ['with an extension attribute', `${ENT}:department eq "Sales"`, `${ENT}:department eq "sales"`],
    ['with the URN in any case', `${ENT.toUpperCase()}:Manager.Value eq "U1"`, `${ENT}:manager.value eq "U1"`],
    [
      "with Entra's `manager` without its URN",
      'id eq "x" and manager eq "y"',
      `(id eq "x" and ${ENT}:manager.value eq "y")`,
    ],
    ['with a value path behind a URN', `${USER}:emails[type eq "work"]`, 'emails[type eq "work"]'],
    [
      'with the value path on a single complex value',
      'name[givenName eq "A" and familyName eq "B"]',
      'name[(givenName eq "a" and familyName eq "b")]',
    ],
    ['with `$ref`', 'groups.$ref co "/Groups/"', 'groups.$ref co "/Groups/"'],
    ['with `$ref` inside brackets', 'groups[$ref eq "x"]', 'groups[$ref eq "x"]'],
    ['with null', 'title eq null or title ne null', '(title eq null or title ne null)'],
    ['with "null", which is a text', 'title eq "null"', 'title eq "null"'],
    ["with old authentik's value without quotation marks", 'userName eq jane+x@ex.com', 'userName eq "jane+x@ex.com"'],
    ['with a number for a text, which authentik leaves unquoted too', 'userName eq 007', 'userName eq "007"'],
    ['with true for a text', 'userName eq true', 'userName eq "true"'],
    ["with Entra's boolean in quotation marks", 'roles[primary eq "True"]', 'roles[primary eq "true"]'],
    ['with a keyword as a value', 'userName eq and and title eq "or"', '(userName eq "and" and title eq "or")'],
    ['with brackets and keywords inside a value', 'title eq "a] and (b or \\"c"', 'title eq "a] and (b or \\"c"'],
    ['with a bare complex attribute in `pr`', 'name pr and emails pr', '(name pr and emails pr)'],
    ['with an empty text', 'title co ""', 'title co ""'],
  ])('%s', (_, text, shown) => expect(parsed(text)).toBe(shown));

  it('keeps a condition behind a value path on the same element', () => {
    expect(parsed('emails[type eq "work"].value co "ex"')).toBe('emails[(type eq "work" and value co "ex")]');
    expect(parsed('emails[type eq "work" or type eq "home"].value pr and title pr')).toBe(
      '(emails[((type eq "work" or type eq "home") and value pr)] and title pr)',
    );
    expect(parsed('not emails[type eq "work"].primary eq true')).toBe(
      'not emails[(type eq "work" and primary eq "true")]',
    );
  });

  it('keeps the literal as written beside its comparable form', () => {
    expect(parseFilter('userName eq "JANE"', USER_TYPE)).toMatchObject({ literal: 'JANE', value: 'jane' });
    expect(parseFilter('active eq "False"', USER_TYPE)).toMatchObject({ literal: false, value: 'false' });
    expect(parseFilter('ports eq 7', deviceTypeOf())).toMatchObject({ literal: 7, value: 'c01c000000000000' });
    expect(parseFilter('title eq null', USER_TYPE)).toMatchObject({ literal: null, value: null });
  });
});

describe('string literals are JSON strings', () => {
  it.each([
    ['"CORP\\\\jane"', 'CORP\\jane'],
    ['"say \\"hi\\""', 'say "hi"'],
    ['"\\u00e9\\t\\n\\/"', 'é\t\n/'],
    ['"\\ud83d\\ude00"', '😀'],
    ['"back\\\\"', 'back\\'],
  ])('%s', (literal, text) => {
    expect(parseFilter(`externalId eq ${literal}`, USER_TYPE)).toMatchObject({ literal: text, value: text });
  });

  it.each(['"CORP\\jane"', '"\\x41"', '"\\u12"', '"line\nbreak"'])('%j is none', (literal) => {
    expect(refusal(`userName eq ${literal}`)).toMatchObject({ status: 400, scimType: 'invalidFilter' });
    expect(refusal(`userName eq ${literal}`).detail).toContain('character 13');
  });

  it.each(['"a\\u0000b"', '"\\ud800"', '"a\0b"', 'a\0b', '"\ud800"'])(
    '%j is refused: no value can hold it',
    (literal) => {
      const { detail } = refusal(`userName eq ${literal}`);
      expect(detail).toContain('U+0000');
      if (detail.includes('character')) expect(detail).toContain('character 13');
    },
  );
});

describe('what is no filter is refused with invalidFilter and says why', () => {
  it.each([
    ['', 'ends where an attribute'],
    ['   ', 'ends where an attribute'],
    ['userName', 'ends where an operator'],
    ['userName eq', 'ends where a value'],
    ['userName regex "x"', "operator 'regex' is not supported"],
    ['userName eq "x" and', 'ends where an attribute'],
    ['userName eq "x" title pr', "At character 17 of the filter stands 'title' instead of 'and', 'or'"],
    ['userName eq "x', 'no closing quotation mark'],
    ['(userName eq "x"', "'(' at character 1"],
    ['userName eq "x")', "stands ')'"],
    ['emails[type eq "work"', "'[' at character 7"],
    ['emails[type eq "work")', "stands ')'"],
    ['(title pr]', "stands ']'"],
    ['"userName" eq "x"', 'a quoted value instead of an attribute'],
    ['userName "eq" "x"', 'a quoted value instead of an operator'],
    ['userName eq (title)', "stands '(' instead of a value"],
    ['emails[type eq "work"].value', 'ends where an operator'],
    ['emails[type eq "work"].value[type pr]', "stands '[' instead of an operator"],
    ['emails[type eq "work"] .value pr', "stands '.value'"],
    ['not not title pr', "stands 'not'"],
    ['shoeSize eq 42', "User has no attribute 'shoeSize'. Known: schemas, id, externalId, meta, userName, name"],
    ['name.nick eq "x"', "User has no attribute 'name.nick'"],
    ['name.givenName.x eq "x"', 'no attribute'],
    ['urn:x:y:z eq "x"', "no attribute 'urn:x:y:z'"],
    [`${GROUP}:displayName eq "x"`, 'no attribute'],
    [`${ENT} pr`, 'no attribute'],
    ['emails[shoe eq "x"]', "emails has no attribute 'shoe'. Known: value, display, type, primary"],
    ['emails[emails.type eq "x"]', "emails has no attribute 'emails.type'"],
    ['emails[type[value eq "x"]]', 'type has no elements'],
    ['userName[value eq "x"]', 'userName has no elements'],
    ['emails.value[value eq "x"]', 'emails.value has no elements'],
    ['name eq "x"', 'name is complex; compare one of its sub-attributes: formatted'],
    ['addresses co "x"', 'addresses is complex'],
    ['active gt true', "active is a boolean and cannot be compared with 'gt'"],
    ['active co "tr"', 'active is a boolean'],
    ['active eq "yes"', 'active is compared with a value that is no boolean'],
    ['x509Certificates.value lt "x"', 'x509Certificates.value is a binary'],
    ['meta.created sw "2026"', 'meta.created is a dateTime'],
    ['meta.created gt "yesterday"', 'meta.created is compared with a value that is no dateTime'],
    ['title gt null', 'title gt null has no meaning'],
    ['title co null', 'title co null has no meaning'],
    ['password eq "hunter2"', 'password cannot be filtered by'],
    ['password pr', 'password cannot be filtered by'],
  ])('%s', (text, reason) => {
    const { status, scimType, detail } = refusal(text);
    expect({ status, scimType }).toEqual({ status: 400, scimType: 'invalidFilter' });
    expect(detail).toContain(reason);
    expect(detail).not.toContain('hunter2');
  });

  it('says of numbers what is no number', () => {
    for (const literal of ['"7"', 'seven', '0x7', '"1e3"']) {
      expect(refusal(`ports eq ${literal}`, deviceTypeOf()).detail).toContain('no integer');
    }
    expect(parsed('weight lt -1.5e3', deviceTypeOf())).toContain('weight lt');
    expect(refusal('weight co 1', deviceTypeOf()).detail).toContain('weight is a decimal');
  });

  it.each([
    ['parentheses', `${'('.repeat(3_900)}title pr${')'.repeat(3_900)}`],
    ['10,000 parentheses', `${'('.repeat(10_000)}title pr${')'.repeat(10_000)}`],
    ['unclosed parentheses', '('.repeat(7_999)],
    ['brackets', 'emails['.repeat(1_000)],
    ['negations', `${'not ('.repeat(1_500)}title pr${')'.repeat(300)}`],
    ['negations without parentheses', `${'not '.repeat(1_900)}title pr`],
  ])('deep nesting of %s is refused without using up the stack', (_, text) => {
    expect(refusal(text)).toMatchObject({ status: 400, scimType: 'invalidFilter' });
  });

  it('nesting of 50 is read, 51 is not', () => {
    const nested = (depth: number) => `${'('.repeat(depth)}title pr${')'.repeat(depth)}`;
    expect(parsed(nested(50))).toBe('title pr');
    expect(refusal(nested(51)).detail).toBe('The filter nests deeper than 50');
  });

  it('8,000 characters are read, 8,001 are not', () => {
    const long = (length: number) => `title eq "${'x'.repeat(length - 11)}"`;
    expect(parseFilter(long(8_000), USER_TYPE)).toMatchObject({ kind: 'compare' });
    expect(refusal(long(8_001)).detail).toContain('at most 8000');
  });

  it('hundreds of terms side by side are no nesting', () => {
    const filter = parseFilter(Array(880).fill('id pr').join(' or '), USER_TYPE);
    expect(filter.kind === 'or' && filter.terms.length).toBe(880);
  });
});

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
