/** When a reading of a paged list counts as complete, told on lists that move, lie and overlook what they are asked. */
import { describe, expect, test } from 'vitest';
import { TargetError } from '../../src/targets/outcome.ts';
import { type Page, readAll } from '../../src/targets/platform-users/listing.ts';
import { failureOf } from './target-suite.ts';

type Item = { id: string };
const items = (...ids: (string | number)[]): Item[] => ids.map((id) => ({ id: String(id) }));
const PAGES = { pageSize: 2, paging: 'pages' } as const;

/** Answers call after call from `script`, the last for ever. */
function scripted(...script: Page<Item>[]) {
  const asked: number[] = [];
  const read = async (page: number) => {
    asked.push(page);
    return script[Math.min(asked.length, script.length) - 1] ?? { items: [], total: null };
  };
  return { asked, read };
}
const idsOf = async (reading: Promise<{ items: readonly Item[] }>) => (await reading).items.map(({ id }) => id);

describe('a paged list', () => {
  test('has a page that failed in passing read again, not all from the first', async () => {
    const asked: number[] = [];
    const read = async (page: number) => {
      asked.push(page);
      if (page === 2 && asked.length < 4) throw new TargetError({ kind: 'retry', reason: 'trouble' });
      return { items: page === 1 ? items(1, 2) : items(3), total: 3 };
    };
    expect(await idsOf(readAll(read, PAGES))).toEqual(['1', '2', '3']);
    expect(asked).toEqual([1, 2, 2, 2]);
  });

  test.each([
    ['the first page fails', 1, 'retry', 1],
    ['a page is refused', 2, 'pause', 2],
    ['a page never comes', 2, 'retry', 7],
  ] as const)('is given up where %s', async (_, failing, kind, calls) => {
    let asked = 0;
    const read = async (page: number) => {
      asked++;
      if (page === failing) throw new TargetError({ kind, reason: 'trouble' });
      return { items: items(1, 2), total: 3 };
    };
    expect(await failureOf(readAll(read, PAGES))).toMatchObject({ kind });
    expect(asked).toBe(calls);
  });

  test('is complete with its total', async () => {
    const { asked, read } = scripted({ items: items(1, 2), total: 3 }, { items: items(3), total: 3 });
    expect(await readAll(read, PAGES)).toEqual({ items: items(1, 2, 3), isPaged: true });
    expect(asked).toEqual([1, 2]);
  });

  test('without a total ends with an empty page, not with a short one', async () => {
    const { read } = scripted(
      { items: items(1), total: null },
      { items: items(2), total: null },
      { items: [], total: null },
    );
    expect(await readAll(read, PAGES)).toEqual({ items: items(1, 2), isPaged: true });
  });

  test('that overlooks the page is one page', async () => {
    expect(await readAll(scripted({ items: items(1, 2), total: null }).read, PAGES)).toEqual({
      items: items(1, 2),
      isPaged: false,
    });
    const { asked, read } = scripted({ items: items(1, 2, 3), total: null });
    expect(await readAll(read, PAGES)).toEqual({ items: items(1, 2, 3), isPaged: false });
    expect(asked).toEqual([1]);
  });

  test.each<[what: string, moved: Page<Item>]>([
    ['the total shrinks', { items: items(3), total: 2 }],
    ['the total is not told any more', { items: items(3), total: null }],
    ['the total is told all of a sudden to be another', { items: items(3), total: 7 }],
    ['a user shows again', { items: items(2), total: 3 }],
    ['fewer come than were promised', { items: [], total: 3 }],
  ])('is read anew when %s', async (_, moved) => {
    const first = { items: items(1, 2), total: 3 };
    const { asked, read } = scripted(first, moved, first, { items: items(3), total: 3 });
    expect(await idsOf(readAll(read, PAGES))).toEqual(['1', '2', '3']);
    expect(asked).toEqual([1, 2, 1, 2]);
  });

  test('that has grown by somebody is read to its new end', async () => {
    const { asked, read } = scripted(
      { items: items(1, 2), total: 3 },
      { items: items(3, 4), total: 5 },
      { items: items(5), total: 5 },
    );
    expect(await idsOf(readAll(read, PAGES))).toEqual(['1', '2', '3', '4', '5']);
    expect(asked).toEqual([1, 2, 3]);
  });

  test('that never holds still is tried again later, and never taken for complete', async () => {
    const read = async (page: number) => ({ items: items(page * 2 - 1, page * 2), total: 3 + 2 * page });
    expect(await failureOf(readAll(read, PAGES))).toMatchObject({ kind: 'retry' });
    const doubled = scripted({ items: items(1, 1), total: 2 });
    expect(await failureOf(readAll(doubled.read, PAGES))).toMatchObject({ kind: 'retry' });
  });

  test('of nobody is complete', async () => {
    for (const total of [0, null]) {
      expect(await readAll(scripted({ items: [], total }).read, PAGES)).toEqual({ items: [], isPaged: false });
    }
  });
});
