/** Partner platform users through the shared suite, in every profile; the tests play the person who does what has no call. */
import { target } from '../../src/targets/platform-users/index.ts';
import { byHand } from './platform-by-hand.ts';
import { describeTarget, type TargetCase } from './target-suite.ts';

const users: Omit<TargetCase, 'title'> = {
  type: target,
  system: 'platform',
  create: 'POST /platform/users/invite',
  assignments: ['role:Editor', 'organisation:17'],
  canSeeEverybody: true,
  records: (state) => state.platform.users.map((user) => ({ ...user, id: user.Id ?? '' })),
  isOpen: ({ State }) => State !== 'Blocked',
  byHand,
  endTokens: (sandbox) => sandbox.control('/platform/revoke', { kind: 'access' }),
  refuseTokens: (sandbox) => sandbox.control('/profile', { system: 'platform', profile: 'bearer=refused' }),
  limit: (sandbox) => sandbox.control('/profile', { system: 'platform', profile: 'throttle=without-retry-after' }),
  wrongKey: { settings: { subscriptionKey: 'wrong' }, named: 'subscription key' },
  renamed: { Email: 'ada.king@example.com', FirstName: 'Ada', LastName: 'King' },
  nameless: { FirstName: 'Ada', LastName: '' },
};

const profiles: [profile: string, settings?: Record<string, unknown>][] = [
  ['documented'],
  ['observed', { organisationIdsIn: 'user' }],
  ['paging=items-no-total,roles=objects'],
  ['paging=all,invite-answer=empty', { paging: 'none' }],
  ['paging=array,page-cap=2,reinvite=409'],
  ['roles=none,invite-answer=empty'],
  ['refresh=reuse,expires-in=2,invite-failure=200'],
];
for (const [profile, settings = {}] of profiles) describeTarget({ ...users, title: profile, profile, settings });
