/** The users of the FlowMate sandbox: `/api/users`, with the validation and the lies of Open Integration Hub's source. */
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import type { SandboxRecord, SandboxWorld } from '../sandbox.ts';
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
  sent,
  shown,
} from './sandbox-accounts.ts';
import { PERMISSIONS } from './sandbox-roles.ts';

const EMAIL = /^[^<>()[\]\\.,;:\s@"]+(\.[^<>()[\]\\.,;:\s@"]+)*@([a-z\-0-9]+\.)+[a-z]{2,}$/i;
const STATUSES = ['ACTIVE', 'PENDING', 'DISABLED'];
const FIELDS = ['username', 'firstname', 'lastname', 'phone', 'status', 'confirmed', 'tenant', 'roles', 'permissions'];

export function userRoutes(world: SandboxWorld, accounts: Accounts): Api {
  const api: Api = new Hono();
  const { users, roles } = accounts;
  const now = () => world.clock().toISOString();

  /** What the schema keeps of a body; everything else is dropped silently. */
  function kept(body: Record<string, unknown>): Record<string, unknown> {
    const names = [...FIELDS, world.profile('image')].filter((name) => body[name] !== undefined);
    const fields = Object.fromEntries(names.map((name) => [name, body[name]]));
    return typeof fields.username === 'string' ? { ...fields, username: fields.username.toLowerCase() } : fields;
  }

  function isValid({ username, status = 'ACTIVE', ...fields }: Record<string, unknown>): boolean {
    if (typeof username !== 'string' || username === '') return false;
    if (world.profile('username') === 'email' && !EMAIL.test(username)) return false;
    return STATUSES.includes(String(status)) && isCastable(fields);
  }

  const isCastable = ({ roles: ids = [], tenant }: Record<string, unknown>) =>
    Array.isArray(ids) && ids.every(isId) && (tenant === undefined || tenant === null || isId(tenant));

  /** Who is no administrator writes into the own tenant only, with its roles and common permissions. */
  const sanitize: MiddlewareHandler<Env> = async (c, next) => {
    const { isAdmin, tenant } = c.get('caller');
    const body = await bodyOf(c);
    const isOfTenant = (id: unknown) => roles.get(String(id))?.tenant === tenant;
    const isCommon = (permission: unknown) => PERMISSIONS.includes(String(permission));
    const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
    const isAllowed = list(body.roles).every(isOfTenant) && list(body.permissions).every(isCommon);
    return isAdmin || isAllowed ? next() : fail(c, 403, 'FORBIDDEN');
  };

  /** As the body says, but in the caller's own tenant unless that is an administrator. */
  async function written(c: Context<Env>): Promise<Record<string, unknown>> {
    const { isAdmin, tenant } = c.get('caller');
    const body = await bodyOf(c);
    return isAdmin ? body : { ...body, tenant };
  }

  /** @param isPopulated roles as objects, as single reads have them; lists by profile. */
  function render(user: SandboxRecord, isPopulated: boolean): SandboxRecord {
    if (!isPopulated && world.profile('roles-in-lists') === 'ids') return shown(world, user);
    const ids = Array.isArray(user.roles) ? user.roles.map(String) : [];
    const objects = ids.map((id) => roles.get(id)).filter((role) => role !== undefined);
    return shown(world, { ...user, roles: objects.map((role) => shown(world, role)) });
  }

  api.post('/', needs('tenant.account.create', true), sanitize, async (c) => {
    const body = await written(c);
    if (!body.password) return lie(c, world, 400, 'INPUT_INVALID', 'No password was given');
    const fields = kept(body);
    if (!isValid(fields)) return fail(c, 400, 'INPUT_INVALID');
    const id = isId(body._id) ? body._id.toLowerCase() : newId();
    if (users.get(id) || accounts.named(String(fields.username))) return fail(c, 409, 'DUPLICATE_KEY');
    const defaults = { status: 'ACTIVE', confirmed: true, roles: [], permissions: [] };
    const times = { createdAt: now(), updatedAt: now() };
    users.put(id, { id, ...defaults, ...fields, password: String(body.password), ...times });
    return answer(c, world, { id });
  });

  api.get('/', (c) => {
    const { isAdmin, tenant } = c.get('caller');
    if (!isAdmin && world.profile('users-for-tenants') === 'refused') return fail(c, 403, 'FORBIDDEN');
    const ids = c.req.queries('userId');
    if (ids && !ids.every(isId)) return lie(c, world, 400, 'INPUT_INVALID', 'The filter is invalid.');
    const names = c.req.queries('username')?.map((name) => name.toLowerCase());
    const found = (names ? names.flatMap((name) => users.where('username', name)) : users.all())
      .filter((user) => !ids || ids.includes(String(user.id)))
      .filter((user) => isAdmin || user.tenant === tenant);
    return answer(
      c,
      world,
      [...new Set(found)].map((user) => render(user, false)),
    );
  });

  api.get('/me', (c) => {
    const me = accounts.account(c.get('caller').id);
    return me ? answer(c, world, render(me, true)) : fail(c, 500, 'UNKNOWN_ERROR');
  });

  api.patch('/me', async (c) => {
    const { firstname, lastname } = await bodyOf(c);
    const me = users.get(c.get('caller').id);
    if (me) users.put(String(me.id), { ...me, ...kept({ firstname, lastname }), updatedAt: now() });
    return sent(c, 200);
  });

  api.get('/:id', needs('tenant.account.read', true), (c) => {
    const id = c.req.param('id');
    if (!isId(id)) return lie(c, world, 400, 'INPUT_INVALID');
    const { isAdmin, tenant } = c.get('caller');
    const user = users.get(id.toLowerCase());
    return user && (isAdmin || user.tenant === tenant) ? answer(c, world, render(user, true)) : sent(c, 404);
  });

  /** Nothing is validated, nothing is replaced, and the tenant of the record is not looked at. */
  const write = async (c: Context<Env, '/:id'>) => {
    const id = c.req.param('id').toLowerCase();
    const { password, ...body } = await written(c);
    const fields = kept(body);
    if (!isId(id) || !isCastable(fields)) return lie(c, world, 400, 'INPUT_INVALID');
    const user = users.get(id);
    if (!user) return lie(c, world, 404, 'ENTITY_NOT_FOUND');
    const holder = typeof fields.username === 'string' ? accounts.named(fields.username) : undefined;
    if (holder && holder.id !== id) return lie(c, world, 409, 'DUPLICATE_KEY');
    const set = typeof password === 'string' && password !== '' ? { password } : {};
    users.put(id, { ...user, ...fields, ...set, updatedAt: now() });
    return sent(c, 200);
  };
  api.patch('/:id', needs('tenant.account.update', true), sanitize, write);
  api.put('/:id', needs('tenant.account.update', true), sanitize, write);

  api.delete('/:id', needs('iam.account.delete', false), (c) => {
    const id = c.req.param('id');
    if (!isId(id)) return lie(c, world, 400, 'INPUT_INVALID');
    const isGone = users.delete(id.toLowerCase());
    return sent(c, isGone || world.profile('errors') === '500' ? 200 : 404);
  });

  return api;
}
