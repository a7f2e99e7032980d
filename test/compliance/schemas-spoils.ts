/** Faults in what a server says of itself and in its resources, and the check and requirement that must see each. */
import type { Passing, Spoil } from './front.ts';
import {
  A_GROUP,
  A_USER,
  answer,
  EMPTY,
  ENTERPRISE,
  ERROR_BODY,
  type Fault,
  ignored,
  instead,
  nothing,
  remembering,
  USER,
  when,
} from './twists.ts';

// biome-ignore lint/suspicious/noExplicitAny: JSON of the good server, spoilt at will
type Any = any;

const config = (change: (body: Any) => void) => when(/^GET \/ServiceProviderConfig$/, ({ body }) => change(body));
const types = (change: (user: Any) => void) =>
  when(/^GET \/ResourceTypes$/, ({ body }) => change(body.Resources.find((each: Any) => each.name === 'User')));
const schema = (change: (attributes: Any, schema: Any) => void, urn = USER) =>
  when(/^GET \/Schemas(\/|$)/, ({ body }) => {
    for (const each of body.Resources ?? [body]) if (each.id === urn) change(each.attributes, each);
  });
const named = (attributes: Any, name: string) => attributes.find((each: Any) => each.name === name);
const attribute = (name: string, change: (attribute: Any) => void, urn = USER) =>
  schema((attributes) => change(named(attributes, name)), urn);
const made = (change: (body: Any, passing: Passing) => void) =>
  when(/^POST \/Users$/, (passing) => passing.status === 201 && change(passing.body, passing));
const read = (change: (body: Any) => void) => when(A_USER, (passing) => passing.status === 200 && change(passing.body));
/** The first of a user's groups. */
const ofUser = (change: (group: Any, user: Any) => void) =>
  read((body) => {
    if (body.groups?.[0]) change(body.groups[0], body);
  });
const readGroup = (change: (body: Any) => void) =>
  when(A_GROUP, (passing) => passing.status === 200 && change(passing.body));
const both = (one: () => Spoil, other: () => Spoil) => () => {
  const [first, second] = [one(), other()];
  return (passing: Passing) => {
    first(passing);
    second(passing);
  };
};
/** With the ids that POSTs of users were answered with so far. */
const knowing = (change: (passing: Passing, ids: string[]) => void) =>
  remembering(() => {
    const ids: string[] = [];
    return (passing) => {
      if (passing.method === 'POST' && passing.path === '/Users' && passing.status === 201) ids.push(passing.body.id);
      change(passing, ids);
    };
  });
const extra = (name: string, type: string) =>
  schema((attributes) => attributes.push({ name, type, multiValued: false }));

const config7643: [number: number, change: (body: Any) => void][] = [
  [1, (body) => delete body.schemas],
  [3, (body) => delete body.patch],
  [4, ({ bulk }) => (bulk.supported = 'true')],
  [5, ({ bulk }) => (bulk.maxOperations = 1.5)],
  [6, ({ bulk }) => delete bulk.maxPayloadSize],
  [7, ({ filter }) => delete filter.supported],
  [8, ({ filter }) => (filter.maxResults = '200')],
  [9, (body) => delete body.changePassword],
  [10, ({ sort }) => (sort.supported = 1)],
  [11, (body) => delete body.etag],
  [12, (body) => delete body.authenticationSchemes],
];

export const SCHEMA_FAULTS: readonly Fault[] = [
  ...config7643.map(
    ([number, change]): Fault => ['discovery/configuration', 'lacking', `RFC7643-5-${number}`, config(change)],
  ),
  ...(['type', 'name', 'description'] as const).map(
    (name, index): Fault => [
      'discovery/authentication-schemes',
      `no ${name}`,
      `RFC7643-5-${14 + index}`,
      config(({ authenticationSchemes: [scheme] }) => delete scheme[name]),
    ],
  ),
  ['discovery/resource-types', 'no schemas', 'RFC7643-6-1', types((user) => delete user.schemas)],
  ['discovery/resource-types', 'no name', 'RFC7643-6-2', types((user) => delete user.name)],
  [
    'discovery/resource-types',
    'absolute',
    'RFC7643-6-4',
    types((user) => (user.endpoint = 'https://example.com/Users')),
  ],
  ['discovery/resource-types', 'unknown schema', 'RFC7643-6-5', types((user) => (user.schema = 'urn:nobody'))],
  ['discovery/resource-types', 'unknown', 'RFC7643-6-6', types((user) => (user.schemaExtensions[0].schema = 'urn:no'))],
  ['discovery/resource-types', 'no word', 'RFC7643-6-7', types((user) => delete user.schemaExtensions[0].required)],

  ['schemas/resources', 'no schemas', 'RFC7643-7-2', schema((_, each) => delete each.schemas)],
  ['schemas/resources', 'a name for an id', 'RFC7643-7-4', schema((_, each) => (each.id = 'User'))],
  ['schemas/resources', 'no attributes', 'RFC7643-7-6', schema((_, each) => delete each.attributes)],
  ['schemas/resources', 'a space', 'RFC7643-2.1-2', attribute('title', (each) => (each.name = 'job title'))],
  ['schemas/characteristics', 'text', 'RFC7643-7-7', attribute('title', (each) => (each.type = 'text'))],
  [
    'schemas/characteristics',
    'text',
    'RFC7643-2.3-1',
    attribute('division', (each) => (each.type = 'text'), ENTERPRISE),
  ],
  ['schemas/characteristics', 'missing', 'RFC7643-7-9', attribute('title', (each) => delete each.multiValued)],
  ['schemas/characteristics', 'a text', 'RFC7643-7-11', attribute('title', (each) => (each.required = 'false'))],
  ['schemas/characteristics', 'writable', 'RFC7643-7-14', attribute('title', (each) => (each.mutability = 'writable'))],
  ['schemas/characteristics', 'often', 'RFC7643-7-18', attribute('title', (each) => (each.returned = 'often'))],
  ['schemas/characteristics', 'true', 'RFC7643-7-22', attribute('title', (each) => (each.uniqueness = true))],
  ['schemas/nesting', 'parts', 'RFC7643-1.2-1', attribute('title', (each) => (each.subAttributes = [{ name: 'x' }]))],
  ['schemas/nesting', 'deep', 'RFC7643-2.3.8-2', attribute('name', (each) => (each.subAttributes[0].type = 'complex'))],
  ['schemas/nesting', 'no parts', 'RFC7643-7-8', attribute('emails', (each) => (each.subAttributes = []))],
  ['schemas/reference-types', 'none', 'RFC7643-7-24', attribute('profileUrl', (each) => delete each.referenceTypes)],
  ['schemas/user', 'not required', 'RFC7643-4.1.1-3', attribute('userName', (each) => (each.required = false))],
  ['schemas/user', 'with case', 'RFC7643-4.1.1-4', attribute('userName', (each) => (each.caseExact = true))],
  ['schemas/user', 'returned', 'RFC7643-4.1.1-13', attribute('password', (each) => (each.returned = 'default'))],
  ...['value', '$ref'].map(
    (name, index): Fault => [
      'schemas/user',
      `no ${name}`,
      `RFC7643-4.3-${index + 1}`,
      attribute(
        'manager',
        (each) => (each.subAttributes = each.subAttributes.filter((part: Any) => part.name !== name)),
        ENTERPRISE,
      ),
    ],
  ),
  [
    'schemas/redefinition',
    'title again',
    'RFC7643-3.3-2',
    schema((attributes) => attributes.push({ name: 'title', type: 'string', multiValued: false }), ENTERPRISE),
  ],

  ['common/presence', 'no schemas', 'RFC7643-2.1-1', made((body) => delete body.schemas)],
  ['common/presence', 'a text', 'RFC7643-3-1', made((body) => (body.schemas = USER))],
  ['common/presence', 'twice', 'RFC7643-3-2', made((body) => (body.schemas = [USER, USER]))],
  ['common/presence', 'empty', 'RFC7643-3-3', made((body) => (body.schemas = []))],
  ['common/presence', 'a stranger', 'RFC7643-3-4', made((body) => body.schemas.push('urn:nobody'))],
  ['common/presence', 'no base', 'RFC7643-3.3-1', made((body) => (body.schemas = [ENTERPRISE]))],
  ['common/presence', 'no meta', 'RFC7643-3.1-1', made((body) => delete body.meta)],
  ['common/presence', 'no created', 'RFC7643-3.1-2', made((body) => delete body.meta.created)],
  ['common/presence', 'no id', 'RFC7643-3.1-4', read((body) => (body.id = ''))],
  ['common/presence', 'bulkId', 'RFC7643-3.1-8', read((body) => (body.id = 'bulkId:1'))],
  ['common/presence', 'made up', 'RFC7643-3.1-10', made((body) => (body.externalId = body.id))],
  ['common/presence', 'plural', 'RFC7643-3.1-14', made(({ meta }) => (meta.resourceType = 'Users'))],
  ['common/presence', 'a day', 'RFC7643-3.1-15', made(({ meta }) => (meta.created = '2026-01-01'))],
  ['common/presence', 'later', 'RFC7643-3.1-17', made(({ meta }) => (meta.lastModified = '2036-01-01T00:00:00Z'))],
  [
    'common/id',
    'twice',
    'RFC7643-3.1-5',
    knowing((passing, ids) => ids.length === 3 && made((body) => (body.id = ids[1]))()(passing)),
  ],
  ['common/id', 'other', 'RFC7643-3.1-6', when(/^GET \/Users\/[^?]+$/, ({ body }) => (body.id = 'other'))],
  [
    'common/id',
    'as wished',
    'RFC7643-3.1-7',
    made((body, { sent }) => Object.assign(body, sent.id && { id: sent.id })),
  ],
  [
    'common/id',
    'not asked for',
    'RFC7643-3.1-9',
    when(/^GET \/Users\/.*attributes=userName/, ({ body }) => delete body.id),
  ],
  [
    'common/id-reuse',
    'again',
    'RFC7643-3.1-6',
    knowing((passing, [first]) => made((body) => (body.id = first))()(passing)),
  ],
  [
    'common/meta',
    'taken',
    'RFC7643-3.1-13',
    made((body, { sent }) => sent.meta && Object.assign(body.meta, sent.meta)),
  ],
  ['common/meta', 'frozen', 'RFC7643-3.1-16', read(({ meta }) => (meta.lastModified = meta.created))],
  ['common/location', 'two', 'RFC7643-3.1-18', when(A_USER, ({ answerHeaders: h }) => (h['content-location'] = '/x'))],
  ['common/location', 'nowhere', 'RFC7643-2.3.7-3', read(({ meta }) => (meta.location = `${meta.location}x`))],
  ['common/location', 'relative', 'RFC7643-2.3.7-2', read(({ meta }) => (meta.location = 'Users/nobody'))],
  ['common/external-id', 'dropped', 'RFC7643-3.1-1', read((body) => delete body.externalId)],
  [
    'common/external-id',
    'stays',
    'RFC7643-3.1-12',
    read((body) => (body.externalId = body.externalId?.replace(/-2$/, ''))),
  ],
  [
    'common/external-id',
    'found in capitals',
    'RFC7643-7-12',
    knowing((passing, ids) =>
      when(/filter=externalId/, ({ body }) => (body.Resources = [{ id: ids.at(-1) }]))()(passing),
    ),
  ],
  [
    'common/external-id',
    'lower case',
    'RFC7643-7-13',
    read((body) => (body.externalId = body.externalId?.toLowerCase())),
  ],
  [
    'common/version',
    'another tag',
    'RFC7643-3.1-19',
    when(A_USER, ({ answerHeaders }) => (answerHeaders.etag = 'W/"x"')),
  ],

  ['schemas/conformity', 'a text', 'RFC7643-2.3-2', read((body) => (body.active = 'true'))],
  [
    'schemas/conformity',
    'a fraction',
    'RFC7643-2.3.4-1',
    both(
      extra('shoeSize', 'integer'),
      read((body) => (body.shoeSize = 7.5)),
    ),
  ],
  [
    'schemas/conformity',
    'a day',
    'RFC7643-2.3.5-1',
    both(
      extra('hired', 'dateTime'),
      read((body) => (body.hired = '2026-01-01')),
    ),
  ],
  ['schemas/conformity', 'no base64', 'RFC7643-2.3.6-1', read((body) => (body.x509Certificates = [{ value: '!' }]))],
  ['schemas/conformity', 'no URI', 'RFC7643-2.3.7-1', read((body) => (body.profileUrl = 'my page'))],
  ['schemas/conformity', 'one', 'RFC7643-2.4-1', read((body) => ([body.emails] = body.emails))],
  ['schemas/conformity', 'unnamed', 'RFC7643-3-3', read((body) => (body.schemas = [USER]))],
  ['schemas/conformity', 'unknown', 'RFC7643-3-7', read((body) => (body.shoeSize = 7))],
  ['schemas/conformity', 'password', 'RFC7643-7-17', read((body) => (body.password = '***'))],
  [
    'schemas/published',
    'not there',
    'RFC7643-7-1',
    both(
      when(/^GET \/Schemas$/, ({ body }) => (body.Resources = body.Resources.filter((each: Any) => each.id !== USER))),
      when(/^GET \/Schemas\/.*:2.0:User$/, answer(404, ERROR_BODY)),
    ),
  ],
  [
    'schemas/required-extensions',
    'not there',
    'RFC7643-6-8',
    both(
      types((user) => (user.schemaExtensions[0].required = true)),
      read((body) => delete body[ENTERPRISE]),
    ),
  ],
  [
    'schemas/extension',
    'elsewhere',
    'RFC7643-3.3-3',
    read((body) => Object.assign(body, body[ENTERPRISE], { [ENTERPRISE]: undefined })),
  ],
  ['schemas/extension', 'unnamed', 'RFC7643-3-3', read((body) => (body.schemas = [USER]))],
  [
    'create/order',
    'schemas must come first',
    'RFC7643-2.3.8-1',
    when(/^POST \/Users$/, (passing) => Object.keys(passing.sent)[0] !== 'schemas' && answer(400, ERROR_BODY)(passing)),
  ],
  [
    'create/order',
    'the base must come first',
    'RFC7643-3-5',
    when(/^POST \/Users$/, (passing) => passing.sent.schemas[0] !== USER && answer(400, ERROR_BODY)(passing)),
  ],
  [
    'schemas/null',
    'refused',
    'RFC7643-2.5-1',
    when(/^POST \/Users$/, (passing) => passing.sent.nickName === null && answer(400, ERROR_BODY)(passing)),
  ],
  ['schemas/null', 'stays', 'RFC7643-2.5-2', read((body) => (body.nickName = 'Something'))],
  [
    'schemas/primary',
    'two',
    'RFC7643-2.4-3',
    when(/^POST \/Users$/, (passing) => answer(201, { ...passing.sent, id: 'x' })(passing)),
  ],
  ['schemas/doubles', 'two', 'RFC7643-2.4-7', made((body, { sent }) => (body.emails = sent.emails))],
  ['schemas/returned', 'no id', 'RFC7643-7-19', when(/^GET \/Users\/.*\?attributes=/, ({ body }) => delete body.id)],
  ['schemas/returned', 'password', 'RFC7643-7-20', read((body) => (body.password = '***'))],
  [
    'schemas/returned',
    'without being asked',
    'RFC7643-7-21',
    both(
      attribute('title', (each) => (each.returned = 'request')),
      read((body) => (body.title = 'Engineer')),
    ),
  ],
  ['schemas/immutable', 'changed', 'RFC7643-7-16', attribute('title', (each) => (each.mutability = 'immutable'))],
  ['schemas/read-only', 'changed', 'RFC7643-7-15', attribute('title', (each) => (each.mutability = 'readOnly'))],
  ['schemas/unique', 'twice', 'RFC7643-7-23', when(/^POST \/Groups$/, instead(409, 201, { id: 'x' }))],

  ['users/user-name', 'empty', 'RFC7643-4.1.1-1', made((body) => (body.userName = ''))],
  ['users/user-name', 'twice', 'RFC7643-4.1.1-2', when(/^POST \/Users$/, instead(409, 201, { id: 'x' }))],
  ['users/user-name', 'without', 'RFC7643-4.1.1-3', when(/^POST \/Users$/, instead(400, 201, { id: 'x' }))],
  ['users/user-name', 'with case', 'RFC7643-4.1.1-4', when(/filter=userName/, answer(200, EMPTY))],
  ['users/names', 'another name', 'RFC7643-4.1.1-5', read(({ name }) => (name.formatted = 'Somebody Else'))],
  ['users/names', 'userName', 'RFC7643-4.1.1-7', read((body) => (body.nickName = body.userName))],
  [
    'users/password-returned',
    'elsewhere',
    'RFC7643-4.1.1-8',
    made((body, { sent }) => (body.displayName = sent.password)),
  ],
  ['users/password-returned', 'hashed', 'RFC7643-4.1.1-13', read((body) => (body.password = '$2b$'))],
  ['users/password-returned', 'hashed', 'RFC7643-7-17', read((body) => (body.password = '$2b$'))],
  ['users/country', 'by name', 'RFC7643-4.1.2-8', read(({ addresses }) => (addresses[0].country = 'Sweden'))],
  ['users/certificate', 'PEM', 'RFC7643-2.3.6-1', made((body) => (body.x509Certificates = [{ value: '-----BEGIN' }]))],
  ['users/certificate', 'cut', 'RFC7643-4.1.2-12', made((body) => (body.x509Certificates = [{ value: 'AAAA' }]))],

  ['groups/members', 'others', 'RFC7643-4.2-2', readGroup((body) => (body.members = [{ value: 'x' }]))],
  ['groups/members', 'nowhere', 'RFC7643-2.3.7-3', readGroup(({ members, meta }) => (members[0].$ref = meta.location))],
  ['groups/members', 'relative', 'RFC7643-2.3.7-2', readGroup(({ members }) => (members[0].$ref = '../Users/x'))],
  ['groups/of-a-user', 'indirect', 'RFC7643-4.1.2-9', ofUser((group) => (group.type = 'indirect'))],
  ['groups/of-a-user', 'a name', 'RFC7643-4.1.2-10', ofUser((group) => (group.value = 'Sales'))],
  ['groups/of-a-user', 'itself', 'RFC7643-2.3.7-3', ofUser((group, user) => (group.$ref = user.meta.location))],
  ['groups/of-a-user', 'relative', 'RFC7643-2.3.7-2', ofUser((group) => (group.$ref = 'Groups/x'))],
  [
    'groups/read-only-in-users',
    'joined',
    'RFC7643-4.1.2-11',
    knowing((passing, ids) => readGroup((body) => (body.members = ids.map((value) => ({ value }))))()(passing)),
  ],
  ['groups/display-name', 'without', 'RFC7643-4.2-1', when(/^POST \/Groups$/, instead(400, 201, { id: 'x' }))],
  ['groups/membership', 'passed over', 'RFC7643-4.2-3', nothing, ignored(() => true)],
  [
    'groups/immutable-member',
    'turned',
    'RFC7643-4.2-3',
    knowing((passing, [, second]) => readGroup((body) => (body.members = [{ value: second }]))()(passing)),
  ],
];

const page = (change: (body: Any, passing: Passing) => void) =>
  when(/^GET \/Users\?cursor=/, (passing) => passing.status === 200 && change(passing.body, passing));

export const CURSOR_FAULTS: readonly Fault[] = [
  ['cursor/walk', 'refused', 'RFC9865-2-1', when(/cursor=&/, answer(400, ERROR_BODY))],
  ['cursor/walk', 'a plus', 'RFC9865-2-2', page((body) => (body.nextCursor = 'a+b='))],
  ['cursor/walk', 'too many', 'RFC9865-2-5', page(({ Resources }) => Resources.push({ id: 'x' }, { id: 'y' }))],
  [
    'cursor/walk',
    'the same again',
    'RFC9865-2-6',
    remembering(() => {
      let first: Any;
      return page((body) => {
        first ??= body.Resources;
        body.Resources = first;
      })();
    }),
  ],
  ['cursor/walk', 'an early end', 'RFC9865-2-7', page((body) => delete body.nextCursor)],
  ['cursor/walk', 'back', 'RFC9865-2-8', page((body) => (body.previousCursor = 'a'))],
  ['cursor/walk', 'a total', 'RFC9865-2-10', page((body) => (body.totalResults = 99))],
  ['cursor/count', 'one', 'RFC9865-2-4', when(/count=0/, ({ body }) => (body.Resources = [{ id: 'x' }]))],
  ['cursor/count', 'refused', 'RFC9865-2-3', when(/count=-3/, answer(400, ERROR_BODY))],
  ['cursor/invalid', 'taken', 'RFC9865-2.1-1', when(/cursor=linkspan/, answer(200, EMPTY))],
  ['cursor/invalid', 'no type', 'RFC9865-2.1-2', when(/cursor=linkspan/, ({ body }) => delete body.scimType)],
  ['cursor/invalid', 'taken', 'RFC9865-5.2-4', when(/cursor=/, instead(400, 200, EMPTY))],
  ['cursor/invalid-count', 'taken', 'RFC9865-2.1-4', when(/count=several/, answer(200, EMPTY))],
  [
    'cursor/sorted',
    'upwards',
    'RFC9865-2.2-1',
    nothing,
    (request) => {
      request.path = request.path.replace('&sortOrder=descending', '');
    },
  ],
  ['cursor/default', 'refused', 'RFC9865-2.4-1', when(/^GET \/Users\?count=2/, answer(400, ERROR_BODY))],
  ['cursor/search', 'nothing', 'RFC9865-3-1', when(/\.search$/, answer(200, EMPTY))],
  ['cursor/configuration', 'silence', 'RFC9865-4-1', config((body) => delete body.pagination)],
  ['cursor/configuration', 'a text', 'RFC9865-4-2', config(({ pagination }) => (pagination.cursor = 'true'))],
  ['cursor/configuration', 'missing', 'RFC9865-4-3', config(({ pagination }) => delete pagination.index)],
  [
    'cursor/configuration',
    'pages',
    'RFC9865-4-4',
    config(({ pagination }) => (pagination.defaultPaginationMethod = 'page')),
  ],
  ['cursor/configuration', 'zero', 'RFC9865-4-5', config(({ pagination }) => (pagination.maxPageSize = 0))],
  ['cursor/configuration', 'more', 'RFC9865-4-6', config(({ pagination }) => (pagination.maxPageSize = 1))],
];
