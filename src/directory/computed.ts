/** Extensions that nobody writes: worked out, for whoever asks for them, by the part of the product that knows. */
import type { Kysely } from 'kysely';
import type { Complex } from '../scim/document.ts';
import { type Selection, wantsComputed } from '../scim/projection.ts';
import type { Database } from '../store/tables.ts';
import type { Reading } from './reading.ts';

/** @returns the content of the extension by resource id; a resource that has none is left out. Values are not null. */
export type ComputedReader = (
  db: Kysely<Database>,
  tenant: string,
  ids: readonly string[],
) => Promise<ReadonlyMap<string, Complex>>;

/** Computed extensions by URN. */
export type ComputedReaders = Readonly<Record<string, ComputedReader>>;

/** @returns of each resource what was worked out for it, by URN. */
export async function readComputed(
  { db, tenant, type, computed }: Reading,
  ids: readonly string[],
  selection: Selection,
): Promise<(id: string) => Complex> {
  const asked = ids.length > 0 ? [...type.computed].filter((urn) => wantsComputed(urn, selection)) : [];
  const contents = await Promise.all(
    asked.map(async (urn) => ({ urn, byId: (await computed[urn]?.(db, tenant, ids)) ?? new Map<string, Complex>() })),
  );
  return (id) => {
    const found = contents.flatMap(({ urn, byId }): [string, Complex][] => {
      const content = byId.get(id);
      return content ? [[urn, content]] : [];
    });
    return Object.fromEntries(found);
  };
}
