import { excerpt, invalidPath } from './errors.ts';
import type { Filter } from './filter/ast.ts';
import { isLoose, parseElementFilter } from './filter/parse.ts';
import { tokenize } from './filter/tokens.ts';
import { type Named, notation, resolveNotation } from './notation.ts';
import { type Note, note } from './quirks.ts';
import { findAttribute, type ResourceType } from './schema.ts';

/**
 * What a PATCH operation aims at (RFC 7644 figure 7), with canonical names. Without `attribute` it is a whole extension, or,
 * without `extension` as well, the resource itself (the core schema's bare URN).
 */
export interface Path extends Named {
  /** Selects among the elements of `attribute`; its paths are relative to the element. */
  readonly filter?: Filter;
}

/**
 * Parses `PATH = attrPath / valuePath [subAttr]`: `name.givenName`, `emails[type eq "work"].value`, `URN:manager`, `URN`.
 *
 * @param notes where quirks are put down.
 * @throws invalidPath where the path is malformed or names nothing in the schema; invalidFilter where its filter is wrong.
 */
export function parsePath(text: string, type: ResourceType, notes: Note[] = []): Path {
  const path = text.trim();
  const tokens = tokenize(path);
  const bracket = tokens.findIndex(({ kind }) => kind === '[');
  if (bracket === -1) {
    const named = resolveNotation(path, type);
    if (named && isLoose(path, named)) note({ notes }, 'loose-notation', notation(named));
    if (named) return named;
    throw invalidPath(`'${excerpt(path)}' names no attribute of ${type.name}`);
  }
  // The last bracket, because one inside a quoted value is no token and elements do not nest.
  const closing = tokens.findLastIndex(({ kind }) => kind === ']');
  const [opened, closed, next, ...more] = [tokens[bracket], ...tokens.slice(closing)];
  if (!opened || closed?.kind !== ']' || bracket !== 1 || more.length > 0) throw malformed(path);
  const name = path.slice(0, opened.start).trim();
  const named = resolveNotation(name, type);
  const attribute = named?.attribute;
  if (!attribute) throw invalidPath(`'${excerpt(name)}' names no attribute of ${type.name}`);
  if (named.sub || !attribute.multiValued) {
    throw invalidPath(`'${excerpt(name)}' has a single value; '[' can only follow a multi-valued attribute`);
  }
  if (isLoose(name, named)) note({ notes }, 'loose-notation', notation(named));
  const filter = parseElementFilter(path.slice(opened.end, closed.start), attribute, notes);
  if (!next) return { ...named, filter };
  if (!next.text.startsWith('.') || next.start !== closed.end) throw malformed(path);
  const sub = findAttribute(attribute, next.text.slice(1));
  if (sub) return { ...named, filter, sub };
  throw invalidPath(`${attribute.name} has no sub-attribute '${excerpt(next.text.slice(1))}'`);
}

function malformed(path: string): Error {
  return invalidPath(
    `'${excerpt(path)}' is no path; a path is attribute, attribute.sub, attribute[filter] or attribute[filter].sub`,
  );
}
