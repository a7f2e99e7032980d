import { type Attribute, coreSchemasOf, findAttribute, type ResourceType, type Schema, schemasOf } from './schema.ts';

/**
 * What a text in attribute notation names (RFC 7644 section 3.10), with canonical names.
 * Without `attribute` it is a whole extension, or, without `extension` as well, the resource itself.
 */
export interface Named {
  /** The extension's URN; absent for common and core attributes. */
  readonly extension?: string;
  readonly attribute?: Attribute;
  readonly sub?: Attribute;
}

/**
 * Resolves attribute notation: `userName`, `name.givenName`, `URN:attribute.sub`, a bare URN, in any case.
 *
 * The URN is found by comparing with the type's schemas, never by splitting: it contains dots and colons itself. Two
 * liberties: a dot may follow the URN (Microsoft's Postman collection writes `urn:...:User.manager`), and an attribute that
 * exactly one extension knows may go without its URN (section 3.10 says SHOULD; Entra filters by `manager`).
 *
 * @returns undefined where the text names nothing that this resource type has.
 */
export function resolveNotation(text: string, type: ResourceType): Named | undefined {
  if (!text.includes(':')) {
    const core = resolveName(text, type, type.schema);
    if (core) return core;
    const [found, ...more] = type.extensions.flatMap(({ schema }) => resolveName(text, type, schema) ?? []);
    return more.length === 0 ? found : undefined;
  }
  const lower = text.toLowerCase();
  for (const schema of schemasOf(type)) {
    if (!lower.startsWith(schema.id.toLowerCase())) continue;
    const rest = text.slice(schema.id.length);
    if (rest === '') return coreSchemasOf(type).includes(schema) ? {} : { extension: schema.id };
    const named = /^[:.]/.test(rest) && resolveName(rest.slice(1), type, schema);
    if (named) return named;
  }
  return undefined;
}

/** Resolves `attribute` or `attribute.sub` within one of the type's schemas. */
export function resolveName(text: string, type: ResourceType, schema: Schema): Named | undefined {
  const [name = '', subName, ...deeper] = text.split('.');
  const core = coreSchemasOf(type).includes(schema);
  const attribute = findAttribute(core ? type : schema, name);
  if (!attribute || deeper.length > 0) return undefined;
  const named: Named = core ? { attribute } : { extension: schema.id, attribute };
  if (subName === undefined) return named;
  const sub = findAttribute(attribute, subName);
  return sub && { ...named, sub };
}

/** Writes a resolved attribute down as RFC 7644 section 3.10 does: `URN:manager.displayName`. */
export function notation({ extension, attribute, sub }: Named): string {
  if (!attribute) return extension ?? '';
  const name = sub ? `${attribute.name}.${sub.name}` : attribute.name;
  return extension === undefined ? name : `${extension}:${name}`;
}
