import { describe, expect, it } from 'vitest';
import { patch } from '../linkspan.ts';
import { created, expectError, expectList, USER } from './answers.ts';
import { KINDS, serveFor } from './provider.ts';

describe.each(KINDS)('RFC 7644 3.6 (%s)', (kind) => {
  const tenant = serveFor(kind);
  const BJENSEN = { schemas: [USER], userName: 'bjensen', externalId: 'bjensen' };
  const deleted = async () => {
    const scim = await tenant();
    const { id, meta } = await created(scim, '/Users', BJENSEN);
    const answer = await scim('DELETE', `/Users/${id}`, undefined, { 'if-match': meta.version });
    return { scim, id, answer };
  };

  it('RFC 7644 3.6: deleting a user', async () => {
    const { answer } = await deleted();
    expect({ status: answer.status, body: answer.body }).toEqual({ status: 204, body: undefined });
  });

  it('RFC 7644 3.6: an attempt to retrieve the deleted user', async () => {
    const { scim, id } = await deleted();
    expectError(await scim('GET', `/Users/${id}`), 404);
  });

  it('RFC 7644 3.6: all operations with the deleted user are 404', async () => {
    const { scim, id } = await deleted();
    expectError(await scim('PUT', `/Users/${id}`, BJENSEN), 404);
    expectError(await scim('PATCH', `/Users/${id}`, patch({ op: 'add', path: 'title', value: 'x' })), 404);
    expectError(await scim('DELETE', `/Users/${id}`), 404);
  });

  it('RFC 7644 3.6: queries find the deleted user no more', async () => {
    const { scim } = await deleted();
    expectList(await scim('GET', '/Users'), 0);
    expectList(await scim('GET', '/Users?filter=userName%20eq%20%22bjensen%22'), 0);
  });

  it('RFC 7644 3.6: the name is free again', async () => {
    const { scim, id } = await deleted();
    const again = await created(scim, '/Users', BJENSEN);
    expect(again.id).not.toBe(id);
    expectError(await scim('GET', `/Users/${id}`), 404);
  });

  it('RFC 7644 3.6: a deleted group is gone from its members', async () => {
    const scim = await tenant();
    const user = await created(scim, '/Users', BJENSEN);
    const group = await created(scim, '/Groups', { displayName: 'Tour Guides', members: [{ value: user.id }] });
    expect((await scim('GET', `/Users/${user.id}`)).body.groups).toHaveLength(1);
    const answer = await scim('DELETE', `/Groups/${group.id}`, undefined, { 'if-match': group.meta.version });
    expect(answer.status).toBe(204);
    expectError(await scim('GET', `/Groups/${group.id}`), 404);
    expect((await scim('GET', `/Users/${user.id}`)).body).not.toHaveProperty('groups');
  });
});
