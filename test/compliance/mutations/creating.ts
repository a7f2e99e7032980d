/** POST, and what a body may hold. */
import type { Any } from './broken-server.ts';
import {
  answers,
  CREATE,
  CREATE_GROUP,
  CREATE_USER,
  ENTERPRISE,
  error,
  GROUP,
  handles,
  instead,
  type Mutation,
  remembering,
  requests,
  USER,
} from './mutation.ts';

const hasNull = (json: Any): boolean =>
  json === null || (typeof json === 'object' && Object.values(json).some((each) => hasNull(each)));

const operationsOf = (json: Any): Any[] => (Array.isArray(json) ? json : []);

export const mutations: readonly Mutation[] = [
  {
    name: 'ok-for-created',
    broken: 'A POST that makes something is answered with 200.',
    fault: answers(CREATE, (answer) => {
      answer.status = 200;
    }),
    reds: ['create/user', 'create/group', 'schemas/null', 'okta/group-create', 'okta/create'],
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
    kin: ['entra/create', 'entra/group-create', 'dialects/unnamed-extension'],
  },
  {
    name: 'created-with-little',
    broken: 'A 201 holds id and meta alone.',
    fault: answers(CREATE, (answer) => {
      const { schemas, id, meta } = answer.body;
      answer.body = { schemas, id, meta };
    }),
    reds: ['okta/create', 'entra/create', 'okta/group-create'],
    kin: [
      'users/user-name',
      'read/as-answered',
      'groups/display-name',
      'projection/writes',
      'entra/group-create',
      'dialects/booleans',
      'dialects/unnamed-extension',
    ],
  },
  {
    name: 'nameless-users',
    broken: 'A user without userName is made.',
    fault: remembering(() => {
      let count = 0;
      return (asked, good) => {
        const isUser = asked.method === 'POST' && asked.path === '/Users' && Array.isArray(asked.body?.schemas);
        if (!isUser || asked.body.userName !== undefined) return good(asked);
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
      body?.schemas?.some?.((each: Any) => ![USER, GROUP, ENTERPRISE].includes(each))
        ? error(400, 'invalidValue')
        : undefined,
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
    fault: instead(/^(POST|PUT) \/(Users|Groups)/, ({ body }) =>
      hasNull(body) ? error(400, 'invalidValue') : undefined,
    ),
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
    kin: ['dialects/manager'],
  },
  {
    name: 'text-is-no-boolean',
    broken: 'A text for a boolean is refused.',
    fault: instead(/^(POST|PUT|PATCH) \/Users/, ({ body }) => {
      const values = [
        body?.active,
        body?.emails?.[0]?.primary,
        ...operationsOf(body?.Operations).map((each) => each.path === 'active' && each.value),
      ];
      return values.some((each) => /^(true|false)$/i.test(each) && typeof each === 'string')
        ? error(400, 'invalidValue')
        : undefined;
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
        await good({
          ...asked,
          method: 'PATCH',
          path: `/Groups/${value}`,
          query: new URLSearchParams(),
          body: { schemas, Operations },
        });
      }
      return answer;
    }),
    reds: ['groups/read-only-in-users'],
  },
];
