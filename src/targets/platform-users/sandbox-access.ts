/** The door of the platform's sandbox: its token endpoint, and the gateway and bearer checks before every call. */
import { randomBytes } from 'node:crypto';
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import type { SandboxApp, SandboxPoints, SandboxWorld } from '../sandbox.ts';

const API_USER = {
  clientId: 'sandbox-client',
  clientSecret: 'sandbox-platform-secret',
  username: 'api@sandbox.test',
  password: 'sandbox-platform-password',
  subscriptionKey: 'sandbox-platform-key',
};

/** Issued tokens, kept over a reset. */
export const TOKENS = 'tokens';

export const accessCredentials = (baseUrl: string) => ({
  baseUrl: `${baseUrl}/platform`,
  tokenUrl: `${baseUrl}/platform/connect/token`,
  ...API_USER,
});

export const accessProfiles = {
  /** Whether a refresh token dies by its use. */
  refresh: ['rotate', 'reuse'],
} as const satisfies SandboxPoints;

export const accessSwitches = {
  /** Whether the gateway answers 429 to everything, and whether it says for how long. */
  throttle: ['off', 'with-retry-after', 'without-retry-after'],
  /** Seconds that an access token lives. */
  'expires-in': ['3600', '2'],
  /** Whether the API takes any bearer token at all. */
  bearer: ['accepted', 'refused'],
} as const satisfies SandboxPoints;

const opaque = () => randomBytes(16).toString('hex');

export function tokenEndpoint(world: SandboxWorld): SandboxApp {
  const app: SandboxApp = new Hono();
  const tokens = world.collection(TOKENS);
  app.post('/platform/connect/token', async (c) => {
    const form = new URLSearchParams(await c.req.text());
    const refuse = (error: string) => c.json({ error }, 400);
    const is = (name: string, value: string) => form.get(name) === value;
    if (!is('client_id', API_USER.clientId) || !is('client_secret', API_USER.clientSecret)) {
      return refuse('invalid_client');
    }
    let refreshToken = opaque();
    if (is('grant_type', 'password')) {
      if (!is('username', API_USER.username) || !is('password', API_USER.password)) return refuse('invalid_grant');
    } else if (is('grant_type', 'refresh_token')) {
      const given = form.get('refresh_token') ?? '';
      if (tokens.get(given)?.kind !== 'refresh') return refuse('invalid_grant');
      if (world.profile('refresh') === 'rotate') tokens.delete(given);
      else refreshToken = given;
    } else return refuse('unsupported_grant_type');
    const now = world.clock().getTime();
    for (const { id, expires } of tokens.all()) if (Number(expires) < now) tokens.delete(String(id));
    const accessToken = opaque();
    const expiresIn = Number(world.profile('expires-in'));
    tokens.put(accessToken, { id: accessToken, kind: 'access', expires: now + expiresIn * 1_000 });
    tokens.put(refreshToken, { id: refreshToken, kind: 'refresh' });
    return c.json({
      access_token: accessToken,
      expires_in: expiresIn,
      token_type: 'Bearer',
      refresh_token: refreshToken,
    });
  });
  return app;
}

export function gate(world: SandboxWorld): MiddlewareHandler {
  return async (c, next) => {
    const throttle = world.profile('throttle');
    if (throttle !== 'off') {
      const headers: Record<string, string> = throttle === 'with-retry-after' ? { 'retry-after': '7' } : {};
      return c.json({ statusCode: 429, message: 'Rate limit is exceeded.' }, 429, headers);
    }
    const key = c.req.header('ocp-apim-subscription-key');
    if (key !== API_USER.subscriptionKey) {
      const which = key ? 'invalid' : 'missing';
      const message = `Access denied due to ${which} subscription key. Make sure to provide a valid key for an active subscription.`;
      return c.json({ statusCode: 401, message }, 401);
    }
    const bearer = c.req.header('authorization')?.match(/^Bearer (.+)$/)?.[1] ?? '';
    const token = world.collection(TOKENS).get(bearer);
    const isLive = token?.kind === 'access' && Number(token.expires) > world.clock().getTime();
    if (!isLive || world.profile('bearer') === 'refused') return c.body(null, 401);
    return next();
  };
}

/** A JSON object as sent; anything else counts as an empty one. */
export async function bodyOf(c: Context): Promise<Record<string, unknown>> {
  const body: unknown = await c.req.json().catch(() => null);
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
}

/** A text value without outer space, '' for anything else. */
export const textOf = (value: unknown): string => (typeof value === 'string' ? value.trim() : '');
