/** What an administrator enters for a Qflow Team target. */
import { z } from 'zod';
import { pinOf, qflowSettings } from '../qflow-account.ts';

export const Settings = z
  .object({
    ...qflowSettings,
    accountKind: z
      .enum(['enterprise', 'standalone'])
      .default('enterprise')
      .describe('Kind of the Qflow account; only an enterprise account can list all its members. Default: enterprise'),
    notifyTeamMember: z
      .boolean()
      .default(false)
      .describe('Whether Qflow mails a member whom it assigns to an event. Default: false'),
  })
  .refine((settings) => settings.accountKind === 'standalone' || pinOf(settings) !== '', {
    path: ['enterprisePin'],
    error: 'the user name has no enterprise pin before a slash (DEMO/api@example.com), so enterprisePin is needed',
  });
export type Settings = z.infer<typeof Settings>;

/** What the account puts before every user name: nothing, on a standalone account. */
export function namespaceOf(settings: Settings): string {
  return settings.accountKind === 'enterprise' ? pinOf(settings) : '';
}
