/** What this service provider can do (RFC 7644 section 4): only what is built is announced. */
import { Hono } from 'hono';
import { forbidden, notFound } from '../../scim/errors.ts';
import { type ResourceType, resourceTypeResource, type Schema, schemaResource } from '../../scim/schema.ts';
import type { ScimEnv } from '../authentication.ts';
import { json } from './respond.ts';

export interface Discovery {
  schemas: readonly Schema[];
  /** Resources on one page at most. */
  maxResults: number;
}

const LIST_RESPONSE = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';
const PROVIDER_CONFIG = 'urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig';

export function discoveryRoutes(
  { schemas, maxResults }: Discovery,
  types: readonly ResourceType[],
  baseUrl: (tenant: string) => string,
): Hono<ScimEnv> {
  const app = new Hono<ScimEnv>();
  app.use(async (c, next) => {
    const isDiscovery = /\/(ServiceProviderConfig|ResourceTypes|Schemas)(\/[^/]*)?\/?$/.test(c.req.path);
    // RFC 7644 section 4: a filter here is refused, so that nobody takes the whole answer for a filtered one.
    if (isDiscovery && c.req.query('filter') !== undefined) throw forbidden('Discovery endpoints cannot be filtered.');
    await next();
  });

  app.get('/ServiceProviderConfig', (c) => json(c, 200, providerConfig(baseUrl(c.var.caller.tenant), maxResults)));

  const collections = {
    '/ResourceTypes': (base: string) => types.map((type) => resourceTypeResource(type, base)),
    '/Schemas': (base: string) => schemas.map((schema) => schemaResource(schema, base)),
  };
  for (const [path, resources] of Object.entries(collections)) {
    app.get(path, (c) => json(c, 200, listOf(resources(baseUrl(c.var.caller.tenant)))));
    app.get(`${path}/:id`, (c) => {
      const id = c.req.param('id').toLowerCase();
      const found = resources(baseUrl(c.var.caller.tenant)).find((resource) => resource.id.toLowerCase() === id);
      if (!found) throw notFound(`${path} has no such entry.`);
      return json(c, 200, found, { 'Content-Location': found.meta.location });
    });
  }
  return app;
}

function listOf(resources: readonly unknown[]) {
  return {
    schemas: [LIST_RESPONSE],
    totalResults: resources.length,
    startIndex: 1,
    itemsPerPage: resources.length,
    Resources: resources,
  };
}

function providerConfig(base: string, maxResults: number) {
  return {
    schemas: [PROVIDER_CONFIG],
    patch: { supported: true },
    bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
    filter: { supported: true, maxResults },
    changePassword: { supported: false },
    sort: { supported: false },
    etag: { supported: true },
    authenticationSchemes: [
      {
        type: 'oauthbearertoken',
        name: 'OAuth Bearer Token',
        description: 'A bearer token of the tenant in the Authorization header.',
        specUri: 'https://www.rfc-editor.org/info/rfc6750',
        primary: true,
      },
    ],
    meta: { resourceType: 'ServiceProviderConfig', location: `${base}/ServiceProviderConfig` },
  };
}
