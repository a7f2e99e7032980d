import { beforeAll, describe, expect, it } from 'vitest';
import type { Scim } from '../linkspan.ts';
import { created, DEFAULTS, expectError, expectList, USER } from './answers.ts';
import { KINDS, serveFor } from './provider.ts';

const userName = (n: number) => `user${String(n).padStart(3, '0')}`;
const names = (resources: Record<string, unknown>[]) => resources.map((each) => each.userName);
const numbered = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => userName(from + n));

describe.each(KINDS)('RFC 7644 3.4.2.4 (%s)', (kind) => {
  const tenant = serveFor(kind);
  let scim: Scim;
  beforeAll(async () => {
    scim = await tenant();
    for (let n = 1; n <= 100; n++) await created(scim, '/Users', { userName: userName(n) });
  });

  it('RFC 7644 3.4.2.4, figure 3: the first 10 of 100 users', async () => {
    const answer = await scim('GET', '/Users?startIndex=1&count=10');
    expect(names(expectList(answer, 100))).toEqual(numbered(1, 10));
    expect(answer.body).toMatchObject({ itemsPerPage: 10, startIndex: 1 });
  });

  it('RFC 7644 3.4.2.4: the next 10, from startIndex 11', async () => {
    const answer = await scim('GET', '/Users?startIndex=11&count=10');
    expect(names(expectList(answer, 100))).toEqual(numbered(11, 20));
    expect(answer.body).toMatchObject({ itemsPerPage: 10, startIndex: 11 });
  });

  it('RFC 7644 3.4.2.4: paging to the end finds everybody once', async () => {
    const found: unknown[] = [];
    for (let startIndex = 1; startIndex <= 101; startIndex += 30) {
      found.push(...names(expectList(await scim('GET', `/Users?startIndex=${startIndex}&count=30`), 100)));
    }
    expect(found).toEqual(numbered(1, 100));
    const beyond = await scim('GET', '/Users?startIndex=101&count=30');
    expect(expectList(beyond, 100)).toEqual([]);
    expect(beyond.body).toMatchObject({ itemsPerPage: 0, startIndex: 101 });
  });

  it.each(['0', '-5'])('RFC 7644 3.4.2.4, table 6: startIndex=%s is 1', async (startIndex) => {
    const answer = await scim('GET', `/Users?startIndex=${startIndex}&count=2`);
    expect(names(expectList(answer, 100))).toEqual(numbered(1, 2));
    expect(answer.body.startIndex).toBe(1);
  });

  it.each(['0', '-1'])('RFC 7644 3.4.2.4, table 6: count=%s gives only totalResults', async (count) => {
    const answer = await scim('GET', `/Users?count=${count}`);
    expect(expectList(answer, 100)).toEqual([]);
    expect(answer.body.itemsPerPage).toBe(0);
  });

  it('RFC 7644 3.4.2.4, table 6: both are whole numbers', async () => {
    expectError(await scim('GET', '/Users?startIndex=one'), 400, 'invalidValue');
    const answer = await scim('GET', '/Users?count=many');
    // RFC 9865 section 2.1 has a word of its own for a count.
    expect({ status: answer.status, known: ['invalidValue', 'invalidCount'].includes(answer.body.scimType) }).toEqual({
      status: 400,
      known: true,
    });
  });
});

describe.each(KINDS)('RFC 7644 3.4.2.5 (%s)', (kind) => {
  const tenant = serveFor(kind);
  const user = {
    schemas: [USER],
    userName: 'bjensen',
    name: { familyName: 'Jensen', givenName: 'Barbara' },
    emails: [{ value: 'bjensen@example.com', type: 'work' }],
  };

  it('RFC 7644 3.4.2.5: attributes override what is returned by default', async () => {
    const scim = await tenant();
    const { id } = await created(scim, '/Users', user);
    const [named] = expectList(await scim('GET', '/Users?attributes=name.givenName,emails'), 1);
    expect(named).toEqual({ schemas: [USER], id, name: { givenName: 'Barbara' }, emails: user.emails });
  });

  it('RFC 7644 3.4.2.5: excludedAttributes are taken from the default set, but never what is always returned', async () => {
    const scim = await tenant();
    const { id, meta } = await created(scim, '/Users', user);
    const [rest] = expectList(await scim('GET', '/Users?excludedAttributes=name.givenName,emails,id,schemas'), 1);
    const { emails: _, ...others } = user;
    expect(rest).toEqual({ ...others, ...DEFAULTS, name: { familyName: 'Jensen' }, id, meta });
  });
});
