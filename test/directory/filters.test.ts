import { expect, it, onTestFinished } from 'vitest';
import { openApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import type { Complex } from '../../src/scim/document.ts';
import { matches } from '../../src/scim/filter/match.ts';
import { parseFilter } from '../../src/scim/filter/parse.ts';
import { testDatabase } from '../stores.ts';

const ENT = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

const PEOPLE = [
  {
    userName: 'Jane@Example.com',
    externalId: 'E1',
    name: { givenName: 'Jane', familyName: 'Doe' },
    emails: [
      { value: 'jane@example.com', type: 'work', primary: true },
      { value: 'jane@home.net', type: 'home' },
    ],
    title: 'Engineer',
    profileUrl: 'https://example.com/Jane',
    userType: 'Employee',
    roles: [{ value: 'Admin', primary: true }],
    [ENT]: { employeeNumber: '007', department: 'R&D', manager: { value: 'boss' } },
  },
  { userName: 'straße', emails: [{ value: 'JANE@example.com', type: 'home' }], active: false, title: 'engineer' },
  { userName: 'İstanbul', userType: 'EndUser', nickName: '100%_sure' },
  { userName: 'CORP\\jane "x"', emails: [{ value: 'x@example.com' }], displayName: 'Ωmega ΟΔΟΣ' },
  { userName: 'smile😀', [ENT]: { employeeNumber: '42' }, phoneNumbers: [{ value: '+1 555', type: 'work' }] },
  { userName: 'plain', groupsAreIgnored: true, addresses: [{ type: 'work', country: 'DE', locality: 'Köln' }] },
];

const FILTERS = [
  'userName eq "jane@EXAMPLE.com"',
  'userName ne "jane@example.com"',
  'USERNAME Eq "STRASSE"',
  'userName eq "STRAßE"',
  'userName sw "s"',
  'userName sw ""',
  'userName ew "l"',
  'userName co "a"',
  'userName gt "p"',
  'userName le "plain"',
  'userName eq "CORP\\\\jane \\"x\\""',
  'displayName co "οδος"',
  'displayName ew "ς"',
  'nickName co "%_"',
  'nickName co "__"',
  'externalId eq "E1"',
  'externalId eq "e1"',
  'externalId pr',
  'profileUrl eq "https://example.com/jane"',
  'profileUrl eq "https://example.com/Jane"',
  'profileUrl co "/Ja"',
  'not (externalId pr)',
  'externalId eq null',
  'title ne null',
  'userType ne "EndUser"',
  'not (userType eq "EndUser")',
  'active eq true',
  'active eq false',
  'active eq "False"',
  'emails pr',
  'emails eq "jane@example.com"',
  'emails.value eq "jane@example.com"',
  'emails ne "jane@example.com"',
  'emails.type eq "work" and emails.value eq "jane@home.net"',
  'emails[type eq "work" and value eq "jane@home.net"]',
  'emails[type eq "work"].value eq "jane@home.net"',
  'emails[type eq "home"].value co "JANE"',
  'emails[type eq "work" or value sw "x"]',
  'emails[not (type pr)]',
  'emails[not (type eq "work")]',
  'not (emails[type eq "work"])',
  'emails.primary eq true',
  'emails[primary eq true].value ew ".com"',
  'roles[primary eq "True"].value eq "admin"',
  'name.givenName eq "jane"',
  'name pr',
  'name.familyName pr and title pr',
  'addresses[country eq "DE" and locality sw "kö"]',
  `${ENT}:employeeNumber eq "007"`,
  `${ENT}:employeeNumber sw "4"`,
  `${ENT}:department eq "r&d"`,
  `${ENT}:manager.value eq "boss"`,
  `${ENT}:manager eq "boss"`,
  'urn:ietf:params:scim:schemas:core:2.0:User:title eq "engineer"',
  `schemas eq "${ENT}"`,
  `schemas ne "${ENT}"`,
  'meta.resourceType eq "User"',
  'meta.created gt "2020-01-01T00:00:00Z"',
  'meta.lastModified lt "2020-01-01T00:00:00.1234567+02:00"',
  'id pr',
  'title eq "ENGINEER" and active eq true or userName eq "plain"',
  'title eq "engineer" and (active eq true or userName eq "plain")',
  'not (title eq "engineer") and not (active eq true)',
  'emails.primary eq false',
  'emails[type eq "home" and primary eq false]',
  'emails[primary ne true].value co "example"',
  'emails.primary pr',
  'roles.primary ne false',
  'meta[resourceType eq "User" and created gt "2020-01-01T00:00:00Z"]',
  'meta[not (version pr)]',
  `schemas[value eq "${ENT}"]`,
  'schemas sw "urn:ietf"',
  'meta.resourceType sw "U"',
  'name[not (givenName pr)]',
  'name[givenName ne "jane"]',
  `${ENT}:manager[not (value pr)]`,
  'userName eq "ｊａｎｅ@example.com"',
];

it.each(['sqlite', 'postgres'] as const)('SQL and memory agree on every filter (%s)', async (kind) => {
  const database = await testDatabase(kind);
  const app = await openApp(readConfig({ LINKSPAN_DATABASE_URL: database.url }));
  onTestFinished(async () => {
    await app.close();
    await database.drop();
  });
  const type = app.resourceTypes.get('User');
  if (!type) throw new Error('no User');
  let requests = 0;
  const caller = () => ({ tenant: 'acme', idp: 'generic', actor: 'test', activityId: `a${requests++}` });
  for (const person of PEOPLE) await app.directory.create(caller(), type, person, {});
  // Somebody else's people are never found.
  await app.directory.create({ ...caller(), tenant: 'globex' }, type, PEOPLE[0], {});

  const everybody = (await app.directory.list(caller(), [type], {})).Resources;
  expect(everybody).toHaveLength(PEOPLE.length);
  const seen = new Map<string, number>();
  for (const filter of FILTERS) {
    const parsed = parseFilter(filter, type);
    const expected = everybody.filter((user) => matches(parsed, user as Complex, type)).map((user) => user.userName);
    const found = await app.directory.list(caller(), [type], { filter });
    expect({ filter, found: found.Resources.map((user) => user.userName) }).toEqual({ filter, found: expected });
    expect({ filter, total: found.totalResults }).toEqual({ filter, total: expected.length });
    seen.set(filter, expected.length);
  }
  // As many terms, and as deep, as a filter may have.
  const wide = Array.from({ length: 480 }, (_, n) => (n === 479 ? 'title pr' : `id ne "${n}"`)).join(' and ');
  // PostgreSQL weighs every order of joining what a conjunction looks into, unless it is kept from it.
  const joins = Array.from(
    { length: 100 },
    (_, n) => `emails.value sw "j" and emails.value ne "${n}" and title pr`,
  ).join(' and ');
  expect((await app.directory.list(caller(), [type], { filter: joins })).totalResults).toBe(2);
  const probes = Array.from(
    { length: 100 },
    (_, n) => `(emails.value eq "jane@example.com" or userName eq "${n}")`,
  ).join(' and ');
  expect((await app.directory.list(caller(), [type], { filter: probes })).totalResults).toBe(2);
  const deep = `${'('.repeat(45)}${'not (id pr) or '.repeat(400)}title pr${')'.repeat(45)}`;
  for (const filter of [wide, deep]) {
    expect((await app.directory.list(caller(), [type], { filter })).totalResults).toBe(2);
  }
  // The table is not vacuous: most filters select some and leave some.
  const telling = [...seen.values()].filter((count) => count > 0 && count < PEOPLE.length);
  expect(telling.length).toBeGreaterThan(FILTERS.length * 0.6);
});

it.each(['sqlite', 'postgres'] as const)(
  'filters on members and groups, and pages that do not move (%s)',
  async (kind) => {
    const database = await testDatabase(kind);
    const app = await openApp(readConfig({ LINKSPAN_DATABASE_URL: database.url }));
    onTestFinished(async () => {
      await app.close();
      await database.drop();
    });
    const [user, group] = [app.resourceTypes.get('User'), app.resourceTypes.get('Group')];
    if (!user || !group) throw new Error('no types');
    let requests = 0;
    const caller = () => ({ tenant: 'acme', idp: 'generic', actor: 'test', activityId: `a${requests++}` });
    const ids: string[] = [];
    for (let n = 0; n < 12; n++) {
      ids.push((await app.directory.create(caller(), user, { userName: `user${n}` }, {})).resource?.id ?? '');
    }
    const members = [{ value: ids[0], display: 'Äpfel', type: 'User' }, { value: ids[1] }];
    const sales = (await app.directory.create(caller(), group, { displayName: 'Sales', members }, {})).resource?.id;
    await app.directory.create(caller(), group, { displayName: 'Empty' }, {});
    const names = async (type: typeof user, filter: string) =>
      (await app.directory.list(caller(), [type], { filter })).Resources.map(
        (each) => each.displayName ?? each.userName,
      );

    expect(await names(group, `members.value eq "${ids[0]}"`)).toEqual(['Sales']);
    expect(await names(group, `members[value eq "${ids[1]}"]`)).toEqual(['Sales']);
    expect(await names(group, 'members.display eq "äPFEL"')).toEqual(['Sales']);
    expect(await names(group, `members[value eq "${ids[1]}" and type eq "user"]`)).toEqual([]);
    expect(await names(group, 'not (members pr)')).toEqual(['Empty']);
    expect(await names(user, `groups.value eq "${sales}"`)).toEqual(['user0', 'user1']);
    expect(await names(user, 'groups[display eq "SALES"]')).toEqual(['user0', 'user1']);
    expect(await names(user, 'groups.display sw "e"')).toEqual([]);

    const page = async (startIndex: number) => {
      const answer = await app.directory.list(caller(), [user], { startIndex: String(startIndex), count: '5' });
      return { total: answer.totalResults, names: answer.Resources.map((each) => each.userName) };
    };
    const first = await page(1);
    await app.directory.create(caller(), user, { userName: 'aaa' }, {});
    expect(first).toEqual({ total: 12, names: ['user0', 'user1', 'user2', 'user3', 'user4'] });
    expect(await page(6)).toEqual({ total: 13, names: ['user5', 'user6', 'user7', 'user8', 'user9'] });
    expect(await page(11)).toEqual({ total: 13, names: ['user10', 'user11', 'aaa'] });
    expect(await page(14)).toEqual({ total: 13, names: [] });
  },
);
