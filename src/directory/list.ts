/** Queries over resources of one type or of several (RFC 7644 section 3.4.2, RFC 9865): filter, order, count, page. */
import { type SqlBool, sql } from 'kysely';
import { parseFilter } from '../scim/filter/parse.ts';
import { type PageLimits, type Query, type QueryParameters, readQuery } from '../scim/query.ts';
import type { Note } from '../scim/quirks.ts';
import type { ResourceType } from '../scim/schema.ts';
import type { Millis } from '../store/tables.ts';
import { type Cursor, type CursorScope, readCursor, type Seal, writeCursor } from './cursor.ts';
import { filterSql } from './filter-sql.ts';
import { beyond, type Order, orderBy, orderOf, type Place } from './order-sql.ts';
import { present, type Reading, ROW_COLUMNS } from './reading.ts';
import type { Presented } from './streamed.ts';

export interface ListResponse {
  schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'];
  totalResults: number;
  itemsPerPage: number;
  /** Where pages are counted by index. */
  startIndex?: number;
  /** Where pages are followed by cursor: absent on the last page. */
  nextCursor?: string;
  /** Absent on the first page. */
  previousCursor?: string;
  Resources: Presented[];
}

export const PAGES: PageLimits = { defaultCount: 100, maxCount: 1_000 };

/** Whose resources of which types are asked for. */
export interface Listing extends Omit<Reading, 'type'> {
  asked: readonly ResourceType[];
  seal: Seal;
  now: () => Promise<Millis>;
  /** Where the filter's quirks are put down. */
  notes: Note[];
}

/** @throws ScimError invalidFilter, invalidValue, and for cursors those of RFC 9865 section 2.1. */
export async function listResources(listing: Listing, parameters: QueryParameters): Promise<ListResponse> {
  const query = readQuery(parameters, PAGES);
  const order = orderOf(query, listing.asked, listing);
  const matching = matchingRows(listing, query);
  const page =
    query.cursor === undefined
      ? await byIndex(matching, query, order)
      : await byCursor(listing, matching, query, order);
  const { places, total, ...paging } = page;
  const resources = await readPage(listing, query, places);
  return {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
    totalResults: total,
    itemsPerPage: resources.length,
    ...paging,
    Resources: resources,
  };
}

async function byIndex(matching: Matching, query: Query, order: Order) {
  const { startIndex, count } = query;
  const skipped = startIndex - 1;
  const places =
    count === 0
      ? []
      : await placesOf(matching, order).orderBy(orderBy(order, false)).limit(count).offset(skipped).execute();
  // A page that is not full is the last one, and says how many there are.
  const isLast = places.length < count && (places.length > 0 || skipped === 0);
  return { places, total: isLast ? skipped + places.length : await countOf(matching), startIndex };
}

async function byCursor(listing: Listing, matching: Matching, query: Query, order: Order) {
  const { tenant, asked, seal } = listing;
  const now = await listing.now();
  const scope: CursorScope = {
    tenant,
    query: [asked.map((type) => type.name), query.filter, query.sortBy, query.descending],
    count: query.count,
  };
  const from = query.cursor ? await whole(listing, order, await readCursor(seal, scope, query.cursor, now)) : null;
  const total = from?.total ?? (await countOf(matching));
  if (query.count === 0) return { places: [], total };
  const backwards = from?.backwards ?? false;
  // One more than a page, to know whether there is another one.
  const found = await placesOf(matching, order)
    .$if(from !== null, (rows) => (from ? rows.where(beyond(order, from.place, from)) : rows))
    .orderBy(orderBy(order, backwards))
    .limit(query.count + 1)
    .execute();
  const more = found.length > query.count;
  const places = found.slice(0, query.count);
  if (backwards) places.reverse();

  const cursor = (edge: Place | undefined, towards: boolean) => {
    // Whoever turns round on an empty page has not seen what stands at the place itself, unless they came with it.
    const inclusive = !edge && !from?.inclusive;
    const place = edge ?? from?.place;
    return place && writeCursor(seal, scope, { place, inclusive, backwards: towards, total }, now);
  };
  const next = more || backwards ? await cursor(places.at(-1), false) : undefined;
  const hasPrevious = backwards ? more : from !== null;
  const previous = hasPrevious ? await cursor(places[0], true) : undefined;
  return { places, total, ...(previous && { previousCursor: previous }), ...(next && { nextCursor: next }) };
}

/** The place with its whole sort key, as far as it can still be read. */
async function whole({ db, tenant }: Listing, { key }: Order, cursor: Cursor): Promise<Cursor> {
  const { seq, cut } = cursor.place;
  if (!cut || !key) return cursor;
  const row = await db
    .selectFrom('resources')
    .select(key.as('key'))
    .where('tenant', '=', tenant)
    .where('seq', '=', seq)
    .executeTakeFirst();
  return row?.key?.startsWith(cursor.place.key ?? '') ? { ...cursor, place: { seq, key: row.key } } : cursor;
}

async function countOf(matching: Matching): Promise<number> {
  const count = sql<number>`count(*)`.as('total');
  const { total } = await matching.select(count).executeTakeFirstOrThrow();
  return Number(total);
}

/** Found in an index where that is possible, so that skipping many rows does not read their documents. */
function placesOf(matching: Matching, { key }: Order) {
  const keyed = (key ?? sql<string | null>`cast(null as text)`).as('key');
  return matching.select('resources.seq').select(keyed);
}

type Matching = ReturnType<typeof matchingRows>;

function matchingRows(listing: Listing, { filter }: Query) {
  const { db, dialect, tenant, asked, baseUrl } = listing;
  const conditions = asked.map((type) => {
    const ofType = sql<SqlBool>`resources.type = ${type.name}`;
    if (filter === undefined) return ofType;
    const parsed = parseFilter(filter, type, { others: asked, notes: listing.notes });
    return sql<SqlBool>`(${ofType} and ${filterSql(parsed, { dialect, tenant, type, baseUrl })})`;
  });
  return db
    .selectFrom('resources')
    .where('resources.tenant', '=', tenant)
    .where('resources.deleted_at', 'is', null)
    .where(sql<SqlBool>`(${sql.join(conditions, sql` or `)})`);
}

/** The resources at these places, in this order. */
async function readPage(listing: Listing, query: Query, places: readonly Place[]): Promise<Presented[]> {
  if (places.length === 0) return [];
  const rows = await listing.db
    .selectFrom('resources')
    .select([...ROW_COLUMNS, 'type', 'seq'])
    .where('tenant', '=', listing.tenant)
    .where(
      'seq',
      'in',
      places.map(({ seq }) => seq),
    )
    .execute();
  const bySeq = new Map<number, Presented>();
  for (const type of listing.asked) {
    const ofType = rows.filter((row) => row.type === type.name);
    const presented = await present({ ...listing, type }, ofType, query);
    for (const [index, { resource }] of presented.entries()) bySeq.set(ofType[index]?.seq ?? 0, resource);
  }
  return places.flatMap(({ seq }) => bySeq.get(seq) ?? []);
}
