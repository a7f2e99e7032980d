/**
 * Schemas and resource types (RFC 7643 sections 3, 6 and 7), built once from JSON at start, and attribute lookup.
 *
 * `src/scim` is the protocol as pure functions: schemas, filters, paths, PATCH, validation, projection, errors. It knows no
 * HTTP, no SQL, no tenant and no resource type by name: what User and Group are is said in `scim-schemas/`, and every rule
 * follows from a schema's characteristics or from private keys there. A resource type carries:
 * - `urn:linkspan:relations`: multi-valued attributes that live as rows outside the document (members, groups);
 * - `urn:linkspan:defaults`: attributes that always have a value: given at creation, kept by a message that forgets them;
 * - `urn:linkspan:computed`: extensions that nobody writes and nothing keeps: worked out when they are asked for;
 * - `urn:linkspan:readOnly`: whether clients may only read its resources;
 * - `urn:linkspan:alsoAs`: further core schemas that its resources meet, each shown as a resource type with an id of its own,
 *   for clients that look for that schema.
 *
 * A schema may say `urn:linkspan:extends`: the names of the resource types that it extends.
 */
import { z } from 'zod';
import { COMMON_ATTRIBUTES } from './common-attributes.ts';
import type { Scalar } from './document.ts';

export const SCHEMA_URN = 'urn:ietf:params:scim:schemas:core:2.0:Schema';
export const RESOURCE_TYPE_URN = 'urn:ietf:params:scim:schemas:core:2.0:ResourceType';
const RELATIONS_KEY = 'urn:linkspan:relations';
const DEFAULTS_KEY = 'urn:linkspan:defaults';
const COMPUTED_KEY = 'urn:linkspan:computed';
const EXTENDS_KEY = 'urn:linkspan:extends';
const READ_ONLY_KEY = 'urn:linkspan:readOnly';
const ALSO_AS_KEY = 'urn:linkspan:alsoAs';

/** RFC 7643 section 2.2 gives what is left out. */
const characteristics = {
  name: z.string().regex(/^[A-Za-z$][\w$-]*$/),
  type: z
    .enum(['string', 'boolean', 'decimal', 'integer', 'dateTime', 'reference', 'binary', 'complex'])
    .default('string'),
  multiValued: z.boolean().default(false),
  description: z.string().default(''),
  required: z.boolean().default(false),
  canonicalValues: z.array(z.string()).default([]),
  caseExact: z.boolean().default(false),
  mutability: z.enum(['readOnly', 'readWrite', 'immutable', 'writeOnly']).default('readWrite'),
  returned: z.enum(['always', 'never', 'default', 'request']).default('default'),
  uniqueness: z.enum(['none', 'server', 'global']).default('none'),
  referenceTypes: z.array(z.string()).default([]),
};
const simpleAttributeJson = z.strictObject(characteristics);
const nestedAttributeJson = z.strictObject({
  ...characteristics,
  subAttributes: z.array(simpleAttributeJson).default([]),
});
/** Three levels, because the schema of Schema needs them (RFC 7643 section 8.7.2); see `refuseNesting`. */
const attributeJson = z.strictObject({ ...characteristics, subAttributes: z.array(nestedAttributeJson).default([]) });
const schemaJson = z.object({
  // RFC 8141, without what attribute notation could not tell from its own signs.
  id: z
    .string()
    .regex(
      /^urn:[a-z0-9][a-z0-9-]*:[\w:.+-]+$/i,
      'must be a URN such as urn:example:params:scim:schemas:extension:badge:2.0:User',
    ),
  name: z.string(),
  description: z.string().default(''),
  attributes: z.array(attributeJson).min(1),
  [EXTENDS_KEY]: z.array(z.string()).default([]),
});
const resourceTypeJson = z.object({
  id: z.string().optional(),
  name: z.string(),
  endpoint: z.string().startsWith('/'),
  description: z.string().default(''),
  schema: z.string(),
  schemaExtensions: z.array(z.object({ schema: z.string(), required: z.boolean() })).default([]),
  [RELATIONS_KEY]: z.array(z.string()).default([]),
  [DEFAULTS_KEY]: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  [COMPUTED_KEY]: z.array(z.string()).default([]),
  [READ_ONLY_KEY]: z.boolean().default(false),
  [ALSO_AS_KEY]: z.array(z.strictObject({ id: z.string(), schema: z.string() })).default([]),
});
export type AttributeJson = z.input<typeof attributeJson>;

/** Attributes by lower-case name, in the schema's order. */
export type AttributeMap = ReadonlyMap<string, Attribute>;

/** RFC 7643 section 7. */
export interface Attribute extends Readonly<z.output<typeof simpleAttributeJson>> {
  /** Empty unless the type is `complex`. */
  readonly subAttributes: AttributeMap;
}

export interface Schema {
  /** The URN. */
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly attributes: AttributeMap;
  /** Names of resource types that do not name it themselves. */
  readonly extends: readonly string[];
}

export interface ResourceType {
  readonly name: string;
  readonly id: string;
  /** Relative to the base URL: `/Users`. */
  readonly endpoint: string;
  readonly description: string;
  readonly schema: Schema;
  readonly extensions: readonly { readonly schema: Schema; readonly required: boolean }[];
  /** The common attributes (RFC 7643 section 3.1) and those of the core schemas. */
  readonly attributes: AttributeMap;
  /** By canonical name. */
  readonly relations: ReadonlyMap<string, Attribute>;
  /** By canonical name. */
  readonly defaults: ReadonlyMap<string, Scalar>;
  /** URNs of extensions whose attributes are worked out: they can be asked for, and be neither written nor compared. */
  readonly computed: ReadonlySet<string>;
  /** Clients may read its resources and do nothing else to them. */
  readonly readOnly: boolean;
  /** Further core schemas that its resources meet, and the id under which the type is shown with each. */
  readonly alsoAs: readonly { readonly id: string; readonly schema: Schema }[];
}

/** An attribute, or a sub-attribute, by name in any case. */
export function findAttribute(scope: ResourceType | Schema | Attribute, name: string): Attribute | undefined {
  const attributes = 'subAttributes' in scope ? scope.subAttributes : scope.attributes;
  return attributes.get(name.toLowerCase());
}

/** Canonical names, in the schema's order. */
export function namesOf(attributes: AttributeMap): string[] {
  return [...attributes.values()].map(({ name }) => name);
}

/** Whose attributes stand in the resource itself: nearly always one. */
export function coreSchemasOf(type: ResourceType): readonly Schema[] {
  return [type.schema, ...type.alsoAs.map(({ schema }) => schema)];
}

/** The schemas that a resource of this type is made of, the core schema first. */
export function schemasOf(type: ResourceType): readonly Schema[] {
  return [...coreSchemasOf(type), ...type.extensions.map(({ schema }) => schema)];
}

/**
 * Reads the definitions in `scim-schemas/`.
 *
 * @param schemas RFC 7643 section 7 Schema resources.
 * @param resourceTypes RFC 7643 section 6 ResourceType resources, with our private keys.
 * @returns resource types by name, and the schemas in the order given.
 * @throws Error that names the definition at fault: a broken installation, not a client's mistake.
 */
export function buildResourceTypes(
  schemas: unknown[],
  resourceTypes: unknown[],
): { resourceTypes: Map<string, ResourceType>; schemas: Schema[] } {
  const built = schemas.map(buildSchema);
  const byId = new Map(built.map((schema) => [schema.id, schema]));
  const lower = built.map((schema) => schema.id.toLowerCase());
  const twice = built.find((_, index) => lower.indexOf(lower[index] ?? '') !== index);
  if (twice) throw new Error(`The schema ${twice.id} is defined twice`);
  const types = resourceTypes.map((json) => buildResourceType(json, byId));
  for (const schema of built) {
    const unknown = schema.extends.find((name) => !types.some((type) => type.name === name));
    if (unknown) throw new Error(`Schema ${schema.id} extends ${unknown}, which is no resource type`);
  }
  return { resourceTypes: new Map(types.map((type) => [type.name, type])), schemas: built };
}

function buildSchema(json: unknown): Schema {
  const { attributes, [EXTENDS_KEY]: extended, ...rest } = read(schemaJson, json, 'Schema');
  const secret = attributes.find(({ name, mutability }) => mutability === 'writeOnly' && name !== 'password');
  if (secret) throw new Error(`Schema ${rest.id}: only password can be writeOnly, not ${secret.name}`);
  const names = attributes.map(({ name }) => name.toLowerCase());
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice) throw new Error(`Schema ${rest.id} defines the attribute ${twice} twice`);
  return { ...rest, attributes: attributeMap(attributes), extends: extended };
}

function buildResourceType(json: unknown, schemas: ReadonlyMap<string, Schema>): ResourceType {
  const definition = read(resourceTypeJson, json, 'ResourceType');
  const { id, name, endpoint, description } = definition;
  const schemaOf = (urn: string): Schema => {
    const schema = schemas.get(urn);
    if (!schema) throw new Error(`ResourceType ${name} names the schema ${urn}, which is not defined`);
    refuseNesting(name, schema);
    return schema;
  };
  const schema = schemaOf(definition.schema);
  const common = attributeMap(z.array(attributeJson).parse(COMMON_ATTRIBUTES));
  const alsoAs = definition[ALSO_AS_KEY].map((also) => ({ id: also.id, schema: schemaOf(also.schema) }));
  const further = alsoAs.flatMap((also) => [...also.schema.attributes]);
  // The common attributes come first and prevail over a schema that lists them too (RFC 7643 section 3.1).
  const attributes = new Map([...common, ...schema.attributes, ...further, ...schema.attributes, ...common]);
  const attributeOf = (attributeName: string): Attribute => {
    const attribute = attributes.get(attributeName.toLowerCase());
    if (!attribute) throw new Error(`ResourceType ${name} names the attribute ${attributeName}, which is not defined`);
    return attribute;
  };
  const relations = definition[RELATIONS_KEY].map(attributeOf);
  const notARelation = relations.find((attribute) => !attribute.multiValued || !findAttribute(attribute, 'value'));
  if (notARelation) throw new Error(`${notARelation.name} of ${name} cannot be a relation: it lists no references`);
  const named = definition.schemaExtensions.map(({ schema: urn, required }) => ({ schema: schemaOf(urn), required }));
  const others = [...schemas.values()]
    .filter((other) => other.extends.includes(name))
    .map(({ id: urn }) => schemaOf(urn));
  const added = others.filter((other) => other !== schema && !named.some((extension) => extension.schema === other));
  return {
    name,
    id: id ?? name,
    endpoint,
    description,
    schema,
    extensions: [...named, ...added.map((extension) => ({ schema: extension, required: false }))],
    attributes,
    relations: new Map(relations.map((attribute) => [attribute.name, attribute])),
    defaults: new Map(Object.entries(definition[DEFAULTS_KEY]).map(([key, value]) => [attributeOf(key).name, value])),
    computed: new Set(definition[COMPUTED_KEY].map((urn) => schemaOf(urn).id)),
    readOnly: definition[READ_ONLY_KEY],
    alsoAs,
  };
}

/** @throws where a sub-attribute is complex itself, which RFC 7643 section 2.3.8 forbids, or has several values. */
function refuseNesting(type: string, schema: Schema): void {
  for (const attribute of schema.attributes.values()) {
    const nested = [...attribute.subAttributes.values()].find(
      (sub) => sub.type === 'complex' || sub.subAttributes.size > 0 || sub.multiValued,
    );
    if (!nested) continue;
    const where = `${schema.id}:${attribute.name}.${nested.name}`;
    throw new Error(`ResourceType ${type}: ${where} must be simple and single-valued, as every sub-attribute`);
  }
}

type AttributeDefinition = z.output<typeof simpleAttributeJson> & { subAttributes?: AttributeDefinition[] };

function attributeMap(attributes: readonly AttributeDefinition[]): AttributeMap {
  return new Map(
    attributes.map(({ subAttributes = [], ...rest }): [string, Attribute] => {
      // RFC 7643 sections 2.3.6 and 2.3.7, although the listing in section 8.7.1 says otherwise.
      const caseExact = rest.caseExact || rest.type === 'reference' || rest.type === 'binary';
      return [rest.name.toLowerCase(), { ...rest, caseExact, subAttributes: attributeMap(subAttributes) }];
    }),
  );
}

function read<T extends z.ZodType>(shape: T, json: unknown, what: string): z.output<T> {
  const result = shape.safeParse(json);
  if (result.success) return result.data;
  const id = (json as { id?: unknown } | null)?.id;
  throw new Error(`${what} ${String(id)} is not well defined:\n${z.prettifyError(result.error)}`);
}

/**
 * A Schema resource as `/Schemas` shows it (RFC 7643 section 8.7.1). Every characteristic is spelled out, nothing is null.
 *
 * @param baseUrl the tenant's SCIM base URL, for `meta.location`.
 */
export function schemaResource(schema: Schema, baseUrl = '') {
  const { id, name, description, attributes } = schema;
  return {
    schemas: [SCHEMA_URN],
    id,
    name,
    description,
    attributes: [...attributes.values()].map(attributeResource),
    meta: { resourceType: 'Schema', location: `${baseUrl}/Schemas/${id}` },
  };
}

function attributeResource(attribute: Attribute): Record<string, unknown> {
  const { canonicalValues, caseExact, referenceTypes, subAttributes, ...rest } = attribute;
  return {
    ...rest,
    ...(['string', 'reference', 'binary'].includes(attribute.type) && { caseExact }),
    ...(canonicalValues.length > 0 && { canonicalValues }),
    ...(referenceTypes.length > 0 && { referenceTypes }),
    ...(subAttributes.size > 0 && { subAttributes: [...subAttributes.values()].map(attributeResource) }),
  };
}

/** The ResourceType resources as which `/ResourceTypes` shows a type (RFC 7643 section 8.6): one for each core schema. */
export function resourceTypeResources(type: ResourceType, baseUrl = '') {
  const { name, endpoint, description, extensions } = type;
  return [type, ...type.alsoAs].map(({ id, schema }) => ({
    schemas: [RESOURCE_TYPE_URN],
    id,
    name,
    endpoint,
    description,
    schema: schema.id,
    schemaExtensions: extensions.map(({ schema: extension, required }) => ({ schema: extension.id, required })),
    meta: { resourceType: 'ResourceType', location: `${baseUrl}/ResourceTypes/${id}` },
  }));
}
