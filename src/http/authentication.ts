/**
 * Who is asking (RFC 6750). The answer, tenant included, travels with the request: it is never kept on anything shared.
 * A token of another tenant and an unknown tenant look alike, so that nobody learns which tenants exist.
 */
import { randomUUIDv7 } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import type { Actor } from '../directory/changes.ts';
import { ScimError } from '../scim/errors.ts';
import type { Tenant } from '../tenancy/tenants.ts';
import type { Credential } from '../tenancy/tokens.ts';

export interface Caller extends Actor {
  idp: Tenant['idp'];
}

export type ScimEnv = { Variables: { caller: Caller } };

export type Authenticate = (token: string) => Promise<Credential | null>;

/** @returns the token: after `Bearer` in any case, or alone, as some identity providers send it. */
function bearer(header: string | undefined): string | null {
  const [, scheme, token] = /^(?:(\S+)\s+)?(\S+)\s*$/.exec(header ?? '') ?? [];
  if (token === undefined) return null;
  return scheme === undefined || scheme.toLowerCase() === 'bearer' ? token : null;
}

export function authentication(authenticate: Authenticate): MiddlewareHandler<ScimEnv> {
  return async (c, next) => {
    const token = bearer(c.req.header('authorization'));
    if (token === null) {
      c.header('WWW-Authenticate', 'Bearer realm="scim"');
      throw new ScimError(401, undefined, 'Send the bearer token of this tenant in the Authorization header.');
    }
    const credential = await authenticate(token);
    if (!credential || credential.tenant.tenant !== c.req.param('tenant')) {
      c.header('WWW-Authenticate', 'Bearer realm="scim", error="invalid_token"');
      throw new ScimError(401, undefined, 'The bearer token is not one of this tenant, or it is no longer in force.');
    }
    c.set('caller', {
      tenant: credential.tenant.tenant,
      idp: credential.tenant.idp,
      actor: `token:${credential.tokenId}`,
      activityId: randomUUIDv7(),
    });
    await next();
  };
}
