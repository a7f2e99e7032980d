/**
 * FlowMate: users of an integration platform, kept by Open Integration Hub's IAM service.
 *
 * This folder owns every fact about that API (README.md gives each its source): the log-in, the two dialects of documents and
 * source, the answers that do not say what happened, roles by name. It refuses retries, ordering, adoption policy and the
 * memory of what was granted, which are the engine's.
 */
import { defineTarget, type TargetType } from '../target.ts';
import { open } from './connection.ts';
import { desired, mapping, plan } from './mapping.ts';
import { sandbox } from './sandbox.ts';
import { Settings } from './settings.ts';

export const target = defineTarget({
  type: 'flowmate',
  title: 'FlowMate (Open Integration Hub IAM)',
  settings: Settings,
  secrets: ['password', 'token'],
  capabilities: {
    disable: 'native',
    delete: 'hard',
    rename: true,
    create: 'conflict',
    lookup: 'exact',
    verify: 'read',
    assignments: { noun: 'role', kinds: ['role', 'permission'] },
    invites: false,
  },
  mapping,
  limitGroup: ({ baseUrl }) => `flowmate ${new URL(baseUrl).host.toLowerCase()}`,
  systemKey: ({ baseUrl, apiPath }) => `flowmate ${baseUrl}${apiPath}`.toLowerCase(),
  desired,
  plan,
  open: (settings) => open(settings),
  sandbox,
} satisfies TargetType<Settings>);
