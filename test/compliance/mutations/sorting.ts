/** Sorting. */
import type { Any, Fault } from './broken-server.ts';
import { parameter } from './listing.ts';
import { handles, LIST, type Mutation, requests } from './mutation.ts';

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
    kin: ['cursor/sorted'],
  },
  {
    name: 'sort-missing-last',
    broken: 'Who has no value comes last in either direction.',
    fault: sorting({ compare: folded, missing: 'always last' }),
    reds: ['sort/missing'],
    kin: ['cursor/sorted'],
  },
  {
    name: 'sort-missing-first',
    broken: 'Who has no value comes first in either direction.',
    fault: sorting({ compare: folded, missing: 'always first' }),
    reds: ['sort/missing'],
    kin: ['cursor/sorted'],
  },
  {
    name: 'sort-by-the-first-value',
    broken: 'A multi-valued attribute is sorted by its first value.',
    fault: sorting({ compare: folded, first: true }),
    reds: ['sort/values'],
    kin: ['cursor/sorted'],
  },
  {
    name: 'sort-within-pages',
    broken: 'Each page is sorted by itself.',
    fault: sorting({ compare: folded, within: true }),
    reds: ['sort/pages'],
    kin: ['cursor/sorted'],
  },
];
