/**
 * A stand-in for the uflow end-user API. Each point where the product's documents and its public code differ is a profile
 * point (README.md, "Documents and code"): the first value is the documents', the second the code's. Whose idea an answer is
 * where neither says anything stands in README.md, too.
 */
import { randomUUID } from 'node:crypto';
import { Hono } from 'hono';
import type { SandboxApp, SandboxPart, SandboxWorld } from '../sandbox.ts';
import { ADMIN, bodyOf, CLIENT, gate, logIns, PROJECT, TENANT, TOKENS, textOf } from './sandbox-gate.ts';
import { lists } from './sandbox-lists.ts';
import { users } from './sandbox-users.ts';

const OWNER = 'a3e4c8d0-6b1f-4e72-8f95-1c2d3e4f5a04';

export const sandbox: SandboxPart = {
  system: 'uflow',
  collections: ['endUsers', 'mails'],
  lasting: [TOKENS],
  /** So that "last active user" does not refuse the first removal. */
  seed(world) {
    const now = world.clock().toISOString();
    world.collection('endUsers').put(OWNER, {
      id: OWNER,
      tenant_id: TENANT,
      client_id: CLIENT,
      email: 'owner@sandbox.test',
      name: 'Tenant Owner',
      active: true,
      provider: 'local',
      created_at: now,
      updated_at: now,
      last_login: null,
    });
  },
  profiles: {
    /** `GET /uflow/user/enduser/list`: the code never reads the query, and misses the tenant in it. */
    'get-list': ['works', '400'],
    /** A list without `active`. */
    'active-default': ['all', 'active-only'],
    /** What `email` and `name` of a list find. */
    filter: ['exact', 'substring'],
    /** Whether a registration refuses a double, and whether it names a client or a project. */
    register: ['conflict', 'duplicates'],
    metadata: ['stored', 'dropped'],
    /** `{"active": false}` to `PUT .../status`. */
    'status-false': ['works', '400'],
    /** What answers and errors look like. */
    shapes: ['documented', 'code'],
    /** `GET /uflow/user/enduser/{tenant_id}/{user_id}` and `POST /uflow/user/enduser/active`, which no document has. */
    'unlisted-calls': ['missing', 'served'],
    /** A soft deletion of the last active user. */
    'soft-delete-last': ['allowed', 'refused'],
    /** Whether a deactivation mails the user. */
    'deactivation-mail': ['none', 'sent'],
  },
  switches: {
    'tenant-field': ['tenant_id', 'workspace_id'],
    /** Whether lists show users of other tenants as well. */
    listing: ['own', 'leaking'],
    mfa: ['off', 'required'],
    /** Seconds that a token of the log-in by user name lives. */
    'expires-in': ['3600', '2'],
    bearer: ['accepted', 'refused'],
    /** On: every call gets 429, without a time. */
    'rate-limit': ['off', 'on'],
  },
  credentials: (baseUrl) => ({
    baseUrl,
    tenantId: TENANT,
    clientId: CLIENT,
    projectId: PROJECT,
    username: ADMIN.email,
    password: ADMIN.password,
    tenantDomain: ADMIN.domain,
    token: ADMIN.token,
  }),
  control,
  routes(world) {
    const app: SandboxApp = new Hono();
    app.route('/uflow', logIns(world));
    app.use('/uflow/*', gate(world));
    return app.route('/uflow', lists(world)).route('/uflow', users(world));
  },
};

/**
 * `POST /end-users {email, id?, name?, active?, tenant_id?, created_at?}` adds or replaces one, as if by others;
 * `POST /revoke` ends every token that was issued.
 */
function control(world: SandboxWorld): SandboxApp {
  const app: SandboxApp = new Hono();
  app.post('/end-users', async (c) => {
    const body = await bodyOf(c);
    if (typeof body.email !== 'string') throw new Error('email: a text');
    const now = world.clock().toISOString();
    const id = textOf(body.id) || randomUUID();
    const made = {
      id,
      tenant_id: TENANT,
      client_id: CLIENT,
      name: '',
      active: true,
      provider: 'local',
      created_at: now,
    };
    world.collection('endUsers').put(id, { ...made, updated_at: now, last_login: null, ...body });
    return c.json(world.collection('endUsers').get(id), 201);
  });
  app.post('/revoke', (c) => {
    const tokens = world.collection(TOKENS);
    const ids = tokens.all().map(({ id }) => String(id));
    for (const id of ids) tokens.delete(id);
    return c.json({ revoked: ids.length });
  });
  return app;
}
