/**
 * What a client asks for when it queries resources (RFC 7644 section 3.4.2, RFC 9865 section 2): in the URL, or as a
 * SearchRequest (section 3.4.3), which becomes the same parameters.
 */
import { isObject } from './document.ts';
import { excerpt, invalidCount, invalidFilter, invalidSyntax, invalidValue } from './errors.ts';
import { byLowerCase } from './message.ts';
import type { ProjectionParameters } from './projection.ts';
import { checkShape } from './shape.ts';

/** As in the URL. Names that are not here are passed over. */
export interface QueryParameters extends ProjectionParameters {
  filter?: string | undefined;
  sortBy?: string | undefined;
  sortOrder?: string | undefined;
  startIndex?: string | undefined;
  count?: string | undefined;
  /** Empty on the first request of a query that is paged by cursor. */
  cursor?: string | undefined;
}

export interface Query extends ProjectionParameters {
  /** Undefined: everything. */
  filter: string | undefined;
  /** Attribute notation; undefined: the order of insertion. */
  sortBy: string | undefined;
  descending: boolean;
  /** Undefined: paged by index. Empty: the first page by cursor. */
  cursor: string | undefined;
  /** 1 or more. */
  startIndex: number;
  /** Resources on a page: 0 or more, cut to the service provider's limit. */
  count: number;
}

export interface PageLimits {
  /** Where the client asks for no particular number. */
  defaultCount: number;
  maxCount: number;
}

const NAMES = [
  'attributes',
  'excludedAttributes',
  'filter',
  'sortBy',
  'sortOrder',
  'startIndex',
  'count',
  'cursor',
] as const satisfies readonly (keyof QueryParameters)[];

/** @throws ScimError invalidValue; invalidCount where a page by cursor has a count that is no number. */
export function readQuery(parameters: QueryParameters, { defaultCount, maxCount }: PageLimits): Query {
  const { filter, sortBy, sortOrder, startIndex, count, cursor, attributes, excludedAttributes } = parameters;
  const countError = cursor === undefined ? invalidValue : invalidCount;
  return {
    attributes,
    excludedAttributes,
    filter: filterOf(filter),
    sortBy: sortBy?.trim() || undefined,
    descending: isDescending(sortOrder),
    cursor: cursor?.trim(),
    startIndex: Math.max(1, integer(startIndex, 'startIndex', invalidValue) ?? 1),
    count: Math.min(maxCount, Math.max(0, integer(count, 'count', countError) ?? defaultCount)),
  };
}

/**
 * Reads the body of `POST /.search`. Names in any case; numbers may be strings, lists of attributes one string.
 *
 * @throws ScimError invalidSyntax, invalidValue.
 */
export function readSearchRequest(body: unknown): QueryParameters {
  checkShape(body);
  if (!isObject(body)) throw invalidSyntax('The body must be a JSON object: a SearchRequest (RFC 7644 section 3.4.3)');
  const members = byLowerCase(body);
  const parameters: QueryParameters = {};
  for (const name of NAMES) {
    const text = asText(members[name.toLowerCase()], name);
    if (text !== undefined) parameters[name] = text;
  }
  return parameters;
}

function asText(value: unknown, name: (typeof NAMES)[number]): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' && (name === 'startIndex' || name === 'count')) return String(value);
  const isList = name === 'attributes' || name === 'excludedAttributes';
  if (isList && Array.isArray(value) && value.every((each) => typeof each === 'string')) return value.join(',');
  throw invalidValue(`${name} must be ${isList ? 'a list of attribute names' : 'a string or, of a count, a number'}`);
}

/** An empty filter is refused: whoever takes the first of everybody for the person looked for would link the wrong one. */
function filterOf(filter: string | undefined): string | undefined {
  if (filter === undefined || filter.trim() !== '') return filter?.trim();
  throw invalidFilter('The filter is empty. Leave it out to ask for everything.');
}

function isDescending(sortOrder: string | undefined): boolean {
  const order = sortOrder?.trim().toLowerCase() || 'ascending';
  if (order === 'ascending' || order === 'descending') return order === 'descending';
  throw invalidValue(`sortOrder must be 'ascending' or 'descending', not '${excerpt(order)}'`);
}

function integer(value: string | undefined, name: string, error: (detail: string) => Error): number | null {
  if (value === undefined || value.trim() === '') return null;
  if (!/^[+-]?\d+$/.test(value.trim())) throw error(`${name} must be a whole number.`);
  return Math.min(Number(value), Number.MAX_SAFE_INTEGER);
}
