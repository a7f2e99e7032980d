/** What holds for any input at all, tried on seeded random input made of the words that matter here. */
import { describe, expect, it } from 'vitest';
import { type Document, isObject } from '../../src/scim/document.ts';
import { ScimError } from '../../src/scim/errors.ts';
import { matches } from '../../src/scim/filter/match.ts';
import { parseFilter } from '../../src/scim/filter/parse.ts';
import { applyPatch } from '../../src/scim/patch.ts';
import { parsePath } from '../../src/scim/path.ts';
import { readResource } from '../../src/scim/resource.ts';
import { ENT, USER, USER_TYPE } from './fixtures.ts';

/** mulberry32: the same sequence for the same seed, everywhere. */
function randomOf(seed: number) {
  let state = seed;
  return (below: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
type Random = ReturnType<typeof randomOf>;
const one = <T>(random: Random, items: readonly T[]): T => items[random(items.length)] as T;

const NAMES = [
  'userName',
  'USERNAME',
  'name',
  'givenName',
  'emails',
  'value',
  'type',
  'primary',
  'active',
  'roles',
  'display',
];
const KEYS = [
  ...NAMES,
  'name.givenName',
  'emails[type eq "work"].value',
  ENT,
  `${ENT}:manager`,
  USER,
  'manager',
  'schemas',
].concat([
  'id',
  'groups',
  'members',
  'password',
  'x509Certificates',
  '__proto__',
  'toString',
  '$ref',
  '',
  '[',
  'title',
]);
const SCALARS = [
  null,
  '',
  'x',
  'work',
  'True',
  true,
  false,
  0,
  1.5,
  '2026-01-01T00:00:00Z',
  '{"id":"1","value":"A"}',
  'ÄΣς😀',
];
const TOKENS = [
  ...KEYS,
  '(',
  ')',
  '[',
  ']',
  '].',
  '.',
  'not',
  'and',
  'or',
  'eq',
  'ne',
  'co',
  'sw',
  'gt',
  'pr',
  '"x"',
  '"',
  '\\',
  '1',
].concat([
  'true',
  'null',
  'meta.created',
  '"2026-01-01T00:00:00Z"',
  'emails.type',
  'emails',
  'title',
  'title',
  'eq',
  'pr',
  '"work"',
]);

function json(random: Random, depth: number): unknown {
  const kind = random(depth > 0 ? 4 : 1);
  if (kind < 2) return one(random, SCALARS);
  if (kind === 2) return Array.from({ length: random(3) }, () => json(random, depth - 1));
  return Object.fromEntries(Array.from({ length: random(5) }, () => [one(random, KEYS), json(random, depth - 1)]));
}

function words(random: Random): string {
  return Array.from({ length: 1 + random(12) }, () => one(random, TOKENS) + one(random, [' ', ' ', ''])).join('');
}

/** Undefined where it was refused in the protocol's own way; anything else fails the test. */
function orRefused<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof ScimError) return undefined;
    throw error;
  }
}

/** No null, no empty list, no empty object, anywhere. */
function isCanonical(value: unknown): boolean {
  if (value === null || value === undefined) return false;
  if (Array.isArray(value)) return value.length > 0 && value.every(isCanonical);
  return !isObject(value) || (Object.keys(value).length > 0 && Object.values(value).every(isCanonical));
}

const RUNS = 20_000;

describe('whatever a client sends', () => {
  it('as a body is read or refused, and what was read is read again as the same', () => {
    const random = randomOf(1);
    let accepted = 0;
    for (let run = 0; run < RUNS; run++) {
      const body = { userName: 'jane', ...(json(random, 4) as object) };
      const read = orRefused(() => readResource(body, USER_TYPE, 'create'));
      if (!read) continue;
      accepted++;
      expect(isCanonical(read.document), JSON.stringify(body)).toBe(true);
      expect(readResource(read.document, USER_TYPE, 'create').document, JSON.stringify(body)).toEqual(read.document);
    }
    expect(accepted).toBeGreaterThan(RUNS / 10);
  });

  it('as a PATCH is applied or refused, to a document that stays canonical, keeps its name, and is not touched itself', () => {
    const random = randomOf(2);
    let accepted = 0;
    const before: Document = {
      userName: 'jane',
      active: false,
      emails: [{ value: 'x', type: 'work', primary: true }, { value: 'y' }],
      [ENT]: { manager: { value: 'x', $ref: 'r' } },
    };
    const text = JSON.stringify(before);
    for (let run = 0; run < RUNS; run++) {
      const op = one(random, ['add', 'Replace', 'remove']);
      const path = one(random, [
        undefined,
        null,
        ...KEYS,
        'emails.type',
        'emails[value eq "y"]',
        'roles[primary eq true].value',
      ]);
      const operation = { op, path, value: json(random, 3) };
      const body = { Operations: [operation, { op: 'add', value: json(random, 2) }].slice(0, 1 + random(2)) };
      const patched = orRefused(() => applyPatch(before, body, USER_TYPE, { createOnReplace: random(2) === 1 }));
      expect(JSON.stringify(before)).toBe(text);
      if (!patched) continue;
      accepted++;
      const { document } = patched;
      expect(isCanonical(document), JSON.stringify(body)).toBe(true);
      expect(document.userName && typeof document.active === 'boolean', JSON.stringify(body)).toBe(true);
      const primaries = Array.isArray(document.emails)
        ? document.emails.filter((each) => isObject(each) && each.primary)
        : [];
      expect(primaries.length, JSON.stringify(body)).toBeLessThan(2);
      expect(patched.changed).toBe(document !== before);
    }
    expect(accepted).toBeGreaterThan(RUNS / 10);
  });

  it('as a filter or a path is parsed or refused, and a filter and its negation never agree', () => {
    const random = randomOf(3);
    let accepted = 0;
    const jane = { userName: 'x', title: 'work', emails: [{ type: 'work' }] };
    for (let run = 0; run < RUNS * 3; run++) {
      const text = words(random);
      orRefused(() => parsePath(text, USER_TYPE));
      const filter = orRefused(() => parseFilter(text, USER_TYPE));
      if (!filter) continue;
      accepted++;
      const negation = parseFilter(`not (${text})`, USER_TYPE);
      expect(matches(negation, jane, USER_TYPE), text).toBe(!matches(filter, jane, USER_TYPE));
    }
    expect(accepted).toBeGreaterThan(100);
  });
});
