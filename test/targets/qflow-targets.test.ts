/** Both Qflow types through the shared suite, in every profile that a target's code can meet. */
import { target as enterprise } from '../../src/targets/qflow-enterprise/index.ts';
import { target as team } from '../../src/targets/qflow-team/index.ts';
import { describeTarget, type TargetCase } from './target-suite.ts';

const logIn: Pick<TargetCase, 'system' | 'endTokens' | 'refuseTokens' | 'limit' | 'wrongKey'> = {
  system: 'qflow',
  endTokens: (sandbox) => sandbox.control('/qflow/revoke', { kind: 'access' }),
  refuseTokens: (sandbox) => sandbox.control('/profile', { system: 'qflow', profile: 'bearer=refused' }),
  async limit(sandbox) {
    await sandbox.control('/profile', { system: 'qflow', profile: 'edge=20,retry-after=omitted' });
    // A new minute may begin meanwhile, and counts anew.
    for (let call = 0; call <= 2 * 20; call++) {
      if ((await fetch(`${sandbox.url}/users/v1/api/users`)).status === 429) return;
    }
    throw new Error('no call was over the limit');
  },
  wrongKey: { settings: { subscriptionKey: 'wrong' }, named: 'subscription key' },
};

const users: Omit<TargetCase, 'title'> = {
  ...logIn,
  type: enterprise,
  create: 'POST /users/v1/api/user',
  assignments: [],
  canSeeEverybody: true,
  records: (state) => state.qflow.users,
  isOpen: ({ customData }) => !customData?.includes('[linkspan:disabled]'),
  renamed: { userName: 'DEMO/ada.king', email: 'ada.king@example.com', firstName: 'Ada', lastName: 'King' },
  nameless: { firstName: 'Ada', lastName: '' },
};

const members: Omit<TargetCase, 'title'> = {
  ...logIn,
  type: team,
  create: 'POST /checkin/v1/api/teammember',
  assignments: ['1001', '1002'],
  canSeeEverybody: true,
  records: (state) => state.qflow.teamMembers,
  isOpen: ({ id }, { qflow }) => qflow.assignments.some(({ teamMemberId }) => teamMemberId === id),
  renamed: { userName: 'DEMO/ada.king', email: 'ada.king@example.com', firstName: 'Ada', lastName: 'King' },
  nameless: { firstName: 'Ada', lastName: '' },
};

const profiles = [
  'documented',
  'observed',
  'dup=400',
  'dup=200-existing',
  'email-lookup=array',
  'email-lookup=404',
  'email-lookup=empty',
  'put=merge',
  'put=put-blanks-omitted',
  'delete=query',
  'refresh=reuse,expires-in=2',
];
for (const profile of profiles) describeTarget({ ...users, title: profile, profile });

for (const profile of ['documented', 'observed', 'refresh=reuse,expires-in=2']) {
  describeTarget({ ...members, title: profile, profile });
}
describeTarget({
  ...members,
  title: 'standalone account',
  profile: 'account=standalone',
  settings: { accountKind: 'standalone' },
  canSeeEverybody: false,
  renamed: { ...members.renamed, userName: 'ada.king' },
});
