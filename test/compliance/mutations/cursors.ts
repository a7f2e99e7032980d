/** RFC 9865: pages by cursor. */
import { lists, parameter } from './listing.ts';
import { all, answers, error, instead, LIST, list, type Mutation, requests } from './mutation.ts';

const SEARCH = /^POST .*\.search$/;

export const mutations: readonly Mutation[] = [
  {
    name: 'needs-paging',
    broken: 'A list that names no way of paging is refused.',
    fault: instead(/^GET \/(Users|Groups)$/, ({ query }) =>
      query.has('cursor') || query.has('startIndex') || (query.has('filter') && !query.has('count'))
        ? undefined
        : error(400, 'invalidValue'),
    ),
    reds: ['cursor/default', 'list/count', 'list/message', 'entra/first-page'],
    kin: ['list/zero-count', 'filter/incomparable'],
  },
  {
    name: 'cursor-ignored',
    broken: 'The first page comes again and again.',
    fault: requests(LIST, ({ query, body }) => {
      if (query.get('cursor')) query.set('cursor', '');
      if (body?.cursor) body.cursor = '';
    }),
    reds: ['cursor/walk', 'cursor/invalid', 'cursor/search'],
    kin: ['cursor/sorted'],
  },
  {
    name: 'cursor-refused',
    broken: 'Cursors are advertised, and refused.',
    fault: instead(LIST, (asked) => (parameter(asked, 'cursor') === null ? undefined : error(400))),
    reds: ['cursor/walk'],
    kin: ['cursor/*'],
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
    kin: ['cursor/search'],
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
    kin: ['cursor/search'],
  },
  {
    name: 'cursor-unknown-is-empty',
    broken: 'A cursor that nobody gave out leads to an empty list.',
    fault: answers(
      LIST,
      (answer) => Object.assign(answer, list()),
      ({ status, body }) => status === 400 && /cursor/i.test(JSON.stringify(body)),
    ),
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
    name: 'search-without-cursors',
    broken: 'A search refuses cursors.',
    fault: instead(SEARCH, ({ body }) => (body?.cursor === undefined ? undefined : error(400))),
    reds: ['cursor/search'],
  },
];
