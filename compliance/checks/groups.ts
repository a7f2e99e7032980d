/** RFC 7643 sections 4.1.2 and 4.2: groups, their members, and how a user shows its groups. */
import type { Check, JsonObject, Made, Server, Trial } from '../trial.ts';
import {
  at,
  came,
  current,
  GROUP,
  memberIds,
  objects,
  patch,
  quoted,
  refused,
  replace,
  shown,
  succeeded,
  text,
  USER,
} from './reading.ts';
import { leadsTo } from './schemas/meta.ts';
import { endpointOf } from './schemas/samples.ts';

const noGroups = ({ hasGroups }: Server) => (hasGroups ? null : 'it has no groups');

const members: Check = {
  id: 'groups/members',
  title: 'A member of a group is named by its id and its URI',
  feature: 'groups',
  requirements: ['RFC7643-4.2-2', 'RFC7643-2.3.7-2', 'RFC7643-2.3.7-3'],
  unless: noGroups,
  async run(trial: Trial) {
    const user = await trial.makeUser();
    const group = await trial.makeGroup({ members: [{ value: user.id }] });
    const found = await membersOf(trial, group);
    const ids = found.map((each) => at(each, 'value'));
    trial.holds('RFC7643-4.2-2', ids.includes(user.id), `members should have a value ${user.id}; it has ${shown(ids)}`);
    for (const member of found) {
      const reference = text(at(member, '$ref'));
      if (reference !== null && at(member, 'value') === user.id)
        await leadsTo(trial, reference, user.id, 'members.$ref');
    }
  },
};

const groupsOfUser: Check = {
  id: 'groups/of-a-user',
  title: 'A user names its groups by their ids and URIs',
  feature: 'groups',
  requirements: ['RFC7643-4.1.2-9', 'RFC7643-4.1.2-10', 'RFC7643-2.3.7-2', 'RFC7643-2.3.7-3'],
  unless: (server) =>
    noGroups(server) ?? (server.attribute('User', 'groups') ? null : 'its users do not show their groups'),
  async run(trial: Trial) {
    const user = await trial.makeUser();
    const group = await trial.makeGroup({ members: [{ value: user.id }] });
    const shownGroups = objects(at(await current(trial, user), 'groups'));
    // That a user shows its groups is not asked for; how it shows them is.
    trial.needs(shownGroups.length > 0, 'it does not show the groups of a user');
    const [only] = shownGroups;
    const id = at(only, 'value');
    trial.holds('RFC7643-4.1.2-10', id === group.id, `groups should have the value ${group.id}; it is ${shown(id)}`);
    const type = text(at(only, 'type'));
    if (type !== null)
      trial.holds(
        'RFC7643-4.1.2-9',
        type.toLowerCase() === 'direct',
        `the membership was made in the group itself; its type is ${shown(type)}`,
      );
    const reference = text(at(only, '$ref'));
    if (reference !== null) await leadsTo(trial, reference, group.id, 'groups.$ref');
  },
};

const readOnlyGroups: Check = {
  id: 'groups/read-only-in-users',
  title: 'A user is not put into a group by writing the user',
  feature: 'groups',
  requirements: ['RFC7643-4.1.2-11'],
  unless: noGroups,
  async run(trial: Trial) {
    const group = await trial.makeGroup();
    const groups = [{ value: group.id }];
    const made = await trial.send('POST', endpointOf(trial.server, USER), trial.userBody({ groups }));
    const user = await trial.makeUser();
    const replaced = await replace(trial, user, { groups });
    const inside = (await membersOf(trial, group)).map((each) => text(at(each, 'value')));
    const newId = text(at(made.json, 'id'));
    const joined = newId !== null && inside.includes(newId);
    trial.holds('RFC7643-4.1.2-11', refused(made) || !joined, 'a POST of a user with groups made it a member', made);
    trial.holds(
      'RFC7643-4.1.2-11',
      refused(replaced) || !inside.includes(user.id),
      'a PUT of a user with groups made it a member',
      replaced,
    );
  },
};

const displayName: Check = {
  id: 'groups/display-name',
  title: 'A group needs a displayName',
  feature: 'groups',
  requirements: ['RFC7643-4.2-1'],
  unless: (server) =>
    noGroups(server) ??
    // Section 8.7.1 has it so, against the text: a server that follows it is not to blame.
    (server.attribute('Group', 'displayName')?.required
      ? null
      : 'its schema does not require one, as in the example of section 8.7.1'),
  async run(trial: Trial) {
    const made = await trial.makeGroup();
    const name = at(made.resource, 'displayName');
    trial.holds('RFC7643-4.2-1', text(name) !== null, `displayName should not be empty; it is ${shown(name)}`);
    const { displayName: _, ...nameless } = trial.groupBody();
    const answer = await trial.send('POST', endpointOf(trial.server, GROUP), nameless);
    trial.holds('RFC7643-4.2-1', refused(answer), `a group without displayName should be refused; got ${came(answer)}`);
  },
};

const changes: Check = {
  id: 'groups/membership',
  title: 'Members are added and removed, and nobody else is',
  feature: 'groups',
  requirements: ['RFC7643-4.2-3'],
  unless: noGroups,
  async run(trial: Trial) {
    const [one, two] = [await trial.makeUser(), await trial.makeUser()];
    const group = await trial.makeGroup({ members: [{ value: one.id }] });
    const change = async (operation: JsonObject, wanted: readonly Made[]) => {
      const answer = trial.server.supports.patch
        ? await trial.send('PATCH', group.path, patch(operation))
        : await replace(trial, group, { members: wanted.map(({ id }) => ({ value: id })) });
      const now = (await membersOf(trial, group)).flatMap((each) => text(at(each, 'value')) ?? []);
      const same = now.length === wanted.length && wanted.every(({ id }) => now.includes(id));
      trial.holds(
        'RFC7643-4.2-3',
        succeeded(answer) && same,
        `after ${shown(operation)} (${came(answer)}) members should be ${shown(wanted.map(({ id }) => id))}; they are ${shown(now)}`,
        answer,
      );
    };
    await change({ op: 'add', path: 'members', value: [{ value: two.id }] }, [one, two]);
    await change({ op: 'remove', path: `members[value eq ${quoted(one.id)}]` }, [two]);
  },
};

const immutableMember: Check = {
  id: 'groups/immutable-member',
  title: 'A member is not turned into another one',
  feature: 'groups',
  requirements: ['RFC7643-4.2-3'],
  unless: (server) => noGroups(server) ?? (server.supports.patch ? null : 'it does not advertise PATCH'),
  async run(trial: Trial) {
    const [one, two] = [await trial.makeUser(), await trial.makeUser()];
    const group = await trial.makeGroup({ members: [{ value: one.id }] });
    const path = `members[value eq ${quoted(one.id)}].value`;
    const answer = await trial.send('PATCH', group.path, patch({ op: 'replace', path, value: two.id }));
    const now = memberIds({ members: await membersOf(trial, group) });
    trial.holds(
      'RFC7643-4.2-3',
      !(now.includes(two.id) && !now.includes(one.id)),
      `members.value is immutable, yet ${one.id} was turned into ${two.id} (${came(answer)})`,
      answer,
    );
  },
};

/** Some show members only where they are asked for. */
export async function membersOf(trial: Trial, group: Made): Promise<JsonObject[]> {
  const plain = objects(at(await current(trial, group), 'members'));
  return plain.length > 0 ? plain : objects(at(await current(trial, group, '?attributes=members'), 'members'));
}

export const checks: readonly Check[] = [members, groupsOfUser, readOnlyGroups, displayName, changes, immutableMember];
