/** POST, PUT and DELETE. */
import type { Any, Answer, Asked, Fault } from './broken-server.ts';
import {
  A_USER,
  all,
  answers,
  CREATE,
  CREATE_GROUP,
  CREATE_USER,
  DELETE,
  ENTERPRISE,
  error,
  GROUP,
  handles,
  instead,
  json,
  LIST,
  type Mutation,
  PUT,
  READ_ONE,
  reading,
  remembering,
  requests,
  shown,
  sieved,
  status,
  succeeded,
  USER,
} from './mutation.ts';

/** What would be a second one of the same name is made nevertheless. @param isMade whether this one is. */
export function twins(name: string, where: RegExp, isMade: (asked: Asked, taken: ReadonlySet<string>) => boolean): () => Fault {
  return remembering(() => {
    let count = 0;
    const taken = new Set<string>();
    const renamed = (body: Any): Any => {
      const mark = `~twin${++count}`;
      if (!Array.isArray(body?.Operations)) return { ...body, [name]: `${body?.[name]}${mark}` };
      const Operations = body.Operations.map((each: Any) =>
        each.path === name ? { ...each, value: `${each.value}${mark}` } : each,
      );
      return { ...body, Operations };
    };
    return async (asked, good) => {
      let answer = await good(asked);
      if (where.test(`${asked.method} ${asked.path}`)) {
        if (answer.status === 409 && isMade(asked, taken)) answer = await good({ ...asked, body: renamed(asked.body) });
        if (succeeded(answer) && typeof asked.body?.[name] === 'string') taken.add(asked.body[name]);
      }
      if (count > 0 && answer.body !== undefined)
        answer.body = JSON.parse(JSON.stringify(answer.body).replaceAll(/~twin\d+/g, ''));
      return answer;
    };
  });
}

/** As the server would keep it, changed by what the fault makes of old and new. */
function replacing(make: (old: Any, asked: Any) => Any, where = PUT): () => Fault {
  return handles(where, async (asked, good) => {
    const old = await good(reading(asked));
    return good(old.status === 200 ? { ...asked, body: make(old.body, asked.body) } : asked);
  });
}

const without = (body: Any, ...names: string[]) =>
  Object.fromEntries(Object.entries(body).filter(([name]) => !names.includes(name)));

/** DELETE hides, and nothing else. */
const hiding = (isHidden: (asked: Asked) => boolean): (() => Fault) =>
  remembering(() => {
    const gone = new Set<string>();
    return async (asked, good) => {
      if (asked.method === 'DELETE' && !gone.has(asked.path)) {
        const there = await good(reading(asked));
        if (there.status !== 200) return there;
        gone.add(asked.path);
        return { status: 204, headers: {} };
      }
      if (gone.has(asked.path) && isHidden(asked)) return error(404);
      const answer = await good(asked);
      if (!Array.isArray(answer.body?.Resources)) return answer;
      return answer;
    };
  });

const hasNull = (json: Any): boolean =>
  json === null || (typeof json === 'object' && Object.values(json).some((each) => hasNull(each)));

export const mutations: readonly Mutation[] = [
  {
    name: 'ok-for-created',
    broken: 'A POST that makes something is answered with 200.',
    fault: answers(CREATE, (answer) => {
      answer.status = 200;
    }),
    reds: ['create/user', 'create/group', 'common/meta', 'schemas/null', 'okta/group-create', 'okta/create'],
  },
  {
    name: 'created-without-location',
    broken: 'A 201 comes without Location.',
    fault: answers(CREATE, ({ headers }) => delete headers.location),
    reds: ['create/user', 'create/group'],
  },
  {
    name: 'created-without-body',
    broken: 'A 201 comes without the resource.',
    fault: answers(CREATE, (answer) => {
      answer.body = undefined;
    }),
    reds: ['create/user', 'create/group', 'okta/create', 'okta/group-create'],
  },
  {
    name: 'created-with-little',
    broken: 'A 201 holds id and meta alone.',
    fault: answers(CREATE, (answer) => {
      const { schemas, id, meta } = answer.body;
      answer.body = { schemas, id, meta };
    }),
    reds: ['okta/create', 'entra/create', 'okta/group-create'],
  },
  {
    name: 'several-of-the-same-name',
    broken: 'Nothing keeps two users from having the same name.',
    fault: twins('userName', /^(POST|PUT|PATCH) \/Users/, () => true),
    reds: [
      'users/user-name',
      'users/prepared-names',
      'create/conflict',
      'errors/put-in-use',
      'errors/patch-in-use',
      'replace/taken-name',
      'patch/taken-name',
      'okta/create',
      'dialects/duplicate',
    ],
  },
  {
    name: 'names-with-case',
    broken: 'User names in capitals are others: in a POST and in filters.',
    fault: all(
      twins('userName', /^POST \/Users$/, ({ body }, taken) => !taken.has(body?.userName)),
      sieved((user, { query }) => {
        const [, wanted] = /userName eq "([^"]*)"/i.exec(query.get('filter') ?? '') ?? [];
        return wanted === undefined || user.userName?.normalize() === wanted.normalize();
      }),
    ),
    reds: ['users/user-name', 'filter/case-insensitive', 'entra/match', 'dialects/filters'],
  },
  {
    name: 'names-by-their-bytes',
    broken: 'A user name in another Unicode form is another name.',
    fault: all(
      twins('userName', CREATE_USER, ({ body }, taken) => !taken.has(body?.userName)),
      sieved((user, { query }) => {
        const [, wanted] = /userName eq "([^"]*)"/i.exec(query.get('filter') ?? '') ?? [];
        return wanted === undefined || user.userName?.toLowerCase() === wanted.toLowerCase();
      }),
    ),
    reds: ['users/prepared-names', 'filter/prepared-names'],
  },
  {
    name: 'groups-of-the-same-name',
    broken: 'Two groups can have the same name, which is unique by the schema.',
    fault: twins('displayName', CREATE_GROUP, () => true),
    reds: ['schemas/unique', 'entra/group-create'],
  },
  {
    name: 'conflict-as-bad-request',
    broken: 'A name that is taken is answered with 400.',
    fault: answers(
      CREATE,
      (answer) => {
        answer.status = 400;
        answer.body.status = '400';
      },
      status(409),
    ),
    reds: ['create/conflict', 'dialects/duplicate', 'okta/create'],
  },
  {
    name: 'nameless-users',
    broken: 'A user without userName is made.',
    fault: remembering(() => {
      let count = 0;
      return (asked, good) => {
        const isNameless = asked.method === 'POST' && asked.path === '/Users' && asked.body?.id === undefined;
        if (!isNameless || asked.body?.userName !== undefined || typeof asked.body !== 'object') return good(asked);
        return good({ ...asked, body: { ...asked.body, userName: `generated-${++count}-${Math.random()}` } });
      };
    }),
    reds: ['users/user-name', 'errors/value'],
  },
  {
    name: 'nameless-groups',
    broken: 'A group without displayName is made.',
    fault: requests(CREATE_GROUP, ({ body }) => {
      body.displayName ??= `group ${Math.random()}`;
    }),
    reds: ['groups/display-name'],
  },
  {
    name: 'schemas-first',
    broken: 'A body must begin with schemas.',
    fault: instead(CREATE, ({ body }) =>
      typeof body === 'object' && !Array.isArray(body) && Object.keys(body)[0] !== 'schemas' ? error(400) : undefined,
    ),
    reds: ['create/order'],
  },
  {
    name: 'core-first',
    broken: 'The core must come first in schemas.',
    fault: instead(CREATE_USER, ({ body }) => (body?.schemas?.[0] !== USER ? error(400, 'invalidSyntax') : undefined)),
    reds: ['create/order', 'dialects/old-urn'],
  },
  {
    name: 'unknown-urns-refused',
    broken: 'A URN in schemas that it does not know is refused.',
    fault: instead(CREATE, ({ body }) =>
      body?.schemas?.some?.((each: Any) => ![USER, GROUP, ENTERPRISE].includes(each)) ? error(400, 'invalidValue') : undefined,
    ),
    reds: ['entra/group-create', 'dialects/unknown-attributes', 'dialects/old-urn'],
  },
  {
    name: 'unknown-attributes-refused',
    broken: 'An attribute that it does not know is refused.',
    fault: instead(/^(POST|PUT) \/(Users|Groups)/, ({ body }) =>
      body?.linkspanComplianceUnknown ? error(400, 'invalidSyntax') : undefined,
    ),
    reds: ['dialects/unknown-attributes'],
  },
  {
    name: 'null-refused',
    broken: 'null is refused.',
    fault: instead(/^(POST|PUT) \/(Users|Groups)/, ({ body }) => (hasNull(body) ? error(400, 'invalidValue') : undefined)),
    reds: ['schemas/null', 'replace/null', 'dialects/null'],
  },
  {
    name: 'null-shown-as-text',
    broken: 'null becomes the text "null".',
    fault: requests(/^(POST|PUT|PATCH) \/Users/, ({ body }) => {
      for (const [name, value] of Object.entries(body ?? {})) if (value === null) body[name] = 'null';
      for (const each of body?.Operations ?? []) if (each.value === null) each.value = 'null';
    }),
    reds: ['schemas/null', 'replace/null', 'dialects/null', 'entra/null'],
  },
  {
    name: 'text-is-no-boolean',
    broken: 'A text for a boolean is refused.',
    fault: instead(/^(POST|PUT|PATCH) \/Users/, ({ body }) => {
      const values = [body?.active, body?.emails?.[0]?.primary, ...(body?.Operations ?? []).map((each: Any) => each.path === 'active' && each.value)];
      return values.some((each) => /^(true|false)$/i.test(each) && typeof each === 'string') ? error(400, 'invalidValue') : undefined;
    }),
    reds: ['entra/disable', 'entra/primary-text', 'dialects/booleans'],
  },
  {
    name: 'groups-can-be-joined',
    broken: 'A POST or PUT of a user with groups puts it into them.',
    fault: handles(/^(POST|PUT) \/Users/, async (asked, good) => {
      const answer = await good(asked);
      const schemas = ['urn:ietf:params:scim:api:messages:2.0:PatchOp'];
      for (const { value } of asked.body?.groups ?? []) {
        const Operations = [{ op: 'add', path: 'members', value: [{ value: answer.body?.id }] }];
        await good({ ...asked, method: 'PATCH', path: `/Groups/${value}`, query: new URLSearchParams(), body: { schemas, Operations } });
      }
      return answer;
    }),
    reds: ['groups/read-only-in-users'],
  },
  {
    name: 'texts-cut',
    broken: 'Texts are cut when they are stored; the answer to the request shows them whole.',
    fault: shown((resource, { method }) => {
      for (const name of ['displayName', 'nickName', 'title'])
        if (method === 'GET' && resource[name]) resource[name] = resource[name].slice(0, 4);
    }),
    reds: ['read/as-answered'],
  },
  {
    name: 'stale-cache',
    broken: 'What was read once is read from a cache that nobody clears.',
    fault: remembering(() => {
      const cache = new Map<string, Answer>();
      return async (asked, good) => {
        const isCached = READ_ONE.test(`${asked.method} ${asked.path}`) && asked.query.size === 0;
        const known = isCached ? cache.get(asked.path) : undefined;
        if (known) return structuredClone(known);
        const answer = await good(asked);
        if (isCached && answer.status === 200) cache.set(asked.path, structuredClone(answer));
        return answer;
      };
    }),
    reds: ['read/as-answered', 'common/meta', 'patch/order', 'etag/not-modified', 'delete/gone'],
  },
  {
    name: 'little-by-default',
    broken: 'Without parameters, only what was asked for in the documentation is shown.',
    fault: answers(A_USER, ({ body }, { method, query }) => {
      if (method === 'GET' && query.size === 0) for (const name of ['displayName', 'nickName', 'title', 'emails']) delete body[name];
    }),
    reds: ['read/by-default', 'okta/create'],
  },
  {
    name: 'ok-for-deleted',
    broken: 'A DELETE is answered with 200 and a message.',
    fault: answers(DELETE, (answer) => Object.assign(answer, json(200, { message: 'deleted' }))),
    reds: ['delete/answer', 'okta/group-create', 'dialects/gone'],
  },
  {
    name: 'gone-for-not-found',
    broken: 'What was deleted is answered with 410.',
    fault: remembering(() => {
      const gone = new Set<string>();
      return async (asked, good) => {
        const answer = await good(asked);
        if (asked.method === 'DELETE' && answer.status === 204) gone.add(asked.path);
        else if (gone.has(asked.path) && answer.status === 404) Object.assign(answer, error(410));
        return answer;
      };
    }),
    reds: ['delete/gone', 'entra/delete', 'okta/group-create', 'dialects/gone', 'entra/group-create'],
  },
  {
    name: 'delete-twice',
    broken: 'A second DELETE is answered like the first.',
    fault: answers(DELETE, (answer) => Object.assign(answer, { status: 204, body: undefined }), status(404)),
    reds: ['delete/gone', 'entra/delete', 'dialects/gone'],
  },
  {
    name: 'delete-hides',
    broken: 'A deleted user is not found at its address, and is there otherwise.',
    fault: hiding(() => true),
    reds: ['delete/unlisted', 'delete/name-is-free', 'common/id-reuse'],
  },
  {
    name: 'delete-does-nothing',
    broken: 'A deleted user is still read, and its name is taken.',
    fault: hiding(() => false),
    reds: ['delete/gone', 'delete/unlisted', 'delete/name-is-free', 'entra/delete', 'okta/group-create', 'bulk/fail-on-errors'],
  },
  {
    name: 'total-counts-the-deleted',
    broken: 'totalResults counts what was deleted.',
    fault: remembering(() => {
      let deleted = 0;
      return async (asked, good) => {
        const answer = await good(asked);
        if (asked.method === 'DELETE' && answer.status === 204) deleted++;
        else if (answer.body?.totalResults !== undefined && LIST.test(`${asked.method} ${asked.path}`)) answer.body.totalResults += deleted;
        return answer;
      };
    }),
    reds: ['delete/unlisted'],
  },
  {
    name: 'no-put',
    broken: 'PUT is answered with 501.',
    fault: instead(PUT, () => error(501)),
    reds: ['replace/answer', 'okta/update', 'bulk/methods'],
  },
  {
    name: 'put-without-body',
    broken: 'A PUT is answered with 204.',
    fault: answers(PUT, (answer) => Object.assign(answer, { status: 204, body: undefined })),
    reds: ['replace/answer'],
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
  },
  {
    name: 'put-without-effect',
    broken: 'A PUT is answered with 200, and does nothing.',
    fault: requests(PUT, (asked) => Object.assign(asked, reading(asked))),
    reds: ['replace/answer', 'replace/values', 'replace/members', 'okta/update', 'okta/disable-by-put', 'okta/group-put', 'bulk/order', 'etag/changes'],
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
        Array.isArray(value) && name !== 'schemas' && Array.isArray(old[name]) ? [[name, [...old[name].map((each: Any) => without(each, 'primary')), ...value]]] : [],
      );
      return { ...asked, ...Object.fromEntries(lists) };
    }),
    reds: ['replace/values', 'replace/members', 'okta/group-put', 'replace/null'],
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
  },
  {
    name: 'put-refuses-ids',
    broken: 'A PUT with an id is refused.',
    fault: instead(PUT, ({ body }) => (body?.id ? error(400, 'mutability') : undefined)),
    reds: ['replace/read-only', 'replace/other-id', 'okta/update', 'okta/group-put', 'dialects/echo'],
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
    reds: ['replace/other-id', 'common/id'],
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
        if (asked.method !== 'PUT' || answer.status !== 404 || id === '') return known ? { ...answer, body: answer.body && { ...answer.body, id } } : answer;
        const created = await good({ ...asked, method: 'POST', path: '/Users' });
        if (created.status === 201) made.set(id, created.body.id);
        return created.status === 201 ? { ...created, body: { ...created.body, id } } : created;
      };
    }),
    reds: ['replace/unknown', 'delete/gone'],
  },
];
