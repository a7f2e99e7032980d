/**
 * One thing that a target has to assign, and how it is shown as a SCIM resource. Kinds that a target's type calls `role`
 * are roles, all others are entitlements.
 */
import type { EntryContent } from '../../directory/entries.ts';
import type { Capabilities, CatalogueEntry } from '../../targets/target.ts';
import type { Lane } from '../lanes/lanes.ts';

export const CATALOGUE_URN = 'urn:linkspan:params:scim:schemas:extension:catalogue:2.0:Entry';

/** Names of the resource types. */
export type Shown = 'Role' | 'Entitlement';

export function shownAs(kind: string): Shown {
  return kind.toLowerCase() === 'role' ? 'Role' : 'Entitlement';
}

/** What a user's role or entitlement says to be given it: `<target>:<assignment>`, unique in the tenant. */
export function scimValue(target: string, { assignments }: Pick<Capabilities, 'assignments'>, entry: CatalogueEntry) {
  return `${target}:${assignmentOf(assignments, entry)}`;
}

/** As rules grant it in the target: the id, with its kind where that is not the first (target.ts). */
function assignmentOf(assignments: Capabilities['assignments'], { kind, id }: CatalogueEntry): string {
  const kinds = assignments?.kinds ?? [];
  const isClear = kinds.length === 0 || (kind === kinds[0] && !id.includes(':'));
  return isClear ? id : `${kind}:${id}`;
}

/** Under the names of the draft, and of Okta; docs/scim.md says what each is for. */
export function documentOf({ name: target, type }: Pick<Lane, 'name' | 'type'>, entry: CatalogueEntry): EntryContent {
  const display = `${entry.name} (${target})`;
  return {
    value: scimValue(target, type.capabilities, entry),
    display,
    type: entry.kind,
    supported: true,
    displayName: display,
    ...(entry.description && { description: entry.description }),
    [CATALOGUE_URN]: {
      target,
      remoteId: entry.id,
      name: entry.name,
      ...(entry.weight !== undefined && { weight: entry.weight }),
    },
  };
}

/** What is wrong with a catalogue, so that nothing is concluded from it. */
export class CatalogueError extends Error {
  override readonly name = 'CatalogueError';
}

/**
 * As they can be kept: texts without what a database refuses, one of each, a name for each.
 * @throws CatalogueError where one cannot be told from others.
 */
export function tidied(entries: readonly CatalogueEntry[]): CatalogueEntry[] {
  const byId = new Map<string, CatalogueEntry>();
  for (const { kind, id, name, description, weight } of entries) {
    if (id === '' || clean(id) !== id) throw new CatalogueError(`the catalogue has ${shown(kind)} without a usable id`);
    const text = clean(description ?? '');
    byId.set(JSON.stringify([kind, id]), {
      kind,
      id,
      name: clean(name) || id,
      ...(text && { description: text }),
      ...(Number.isFinite(weight) && { weight }),
    });
  }
  return [...byId.values()];
}

function clean(text: string): string {
  return text.toWellFormed().replaceAll('\0', '').trim();
}

function shown(kind: string): string {
  return `${/^[aeiou]/i.test(kind) ? 'an' : 'a'} ${kind}`;
}
