/** Changes of groups as clients write them. */
import type { Check, JsonObject, Trial } from '../../trial.ts';
import { groupOf, hasMembers, leaves, noGroups, patched } from '../clients.ts';
import { patch, quoted, succeeded } from '../reading.ts';

const profiles = ['dialects'] as const;

const removal: Check = {
  id: 'dialects/member-removal',
  title: 'Members are removed in every form, and nobody else is',
  feature: 'groups',
  profiles,
  requirements: ['DIALECT-9', 'DIALECT-10', 'DIALECT-11'],
  unless: noGroups,
  async run(trial: Trial) {
    const { group, ids } = await groupOf(trial, 3);
    const [one = '', two = '', three = ''] = ids;
    const byPath = await patched(trial, group, [{ op: 'remove', path: `members[value eq ${quoted(one)}]` }]);
    await hasMembers(trial, 'DIALECT-9', group, byPath, 'remove of one member by its path', [two, three]);
    const byList = await patched(trial, group, [{ op: 'remove', path: 'members', value: [{ value: two }] }]);
    await hasMembers(
      trial,
      'DIALECT-10',
      group,
      byList,
      'remove with a list of one member',
      succeeded(byPath) ? [three] : [one, three],
    );
    const all = await patched(trial, group, [{ op: 'remove', path: 'members' }]);
    await hasMembers(trial, 'DIALECT-11', group, all, 'remove of members', []);
  },
};

const repeated: Check = {
  id: 'dialects/member-again',
  title: 'To add who is there, or remove who is not, succeeds',
  feature: 'groups',
  profiles,
  requirements: ['DIALECT-12'],
  unless: noGroups,
  async run(trial: Trial) {
    const { group, ids } = await groupOf(trial, 2);
    const stranger = await trial.makeUser();
    const [one = '', two = ''] = ids;
    const added = await patched(trial, group, [{ op: 'add', path: 'members', value: [{ value: one }] }]);
    // Who is in it twice by now would be found in it twice by all that follows.
    if (!(await hasMembers(trial, 'DIALECT-12', group, added, 'add of who is a member', ids))) return;
    const byPath = await patched(trial, group, [{ op: 'remove', path: `members[value eq ${quoted(stranger.id)}]` }]);
    await hasMembers(trial, 'DIALECT-12', group, byPath, 'remove of who is no member, by its path', ids);
    const list = (value: string): JsonObject => ({ op: 'remove', path: 'members', value: [{ value }] });
    // That this form is taken at all is another requirement.
    const known = await patched(trial, group, [list(two)]);
    if (!succeeded(known)) return;
    const byList = await patched(trial, group, [list(stranger.id)]);
    await hasMembers(trial, 'DIALECT-12', group, byList, 'remove of who is no member, by a list', [one]);
  },
};

const withoutSchemas: Check = {
  id: 'dialects/patch-without-schemas',
  title: 'A PATCH without schemas is taken',
  feature: 'groups',
  profiles,
  requirements: ['DIALECT-17'],
  unless: noGroups,
  async run(trial: Trial) {
    const group = await trial.makeGroup();
    const displayName = trial.name('renamed');
    const { Operations } = patch({ op: 'replace', value: { displayName } });
    const answer = await patched(trial, group, [], { Operations: Operations ?? [] });
    await leaves(trial, 'DIALECT-17', group, answer, 'a PATCH without schemas', ['displayName'], displayName);
  },
};

export const checks: readonly Check[] = [removal, repeated, withoutSchemas];
