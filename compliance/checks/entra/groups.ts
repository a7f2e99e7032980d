/** What Microsoft Entra ID does with groups. */
import { randomUUID } from 'node:crypto';
import type { Check, Trial } from '../../trial.ts';
import { finds, groupOf, groups, hasMembers, leaves, madeBy, noGroups } from '../clients.ts';
import { at, came, GROUP, patch, quoted, refused, resources, sent, succeeded, text } from '../reading.ts';

const profiles = ['entra'] as const;
const MICROSOFT = 'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group';

const presence: Check = {
  id: 'entra/groups',
  title: 'There are groups',
  feature: 'groups',
  profiles,
  requirements: ['ENTRA-18'],
  async run(trial: Trial) {
    const answer = await trial.send('GET', '/ResourceTypes');
    trial.holds('ENTRA-18', trial.server.hasGroups, 'no resource type with the schema of groups was found', answer);
  },
};

const create: Check = {
  id: 'entra/group-create',
  title: 'A group as Entra sends it is created and found',
  feature: 'groups',
  profiles,
  requirements: ['ENTRA-19', 'ENTRA-20', 'ENTRA-25', 'ENTRA-26'],
  unless: noGroups,
  async run(trial: Trial) {
    const endpoint = groups(trial.server);
    const body = trial.groupBody({
      schemas: [GROUP, MICROSOFT],
      externalId: randomUUID(),
      meta: { resourceType: 'Group' },
    });
    const answer = await trial.send('POST', endpoint, body);
    const same = text(at(answer.json, 'id')) !== null && at(answer.json, 'displayName') === body.displayName;
    trial.holds(
      'ENTRA-19',
      [200, 201].includes(answer.status) && same,
      `201, an id and the displayName were expected; got ${came(answer)}`,
    );
    const group = madeBy(trial, endpoint, answer);
    const filter = `displayName+eq+${encodeURIComponent(quoted(String(body.displayName)))}`;
    await finds(trial, 'ENTRA-20', endpoint, filter, group, '&excludedAttributes=members');
    const again = await trial.send('POST', endpoint, trial.groupBody({ displayName: body.displayName ?? null }));
    trial.holds('ENTRA-25', refused(again), `a second group of that name should be refused; got ${came(again)}`);
    const gone = await trial.send('DELETE', group.path);
    const read = await trial.send('GET', group.path);
    trial.holds(
      'ENTRA-26',
      succeeded(gone) && read.status === 404,
      `DELETE should succeed and GET be answered with 404; got ${came(gone)} and ${came(read)}`,
      gone,
    );
  },
};

const excluded: Check = {
  id: 'entra/group-without-members',
  title: 'A group comes without members where they are excluded',
  feature: 'groups',
  profiles,
  requirements: ['ENTRA-20'],
  unless: noGroups,
  async run(trial: Trial) {
    const { group } = await groupOf(trial, 1);
    const filter = `displayName+eq+${encodeURIComponent(quoted(String(sent(group).displayName)))}`;
    const one = await trial.send('GET', `${group.path}?excludedAttributes=members`);
    const list = await trial.send('GET', `${groups(trial.server)}?excludedAttributes=members&filter=${filter}`);
    for (const [answer, found] of [
      [one, one.json],
      [list, resources(list)[0]],
    ] as const) {
      trial.holds(
        'ENTRA-20',
        answer.status === 200 && at(found, 'id') === group.id,
        `200 and the group were expected; got ${came(answer)}`,
        answer,
      );
      trial.holds('ENTRA-20', at(found, 'members') === undefined, 'members were excluded, and are there', answer);
    }
  },
};

const membership: Check = {
  id: 'entra/group-members',
  title: "Members are added and removed in Entra's forms",
  feature: 'groups',
  profiles,
  requirements: ['ENTRA-21', 'ENTRA-22', 'ENTRA-23'],
  unless: noGroups,
  async run(trial: Trial) {
    const group = await trial.makeGroup();
    const ids: string[] = [];
    for (let number = 0; number < 3; number++) ids.push((await trial.makeUser()).id);
    const [one = '', two = '', three = ''] = ids;
    const value = (...members: string[]) => members.map((each) => ({ $ref: null, value: each }));
    const added = await trial.send(
      'PATCH',
      group.path,
      patch({ op: 'Add', path: 'members', value: value(one, two, three) }),
    );
    await hasMembers(trial, 'ENTRA-21', group, added, 'Add of three members', ids);
    const removed = await trial.send('PATCH', group.path, patch({ op: 'Remove', path: 'members', value: value(one) }));
    await hasMembers(trial, 'ENTRA-22', group, removed, 'Remove with a list of one member', [two, three]);
    const picked = await trial.send(
      'PATCH',
      group.path,
      patch({ op: 'remove', path: `members[value eq ${quoted(two)}]` }),
    );
    await hasMembers(
      trial,
      'ENTRA-23',
      group,
      picked,
      `remove of members[value eq ${quoted(two)}]`,
      succeeded(removed) ? [three] : [one, three],
    );
  },
};

const rename: Check = {
  id: 'entra/group-rename',
  title: 'A group is renamed and keeps its members',
  feature: 'groups',
  profiles,
  requirements: ['ENTRA-24'],
  unless: noGroups,
  async run(trial: Trial) {
    const { group, ids } = await groupOf(trial, 1);
    const value = trial.name('renamed');
    const answer = await trial.send('PATCH', group.path, patch({ op: 'Replace', path: 'displayName', value }));
    await leaves(trial, 'ENTRA-24', group, answer, 'Replace displayName', ['displayName'], value);
    await hasMembers(trial, 'ENTRA-24', group, answer, 'Replace displayName', ids);
  },
};

export const checks: readonly Check[] = [presence, create, excluded, membership, rename];
