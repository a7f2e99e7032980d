/** PATCH of users. */
import type { Any, Fault } from './broken-server.ts';
import {
  answers,
  ENTERPRISE,
  error,
  handles,
  instead,
  type Mutation,
  operations,
  PATCH,
  reading,
  refusing,
  requests,
  status,
} from './mutation.ts';

const op = (operation: Any) => String(operation?.op).toLowerCase();
const path = (operation: Any) => (typeof operation?.path === 'string' ? operation.path : '');
const isText = (value: unknown) => typeof value === 'string';
/** Not of groups: those have their own. */
const USERS_PATCH = /^PATCH \/Users/;

/** These operations are passed over. */
const ignoring = (fits: (operation: Any) => boolean, where = USERS_PATCH) =>
  operations((each) => (fits(each) ? null : each), where);

/** Each operation becomes a PATCH of its own. */
const oneByOne = (arrange: (all: Any[]) => Any[]): Fault => async (asked, good) => {
  const given = asked.body?.Operations;
  if (!Array.isArray(given) || given.length < 2) return good(asked);
  let answer = await good(reading(asked));
  for (const each of arrange(given)) {
    answer = await good({ ...asked, body: { ...asked.body, Operations: [each] } });
    if (answer.status >= 400) break;
  }
  return answer;
};

export const mutations: readonly Mutation[] = [
  {
    name: 'patch-ignored',
    broken: 'Every PATCH of a user is answered with 200, and does nothing.',
    fault: requests(USERS_PATCH, (asked) => Object.assign(asked, reading(asked))),
    reds: ['patch/order', 'patch/add-single', 'patch/remove-single', 'patch/replace-single', 'entra/update', 'okta/disable-by-patch', 'dialects/op', 'etag/changes'],
  },
  {
    name: 'patch-answers-with-little',
    broken: 'A PATCH is answered with 200 and the id alone.',
    fault: answers(PATCH, (answer, { query }) => {
      if (answer.body && query.size === 0) answer.body = { id: answer.body.id };
    }),
    reds: ['patch/answer'],
  },
  {
    name: 'patch-answers-the-old',
    broken: 'A PATCH is answered with the resource as it was before.',
    fault: handles(USERS_PATCH, async (asked, good) => {
      const old = await good(reading(asked));
      const answer = await good(asked);
      return answer.status === 200 ? { ...answer, body: old.body } : answer;
    }),
    reds: ['patch/answer'],
  },
  {
    name: 'patch-never-answers',
    broken: 'A PATCH is answered with 204, whatever was asked for.',
    fault: answers(PATCH, (answer) => Object.assign(answer, { status: 204, body: undefined })),
    reds: ['patch/attributes'],
  },
  {
    name: 'patch-backwards',
    broken: 'Operations are applied from the last to the first.',
    fault: operations((each) => each, () => false),
    reds: [],
  },
  {
    name: 'patch-in-no-order',
    broken: 'Operations are applied in another order than they have.',
    fault: handles(PATCH, oneByOne((all) => [...all].reverse())),
    reds: ['patch/order'],
  },
  {
    name: 'patch-half-done',
    broken: 'If an operation fails, those before it stay.',
    fault: handles(PATCH, oneByOne((all) => all)),
    reds: ['patch/atomic'],
  },
  {
    name: 'patch-fails-with-500',
    broken: 'An operation that fails is answered with 500.',
    fault: answers(PATCH, (answer) => Object.assign(answer, error(500)), status(400)),
    reds: ['patch/atomic', 'patch/no-operations', 'patch/malformed-path', 'patch/remove-no-path', 'patch/wrong-type'],
  },
  {
    name: 'patch-several-primary',
    broken: 'A value that becomes primary leaves the others primary.',
    fault: handles(/^GET \/Users\/[^/]+$/, async (asked, good) => {
      const answer = await good(asked);
      if (answer.body?.emails?.length > 1) for (const each of answer.body.emails) each.primary = true;
      return answer;
    }),
    reds: ['patch/primary'],
  },
  {
    name: 'patch-urns-not-understood',
    broken: 'A path with a URN is refused.',
    fault: refusing((each) => path(each).startsWith('urn:'), 'invalidPath'),
    reds: ['patch/urn', 'entra/update', 'dialects/op', 'dialects/manager'],
  },
  {
    name: 'patch-paths-with-case',
    broken: 'A path in another case leads nowhere.',
    fault: refusing((each) => /^[A-Z]/.test(path(each)) && !path(each).startsWith('urn:'), 'invalidPath'),
    reds: ['patch/path-case'],
  },
  {
    name: 'patch-ops-with-case',
    broken: 'An op in capitals is refused.',
    fault: refusing((each) => isText(each.op) && each.op !== each.op.toLowerCase()),
    reds: ['entra/update', 'entra/disable', 'entra/group-members', 'entra/group-rename', 'dialects/op'],
  },
  {
    name: 'patch-null-paths',
    broken: 'A path that is null is refused.',
    fault: refusing((each) => each.path === null, 'invalidPath'),
    reds: ['dialects/op'],
  },
  {
    name: 'patch-without-operations',
    broken: 'A PATCH without operations succeeds.',
    fault: handles(PATCH, (asked, good) => good(Array.isArray(asked.body?.Operations) ? asked : reading(asked))),
    reds: ['patch/no-operations'],
  },
  {
    name: 'patch-any-op',
    broken: 'An operation that it does not know is passed over.',
    fault: ignoring((each) => !/^(add|remove|replace)$/.test(op(each))),
    reds: ['patch/unknown-operation'],
  },
  {
    name: 'patch-any-path',
    broken: 'A path that it cannot read, or does not know, is passed over.',
    fault: ignoring((each) => {
      const at = path(each);
      return at === 'noSuchThing' || at.endsWith('[') || / \w+$/.test(at.replace(/\[.*\]/, '')) || /\[[^\]]*$/.test(at);
    }),
    reds: ['patch/malformed-path', 'patch/unknown-path'],
  },
  {
    name: 'patch-read-only-passed-over',
    broken: 'An operation on a readOnly attribute is passed over.',
    fault: ignoring((each) => /^(id|meta)/.test(path(each))),
    reds: ['patch/read-only', 'patch/remove-required'],
  },
  {
    name: 'patch-wrong-types-passed-over',
    broken: 'A value of the wrong type is passed over.',
    fault: ignoring((each) => each.value === 'perhaps'),
    reds: ['patch/wrong-type'],
  },
  {
    name: 'patch-value-needless',
    broken: 'An add without a value succeeds.',
    fault: ignoring((each) => op(each) === 'add' && each.value === undefined),
    reds: ['patch/add-no-value'],
  },
  {
    name: 'patch-needs-a-path',
    broken: 'An operation without a path is refused.',
    fault: refusing((each) => !isText(each.path) && op(each) !== 'remove', 'noTarget'),
    reds: ['patch/add-no-path', 'patch/replace-no-path', 'patch/add-value', 'okta/disable-by-patch', 'okta/group-rename', 'entra/flag', 'dialects/without-path', 'dialects/patch-without-schemas'],
  },
  {
    name: 'patch-without-path-replaces-all',
    broken: 'An operation without a path replaces the whole user.',
    fault: handles(USERS_PATCH, async (asked, good) => {
      const [first] = asked.body?.Operations ?? [];
      if (!first || isText(first.path) || op(first) === 'remove') return good(asked);
      const { body } = await good(reading(asked));
      const { schemas, userName, active } = body;
      return good({ ...asked, method: 'PUT', body: { schemas, userName, active, ...first.value } });
    }),
    reds: ['patch/add-no-path', 'patch/replace-no-path', 'dialects/without-path', 'entra/flag'],
  },
  {
    name: 'patch-dots-as-names',
    broken: 'Without a path, names with a dot are no names.',
    fault: operations((each) => {
      if (isText(each.path) || typeof each.value !== 'object') return each;
      for (const name of Object.keys(each.value)) if (/^name\./.test(name)) delete each.value[name];
      return each;
    }),
    reds: ['dialects/without-path', 'entra/flag'],
  },
  {
    name: 'patch-add-needs-a-value-before',
    broken: 'An add or replace gives nothing to an attribute that had no value.',
    fault: handles(USERS_PATCH, async (asked, good) => {
      const { body } = await good(reading(asked));
      const Operations = asked.body?.Operations;
      if (!Array.isArray(Operations) || !body) return good(asked);
      const left = Operations.filter((each) => !/^[a-z]+$/i.test(path(each)) || op(each) === 'remove' || body[path(each)] !== undefined);
      return left.length === 0 ? good(reading(asked)) : good({ ...asked, body: { ...asked.body, Operations: left } });
    }),
    reds: ['patch/add-first', 'patch/replace-missing'],
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
    reds: ['patch/remove-matching', 'patch/remove-part', 'patch/members-remove-one', 'patch/members-remove-stranger', 'patch/members-exchange', 'groups/membership', 'dialects/member-removal', 'dialects/member-again', 'entra/group-members', 'okta/group-members'],
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
    reds: ['patch/replace-active', 'entra/disable', 'entra/flag', 'okta/disable-by-patch', 'dialects/booleans', 'dialects/disabled'],
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
    reds: ['patch/replace-below', 'patch/remove-part', 'entra/update', 'entra/missing-value', 'dialects/missing-value'],
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
  {
    name: 'patch-empty-texts-refused',
    broken: 'A value that is "" or null is refused.',
    fault: refusing((each) => each.value === '' || each.value === null),
    reds: ['entra/null', 'entra/manager', 'dialects/manager'],
  },
  {
    name: 'patch-empty-texts-kept',
    broken: 'A value that is "" or null does nothing.',
    fault: ignoring((each) => each.value === '' || each.value === null),
    reds: ['entra/null', 'entra/manager', 'dialects/manager'],
  },
  {
    name: 'patch-managers-by-object',
    broken: 'A manager must be an object.',
    fault: refusing((each) => path(each) === `${ENTERPRISE}:manager` && isText(each.value) && each.value !== ''),
    reds: ['entra/manager', 'dialects/manager'],
  },
  {
    name: 'patch-roles-refused',
    broken: 'A role that is JSON in a text is refused.',
    fault: refusing((each) => /^roles/.test(path(each))),
    reds: ['entra/role'],
  },
  {
    name: 'patch-without-schemas',
    broken: 'A PATCH without schemas is refused.',
    fault: instead(PATCH, ({ body }) => (body?.schemas ? undefined : error(400, 'invalidSyntax'))),
    reds: ['dialects/patch-without-schemas'],
  },
  {
    name: 'patch-passwords-refused',
    broken: 'Passwords can be changed, it says, and a PATCH of one is refused.',
    fault: () => async (asked, good) => {
      if (asked.method === 'PATCH' && asked.body?.Operations?.some?.((each: Any) => path(each) === 'password')) return error(400, 'mutability');
      const answer = await good(asked);
      if (asked.path === '/ServiceProviderConfig' && answer.body?.changePassword) answer.body.changePassword.supported = true;
      return answer;
    },
    reds: ['password/change'],
  },
];
