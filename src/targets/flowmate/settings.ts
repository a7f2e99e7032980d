/** What an administrator enters for a FlowMate target. Every point that FlowMate's pages leave open is one of these. */
import { z } from 'zod';

const address = z.url({ protocol: /^https?$/ }).overwrite((url) => url.replace(/\/+$/, ''));
const path = z
  .string()
  .regex(/^(\/[^\s?#]*)?$/, 'must begin with a slash, or be empty')
  .overwrite((text) => text.replace(/\/+$/, ''));

export const Settings = z
  .object({
    baseUrl: address
      .default('https://api.platform.openintegrationhub.com')
      .describe('Address of the service. Default: https://api.platform.openintegrationhub.com'),
    apiPath: path
      .default('/api')
      .describe('Between the address and /users: /api in the reference, /api/v1 in an own installation. Default: /api'),
    loginPath: path.default('/login').describe('Path of the log-in, after the address. Default: /login'),
    username: z.string().default('').describe("The API account's user name. Needed unless a token is given"),
    password: z.string().default('').describe("The API account's password. Needed unless a token is given"),
    token: z
      .string()
      .default('')
      .describe('A permanent token (POST /tokens with expiresIn -1), used in place of a log-in. Default: none'),
    tenantId: z
      .string()
      .regex(/^\S*$/, 'must hold no space')
      .default('')
      .describe('Id of the FlowMate tenant that the users belong to. Default: that of the API account'),
    lookup: z
      .enum(['auto', 'username', 'tenant'])
      .default('auto')
      .describe(
        "How users are looked for: GET /users?username=, or the tenant's list. Default: auto (the list where the former is refused)",
      ),
    idField: z
      .enum(['auto', 'id', '_id'])
      .default('auto')
      .describe('Name of the id in what is read. Default: auto (whichever there is)'),
    idFormat: z
      .enum(['objectid', 'any'])
      .default('objectid')
      .describe('Form of the ids: 24 hexadecimal digits, or unknown. Default: objectid'),
    usernames: z
      .enum(['any', 'email'])
      .default('any')
      .describe('Whether the service takes only e-mail addresses as user names. Default: any (a create finds out)'),
    pending: z
      .enum(['keep', 'activate'])
      .default('keep')
      .describe('What becomes of a PENDING user who should work: left to confirm, or made ACTIVE. Default: keep'),
    imageField: z
      .enum(['none', 'img', 'avatar'])
      .default('none')
      .describe('Field that keeps the address of a picture: img in the reference, avatar in the source. Default: none'),
    deletion: z
      .enum(['call', 'by-hand'])
      .default('call')
      .describe(
        "Whether the API account may delete users (iam.account.delete); by-hand: they are disabled, and deleting is a person's matter. Default: call",
      ),
  })
  .superRefine(({ token, username, password }, context) => {
    if (token !== '' || (username !== '' && password !== '')) return;
    const missing = (name: string, message: string) => context.addIssue({ code: 'custom', path: [name], message });
    if (username === '') missing('username', 'is needed, unless a token is given');
    if (password === '') missing('password', 'is needed, unless a token is given');
    missing('token', 'is needed, unless user name and password are given');
  });
export type Settings = z.infer<typeof Settings>;
