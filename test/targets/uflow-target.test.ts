/** The uflow type through the shared suite, in every profile that a target's code can meet, with either reality. */
import { target } from '../../src/targets/uflow/index.ts';
import { describeTarget, type TargetCase } from './target-suite.ts';

const users: Omit<TargetCase, 'title'> = {
  type: target,
  system: 'uflow',
  create: 'POST /uflow/user/clients/register',
  assignments: [],
  canSeeEverybody: true,
  records: (state) => state.uflow.endUsers.filter(({ email }) => email !== 'owner@sandbox.test'),
  isOpen: ({ active }) => String(active) === 'true',
  endTokens: (sandbox) => sandbox.control('/uflow/revoke'),
  refuseTokens: (sandbox) => sandbox.control('/profile', { system: 'uflow', profile: 'bearer=refused' }),
  limit: (sandbox) => sandbox.control('/profile', { system: 'uflow', profile: 'rate-limit=on' }),
  renamed: { email: 'ada.king@example.com', name: 'Ada King' },
  nameless: { name: 'Ada' },
  needed: ['tenantId'],
  keepsRemoved: true,
};

const code = { reality: 'code' };

const CASES: Pick<TargetCase, 'profile' | 'settings' | 'keepsRemoved' | 'removal'>[] = [
  { profile: 'documented' },
  { profile: 'observed', settings: code },
  // Whoever chose the wrong one: all works that the documents promise and the code has.
  { profile: 'observed' },
  { profile: 'documented,unlisted-calls=served', settings: code },
  { profile: 'documented', settings: { deleteBy: 'hard' }, keepsRemoved: false, removal: 'listing' },
  { profile: 'observed', settings: { ...code, deleteBy: 'hard' }, keepsRemoved: false },
  { profile: 'get-list=400,metadata=dropped,status-false=400' },
  { profile: 'active-default=active-only' },
  { profile: 'filter=substring' },
  { profile: 'register=duplicates' },
  { profile: 'shapes=code' },
  { profile: 'tenant-field=workspace_id', settings: { tenantField: 'workspace_id' } },
  { profile: 'expires-in=2', settings: { logIn: 'username' } },
  { profile: 'listing=leaking', settings: { pageSize: 1 } },
];

for (const each of CASES) {
  const settings = Object.entries(each.settings ?? {}).map(([name, value]) => `${name}: ${value}`);
  describeTarget({ ...users, title: [each.profile, ...settings].join(', '), ...each });
}
