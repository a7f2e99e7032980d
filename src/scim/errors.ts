/**
 * The closed set of SCIM protocol errors (RFC 7644 section 3.12). Everything in `src/scim` fails with a `ScimError`; the
 * HTTP layer renders it with `errorBody` and invents none of its own for what the protocol already names.
 *
 * `detail` is read by an administrator in the identity provider's log: it says what is wrong, where, and what to do.
 * It names attributes and paths, and quotes no attribute value, so that no password can end up in a log.
 */

/** RFC 7644 table 9, and RFC 9865 section 3 for the last three. */
export type ScimType =
  | 'invalidFilter'
  | 'tooMany'
  | 'uniqueness'
  | 'mutability'
  | 'invalidSyntax'
  | 'invalidPath'
  | 'noTarget'
  | 'invalidValue'
  | 'invalidVers'
  | 'sensitive'
  | 'invalidCursor'
  | 'expiredCursor'
  | 'invalidCount';

export const ERROR_URN = 'urn:ietf:params:scim:api:messages:2.0:Error';

export class ScimError extends Error {
  override readonly name = 'ScimError';
  /** The HTTP status code. */
  readonly status: number;
  readonly scimType: ScimType | undefined;
  readonly detail: string;

  constructor(status: number, scimType: ScimType | undefined, detail: string) {
    super(detail);
    this.status = status;
    this.scimType = scimType;
    this.detail = detail;
  }
}

/** The body of an error answer. `status` is a string because RFC 7644 section 3.12 says so. */
export interface ErrorBody {
  schemas: [typeof ERROR_URN];
  status: string;
  scimType?: ScimType;
  detail: string;
}

export function errorBody(error: ScimError): ErrorBody {
  const { status, scimType, detail } = error;
  return { schemas: [ERROR_URN], status: String(status), ...(scimType && { scimType }), detail };
}

/** 400: the filter, or the filter inside a path, cannot be read or asks for an unsupported comparison. */
export const invalidFilter = (detail: string) => new ScimError(400, 'invalidFilter', detail);
/** 400: the body does not have the structure of the message it claims to be. */
export const invalidSyntax = (detail: string) => new ScimError(400, 'invalidSyntax', detail);
/** 400: a PATCH path is malformed or names nothing in the schema. */
export const invalidPath = (detail: string) => new ScimError(400, 'invalidPath', detail);
/** 400: a required value is missing, or a value does not fit its attribute. */
export const invalidValue = (detail: string) => new ScimError(400, 'invalidValue', detail);
/** 400: a PATCH path selects nothing that could be operated on. */
export const noTarget = (detail: string) => new ScimError(400, 'noTarget', detail);
/** 400: the attribute may not be changed, or not in this way. */
export const mutability = (detail: string) => new ScimError(400, 'mutability', detail);
/** 400: `name` must have a value, and a `remove` would take it. */
export const requiredTarget = (name: string) => mutability(`${name} is required and cannot be removed`);
/** 400: `name` is immutable and has another value already. */
export const immutable = (name: string) => mutability(`${name} is immutable and has a value already`);
/** 400: the URL names another version of the protocol. */
export const invalidVers = (detail: string) => new ScimError(400, 'invalidVers', detail);
/** 400: the query would yield more than the server is willing to work out. */
export const tooMany = (detail: string) => new ScimError(400, 'tooMany', detail);
/** 400: the cursor is none of this service provider's for this query. */
export const invalidCursor = (detail: string) => new ScimError(400, 'invalidCursor', detail);
/** 400: the cursor was good once. */
export const expiredCursor = (detail: string) => new ScimError(400, 'expiredCursor', detail);
/** 400: the page size is none, or not the one with which the query began. */
export const invalidCount = (detail: string) => new ScimError(400, 'invalidCount', detail);
/** 409: another resource has this value already. */
export const uniqueness = (detail: string) => new ScimError(409, 'uniqueness', detail);
/** 403 */
export const forbidden = (detail: string) => new ScimError(403, undefined, detail);
/** 404 */
export const notFound = (detail: string) => new ScimError(404, undefined, detail);
/** 405: clients may only read resources of this type. */
export const readOnlyResources = ({ name, description }: { name: string; description: string }) =>
  new ScimError(405, undefined, `${name} resources cannot be created, changed or deleted here. ${description}`);
/** 412: `If-Match` names another version. */
export const preconditionFailed = (detail: string) => new ScimError(412, undefined, detail);
/** 413: more operations, or more bytes, than the service provider configuration allows. */
export const tooLarge = (detail: string) => new ScimError(413, undefined, detail);
/** 501 */
export const notImplemented = (detail: string) => new ScimError(501, undefined, detail);

/** A name or path of the client's for a `detail`: short, and without anything that stands behind the word password. */
export function excerpt(text: string): string {
  const safe = text.replace(/(password).+$/is, '$1...');
  return safe.length > 128 ? `${safe.slice(0, 128).toWellFormed()}...` : safe;
}
