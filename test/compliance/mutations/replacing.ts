/** PUT. */
import type { Any, Fault } from './broken-server.ts';
import { answers, error, handles, instead, type Mutation, PUT, reading, remembering, requests } from './mutation.ts';

/** As the server would keep it, changed by what the fault makes of old and new. */
function replacing(make: (old: Any, asked: Any) => Any, where = PUT): () => Fault {
  return handles(where, async (asked, good) => {
    const old = await good(reading(asked));
    return good(old.status === 200 ? { ...asked, body: make(old.body, asked.body) } : asked);
  });
}

const without = (body: Any, ...names: string[]) =>
  Object.fromEntries(Object.entries(body).filter(([name]) => !names.includes(name)));

export const mutations: readonly Mutation[] = [
  {
    name: 'no-put',
    broken: 'PUT is answered with 501.',
    fault: instead(PUT, () => error(501)),
    reds: ['replace/answer', 'okta/update'],
    kin: ['replace/unknown', 'etag/latest', 'okta/disable-by-put', 'okta/group-put'],
  },
  {
    name: 'put-without-body',
    broken: 'A PUT is answered with 204.',
    fault: answers(PUT, (answer) => Object.assign(answer, { status: 204, body: undefined })),
    reds: ['replace/answer'],
    kin: ['okta/update'],
  },
  {
    name: 'put-answers-the-old',
    broken: 'A PUT is answered with the resource as it was before.',
    fault: handles(PUT, async (asked, good) => {
      const old = await good(reading(asked));
      const answer = await good(asked);
      return answer.status === 200 ? { ...answer, body: old.body } : answer;
    }),
    reds: ['replace/answer', 'read/as-answered'],
    kin: ['okta/update'],
  },
  {
    name: 'put-without-effect',
    broken: 'A PUT is answered with 200, and does nothing.',
    fault: requests(PUT, (asked) => Object.assign(asked, reading(asked))),
    reds: [
      'replace/answer',
      'replace/values',
      'replace/members',
      'okta/update',
      'okta/disable-by-put',
      'okta/group-put',
      'etag/changes',
    ],
    kin: [
      'schemas/null',
      'common/external-id',
      'replace/other-id',
      'replace/omitted',
      'replace/null',
      'replace/taken-name',
      'etag/not-modified',
    ],
  },
  {
    name: 'put-merges',
    broken: 'A PUT leaves what it does not name.',
    fault: replacing((old, asked) => ({ ...old, ...asked })),
    reds: ['replace/omitted'],
  },
  {
    name: 'put-adds-values',
    broken: 'A PUT adds the values of a multi-valued attribute to those that are there.',
    fault: replacing((old, asked) => {
      const lists = Object.entries(asked).flatMap(([name, value]) =>
        Array.isArray(value) && name !== 'schemas' && Array.isArray(old[name])
          ? [[name, [...old[name].map((each: Any) => without(each, 'primary')), ...value]]]
          : [],
      );
      return { ...asked, ...Object.fromEntries(lists) };
    }),
    reds: ['replace/values', 'replace/members', 'okta/group-put', 'replace/null'],
    kin: ['schemas/null'],
  },
  {
    name: 'put-empties-groups',
    broken: 'A PUT of a group empties it.',
    fault: requests(/^PUT \/Groups/, ({ body }) => delete body.members),
    reds: ['replace/members', 'okta/group-put'],
  },
  {
    name: 'put-refuses-meta',
    broken: 'A PUT with meta is refused.',
    fault: instead(PUT, ({ body }) => (body?.meta ? error(400, 'mutability') : undefined)),
    reds: ['replace/read-only', 'common/meta', 'dialects/echo', 'okta/update'],
    kin: ['okta/disable-by-put'],
  },
  {
    name: 'put-refuses-ids',
    broken: 'A PUT with an id is refused.',
    fault: instead(PUT, ({ body }) => (body?.id ? error(400, 'mutability') : undefined)),
    reds: ['replace/read-only', 'replace/other-id', 'okta/update', 'okta/group-put', 'dialects/echo'],
    kin: ['okta/disable-by-put'],
  },
  {
    name: 'put-changes-ids',
    broken: 'A PUT is answered with the id in its body.',
    fault: answers(PUT, ({ body }, asked) => {
      if (typeof asked.body?.id === 'string') body.id = asked.body.id;
    }),
    reds: ['common/id'],
  },
  {
    name: 'put-goes-by-the-body',
    broken: 'A PUT goes to the resource of the id in its body.',
    fault: requests(PUT, (asked) => {
      if (typeof asked.body?.id === 'string') asked.path = asked.path.replace(/[^/]+$/, asked.body.id);
    }),
    reds: ['replace/other-id'],
  },
  {
    name: 'put-creates',
    broken: 'A PUT to an id that nobody has creates a user.',
    fault: remembering(() => {
      const made = new Map<string, string>();
      return async (asked, good) => {
        const [, id = ''] = /^\/Users\/([^/]+)$/.exec(asked.path) ?? [];
        const known = made.get(id);
        const answer = await good(known ? { ...asked, path: `/Users/${known}` } : asked);
        if (asked.method !== 'PUT' || answer.status !== 404 || id === '')
          return known ? { ...answer, body: answer.body && { ...answer.body, id } } : answer;
        const created = await good({ ...asked, method: 'POST', path: '/Users' });
        if (created.status === 201) made.set(id, created.body.id);
        return created.status === 201 ? { ...created, body: { ...created.body, id } } : created;
      };
    }),
    reds: ['replace/unknown', 'delete/gone'],
  },
];
