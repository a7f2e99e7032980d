import { describe, expect, it } from 'vitest';
import type { Scim } from '../linkspan.ts';
import { patch } from '../linkspan.ts';
import { BABS, created, expectError, expectMembers, memberOf } from './answers.ts';
import { KINDS, serveFor } from './provider.ts';

describe.each(KINDS)('RFC 7644 3.5.2.2 (%s)', (kind) => {
  const tenant = serveFor(kind);

  const patcher = async (scim: Scim, endpoint: '/Users' | '/Groups', body: Record<string, unknown>) => {
    const before = await created(scim, endpoint, body);
    const send = (...operations: unknown[]) =>
      scim('PATCH', `${endpoint}/${before.id}`, patch(...operations), { 'if-match': before.meta.version });
    const read = async () => (await scim('GET', `${endpoint}/${before.id}`)).body;
    return { before, send, read };
  };
  const user = async (attributes: object) => patcher(await tenant(), '/Users', { userName: 'bjensen', ...attributes });
  /** With Babs and Mandy as members; James is none. */
  const tourGuides = async () => {
    const scim = await tenant();
    const babs = await memberOf(scim, 'bjensen', 'Babs Jensen');
    const mandy = await memberOf(scim, 'mpepperidge', 'Mandy Pepperidge');
    const james = await memberOf(scim, 'jsmith', 'James Smith');
    const group = await patcher(scim, '/Groups', { displayName: 'Tour Guides', members: [babs, mandy] });
    return { ...group, babs, mandy, james };
  };

  it('RFC 7644 3.5.2.2: removing a single member from a group', async () => {
    const { send, read, babs, mandy } = await tourGuides();
    const answer = await send({ op: 'remove', path: `members[value eq "${babs.value}"]` });
    expect(answer.status).toBe(200);
    expectMembers(answer.body, [mandy]);
    expectMembers(await read(), [mandy]);
  });

  it('RFC 7644 3.5.2.2: removing somebody who is no member changes nothing', async () => {
    const { before, send, james } = await tourGuides();
    for (const nobody of [james.value, BABS]) {
      const answer = await send({ op: 'remove', path: `members[value eq "${nobody}"]` });
      expect({ status: answer.status, body: answer.body }).toEqual({ status: 200, body: before });
    }
  });

  it('RFC 7644 3.5.2.2: removing all members of a group', async () => {
    const { send, read } = await tourGuides();
    expect((await send({ op: 'remove', path: 'members' })).status).toBe(200);
    expect((await read()).members).toEqual([]);
  });

  it('RFC 7644 3.5.2.2: removing and adding a member', async () => {
    const { send, read, babs, mandy, james } = await tourGuides();
    // The RFC's path lacks the space behind `eq`, which its grammar requires.
    const answer = await send(
      { op: 'remove', path: `members[value eq "${babs.value}"]` },
      { op: 'add', path: 'members', value: [james] },
    );
    expect(answer.status).toBe(200);
    expectMembers(await read(), [mandy, james]);
  });

  it('RFC 7644 3.5.2.2: replacing all members by removing and adding', async () => {
    const { send, read, babs, james } = await tourGuides();
    const answer = await send({ op: 'remove', path: 'members' }, { op: 'add', path: 'members', value: [babs, james] });
    expect(answer.status).toBe(200);
    expectMembers(await read(), [babs, james]);
  });

  it('RFC 7644 3.5.2.2: removing a value from a complex multi-valued attribute', async () => {
    const stays = [
      { type: 'work', value: 'bjensen@example.com.test' },
      { type: 'home', value: 'babs@example.com' },
    ];
    const { send, read } = await user({ emails: [{ type: 'work', value: 'bjensen@example.com' }, ...stays] });
    const answer = await send({ op: 'remove', path: 'emails[type eq "work" and value ew "example.com"]' });
    expect(answer.status).toBe(200);
    expect((await read()).emails).toEqual(stays);
  });

  it('RFC 7644 3.5.2.2: without a path there is no target', async () => {
    const { before, send, read } = await user({ title: 'Guide' });
    expectError(await send({ op: 'remove', value: { title: 'Guide' } }), 400, 'noTarget');
    expect(await read()).toEqual(before);
  });

  it('RFC 7644 3.5.2.2: a single value is removed', async () => {
    const { send } = await user({ title: 'Guide', name: { familyName: 'Jensen', givenName: 'Barbara' } });
    const { body } = await send({ op: 'remove', path: 'title' }, { op: 'remove', path: 'name.givenName' });
    expect(body).not.toHaveProperty('title');
    expect(body.name).toEqual({ familyName: 'Jensen' });
  });

  it('RFC 7644 3.5.2.2: a multi-valued attribute without a filter loses all values', async () => {
    const { send } = await user({ emails: [{ value: 'a@example.com' }, { value: 'b@example.com' }] });
    expect((await send({ op: 'remove', path: 'emails' })).body).not.toHaveProperty('emails');
  });

  it('RFC 7644 3.5.2.2: the last value gone, the attribute has none', async () => {
    const { send } = await user({ emails: [{ type: 'work', value: 'a@example.com' }] });
    expect((await send({ op: 'remove', path: 'emails[type eq "work"]' })).body).not.toHaveProperty('emails');
  });

  it('RFC 7644 3.5.2.2: a sub-attribute of what a filter selects is removed', async () => {
    const { send } = await user({ emails: [{ type: 'work', value: 'a@example.com', display: 'A' }] });
    const { body } = await send({ op: 'remove', path: 'emails[type eq "work"].display' });
    expect(body.emails).toEqual([{ type: 'work', value: 'a@example.com' }]);
  });

  it('RFC 7644 3.5.2.2: what is required or readOnly cannot be removed', async () => {
    const { before, send, read } = await user({ title: 'Guide' });
    for (const path of ['userName', 'id', 'meta', 'groups']) {
      expectError(await send({ op: 'remove', path }), 400, 'mutability');
    }
    expect(await read()).toEqual(before);
  });
});
