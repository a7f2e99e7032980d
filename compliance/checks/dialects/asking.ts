/** Filters, media types and addresses as clients write them. */
import { randomUUID } from 'node:crypto';
import type { Check, Trial } from '../../trial.ts';
import { finds, users } from '../clients.ts';
import { at, came, objects, otherCase, quoted, resources, sent, shown, succeeded } from '../reading.ts';

const profiles = ['dialects'] as const;

const filters: Check = {
  id: 'dialects/filters',
  title: 'Filters are understood with "+" and "%20", and without case',
  feature: 'filter',
  profiles,
  requirements: ['DIALECT-20', 'DIALECT-21'],
  async run(trial: Trial) {
    const endpoint = users(trial.server);
    const made = await trial.makeUser();
    const { userName, emails } = sent(made);
    const value = encodeURIComponent(quoted(String(userName)));
    await finds(trial, 'DIALECT-20', endpoint, `userName%20eq%20${value}`, made);
    await finds(trial, 'DIALECT-20', endpoint, `userName+eq+${value}`, made);
    await finds(trial, 'DIALECT-21', endpoint, `USERNAME%20Eq%20${value}`, made);
    await finds(
      trial,
      'DIALECT-21',
      endpoint,
      `userName%20eq%20${encodeURIComponent(quoted(otherCase(String(userName))))}`,
      made,
    );
    const [email] = objects(emails);
    const address = at(email, 'value');
    if (typeof address !== 'string' || trial.server.attribute('User', 'emails.value')?.caseExact) return;
    await finds(
      trial,
      'DIALECT-21',
      endpoint,
      encodeURIComponent(`emails.value eq ${quoted(otherCase(address))}`),
      made,
    );
  },
};

const nobody: Check = {
  id: 'dialects/nobody',
  title: 'Nobody is an empty list, with numbers as integers',
  feature: 'filter',
  profiles,
  requirements: ['DIALECT-22', 'DIALECT-23'],
  async run(trial: Trial) {
    const endpoint = users(trial.server);
    const filter = encodeURIComponent(`userName eq ${quoted(randomUUID())}`);
    const none = await trial.send('GET', `${endpoint}?filter=${filter}`);
    const isEmpty = at(none.json, 'totalResults') === 0 && resources(none).length === 0;
    trial.holds(
      'DIALECT-22',
      none.status === 200 && isEmpty,
      `200, totalResults 0 and no resources were expected; got ${came(none)} and ${shown(none.json)}`,
    );
    const made = await trial.makeUser();
    const own = encodeURIComponent(`userName eq ${quoted(String(sent(made).userName))}`);
    const one = await trial.send('GET', `${endpoint}?filter=${own}&startIndex=1&count=100`);
    for (const answer of [none, one])
      for (const name of ['totalResults', 'startIndex', 'itemsPerPage']) {
        const value = at(answer.json, name);
        const isThere = name === 'totalResults' || value !== undefined;
        if (isThere)
          trial.holds(
            'DIALECT-23',
            Number.isInteger(value),
            `${name} should be an integer; it is ${shown(value)}`,
            answer,
          );
      }
  },
};

const MEDIA_TYPES = [
  'application/scim+json',
  'application/scim+json; charset=utf-8',
  'application/json',
  'application/json; charset=UTF-8',
];

const mediaTypes: Check = {
  id: 'dialects/media-types',
  title: 'Both media types are taken, with a charset and without, and either is answered',
  feature: 'http',
  profiles,
  requirements: ['DIALECT-26', 'DIALECT-27'],
  async run(trial: Trial) {
    for (const contentType of MEDIA_TYPES) {
      const answer = await trial.send('POST', users(trial.server), trial.userBody(), { contentType });
      trial.holds('DIALECT-26', succeeded(answer), `${contentType} should be taken; got ${came(answer)}`);
    }
    const made = await trial.makeUser();
    const answer = await trial.send('GET', made.path, undefined, { headers: { accept: 'application/json' } });
    trial.holds(
      'DIALECT-27',
      answer.status === 200 && at(answer.json, 'id') === made.id,
      `Accept: application/json should be answered with 200; got ${came(answer)}`,
    );
  },
};

const addresses: Check = {
  id: 'dialects/addresses',
  title: "A slash at the end of the base URL, and Entra's parameter, do no harm",
  feature: 'http',
  profiles,
  requirements: ['DIALECT-33'],
  async run(trial: Trial) {
    const made = await trial.makeUser();
    const query = encodeURIComponent(`userName eq ${quoted(String(sent(made).userName))}`);
    await finds(trial, 'DIALECT-33', `/${users(trial.server)}`, query, made);
    await finds(trial, 'DIALECT-33', users(trial.server), query, made, '&aadOptscim062020');
  },
};

export const checks: readonly Check[] = [filters, nobody, mediaTypes, addresses];
