/** Answers: one place that renders resources and errors, with the media type that the client asked for. */
import type { Context } from 'hono';
import { holdsStreamed, jsonPieces } from '../../directory/streamed.ts';
import { errorBody, ScimError } from '../../scim/errors.ts';
import { StoreUnavailable } from '../../store/errors.ts';

/** Without a charset: strict clients refuse one. `application/json` only for who asks for that alone. */
function mediaType(c: Context): string {
  const accept = (c.req.header('accept') ?? '').toLowerCase();
  const onlyJson = accept.includes('application/json') && !accept.includes('scim+json') && !accept.includes('*/*');
  return onlyJson ? 'application/json' : 'application/scim+json';
}

export function json(c: Context, status: number, body: unknown, headers: Record<string, string> = {}): Response {
  for (const [name, value] of Object.entries(headers)) c.header(name, value);
  c.header('Content-Type', mediaType(c));
  if (!holdsStreamed(body)) return c.body(JSON.stringify(body), status as 200);
  // An error on the way breaks the connection, so that nobody takes a part for the whole.
  return c.body(ReadableStream.from(jsonPieces(body)).pipeThrough(new TextEncoderStream()), status as 200);
}

/** @param onUnexpected told of what is our own fault: the client learns nothing of it. */
export function renderError(c: Context, error: unknown, onUnexpected: (error: unknown) => void): Response {
  return json(c, statusOf(error), errorBody(asScimError(error, onUnexpected)), {
    ...(error instanceof StoreUnavailable && { 'Retry-After': '5' }),
  });
}

export function notAllowed(c: Context, allow: string): never {
  c.header('Allow', allow);
  throw new ScimError(405, undefined, `${c.req.method} is not possible here. Possible are ${allow}.`);
}

function statusOf(error: unknown): number {
  if (error instanceof ScimError) return error.status;
  return error instanceof StoreUnavailable ? 503 : 500;
}

/** As the client learns of it. */
export function asScimError(error: unknown, onUnexpected: (error: unknown) => void): ScimError {
  if (error instanceof ScimError) return error;
  onUnexpected(error);
  if (error instanceof StoreUnavailable) {
    return new ScimError(
      503,
      undefined,
      'The directory cannot be reached or written now. Nothing was changed; try again.',
    );
  }
  return new ScimError(500, undefined, 'Unexpected error. Nothing was changed; it has been logged.');
}
