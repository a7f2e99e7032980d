/** What every resource has: schemas, id, externalId and meta. */
import { aliasing, echoing } from './memories.ts';
import { ANY, all, answers, type Mutation, READ_ONE, remembering, requests, shown } from './mutation.ts';

export const mutations: readonly Mutation[] = [
  {
    name: 'ids-of-the-client',
    broken: 'An id in the body of a POST becomes the id.',
    fault: aliasing((body) => (typeof body?.id === 'string' ? body.id : undefined)),
    reds: ['common/id', 'create/read-only'],
  },
  {
    name: 'ids-again',
    broken: 'Who comes back under the same name gets the id of before.',
    fault: aliasing((body, _, gone) => gone.find(({ userName }) => userName && userName === body?.userName)?.id),
    reds: ['common/id-reuse'],
  },
  {
    name: 'meta-of-the-client',
    broken: 'What a client sends in meta is kept.',
    fault: echoing('meta'),
    reds: ['common/meta', 'create/read-only', 'replace/read-only', 'schemas/read-only'],
  },
  {
    name: 'groups-of-the-client',
    broken: 'What a client sends in the groups of a user is kept.',
    fault: echoing('groups'),
    reds: ['create/read-only'],
  },
  {
    name: 'no-meta',
    broken: 'Resources have no meta.',
    fault: shown((resource) => delete resource.meta),
    reds: ['common/presence', 'create/user', 'create/group', 'create/user-type', 'create/group-type', 'etag/header'],
  },
  {
    name: 'no-schemas',
    broken: 'Resources have no schemas.',
    fault: shown((resource) => delete resource.schemas),
    reds: ['common/presence', 'okta/create', 'schemas/extension', 'patch/urn'],
    kin: ['schemas/conformity'],
  },
  {
    name: 'no-id-in-reads',
    broken: 'A resource that is read has no id.',
    fault: answers(READ_ONE, ({ body }) => delete body.id),
    reds: ['read/user', 'read/group', 'common/presence', 'common/id', 'entra/create'],
    kin: [
      'common/location',
      'create/user',
      'create/group',
      'replace/answer',
      'replace/other-id',
      'patch/answer',
      'groups/of-a-user',
      'projection/attributes',
      'projection/excluded',
      'projection/urns',
      'entra/group-without-members',
      'okta/create',
      'dialects/media-types',
    ],
  },
  {
    name: 'unknown-resource-type',
    broken: 'meta.resourceType is the name of a table.',
    fault: shown(({ meta }) => {
      if (meta) meta.resourceType = `T_${String(meta.resourceType).toUpperCase()}`;
    }),
    reds: ['create/user-type', 'create/group-type', 'common/presence'],
  },
  {
    name: 'never-modified',
    broken: 'meta.lastModified stays what it was at the beginning.',
    fault: shown(({ meta }) => {
      if (meta) meta.lastModified = meta.created;
    }),
    reds: ['common/meta'],
  },
  {
    name: 'always-modified',
    broken: 'meta.lastModified is the time of the answer.',
    fault: shown(({ meta }) => {
      if (meta) meta.lastModified = new Date(Date.now() + 5).toISOString();
    }),
    reds: ['common/presence', 'patch/add-again'],
  },
  {
    name: 'local-time',
    broken: 'Times are written as in the country of the server.',
    fault: shown(({ meta }) => {
      if (meta) meta.created = new Date(meta.created).toLocaleString('de-DE');
    }),
    reds: ['common/presence'],
  },
  {
    name: 'location-elsewhere',
    broken: 'Locations lead to where nothing is.',
    fault: all(
      shown(({ meta }) => {
        if (meta?.location) meta.location = meta.location.replace(/\/(User|Group)s\//, '/$1/');
      }),
      answers(ANY, ({ headers }) => {
        if (headers.location) headers.location = headers.location.replace(/\/(User|Group)s\//, '/$1/');
      }),
    ),
    reds: ['common/location', 'create/user', 'create/group'],
  },
  {
    name: 'content-location-elsewhere',
    broken: 'Content-Location is another one than meta.location.',
    fault: answers(READ_ONE, ({ headers }) => {
      headers['content-location'] = `${headers['content-location'] ?? ''}?v=1`;
    }),
    reds: ['common/location'],
  },
  {
    name: 'etag-of-the-body',
    broken: 'The ETag is one of the web framework, not the version in meta.',
    fault: answers(/ \/(Users|Groups)/, ({ headers, body }) => {
      if (headers.etag) headers.etag = `W/"${Buffer.byteLength(JSON.stringify(body ?? ''))}-abc"`;
    }),
    reds: ['common/version', 'etag/header'],
    kin: ['etag/not-modified', 'etag/latest'],
  },
  {
    name: 'external-ids-in-small-letters',
    broken: 'An externalId is kept in small letters.',
    fault: requests(/^(POST|PUT) /, ({ body }) => {
      if (typeof body?.externalId === 'string') body.externalId = body.externalId.toLowerCase();
    }),
    reds: ['common/external-id'],
  },
  {
    name: 'external-ids-once',
    broken: 'An externalId cannot be changed.',
    fault: all(
      remembering(() => {
        const first = new Map<string, string>();
        return async (asked, good) => {
          const id = asked.path.split('/').at(-1) ?? '';
          const known = asked.method === 'PUT' ? first.get(id) : undefined;
          const answer = await good(known ? { ...asked, body: { ...asked.body, externalId: known } } : asked);
          if (asked.method === 'POST' && answer.body?.externalId) first.set(answer.body.id, answer.body.externalId);
          return answer;
        };
      }),
    ),
    reds: ['common/external-id'],
  },
];
