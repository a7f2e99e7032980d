/** RFC 7643 section 7: what stands at /Schemas. */
import type { Check, JsonObject, Trial } from '../../trial.ts';
import { at, came, ENTERPRISE, objects, resources, shown, strings, text, USER } from '../reading.ts';

const SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Schema';

/** Small letters: "unless otherwise specified, all schema attributes are case insensitive" (section 7). */
const TYPES = ['string', 'boolean', 'decimal', 'integer', 'datetime', 'binary', 'reference', 'complex'];
const KEYWORDS: readonly (readonly [string, string, readonly string[]])[] = [
  ['mutability', 'RFC7643-7-14', ['readonly', 'readwrite', 'immutable', 'writeonly']],
  ['returned', 'RFC7643-7-18', ['always', 'never', 'default', 'request']],
  ['uniqueness', 'RFC7643-7-22', ['none', 'server', 'global']],
];

const schemaResources: Check = {
  id: 'schemas/resources',
  title: 'Schemas name themselves and their own schema, and have attributes with names',
  feature: 'schemas',
  requirements: ['RFC7643-7-2', 'RFC7643-7-4', 'RFC7643-7-6', 'RFC7643-2.1-2'],
  async run(trial: Trial) {
    for (const schema of await listed(trial)) {
      const id = text(at(schema, 'id'));
      const schemas = strings(at(schema, 'schemas'));
      trial.holds(
        'RFC7643-7-2',
        schemas.some((each) => each.toLowerCase() === SCHEMA.toLowerCase()),
        `schemas of ${shown(id)} should name ${SCHEMA}; it is ${shown(at(schema, 'schemas'))}`,
      );
      trial.holds(
        'RFC7643-7-4',
        id !== null && /^[a-z][a-z0-9+.-]*:./i.test(id),
        `the id of a schema should be its URI; it is ${shown(at(schema, 'id'))}`,
      );
      const attributes = at(schema, 'attributes');
      trial.holds(
        'RFC7643-7-6',
        Array.isArray(attributes),
        `attributes of ${shown(id)} should be an array; it is ${shown(attributes)}`,
      );
      for (const [path, attribute] of paths(schema)) {
        const name = text(at(attribute, 'name'));
        if (!trial.holds('RFC7643-7-6', name !== null, `an attribute at ${path} has no name: ${shown(attribute)}`))
          continue;
        // "$ref" itself begins with what the rule allows only further on.
        trial.holds(
          'RFC7643-2.1-2',
          /^[a-z$][a-z0-9$_-]*$/i.test(name ?? ''),
          `${path} is no name of an attribute: a letter, then letters, digits, $, - and _`,
        );
      }
    }
  },
};

const characteristics: Check = {
  id: 'schemas/characteristics',
  title: 'Every attribute has a type and the other characteristics, with values that the standard knows',
  feature: 'schemas',
  requirements: ['RFC7643-7-7', 'RFC7643-2.3-1', 'RFC7643-7-9', 'RFC7643-7-11', ...KEYWORDS.map(([, id]) => id)],
  async run(trial: Trial) {
    for (const schema of await listed(trial))
      for (const [path, attribute] of paths(schema)) {
        const type = text(at(attribute, 'type'));
        const isCore = shown(at(schema, 'id')).includes('urn:ietf:params:scim:schemas:core:2.0:');
        const knownType = type !== null && TYPES.includes(type.toLowerCase());
        if (type === null || isCore)
          trial.holds(
            'RFC7643-7-7',
            knownType,
            `the type of ${path} should be one of the standard's; it is ${shown(type)}`,
          );
        else
          trial.holds(
            'RFC7643-2.3-1',
            knownType,
            `the type of ${path} should be one of the standard's; it is ${shown(type)}`,
          );
        const multiValued = at(attribute, 'multiValued');
        trial.holds(
          'RFC7643-7-9',
          typeof multiValued === 'boolean',
          `multiValued of ${path} should be a boolean; it is ${shown(multiValued)}`,
        );
        for (const name of ['required', 'caseExact']) {
          const value = at(attribute, name);
          trial.holds(
            'RFC7643-7-11',
            value === undefined || typeof value === 'boolean',
            `${name} of ${path} should be a boolean; it is ${shown(value)}`,
          );
        }
        for (const [name, requirement, allowed] of KEYWORDS) {
          const value = at(attribute, name);
          const fits = value === undefined || (typeof value === 'string' && allowed.includes(value.toLowerCase()));
          trial.holds(
            requirement,
            fits,
            `${name} of ${path} should be one of ${allowed.join(', ')}; it is ${shown(value)}`,
          );
        }
      }
  },
};

const nesting: Check = {
  id: 'schemas/nesting',
  title: 'Complex attributes, and they alone, have sub-attributes, which are simple',
  feature: 'schemas',
  requirements: ['RFC7643-1.2-1', 'RFC7643-2.3.8-2', 'RFC7643-7-8'],
  async run(trial: Trial) {
    for (const schema of await listed(trial)) {
      // "Unlike other core resources, the Schema resource MAY contain a complex object within a sub-attribute."
      if (text(at(schema, 'id'))?.toLowerCase() === SCHEMA.toLowerCase()) continue;
      for (const [path, attribute, depth] of paths(schema)) {
        const below = objects(at(attribute, 'subAttributes'));
        const isComplex = text(at(attribute, 'type'))?.toLowerCase() === 'complex';
        trial.holds(
          'RFC7643-1.2-1',
          isComplex || below.length === 0,
          `${path} is not complex, yet it has sub-attributes`,
        );
        trial.holds('RFC7643-2.3.8-2', depth === 0 || !isComplex, `${path} is a sub-attribute, yet it is complex`);
        if (isComplex) trial.holds('RFC7643-7-8', below.length > 0, `${path} is complex, yet it has no subAttributes`);
      }
    }
  },
};

const referenceTypes: Check = {
  id: 'schemas/reference-types',
  title: 'References say where they lead',
  feature: 'schemas',
  requirements: ['RFC7643-7-24'],
  async run(trial: Trial) {
    for (const schema of await listed(trial))
      for (const [path, attribute] of paths(schema)) {
        const isReference = text(at(attribute, 'type'))?.toLowerCase() === 'reference';
        const types = at(attribute, 'referenceTypes');
        const some = strings(types).length > 0;
        const expected = isReference ? 'a list of types' : 'nothing, since it is no reference';
        trial.holds(
          'RFC7643-7-24',
          some === isReference,
          `referenceTypes of ${path} should be ${expected}; it is ${shown(types)}`,
        );
      }
  },
};

const userSchema: Check = {
  id: 'schemas/user',
  title: 'The schemas of users say what the standard says of userName, password and the manager',
  feature: 'schemas',
  requirements: ['RFC7643-4.1.1-3', 'RFC7643-4.1.1-4', 'RFC7643-4.1.1-13', 'RFC7643-4.3-1', 'RFC7643-4.3-2'],
  async run(trial: Trial) {
    const schemas = await listed(trial);
    const byId = (urn: string) => schemas.find((each) => text(at(each, 'id'))?.toLowerCase() === urn.toLowerCase());
    const user = byId(USER);
    trial.needs(user !== undefined, 'it lists no schema of users');
    const named = (among: unknown, name: string) =>
      objects(among).find((each) => text(at(each, 'name'))?.toLowerCase() === name);
    const userName = named(at(user, 'attributes'), 'username');
    trial.holds(
      'RFC7643-4.1.1-3',
      at(userName, 'required') === true,
      `userName should be there and required; it is ${shown(userName)}`,
    );
    trial.holds('RFC7643-4.1.1-4', at(userName, 'caseExact') !== true, 'userName should not be caseExact');
    const password = named(at(user, 'attributes'), 'password');
    if (password) {
      const is = `${at(password, 'mutability')}, ${at(password, 'returned')}`;
      trial.holds(
        'RFC7643-4.1.1-13',
        is.toLowerCase() === 'writeonly, never',
        `password should be writeOnly and returned never; it is ${is}`,
      );
    }
    const manager = named(at(byId(ENTERPRISE), 'attributes'), 'manager');
    if (!manager) return;
    const parts = at(manager, 'subAttributes');
    trial.holds('RFC7643-4.3-1', named(parts, 'value') !== undefined, 'manager has no value');
    trial.holds('RFC7643-4.3-2', named(parts, '$ref') !== undefined, 'manager has no $ref');
  },
};

const redefinition: Check = {
  id: 'schemas/redefinition',
  title: 'Extensions do not define again what the core schema has',
  feature: 'schemas',
  requirements: ['RFC7643-3.3-2'],
  unless: ({ resourceTypes }) =>
    resourceTypes.some((each) => each.schemaExtensions.length > 0) ? null : 'no resource type has an extension',
  async run(trial: Trial) {
    const schemas = new Map((await listed(trial)).map((each) => [text(at(each, 'id'))?.toLowerCase(), each]));
    const namesOf = (urn: string) =>
      objects(at(schemas.get(urn.toLowerCase()), 'attributes')).flatMap((each) => text(at(each, 'name')) ?? []);
    for (const type of trial.server.resourceTypes) {
      const taken = new Set(
        [...namesOf(type.schema), 'id', 'externalId', 'meta', 'schemas'].map((each) => each.toLowerCase()),
      );
      for (const { schema } of type.schemaExtensions) {
        const again = namesOf(schema).filter((each) => taken.has(each.toLowerCase()));
        trial.holds(
          'RFC7643-3.3-2',
          again.length === 0,
          `${schema} defines ${again.join(', ')}, which ${type.name} has already`,
        );
      }
    }
  },
};

async function listed(trial: Trial): Promise<JsonObject[]> {
  const answer = await trial.send('GET', '/Schemas');
  const found = resources(answer);
  trial.needs(answer.status === 200 && found.length > 0, `/Schemas lists nothing: ${came(answer)}`);
  return found;
}

/** Attributes and what is below them, each with its path for messages and its depth. */
function paths(schema: JsonObject): [path: string, attribute: JsonObject, depth: number][] {
  const below = (attributes: unknown, start: string, depth: number): [string, JsonObject, number][] =>
    objects(attributes).flatMap((each) => {
      const path = `${start}${text(at(each, 'name')) ?? '(no name)'}`;
      return [[path, each, depth], ...below(at(each, 'subAttributes'), `${path}.`, depth + 1)];
    });
  const name = text(at(schema, 'name')) ?? text(at(schema, 'id')) ?? 'a schema';
  return below(at(schema, 'attributes'), `${name}.`, 0);
}

export const checks: readonly Check[] = [
  schemaResources,
  characteristics,
  nesting,
  referenceTypes,
  userSchema,
  redefinition,
];
