/** PATCH of users: its form, and its operations as a whole. */
import type { Any, Fault } from './broken-server.ts';
import {
  answers,
  ENTERPRISE,
  error,
  handles,
  ignoring,
  instead,
  isText,
  type Mutation,
  op,
  operations,
  PATCH,
  path,
  reading,
  refusing,
  requests,
  status,
  USERS_PATCH,
} from './mutation.ts';

/** Each operation becomes a PATCH of its own. */
const oneByOne =
  (arrange: (all: Any[]) => Any[]): Fault =>
  async (asked, good) => {
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
    reds: [
      'patch/order',
      'patch/add-single',
      'patch/remove-single',
      'patch/replace-single',
      'entra/update',
      'okta/disable-by-patch',
      'dialects/op',
      'etag/changes',
    ],
    kin: [
      'patch/*',
      'etag/stale-patch',
      'entra/disable',
      'entra/flag',
      'entra/manager',
      'entra/role',
      'dialects/without-path',
      'dialects/booleans',
      'dialects/missing-value',
      'dialects/manager',
      'dialects/disabled',
    ],
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
    name: 'patch-in-no-order',
    broken: 'Operations are applied in another order than they have.',
    fault: handles(
      PATCH,
      oneByOne((all) => [...all].reverse()),
    ),
    reds: ['patch/order'],
  },
  {
    name: 'patch-half-done',
    broken: 'If an operation fails, those before it stay.',
    fault: handles(
      PATCH,
      oneByOne((all) => all),
    ),
    reds: ['patch/atomic'],
  },
  {
    name: 'patch-fails-with-500',
    broken: 'An operation that fails is answered with 500.',
    fault: answers(PATCH, (answer) => Object.assign(answer, error(500)), status(400)),
    reds: ['patch/atomic', 'patch/no-operations', 'patch/malformed-path', 'patch/remove-no-path', 'patch/wrong-type'],
    kin: [
      'patch/unknown-operation',
      'patch/unknown-path',
      'patch/read-only',
      'patch/add-no-value',
      'patch/remove-required',
    ],
  },
  {
    name: 'patch-urns-not-understood',
    broken: 'A path with a URN is refused.',
    fault: refusing((each) => path(each).startsWith('urn:'), 'invalidPath'),
    reds: ['patch/urn', 'entra/update', 'dialects/manager'],
    kin: ['entra/manager', 'entra/null'],
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
    kin: ['entra/manager', 'entra/null', 'entra/role'],
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
    reds: [
      'patch/add-no-path',
      'patch/replace-no-path',
      'patch/add-value',
      'okta/disable-by-patch',
      'okta/group-rename',
      'entra/flag',
      'dialects/without-path',
      'dialects/patch-without-schemas',
    ],
    kin: ['dialects/op'],
  },
  {
    name: 'patch-without-path-replaces-all',
    broken: 'An operation without a path replaces the whole user.',
    fault: handles(USERS_PATCH, async (asked, good) => {
      const [first] = Array.isArray(asked.body?.Operations) ? asked.body.Operations : [];
      if (!first || isText(first.path) || op(first) === 'remove') return good(asked);
      const { body } = await good(reading(asked));
      const { schemas, userName, active } = body;
      return good({ ...asked, method: 'PUT', body: { schemas, userName, active, ...first.value } });
    }),
    reds: ['patch/add-no-path', 'patch/replace-no-path', 'dialects/without-path', 'entra/flag'],
    kin: ['patch/add-value'],
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
      if (asked.method === 'PATCH' && asked.body?.Operations?.some?.((each: Any) => path(each) === 'password'))
        return error(400, 'mutability');
      const answer = await good(asked);
      if (asked.path === '/ServiceProviderConfig' && answer.body?.changePassword)
        answer.body.changePassword.supported = true;
      return answer;
    },
    reds: ['password/change'],
  },
];
