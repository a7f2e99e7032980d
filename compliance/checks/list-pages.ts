/** RFC 7644 section 3.4.2.4: pages. */
import type { Check, Server, Trial } from '../trial.ts';
import { find, noFilter, type Three, threeFound } from './finding.ts';
import { at, came, shown } from './reading.ts';

const noIndex = (server: Server) =>
  noFilter(server) ?? (server.supports.index ? null : 'it does not advertise pages by index');

/** A page of the three, as they are found by their own filter. */
async function page(trial: Trial, { own }: Three, query: string) {
  const { answer, ids } = await find(trial, own, `&${query}`);
  return {
    answer,
    ids,
    total: at(answer.json, 'totalResults'),
    told: `?${query} got ${came(answer)}, ${ids.length} resources`,
  };
}

const total: Check = {
  id: 'list/total',
  title: 'totalResults is the number of all matches, and startIndex and itemsPerPage tell which part is shown',
  feature: 'list',
  requirements: [
    'RFC7644-3.4.2-5',
    'RFC7644-3.4.2-6',
    'RFC7644-3.4.2.4-2',
    'RFC7644-3.4.2.4-5',
    'RFC7644-3.4.2.4-6',
    'RFC7644-3.4.2.4-7',
  ],
  unless: noIndex,
  async run(trial: Trial) {
    const made = await threeFound(trial);
    const { answer, ids, total, told } = await page(trial, made, 'startIndex=2&count=1');
    trial.needs(answer.status === 200, told);
    trial.holds('RFC7644-3.4.2.4-2', ids.length <= 1, `count was 1; ${told}`);
    trial.holds('RFC7644-3.4.2.4-6', total === 3, `3 users match, totalResults is ${shown(total)}`);
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
    const whole = await page(trial, made, 'startIndex=1&count=50');
    const all = at(whole.answer.json, 'itemsPerPage');
    const isCount = all === undefined || all === whole.ids.length;
    trial.holds(
      'RFC7644-3.4.2.4-5',
      isCount,
      `${whole.ids.length} resources are shown, and itemsPerPage is ${shown(all)}`,
    );
    trial.holds('RFC7644-3.4.2.4-6', whole.total === 3, `3 users match, totalResults is ${shown(whole.total)}`);
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
  unless: noFilter,
  async run(trial: Trial) {
    const made = await threeFound(trial);
    for (const [count, requirement] of [
      [0, 'RFC7644-3.4.2.4-4'],
      [-1, 'RFC7644-3.4.2.4-3'],
    ] as const) {
      const { answer, ids, total, told } = await page(trial, made, `count=${count}`);
      const isRight = answer.status === 200 && ids.length === 0 && total === 3;
      trial.holds(requirement, isRight, `expected totalResults 3 and no resources; ${told}, total ${shown(total)}`);
    }
  },
};

const pages: Check = {
  id: 'list/pages',
  title: 'Pages that follow each other show every result once',
  feature: 'list',
  requirements: ['RFC7644-3.4.2.4-8', 'RFC7644-3.4.2.4-2'],
  unless: noIndex,
  async run(trial: Trial) {
    const made = await threeFound(trial);
    const seen: string[] = [];
    // A server may show fewer than asked for, and never none while there are more.
    for (let turn = 0; turn < 3 && seen.length < 3; turn++) {
      const { ids, told } = await page(trial, made, `startIndex=${seen.length + 1}&count=1`);
      trial.holds('RFC7644-3.4.2.4-2', ids.length <= 1, `count was 1; ${told}`);
      seen.push(...ids);
    }
    const missing = made.ids.filter((id) => !seen.includes(id)).length;
    const told = `3 users were read in pages of 1: ${seen.length} were shown, ${missing} of the 3 never`;
    trial.holds('RFC7644-3.4.2.4-8', missing === 0 && seen.length === 3, told);
  },
};

export const checks: readonly Check[] = [total, beyond, low, zero, pages];
