/** What requests are made of in the properties over HTTP: right messages, and paths and arguments of every kind. */
import { ENT, GROUP, PATCHOP, USER } from '../scim/fixtures.ts';

const MESSAGES = 'urn:ietf:params:scim:api:messages:2.0';
const user = {
  schemas: [USER, ENT],
  userName: 'jane',
  active: true,
  name: { givenName: 'Jane', familyName: 'Doe' },
  emails: [{ value: 'jane@example.com', type: 'work', primary: true }],
  [ENT]: { manager: { value: '{user}' }, department: 'Sales' },
};
const group = { schemas: [GROUP], displayName: 'Sales', members: [{ value: '{user}', display: 'Jane', type: 'User' }] };
const patch = {
  schemas: [PATCHOP],
  Operations: [
    { op: 'replace', path: 'emails[type eq "work"].value', value: 'x@example.com' },
    { op: 'add', path: 'members', value: [{ value: '{user}' }] },
    { op: 'remove', path: 'title' },
    { op: 'replace', value: { active: false, 'name.givenName': 'Jo' } },
  ],
};
const search = {
  schemas: [`${MESSAGES}:SearchRequest`],
  filter: 'userName pr',
  sortBy: 'userName',
  attributes: ['id'],
  startIndex: 1,
  count: 5,
};
const bulk = {
  schemas: [`${MESSAGES}:BulkRequest`],
  failOnErrors: 1,
  Operations: [
    { method: 'POST', path: '/Users', bulkId: 'a', data: user },
    { method: 'PATCH', path: '/Users/{user}', data: patch },
    { method: 'DELETE', path: '/Groups/bulkId:a' },
  ],
};
export const RIGHT: readonly unknown[] = [user, group, patch, search, bulk, [], 'x', null, {}];

export const PATHS = [
  '',
  '/',
  '/Users',
  '/Users/',
  '/Users/{user}',
  '/Users/{group}',
  '/Groups',
  '/Groups/{group}',
  '/Schemas',
]
  .concat([
    `/Schemas/${USER}`,
    '/ResourceTypes',
    '/ResourceTypes/User',
    '/ServiceProviderConfig',
    '/Me',
    '/Me/x',
    '/Bulk',
  ])
  .concat([
    '/.search',
    '/Users/.search',
    '/Groups/.search',
    '/Nothing',
    '/users',
    '/Users/nobody',
    '//Users',
    '/Users//',
    '/./Users',
  ])
  .concat([
    '/Users/../Groups',
    '/Users/%2e%2e/Groups',
    '/Users/%',
    '/Users/%zz',
    '/Users/%ff%fe',
    '/Users/%00',
    '/%55sers',
    '/Users/{user}/x',
  ])
  .concat([
    '/Users;a=b',
    '/Users/*',
    '/*',
    `/${'x'.repeat(5_000)}`,
    `/Users/${'%41'.repeat(3_000)}`,
    '/:id',
    '/Users/a%2Fb',
    '/Users#x',
  ]);
export const METHODS = [
  'GET',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'GET',
  'POST',
  'PUT',
  'PATCH',
  'HEAD',
  'OPTIONS',
  'PROPFIND',
  'SEARCH',
  'TRACE',
  'QUERY',
  'PURGE',
];
export const PARAMETERS = [
  'filter',
  'attributes',
  'excludedAttributes',
  'startIndex',
  'count',
  'sortBy',
  'sortOrder',
  'cursor',
  'FILTER',
  '',
  'x',
];
export const ARGUMENTS = [
  'userName eq "jane"',
  'emails[type eq "work"].value co "x"',
  'not (',
  '"',
  'members.value pr',
  'meta',
  '-1',
  '0',
  '1',
  '5',
  '99999999999999999999',
]
  .concat([
    '1.5',
    '1e3',
    'NaN',
    'ascending',
    'descending',
    'sideways',
    'password',
    'userName,name.givenName',
    ENT,
    'emails',
    ',,',
    'a b',
  ])
  .concat([
    '(((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((userName pr',
    'x'.repeat(9_000),
    'A'.repeat(300),
  ]);

/** Requests that would be understood, but for what else is done to them. */
export const SENSIBLE: readonly [method: string, path: string, body: unknown][] = [
  ['GET', '/Users', undefined],
  ['GET', '/Groups', undefined],
  ['GET', '/Users/{user}', undefined],
  ['GET', '/Users/%00', undefined],
  ['DELETE', '/Groups/a%00b', undefined],
  ['POST', '/Users', user],
  ['POST', '/Groups', group],
  ['PUT', '/Users/{user}', user],
  ['PUT', '/Groups/{group}', group],
  ['PATCH', '/Users/{user}', patch],
  ['PATCH', '/Groups/{group}', patch],
  ['DELETE', '/Users/{user}', undefined],
  ['POST', '/.search', search],
  ['POST', '/Users/.search', search],
  ['POST', '/Bulk', bulk],
];
