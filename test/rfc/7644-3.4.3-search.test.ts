import { describe, expect, it } from 'vitest';
import { created, expectError, expectList, expectLocation, GROUP, SEARCH_REQUEST, USER } from './answers.ts';
import { KINDS, serveFor } from './provider.ts';

const FIGURE_4 = {
  schemas: [SEARCH_REQUEST],
  attributes: ['displayName', 'userName'],
  filter: 'displayName sw "smith"',
  startIndex: 1,
  count: 10,
};

describe.each(KINDS)('RFC 7644 3.4.3 (%s)', (kind) => {
  const tenant = serveFor(kind);
  const populated = async () => {
    const scim = await tenant();
    const smith = { userName: 'jsmith', displayName: 'Smith, James', title: 'Guard' };
    const user = await created(scim, '/Users', smith);
    await created(scim, '/Users', { userName: 'bjensen', displayName: 'Babs Jensen' });
    const group = await created(scim, '/Groups', { displayName: 'Smith Family', members: [{ value: user.id }] });
    await created(scim, '/Groups', { displayName: 'Tour Guides' });
    // `schemas` is always returned (RFC 7643 section 3), although figure 5 leaves it out.
    const found = [
      { schemas: [USER], id: user.id, userName: 'jsmith', displayName: 'Smith, James' },
      { schemas: [GROUP], id: group.id, displayName: 'Smith Family' },
    ];
    return { scim, found };
  };

  it('RFC 7644 3.4.3, figures 4 and 5: a query by POST over users and groups', async () => {
    const { scim, found } = await populated();
    const answer = await scim('POST', '/.search', FIGURE_4, { accept: 'application/scim+json' });
    const resources = expectList(answer, 2);
    expect(resources).toHaveLength(2);
    expect(resources).toEqual(expect.arrayContaining(found));
    expect(answer.body).toMatchObject({ itemsPerPage: 2, startIndex: 1 });
  });

  it('RFC 7644 3.4.3, figure 5: the answer has the Location of the query', async () => {
    const { scim } = await populated();
    expectLocation(await scim('POST', '/.search', FIGURE_4), `${scim.base}/.search`);
  });

  it('RFC 7644 3.4.3: /Users/.search and /Groups/.search query one type', async () => {
    const { scim, found } = await populated();
    expect(expectList(await scim('POST', '/Users/.search', FIGURE_4), 1)).toEqual([found[0]]);
    expect(expectList(await scim('POST', '/Groups/.search', FIGURE_4), 1)).toEqual([found[1]]);
  });

  it('RFC 7644 3.4.3: all parameters of a query can stand in the body', async () => {
    const { scim } = await populated();
    const search = (body: object) => scim('POST', '/Users/.search', { schemas: [SEARCH_REQUEST], ...body });
    const descending = expectList(await search({ sortBy: 'userName', sortOrder: 'descending' }), 2);
    expect(descending).toMatchObject([{ userName: 'jsmith' }, { userName: 'bjensen' }]);
    const second = expectList(await search({ sortBy: 'userName', startIndex: 2, count: 1 }), 2);
    expect(second).toMatchObject([{ userName: 'jsmith' }]);
    const [first] = expectList(
      await search({ excludedAttributes: ['title', 'meta', 'active', 'groups'], count: 1 }),
      2,
    );
    expect(Object.keys(first ?? {}).sort()).toEqual(['displayName', 'id', 'schemas', 'userName']);
    expect(expectList(await search({}), 2)).toHaveLength(2);
  });

  it('RFC 7644 3.4.3: a search is no creation, and its errors are those of a query', async () => {
    const { scim } = await populated();
    expectError(await scim('POST', '/.search', { ...FIGURE_4, filter: 'displayName zz "x"' }), 400, 'invalidFilter');
    expectError(await scim('POST', '/.search', '{"schemas":'), 400, 'invalidSyntax');
    expectList(await scim('GET', '/Users'), 2);
  });
});
