/** The calls of the uflow sandbox that make, change and remove one end user. */
import { randomUUID } from 'node:crypto';
import { type Context, Hono } from 'hono';
import type { SandboxApp, SandboxRecord, SandboxWorld } from '../sandbox.ts';
import { bodyOf, CLIENT, errorsOf, PROJECT, TENANT, textOf } from './sandbox-gate.ts';
import { withTenant } from './sandbox-lists.ts';
import { isUuid } from './settings.ts';

export function users(world: SandboxWorld): SandboxApp {
  const refuse = errorsOf(world);
  const records = world.collection('endUsers');
  const isCode = () => world.profile('shapes') === 'code';
  const field = () => world.profile('tenant-field');
  const now = () => world.clock().toISOString();

  /** The user that a call is about, or the answer that there is none. */
  function own(c: Context, tenant: unknown, id: unknown): SandboxRecord | Response {
    if (tenant !== TENANT) return refuse(c, 403, 'Cross-tenant operation not allowed');
    const user = records.get(textOf(id));
    return user?.tenant_id === TENANT ? user : refuse(c, 404, 'User not found');
  }

  function change(user: SandboxRecord, changes: SandboxRecord): SandboxRecord {
    const changed = { ...user, ...changes, updated_at: now() };
    records.put(String(user.id), changed);
    return changed;
  }

  function setActive(user: SandboxRecord, active: boolean): void {
    change(user, { active });
    if (!active && world.profile('deactivation-mail') === 'sent') {
      world.collection('mails').put(randomUUID(), { email: user.email, user_id: user.id, at: now() });
    }
  }

  function isLastActive(user: SandboxRecord): boolean {
    const others = records
      .all()
      .filter(({ id, tenant_id, active }) => tenant_id === TENANT && active && id !== user.id);
    return user.active === true && others.length === 0;
  }

  /** As the documents say: names its client, refuses a double. */
  function register(c: Context, body: Record<string, unknown>): Response {
    const email = textOf(body.email);
    if (!textOf(body[field()]) || !email) return refuse(c, 400, `invalid input: ${field()} and email are required`);
    if (body[field()] !== TENANT || body.client_id !== CLIENT) return refuse(c, 404, 'Tenant or client not found');
    if (records.where('email', email).some(({ tenant_id }) => tenant_id === TENANT)) {
      return refuse(c, 409, 'User already exists');
    }
    return registered(
      c,
      add({ email, name: textOf(body.name), client_id: CLIENT, ...secretOf(body), ...providerOf(body) }),
    );
  }

  /** As the code does: a client record in a project, whatever is there already; no password, provider or client is read. */
  function registerAsCoded(c: Context, body: Record<string, unknown>): Response {
    const [email, name, project_id] = [body.email, body.name, body.project_id].map(textOf);
    if (!textOf(body[field()]) || !email || !name || !project_id) {
      return refuse(c, 400, `${field()}, project_id, name and email are required`);
    }
    if (!isUuid(project_id)) return c.body(null, 500);
    if (body[field()] !== TENANT) return refuse(c, 401, 'User not found');
    if (project_id !== PROJECT) return refuse(c, 500, 'Failed to register client');
    return registered(c, add({ email, name, project_id, client_id: randomUUID(), provider: 'local' }));
  }

  function add(user: SandboxRecord): SandboxRecord {
    const id = randomUUID();
    const times = { created_at: now(), updated_at: now(), last_login: null };
    records.put(id, { id, tenant_id: TENANT, active: true, ...user, ...times });
    return records.get(id) ?? {};
  }

  function registered(c: Context, user: SandboxRecord): Response {
    const { id, email, name, client_id, project_id, created_at } = user;
    const tenant = { [field()]: TENANT };
    if (!isCode()) {
      return c.json({ user_id: id, email, ...tenant, client_id, message: 'User registered successfully' }, 201);
    }
    const made = {
      id,
      client_id,
      ...tenant,
      project_id,
      name,
      secret_id: randomUUID(),
      email,
      active: true,
      created_at,
    };
    return c.json({ ...made, message: 'Client registered successfully' }, 201);
  }

  const api: SandboxApp = new Hono();

  api.post('/user/clients/register', async (c) => {
    const body = await bodyOf(c);
    return world.profile('register') === 'conflict' ? register(c, body) : registerAsCoded(c, body);
  });

  const one = '/user/enduser/:tenant_id/:user_id';
  api.get(one, (c) => {
    if (world.profile('unlisted-calls') === 'missing') return c.text('404 page not found', 404);
    const { tenant_id, user_id } = c.req.param();
    if (isUuid(user_id)) {
      const user = own(c, tenant_id, user_id);
      return user instanceof Response ? user : c.json(withTenant(user, world));
    }
    const clientId = c.req.query('client_id');
    if (!clientId) return refuse(c, 400, 'client_id is required when using email identifier');
    const found = records.where('email', user_id).find((user) => user.client_id === clientId);
    const user = own(c, tenant_id, found?.id);
    return user instanceof Response ? user : c.json(withTenant(user, world));
  });

  api.put(one, async (c) => {
    const { tenant_id, user_id } = c.req.param();
    const user = own(c, tenant_id, user_id);
    if (user instanceof Response) return user;
    const body = await bodyOf(c);
    const texts = ['name', 'email']
      .filter((name) => typeof body[name] === 'string')
      .map((name) => [name, textOf(body[name])]);
    const kept = world.profile('metadata') === 'stored' && body.metadata !== undefined && { metadata: body.metadata };
    const changed = change(user, { ...Object.fromEntries(texts), ...kept });
    const { id, email, name, updated_at } = changed;
    if (isCode()) return c.json({ message: 'User updated successfully', user: withTenant(changed, world) });
    return c.json({ user_id: id, email, name, updated_at, message: 'Profile updated successfully' });
  });

  api.put(`${one}/status`, async (c) => {
    const { tenant_id, user_id } = c.req.param();
    const { active } = await bodyOf(c);
    // A plain bool that is required: the validator takes false for missing.
    if (typeof active !== 'boolean' || (!active && world.profile('status-false') === '400')) {
      return refuse(c, 400, "Key: 'Active' Error:Field validation for 'Active' failed on the 'required' tag");
    }
    const user = own(c, tenant_id, user_id);
    if (user instanceof Response) return user;
    setActive(user, active);
    return c.json({ user_id, active, message: 'Status updated successfully' });
  });

  api.post('/admin/enduser/active', async (c) => {
    const body = await bodyOf(c);
    const { user_id, active } = body;
    if (!textOf(body[field()]) || !textOf(user_id) || typeof active !== 'boolean') {
      return refuse(c, 400, `${field()}, user_id and active are required`);
    }
    const user = own(c, body[field()], user_id);
    if (user instanceof Response) return user;
    setActive(user, active);
    const message = `User ${active ? 'activated' : 'deactivated'} successfully`;
    return c.json(isCode() ? { message, user_id, active } : { message });
  });

  api.post('/user/enduser/active', async (c) => {
    if (world.profile('unlisted-calls') === 'missing') return c.text('404 page not found', 404);
    const { user_id, active } = await bodyOf(c);
    if (typeof active !== 'boolean') return refuse(c, 400, 'active is required');
    const user = own(c, TENANT, user_id);
    if (user instanceof Response) return user;
    if (!active && isLastActive(user)) return refuse(c, 400, 'cannot deactivate the last active user in this tenant');
    setActive(user, active);
    return c.json({ message: 'User status updated', user_id, active });
  });

  function softDelete(c: Context, tenant: unknown, id: unknown): Response {
    const user = own(c, tenant, id);
    if (user instanceof Response) return user;
    if (world.profile('soft-delete-last') === 'refused' && isLastActive(user)) {
      return refuse(c, 400, 'cannot delete the last active user in this tenant');
    }
    change(user, { active: false });
    return c.json({ message: 'User deleted successfully' });
  }
  api.post('/user/enduser/delete', async (c) => {
    const body = await bodyOf(c);
    if (!textOf(body.user_id)) return refuse(c, 400, 'user_id is required');
    return softDelete(c, body[field()] ?? TENANT, body.user_id);
  });
  api.delete(one, (c) => softDelete(c, c.req.param('tenant_id'), c.req.param('user_id')));

  api.post('/user/enduser/delete_all', async (c) => {
    const body = await bodyOf(c);
    if (!textOf(body[field()]) || !textOf(body.user_id)) return refuse(c, 400, `${field()} and user_id are required`);
    const user = own(c, body[field()], body.user_id);
    if (user instanceof Response) return user;
    if (isLastActive(user)) return refuse(c, 400, 'cannot delete the last active user in this tenant');
    records.delete(String(user.id));
    const message = 'User and all related data deleted successfully';
    return c.json(isCode() ? { message, user_id: user.id, deleted_counts: { users: 1 } } : { message });
  });

  api.get('/user/enduser/databases', (c) => {
    const tenant = c.req.query(field());
    if (!tenant) return refuse(c, 400, `${field()} is required`);
    if (tenant !== TENANT) return refuse(c, 404, 'Tenant not found');
    const name = `tenant_${TENANT.replaceAll('-', '_')}_db`;
    const owner = { [field()]: TENANT, status: 'active' };
    if (isCode()) return c.json({ ...owner, tenant_db: name, database_configured: true, database_reachable: true });
    return c.json({ ...owner, database_host: 'tenant-db.sandbox.test', database_name: name });
  });
  return api;
}

const secretOf = ({ password }: Record<string, unknown>) => (textOf(password) ? { password } : {});
const providerOf = ({ provider }: Record<string, unknown>) => ({ provider: textOf(provider) || 'local' });
