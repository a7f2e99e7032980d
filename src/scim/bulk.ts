/**
 * Reads a bulk request (RFC 7644 section 3.7): its limits, its operations, what refers to what, and so in which order they
 * are to be carried out. An operation that is wrong in itself is that operation's error, and no reason to refuse the rest.
 */
import { type BulkOperation, bulkIdOf, methodOf, type RawOperation, readOperation } from './bulk/operation.ts';
import { orderOf } from './bulk/order.ts';
import { isObject } from './document.ts';
import { excerpt, invalidSyntax, invalidValue, tooLarge } from './errors.ts';
import { byLowerCase } from './message.ts';
import type { ResourceType } from './schema.ts';

export const BULK_REQUEST_URN = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';
export const BULK_RESPONSE_URN = 'urn:ietf:params:scim:api:messages:2.0:BulkResponse';
/** Operations in one request. Also announced in the service provider configuration. */
export const MAX_BULK_OPERATIONS = 1_000;

export interface BulkRequest {
  /** In the client's order. */
  operations: readonly BulkOperation[];
  /** Indexes, in the order of carrying out. Those of one unit are POSTs that refer to each other: all or none. */
  units: readonly (readonly number[])[];
  /** Of all POSTs, even those that cannot be tried. */
  bulkIds: ReadonlySet<string>;
  /** After so many errors the rest is left undone. */
  failOnErrors: number;
}

/**
 * @param newId makes the id of a resource that is to be created.
 * @throws ScimError 400 where the body is no bulk request, 413 where it has too many operations.
 */
export function readBulkRequest(body: unknown, types: readonly ResourceType[], newId: () => string): BulkRequest {
  if (!isObject(body)) throw invalidSyntax('The body must be a JSON object: a BulkRequest (RFC 7644 section 3.7)');
  const { schemas, operations: sent, failonerrors } = byLowerCase(body);
  checkSchemas(schemas);
  if (!Array.isArray(sent) || sent.length === 0) {
    throw invalidSyntax('Operations must be a list of at least one operation (RFC 7644 section 3.7)');
  }
  if (sent.length > MAX_BULK_OPERATIONS) {
    const limit = `The number of operations exceeds the maxOperations (${MAX_BULK_OPERATIONS})`;
    throw tooLarge(`${limit}: these are ${sent.length}. Send them in several requests.`);
  }
  const failOnErrors = readFailOnErrors(failonerrors);
  const raw = sent.map((operation) => (isObject(operation) ? byLowerCase(operation) : null));
  checkBulkIds(raw);
  const posts = raw.flatMap((operation) => (methodOf(operation) === 'POST' ? (bulkIdOf(operation) ?? []) : []));
  const ids = new Map(posts.map((bulkId) => [bulkId, newId()]));

  const operations = raw.map((operation) => readOperation(operation, { types, ids, newId }));
  const units = orderOf(
    operations.map((operation) => ({
      creates: operation.method === 'POST' ? operation.bulkId : undefined,
      refersTo: 'error' in operation ? new Set<string>() : operation.refersTo,
      target: operation.location,
    })),
  );
  return { operations, units, bulkIds: new Set(posts), failOnErrors };
}

/** Missing ones are tolerated; those of another message are not: nobody knows what its sender expects. */
function checkSchemas(schemas: unknown): void {
  const sent = typeof schemas === 'string' ? [schemas] : schemas;
  if (!Array.isArray(sent) || sent.length === 0) return;
  if (sent.some((urn) => typeof urn === 'string' && urn.toLowerCase() === BULK_REQUEST_URN.toLowerCase())) return;
  throw invalidSyntax(`The body is no bulk request: schemas must contain ${BULK_REQUEST_URN}`);
}

function readFailOnErrors(sent: unknown): number {
  if (sent === undefined || sent === null) return Number.POSITIVE_INFINITY;
  if (typeof sent === 'number' && Number.isInteger(sent) && sent >= 1) return sent;
  throw invalidValue('failOnErrors must be a whole number, 1 or more; leave it out to carry out all that is possible');
}

function checkBulkIds(operations: readonly RawOperation[]): void {
  const seen = new Map<string, number>();
  for (const [index, operation] of operations.entries()) {
    const bulkId = bulkIdOf(operation);
    if (bulkId === undefined) continue;
    const first = seen.get(bulkId);
    if (first !== undefined) {
      const where = `Operations[${first}] and Operations[${index}]`;
      throw invalidValue(`${where} have the same bulkId '${excerpt(bulkId)}'; it must be unique within the request`);
    }
    seen.set(bulkId, index);
  }
}
