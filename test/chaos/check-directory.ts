/** Compares what the IdP was told with what the directory holds. */
import { compare, reporter } from './compare.ts';
import type { Idp, Json } from './idp.ts';
import type { Person, World } from './model.ts';
import type { Violation } from './violation.ts';

/** What the IdP was told against what the directory holds now. */
export async function checkDirectory(idp: Idp, worlds: readonly World[]): Promise<Violation[]> {
  const violations: Violation[] = [];
  const users = await everything(idp, '/Users');
  const byId = new Map(users.map((user) => [user.id, user]));
  for (const person of worlds.flatMap((world) => world.people)) {
    const report = reporter(violations, person.marker, 'directory');
    for (const id of person.formerIds) if (byId.delete(id)) report('left', `deleted user ${id} is there`);
    if (person.id === null) continue;
    const user = byId.get(person.id);
    if (!user) report('lost', `user ${person.id} is not there`);
    else compare(`user ${person.id}`, asUser(person), fromUser(user), report);
    byId.delete(person.id);
  }
  for (const user of byId.values()) {
    reporter(violations, user.name?.familyName, 'directory')('duplicated', `nobody made user ${user.id}`);
  }
  const groups = new Map((await everything(idp, '/Groups')).map((group) => [group.id, group]));
  for (const { id, name, members } of worlds.flatMap((world) => world.groups)) {
    const report = reporter(violations, null, 'directory');
    const group = groups.get(id);
    if (!group) report('lost', `group ${name} is not there`);
    else {
      const seen = (group.members ?? []).map((member: Json) => member.value).sort();
      compare(
        `group ${name}`,
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
    reporter(violations, null, 'directory')('left', `group ${group.displayName} (${group.id}) is there`);
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
