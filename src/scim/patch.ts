import { type Document, isObject, sameValue } from './document.ts';
import { assign, type Draft, type RelationChange, remove } from './edit/draft.ts';
import { excerpt, invalidPath, invalidSyntax, invalidValue, ScimError, tooMany } from './errors.ts';
import { byLowerCase } from './message.ts';
import { type Path, parsePath } from './path.ts';
import { type Note, note } from './quirks.ts';
import { inSchemaOrder, missingIn, type ReadOptions } from './resource.ts';
import type { ResourceType } from './schema.ts';
import { checkShape } from './shape.ts';

export type { RelationChange } from './edit/draft.ts';

export const PATCH_OP_URN = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
/** Operations in one PATCH. */
export const MAX_PATCH_OPERATIONS = 1_000;

export interface PatchOptions extends ReadOptions {
  /** The tenant's identity provider sends `replace` for values that were never set (Entra). */
  createOnReplace: boolean;
}

export interface PatchResult {
  /** The document afterwards; the very object that was given where nothing changed. */
  document: Document;
  /** What is to be done to relation attributes, in order. */
  relations: RelationChange[];
  /** Clear text: see ReadResult. */
  password?: string;
  notes: Note[];
  /** Whether the document differs. Relations and the password are not looked at. */
  changed: boolean;
}

/** One operation as sent. `value` is undefined where there was none, which is not the same as null. */
interface Operation {
  op: 'add' | 'replace' | 'remove';
  /** `{}` is the resource itself. */
  path: Path;
  value: unknown;
}

/**
 * Applies a PATCH body (RFC 7644 section 3.5.2): all operations in order, or none. The document given stays as it was.
 *
 * @throws ScimError 400 (invalidSyntax, invalidPath, invalidFilter, invalidValue, noTarget, mutability) or 413, whose
 *   detail names the operation and its path. A shape that is not understood is never passed over.
 */
export function applyPatch(document: Document, body: unknown, type: ResourceType, options: PatchOptions): PatchResult {
  checkShape(body);
  const draft: Draft = {
    type,
    document: { ...document },
    relations: [],
    notes: options.notes ?? [],
    emptyText: 'unassigned',
    strict: options.strict ?? false,
    createOnReplace: options.createOnReplace,
    patching: true,
  };
  for (const [index, raw] of readOperations(body, draft).entries()) {
    located(index, raw, () => apply(draft, readOperation(raw, draft)));
  }
  const changed = !sameValue(document, draft.document);
  const missing = changed && missingIn(draft.document, type);
  // Somebody who lacked it before must still be able to leave.
  if (missing && !missingIn(document, type)) throw invalidValue(missing);
  const { relations, password, notes } = draft;
  return {
    document: changed ? inSchemaOrder(draft.document, type) : document,
    relations,
    ...(password !== undefined && { password }),
    notes,
    changed,
  };
}

function apply(draft: Draft, { op, path, value }: Operation): void {
  if (path.attribute?.name === 'schemas' && op === 'add') {
    // The extension becomes present with its first attribute (RFC 7644 section 3.5.2), so there is nothing to do yet.
    note(draft, 'patched-schemas', 'schemas');
  } else if (op === 'remove') remove(draft, path, value);
  else if (value === undefined) throw invalidValue(`${op} needs a value; null unassigns the attribute`);
  else assign(draft, op, path, value);
}

function readOperations(body: unknown, draft: Draft): unknown[] {
  if (!isObject(body)) throw invalidSyntax('The body must be a JSON object with Operations');
  const { schemas, operations } = byLowerCase(body);
  if (!Array.isArray(schemas) || !schemas.includes(PATCH_OP_URN)) note(draft, 'missing-schemas', 'schemas');
  if (!Array.isArray(operations) || operations.length === 0) {
    throw invalidSyntax('Operations must be a list of at least one operation (RFC 7644 section 3.5.2)');
  }
  if (operations.length > MAX_PATCH_OPERATIONS) {
    throw tooMany(`At most ${MAX_PATCH_OPERATIONS} operations can be sent at once; these are ${operations.length}`);
  }
  return operations;
}

function readOperation(raw: unknown, draft: Draft): Operation {
  if (!isObject(raw)) throw invalidSyntax('An operation must be an object');
  const { op: sentOp, path: sentPath, value } = byLowerCase(raw);
  const op = typeof sentOp === 'string' ? sentOp.toLowerCase() : undefined;
  if (op !== 'add' && op !== 'replace' && op !== 'remove')
    throw invalidSyntax("op must be 'add', 'replace' or 'remove'");
  if (op !== sentOp) note(draft, 'op-case', 'op');
  return { op, path: readPath(sentPath, draft), value };
}

/** Null (authentik) and "" are no path: the operation is on the resource itself. */
function readPath(sent: unknown, { type, notes }: Draft): Path {
  if (sent !== undefined && sent !== null && typeof sent !== 'string') throw invalidPath('path must be a string');
  if (sent?.trim()) return parsePath(sent, type, notes);
  if (sent !== undefined) note({ notes }, 'empty-path', 'path');
  return {};
}

/** Adds the operation's number and path to what goes wrong in it: that is all an administrator sees. */
function located(index: number, operation: unknown, run: () => void): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof ScimError)) throw error;
    const [, path] =
      Object.entries(isObject(operation) ? operation : {}).find(([name]) => name.toLowerCase() === 'path') ?? [];
    const where = `Operations[${index}]${typeof path === 'string' ? ` (path ${excerpt(path)})` : ''}`;
    throw new ScimError(error.status, error.scimType, `${where}: ${error.detail}`);
  }
}
