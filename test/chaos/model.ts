/**
 * What the IdP of the load believes: people and groups as acknowledged, and what follows from them for each person. Every
 * connection has a world of its own, so that what it asks for next depends on the seed and not on who is faster.
 */
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
  /** False: an end user, whom no target of the run wants. */
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

/** What a person may have: a place in the directory, a log-in, an event. */
export type Key = 'exists' | 'access' | `event ${string}`;

export const GROUP_PREFIXES = ['Event ', 'Crew '];

export const hasAccess = (person: Person): boolean => person.id !== null && person.active && person.staff;

/** Events that the person should be assigned to. */
export function eventsOf(world: World, person: Person): string[] {
  if (!hasAccess(person)) return [];
  const events = world.groups.filter((group) => group.members.has(person)).flatMap(({ name }) => eventOf(name) ?? []);
  return [...new Set(events)].sort();
}

export function eventOf(groupName: string): string | null {
  const prefix = GROUP_PREFIXES.find((each) => groupName.startsWith(each));
  return prefix === undefined ? null : groupName.slice(prefix.length);
}

export function wishesOf(world: World, person: Person): Set<Key> {
  const wishes = new Set<Key>();
  if (person.id !== null) wishes.add('exists');
  if (hasAccess(person)) wishes.add('access');
  for (const event of eventsOf(world, person)) wishes.add(`event ${event}`);
  return wishes;
}

/** @param events ids of the events of the whole run. */
export function createWorld(lane: number, lanes: number, events: readonly string[]): World {
  const own = events.filter((_, index) => index % lanes === lane);
  return {
    lane,
    people: [],
    groups: [],
    freedNames: [],
    groupNames: [...GROUP_PREFIXES.flatMap((prefix) => own.map((event) => prefix + event)), `Team ${lane}`],
    nextNumber: 1,
  };
}
