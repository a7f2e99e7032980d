/** RFC 7644 section 3.4.2.4: pages. */
import type { Check, Server, Trial } from '../trial.ts';
import { find, noFilter, threeFound, threeUsers } from './finding.ts';
import { endpointOf } from './picking.ts';
import { at, came, resources, shown, text } from './reading.ts';

const noIndex = (server: Server) =>
  noFilter(server) ?? (server.supports.index ? null : 'it does not advertise pages by index');

/** A page of the three, as they are found by their own filter. @param own null: of all users. */
async function page(trial: Trial, { own }: { own: string | null }, query: string) {
  const all = `${endpointOf(trial.server, 'User')}?${query}`;
  const answer = own === null ? await trial.send('GET', all) : (await find(trial, own, `&${query}`)).answer;
  const ids = resources(answer).flatMap((each) => text(each.id) ?? []);
  return {
    answer,
    ids,
    total: at(answer.json, 'totalResults'),
    told: `?${query} got ${came(answer)}, ${ids.length} resources`,
  };
}

/** Three users, and a filter that finds them alone; where the server has none that does, they are looked for among all users. */
async function threeListed(
  trial: Trial,
): Promise<{ own: string | null; isTotal(total: unknown): boolean; wanted: string }> {
  const three = await threeUsers(trial);
  const { answer, ids } = await find(trial, three.own);
  if (trial.server.supports.filter && answer.status === 200 && ids.length === 3)
    return { own: three.own, isTotal: (total) => total === 3, wanted: '3' };
  return { own: null, isTotal: (total) => Number.isInteger(total) && Number(total) >= 3, wanted: '3 or more' };
}

const total: Check = {
  id: 'list/total',
  title: 'totalResults is the number of all matches, and startIndex and itemsPerPage tell which part is shown',
  feature: 'list',
  requirements: ['RFC7644-3.4.2-5', 'RFC7644-3.4.2-6', 'RFC7644-3.4.2.4-5', 'RFC7644-3.4.2.4-6', 'RFC7644-3.4.2.4-7'],
  unless: ({ supports }) => (supports.index ? null : 'it does not advertise pages by index'),
  async run(trial: Trial) {
    const made = await threeListed(trial);
    // Of all users no more than must be: they are other people's.
    const whole = await page(trial, made, `startIndex=1&count=${made.own === null ? 2 : 50}`);
    const all = at(whole.answer.json, 'itemsPerPage');
    const isCount = all === undefined || all === whole.ids.length;
    trial.holds(
      'RFC7644-3.4.2.4-5',
      isCount,
      `${whole.ids.length} resources are shown, and itemsPerPage is ${shown(all)}`,
    );
    trial.holds(
      'RFC7644-3.4.2.4-6',
      made.isTotal(whole.total),
      `${made.wanted} users match, totalResults is ${shown(whole.total)}`,
    );
    const { answer, ids, total, told } = await page(trial, made, 'startIndex=2&count=1');
    trial.needs(answer.status === 200, told);
    trial.needs(ids.length <= 1, `${told}: list/count says so`);
    trial.holds(
      'RFC7644-3.4.2.4-6',
      made.isTotal(total),
      `${made.wanted} users match, totalResults is ${shown(total)}`,
    );
    const [index, items] = [at(answer.json, 'startIndex'), at(answer.json, 'itemsPerPage')];
    trial.holds(
      'RFC7644-3.4.2-5',
      index !== undefined && index !== null,
      'a part of the results should have startIndex',
    );
    if (index !== undefined)
      trial.holds('RFC7644-3.4.2.4-7', index === 2, `startIndex should be 2; it is ${shown(index)}`);
    trial.holds(
      'RFC7644-3.4.2-6',
      items !== undefined && items !== null,
      'a part of the results should have itemsPerPage',
    );
  },
};

const beyond: Check = {
  id: 'list/beyond',
  title: 'A page after the last result is empty, and still tells the total',
  feature: 'list',
  requirements: ['RFC7644-3.4.2.4-6'],
  unless: noIndex,
  async run(trial: Trial) {
    const { answer, ids, total, told } = await page(trial, await threeFound(trial), 'startIndex=1000&count=10');
    const isRight = answer.status === 200 && ids.length === 0 && total === 3;
    trial.holds(
      'RFC7644-3.4.2.4-6',
      isRight,
      `expected totalResults 3 and no resources; ${told}, total ${shown(total)}`,
    );
  },
};

const low: Check = {
  id: 'list/low-index',
  title: 'A startIndex below 1 is taken as 1',
  feature: 'list',
  requirements: ['RFC7644-3.4.2.4-1'],
  unless: noIndex,
  async run(trial: Trial) {
    const made = await threeFound(trial);
    const first = await page(trial, made, 'startIndex=1&count=2');
    trial.needs(first.ids.length > 0, first.told);
    for (const index of [0, -5]) {
      const { answer, ids, told } = await page(trial, made, `startIndex=${index}&count=2`);
      const isSame = answer.status === 200 && ids.join() === first.ids.join();
      trial.holds('RFC7644-3.4.2.4-1', isSame, `startIndex=${index} should give what startIndex=1 does; ${told}`);
      const said = at(answer.json, 'startIndex');
      const isSaid = said === undefined || said === 1;
      trial.holds('RFC7644-3.4.2.4-1', isSaid, `startIndex=${index} should be told as 1; it is ${shown(said)}`);
    }
  },
};

const zero: Check = {
  id: 'list/zero-count',
  title: 'A count of 0, or below, gives the total and no resource',
  feature: 'list',
  requirements: ['RFC7644-3.4.2.4-3', 'RFC7644-3.4.2.4-4'],
  async run(trial: Trial) {
    const made = await threeListed(trial);
    for (const [count, requirement] of [
      [0, 'RFC7644-3.4.2.4-4'],
      [-1, 'RFC7644-3.4.2.4-3'],
    ] as const) {
      const { answer, ids, total, told } = await page(trial, made, `count=${count}`);
      const isRight = answer.status === 200 && ids.length === 0 && made.isTotal(total);
      const message = `expected totalResults ${made.wanted} and no resources; ${told}, total ${shown(total)}`;
      trial.holds(requirement, isRight, message);
    }
  },
};

const pages: Check = {
  id: 'list/pages',
  title: 'Pages that follow each other show every result once',
  feature: 'list',
  requirements: ['RFC7644-3.4.2.4-8'],
  unless: noIndex,
  async run(trial: Trial) {
    const made = await threeFound(trial);
    const seen: string[] = [];
    // A server may show fewer than asked for, and never none while there are more.
    for (let turn = 0; turn < 3 && seen.length < 3; turn++) {
      const { ids, told } = await page(trial, made, `startIndex=${seen.length + 1}&count=1`);
      trial.needs(ids.length <= 1, `${told}: list/count says so`);
      seen.push(...ids);
    }
    const missing = made.ids.filter((id) => !seen.includes(id)).length;
    const told = `3 users were read in pages of 1: ${seen.length} were shown, ${missing} of the 3 never`;
    trial.holds('RFC7644-3.4.2.4-8', missing === 0 && seen.length === 3, told);
  },
};

export const checks: readonly Check[] = [total, beyond, low, zero, pages];
