import { describe, expect, it } from 'vitest';
import { patch } from '../linkspan.ts';
import { DEFAULTS, expectError, expectLocation, expectResource, USER } from './answers.ts';
import { KINDS, serveFor } from './provider.ts';

const BJENSEN = {
  schemas: [USER],
  userName: 'bjensen',
  externalId: 'bjensen',
  name: { formatted: 'Ms. Barbara J Jensen III', familyName: 'Jensen', givenName: 'Barbara' },
};

describe.each(KINDS)('RFC 7644 3.13 and 3.14 (%s)', (kind) => {
  const tenant = serveFor(kind);
  const user = async () => {
    const scim = await tenant();
    const answer = await scim('POST', '/Users', BJENSEN);
    const etag = answer.headers.get('etag') ?? '';
    return { scim, answer, etag, path: `/Users/${answer.body.id}` };
  };

  it('RFC 7644 3.13: the version stands in the path, right before the endpoint', async () => {
    const { scim, answer } = await user();
    expect(new URL(answer.body.meta.location).pathname).toMatch(/\/v2\/Users\/[^/]+$/);
    expect(scim.base).toMatch(/\/v2$/);
  });

  it('RFC 7644 3.14: a created user has an ETag in header and meta', async () => {
    const { scim, answer, etag } = await user();
    // The RFC's answer leaves externalId out, which its own 3.3 shows.
    expectResource(answer, scim, 'User', { ...BJENSEN, ...DEFAULTS }, 201);
    expectLocation(answer, answer.body.meta.location);
    expect(etag).toMatch(/^W\/"/);
    expect(answer.body.meta.version).toBe(etag);
  });

  it('RFC 7644 3.14: a conditional retrieval of what has not changed is 304 without a body', async () => {
    const { scim, etag, path } = await user();
    const answer = await scim('GET', `${path}?attributes=displayName`, undefined, { 'if-none-match': etag });
    expect({ status: answer.status, body: answer.body }).toEqual({ status: 304, body: undefined });
    expect(answer.headers.get('etag')).toBe(etag);
  });

  it('RFC 7644 3.14: a conditional retrieval of what has changed', async () => {
    const { scim, etag, path } = await user();
    await scim('PATCH', path, patch({ op: 'add', path: 'displayName', value: 'Babs' }));
    const answer = await scim('GET', `${path}?attributes=displayName`, undefined, { 'if-none-match': etag });
    expect({ status: answer.status, body: answer.body }).toMatchObject({ status: 200, body: { displayName: 'Babs' } });
    expect(answer.headers.get('etag')).not.toBe(etag);
  });

  it('RFC 7644 3.14: If-Match lets PUT and PATCH change only the version that was read', async () => {
    const { scim, etag, path } = await user();
    const put = await scim('PUT', path, { ...BJENSEN, title: 'Guide' }, { 'if-match': etag });
    expect(put.status).toBe(200);
    const second = put.headers.get('etag') ?? '';
    expect(second).not.toBe(etag);

    const operation = patch({ op: 'replace', path: 'title', value: 'Boss' });
    expectError(await scim('PUT', path, { ...BJENSEN, title: 'Boss' }, { 'if-match': etag }), 412);
    expectError(await scim('PATCH', path, operation, { 'if-match': etag }), 412);
    expect((await scim('GET', path)).body.title).toBe('Guide');
    expect((await scim('PATCH', path, operation, { 'if-match': second })).body.title).toBe('Boss');
  });
});
