/** Faults, and the check and requirement that must see each: for the checks of discovery, users, HTTP and single resources. */
import type { Passing, Spoil } from './front.ts';

export type Case = readonly [check: string, fault: string, requirement: string, spoil: () => Spoil];

const on =
  (test: (passing: Passing) => boolean, change: Spoil): (() => Spoil) =>
  () =>
  (passing) => {
    if (test(passing)) change(passing);
  };
const get =
  (pattern: RegExp) =>
  ({ method, path }: Passing) =>
    method === 'GET' && pattern.test(path);
const post =
  (pattern: RegExp) =>
  ({ method, path }: Passing) =>
    method === 'POST' && pattern.test(path);
const status = (wanted: number) => (passing: Passing) => passing.status === wanted;
const isError = ({ status: is }: Passing) => is >= 400;
const both =
  (...tests: ((passing: Passing) => boolean)[]) =>
  (passing: Passing) =>
    tests.every((test) => test(passing));
const answer =
  (is: number, body?: unknown): Spoil =>
  (passing) => {
    passing.status = is;
    if (body !== undefined) passing.body = body;
  };
const user = get(/^\/Users\/[^?]+$/);
const created = both(post(/^\/Users$/), status(201));
const createdGroup = both(post(/^\/Groups$/), status(201));
const noMediaType =
  (type: string): Spoil =>
  (passing) => {
    passing.answerHeaders['content-type'] = type;
  };
const error = (is: number) => ({ schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], status: String(is) });
const listOf = (body: unknown) => ({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
  totalResults: 1,
  Resources: [body],
});
const keyless = ({ headers }: Passing) => headers.authorization === undefined;
const made = ({ headers }: Passing) => (headers.authorization ?? '').includes('not-a-token');

/** From the second answer of a kind on. */
function second(test: (passing: Passing) => boolean, change: Spoil): () => Spoil {
  return () => {
    let count = 0;
    return (passing) => {
      if (test(passing) && ++count >= 2) change(passing);
    };
  };
}

/** After a DELETE, what was answered before it is answered again. */
function unforgetting(test: (passing: Passing) => boolean): () => Spoil {
  return () => {
    const before = new Map<string, Passing>();
    return (passing) => {
      if (!test(passing)) return;
      const earlier = before.get(passing.path);
      if (earlier) Object.assign(passing, { status: earlier.status, body: earlier.body });
      else before.set(passing.path, { ...passing });
    };
  };
}

export const CASES: readonly Case[] = [
  ['authentication/none', '403 for 401', 'RFC7644-3.12-6', on(both(keyless, status(401)), answer(403))],
  [
    'authentication/none',
    'open to everybody',
    'RFC7644-3.12-6',
    on(both(keyless, get(/^\/Users/)), answer(200, listOf({ id: '1' }))),
  ],
  [
    'authentication/none',
    'no WWW-Authenticate',
    'RFC7644-2-3',
    on(keyless, ({ answerHeaders }) => delete answerHeaders['www-authenticate']),
  ],
  ['authentication/invalid', '403 for 401', 'RFC7644-3.12-6', on(made, answer(403))],
  [
    'authentication/invalid',
    'no WWW-Authenticate',
    'RFC7644-2-3',
    on(made, ({ answerHeaders }) => delete answerHeaders['www-authenticate']),
  ],
  ['authentication/error-body', 'text for an error', 'RFC7644-3.12-1', on(keyless, answer(401, 'Unauthorized'))],
  [
    'authentication/error-body',
    'status as a number',
    'RFC7644-3.12-2',
    on(keyless, answer(401, { ...error(401), status: 401 })),
  ],
  [
    'discovery/service-provider-config',
    'no schemas',
    'RFC7644-4-1',
    on(get(/^\/ServiceProviderConfig$/), ({ body }) => delete body.schemas),
  ],
  [
    'discovery/service-provider-config',
    'none',
    'RFC7644-4-1',
    on(get(/^\/ServiceProviderConfig$/), answer(404, error(404))),
  ],
  [
    'discovery/schemas',
    'one is missing',
    'RFC7644-4-2',
    on(get(/^\/Schemas$/), ({ body }) => {
      body.Resources = body.Resources.filter((each: { id: string }) => !each.id.endsWith(':enterprise:2.0:User'));
      body.totalResults = body.Resources.length;
    }),
  ],
  [
    'discovery/schemas',
    'that of a message among them',
    'RFC7644-3.1-2',
    on(get(/^\/Schemas$/), ({ body }) => {
      body.Resources.push({ id: 'urn:ietf:params:scim:api:messages:2.0:PatchOp', attributes: [] });
    }),
  ],
  [
    'discovery/schemas',
    'a bare array',
    'RFC7644-4-6',
    on(get(/^\/Schemas$/), (passing) => {
      passing.body = passing.body.Resources;
    }),
  ],
  ['discovery/schemas', 'none', 'RFC7644-4-2', on(get(/^\/Schemas$/), answer(404, error(404)))],
  ['discovery/one-schema', 'none', 'RFC7644-4-3', on(get(/^\/Schemas\/./), answer(404, error(404)))],
  [
    'discovery/one-schema',
    'a list of one',
    'RFC7644-4-5',
    on(get(/^\/Schemas\/./), (passing) => {
      passing.body = listOf(passing.body);
    }),
  ],
  [
    'discovery/types',
    'no users',
    'RFC7644-4-4',
    on(get(/^\/ResourceTypes$/), ({ body }) => {
      body.Resources = body.Resources.filter((each: { name: string }) => each.name !== 'User');
      body.totalResults = body.Resources.length;
    }),
  ],
  [
    'discovery/types',
    'no endpoints',
    'RFC7644-4-4',
    on(get(/^\/ResourceTypes$/), ({ body }) => {
      for (const each of body.Resources) delete each.endpoint;
    }),
  ],
  [
    'discovery/types',
    'a wrong total',
    'RFC7644-4-6',
    on(get(/^\/ResourceTypes$/), ({ body }) => {
      body.totalResults = 1;
    }),
  ],
  [
    'discovery/one-type',
    'a list of one',
    'RFC7644-4-5',
    on(get(/^\/ResourceTypes\/./), (passing) => {
      passing.body = listOf(passing.body);
    }),
  ],
  ['discovery/one-type', 'none', 'RFC7644-4-5', on(get(/^\/ResourceTypes\/./), answer(404, error(404)))],
  [
    'discovery/unpaged',
    'pages',
    'RFC7644-4-7',
    on(get(/^\/Schemas\?.*count=1/), ({ body }) => {
      body.Resources = body.Resources.slice(1, 2);
    }),
  ],
  ['discovery/filter', 'ignored', 'RFC7644-4-8', on(get(/^\/Schemas\?filter=/), answer(200, listOf({ id: 'x' })))],
  [
    'discovery/endpoint-names',
    'a singular',
    'RFC7644-3.2-1',
    on(get(/^\/ResourceTypes$/), ({ body }) => {
      for (const each of body.Resources) if (each.name === 'Role') each.endpoint = '/Role';
    }),
  ],
  ...['RFC7644-3.8-1', 'RFC7644-3.8-2'].map(
    (requirement): Case => [
      'http/utf-8',
      'Latin 1',
      requirement,
      on(user, ({ body }) => {
        body.displayName = Buffer.from(body.displayName).toString('latin1');
      }),
    ],
  ),
  [
    'http/accept',
    '406 for application/json',
    'RFC7644-3.8-5',
    on(({ headers }) => headers.accept === 'application/json', answer(406, error(406))),
  ],
  [
    'http/accept',
    'text/html for application/scim+json',
    'RFC7644-3.8-4',
    on(
      both(user, ({ headers }) => headers.accept === 'application/scim+json'),
      noMediaType('text/html'),
    ),
  ],
  [
    'http/default-format',
    'application/json',
    'RFC7644-3.8-6',
    on(({ headers }) => headers.accept === undefined, noMediaType('application/json')),
  ],
  ['http/media-type', 'application/json for errors', 'RFC7644-8.1-1', on(isError, noMediaType('application/json'))],
  [
    'http/messages',
    'a list without schemas',
    'RFC7644-3.1-1',
    on(get(/^\/Users\?.*count=1/), ({ body }) => delete body.schemas),
  ],
  [
    'http/messages',
    'an error of another kind',
    'RFC7644-3.1-1',
    on(isError, answer(404, { schemas: ['urn:scim:schemas:core:1.0'] })),
  ],
  [
    'http/shapes',
    'an object for an array',
    'RFC7644-3.8-7',
    on(user, ({ body }) => {
      body.emails = body.emails[0];
    }),
  ],
  [
    'http/shapes',
    'a string for an object',
    'RFC7644-3.8-8',
    on(user, ({ body }) => {
      body.name = 'Jane';
    }),
  ],
  [
    'http/urls',
    'a space',
    'RFC7644-1.2-1',
    on(created, ({ body }) => {
      body.meta.location += '/a b';
    }),
  ],
  [
    'http/urls',
    'half an escape',
    'RFC7644-1.2-1',
    on(createdGroup, ({ body }) => {
      for (const member of body.members) member.$ref = 'https://example.com/Users/%2';
    }),
  ],
  ['errors/body', '200 for an error', 'RFC7644-3.2-4', on(isError, answer(200))],
  ['errors/body', 'no status in the body', 'RFC7644-3.2-5', on(isError, ({ body }) => delete body.status)],
  ['errors/body', 'HTML', 'RFC7644-3.12-1', on(isError, answer(404, '<h1>Not found</h1>'))],
  [
    'errors/body',
    'status as a number',
    'RFC7644-3.12-2',
    on(isError, (passing) => {
      passing.body.status = passing.status;
    }),
  ],
  ['errors/not-found', '400 for 404', 'RFC7644-3.12-8', on(status(404), answer(400))],
  [
    'errors/not-found',
    'an empty list for an endpoint',
    'RFC7644-3.12-8',
    on(get(/^\/linkspan-/), answer(200, listOf({}))),
  ],
  ['errors/syntax', '500 for 400', 'RFC7644-3.12-5', on(status(400), answer(500))],
  ['errors/syntax', 'no scimType', 'RFC7644-3.12-12', on(status(400), ({ body }) => delete body.scimType)],
  ['errors/value', 'taken', 'RFC7644-3.12-5', on(status(400), answer(201, { id: 'none' }))],
  [
    'errors/value',
    'another scimType',
    'RFC7644-3.12-13',
    on(status(400), ({ body }) => {
      body.scimType = 'tooMany';
    }),
  ],
  [
    'errors/unsupported',
    '400 for PATCH where there is none',
    'RFC7644-3.12-10',
    on(
      () => true,
      (passing) => {
        if (passing.path === '/ServiceProviderConfig') passing.body.patch.supported = false;
        if (passing.method === 'PATCH') Object.assign(passing, { status: 400, body: error(400) });
      },
    ),
  ],
  ['users/prepared-names', 'two users of the same name', 'RFC7644-5-1', on(status(409), answer(201, { id: 'none' }))],
  ['create/user', '200 for 201', 'RFC7644-3.3-2', on(created, answer(200))],
  ['create/user', 'no resource', 'RFC7644-3.3-3', on(created, answer(201, {}))],
  ['create/user', 'no Location', 'RFC7644-3.3-4', on(created, ({ answerHeaders }) => delete answerHeaders.location)],
  [
    'create/user',
    'a Location where nothing is',
    'RFC7644-3.3-4',
    on(created, ({ answerHeaders }) => {
      answerHeaders.location += '0';
    }),
  ],
  [
    'create/user',
    'another meta.location',
    'RFC7644-3.3-5',
    on(created, ({ body }) => {
      body.meta.location += '0';
    }),
  ],
  ['create/group', 'no meta.location', 'RFC7644-3.3-5', on(createdGroup, ({ body }) => delete body.meta.location)],
  ['create/group', '200 for 201', 'RFC7644-3.3-2', on(createdGroup, answer(200))],
  ['create/group', 'no resource', 'RFC7644-3.3-3', on(createdGroup, answer(201, {}))],
  [
    'create/group',
    'no Location',
    'RFC7644-3.3-4',
    on(createdGroup, ({ answerHeaders }) => delete answerHeaders.location),
  ],
  ['create/read-only', 'refused', 'RFC7644-3.3-1', on(created, answer(400, error(400)))],
  [
    'create/read-only',
    'the id taken',
    'RFC7644-3.3-1',
    on(created, ({ body, sent }) => {
      body.id = sent.id;
    }),
  ],
  [
    'create/read-only',
    'the date taken',
    'RFC7644-3.3-1',
    on(created, ({ body, sent }) => {
      body.meta.created = sent.meta.created;
    }),
  ],
  [
    'create/read-only',
    'the groups taken',
    'RFC7644-3.3-1',
    on(created, ({ body, sent }) => {
      body.groups = sent.groups;
    }),
  ],
  ['create/conflict', 'a second one made', 'RFC7644-3.3-6', on(status(409), answer(201, { id: 'none' }))],
  ['create/conflict', 'no scimType', 'RFC7644-3.3-7', on(status(409), ({ body }) => delete body.scimType)],
  ['create/user-type', 'none', 'RFC7644-3.3.1-1', on(user, ({ body }) => delete body.meta.resourceType)],
  [
    'create/group-type',
    'that of a user',
    'RFC7644-3.3.1-1',
    on(createdGroup, ({ body }) => {
      body.meta.resourceType = 'User';
    }),
  ],
  ['read/user', '404', 'RFC7644-3.4.1-1', on(user, answer(404, error(404)))],
  [
    'read/group',
    'another one',
    'RFC7644-3.4.1-1',
    on(get(/^\/Groups\/./), ({ body }) => {
      body.id = 'another';
    }),
  ],
  [
    'read/as-answered',
    'something else after a POST',
    'RFC7644-3.1-4',
    on(user, ({ body }) => {
      body.emails = [];
    }),
  ],
  [
    'read/as-answered',
    'the old value after a PUT',
    'RFC7644-3.1-4',
    second(user, ({ body }) => {
      body.displayName = 'Jane Roe';
    }),
  ],
  ['read/by-default', 'a default one is missing', 'RFC7644-3.4-1', on(user, ({ body }) => delete body.displayName)],
  [
    'read/by-default',
    'the password',
    'RFC7644-3.4-1',
    on(user, ({ body }) => {
      body.password = '{bcrypt}';
    }),
  ],
  ['delete/answer', '200 for 204', 'RFC7644-3.6-4', on(({ method }) => method === 'DELETE', answer(200))],
  ['delete/gone', '410 for 404', 'RFC7644-3.6-1', on(status(404), answer(410))],
  [
    'delete/gone',
    '204 again',
    'RFC7644-3.6-1',
    on(
      ({ method }) => method === 'DELETE',
      (passing) => {
        passing.status = 204;
        passing.body = undefined;
      },
    ),
  ],
  [
    'delete/gone',
    'a PATCH succeeds',
    'RFC7644-3.6-1',
    on(({ method }) => method === 'PATCH', answer(200, { id: 'x' })),
  ],
  ['delete/unlisted', 'it is still found', 'RFC7644-3.6-2', unforgetting(get(/^\/Users\?filter/))],
  ['delete/name-is-free', '409', 'RFC7644-3.6-3', second(post(/^\/Users$/), answer(409, error(409)))],
];
