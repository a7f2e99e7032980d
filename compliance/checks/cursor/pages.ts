/** RFC 9865 sections 2 and 3: pages, one after the other. */
import type { Exchange } from '../../model.ts';
import type { Check, JsonObject, Trial } from '../../trial.ts';
import { at, came, resources, shown, text, USER } from '../reading.ts';
import { endpointOf } from '../schemas/samples.ts';
import { follow, MOST_PAGES, PAGE, several, unadvertised } from './walking.ts';

const walk: Check = {
  id: 'cursor/walk',
  title: 'Cursors lead through all pages, once',
  feature: 'cursor',
  requirements: [1, 2, 5, 6, 7, 8, 10].map((each) => `RFC9865-2-${each}`),
  unless: unadvertised,
  async run(trial: Trial) {
    const { query, ids } = await several(trial);
    const { pages, ids: seen, isWhole } = await follow(trial, query);
    const [first] = pages;
    trial.holds(
      'RFC9865-2-1',
      first?.status === 200,
      `an empty cursor should be answered with 200 and the first page; got ${first && came(first)}`,
      first,
    );
    for (const page of pages) {
      const count = resources(page).length;
      trial.holds('RFC9865-2-5', count <= PAGE, `${PAGE} resources were asked for, and ${count} came`, page);
      const next = at(page.json, 'nextCursor');
      if (next !== undefined)
        trial.holds(
          'RFC9865-2-2',
          typeof next === 'string' && /^[\w.~-]+$/.test(next),
          `nextCursor should consist of letters, digits, -, ., _ and ~; it is ${shown(next)}`,
          page,
        );
      const total = at(page.json, 'totalResults');
      if (total !== undefined)
        trial.holds(
          'RFC9865-2-10',
          total === ids.length,
          `totalResults should be ${ids.length}; it is ${shown(total)}`,
          page,
        );
    }
    trial.holds(
      'RFC9865-2-8',
      at(first?.json, 'previousCursor') === undefined,
      'the first page has a previousCursor',
      first,
    );
    trial.holds(
      'RFC9865-2-6',
      isWhole && new Set(seen).size === seen.length,
      `the pages should show every user once; they show ${seen.length}, ${new Set(seen).size} different ones`,
    );
    const missing = ids.filter((each) => !seen.includes(each));
    trial.holds(
      'RFC9865-2-7',
      missing.length === 0,
      `the last page has no nextCursor, and ${missing.length} of ${ids.length} users have not been shown`,
    );

    const bare = await trial.send('GET', `${endpointOf(trial.server, USER)}?cursor&count=${PAGE}${query}`);
    const same = resources(bare).map((each) => at(each, 'id'));
    trial.holds(
      'RFC9865-2-1',
      bare.status === 200 && same.length > 0,
      `a cursor without "=" should be answered with the first page; got ${came(bare)} and ${same.length} users`,
    );
  },
};

const count: Check = {
  id: 'cursor/count',
  title: 'With a count of 0 or less, no resources come',
  feature: 'cursor',
  requirements: ['RFC9865-2-3', 'RFC9865-2-4'],
  unless: unadvertised,
  async run(trial: Trial) {
    await trial.makeUser();
    for (const [given, requirement] of [
      ['0', 'RFC9865-2-4'],
      ['-3', 'RFC9865-2-3'],
    ] as const) {
      const answer = await trial.send('GET', `${endpointOf(trial.server, USER)}?cursor=&count=${given}`);
      const found = resources(answer).length;
      trial.holds(
        requirement,
        answer.status === 200 && found === 0,
        `count=${given} should be answered with 200 and no resources; got ${came(answer)} and ${found}`,
      );
    }
  },
};

const sorted: Check = {
  id: 'cursor/sorted',
  title: 'Pages by cursor are sorted as well',
  feature: 'cursor',
  requirements: ['RFC9865-2.2-1'],
  unless: (server) => unadvertised(server) ?? (server.supports.sort ? null : 'it does not advertise sorting'),
  async run(trial: Trial) {
    const { query, ids } = await several(trial);
    const { ids: seen } = await follow(trial, `&sortBy=userName&sortOrder=descending${query}`);
    // They were made in ascending order.
    const wanted = [...ids].reverse();
    const ours = seen.filter((each) => ids.includes(each));
    trial.holds(
      'RFC9865-2.2-1',
      shown(ours) === shown(wanted),
      `sorted by userName, descending, the users should be ${wanted.join(', ')}; they are ${ours.join(', ')}`,
    );
  },
};

const byDefault: Check = {
  id: 'cursor/default',
  title: 'A query that names no way of paging is answered by one',
  feature: 'cursor',
  requirements: ['RFC9865-2.4-1'],
  unless: unadvertised,
  async run(trial: Trial) {
    const { query } = await several(trial);
    const answer = await trial.send('GET', `${endpointOf(trial.server, USER)}?count=${PAGE}${query}`);
    const byCursor = text(at(answer.json, 'nextCursor')) !== null;
    const byIndex = at(answer.json, 'startIndex') === 1 || typeof at(answer.json, 'totalResults') === 'number';
    trial.holds(
      'RFC9865-2.4-1',
      answer.status === 200 && resources(answer).length > 0 && (byCursor || byIndex),
      `a part of the users should come, with nextCursor or by index; got ${came(answer)} and ${shown(answer.json)}`,
    );
  },
};

const search: Check = {
  id: 'cursor/search',
  title: 'POST .search pages by cursor as well',
  feature: 'cursor',
  requirements: ['RFC9865-3-1'],
  unless: unadvertised,
  async run(trial: Trial) {
    const { filter, ids } = await several(trial);
    const seen: string[] = [];
    let cursor: string | null = '';
    for (let number = 0; cursor !== null && number < MOST_PAGES; number++) {
      const body: JsonObject = {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'],
        filter,
        cursor,
        count: PAGE,
      };
      const answer: Exchange = await trial.send('POST', `${endpointOf(trial.server, USER)}/.search`, body);
      trial.needs(![404, 405, 501].includes(answer.status), 'it does not offer POST .search');
      if (
        !trial.holds(
          'RFC9865-3-1',
          answer.status === 200,
          `a search with a cursor should be answered with 200; got ${came(answer)}`,
        )
      )
        return;
      seen.push(...resources(answer).flatMap((each) => text(at(each, 'id')) ?? []));
      cursor = text(at(answer.json, 'nextCursor'));
    }
    const missing = ids.filter((each) => !seen.includes(each));
    trial.holds(
      'RFC9865-3-1',
      missing.length === 0,
      `a search in pages of ${PAGE} should show ${ids.length} users; ${missing.length} are missing`,
    );
  },
};

export const checks: readonly Check[] = [walk, count, sorted, byDefault, search];
