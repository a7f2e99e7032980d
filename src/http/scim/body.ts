/** Reads a request's JSON: the accepted media types (docs: decisions), a size limit, plain words for what is no JSON. */
import type { Context } from 'hono';
import { invalidSyntax, ScimError, tooLarge } from '../../scim/errors.ts';

/** Bytes: the members of a group of 200,000, as wizard apps of Okta PUT them. Also announced as the limit of Bulk. */
export const MAX_BODY_BYTES = 10 * 1_048_576;

const MEDIA_TYPES = ['application/scim+json', 'application/json'];

/** @throws ScimError 413, 415, 400 invalidSyntax. */
export async function readJson(c: Context): Promise<unknown> {
  const mediaType = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (mediaType && !MEDIA_TYPES.includes(mediaType)) {
    throw new ScimError(415, undefined, `Send application/scim+json, not ${mediaType.slice(0, 80)}.`);
  }
  const bytes = await readBytes(c);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw invalidSyntax('The body is not UTF-8.');
  }
  if (text.trim() === '') throw invalidSyntax('The body is empty; a JSON object is expected.');
  try {
    return JSON.parse(text);
  } catch {
    throw invalidSyntax('The body is not JSON.');
  }
}

/** Stops reading at the limit, whatever the client announced. */
async function readBytes(c: Context): Promise<Uint8Array> {
  const tooMuch = () => tooLarge(`The body is larger than ${MAX_BODY_BYTES} bytes. Send the change in parts.`);
  if (Number(c.req.header('content-length') ?? 0) > MAX_BODY_BYTES) throw tooMuch();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of c.req.raw.body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_BODY_BYTES) throw tooMuch();
    chunks.push(chunk);
  }
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
}
