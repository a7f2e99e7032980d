/**
 * uflow: the end users of one tenant.
 *
 * This folder owns every fact about that API (README.md gives each its source): two log-ins, lists that show one half and
 * shift, a registration that may make doubles, two kinds of deletion, and the points where the product's documents and its
 * code disagree. It refuses retries, ordering, adoption policy and what is remembered of doubles, which are the engine's.
 */
import { defineTarget, type TargetType } from '../target.ts';
import { open } from './connection.ts';
import { desired, mapping, plan } from './mapping.ts';
import { sandbox } from './sandbox.ts';
import { Settings } from './settings.ts';

export const target = defineTarget({
  type: 'uflow',
  title: 'uflow end users',
  settings: Settings,
  secrets: ['token', 'password'],
  capabilities: {
    disable: 'native',
    delete: 'soft',
    rename: true,
    create: 'none',
    lookup: 'filter',
    verify: 'read',
    assignments: null,
    invites: false,
  },
  mapping,
  limitGroup: ({ baseUrl }) => `uflow ${new URL(baseUrl).host.toLowerCase()}`,
  // Each tenant has a database of its own; the prefix is only another way to the same server.
  systemKey: ({ baseUrl, tenantId }) => `uflow ${baseUrl.toLowerCase()} ${tenantId.toLowerCase()}`,
  desired,
  plan,
  open,
  sandbox,
} satisfies TargetType<Settings>);
