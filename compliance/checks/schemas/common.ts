import type { Check, JsonObject, Made, Trial } from '../../trial.ts';
import { at, came, current, object, refused, replace, sent, shown, strings, text, unassigned } from '../reading.ts';
import { DATE_TIME } from './conformity.ts';
import { type Kind, kinds } from './kinds.ts';
import { endpointOf } from './samples.ts';

const presence: Check = {
  id: 'common/presence',
  title: 'Users and groups have schemas, an id and meta, when they are made and when they are read',
  feature: 'schemas',
  requirements: [
    ...['2.1-1', '3-1', '3-2', '3-3', '3-4', '3.3-1'].map((each) => `RFC7643-${each}`),
    ...[1, 2, 4, 8, 10, 14, 15, 17].map((each) => `RFC7643-3.1-${each}`),
  ],
  async run(trial: Trial) {
    for (const kind of kinds(trial)) {
      const made = await kind.make(trial);
      resource(trial, kind, made.resource);
      created(trial, kind, made);
      resource(trial, kind, await current(trial, made));
    }
  },
};

function resource(trial: Trial, { name, schema }: Kind, given: JsonObject): void {
  const schemas = at(given, 'schemas');
  const urns = strings(schemas).map((each) => each.toLowerCase());
  const of = `of a ${name}`;
  trial.holds('RFC7643-2.1-1', schemas !== undefined, `schemas ${of} is missing`);
  if (schemas !== undefined) {
    const isList = Array.isArray(schemas) && urns.length === schemas.length;
    trial.holds('RFC7643-3-1', isList, `schemas ${of} should be an array of strings; it is ${shown(schemas)}`);
    trial.holds(
      'RFC7643-3-2',
      new Set(urns).size === urns.length,
      `schemas ${of} names one of them twice: ${shown(schemas)}`,
    );
    trial.holds('RFC7643-3-3', urns.length > 0, `schemas ${of} should not be empty`);
    trial.holds(
      'RFC7643-3.3-1',
      urns.includes(schema.toLowerCase()),
      `schemas ${of} should name ${schema}; it is ${shown(schemas)}`,
    );
    const type = trial.server.resourceTypes.find((each) => each.schema.toLowerCase() === schema.toLowerCase());
    // A server without /ResourceTypes has said nothing that this could be held against.
    if (type && trial.server.serviceProviderConfig) {
      const allowed = [type.schema, ...type.schemaExtensions.map((each) => each.schema)].map((each) =>
        each.toLowerCase(),
      );
      const other = urns.filter((each) => !allowed.includes(each));
      trial.holds(
        'RFC7643-3-4',
        other.length === 0,
        `schemas ${of} names ${other.join(', ')}, which /ResourceTypes does not have for it`,
      );
    }
  }
  const id = text(at(given, 'id'));
  trial.holds(
    'RFC7643-3.1-4',
    id !== null,
    `id ${of} should be a string that is not empty; it is ${shown(at(given, 'id'))}`,
  );
  if (id !== null) trial.holds('RFC7643-3.1-8', !/bulkid/i.test(id), `id ${of} contains "bulkId": ${id}`);
  const meta = object(at(given, 'meta'));
  trial.holds('RFC7643-3.1-1', meta !== null, `meta ${of} is missing`);
  if (!meta) return;
  const missing = ['resourceType', 'created', 'lastModified', 'location'].filter((each) => !text(at(meta, each)));
  trial.holds(
    'RFC7643-3.1-2',
    missing.length === 0,
    `${missing.map((each) => `meta.${each}`).join(' and ')} ${of} should be there; meta is ${shown(meta)}`,
  );
  const called = at(meta, 'resourceType');
  const typeName = trial.server.resourceTypes.find((each) => each.schema.toLowerCase() === schema.toLowerCase())?.name;
  if (called !== undefined)
    trial.holds(
      'RFC7643-3.1-14',
      called === (typeName ?? name),
      `meta.resourceType ${of} should be ${typeName ?? name}; it is ${shown(called)}`,
    );
  const time = text(at(meta, 'created'));
  if (time !== null)
    trial.holds(
      'RFC7643-3.1-15',
      DATE_TIME.test(time),
      `meta.created ${of} should be a dateTime; it is ${shown(time)}`,
    );
}

function created(trial: Trial, { name }: Kind, made: Made): void {
  const externalId = at(made.resource, 'externalId');
  trial.holds(
    'RFC7643-3.1-10',
    unassigned(externalId),
    `a ${name} that was made without externalId has ${shown(externalId)}`,
  );
  const [first, latest] = ['created', 'lastModified'].map((each) =>
    Date.parse(text(at(made.resource, 'meta', each)) ?? ''),
  );
  if (first === undefined || latest === undefined || Number.isNaN(first + latest)) return;
  const times = shown(at(made.resource, 'meta'));
  trial.holds(
    'RFC7643-3.1-17',
    first === latest,
    `a new ${name} should have been modified when it was created; its meta is ${times}`,
  );
}

const identifiers: Check = {
  id: 'common/id',
  title: 'The server gives out ids, each once, and they stay',
  feature: 'schemas',
  requirements: [5, 6, 7, 9].map((each) => `RFC7643-3.1-${each}`),
  async run(trial: Trial) {
    const ids: string[] = [];
    for (const kind of kinds(trial)) {
      const wish = trial.name('own-id');
      const body = kind.name === 'User' ? trial.userBody({ id: wish }) : trial.groupBody({ id: wish });
      const answer = await trial.send('POST', endpointOf(trial.server, kind.schema), body);
      const given = at(answer.json, 'id');
      trial.holds('RFC7643-3.1-7', given !== wish, `the id that the client sent was taken: ${shown(given)}`);

      const [one, two] = [await kind.make(trial), await kind.make(trial)];
      ids.push(one.id, two.id);
      const read = await current(trial, one);
      trial.holds(
        'RFC7643-3.1-6',
        at(read, 'id') === one.id,
        `id was ${one.id} when it was made, and is ${shown(at(read, 'id'))}`,
      );
      const answered = await replace(trial, one, { id: two.id });
      const kept = await current(trial, one);
      const isKept = refused(answered) || at(answered.json, 'id') === one.id || answered.status === 204;
      trial.holds(
        'RFC7643-3.1-9',
        isKept && at(kept, 'id') === one.id,
        `a PUT with another id should leave the id as it is; it is ${shown(at(answered.json, 'id'))}`,
        answered,
      );
      for (const query of [
        `?attributes=${kind.name === 'User' ? 'userName' : 'displayName'}`,
        '?excludedAttributes=id',
      ]) {
        const id = at((await trial.send('GET', `${one.path}${query}`)).json, 'id');
        trial.holds('RFC7643-3.1-9', id === one.id, `with ${query} the id should still be there; it is ${shown(id)}`);
      }
    }
    trial.holds('RFC7643-3.1-5', new Set(ids).size === ids.length, `ids were given twice: ${ids.join(', ')}`);
  },
};

const idsOfTheGone: Check = {
  id: 'common/id-reuse',
  title: 'An id is not used again',
  feature: 'schemas',
  requirements: ['RFC7643-3.1-6'],
  async run(trial: Trial) {
    const first = await trial.makeUser();
    const answer = await trial.send('DELETE', first.path);
    trial.needs(answer.status === 204 || answer.status === 200, `it could not be deleted: ${came(answer)}`);
    const { userName } = sent(first);
    const second = await trial.makeUser(userName === undefined ? {} : { userName });
    trial.holds(
      'RFC7643-3.1-6',
      second.id !== first.id,
      `the id ${first.id} of a deleted user was given to another one`,
    );
  },
};

export const checks: readonly Check[] = [presence, identifiers, idsOfTheGone];
