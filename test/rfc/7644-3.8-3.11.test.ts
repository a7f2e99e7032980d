import { describe, expect, it } from 'vitest';
import { patch } from '../linkspan.ts';
import { created, DEFAULTS, ENTERPRISE, expectError, expectList, expectLocation, filtered, USER } from './answers.ts';
import { KINDS, serveFor } from './provider.ts';

const BJENSEN = {
  schemas: [USER],
  userName: 'bjensen',
  name: { familyName: 'Jensen', givenName: 'Barbara' },
  title: 'Guía turística 導遊 🏰',
};

// The store has no part in formats and names, apart from filters.
describe('RFC 7644 3.8', () => {
  const tenant = serveFor('sqlite');

  it('RFC 7644 3.8: texts are UTF-8', async () => {
    const scim = await tenant();
    const { id } = await created(scim, '/Users', BJENSEN);
    expect((await scim('GET', `/Users/${id}`)).body.title).toBe(BJENSEN.title);
    const latin1 = { method: 'POST', body: Buffer.from('{"userName":"Jos\xe9"}', 'latin1') };
    const headers = { authorization: `Bearer ${scim.token}`, 'content-type': 'application/scim+json' };
    expect((await fetch(`${scim.base}/Users`, { ...latin1, headers })).status).toBe(400);
  });

  it.each([
    ['application/scim+json', 'application/scim+json'],
    ['application/json', 'application/json'],
    ['application/json, application/scim+json', 'application/scim+json'],
    ['*/*', 'application/scim+json'],
  ])('RFC 7644 3.8: Accept: %s', async (accept, expected) => {
    const scim = await tenant();
    const { id } = await created(scim, '/Users', BJENSEN);
    const answer = await scim('GET', `/Users/${id}`, undefined, { accept });
    expect(answer.headers.get('content-type')).toBe(expected);
    expect(answer.body.userName).toBe('bjensen');
  });

  it.each(['application/scim+json', 'application/json', 'application/scim+json; charset=UTF-8'])(
    'RFC 7644 3.8: Content-Type: %s',
    async (type) => {
      const scim = await tenant();
      expect((await scim('POST', '/Users', BJENSEN, { 'content-type': type })).status).toBe(201);
    },
  );

  it('RFC 7644 3.8: the format can stand behind the id: .scim', async () => {
    const scim = await tenant();
    const { id } = await created(scim, '/Users', BJENSEN);
    const answer = await scim('GET', `/Users/${id}.scim`);
    expect({ status: answer.status, userName: answer.body.userName }).toEqual({ status: 200, userName: 'bjensen' });
  });

  it('RFC 7644 3.8: single values are texts, several are lists, nested ones are objects', async () => {
    const scim = await tenant();
    const emails = [{ value: 'bjensen@example.com', type: 'work' }];
    const { id } = await created(scim, '/Users', { ...BJENSEN, emails });
    expect((await scim('GET', `/Users/${id}`)).body).toMatchObject({ ...BJENSEN, emails });
  });
});

describe('RFC 7644 3.9', () => {
  const tenant = serveFor('sqlite');

  it('RFC 7644 3.9: only the userName of a user', async () => {
    const scim = await tenant();
    const { id, meta } = await created(scim, '/Users', BJENSEN);
    const answer = await scim('GET', `/Users/${id}?attributes=userName`, undefined, {
      accept: 'application/scim+json',
    });
    expect({ status: answer.status, body: answer.body }).toEqual({
      status: 200,
      body: { schemas: [USER], id, userName: 'bjensen' },
    });
    expect(answer.headers.get('content-type')).toBe('application/scim+json');
    expect(answer.headers.get('etag')).toBe(meta.version);
  });

  it('RFC 7644 3.9: the answer has the Location of the user', async () => {
    const scim = await tenant();
    const { id } = await created(scim, '/Users', BJENSEN);
    expectLocation(await scim('GET', `/Users/${id}?attributes=userName`), `${scim.base}/Users/${id}`);
  });

  it('RFC 7644 3.9: attributes and excludedAttributes on every operation that returns a resource', async () => {
    const scim = await tenant();
    const post = await scim('POST', '/Users?attributes=userName', BJENSEN);
    const { id } = post.body;
    const some = { schemas: [USER], id, userName: 'bjensen' };
    expect({ status: post.status, body: post.body }).toEqual({ status: 201, body: some });
    expect((await scim('PUT', `/Users/${id}?attributes=userName`, BJENSEN)).body).toEqual(some);
    const operation = patch({ op: 'replace', path: 'title', value: 'Guide' });
    const patched = await scim('PATCH', `/Users/${id}?excludedAttributes=meta,name`, operation);
    expect(patched.body).toEqual({ ...some, ...DEFAULTS, title: 'Guide' });
  });
});

describe.each(KINDS)('RFC 7644 3.10 (%s)', (kind) => {
  const tenant = serveFor(kind);
  const populated = async () => {
    const scim = await tenant();
    const { id } = await created(scim, '/Users', { ...BJENSEN, [ENTERPRISE]: { employeeNumber: '701984' } });
    await created(scim, '/Users', { userName: 'jsmith', [ENTERPRISE]: { employeeNumber: '1' } });
    return { scim, id };
  };

  it.each([
    'urn:ietf:params:scim:schemas:core:2.0:User:userName',
    'userName',
    'URN:IETF:params:SCIM:schemas:Core:2.0:USER:USERNAME',
  ])('RFC 7644 3.10: the attribute %s', async (name) => {
    const { scim, id } = await populated();
    const [found, ...others] = expectList(await scim('GET', filtered('/Users', `${name} eq "bjensen"`)), 1);
    expect({ id: found?.id, others }).toEqual({ id, others: [] });
    const answer = await scim('GET', `/Users/${id}?attributes=${encodeURIComponent(name)}`);
    expect(answer.body).toEqual({ schemas: [USER, ENTERPRISE], id, userName: 'bjensen' });
  });

  it.each(['urn:ietf:params:scim:schemas:core:2.0:User:name.givenName', 'NAME.givenname'])(
    'RFC 7644 3.10: the sub-attribute %s',
    async (name) => {
      const { scim, id } = await populated();
      expect(expectList(await scim('GET', filtered('/Users', `${name} eq "Barbara"`)), 1)).toMatchObject([{ id }]);
      const answer = await scim('GET', `/Users/${id}?attributes=${encodeURIComponent(name)}`);
      expect(answer.body).toEqual({ schemas: [USER, ENTERPRISE], id, name: { givenName: 'Barbara' } });
    },
  );

  it.each([`${ENTERPRISE}:employeeNumber`, `${ENTERPRISE.toUpperCase()}:EMPLOYEENUMBER`])(
    'RFC 7644 3.10: the attribute of an extension: %s',
    async (name) => {
      const { scim, id } = await populated();
      expect(expectList(await scim('GET', filtered('/Users', `${name} eq "701984"`)), 1)).toMatchObject([{ id }]);
      const patched = await scim('PATCH', `/Users/${id}`, patch({ op: 'replace', path: name, value: '2' }));
      expect(patched.body).toMatchObject({ [ENTERPRISE]: { employeeNumber: '2' } });
      const answer = await scim('GET', `/Users/${id}?attributes=${encodeURIComponent(name)}`);
      expect(answer.body).toEqual({ schemas: [USER, ENTERPRISE], id, [ENTERPRISE]: { employeeNumber: '2' } });
    },
  );
});

describe.each(KINDS)("RFC 7644 3.10: a company's extension (%s)", (kind) => {
  const HR = 'urn:ietf:params:scim:schemas:exampleCo:2.0:hr';
  const tenant = serveFor(kind, {
    id: HR,
    name: 'HumanResources',
    description: 'What exampleCo knows of its people',
    attributes: [{ name: 'age', type: 'integer', description: 'Age in years' }],
    'urn:linkspan:extends': ['User'],
  });

  it(`RFC 7644 3.10: the attribute ${HR}:age`, async () => {
    const scim = await tenant();
    const { id } = await created(scim, '/Users', { schemas: [USER, HR], userName: 'old', [HR]: { age: 100 } });
    await created(scim, '/Users', { schemas: [USER, HR], userName: 'young', [HR]: { age: 99 } });
    await created(scim, '/Users', { userName: 'ageless' });
    // As a number (table 3): as texts, "100" comes before "99".
    expect(expectList(await scim('GET', filtered('/Users', `${HR}:age gt 99`)), 1)).toMatchObject([{ id }]);
    const patched = await scim('PATCH', `/Users/${id}`, patch({ op: 'replace', path: `${HR}:AGE`, value: 101 }));
    expect(patched.body).toMatchObject({ schemas: [USER, HR], [HR]: { age: 101 } });
    const answer = await scim('GET', `/Users/${id}?attributes=${HR}:age`);
    expect(answer.body).toEqual({ schemas: [USER, HR], id, [HR]: { age: 101 } });
  });
});

describe('RFC 7644 3.11', () => {
  const tenant = serveFor('sqlite');

  // A tenant's token stands for its identity provider and names no user (decisions: /Me).
  it.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])('RFC 7644 3.11: %s /Me is not implemented', async (method) => {
    const scim = await tenant();
    const bodies: Record<string, unknown> = {
      POST: BJENSEN,
      PUT: BJENSEN,
      PATCH: patch({ op: 'replace', path: 'title', value: 'x' }),
    };
    expectError(await scim(method, '/Me', bodies[method]), 501);
    expectList(await scim('GET', '/Users'), 0);
  });
});
