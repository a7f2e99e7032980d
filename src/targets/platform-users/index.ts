/**
 * Partner platform users: people who are invited by mail into one partner platform.
 *
 * This folder owns every fact about that API (README.md gives each its source): four calls, of which one invites and the
 * others list. It refuses to pretend: what has no call is a step for a person, and only a listing says that it was done.
 * Intents, settling and the rows of what people have to do are the engine's.
 */
import { defineTarget, type TargetType } from '../target.ts';
import { open } from './connection.ts';
import { desired, mapping, plan } from './mapping.ts';
import { KINDS } from './roles.ts';
import { sandbox } from './sandbox.ts';
import { Settings } from './settings.ts';

export const target = defineTarget({
  type: 'platform-users',
  title: 'Partner platform users',
  settings: Settings,
  secrets: ['clientSecret', 'password', 'subscriptionKey'],
  capabilities: {
    disable: 'none',
    delete: 'none',
    rename: false,
    create: 'none',
    lookup: 'list',
    verify: 'listing',
    assignments: { noun: 'role', kinds: KINDS },
    invites: true,
  },
  mapping,
  limitGroup: ({ baseUrl }) => `platform ${new URL(baseUrl).host.toLowerCase()}`,
  systemKey: ({ baseUrl }) => `platform-users ${baseUrl.toLowerCase()}`,
  desired,
  plan,
  open,
  sandbox,
} satisfies TargetType<Settings>);
