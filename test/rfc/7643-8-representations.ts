/** The representations of RFC 7643 sections 8.1 to 8.4, with the readOnly attributes that they show. */
import { BABS, ENTERPRISE, GROUP, USER } from './answers.ts';

const meta = (resourceType: string, version: string) => ({
  resourceType,
  created: '2010-01-23T04:56:22Z',
  lastModified: '2011-05-13T04:42:34Z',
  version: `W/"${version}"`,
  location: `https://example.com/v2/${resourceType}s/${BABS}`,
});

export const MINIMAL = {
  schemas: [USER],
  id: BABS,
  userName: 'bjensen@example.com',
  meta: meta('User', '3694e05e9dff590'),
};

const CERTIFICATE = [
  'MIIDQzCCAqygAwIBAgICEAAwDQYJKoZIhvcNAQEFBQAwTjELMAkGA1UEBhMCVVMxEzARBgNVBAgMCkNhbGlmb3JuaWExFDASBgNV',
  'BAoMC2V4YW1wbGUuY29tMRQwEgYDVQQDDAtleGFtcGxlLmNvbTAeFw0xMTEwMjIwNjI0MzFaFw0xMjEwMDQwNjI0MzFaMH8xCzAJ',
  'BgNVBAYTAlVTMRMwEQYDVQQIDApDYWxpZm9ybmlhMRQwEgYDVQQKDAtleGFtcGxlLmNvbTEhMB8GA1UEAwwYTXMuIEJhcmJhcmEg',
  'SiBKZW5zZW4gSUlJMSIwIAYJKoZIhvcNAQkBFhNiamVuc2VuQGV4YW1wbGUuY29tMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIB',
  'CgKCAQEA7Kr+Dcds/JQ5GwejJFcBIP682X3xpjis56AK02bc1FLgzdLI8auoR+cC9/Vrh5t66HkQIOdA4unHh0AaZ4xL5PhVbXIP',
  'MB5vAPKpzz5iPSi8xO8SL7I7SDhcBVJhqVqr3HgllEG6UClDdHO7nkLuwXq8HcISKkbT5WFTVfFZzidPl8HZ7DhXkZIRtJwBweq4',
  'bvm3hM1Os7UQH05ZS6cVDgweKNwdLLrT51ikSQG3DYrl+ft781UQRIqxgwqCfXEuDiinPh0kkvIi5jivVu1Z9QiwlYEdRbLJ4zJQ',
  'BmDrSGTMYn4lRc2HgHO4DqB/bnMVorHB0CC6AV1QoFK4GPe1LwIDAQABo3sweTAJBgNVHRMEAjAAMCwGCWCGSAGG+EIBDQQfFh1P',
  'cGVuU1NMIEdlbmVyYXRlZCBDZXJ0aWZpY2F0ZTAdBgNVHQ4EFgQU8pD0U0vsZIsaA16lL8En8bx0F/gwHwYDVR0jBBgwFoAUdGeK',
  'itcaF7gnzsNwDx708kqaVt0wDQYJKoZIhvcNAQEFBQADgYEAA81SsFnOdYJtNg5Tcq+/ByEDrBgnusx0jloUhByPMEVkoMZ3J7j1',
  'ZgI8rAbOkNngX8+pKfTiDz1RC4+dx8oU6Za+4NJXUjlL5CvV6BEYb1+QAEJwitTVvxB/A67g42/vzgAtoRUeDov1+GFiBZ+GNF/c',
  'AYKcMtGcrs2i97ZkJMo=',
].join('');

const address = (streetAddress: string) => ({
  streetAddress,
  locality: 'Hollywood',
  region: 'CA',
  postalCode: '91608',
  country: 'USA',
  formatted: `${streetAddress}\nHollywood, CA 91608 USA`,
});
const group = (id: string, display: string) => ({ value: id, $ref: `https://example.com/v2/Groups/${id}`, display });
const photo = (size: string) => `https://photos.example.com/profilephoto/72930000000Ccne/${size}`;

/** What of the full representation is neither readOnly nor a password. */
export const FULL_WRITABLE = {
  schemas: [USER],
  externalId: '701984',
  userName: 'bjensen@example.com',
  name: {
    formatted: 'Ms. Barbara J Jensen, III',
    familyName: 'Jensen',
    givenName: 'Barbara',
    middleName: 'Jane',
    honorificPrefix: 'Ms.',
    honorificSuffix: 'III',
  },
  displayName: 'Babs Jensen',
  nickName: 'Babs',
  profileUrl: 'https://login.example.com/bjensen',
  emails: [
    { value: 'bjensen@example.com', type: 'work', primary: true },
    { value: 'babs@jensen.org', type: 'home' },
  ],
  addresses: [
    { type: 'work', ...address('100 Universal City Plaza'), primary: true },
    { type: 'home', ...address('456 Hollywood Blvd') },
  ],
  phoneNumbers: [
    { value: '555-555-5555', type: 'work' },
    { value: '555-555-4444', type: 'mobile' },
  ],
  ims: [{ value: 'someaimhandle', type: 'aim' }],
  photos: [
    { value: photo('F'), type: 'photo' },
    { value: photo('T'), type: 'thumbnail' },
  ],
  userType: 'Employee',
  title: 'Tour Guide',
  preferredLanguage: 'en-US',
  locale: 'en-US',
  timezone: 'America/Los_Angeles',
  active: true,
  x509Certificates: [{ value: CERTIFICATE }],
};

export const FULL = {
  ...FULL_WRITABLE,
  id: BABS,
  password: 't1meMa$heen',
  groups: [
    group('e9e30dba-f08f-4109-8486-d5c6a331660a', 'Tour Guides'),
    group('fc348aa8-3835-40eb-a20b-c726e15c55b5', 'Employees'),
    group('71ddacd2-a8e7-49b8-a5db-ae50d0a5bfd7', 'US Employees'),
  ],
  meta: meta('User', 'a330bc54f0671c9'),
};

export const ENTERPRISE_WRITABLE = {
  ...FULL_WRITABLE,
  schemas: [USER, ENTERPRISE],
  [ENTERPRISE]: {
    employeeNumber: '701984',
    costCenter: '4130',
    organization: 'Universal Studios',
    division: 'Theme Park',
    department: 'Tour Operations',
    manager: {
      value: '26118915-6090-4610-87e4-49d8ca9f808d',
      $ref: '../Users/26118915-6090-4610-87e4-49d8ca9f808d',
      displayName: 'John Smith',
    },
  },
};

export const ENTERPRISE_USER = { ...FULL, ...ENTERPRISE_WRITABLE, meta: meta('User', '3694e05e9dff591') };

/** Of members that exist. */
export const groupOf = (members: readonly object[]) => ({
  schemas: [GROUP],
  id: 'e9e30dba-f08f-4109-8486-d5c6a331660a',
  displayName: 'Tour Guides',
  members,
  meta: meta('Group', '3694e05e9dff592'),
});
