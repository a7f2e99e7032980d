/** What this service provider can do (RFC 7644 section 4): only what is built is announced. */
import { type Context, Hono } from 'hono';
import { CURSOR_TIMEOUT } from '../../directory/cursor.ts';
import { PAGES } from '../../directory/list.ts';
import { MAX_BULK_OPERATIONS } from '../../scim/bulk.ts';
import { forbidden, notFound } from '../../scim/errors.ts';
import { type ResourceType, resourceTypeResources, type Schema, schemaResource } from '../../scim/schema.ts';
import type { ScimEnv } from '../authentication.ts';
import { MAX_BODY_BYTES } from './body.ts';
import { json, notAllowed } from './respond.ts';

export interface Discovery {
  schemas: readonly Schema[];
}

const LIST_RESPONSE = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';
const PROVIDER_CONFIG = 'urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig';

export function discoveryRoutes(
  { schemas }: Discovery,
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

  app.get('/ServiceProviderConfig', (c) => single(c, providerConfig(baseUrl(c.var.caller.tenant), types)));
  app.all('/ServiceProviderConfig', (c) => notAllowed(c, 'GET'));

  const collections = {
    '/ResourceTypes': (base: string) => types.flatMap((type) => resourceTypeResources(type, base)),
    '/Schemas': (base: string) => schemas.map((schema) => schemaResource(schema, base)),
  };
  for (const [path, resources] of Object.entries(collections)) {
    app.get(path, (c) => json(c, 200, listOf(resources(baseUrl(c.var.caller.tenant)))));
    app.get(`${path}/:id`, (c) => {
      const id = c.req.param('id').toLowerCase();
      const found = resources(baseUrl(c.var.caller.tenant)).find((resource) => resource.id.toLowerCase() === id);
      if (!found) throw notFound(`${path} has no such entry.`);
      return single(c, found);
    });
    app.all(path, (c) => notAllowed(c, 'GET'));
    app.all(`${path}/:id`, (c) => notAllowed(c, 'GET'));
  }
  return app;
}

function single(c: Context, resource: { meta: { location: string } }): Response {
  const { location } = resource.meta;
  return json(c, 200, resource, { Location: location, 'Content-Location': location });
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

/** What the values of a user's roles and entitlements may have. */
const OF_VALUES = { primarySupported: true, typeSupported: true };

function supports(types: readonly ResourceType[], endpoint: string) {
  return { supported: types.some((type) => type.endpoint === endpoint) };
}

function providerConfig(base: string, types: readonly ResourceType[]) {
  return {
    schemas: [PROVIDER_CONFIG],
    patch: { supported: true },
    bulk: { supported: true, maxOperations: MAX_BULK_OPERATIONS, maxPayloadSize: MAX_BODY_BYTES },
    filter: { supported: true, maxResults: PAGES.maxCount },
    changePassword: { supported: false },
    sort: { supported: true },
    etag: { supported: true },
    // RFC 9865 section 4.
    pagination: {
      cursor: true,
      index: true,
      defaultPaginationMethod: 'index',
      defaultPageSize: PAGES.defaultCount,
      maxPageSize: PAGES.maxCount,
      cursorTimeout: CURSOR_TIMEOUT,
    },
    // draft-ietf-scim-roles-entitlements, which writes it with a capital letter.
    RolesAndEntitlements: {
      roles: { ...supports(types, '/Roles'), multipleRolesSupported: true, ...OF_VALUES },
      entitlements: { ...supports(types, '/Entitlements'), multipleEntitlementsSupported: true, ...OF_VALUES },
    },
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
