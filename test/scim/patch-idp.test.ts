/** The exact PATCH bodies of reference/idp-behaviours.md and of RFC 7644 section 3.5.2, with their abbreviations expanded. */
import { describe, expect, it } from 'vitest';
import type { Document } from '../../src/scim/document.ts';
import { applyPatch, type PatchResult } from '../../src/scim/patch.ts';
import type { ResourceType } from '../../src/scim/schema.ts';
import { ENT, GROUP, GROUP_TYPE, PATCHOP, USER_TYPE } from './fixtures.ts';

function apply(text: string, document: Document, type: ResourceType, idp = 'entra'): PatchResult {
  const expanded = text.replaceAll('PATCHOP', PATCHOP).replaceAll('ENT', ENT).replaceAll('GROUP', GROUP);
  return applyPatch(document, JSON.parse(expanded), type, { createOnReplace: idp === 'entra' });
}
const user = (text: string, document: Document = { userName: 'jane@ex.com' }, idp?: string) =>
  apply(text, document, USER_TYPE, idp).document;
const group = (text: string) => apply(text, { displayName: 'Sales' }, GROUP_TYPE);

describe('Entra, legacy', () => {
  it('one operation for each attribute, also where there was no e-mail address', () => {
    const text = String.raw`{"schemas":["PATCHOP"],"Operations":[
      {"op":"Replace","path":"emails[type eq \"work\"].value","value":"new@contoso.com"},
      {"op":"Replace","path":"name.familyName","value":"Roe"},
      {"op":"Add","path":"ENT:department","value":"Sales"}]}`;
    const expected = {
      userName: 'jane@ex.com',
      name: { familyName: 'Roe' },
      emails: [{ type: 'work', value: 'new@contoso.com' }],
      [ENT]: { department: 'Sales' },
    };
    expect(user(text)).toEqual(expected);
    expect(user(text, undefined, 'okta')).toEqual(expected);
    expect(user(text, { ...expected, emails: [{ type: 'work', value: 'old', primary: true }] })).toMatchObject({
      emails: [{ type: 'work', value: 'new@contoso.com', primary: true }],
    });
  });

  it('disable and restore', () => {
    const text = (value: string) =>
      `{"schemas":["PATCHOP"],"Operations":[{"op":"Replace","path":"active","value":"${value}"}]}`;
    expect(user(text('False'), { userName: 'j', active: true }).active).toBe(false);
    expect(user(text('false'), { userName: 'j', active: true }).active).toBe(false);
    expect(user(text('True'), { userName: 'j', active: false }).active).toBe(true);
  });

  it('the manager as a bare string, then as "", then behind a dot, then as a list', () => {
    const text = (path: string, value: string) =>
      `{"schemas":["PATCHOP"],"Operations":[{"op":"Add","path":"${path}","value":${value}}]}`;
    const managed = user(text('ENT:manager', '"<manager id>"'));
    expect(managed[ENT]).toEqual({ manager: { value: '<manager id>' } });
    expect(user(text('ENT:manager', '""'), managed)).toEqual({ userName: 'jane@ex.com' });
    expect(user(text('ENT.manager', '"m2"'), managed)[ENT]).toEqual({ manager: { value: 'm2' } });
    expect(user(text('ENT:manager', '[{"$ref":"../Users/m3","value":"m3"}]'), managed)[ENT]).toEqual({
      manager: { value: 'm3', $ref: '../Users/m3' },
    });
  });

  it('roles: JSON inside a string, an empty value, a boolean compared with a string', () => {
    const json = String.raw`{"op":"Add","path":"roles","value":[{"value":"{\"id\":\"18d1\",\"value\":\"Admin\",\"displayName\":\"Admin\"}"}]}`;
    const admin = user(`{"schemas":["PATCHOP"],"Operations":[${json}]}`);
    expect(admin.roles).toEqual([{ value: 'Admin', display: 'Admin' }]);
    expect(user(`{"Operations":[${json}]}`, admin)).toBe(admin);
    expect(user('{"Operations":[{"op":"Add","path":"roles","value":{}}]}', admin)).toBe(admin);
    const primary = String.raw`{"Operations":[{"op":"Replace","path":"roles[primary eq \"True\"].value","value":"User"}]}`;
    expect(user(primary).roles).toEqual([{ primary: true, value: 'User' }]);
    const both = String.raw`{"Operations":[{"op":"Add","path":"roles[primary eq \"True\"].value","value":"{\"id\":\"1\",\"value\":\"Admin\"}"}]}`;
    expect(user(both).roles).toEqual([{ primary: true, value: 'Admin' }]);
  });

  it("the validator's type that no schema knows", () => {
    const text = String.raw`{"Operations":[{"op":"replace","path":"emails[type eq \"untyped\"].value","value":"x@y"}]}`;
    expect(user(text).emails).toEqual([{ type: 'untyped', value: 'x@y' }]);
  });
});

describe('Entra with ?aadOptscim062020', () => {
  it('one path-less replace of flat names, filters apart', () => {
    const text = String.raw`{"schemas":["PATCHOP"],"Operations":[
      {"op":"replace","path":"emails[type eq \"work\"].value","value":"new@contoso.com"},
      {"op":"replace","value":{"displayName":"Jane Roe","name.familyName":"Roe","active":false,
        "ENT:employeeNumber":"42"}}]}`;
    expect(
      user(text, { userName: 'j', name: { givenName: 'Jane', familyName: 'Doe' }, active: true, title: 'T' }),
    ).toEqual({
      userName: 'j',
      name: { givenName: 'Jane', familyName: 'Roe' },
      displayName: 'Jane Roe',
      title: 'T',
      active: false,
      emails: [{ type: 'work', value: 'new@contoso.com' }],
      [ENT]: { employeeNumber: '42' },
    });
  });
});

describe('Okta', () => {
  it('deactivation and a password', () => {
    const text = '{"schemas":["PATCHOP"],"Operations":[{"op":"replace","value":{"active":false}}]}';
    expect(user(text, { userName: 'j', active: true })).toEqual({ userName: 'j', active: false });
    const password = '{"schemas":["PATCHOP"],"Operations":[{"op":"replace","value":{"password":"x9Random"}}]}';
    expect(apply(password, { userName: 'j' }, USER_TYPE)).toMatchObject({ password: 'x9Random', changed: false });
  });

  it('a group renamed, with the id inside the value', () => {
    const text =
      '{"schemas":["PATCHOP"],"Operations":[{"op":"replace","value":{"id":"g1","displayName":"Sales EMEA"}}]}';
    const notes = [{ rule: 'read-only-in-patch', path: 'id' }];
    expect(group(text)).toMatchObject({ document: { displayName: 'Sales EMEA' }, relations: [], notes });
    expect(group(text.replace('Sales EMEA', 'Sales')).changed).toBe(false);
  });

  it('members removed and added, and replaced', () => {
    const text = String.raw`{"schemas":["PATCHOP"],"Operations":[
      {"op":"remove","path":"members[value eq \"u1\"]"},
      {"op":"add","path":"members","value":[{"value":"u2","display":"a@ex.com"},{"value":"u3","display":"b@ex.com"}]}]}`;
    const values = [{ value: 'u2', display: 'a@ex.com' }];
    expect(group(text).relations).toEqual([
      { attribute: 'members', op: 'remove', values: ['u1'] },
      { attribute: 'members', op: 'add', values: [...values, { value: 'u3', display: 'b@ex.com' }] },
    ]);
    const all =
      '{"schemas":["PATCHOP"],"Operations":[{"op":"replace","path":"members","value":[{"value":"u2","display":"a@ex.com"}]}]}';
    expect(group(all).relations).toEqual([{ attribute: 'members', op: 'replace', values }]);
  });
});

describe('JumpCloud, authentik and Keycloak', () => {
  it('JumpCloud: an operation for each attribute', () => {
    const text =
      '{"schemas":["PATCHOP"],"Operations":[{"op":"replace","path":"name.givenName","value":"John"},{"op":"replace","path":"active","value":false}]}';
    expect(user(text)).toEqual({ userName: 'jane@ex.com', name: { givenName: 'John' }, active: false });
  });

  it('authentik: path null with the whole group, and one operation for each member', () => {
    const whole =
      '{"schemas":["PATCHOP"],"Operations":[{"op":"replace","path":null,"value":{"schemas":["GROUP"],"displayName":"S","externalId":"e","id":"g"}}]}';
    const notes = [
      { rule: 'empty-path', path: 'path' },
      { rule: 'read-only-in-patch', path: 'schemas' },
      { rule: 'read-only-in-patch', path: 'id' },
    ];
    expect(group(whole)).toMatchObject({ document: { displayName: 'S', externalId: 'e' }, relations: [], notes });
    const members = `{"schemas":["PATCHOP"],"Operations":[{"op":"add","path":"members","value":[{"value":"u1"}]},
      {"op":"remove","path":"members","value":[{"value":"u2"}]}]}`;
    expect(group(members).relations).toEqual([
      { attribute: 'members', op: 'add', values: [{ value: 'u1' }] },
      { attribute: 'members', op: 'remove', values: ['u2'] },
    ]);
  });

  it('Keycloak: active as a string beside other attributes, and a bare remove', () => {
    const text =
      '{"schemas":["PATCHOP"],"Operations":[{"op":"replace","path":"active","value":"true"},{"op":"replace","path":"userName","value":"alice"}]}';
    expect(user(text)).toEqual({ userName: 'alice', active: true });
    const bare = '{"schemas":["PATCHOP"],"Operations":[{"op":"remove","path":"members"}]}';
    expect(group(bare).relations).toEqual([{ attribute: 'members', op: 'clear' }]);
  });
});

describe('the examples of RFC 7644', () => {
  const address = String.raw`{"schemas":["PATCHOP"],"Operations":[{"op":"replace","path":"addresses[type eq \"work\"]","value":{
    "type":"work","streetAddress":"911 Universal City Plaza","locality":"Hollywood","region":"CA","postalCode":"91608",
    "country":"US","formatted":"911 Universal City Plaza\nHollywood, CA 91608 US","primary":true}}]}`;

  it('section 3.5.2.3: a whole address by its type, which becomes the primary one', () => {
    const document: Document = {
      userName: 'bjensen',
      addresses: [
        { type: 'home', country: 'SE', primary: true },
        { type: 'work', country: 'DE' },
      ],
    };
    expect(user(address, document).addresses).toEqual([
      { type: 'home', country: 'SE', primary: false },
      expect.objectContaining({ type: 'work', country: 'US', locality: 'Hollywood', primary: true }),
    ]);
  });

  it('section 3.5.2.3: one line of an address', () => {
    const text = String.raw`{"schemas":["PATCHOP"],"Operations":[{"op":"replace","path":"addresses[type eq \"work\"].streetAddress","value":"1010 Broadway Ave"}]}`;
    expect(user(text, { userName: 'b', addresses: [{ type: 'work', country: 'US' }] }).addresses).toEqual([
      { type: 'work', country: 'US', streetAddress: '1010 Broadway Ave' },
    ]);
  });

  it('section 3.5.2.3: attributes without a path', () => {
    const text =
      '{"schemas":["PATCHOP"],"Operations":[{"op":"replace","value":{"emails":[{"value":"bjensen@example.com","type":"work","primary":true},{"value":"babs@jensen.org","type":"home"}],"nickname":"Babs"}}]}';
    expect(user(text, { userName: 'b', title: 'T', emails: [{ value: 'old' }] })).toEqual({
      userName: 'b',
      nickName: 'Babs',
      title: 'T',
      emails: [
        { value: 'bjensen@example.com', type: 'work', primary: true },
        { value: 'babs@jensen.org', type: 'home' },
      ],
    });
  });

  it('section 3.5.2.2: an e-mail address by two conditions, members one by one and all', () => {
    const email = String.raw`{"Operations":[{"op":"remove","path":"emails[type eq \"work\" and value ew \"example.com\"]"}]}`;
    expect(user(email, { userName: 'b', emails: [{ value: 'b@example.com', type: 'work' }] })).toEqual({
      userName: 'b',
    });
    const members = String.raw`{"Operations":[{"op":"remove","path":"members[value eq\"2819c223\"]"},{"op":"remove","path":"members"},
      {"op":"add","path":"members","value":[{"display":"James Smith","$ref":"https://example.com/v2/Users/08e1d05d","value":"08e1d05d"}]}]}`;
    expect(group(members).relations).toEqual([
      { attribute: 'members', op: 'remove', values: ['2819c223'] },
      { attribute: 'members', op: 'clear' },
      {
        attribute: 'members',
        op: 'add',
        values: [{ value: '08e1d05d', display: 'James Smith', $ref: 'https://example.com/v2/Users/08e1d05d' }],
      },
    ]);
  });
});
