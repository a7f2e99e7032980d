/** What an administrator and their IdP do, one thing at a time: each sends its requests and keeps the world up to date. */
import type { Change as Carried } from './history.ts';
import type { Acknowledged, Change, Idp } from './idp.ts';
import { type Group, type Person, type World, wishesOf } from './model.ts';
import type { Random } from './random.ts';
import * as requests from './requests.ts';
import type { System } from './systems/system.ts';

export interface Hand {
  world: World;
  idp: Idp;
  systems: readonly System[];
  /** Told of every request that was carried out. */
  onChange: (change: Carried) => void;
  /** The operation that is under way. */
  operation: string;
  random: Random;
  style: requests.Style;
  /** Whether names are swapped, and given to others once they are free. */
  contested: boolean;
}

/** So many members come into a group with one request. */
const CROWD = 80;

export const living = ({ people }: World) => people.filter((person) => person.id !== null);
export const deleted = ({ people }: World) => people.filter((person) => person.id === null);
export const unusedNames = ({ groupNames, groups }: World) =>
  groupNames.filter((name) => !groups.some((group) => group.name === name));
const namesTaken = (world: World) => new Set(living(world).map(({ userName }) => userName));

/** Sends a change, and keeps what follows from its answer for the people whom it may touch. */
async function carry(hand: Hand, people: readonly Person[], change: Change, apply: (answer: Acknowledged) => void) {
  const { world, systems, idp, operation } = hand;
  const before = people.map((person) => [...wishesOf(systems, world, person)]);
  const answer = await idp.change(change);
  apply(answer);
  for (const person of people) person.touched = world.nextNumber++;
  hand.onChange({
    operation,
    what: `${change.method} ${change.path} ${change.note ?? ''}`.trimEnd(),
    sentAt: answer.sentAt,
    ackedAt: answer.ackedAt,
    people: people.map((person, index) => ({
      marker: person.marker,
      before: before[index] ?? [],
      after: [...wishesOf(systems, world, person)],
    })),
  });
}

/** As a rule somebody of whom something is under way still: those are the ones that can go wrong. */
function somebody({ random }: Hand, people: readonly Person[]): Person {
  if (!random.chance(0.6)) return random.pick(people);
  return random.pick(people.toSorted((a, b) => b.touched - a.touched).slice(0, 3));
}

/** Some newcomers get the name of somebody who has given it up. */
function nameForNewcomer({ world, random, contested }: Hand): string {
  if (contested && random.chance(0.5)) {
    const taken = namesTaken(world);
    const freed = world.freedNames.filter((name) => !taken.has(name));
    if (freed.length > 0) return random.pick(freed);
  }
  return `u${world.lane}-${world.nextNumber++}@chaos.test`;
}

export async function hire(hand: Hand): Promise<void> {
  const { world, random } = hand;
  const number = world.nextNumber++;
  const userName = nameForNewcomer(hand);
  const person: Person = {
    marker: `P${world.lane}-${number}`,
    externalId: `ext-${world.lane}-${number}`,
    id: null,
    formerIds: [],
    userName,
    email: random.chance(0.9) ? userName : `mail${world.lane}-${number}@chaos.test`,
    givenName: `G${random.below(1_000)}`,
    active: true,
    staff: random.chance(0.85),
    touched: number,
  };
  world.people.push(person);
  await create(hand, person);
}

/** The same person, known by externalId and userName, comes back. */
export async function rehire(hand: Hand): Promise<void> {
  const { world } = hand;
  const taken = namesTaken(world);
  const gone = deleted(world).filter(({ userName }) => !taken.has(userName));
  if (gone.length === 0) return;
  const person = somebody(hand, gone);
  person.active = true;
  await create(hand, person);
}

async function create({ idp, ...hand }: Hand, person: Person): Promise<void> {
  await idp.get(requests.userFilter(person.userName));
  await carry({ ...hand, idp }, [person], requests.createUser(person), ({ body }) => {
    person.id = body.id;
  });
}

export async function edit(hand: Hand): Promise<void> {
  const { world, random } = hand;
  await change(hand, somebody(hand, living(world)), { givenName: `G${random.below(1_000)}` });
}

/** Ten edits of one person, one right after the other. */
export async function editOften(hand: Hand): Promise<void> {
  const { world, random } = hand;
  const person = random.pick(living(world));
  for (let edit = 0; edit < 10; edit++) await change(hand, person, { givenName: `G${random.below(1_000)}` });
}

/** Taken away and given back before anybody may have looked, or the other way round. */
export async function flicker(hand: Hand): Promise<void> {
  const person = somebody(hand, living(hand.world));
  const { active } = person;
  await change(hand, person, { active: !active });
  await change(hand, person, { active });
}

export async function rename(hand: Hand): Promise<void> {
  const { world, random } = hand;
  const person = somebody(hand, living(world));
  const former = person.userName;
  const userName = nameForNewcomer(hand);
  await change(hand, person, { userName, ...(random.chance(0.6) && { email: userName }) });
  world.freedNames.push(former);
}

/** Two people get each other's names; SCIM forbids that both have one for a moment. */
export async function swap(hand: Hand): Promise<void> {
  const { world, random } = hand;
  const one = somebody(hand, living(world));
  const other = random.pick(living(world));
  if (one === other || !hand.contested) return;
  const withEmail = random.chance(0.5);
  const [first, second] = [nameOf(one, withEmail), nameOf(other, withEmail)];
  await change(hand, one, { userName: `swap${world.lane}-${world.nextNumber++}@chaos.test` });
  await change(hand, other, first);
  await change(hand, one, second);
}

const nameOf = ({ userName, email }: Person, withEmail: boolean) => ({ userName, ...(withEmail && { email }) });

export async function deactivate(hand: Hand): Promise<void> {
  const active = living(hand.world).filter((person) => person.active);
  if (active.length > 0) await change(hand, somebody(hand, active), { active: false });
}

export async function reactivate(hand: Hand): Promise<void> {
  const inactive = living(hand.world).filter((person) => !person.active);
  if (inactive.length > 0) await change(hand, somebody(hand, inactive), { active: true });
}

/** Out of every target's scope, or back. */
export async function changeType(hand: Hand): Promise<void> {
  const { world, random } = hand;
  const endUsers = living(world).filter((person) => !person.staff);
  const person = endUsers.length > 0 && random.chance(0.6) ? random.pick(endUsers) : random.pick(living(world));
  await change(hand, person, { staff: !person.staff });
}

async function change(hand: Hand, person: Person, changed: Partial<requests.Attributes>): Promise<void> {
  await carry(hand, [person], requests.changeUser(person, hand.style, changed), () => {
    Object.assign(person, changed);
  });
}

export async function remove(hand: Hand): Promise<void> {
  const { world } = hand;
  const person = somebody(hand, living(world));
  await carry(hand, [person], requests.deleteAt(`/Users/${person.id}`), () => {
    person.formerIds.push(person.id ?? '');
    person.id = null;
    world.freedNames.push(person.userName);
    for (const group of world.groups) group.members.delete(person);
  });
}

export async function makeGroup(hand: Hand): Promise<void> {
  const { world, random } = hand;
  const name = random.pick(unusedNames(world));
  const members = some(hand, living(world), 4);
  const group: Group = { id: '', name, members: new Set() };
  await carry(hand, members, requests.createGroup(name, members), ({ body }) => {
    group.id = body.id;
    group.members = new Set(members);
    world.groups.push(group);
  });
}

export async function renameGroup(hand: Hand): Promise<void> {
  const { world, random } = hand;
  const group = random.pick(world.groups);
  const names = unusedNames(world);
  if (names.length === 0) return;
  const name = random.pick(names);
  await carry(hand, [...group.members], requests.renameGroup(group, name), () => {
    group.name = name;
  });
}

export async function deleteGroup(hand: Hand): Promise<void> {
  const { world, random } = hand;
  const group = random.pick(world.groups);
  await carry(hand, [...group.members], requests.deleteAt(`/Groups/${group.id}`), () => {
    world.groups = world.groups.filter((each) => each !== group);
  });
}

export async function addMembers(hand: Hand): Promise<void> {
  const { world, random } = hand;
  const group = random.pick(world.groups);
  const people = some(hand, living(world), 3);
  if (people.length === 0) return;
  await carry(hand, people, requests.addMembers(group, people), () => {
    for (const person of people) group.members.add(person);
  });
}

/** Many at once, as when a department is given to a group: what comes after it must not wait for all of them. */
export async function fillGroup(hand: Hand): Promise<void> {
  const { world, random } = hand;
  const group = random.pick(world.groups);
  const people = [...new Set(Array.from({ length: CROWD }, () => random.pick(living(world))))];
  await carry(hand, people, requests.addMembers(group, people), () => {
    for (const person of people) group.members.add(person);
  });
}

export async function removeMembers(hand: Hand): Promise<void> {
  const { world, random } = hand;
  const group = random.pick(world.groups);
  const people = some(hand, [...group.members], 2);
  if (people.length === 0) return;
  await carry(hand, people, requests.removeMembers(group, hand.style, people), () => {
    for (const person of people) group.members.delete(person);
  });
}

/** Between none and `most` different ones. */
function some(hand: Hand, people: readonly Person[], most: number): Person[] {
  const count = Math.min(people.length, hand.random.below(most + 1));
  return [...new Set(Array.from({ length: count }, () => somebody(hand, people)))];
}
