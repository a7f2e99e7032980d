/** What a system has no call for must be asked of people: the open actions are exactly those that its model says. */

import { reporter } from './compare.ts';
import type { Json } from './idp.ts';
import { groupsOf, type Person, type World } from './model.ts';
import { runLinkspan } from './processes.ts';
import { type Stage, TENANT } from './stage.ts';
import type { Held, System } from './systems/system.ts';
import type { Violation } from './violation.ts';

export interface OpenAction {
  target: string;
  userId: string;
  kind: string;
  record: string | null;
}

export async function openActions({ env }: Stage): Promise<OpenAction[]> {
  const listed = await runLinkspan(['action', 'list', TENANT, '--limit', '100000', '--json'], env);
  return JSON.parse(listed).actions;
}

/** @param state the answer of `GET /sandbox/state`. */
export function checkActions(
  state: Json,
  systems: readonly System[],
  worlds: readonly World[],
  actions: readonly OpenAction[],
): Violation[] {
  const violations: Violation[] = [];
  for (const system of systems) {
    if (!system.byHand) continue;
    const held = system.held(state);
    const records = new Map(held.map((record) => [record.marker, record]));
    for (const world of worlds) {
      for (const person of world.people) {
        const record = records.get(person.marker);
        // Whose a record is that two people are known by, no rule says.
        if (!record || system.isTaken?.(person, held) || isClaimed(record, person, worlds)) continue;
        const ids = [person.id, ...person.formerIds];
        const open = actions.filter(({ target, userId }) => target === system.name && ids.includes(userId));
        const report = reporter(violations, person.marker, system.name);
        const wanted = system.byHand(person, groupsOf(world, person), record);
        for (const kind of wanted.filter((each) => !open.some((action) => action.kind === each))) {
          report('left', `nobody is asked to ${kind} record ${record.id}`);
        }
        const surplus = open.filter(
          (action) => action.record === record.id && action.kind !== 'unassign' && !wanted.includes(action.kind),
        );
        for (const { kind } of surplus) report('wrong', `somebody is asked to ${kind} record ${record.id}`);
      }
    }
  }
  return violations;
}

function isClaimed({ fields }: Held, person: Person, worlds: readonly World[]): boolean {
  const people = worlds.flatMap((world) => world.people);
  return people.some((other) => other !== person && other.id !== null && other.email.toLowerCase() === fields.email);
}
