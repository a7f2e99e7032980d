/** How the faults of schemas-spoils.ts and field-spoils.ts are written: when which answer is changed, or which request. */
import type { Passing, Request, Spoil } from './front.ts';

/** @param twist of requests; in its absence they go through. */
export type Fault = readonly [
  check: string,
  fault: string,
  requirement: string,
  spoil: () => Spoil,
  twist?: (request: Request) => void,
];

/** @param pattern of the method and the path: "GET /Users?count=1". */
export function when(pattern: RegExp, change: Spoil): () => Spoil {
  return () => (passing) => {
    if (pattern.test(`${passing.method} ${passing.path}`)) change(passing);
  };
}

/** A spoil with a memory, for each run a new one. */
export const remembering = (make: () => Spoil): (() => Spoil) => make;

export const nothing = (): Spoil => () => {};

export const answer =
  (status: number, body: unknown = undefined): Spoil =>
  (passing) => {
    passing.status = status;
    passing.body = body;
  };

/** A refusal becomes a success. */
export const instead =
  (refusal: number, status: number, body: unknown): Spoil =>
  (passing) => {
    if (passing.status === refusal) answer(status, body)(passing);
  };

/** One operation of a PATCH that fits lets the whole request be passed over, and yet be answered with 200. */
export const ignored =
  // biome-ignore lint/suspicious/noExplicitAny: a test looks at what it expects
  (fits: (operation: any) => boolean) => (request: Request) => {
    if (request.method === 'PATCH' && request.sent?.Operations?.some(fits)) request.method = 'GET';
  };

export const refusing =
  // biome-ignore lint/suspicious/noExplicitAny: a test looks at what it expects
  (fits: (operation: any) => boolean): (() => Spoil) =>
    when(/^PATCH/, (passing: Passing) => {
      if (passing.sent?.Operations?.some(fits)) answer(400, ERROR_BODY)(passing);
    });

export const ERROR_BODY = { schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], status: '400', detail: 'No.' };
export const EMPTY = {
  schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
  totalResults: 0,
  Resources: [],
};
export const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
export const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
export const A_USER = /^GET \/Users\/[^?]+/;
export const A_GROUP = /^GET \/Groups\/[^?]+/;
