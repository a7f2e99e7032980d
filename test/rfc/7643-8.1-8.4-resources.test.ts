import { describe, expect, it } from 'vitest';
import {
  ENTERPRISE_USER,
  ENTERPRISE_WRITABLE,
  FULL,
  FULL_WRITABLE,
  groupOf,
  MINIMAL,
} from './7643-8-representations.ts';
import { DEFAULTS, ENTERPRISE, expectMembers, expectResource, GROUP, memberOf, USER } from './answers.ts';
import { KINDS, serveFor } from './provider.ts';

describe.each(KINDS)('RFC 7643 8.1 to 8.4 (%s)', (kind) => {
  const tenant = serveFor(kind);
  /** Sends the representation and reads it back. What is readOnly in it is the server's to say. */
  const roundTrip = async (endpoint: '/Users' | '/Groups', representation: { id: string }) => {
    const scim = await tenant();
    const created = await scim('POST', endpoint, representation);
    const read = await scim('GET', `${endpoint}/${created.body.id}`);
    expect({ status: created.status, body: created.body }).toEqual({ status: 201, body: read.body });
    expect(read.body.id).not.toBe(representation.id);
    return { scim, read };
  };

  it('RFC 7643 8.1: the minimal user', async () => {
    const { scim, read } = await roundTrip('/Users', MINIMAL);
    expectResource(read, scim, 'User', { schemas: [USER], userName: 'bjensen@example.com', ...DEFAULTS });
  });

  it('RFC 7643 8.2: the full user', async () => {
    const { scim, read } = await roundTrip('/Users', FULL);
    expectResource(read, scim, 'User', FULL_WRITABLE);
  });

  it('RFC 7643 8.2: a password never comes back', async () => {
    const { scim, read } = await roundTrip('/Users', FULL);
    expect(JSON.stringify(read.body)).not.toContain(FULL.password);
    const asked = await scim('GET', `/Users/${read.body.id}?attributes=password,userName`);
    expect(asked.body).toEqual({ schemas: [USER], id: read.body.id, userName: FULL.userName });
  });

  it('RFC 7643 8.3: the enterprise user', async () => {
    const { scim, read } = await roundTrip('/Users', ENTERPRISE_USER);
    // The readOnly displayName of an unknown manager is echoed (decisions: server-computed sub-attributes).
    expectResource(read, scim, 'User', ENTERPRISE_WRITABLE);
    expect(read.body.schemas).toEqual([USER, ENTERPRISE]);
  });

  const tourGuides = async () => {
    const scim = await tenant();
    const members = [
      await memberOf(scim, 'bjensen', 'Babs Jensen'),
      await memberOf(scim, 'mpepperidge', 'Mandy Pepperidge'),
    ];
    const created = await scim('POST', '/Groups', groupOf(members));
    return { scim, members, read: await scim('GET', `/Groups/${created.body.id}`) };
  };

  it('RFC 7643 8.4: a group', async () => {
    const { scim, members, read } = await tourGuides();
    const any = [expect.anything(), expect.anything()];
    expectResource(read, scim, 'Group', { schemas: [GROUP], displayName: 'Tour Guides', members: any });
    expectMembers(read.body, members);
  });

  it('RFC 7643 8.4: each member has a $ref to the user', async () => {
    const { members, read } = await tourGuides();
    const references = (list: { $ref?: string }[]) => list.map(({ $ref }) => $ref);
    expect(references(read.body.members)).toEqual(expect.arrayContaining(references(members)));
  });

  it('RFC 7643 8.4: asked for by attributes, $ref and type are worked out where the client sent none', async () => {
    const scim = await tenant();
    const { value, $ref } = await memberOf(scim, 'bjensen', 'Babs Jensen');
    const { body } = await scim('POST', '/Groups', { displayName: 'Tour Guides', members: [{ value }] });
    const asked = await scim('GET', `/Groups/${body.id}?attributes=members`);
    expect(asked.body).toMatchObject({ schemas: [GROUP], id: body.id, members: [{ value, $ref, type: 'User' }] });
  });
});
