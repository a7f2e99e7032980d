import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matches } from '../../src/scim/filter/match.ts';
import { parseFilter } from '../../src/scim/filter/parse.ts';
import { type FilterText, filterOn, longFilterOn, nearFilterOn } from './filter-arbitrary.ts';
import { means } from './filter-meaning.ts';
import { type Op, type Tree, textOf } from './filter-tree.ts';
import { figures, runs, TIMEOUT } from './runs.ts';
import { anyTenant, filledStores, idsOf, onType, orRefusal, TEXTS_TENANT, typeAt } from './stores.ts';
import { TYPES } from './thing.ts';
import { TEXTS } from './values.ts';

const stores = filledStores({ withTexts: true });
const PAGE = { count: '1000', attributes: 'id' };

describe('a filter', () => {
  it(
    'finds the same resources in memory, on both stores, and by its plain meaning',
    async () => {
      const counts = { evaluations: 0, telling: 0 };
      await fc.assert(
        fc.asyncProperty(onType(filterOn), anyTenant, async ([number, plan], tenant) => {
          const type = typeAt(number);
          for (const store of stores) {
            const all = store.all(tenant, type);
            const tree = plan(all);
            const filter = textOf(tree, type);
            const where = `${store.kind} ${type.name}: ${filter}`;
            const meant = all.filter((resource) => means(tree, resource)).map(({ id }) => id);
            const parsed = parseFilter(filter, type);
            const matched = all.filter((resource) => matches(parsed, resource, type)).map(({ id }) => id);
            expect(matched, `in memory, ${where}`).toEqual(meant);
            const found = await store.list(tenant, type, { filter, ...PAGE });
            expect(idsOf(found), where).toEqual(meant);
            expect(found.totalResults, where).toBe(meant.length);
            counts.evaluations++;
            if (meant.length > 0 && meant.length < all.length) counts.telling++;
          }
        }),
        runs(1_000),
      );
      figures('filters', counts);
      expect(counts.telling).toBeGreaterThan(counts.evaluations / 3);
    },
    TIMEOUT,
  );

  it(
    'compares any two texts in the same way everywhere',
    async () => {
      const [USER] = TYPES;
      const counts = { comparisons: 0 };
      const name = fc.constantFrom('nickname', 'displayname', 'profileurl', 'externalid');
      const op = fc.constantFrom<Op[]>('eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le');
      await fc.assert(
        fc.asyncProperty(
          name,
          op,
          fc.constantFrom(...TEXTS),
          fc.nat({ max: 9_240 }),
          async (at, operator, value, style) => {
            const attribute = USER.attributes.get(at);
            if (!attribute) throw new Error(`no ${at}`);
            const tree: Tree = { kind: 'compare', op: operator, path: { attribute }, value, style };
            const filter = textOf(tree, USER);
            const parsed = parseFilter(filter, USER);
            for (const store of stores) {
              const all = store.all(TEXTS_TENANT, USER);
              const meant = all.filter((resource) => means(tree, resource)).map(({ id }) => id);
              const matched = all.filter((resource) => matches(parsed, resource, USER)).map(({ id }) => id);
              expect(matched, `in memory: ${filter}`).toEqual(meant);
              const found = await store.list(TEXTS_TENANT, USER, { filter, ...PAGE });
              expect(idsOf(found), `${store.kind}: ${filter}`).toEqual(meant);
              counts.comparisons += all.length;
            }
          },
        ),
        runs(400),
      );
      figures('texts', counts);
    },
    TIMEOUT,
  );

  /** A refusal, or what was found, by the parser and the matcher and by each store. */
  const answersTo = async (number: number, tenant: number, text: FilterText) => {
    const type = typeAt(number);
    const answers: { expected: string[] | string; found: string[] | string; where: string }[] = [];
    for (const store of stores) {
      const all = store.all(tenant, type);
      const filter = text(all);
      fc.pre(filter.trim() !== '');
      const expected = await orRefusal(() => {
        const parsed = parseFilter(filter, type);
        return all.filter((resource) => matches(parsed, resource, type)).map(({ id }) => id);
      });
      const found = await orRefusal(async () => idsOf(await store.list(tenant, type, { filter, ...PAGE })));
      answers.push({ expected, found, where: `${store.kind} ${type.name}: ${filter}` });
    }
    return answers;
  };

  it(
    'that is none is refused by both stores with the error that the parser gives',
    async () => {
      const counts = { tried: 0, refused: 0 };
      await fc.assert(
        fc.asyncProperty(onType(nearFilterOn), anyTenant, async ([number, text], tenant) => {
          for (const { expected, found, where } of await answersTo(number, tenant, text)) {
            counts.tried++;
            if (typeof expected === 'string') counts.refused++;
            // What it finds where it is a filter still, is the matter of the property above.
            if (typeof expected === 'string' || typeof found === 'string') expect(found, where).toEqual(expected);
          }
        }),
        runs(600),
      );
      figures('near filters', counts);
      expect(counts.refused).toBeGreaterThan(counts.tried / 3);
      expect(counts.refused).toBeLessThan(counts.tried);
    },
    TIMEOUT,
  );

  it(
    'as long as may be is answered alike as well',
    async () => {
      await fc.assert(
        fc.asyncProperty(onType(longFilterOn), anyTenant, async ([number, text], tenant) => {
          for (const { expected, found, where } of await answersTo(number, tenant, text)) {
            expect(found, where).toEqual(expected);
            expect(typeof found, where).not.toBe('string');
          }
        }),
        runs(10),
      );
    },
    TIMEOUT,
  );
});
