/** FlowMate through the shared suite, in both dialects, with either kind of API account. */
import { targetTypes } from '../../src/targets/registry.ts';
import type { TargetType } from '../../src/targets/target.ts';
import { describeTarget, type TargetCase } from './target-suite.ts';

const atExample = (userName: string) => `${userName}@example.com`;

const users: Omit<TargetCase, 'title'> = {
  type: targetTypes.get('flowmate') as TargetType,
  system: 'flowmate',
  create: 'POST /flowmate/api/users',
  assignments: ['Viewer', 'Editor'],
  canSeeEverybody: true,
  records: (state) => state.flowmate.users,
  isOpen: ({ status }) => status === 'ACTIVE',
  endTokens: (sandbox) => sandbox.control('/flowmate/revoke'),
  refuseTokens: (sandbox) => sandbox.control('/profile', { system: 'flowmate', profile: 'bearer=refused' }),
  limit: (sandbox) => sandbox.control('/profile', { system: 'flowmate', profile: 'edge=limited' }),
  named: atExample,
  renamed: { username: 'ada.king@example.com', firstname: 'Ada', lastname: 'King' },
  nameless: { firstname: 'Ada', lastname: null },
};

for (const profile of ['documented', 'observed', 'errors=500,expires-in=2', 'id-field=_id,roles-in-lists=ids']) {
  describeTarget({ ...users, title: profile, profile });
}
describeTarget({
  ...users,
  title: "the tenant's list as the look-up",
  profile: 'observed',
  settings: { lookup: 'tenant' },
});
describeTarget({
  ...users,
  title: 'roles by id',
  settings: { rolesBy: 'id' },
  assignments: ['5f00000000000000000000b1'],
});
