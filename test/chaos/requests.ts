/** The bodies that Entra and Okta send, each with the look-up that tells whether it was carried out. */
import type { Answer, Change, Json } from './idp.ts';
import type { Group, Person } from './model.ts';

const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';

/** Which way an IdP spells the same thing. */
export type Style = 'entra' | 'okta';

export type Attributes = Pick<Person, 'userName' | 'email' | 'givenName' | 'active' | 'staff'>;

const equal = (attribute: string, value: string) => encodeURIComponent(`${attribute} eq "${value}"`);
export const userFilter = (userName: string) => `/Users?filter=${equal('userName', userName)}`;

function userOf({ marker, externalId, userName, email, givenName, active, staff }: Omit<Person, 'id'>) {
  return {
    schemas: [USER],
    externalId,
    userName,
    active,
    name: { givenName, familyName: marker },
    emails: [{ primary: true, type: 'work', value: email }],
    userType: staff ? 'Employee' : 'EndUser',
  };
}

export function createUser(person: Person): Change {
  return {
    method: 'POST',
    path: '/Users',
    note: JSON.stringify({ userName: person.userName, email: person.email, staff: person.staff }),
    body: userOf(person),
    lookUp: {
      path: userFilter(person.userName),
      find: ({ body }) => body.Resources?.find((user: Json) => user.externalId === person.externalId),
    },
  };
}

/** Okta replaces the user whole; Entra sends one operation for each attribute. */
export function changeUser(person: Person, style: Style, changed: Partial<Attributes>): Change {
  const wanted = { ...person, ...changed };
  const path = `/Users/${person.id}`;
  const lookUp = { path, find: (answer: Answer) => (isAs(answer, wanted) ? answer.body : null) };
  const note = JSON.stringify(changed);
  if (style === 'okta') return { method: 'PUT', path, note, body: { ...userOf(wanted), id: person.id }, lookUp };
  return { method: 'PATCH', path, note, body: patch(entraOperations(changed)), lookUp };
}

function entraOperations({ userName, email, givenName, active, staff }: Partial<Attributes>) {
  const replace = (path: string, value: unknown) => ({ op: 'Replace', path, value });
  return [
    ...(userName === undefined ? [] : [replace('userName', userName)]),
    ...(email === undefined ? [] : [replace('emails[type eq "work"].value', email)]),
    ...(givenName === undefined ? [] : [replace('name.givenName', givenName)]),
    ...(active === undefined ? [] : [replace('active', active ? 'True' : 'False')]),
    ...(staff === undefined ? [] : [replace('userType', staff ? 'Employee' : 'EndUser')]),
  ];
}

const isAs = ({ body }: Answer, { userName, email, givenName, active, staff }: Attributes): boolean =>
  body?.userName === userName &&
  body.emails?.[0]?.value === email &&
  body.name?.givenName === givenName &&
  body.active === active &&
  body.userType === (staff ? 'Employee' : 'EndUser');

/** Also of a group. */
export function deleteAt(path: string): Change {
  return { method: 'DELETE', path, lookUp: { path, find: ({ status }) => status === 404 } };
}

export function createGroup(name: string, members: readonly Person[]): Change {
  return {
    method: 'POST',
    path: '/Groups',
    note: name,
    body: { schemas: [GROUP], displayName: name, members: members.map(({ id }) => ({ value: id })) },
    lookUp: {
      path: `/Groups?filter=${equal('displayName', name)}`,
      find: ({ body }) => body.Resources?.[0],
    },
  };
}

export function renameGroup({ id, name: former }: Group, name: string): Change {
  const path = `/Groups/${id}`;
  return {
    method: 'PATCH',
    path,
    note: `${former} becomes ${name}`,
    body: patch([{ op: 'replace', value: { id, displayName: name } }]),
    lookUp: { path, find: ({ body }) => (body?.displayName === name ? body : null) },
  };
}

export function addMembers({ id, name }: Group, people: readonly Person[]): Change {
  const path = `/Groups/${id}`;
  return {
    method: 'PATCH',
    path,
    note: `adds to ${name}`,
    body: patch([{ op: 'Add', path: 'members', value: people.map((person) => ({ value: person.id })) }]),
    lookUp: { path, find: ({ body }) => people.every((person) => isMember(body, person)) },
  };
}

/** Entra names the members in a value, Okta in a path each. */
export function removeMembers({ id, name }: Group, style: Style, people: readonly Person[]): Change {
  const path = `/Groups/${id}`;
  const operations =
    style === 'entra'
      ? [{ op: 'Remove', path: 'members', value: people.map((person) => ({ value: person.id })) }]
      : people.map((person) => ({ op: 'remove', path: `members[value eq "${person.id}"]` }));
  return {
    method: 'PATCH',
    path,
    note: `removes from ${name}`,
    body: patch(operations),
    lookUp: { path, find: ({ body }) => !people.some((person) => isMember(body, person)) },
  };
}

const isMember = (group: Json, person: Person): boolean =>
  group?.members?.some((member: Json) => member.value === person.id) === true;

const patch = (operations: readonly unknown[]) => ({ schemas: [PATCH_OP], Operations: operations });
