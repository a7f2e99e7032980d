import { describe, expect, it } from 'vitest';
import { BABS, created, DEFAULTS, expectError, expectList, expectLocation, expectResource, USER } from './answers.ts';
import { KINDS, serveFor } from './provider.ts';

const BJENSEN = {
  schemas: [USER],
  externalId: 'bjensen',
  name: { formatted: 'Ms. Barbara J Jensen III', familyName: 'Jensen', givenName: 'Barbara' },
  userName: 'bjensen',
  phoneNumbers: [{ value: '555-555-8377', type: 'work' }],
  emails: [{ value: 'bjensen@example.com', type: 'work' }],
};

describe.each(KINDS)('RFC 7644 3.4.1 to 3.4.2.1 (%s)', (kind) => {
  const tenant = serveFor(kind);

  it('RFC 7644 3.4.1: retrieving a known user', async () => {
    const scim = await tenant();
    const { id } = await created(scim, '/Users', BJENSEN);
    const answer = await scim('GET', `/Users/${id}`, undefined, { accept: 'application/scim+json' });
    expectResource(answer, scim, 'User', { ...BJENSEN, ...DEFAULTS });
    expect(answer.body.id).toBe(id);
  });

  it('RFC 7644 3.4.1: the answer has the Location of the user', async () => {
    const scim = await tenant();
    const { id } = await created(scim, '/Users', BJENSEN);
    expectLocation(await scim('GET', `/Users/${id}`), `${scim.base}/Users/${id}`);
  });

  it('RFC 7644 3.4.1: groups and schemas are retrieved in the same way', async () => {
    const scim = await tenant();
    const { id } = await created(scim, '/Groups', { displayName: 'Tour Guides' });
    expect((await scim('GET', `/Groups/${id}`)).body).toMatchObject({ id, displayName: 'Tour Guides' });
    expect((await scim('GET', `/Schemas/${USER}`)).body).toMatchObject({ id: USER, name: 'User' });
    expectError(await scim('GET', `/Groups/${BABS}`), 404);
  });

  it('RFC 7644 3.4.2: the userName of all users', async () => {
    const scim = await tenant();
    const bjensen = await created(scim, '/Users', { userName: 'bjensen', title: 'Tour Guide' });
    const jsmith = await created(scim, '/Users', { userName: 'jsmith', emails: [{ value: 'j@example.com' }] });
    // The RFC's answer shows no `schemas`, which RFC 7643 section 3 requires in every representation (as in 3.9's answer).
    expect(expectList(await scim('GET', '/Users?attributes=userName'), 2)).toEqual([
      { schemas: [USER], id: bjensen.id, userName: 'bjensen' },
      { schemas: [USER], id: jsmith.id, userName: 'jsmith' },
    ]);
  });

  it('RFC 7644 3.4.2: no match is a success with totalResults 0', async () => {
    const scim = await tenant();
    await created(scim, '/Users', BJENSEN);
    expect(expectList(await scim('GET', '/Users?filter=userName%20eq%20%22nobody%22'), 0)).toEqual([]);
  });

  it('RFC 7644 3.4.2: query parameters that are not known are ignored', async () => {
    const scim = await tenant();
    await created(scim, '/Users', BJENSEN);
    expectList(await scim('GET', '/Users?colour=blue&aliasType=x'), 1);
  });

  it('RFC 7644 3.4.2.1: a query against a resource, and against a type of resources', async () => {
    const scim = await tenant();
    const { id } = await created(scim, '/Users', BJENSEN);
    await created(scim, '/Groups', { displayName: 'Tour Guides' });
    const one = await scim('GET', `/Users/${id}?attributes=emails.value`);
    expect(one.body).toEqual({ schemas: [USER], id, emails: [{ value: 'bjensen@example.com' }] });
    expect(expectList(await scim('GET', '/Users'), 1)).toMatchObject([{ userName: 'bjensen' }]);
    expect(expectList(await scim('GET', '/Groups'), 1)).toMatchObject([{ displayName: 'Tour Guides' }]);
  });
});

describe.each(KINDS)('RFC 7644 3.4.2.1: the server root (%s)', (kind) => {
  const tenant = serveFor(kind);
  const query = async (filter?: string) => {
    const scim = await tenant();
    await created(scim, '/Users', BJENSEN);
    await created(scim, '/Groups', { displayName: 'Tour Guides' });
    await created(scim, '/Users', { userName: 'jsmith' });
    const answer = await scim('GET', `/${filter ? `?filter=${encodeURIComponent(filter)}` : ''}`);
    expect(answer.status).toBe(200);
    const names = answer.body.Resources.map((each: Record<string, unknown>) => each.userName ?? each.displayName);
    expect(answer.body.totalResults).toBe(names.length);
    return names.sort();
  };

  it('RFC 7644 3.4.2.1: all resources are included', async () => {
    expect(await query()).toEqual(['Tour Guides', 'bjensen', 'jsmith']);
  });

  it('RFC 7644 3.4.2.1: (meta.resourceType eq User) or (meta.resourceType eq Group)', async () => {
    // As the RFC has it, without quotation marks, which its own grammar requires.
    expect(await query('(meta.resourceType eq User) or (meta.resourceType eq Group)')).toHaveLength(3);
  });

  it('RFC 7644 3.4.2.1: meta.resourceType restricts the result to one type', async () => {
    expect(await query('meta.resourceType eq "User"')).toEqual(['bjensen', 'jsmith']);
    expect(await query('not (meta.resourceType eq "User")')).toEqual(['Tour Guides']);
  });

  it('RFC 7644 3.4.2.1: an attribute that a type does not have has no value there', async () => {
    expect(await query('userName pr')).toEqual(['bjensen', 'jsmith']);
    expect(await query('userName eq "bjensen" or displayName sw "Tour"')).toEqual(['Tour Guides', 'bjensen']);
    expect(await query('not (userName eq "bjensen")')).toEqual(['Tour Guides', 'jsmith']);
  });
});
