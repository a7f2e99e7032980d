/**
 * RFC 7644 sections 3.4.2 and 3.4.2.4: lists and their pages. Other people's data may change meanwhile; so what is counted are
 * the users of the check alone, where the server filters.
 */
import type { Check, Trial } from '../trial.ts';
import { find, noFilter, threeFound, visible } from './finding.ts';
import { endpointOf } from './picking.ts';
import { at, came, filtered, LIST_RESPONSE, quoted, resources, shown, strings, text } from './reading.ts';

const message: Check = {
  id: 'list/message',
  title: 'A list is a ListResponse with totalResults and Resources',
  feature: 'list',
  requirements: ['RFC7644-3.4.2-2', 'RFC7644-3.4.2-3', 'RFC7644-3.4.2-4', 'RFC7644-3.4.2.1-2'],
  async run(trial: Trial) {
    await trial.makeUser();
    const answer = await trial.send('GET', endpointOf(trial.server, 'User'));
    const scimType = at(answer.json, 'scimType');
    const isRight = answer.status === 200 || (answer.status === 400 && scimType === 'tooMany');
    const told = `expected 200, or 400 "tooMany", got ${came(answer)} and ${shown(scimType)}`;
    trial.holds('RFC7644-3.4.2.1-2', isRight, told);
    trial.needs(answer.status === 200, `its users cannot be listed: ${came(answer)}`);
    const urns = strings(at(answer.json, 'schemas'));
    trial.holds(
      'RFC7644-3.4.2-2',
      urns.includes(LIST_RESPONSE),
      `schemas should name ${LIST_RESPONSE}; they are ${shown(urns)}`,
    );
    const total = at(answer.json, 'totalResults');
    const isCount = Number.isInteger(total) && Number(total) >= 1;
    trial.holds('RFC7644-3.4.2-3', isCount, `totalResults should be the number of users; it is ${shown(total)}`);
    const found = resources(answer);
    const hasAny = found.length > 0 && found.every((each) => text(each.id) !== null);
    trial.holds(
      'RFC7644-3.4.2-4',
      hasAny,
      `Resources should hold users; they are ${shown(at(answer.json, 'Resources'))}`,
    );
  },
};

const noMatch: Check = {
  id: 'list/no-match',
  title: 'A query without a match is answered with 200 and no results',
  feature: 'list',
  requirements: ['RFC7644-3.4.2-7'],
  unless: noFilter,
  async run(trial: Trial) {
    const { answer, ids } = await find(trial, `userName eq ${quoted(trial.name('nobody'))}`);
    const total = at(answer.json, 'totalResults');
    const isRight = answer.status === 200 && total === 0 && ids.length === 0;
    const told = `expected 200 with totalResults 0, got ${came(answer)} with ${shown(total)} and ${ids.length} resources`;
    trial.holds('RFC7644-3.4.2-7', isRight, told);
  },
};

const count: Check = {
  id: 'list/count',
  title: 'A page holds no more than count',
  feature: 'list',
  requirements: ['RFC7644-3.4.2.4-2'],
  async run(trial: Trial) {
    for (let number = 0; number < 2; number++) await trial.makeUser();
    const answer = await trial.send('GET', `${endpointOf(trial.server, 'User')}?count=1`);
    const found = resources(answer).length;
    const told = `count was 1; it got ${came(answer)} and ${found} resources`;
    trial.holds('RFC7644-3.4.2.4-2', answer.status === 200 && found <= 1, told);
  },
};

const unknownParameter: Check = {
  id: 'list/unknown-parameter',
  title: 'Query parameters that are not known are ignored',
  feature: 'list',
  requirements: ['RFC7644-3.4.2-1'],
  async run(trial: Trial) {
    const endpoint = endpointOf(trial.server, 'User');
    const plain = await trial.send('GET', `${endpoint}?count=1`);
    trial.needs(plain.status === 200, `GET ${endpoint}?count=1 got ${came(plain)}`);
    const answer = await trial.send('GET', `${endpoint}?count=1&linkspanCompliance=1`);
    trial.holds('RFC7644-3.4.2-1', answer.status === 200, `expected 200, as without it; got ${came(answer)}`);
  },
};

/** At the base URL. Queries there are a MAY. */
async function atRoot(trial: Trial, filter: string) {
  const answer = await trial.send('GET', `?${filtered(filter)}`);
  const isList = answer.status === 200 && strings(at(answer.json, 'schemas')).includes(LIST_RESPONSE);
  trial.needs(isList, `it does not do queries at the base URL: ${came(answer)}`);
  return resources(answer).flatMap((each) => text(each.id) ?? []);
}

const root: Check = {
  id: 'list/root',
  title: 'A query at the base URL covers users and groups, and filters as elsewhere',
  feature: 'list',
  requirements: ['RFC7644-3.4.2.1-1', 'RFC7644-3.4.2.1-3', 'RFC7644-3.4.2.1-4'],
  unless: (server) => noFilter(server) ?? (server.hasGroups ? null : 'it has no groups'),
  async run(trial: Trial) {
    const { own, alpha, userName, ids } = await threeFound(trial);
    const displayName = trial.name('group');
    const group = await trial.makeGroup({ displayName });
    await visible(trial, `displayName eq ${quoted(displayName)}`, group.id, 'Group');
    const name = quoted(userName('alpha'));
    const both = await atRoot(trial, `userName eq ${name} or displayName eq ${quoted(displayName)}`);
    const isBoth = both.includes(alpha.id) && both.includes(group.id);
    const told = `a user and a group match; the answer holds ${both.includes(alpha.id) ? 'the user' : 'no user'} and ${both.includes(group.id) ? 'the group' : 'no group'}`;
    trial.holds('RFC7644-3.4.2.1-1', isBoth, told);
    const users = await atRoot(trial, own);
    const isOwn = users.length === 3 && ids.every((id) => users.includes(id));
    trial.holds(
      'RFC7644-3.4.2.1-3',
      isOwn,
      `${own} should match 3 users, as it does at /Users; it matched ${users.length}`,
    );
    const named = await atRoot(trial, `displayName eq ${quoted(displayName)} and userName pr`);
    const count = named.length;
    trial.holds(
      'RFC7644-3.4.2.1-4',
      count === 0,
      `a group has no userName, and matched \`userName pr\`; ${count} resources`,
    );
  },
};

export const checks: readonly Check[] = [message, noMatch, count, unknownParameter, root];
