/** Users to walk through, and the walk. */
import type { Exchange } from '../../model.ts';
import type { Server, Trial } from '../../trial.ts';
import { at, came, filtered, quoted, refused, resources, text, USER } from '../reading.ts';
import { endpointOf } from '../schemas/samples.ts';

export const unadvertised = ({ supports }: Server) => (supports.cursor ? null : 'it does not advertise cursor paging');

/** So many users are made for a walk, and so many asked for at a time. */
const MADE = 5;
export const PAGE = 2;
/** Of a walk that goes round in circles. */
export const MOST_PAGES = 25;

export interface Walk {
  pages: Exchange[];
  ids: string[];
  /** It came to an end. */
  isWhole: boolean;
}

/** Users that a filter tells from all others. @returns `query` to add to a URL; `ids` in the order of their names. */
export async function several(trial: Trial): Promise<{ filter: string; query: string; ids: string[] }> {
  trial.needs(trial.server.supports.filter, 'it does not advertise filters, and who else is there is not known');
  const prefix = `${trial.name('page')}-`;
  const ids: string[] = [];
  for (let number = 1; number <= MADE; number++)
    ids.push((await trial.makeUser({ userName: `${prefix}${number}@example.com` })).id);
  const filter = `userName sw ${quoted(prefix)}`;
  const all = await trial.send('GET', `${endpointOf(trial.server, USER)}?${filtered(filter)}`);
  trial.needs(all.status === 200 && resources(all).length > 0, `its filters do not know sw: ${came(all)}`);
  return { filter, query: `&${filtered(filter)}`, ids };
}

export function page(trial: Trial, cursor: string, query: string): Promise<Exchange> {
  return trial.send(
    'GET',
    `${endpointOf(trial.server, USER)}?cursor=${encodeURIComponent(cursor)}&count=${PAGE}${query}`,
  );
}

export async function follow(trial: Trial, query: string): Promise<Walk> {
  const pages: Exchange[] = [];
  const ids: string[] = [];
  let cursor: string | null = '';
  while (cursor !== null && pages.length < MOST_PAGES) {
    const answer: Exchange = await page(trial, cursor, query);
    pages.push(answer);
    if (refused(answer)) return { pages, ids, isWhole: false };
    ids.push(...resources(answer).flatMap((each) => text(at(each, 'id')) ?? []));
    cursor = text(at(answer.json, 'nextCursor'));
  }
  return { pages, ids, isWhole: cursor === null };
}
