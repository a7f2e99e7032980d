/**
 * The SCIM protocol over HTTP (RFC 7644 section 3), for whatever resource types there are: parse the request, call the
 * directory, render. It decides nothing about resources.
 */
import { type Context, Hono } from 'hono';
import type { Directory, Request, Written } from '../../directory/directory.ts';
import type { OnNotes } from '../../directory/quirks.ts';
import { notFound, notImplemented, readOnlyResources } from '../../scim/errors.ts';
import { readSearchRequest } from '../../scim/query.ts';
import type { ResourceType } from '../../scim/schema.ts';
import { type Authenticate, authentication, type ScimEnv } from '../authentication.ts';
import { readJson } from './body.ts';
import { bulkRoutes, type OnUnexpected } from './bulk.ts';
import { type Discovery, discoveryRoutes } from './discovery.ts';
import { json, notAllowed } from './respond.ts';

type C = Context<ScimEnv>;

export interface ScimOptions {
  directory: Directory;
  types: readonly ResourceType[];
  discovery: Discovery;
  authenticate: Authenticate;
  onNotes: OnNotes;
  onUnexpected: OnUnexpected;
}

/** To be mounted at `/tenants/:tenant/scim/v2`. */
export function scimRoutes(options: ScimOptions): Hono<ScimEnv> {
  const { directory, types, discovery, authenticate, onNotes, onUnexpected } = options;
  const app = new Hono<ScimEnv>();
  app.use(authentication(authenticate, onNotes));
  app.route('/', discoveryRoutes(discovery, types, directory.baseUrl));
  queryRoutes(app, directory, types, '');
  app.all('/', (c) => notAllowed(c, 'GET'));
  app.route('/Bulk', bulkRoutes(directory, types, onUnexpected));
  for (const type of types) app.route(type.endpoint, resourceRoutes(directory, type));
  app.all('/Me/*', () => {
    // RFC 7644 section 3.11: the bearer tokens of a tenant stand for its identity provider, which is nobody's account.
    throw notImplemented('/Me needs a credential that names a user. Find users at /Users.');
  });
  app.all('*', () => {
    throw notFound(`There is no such endpoint. Resources are at ${types.map((type) => type.endpoint).join(', ')}.`);
  });
  return app;
}

/** Queries over these types by GET, where nothing else is said, and by POST of a SearchRequest (RFC 7644 section 3.4.3). */
function queryRoutes(app: Hono<ScimEnv>, directory: Directory, types: readonly ResourceType[], endpoint: string): void {
  app.get('/', async (c) => json(c, 200, await directory.list(c.var.caller, types, queryOf(c))));
  app.post('/.search', async (c) => {
    const { attributes, excludedAttributes } = queryOf(c);
    const request = { attributes, excludedAttributes, ...readSearchRequest(await readJson(c)) };
    c.header('Location', `${directory.baseUrl(c.var.caller.tenant)}${endpoint}/.search`);
    return json(c, 200, await directory.list(c.var.caller, types, request));
  });
  app.all('/.search', (c) => notAllowed(c, 'POST'));
}

function resourceRoutes(directory: Directory, type: ResourceType): Hono<ScimEnv> {
  const app = new Hono<ScimEnv>();

  queryRoutes(app, directory, [type], type.endpoint);
  app.get('/:id', async (c) => resource(c, 200, await directory.get(c.var.caller, type, idOf(c), requestOf(c))));
  if (type.readOnly) {
    const refuse = (c: C) => {
      c.header('Allow', 'GET');
      throw readOnlyResources(type);
    };
    return app.all('/', refuse).all('/:id', refuse);
  }
  app.post('/', async (c) => {
    const body = await readJson(c);
    return resource(c, 201, await directory.create(c.var.caller, type, body, requestOf(c)));
  });
  app.all('/', (c) => notAllowed(c, 'GET, POST'));

  app.put('/:id', async (c) => {
    const body = await readJson(c);
    return resource(c, 200, await directory.replace(c.var.caller, type, idOf(c), body, requestOf(c)));
  });
  app.patch('/:id', async (c) => {
    const body = await readJson(c);
    return resource(c, 200, await directory.patch(c.var.caller, type, idOf(c), body, requestOf(c)));
  });
  app.delete('/:id', async (c) => {
    await directory.remove(c.var.caller, type, idOf(c), requestOf(c));
    return c.body(null, 204);
  });
  app.all('/:id', (c) => notAllowed(c, 'GET, PUT, PATCH, DELETE'));
  return app;
}

function resource(c: C, status: number, written: Written): Response {
  c.header('ETag', written.version);
  c.header('Location', written.location);
  c.header('Content-Location', written.location);
  if (written.resource === null) return c.body(null, written.unchanged ? 304 : 204);
  return json(c, status, written.resource);
}

/** `+` and `%20` are spaces; a name given twice counts once. */
function queryOf(c: C): Readonly<Record<string, string>> {
  return c.req.query();
}

/** The query's parameters, and the conditions of RFC 7644 section 3.14. */
function requestOf(c: C): Request {
  const { attributes, excludedAttributes } = queryOf(c);
  return {
    attributes,
    excludedAttributes,
    ifMatch: c.req.header('if-match'),
    ifNoneMatch: c.req.header('if-none-match'),
  };
}

/** The format may stand behind it (RFC 7644 section 3.8); there is only one. */
function idOf(c: C): string {
  return (c.req.param('id') ?? '').replace(/\.scim$/, '');
}
