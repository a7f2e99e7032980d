import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Scim } from '../linkspan.ts';
import { created, ENTERPRISE, expectError, expectList, filtered, USER } from './answers.ts';
import { KINDS, serveFor } from './provider.ts';

/** Such that every filter selects some and leaves some. */
const POPULATION = [
  {
    userName: 'bjensen',
    externalId: 'AbC',
    name: { familyName: "O'Malley" },
    title: 'Tour Guide',
    userType: 'Employee',
    emails: [{ type: 'work', value: 'bjensen@example.com' }],
    [ENTERPRISE]: { employeeNumber: '701984' },
  },
  {
    userName: 'jsmith',
    name: { familyName: 'Smith' },
    userType: 'Employee',
    emails: [{ type: 'home', value: 'jsmith@example.org' }],
  },
  {
    userName: 'John',
    name: { familyName: 'Jensen' },
    userType: 'Intern',
    ims: [{ type: 'xmpp', value: 'john@foo.com' }],
  },
  {
    userName: 'karl',
    title: 'Guard',
    userType: 'Contractor',
    emails: [{ type: 'work', value: 'karl@example.net' }],
    ims: [{ type: 'aim', value: 'karl@foo.com' }],
  },
  {
    userName: 'mallory',
    userType: 'Contractor',
    // What a value path asks for, but on two values.
    emails: [
      { type: 'work', value: 'mallory@elsewhere.test' },
      { type: 'home', value: 'mallory@example.com' },
    ],
  },
  { userName: 'nobody' },
  { userName: 'erin', userType: 'Employee', emails: [{ type: 'work', value: 'erin@elsewhere.test' }] },
];

describe.each(KINDS)('RFC 7644 3.4.2.2 (%s)', (kind) => {
  const tenant = serveFor(kind);
  let scim: Scim;
  let karlChanged: string;
  beforeAll(async () => {
    scim = await tenant();
    for (const user of POPULATION) {
      const { meta } = await created(scim, '/Users', { schemas: [USER], ...user });
      if (user.userName === 'karl') karlChanged = meta.lastModified;
      await sleep(5); // So that no two have the same lastModified.
    }
  });

  /** @returns userNames in the order of creation. */
  const select = async (filter: string) => {
    const answer = await scim('GET', filtered('/Users', filter.replaceAll('{karlChanged}', karlChanged)));
    const names = (answer.body.Resources ?? []).map(({ userName }: { userName: string }) => userName);
    expectList(answer, names.length);
    return names;
  };

  it.each([
    ['userName Eq "john"', ['John']],
    ['Username eq "john"', ['John']],
  ])('RFC 7644 3.4.2.2: names and operators in any case: %s', async (filter, expected) => {
    expect(await select(filter)).toEqual(expected);
  });

  // The instants are ours: all resources here are younger than those of the RFC.
  it.each([
    ['userName eq "bjensen"', ['bjensen']],
    ['name.familyName co "O\'Malley"', ['bjensen']],
    ['userName sw "J"', ['jsmith', 'John']],
    ['urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J"', ['jsmith', 'John']],
    ['title pr', ['bjensen', 'karl']],
    ['meta.lastModified gt "{karlChanged}"', ['mallory', 'nobody', 'erin']],
    ['meta.lastModified ge "{karlChanged}"', ['karl', 'mallory', 'nobody', 'erin']],
    ['meta.lastModified lt "{karlChanged}"', ['bjensen', 'jsmith', 'John']],
    ['meta.lastModified le "{karlChanged}"', ['bjensen', 'jsmith', 'John', 'karl']],
    ['title pr and userType eq "Employee"', ['bjensen']],
    ['title pr or userType eq "Intern"', ['bjensen', 'John', 'karl']],
    ['schemas eq "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"', ['bjensen']],
    [
      'userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")', //
      ['bjensen', 'jsmith'],
    ],
    [
      'userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org")',
      ['John', 'karl', 'nobody'],
    ],
    ['userType eq "Employee" and (emails.type eq "work")', ['bjensen', 'erin']],
    ['userType eq "Employee" and emails[type eq "work" and value co "@example.com"]', ['bjensen']],
    [
      'emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]',
      ['bjensen', 'John'],
    ],
  ])('RFC 7644 3.4.2.2, figure 2: %s', async (filter, expected) => {
    expect(await select(filter)).toEqual(expected);
  });

  it.each([
    ['userType eq "Intern"', ['John']],
    // An absent attribute is not equal to anything (decisions: `ne`).
    ['userType ne "Employee"', ['John', 'karl', 'mallory', 'nobody']],
    ['userName co "ar"', ['karl']],
    ['userName sw "ka"', ['karl']],
    ['userName sw "karl"', ['karl']],
    ['userName ew "SEN"', ['bjensen']],
    ['userName ew "john"', ['John']],
    ['emails pr', ['bjensen', 'jsmith', 'karl', 'mallory', 'erin']],
    ['name pr', ['bjensen', 'jsmith', 'John']],
    ['userName gt "karl"', ['mallory', 'nobody']],
    ['userName ge "karl"', ['karl', 'mallory', 'nobody']],
    ['userName lt "erin"', ['bjensen']],
    ['userName le "erin"', ['bjensen', 'erin']],
  ])('RFC 7644 3.4.2.2, table 3: %s', async (filter, expected) => {
    expect(await select(filter)).toEqual(expected);
  });

  it.each(
    ['gt', 'ge', 'lt', 'le'].flatMap((operator) => [
      `active ${operator} true`,
      `x509Certificates.value ${operator} "TUlJ"`,
    ]),
  )('RFC 7644 3.4.2.2, table 3: booleans and binaries have no order: %s', async (filter) => {
    expectError(await scim('GET', filtered('/Users', filter)), 400, 'invalidFilter');
  });

  it.each([
    ['userType eq "Contractor" and title pr', ['karl']],
    ['userType eq "Intern" or title pr', ['bjensen', 'John', 'karl']],
    ['not (title pr)', ['jsmith', 'John', 'mallory', 'nobody', 'erin']],
  ])('RFC 7644 3.4.2.2, table 4: %s', async (filter, expected) => {
    expect(await select(filter)).toEqual(expected);
  });

  it.each([
    ['(userType eq "Intern" or userType eq "Contractor") and title pr', ['karl']],
    ['emails[type eq "work"]', ['bjensen', 'karl', 'mallory', 'erin']],
    ['emails[not (type eq "work")]', ['jsmith', 'mallory']],
    ['emails[type eq "home" and (value ew ".org" or value ew ".net")]', ['jsmith']],
  ])('RFC 7644 3.4.2.2, table 5: %s', async (filter, expected) => {
    expect(await select(filter)).toEqual(expected);
  });

  it.each([
    ['userType eq "Intern" or userType eq "Contractor" and title pr', ['John', 'karl']],
    ['title pr and userType eq "Contractor" or userType eq "Intern"', ['John', 'karl']],
    ['not (title pr) and userType eq "Employee"', ['jsmith', 'erin']],
    ['not (title pr) or userType eq "Employee"', ['bjensen', 'jsmith', 'John', 'mallory', 'nobody', 'erin']],
    ['not (title pr and userType eq "Employee")', ['jsmith', 'John', 'karl', 'mallory', 'nobody', 'erin']],
  ])('RFC 7644 3.4.2.2: grouping before not before and before or: %s', async (filter, expected) => {
    expect(await select(filter)).toEqual(expected);
  });

  it('RFC 7644 3.4.2.2: one value of several has to match', async () => {
    expect(await select('emails.value eq "mallory@example.com"')).toEqual(['mallory']);
    expect(await select('emails.type eq "work" and emails.value co "@example.com"')).toEqual(['bjensen', 'mallory']);
  });

  it('RFC 7644 3.4.2.2: caseExact decides whether case matters', async () => {
    expect(await select('externalId eq "AbC"')).toEqual(['bjensen']);
    expect(await select('externalId eq "abc"')).toEqual([]);
    expect(await select('title eq "TOUR GUIDE"')).toEqual(['bjensen']);
  });

  it('RFC 7644 3.4.2.2: a default value is compared like one that was sent', async () => {
    expect(await select('active eq true and userName sw "b"')).toEqual(['bjensen']);
    expect(await select('active pr and not (title pr) and userType pr')).toEqual(['jsmith', 'John', 'mallory', 'erin']);
  });

  it("RFC 7644 3.4.2.2: the operator 'regex' is not supported, and the answer says so", async () => {
    const answer = await scim('GET', filtered('/Users', 'userName regex "b.*"'));
    expectError(answer, 400, 'invalidFilter');
    expect(answer.body.detail).toMatch(/regex/);
  });
});
