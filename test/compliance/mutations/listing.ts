/** Lists, pages, cursors, sorting, POST .search. */
import type { Any, Asked, Fault } from './broken-server.ts';
import {
  all,
  answers,
  CREATE_USER,
  error,
  handles,
  instead,
  LIST,
  LIST_USERS,
  list,
  type Mutation,
  remembering,
  requests,
  sieved,
} from './mutation.ts';

const SEARCH = /^POST .*\.search$/;
/** A parameter, wherever it stands. */
const parameter = ({ query, body }: Asked, name: string): string | null => query.get(name) ?? body?.[name] ?? null;
const lists = (change: (body: Any, asked: Asked) => void) =>
  answers(LIST, ({ body }, asked) => {
    if (Array.isArray(body?.Resources)) change(body, asked);
  });
const isPage = ({ query }: Asked) => query.has('startIndex') || query.has('count');

interface Sorting {
  /** One that is wrong. */
  compare?(one: string, other: string): number;
  missing?: 'always last' | 'always first';
  /** Of a multi-valued attribute, the first instead of the primary one. */
  first?: boolean;
  /** Sorts the page that it has. */
  within?: boolean;
}

/** Sorts by itself. */
function sorting({ compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0), missing, first, within }: Sorting): () => Fault {
  const key = (resource: Any, path: string): string | undefined => {
    const [name = '', part = 'value'] = path.split('.');
    const value = resource[name];
    if (Array.isArray(value)) return (first ? value[0] : (value.find(({ primary }) => primary) ?? value[0]))?.[part];
    return typeof value === 'object' ? value?.[part] : value;
  };
  return handles(LIST, async (asked, good) => {
    const by = parameter(asked, 'sortBy');
    if (by === null) return good(asked);
    const query = new URLSearchParams(asked.query);
    const body = asked.body && structuredClone(asked.body);
    for (const name of ['sortBy', 'sortOrder', ...(within ? [] : ['startIndex', 'count'])]) {
      query.delete(name);
      if (body) delete body[name];
    }
    const answer = await good({ ...asked, query, body });
    if (!Array.isArray(answer.body?.Resources)) return answer;
    const isDown = parameter(asked, 'sortOrder') === 'descending';
    const sorted = answer.body.Resources.toSorted((one: Any, other: Any) => {
      const [a, b] = [key(one, by), key(other, by)];
      if (a === undefined || b === undefined) {
        const order = a === b ? 0 : a === undefined ? 1 : -1;
        return missing === 'always last' ? order : missing === 'always first' ? -order : isDown ? -order : order;
      }
      return (isDown ? -1 : 1) * compare(a, b);
    });
    const from = within ? 0 : Number(parameter(asked, 'startIndex') ?? 1) - 1;
    const count = within ? sorted.length : Number(parameter(asked, 'count') ?? sorted.length);
    answer.body.Resources = sorted.slice(from, from + count);
    return answer;
  });
}

const folded = (one: string, other: string) => (one.toLowerCase() < other.toLowerCase() ? -1 : 1);

export const mutations: readonly Mutation[] = [
  {
    name: 'lists-without-total',
    broken: 'Lists do not say totalResults.',
    fault: lists((body) => delete body.totalResults),
    reds: ['list/message', 'list/no-match', 'list/total', 'list/beyond', 'list/zero-count', 'okta/first-page', 'okta/order', 'dialects/nobody'],
  },
  {
    name: 'lists-without-resources',
    broken: 'Lists hold the number of results alone.',
    fault: lists((body) => delete body.Resources),
    reds: ['list/message', 'okta/first-page', 'entra/match'],
  },
  {
    name: 'totals-capped',
    broken: 'totalResults is the number of those shown.',
    fault: lists((body) => {
      body.totalResults = body.Resources.length;
    }),
    reds: ['list/total', 'list/beyond', 'list/zero-count', 'search/pages'],
  },
  {
    name: 'numbers-as-text',
    broken: 'Numbers in lists are texts.',
    fault: lists((body) => {
      for (const name of ['totalResults', 'startIndex', 'itemsPerPage'])
        if (body[name] !== undefined) body[name] = String(body[name]);
    }),
    reds: ['list/message', 'list/total', 'okta/first-page', 'okta/order', 'dialects/nobody', 'entra/paging'],
  },
  {
    name: 'nobody-is-not-found',
    broken: 'A query without a match is answered with 404.',
    fault: answers(LIST, (answer) => {
      if (answer.body?.totalResults === 0) Object.assign(answer, error(404));
    }),
    reds: ['list/no-match', 'entra/probe', 'okta/unknown', 'dialects/nobody'],
  },
  {
    name: 'count-ignored',
    broken: 'count is ignored.',
    fault: requests(LIST, ({ query, body }) => {
      query.delete('count');
      if (body) delete body.count;
    }),
    reds: ['list/count', 'list/total', 'list/pages', 'list/zero-count', 'search/pages', 'cursor/count'],
  },
  {
    name: 'start-index-ignored',
    broken: 'Every page is the first.',
    fault: requests(LIST, ({ query, body }) => {
      if (query.has('startIndex')) query.set('startIndex', '1');
      if (body) delete body.startIndex;
    }),
    reds: ['list/total', 'list/beyond', 'list/pages', 'search/pages', 'sort/pages', 'entra/paging'],
  },
  {
    name: 'start-index-from-zero',
    broken: 'startIndex counts from 0.',
    fault: requests(LIST, ({ query, body }) => {
      if (query.has('startIndex')) query.set('startIndex', String(Number(query.get('startIndex')) + 1));
      if (body?.startIndex) body.startIndex++;
    }),
    reds: ['list/low-index', 'list/pages', 'search/pages', 'sort/pages'],
  },
  {
    name: 'low-index-refused',
    broken: 'A startIndex below 1 is refused.',
    fault: instead(LIST, (asked) => (Number(parameter(asked, 'startIndex') ?? 1) < 1 ? error(400, 'invalidValue') : undefined)),
    reds: ['list/low-index'],
  },
  {
    name: 'low-count-refused',
    broken: 'A count of 0 or below is refused.',
    fault: instead(LIST, (asked) => (Number(parameter(asked, 'count') ?? 1) < 1 ? error(400, 'invalidValue') : undefined)),
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
      if (isPage(asked) && answer.body?.Resources?.length === 0 && answer.body.totalResults > 0 && asked.query.get('startIndex')) Object.assign(answer, error(400));
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
    broken: 'The order of results changes from request to request.',
    fault: remembering(() => {
      let turn = 0;
      return async (asked, good) => {
        const answer = await good(asked);
        if (LIST_USERS.test(`${asked.method} ${asked.path}`) && !asked.query.has('sortBy') && turn++ % 2 === 0) answer.body?.Resources?.reverse();
        return answer;
      };
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
    fault: sieved((each) => each.meta?.resourceType !== 'Group', /^GET \/?$/),
    reds: ['list/root'],
  },
  {
    name: 'root-without-filter',
    broken: 'A query at the base URL ignores its filter.',
    fault: requests(/^GET \/?$/, ({ query }) => query.delete('filter')),
    reds: ['list/root'],
  },
  {
    name: 'inactive-unlisted',
    broken: 'Who is disabled is in no list.',
    fault: sieved(({ active }) => active !== false),
    reds: ['entra/disable', 'okta/disable-by-put', 'okta/disable-by-patch', 'dialects/disabled'],
  },
  {
    name: 'needs-paging',
    broken: 'A list that names no way of paging is refused.',
    fault: instead(/^GET \/(Users|Groups)$/, ({ query }) =>
      query.has('cursor') || query.has('startIndex') || query.has('filter') ? undefined : error(400, 'invalidValue'),
    ),
    reds: ['cursor/default', 'list/count', 'list/message', 'entra/first-page'],
  },
  {
    name: 'needs-a-filter',
    broken: 'Groups without a filter are refused.',
    fault: instead(/^GET \/Groups$/, ({ query }) => (query.has('filter') ? undefined : error(403))),
    reds: ['okta/group-list', 'entra/first-page'],
  },
  {
    name: 'cursor-ignored',
    broken: 'The first page comes again and again.',
    fault: requests(LIST, ({ query, body }) => {
      if (query.get('cursor')) query.set('cursor', '');
      if (body?.cursor) body.cursor = '';
    }),
    reds: ['cursor/walk', 'cursor/invalid', 'cursor/search'],
  },
  {
    name: 'cursor-refused',
    broken: 'Cursors are advertised, and refused.',
    fault: instead(LIST, (asked) => (parameter(asked, 'cursor') === null ? undefined : error(400))),
    reds: ['cursor/walk'],
  },
  {
    name: 'cursor-needs-escapes',
    broken: 'A cursor holds what must be escaped in a URL.',
    fault: all(
      lists((body) => {
        if (body.nextCursor) body.nextCursor += '+/=';
      }),
      requests(LIST, ({ query, body }) => {
        if (query.get('cursor')) query.set('cursor', query.get('cursor')?.replace(/[+ ]\/=$/, '') ?? '');
        if (body?.cursor) body.cursor = body.cursor.replace('+/=', '');
      }),
    ),
    reds: ['cursor/walk'],
  },
  {
    name: 'cursor-ends-early',
    broken: 'The second page by cursor says that it is the last.',
    fault: lists((body, asked) => {
      if (parameter(asked, 'cursor')) delete body.nextCursor;
    }),
    reds: ['cursor/walk'],
  },
  {
    name: 'cursor-goes-on',
    broken: 'The last page by cursor leads on to the first.',
    fault: all(
      lists((body, asked) => {
        if (parameter(asked, 'cursor') !== null && body.Resources.length > 0) body.nextCursor ??= 'first';
      }),
      requests(LIST, ({ query }) => {
        if (query.get('cursor') === 'first') query.set('cursor', '');
      }),
    ),
    reds: ['cursor/walk'],
  },
  {
    name: 'cursor-unknown-is-empty',
    broken: 'A cursor that nobody gave out leads to an empty list.',
    fault: answers(LIST, (answer) => Object.assign(answer, list()), ({ status, body }) => status === 400 && /cursor/i.test(JSON.stringify(body))),
    reds: ['cursor/invalid'],
  },
  {
    name: 'cursor-any-count',
    broken: 'A count that is no number is ignored.',
    fault: requests(LIST, ({ query }) => {
      if (Number.isNaN(Number(query.get('count')))) query.delete('count');
    }),
    reds: ['cursor/invalid-count'],
  },
  {
    name: 'cursor-unsorted',
    broken: 'Pages by cursor are not sorted.',
    fault: requests(
      (asked) => parameter(asked, 'cursor') !== null,
      ({ query }) => {
        query.delete('sortBy');
        query.delete('sortOrder');
      },
    ),
    reds: ['cursor/sorted'],
  },
  {
    name: 'sort-ignored',
    broken: 'Results are not sorted.',
    fault: requests(LIST, ({ query, body }) => {
      query.delete('sortBy');
      if (body) delete body.sortBy;
    }),
    reds: ['sort/order', 'sort/complex', 'sort/missing', 'sort/values', 'sort/pages', 'search/sort', 'cursor/sorted'],
  },
  {
    name: 'sort-upwards-alone',
    broken: 'Results are sorted upwards, whatever is asked for.',
    fault: requests(LIST, ({ query, body }) => {
      query.delete('sortOrder');
      if (body) delete body.sortOrder;
    }),
    reds: ['sort/order', 'sort/missing', 'sort/pages', 'search/sort', 'cursor/sorted'],
  },
  {
    name: 'sort-downwards-by-default',
    broken: 'Results are sorted downwards unless said otherwise.',
    fault: requests(LIST, ({ query }) => {
      if (query.has('sortBy') && !query.has('sortOrder')) query.set('sortOrder', 'descending');
    }),
    reds: ['sort/order', 'sort/complex', 'sort/values'],
  },
  {
    name: 'sort-with-case',
    broken: 'Small letters are sorted after capitals.',
    fault: sorting({}),
    reds: ['sort/complex'],
  },
  {
    name: 'sort-missing-last',
    broken: 'Who has no value comes last in either direction.',
    fault: sorting({ compare: folded, missing: 'always last' }),
    reds: ['sort/missing'],
  },
  {
    name: 'sort-missing-first',
    broken: 'Who has no value comes first in either direction.',
    fault: sorting({ compare: folded, missing: 'always first' }),
    reds: ['sort/missing'],
  },
  {
    name: 'sort-by-the-first-value',
    broken: 'A multi-valued attribute is sorted by its first value.',
    fault: sorting({ compare: folded, first: true }),
    reds: ['sort/values'],
  },
  {
    name: 'sort-within-pages',
    broken: 'Each page is sorted by itself.',
    fault: sorting({ compare: folded, within: true }),
    reds: ['sort/pages'],
  },
  {
    name: 'search-missing',
    broken: 'There is no .search.',
    fault: instead(SEARCH, () => error(404)),
    reds: ['search/query'],
  },
  {
    name: 'search-without-list',
    broken: 'A search is answered with an array.',
    fault: answers(SEARCH, (answer) => {
      answer.body = answer.body.Resources;
    }),
    reds: ['search/query'],
  },
  {
    name: 'search-for-all',
    broken: 'A search ignores its filter.',
    fault: requests(SEARCH, ({ body }) => delete body.filter),
    reds: ['search/filter'],
  },
  {
    name: 'search-whole',
    broken: 'A search shows whole resources.',
    fault: requests(SEARCH, ({ body }) => {
      delete body.attributes;
      delete body.excludedAttributes;
    }),
    reds: ['search/attributes'],
  },
  {
    name: 'search-on-one-page',
    broken: 'A search shows the first page.',
    fault: requests(SEARCH, ({ body }) => delete body.startIndex),
    reds: ['search/pages'],
  },
  {
    name: 'search-unsorted',
    broken: 'A search does not sort.',
    fault: requests(SEARCH, ({ body }) => delete body.sortBy),
    reds: ['search/sort'],
  },
  {
    name: 'search-without-cursors',
    broken: 'A search refuses cursors.',
    fault: instead(SEARCH, ({ body }) => (body?.cursor === undefined ? undefined : error(400))),
    reds: ['cursor/search'],
  },
  {
    name: 'search-makes-a-user',
    broken: 'A POST to .search is refused like a POST of a user.',
    fault: instead(SEARCH, () => error(405)),
    reds: ['search/query'],
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
  },
];
