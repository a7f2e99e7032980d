import { describe, expect, it } from 'vitest';
import {
  BABS,
  created,
  DEFAULTS,
  ENTERPRISE,
  expectError,
  expectList,
  expectLocation,
  expectResource,
  USER,
} from './answers.ts';
import { KINDS, serveFor } from './provider.ts';

const BEFORE = {
  schemas: [USER],
  userName: 'bjensen',
  externalId: 'bjensen',
  name: { formatted: 'Ms. Barbara J Jensen III', familyName: 'Jensen', givenName: 'Barbara' },
  title: 'Tour Guide',
  roles: [{ value: 'guide' }],
  emails: [{ value: 'old@example.com', type: 'work' }],
};

const PUT = {
  schemas: [USER],
  userName: 'bjensen',
  externalId: 'bjensen',
  name: { formatted: 'Ms. Barbara J Jensen III', familyName: 'Jensen', givenName: 'Barbara', middleName: 'Jane' },
  roles: [],
  emails: [{ value: 'bjensen@example.com' }, { value: 'babs@jensen.org' }],
};
const { roles: _, ...AFTER } = { ...PUT, ...DEFAULTS };

describe.each(KINDS)('RFC 7644 3.5.1 (%s)', (kind) => {
  const tenant = serveFor(kind);

  it('RFC 7644 3.5.1: replacing a user with PUT', async () => {
    const scim = await tenant();
    const before = await created(scim, '/Users', BEFORE);
    const put = { ...PUT, id: before.id };
    const answer = await scim('PUT', `/Users/${before.id}`, put, { 'if-match': before.meta.version });
    expectResource(answer, scim, 'User', AFTER);
    expect(answer.body.id).toBe(before.id);
    expect(answer.body.meta.created).toBe(before.meta.created);
    expect(answer.body.meta.version).not.toBe(before.meta.version);
    expect(Date.parse(answer.body.meta.lastModified)).toBeGreaterThanOrEqual(Date.parse(before.meta.lastModified));
    expect((await scim('GET', `/Users/${before.id}`)).body).toEqual(answer.body);
  });

  it('RFC 7644 3.5.1: the answer has the Location of the user', async () => {
    const scim = await tenant();
    const { id } = await created(scim, '/Users', BEFORE);
    expectLocation(await scim('PUT', `/Users/${id}`, PUT), `${scim.base}/Users/${id}`);
  });

  it('RFC 7644 3.5.1: PUT creates nothing', async () => {
    const scim = await tenant();
    expectError(await scim('PUT', `/Users/${BABS}`, { ...PUT, id: BABS }), 404);
    expectList(await scim('GET', '/Users'), 0);
  });

  it('RFC 7644 3.5.1: what is readOnly in the request is ignored', async () => {
    const scim = await tenant();
    const { id, meta } = await created(scim, '/Users', BEFORE);
    const readOnly = {
      id: BABS,
      groups: [{ value: BABS }],
      meta: { created: '2001-01-01T00:00:00Z', version: 'W/"x"' },
    };
    const answer = await scim('PUT', `/Users/${id}`, { ...PUT, ...readOnly });
    expectResource(answer, scim, 'User', AFTER);
    expect(answer.body).toMatchObject({ id, meta: { created: meta.created } });
  });

  it('RFC 7644 3.5.1: what is required has to be there', async () => {
    const scim = await tenant();
    const before = await created(scim, '/Users', BEFORE);
    const { userName: _, ...rest } = PUT;
    expectError(await scim('PUT', `/Users/${before.id}`, rest), 400, 'invalidValue');
    expect((await scim('GET', `/Users/${before.id}`)).body).toEqual(before);
  });

  it('RFC 7644 3.5.1: what is left out, null or [] has no value afterwards', async () => {
    const scim = await tenant();
    const extension = { employeeNumber: '701984', department: 'Tours' };
    const { id } = await created(scim, '/Users', { ...BEFORE, [ENTERPRISE]: extension });
    const put = {
      schemas: [USER],
      userName: 'bjensen',
      title: null,
      emails: [],
      [ENTERPRISE]: { department: 'Tours' },
    };
    expectResource(await scim('PUT', `/Users/${id}`, put), scim, 'User', {
      schemas: [USER, ENTERPRISE],
      userName: 'bjensen',
      ...DEFAULTS,
      [ENTERPRISE]: { department: 'Tours' },
    });
  });
});
