/** Names that belong to one. */
import { twins } from './memories.ts';
import { all, answers, CREATE, CREATE_GROUP, CREATE_USER, type Mutation, sieved, status } from './mutation.ts';

export const mutations: readonly Mutation[] = [
  {
    name: 'several-of-the-same-name',
    broken: 'Nothing keeps two users from having the same name.',
    fault: twins('userName', /^(POST|PUT|PATCH) \/Users/, () => true),
    reds: [
      'users/user-name',
      'users/prepared-names',
      'create/conflict',
      'replace/taken-name',
      'patch/taken-name',
      'okta/create',
      'dialects/duplicate',
    ],
  },
  {
    name: 'names-with-case',
    broken: 'User names in capitals are others: in a POST and in filters.',
    fault: all(
      twins('userName', /^POST \/Users$/, ({ body }, taken) => !taken.has(body?.userName)),
      sieved((user, { query }) => {
        const [, wanted] = /^userName eq "([^"]*)"$/i.exec(query.get('filter') ?? '') ?? [];
        return wanted === undefined || user.userName?.normalize() === wanted.normalize();
      }),
    ),
    reds: ['users/user-name', 'filter/case-insensitive', 'entra/match', 'dialects/filters'],
    kin: ['users/prepared-names'],
  },
  {
    name: 'names-by-their-bytes',
    broken: 'A user name in another Unicode form is another name.',
    fault: all(
      twins('userName', CREATE_USER, ({ body }, taken) => !taken.has(body?.userName)),
      sieved((user, { query }) => {
        const [, wanted] = /^userName eq "([^"]*)"$/i.exec(query.get('filter') ?? '') ?? [];
        return wanted === undefined || user.userName?.toLowerCase() === wanted.toLowerCase();
      }),
    ),
    reds: ['users/prepared-names', 'filter/prepared-names'],
    kin: ['users/user-name'],
  },
  {
    name: 'groups-of-the-same-name',
    broken: 'Two groups can have the same name, which is unique by the schema.',
    fault: twins('displayName', CREATE_GROUP, () => true),
    reds: ['schemas/unique', 'entra/group-create'],
  },
  {
    name: 'conflict-as-bad-request',
    broken: 'A name that is taken is answered with 400.',
    fault: answers(
      CREATE,
      (answer) => {
        answer.status = 400;
        answer.body.status = '400';
      },
      status(409),
    ),
    reds: ['create/conflict', 'dialects/duplicate', 'okta/create'],
  },
];
