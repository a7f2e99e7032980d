/**
 * What the IdP of the load believes: people and groups as acknowledged, and what follows from them for each person. Every
 * connection has a world of its own, so that what it asks for next depends on the seed and not on who is faster.
 */
import type { System } from './systems/system.ts';

export interface Person {
  /** Sent as family name: whatever happens to names and ids, a record downstream says whose it is. */
  marker: string;
  externalId: string;
  /** SCIM id; null before the first create and after a delete. */
  id: string | null;
  /** Ids of deleted resources of this person. */
  formerIds: string[];
  userName: string;
  email: string;
  givenName: string;
  active: boolean;
  /** False: an end user. */
  staff: boolean;
  /** The greater, the more recently something was done about the person. */
  touched: number;
}

export interface Group {
  id: string;
  name: string;
  members: Set<Person>;
}

export interface World {
  lane: number;
  people: Person[];
  groups: Group[];
  /** User names that were somebody's and are nobody's now. */
  freedNames: string[];
  /** Names that groups of this world may have; no other world uses them. */
  groupNames: string[];
  nextNumber: number;
}

/** What a person may have: `<system> record`, `<system> access`, `<system> grant <grant>`. */
export type Key = string;

export const recordKey = (system: string): Key => `${system} record`;
export const accessKey = (system: string): Key => `${system} access`;
export const grantKey = (system: string, grant: string): Key => `${system} grant ${grant}`;

export const hasAccess = (person: Person): boolean => person.id !== null && person.active && person.staff;

export const groupsOf = ({ groups }: Pick<World, 'groups'>, person: Person): string[] =>
  groups.filter((group) => group.members.has(person)).map(({ name }) => name);

/** What the person is to have in all systems: a record that is not to be gone, an open one, each grant. */
export function wishesOf(systems: readonly System[], world: World, person: Person): Set<Key> {
  const groups = groupsOf(world, person);
  const wishes = new Set<Key>();
  for (const system of systems) {
    const { record, access, grants } = system.wanted(person, groups);
    if (record !== 'gone') wishes.add(recordKey(system.name));
    if (access && record === 'present') wishes.add(accessKey(system.name));
    for (const grant of grants) wishes.add(grantKey(system.name, grant));
  }
  return wishes;
}

/** @param groupNames those of the whole run; the names of a set mean the same. */
export function createWorld(lane: number, lanes: number, groupNames: readonly string[][]): World {
  return {
    lane,
    people: [],
    groups: [],
    freedNames: [],
    // Some give nothing anywhere.
    groupNames: [...groupNames.filter((_, index) => index % lanes === lane).flat(), `Team ${lane}`],
    nextNumber: 1,
  };
}
