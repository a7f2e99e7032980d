/** The steps of Okta's SPEC test, and what its import asks. */
import { randomUUID } from 'node:crypto';
import type { Check, JsonObject, Trial } from '../../trial.ts';
import { groups, madeBy, noGroups, users } from '../clients.ts';
import { at, came, ERROR, LIST_RESPONSE, objects, resources, shown, strings, text, USER } from '../reading.ts';
import { ask, lookUp, oktaBody } from './asking.ts';

const profiles = ['okta'] as const;

const firstPage: Check = {
  id: 'okta/first-page',
  title: 'The first page of users is a list with numbers',
  feature: 'list',
  profiles,
  requirements: ['OKTA-1'],
  async run(trial: Trial) {
    await trial.makeUser();
    const answer = await ask(trial, 'GET', `${users(trial.server)}?count=1&startIndex=1`);
    const isList = strings(at(answer.json, 'schemas')).includes(LIST_RESPONSE);
    trial.holds(
      'OKTA-1',
      answer.status === 200 && isList && resources(answer).length > 0,
      `200 and a ListResponse with a user were expected; got ${came(answer)}`,
    );
    for (const name of ['totalResults', 'startIndex', 'itemsPerPage']) {
      const value = at(answer.json, name);
      trial.holds('OKTA-1', Number.isInteger(value), `${name} should be a JSON integer; it is ${shown(value)}`);
    }
  },
};

const create: Check = {
  id: 'okta/create',
  title: 'A user as Okta sends it is created, once, and comes back whole',
  feature: 'create',
  profiles,
  requirements: ['OKTA-2', 'OKTA-5', 'OKTA-6', 'OKTA-7', 'OKTA-23'],
  async run(trial: Trial) {
    const body = oktaBody(trial);
    const answer = await ask(trial, 'POST', users(trial.server), body);
    trial.holds('OKTA-23', answer.status !== 415, `a charset in the media type should be taken; got ${came(answer)}`);
    trial.holds(
      'OKTA-5',
      answer.status === 201 && text(at(answer.json, 'id')) !== null,
      `201 and a user with an id were expected; got ${came(answer)} and ${shown(answer.json)}`,
    );
    const user = madeBy(trial, users(trial.server), answer);
    trial.holds('OKTA-5', strings(at(answer.json, 'schemas')).includes(USER), `schemas should name ${USER}`);
    same(trial, 'OKTA-5', body, answer.json, ['userName', 'active']);
    same(trial, 'OKTA-5', body, answer.json, ['name.givenName', 'name.familyName']);
    const read = await ask(trial, 'GET', user.path);
    trial.holds('OKTA-6', read.status === 200, `the new user should be answered with 200; got ${came(read)}`);
    same(trial, 'OKTA-6', body, read.json, ['userName', 'name.givenName', 'name.familyName']);
    const [email] = objects(at(read.json, 'emails'));
    const parts: [string, unknown][] = [
      ['id', at(read.json, 'id')],
      ['userName', at(read.json, 'userName')],
      ['name.givenName', at(read.json, 'name', 'givenName')],
      ['name.familyName', at(read.json, 'name', 'familyName')],
      ['active', at(read.json, 'active')],
      ['emails', at(email, 'value')],
    ];
    for (const [name, value] of parts)
      trial.holds(
        'OKTA-2',
        value !== undefined && value !== null && value !== '',
        `a user should have ${name}; it is ${shown(value)}`,
      );
    const again = await ask(trial, 'POST', users(trial.server), body);
    trial.holds('OKTA-7', again.status === 409, `the same user again should be answered with 409; got ${came(again)}`);
  },
};

/** Of these paths those that were sent. */
function same(trial: Trial, requirement: string, body: JsonObject, json: unknown, paths: readonly string[]): void {
  for (const path of paths) {
    const names = path.split('.');
    const wanted = at(body, ...names);
    const value = at(json, ...names);
    if (wanted !== undefined)
      trial.holds(
        requirement,
        shown(value) === shown(wanted),
        `${path} should be ${shown(wanted)}; it is ${shown(value)}`,
      );
  }
}

const unknown: Check = {
  id: 'okta/unknown',
  title: 'Who is not there is not found, in the right way',
  feature: 'filter',
  profiles,
  requirements: ['OKTA-3', 'OKTA-4', 'OKTA-8'],
  async run(trial: Trial) {
    const name = `${trial.name('nobody')}@example.com`;
    for (const [each, requirement] of [
      [name, 'OKTA-3'],
      [name.toUpperCase(), 'OKTA-8'],
    ] as const) {
      const answer = await lookUp(trial, each);
      trial.holds(
        requirement,
        answer.status === 200,
        `a look-up of ${each} should be answered with 200; got ${came(answer)}`,
      );
      if (requirement === 'OKTA-8') continue;
      const isList = strings(at(answer.json, 'schemas')).includes(LIST_RESPONSE);
      trial.holds(
        requirement,
        isList && at(answer.json, 'totalResults') === 0,
        `a ListResponse with totalResults 0 was expected; got ${shown(answer.json)}`,
      );
    }
    const answer = await ask(trial, 'GET', `${users(trial.server)}/${randomUUID()}`);
    const isError = strings(at(answer.json, 'schemas')).includes(ERROR) && text(at(answer.json, 'detail')) !== null;
    trial.holds(
      'OKTA-4',
      answer.status === 404 && isError,
      `404 and a SCIM error with a detail were expected; got ${came(answer)} and ${shown(answer.json)}`,
    );
  },
};

const order: Check = {
  id: 'okta/order',
  title: 'Pages come in the same order, however they are cut',
  feature: 'list',
  profiles,
  requirements: ['OKTA-22'],
  // Others come and go meanwhile; at least not we ourselves.
  alone: true,
  async run(trial: Trial) {
    for (let number = 0; number < 3; number++) await trial.makeUser();
    const ids = async (startIndex: number, count: number) => {
      const answer = await ask(
        trial,
        'GET',
        `${users(trial.server)}?startIndex=${startIndex}&count=${count}&attributes=id`,
      );
      trial.holds(
        'OKTA-22',
        [at(answer.json, 'totalResults'), at(answer.json, 'startIndex')].every(Number.isInteger),
        'totalResults and startIndex should be integers',
      );
      return resources(answer).map((each) => text(at(each, 'id')));
    };
    let whole: unknown[] = [];
    let parts: unknown[] = [];
    // Once more, should somebody have been added in between.
    for (let attempt = 0; attempt < 3; attempt++) {
      whole = await ids(1, 3);
      parts = [...(await ids(1, 1)), ...(await ids(2, 2))];
      if (shown(whole) === shown(parts)) break;
    }
    trial.holds(
      'OKTA-22',
      shown(whole) === shown(parts),
      `in one page the first three are ${shown(whole)}, in two ${shown(parts)}`,
    );
  },
};

const host: Check = {
  id: 'okta/host',
  title: 'Okta takes the name of the host',
  feature: 'http',
  profiles,
  requirements: ['OKTA-24'],
  async run(trial: Trial) {
    const { hostname } = new URL(trial.server.url);
    trial.holds('OKTA-24', !hostname.includes('_'), `there is an underscore in ${hostname}, which Okta refuses`);
  },
};

const groupList: Check = {
  id: 'okta/group-list',
  title: 'Groups can be listed',
  feature: 'groups',
  profiles,
  requirements: ['OKTA-9'],
  unless: noGroups,
  async run(trial: Trial) {
    const answer = await ask(trial, 'GET', `${groups(trial.server)}?startIndex=1&count=1`);
    trial.holds('OKTA-9', answer.status === 200, `200 was expected; got ${came(answer)}`);
  },
};

export const checks: readonly Check[] = [firstPage, unknown, create, order, host, groupList];
