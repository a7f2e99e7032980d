/** Okta's group push, in the forms of both kinds of applications. */
import type { Check, Made, Trial } from '../../trial.ts';
import { finds, groups, hasMembers, leaves, madeBy, noGroups, patched } from '../clients.ts';
import { at, came, current, memberIds, quoted, sent, shown, text } from '../reading.ts';
import { ask } from './asking.ts';

const profiles = ['okta'] as const;

/** As Okta makes one: empty. */
async function pushed(trial: Trial): Promise<Made> {
  const answer = await ask(trial, 'POST', groups(trial.server), trial.groupBody({ members: [] }));
  return madeBy(trial, groups(trial.server), answer);
}

async function people(trial: Trial, count: number): Promise<{ value: string; display: string }[]> {
  const made: Made[] = [];
  for (let number = 0; number < count; number++) made.push(await trial.makeUser());
  return made.map((each) => ({ value: each.id, display: String(sent(each).userName) }));
}

const create: Check = {
  id: 'okta/group-create',
  title: 'A pushed group is created empty, found by its name, and deleted',
  feature: 'groups',
  profiles,
  requirements: ['OKTA-14', 'OKTA-20', 'OKTA-21'],
  unless: noGroups,
  async run(trial: Trial) {
    const body = trial.groupBody({ members: [] });
    const answer = await ask(trial, 'POST', groups(trial.server), body);
    const isWhole = text(at(answer.json, 'id')) !== null && at(answer.json, 'displayName') === body.displayName;
    trial.holds(
      'OKTA-14',
      answer.status === 201 && isWhole,
      `201, an id and the displayName were expected; got ${came(answer)} and ${shown(answer.json)}`,
    );
    const group = madeBy(trial, groups(trial.server), answer);
    const filter = encodeURIComponent(`displayName eq ${quoted(String(body.displayName))}`);
    await finds(trial, 'OKTA-21', groups(trial.server), filter, group, '&startIndex=1&count=100');
    const gone = await ask(trial, 'DELETE', group.path);
    const read = await ask(trial, 'GET', group.path);
    trial.holds(
      'OKTA-20',
      gone.status === 204 && read.status === 404,
      `204 and then 404 were expected; got ${came(gone)} and ${came(read)}`,
      gone,
    );
  },
};

const rename: Check = {
  id: 'okta/group-rename',
  title: "A PATCH with the group's id and name in its value is taken",
  feature: 'groups',
  profiles,
  requirements: ['OKTA-15'],
  unless: noGroups,
  async run(trial: Trial) {
    const group = await pushed(trial);
    const displayName = trial.name('renamed');
    const answer = await patched(trial, group, [{ op: 'replace', value: { id: group.id, displayName } }]);
    await leaves(trial, 'OKTA-15', group, answer, 'a replace of id and displayName', ['displayName'], displayName);
    const again = await patched(trial, group, [{ op: 'replace', value: { id: group.id, displayName } }]);
    await leaves(trial, 'OKTA-15', group, again, 'the same replace again', ['displayName'], displayName);
  },
};

const membership: Check = {
  id: 'okta/group-members',
  title: 'A PATCH removes a member and adds others, or replaces all',
  feature: 'groups',
  profiles,
  requirements: ['OKTA-16', 'OKTA-17', 'OKTA-19'],
  unless: noGroups,
  async run(trial: Trial) {
    const group = await pushed(trial);
    const [one, two, three] = await people(trial, 3);
    if (!one || !two || !three) return;
    const first = await patched(trial, group, [{ op: 'add', path: 'members', value: [one] }]);
    await hasMembers(trial, 'OKTA-16', group, first, 'add of a member', [one.value]);
    const shownMembers = memberIds(await current(trial, group));
    trial.holds(
      'OKTA-19',
      shownMembers.includes(one.value),
      `GET of the group should show its member; it shows ${shown(shownMembers)}`,
    );
    const both = await patched(trial, group, [
      { op: 'remove', path: `members[value eq ${quoted(one.value)}]` },
      { op: 'add', path: 'members', value: [two, three] },
    ]);
    await hasMembers(trial, 'OKTA-16', group, both, 'remove of one member and add of two', [two.value, three.value]);
    const all = await patched(trial, group, [{ op: 'replace', path: 'members', value: [one, two] }]);
    await hasMembers(trial, 'OKTA-17', group, all, 'replace of members', [one.value, two.value]);
  },
};

const wizard: Check = {
  id: 'okta/group-put',
  title: 'A PUT of a group with its members is taken',
  feature: 'groups',
  profiles,
  requirements: ['OKTA-18'],
  unless: noGroups,
  async run(trial: Trial) {
    const group = await pushed(trial);
    const [one, two] = await people(trial, 2);
    if (!one || !two) return;
    for (const members of [[one, two], [two], []]) {
      const { schemas, displayName } = sent(group);
      const body = { schemas: schemas ?? [], id: group.id, displayName: displayName ?? '', members };
      const answer = await ask(trial, 'PUT', group.path, body);
      await hasMembers(
        trial,
        'OKTA-18',
        group,
        answer,
        `PUT with ${members.length} members`,
        members.map((each) => each.value),
      );
    }
  },
};

export const checks: readonly Check[] = [create, rename, membership, wizard];
