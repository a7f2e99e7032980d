import { describe, expect, it } from 'vitest';
import { patch } from '../linkspan.ts';
import { created, DEFAULTS, expectError, expectMembers, expectResource, memberOf, USER } from './answers.ts';
import { KINDS, serveFor } from './provider.ts';

const HOME = { type: 'home', streetAddress: '456 Hollywood Blvd', locality: 'Hollywood', primary: true };
const WORK = {
  type: 'work',
  streetAddress: '100 Universal City Plaza',
  locality: 'Hollywood',
  region: 'CA',
  postalCode: '91608',
  country: 'USA',
};

describe.each(KINDS)('RFC 7644 3.5.2.3 (%s)', (kind) => {
  const tenant = serveFor(kind);

  const user = async (attributes: object) => {
    const scim = await tenant();
    const before = await created(scim, '/Users', { userName: 'bjensen', ...attributes });
    const replace = (value: unknown, path?: string) =>
      scim('PATCH', `/Users/${before.id}`, patch({ op: 'replace', ...(path && { path }), value }), {
        'if-match': before.meta.version,
      });
    const read = async () => (await scim('GET', `/Users/${before.id}`)).body;
    return { scim, before, replace, read };
  };

  it('RFC 7644 3.5.2.3: replacing all members of a group in one operation', async () => {
    const scim = await tenant();
    const mandy = await memberOf(scim, 'mpepperidge', 'Mandy Pepperidge');
    const members = [await memberOf(scim, 'bjensen', 'Babs Jensen'), await memberOf(scim, 'jsmith', 'James Smith')];
    const { id, meta } = await created(scim, '/Groups', { displayName: 'Tour Guides', members: [mandy, members[0]] });
    const operation = { op: 'replace', path: 'members', value: members };
    const answer = await scim('PATCH', `/Groups/${id}`, patch(operation), { 'if-match': meta.version });
    expect(answer.status).toBe(200);
    expectMembers(answer.body, members);
    expectMembers((await scim('GET', `/Groups/${id}`)).body, members);
  });

  it("RFC 7644 3.5.2.3: changing a user's whole work address", async () => {
    const { replace } = await user({ addresses: [HOME, WORK] });
    const value = {
      type: 'work',
      streetAddress: '911 Universal City Plaza',
      locality: 'Hollywood',
      region: 'CA',
      postalCode: '91608',
      country: 'US',
      formatted: '911 Universal City Plaza\nHollywood, CA 91608 US',
      primary: true,
    };
    const answer = await replace(value, 'addresses[type eq "work"]');
    // The other address is primary no longer.
    expect({ status: answer.status, addresses: answer.body.addresses }).toEqual({
      status: 200,
      addresses: [{ ...HOME, primary: false }, value],
    });
  });

  it('RFC 7644 3.5.2.3: changing the streetAddress of the work address', async () => {
    const { replace } = await user({ addresses: [HOME, WORK] });
    const answer = await replace('1010 Broadway Ave', 'addresses[type eq "work"].streetAddress');
    expect({ status: answer.status, addresses: answer.body.addresses }).toEqual({
      status: 200,
      addresses: [HOME, { ...WORK, streetAddress: '1010 Broadway Ave' }],
    });
  });

  it('RFC 7644 3.5.2.3: replacing all values of several attributes', async () => {
    const { scim, replace } = await user({ nickName: 'Barb', title: 'Guide', emails: [{ value: 'old@example.com' }] });
    const emails = [
      { value: 'bjensen@example.com', type: 'work', primary: true },
      { value: 'babs@jensen.org', type: 'home' },
    ];
    // The RFC's JSON lacks a closing brace. Its `nickname` is the attribute nickName: case does not count (3.10).
    expectResource(await replace({ emails, nickname: 'Babs' }), scim, 'User', {
      schemas: [USER],
      userName: 'bjensen',
      ...DEFAULTS,
      title: 'Guide',
      emails,
      nickName: 'Babs',
    });
  });

  it('RFC 7644 3.5.2.3: a single value is replaced', async () => {
    const { replace } = await user({ title: 'Guide' });
    expect((await replace('Boss', 'title')).body.title).toBe('Boss');
  });

  it('RFC 7644 3.5.2.3: all values of a multi-valued attribute are replaced', async () => {
    const { replace } = await user({ emails: [{ value: 'a@example.com' }, { value: 'b@example.com' }] });
    const emails = [{ value: 'c@example.com' }];
    expect((await replace(emails, 'emails')).body.emails).toEqual(emails);
  });

  it('RFC 7644 3.5.2.3: what does not exist is added', async () => {
    const { replace } = await user({});
    expect((await replace('Guide', 'title')).body.title).toBe('Guide');
  });

  it('RFC 7644 3.5.2.3: sub-attributes that are not given stay as they are', async () => {
    const { replace } = await user({ name: { familyName: 'Jensen', givenName: 'Barbara' } });
    expect((await replace({ familyName: 'Smith', middleName: 'Jane' }, 'name')).body.name).toEqual({
      familyName: 'Smith',
      givenName: 'Barbara',
      middleName: 'Jane',
    });
  });

  it('RFC 7644 3.5.2.3: the sub-attribute of every value that the filter selects is replaced', async () => {
    const second = { type: 'work', locality: 'Burbank', streetAddress: '1 Olive Ave' };
    const { replace } = await user({ addresses: [WORK, HOME, second] });
    const streetAddress = '1010 Broadway Ave';
    expect((await replace(streetAddress, 'addresses[type eq "work"].streetAddress')).body.addresses).toEqual([
      { ...WORK, streetAddress },
      HOME,
      { ...second, streetAddress },
    ]);
  });

  it('RFC 7644 3.5.2.3: every value that the filter selects is replaced', async () => {
    const { replace } = await user({
      ims: [
        { type: 'aim', value: 'a' },
        { type: 'icq', value: 'b' },
      ],
    });
    const value = { type: 'xmpp', value: 'c' };
    const { body } = await replace(value, 'ims[type eq "aim"]');
    expect(body.ims).toEqual([value, { type: 'icq', value: 'b' }]);
  });

  it.each([
    'addresses[type eq "vacation"]',
    'addresses[type eq "vacation"].locality',
    'addresses[locality co "Holly" and type eq "work"].locality',
    'addresses[not (type eq "home")].locality',
  ])('RFC 7644 3.5.2.3: nothing selected is no target: %s', async (path) => {
    const { before, replace, read } = await user({ addresses: [HOME] });
    const value = path.endsWith('locality') ? 'Burbank' : { locality: 'Burbank' };
    expectError(await replace(value, path), 400, 'noTarget');
    expect(await read()).toEqual(before);
  });

  it('RFC 7644 3.5.2.3: but a known type that nobody has yet is created', async () => {
    // The RFC wants 400 noTarget. Waived where the filter says what to create, for Entra replaces values that were never
    // set (decisions: `add`/`replace` on a value path that matches nothing).
    const { replace } = await user({ addresses: [HOME] });
    expect((await replace('Burbank', 'addresses[type eq "work"].locality')).body.addresses).toEqual([
      HOME,
      { type: 'work', locality: 'Burbank' },
    ]);
  });
});
