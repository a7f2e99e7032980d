/** Queries over resources (RFC 7644 section 3.4.2): filter, count, page. Order is that of insertion, which never changes. */
import { sql } from 'kysely';
import { invalidValue } from '../scim/errors.ts';
import { parseFilter } from '../scim/filter/parse.ts';
import { type ProjectionParameters, type Resource, selectionOf } from '../scim/projection.ts';
import { filterSql } from './filter-sql.ts';
import { present, type Reading, ROW_COLUMNS } from './reading.ts';

/** As in the URL. */
export interface ListParameters extends ProjectionParameters {
  filter?: string | undefined;
  startIndex?: string | undefined;
  count?: string | undefined;
}

export interface ListResponse {
  schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'];
  totalResults: number;
  startIndex: number;
  itemsPerPage: number;
  Resources: Resource[];
}

export const MAX_RESULTS = 1_000;
const DEFAULT_RESULTS = 100;

/** @throws ScimError invalidFilter, invalidValue. */
export async function listResources(reading: Reading, query: ListParameters): Promise<ListResponse> {
  const startIndex = Math.max(1, integer(query.startIndex, 'startIndex') ?? 1);
  const count = Math.min(MAX_RESULTS, Math.max(0, integer(query.count, 'count') ?? DEFAULT_RESULTS));
  const matching = matchingRows(reading, query.filter);

  const { total } = await matching.select(sql<number>`count(*)`.as('total')).executeTakeFirstOrThrow();
  // The page is found in an index first, so that skipping many rows does not read their documents.
  const page = matching
    .select('resources.seq')
    .orderBy('resources.seq')
    .limit(count)
    .offset(startIndex - 1);
  const rows =
    count === 0 || startIndex > total
      ? []
      : await reading.db
          .selectFrom('resources')
          .select(ROW_COLUMNS)
          .where('tenant', '=', reading.tenant)
          .where('seq', 'in', page)
          .orderBy('seq')
          .execute();
  const resources = await present(reading, rows, selectionOf(reading.type, query));
  return {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
    totalResults: Number(total),
    startIndex,
    itemsPerPage: resources.length,
    Resources: resources,
  };
}

function matchingRows({ db, dialect, tenant, type, baseUrl }: Reading, filter: string | undefined) {
  const all = db
    .selectFrom('resources')
    .where('resources.tenant', '=', tenant)
    .where('resources.type', '=', type.name)
    .where('resources.deleted_at', 'is', null);
  if (filter === undefined || filter.trim() === '') return all;
  return all.where(filterSql(parseFilter(filter, type), { dialect, tenant, type, baseUrl }));
}

function integer(value: string | undefined, name: string): number | null {
  if (value === undefined || value.trim() === '') return null;
  if (!/^[+-]?\d{1,15}$/.test(value.trim())) throw invalidValue(`${name} must be a whole number.`);
  return Number(value);
}
