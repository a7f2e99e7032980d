import { describe, expect, it } from 'vitest';
import { BABS, created, DEFAULTS, expectError, expectLocation, expectResource, GROUP, USER } from './answers.ts';
import { KINDS, serveFor } from './provider.ts';

const BJENSEN = {
  schemas: [USER],
  userName: 'bjensen',
  externalId: 'bjensen',
  name: { formatted: 'Ms. Barbara J Jensen III', familyName: 'Jensen', givenName: 'Barbara' },
};

describe.each(KINDS)('RFC 7644 3.3 (%s)', (kind) => {
  const tenant = serveFor(kind);

  it('RFC 7644 3.3: creating a user', async () => {
    const scim = await tenant();
    const answer = await scim('POST', '/Users', BJENSEN, { accept: 'application/scim+json' });
    expectResource(answer, scim, 'User', { ...BJENSEN, ...DEFAULTS }, 201);
    expectLocation(answer, answer.body.meta.location);
    expect(answer.body.meta.lastModified).toBe(answer.body.meta.created);
    expect((await scim('GET', `/Users/${answer.body.id}`)).body).toEqual(answer.body);
  });

  it('RFC 7644 3.3: a duplicate userName is a conflict of uniqueness', async () => {
    const scim = await tenant();
    await created(scim, '/Users', BJENSEN);
    expectError(await scim('POST', '/Users', BJENSEN), 409, 'uniqueness');
    expect((await scim('GET', '/Users')).body.totalResults).toBe(1);
  });

  it('RFC 7644 3.3: what is readOnly in the request is ignored', async () => {
    const scim = await tenant();
    const readOnly = {
      id: BABS,
      groups: [{ value: BABS, display: 'Administrators' }],
      meta: { resourceType: 'Robot', created: '2001-01-01T00:00:00Z', version: 'W/"mine"', location: 'x:y' },
    };
    const answer = await scim('POST', '/Users', { ...BJENSEN, ...readOnly });
    expectResource(answer, scim, 'User', { ...BJENSEN, ...DEFAULTS }, 201);
    expect(answer.body.id).not.toBe(BABS);
  });

  it('RFC 7644 3.3: null and an empty array leave attributes without a value', async () => {
    const scim = await tenant();
    const answer = await scim('POST', '/Users', { ...BJENSEN, title: null, emails: [], externalId: null });
    const { externalId: _, ...rest } = BJENSEN;
    expectResource(answer, scim, 'User', { ...rest, ...DEFAULTS }, 201);
  });

  it('RFC 7644 3.3.1: the endpoint decides meta.resourceType', async () => {
    const scim = await tenant();
    const user = await scim('POST', '/Users', { schemas: [USER], userName: 'bjensen' });
    const group = await scim('POST', '/Groups', { schemas: [GROUP], displayName: 'Tour Guides' });
    expectResource(user, scim, 'User', { schemas: [USER], userName: 'bjensen', ...DEFAULTS }, 201);
    expectResource(group, scim, 'Group', { schemas: [GROUP], displayName: 'Tour Guides', members: [] }, 201);
  });
});
