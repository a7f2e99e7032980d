/** PATCH of users: what add, remove and replace do. */
import type { Any } from './broken-server.ts';
import {
  error,
  handles,
  ignoring,
  isText,
  type Mutation,
  op,
  operations,
  path,
  reading,
  USERS_PATCH,
} from './mutation.ts';

export const mutations: readonly Mutation[] = [
  {
    name: 'patch-several-primary',
    broken: 'A value that becomes primary leaves the others primary.',
    fault: handles(/^GET \/Users\/[^/]+$/, async (asked, good) => {
      const answer = await good(asked);
      if (answer.body?.emails?.length > 1) for (const each of answer.body.emails) each.primary = true;
      return answer;
    }),
    reds: ['patch/primary'],
    kin: ['patch/add-again'],
  },
  {
    name: 'patch-add-needs-a-value-before',
    broken: 'An add or replace gives nothing to an attribute that had no value.',
    fault: handles(USERS_PATCH, async (asked, good) => {
      const { body } = await good(reading(asked));
      const Operations = asked.body?.Operations;
      if (!Array.isArray(Operations) || !body) return good(asked);
      const isThere = (name: string) => Object.keys(body).some((each) => each.toLowerCase() === name.toLowerCase());
      const left = Operations.filter(
        (each) => !/^[a-z]+$/i.test(path(each)) || op(each) === 'remove' || isThere(path(each)),
      );
      return left.length === 0 ? good(reading(asked)) : good({ ...asked, body: { ...asked.body, Operations: left } });
    }),
    reds: ['patch/add-first', 'patch/replace-missing'],
    kin: ['patch/unknown-path', 'entra/role'],
  },
  {
    name: 'patch-complex-as-a-whole',
    broken: 'A replace of a complex attribute drops the parts that it does not name.',
    fault: operations((each) => {
      if (op(each) !== 'replace' || path(each) !== 'name') return each;
      return [{ op: 'remove', path: 'name' }, each];
    }),
    reds: ['patch/replace-complex'],
  },
  {
    name: 'patch-complex-passed-over',
    broken: 'A complex value is passed over.',
    fault: ignoring((each) => path(each) === 'name'),
    reds: ['patch/add-complex', 'patch/replace-complex'],
  },
  {
    name: 'patch-add-replaces',
    broken: 'An add to a multi-valued attribute replaces its values.',
    fault: operations((each) => {
      if (op(each) !== 'add') return each;
      const isMulti = Array.isArray(each.value) || Object.values(each.value ?? {}).some(Array.isArray);
      return isMulti ? { ...each, op: 'replace' } : each;
    }),
    reds: ['patch/add-value', 'patch/members-add', 'groups/membership'],
    kin: ['patch/members-exchange', 'dialects/member-again'],
  },
  {
    name: 'patch-add-doubles',
    broken: 'To add what is there is refused.',
    fault: handles(USERS_PATCH, async (asked, good) => {
      const [first] = asked.body?.Operations ?? [];
      const { body } = await good(reading(asked));
      const isThere = op(first) === 'add' && JSON.stringify(body?.[path(first)]) === JSON.stringify(first.value);
      return isThere ? error(409, 'uniqueness') : good(asked);
    }),
    reds: ['patch/add-again'],
  },
  {
    name: 'patch-add-keeps-single-values',
    broken: 'An add to an attribute that has a value leaves it.',
    fault: ignoring((each) => op(each) === 'add' && isText(each.value) && /^[a-z]+$/i.test(path(each))),
    reds: ['patch/add-single'],
    kin: ['patch/order', 'patch/add-first', 'dialects/op'],
  },
  {
    name: 'patch-remove-without-path',
    broken: 'A remove without a path succeeds, and does nothing.',
    fault: ignoring((each) => op(each) === 'remove' && each.path === undefined),
    reds: ['patch/remove-no-path'],
  },
  {
    name: 'patch-remove-ignored',
    broken: 'A remove does nothing.',
    fault: ignoring((each) => op(each) === 'remove' && !/^(userName|id)$/.test(path(each)) && each.path !== undefined),
    reds: ['patch/remove-single', 'patch/remove-all', 'patch/remove-matching', 'patch/remove-part'],
  },
  {
    name: 'patch-remove-takes-all',
    broken: 'A remove with a filter takes all values.',
    fault: operations((each) => (op(each) === 'remove' ? { ...each, path: each.path?.replace(/\[.*/s, '') } : each)),
    reds: [
      'patch/remove-matching',
      'patch/remove-part',
      'patch/members-remove-one',
      'patch/members-remove-stranger',
      'patch/members-exchange',
      'groups/membership',
      'dialects/member-removal',
      'dialects/member-again',
      'entra/group-members',
    ],
  },
  {
    name: 'patch-remove-takes-the-value',
    broken: 'A remove of a part of a value takes the whole value.',
    fault: operations((each) => (op(each) === 'remove' ? { ...each, path: each.path?.replace(/\]\..*/s, ']') } : each)),
    reds: ['patch/remove-part'],
  },
  {
    name: 'patch-required-removed',
    broken: 'A remove of a required or readOnly attribute succeeds, and does nothing.',
    fault: ignoring((each) => op(each) === 'remove' && /^(userName|id)$/.test(path(each))),
    reds: ['patch/remove-required'],
  },
  {
    name: 'patch-inactive-for-ever',
    broken: 'Who was deactivated cannot be activated again.',
    fault: operations((each) => (path(each) === 'active' && String(each.value).toLowerCase() === 'true' ? null : each)),
    reds: ['patch/replace-active', 'entra/disable', 'dialects/booleans'],
  },
  {
    name: 'patch-active-ignored',
    broken: 'A replace of active does nothing.',
    fault: operations((each) => {
      if (path(each) === 'active') return null;
      if (each.value && typeof each.value === 'object') delete each.value.active;
      return each;
    }),
    reds: [
      'patch/replace-active',
      'entra/disable',
      'entra/flag',
      'okta/disable-by-patch',
      'dialects/booleans',
      'dialects/disabled',
    ],
    kin: ['patch/wrong-type'],
  },
  {
    name: 'patch-replace-adds',
    broken: 'A replace of a multi-valued attribute adds to its values.',
    fault: operations((each) => (op(each) === 'replace' && Array.isArray(each.value) ? { ...each, op: 'add' } : each)),
    reds: ['patch/replace-values', 'patch/members-replace', 'okta/group-members'],
  },
  {
    name: 'patch-replace-takes-all',
    broken: 'A replace with a filter replaces all values.',
    fault: operations((each) => {
      const [, name] = /^(\w+)\[[^\]]*\]$/.exec(path(each)) ?? [];
      return op(each) === 'replace' && name ? { ...each, path: name, value: [each.value] } : each;
    }),
    reds: ['patch/replace-matching'],
  },
  {
    name: 'patch-below-filters-ignored',
    broken: 'A path below a filter does nothing.',
    fault: operations((each) => (/\]\./.test(path(each)) ? null : each)),
    reds: ['patch/replace-below', 'patch/remove-part', 'entra/update', 'dialects/missing-value'],
    kin: ['patch/primary'],
  },
  {
    name: 'patch-matches-nothing-silently',
    broken: 'A replace whose filter matches nothing succeeds without effect.',
    manner: 'tolerant',
    fault: handles(USERS_PATCH, async (asked, good) => {
      const { body } = await good(reading(asked));
      const misses = (each: Any) => {
        const [, name = '', type] = /^(\w+)\[type eq "(\w+)"\]/.exec(path(each)) ?? [];
        return name !== '' && !body?.[name]?.some((one: Any) => one.type === type);
      };
      return good(asked.body?.Operations?.every?.(misses) ? reading(asked) : asked);
    }),
    reds: ['patch/replace-nothing', 'entra/missing-value', 'dialects/missing-value'],
  },
];
