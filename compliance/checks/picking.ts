/**
 * What to try things with: attributes that this server has, and keeps as they were sent. A server may leave out, refuse or
 * normalise what is optional; so a value is looked for in the resource before anything is asked of it.
 */
import type { JsonObject, Made, Server, Trial } from '../trial.ts';
import { at, current, memberIds, objects, shown, text, unassigned } from './reading.ts';

export function endpointOf(server: Server, name: 'User' | 'Group'): string {
  const urn = `urn:ietf:params:scim:schemas:core:2.0:${name}`.toLowerCase();
  return server.resourceTypes.find((each) => each.schema.toLowerCase() === urn)?.endpoint ?? `/${name}s`;
}

/** Plain text that a client may set to anything. */
const TEXTS = ['nickName', 'title', 'displayName', 'userType', 'externalId'];

export function texts(server: Server): string[] {
  return TEXTS.filter((name) => {
    const attribute = server.attribute('User', name);
    if (attribute?.type !== 'string' || attribute.multiValued || attribute.required) return false;
    const isShown = attribute.returned === 'default' || attribute.returned === 'always';
    const isFree = attribute.canonicalValues.length === 0 && attribute.uniqueness === 'none';
    return attribute.mutability === 'readWrite' && isShown && isFree;
  });
}

/** A user with text in `count` attributes. @returns their names, the first ones of the schema that the server keeps. */
export async function userWithTexts(
  trial: Trial,
  count: number,
  overrides: JsonObject = {},
): Promise<{ user: Made; names: string[] }> {
  const candidates = texts(trial.server);
  for (let from = 0; from + count <= candidates.length; from += count) {
    const names = candidates.slice(from, from + count);
    const values = Object.fromEntries(names.map((name) => [name, trial.name(name)]));
    const user = await trial.makeUser({ ...values, ...overrides });
    const resource = await current(trial, user);
    if (names.every((name) => at(resource, name) === values[name])) return { user, names };
  }
  trial.needs(false, `it keeps no ${count > 1 ? `${count} plain text attributes` : 'plain text attribute'} of users`);
  throw new Error('unreachable');
}

/** A user and one of its text attributes. */
export async function userWithText(trial: Trial, overrides: JsonObject = {}): Promise<{ user: Made; name: string }> {
  const { user, names } = await userWithTexts(trial, 1, overrides);
  return { user, name: names[0] ?? '' };
}

/** A user without a value in a text attribute that the server would keep. */
export async function userWithoutText(trial: Trial): Promise<{ user: Made; name: string }> {
  const user = await trial.makeUser();
  const plain = await current(trial, user);
  for (const name of texts(trial.server).filter((each) => isCleared(at(plain, each)))) {
    const value = trial.name(name);
    if (at(await current(trial, await trial.makeUser({ [name]: value })), name) === value) return { user, name };
  }
  trial.needs(false, 'every plain text attribute of its users has a value from the beginning, or is not kept');
  throw new Error('unreachable');
}

/** Values of a multi-valued attribute are told apart by `value`, and chosen by `type`. */
export interface Plural {
  name: string;
  user: Made;
  /** As the server shows them: of the types `types[0]`, which is primary where there is such a thing, and `types[1]`. */
  values: readonly [JsonObject, JsonObject];
  types: readonly [string, string, string];
  hasPrimary: boolean;
  /** Another one that the server should take. */
  another(type: string): JsonObject;
}

const PLURALS: Record<string, (name: string, number: number) => string> = {
  emails: (name) => `${name}@example.com`,
  phoneNumbers: (_, number) => `+1-555-555-${String(number).padStart(4, '0')}`,
  ims: (name) => name,
  photos: (name) => `https://example.com/${name}.png`,
};

/** A user with two values in a multi-valued attribute. */
export async function userWithValues(trial: Trial, overrides: JsonObject = {}): Promise<Plural> {
  for (const [name, sample] of Object.entries(PLURALS)) {
    const attribute = trial.server.attribute('User', name);
    const part = (part: string) => trial.server.attribute('User', `${name}.${part}`);
    if (
      !attribute?.multiValued ||
      attribute.required ||
      attribute.mutability !== 'readWrite' ||
      !part('value') ||
      !part('type')
    )
      continue;
    const [one = 'work', two = 'home', three = 'other'] = part('type')?.canonicalValues ?? [];
    let number = 100;
    const another = (type: string): JsonObject => ({ value: sample(trial.name(), number++), type });
    const hasPrimary = part('primary') !== null;
    const sent = [{ ...another(one), ...(hasPrimary && { primary: true }) }, another(two)];
    const user = await trial.makeUser({ [name]: sent, ...overrides });
    const kept = objects(at(await current(trial, user), name));
    const [first, second] = sent.map((value) => kept.find((each) => isSame(each, value)));
    if (!first || !second || kept.length !== 2) continue;
    return { name, user, values: [first, second], types: [one, two, three], hasPrimary, another };
  }
  trial.needs(false, 'it keeps two values in none of its multi-valued attributes of users');
  throw new Error('unreachable');
}

function isSame(kept: JsonObject, sent: JsonObject): boolean {
  return at(kept, 'value') === sent.value && String(at(kept, 'type')).toLowerCase() === String(sent.type).toLowerCase();
}

/** The `value`s of a multi-valued attribute, in order. */
export function valuesOf(resource: unknown, name: string): string[] {
  return objects(at(resource, name))
    .flatMap((each) => text(at(each, 'value')) ?? [])
    .sort();
}

/** A user with a given and a family name. */
export async function userWithName(trial: Trial, overrides: JsonObject = {}): Promise<Made> {
  const has = (part: string) => trial.server.attribute('User', `name.${part}`)?.mutability === 'readWrite';
  trial.needs(has('givenName') && has('familyName'), 'its users have no name.givenName and name.familyName');
  const name = { givenName: 'Jane', familyName: trial.name('roe') };
  const user = await trial.makeUser({ name, ...overrides });
  const kept = at(await current(trial, user), 'name');
  const isKept = at(kept, 'givenName') === name.givenName && at(kept, 'familyName') === name.familyName;
  trial.needs(overrides.name !== undefined || isKept, `it does not keep the name of a user: ${shown(kept)}`);
  return user;
}

/** A group with new users in it. */
export async function groupWith(trial: Trial, count: number): Promise<{ group: Made; users: Made[] }> {
  const users: Made[] = [];
  for (let number = 0; number < count; number++) users.push(await trial.makeUser());
  const group = await trial.makeGroup(count > 0 ? { members: users.map(({ id }) => ({ value: id })) } : {});
  const members = await membersOf(trial, group);
  trial.needs(members.length === count, `the new group should have ${count} members, it has ${members.length}`);
  return { group, users };
}

/** Ids of the members, sorted. A server may show them on request only. */
export async function membersOf(trial: Trial, group: Made): Promise<string[]> {
  const shownAlways = trial.server.attribute('Group', 'members')?.returned !== 'request';
  const resource = await current(trial, group, shownAlways ? '' : '?attributes=members');
  return memberIds(resource).sort();
}

export function sameIds(found: readonly string[], wanted: readonly Made[]): boolean {
  const ids = wanted.map(({ id }) => id).sort();
  return found.length === ids.length && ids.every((id, index) => found[index] === id);
}

/** Without a value, the empty string included: some write nothing that way. */
export function isCleared(json: unknown): boolean {
  return unassigned(json) || json === '';
}

/** A text attribute of an extension of users that the server has: its path, its URN and its name. */
export function extensionText(server: Server): { urn: string; name: string; path: string } | null {
  const users = server.resourceTypes.find((each) => each.endpoint === endpointOf(server, 'User'));
  for (const { schema, required } of users?.schemaExtensions ?? []) {
    if (required) continue;
    const found = server.schemas.get(schema.toLowerCase());
    const attribute = found?.attributes.find(
      (each) =>
        each.type === 'string' &&
        !each.multiValued &&
        !each.required &&
        each.mutability === 'readWrite' &&
        each.returned === 'default' &&
        each.uniqueness === 'none' &&
        each.canonicalValues.length === 0,
    );
    if (attribute) return { urn: schema, name: attribute.name, path: `${schema}:${attribute.name}` };
  }
  return null;
}

/** A text attribute of users that can be set once, anywhere in the schema. */
export function immutableText(server: Server): string | null {
  const core = server.schemas.get('urn:ietf:params:scim:schemas:core:2.0:user');
  const found = core?.attributes.find(
    (each) => each.mutability === 'immutable' && each.type === 'string' && !each.multiValued && !each.required,
  );
  return found?.name ?? null;
}
