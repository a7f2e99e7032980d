/**
 * Cursors (RFC 9865): a place in the order of one query, sealed, so that a client can neither read nor make one, and nothing
 * has to be kept for it here. It holds for its tenant, its query and its page size, and for a limited time.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { expiredCursor, invalidCount, invalidCursor } from '../scim/errors.ts';
import type { Millis } from '../store/tables.ts';
import type { Place } from './order-sql.ts';

/** Seconds for which a cursor is good, at least. */
export const CURSOR_TIMEOUT = 3_600;

/** Encryption with a key that all processes share. `sealed` consists of characters that a URL need not escape. */
export interface Seal {
  seal(plain: string): Promise<string>;
  /** @throws where the text was not made by `seal`. */
  open(sealed: string): Promise<string>;
}

/** What a cursor belongs to. */
export interface CursorScope {
  tenant: string;
  /** Everything that decides which resources there are and in which order. */
  query: readonly unknown[];
  /** Page size. */
  count: number;
}

export interface Cursor {
  /** The page lies behind this place, or, `backwards`, before it; `inclusive`: it begins with it. */
  place: Place;
  inclusive: boolean;
  backwards: boolean;
  /** `totalResults` of the first page. */
  total: number;
}

/** Of a longer sort key a cursor has the beginning alone: it must fit into a URL. */
const LONGEST_KEY = 500;

const content = z.object({
  scope: z.string(),
  count: z.number(),
  expires: z.number(),
  seq: z.number(),
  key: z.string().nullable(),
  cut: z.boolean(),
  inclusive: z.boolean(),
  backwards: z.boolean(),
  total: z.number(),
});

export function writeCursor(seal: Seal, scope: CursorScope, { place, ...rest }: Cursor, now: Millis): Promise<string> {
  const expires = now + CURSOR_TIMEOUT * 1_000;
  const { seq, key } = place;
  const isLong = key !== null && key.length > LONGEST_KEY;
  const held = { seq, key: isLong ? key.slice(0, LONGEST_KEY).toWellFormed() : key, cut: isLong };
  const written: z.infer<typeof content> = { scope: scopeOf(scope), count: scope.count, expires, ...held, ...rest };
  return seal.seal(JSON.stringify(written));
}

/** @throws ScimError invalidCursor, expiredCursor, invalidCount. All that is wrong with a foreign cursor looks alike. */
export async function readCursor(seal: Seal, scope: CursorScope, text: string, now: Millis): Promise<Cursor> {
  const invalid = invalidCursor('The cursor does not belong to this query. Begin anew with an empty cursor.');
  const opened = await seal.open(text).then(JSON.parse, () => null);
  const { data } = content.safeParse(opened);
  if (!data || data.scope !== scopeOf(scope)) throw invalid;
  if (data.expires < now) throw expiredCursor('The cursor has expired. Begin anew with an empty cursor.');
  if (data.count !== scope.count) throw invalidCount('count must be the same for all pages of a query.');
  const { seq, key, cut, backwards, inclusive, total } = data;
  return { place: { seq, key, cut }, backwards, inclusive, total };
}

function scopeOf({ tenant, query }: CursorScope): string {
  return createHash('sha256')
    .update(JSON.stringify([tenant, ...query]))
    .digest('base64url');
}
