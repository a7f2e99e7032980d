/** RFC 7644 section 3.4.2.3: sorting, tried on the users of each check alone. */
import type { Check, JsonObject, Server, Trial } from '../trial.ts';
import { find, noFilter, type Three, threeFound, threeUsersWithText, WORDS } from './finding.ts';
import { at, came, current, objects, shown } from './reading.ts';

export const noSort = (server: Server) =>
  (server.supports.sort ? null : 'it does not advertise sorting') ?? noFilter(server);

/** The words of the three in the order of the answer. */
async function sorted(trial: Trial, requirement: string, three: Three, query: string): Promise<string[]> {
  const { answer, ids } = await find(trial, three.own, `&${query}`);
  trial.holds(requirement, answer.status === 200, `a query with ${query} got ${came(answer)}`);
  return ids.map((id) => WORDS.find((word) => three[word].id === id) ?? 'somebody else');
}

async function inOrder(trial: Trial, requirement: string, three: Three, query: string, wanted: readonly string[]) {
  const found = await sorted(trial, requirement, three, query);
  const message = `${query} should give ${wanted.join(', ')}; it gave ${found.join(', ') || 'nobody'}`;
  trial.holds(requirement, found.join() === wanted.join(), message);
}

const UP = ['alpha', 'bravo', 'charlie'];
const DOWN = [...UP].reverse();

const order: Check = {
  id: 'sort/order',
  title: 'Results are sorted by an attribute, upwards unless said otherwise',
  feature: 'sort',
  requirements: ['RFC7644-3.4.2.3-1', 'RFC7644-3.4.2.3-5', 'RFC7644-3.4.2.3-6'],
  unless: noSort,
  async run(trial: Trial) {
    const three = await threeFound(trial);
    await inOrder(trial, 'RFC7644-3.4.2.3-1', three, 'sortBy=userName&sortOrder=ascending', UP);
    await inOrder(trial, 'RFC7644-3.4.2.3-5', three, 'sortBy=userName&sortOrder=descending', DOWN);
    await inOrder(trial, 'RFC7644-3.4.2.3-6', three, 'sortBy=userName', UP);
  },
};

const NAMES: Record<string, string> = { alpha: 'Zola', bravo: 'Moss', charlie: 'abbot' };

const complex: Check = {
  id: 'sort/complex',
  title: 'Results are sorted by a part of a complex attribute, without regard to case',
  feature: 'sort',
  requirements: ['RFC7644-3.4.2.3-3', 'RFC7644-3.4.2.3-7'],
  unless: (server) =>
    noSort(server) ?? (server.attribute('User', 'name.familyName') ? null : 'its users have no name.familyName'),
  async run(trial: Trial) {
    const three = await threeFound(trial, (word) => ({ name: { givenName: 'Jo', familyName: NAMES[word] ?? '' } }));
    const kept = at(await current(trial, three.bravo), 'name', 'familyName');
    trial.needs(kept === NAMES.bravo, `it does not keep name.familyName: ${shown(kept)}`);
    const isFolded = trial.server.attribute('User', 'name.familyName')?.caseExact === false;
    const found = await sorted(trial, 'RFC7644-3.4.2.3-3', three, 'sortBy=name.familyName');
    const told = `sortBy=name.familyName should give abbot, Moss, Zola; it gave ${found.map((word) => NAMES[word] ?? word).join(', ')}`;
    // "Moss" before "Zola" in either order.
    const isSorted = found.length === 3 && found.indexOf('bravo') < found.indexOf('alpha');
    trial.holds('RFC7644-3.4.2.3-3', isSorted, told);
    if (isFolded) trial.holds('RFC7644-3.4.2.3-7', found.join() === 'charlie,bravo,alpha', told);
  },
};

const missing: Check = {
  id: 'sort/missing',
  title: 'Who has no value comes last upwards, and first downwards',
  feature: 'sort',
  requirements: ['RFC7644-3.4.2.3-4'],
  unless: noSort,
  async run(trial: Trial) {
    const { three, name } = await threeUsersWithText(trial);
    const { ids } = await find(trial, three.own);
    trial.needs(ids.length === 3, 'three new users are not found by a filter that matches them alone');
    await inOrder(trial, 'RFC7644-3.4.2.3-4', three, `sortBy=${name}&sortOrder=ascending`, UP);
    await inOrder(trial, 'RFC7644-3.4.2.3-4', three, `sortBy=${name}&sortOrder=descending`, DOWN);
  },
};

const values: Check = {
  id: 'sort/values',
  title: 'A multi-valued attribute is sorted by its primary value',
  feature: 'sort',
  requirements: ['RFC7644-3.4.2.3-2'],
  unless: (server) =>
    noSort(server) ?? (server.attribute('User', 'emails.primary') ? null : 'its users have no emails.primary'),
  async run(trial: Trial) {
    const address = (letter: string, primary: boolean): JsonObject => ({
      value: `${letter}-${trial.name()}@example.com`,
      type: primary ? 'work' : 'home',
      primary,
    });
    // By the first value, or by the smallest, alpha would not be the last.
    const emails: Record<string, JsonObject[]> = {
      alpha: [address('a', false), address('z', true)],
      bravo: [address('m', true)],
      charlie: [address('k', true)],
    };
    const three = await threeFound(trial, (word) => ({ emails: emails[word] ?? [] }));
    const kept = objects(at(await current(trial, three.alpha), 'emails'));
    const isKept =
      kept.length === 2 && kept.some((each) => at(each, 'primary') === true && String(each.value).startsWith('z'));
    trial.needs(isKept, `it does not keep two emails and which is primary: ${shown(kept)}`);
    const wanted = 'charlie,bravo,alpha';
    const tried: string[] = [];
    // Section 3.4.2.3 speaks of the value of a multi-valued attribute, and of a path where it is complex: either will do.
    for (const query of ['sortBy=emails.value', 'sortBy=emails']) {
      const { answer, ids } = await find(trial, three.own, `&${query}`);
      const words = ids.map((id) => WORDS.find((word) => three[word].id === id) ?? 'somebody else').join();
      if (answer.status === 200 && words === wanted) {
        trial.holds('RFC7644-3.4.2.3-2', true, '');
        return;
      }
      tried.push(`${query} got ${came(answer)} and ${words || 'nobody'}`);
    }
    trial.holds('RFC7644-3.4.2.3-2', false, `by their primary addresses they are ${wanted}; ${tried.join(', ')}`);
  },
};

const pages: Check = {
  id: 'sort/pages',
  title: 'Sorted results keep their order from page to page',
  feature: 'sort',
  requirements: ['RFC7644-3.4.2.3-1'],
  unless: (server) => noSort(server) ?? (server.supports.index ? null : 'it does not advertise pages by index'),
  async run(trial: Trial) {
    const three = await threeFound(trial);
    const found: string[] = [];
    const query = 'sortBy=userName&sortOrder=descending';
    for (const index of [1, 2, 3]) {
      const page = await sorted(trial, 'RFC7644-3.4.2.3-1', three, `${query}&startIndex=${index}&count=1`);
      // list/pages says so.
      trial.needs(page.length <= 1, `it does not page: count was 1, and ${page.length} resources came`);
      found.push(...page);
    }
    const told = `pages of 1, downwards by userName, should give ${DOWN.join(', ')}; they gave ${found.join(', ')}`;
    trial.holds('RFC7644-3.4.2.3-1', found.join() === DOWN.join(), told);
  },
};

export const checks: readonly Check[] = [order, complex, missing, values, pages];
