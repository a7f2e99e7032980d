import { describe, expect, it } from 'vitest';
import { patch } from '../linkspan.ts';
import { BABS, created, ENTERPRISE, expectError, expectResource, USER } from './answers.ts';
import { KINDS, serveFor } from './provider.ts';

const WORK = 'addresses[type eq "work"]';

describe.each(KINDS)('RFC 7644 3.5.2 (%s)', (kind) => {
  const tenant = serveFor(kind);

  const user = async (attributes: object = {}) => {
    const scim = await tenant();
    const before = await created(scim, '/Users', {
      userName: 'bjensen',
      name: { familyName: 'Jensen' },
      ...attributes,
    });
    const send = (...operations: unknown[]) => scim('PATCH', `/Users/${before.id}`, patch(...operations));
    const read = async () => (await scim('GET', `/Users/${before.id}`)).body;
    return { scim, before, send, read };
  };
  const group = async () => {
    const scim = await tenant();
    const { id } = await created(scim, '/Groups', { displayName: 'Tour Guides', members: [{ value: BABS }] });
    return { send: (...operations: unknown[]) => scim('PATCH', `/Groups/${id}`, patch(...operations)) };
  };

  it('RFC 7644 3.5.2, figure 8: the path members', async () => {
    const { send } = await group();
    const answer = await send({ op: 'remove', path: 'members' });
    expect({ status: answer.status, members: answer.body.members }).toEqual({ status: 200, members: [] });
  });

  it('RFC 7644 3.5.2, figure 8: the path name.familyName', async () => {
    const { send } = await user();
    expect((await send({ op: 'replace', path: 'name.familyName', value: 'Smith' })).body.name).toEqual({
      familyName: 'Smith',
    });
  });

  it('RFC 7644 3.5.2, figure 8: the path addresses[type eq "work"]', async () => {
    const home = { type: 'home', locality: 'Hollywood' };
    const { send } = await user({ addresses: [{ type: 'work', locality: 'Los Angeles' }, home] });
    expect((await send({ op: 'remove', path: WORK })).body.addresses).toEqual([home]);
  });

  it('RFC 7644 3.5.2, figure 8: the path members[value eq "..."]', async () => {
    const { send } = await group();
    const answer = await send({ op: 'remove', path: `members[value eq "${BABS}"]` });
    expect({ status: answer.status, members: answer.body.members }).toEqual({ status: 200, members: [] });
  });

  it('RFC 7644 3.5.2, figure 8: the path members[value eq "..."].displayName', async () => {
    // A well-formed path to what no schema has: a member's name is `display` (RFC 7643 section 4.2).
    const { send } = await group();
    const operation = { op: 'replace', path: `members[value eq "${BABS}"].displayName`, value: 'Babs' };
    expectError(await send(operation), 400, 'invalidPath');
  });

  it('RFC 7644 3.5.2: an attribute with its URN brings its schema with it, and takes it away', async () => {
    const { send } = await user();
    const path = `${ENTERPRISE}:employeeNumber`;
    const added = await send({ op: 'add', path, value: '701984' });
    expect(added.body).toMatchObject({ schemas: [USER, ENTERPRISE], [ENTERPRISE]: { employeeNumber: '701984' } });
    const removed = await send({ op: 'remove', path });
    expect(removed.body.schemas).toEqual([USER]);
    expect(removed.body).not.toHaveProperty([ENTERPRISE]);
  });

  it('RFC 7644 3.5.2: a URN that an operation adds to schemas needs an attribute to stay there', async () => {
    // `schemas` follows from the attributes that a resource has.
    const { send } = await user();
    const declare = { op: 'add', path: 'schemas', value: [ENTERPRISE] };
    expect((await send(declare)).body.schemas).toEqual([USER]);
    const both = await send(declare, { op: 'add', path: `${ENTERPRISE}:department`, value: 'Tours' });
    expect(both.body).toMatchObject({ schemas: [USER, ENTERPRISE], [ENTERPRISE]: { department: 'Tours' } });
  });

  it('RFC 7644 3.5.2: operations apply in order, each to what the one before it left', async () => {
    const { send } = await user();
    const answer = await send(
      { op: 'add', path: 'title', value: 'Guide' },
      { op: 'replace', path: 'title', value: 'Tour Guide' },
      { op: 'add', path: 'nickName', value: 'Babs' },
      { op: 'remove', path: 'nickName' },
    );
    expect(answer.body).toMatchObject({ title: 'Tour Guide' });
    expect(answer.body).not.toHaveProperty('nickName');
  });

  it('RFC 7644 3.5.2: a new primary value takes it from the others', async () => {
    const { send } = await user({
      emails: [
        { value: 'a@example.com', type: 'work', primary: true },
        { value: 'b@example.com', type: 'home' },
      ],
    });
    const answer = await send({ op: 'replace', path: 'emails[type eq "home"].primary', value: true });
    const primaries = answer.body.emails.filter(({ primary }: { primary?: boolean }) => primary);
    expect(primaries).toEqual([{ value: 'b@example.com', type: 'home', primary: true }]);
    const added = await send({ op: 'add', path: 'emails', value: [{ value: 'c@example.com', primary: true }] });
    expect(added.body.emails.filter(({ primary }: { primary?: boolean }) => primary)).toMatchObject([
      { value: 'c@example.com' },
    ]);
  });

  it('RFC 7644 3.5.2: one failing operation leaves the resource as it was', async () => {
    const { before, send, read } = await user();
    const answer = await send(
      { op: 'replace', path: 'title', value: 'Boss' },
      { op: 'replace', path: 'id', value: 'x' },
    );
    expectError(answer, 400, 'mutability');
    expect(await read()).toEqual(before);
  });

  it('RFC 7644 3.5.2: what is readOnly cannot be the path of an operation', async () => {
    const { send } = await user();
    for (const path of ['id', 'meta.created', 'groups']) {
      expectError(await send({ op: 'replace', path, value: 'x' }), 400, 'mutability');
    }
  });

  it('RFC 7644 3.5.2: what is immutable cannot be replaced', async () => {
    const { send } = await group();
    const path = `members[value eq "${BABS}"].value`;
    expectError(await send({ op: 'replace', path, value: 'another' }), 400, 'mutability');
  });

  it('RFC 7644 3.5.2: success is 200 and the whole resource, or what attributes asked for', async () => {
    const { scim, before } = await user();
    const body = patch({ op: 'replace', path: 'title', value: 'Guide' });
    expectResource(await scim('PATCH', `/Users/${before.id}`, body), scim, 'User', {
      schemas: [USER],
      userName: 'bjensen',
      name: { familyName: 'Jensen' },
      title: 'Guide',
      active: true,
    });
    const some = await scim('PATCH', `/Users/${before.id}?attributes=title`, body);
    expect({ status: some.status, body: some.body }).toEqual({
      status: 200,
      body: { schemas: [USER], id: before.id, title: 'Guide' },
    });
  });

  it.each([
    ['no Operations', {}],
    ['Operations that are no list', { Operations: 'remove' }],
    ['no operation', { Operations: [] }],
    ['an operation without op', { Operations: [{ path: 'title', value: 'x' }] }],
    ['an op of JSON Patch', { Operations: [{ op: 'move', path: 'title', from: 'nickName' }] }],
  ])('RFC 7644 3.5.2: %s is invalid syntax', async (_, body) => {
    const { scim, before, read } = await user();
    const schemas = ['urn:ietf:params:scim:api:messages:2.0:PatchOp'];
    expectError(await scim('PATCH', `/Users/${before.id}`, { schemas, ...body }), 400, 'invalidSyntax');
    expect(await read()).toEqual(before);
  });
});
