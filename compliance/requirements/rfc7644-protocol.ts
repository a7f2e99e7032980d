/** RFC 7644, all but the operations and queries: authentication, formats, errors, versions, discovery, security. */
import type { Requirement } from '../model.ts';
import { CLIENT, citing, ELSEWHERE, INTERNAL } from './cite.ts';

const { must, should } = citing(7644);

const foundations: readonly Requirement[] = [
  must('1.2-1', '186-187', 'http', 'URLs in answers are percent-encoded.'),
  must('1.3-1', '199-203', 'http', 'The base URL has no query string.', {
    unseen: 'The base URL is given to the runner by its user.',
  }),
  should('2-1', '253-259', 'authentication', 'Tokens are issued on strong authentication only.', ELSEWHERE),
  should('2-2', '296-303', 'authentication', 'Basic authentication is combined with other factors.', ELSEWHERE),
  must(
    '2-3',
    '307-309',
    'authentication',
    'A request without valid credentials is told by WWW-Authenticate how to bring some.',
    { remedy: 'Send `WWW-Authenticate: Bearer` (or the schemes you accept) with every 401.' },
  ),
  must(
    '2-4',
    '311-318',
    'authentication',
    'Each authenticated client is mapped to an access control policy.',
    INTERNAL,
  ),
  should('2-5', '320-330', 'authentication', 'Who asks, and for what, decides whether an action is allowed.', INTERNAL),
  should('2.1-1', '357-363', 'authentication', 'Type, scopes and subject of a grant are considered.', INTERNAL),
  must('2.1-2', '373-378', 'authentication', 'The threats to client authorizations are countered.', INTERNAL),
  must('3.1-1', '433-437', 'http', 'Messages name their kind in `schemas` with a URN below urn:ietf:params:scim:api:.'),
  must('3.1-2', '437-440', 'discovery', 'The URNs of messages do not appear in /Schemas.', {
    remedy: 'List only schemas of resources there.',
  }),
  should('3.1-3', '461-463', 'http', 'Clients do not expect to get back exactly what they sent.', CLIENT),
  must('3.1-4', '463-465', 'read', 'What a write is answered with is what is kept: reading it again gives the same.', {
    remedy: 'Answer from what was stored, not from what was sent.',
  }),
  should('3.2-1', '472-475', 'discovery', "Endpoints of further resource types are the type's name with an s."),
  should('3.2-2', '475-478', 'discovery', 'Clients look up endpoints in /ResourceTypes.', CLIENT),
  must('3.2-3', '488-490', 'replace', 'A PUT to an id that nobody has creates nothing.'),
  should('3.2-4', '570-571', 'errors', 'Errors show in the HTTP status.'),
  should('3.2-5', '570-572', 'errors', 'Errors show their status in the body as well.'),
];

const formats: readonly Requirement[] = [
  must('3.8-1', '3537-3538', 'http', 'JSON in UTF-8 is accepted and answered, letters beyond ASCII included.'),
  must('3.8-2', '3538-3539', 'http', 'Without a charset in the request, its body is read as UTF-8.'),
  must('3.8-3', '3542-3546', 'http', 'Clients name other encodings in Content-Type.', CLIENT),
  must('3.8-4', '3551-3552', 'http', '`Accept: application/scim+json` is supported.'),
  should('3.8-5', '3552-3554', 'http', '`Accept: application/json` is supported.'),
  must('3.8-6', '3554-3555', 'http', 'Without an Accept header the answer is application/scim+json.'),
  must('3.8-7', '3557-3564', 'http', 'Multi-valued attributes are arrays in JSON, singular ones are not.'),
  must('3.8-8', '3566-3569', 'http', 'Complex values are objects in JSON.'),
];

/** Section 3.12 calls scimType OPTIONAL (line 3719), and Table 9 says which one is meant for what. */
const TABLE_9 = {
  manner: 'strict',
  remedy:
    'scimType is optional; with the one that Table 9 has for it, a client knows what to do without reading `detail`.',
} as const;

const errors: readonly Requirement[] = [
  must('3.12-1', '3707-3712', 'errors', 'An error has a JSON body with the Error URN in `schemas`.'),
  must('3.12-2', '3714-3716', 'errors', 'The `status` of an error body is the HTTP status as a string.'),
  should('3.12-3', '3727-3738', 'http', 'After 307, clients keep using the original URI.', CLIENT),
  should('3.12-4', '3740-3746', 'http', 'After 308, clients use the new location from then on.', CLIENT),
  should('3.12-5', '3748-3750', 'errors', 'A body that is not JSON, or is against the schema, is refused with 400.'),
  should('3.12-6', '3760-3762', 'errors', 'Missing or invalid credentials are answered with 401.'),
  should('3.12-7', '3764-3766', 'errors', 'What the credentials do not allow is answered with 403.', {
    unseen: 'It needs a second credential with fewer rights.',
  }),
  should('3.12-8', '3768-3769', 'errors', 'A resource or an endpoint that does not exist is answered with 404.'),
  should('3.12-9', '3786-3788', 'errors', 'A 500 explains itself.', {
    unseen: 'It cannot be brought about on purpose.',
  }),
  should('3.12-10', '3790-3792', 'errors', 'An operation that is not supported is answered with 501.'),
  should('3.12-11', '3839-3843', 'errors', 'A PUT or PATCH to a value in use is refused, with scimType "uniqueness".'),
  should('3.12-12', '3853-3859', 'errors', 'A body of the wrong structure has scimType "invalidSyntax".', TABLE_9),
  should(
    '3.12-13',
    '3883-3891',
    'errors',
    'A value of the wrong type, or a missing one, has scimType "invalidValue".',
    TABLE_9,
  ),
  should('3.12-15', '3772-3781', 'etag', 'A version that does not match is answered with 412, or 409.'),
  should('3.12-16', '3871-3873', 'patch', 'A malformed path has scimType "invalidPath".', TABLE_9),
  should(
    '3.12-17',
    '3845-3851',
    'patch',
    'An operation against the mutability has status 400 and scimType "mutability".',
  ),
  should(
    '3.12-18',
    '3820-3827',
    'filter',
    'A comparison that an attribute does not support is refused as "invalidFilter".',
  ),
  should('3.12-19', '3820-3827', 'filter', 'A filter against the grammar has scimType "invalidFilter".', TABLE_9),
  must('3.12-14', '3901-3908', 'errors', 'Personal information is not sent in URIs.', CLIENT),
];

const versions: readonly Requirement[] = [
  must('3.13-3', '3950-3956', 'http', 'A version in the path stands right before the endpoint, as "v2".', ELSEWHERE),
  must('3.13-1', '3956-3957', 'http', 'A version in the path is obeyed, or the request rejected.', {
    unseen: 'Other versions lie outside the base URL, where nothing may be asked of a server that was not named.',
  }),
  should('3.13-2', '3957-3959', 'http', 'Without a version in the path the newest is used.', {
    unseen: 'There is one version of SCIM 2 to choose from.',
  }),
  must('3.14-1', '3967-3968', 'etag', 'A resource comes with its version in the ETag header.', {
    remedy: 'Send the value of meta.version as `ETag` with every answer that holds one resource.',
  }),
  should('3.14-2', '3967-3969', 'etag', 'The version also stands in `meta.version`, and is that of the header.'),
  must(
    '3.14-3',
    '4039-4052',
    'etag',
    'A GET with If-None-Match of the latest version is answered 304, without a body.',
  ),
  must('3.14-4', '4039-4040', 'etag', 'A GET with If-None-Match of an older version is answered with the resource.'),
  must('3.14-5', '4054-4058', 'etag', 'A PUT with If-Match of an older version changes nothing.'),
  must('3.14-6', '4054-4058', 'etag', 'A PATCH with If-Match of an older version changes nothing.'),
  must('3.14-7', '4054-4058', 'etag', 'A PUT or PATCH with If-Match of the latest version succeeds.'),
  must('3.14-8', '3963-3967', 'etag', 'Every change of a resource changes its version.'),
];

const discovery: readonly Requirement[] = [
  must('4-1', '4065-4070', 'discovery', '/ServiceProviderConfig names its own schema URN in `schemas`.'),
  must('4-2', '4095-4099', 'discovery', '/Schemas lists every schema that the resource types use.'),
  must('4-3', '4099-4103', 'discovery', 'A schema can be read by its URN below /Schemas.'),
  must('4-4', '4109-4116', 'discovery', '/ResourceTypes lists the resource types, their endpoints and schemas.'),
  must('4-5', '4118-4120', 'discovery', 'One schema or resource type is answered as one object, not as a list.'),
  must('4-6', '4120-4124', 'discovery', '/Schemas and /ResourceTypes answer with a ListResponse.'),
  must('4-7', '4124-4125', 'discovery', 'Paging and sorting are ignored at the discovery endpoints.'),
  should('4-8', '4125-4128', 'discovery', 'A filter at a discovery endpoint is answered with 403.'),
  must('5-1', '4213-4220', 'users', 'User names are prepared by PRECIS before they are compared for uniqueness.', {
    manner: 'strict',
    remedy: 'Normalise (NFC, width, case) before comparing: a composed and a decomposed "é" are the same name.',
  }),
  must('5-2', '4213-4218', 'password', 'Passwords are prepared by PRECIS before they are compared.', {
    unseen: 'SCIM has no operation that compares a password.',
  }),
];

const security: readonly Requirement[] = [
  must('7.1-1', '4338-4342', 'http', 'URIs have no user and password in them.', CLIENT),
  must('7.2-1', '4346-4349', 'http', 'The service is reached through TLS.', {
    unseen: 'How the runner reaches the service need not be how clients do: TLS often ends in front of it.',
  }),
  must('7.2-2', '4349-4352', 'http', 'TLS 1.2 is supported.', ELSEWHERE),
  must('7.2-3', '4352-4353', 'http', "Clients check the server's identity.", CLIENT),
  must('7.3-1', '4358-4360', 'authentication', 'The threats to authorization tokens are countered.', INTERNAL),
  must('7.4-1', '4377-4381', 'authentication', 'Tokens and cookies cannot be guessed.', INTERNAL),
  must('7.4-2', '4383-4384', 'authentication', 'Tokens and cookies travel through TLS only.', ELSEWHERE),
  must('7.4-3', '4386-4388', 'authentication', 'Bearer tokens have a limited lifetime.', INTERNAL),
  should('7.4-4', '4395-4397', 'authentication', 'Cookies last no longer than the session.', ELSEWHERE),
  must('7.5.1-1', '4414-4417', 'http', 'The privacy considerations of RFC 7643 are considered.', INTERNAL),
  should('7.5.2-1', '4433-4442', 'search', 'Clients send filters on personal data with POST.', CLIENT),
  should('7.5.2-2', '4444-4448', 'filter', 'GET with a filter on sensitive data is answered with 403.', {
    unseen: "What is sensitive is the service's decision.",
  }),
  should('7.7-1', '4501-4516', 'password', 'Credentials are stored as RFC 6819 recommends.', INTERNAL),
  should('7.7-2', '4518-4545', 'authentication', 'Guessing of passwords is countered.', INTERNAL),
  should('7.7-3', '4547-4552', 'authentication', 'Access is controlled by client and by need.', INTERNAL),
  must('7.8-1', '4556-4558', 'filter', 'User names are prepared before a filter compares them.', {
    manner: 'strict',
    remedy: 'Prepare the value in the filter like the stored one: a composed and a decomposed "é" are equal.',
  }),
  should('8.1-1', '4623-4626', 'http', 'Answers have the media type application/scim+json.'),
];

export const protocol = [...foundations, ...formats, ...errors, ...versions, ...discovery, ...security];
