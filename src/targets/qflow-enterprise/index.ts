/**
 * Qflow Enterprise: users of an enterprise, who work in the Qflow dashboard.
 *
 * This folder owns every fact about that API (README.md gives each its source): field names, name spaces, the look-up by
 * e-mail, the disable that has to be emulated. It refuses retries, ordering and adoption policy, which are the engine's,
 * and the log-in, which both Qflow types share (`../qflow-account.ts`).
 */
import { qflowLimitGroup, qflowSecrets } from '../qflow-account.ts';
import { defineTarget, type TargetType } from '../target.ts';
import { open } from './connection.ts';
import { desired, mapping, plan } from './mapping.ts';
import { sandbox } from './sandbox.ts';
import { Settings } from './settings.ts';

export const target = defineTarget({
  type: 'qflow-enterprise',
  title: 'Qflow Enterprise',
  settings: Settings,
  secrets: qflowSecrets,
  capabilities: {
    disable: 'emulated',
    delete: 'hard',
    rename: true,
    create: 'conflict',
    lookup: 'filter',
    verify: 'read',
    assignments: null,
    invites: false,
  },
  mapping,
  limitGroup: qflowLimitGroup,
  systemKey: ({ baseUrl }) => `qflow-enterprise ${baseUrl.toLowerCase()}`,
  desired,
  plan: (desired, observed, _memory, settings) => plan(desired, observed, settings),
  open,
  sandbox,
} satisfies TargetType<Settings>);
