import { type Document, isObject, type Note, presentSchemas, type RelationValue, sameValue } from './document.ts';
import { assignAll, type Draft } from './edit/draft.ts';
import { note } from './edit/values.ts';
import { immutable, invalidSyntax, invalidValue } from './errors.ts';
import { namesOf, type ResourceType, type Schema, schemasOf } from './schema.ts';
import { checkShape } from './shape.ts';

/** A POST creates; a PUT replaces the document given. */
export type ReadMode = 'create' | { replace: Document };

export interface ReadResult {
  document: Document;
  /** By canonical name. An attribute that the body does not mention is left out; null and [] give an empty list. */
  relations: Record<string, RelationValue[]>;
  /** Clear text. It must not be logged, and not be stored unless encrypted (RFC 7643 section 4.1.1). */
  password?: string;
  notes: Note[];
}

/**
 * Reads the body of a POST or PUT (RFC 7644 sections 3.3 and 3.5.1).
 *
 * What is readOnly or unknown is passed over. Null and [] mean unassigned. Attributes with a default (`active`) get it at
 * creation; a PUT that does not mention them keeps what was there, and so with immutable attributes.
 *
 * @throws ScimError 400: invalidSyntax, invalidValue (with the path), or mutability where a PUT would change an immutable
 *   attribute.
 */
export function readResource(body: unknown, type: ResourceType, mode: ReadMode): ReadResult {
  checkShape(body);
  if (!isObject(body)) throw invalidSyntax(`The body must be a JSON object: a ${type.name}`);
  const draft: Draft = {
    type,
    document: {},
    relations: [],
    notes: [],
    emptyText: 'value',
    createOnReplace: true,
  };
  assignAll(draft, 'replace', body);
  noteSchemas(draft, body);
  const { document, notes, password } = draft;
  keepWhatStays(draft, mode === 'create' ? {} : mode.replace);
  requireAttributes(document, type);
  const relations = draft.relations.map((change) => [change.attribute, change.op === 'replace' ? change.values : []]);
  return {
    document: inSchemaOrder(document, type),
    relations: Object.fromEntries(relations),
    ...(password !== undefined && { password }),
    notes,
  };
}

/** The same document with its attributes in the schema's order, which is the order in which they go out. */
export function inSchemaOrder(document: Document, type: ResourceType): Document {
  const urns = type.extensions.map(({ schema }) => schema.id);
  const ordered: Document = {};
  for (const name of [...namesOf(type.attributes), ...urns])
    if (document[name] !== undefined) ordered[name] = document[name];
  return ordered;
}

function keepWhatStays({ document, type }: Draft, old: Document): void {
  for (const [name, value] of type.defaults) document[name] ??= old[name] ?? value;
  for (const { name, mutability } of type.attributes.values()) {
    if (mutability !== 'immutable' || old[name] === undefined) continue;
    document[name] ??= old[name];
    if (!sameValue(document[name], old[name])) throw immutable(name);
  }
}

function requireAttributes(document: Document, type: ResourceType): void {
  requireOf(type.schema, document);
  for (const { schema, required } of type.extensions) {
    const extension = document[schema.id];
    if (required && !extension) throw invalidValue(`The extension ${schema.id} is required`);
    if (isObject(extension)) requireOf(schema, extension, `${schema.id}:`);
  }
}

function requireOf(schema: Schema, values: Record<string, unknown>, prefix = ''): void {
  for (const { name, required, mutability } of schema.attributes.values()) {
    if (required && mutability !== 'readOnly' && values[name] === undefined) {
      throw invalidValue(`${prefix}${name} is required and must have a value`);
    }
  }
}

/** `schemas` is worked out from the content, so what a body says there is only looked at for the quirk ledger. */
function noteSchemas(draft: Draft, body: Record<string, unknown>): void {
  const [, sent] = Object.entries(body).find(([key]) => key.toLowerCase() === 'schemas') ?? [];
  const urns = Array.isArray(sent) ? sent.filter((urn) => typeof urn === 'string') : [];
  const declared = new Map(urns.map((urn) => [urn.toLowerCase(), urn]));
  const [core, ...extensions] = presentSchemas(draft.document, draft.type);
  if (core && !declared.delete(core.toLowerCase())) note(draft, 'missing-schemas', 'schemas');
  for (const urn of extensions) if (!declared.has(urn.toLowerCase())) note(draft, 'undeclared-extension', urn);
  for (const { id } of schemasOf(draft.type)) declared.delete(id.toLowerCase());
  for (const urn of declared.values()) note(draft, 'unknown-schema', urn);
}
