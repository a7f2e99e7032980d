/** Authentication, media types, errors. */
import type { Any, Fault } from './broken-server.ts';
import {
  ANY,
  answers,
  error,
  instead,
  json,
  LIST,
  type Mutation,
  PATCH,
  READ_ONE,
  refusals,
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
    name: 'messages-without-schemas',
    broken: 'Lists and errors do not name their kind in schemas.',
    fault: answers(
      ANY,
      ({ body }) => {
        if (String(body?.schemas).includes(':messages:')) delete body.schemas;
      },
      whatever,
    ),
    reds: ['http/messages', 'list/message', 'errors/body', 'authentication/error-body', 'discovery/types'],
  },
  {
    name: 'single-values-without-array',
    broken: 'A multi-valued attribute with one value is shown without an array.',
    fault: shown((resource) => {
      if (resource.emails?.length === 1) resource.emails = resource.emails[0];
    }),
    reds: ['http/shapes', 'schemas/conformity'],
  },
  {
    name: 'names-as-text',
    broken: 'A complex attribute is shown as a text.',
    fault: shown((resource) => {
      if (resource.name) resource.name = `${resource.name.givenName} ${resource.name.familyName}`;
    }),
    reds: ['http/shapes', 'schemas/conformity'],
  },
  {
    name: 'spaces-in-urls',
    broken: 'Locations contain what should be percent-encoded.',
    fault: shown(({ meta, displayName }) => {
      if (meta) meta.location += `?name=Jane Doe ${displayName}`;
    }),
    reds: ['http/urls'],
  },
  {
    name: 'errors-as-success',
    broken: 'Errors are answered with 200; the body says that they are errors.',
    fault: answers(
      ANY,
      (answer) => {
        answer.status = 200;
      },
      ({ status }) => status >= 400 && status !== 401,
    ),
    reds: ['errors/body', 'errors/not-found', 'delete/gone', 'create/conflict', 'replace/unknown'],
  },
  {
    name: 'errors-as-html',
    broken: 'Errors have a page of HTML as their body.',
    fault: answers(ANY, (answer) => text(answer, '<h1>Sorry</h1>'), refusals),
    reds: ['errors/body', 'http/media-type', 'dialects/gone', 'okta/unknown', 'patch/atomic'],
  },
  {
    name: 'status-as-a-number',
    broken: 'The status in the body of an error is a number.',
    fault: answers(
      ANY,
      (answer) => {
        if (answer.body?.status) answer.body.status = answer.status;
      },
      refusals,
    ),
    reds: ['errors/body', 'authentication/error-body'],
  },
  {
    name: 'errors-without-detail',
    broken: 'Errors do not say in words what is wrong.',
    fault: answers(ANY, ({ body }) => delete body?.detail, refusals),
    reds: ['filter/unknown-operator', 'okta/unknown'],
  },
  {
    name: 'errors-without-type',
    broken: 'Errors have no scimType.',
    fault: answers(ANY, ({ body }) => delete body?.scimType, refusals),
    reds: [
      'create/conflict',
      'errors/syntax',
      'errors/value',
      'errors/put-in-use',
      'errors/patch-in-use',
      'replace/taken-name',
      'patch/taken-name',
      'patch/malformed-path',
      'patch/read-only',
      'patch/remove-no-path',
      'patch/remove-required',
      'patch/wrong-type',
      'filter/malformed',
      'filter/in-brackets',
      'filter/booleans',
      'filter/binaries',
      'filter/incomparable',
      'cursor/invalid',
      'dialects/duplicate',
    ],
  },
  {
    name: 'bad-request-for-not-found',
    broken: 'What is not there is answered with 400.',
    fault: answers(
      ANY,
      (answer) => {
        answer.status = 400;
        if (answer.body?.status) answer.body.status = '400';
      },
      status(404),
    ),
    reds: ['errors/not-found', 'delete/gone', 'replace/unknown', 'okta/unknown', 'dialects/gone', 'entra/delete'],
  },
  {
    name: 'landing-page',
    broken: 'An endpoint that does not exist is answered with the page of a web application.',
    fault: answers(
      ({ path }) => !/^\/(Users|Groups|Schemas|ResourceTypes|Me|Bulk|\.search)/.test(path),
      (answer) => {
        answer.status = 200;
        text(answer, '<!doctype html>');
      },
      status(404),
    ),
    reds: ['errors/not-found'],
  },
  {
    name: 'crash-on-bad-json',
    broken: 'A body that is no JSON object is answered with 500.',
    fault: instead(
      ({ method, body }) => method === 'POST' && (typeof body === 'string' || Array.isArray(body)),
      () => error(500),
    ),
    reds: ['errors/syntax', 'bulk/unusable'],
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
    reds: ['read/user', 'read/group', 'create/user', 'create/group', 'common/location', 'projection/attributes'],
  },
  {
    name: 'patch-without-effect',
    broken: 'A PATCH is answered with 200 and does nothing.',
    fault: requests(PATCH, (asked) => {
      asked.method = 'GET';
      asked.body = undefined;
    }),
    reds: ['patch/add-single', 'groups/membership'],
  },
  {
    name: 'not-implemented',
    broken: 'PATCH is advertised and answered with 501.',
    fault: instead(PATCH, () => error(501)),
    reds: ['patch/supported', 'entra/update', 'dialects/op'],
  },
  {
    name: 'lists-fail',
    broken: 'Lists are answered with 500.',
    fault: instead(LIST, ({ query, method }) =>
      query.size > 0 &&
      query.get('startIndex') === '1' &&
      query.get('count') === '1' &&
      query.size === 2 &&
      method === 'GET'
        ? undefined
        : json(500, 'oops'),
    ),
    reds: ['list/message', 'list/count', 'list/no-match', 'okta/group-list', 'entra/first-page', 'dialects/nobody'],
  },
];
