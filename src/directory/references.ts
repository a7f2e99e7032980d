/**
 * What a client may leave out of a reference to another resource (RFC 7643 section 2.4: `$ref`, `type`, `display`; the
 * manager's `displayName`), worked out from the resource that it names, for whoever asks for it by `attributes`. What the
 * client sent stays.
 */
import { sql } from 'kysely';
import { type Complex, type Document, isComplex } from '../scim/document.ts';
import { asksFor, type ProjectionParameters } from '../scim/projection.ts';
import { type Attribute, findAttribute } from '../scim/schema.ts';
import type { Reading } from './reading.ts';

/** Values of `attribute`, each with the sub-attributes that its schema has and the named resource answers. */
export async function fillReferences<T extends Complex>(
  reading: Reading,
  attribute: Attribute,
  values: readonly T[],
): Promise<T[]> {
  const ids = values.flatMap(({ value }) => (typeof value === 'string' ? value : []));
  const known = await describe(reading, ids);
  return values.map((value) => {
    const found = Object.entries(known.get(String(value.value)) ?? {});
    return { ...Object.fromEntries(found.filter(([name]) => findAttribute(attribute, name))), ...value };
  });
}

/** The same for references in documents: complex values that have a `value` and a `$ref` to a resource type of ours. */
export async function fillDocuments(
  reading: Reading,
  documents: readonly Document[],
  query: ProjectionParameters,
): Promise<Document[]> {
  let filled = [...documents];
  if (!query.attributes) return filled;
  for (const { schema } of reading.type.extensions) {
    for (const attribute of schema.attributes.values()) {
      const isAsked = asksFor({ extension: schema.id, attribute }, reading.type, query);
      if (isAsked && !attribute.multiValued && isReference(attribute, reading)) {
        filled = await fillIn(reading, filled, schema.id, attribute);
      }
    }
  }
  return filled;
}

/** Whether an answer says something of other resources that the entity-tag of this one does not follow. */
export function showsOthers(reading: Reading, query: ProjectionParameters): boolean {
  if (!query.attributes) return false;
  const { type } = reading;
  const core = [...type.relations.values()].map((attribute) => ({ attribute }));
  const extended = type.extensions.flatMap(({ schema }) =>
    [...schema.attributes.values()].map((attribute) => ({ extension: schema.id, attribute })),
  );
  const references = [...core, ...extended.filter(({ attribute }) => isReference(attribute, reading))];
  return references.some((path) => path.attribute.mutability !== 'readOnly' && asksFor(path, type, query));
}

function isReference(attribute: Attribute, { types }: Reading): boolean {
  const targets = findAttribute(attribute, '$ref')?.referenceTypes ?? [];
  return findAttribute(attribute, 'value') !== undefined && targets.some((name) => types.has(name));
}

async function fillIn(reading: Reading, documents: Document[], urn: string, attribute: Attribute) {
  const at = (document: Document): Complex | undefined => {
    const scope = document[urn];
    const value = isComplex(scope) ? scope[attribute.name] : undefined;
    return isComplex(value) ? value : undefined;
  };
  const values = await fillReferences(
    reading,
    attribute,
    documents.map(at).filter((value) => value !== undefined),
  );
  return documents.map((document) => {
    const scope = document[urn];
    const value = at(document) && values.shift();
    return value && isComplex(scope) ? { ...document, [urn]: { ...scope, [attribute.name]: value } } : document;
  });
}

async function describe({ db, dialect, tenant, types, baseUrl }: Reading, ids: readonly string[]) {
  if (ids.length === 0) return new Map<string, Complex>();
  const rows = await db
    .selectFrom('resources')
    .select(['id', 'type', 'document'])
    .where('tenant', '=', tenant)
    .where(dialect.oneOf(sql.ref('id'), ids))
    .where('deleted_at', 'is', null)
    .execute();
  return new Map(
    rows.map(({ id, type, document }): [string, Complex] => {
      const { displayName, userName } = JSON.parse(document) as { displayName?: string; userName?: string };
      const name = displayName ?? userName ?? '';
      return [id, { $ref: `${baseUrl}${types.get(type)?.endpoint}/${id}`, type, display: name, displayName: name }];
    }),
  );
}
