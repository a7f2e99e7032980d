/** Compares the model with the directory, and the directory with the sandbox, when everything is said to be settled. */

import { isDisabled } from './holdings.ts';
import type { Idp, Json } from './idp.ts';
import { eventsOf, hasAccess, type Person, type World } from './model.ts';
import type { SandboxState } from './sandbox.ts';
import type { Violation, ViolationKind } from './violation.ts';

const PIN = 'DEMO';

type Report = (kind: ViolationKind, what: string) => void;
type Record = SandboxState['users'][number];

function reporter(violations: Violation[], marker: string | null): Report {
  return (kind, what) => violations.push({ kind, marker, what });
}

/** What the IdP was told against what the directory holds now. */
export async function checkDirectory(idp: Idp, worlds: readonly World[]): Promise<Violation[]> {
  const violations: Violation[] = [];
  const users = await everything(idp, '/Users');
  const byId = new Map(users.map((user) => [user.id, user]));
  for (const person of worlds.flatMap((world) => world.people)) {
    const report = reporter(violations, person.marker);
    for (const id of person.formerIds) if (byId.delete(id)) report('left', `directory: deleted user ${id} is there`);
    if (person.id === null) continue;
    const user = byId.get(person.id);
    if (!user) report('lost', `directory: user ${person.id} is not there`);
    else compare('directory', asUser(person), fromUser(user), report);
    byId.delete(person.id);
  }
  for (const user of byId.values()) {
    reporter(violations, user.name?.familyName)('duplicated', `directory: nobody made user ${user.id}`);
  }
  const groups = new Map((await everything(idp, '/Groups')).map((group) => [group.id, group]));
  for (const { id, name, members } of worlds.flatMap((world) => world.groups)) {
    const report = reporter(violations, null);
    const group = groups.get(id);
    if (!group) report('lost', `directory: group ${name} is not there`);
    else {
      const seen = (group.members ?? []).map((member: Json) => member.value).sort();
      compare(
        `directory, group ${name}`,
        { name, members: [...members].map((person) => person.id).sort() },
        {
          name: group.displayName,
          members: seen,
        },
        report,
      );
    }
    groups.delete(id);
  }
  for (const group of groups.values()) {
    reporter(violations, null)('left', `directory: group ${group.displayName} (${group.id}) is there`);
  }
  return violations;
}

const asUser = ({ externalId, userName, email, givenName, marker, active, staff }: Person) => ({
  externalId,
  userName,
  email,
  givenName,
  familyName: marker,
  active,
  userType: staff ? 'Employee' : 'EndUser',
});

const fromUser = (user: Json) => ({
  externalId: user.externalId,
  userName: user.userName,
  email: user.emails?.[0]?.value,
  givenName: user.name?.givenName,
  familyName: user.name?.familyName,
  active: user.active,
  userType: user.userType,
});

async function everything(idp: Idp, path: string): Promise<Json[]> {
  const found: Json[] = [];
  for (;;) {
    const { body } = await idp.get(`${path}?startIndex=${found.length + 1}&count=200`);
    found.push(...body.Resources);
    if (found.length >= body.totalResults || body.Resources.length === 0) return found;
  }
}

/** What should be downstream against what is. */
export function checkSandbox(state: SandboxState, worlds: readonly World[]): Violation[] {
  const violations: Violation[] = [];
  const users = Map.groupBy(state.users, ({ lastName = '' }) => lastName);
  const members = Map.groupBy(state.teamMembers, ({ lastName = '' }) => lastName);
  const events = Map.groupBy(state.assignments, ({ teamMemberId }) => teamMemberId);
  for (const world of worlds) {
    for (const person of world.people) {
      const report = reporter(violations, person.marker);
      checkUser(person, users.get(person.marker) ?? [], report);
      const own = members.get(person.marker) ?? [];
      checkMember(person, eventsOf(world, person), own, events, report);
      users.delete(person.marker);
      members.delete(person.marker);
    }
  }
  for (const [marker, records] of [...users, ...members]) {
    for (const { id } of records) reporter(violations, marker)('left', `record ${id} is nobody's`);
  }
  const known = new Set(state.teamMembers.map(({ id }) => id));
  for (const { teamMemberId, eventId } of state.assignments) {
    if (!known.has(teamMemberId))
      reporter(violations, null)('left', `event ${eventId} of ${teamMemberId}, who is gone`);
  }
  return violations;
}

function checkUser(person: Person, records: readonly Record[], report: Report): void {
  const [user] = records;
  if (records.length > 1) report('duplicated', `dashboard: ${records.map(({ id }) => id).join(', ')}`);
  if (!user) {
    if (hasAccess(person)) report('lost', 'dashboard: no user');
    return;
  }
  if (person.id === null) {
    report('left', `dashboard: deleted, and user ${user.id} is there`);
    return;
  }
  if (!hasAccess(person) && !isDisabled(user)) report('left', `dashboard: user ${user.id} is not disabled`);
  if (hasAccess(person) && isDisabled(user)) report('lost', `dashboard: user ${user.id} is disabled`);
  if (!user.password) report('wrong', `dashboard: user ${user.id} has no password`);
  const { userName, email, firstName } = user;
  compare('dashboard', wantedFields(person), { userName: userName?.toLowerCase(), email, firstName }, report);
}

function checkMember(
  person: Person,
  wanted: readonly string[],
  records: readonly Record[],
  events: ReadonlyMap<string, readonly { eventId: string }[]>,
  report: Report,
): void {
  const [member] = records;
  if (records.length > 1) report('duplicated', `door: ${records.map(({ id }) => id).join(', ')}`);
  if (!member) {
    if (wanted.length > 0) report('lost', `door: no member, who should have ${wanted.join(', ')}`);
    return;
  }
  if (person.id === null) {
    report('left', `door: deleted, and member ${member.id} is there`);
    return;
  }
  const seen = (events.get(member.id ?? '') ?? []).map(({ eventId }) => eventId);
  const missing = wanted.filter((event) => !seen.includes(event));
  const surplus = seen.filter((event) => !wanted.includes(event));
  if (missing.length > 0) report('lost', `door: member ${member.id} lacks event ${missing.join(', ')}`);
  if (surplus.length > 0) report('left', `door: member ${member.id} has event ${surplus.join(', ')}`);
  const { userName, email, firstName } = member;
  compare('door', wantedFields(person), { userName: userName?.toLowerCase(), email, firstName }, report);
}

const wantedFields = ({ userName, email, givenName }: Person) => ({
  userName: `${PIN}/${userName}`.toLowerCase(),
  email,
  firstName: givenName,
});

function compare(where: string, wanted: object, seen: object, report: Report): void {
  const values = new Map(Object.entries(seen));
  for (const [name, value] of Object.entries(wanted)) {
    const [should, is] = [JSON.stringify(value), JSON.stringify(values.get(name))];
    if (should !== is) report('wrong', `${where}: ${name} is ${is}, should be ${should}`);
  }
}
