import type { Document } from '../../src/scim/document.ts';
import { applyPatch, type PatchOptions } from '../../src/scim/patch.ts';
import { ENT, failureOf, PATCHOP, USER_TYPE } from './fixtures.ts';

export type Operation = Record<string, unknown>;
export const STRICT: PatchOptions = { createOnReplace: false };
export const ENTRA: PatchOptions = { createOnReplace: true };

export const jane: Document = {
  externalId: 'X1',
  userName: 'jane',
  name: { givenName: 'Jane', familyName: 'Doe' },
  title: 'Engineer',
  active: true,
  emails: [
    { value: 'jane@work.example', type: 'work', primary: true },
    { value: 'jane@home.example', type: 'home' },
  ],
  [ENT]: { department: 'Sales', manager: { value: 'M1', $ref: '../Users/M1', displayName: 'Boss' } },
};
export const frozen = structuredClone(jane);

export const patch = (operations: unknown, document = jane, options = STRICT, type = USER_TYPE) =>
  applyPatch(document, { schemas: [PATCHOP], Operations: operations }, type, options);
/** What one operation makes of the attributes given. */
export const patched = (operation: Operation, document = jane, options = STRICT) =>
  patch([operation], document, options).document;
export const refusal = (operation: unknown, options = STRICT) => failureOf(() => patch([operation], jane, options));
