/** What an administrator enters for a Qflow Enterprise target. */
import { z } from 'zod';
import { pinOf, qflowSettings } from '../qflow-account.ts';

export const Settings = z
  .object({
    ...qflowSettings,
    emailParameter: z
      .string()
      .min(1)
      .default('email')
      .describe('Name of the query parameter of GET /users/email, which no page documents. Default: email'),
    deleteBy: z
      .enum(['body-then-query', 'body', 'query'])
      .default('body-then-query')
      .describe('Where DELETE /user carries the id, which no page documents. Default: body-then-query'),
    disableBy: z
      .enum(['scramble', 'delete', 'keep'])
      .default('scramble')
      .describe(
        'Qflow cannot disable a user. scramble: a password that nobody knows, and a mark in customData; delete: the user is deleted, and made anew on return; keep: nothing is called, a person has to do it. Default: scramble',
      ),
  })
  .refine((settings) => pinOf(settings) !== '', {
    path: ['enterprisePin'],
    error: 'the user name has no enterprise pin before a slash (DEMO/api@example.com), so enterprisePin is needed',
  });
export type Settings = z.infer<typeof Settings>;
