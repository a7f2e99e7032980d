import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Document } from '../../src/scim/document.ts';
import { ScimError } from '../../src/scim/errors.ts';
import { matchesElement } from '../../src/scim/filter/match.ts';
import { applyPatch, PATCH_OP_URN, type PatchResult, type RelationChange } from '../../src/scim/patch.ts';
import { readResource } from '../../src/scim/resource.ts';
import type { ResourceType } from '../../src/scim/schema.ts';
import { meets } from './patch-elements.ts';
import { applyOperation, type State } from './patch-model.ts';
import { type Generated, inAnyCase, operationOn } from './patch-operations.ts';
import { type Entry, Refusal } from './patch-reading.ts';
import type { Relation } from './patch-relations.ts';
import { bodyOf } from './resources.ts';
import { figures, runs, SEED, TIMEOUT } from './runs.ts';
import { onType, typeAt } from './stores.ts';
import { TYPES } from './thing.ts';
import { faultsOf } from './valid.ts';
import { anyValueOf, fewValuesOf } from './values.ts';

const REQUIRED = { userName: 'jane', displayName: 'Sales', serial: 'S1' };

function documentOf(type: ResourceType): fc.Arbitrary<Document> {
  const body = fc.oneof(
    { weight: 4, arbitrary: bodyOf(type, fewValuesOf) },
    { weight: 1, arbitrary: bodyOf(type, anyValueOf) },
  );
  return body.map((content) => {
    const named = Object.entries(REQUIRED).filter(([name]) => type.attributes.get(name.toLowerCase())?.required);
    return readResource({ ...content, ...Object.fromEntries(named) }, type, 'create').document;
  });
}

/** Made beforehand, because making one takes longer than all that is done with it. */
const DOCUMENTS = new Map(
  TYPES.map((type) => [type, fc.sample(documentOf(type), { seed: SEED, numRuns: 100 }).map(frozen)]),
);

const patchOn = (type: ResourceType) =>
  fc.constantFrom(...(DOCUMENTS.get(type) ?? [])).chain((document) =>
    fc.record({
      document: fc.constant(document),
      operations: fc.array(operationOn(type, document), { minLength: 1, maxLength: 4 }),
      createOnReplace: fc.boolean(),
      anyCase: fc.nat({ max: 9 }),
    }),
  );
type Patch = { document: Document; operations: Generated[]; createOnReplace: boolean; anyCase: number };

function patched(type: ResourceType, { document, operations, createOnReplace, anyCase }: Patch): PatchResult | string {
  const sent = operations.map(({ operation }) => (anyCase === 0 ? inAnyCase(operation) : operation));
  try {
    return applyPatch(document, { schemas: [PATCH_OP_URN], Operations: sent }, type, { createOnReplace });
  } catch (error) {
    if (error instanceof ScimError && error.status === 400) return String(error.scimType);
    throw error;
  }
}

function expectedOf(type: ResourceType, { document, operations, createOnReplace }: Patch): State | string {
  const state: State = {
    type,
    document: structuredClone(document),
    relations: [],
    password: undefined,
    createOnReplace,
  };
  try {
    for (const { operation, known } of operations) applyOperation(state, operation, known);
    return state;
  } catch (error) {
    if (error instanceof Refusal) return error.scimType;
    throw error;
  }
}

const MEMBERS = ['a', 'A', 'b', 'ß', 'e\u0301', 'É', 'z'].map(
  (value, index): Entry => ({
    value,
    ...(index % 2 > 0 && { display: ['a', 'É', 'b'][index % 3], type: ['User', 'Group', 'odd'][index % 3] }),
  }),
);

/** What a change takes away or brings, as far as these members go. */
function effectOf(change: RelationChange | Relation): Entry {
  const { op } = change;
  if (op !== 'remove') return { op, ...('values' in change && { values: change.values }) };
  const named =
    'values' in change ? change.values?.map((value) => (typeof value === 'string' ? value : value.value)) : undefined;
  const removed = MEMBERS.filter((member) => {
    if (named) return named.includes(member.value);
    if ('where' in change && change.where) return meets(change.where, member);
    return 'filter' in change && change.filter !== undefined && matchesElement(change.filter, member as Document);
  });
  return { op, removed };
}

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(frozen);
  return value;
}

describe('any sequence of PATCH operations', () => {
  it(
    'makes of a document what the plain reference makes of it, or is refused for the same reason',
    () => {
      const counts = { tried: 0, applied: 0, changed: 0, refused: 0 };
      fc.assert(
        fc.property(onType(patchOn), ([number, patch]) => {
          const type = typeAt(number);
          const [expected, found] = [expectedOf(type, patch), patched(type, patch)];
          counts.tried++;
          if (typeof expected === 'string' || typeof found === 'string') {
            counts.refused++;
            expect(typeof found === 'string' ? found : found.document).toEqual(
              typeof expected === 'string' ? expected : expected.document,
            );
            return;
          }
          counts.applied++;
          expect(found.document).toEqual(expected.document);
          expect(found.relations.map(effectOf)).toEqual(expected.relations.map(effectOf));
          expect(found.password).toBe(expected.password);
          expect(faultsOf(found.document, type)).toEqual([]);
          const differs = !same(found.document, patch.document);
          expect(found.changed).toBe(differs);
          if (differs) counts.changed++;
          else expect(found.document).toBe(patch.document);
        }),
        runs(3_000),
      );
      figures('patches', counts);
      expect(counts.changed).toBeGreaterThan(counts.tried / 4);
      expect(counts.refused).toBeGreaterThan(counts.tried / 10);
    },
    TIMEOUT,
  );
});

function same(a: unknown, b: unknown): boolean {
  const plain = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(plain);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .sort(([x], [y]) => (x < y ? -1 : 1))
        .map(([key, each]) => [key, plain(each)]),
    );
  };
  return JSON.stringify(plain(a)) === JSON.stringify(plain(b));
}
