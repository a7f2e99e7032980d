/** RFC 7644 section 3.4.3: queries by POST. */
import type { Check, JsonObject, Trial } from '../trial.ts';
import { find, noFilter, threeFound, threeUsers, WORDS } from './finding.ts';
import { endpointOf } from './picking.ts';
import { at, came, LIST_RESPONSE, quoted, refused, resources, shown, strings, text } from './reading.ts';

const SEARCH = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest';

async function search(trial: Trial, query: JsonObject) {
  const answer = await trial.send('POST', `${endpointOf(trial.server, 'User')}/.search`, {
    schemas: [SEARCH],
    ...query,
  });
  return { answer, found: resources(answer), ids: resources(answer).flatMap((each) => text(each.id) ?? []) };
}

/** Nothing announces it; so where it is not there, only the check of that says so. */
async function served(trial: Trial, query: JsonObject) {
  const result = await search(trial, query);
  trial.needs(result.answer.status === 200, `a POST to .search got ${came(result.answer)}`);
  return result;
}

const query: Check = {
  id: 'search/query',
  title: 'A POST to .search is a query, answered with a ListResponse',
  feature: 'search',
  requirements: ['RFC7644-3.4.3-1', 'RFC7644-3.4.3-8'],
  async run(trial: Trial) {
    const user = await trial.makeUser();
    const { answer, found } = await search(trial, { count: 10 });
    // 501 says that it is not supported, in the words of Table 8.
    const isQuery = ![201, 404, 405].includes(answer.status);
    if (!trial.holds('RFC7644-3.4.3-1', isQuery, `POST /Users/.search should be a query; it got ${came(answer)}`))
      return;
    trial.needs(![404, 405, 501].includes(answer.status), `it does not do POST to .search: ${came(answer)}`);
    const isList = answer.status === 200 && strings(at(answer.json, 'schemas')).includes(LIST_RESPONSE);
    const message = `expected 200 and a ListResponse, got ${answer.status} and ${shown(answer.json)}`;
    trial.holds('RFC7644-3.4.3-8', isList && found.length > 0 && user.id !== '', message);
  },
};

const filter: Check = {
  id: 'search/filter',
  title: 'A search gives what its filter matches, and refuses an invalid one',
  feature: 'search',
  requirements: ['RFC7644-3.4.3-5'],
  unless: noFilter,
  async run(trial: Trial) {
    const three = await threeUsers(trial);
    const { ids } = await served(trial, { filter: `userName eq ${quoted(three.userName('bravo'))}` });
    const isIt = ids.length === 1 && ids[0] === three.bravo.id;
    trial.holds('RFC7644-3.4.3-5', isIt, `the filter matches one user; ${ids.length} came`);
    const inUrl = await find(trial, 'userName eq');
    // Where a GET takes it as well, filter/malformed says so.
    if (!refused(inUrl.answer)) return;
    const { answer } = await search(trial, { filter: 'userName eq' });
    const isRefused = answer.status === 400 && at(answer.json, 'scimType') === 'invalidFilter';
    trial.holds(
      'RFC7644-3.4.3-5',
      isRefused,
      `the filter "userName eq" is invalid; expected 400 "invalidFilter", got ${came(answer)}`,
    );
  },
};

const attributes: Check = {
  id: 'search/attributes',
  title: 'A search shows the attributes that it asks for',
  feature: 'search',
  requirements: ['RFC7644-3.4.3-3', 'RFC7644-3.4.3-4'],
  async run(trial: Trial) {
    await trial.makeUser();
    const { found } = await served(trial, { attributes: ['userName'], count: 5 });
    const isRight = found.every(
      (each) => each.id !== undefined && at(each, 'userName') !== undefined && !at(each, 'emails'),
    );
    const message = `only id and userName should be shown; shown are ${shown(Object.keys(found[0] ?? {}))}`;
    trial.holds('RFC7644-3.4.3-3', found.length > 0 && isRight, message);
    const excluded = await served(trial, { excludedAttributes: ['id', 'emails'], count: 5 });
    const isKept = excluded.found.every((each) => each.id !== undefined && !at(each, 'emails'));
    const told = `id should be shown, emails should not; shown are ${shown(Object.keys(excluded.found[0] ?? {}))}`;
    trial.holds('RFC7644-3.4.3-4', excluded.found.length > 0 && isKept, told);
  },
};

const pages: Check = {
  id: 'search/pages',
  title: 'A search gives the page that it asks for',
  feature: 'search',
  requirements: ['RFC7644-3.4.3-7'],
  unless: (server) => noFilter(server) ?? (server.supports.index ? null : 'it does not advertise pages by index'),
  async run(trial: Trial) {
    const three = await threeFound(trial);
    const seen = new Set<string>();
    for (const startIndex of [1, 2, 3]) {
      const { answer, ids } = await served(trial, { filter: three.own, startIndex, count: 1 });
      const total = at(answer.json, 'totalResults');
      const message = `expected one of 3 results, got ${ids.length} of ${shown(total)}`;
      trial.holds('RFC7644-3.4.3-7', ids.length <= 1 && total === 3, message);
      for (const id of ids) seen.add(id);
    }
    trial.holds('RFC7644-3.4.3-7', seen.size === 3, `three pages of 1 should show 3 users; they showed ${seen.size}`);
  },
};

const sort: Check = {
  id: 'search/sort',
  title: 'A search sorts',
  feature: 'search',
  requirements: ['RFC7644-3.4.3-6'],
  unless: (server) => (server.supports.sort ? null : 'it does not advertise sorting') ?? noFilter(server),
  async run(trial: Trial) {
    const three = await threeFound(trial);
    for (const sortOrder of ['ascending', 'descending']) {
      const { ids } = await served(trial, { filter: three.own, sortBy: 'userName', sortOrder });
      const words = ids.map((id) => WORDS.find((word) => three[word].id === id) ?? 'somebody else');
      const wanted = sortOrder === 'ascending' ? [...WORDS] : [...WORDS].reverse();
      const message = `${sortOrder} by userName should be ${wanted.join(', ')}; it is ${words.join(', ')}`;
      trial.holds('RFC7644-3.4.3-6', words.join() === wanted.join(), message);
    }
  },
};

export const checks: readonly Check[] = [query, filter, attributes, pages, sort];
