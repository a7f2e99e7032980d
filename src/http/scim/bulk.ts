/** Many operations in one request (RFC 7644 section 3.7): `POST /Bulk`. */
import { randomUUIDv7 } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { type BulkOutcome, carryOutBulk } from '../../directory/bulk.ts';
import type { Directory } from '../../directory/directory.ts';
import { BULK_RESPONSE_URN, readBulkRequest } from '../../scim/bulk.ts';
import { errorBody, ScimError, tooLarge } from '../../scim/errors.ts';
import type { ResourceType } from '../../scim/schema.ts';
import type { ScimEnv } from '../authentication.ts';
import { MAX_BODY_BYTES, readJson } from './body.ts';
import { asScimError, json, notAllowed } from './respond.ts';

/** Told of what is our own fault: the client learns nothing of it. */
export type OnUnexpected = (error: unknown, c: Context) => void;

/** To be mounted at `/Bulk`. */
export function bulkRoutes(
  directory: Directory,
  types: readonly ResourceType[],
  onUnexpected: OnUnexpected,
): Hono<ScimEnv> {
  const app = new Hono<ScimEnv>();
  app.post('/', async (c) => {
    const { caller } = c.var;
    const request = readBulkRequest(await readBulkJson(c), types, randomUUIDv7);
    const outcomes = await carryOutBulk(directory, caller, request, c.req.query());
    const base = directory.baseUrl(caller.tenant);
    const told = new Set<unknown>();
    const Operations = outcomes.map((outcome) =>
      resultOf(outcome, base, (error) => {
        // One that stands for all the rest is told once.
        if (!told.has(error)) onUnexpected(error, c);
        told.add(error);
      }),
    );
    return json(c, 200, { schemas: [BULK_RESPONSE_URN], Operations });
  });
  app.all('/', (c) => notAllowed(c, 'POST'));
  return app;
}

/** RFC 7644 section 3.7.4: the error names the limit. */
async function readBulkJson(c: Context): Promise<unknown> {
  try {
    return await readJson(c);
  } catch (error) {
    if (!(error instanceof ScimError) || error.status !== 413) throw error;
    throw tooLarge(`The size of the bulk operation exceeds the maxPayloadSize (${MAX_BODY_BYTES}).`);
  }
}

const STATUS: Readonly<Record<string, string>> = { POST: '201', PUT: '200', PATCH: '200', DELETE: '204' };

/** RFC 7644 section 3.7.3. What has no value is left out by JSON. */
function resultOf(outcome: BulkOutcome, base: string, onUnexpected: (error: unknown) => void) {
  const { method, bulkId, location: path } = outcome.operation;
  const location = path === undefined ? undefined : `${base}${path}`;
  if ('error' in outcome) {
    const response = errorBody(asScimError(outcome.error, onUnexpected));
    return { location, method, bulkId, status: response.status, response };
  }
  const { written } = outcome;
  return {
    location: written?.location ?? location,
    method,
    bulkId,
    version: written?.version,
    status: written?.noContent ? '204' : STATUS[method ?? ''],
    response: written?.resource ?? undefined,
  };
}
