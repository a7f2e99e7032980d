/** The HTTP surface: which paths there are, how requests are counted, and the one place where errors become answers. */
import { Hono } from 'hono';
import { routePath } from 'hono/route';
import type { Directory } from '../directory/directory.ts';
import { notFound } from '../scim/errors.ts';
import type { ResourceType, Schema } from '../scim/schema.ts';
import type { Authenticate } from './authentication.ts';
import type { Metrics } from './metrics.ts';
import { opsRoutes } from './ops.ts';
import { renderError } from './scim/respond.ts';
import { scimRoutes } from './scim/routes.ts';

export interface ServerOptions {
  app: { directory: Directory; resourceTypes: ReadonlyMap<string, ResourceType>; schemas: readonly Schema[] };
  metrics: Metrics;
  log: { error(fields: object, message: string): void };
  authenticate: Authenticate;
  ready: () => Promise<void>;
}

export function createServer({ app, metrics, log, authenticate, ready }: ServerOptions): Hono {
  const { directory, schemas } = app;
  const server = new Hono({ strict: false });

  server.use('/tenants/*', async (c, next) => {
    const started = performance.now();
    await next();
    const endpoint = routePath(c, -1).replace('/tenants/:tenant/scim/v2', '');
    metrics.countRequest(c.req.method, endpoint, c.res.status, (performance.now() - started) / 1_000);
  });
  server.route(
    '/tenants/:tenant/scim/v2',
    scimRoutes({
      directory,
      types: [...app.resourceTypes.values()],
      discovery: { schemas, maxResults: directory.maxResults },
      authenticate,
    }),
  );
  server.route('/', opsRoutes(metrics, ready));
  server.notFound((c) =>
    renderError(c, notFound('Nothing is here. The SCIM base URL is /tenants/{tenant}/scim/v2.'), () => {}),
  );
  server.onError((error, c) =>
    renderError(c, error, (cause) =>
      log.error({ err: cause, method: c.req.method, path: c.req.path }, 'request failed'),
    ),
  );
  return server;
}
