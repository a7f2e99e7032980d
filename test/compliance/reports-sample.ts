/** Runs as a server might have given them, for the tests of the reports: every outcome is there, at every level. */
import type {
  Exchange,
  Feature,
  Finding,
  Level,
  Profile,
  Requirement,
  Result,
  Run,
  Verdict,
} from '../../compliance/model.ts';

const BASE = 'https://scim.example.com/v2';

/** id, lines, level, feature, text, remedy */
type Row = readonly [string, string, Level, Feature, string, string?];

const ROWS: readonly Row[] = [
  ['RFC7644-4-1', '4077-4082', 'MUST', 'discovery', 'Answers GET /ServiceProviderConfig with what it supports.'],
  ['RFC7644-4-2', '4084-4090', 'MUST', 'discovery', 'Lists its schemas at /Schemas, in a list answer.'],
  [
    'RFC7644-4-3',
    '4092-4101',
    'SHOULD',
    'discovery',
    'Refuses a filter on the discovery endpoints with 403.',
    'Answer 403 whenever /Schemas, /ResourceTypes or /ServiceProviderConfig is asked with a filter.',
  ],
  ['RFC7643-3.1-1', '820-831', 'MUST', 'schemas', 'Gives every resource an id that never changes and is never reused.'],
  [
    'RFC7643-3.1-2',
    '840-852',
    'MUST',
    'schemas',
    'Ignores an id that a client sends.',
    'Take the id out of a body before you store it.',
  ],
  [
    'RFC7643-2.2-1',
    '480-486',
    'SHOULD',
    'schemas',
    'Compares attributes that are not case-exact without regard to case.',
  ],
  [
    'RFC7643-4.1-1',
    '1060-1071',
    'MUST',
    'users',
    'Compares userName without regard to case.',
    'Store a folded copy of userName and put the unique index on that.',
  ],
  ['RFC7643-4.1.2-1', '1301-1309', 'SHOULD', 'users', 'Has at most one primary e-mail address.'],
  ['RFC7643-4.2-1', '1420-1431', 'MUST', 'groups', 'Names every member by its id.'],
  ['RFC7643-4.2-2', '1433-1440', 'MAY', 'groups', 'Takes groups as members of groups.'],
  ['RFC7644-3.3-1', '700-705', 'MUST', 'create', 'Answers 201 to a POST that made a resource.'],
  [
    'RFC7644-3.3-2',
    '706-712',
    'MUST',
    'create',
    "Gives the new resource's address in the Location header and in meta.location.",
    'Send an absolute Location header with every 201. It has to be the same as meta.location.',
  ],
  [
    'RFC7644-3.3-3',
    '720-724',
    'SHOULD',
    'create',
    'Answers 409 with scimType uniqueness to a name that is taken.',
    'Set scimType to "uniqueness" in the body of the 409; clients tell a name that is taken from other conflicts by it.',
  ],
  ['RFC7644-3.4.1-1', '812-819', 'MUST', 'read', 'Answers 200 with the resource to a GET by id.'],
  ['RFC7644-3.5.1-1', '1511-1522', 'MUST', 'replace', 'Answers 200 with the whole resource to a PUT.'],
  ['RFC7644-3.5.1-2', '1524-1533', 'MUST', 'replace', 'Refuses a PUT that lacks a required attribute with 400.'],
  [
    'RFC7644-3.5.2-1',
    '1702-1710',
    'MUST',
    'patch',
    'Applies all operations of a PATCH, or none of them.',
    'Run the operations on a copy and store it only when the last one went well, in one transaction.',
  ],
  ['RFC7644-3.5.2-2', '1712-1720', 'SHOULD', 'patch', 'Answers 200 with the resource, or 204, to a PATCH.'],
  [
    'RFC7644-3.5.2.2-1',
    '1990-2001',
    'MUST',
    'patch',
    'Removes only the member that a value filter names, and leaves the others.',
    'Evaluate the filter in members[value eq "..."] instead of removing the whole attribute.',
  ],
  [
    'RFC7644-3.5.2.3-1',
    '2063-2074',
    'MUST',
    'patch',
    'Refuses a replace whose filter matches nothing with 400 and scimType noTarget.',
  ],
  ['RFC7644-3.6-1', '2480-2490', 'MUST', 'delete', 'Answers 204 to a DELETE, and 404 ever after.'],
  [
    'RFC7644-3.4.2-1',
    '890-901',
    'MUST',
    'list',
    'Answers a query with totalResults, and with Resources when there are any.',
  ],
  ['RFC7644-3.4.2.4-1', '1330-1344', 'MUST', 'list', 'Never returns more than count resources.'],
  ['RFC7644-3.4.2.4-2', '1346-1350', 'SHOULD', 'list', 'Takes a negative count as 0.'],
  ['RFC9865-2-1', '210-222', 'MUST', 'cursor', 'Gives a nextCursor as long as there are more resources.'],
  ['RFC7644-3.4.2.2-1', '980-990', 'MUST', 'filter', 'Finds a user by userName eq.'],
  [
    'RFC7644-3.4.2.2-2',
    '992-1004',
    'MUST',
    'filter',
    'Refuses a filter that it does not understand with 400 and scimType invalidFilter.',
    'Answer 400 with scimType invalidFilter. An empty list says that nobody matches, which is not known.',
  ],
  ['RFC7644-3.4.2.2-3', '1010-1022', 'MUST', 'filter', 'Understands and, or and not with their order of evaluation.'],
  ['RFC7644-3.4.2.3-1', '1250-1262', 'MAY', 'sort', 'Sorts by sortBy in the order that sortOrder says.'],
  [
    'RFC7644-3.9-1',
    '3301-3310',
    'MUST',
    'projection',
    'Returns only the attributes asked for, and those that are always returned.',
  ],
  ['RFC7644-3.4.3-1', '1402-1410', 'MUST', 'search', 'Answers POST /.search as it answers a GET.'],
  [
    'RFC7644-3.14-1',
    '4010-4021',
    'MUST',
    'etag',
    'Answers 412 to a change whose If-Match is not the version that there is.',
    'Compare If-Match with the version inside the transaction that writes.',
  ],
  [
    'RFC7644-3.14-2',
    '4024-4030',
    'SHOULD',
    'etag',
    'Answers 304 to a GET whose If-None-Match is the version that there is.',
  ],
  ['RFC7644-3.7-1', '2560-2570', 'MUST', 'bulk', 'Answers each operation of a bulk request, in order.'],
  ['RFC7643-7-1', '2410-2418', 'MUST', 'password', 'Never returns a password.'],
  ['RFC7644-3.11-1', '3660-3670', 'MAY', 'me', 'Answers /Me, or 501 where it has none.'],
  [
    'RFC7644-3.1-1',
    '560-571',
    'MUST',
    'http',
    'Answers with the media type application/scim+json.',
    'Set Content-Type to application/scim+json on every answer, errors among them.',
  ],
  [
    'RFC7644-3.12-1',
    '3702-3711',
    'MUST',
    'errors',
    'Answers an error with the status, as a string, in a body of the error schema.',
  ],
  ['RFC7644-3.12-2', '3713-3720', 'SHOULD', 'errors', 'Says in detail, in words, what was wrong.'],
  [
    'RFC7644-2-1',
    '301-312',
    'MUST',
    'authentication',
    'Refuses a request without credentials with 401 and WWW-Authenticate.',
  ],
];

const UNSEEN: readonly (readonly [string, string, Level, Feature, string, string])[] = [
  [
    'RFC7644-7.1-1',
    '4630-4641',
    'MUST',
    'authentication',
    'Uses TLS in every place where SCIM is spoken.',
    'Whether a server can also be reached without TLS, at another address, cannot be known from outside.',
  ],
  [
    'RFC7643-9.3-1',
    '5022-5031',
    'MUST',
    'password',
    'Stores passwords only as salted hashes.',
    'How a server stores a password cannot be seen from outside.',
  ],
  [
    'RFC7644-7.5-1',
    '4702-4711',
    'SHOULD',
    'http',
    'Keeps personal data out of its logs of addresses.',
    "A server's logs cannot be seen from outside.",
  ],
];

/** check, title, feature, verdict, requirements; the first of them is the one that is not met */
type CheckRow = readonly [string, string, Feature, Verdict, readonly string[]];

const CHECKS: readonly CheckRow[] = [
  ['discovery/config', 'The service provider configuration can be read', 'discovery', 'PASS', ['RFC7644-4-1']],
  ['discovery/schemas', 'The schemas are listed', 'discovery', 'PASS', ['RFC7644-4-2']],
  ['discovery/filter', 'A filter on the discovery endpoints is refused', 'discovery', 'WARN', ['RFC7644-4-3']],
  ['schemas/id', 'An id that a client sends is ignored', 'schemas', 'PASS', ['RFC7643-3.1-2', 'RFC7643-3.1-1']],
  ['schemas/case', 'Attributes are compared without regard to case', 'schemas', 'PASS', ['RFC7643-2.2-1']],
  ['users/name-case', 'A userName that differs in case alone is the same userName', 'users', 'FAIL', ['RFC7643-4.1-1']],
  [
    'users/primary',
    'A second primary e-mail address takes the place of the first',
    'users',
    'PASS',
    ['RFC7643-4.1.2-1'],
  ],
  ['groups/members', 'Members are named by their ids', 'groups', 'PASS', ['RFC7643-4.2-1']],
  ['groups/nested', 'A group can be a member of a group', 'groups', 'PASS', ['RFC7643-4.2-2']],
  ['create/status', 'A created user is answered with 201', 'create', 'PASS', ['RFC7644-3.3-1']],
  ['create/location', 'A created user is answered with its location', 'create', 'FAIL', ['RFC7644-3.3-2']],
  ['create/taken', 'A userName that is taken is refused as a conflict', 'create', 'WARN', ['RFC7644-3.3-3']],
  ['read/by-id', 'A user can be read by its id', 'read', 'PASS', ['RFC7644-3.4.1-1']],
  ['replace/whole', 'A PUT answers with the whole resource', 'replace', 'PASS', ['RFC7644-3.5.1-1']],
  ['replace/required', 'A PUT without userName is refused', 'replace', 'PASS', ['RFC7644-3.5.1-2']],
  [
    'patch/atomic',
    'A PATCH of which one operation fails changes nothing',
    'patch',
    'PASS',
    ['RFC7644-3.5.2-1', 'RFC7644-3.5.2-2'],
  ],
  ['patch/remove-member', 'Removing one member leaves the others', 'patch', 'FAIL', ['RFC7644-3.5.2.2-1']],
  ['patch/no-target', 'A replace whose filter matches nothing is refused', 'patch', 'FAIL', ['RFC7644-3.5.2.3-1']],
  ['delete/gone', 'A deleted user is gone', 'delete', 'PASS', ['RFC7644-3.6-1']],
  ['list/totals', 'A list says how many there are', 'list', 'PASS', ['RFC7644-3.4.2-1']],
  ['list/count', 'A page is no longer than count', 'list', 'PASS', ['RFC7644-3.4.2.4-1', 'RFC7644-3.4.2.4-2']],
  ['cursor/next', 'A cursor leads to the next page', 'cursor', 'SKIP', ['RFC9865-2-1']],
  ['filter/username', 'A user is found by userName', 'filter', 'PASS', ['RFC7644-3.4.2.2-1']],
  ['filter/invalid', 'A filter that makes no sense is refused', 'filter', 'FAIL', ['RFC7644-3.4.2.2-2']],
  ['filter/order', 'and binds tighter than or', 'filter', 'PASS', ['RFC7644-3.4.2.2-3']],
  ['sort/ascending', 'A list is sorted as asked', 'sort', 'SKIP', ['RFC7644-3.4.2.3-1']],
  ['projection/attributes', 'Only the attributes asked for are returned', 'projection', 'PASS', ['RFC7644-3.9-1']],
  ['search/post', 'POST .search answers as GET does', 'search', 'PASS', ['RFC7644-3.4.3-1']],
  ['etag/stale', 'A change to a version that is no longer there is refused', 'etag', 'FAIL', ['RFC7644-3.14-1']],
  ['etag/not-modified', 'What has not changed is not sent again', 'etag', 'WARN', ['RFC7644-3.14-2']],
  ['bulk/order', 'Bulk operations are answered in order', 'bulk', 'SKIP', ['RFC7644-3.7-1']],
  ['password/never', 'A password is never returned', 'password', 'PASS', ['RFC7643-7-1']],
  ['me/answers', '/Me is answered', 'me', 'PASS', ['RFC7644-3.11-1']],
  ['http/media-type', 'Answers are application/scim+json', 'http', 'PASS', ['RFC7644-3.1-1']],
  ['errors/body', 'An error has a body of the error schema', 'errors', 'PASS', ['RFC7644-3.12-1', 'RFC7644-3.12-2']],
  ['authentication/none', 'A request without credentials is refused', 'authentication', 'PASS', ['RFC7644-2-1']],
];

const MESSAGES: Record<string, string> = {
  'RFC7644-4-3': 'Expected 403 for GET /Schemas?filter=name eq "User"; came 200 with 7 schemas.',
  'RFC7643-4.1-1':
    'Expected 409 for a second user named "LINKSPAN-COMPLIANCE-3F9A-JANE-7" (the first is "linkspan-compliance-3f9a-jane-7"); came 201: the server now has both.',
  'RFC7644-3.3-2': 'Expected the header Location: https://scim.example.com/v2/Users/2819c223; there is none.',
  'RFC7644-3.3-3': 'Expected scimType "uniqueness" in the 409; there is no scimType.',
  'RFC7644-3.5.2.2-1': 'Expected two members to stay after one of three was removed; none stayed.',
  'RFC7644-3.5.2.3-1': 'Expected 400 with scimType noTarget for a replace of emails[type eq "fax"].value; came 200.',
  'RFC7644-3.4.2.2-2': 'Expected 400 with scimType invalidFilter for userName xx "a"; came 200 with an empty list.',
  'RFC7644-3.14-1': 'Expected 412 for If-Match W/"1" while the version is W/"2"; came 200, and the change was made.',
  'RFC7644-3.14-2': 'Expected 304 for If-None-Match W/"2"; came 200 with the whole resource.',
};

const SKIPS: Record<string, string> = {
  'cursor/next': 'It does not advertise cursor paging (pagination.cursor in /ServiceProviderConfig).',
  'sort/ascending': 'It does not advertise sort.',
  'bulk/order': 'It does not advertise bulk.',
};

export interface SampleOptions {
  /** Everything passes. */
  clean?: boolean;
  /** So many times the checks. */
  times?: number;
  exchangesPerCheck?: number;
  /** Put into every place that a server fills. */
  hostile?: string;
  /** Characters in each answer, about. */
  bodySize?: number;
  profile?: Profile;
}

export function sampleRun(options: SampleOptions = {}): Run {
  const times = options.times ?? 1;
  const requirements = Array.from({ length: times }, (_, round) =>
    [...ROWS, ...UNSEEN].map((row) => requirement(row, round)),
  );
  const results = Array.from({ length: times }, (_, round) =>
    CHECKS.map((row, index) => result(row, index, round, options)),
  );
  const all = results.flat();
  return {
    version: 1,
    url: BASE + (options.hostile ?? ''),
    profile: options.profile ?? 'rfc',
    manner: 'strict',
    startedAt: '2026-03-09T08:15:30.123Z',
    duration: 18_400,
    requests: all.reduce((sum, { exchanges }) => sum + exchanges.length, 31),
    server: `patch, filter (max 200), etag, change password${options.hostile ?? ''}`,
    requirements: requirements.flat(),
    results: all,
    leftBehind: options.clean ? [] : [`${BASE}/Groups/5b1c0e77${options.hostile ?? ''}`],
  };
}

const suffix = (round: number) => (round === 0 ? '' : `-r${round}`);

function requirement(row: Row | (typeof UNSEEN)[number], round: number): Requirement {
  const [id, lines, level, feature, text, more] = row;
  const [document, section] = [id.slice(3, 7), id.split('-')[1] ?? ''];
  const unseen = UNSEEN.some(([each]) => each === id);
  return {
    id: id + suffix(round),
    source: `RFC ${document}`,
    section,
    lines,
    url: `https://www.rfc-editor.org/rfc/rfc${document}#section-${section}`,
    level,
    feature,
    text,
    ...(more !== undefined && (unseen ? { unseen: more } : { remedy: more })),
  };
}

function result(row: CheckRow, index: number, round: number, options: SampleOptions): Result {
  const [check, title, feature, given, ids] = row;
  const verdict = options.clean && given !== 'SKIP' ? 'PASS' : given;
  const exchanges =
    verdict === 'SKIP' ? [] : conversation(index + round * CHECKS.length, check, verdict === 'PASS', options);
  const first = ids[0] ?? '';
  const findings: Finding[] =
    verdict === 'FAIL' || verdict === 'WARN'
      ? [
          {
            requirement: first + suffix(round),
            level: ROWS.find(([id]) => id === first)?.[2] ?? 'MUST',
            message: (MESSAGES[first] ?? 'Something else came.') + (options.hostile ?? ''),
            exchange: exchanges.length - 1,
          },
        ]
      : [];
  return {
    check: check + suffix(round),
    title,
    feature,
    verdict,
    ...(verdict === 'SKIP' && { reason: (SKIPS[check] ?? 'Not advertised.') + (options.hostile ?? '') }),
    requirements: ids.map((id) => id + suffix(round)),
    findings,
    exchanges,
    ...(check === 'patch/no-target' &&
      findings.length > 0 && {
        waiver: {
          requirement: first + suffix(round),
          reason:
            'Entra sends replace for values that were never set, and a 400 would refuse the active:false in the same body.',
          source: 'design/decisions.md, "add/replace on a value path that matches nothing"',
        },
      }),
    duration: 20 + ((index * 37) % 400),
  };
}

/** A user is made, read and then asked for what the check is about. */
function conversation(index: number, check: string, passes: boolean, options: SampleOptions): Exchange[] {
  const id = `2819c223-7f76-453a-919d-${(413861904646 + index).toString()}`;
  const name = `linkspan-compliance-3f9a-jane-${index}`;
  const user = {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    id,
    userName: name,
    name: { givenName: 'Jane', familyName: "O'Neill", formatted: `Jane O'Neill${options.hostile ?? ''}` },
    emails: [{ value: `${name}@example.com`, type: 'work', primary: true }],
    active: true,
    ...(options.bodySize && { nickName: 'x'.repeat(options.bodySize) }),
    meta: {
      resourceType: 'User',
      created: '2026-03-09T08:15:30Z',
      lastModified: '2026-03-09T08:15:30Z',
      version: 'W/"1"',
      location: `${BASE}/Users/${id}`,
    },
  };
  const { id: _, meta: __, ...sent } = user;
  const exchanges = [
    exchange('POST', '/Users', sent, 201, user, options),
    exchange('GET', `/Users/${id}`, null, 200, user, options),
  ];
  while (exchanges.length < (options.exchangesPerCheck ?? 3) - 1) {
    exchanges.push(
      exchange('GET', `/Users?filter=${encodeURIComponent(`userName eq "${name}"`)}`, null, 200, listOf(user), options),
    );
  }
  const operations = {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations: [{ op: 'replace', path: 'name.givenName', value: `It's ${check}` }],
  };
  exchanges.push(
    passes
      ? exchange('PATCH', `/Users/${id}`, operations, 200, user, options)
      : exchange('PATCH', `/Users/${id}`, operations, check === 'create/taken' ? 409 : 200, user, options),
  );
  return exchanges;
}

function listOf(user: unknown) {
  return {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
    totalResults: 1,
    itemsPerPage: 1,
    startIndex: 1,
    Resources: [user],
  };
}

function exchange(
  method: string,
  path: string,
  body: unknown,
  status: number,
  answer: unknown,
  options: SampleOptions,
): Exchange {
  return {
    method,
    url: BASE + path,
    requestHeaders: {
      accept: 'application/scim+json',
      authorization: '***',
      ...(body !== null && { 'content-type': 'application/scim+json' }),
      'user-agent': 'linkspan-compliance/1',
    },
    requestBody: body === null ? null : JSON.stringify(body),
    status,
    headers: {
      'content-type': 'application/scim+json',
      date: 'Mon, 09 Mar 2026 08:15:30 GMT',
      etag: 'W/"1"',
      server: `example/1.0${options.hostile ?? ''}`,
    },
    body: JSON.stringify(answer) + (options.hostile ?? ''),
    duration: 12,
    at: '2026-03-09T08:15:31.002Z',
  };
}
