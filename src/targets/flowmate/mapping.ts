/**
 * What a FlowMate user should look like, and the calls that make it so: pure functions, no HTTP. A cleared field is '' in a
 * plan and null on the wire; roles stand in a plan under the names that assignments have.
 */
import { familyName, fieldsBut, givenName, required, userName } from '../person.ts';
import type { Desired, Fields, Mapped, Memory, Observed, Person, Step } from '../target.ts';
import type { Settings } from './settings.ts';

/** A user as the API gives it. */
export type UserRecord = Readonly<Record<string, unknown>> & { id: string };

export const RANDOM = '<random>';
export const GIVEN = '<given>';
const ROLE = 'role:';
const PERMISSION = 'permission:';
const FIELDS = ['firstname', 'lastname', 'img', 'avatar'];

export const mapping: Record<string, Mapped> = {
  username: { ...userName, description: 'Name to log in with; kept in lower case' },
  firstname: givenName,
  lastname: familyName,
  image: {
    expression: 'user.photos[0].value',
    description: 'Address of a picture; sent where imageField names a field',
  },
};

/** @throws Error where no user name that FlowMate takes can be made. */
export function desired(person: Person, settings: Settings): Desired | null {
  if (person.presence === 'absent') return null;
  const username = fold(required(person, 'username'));
  if (settings.usernames === 'email' && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(username)) {
    throw new Error(`"${username}" is no e-mail address, and FlowMate user names have to be (setting usernames)`);
  }
  const { image } = person.values;
  const picture = settings.imageField === 'none' || image === undefined ? {} : { [settings.imageField]: image ?? '' };
  return {
    presence: person.presence,
    keys: { username },
    fields: { ...fieldsBut(person, 'username', 'image'), ...picture },
    assignments: [...new Set(person.assignments.map(withKind))],
    password: person.password,
  };
}

export const fold = (username: string): string => username.trim().toLowerCase();

/** A role where no kind is named. */
const withKind = (assignment: string) =>
  assignment.startsWith(ROLE) || assignment.startsWith(PERMISSION) ? assignment : `${ROLE}${assignment}`;

/** What an assignment names: a role by its name or id, or a permission. */
export function read(assignment: string): { kind: 'role' | 'permission'; name: string } {
  return assignment.startsWith(PERMISSION)
    ? { kind: 'permission', name: assignment.slice(PERMISSION.length) }
    : { kind: 'role', name: assignment.slice(assignment.startsWith(ROLE) ? ROLE.length : 0) };
}

const isRoleId = (assignment: string) => /^role:[0-9a-f]{24}$/i.test(assignment);

/** @param roles the user's. Each shows twice, since an assignment may call it by its name or by its id. */
export function observe(record: UserRecord, roles: readonly { id: string; name: string }[]): Observed {
  const texts = FIELDS.filter((name) => typeof record[name] === 'string').map((name) => [name, record[name]]);
  const permissions = listOf(record.permissions).map((permission) => `${PERMISSION}${permission}`);
  const named = roles.flatMap(({ id, name }) => [`${ROLE}${name}`, `${ROLE}${id}`]);
  const state = text(record.status) || 'ACTIVE';
  return {
    id: record.id,
    keys: { username: fold(text(record.username)) },
    fields: Object.fromEntries(texts) as Fields,
    enabled: isEnabled(state),
    assignments: [...new Set([...named, ...permissions])].sort(),
    state,
  };
}

/** PENDING waits for its person; anything else that is not ACTIVE cannot log in, made-up words too. */
const isEnabled = (status: string) => status === 'ACTIVE' || status === 'PENDING';

export function plan(desired: Desired | null, observed: Observed | null, memory: Memory, settings: Settings): Step[] {
  if (desired === null) return observed ? remove(observed, settings) : [];
  if (observed === null) return [create(desired, settings)];
  const call = `PATCH ${settings.apiPath}/users/${observed.id}`;
  const { give, take } = assignmentsOf(desired, observed, memory);
  return [
    ...take.map((subject): Step => ({ kind: 'unassign', call, body: changeOf(subject, 'without'), subject })),
    ...(desired.presence === 'inactive' && observed.enabled ? [disable(observed.id, settings)] : []),
    ...correct(desired, observed, call),
    ...(isToBeEnabled(desired, observed, settings)
      ? [{ kind: 'enable', call, body: { status: 'ACTIVE' } } satisfies Step]
      : []),
    ...(desired.password === 'given'
      ? [{ kind: 'update', call, body: { password: GIVEN }, changes: ['password'] } satisfies Step]
      : []),
    ...give.map((subject): Step => ({ kind: 'assign', call, body: changeOf(subject, 'with'), subject })),
  ];
}

/**
 * Whoever is disabled cannot log in and keeps the roles for the return. A role that is wanted by its id and no longer by its
 * name is taken and given in one plan, of which `apply` leaves out what would only be undone.
 */
function assignmentsOf(desired: Desired, observed: Observed, { granted }: Memory): { give: string[]; take: string[] } {
  if (desired.presence === 'inactive') return { give: [], take: [] };
  const wanted = desired.assignments;
  const seen = observed.assignments ?? [];
  const take = granted.filter((each) => !wanted.includes(each) && seen.includes(each));
  const mayBeTaken = (each: string) =>
    read(each).kind === 'role' &&
    take.some((other) => read(other).kind === 'role' && isRoleId(other) !== isRoleId(each));
  const give = wanted.filter((each) => !seen.includes(each) || (!granted.includes(each) && mayBeTaken(each)));
  return { give, take };
}

/** Roles and permissions are lists that are written whole: what is sent is what stands there, with one more or less. */
function changeOf(subject: string, how: 'with' | 'without'): Record<string, string> {
  const { kind, name } = read(subject);
  return { [`${kind}s`]: `${how} ${name}` };
}

function isToBeEnabled({ presence }: Desired, { enabled, state }: Observed, { pending }: Settings): boolean {
  return presence === 'active' && (!enabled || (state === 'PENDING' && pending === 'activate'));
}

function disable(id: string, { apiPath }: Settings): Step {
  return { kind: 'disable', call: `PATCH ${apiPath}/users/${id}`, body: { status: 'DISABLED' } };
}

/** One PATCH for the name and all that goes with it. */
function correct({ keys, fields }: Desired, observed: Observed, call: string): Step[] {
  const username = keys.username ?? '';
  const renamed = username === observed.keys.username ? [] : ['username'];
  const changed = Object.keys(fields).filter((name) => fields[name] !== (observed.fields[name] ?? '').trim());
  const changes = [...renamed, ...changed];
  if (changes.length === 0) return [];
  const body = Object.fromEntries(changes.map((name) => [name, name === 'username' ? username : (fields[name] ?? '')]));
  return [{ kind: renamed.length > 0 ? 'rename' : 'update', call, body, changes }];
}

/** The system refuses a user without a password, so one that nobody knows stands for none. */
function create({ keys, fields, presence, assignments, password }: Desired, settings: Settings): Step {
  const filled = Object.entries(fields).filter(([, value]) => value !== '');
  const grants = presence === 'active' ? assignments : [];
  const named = grants.map(read);
  const namesOf = (kind: string) => named.filter((each) => each.kind === kind).map(({ name }) => name);
  const [roles, permissions] = [namesOf('role'), namesOf('permission')];
  return {
    kind: 'create',
    call: `POST ${settings.apiPath}/users`,
    body: {
      username: keys.username ?? '',
      ...Object.fromEntries(filled),
      status: presence === 'active' ? 'ACTIVE' : 'DISABLED',
      ...(settings.tenantId !== '' && { tenant: settings.tenantId }),
      ...(roles.length > 0 && { roles: roles.join(', ') }),
      ...(permissions.length > 0 && { permissions: permissions.join(', ') }),
      password: password === 'given' ? GIVEN : RANDOM,
    },
    ...(grants.length > 0 && { grants }),
  };
}

function remove({ id, keys, enabled }: Observed, settings: Settings): Step[] {
  const call = `DELETE ${settings.apiPath}/users/${id}`;
  if (settings.deletion === 'call') return [{ kind: 'delete', call }];
  const manual = `Delete the user ${keys.username} (${id}) in FlowMate: the API account may not (iam.account.delete).`;
  return [...(enabled ? [disable(id, settings)] : []), { kind: 'delete', call: 'by hand', manual }];
}

export const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
/** The ids in a list of roles, be they ids or objects; the names in one of permissions. */
export const idsIn = (value: unknown): string[] =>
  listOf(value).map((each) => {
    const { id, _id } = (each ?? {}) as { id?: unknown; _id?: unknown };
    return String(id ?? _id ?? each);
  });

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
