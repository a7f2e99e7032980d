/**
 * Who is asking (RFC 6750). The answer, tenant included, travels with the request: it is never kept on anything shared.
 * A token of another tenant and an unknown tenant look alike, so that nobody learns which tenants exist.
 */
import type { MiddlewareHandler } from 'hono';
import type { Actor } from '../directory/changes.ts';
import type { NotedClient, OnNotes } from '../directory/quirks.ts';
import { ScimError } from '../scim/errors.ts';
import type { Tenant } from '../tenancy/tenants.ts';
import type { Credential } from '../tenancy/tokens.ts';
import type { RequestIdEnv } from './request-id.ts';

export interface Caller extends Actor, NotedClient {
  idp: Tenant['idp'];
  /** The tenant's profile: bodies with unknown attributes are refused. */
  strict: boolean;
}

export type ScimEnv = { Variables: RequestIdEnv['Variables'] & { caller: Caller } };

export type Authenticate = (token: string) => Promise<Credential | null>;

/** @returns the token: after `Bearer` in any case, or alone, as some identity providers send it. */
function bearer(header: string | undefined): { token: string; bare: boolean } | null {
  const [, scheme, token] = /^(?:(\S+)\s+)?(\S+)\s*$/.exec(header ?? '') ?? [];
  if (token === undefined) return null;
  if (scheme !== undefined && scheme.toLowerCase() !== 'bearer') return null;
  return { token, bare: scheme === undefined };
}

/** The name in a User-Agent, without versions and comments: `Okta SCIM Client 1.0.0` is `Okta SCIM Client`. */
function productOf(userAgent: string | undefined): string | undefined {
  return /^[A-Za-z][\w.-]*( [A-Za-z][\w.-]*)*/.exec(userAgent ?? '')?.[0].slice(0, 40);
}

export function authentication(authenticate: Authenticate, onNotes: OnNotes): MiddlewareHandler<ScimEnv> {
  return async (c, next) => {
    const sent = bearer(c.req.header('authorization'));
    if (sent === null) {
      c.header('WWW-Authenticate', 'Bearer realm="scim"');
      throw new ScimError(401, undefined, 'Send the bearer token of this tenant in the Authorization header.');
    }
    const credential = await authenticate(sent.token);
    if (!credential || credential.tenant.tenant !== c.req.param('tenant')) {
      c.header('WWW-Authenticate', 'Bearer realm="scim", error="invalid_token"');
      throw new ScimError(401, undefined, 'The bearer token is not one of this tenant, or it is no longer in force.');
    }
    const client = productOf(c.req.header('user-agent'));
    c.set('caller', {
      tenant: credential.tenant.tenant,
      idp: credential.tenant.idp,
      strict: credential.tenant.profile === 'strict',
      client,
      actor: `token:${credential.tokenId}`,
      activityId: c.var.requestId,
    });
    if (sent.bare) {
      const request = { method: c.req.method, type: null };
      onNotes(c.var.caller, request, [{ rule: 'bare-token', path: 'Authorization' }]);
    }
    await next();
  };
}
