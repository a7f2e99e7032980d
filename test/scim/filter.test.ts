import { describe, expect, it } from 'vitest';
import type { Filter } from '../../src/scim/filter/ast.ts';
import { parseFilter } from '../../src/scim/filter/parse.ts';
import { notation } from '../../src/scim/notation.ts';
import { deviceTypeOf, ENT, failureOf, GROUP, USER, USER_TYPE } from './fixtures.ts';

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
    const terms = Array.from({ length: 500 }, (_, n) => `id eq "${n}"`);
    const filter = parseFilter(terms.join(' or '), USER_TYPE);
    expect(filter.kind === 'or' && filter.terms.length).toBe(500);
  });

  it('what is said twice is asked once', () => {
    const filter = parseFilter('title eq "a" and (TITLE eq "A" and (userName pr and userName pr))', USER_TYPE);
    expect(filter.kind === 'and' && filter.terms.map(({ kind }) => kind)).toEqual(['compare', 'present']);
    expect(parseFilter('id pr or id pr', USER_TYPE)).toMatchObject({ kind: 'present' });
  });
});
