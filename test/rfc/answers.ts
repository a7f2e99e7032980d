/** What the answers of RFC 7644 have in common: ids, times, versions and locations by shape, everything else exactly. */
import { expect } from 'vitest';
import type { Scim, ScimAnswer } from '../linkspan.ts';

export const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
export const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
export const SEARCH_REQUEST = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest';
const LIST_RESPONSE = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';
const ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error';
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const WEAK_TAG = /^W\/".+"$/;

/** An id of RFC 7644's examples: well formed, and nobody's. */
export const BABS = '2819c223-7f76-453a-919d-413861904646';

/** `active` has a default value here (RFC 7643 section 4.1.1 leaves its meaning to the service provider). */
export const DEFAULTS = { active: true };

type Json = Record<string, unknown>;

/** @param attributes all that the resource has, apart from `id` and `meta`. */
export function expectResource(
  answer: ScimAnswer,
  scim: Scim,
  type: 'User' | 'Group',
  attributes: Json,
  status = 200,
): void {
  expect({ status: answer.status, body: answer.body }).toEqual({
    status,
    body: {
      ...attributes,
      id: expect.stringMatching(ID),
      meta: {
        resourceType: type,
        created: expect.stringMatching(INSTANT),
        lastModified: expect.stringMatching(INSTANT),
        location: `${scim.base}/${type}s/${answer.body?.id}`,
        version: expect.stringMatching(WEAK_TAG),
      },
    },
  });
  expect(answer.headers.get('content-type')).toBe('application/scim+json');
  expect(answer.headers.get('etag')).toBe(answer.body.meta.version);
}

/** The header that every single-resource answer in RFC 7644 shows, not only 201. */
export function expectLocation(answer: ScimAnswer, location: string): void {
  expect(answer.headers.get('location')).toBe(location);
}

/** @returns Resources */
export function expectList(answer: ScimAnswer, totalResults: number): Json[] {
  expect({ status: answer.status, body: answer.body }).toMatchObject({
    status: 200,
    body: { schemas: [LIST_RESPONSE], totalResults, Resources: expect.any(Array) },
  });
  expect(answer.headers.get('content-type')).toBe('application/scim+json');
  return answer.body.Resources;
}

/** @param scimType undefined: there must be none. */
export function expectError(answer: ScimAnswer, status: number, scimType?: string): void {
  expect({ status: answer.status, body: answer.body }).toEqual({
    status,
    body: {
      schemas: [ERROR],
      ...(scimType && { scimType }),
      detail: expect.stringMatching(/\w/),
      status: String(status),
    },
  });
  expect(answer.headers.get('content-type')).toBe('application/scim+json');
}

/** A filter as it stands in a URL. */
export const filtered = (endpoint: string, filter: string) => `${endpoint}?filter=${encodeURIComponent(filter)}`;

/** @throws unless it was created. */
export async function created(scim: Scim, endpoint: '/Users' | '/Groups', body: Json): Promise<ScimAnswer['body']> {
  const answer = await scim('POST', endpoint, body);
  if (answer.status !== 201) throw new Error(`POST ${endpoint} answered ${answer.status}: ${answer.body?.detail}`);
  return answer.body;
}

interface MemberValue {
  value: string;
  display?: string;
}

/** Whatever the order: the members of a group are a set. `$ref` has tests of its own (3.5.2.1, and RFC 7643 8.4). */
export function expectMembers(group: { members?: MemberValue[] }, expected: readonly MemberValue[]): void {
  const comparable = (members: readonly MemberValue[]) =>
    members.map(({ value, display }) => ({ value, display })).sort((a, b) => a.value.localeCompare(b.value));
  expect(comparable(group.members ?? [])).toEqual(comparable(expected));
}

/** A user, and the value that makes it a member as the RFC's examples write it. */
export async function memberOf(scim: Scim, userName: string, display: string) {
  const { id } = await created(scim, '/Users', { userName });
  return { display, $ref: `${scim.base}/Users/${id}`, value: id as string };
}
