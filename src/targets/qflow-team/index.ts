/**
 * Qflow Team: the people who operate events at the door.
 *
 * This folder owns every fact about that API (README.md gives each its source): names, the create that never fails on a
 * double, lists that do not show everybody, access as assignments to events. It refuses to remember what was assigned
 * before, retries and ordering, which are the engine's, and the log-in, which both Qflow types share.
 */
import { qflowLimitGroup, qflowSecrets } from '../qflow-account.ts';
import { defineTarget, type TargetType } from '../target.ts';
import { open } from './connection.ts';
import { desired, mapping, plan } from './mapping.ts';
import { sandbox } from './sandbox.ts';
import { Settings } from './settings.ts';

export const target = defineTarget({
  type: 'qflow-team',
  title: 'Qflow Team',
  settings: Settings,
  secrets: qflowSecrets,
  capabilities: {
    disable: 'emulated',
    delete: 'hard',
    rename: true,
    create: 'natural',
    lookup: 'list',
    verify: 'listing',
    assignments: { noun: 'event' },
    invites: false,
  },
  mapping,
  limitGroup: qflowLimitGroup,
  systemKey: ({ baseUrl }) => `qflow-team ${baseUrl.toLowerCase()}`,
  desired,
  plan,
  open,
  sandbox,
} satisfies TargetType<Settings>);
