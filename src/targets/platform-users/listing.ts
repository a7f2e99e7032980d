/**
 * The list of users, complete or not at all: the platform has no other look-up. It owns what makes a reading complete; what is
 * in it is not its matter.
 */
import { TargetError } from '../outcome.ts';
import { patiently } from '../patience.ts';

export interface Page<Item> {
  items: readonly Item[];
  /** How many there are on all pages, where the answer says so. */
  total: number | null;
}

export interface Reading<Item> {
  items: readonly Item[];
  /** More than one page: the list may have moved under the reader. */
  isPaged: boolean;
}

/** A list that changes under the reader is read anew, so many times. */
const TRIES = 4;

/**
 * Every item, each once. How paging works is not documented, so all that a server may do is taken into account: a total or
 * none, pages smaller than asked for, page numbers that are overlooked.
 * @throws TargetError `retry` when the list would not hold still.
 */
export async function readAll<Item extends { id: string }>(
  read: (page: number) => Promise<Page<Item>>,
  { pageSize, paging }: { pageSize: number; paging: 'pages' | 'none' },
): Promise<Reading<Item>> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const reading = await (paging === 'none' ? readOnce(read) : readPages(read, pageSize));
    if (reading) return reading;
  }
  throw new TargetError({ kind: 'retry', reason: 'the list of users kept changing while it was read' });
}

async function readOnce<Item>(read: (page: number) => Promise<Page<Item>>): Promise<Reading<Item>> {
  const { items, total } = await read(1);
  if (total === null || total <= items.length) return { items, isPaged: false };
  const reason = `the list shows ${items.length} of ${total} users at once: set paging to "pages"`;
  throw new TargetError({ kind: 'pause', reason });
}

/** @returns null when the list moved. */
async function readPages<Item extends { id: string }>(
  read: (page: number) => Promise<Page<Item>>,
  pageSize: number,
): Promise<Reading<Item> | null> {
  const first = await read(1);
  const seen = new Map(first.items.map((item) => [item.id, item]));
  if (seen.size < first.items.length) return null;
  const done = (isPaged: boolean) => ({ items: [...seen.values()], isPaged });
  let known = first.total;
  for (let page = 2; known === null || seen.size < known; page++) {
    if (first.items.length === 0 || (known === null && first.items.length > pageSize)) break;
    const { items, total } = await patiently(() => read(page));
    // Who is invited meanwhile comes last, or shifts somebody onto a second page, which is seen below.
    const hasGrown = known !== null && total !== null && total > known && total <= 2 * (first.total ?? 0);
    if (total !== known && !hasGrown) return null;
    known = total;
    if (items.length === 0) break;
    const isFirstAgain = page === 2 && total === null && items.length === seen.size;
    if (isFirstAgain && items.every(({ id }) => seen.has(id))) return done(false);
    if (items.some(({ id }) => seen.has(id))) return null;
    for (const item of items) seen.set(item.id, item);
  }
  const isComplete = known === null || seen.size === known;
  return isComplete ? done(seen.size > first.items.length) : null;
}
