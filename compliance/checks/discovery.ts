/** RFC 7644 section 4: a server describes itself at three endpoints. What the documents hold is in schemas/configuration.ts. */
import type { Exchange } from '../model.ts';
import type { Check, JsonObject, Trial } from '../trial.ts';
import { at, came, filtered, LIST_RESPONSE, object, objects, resources, shown, strings, text } from './reading.ts';

const CONFIG = 'urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig';

const configuration: Check = {
  id: 'discovery/service-provider-config',
  title: '/ServiceProviderConfig answers with one object of its own schema',
  feature: 'discovery',
  requirements: ['RFC7644-4-1'],
  async run(trial: Trial) {
    const answer = await trial.send('GET', '/ServiceProviderConfig');
    trial.holds('RFC7644-4-1', answer.status === 200, `expected 200, got ${came(answer)}`);
    if (answer.status !== 200) return;
    const schemas = at(answer.json, 'schemas');
    const names = strings(schemas).some((each) => each.toLowerCase() === CONFIG.toLowerCase());
    trial.holds('RFC7644-4-1', names, `expected ${CONFIG} in schemas, got ${shown(schemas)}`);
  },
};

/** Judges RFC7644-4-6. @returns what is in the list; null: it is none. */
function listed(trial: Trial, answer: Exchange) {
  const schemas = at(answer.json, 'schemas');
  const isList =
    answer.status === 200 &&
    strings(schemas).some((each) => each.toLowerCase() === LIST_RESPONSE.toLowerCase()) &&
    Array.isArray(at(answer.json, 'Resources'));
  const got = answer.status === 200 ? `schemas ${shown(schemas)}` : came(answer);
  trial.holds('RFC7644-4-6', isList, `expected a ListResponse with Resources, got ${got}`, answer);
  if (!isList) return null;
  const found = resources(answer);
  const total = at(answer.json, 'totalResults');
  trial.holds(
    'RFC7644-4-6',
    total === found.length,
    `expected totalResults ${found.length}, the number of resources, got ${shown(total)}`,
    answer,
  );
  return found;
}

const schemas: Check = {
  id: 'discovery/schemas',
  title: '/Schemas lists every schema of the resource types, and no messages',
  feature: 'discovery',
  requirements: ['RFC7644-3.1-2', 'RFC7644-4-2', 'RFC7644-4-6'],
  async run(trial: Trial) {
    const answer = await trial.send('GET', '/Schemas');
    trial.holds('RFC7644-4-2', answer.status === 200, `expected 200, got ${came(answer)}`);
    trial.needs(answer.status === 200, `/Schemas is not answered: ${came(answer)}`);
    const found = listed(trial, answer);
    if (!found) return;
    const ids = found.flatMap((each) => text(at(each, 'id')) ?? []).map((each) => each.toLowerCase());
    const used = trial.server.resourceTypes.flatMap((each) => [
      each.schema,
      ...each.schemaExtensions.map((extension) => extension.schema),
    ]);
    const missing = used.filter((each) => !ids.includes(each.toLowerCase()));
    trial.holds(
      'RFC7644-4-2',
      missing.length === 0,
      () => `expected every schema in use; ${missing.join(', ')} is missing`,
    );
    const alien = ids.filter((each) => each.startsWith('urn:ietf:params:scim:api:'));
    trial.holds(
      'RFC7644-3.1-2',
      alien.length === 0,
      () => `expected schemas of resources only, got ${alien.join(', ')}`,
    );
  },
};

const oneSchema: Check = {
  id: 'discovery/one-schema',
  title: 'A schema is read by its URN, as one object',
  feature: 'discovery',
  requirements: ['RFC7644-4-3', 'RFC7644-4-5'],
  async run(trial: Trial) {
    const { resourceTypes, serviceProviderConfig } = trial.server;
    // Where there is no discovery at all, three checks say so already.
    const isSilent = serviceProviderConfig === null && (await trial.send('GET', '/Schemas')).status !== 200;
    trial.needs(!isSilent, 'it has no /Schemas');
    const urns = resourceTypes.map((each) => each.schema).slice(0, 4);
    for (const urn of urns) {
      // As in the example of the section: a colon needs no escape in a path (RFC 3986 section 3.3).
      const answer = await trial.send('GET', `/Schemas/${urn}`);
      trial.holds('RFC7644-4-3', answer.status === 200, `expected 200, got ${came(answer)}`);
      if (answer.status === 200) isOne(trial, answer, urn, 'id');
    }
  },
};

/** Judges RFC7644-4-5. */
function isOne(trial: Trial, answer: Exchange, expected: string, ...names: string[]): void {
  const found = names.map((name) => at(answer.json, name));
  trial.holds(
    'RFC7644-4-5',
    Array.isArray(at(answer.json, 'Resources'))
      ? false
      : found.some((each) => typeof each === 'string' && each.toLowerCase() === expected.toLowerCase()),
    () => `expected one object, ${expected}, got ${shown(answer.json ?? answer.body)}`,
  );
}

const resourceTypes: Check = {
  id: 'discovery/types',
  title: '/ResourceTypes lists the resource types with their endpoints and schemas',
  feature: 'discovery',
  requirements: ['RFC7644-4-4', 'RFC7644-4-6'],
  async run(trial: Trial) {
    const answer = await trial.send('GET', '/ResourceTypes');
    trial.holds('RFC7644-4-4', answer.status === 200, `expected 200, got ${came(answer)}`);
    trial.needs(answer.status === 200, `/ResourceTypes is not answered: ${came(answer)}`);
    const found = listed(trial, answer);
    if (!found) return;
    for (const type of found)
      for (const name of ['endpoint', 'schema'])
        trial.holds('RFC7644-4-4', text(at(type, name)) !== null, () => `expected ${name} in ${shown(type)}`);
    const endpoints = found.flatMap((each) => text(at(each, 'endpoint')) ?? []);
    trial.holds(
      'RFC7644-4-4',
      endpoints.some((each) => each.replace(/\/+$/, '').endsWith('Users')),
      `expected /Users among the endpoints, got ${shown(endpoints)}`,
    );
  },
};

const oneType: Check = {
  id: 'discovery/one-type',
  title: 'A resource type is read by its name, as one object',
  feature: 'discovery',
  requirements: ['RFC7644-4-5'],
  async run(trial: Trial) {
    const all = await trial.send('GET', '/ResourceTypes');
    const [type] = resources(all);
    trial.needs(type !== undefined, '/ResourceTypes lists nothing');
    // RFC 7643 section 6: the id is often the name; where both are given, meta.location and section 8.6 show which it is.
    const name = text(at(type, 'id')) ?? text(at(type, 'name'));
    trial.needs(name !== null, 'the first resource type has no name');
    const answer = await trial.send('GET', `/ResourceTypes/${encodeURIComponent(name)}`);
    // Only where it says that it is there: no line demands it for resource types as 3.4.1 does for schemas.
    const isSaid = text(at(type, 'meta', 'location')) !== null;
    trial.needs(answer.status === 200 || isSaid, 'resource types cannot be read one by one');
    trial.holds('RFC7644-4-5', answer.status === 200, `expected 200 at its meta.location, got ${came(answer)}`);
    if (answer.status === 200) isOne(trial, answer, name, 'id', 'name');
  },
};

const unpaged: Check = {
  id: 'discovery/unpaged',
  title: 'Paging and sorting change nothing at the discovery endpoints',
  feature: 'discovery',
  requirements: ['RFC7644-4-7'],
  async run(trial: Trial) {
    for (const path of ['/ResourceTypes', '/Schemas']) {
      const plain = await trial.send('GET', path);
      const all = resources(plain);
      if (plain.status !== 200 || all.length < 2) continue;
      const answer = await trial.send('GET', `${path}?startIndex=2&count=1&sortBy=name&sortOrder=descending`);
      // Their order is the server's, and may be another one each time.
      const ids = (list: readonly JsonObject[]) =>
        list.map((each) => String(at(each, 'id') ?? at(each, 'name'))).sort();
      const found = ids(resources(answer));
      const same = answer.status === 200 && found.join() === ids(all).join();
      trial.holds(
        'RFC7644-4-7',
        same,
        `expected the same ${all.length} as without parameters, got ${answer.status === 200 ? `${found.length}: ${shown(found)}` : came(answer)}`,
      );
    }
  },
};

const filter: Check = {
  id: 'discovery/filter',
  title: 'A filter at a discovery endpoint is answered with 403',
  feature: 'discovery',
  requirements: ['RFC7644-4-8'],
  async run(trial: Trial) {
    for (const path of ['/ResourceTypes', '/Schemas']) {
      const plain = await trial.send('GET', path);
      if (plain.status !== 200) continue;
      const answer = await trial.send('GET', `${path}?${filtered('name eq "User"')}`);
      trial.holds('RFC7644-4-8', answer.status === 403, `expected 403, got ${came(answer)}`);
    }
  },
};

const plural: Check = {
  id: 'discovery/endpoint-names',
  title: 'Endpoints of further resource types are the plural of their name',
  feature: 'discovery',
  requirements: ['RFC7644-3.2-1'],
  async run(trial: Trial) {
    const answer = await trial.send('GET', '/ResourceTypes');
    const further = objects(at(object(answer.json), 'Resources')).filter((each) => {
      const schema = text(at(each, 'schema'))?.toLowerCase() ?? '';
      return !/^urn:ietf:params:scim:schemas:core:2\.0:(user|group)$/.test(schema);
    });
    for (const type of further) {
      const [name, endpoint] = [text(at(type, 'name')), text(at(type, 'endpoint'))];
      if (name === null || endpoint === null) continue;
      const last = endpoint.replace(/\/+$/, '').split('/').at(-1)?.toLowerCase() ?? '';
      // The section itself calls the plural ambiguous.
      const ies = /y$/i.test(name) ? [name.replace(/y$/i, 'ies')] : [];
      const plurals = [`${name}s`, `${name}es`, ...ies].map((each) => each.toLowerCase());
      trial.holds('RFC7644-3.2-1', plurals.includes(last), `expected /${name}s for the type ${name}, got ${endpoint}`);
    }
  },
};

export const checks: readonly Check[] = [
  configuration,
  schemas,
  oneSchema,
  resourceTypes,
  oneType,
  unpaged,
  filter,
  plural,
];
