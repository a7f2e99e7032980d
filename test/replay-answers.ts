/** What every SCIM answer must be, whatever was asked: the written demands of Entra [E1][E17] and Okta [O1][O2][O6]. */
import { expect } from 'vitest';
import type { RawAnswer } from './replay-http.ts';

const LIST = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';
const PROVIDER_CONFIG = 'urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig';
const ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error';

export interface Asked {
  /** The SCIM base URL. */
  base: string;
  /** Of the request, without its query. */
  path: string;
  /** The media type that was asked for. */
  accept: string;
  /** Passwords sent so far: none may ever come back. */
  secrets: readonly string[];
}

/** @returns the parsed body, undefined where there is none. */
export function checkAnswer({ status, headers, text }: RawAnswer, asked: Asked): unknown {
  for (const secret of asked.secrets) expect(text, 'a password comes back').not.toContain(secret);
  if (text === '') {
    expect(status, 'only 204 has no body').toBe(204);
    expect(headers['content-type']).toBeUndefined();
    return undefined;
  }
  expect(status, '204 has no body').not.toBe(204);
  expect(headers['content-type']).toBe(asked.accept);
  const body = JSON.parse(text) as Record<string, unknown>;
  checkValues(body, '');
  if (status >= 400) {
    expect(body).toMatchObject({ schemas: [ERROR], status: String(status), detail: expect.stringMatching(/\w/) });
  } else if (isList(body)) checkList(body, text, asked);
  else if (asked.path === '/ServiceProviderConfig') expect(body).toMatchObject({ schemas: [PROVIDER_CONFIG] });
  else checkSingle(body, status, headers, asked);
  return body;
}

function isList(body: Record<string, unknown>): boolean {
  return Array.isArray(body.schemas) && body.schemas.includes(LIST);
}

/** Clients stumble over nulls [E1] and over booleans that are texts, their own included [E17]. */
function checkValues(value: unknown, path: string): void {
  expect(value, `${path} is null`).not.toBeNull();
  if (typeof value !== 'object' || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    if (key === 'active' || key === 'primary') expect(member, `${path}/${key}`).toBeTypeOf('boolean');
    checkValues(member, `${path}/${key}`);
  }
}

function checkList(body: Record<string, unknown>, text: string, { base, path }: Asked): void {
  const resources = body.Resources as Record<string, unknown>[];
  expect(resources, 'Resources is there even when empty').toBeInstanceOf(Array);
  expect(body.itemsPerPage).toBe(resources.length);
  for (const name of ['totalResults', 'startIndex', 'itemsPerPage']) {
    // Of the text: parsed, 3 and 3.0 are the same.
    expect(text, `${name} is a JSON integer`).toMatch(new RegExp(`"${name}":\\d+[,}]`));
  }
  for (const resource of resources) checkIdentity(resource, `${base}${path}`);
}

function checkSingle(
  body: Record<string, unknown>,
  status: number,
  headers: RawAnswer['headers'],
  { base, path }: Asked,
): void {
  const [, endpoint = '', id] = path.split('/');
  const { location, version } = checkIdentity(body, `${base}/${endpoint}`);
  if (id !== undefined) expect(body.id).toBe(id);
  if (status === 201) expect(headers.location).toBe(location);
  if (headers.etag !== undefined) expect(headers.etag).toBe(version);
}

function checkIdentity(resource: Record<string, unknown>, collection: string): Record<string, unknown> {
  expect(resource.id).toMatch(/^\S+$/);
  const meta = resource.meta as Record<string, unknown> | undefined;
  // An answer cut down by `attributes` has no meta.
  if (meta !== undefined) expect(meta.location).toBe(`${collection}/${resource.id}`);
  return meta ?? {};
}
