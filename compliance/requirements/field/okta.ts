/** What Okta demands of a SCIM server: its SPEC test, and what its two kinds of applications send. */
import type { Requirement } from '../../model.ts';
import { demands, PAGES } from './demand.ts';

const { must, should } = demands('OKTA', 'okta');
const { oktaScim, oktaFaqs, oktaSpecTest, oktaBridge } = PAGES;

export const okta: readonly Requirement[] = [
  must(
    1,
    oktaSpecTest,
    'Required Test: Test Users endpoint',
    'list',
    'The first page of users is a list with users and with numbers as JSON numbers.',
  ),
  must(
    2,
    oktaSpecTest,
    'Required Test: Get Users/{{id}}',
    'read',
    'A user has `id`, `userName`, both parts of its name, `active` and an e-mail address.',
  ),
  must(
    3,
    oktaSpecTest,
    'Required Test: Test invalid User by username',
    'filter',
    'A filter for a name that nobody has is answered with 200 and `totalResults` 0.',
  ),
  must(
    4,
    oktaSpecTest,
    'Required Test: Test invalid User by ID',
    'errors',
    'An unknown id is answered with 404 and a SCIM error with a `detail`.',
  ),
  must(
    5,
    oktaSpecTest,
    'Required Test: Create Okta user with realistic values',
    'create',
    'A user as Okta sends it, with a password and empty groups, is answered with 201 and all of it.',
    {
      remedy: 'Answer POST with the whole user: an empty body ends in "Create new user returned empty user".',
    },
  ),
  must(
    6,
    oktaSpecTest,
    'Required Test: Verify that user was created',
    'read',
    'The new user is found by its id, with the same names.',
  ),
  must(
    7,
    oktaSpecTest,
    'Required Test: Expect failure when recreating user',
    'create',
    'The same user again is answered with 409.',
  ),
  must(
    8,
    oktaSpecTest,
    'Required Test: Username Case Sensitivity Check',
    'filter',
    'A filter with a name in capitals is answered with 200.',
  ),
  should(9, oktaSpecTest, 'Optional Test: Verify Groups endpoint', 'groups', '/Groups is answered with 200.'),
  must(
    10,
    oktaScim,
    'Update a specific User (PUT)',
    'replace',
    'A PUT of all that was read, with changes, is answered with 200 and the changed user.',
    {
      remedy: 'Pass over what is readOnly in a PUT: Okta sends back `id`, `meta` and `groups` as it read them.',
    },
  ),
  must(
    11,
    oktaScim,
    'Delete Users',
    'replace',
    'A PUT with `active` false disables a user, and one with true enables it.',
  ),
  must(
    12,
    oktaScim,
    'Update a specific User (PATCH)',
    'patch',
    'A PATCH without a path, with `active` in its value, disables and enables a user; 200 with the user or 204.',
  ),
  must(
    13,
    oktaScim,
    'Determine if the User already exists',
    'filter',
    'A disabled user is still found by its `userName` and its id.',
    {
      remedy: 'Who comes back is looked for by name; if the name is not found, Okta creates it and meets 409.',
    },
  ),
  must(
    14,
    oktaScim,
    'Create Groups',
    'groups',
    'A group with empty members is answered with 201, its `id` and its name.',
  ),
  must(
    15,
    oktaScim,
    'Update a specific Group name',
    'groups',
    "A PATCH without a path, with the group's `id` and name in its value, is taken.",
    {
      remedy:
        "Pass over an `id` in the value where it is the group's own: Okta sends this with every change of members.",
    },
  ),
  must(16, oktaScim, 'Update specific Group membership', 'groups', 'One PATCH removes a member and adds others.'),
  must(17, oktaScim, 'Update specific Group membership', 'groups', 'A PATCH replaces all members.'),
  must(18, oktaScim, 'Update specific Group membership', 'groups', 'A PUT of a group with all its members is taken.'),
  must(19, oktaScim, 'Retrieve specific Groups', 'groups', 'A group that is read by its id has its members.'),
  should(
    20,
    oktaScim,
    'Delete a specific Group',
    'groups',
    'A DELETE of a group is answered with 204, and it is gone.',
  ),
  must(21, oktaFaqs, 'Group push', 'groups', 'A group is found by its `displayName`.'),
  must(
    22,
    oktaScim,
    'Retrieve Users',
    'list',
    'Pages come in the same order whatever `startIndex` and `count` say, and in integers.',
  ),
  should(23, oktaBridge, 'Requests', 'http', 'Bodies with a charset in their media type are taken.'),
  should(24, oktaFaqs, 'SCIM base URL', 'http', 'The name of the host has no underscore.'),
  should(25, oktaBridge, 'Authentication', 'authentication', 'The token is taken without the word Bearer as well.', {
    unseen: 'Checks do not see the token.',
  }),
  must(26, oktaFaqs, 'Timeouts', 'http', 'Answers come within 60 seconds.', {
    unseen: 'The runner has a time-out of its own.',
  }),
];
