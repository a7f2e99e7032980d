/** What resources show of themselves, in which types. */
import type { Answer } from './broken-server.ts';
import { echoing } from './memories.ts';
import {
  A_USER,
  all,
  answers,
  CREATE_USER,
  ENTERPRISE,
  type Mutation,
  READ_ONE,
  remembering,
  requests,
  shown,
} from './mutation.ts';

export const mutations: readonly Mutation[] = [
  {
    name: 'e-mails-of-the-client',
    broken: 'Addresses are shown as they were sent: twice, and both primary.',
    fault: all(
      echoing('emails'),
      requests(CREATE_USER, ({ body }) => body?.emails?.splice?.(1)),
    ),
    reds: ['schemas/primary', 'schemas/doubles'],
    kin: [
      'users/canonical-email',
      'patch/primary',
      'patch/add-value',
      'patch/add-again',
      'patch/remove-matching',
      'filter/values',
      'filter/same-value',
      'sort/values',
      'projection/values',
      'projection/writes',
    ],
  },
  {
    name: 'booleans-as-text',
    broken: 'Booleans are shown as texts.',
    fault: shown((resource) => {
      if (typeof resource.active === 'boolean') resource.active = String(resource.active);
    }),
    reds: ['schemas/conformity', 'entra/disable', 'dialects/booleans'],
    kin: ['entra/flag', 'okta/create', 'okta/disable-by-put', 'okta/disable-by-patch', 'dialects/disabled'],
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
    kin: [
      'bulk/references-extension',
      'entra/update',
      'entra/flag',
      'entra/manager',
      'dialects/without-path',
      'dialects/manager',
    ],
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
    kin: ['schemas/null', 'replace/null', 'patch/remove-single', 'projection/*', 'entra/null', 'dialects/null'],
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
      for (const each of phoneNumbers ?? []) each.value = each.value?.replace(/^(\d)/, '+$1');
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
    kin: ['bulk/references'],
  },
  {
    name: 'members-by-name',
    broken: 'Members are shown with their names for ids.',
    fault: shown(({ members }) => {
      for (const each of members ?? []) each.value = `cn=${each.display ?? 'jane'}`;
    }),
    reds: ['groups/members', 'groups/membership'],
    kin: [
      'replace/members',
      'patch/members-add',
      'patch/members-remove-one',
      'patch/members-remove-stranger',
      'patch/members-replace',
      'patch/members-exchange',
      'patch/group-rename',
      'bulk/references',
      'entra/group-members',
      'entra/group-rename',
      'okta/group-members',
      'okta/group-put',
      'dialects/member-removal',
      'dialects/member-again',
    ],
  },
  {
    name: 'references-to-the-list',
    broken: 'References of members lead to the list of users.',
    fault: shown(({ members, groups, meta }) => {
      for (const each of [...(members ?? []), ...(groups ?? [])]) each.$ref = meta.location.replace(/\/[^/]+$/, '');
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
  {
    name: 'texts-cut',
    broken: 'Texts are cut when they are stored; the answer to the request shows them whole.',
    fault: shown((resource, { method }) => {
      for (const name of ['displayName', 'nickName', 'title'])
        if (method === 'GET' && resource[name]) resource[name] = resource[name].slice(0, 4);
    }),
    reds: ['read/as-answered'],
    kin: [
      'http/utf-8',
      'replace/answer',
      'patch/answer',
      'patch/add-again',
      'entra/update',
      'entra/flag',
      'entra/group-rename',
      'okta/update',
      'okta/group-rename',
      'dialects/op',
      'dialects/without-path',
      'dialects/patch-without-schemas',
    ],
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
    reds: ['read/as-answered', 'patch/order', 'etag/not-modified'],
    kin: [
      'common/external-id',
      'replace/*',
      'patch/*',
      'groups/membership',
      'etag/changes',
      'etag/latest',
      'bulk/methods',
      'bulk/order',
      'entra/update',
      'entra/disable',
      'entra/manager',
      'entra/group-members',
      'entra/group-rename',
      'okta/update',
      'okta/disable-by-put',
      'okta/disable-by-patch',
      'okta/group-members',
      'okta/group-put',
      'dialects/op',
      'dialects/booleans',
      'dialects/manager',
      'dialects/member-removal',
      'dialects/member-again',
    ],
  },
  {
    name: 'little-by-default',
    broken: 'Without parameters, only what was asked for in the documentation is shown.',
    fault: answers(A_USER, ({ body }, { method, query }) => {
      if (method === 'GET' && query.size === 0)
        for (const name of ['displayName', 'nickName', 'title', 'emails']) delete body[name];
    }),
    reds: ['read/by-default', 'okta/create'],
    kin: [
      'read/as-answered',
      'replace/answer',
      'patch/answer',
      'entra/update',
      'entra/flag',
      'okta/update',
      'dialects/op',
      'dialects/without-path',
    ],
  },
];
