import {
  type Complex,
  type Document,
  isComplex,
  isObject,
  presentSchemas,
  type RelationValue,
  sameValue,
} from './document.ts';
import { assignAll, type Draft } from './edit/draft.ts';
import { immutable, invalidSyntax, invalidValue } from './errors.ts';
import { type Note, note } from './quirks.ts';
import { type AttributeMap, namesOf, type ResourceType, type Schema, schemasOf } from './schema.ts';
import { checkShape } from './shape.ts';

/** A POST creates; a PUT replaces the document given. */
export type ReadMode = 'create' | { replace: Document };

/** How a message is read, whatever it is. */
export interface ReadOptions {
  /** Refuse unknown attributes. */
  strict?: boolean | undefined;
  /** Where quirks are put down: whoever gives a list has them also of a message that is refused. */
  notes?: Note[] | undefined;
}

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
 * @throws ScimError 400: invalidSyntax (also for an unknown attribute, in strict), invalidValue (with the path), or
 *   mutability where a PUT would change an immutable attribute.
 */
export function readResource(
  body: unknown,
  type: ResourceType,
  mode: ReadMode,
  { strict = false, notes = [] }: ReadOptions = {},
): ReadResult {
  checkShape(body);
  if (!isObject(body)) throw invalidSyntax(`The body must be a JSON object: a ${type.name}`);
  const draft: Draft = {
    type,
    document: {},
    relations: [],
    notes,
    emptyText: 'value',
    strict,
    createOnReplace: true,
    patching: false,
  };
  assignAll(draft, 'replace', body);
  noteSchemas(draft, body);
  const { document, password } = draft;
  keepWhatStays(draft, mode === 'create' ? {} : mode.replace);
  const missing = missingIn(document, type);
  if (missing) throw invalidValue(missing);
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
  const known = new Set([...namesOf(type.attributes), ...urns]);
  // Content of an extension whose definition is missing at present is kept, unseen.
  const unseen = Object.entries(document).filter(([name]) => !known.has(name));
  for (const name of [...namesOf(type.attributes), ...urns])
    if (document[name] !== undefined) ordered[name] = document[name];
  return { ...ordered, ...Object.fromEntries(unseen) };
}

function keepWhatStays({ document, type }: Draft, old: Document): void {
  for (const [name, value] of type.defaults) document[name] ??= old[name] ?? value;
  keepImmutable(type.attributes, document, old);
  const urns = new Set(type.extensions.map(({ schema }) => schema.id));
  for (const [name, value] of Object.entries(old)) if (name.includes(':') && !urns.has(name)) document[name] = value;
  for (const { schema } of type.extensions) {
    const [before, after] = [old[schema.id], document[schema.id]];
    if (!isComplex(before)) continue;
    const kept = isComplex(after) ? after : {};
    keepImmutable(schema.attributes, kept, before, `${schema.id}:`);
    if (Object.keys(kept).length > 0) document[schema.id] = kept;
  }
}

/** RFC 7644 section 3.5.1: what is immutable and left out stays; another value is refused. */
function keepImmutable(attributes: AttributeMap, values: Complex, old: Complex, prefix = ''): void {
  for (const { name, mutability, multiValued, subAttributes } of attributes.values()) {
    const [before, after] = [old[name], values[name]];
    if (before === undefined) continue;
    if (mutability === 'immutable') {
      values[name] ??= before;
      if (!sameValue(values[name], before)) throw immutable(prefix + name);
    } else if (!multiValued && isComplex(before) && isComplex(after)) {
      keepImmutable(subAttributes, after, before, `${prefix}${name}.`);
    }
  }
}

/** What is required and not there, in words; undefined where nothing is. */
export function missingIn(document: Document, type: ResourceType): string | undefined {
  const core = missingOf(type.schema, document);
  if (core) return core;
  for (const { schema, required } of type.extensions) {
    const extension = document[schema.id];
    if (required && !extension) return `The extension ${schema.id} is required`;
    const missing = isObject(extension) && missingOf(schema, extension, `${schema.id}:`);
    if (missing) return missing;
  }
  return undefined;
}

function missingOf(schema: Schema, values: Record<string, unknown>, prefix = ''): string | undefined {
  const missing = [...schema.attributes.values()].find(
    ({ name, required, mutability }) => required && mutability !== 'readOnly' && values[name] === undefined,
  );
  return missing && `${prefix}${missing.name} is required and must have a value`;
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
