/**
 * What Microsoft Entra ID demands of a SCIM server: its documentation for developers, and the tests before its gallery. What
 * the standards demand as well is here where its absence stops Entra in a way of its own.
 */
import type { Requirement } from '../../model.ts';
import { demands, PAGES } from './demand.ts';

const { must, should } = demands('ENTRA', 'entra');
const {
  entraEndpoint,
  entraCompliance,
  entraQuarantine,
  entraMappings,
  entraGallery,
  entraGalleryTests,
  entraValidator,
  entraBooleans,
  entraManager,
} = PAGES;

export const entra: readonly Requirement[] = [
  must(
    1,
    entraQuarantine,
    'Why is my application in quarantine?',
    'filter',
    'The connection test, a filter for a name that nobody has, is answered with 200 and an empty list.',
    {
      remedy:
        'Never answer a query with 404: Entra takes it for a broken endpoint and puts the application into quarantine.',
    },
  ),
  must(2, entraEndpoint, 'General', 'read', 'Every answer that holds a resource holds its `id`.'),
  must(
    3,
    entraGalleryTests,
    'SCIM_User_Create_Test',
    'create',
    'A user as Entra sends it, `roles` empty and `meta` with its type, is created and comes back with an `id` and its `userName`.',
  ),
  must(
    4,
    entraEndpoint,
    'Get User by query',
    'filter',
    'A user is found by its `userName`, in a list, also where spaces come as "+".',
  ),
  should(
    5,
    entraEndpoint,
    'Understand the Microsoft Entra SCIM implementation',
    'filter',
    'A user is found by its `externalId`.',
  ),
  should(6, entraEndpoint, '/Users', 'filter', 'A user is found by `emails[type eq "work"].value`.'),
  must(7, entraValidator, 'Use predefined tests', 'filter', 'A user is found by its `userName` in another case.'),
  must(
    8,
    entraEndpoint,
    'Update User',
    'patch',
    'Attributes are changed by operations with capital letters, one for each attribute.',
    {
      remedy: 'Compare `op` without case: Entra writes Add, Replace and Remove.',
    },
  ),
  must(
    9,
    entraCompliance,
    'SCIM 2.0 compliance issues',
    'patch',
    'A user is disabled by `active` "False" and enabled by "True", as texts.',
    {
      remedy: 'Take "True" and "False" in any case for booleans. Whoever passes them over keeps leavers active.',
    },
  ),
  must(10, entraBooleans, 'Question', 'schemas', '`active` comes back as a boolean, whatever form it came in.'),
  must(
    11,
    entraEndpoint,
    'Understand the Microsoft Entra SCIM implementation',
    'read',
    'A disabled user is still returned, by its id and to queries.',
    {
      remedy: 'Only a deleted user may vanish: a disabled one that is not found is created again, and that fails.',
    },
  ),
  must(
    12,
    entraCompliance,
    'Flags to alter the SCIM behavior',
    'patch',
    'An operation without a path whose value has dotted and URN-prefixed names changes those attributes and no others.',
  ),
  must(
    13,
    entraEndpoint,
    'Design your user and group schema',
    'patch',
    'Attributes of the enterprise extension are changed by their path with the URN.',
  ),
  must(
    14,
    entraGalleryTests,
    'SCIM_Update_Manager_Test',
    'patch',
    'A manager is assigned, changed, and removed by an empty value.',
  ),
  must(15, entraManager, 'Entra ID sends the manager as a string', 'patch', 'A manager is taken as a bare id.'),
  must(
    16,
    entraGalleryTests,
    'SCIM_Null_Update_Test',
    'patch',
    'An attribute that is replaced by "" or null is empty afterwards.',
  ),
  must(
    17,
    entraGalleryTests,
    'SCIM_User_Pagination_Test',
    'list',
    'Pages by `startIndex` and `count` say the `startIndex` that was asked for.',
  ),
  should(
    18,
    entraGalleryTests,
    'Group Tests Are Mandatory',
    'groups',
    'There are groups: the gallery takes nobody without.',
  ),
  must(
    19,
    entraEndpoint,
    'Create Group',
    'groups',
    "A group whose `schemas` names Microsoft's own URN as well is created.",
    {
      remedy: 'Pass over URNs in `schemas` that you do not know.',
    },
  ),
  must(
    20,
    entraEndpoint,
    'Get Group by displayName',
    'groups',
    'A group is found by its `displayName`, and comes without `members` where they are excluded.',
  ),
  must(
    21,
    entraEndpoint,
    'Update Group [Add Members]',
    'groups',
    'Several members are added by one operation, each with `$ref` null.',
  ),
  must(
    22,
    entraEndpoint,
    'Update Group [Remove Members]',
    'groups',
    'A removal with a list of members removes those, and nobody else.',
    {
      remedy: 'Read `value` of a remove at `members`: who passes it over empties the group.',
    },
  ),
  must(
    23,
    entraCompliance,
    'Flags to alter the SCIM behavior',
    'groups',
    'A member is removed by the path `members[value eq "..."]`.',
  ),
  must(
    24,
    entraEndpoint,
    'Update Group [Non-member attributes]',
    'groups',
    'A group is renamed by a PATCH, and keeps its members.',
  ),
  should(25, entraEndpoint, '/Groups', 'groups', 'No two groups have the same `displayName`.'),
  should(26, entraGalleryTests, 'Delete_User_Test, Delete_Group_Test', 'delete', 'A deleted user or group is gone.'),
  should(27, entraValidator, 'Use predefined tests', 'delete', 'A second DELETE is answered with 404.'),
  must(
    28,
    entraEndpoint,
    '/Schemas (Schema discovery)',
    'discovery',
    'The schemas come as a list, without null, and with keywords as in `readWrite`.',
  ),
  must(
    29,
    entraGalleryTests,
    'Schema_Discoverability_Test',
    'discovery',
    'Every attribute that Entra maps by default and the server takes stands in /Schemas.',
    {
      unseen: 'The runner knows what a server takes from /Schemas alone.',
    },
  ),
  should(
    30,
    entraValidator,
    'Use predefined tests',
    'create',
    'A user whose `primary` is "true", as a text, is created.',
  ),
  should(31, entraEndpoint, 'General', 'schemas', 'Values come back as they were sent.', {
    remedy: 'Do not reformat telephone numbers and the like: Entra compares and sends them again and again.',
  }),
  should(32, entraEndpoint, 'General', 'http', 'Answers have the media type application/scim+json.'),
  should(
    33,
    entraCompliance,
    'Flags to alter the SCIM behavior',
    'http',
    'A query parameter `aadOptscim062020` that arrives does no harm.',
  ),
  must(
    34,
    entraMappings,
    'Provisioning attributes of complex types',
    'patch',
    'A value path that matches nothing creates the value on `replace`.',
    {
      manner: 'tolerant',
      remedy: 'Create the value from the filter: a refusal takes an `active: false` in the same message with it.',
    },
  ),
  should(
    35,
    entraMappings,
    'Provisioning a role to a SCIM app',
    'patch',
    'A role whose value is JSON in a text is taken.',
  ),
  must(
    36,
    entraGalleryTests,
    'Initialization_Workflow',
    'list',
    '/Users?count=1 and /Groups?count=1 are answered with a list.',
  ),
  must(37, entraGallery, 'Performance', 'http', 'At least 25 requests a second are answered.', {
    unseen: 'A guest does not put load on a server.',
  }),
  must(
    38,
    entraGallery,
    'Authentication',
    'authentication',
    'There are OAuth client credentials or workload identity federation.',
    {
      unseen: 'How tokens are given out happens before the first request of a run.',
    },
  ),
  must(39, entraEndpoint, 'Security requirements', 'http', 'TLS 1.2 with a certificate of a public authority.', {
    unseen: 'A run may come from within; what the world sees is for other tools.',
  }),
];
