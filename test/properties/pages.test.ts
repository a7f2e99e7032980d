import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Complex, Scalar, Value } from '../../src/scim/document.ts';
import { isComplex } from '../../src/scim/document.ts';
import type { ResourceType } from '../../src/scim/schema.ts';
import { filterOn, pathsOf } from './filter-arbitrary.ts';
import { orderOf, toLeaf, valuesAt } from './filter-meaning.ts';
import { cased, leafOf, type Named, nameOf, textOf } from './filter-tree.ts';
import { figures, runs, TIMEOUT } from './runs.ts';
import { anyTenant, type FilledStore, filledStores, idsOf, onType, typeAt } from './stores.ts';

const stores = filledStores();

/** What a resource is sorted by (RFC 7644 section 3.4.2.3): of several values the primary one, else the first. */
function keyOf(path: Named, resource: Complex): Scalar | undefined {
  const { attribute, sub, extension } = toLeaf(path);
  const whole: Named = { attribute, ...(extension && { extension }) };
  const values = valuesAt(whole, resource);
  const chosen = values.find((value) => isComplex(value) && value.primary === true) ?? values[0];
  const key: Value | undefined = sub && isComplex(chosen) ? chosen[sub.name] : chosen;
  return typeof key === 'object' ? undefined : key;
}

function sorted(resources: readonly Complex[], path: Named, descending: boolean): Complex[] {
  const leaf = leafOf(path);
  const before = (a: Scalar | undefined, b: Scalar | undefined): number => {
    if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
    return leaf ? orderOf(leaf, a, b) : 0;
  };
  // Stable: what is equal stays in the order of insertion, whatever the direction.
  return resources.toSorted((a, b) => before(keyOf(path, a), keyOf(path, b)) * (descending ? -1 : 1));
}

const sortable = (type: ResourceType) => pathsOf(type).filter((path) => leafOf(path) !== undefined);
const orderOn = (type: ResourceType) =>
  fc.tuple(fc.nat({ max: sortable(type).length - 1 }), fc.constantFrom(undefined, 'ascending', 'DESCENDING'), fc.nat());

describe('resources', () => {
  it(
    'are put in the same order by both stores, which is that of the values of the attribute',
    async () => {
      let pairs = 0;
      await fc.assert(
        fc.asyncProperty(onType(orderOn), anyTenant, async ([number, [at, sortOrder, style]], tenant) => {
          const type = typeAt(number);
          const path = sortable(type)[at];
          fc.pre(path !== undefined);
          const sortBy = nameOf(path, style, type);
          for (const store of stores) {
            const all = store.all(tenant, type);
            const expected = sorted(all, path, sortOrder === 'DESCENDING').map(({ id }) => id);
            const answer = await store.list(tenant, type, { sortBy, sortOrder, count: '1000', attributes: 'id' });
            expect(idsOf(answer), `${store.kind} ${type.name} by ${sortBy} ${sortOrder}`).toEqual(expected);
            pairs++;
          }
        }),
        runs(200),
      );
      figures('orders', { pairs });
    },
    TIMEOUT,
  );

  it(
    'are paged through by cursor, there and back, in the order of one big page',
    async () => {
      let walks = 0;
      const queryOn = (type: ResourceType) => fc.tuple(fc.option(filterOn(type)), fc.option(orderOn(type)));
      const count = fc.integer({ min: 1, max: 9 });
      await fc.assert(
        fc.asyncProperty(onType(queryOn), anyTenant, count, async ([number, [plan, order]], tenant, size) => {
          const type = typeAt(number);
          for (const store of stores) {
            const tree = plan?.(store.all(tenant, type));
            const path = order && sortable(type)[order[0]];
            const query = {
              ...(tree && { filter: textOf(tree, type) }),
              ...(order && path && { sortBy: cased(nameOf(path, 0, type), order[2]), sortOrder: order[1] }),
              attributes: 'id',
            };
            const whole = idsOf(await store.list(tenant, type, { ...query, count: '1000' }));
            const walked = await walk(store, tenant, type, { ...query, count: String(size) });
            const where = `${store.kind} ${type.name} ${JSON.stringify(query)}, ${size} at a time`;
            expect(walked.there.flat(), where).toEqual(whole);
            expect(walked.back, where).toEqual(walked.there.toReversed());
            expect(
              walked.there.slice(0, -1).every((page) => page.length === size),
              where,
            ).toBe(true);
            walks++;
          }
        }),
        runs(50),
      );
      figures('walks', { walks });
    },
    TIMEOUT,
  );
});

/** The ids on the pages, from the first to the last and from the last to the first. */
async function walk(store: FilledStore, tenant: number, type: ResourceType, query: Record<string, string | undefined>) {
  const there: string[][] = [];
  const back: string[][] = [];
  let page = await store.list(tenant, type, { ...query, cursor: '' });
  expect(page.previousCursor).toBeUndefined();
  const total = page.totalResults;
  for (;;) {
    there.push(idsOf(page));
    expect(page.totalResults).toBe(total);
    if (page.nextCursor === undefined) break;
    page = await store.list(tenant, type, { ...query, cursor: page.nextCursor });
  }
  expect(there.flat().length).toBe(total);
  for (;;) {
    back.push(idsOf(page));
    if (page.previousCursor === undefined) break;
    page = await store.list(tenant, type, { ...query, cursor: page.previousCursor });
  }
  return { there, back };
}
