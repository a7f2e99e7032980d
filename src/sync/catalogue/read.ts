/** A target's catalogue for an administrator. */
import type { Store } from '../../store/store.ts';
import type { Millis } from '../../store/tables.ts';
import type { Lane } from '../lanes/lanes.ts';
import { type Shown, scimValue, shownAs } from './entry.ts';
import { lookOf } from './look.ts';

export interface Catalogue {
  /** When the target last said what it has; null: it never has. */
  refreshedAt: Millis | null;
  triedAt: Millis | null;
  /** Why the last look concluded nothing. */
  problem: string | null;
  entries: KnownEntry[];
}

export interface KnownEntry {
  kind: string;
  id: string;
  name: string;
  description: string | null;
  weight: number | null;
  /** What a user's role or entitlement says to be given it. */
  value: string;
  /** As what SCIM shows it, under which id. */
  resourceType: Shown;
  scimId: string;
  seenAt: Millis;
}

export async function readCatalogue(
  store: Store,
  { tenant, targetId, name, type }: Pick<Lane, 'tenant' | 'targetId' | 'name' | 'type'>,
): Promise<Catalogue> {
  const look = await lookOf(store.read, { tenant, targetId });
  const rows = await store.read
    .selectFrom('catalogue')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('target_id', '=', targetId)
    .where('gone_at', 'is', null)
    .orderBy('kind')
    .orderBy('name')
    .orderBy('entry_id')
    .execute();
  return {
    refreshedAt: look?.refreshed_at ?? null,
    triedAt: look?.tried_at ?? null,
    problem: look?.problem ?? null,
    entries: rows.map((row) => {
      const entry = { kind: row.kind, id: row.entry_id, name: row.name };
      return {
        ...entry,
        description: row.description,
        weight: row.weight === null ? null : Number(row.weight),
        value: scimValue(name, type.capabilities, entry),
        resourceType: shownAs(row.kind),
        scimId: row.scim_id,
        seenAt: row.seen_at,
      };
    }),
  };
}
