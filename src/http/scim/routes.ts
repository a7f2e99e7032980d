/**
 * The SCIM protocol over HTTP (RFC 7644 section 3), for whatever resource types there are: parse the request, call the
 * directory, render. It decides nothing about resources.
 */
import { type Context, Hono } from 'hono';
import type { Directory, Request, Written } from '../../directory/directory.ts';
import { notFound, ScimError } from '../../scim/errors.ts';
import type { ResourceType } from '../../scim/schema.ts';
import { type Authenticate, authentication, type ScimEnv } from '../authentication.ts';
import { readJson } from './body.ts';
import { type Discovery, discoveryRoutes } from './discovery.ts';
import { json } from './respond.ts';

type C = Context<ScimEnv>;

export interface ScimOptions {
  directory: Directory;
  types: readonly ResourceType[];
  discovery: Discovery;
  authenticate: Authenticate;
}

/** To be mounted at `/tenants/:tenant/scim/v2`. */
export function scimRoutes({ directory, types, discovery, authenticate }: ScimOptions): Hono<ScimEnv> {
  const app = new Hono<ScimEnv>();
  app.use(authentication(authenticate));
  app.route('/', discoveryRoutes(discovery, types, directory.baseUrl));
  for (const type of types) app.route(type.endpoint, resourceRoutes(directory, type));
  app.all('*', () => {
    throw notFound(`There is no such endpoint. Resources are at ${types.map((type) => type.endpoint).join(', ')}.`);
  });
  return app;
}

function resourceRoutes(directory: Directory, type: ResourceType): Hono<ScimEnv> {
  const app = new Hono<ScimEnv>();

  app.get('/', async (c) => json(c, 200, await directory.list(c.var.caller, type, queryOf(c))));
  app.post('/', async (c) => {
    const body = await readJson(c);
    return resource(c, 201, await directory.create(c.var.caller, type, body, requestOf(c)));
  });
  app.all('/', (c) => notAllowed(c, 'GET, POST'));

  app.get('/:id', async (c) => resource(c, 200, await directory.get(c.var.caller, type, idOf(c), requestOf(c))));
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
  c.header(status === 201 ? 'Location' : 'Content-Location', written.location);
  if (written.resource === null) return c.body(null, written.unchanged ? 304 : 204);
  return json(c, status, written.resource);
}

function notAllowed(c: C, allow: string): never {
  c.header('Allow', allow);
  throw new ScimError(405, undefined, `${c.req.method} is not possible here. Possible are ${allow}.`);
}

/** `+` and `%20` are spaces; a name given twice counts once. */
function queryOf(c: C): Readonly<Record<string, string>> {
  return c.req.query();
}

/** The query's parameters, and the conditions of RFC 7644 section 3.14. */
function requestOf(c: C): Request {
  return { ...queryOf(c), ifMatch: c.req.header('if-match'), ifNoneMatch: c.req.header('if-none-match') };
}

function idOf(c: C): string {
  return c.req.param('id') ?? '';
}
