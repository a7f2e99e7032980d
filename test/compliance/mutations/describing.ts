/** What a server says of itself: configuration, resource types, schemas. */
import type { Any } from './broken-server.ts';
import {
  all,
  answers,
  ENTERPRISE,
  error,
  GROUP,
  instead,
  list,
  type Mutation,
  requests,
  shown,
  USER,
} from './mutation.ts';

const config = (change: (body: Any) => void) => answers(/^GET \/ServiceProviderConfig$/, ({ body }) => change(body));
const types = (change: (type: Any) => void) =>
  answers(/^GET \/ResourceTypes$/, ({ body }) => {
    for (const each of body.Resources) change(each);
  });
const schemas = (change: (schema: Any) => void) =>
  answers(/^GET \/Schemas/, ({ body }) => {
    for (const each of body.Resources ?? [body]) change(each);
  });
/** Of users; those below others as well. */
const attribute = (name: string, change: (attribute: Any) => void, urn = USER) =>
  schemas(({ id, attributes }) => {
    if (id === urn) for (const each of attributes) if (each.name === name) change(each);
  });

export { attribute, types };

export const mutations: readonly Mutation[] = [
  {
    name: 'schemes-need-a-token',
    broken: 'The configuration can be read with a token only (our own server, by decision).',
    fault: all(),
    reds: ['discovery/open-schemes'],
  },
  {
    name: 'nested-complex-attributes',
    broken: 'A schema has complex attributes in complex ones.',
    fault: attribute('addresses', (each) =>
      each.subAttributes.push({
        name: 'geo',
        type: 'complex',
        multiValued: false,
        subAttributes: [{ name: 'x', type: 'decimal', multiValued: false }],
      }),
    ),
    reds: ['schemas/nesting'],
  },
  {
    name: 'configuration-without-schemas',
    broken: 'The configuration does not name its schema.',
    fault: config((body) => delete body.schemas),
    reds: ['discovery/service-provider-config', 'discovery/configuration'],
  },
  {
    name: 'limits-as-text',
    broken: 'Limits in the configuration are texts.',
    fault: config(({ bulk, filter }) => {
      bulk.maxOperations = String(bulk.maxOperations);
      filter.maxResults = String(filter.maxResults);
    }),
    reds: ['discovery/configuration', 'bulk/limits'],
  },
  {
    name: 'nameless-schemes',
    broken: 'A way to authenticate has no description.',
    fault: config(({ authenticationSchemes }) => {
      for (const each of authenticationSchemes) delete each.description;
    }),
    reds: ['discovery/authentication-schemes'],
  },
  {
    name: 'no-pagination-told',
    broken: 'The configuration does not say how it pages.',
    fault: config((body) => delete body.pagination),
    reds: ['cursor/configuration'],
  },
  {
    name: 'pagination-as-text',
    broken: 'What the configuration says of pages is text.',
    fault: config(({ pagination }) => {
      pagination.cursor = 'true';
    }),
    reds: ['cursor/configuration'],
  },
  {
    name: 'schemas-as-a-bare-array',
    broken: '/Schemas is an array, not a list.',
    fault: answers(/^GET \/Schemas$/, (answer) => {
      answer.body = answer.body.Resources;
    }),
    reds: ['discovery/schemas', 'entra/schemas'],
  },
  {
    name: 'extension-unpublished',
    broken: 'The schema of an extension in use is not published.',
    fault: all(
      answers(/^GET \/Schemas$/, ({ body }) => {
        body.Resources = body.Resources.filter((each: Any) => each.id !== ENTERPRISE);
        body.totalResults = body.Resources.length;
      }),
      instead(
        ({ path }) => path === `/Schemas/${ENTERPRISE}`,
        () => error(404),
      ),
    ),
    reds: ['discovery/schemas', 'discovery/resource-types'],
  },
  {
    name: 'core-schema-unpublished',
    broken: 'The schema of groups is not published.',
    fault: all(
      answers(/^GET \/Schemas$/, ({ body }) => {
        body.Resources = body.Resources.filter((each: Any) => each.id !== GROUP);
        body.totalResults = body.Resources.length;
      }),
      instead(
        ({ path }) => path === `/Schemas/${GROUP}`,
        () => error(404),
      ),
    ),
    reds: ['schemas/published', 'discovery/schemas', 'discovery/one-schema', 'discovery/resource-types'],
  },
  {
    name: 'schema-in-a-list',
    broken: 'A schema that is read by its URN comes in a list of one.',
    fault: answers(/^GET \/Schemas\/./, (answer) => Object.assign(answer, list(answer.body))),
    reds: ['discovery/one-schema'],
  },
  {
    name: 'types-without-endpoints',
    broken: 'Resource types do not say where they are.',
    fault: types((type) => delete type.endpoint),
    reds: ['discovery/types', 'discovery/resource-types'],
  },
  {
    name: 'extensions-without-required',
    broken: 'Resource types do not say whether an extension is required.',
    fault: types(({ schemaExtensions }) => {
      for (const each of schemaExtensions ?? []) delete each.required;
    }),
    reds: ['discovery/resource-types'],
  },
  {
    name: 'types-not-one-by-one',
    broken: 'A resource type is not found at its location.',
    fault: instead(/^GET \/ResourceTypes\/./, () => error(404)),
    reds: ['discovery/one-type'],
  },
  {
    name: 'no-groups-told',
    broken: 'Groups are there, and not among the resource types.',
    fault: answers(/^GET \/ResourceTypes$/, ({ body }) => {
      body.Resources = body.Resources.filter((each: Any) => each.schema !== GROUP);
      body.totalResults = body.Resources.length;
    }),
    reds: ['entra/groups'],
  },
  {
    name: 'singular-endpoint',
    broken: 'The endpoint of a further resource type is in the singular.',
    fault: types((type) => {
      if (![USER, GROUP].includes(type.schema)) type.endpoint = type.endpoint.replace(/s$/, '');
    }),
    reds: ['discovery/endpoint-names'],
  },
  {
    name: 'discovery-in-pages',
    broken: 'startIndex and count cut the schemas and resource types.',
    fault: answers(/^GET \/(Schemas|ResourceTypes)$/, ({ body }, { query }) => {
      const from = Number(query.get('startIndex') ?? 1) - 1;
      body.Resources = body.Resources.slice(from, from + Number(query.get('count') ?? 1000));
    }),
    reds: ['discovery/unpaged'],
  },
  {
    name: 'discovery-with-filters',
    broken: 'A filter at the discovery endpoints is ignored.',
    fault: requests(/^GET \/(Schemas|ResourceTypes)$/, ({ query }) => query.delete('filter')),
    reds: ['discovery/filter'],
  },
  {
    name: 'schemas-without-schemas',
    broken: 'Schemas do not name their own schema.',
    fault: schemas((schema) => delete schema.schemas),
    reds: ['schemas/resources'],
  },
  {
    name: 'types-of-a-database',
    broken: 'Attributes have types that the standard does not know.',
    fault: schemas(({ attributes }) => {
      for (const each of attributes) if (each.type === 'string') each.type = 'varchar';
    }),
    reds: ['schemas/characteristics', 'entra/schemas'],
  },
  {
    name: 'nothing-below-complex',
    broken: 'A complex attribute has no sub-attributes.',
    fault: attribute('name', (each) => delete each.subAttributes),
    reds: ['schemas/nesting'],
    kin: ['okta/create'],
  },
  {
    name: 'references-to-anything',
    broken: 'References do not say to what.',
    fault: schemas(({ attributes }) => {
      for (const each of attributes) delete each.referenceTypes;
    }),
    reds: ['schemas/reference-types'],
  },
  {
    name: 'null-in-schemas',
    broken: 'What a schema does not say is null.',
    fault: schemas((schema) => {
      schema.meta.version = null;
    }),
    reds: ['entra/schemas'],
  },
  {
    name: 'user-name-not-required',
    broken: 'The schema does not require a userName.',
    fault: attribute('userName', (each) => {
      each.required = false;
    }),
    reds: ['schemas/user'],
  },
  {
    name: 'passwords-readable-by-schema',
    broken: 'The schema says that passwords are returned by default.',
    fault: attribute('password', (each) => {
      each.mutability = 'readWrite';
      each.returned = 'default';
    }),
    reds: ['schemas/user', 'password/hidden'],
  },
  {
    name: 'defined-again',
    broken: 'An extension defines an attribute that the core schema has.',
    fault: schemas(({ id, attributes }) => {
      if (id === ENTERPRISE) attributes.push({ name: 'title', type: 'string', multiValued: false });
    }),
    reds: ['schemas/redefinition'],
  },
  {
    name: 'unknown-urn-in-resources',
    broken: 'Resources name a schema that nobody publishes.',
    fault: shown((resource) => resource.schemas?.push('urn:acme:params:scim:schemas:internal:1.0')),
    reds: ['schemas/published', 'common/presence'],
  },
  {
    name: 'required-extension-missing',
    broken: 'The enterprise extension is required and missing.',
    fault: all(
      types(({ schema, schemaExtensions }) => {
        if (schema === USER) for (const each of schemaExtensions) each.required = each.schema === ENTERPRISE;
      }),
      shown((user) => delete user[ENTERPRISE]),
    ),
    reds: ['schemas/required-extensions'],
    kin: [
      'schemas/extension',
      'bulk/references-extension',
      'entra/update',
      'entra/flag',
      'entra/manager',
      'dialects/without-path',
      'dialects/manager',
      'dialects/unnamed-extension',
    ],
  },
  {
    name: 'mutable-immutable',
    broken: 'The title is immutable by its schema, and can be changed.',
    fault: attribute('title', (each) => {
      each.mutability = 'immutable';
    }),
    reds: ['schemas/immutable', 'replace/immutable', 'patch/immutable'],
  },
  {
    name: 'writable-read-only',
    broken: 'The title is readOnly by its schema, and can be changed.',
    fault: attribute('title', (each) => {
      each.mutability = 'readOnly';
    }),
    reds: ['schemas/read-only'],
  },
  {
    name: 'always-on-request',
    broken: 'The title is returned on request by its schema, and is shown always.',
    fault: attribute('title', (each) => {
      each.returned = 'request';
    }),
    reds: ['schemas/returned', 'projection/request', 'projection/default'],
  },
  {
    name: 'size-limit-untrue',
    broken: 'The limit of a bulk request in bytes is not kept.',
    fault: config(({ bulk }) => {
      bulk.maxPayloadSize = 4_000;
    }),
    reds: ['bulk/too-large'],
  },
  {
    name: 'operation-limit-untrue',
    broken: 'The limit of operations in a bulk request is not kept.',
    fault: config(({ bulk }) => {
      bulk.maxOperations = 3;
    }),
    reds: ['bulk/too-many'],
  },
  {
    name: 'limits-untold',
    broken: 'The limits of bulk requests are not told.',
    fault: config(({ bulk }) => {
      delete bulk.maxOperations;
      delete bulk.maxPayloadSize;
    }),
    reds: ['bulk/limits', 'discovery/configuration'],
  },
];
