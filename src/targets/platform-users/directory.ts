/** The whole list of users as it is looked into: by id and by e-mail address, for many accounts at once. Pure. */
import { text, type UserRecord } from './client.ts';
import type { Reading } from './listing.ts';

export interface Listing extends Reading<UserRecord> {
  byId(id: string): UserRecord | undefined;
  /** Everybody with one of these addresses, each once. */
  at(addresses: readonly string[]): UserRecord[];
}

export function index(reading: Reading<UserRecord>): Listing {
  const ids = new Map(reading.items.map((user) => [user.id, user]));
  const places = Map.groupBy(reading.items, (user) => folded(text(user, 'Email')));
  return {
    ...reading,
    byId: (id) => ids.get(id),
    at: (addresses) => [...new Set(addresses.flatMap((address) => places.get(folded(address)) ?? []))],
  };
}

const folded = (address: string) => address.trim().toLowerCase();
