/** What good servers do otherwise, within the standards: nobody is to be accused of it. */
import type { Spoil } from './front.ts';
import { ENTERPRISE, ERROR_BODY, GROUP, USER, when } from './twists.ts';

// biome-ignore lint/suspicious/noExplicitAny: JSON of the good server, put otherwise
type Any = any;

/** Every object in an answer. */
function each(json: Any, change: (object: Any) => void): void {
  if (typeof json !== 'object' || json === null) return;
  if (!Array.isArray(json)) change(json);
  for (const inner of Object.values(json)) each(inner, change);
}

const MINIMAL = ['userName', 'active'];
const isUser = ({ schemas, userName }: Any) =>
  Array.isArray(schemas) && schemas.includes(USER) && userName !== undefined;

/** What it does, how, and the findings that are right all the same. */
export const OTHERWISE: readonly (readonly [does: string, how: () => Spoil, rightly: readonly string[]])[] = [
  [
    'answers PATCH with 204',
    when(/^PATCH/, (passing) => {
      if (passing.status === 200) Object.assign(passing, { status: 204, body: undefined });
    }),
    [],
  ],
  [
    'writes times with an offset and in microseconds',
    () =>
      ({ body }) =>
        each(body, (object) => {
          for (const name of ['created', 'lastModified'])
            if (typeof object[name] === 'string') object[name] = object[name].replace(/(\.\d+)?Z$/, '.120000+00:00');
        }),
    [],
  ],
  [
    'writes relative references',
    () => (passing) => {
      delete passing.answerHeaders['content-location'];
      each(passing.body, (object) => {
        for (const name of ['location', '$ref'])
          if (typeof object[name] === 'string') object[name] = object[name].replace(/^.*\/scim\/v2\//, '');
      });
    },
    [],
  ],
  [
    'writes null and empty arrays for what is not there',
    when(/^(GET|POST|PUT|PATCH) \/Users/, ({ body }) =>
      each(body, (object) => {
        if (isUser(object)) Object.assign(object, { title: null, photos: [], ...object });
      }),
    ),
    [],
  ],
  [
    'has no versions, and an ETag of its web framework',
    () =>
      ({ path, body, answerHeaders }) => {
        each(body, (object) => delete object.version);
        answerHeaders.etag = `W/"${JSON.stringify(body ?? '').length.toString(16)}"`;
        if (path === '/ServiceProviderConfig' && body.etag) body.etag.supported = false;
      },
    [],
  ],
  [
    'has no discovery',
    when(/^GET \/(Schemas|ResourceTypes|ServiceProviderConfig)/, (passing) => {
      Object.assign(passing, { status: 404, body: { ...ERROR_BODY, status: '404' } });
    }),
    ['RFC7643-7-1', 'RFC9865-4-1', 'ENTRA-28'],
  ],
  [
    'has users with hardly anything',
    () =>
      ({ path, body }) => {
        each(body, (object) => {
          if (object.id === USER && object.attributes)
            object.attributes = object.attributes.filter(({ name }: Any) => MINIMAL.includes(name));
          if (object.schemaExtensions) object.schemaExtensions = [];
          if (!isUser(object)) return;
          object.schemas = [USER];
          for (const name of Object.keys(object))
            if (!['schemas', 'id', 'externalId', 'meta', ...MINIMAL].includes(name)) delete object[name];
        });
        if (path === '/Schemas') body.Resources = body.Resources.filter(({ id }: Any) => id !== ENTERPRISE);
      },
    // Okta's SPEC test asks for names and an address.
    ['OKTA-2'],
  ],
  [
    'has no groups',
    (): Spoil => (passing) => {
      const { path, body } = passing;
      if (path.startsWith('/Groups')) Object.assign(passing, { status: 404, body: { ...ERROR_BODY, status: '404' } });
      if (path === '/ResourceTypes') body.Resources = body.Resources.filter((one: Any) => one.schema !== GROUP);
      if (path === '/Schemas') body.Resources = body.Resources.filter((one: Any) => one.id !== GROUP);
    },
    ['ENTRA-18'],
  ],
  [
    'does not do PATCH',
    () => (passing) => {
      if (passing.method === 'PATCH') Object.assign(passing, { status: 501, body: { ...ERROR_BODY, status: '501' } });
      if (passing.path === '/ServiceProviderConfig' && passing.body.patch) passing.body.patch.supported = false;
    },
    [8, 9, 12, 13, 14, 15, 16, 21, 22, 23, 24, 34, 35].map((number) => `ENTRA-${number}`),
  ],
  [
    'does not filter',
    () => (passing) => {
      const { path, body } = passing;
      if (path.includes('filter='))
        Object.assign(passing, { status: 400, body: { ...ERROR_BODY, scimType: 'invalidFilter' } });
      if (path === '/ServiceProviderConfig' && body.filter) body.filter.supported = false;
    },
    // Whom nobody can look for, no client can provision.
    [
      ...[1, 4, 5, 6, 7, 11, 20, 33].map((number) => `ENTRA-${number}`),
      ...[3, 8, 13, 21].map((number) => `OKTA-${number}`),
      ...[20, 21, 22, 23, 24, 33].map((number) => `DIALECT-${number}`),
    ],
  ],
];
