/** Lists and their pages. */
import type { Any, Asked } from './broken-server.ts';
import {
  answers,
  CREATE_USER,
  error,
  instead,
  LIST,
  LIST_USERS,
  list,
  type Mutation,
  remembering,
  requests,
  sieved,
} from './mutation.ts';

const ROOT = /^GET( \/)?$/;
/** A parameter, wherever it stands. */
export const parameter = ({ query, body }: Asked, name: string): string | null =>
  query.get(name) ?? body?.[name] ?? null;
export const lists = (change: (body: Any, asked: Asked) => void) =>
  answers(LIST, ({ body }, asked) => {
    if (Array.isArray(body?.Resources)) change(body, asked);
  });
const isPage = ({ query }: Asked) => query.has('startIndex') || query.has('count');

export const mutations: readonly Mutation[] = [
  {
    name: 'lists-without-total',
    broken: 'Lists do not say totalResults.',
    fault: lists((body) => delete body.totalResults),
    reds: [
      'list/message',
      'list/no-match',
      'list/total',
      'list/beyond',
      'list/zero-count',
      'okta/first-page',
      'okta/order',
      'dialects/nobody',
    ],
    kin: ['search/pages', 'entra/probe', 'okta/unknown'],
  },
  {
    name: 'lists-without-resources',
    broken: 'Lists hold the number of results alone.',
    fault: lists((body) => delete body.Resources),
    reds: ['list/message', 'okta/first-page', 'entra/match'],
    kin: [
      'users/user-name',
      'filter/*',
      'projection/lists',
      'search/query',
      'search/filter',
      'search/attributes',
      'entra/disable',
      'entra/group-create',
      'entra/group-without-members',
      'entra/parameter',
      'okta/disable-by-put',
      'okta/disable-by-patch',
      'okta/group-create',
      'dialects/disabled',
      'dialects/filters',
      'dialects/addresses',
    ],
  },
  {
    name: 'totals-capped',
    broken: 'totalResults is the number of those shown.',
    fault: lists((body) => {
      body.totalResults = body.Resources.length;
    }),
    reds: ['list/total', 'list/beyond', 'list/zero-count', 'search/pages'],
    kin: ['cursor/walk'],
  },
  {
    name: 'numbers-as-text',
    broken: 'Numbers in lists are texts.',
    fault: lists((body) => {
      for (const name of ['totalResults', 'startIndex', 'itemsPerPage'])
        if (body[name] !== undefined) body[name] = String(body[name]);
    }),
    reds: ['list/message', 'list/total', 'okta/first-page', 'okta/order', 'dialects/nobody', 'entra/paging'],
    kin: [
      'list/no-match',
      'list/beyond',
      'list/low-index',
      'list/zero-count',
      'cursor/walk',
      'cursor/default',
      'search/pages',
      'entra/probe',
      'okta/unknown',
    ],
  },
  {
    name: 'nobody-is-not-found',
    broken: 'A query without a match is answered with 404.',
    fault: answers(LIST, (answer) => {
      if (answer.body?.totalResults === 0) Object.assign(answer, error(404));
    }),
    reds: ['list/no-match', 'entra/probe', 'okta/unknown', 'dialects/nobody'],
    kin: ['filter/equal', 'filter/parts', 'filter/logic', 'filter/times', 'filter/incomparable', 'filter/values'],
  },
  {
    name: 'count-ignored',
    broken: 'count is ignored.',
    fault: requests(LIST, ({ query, body }) => {
      query.delete('count');
      if (body) delete body.count;
    }),
    reds: ['list/count', 'list/zero-count', 'search/pages', 'cursor/count'],
    kin: ['list/total', 'list/pages', 'cursor/walk', 'cursor/invalid-count'],
  },
  {
    name: 'start-index-ignored',
    broken: 'Every page is the first.',
    fault: requests(LIST, ({ query, body }) => {
      if (query.has('startIndex')) query.set('startIndex', '1');
      if (body) delete body.startIndex;
    }),
    reds: ['list/total', 'list/beyond', 'list/pages', 'search/pages', 'sort/pages', 'entra/paging'],
    kin: ['okta/order'],
  },
  {
    name: 'start-index-from-zero',
    broken: 'startIndex counts from 0.',
    fault: requests(LIST, ({ query, body }) => {
      if (query.has('startIndex')) query.set('startIndex', String(Number(query.get('startIndex')) + 1));
      if (body?.startIndex) body.startIndex++;
    }),
    reds: ['list/low-index', 'list/pages', 'search/pages', 'sort/pages'],
    kin: ['list/total', 'entra/paging', 'okta/disable-by-put', 'okta/disable-by-patch', 'okta/group-create'],
  },
  {
    name: 'low-index-refused',
    broken: 'A startIndex below 1 is refused.',
    fault: instead(LIST, (asked) =>
      Number(parameter(asked, 'startIndex') ?? 1) < 1 ? error(400, 'invalidValue') : undefined,
    ),
    reds: ['list/low-index'],
  },
  {
    name: 'low-count-refused',
    broken: 'A count of 0 or below is refused.',
    fault: instead(LIST, (asked) =>
      Number(parameter(asked, 'count') ?? 1) < 1 ? error(400, 'invalidValue') : undefined,
    ),
    reds: ['list/zero-count', 'cursor/count'],
  },
  {
    name: 'zero-count-as-all',
    broken: 'A count of 0 means all.',
    fault: requests(LIST, ({ query }) => {
      if (query.get('count') === '0') query.delete('count');
    }),
    reds: ['list/zero-count', 'cursor/count'],
  },
  {
    name: 'beyond-is-an-error',
    broken: 'A page after the last result is an error.',
    fault: answers(LIST, (answer, asked) => {
      if (
        isPage(asked) &&
        answer.body?.Resources?.length === 0 &&
        answer.body.totalResults > 0 &&
        asked.query.get('startIndex')
      )
        Object.assign(answer, error(400));
    }),
    reds: ['list/beyond'],
  },
  {
    name: 'pages-untold',
    broken: 'Pages say neither where they begin nor how long they are.',
    fault: lists((body) => {
      delete body.startIndex;
      delete body.itemsPerPage;
    }),
    reds: ['list/total', 'entra/paging', 'okta/first-page', 'okta/order'],
  },
  {
    name: 'items-as-asked',
    broken: 'itemsPerPage is what was asked for, not what is there.',
    fault: lists((body, { query }) => {
      if (query.has('count')) body.itemsPerPage = Number(query.get('count'));
    }),
    reds: ['list/total'],
  },
  {
    name: 'order-by-chance',
    broken: 'The order of results depends on how many are asked for.',
    fault: answers(LIST_USERS, ({ body }, { query }) => {
      if (!query.has('sortBy') && body.Resources?.length > 2) body.Resources.reverse();
    }),
    reds: ['okta/order'],
  },
  {
    name: 'last-result-twice',
    broken: 'A page begins with the last result of the page before.',
    fault: requests(LIST, ({ query }) => {
      const index = Number(query.get('startIndex') ?? 1);
      if (index > 1) query.set('startIndex', String(index - 1));
    }),
    reds: ['list/pages', 'list/total', 'okta/order', 'sort/pages', 'entra/paging'],
  },
  {
    name: 'root-without-groups',
    broken: 'A query at the base URL covers users alone.',
    fault: sieved((each) => each.meta?.resourceType !== 'Group', ROOT),
    reds: ['list/root'],
  },
  {
    name: 'root-without-filter',
    broken: 'A query at the base URL ignores its filter.',
    fault: requests(ROOT, ({ query }) => query.delete('filter')),
    reds: ['list/root'],
  },
  {
    name: 'inactive-unlisted',
    broken: 'Who is disabled is in no list.',
    fault: sieved(({ active }) => active !== false),
    reds: ['entra/disable', 'okta/disable-by-put', 'okta/disable-by-patch', 'dialects/disabled'],
    kin: ['filter/booleans'],
  },
  {
    name: 'needs-a-filter',
    broken: 'Groups without a filter are refused.',
    fault: instead(/^GET \/Groups$/, ({ query }) => (query.has('filter') ? undefined : error(403))),
    reds: ['okta/group-list', 'entra/first-page'],
  },
  {
    name: 'index-lags',
    broken: 'A new user is found by filters when somebody asks for the second time.',
    fault: remembering(() => {
      const asked = new Map<string, number>();
      const names: string[] = [];
      return async (request, good) => {
        const answer = await good(request);
        if (CREATE_USER.test(`${request.method} ${request.path}`)) names.push(answer.body?.id);
        const filter = request.query.get('filter');
        if (!filter || !Array.isArray(answer.body?.Resources)) return answer;
        asked.set(filter, (asked.get(filter) ?? 0) + 1);
        return asked.get(filter) === 1 && answer.body.totalResults === 1 ? { ...answer, ...list() } : answer;
      };
    }),
    reds: ['okta/disable-by-put'],
    kin: [
      'users/user-name',
      'filter/*',
      'entra/match',
      'entra/disable',
      'entra/group-create',
      'entra/group-without-members',
      'entra/parameter',
      'okta/disable-by-patch',
      'okta/group-create',
      'dialects/disabled',
      'dialects/filters',
      'dialects/addresses',
    ],
  },
];
