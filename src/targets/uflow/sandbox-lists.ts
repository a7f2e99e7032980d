/** The lists of the uflow sandbox: newest first, cut by offset, in the documents' shape or the code's. */
import { type Context, Hono } from 'hono';
import type { SandboxApp, SandboxRecord, SandboxWorld } from '../sandbox.ts';
import { bodyOf, errorsOf, TENANT, textOf } from './sandbox-gate.ts';

type Asked = Readonly<Record<string, unknown>>;

export function lists(world: SandboxWorld): SandboxApp {
  const refuse = errorsOf(world);
  const isCode = () => world.profile('shapes') === 'code';

  /** The users that the tenant's lists show, newest first. @returns a refusal where the tenant is wrong. */
  function ofTenant(c: Context, asked: Asked): SandboxRecord[] | Response {
    const field = world.profile('tenant-field');
    if (!textOf(asked[field])) return refuse(c, 400, `${field} is required`);
    if (asked[field] !== TENANT) return refuse(c, 404, 'Tenant not found');
    const address = textOf(asked.email);
    const users = world.collection('endUsers');
    const isExact = address !== '' && world.profile('filter') === 'exact';
    const found = isExact ? users.where('email', address) : users.all();
    const madeAt = ({ created_at }: SandboxRecord) => Date.parse(String(created_at));
    return found
      .filter(({ tenant_id }) => tenant_id === TENANT || world.profile('listing') === 'leaking')
      .filter((user) => ['email', 'name'].every((name) => fits(user[name], textOf(asked[name]))))
      .filter((user) =>
        ['client_id', 'project_id', 'provider'].every((name) => !asked[name] || user[name] === asked[name]),
      )
      .reverse()
      .sort((a, b) => madeAt(b) - madeAt(a));
  }

  function fits(value: unknown, wanted: string): boolean {
    if (wanted === '') return true;
    const text = String(value ?? '').toLowerCase();
    if (world.profile('filter') === 'exact') return text === wanted.toLowerCase();
    // ILIKE '%wanted%', in which the code escapes neither % nor _.
    const pattern = wanted
      .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
      .replaceAll('%', '.*')
      .replaceAll('_', '.');
    return new RegExp(pattern, 'is').test(text);
  }

  function paged(users: SandboxRecord[], asked: Asked) {
    const page = Math.max(1, whole(asked.page) || 1);
    const limit = Math.min(100, Math.max(1, whole(asked.limit) || 10));
    return { page, limit, total: users.length, users: users.slice((page - 1) * limit, page * limit) };
  }

  function list(c: Context, asked: Asked): Response {
    const all = ofTenant(c, asked);
    if (all instanceof Response) return all;
    const isActive = truth(asked.active) ?? (world.profile('active-default') === 'active-only' ? true : undefined);
    const { users, ...pages } = paged(
      all.filter(({ active }) => isActive === undefined || active === isActive),
      asked,
    );
    const shown = users.map((user) => (isCode() ? withTenant(user, world) : documented(user)));
    return c.json({ ...pages, total_pages: Math.ceil(pages.total / pages.limit), users: shown });
  }

  const api: SandboxApp = new Hono();
  api.get('/user/enduser/list', (c) => {
    if (world.profile('get-list') === '400') {
      const message =
        "Key: 'EndUserListRequest.TenantID' Error:Field validation for 'TenantID' failed on the 'required' tag";
      return refuse(c, 400, message);
    }
    return list(c, c.req.query());
  });
  api.post('/user/enduser/list', async (c) => list(c, await bodyOf(c)));

  api.post('/admin/enduser/list', async (c) => {
    const asked = await bodyOf(c);
    const all = ofTenant(c, { ...asked, email: undefined, name: undefined });
    if (all instanceof Response) return all;
    if (!isCode()) {
      const { users, ...pages } = paged(all, asked);
      return c.json({ ...pages, total_pages: Math.ceil(pages.total / pages.limit), users: users.map(documented) });
    }
    const { limit } = asked;
    const isAll = limit !== undefined && Number(limit) <= 0;
    const pages = isAll ? { page: 1, limit: 0, total: all.length, users: all } : paged(all, asked);
    return c.json({ ...pages, users: pages.users.map(coded) });
  });
  return api;
}

const whole = (value: unknown): number => Math.trunc(Number(value ?? 0));

function truth(value: unknown): boolean | undefined {
  if (value === true || value === 'true') return true;
  return value === false || value === 'false' ? false : undefined;
}

function documented({
  id,
  email,
  name,
  active,
  provider,
  client_id,
  created_at,
  last_login,
}: SandboxRecord): SandboxRecord {
  return { id, email, name, active, provider, client_id, created_at, last_login };
}

/** A user as the code shows it, without what is secret. */
export function withTenant(user: SandboxRecord, world: SandboxWorld): SandboxRecord {
  const { password: _, tenant_id, metadata: __, ...rest } = user;
  return { ...rest, [world.profile('tenant-field')]: tenant_id };
}

/** The newer item of the admin's list: the name in two halves, a word for the flag. */
function coded({ id, email, name, active, client_id, provider, created_at, updated_at }: SandboxRecord): SandboxRecord {
  const [first_name = '', ...rest] = String(name ?? '').split(' ');
  const status = active ? 'active' : 'inactive';
  const halves = { first_name, last_name: rest.join(' ') };
  return { id, email, ...halves, client_id, provider, status, created_at, updated_at, roles: [] };
}
