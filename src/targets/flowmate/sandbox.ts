/**
 * A stand-in for FlowMate, which runs on Open Integration Hub's IAM service: log-in, users, roles, permissions, tenants and
 * tokens. The profiles are the points where FlowMate's pages and the public source differ (README.md lists them); first
 * values are the pages'.
 */
import { Hono } from 'hono';
import type { SandboxApp, SandboxPart, SandboxWorld } from '../sandbox.ts';
import {
  API_ACCOUNT,
  type Api,
  bodyOf,
  createAccounts,
  gate,
  logInRoutes,
  PERMANENT_TOKEN,
  TENANT,
  TOKENS,
} from './sandbox-accounts.ts';
import { permissionRoutes, roleRoutes, tenantRoutes, tokenRoutes } from './sandbox-roles.ts';
import { userRoutes } from './sandbox-users.ts';

export const sandbox: SandboxPart = {
  system: 'flowmate',
  collections: ['users', 'roles'],
  lasting: [TOKENS],
  seed,
  profiles: {
    /** Under what name reads show an id. The answer to a create says `id` in both. */
    'id-field': ['id', '_id'],
    /** How lists show a user's roles. Reads of one user show objects in both. */
    'roles-in-lists': ['objects', 'ids'],
    /** Whether a create takes any user name or only an e-mail address. */
    username: ['any', 'email'],
    /** Field of a picture's address; the other one is dropped. */
    image: ['img', 'avatar'],
    /** What turns `{data, meta}` on: `true` or nothing after `meta`, or any text after it. */
    meta: ['boolean', 'truthy'],
    /** Whether trouble is named, or nearly everything is a 500 and a second delete a success. */
    errors: ['honest', '500'],
    /** What a refused log-in gets: 400 and 403 (OpenAPI file), or 401. */
    'login-errors': ['400', '401'],
    /** Whether GET /users serves a tenant's administrator, with that tenant's users. */
    'users-for-tenants': ['allowed', 'refused'],
  },
  switches: {
    /** The rights of the API account. */
    account: ['admin', 'tenant-admin'],
    /** Seconds that a token lives after its last use. */
    'expires-in': ['10800', '2'],
    /** Whether the API takes any token at all. */
    bearer: ['accepted', 'refused'],
    /** Whether a gateway before the service answers everything with 429. */
    edge: ['off', 'limited'],
  },
  credentials: (baseUrl) => ({
    baseUrl: `${baseUrl}/flowmate`,
    username: API_ACCOUNT.username,
    password: API_ACCOUNT.password,
    tenantId: TENANT.id,
    permanentToken: PERMANENT_TOKEN,
  }),
  control,
  routes,
};

const SEEDED_AT = '2025-01-16T10:19:16.000Z';

/** Roles with ids that stay the same: Admin and User belong to everybody, Viewer and Editor to the tenant. */
function seed(world: SandboxWorld): void {
  const times = { createdAt: SEEDED_AT, updatedAt: SEEDED_AT };
  const roles = [
    { name: 'Viewer', description: 'Sees flows', permissions: ['tenant.flows.read'], tenant: TENANT.id },
    {
      name: 'Editor',
      description: 'Changes flows',
      permissions: ['tenant.flows.read', 'tenant.flows.update'],
      tenant: TENANT.id,
    },
    { name: 'Admin', description: 'Administrator', permissions: ['tenant.all'] },
    { name: 'User', description: 'User', permissions: [] },
  ];
  for (const [index, role] of roles.entries()) {
    const id = `5f00000000000000000000b${index + 1}`;
    world.collection('roles').put(id, { id, ...role, isGlobal: role.tenant === undefined, ...times });
  }
  const id = '5f00000000000000000000c1';
  const permanent = { token: PERMANENT_TOKEN, accountId: API_ACCOUNT.id, type: 'PERSISTENT' };
  world.collection(TOKENS).put(id, { id, ...permanent, lifespan: -1, expireAt: null });
}

/** `POST /sandbox/flowmate/revoke` ends every token that a log-in gave, `{"kind":"permanent"}` those that never end. */
function control(world: SandboxWorld): SandboxApp {
  const app: SandboxApp = new Hono();
  app.post('/revoke', async (c) => {
    const { kind = 'session' } = await bodyOf(c);
    if (kind !== 'session' && kind !== 'permanent') throw new Error('kind: "session" or "permanent"');
    const tokens = world.collection(TOKENS);
    for (const token of tokens.all()) {
      if ((token.type === 'PERSISTENT') === (kind === 'permanent')) tokens.delete(String(token.id));
    }
    return c.json({ revoked: kind });
  });
  return app;
}

function routes(world: SandboxWorld): SandboxApp {
  const accounts = createAccounts(world);
  const api: Api = new Hono();
  api.use('*', gate(world, accounts));
  api.route('/users', userRoutes(world, accounts));
  api.route('/roles', roleRoutes(world, accounts));
  api.route('/permissions', permissionRoutes(world));
  api.route('/tenants', tenantRoutes(world, accounts));
  api.route('/tokens', tokenRoutes(world, accounts));
  const app: SandboxApp = new Hono();
  app.route('/', logInRoutes(world, accounts));
  app.route('/flowmate/api', api);
  return app;
}
