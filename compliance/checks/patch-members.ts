/** RFC 7644 section 3.5.2 for the members of groups: who is in decides what people may do. */
import type { Check, JsonObject, Made, Trial } from '../trial.ts';
import { noPatch } from './patch-general.ts';
import { groupWith, membersOf, sameIds } from './picking.ts';
import { came, patch, refused, shown, succeeded } from './reading.ts';

const unless: Check['unless'] = (server) => noPatch(server) ?? (server.hasGroups ? null : 'it has no groups');
const value = (users: readonly Made[]) => users.map(({ id }) => ({ value: id }));

/** A PATCH of a group, after which it should have these members. */
async function leaves(trial: Trial, requirement: string, group: Made, operation: JsonObject, wanted: readonly Made[]) {
  const answer = await trial.send('PATCH', group.path, patch(operation));
  const found = await membersOf(trial, group);
  const told = `${operation.op} of ${shown(operation.path)}`;
  const message = `after a ${told} the group should have ${wanted.length} members; it got ${came(answer)}, members are ${shown(found)}`;
  return trial.holds(requirement, succeeded(answer) && sameIds(found, wanted), message, answer);
}

const add: Check = {
  id: 'patch/members-add',
  title: 'An add of members keeps those who are in',
  feature: 'patch',
  requirements: ['RFC7644-3.5.2.1-5', 'RFC7644-3.5.2.1-7'],
  unless,
  async run(trial: Trial) {
    const { group, users } = await groupWith(trial, 1);
    const more = [await trial.makeUser(), await trial.makeUser()];
    const all = [...users, ...more];
    const operation = { op: 'add', path: 'members', value: value(more) };
    if (!(await leaves(trial, 'RFC7644-3.5.2.1-5', group, operation, all))) return;
    await leaves(trial, 'RFC7644-3.5.2.1-7', group, { op: 'add', path: 'members', value: value(users) }, all);
  },
};

const removeOne: Check = {
  id: 'patch/members-remove-one',
  title: 'A remove of one member leaves the others in the group',
  feature: 'patch',
  requirements: ['RFC7644-3.5.2.2-5', 'RFC7644-3.5.2.2-11'],
  unless,
  async run(trial: Trial) {
    const { group, users } = await groupWith(trial, 3);
    const path = `members[value eq "${users[0]?.id}"]`;
    await leaves(trial, 'RFC7644-3.5.2.2-5', group, { op: 'remove', path }, users.slice(1));
    const found = await membersOf(trial, group);
    const isThere = users.slice(1).every(({ id }) => found.includes(id));
    trial.holds('RFC7644-3.5.2.2-11', isThere, `one of 3 was removed; of the others only ${shown(found)} are left`);
  },
};

const removeStranger: Check = {
  id: 'patch/members-remove-stranger',
  title: 'A remove of someone who is no member leaves the group as it is',
  feature: 'patch',
  requirements: ['RFC7644-3.5.2.2-11', 'RFC7644-3.5.2.2-10'],
  unless,
  async run(trial: Trial) {
    const { group, users } = await groupWith(trial, 2);
    const stranger = await trial.makeUser();
    const body = patch({ op: 'remove', path: `members[value eq "${stranger.id}"]` });
    const answer = await trial.send('PATCH', group.path, body);
    const found = await membersOf(trial, group);
    const message = `nobody should have left the group of 2; it has ${shown(found)}`;
    trial.holds('RFC7644-3.5.2.2-11', sameIds(found, users), message, answer);
    trial.holds('RFC7644-3.5.2.2-10', succeeded(answer), `expected a success, got ${came(answer)}`, answer);
  },
};

const removeAll: Check = {
  id: 'patch/members-remove-all',
  title: 'A remove of members takes all of them',
  feature: 'patch',
  requirements: ['RFC7644-3.5.2.2-4'],
  unless,
  async run(trial: Trial) {
    const { group } = await groupWith(trial, 2);
    const answer = await trial.send('PATCH', group.path, patch({ op: 'remove', path: 'members' }));
    // A group that may not be empty is the service's own rule.
    trial.needs(!refused(answer), `it does not let a group become empty: ${came(answer)}`);
    const found = await membersOf(trial, group);
    trial.holds('RFC7644-3.5.2.2-4', found.length === 0, `nobody should be left; members are ${shown(found)}`, answer);
  },
};

const replaceAll: Check = {
  id: 'patch/members-replace',
  title: 'A replace of members leaves those that it names',
  feature: 'patch',
  requirements: ['RFC7644-3.5.2.3-3'],
  unless,
  async run(trial: Trial) {
    const { group, users } = await groupWith(trial, 2);
    const wanted = [...users.slice(1), await trial.makeUser()];
    const operation = { op: 'replace', path: 'members', value: value(wanted) };
    await leaves(trial, 'RFC7644-3.5.2.3-3', group, operation, wanted);
  },
};

const exchange: Check = {
  id: 'patch/members-exchange',
  title: 'One PATCH can remove a member and add another',
  feature: 'patch',
  requirements: ['RFC7644-3.5.2-10', 'RFC7644-3.5.2.2-11'],
  unless,
  async run(trial: Trial) {
    const { group, users } = await groupWith(trial, 2);
    const another = await trial.makeUser();
    const body = patch(
      { op: 'remove', path: `members[value eq "${users[0]?.id}"]` },
      { op: 'add', path: 'members', value: value([another]) },
    );
    const answer = await trial.send('PATCH', group.path, body);
    const found = await membersOf(trial, group);
    const wanted = [...users.slice(1), another];
    const message = `one of 2 should be exchanged; the PATCH got ${came(answer)}, members are ${shown(found)}`;
    trial.holds('RFC7644-3.5.2-10', succeeded(answer) && sameIds(found, wanted), message, answer);
    const isThere = users.slice(1).every(({ id }) => found.includes(id));
    trial.holds('RFC7644-3.5.2.2-11', isThere, `who was not named should stay; members are ${shown(found)}`, answer);
  },
};

const rename: Check = {
  id: 'patch/group-rename',
  title: 'A group that is renamed keeps its members',
  feature: 'patch',
  requirements: ['RFC7644-3.5.2.3-11'],
  unless,
  async run(trial: Trial) {
    const { group, users } = await groupWith(trial, 2);
    const body = patch({ op: 'replace', path: 'displayName', value: trial.name('renamed') });
    const answer = await trial.send('PATCH', group.path, body);
    trial.needs(succeeded(answer), `a group could not be renamed: ${came(answer)}`);
    const found = await membersOf(trial, group);
    const message = `the group should keep its 2 members; they are ${shown(found)}`;
    trial.holds('RFC7644-3.5.2.3-11', sameIds(found, users), message, answer);
  },
};

export const checks: readonly Check[] = [add, removeOne, removeStranger, removeAll, replaceAll, exchange, rename];
