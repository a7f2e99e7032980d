/** What every uflow call goes through: the two documented log-ins, the bearer token, and the two shapes of an error. */
import { createHash, randomUUID } from 'node:crypto';
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { SandboxApp, SandboxRecord, SandboxWorld } from '../sandbox.ts';

export const TENANT = '5b0c6f52-7d0a-4c59-9b1e-3f6a2d8c1e01';
export const CLIENT = '7c1f5a86-2f3e-4d1b-8a53-0d9b5f3f6b02';
export const PROJECT = '91d2b6f4-53c8-4a7e-9c1d-6e0f2a4b7c03';

export const ADMIN = {
  email: 'admin@sandbox.test',
  password: 'sandbox-uflow-password',
  domain: 'sandbox.test',
  /** Taken without a log-in, and never revoked. */
  token: 'sandbox-uflow-token',
};

/** Collection of issued tokens, kept over a reset. */
export const TOKENS = 'tokens';

/** `{"error":{"code","message","details"}}` is documented [P], `{"error":"text"}` coded [C]. */
export function errorsOf(world: SandboxWorld) {
  return (c: Context, status: ContentfulStatusCode, message: string) => {
    const code = CODES[status] ?? 'ERROR';
    const isDocumented = world.profile('shapes') === 'documented';
    return c.json({ error: isDocumented ? { code, message, details: {} } : message }, status);
  };
}

const CODES: Record<number, string> = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  409: 'CONFLICT',
  429: 'TOO_MANY_REQUESTS',
  500: 'INTERNAL_SERVER_ERROR',
};

/** A JSON object as sent; anything else counts as an empty one. */
export async function bodyOf(c: Context): Promise<Record<string, unknown>> {
  const body: unknown = await c.req.json().catch(() => null);
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
}

export const textOf = (value: unknown): string => (typeof value === 'string' ? value.trim() : '');

export function logIns(world: SandboxWorld): SandboxApp {
  const app: SandboxApp = new Hono();
  const refuse = errorsOf(world);
  const tokens = () => world.collection(TOKENS);
  const lifetime = () => Number(world.profile('expires-in'));

  function issue(): string {
    const now = world.clock().getTime();
    for (const { id, expires } of tokens().all()) if (Number(expires) < now) tokens().delete(String(id));
    const expires = now + lifetime() * 1_000;
    const token = jwt({ sub: ADMIN.email, tenant_id: TENANT, jti: randomUUID(), exp: Math.floor(expires / 1_000) });
    tokens().put(token, { id: token, expires });
    return token;
  }

  app.post('/auth/admin/login', async (c) => {
    const { email, password, tenant_domain } = await bodyOf(c);
    if (!textOf(email) || textOf(password).length < 10)
      return refuse(c, 400, 'email and password (min 10) are required');
    const isDomain = tenant_domain === undefined || tenant_domain === ADMIN.domain;
    if (email !== ADMIN.email || password !== ADMIN.password || !isDomain) return refuse(c, 401, 'Invalid credentials');
    const isMfa = world.profile('mfa') === 'required';
    return c.json({
      token: isMfa ? '' : issue(),
      email: ADMIN.email,
      tenant_id: TENANT,
      tenant_domain: ADMIN.domain,
      mfa_required: isMfa,
      otp_required: false,
      webauthn_required: false,
      first_login: false,
      mfa_method: isMfa ? 'totp' : '',
      methods: isMfa ? ['totp'] : [],
    });
  });

  app.post('/admin/auth/login', async (c) => {
    const { username, password } = await bodyOf(c);
    if (!textOf(username) || !textOf(password)) return refuse(c, 400, 'username and password are required');
    if (username !== ADMIN.email || password !== ADMIN.password) return refuse(c, 401, 'Invalid credentials');
    if (world.profile('mfa') === 'required') return c.json({ mfa_required: true });
    const user = { email: ADMIN.email, tenant_id: TENANT };
    return c.json({ access_token: issue(), token_type: 'Bearer', expires_in: lifetime(), user });
  });
  return app;
}

export function gate(world: SandboxWorld): MiddlewareHandler {
  const refuse = errorsOf(world);
  return async (c, next) => {
    if (world.profile('rate-limit') === 'on') return refuse(c, 429, 'Too many requests');
    const bearer = c.req.header('authorization')?.match(/^Bearer (.+)$/)?.[1] ?? '';
    if (bearer === '') return refuse(c, 401, 'Authorization header required');
    const token: SandboxRecord | undefined = world.collection(TOKENS).get(bearer);
    const isLive = bearer === ADMIN.token || Number(token?.expires) > world.clock().getTime();
    if (!isLive || world.profile('bearer') === 'refused') return refuse(c, 401, 'Invalid or expired token');
    await next();
    c.res.headers.set('date', world.clock().toUTCString());
  };
}

/** The shape of one; nobody checks the signature, as the collection knows what was issued. */
function jwt(claims: Record<string, unknown>): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  return `${signed}.${createHash('sha256').update(signed).digest('base64url')}`;
}
