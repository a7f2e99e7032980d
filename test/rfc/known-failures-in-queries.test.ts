/** What leading SCIM systems are known to get wrong in queries, each a test here. */
import { beforeAll, describe, expect, it } from 'vitest';
import { patch, type Scim } from '../linkspan.ts';
import { created, ENTERPRISE, expectList, filtered, USER } from './answers.ts';
import { KINDS, serveFor } from './provider.ts';

const userNames = (resources: Record<string, unknown>[]) => resources.map(({ userName }) => userName);

describe.each(KINDS)('sorting and totals (%s)', (kind) => {
  const tenant = serveFor(kind);
  const COUNT = 120;
  const nameOf = (n: number) => `user${String(n).padStart(3, '0')}`;
  let scim: Scim;
  beforeAll(async () => {
    scim = await tenant();
    // 7 has no factor in common with 120: every number once, in no order of names.
    for (let n = 0; n < COUNT; n++) {
      await created(scim, '/Users', { userName: nameOf((n * 7) % COUNT), ...(n % 2 && { title: 'odd' }) });
    }
  });

  it('a page is a part of the sorted whole', async () => {
    const page = expectList(await scim('GET', '/Users?sortBy=userName&startIndex=51&count=10'), COUNT);
    expect(userNames(page)).toEqual(Array.from({ length: 10 }, (_, n) => nameOf(50 + n)));
    const last = expectList(await scim('GET', '/Users?sortBy=userName&sortOrder=descending&count=3'), COUNT);
    expect(userNames(last)).toEqual([119, 118, 117].map(nameOf));
  });

  it('totalResults is not that of the page', async () => {
    for (const query of ['', '?count=10', '?count=0', '?startIndex=116', '?count=1&startIndex=500']) {
      expectList(await scim('GET', `/Users${query}`), COUNT);
    }
    const answer = await scim('GET', `${filtered('/Users', 'title eq "odd"')}&count=5`);
    expect(expectList(answer, COUNT / 2)).toHaveLength(5);
  });
});

describe.each(KINDS)('filters and names (%s)', (kind) => {
  const tenant = serveFor(kind);
  let scim: Scim;
  const select = async (filter: string) => {
    const { status, body } = await scim('GET', filtered('/Users', filter));
    expect({ filter, status }).toEqual({ filter, status: 200 });
    return userNames(body.Resources).sort();
  };
  /** What is special in a regular expression, in LIKE or in a text, by the name of who has it. */
  const SPECIAL: Record<string, string> = {
    dot: 'a.b',
    letter: 'axb',
    anything: 'any .* thing',
    round: 'left ( only',
    square: 'left [ only',
    plus: 'c++',
    percent: '100% sure',
    underscore: 'a_b',
    backslash: 'a\\b',
    dollar: '^start$',
  };
  beforeAll(async () => {
    scim = await tenant();
    for (const [userName, title] of Object.entries(SPECIAL)) await created(scim, '/Users', { userName, title });
    const extension = { department: 'Tours', manager: { value: 'boss' } };
    await created(scim, '/Users', { userName: 'Jane.Doe@example.com', nickName: 'J', [ENTERPRISE]: extension });
  });

  it('a URN is not split at the dot of "2.0"', async () => {
    const [jane] = expectList(await scim('GET', filtered('/Users', `${ENTERPRISE}:department eq "Tours"`)), 1);
    expect(jane).toMatchObject({ userName: 'Jane.Doe@example.com' });
    expect(await select(`${ENTERPRISE}:manager.value eq "boss"`)).toEqual(['Jane.Doe@example.com']);
    const id = jane?.id;
    const answer = await scim('GET', `/Users/${id}?attributes=${ENTERPRISE}:manager.value`);
    expect(answer.body).toEqual({ schemas: [USER, ENTERPRISE], id, [ENTERPRISE]: { manager: { value: 'boss' } } });
    const operations = [
      { op: 'replace', path: `${ENTERPRISE}:department`, value: 'Sales' },
      { op: 'add', value: { [`${ENTERPRISE}:costCenter`]: '4130' } },
      { op: 'replace', path: `${ENTERPRISE}:department`, value: 'Tours' },
    ];
    const { status, body } = await scim('PATCH', `/Users/${id}`, patch(...operations));
    expect({ status, extension: body[ENTERPRISE] }).toEqual({
      status: 200,
      extension: { costCenter: '4130', department: 'Tours', manager: { value: 'boss' } },
    });
    expect(Object.keys(body).filter((key) => key.startsWith('urn:'))).toEqual([ENTERPRISE]);
  });

  it.each([
    'userName eq "JANE.DOE@EXAMPLE.COM"',
    'userName EQ "jane.doe@example.com"',
    'USERNAME eq "Jane.Doe@example.com"',
    'userName eq Jane.Doe@example.com',
    'userName Eq JANE.DOE@EXAMPLE.COM',
  ])('an existing user is found by %s', async (filter) => {
    expect(await select(filter)).toEqual(['Jane.Doe@example.com']);
  });

  it('not takes all that stands in its parentheses, and no more', async () => {
    expect(await select('not (title pr or nickName eq "J")')).toEqual([]);
    expect(await select('not (title pr and nickName eq "J")')).toHaveLength(11);
    expect(await select('not (title pr) and nickName eq "J"')).toEqual(['Jane.Doe@example.com']);
    expect(await select('not (nickName eq "J") and title eq "c++"')).toEqual(['plus']);
    expect(await select('not (not (title pr or nickName eq "J"))')).toHaveLength(11);
  });

  it.each([
    ['co', '.', ['anything', 'dot']],
    ['co', '.*', ['anything']],
    ['co', '(', ['round']],
    ['co', '[', ['square']],
    ['co', '+', ['plus']],
    ['co', '%', ['percent']],
    ['co', '_', ['underscore']],
    ['co', '\\', ['backslash']],
    ['co', '$', ['dollar']],
    ['sw', '^', ['dollar']],
    ['sw', 'a.', ['dot']],
    ['sw', '%', []],
    ['ew', '+', ['plus']],
    ['ew', '.b', ['dot']],
    ['ew', '$', ['dollar']],
    ['eq', 'a.b', ['dot']],
    ['eq', 'a_b', ['underscore']],
    ['eq', '%', []],
  ])('%s "%s" means these characters and no pattern', async (operator, needle, expected) => {
    expect(await select(`title ${operator} ${JSON.stringify(needle)}`)).toEqual(expected);
  });

  it('nor is there a pattern in the filter of a path', async () => {
    const values = ['.*', 'a(b', 'a[b', 'a+b', 'plain'].map((value) => ({ value }));
    const { id } = await created(scim, '/Users', { userName: 'patterns', ims: values });
    for (const needle of ['.*', '(', '[', '+']) {
      const operation = { op: 'remove', path: `ims[value co "${needle}"]` };
      expect((await scim('PATCH', `/Users/${id}`, patch(operation))).status).toBe(200);
    }
    expect((await scim('GET', `/Users/${id}`)).body.ims).toEqual([{ value: 'plain' }]);
    await scim('DELETE', `/Users/${id}`);
  });
});
