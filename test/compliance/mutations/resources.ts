/** What resources show, whatever was done to them: ids, meta, attributes in their types. */
import type { Any, Fault } from './broken-server.ts';
import {
  ANY,
  all,
  answers,
  CREATE_USER,
  ENTERPRISE,
  type Mutation,
  READ_ONE,
  remembering,
  requests,
  shown,
  succeeded,
} from './mutation.ts';

/** Another id for what has one already. @param renames after a request that made something: its id and the one to show. */
export function aliasing(alias: (asked: Any, id: string, gone: readonly Any[]) => string | undefined): () => Fault {
  return remembering(() => {
    const names = new Map<string, string>();
    const gone: Any[] = [];
    const users = new Map<string, Any>();
    const replaced = (json: Any, from: (pair: [string, string]) => [string, string]) => {
      if (json === undefined || names.size === 0) return json;
      let text = JSON.stringify(json);
      for (const [search, replacement] of [...names].map(from)) text = text.replaceAll(search, replacement);
      return JSON.parse(text);
    };
    return async (asked, good) => {
      const inner = ([id, shownAs]: [string, string]): [string, string] => [shownAs, id];
      const path = replaced(asked.path, inner);
      const answer = await good({ ...asked, path, body: replaced(asked.body, inner) });
      if (asked.method === 'POST' && answer.status === 201 && answer.body?.id) {
        const as = alias(asked.body, answer.body.id, gone);
        if (as) names.set(answer.body.id, as);
        users.set(as ?? answer.body.id, asked.body);
      }
      if (asked.method === 'DELETE' && answer.status === 204) {
        const id = asked.path.split('/').at(-1) ?? '';
        gone.push({ ...users.get(id), id });
        for (const [key, value] of names) if (value === id) names.delete(key);
      }
      const outer = (pair: [string, string]) => pair;
      return { ...answer, headers: replaced(answer.headers, outer), body: replaced(answer.body, outer) };
    };
  });
}

/** What a client sends for these attributes is shown as it was sent, until it sends something else. */
function echoing(...names: string[]): () => Fault {
  return remembering(() => {
    const sent = new Map<string, Any>();
    return async (asked, good) => {
      const answer = await good(asked);
      const id = /^POST|PUT/.test(asked.method) && succeeded(answer) ? answer.body?.id : undefined;
      if (id) sent.set(id, asked.body);
      if (asked.method === 'PATCH') sent.delete(asked.path.split('/').at(-1) ?? '');
      const one = /^\/(Users|Groups)/.test(asked.path) ? sent.get(answer.body?.id) : undefined;
      for (const name of names)
        if (one?.[name] !== undefined)
          answer.body[name] = Array.isArray(one[name])
            ? one[name]
            : typeof one[name] === 'object'
              ? { ...answer.body[name], ...one[name] }
              : one[name];
      return answer;
    };
  });
}

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
    name: 'e-mails-of-the-client',
    broken: 'Addresses are shown as they were sent: twice, and both primary.',
    fault: echoing('emails'),
    reds: ['schemas/primary', 'schemas/doubles'],
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
  },
  {
    name: 'no-id-in-reads',
    broken: 'A resource that is read has no id.',
    fault: answers(READ_ONE, ({ body }) => delete body.id),
    reds: ['read/user', 'read/group', 'common/presence', 'common/id', 'entra/create', 'schemas/returned'],
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
  {
    name: 'booleans-as-text',
    broken: 'Booleans are shown as texts.',
    fault: shown((resource) => {
      if (typeof resource.active === 'boolean') resource.active = String(resource.active);
    }),
    reds: ['schemas/conformity', 'entra/disable', 'dialects/booleans'],
  },
  {
    name: 'columns-of-a-table',
    broken: 'Users show attributes that no schema has.',
    fault: shown((resource) => {
      resource.rowVersion = 1;
    }),
    reds: ['schemas/conformity'],
  },
  {
    name: 'extension-flattened',
    broken: 'Attributes of the extension stand among those of the core.',
    fault: shown((user) => {
      Object.assign(user, user[ENTERPRISE]);
      delete user[ENTERPRISE];
    }),
    reds: ['schemas/extension', 'schemas/conformity', 'dialects/unnamed-extension'],
  },
  {
    name: 'extension-dropped',
    broken: 'An extension that schemas does not name is dropped without a word.',
    fault: requests(CREATE_USER, ({ body }) => {
      if (!body?.schemas?.includes(ENTERPRISE)) delete body?.[ENTERPRISE];
    }),
    reds: ['dialects/unnamed-extension'],
  },
  {
    name: 'core-alone-in-schemas',
    broken: 'schemas names the core alone, whatever else is there.',
    fault: shown((resource) => {
      if (Array.isArray(resource.schemas)) resource.schemas.splice(1);
    }),
    reds: ['schemas/extension', 'patch/urn', 'schemas/conformity'],
  },
  {
    name: 'e-mail-domains-as-sent',
    broken: 'The domain of an address comes back in capitals (our own server: the text as it was sent, by decision).',
    fault: all(),
    reds: ['users/canonical-email'],
  },
  {
    name: 'manager-names-as-sent',
    broken: 'A client can say what the manager is called (our own server, by decision).',
    fault: all(),
    reds: ['users/manager-name'],
  },
  {
    name: 'names-of-others',
    broken: 'name.formatted is worked out wrongly, and the nickname is the user name.',
    fault: shown((user) => {
      if (user.name) user.name.formatted = 'Unknown Unknown';
      if (user.userName) user.nickName ??= user.userName;
    }),
    reds: ['users/names'],
  },
  {
    name: 'countries-in-full',
    broken: 'Countries are shown by their names.',
    fault: shown(({ addresses }) => {
      for (const each of addresses ?? []) each.country = each.country === 'SE' ? 'Sweden' : each.country;
    }),
    reds: ['users/country'],
  },
  {
    name: 'certificates-as-pem',
    broken: 'A certificate comes back as PEM.',
    fault: shown(({ x509Certificates }) => {
      for (const each of x509Certificates ?? []) each.value = `-----BEGIN CERTIFICATE-----\n${each.value}`;
    }),
    reds: ['users/certificate'],
  },
  {
    name: 'certificates-cut',
    broken: 'A certificate is cut to the size of its column.',
    fault: shown(({ x509Certificates }) => {
      for (const each of x509Certificates ?? []) each.value = each.value.slice(0, 252);
    }),
    reds: ['users/certificate'],
  },
  {
    name: 'telephone-numbers-rewritten',
    broken: 'Telephone numbers are written anew.',
    fault: shown(({ phoneNumbers }) => {
      for (const each of phoneNumbers ?? []) each.value = each.value?.replace(/[^\d]/g, '');
    }),
    reds: ['entra/values'],
  },
  {
    name: 'members-hidden',
    broken: 'A group does not show its members unless they are asked for.',
    fault: answers(/^GET \/Groups\/[^/]+$/, ({ body }, { query }) => {
      if (!query.has('attributes')) delete body.members;
    }),
    reds: ['okta/group-members'],
  },
  {
    name: 'members-by-name',
    broken: 'Members are shown with their names for ids.',
    fault: shown(({ members }) => {
      for (const each of members ?? []) each.value = `cn=${each.display ?? 'jane'}`;
    }),
    reds: ['groups/members', 'groups/membership'],
  },
  {
    name: 'references-to-the-list',
    broken: 'References of members lead to the list of users.',
    fault: shown(({ members, groups }) => {
      for (const each of [...(members ?? []), ...(groups ?? [])])
        if (each.$ref) each.$ref = each.$ref.replace(/\/[^/]+$/, '');
    }),
    reds: ['groups/members', 'groups/of-a-user'],
  },
  {
    name: 'groups-by-name',
    broken: 'A user shows its groups by their names.',
    fault: shown((user) => {
      for (const each of user.groups ?? []) each.value = each.display ?? 'Sales';
    }),
    reds: ['groups/of-a-user'],
  },
];
