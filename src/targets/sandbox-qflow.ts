/**
 * What both Qflow sandboxes share: the token endpoint of identity.qflowhub.io, and the gate before api.qflowhub.io: edge,
 * subscription key, bearer token, in that order (reference/targets.md 1.1 and 1.2). One token opens both APIs.
 */
import { randomBytes } from 'node:crypto';
import type { HttpBindings } from '@hono/node-server';
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import type { SandboxApp, SandboxPoints, SandboxWorld } from './sandbox.ts';

/** The sandbox's enterprise. */
export const PIN = 'DEMO';

const API_USER = {
  clientId: 'sandbox-client',
  clientSecret: 'sandbox-client-secret',
  username: `${PIN}/api@sandbox.test`,
  password: 'sandbox-password',
  subscriptionKey: 'sandbox-subscription-key',
};

export const qflowCredentials = (baseUrl: string) => ({
  baseUrl,
  tokenUrl: `${baseUrl}/identity/core/connect/token`,
  enterprisePin: PIN,
  ...API_USER,
});

export const qflowProfiles = {
  /** Whether a refresh token dies by its use. */
  refresh: ['rotate', 'reuse'],
  'retry-after': ['sent', 'omitted'],
} as const satisfies SandboxPoints;

export const qflowSwitches = {
  /** Calls a minute per address before the edge answers 429 for 60 s. */
  edge: ['off', '1000', '20'],
  /** Seconds that an access token lives. */
  'expires-in': ['3600', '2'],
  /** Whether the API takes any bearer token at all. */
  bearer: ['accepted', 'refused'],
} as const satisfies SandboxPoints;

/** Collection of issued tokens, kept over a reset. */
export const TOKENS = 'tokens';

const hex32 = () => randomBytes(16).toString('hex');

/** The token endpoint. Tokens are opaque: 32 hexadecimal digits. */
export function qflowIdentity(world: SandboxWorld): SandboxApp {
  const app: SandboxApp = new Hono();
  const tokens = () => world.collection(TOKENS);
  const now = () => world.clock().getTime();

  app.post('/identity/core/connect/token', async (c) => {
    const form = new URLSearchParams(await c.req.text());
    const { clientId, clientSecret, username, password } = API_USER;
    const refuse = (error: string) => c.json({ error }, 400);
    if (form.get('client_id') !== clientId || form.get('client_secret') !== clientSecret)
      return refuse('invalid_client');
    let refreshToken = hex32();
    if (form.get('grant_type') === 'password') {
      if (form.get('username') !== username || form.get('password') !== password) return refuse('invalid_grant');
    } else if (form.get('grant_type') === 'refresh_token') {
      const given = form.get('refresh_token') ?? '';
      if (tokens().get(given)?.kind !== 'refresh') return refuse('invalid_grant');
      if (world.profile('refresh') === 'rotate') tokens().delete(given);
      else refreshToken = given;
    } else return refuse('unsupported_grant_type');
    for (const { id, expires } of tokens().all()) if (Number(expires) < now()) tokens().delete(String(id));
    const accessToken = hex32();
    const expiresIn = Number(world.profile('expires-in'));
    tokens().put(accessToken, { id: accessToken, kind: 'access', expires: now() + expiresIn * 1_000 });
    tokens().put(refreshToken, { id: refreshToken, kind: 'refresh' });
    const body = {
      access_token: accessToken,
      expires_in: expiresIn,
      token_type: 'Bearer',
      refresh_token: refreshToken,
    };
    return c.json(body);
  });
  return app;
}

/** A JSON object as sent; anything else counts as an empty one, which no route accepts. */
export async function bodyOf(c: Context): Promise<Record<string, unknown>> {
  const body: unknown = await c.req.json().catch(() => null);
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
}

/** A text value without outer space, '' for anything else. */
export const textOf = (value: unknown): string => (typeof value === 'string' ? value.trim() : '');

/** `POST /sandbox/qflow/revoke {"kind":"access"|"refresh"}` ends every such token, as an administrator would. */
export function qflowControl(world: SandboxWorld): SandboxApp {
  const app: SandboxApp = new Hono();
  app.post('/revoke', async (c) => {
    const { kind } = await bodyOf(c);
    if (kind !== 'access' && kind !== 'refresh') throw new Error('kind: "access" or "refresh"');
    const tokens = world.collection(TOKENS);
    for (const token of tokens.where('kind', kind)) tokens.delete(String(token.id));
    return c.json({ revoked: kind });
  });
  return app;
}

/** Calls of an address within the minute, and until when it is refused. The edge stands before the whole host. */
type Callers = Map<string, { minute: number; calls: number; blockedUntil: number }>;
const edges = new WeakMap<SandboxWorld, Callers>();

/** The edge and the gateway of api.qflowhub.io, then the API's own check of the bearer token. */
export function qflowGate(world: SandboxWorld): MiddlewareHandler<{ Bindings: HttpBindings }> {
  const callers: Callers = edges.get(world) ?? new Map();
  edges.set(world, callers);

  /** @returns whether this call is over the limit of its address. */
  function isOverLimit(address: string): boolean {
    const limit = Number(world.profile('edge'));
    if (Number.isNaN(limit)) return false;
    const now = world.clock().getTime();
    const minute = Math.floor(now / 60_000);
    const seen = callers.get(address) ?? { minute, calls: 0, blockedUntil: 0 };
    const caller = { ...seen, minute, calls: (seen.minute === minute ? seen.calls : 0) + 1 };
    if (caller.calls > limit && caller.blockedUntil <= now) caller.blockedUntil = now + 60_000;
    callers.set(address, caller);
    return caller.blockedUntil > now;
  }

  return async (c, next) => {
    if (isOverLimit(c.env.incoming.socket.remoteAddress ?? 'unknown')) {
      return c.text('error code: 1015', 429, world.profile('retry-after') === 'sent' ? { 'retry-after': '60' } : {});
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
