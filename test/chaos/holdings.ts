/** What each person has in the sandbox, in the same words as what they should have (model.ts). */
import { DISABLED_MARKER } from '../../src/targets/qflow-enterprise/mapping.ts';
import type { Key } from './model.ts';
import type { SandboxState } from './sandbox.ts';

export const isDisabled = (user: Record<string, string>): boolean => (user.customData ?? '').includes(DISABLED_MARKER);

export function holdings({ users, teamMembers, assignments }: SandboxState): Map<string, Set<Key>> {
  const held = new Map<string, Set<Key>>();
  const add = (marker: string, key: Key) => held.set(marker, (held.get(marker) ?? new Set()).add(key));
  for (const user of users) {
    add(user.lastName ?? '', 'exists');
    if (!isDisabled(user)) add(user.lastName ?? '', 'access');
  }
  const markers = new Map(teamMembers.map(({ id, lastName = '' }) => [id, lastName]));
  for (const marker of markers.values()) add(marker, 'exists');
  for (const { teamMemberId, eventId } of assignments) add(markers.get(teamMemberId) ?? '', `event ${eventId}`);
  return held;
}
