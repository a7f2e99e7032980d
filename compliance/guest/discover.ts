/** What a server says of itself at its discovery endpoints. Where it is silent, little is assumed and nothing is held against it. */
import type { Attribute, JsonObject, ResourceType, Schema, Server } from '../trial.ts';
import type { Client } from './client.ts';

export const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';

export async function discover(client: Client): Promise<Server> {
  const described = await client.send('GET', '/ServiceProviderConfig');
  const config = described.status === 200 ? object(described.json) : null;
  const listedTypes = resources((await client.send('GET', '/ResourceTypes')).json).flatMap(resourceType);
  const listedSchemas = resources((await client.send('GET', '/Schemas')).json).flatMap(schema);

  const resourceTypes = listedTypes.length > 0 ? listedTypes : await guessedTypes(client);
  const schemas = new Map(listedSchemas.map((each) => [each.id.toLowerCase(), each]));
  // Some list only a part, or nothing, and answer for each by its name.
  for (const { schema: main, schemaExtensions } of resourceTypes)
    for (const id of [main, ...schemaExtensions.map((each) => each.schema)]) {
      if (schemas.has(id.toLowerCase())) continue;
      const { status, json } = await client.send('GET', `/Schemas/${encodeURIComponent(id)}`);
      const [found] = status === 200 ? schema(json) : [];
      if (found) schemas.set(id.toLowerCase(), found);
    }
  for (const each of FALLBACK) if (!schemas.has(each.id.toLowerCase())) schemas.set(each.id.toLowerCase(), each);

  return {
    url: client.base,
    supports: supported(config),
    limits: {
      filterMaxResults: number(config?.filter, 'maxResults'),
      bulkMaxOperations: number(config?.bulk, 'maxOperations'),
      bulkMaxPayloadSize: number(config?.bulk, 'maxPayloadSize'),
    },
    serviceProviderConfig: config,
    resourceTypes,
    schemas,
    attribute: (type, path) => attributeAt(schemas, type, path),
    hasGroups: resourceTypes.some((each) => each.schema.toLowerCase() === GROUP.toLowerCase()),
  };
}

/** In a few words, for a report. */
export function describe({ supports, limits, hasGroups, serviceProviderConfig }: Server): string {
  const words = Object.entries(supports).flatMap(([name, is]) => {
    if (!is || name === 'index') return [];
    if (name === 'filter' && limits.filterMaxResults !== null) return [`filter (max ${limits.filterMaxResults})`];
    if (name === 'bulk' && limits.bulkMaxOperations !== null) return [`bulk (max ${limits.bulkMaxOperations})`];
    return [name === 'cursor' ? 'cursor paging' : name];
  });
  if (hasGroups) words.push('groups');
  if (serviceProviderConfig === null) words.push('silent about PATCH, filters and other options, which --force tries');
  return words.join(', ') || 'it says nothing of itself';
}

function supported(config: JsonObject | null): Server['supports'] {
  const says = (name: string) => object(config?.[name])?.supported === true;
  const pagination = object(config?.pagination);
  return {
    patch: says('patch'),
    bulk: says('bulk'),
    filter: says('filter'),
    changePassword: says('changePassword'),
    sort: says('sort'),
    etag: says('etag'),
    // RFC 9865 section 4.
    cursor: pagination?.cursor === true,
    // RFC 7644 knows no other way.
    index: pagination?.index !== false,
  };
}

/** By asking for one at most. */
async function guessedTypes(client: Client): Promise<ResourceType[]> {
  const users = { name: 'User', endpoint: '/Users', schema: USER, schemaExtensions: [] };
  const groups = await client.send('GET', '/Groups?startIndex=1&count=1');
  const hasGroups = groups.status === 200 && typeof object(groups.json)?.totalResults === 'number';
  return hasGroups ? [users, { name: 'Group', endpoint: '/Groups', schema: GROUP, schemaExtensions: [] }] : [users];
}

function attributeAt(schemas: ReadonlyMap<string, Schema>, type: 'User' | 'Group', path: string): Attribute | null {
  const lower = path.toLowerCase();
  const urn = [...schemas.keys()]
    .filter((each) => lower.startsWith(`${each}:`) || lower === each)
    .sort((a, b) => b.length - a.length)[0];
  const main = (type === 'User' ? USER : GROUP).toLowerCase();
  const schema = schemas.get(urn ?? main);
  const names = (urn === undefined ? lower : lower.slice(urn.length + 1)).split('.').filter((each) => each !== '');
  let among: readonly Attribute[] =
    urn === undefined || urn === main ? [...(schema?.attributes ?? []), ...COMMON] : (schema?.attributes ?? []);
  let found: Attribute | undefined;
  for (const name of names) {
    found = among.find((each) => each.name.toLowerCase() === name);
    if (!found) return null;
    among = found.subAttributes;
  }
  return found ?? null;
}

function resources(json: unknown): unknown[] {
  const list = Array.isArray(json) ? json : object(json)?.Resources;
  return Array.isArray(list) ? list : [];
}

function resourceType(given: unknown): ResourceType[] {
  const type = object(given);
  if (typeof type?.endpoint !== 'string' || typeof type.schema !== 'string') return [];
  // An absolute URL is not what RFC 7643 section 6 says, but it names the same.
  const path = type.endpoint.replace(/^https?:\/\/.*(\/[^/]+)\/?$/, '$1').replace(/\/+$/, '');
  const extensions = Array.isArray(type.schemaExtensions) ? type.schemaExtensions : [];
  return [
    {
      name: typeof type.name === 'string' ? type.name : type.schema,
      endpoint: path.startsWith('/') ? path : `/${path}`,
      schema: type.schema,
      schemaExtensions: extensions.flatMap((each) => {
        const extension = object(each);
        if (typeof extension?.schema !== 'string') return [];
        return [{ schema: extension.schema, required: extension.required === true }];
      }),
    },
  ];
}

function schema(given: unknown): Schema[] {
  const found = object(given);
  if (typeof found?.id !== 'string' || !Array.isArray(found.attributes)) return [];
  const name = typeof found.name === 'string' ? found.name : found.id;
  return [{ id: found.id, name, attributes: found.attributes.flatMap(attribute) }];
}

/** With the defaults of RFC 7643 section 2.2. */
function attribute(given: unknown): Attribute[] {
  const found = object(given);
  if (typeof found?.name !== 'string') return [];
  const text = (key: string, otherwise: string) => (typeof found[key] === 'string' ? found[key] : otherwise);
  const list = (key: string): unknown[] => (Array.isArray(found[key]) ? found[key] : []);
  return [
    {
      name: found.name,
      type: text('type', 'string'),
      multiValued: found.multiValued === true,
      required: found.required === true,
      caseExact: found.caseExact === true,
      mutability: text('mutability', 'readWrite'),
      returned: text('returned', 'default'),
      uniqueness: text('uniqueness', 'none'),
      canonicalValues: list('canonicalValues').filter((each) => typeof each === 'string'),
      subAttributes: list('subAttributes').flatMap(attribute),
    },
  ];
}

function object(json: unknown): JsonObject | null {
  return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as JsonObject) : null;
}

function number(json: unknown, name: string): number | null {
  const value = object(json)?.[name];
  return typeof value === 'number' ? value : null;
}

/** RFC 7643 section 3.1: every resource has these, and schemas need not list them. */
const COMMON: readonly Attribute[] = [
  ...attribute({ name: 'id', caseExact: true, mutability: 'readOnly', returned: 'always', uniqueness: 'server' }),
  ...attribute({ name: 'externalId', caseExact: true }),
  ...attribute({ name: 'schemas', type: 'reference', multiValued: true, required: true, returned: 'always' }),
  ...attribute({
    name: 'meta',
    type: 'complex',
    mutability: 'readOnly',
    subAttributes: [
      { name: 'resourceType', caseExact: true, mutability: 'readOnly' },
      { name: 'created', type: 'dateTime', mutability: 'readOnly' },
      { name: 'lastModified', type: 'dateTime', mutability: 'readOnly' },
      { name: 'location', type: 'reference', mutability: 'readOnly' },
      { name: 'version', caseExact: true, mutability: 'readOnly' },
    ],
  }),
];

/** Of a server without /Schemas: only what a resource cannot do without. */
const FALLBACK: readonly Schema[] = [
  ...schema({ id: USER, name: 'User', attributes: [{ name: 'userName', required: true, uniqueness: 'server' }] }),
  ...schema({
    id: GROUP,
    name: 'Group',
    attributes: [
      { name: 'displayName', required: true },
      { name: 'members', type: 'complex', multiValued: true, subAttributes: [{ name: 'value' }] },
    ],
  }),
];
