/** What stands around the users of the FlowMate sandbox: roles, permissions, tenants, tokens. */
import { Hono } from 'hono';
import type { SandboxWorld } from '../sandbox.ts';
import {
  type Accounts,
  type Api,
  answer,
  bodyOf,
  type Env,
  fail,
  isId,
  lie,
  needs,
  newId,
  onlyAdmin,
  sent,
  shown,
  TENANT,
} from './sandbox-accounts.ts';

const crud = (name: string, verbs = ['create', 'read', 'update', 'delete']) => verbs.map((verb) => `${name}.${verb}`);

/** What everybody may grant. */
export const PERMISSIONS: readonly string[] = [
  'tenant.all',
  ...crud('tenant.membership', ['create', 'update', 'delete']),
  ...crud('tenant.profile', ['read', 'update', 'delete']),
  ...crud('tenant.roles'),
  ...crud('tenant.account'),
  ...crud('tenant.flows'),
];

/** What only an administrator may grant. */
const RESTRICTED: readonly string[] = [
  'all',
  ...crud('iam.tenant'),
  ...crud('iam.secret', ['create', 'read']),
  ...crud('iam.key', ['create', 'read', 'delete']),
  ...crud('iam.account'),
  ...crud('iam.token', ['create', 'update', 'delete', 'introspect']),
];

const RESERVED = 'ADMIN USER SERVICE_ACCOUNT TENANT_ADMIN TENANT_INTEGRATOR TENANT_DEVELOPER TENANT_GUEST'.split(' ');

export function roleRoutes(world: SandboxWorld, accounts: Accounts): Api {
  const api: Api = new Hono();
  const { users, roles } = accounts;
  const now = () => world.clock().toISOString();
  const isFree = (name: unknown, tenant: unknown, id = '') =>
    !roles.all().some((role) => role.name === name && role.tenant === tenant && role.id !== id);
  /** @returns what is wrong with it. */
  const forbids = ({ name, permissions = [] }: Record<string, unknown>) =>
    !(permissions as unknown[]).every((permission) => PERMISSIONS.includes(String(permission))) ||
    RESERVED.includes(String(name ?? '').toUpperCase());

  api.use('*', needs('tenant.roles.read', true));

  api.get('/', (c) => {
    const { tenant } = c.get('caller');
    const ofTenant = roles.all().filter((role) => !role.isGlobal && (tenant === undefined || role.tenant === tenant));
    const global = roles.all().filter((role) => role.isGlobal);
    return c.json([...global, ...ofTenant].map((role) => shown(world, role)));
  });

  api.use('/:id', async (c, next) => {
    const { isAdmin, tenant } = c.get('caller');
    const role = roles.get(c.req.param('id'));
    if (!role) return isAdmin ? sent(c, 404) : fail(c, 404, 'FORBIDDEN');
    return isAdmin || role.tenant === tenant ? next() : fail(c, 403, 'FORBIDDEN');
  });

  api.get('/:id', (c) => answer(c, world, shown(world, roles.get(c.req.param('id')) ?? {})));

  api.post('/', needs('tenant.roles.create', true), async (c) => {
    const { name, description = '', permissions = [], isGlobal } = await bodyOf(c);
    const { isAdmin, tenant } = c.get('caller');
    if (!name || !Array.isArray(permissions)) return fail(c, 400, 'INPUT_INVALID');
    if (forbids({ name, permissions })) return fail(c, 403, 'FORBIDDEN');
    if (!isFree(name, tenant)) return lie(c, world, 409, 'DUPLICATE_KEY');
    const id = newId();
    const owner = { isGlobal: isGlobal === true && isAdmin, ...(tenant !== undefined && { tenant }) };
    roles.put(id, { id, name, description, permissions, ...owner, createdAt: now(), updatedAt: now() });
    return c.json(shown(world, roles.get(id) ?? {}));
  });

  api.patch('/:id', needs('tenant.roles.update', true), async (c) => {
    const { name, description, permissions } = await bodyOf(c);
    const before = roles.get(c.req.param('id')) ?? {};
    if (forbids({ name, permissions })) return fail(c, 403, 'FORBIDDEN');
    if (name !== undefined && !isFree(name, before.tenant, String(before.id)))
      return lie(c, world, 409, 'DUPLICATE_KEY');
    const change = Object.entries({ name, description, permissions }).filter(([, value]) => value !== undefined);
    roles.put(String(before.id), { ...before, ...Object.fromEntries(change), updatedAt: now() });
    return c.json(shown(world, before));
  });

  api.delete('/:id', needs('tenant.roles.delete', true), (c) => {
    const id = c.req.param('id');
    const tenant = roles.get(id)?.tenant;
    for (const user of users.all()) {
      const held = user.roles as string[];
      if (user.tenant === tenant && held.includes(id)) {
        users.put(String(user.id), { ...user, roles: held.filter((role) => role !== id) });
      }
    }
    roles.delete(id);
    return sent(c, 200);
  });
  return api;
}

export function permissionRoutes(world: SandboxWorld): Api {
  const api: Api = new Hono();
  api.get('/', (c) => answer(c, world, [...PERMISSIONS, ...(c.get('caller').isAdmin ? RESTRICTED : [])]));
  return api;
}

export function tenantRoutes(world: SandboxWorld, accounts: Accounts): Api {
  const api: Api = new Hono();
  /** Whoever is no administrator gets the own tenant, whatever the path says. */
  const chosen = (id: string, { isAdmin, tenant }: Env['Variables']['caller']) => (isAdmin ? id : tenant);
  const tenant = () => shown(world, { ...TENANT, confirmed: true, status: 'ACTIVE' });

  api.get('/', onlyAdmin, (c) => answer(c, world, [tenant()]));
  api.get('/:id', needs('tenant.profile.read', true), (c) =>
    chosen(c.req.param('id'), c.get('caller')) === TENANT.id ? answer(c, world, tenant()) : sent(c, 404),
  );
  api.get('/:id/users', needs('tenant.account.read', true), (c) => {
    const id = chosen(c.req.param('id'), c.get('caller'));
    const users = accounts.users.all().filter((user) => user.tenant === id);
    return answer(
      c,
      world,
      users.map((user) => shown(world, user)),
    );
  });
  // The source calls a method that does not exist, in a handler whose errors nobody catches: no answer ever comes.
  api.delete('/:id/user/:userId', needs('tenant.account.delete', true), () => new Promise<Response>(() => {}));
  return api;
}

export function tokenRoutes(world: SandboxWorld, accounts: Accounts): Api {
  const api: Api = new Hono();
  const { tokens } = accounts;
  const masked = ({ token, ...rest }: Record<string, unknown>) => ({
    ...shown(world, rest),
    token: String(token).replace(/.(?=.{4,}$)/g, '*'),
  });

  api.get('/', onlyAdmin, (c) => answer(c, world, tokens.all().map(masked)));
  api.post('/', needs('iam.token.create', false), async (c) => {
    const { accountId, expiresIn } = await bodyOf(c);
    if (!isId(accountId) || accounts.account(accountId)?.status !== 'ACTIVE') return fail(c, 404, 'FORBIDDEN');
    const isPermanent = expiresIn === -1;
    const lifespan = isPermanent ? -1 : accounts.lifespan();
    const token = accounts.issue(accountId, isPermanent ? 'PERSISTENT' : 'EPHEMERAL_SERVICE_ACCOUNT', lifespan);
    return c.json({ token, id: accounts.living(token)?.id });
  });
  api.get('/refresh', (c) => {
    const { token } = c.get('caller');
    return accounts.living(token) ? c.json({ token }) : fail(c, 401, 'SESSION_EXPIRED');
  });
  api.post('/introspect', needs('iam.token.introspect', false), async (c) => {
    const record = accounts.living(String((await bodyOf(c)).token));
    const account = record && accounts.account(record.accountId);
    return account ? c.json(shown(world, account)) : sent(c, 404);
  });
  api.get('/:id', onlyAdmin, (c) => {
    const record = tokens.get(c.req.param('id'));
    return record ? answer(c, world, masked(record)) : sent(c, 404);
  });
  api.delete('/:id', needs('iam.token.delete', false), (c) => {
    tokens.delete(c.req.param('id'));
    return sent(c, 200);
  });
  return api;
}
