/** The HTTP surface: which paths there are, how requests are counted, and the one place where errors become answers. */
import { type Context, Hono } from 'hono';
import { routePath } from 'hono/route';
import { getPath } from 'hono/utils/url';
import type { Directory } from '../directory/directory.ts';
import type { OnNotes } from '../directory/quirks.ts';
import { invalidVers, notFound } from '../scim/errors.ts';
import type { ResourceType, Schema } from '../scim/schema.ts';
import type { Authenticate } from './authentication.ts';
import type { Metrics } from './metrics.ts';
import { opsRoutes } from './ops.ts';
import { type RequestIdEnv, requestId } from './request-id.ts';
import { renderError } from './scim/respond.ts';
import { scimRoutes } from './scim/routes.ts';

export interface ServerOptions {
  app: { directory: Directory; resourceTypes: ReadonlyMap<string, ResourceType>; schemas: readonly Schema[] };
  metrics: Metrics;
  log: { error(fields: object, message: string): void };
  authenticate: Authenticate;
  onNotes: OnNotes;
  ready: () => Promise<void>;
}

/** Base URLs are entered with and without a trailing slash, and a client then asks for `//Users` or `/Users/`. */
function pathOf(request: Request): string {
  return getPath(request)
    .replace(/\/{2,}/g, '/')
    .replace(/(?<=.)\/$/, '');
}

export function createServer({ app, metrics, log, authenticate, onNotes, ready }: ServerOptions): Hono<RequestIdEnv> {
  const { directory, schemas } = app;
  const server = new Hono<RequestIdEnv>({ getPath: pathOf });
  const onUnexpected = (error: unknown, c: Context) =>
    log.error({ err: error, requestId: c.get('requestId'), method: c.req.method, path: c.req.path }, 'request failed');

  server.use('/tenants/*', requestId);
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
      discovery: { schemas },
      authenticate,
      onNotes,
      onUnexpected,
    }),
  );
  server.all('/tenants/:tenant/scim/:version{v[0-9]+}/*', () => {
    throw invalidVers('This is version 2 of the protocol: the base URL ends in /scim/v2.');
  });
  server.route('/', opsRoutes(metrics, ready));
  server.notFound((c) =>
    renderError(c, notFound('Nothing is here. The SCIM base URL is /tenants/{tenant}/scim/v2.'), () => {}),
  );
  server.onError((error, c) => renderError(c, error, (cause) => onUnexpected(cause, c)));
  return server;
}
