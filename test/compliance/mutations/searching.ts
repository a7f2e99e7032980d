/** POST .search. */
import { answers, error, instead, type Mutation, requests } from './mutation.ts';

const SEARCH = /^POST .*\.search$/;

export const mutations: readonly Mutation[] = [
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
    kin: ['cursor/search', 'search/filter', 'search/attributes', 'search/pages', 'search/sort'],
  },
  {
    name: 'search-for-all',
    broken: 'A search ignores its filter.',
    fault: requests(SEARCH, ({ body }) => delete body.filter),
    reds: ['search/filter'],
    kin: ['cursor/search', 'search/pages', 'search/sort'],
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
    name: 'search-makes-a-user',
    broken: 'A POST to .search is refused like a POST of a user.',
    fault: instead(SEARCH, () => error(405)),
    reds: ['search/query'],
  },
];
