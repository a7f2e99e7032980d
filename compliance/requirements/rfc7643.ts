/**
 * RFC 7643, the core schema: what it asks of a server. Lines are those of the text form. Not here: what it asks of clients, of
 * those who define schemas and of the registry, and section 8, whose examples say nothing new. A "must" in small letters is
 * counted where the sentence cannot be read otherwise.
 */
import type { Requirement } from '../model.ts';
import { citing, INTERNAL } from './cite.ts';

const { must, should } = citing(7643);

const CLIENTS_VALUE = "The value is the client's; whether the server refuses another one is left to it.";
const WHERE_APPLICABLE =
  'The sentence holds "when applicable" and the member is OPTIONAL: what applies, the server judges.';
const WHERE_APPROPRIATE = 'The sentence holds "when appropriate": what is appropriate, the server judges.';

const foundations: readonly Requirement[] = [
  must('1.1-1', '231-233', 'schemas', 'Quotation marks around values in the text are not part of the values.', {
    unseen: 'It is about how to read the document; a server that got it wrong would miss everything else.',
  }),
  must('1.2-1', '303-305', 'schemas', 'Only complex attributes have sub-attributes.'),
  must('2.1-1', '365-367', 'schemas', 'Resources name their schemas in `schemas`.'),
  must(
    '2.1-2',
    '369-374',
    'schemas',
    'Names of attributes begin with a letter and go on with letters, digits, `$`, `-` and `_`.',
  ),
  should('2.3-1', '443-444', 'schemas', 'Extensions use the data types of the standard and no others.'),
  must(
    '2.3-2',
    '455-481',
    'schemas',
    'Values have the JSON type that belongs to their schema type; booleans, for instance, are no strings.',
    {
      remedy: 'Convert values when they are stored or written out, not only when they are read by your own clients.',
    },
  ),
  must('2.3.4-1', '519-521', 'schemas', 'Integers have neither a fraction nor an exponent.'),
  must('2.3.5-1', '526-533', 'schemas', 'A dateTime is a valid xsd:dateTime with both a date and a time.', {
    remedy: 'Write instants as 2008-01-23T04:56:22Z.',
  }),
  must('2.3.6-1', '537-542', 'schemas', 'Binary values are base64.'),
  must('2.3.7-1', '552-553', 'schemas', 'References are absolute or relative URIs.'),
  must(
    '2.3.7-2',
    '553-559',
    'schemas',
    'Relative references are resolved against the base URL of the server, without the endpoint.',
  ),
  must(
    '2.3.7-3',
    '577-579',
    'schemas',
    'A GET of a reference to a SCIM resource yields that resource, or an appropriate status.',
  ),
  must('2.3.8-1', '591-594', 'create', 'The order in which an object names its attributes does not matter.'),
  must('2.3.8-2', '595-596', 'schemas', 'Sub-attributes are never complex themselves.'),
  must('2.4-1', '600-608', 'schemas', 'Values of a multi-valued attribute are a JSON array.'),
  must(
    '2.4-2',
    '610-612',
    'schemas',
    '`type`, `primary`, `display`, `value` and `$ref` mean what the standard says they mean.',
    {
      unseen: 'A meaning cannot be seen; what `primary` and `$ref` must look like has requirements of its own.',
    },
  ),
  must('2.4-3', '632-634', 'schemas', 'At most one value of an attribute is `primary: true`.', {
    remedy: 'When a second primary value comes in, take `primary` from the first, or refuse the request.',
  }),
  must('2.4-4', '634-635', 'schemas', 'A value without `primary` counts as not primary.', {
    unseen: 'It is about how to read a resource, and no sentence says whether filters read it so.',
  }),
  must('2.4-5', '648-653', 'schemas', 'URIs of resources that differ in the API version alone count as the same.', {
    unseen: 'Which other versions a server has, and under which URLs, cannot be discovered.',
  }),
  should('2.4-6', '655-658', 'schemas', 'Values are returned in canonical form, with a `type` for instance.', {
    unseen: WHERE_APPROPRIATE,
  }),
  should('2.4-7', '660-664', 'schemas', 'The same value with the same `type` is not returned twice.'),
  must('2.5-1', '681-683', 'schemas', 'null, an empty array and no attribute at all are the same state.'),
  must('2.5-2', '683-685', 'schemas', 'An attribute that is assigned null or an empty array becomes unassigned.'),
];

const resources: readonly Requirement[] = [
  must('3-1', '702-704', 'schemas', 'Every resource has `schemas`, an array of strings.'),
  must('3-2', '708-714', 'schemas', 'The values of `schemas` are URIs, none of them twice.'),
  must('3-3', '709-711', 'schemas', 'Whatever is represented, `schemas` is not empty and names its schemas.'),
  must(
    '3-4',
    '711-713',
    'schemas',
    '`schemas` of a resource names only the schema and the extensions of its resource type.',
  ),
  must('3-5', '714-715', 'create', 'The order of the values in `schemas` does not matter.'),
  should(
    '3-7',
    '735-741',
    'schemas',
    'A resource has no attributes but the common ones and those that its schemas define.',
  ),
  must('3-6', '717-723', 'schemas', 'The common attributes belong to every resource, whatever its `schemas`.', {
    unseen: 'It is about how to read a resource; that they are there has requirements of its own (3.1).',
  }),
  must(
    '3.1-1',
    '849-853',
    'schemas',
    'Resources of every type have `id`, `externalId` and `meta`; an `externalId` that a client gives is kept.',
    {
      remedy: 'Store `externalId` with the resource and return it: clients find their resources again by it.',
    },
  ),
  must(
    '3.1-2',
    '853-856',
    'schemas',
    'The server assigns `id` and `meta` with `resourceType`, `created`, `lastModified` and `location`.',
  ),
  must(
    '3.1-3',
    '859-862',
    'schemas',
    'The characteristics of the common attributes hold, whatever a schema says of them.',
    {
      unseen: 'Each of them has a requirement of its own; that one precedes another does not show.',
    },
  ),
  must('3.1-4', '866-867', 'schemas', 'Every representation of a resource has an `id` that is not empty.'),
  must('3.1-5', '867-868', 'schemas', 'No two resources of the server have the same `id`.'),
  must('3.1-6', '868-870', 'schemas', 'The `id` of a resource never changes, and is not given to another one.'),
  must('3.1-7', '870-872', 'create', "The `id` is the server's: one that a client sends is not taken."),
  must('3.1-8', '872-874', 'schemas', 'No `id` contains "bulkId".'),
  must('3.1-9', '874-876', 'schemas', '`id` is readOnly, and returned whatever attributes are asked for.'),
  must('3.1-10', '888-890', 'create', 'The server makes up no `externalId`.'),
  must('3.1-11', '890-892', 'schemas', 'An `externalId` is the matter of one provisioning domain.', {
    unseen: 'It would take the credentials of a second domain.',
  }),
  must('3.1-12', '903-905', 'schemas', '`externalId` keeps its case, and can be changed.'),
  must('3.1-13', '908-912', 'schemas', "`meta` in a client's body is passed over.", {
    remedy: 'Ignore `meta` in POST and PUT: clients send back what they read.',
  }),
  must('3.1-14', '915-917', 'schemas', "`meta.resourceType` is the name of the resource's type."),
  must('3.1-15', '919-920', 'schemas', '`meta.created` is a dateTime.'),
  must('3.1-16', '922-923', 'schemas', '`meta.lastModified` is the time of the latest change.'),
  must(
    '3.1-17',
    '923-925',
    'create',
    'A resource that was never changed has the same `meta.lastModified` as `meta.created`.',
  ),
  must(
    '3.1-18',
    '927-929',
    'schemas',
    '`meta.location` is the URI of the resource, and the same as the header Content-Location where that is sent.',
  ),
  must('3.1-19', '931-933', 'etag', '`meta.version` is the same as the header ETag.'),
  must('3.1-20', '936-942', 'etag', 'An entity-tag that is not a strong validator is marked as weak.', {
    unseen: 'Whether a tag changes with every octet of the answer cannot be told from a few answers.',
  }),
  must('3.3-1', '975-977', 'schemas', '`schemas` of a resource names the base schema of its type.'),
  should('3.3-2', '978-980', 'schemas', 'Extensions do not define again what the standard defines.'),
  must('3.3-3', '980-984', 'schemas', 'Attributes of an extension stand in an object under the URI of the extension.'),
];

const users: readonly Requirement[] = [
  must('4.1.1-1', '1035-1036', 'users', 'Every user has a `userName` that is not empty.'),
  must('4.1.1-2', '1036-1037', 'users', 'No two users have the same `userName`.'),
  must(
    '4.1.1-3',
    '1037-1038',
    'users',
    '`userName` is required: a user without it is refused, and the schema says so.',
  ),
  must(
    '4.1.1-4',
    '1037-1038',
    'users',
    '`userName` is compared without case: the same name in capitals is the same name.',
    {
      remedy:
        'Compare and index `userName` in a folded form; two people who differ in case alone are one to every client.',
    },
  ),
  should('4.1.1-5', '1045-1047', 'users', '`name.formatted` and the parts of the name describe the same name.'),
  should(
    '4.1.1-6',
    '1081-1087',
    'users',
    '`displayName` is the full name by which the user is shown to people.',
    INTERNAL,
  ),
  should('4.1.1-7', '1091-1092', 'users', '`nickName` is not used for the user name.'),
  must('4.1.1-8', '1184-1187', 'password', 'Neither the password nor its hash can be read.'),
  should('4.1.1-9', '1187-1188', 'password', 'Passwords are stored as hashes.', INTERNAL),
  should(
    '4.1.1-10',
    '1188-1201',
    'password',
    'Passwords are prepared for comparison, held against a policy, and encrypted.',
    INTERNAL,
  ),
  must('4.1.1-11', '1203-1206', 'password', 'A password that is passed on goes over a secured connection.', INTERNAL),
  must('4.1.1-12', '1206-1209', 'password', 'A password that is kept for a time is protected meanwhile.', INTERNAL),
  must(
    '4.1.1-13',
    '1221-1224',
    'password',
    '`password` is returned in no form at all, also where it is asked for; the schema says writeOnly and never.',
  ),
  should('4.1.2-1', '1244-1245', 'users', 'E-mail addresses have the form of RFC 5321.', { unseen: CLIENTS_VALUE }),
  should(
    '4.1.2-2',
    '1245-1248',
    'users',
    'E-mail addresses are returned in canonical form: the domain in small letters, in `value` or in `display`.',
    {
      manner: 'strict',
      remedy: 'Entra ID, on the other hand, wants values back as it sent them; `display` can carry the canonical form.',
    },
  ),
  should('4.1.2-3', '1256-1259', 'users', 'Phone numbers have the form of RFC 3966, and are returned in it.', {
    unseen: WHERE_APPROPRIATE,
  }),
  should(
    '4.1.2-4',
    '1267-1270',
    'users',
    'Addresses of instant messengers are returned in small letters, without spaces.',
    { unseen: WHERE_APPROPRIATE },
  ),
  should('4.1.2-5', '1270-1274', 'users', 'The `type` of an instant messenger is one of the canonical ones.', {
    unseen: CLIENTS_VALUE,
  }),
  must('4.1.2-6', '1281-1283', 'users', "A photo's URL leads to a file, not to a page.", { unseen: CLIENTS_VALUE }),
  should('4.1.2-7', '1285-1296', 'users', 'Photos show the user.', { unseen: CLIENTS_VALUE }),
  must('4.1.2-8', '1321-1323', 'users', 'The country of an address is a code of two letters by ISO 3166-1.'),
  should(
    '4.1.2-9',
    '1333-1337',
    'groups',
    "A user's membership that is made in the group itself is called `direct`, where it has a type.",
  ),
  must('4.1.2-10', '1341-1353', 'groups', "In a user's `groups`, `value` is the group's id and `$ref` its URI."),
  must(
    '4.1.2-11',
    '1353-1356',
    'groups',
    "A user's `groups` are readOnly: memberships change through the group alone.",
  ),
  must('4.1.2-12', '1377-1379', 'users', 'Certificates are base64.'),
  must('4.1.2-13', '1379-1381', 'users', 'A value holds one certificate and no more.', { unseen: CLIENTS_VALUE }),
];

const groups: readonly Requirement[] = [
  must('4.2-1', '1410-1411', 'groups', 'Every group has a `displayName`: one without it is refused.', {
    remedy: 'The schema in section 8.7.1 says `required: false`, against the text; say true in yours.',
  }),
  must('4.2-2', '1418-1421', 'groups', "In a group's `members`, `value` is the id of a resource and `$ref` its URI."),
  must(
    '4.2-3',
    '1417-1418',
    'groups',
    'Members can be added and removed; what identifies one is not changed into another.',
  ),
  should('4.3-1', '1468-1469', 'schemas', 'The enterprise extension has `manager.value`.'),
  should('4.3-2', '1471-1472', 'schemas', 'The enterprise extension has `manager.$ref`.'),
  must('4.3-3', '1474-1475', 'users', "The manager's `displayName` is readOnly: it is not taken from the client.", {
    manner: 'strict',
    remedy: 'Clients that compare what they sent with what they read are content with an echo; the standard is not.',
  }),
];

const configuration: readonly Requirement[] = [
  must('5-1', '1479-1481', 'discovery', 'The service provider configuration names its schema.'),
  must('5-2', '1486-1486', 'discovery', 'The service provider configuration is readOnly.', {
    unseen: 'A guest does not try to change what it has not made.',
  }),
  must('5-3', '1497-1502', 'discovery', 'It says whether PATCH is supported (`patch.supported`).'),
  must('5-4', '1504-1509', 'discovery', 'It says whether bulk is supported (`bulk.supported`).'),
  must(
    '5-5',
    '1519-1520',
    'discovery',
    'It gives the largest number of operations in a bulk (`bulk.maxOperations`, an integer).',
  ),
  must(
    '5-6',
    '1522-1523',
    'discovery',
    'It gives the largest size of a bulk in bytes (`bulk.maxPayloadSize`, an integer).',
  ),
  must('5-7', '1525-1530', 'discovery', 'It says whether filters are supported (`filter.supported`).'),
  must(
    '5-8',
    '1532-1533',
    'discovery',
    'It gives the largest number of resources in an answer (`filter.maxResults`, an integer).',
  ),
  must('5-9', '1535-1540', 'discovery', 'It says whether passwords can be changed (`changePassword.supported`).'),
  must('5-10', '1542-1547', 'discovery', 'It says whether sorting is supported (`sort.supported`).'),
  must('5-11', '1549-1554', 'discovery', 'It says whether entity-tags are supported (`etag.supported`).'),
  must('5-12', '1578-1583', 'discovery', 'It lists the ways to authenticate (`authenticationSchemes`).'),
  should('5-13', '1580-1583', 'discovery', '`authenticationSchemes` can be read without authentication.', {
    remedy:
      'Answer GET /ServiceProviderConfig without a token; "with the appropriate security considerations" leaves room not to.',
  }),
  must('5-14', '1586-1588', 'discovery', 'Every way to authenticate has a `type`.'),
  must('5-15', '1590-1591', 'discovery', 'Every way to authenticate has a `name`.'),
  must('5-16', '1593-1594', 'discovery', 'Every way to authenticate has a `description`.'),
  must('6-1', '1605-1607', 'discovery', 'Resource types name their schema.'),
  must('6-2', '1618-1622', 'discovery', 'Every resource type has a `name`.'),
  must('6-3', '1631-1633', 'discovery', 'Every resource type has a description.', { unseen: WHERE_APPLICABLE }),
  must('6-4', '1635-1637', 'discovery', 'Every resource type has an `endpoint`, relative to the base URL.'),
  must('6-5', '1639-1643', 'discovery', 'Every resource type has a `schema`, the id of one of the Schema resources.'),
  must(
    '6-6',
    '1649-1651',
    'discovery',
    'Every extension of a resource type has a `schema`, the id of one of the Schema resources.',
  ),
  must('6-7', '1653-1654', 'discovery', 'Every extension of a resource type says whether it is `required`.'),
  must('6-8', '1654-1657', 'schemas', 'Resources contain the extensions that their type requires.'),
];

const definitions: readonly Requirement[] = [
  must('7-1', '1666-1667', 'schemas', 'Every schema that a resource names can be read at /Schemas.'),
  should('7-2', '1671-1674', 'schemas', 'Schema resources name their schema.', {
    remedy: 'The examples in section 8.7 leave `schemas` out; the text does not.',
  }),
  must('7-3', '1667-1668', 'schemas', 'Schema resources are readOnly.', {
    unseen: 'A guest does not try to change what it has not made.',
  }),
  must('7-4', '1689-1696', 'schemas', 'The `id` of a schema is its URI.'),
  must('7-5', '1698-1705', 'schemas', 'Schemas have a name and a description.', { unseen: WHERE_APPLICABLE }),
  must('7-6', '1709-1713', 'schemas', 'Schemas have `attributes`, each with a `name`.'),
  must('7-7', '1715-1717', 'schemas', 'Every attribute has a `type`, one of those that the standard knows.'),
  should('7-8', '1717-1719', 'schemas', 'Complex attributes have `subAttributes`.'),
  must('7-9', '1726-1726', 'schemas', 'Every attribute says whether it is `multiValued`.'),
  must('7-10', '1728-1729', 'schemas', 'Attributes have a description.', { unseen: WHERE_APPLICABLE }),
  must('7-11', '1731-1732', 'schemas', '`required` and `caseExact` are booleans.'),
  must('7-12', '1748-1749', 'filter', 'Filters compare an attribute that is caseExact with its case.'),
  must(
    '7-13',
    '1749-1751',
    'schemas',
    'The value of an attribute that is caseExact is returned in the case in which it was sent.',
  ),
  must('7-14', '1756-1771', 'schemas', '`mutability` is readOnly, readWrite, immutable or writeOnly.'),
  must('7-15', '1759-1759', 'replace', 'A readOnly attribute cannot be changed by a client.'),
  must('7-16', '1764-1766', 'replace', 'An immutable attribute that has a value cannot be changed.'),
  must('7-17', '1768-1771', 'schemas', 'A writeOnly attribute is not returned.'),
  must('7-18', '1773-1809', 'schemas', '`returned` is always, never, default or request.'),
  must(
    '7-19',
    '1778-1780',
    'projection',
    'An attribute that is returned always is there, whatever attributes are asked for.',
  ),
  must('7-20', '1782-1785', 'projection', 'An attribute that is never returned is not there, even if it is asked for.'),
  must(
    '7-21',
    '1805-1809',
    'projection',
    'An attribute that is returned on request is not there in a GET that does not name it.',
  ),
  must('7-22', '1811-1831', 'schemas', '`uniqueness` is none, server or global.'),
  should('7-23', '1823-1831', 'create', 'What the schema calls unique is not given to two resources.'),
  should(
    '7-24',
    '1833-1846',
    'schemas',
    '`referenceTypes` says where references lead; no other type of attribute has it.',
  ),
  must('9.2-1', '5116-5117', 'password', 'Passwords are not stored in clear text.', INTERNAL),
  should('9.2-2', '5119-5134', 'password', 'Stored credentials are protected by the practices of RFC 6819.', INTERNAL),
];

export const rfc7643: readonly Requirement[] = [
  ...foundations,
  ...resources,
  ...users,
  ...groups,
  ...configuration,
  ...definitions,
];
