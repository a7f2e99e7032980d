/** What an administrator enters for a uflow target: among it everything that the system's documents and its code name differently. */
import { z } from 'zod';

const address = z.url({ protocol: /^https?$/ }).overwrite((url) => url.replace(/\/+$/, ''));

const isUuid = (id: string) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id);

const DEFAULT_URL = 'https://dev.api.authsec.dev';

export const Settings = z
  .object({
    baseUrl: address.default(DEFAULT_URL).describe(`Address of the API. Default: ${DEFAULT_URL}`),
    prefix: z
      .string()
      .regex(/^(\/[\w.~-]+)*$/, 'must be empty, or begin with a slash and end without one')
      .default('')
      .describe('What stands between the address and /uflow; merged servers have /authsec there. Default: nothing'),
    tenantId: z.string().min(1).describe('Id of the tenant whose end users these are. No default'),
    tenantField: z
      .string()
      .regex(/^\w+$/, 'must be letters, digits and underscores')
      .default('tenant_id')
      .describe('What bodies call the tenant; newer servers say workspace_id. Default: tenant_id'),
    clientId: z
      .string()
      .default('')
      .describe('Id of the client that people are registered with; needed where reality is documents. Default: none'),
    projectId: z
      .string()
      .refine((id) => id === '' || isUuid(id), 'must be a UUID: the server fails on anything else')
      .default('')
      .describe('Id of the project that people are registered in; needed where reality is code. Default: none'),
    provider: z.string().min(1).default('local').describe('Authentication provider of new people. Default: local'),
    reality: z
      .enum(['documents', 'code'])
      .default('documents')
      .describe(
        "Which the server follows where the two differ: the product's documents, or its public code (README.md has the list). Default: documents",
      ),
    logIn: z
      .enum(['email', 'username', 'token'])
      .default('email')
      .describe(
        'How to log in: email (POST /uflow/auth/admin/login), username (POST /uflow/admin/auth/login), or a fixed token. Default: email',
      ),
    username: z
      .string()
      .default('')
      .describe("The administrator's e-mail or user name, but for logIn token. Default: none"),
    password: z.string().default('').describe("The administrator's password, but for logIn token. Default: none"),
    tenantDomain: z.string().default('').describe('Sent with the log-in by e-mail where it is given. Default: none'),
    token: z.string().default('').describe('Bearer token, for logIn token. Default: none'),
    deleteBy: z
      .enum(['soft', 'hard'])
      .default('soft')
      .describe(
        'What a deletion is: soft leaves the record, inactive; hard destroys it with all its data. Default: soft',
      ),
    pageSize: z.int().min(1).max(100).default(100).describe('Users a page when listing, at most 100. Default: 100'),
  })
  .refine(({ logIn, token }) => logIn !== 'token' || token !== '', {
    path: ['token'],
    error: 'logIn is token, so token is needed',
  })
  .refine(({ logIn, username }) => logIn === 'token' || username !== '', {
    path: ['username'],
    error: 'is needed to log in',
  })
  .refine(({ logIn, password }) => logIn === 'token' || password !== '', {
    path: ['password'],
    error: 'is needed to log in',
  })
  .refine(({ reality, clientId }) => reality !== 'documents' || clientId !== '', {
    path: ['clientId'],
    error: 'reality is documents, where a registration names its client',
  })
  .refine(({ reality, projectId }) => reality !== 'code' || projectId !== '', {
    path: ['projectId'],
    error: 'reality is code, where a registration names its project',
  });
export type Settings = z.infer<typeof Settings>;

export { isUuid };
