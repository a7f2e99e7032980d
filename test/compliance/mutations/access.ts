/** Who is let in, media types, addresses, and what is not done at all. */
import type { Any, Fault } from './broken-server.ts';
import {
  ANY,
  answers,
  error,
  instead,
  LIST,
  type Mutation,
  PATCH,
  READ_ONE,
  remembering,
  requests,
  shown,
  status,
  whatever,
} from './mutation.ts';

/** Whoever brings no valid token is somebody else: the last one who did. */
const trusting = (mistrusts: (authorization: string | undefined) => boolean) =>
  remembering((): Fault => {
    let last = '';
    return (asked, good) => {
      const { authorization } = asked.headers;
      if (!mistrusts(authorization)) last = authorization ?? last;
      else return good({ ...asked, headers: { ...asked.headers, authorization: last } });
      return good(asked);
    };
  });

const text = (answer: { headers: Record<string, string>; body?: Any }, body: string) => {
  answer.headers['content-type'] = 'text/html';
  answer.body = body;
};

/** By which the runner sees that somebody is there at all. */
const FIRST_CONTACT = 'startIndex=1&count=1';

export const mutations: readonly Mutation[] = [
  {
    name: 'open-to-nobody-in-particular',
    broken: 'A request without credentials is served.',
    fault: trusting((authorization) => authorization === undefined),
    reds: ['authentication/none'],
  },
  {
    name: 'any-token-will-do',
    broken: 'A token that nobody issued is taken.',
    fault: trusting((authorization) => authorization?.includes('not-a-token') ?? false),
    reds: ['authentication/invalid'],
  },
  {
    name: 'forbidden-for-unauthorized',
    broken: 'Who has no credentials is answered with 403.',
    fault: answers(
      ANY,
      (answer) => {
        answer.status = 403;
        answer.body.status = '403';
      },
      status(401),
    ),
    reds: ['authentication/none', 'authentication/invalid'],
  },
  {
    name: 'no-challenge',
    broken: 'A 401 comes without WWW-Authenticate.',
    fault: answers(ANY, ({ headers }) => delete headers['www-authenticate'], status(401)),
    reds: ['authentication/none', 'authentication/invalid'],
  },
  {
    name: 'gateway-refuses',
    broken: 'A 401 comes from a gateway, with a page of HTML.',
    fault: answers(ANY, (answer) => text(answer, '<html>401</html>'), status(401)),
    reds: ['authentication/error-body'],
  },
  {
    name: 'latin-1',
    broken: 'Answers are encoded twice.',
    fault: shown((resource) => {
      for (const [name, value] of Object.entries(resource))
        if (typeof value === 'string') resource[name] = Buffer.from(value).toString('latin1');
    }),
    reds: ['http/utf-8'],
  },
  {
    name: 'scim-json-only',
    broken: 'Who accepts application/json only is answered with 406.',
    fault: instead(
      ({ headers }) => headers.accept === 'application/json',
      () => error(406),
    ),
    reds: ['http/accept', 'dialects/media-types'],
  },
  {
    name: 'json-only',
    broken: 'Who accepts application/scim+json only is answered with a page of HTML.',
    fault: answers(
      ({ headers }) => headers.accept === 'application/scim+json',
      (answer) => text(answer, '<html></html>'),
    ),
    reds: ['http/accept'],
    kin: ['okta/first-page', 'okta/unknown', 'okta/create', 'okta/order', 'okta/group-create'],
  },
  {
    name: 'html-by-default',
    broken: 'Without an Accept header, the answer says that it is HTML.',
    fault: answers(
      ({ headers }) => headers.accept === undefined,
      ({ headers }) => {
        headers['content-type'] = 'text/html';
      },
    ),
    reds: ['http/default-format'],
  },
  {
    name: 'plain-json',
    broken: 'Every answer has the media type application/json.',
    fault: answers(
      ANY,
      ({ headers, body }) => {
        if (body !== undefined) headers['content-type'] = 'application/json';
      },
      whatever,
    ),
    reds: ['http/media-type', 'http/default-format', 'entra/create'],
  },
  {
    name: 'no-charset-please',
    broken: 'A body with a charset in its media type is refused with 415.',
    fault: instead(
      ({ headers }) => headers['content-type']?.includes('charset') ?? false,
      () => error(415),
    ),
    reds: ['okta/create', 'dialects/media-types'],
    kin: ['okta/group-create'],
  },
  {
    name: 'one-slash-only',
    broken: 'Two slashes in a row are another address.',
    fault: instead(/ \/\//, () => error(404)),
    reds: ['dialects/addresses'],
  },
  {
    name: 'unknown-parameters-refused',
    broken: 'A query parameter that is not known is refused.',
    fault: instead(
      ({ query }) => [...query.keys()].some((each) => /^(aadOptscim|linkspan)/.test(each)),
      () => error(400, 'invalidValue'),
    ),
    reds: ['list/unknown-parameter', 'entra/parameter', 'dialects/addresses'],
  },
  {
    name: 'single-values-without-array',
    broken: 'A multi-valued attribute with one value is shown without an array.',
    fault: shown((resource) => {
      if (resource.emails?.length === 1) resource.emails = resource.emails[0];
    }),
    reds: ['http/shapes', 'schemas/conformity'],
    kin: [
      'replace/values',
      'patch/remove-matching',
      'patch/replace-values',
      'entra/update',
      'okta/create',
      'dialects/without-path',
    ],
  },
  {
    name: 'names-as-text',
    broken: 'A complex attribute is shown as a text.',
    fault: shown((resource) => {
      if (resource.name) resource.name = `${resource.name.givenName} ${resource.name.familyName}`;
    }),
    reds: ['http/shapes', 'schemas/conformity'],
    kin: [
      'entra/update',
      'entra/flag',
      'okta/create',
      'okta/update',
      'okta/disable-by-put',
      'dialects/without-path',
      'dialects/echo',
    ],
  },
  {
    name: 'spaces-in-urls',
    broken: 'Locations contain what should be percent-encoded.',
    fault: shown(({ meta, displayName }) => {
      if (meta) meta.location += `?name=Jane Doe ${displayName}`;
    }),
    reds: ['http/urls'],
    kin: ['common/location', 'create/user', 'create/group'],
  },
  {
    name: 'patch-unknown-method',
    broken: 'It does not do PATCH, says so, and answers one with 400.',
    fault: () => async (asked, good) => {
      if (asked.method === 'PATCH') return error(400);
      const answer = await good(asked);
      if (asked.path === '/ServiceProviderConfig' && answer.body?.patch) answer.body.patch.supported = false;
      return answer;
    },
    reds: ['errors/unsupported', 'patch/supported'],
    kin: [
      'entra/update',
      'entra/disable',
      'entra/flag',
      'entra/manager',
      'entra/null',
      'entra/role',
      'entra/group-members',
      'entra/group-rename',
      'okta/disable-by-patch',
      'okta/group-rename',
      'okta/group-members',
      'dialects/op',
      'dialects/without-path',
      'dialects/booleans',
      'dialects/missing-value',
      'dialects/manager',
      'dialects/member-removal',
      'dialects/member-again',
      'dialects/patch-without-schemas',
    ],
  },
  {
    name: 'if-match-needed',
    broken: 'A change without If-Match is refused with 428.',
    fault: instead(
      ({ method, headers }) => /PUT|PATCH|DELETE/.test(method) && headers['if-match'] === undefined,
      () => error(428),
    ),
    reds: ['dialects/without-if-match'],
  },
  {
    name: 'reads-with-a-trailing-slash-only',
    broken: 'A resource is redirected to where nothing is.',
    fault: answers(READ_ONE, (answer) => Object.assign(answer, error(404))),
    reds: ['read/user', 'read/group', 'create/user', 'create/group'],
    kin: [
      'http/accept',
      'http/default-format',
      'bulk/create',
      'bulk/references-extension',
      'entra/create',
      'entra/disable',
      'okta/create',
      'dialects/media-types',
    ],
  },
  {
    name: 'patch-without-effect',
    broken: 'A PATCH is answered with 200 and does nothing.',
    fault: requests(PATCH, (asked) => {
      asked.method = 'GET';
      asked.body = undefined;
    }),
    reds: ['patch/add-single', 'groups/membership'],
    kin: [
      'patch/*',
      'etag/changes',
      'etag/stale-patch',
      'entra/update',
      'entra/disable',
      'entra/flag',
      'entra/manager',
      'entra/role',
      'entra/group-members',
      'entra/group-rename',
      'okta/disable-by-patch',
      'okta/group-rename',
      'okta/group-members',
      'dialects/op',
      'dialects/without-path',
      'dialects/booleans',
      'dialects/missing-value',
      'dialects/manager',
      'dialects/member-removal',
      'dialects/member-again',
      'dialects/patch-without-schemas',
      'dialects/disabled',
    ],
  },
  {
    name: 'not-implemented',
    broken: 'PATCH is advertised and answered with 501.',
    fault: instead(PATCH, () => error(501)),
    reds: ['patch/supported', 'entra/update'],
    kin: [
      'delete/gone',
      'patch/*',
      'groups/membership',
      'etag/stale-patch',
      'etag/latest',
      'entra/disable',
      'entra/flag',
      'entra/manager',
      'entra/null',
      'entra/role',
      'entra/group-members',
      'entra/group-rename',
    ],
  },
  {
    name: 'lists-fail',
    broken: 'Lists are answered with 500.',
    fault: instead(LIST, ({ path, query }) =>
      path === '/Users' && `${query}` === FIRST_CONTACT ? undefined : error(500),
    ),
    reds: ['list/message', 'list/count', 'list/no-match', 'okta/group-list', 'entra/first-page', 'dialects/nobody'],
    kin: [
      'users/user-name',
      'cursor/count',
      'cursor/invalid-count',
      'filter/*',
      'projection/lists',
      'search/query',
      'entra/probe',
      'entra/match',
      'entra/disable',
      'entra/group-create',
      'entra/group-without-members',
      'entra/paging',
      'entra/parameter',
      'okta/first-page',
      'okta/unknown',
      'okta/order',
      'okta/disable-by-put',
      'okta/disable-by-patch',
      'okta/group-create',
      'dialects/disabled',
      'dialects/filters',
      'dialects/addresses',
    ],
  },
];
