/** PATCH of groups: who is in decides what people may do. */
import type { Any } from './broken-server.ts';
import {
  answers,
  error,
  handles,
  type Mutation,
  op,
  operations,
  path,
  READ_GROUP,
  reading,
  refusing,
} from './mutation.ts';

const PATCH_GROUP = /^PATCH \/Groups/;
const isOne = (each: Any) => op(each) === 'remove' && path(each).startsWith('members[');
const isList = (each: Any) => op(each) === 'remove' && path(each) === 'members' && each.value !== undefined;

export const mutations: readonly Mutation[] = [
  {
    name: 'members-all-removed',
    broken: 'A remove of one member by its path empties the group.',
    fault: operations((each) => (isOne(each) ? { op: 'remove', path: 'members' } : each), PATCH_GROUP),
    reds: [
      'patch/members-remove-one',
      'patch/members-remove-stranger',
      'patch/members-exchange',
      'groups/membership',
      'entra/group-members',
      'dialects/member-removal',
      'dialects/member-again',
    ],
  },
  {
    name: 'members-list-empties',
    broken: 'A remove with a list of members empties the group.',
    fault: operations((each) => (isList(each) ? { op: 'remove', path: 'members' } : each), PATCH_GROUP),
    reds: ['entra/group-members', 'dialects/member-removal'],
    kin: ['dialects/member-again'],
  },
  {
    name: 'members-not-removed',
    broken: 'A remove of one member does nothing.',
    fault: operations((each) => (isOne(each) ? null : each), PATCH_GROUP),
    reds: [
      'patch/members-remove-one',
      'patch/members-exchange',
      'groups/membership',
      'entra/group-members',
      'okta/group-members',
      'dialects/member-removal',
    ],
  },
  {
    name: 'members-never-all-removed',
    broken: 'A remove of members without more does nothing.',
    fault: operations(
      (each) => (op(each) === 'remove' && path(each) === 'members' && !each.value ? null : each),
      PATCH_GROUP,
    ),
    reds: ['patch/members-remove-all', 'dialects/member-removal'],
  },
  {
    name: 'members-strangers-refused',
    broken: 'A remove of who is no member is refused.',
    fault: handles(PATCH_GROUP, async (asked, good) => {
      const { body } = await good(reading(asked));
      const isStranger = (each: Any) => {
        const [, id = each.value?.[0]?.value] = /^members\[value eq "([^"]+)"\]/.exec(path(each)) ?? [];
        return op(each) === 'remove' && id !== undefined && !body?.members?.some(({ value }: Any) => value === id);
      };
      return asked.body?.Operations?.some?.(isStranger) ? error(404, 'noTarget') : good(asked);
    }),
    reds: ['patch/members-remove-stranger', 'dialects/member-again'],
  },
  {
    name: 'members-twice-refused',
    broken: 'To add who is a member is refused.',
    fault: handles(PATCH_GROUP, async (asked, good) => {
      const { body } = await good(reading(asked));
      const isIn = (each: Any) =>
        op(each) === 'add' &&
        each.value?.some?.((one: Any) => body?.members?.some(({ value }: Any) => value === one.value));
      return asked.body?.Operations?.some?.(isIn) ? error(409, 'uniqueness') : good(asked);
    }),
    reds: ['patch/members-add', 'dialects/member-again'],
  },
  {
    name: 'members-first-alone',
    broken: 'Of several members that are added, the first alone is.',
    fault: operations(
      (each) => (op(each) === 'add' && Array.isArray(each.value) ? { ...each, value: each.value.slice(0, 1) } : each),
      PATCH_GROUP,
    ),
    reds: ['patch/members-add', 'entra/group-members', 'okta/group-members'],
  },
  {
    name: 'members-lost-by-renaming',
    broken: 'A group that is renamed loses its members.',
    fault: operations(
      (each) => (path(each) === 'displayName' ? [each, { op: 'remove', path: 'members' }] : each),
      PATCH_GROUP,
    ),
    reds: ['patch/group-rename', 'entra/group-rename'],
  },
  {
    name: 'members-first-operation-alone',
    broken: 'Of several operations, the first alone is applied.',
    fault: handles(PATCH_GROUP, (asked, good) =>
      good({ ...asked, body: { ...asked.body, Operations: asked.body?.Operations?.slice(0, 1) } }),
    ),
    reds: ['patch/members-exchange', 'okta/group-members'],
  },
  {
    name: 'members-turned',
    broken: 'A member can be turned into another one.',
    fault: operations((each) => {
      const [, id] = /^members\[value eq "([^"]+)"\]\.value$/.exec(path(each)) ?? [];
      return id
        ? [
            { op: 'remove', path: `members[value eq "${id}"]` },
            { op: 'add', path: 'members', value: [{ value: each.value }] },
          ]
        : each;
    }, PATCH_GROUP),
    reds: ['groups/immutable-member'],
  },
  {
    name: 'members-without-the-disabled',
    broken: 'Who is disabled is no member any more.',
    fault: () => {
      const disabled = new Set<string>();
      return async (asked, good) => {
        const answer = await good(asked);
        if (answer.body?.active === false) disabled.add(answer.body.id);
        if (answer.body?.members && READ_GROUP.test(`${asked.method} ${asked.path}`))
          answer.body.members = answer.body.members.filter(({ value }: Any) => !disabled.has(value));
        return answer;
      };
    },
    reds: ['dialects/disabled'],
  },
  {
    name: 'members-in-spite-of-exclusion',
    broken: 'Members are shown though they are excluded.',
    fault: answers(/^GET \/Groups/, ({ body }, { query }) => {
      if (!query.get('excludedAttributes')?.includes('members')) return;
      for (const each of body.Resources ?? [body]) each.members = [];
    }),
    reds: ['entra/group-without-members'],
  },
  {
    name: 'group-ids-refused',
    broken: 'A PATCH with the id of the group in its value is refused.',
    fault: refusing((each) => each.value?.id !== undefined, 'mutability', PATCH_GROUP),
    reds: ['okta/group-rename'],
  },
];
