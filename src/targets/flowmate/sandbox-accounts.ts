/**
 * Who calls the FlowMate sandbox, and with what right: log-in, tokens that slide, the cookie that outranks them, permissions.
 * The API account is kept apart from the users, so that a fresh sandbox holds nobody.
 */
import { randomBytes } from 'node:crypto';
import type { HttpBindings } from '@hono/node-server';
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import type { SandboxApp, SandboxRecord, SandboxWorld } from '../sandbox.ts';

export interface Caller {
  id: string;
  tenant: string | undefined;
  isAdmin: boolean;
  permissions: ReadonlySet<string>;
  /** What the call was let in with; '' for a cookie. */
  token: string;
}

export type Env = { Bindings: HttpBindings; Variables: { caller: Caller } };
export type Api = Hono<Env>;

/** Collection of issued tokens and sessions, kept over a reset. */
export const TOKENS = 'tokens';
export const TENANT = { id: '5f00000000000000000000a1', name: 'Sandbox' };
export const API_ACCOUNT = {
  id: '5f0000000000000000000001',
  username: 'api@sandbox.test',
  firstname: 'Sandbox',
  lastname: 'Connector',
  password: 'sandbox-password',
};
export const PERMANENT_TOKEN = 'sandbox-permanent-token';
const COOKIE = 'basaas-iam';

/** Like a MongoDB ObjectId. */
export const newId = () => randomBytes(12).toString('hex');
export const isId = (value: unknown): value is string => typeof value === 'string' && /^[0-9a-f]{24}$/i.test(value);

/** `{"message": CODE}`; a page where the request was a form. */
export function fail(c: Context, status: 400 | 401 | 403 | 404 | 409 | 429 | 500, message = ''): Response {
  const isForm = c.req.header('content-type') === 'application/x-www-form-urlencoded';
  return isForm ? c.html(`<h1>${status}</h1><p>${message}</p>`, status) : c.json({ message }, status);
}

/** What Express' `sendStatus` writes. */
export const sent = (c: Context, status: 200 | 404) => c.text(status === 200 ? 'OK' : 'Not Found', status);

/** Where the source answers 500 and an honest server would name the matter. */
export function lie(c: Context, world: SandboxWorld, status: 400 | 404 | 409, message: string, lied = 'UNKNOWN_ERROR') {
  return world.profile('errors') === '500' ? fail(c, 500, lied) : fail(c, status, message);
}

export async function bodyOf(c: Context): Promise<Record<string, unknown>> {
  const body: unknown = await c.req.json().catch(() => null);
  return typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as Record<string, unknown>) : {};
}

const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

export function createAccounts(world: SandboxWorld) {
  const users = world.collection('users');
  const roles = world.collection('roles');
  const tokens = world.collection(TOKENS);
  const now = () => world.clock().getTime();

  /** The account as stored, or the API account with the rights of the switch `account`. */
  function account(id: unknown): SandboxRecord | undefined {
    if (id !== API_ACCOUNT.id) return users.get(String(id));
    const isAdmin = world.profile('account') === 'admin';
    const rights = isAdmin ? { permissions: ['all'] } : { permissions: ['tenant.all'], tenant: TENANT.id };
    return { ...API_ACCOUNT, status: 'ACTIVE', confirmed: true, roles: [], ...rights };
  }

  function named(username: string): SandboxRecord | undefined {
    return username === API_ACCOUNT.username ? account(API_ACCOUNT.id) : users.where('username', username)[0];
  }

  function callerOf(id: unknown, token: string): Caller | null {
    const record = account(id);
    if (record?.status !== 'ACTIVE') return null;
    const ofRoles = texts(record.roles).flatMap((role) => texts(roles.get(role)?.permissions));
    const permissions = new Set([...texts(record.permissions), ...ofRoles]);
    const tenant = typeof record.tenant === 'string' ? record.tenant : undefined;
    return { id: String(record.id), tenant, isAdmin: permissions.has('all'), permissions, token };
  }

  /** One token an account and type, prolonged by every use. @param lifespan seconds; -1: for ever. */
  function issue(accountId: string, type: string, lifespan: number): string {
    const living = tokens.where('accountId', accountId).find((each) => each.type === type && isLive(each));
    const token = String(living?.token ?? randomBytes(128).toString('base64url'));
    prolong({ id: living?.id ?? newId(), token, accountId, type, lifespan });
    return token;
  }

  function prolong(record: SandboxRecord): void {
    const lifespan = Number(record.lifespan);
    const expireAt = lifespan === -1 ? null : now() + lifespan * 1_000;
    tokens.put(String(record.id), { ...record, expireAt });
  }

  const isLive = ({ expireAt }: SandboxRecord) => expireAt === null || Number(expireAt) > now();
  const living = (token: string) => tokens.where('token', token).find((each) => each.token === token && isLive(each));
  const lifespan = () => Number(world.profile('expires-in'));

  return { account, named, callerOf, issue, prolong, living, lifespan, users, roles, tokens };
}
export type Accounts = ReturnType<typeof createAccounts>;

/** `POST /login` and `POST /logout`, which stand beside the API. */
export function logInRoutes(world: SandboxWorld, accounts: Accounts): SandboxApp {
  const app: SandboxApp = new Hono();
  app.post('/flowmate/login', async (c) => {
    const { username, password } = await bodyOf(c);
    const isDocumented = world.profile('login-errors') === '400';
    const refuse = (code: string) => fail(c, isDocumented ? 403 : 401, code);
    if (!username || !password) return fail(c, isDocumented ? 400 : 401, 'UNKNOWN_ERROR');
    const account = accounts.named(String(username));
    if (!account) return refuse('USER_NOT_FOUND');
    if (account.password !== password) return refuse('PASSWORD_INCORRECT');
    if (account.status !== 'ACTIVE') return refuse('ENTITY_DISABLED');
    const id = String(account.id);
    const session = accounts.issue(id, 'SESSION', 3 * 24 * 3_600);
    c.header('set-cookie', `${COOKIE}=${session}; Path=/; HttpOnly`);
    return c.json({ token: accounts.issue(id, 'SELF', accounts.lifespan()), id });
  });
  app.post('/flowmate/logout', (c) => c.json({ loggedOut: true }));
  return app;
}

/** Before every call of the API: the identity of the cookie, else of the token. */
export function gate(world: SandboxWorld, accounts: Accounts): MiddlewareHandler<Env> {
  return async (c, next) => {
    if (world.profile('edge') === 'limited') return c.body(null, 429);
    const cookie = c.req.header('cookie')?.match(new RegExp(`${COOKIE}=([^;]+)`))?.[1];
    const session = cookie === undefined ? undefined : accounts.living(cookie);
    const byCookie = session?.type === 'SESSION' ? accounts.callerOf(session.accountId, '') : null;
    if (byCookie) {
      c.set('caller', byCookie);
      return next();
    }
    const header = c.req.header('authorization');
    if (!header) return fail(c, 401);
    const kind = c.req.header('x-auth-type') ?? 'basic';
    if (kind === 'oidc') return fail(c, 401, 'INVALID_TOKEN');
    if (kind !== 'basic') return fail(c, 400);
    const [, token] = header.split(' ');
    if (token === undefined) return fail(c, 401, 'INVALID_HEADER');
    const record = world.profile('bearer') === 'refused' ? undefined : accounts.living(token);
    const caller = record && accounts.callerOf(record.accountId, token);
    if (!record || !caller) return fail(c, 401, 'VALIDATION_ERROR');
    accounts.prolong(record);
    c.set('caller', caller);
    return next();
  };
}

/** Lets through who holds `permission`, `all`, or (`isOfTenant`) `tenant.all`. */
export function needs(permission: string, isOfTenant: boolean): MiddlewareHandler<Env> {
  return async (c, next) => {
    const { permissions } = c.get('caller');
    const any = ['all', permission, ...(isOfTenant ? ['tenant.all'] : [])];
    return any.some((each) => permissions.has(each)) ? next() : fail(c, 403, 'MISSING_PERMISSION');
  };
}

export const onlyAdmin: MiddlewareHandler<Env> = async (c, next) =>
  c.get('caller').isAdmin ? next() : fail(c, 403, 'FORBIDDEN');

/**
 * `{data, meta}` or the bare value. The document says "set to true" and shows a bare `?meta`; the source takes every text
 * but the empty one, `false` too.
 */
export function answer(c: Context, world: SandboxWorld, value: unknown): Response {
  const asked = c.req.query('meta');
  const isMeta = world.profile('meta') === 'truthy' ? Boolean(asked) : asked === '' || asked === 'true';
  if (!isMeta) return c.json(value);
  return c.json(Array.isArray(value) ? { data: value, meta: { total: value.length } } : { data: value });
}

/** A record as it goes out: under the profile's name of the id, without its password. */
export function shown(world: SandboxWorld, { id, password: _, ...record }: SandboxRecord): SandboxRecord {
  return { [world.profile('id-field')]: id, ...record };
}
