/** RFC 7643 sections 5 and 6: the documents in which a server describes itself. */
import type { Check, JsonObject, Trial } from '../../trial.ts';
import { at, came, object, objects, resources, shown, strings, text } from '../reading.ts';

const CONFIG = 'urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig';
const RESOURCE_TYPE = 'urn:ietf:params:scim:schemas:core:2.0:ResourceType';

/** Member, below it the value, its type, the number of the requirement in section 5. */
const MEMBERS: readonly (readonly [string, string, 'boolean' | 'integer', number])[] = [
  ['patch', 'supported', 'boolean', 3],
  ['bulk', 'supported', 'boolean', 4],
  ['bulk', 'maxOperations', 'integer', 5],
  ['bulk', 'maxPayloadSize', 'integer', 6],
  ['filter', 'supported', 'boolean', 7],
  ['filter', 'maxResults', 'integer', 8],
  ['changePassword', 'supported', 'boolean', 9],
  ['sort', 'supported', 'boolean', 10],
  ['etag', 'supported', 'boolean', 11],
];

const configuration: Check = {
  id: 'discovery/configuration',
  title: 'The service provider configuration says all that it must',
  feature: 'discovery',
  requirements: ['RFC7643-5-1', ...MEMBERS.map(([, , , number]) => `RFC7643-5-${number}`), 'RFC7643-5-12'],
  async run(trial: Trial) {
    const config = await document(trial, '/ServiceProviderConfig');
    const schemas = at(config, 'schemas');
    trial.holds('RFC7643-5-1', names(schemas, CONFIG), `schemas should name ${CONFIG}; it is ${shown(schemas)}`);
    for (const [member, name, type, number] of MEMBERS) {
      const value = at(config, member, name);
      const fits = type === 'boolean' ? typeof value === 'boolean' : Number.isInteger(value);
      const article = type === 'boolean' ? 'a' : 'an';
      trial.holds(`RFC7643-5-${number}`, fits, `${member}.${name} should be ${article} ${type}; it is ${shown(value)}`);
    }
    const schemes = at(config, 'authenticationSchemes');
    trial.holds(
      'RFC7643-5-12',
      Array.isArray(schemes),
      `authenticationSchemes should be an array; it is ${shown(schemes)}`,
    );
  },
};

const authenticationSchemes: Check = {
  id: 'discovery/authentication-schemes',
  title: 'Every way to authenticate has a type, a name and a description',
  feature: 'discovery',
  requirements: ['RFC7643-5-14', 'RFC7643-5-15', 'RFC7643-5-16'],
  async run(trial: Trial) {
    const schemes = objects(at(await document(trial, '/ServiceProviderConfig'), 'authenticationSchemes'));
    trial.needs(schemes.length > 0, 'it lists no way to authenticate');
    for (const [name, requirement] of [
      ['type', 'RFC7643-5-14'],
      ['name', 'RFC7643-5-15'],
      ['description', 'RFC7643-5-16'],
    ] as const) {
      const without = schemes.filter((each) => text(at(each, name)) === null);
      trial.holds(requirement, without.length === 0, () => `a scheme has no ${name}: ${shown(without[0])}`);
    }
  },
};

const openSchemes: Check = {
  id: 'discovery/open-schemes',
  title: 'The ways to authenticate can be read by who has not authenticated',
  feature: 'discovery',
  requirements: ['RFC7643-5-13'],
  async run(trial: Trial) {
    const known = at(await document(trial, '/ServiceProviderConfig'), 'authenticationSchemes');
    trial.needs(Array.isArray(known), 'it lists no way to authenticate');
    const answer = await trial.send('GET', '/ServiceProviderConfig', undefined, { anonymous: true });
    const schemes = at(answer.json, 'authenticationSchemes');
    trial.holds(
      'RFC7643-5-13',
      answer.status === 200 && Array.isArray(schemes),
      `without a token, 200 and authenticationSchemes were expected; got ${came(answer)}`,
    );
  },
};

const resourceTypes: Check = {
  id: 'discovery/resource-types',
  title: 'Every resource type says all that it must',
  feature: 'discovery',
  requirements: ['RFC7643-6-1', 'RFC7643-6-2', 'RFC7643-6-4', 'RFC7643-6-5', 'RFC7643-6-6', 'RFC7643-6-7'],
  async run(trial: Trial) {
    const answer = await trial.send('GET', '/ResourceTypes');
    const types = resources(answer);
    trial.needs(answer.status === 200 && types.length > 0, `/ResourceTypes lists nothing: ${came(answer)}`);
    for (const type of types) {
      const called = shown(at(type, 'name') ?? at(type, 'id'));
      const schemas = at(type, 'schemas');
      trial.holds(
        'RFC7643-6-1',
        names(schemas, RESOURCE_TYPE),
        `schemas of ${called} should name ${RESOURCE_TYPE}; it is ${shown(schemas)}`,
        answer,
      );
      trial.holds(
        'RFC7643-6-2',
        text(at(type, 'name')) !== null,
        `a resource type has no name: ${shown(type)}`,
        answer,
      );
      const endpoint = text(at(type, 'endpoint'));
      trial.holds(
        'RFC7643-6-4',
        endpoint !== null && !/^[a-z]+:\/\//i.test(endpoint),
        `endpoint of ${called} should be relative to the base URL; it is ${shown(endpoint)}`,
        answer,
      );
      await known(trial, 'RFC7643-6-5', at(type, 'schema'), `schema of ${called}`);
      for (const extension of objects(at(type, 'schemaExtensions'))) {
        await known(trial, 'RFC7643-6-6', at(extension, 'schema'), `schema of an extension of ${called}`);
        const required = at(extension, 'required');
        trial.holds(
          'RFC7643-6-7',
          typeof required === 'boolean',
          `required of ${shown(at(extension, 'schema'))} at ${called} should be a boolean; it is ${shown(required)}`,
          answer,
        );
      }
    }
  },
};

/** Asked for once in a conversation. */
const listings = new WeakMap<Trial, Promise<JsonObject[]>>();

/** Whether a URI is the id of a Schema resource: in the list, or by itself. */
export async function isSchema(trial: Trial, urn: string): Promise<boolean> {
  const known = listings.get(trial) ?? trial.send('GET', '/Schemas').then(resources);
  listings.set(trial, known);
  const listed = await known;
  const same = (each: unknown) => text(at(each, 'id'))?.toLowerCase() === urn.toLowerCase();
  if (listed.some(same)) return true;
  const { status, json } = await trial.send('GET', `/Schemas/${encodeURIComponent(urn)}`);
  return status === 200 && same(json);
}

async function known(trial: Trial, requirement: string, urn: unknown, what: string): Promise<void> {
  const uri = text(urn);
  const met = uri !== null && (await isSchema(trial, uri));
  trial.holds(requirement, met, `${what} should be the id of a Schema resource; ${shown(urn)} is none`);
}

async function document(trial: Trial, path: string) {
  const answer = await trial.send('GET', path);
  const found = object(answer.json);
  trial.needs(answer.status === 200 && found !== null, `${path} cannot be read: ${came(answer)}`);
  return found;
}

function names(schemas: unknown, urn: string): boolean {
  return strings(schemas).some((each) => each.toLowerCase() === urn.toLowerCase());
}

export const checks: readonly Check[] = [configuration, authenticationSchemes, openSchemes, resourceTypes];
