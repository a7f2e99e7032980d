import { describe, expect, it } from 'vitest';
import type { BulkMistake, BulkOperation, BulkTask } from '../../src/scim/bulk/operation.ts';
import { BULK_REQUEST_URN, type BulkRequest, MAX_BULK_OPERATIONS, readBulkRequest } from '../../src/scim/bulk.ts';
import { ENT, failureOf, GROUP_TYPE, PATCHOP, USER_TYPE } from './fixtures.ts';

type Sent = Record<string, unknown>;

/** Ids are `id-1`, `id-2` ... in the order of the POSTs. */
function readBody(body: unknown): BulkRequest {
  let ids = 0;
  return readBulkRequest(body, [USER_TYPE, GROUP_TYPE], () => `id-${++ids}`);
}
const read = (operations: unknown, more: Sent = {}) =>
  readBody({ schemas: [BULK_REQUEST_URN], Operations: operations, ...more });
const refusal = (body: unknown) => failureOf(() => readBody(body));

function task(operation: BulkOperation | undefined): BulkTask {
  if (!operation || 'error' in operation) throw operation?.error ?? new Error('no operation');
  return operation;
}
function mistake(operation: BulkOperation | undefined): BulkMistake {
  if (!operation || !('error' in operation)) throw new Error('no mistake');
  return operation;
}
/** What is done, in the order of carrying out, by bulkId or number; a circle in one list. */
const orderOf = (operations: Sent[]) =>
  read(operations).units.map((unit) => {
    const names = unit.map((index) => operations[index]?.bulkId ?? index);
    return names.length === 1 ? names[0] : names;
  });

const user = (bulkId: string, manager?: string): Sent => ({
  method: 'POST',
  path: '/Users',
  bulkId,
  data: { userName: bulkId, ...(manager && { [ENT]: { manager: { value: `bulkId:${manager}` } } }) },
});
const group = (bulkId: string, ...members: string[]): Sent => ({
  method: 'POST',
  path: '/Groups',
  bulkId,
  data: { displayName: bulkId, members: members.map((value) => ({ value: `bulkId:${value}` })) },
});
const change = (path: string, value = 'x'): Sent => ({
  method: 'PATCH',
  path,
  data: {
    Operations: [
      {
        op: 'add',
        ...(path.startsWith('/Users') ? { path: `${ENT}:manager`, value } : { path: 'members', value: [{ value }] }),
      },
    ],
  },
});

describe('a bulk request as a whole', () => {
  it('is read with names in any case, and without schemas', () => {
    const { operations, failOnErrors } = readBody({
      OPERATIONS: [{ Method: 'post', PATH: '/Users', BULKID: 'a', Data: { userName: 'a' }, VERSION: null }],
      failonerrors: 3,
    });
    expect(failOnErrors).toBe(3);
    expect(task(operations[0])).toMatchObject({ method: 'POST', type: USER_TYPE, id: 'id-1', bulkId: 'a' });
  });

  it('carries on after any number of errors unless it says otherwise', () => {
    expect(read([user('a')]).failOnErrors).toBe(Number.POSITIVE_INFINITY);
    expect(read([user('a')], { failOnErrors: null }).failOnErrors).toBe(Number.POSITIVE_INFINITY);
  });

  it.each<[string, unknown, string]>([
    ['null', null, 'invalidSyntax'],
    ['a list', [user('a')], 'invalidSyntax'],
    ['a text', 'bulk', 'invalidSyntax'],
    ['an object without Operations', { schemas: [BULK_REQUEST_URN] }, 'invalidSyntax'],
    ['an empty list of Operations', { Operations: [] }, 'invalidSyntax'],
    ['Operations that are no list', { Operations: user('a') }, 'invalidSyntax'],
    ['another message', { schemas: [PATCHOP], Operations: [{ op: 'remove', path: 'title' }] }, 'invalidSyntax'],
    ['failOnErrors as text', { Operations: [user('a')], failOnErrors: '1' }, 'invalidValue'],
    ['failOnErrors with a fraction', { Operations: [user('a')], failOnErrors: 1.5 }, 'invalidValue'],
    ['failOnErrors of zero', { Operations: [user('a')], failOnErrors: 0 }, 'invalidValue'],
    ['failOnErrors below zero', { Operations: [user('a')], failOnErrors: -1 }, 'invalidValue'],
    ['a bulkId twice', { Operations: [user('a'), group('a')] }, 'invalidValue'],
  ])('is refused: %s', (_, body, scimType) => {
    expect(refusal(body)).toMatchObject({ status: 400, scimType });
  });

  it('has at most as many operations as are announced (RFC 7644 section 3.7.4)', () => {
    const operations = Array.from({ length: MAX_BULK_OPERATIONS }, (_, n) => user(`u${n}`));
    expect(read(operations).operations).toHaveLength(1_000);
    const { status, detail } = refusal({ Operations: [...operations, user('more')] });
    expect(status).toBe(413);
    expect(detail).toContain('exceeds the maxOperations (1000): these are 1001');
  });

  it('names both operations that have the same bulkId', () => {
    const { detail } = refusal({ Operations: [user('a'), user('b'), group('b')] });
    expect(detail).toBe(
      "Operations[1] and Operations[2] have the same bulkId 'b'; it must be unique within the request",
    );
  });
});

describe('an operation', () => {
  it('has its target, version and attributes from what was sent', () => {
    const path = '/Users/u1?attributes=userName,title&excludedAttributes=title';
    const { operations } = read([{ method: 'put', path, version: 'W/"3"', data: { userName: 'x' } }]);
    expect(task(operations[0])).toMatchObject({
      method: 'PUT',
      type: USER_TYPE,
      id: 'u1',
      location: '/Users/u1',
      version: 'W/"3"',
      data: { userName: 'x' },
      projection: { attributes: 'userName,title', excludedAttributes: 'title' },
    });
  });

  it('is found with and without slashes around its path', () => {
    const { operations } = read([
      { method: 'DELETE', path: 'Users/u1' },
      { method: 'DELETE', path: '/Users/u1/' },
    ]);
    expect(operations.map((operation) => task(operation).id)).toEqual(['u1', 'u1']);
  });

  it('that creates has an id of its own, with a bulkId or without', () => {
    const { bulkId, ...without } = user('x');
    const { operations, bulkIds } = read([user('a'), without, user('b')]);
    expect(new Set(operations.map((operation) => task(operation).id))).toEqual(new Set(['id-1', 'id-2', 'id-3']));
    expect(operations.map(({ bulkId, location }) => [bulkId, location])).toEqual([
      ['a', undefined],
      [undefined, undefined],
      ['b', undefined],
    ]);
    expect(bulkIds).toEqual(new Set(['a', 'b']));
  });

  it('that patches may have a bare list of operations (RFC 7644 section 3.7.3)', () => {
    const { operations } = read([{ method: 'PATCH', path: '/Users/u1', data: [{ op: 'remove', path: 'nickName' }] }]);
    expect(task(operations[0]).data).toEqual({ schemas: [PATCHOP], Operations: [{ op: 'remove', path: 'nickName' }] });
  });

  const nested = JSON.parse(`${'['.repeat(5_000)}${']'.repeat(5_000)}`);
  it.each<[string, unknown, number, string | undefined]>([
    ['no object', 'POST /Users', 400, 'invalidSyntax'],
    ['null', null, 400, 'invalidSyntax'],
    ['without a method', { path: '/Users', data: {} }, 400, 'invalidSyntax'],
    ['with a method that is a number', { method: 1, path: '/Users', data: {} }, 400, 'invalidSyntax'],
    ['that reads', { method: 'GET', path: '/Users/u1' }, 405, undefined],
    ['without a path', { method: 'POST', data: {} }, 400, 'invalidSyntax'],
    ['with a path that is no text', { method: 'POST', path: ['/Users'], data: {} }, 400, 'invalidSyntax'],
    ['on an endpoint that is not there', { method: 'POST', path: '/Printers', data: {} }, 404, undefined],
    ['on the root', { method: 'POST', path: '/', data: {} }, 404, undefined],
    ['below a resource', { method: 'DELETE', path: '/Users/u1/emails' }, 404, undefined],
    ['that creates at an id', { method: 'POST', path: '/Users/u1', data: {} }, 405, undefined],
    ['that replaces all', { method: 'PUT', path: '/Users', data: {} }, 405, undefined],
    ['that deletes all', { method: 'DELETE', path: '/Users' }, 405, undefined],
    ['without data', { method: 'PUT', path: '/Users/u1' }, 400, 'invalidSyntax'],
    ['with null for data', { method: 'POST', path: '/Users', data: null }, 400, 'invalidSyntax'],
    ['with a version that is a number', { method: 'DELETE', path: '/Users/u1', version: 1 }, 400, 'invalidValue'],
    ['with a bulkId that is a number', { method: 'POST', path: '/Users', bulkId: 1, data: {} }, 400, 'invalidValue'],
    ['with U+0000 in its bulkId', { method: 'POST', path: '/Users', bulkId: '\0', data: {} }, 400, 'invalidValue'],
    ['with data that nests too deep', { method: 'POST', path: '/Users', data: { a: nested } }, 400, 'invalidSyntax'],
    ['with half a surrogate in its path', { method: 'DELETE', path: '/Users/\ud800' }, 400, 'invalidValue'],
  ])('%s is its own error, and the next is read', (_, operation, status, scimType) => {
    const { operations, units } = read([operation, user('next')]);
    expect(mistake(operations[0]).error).toMatchObject({ status, scimType });
    expect(task(operations[1]).bulkId).toBe('next');
    expect(units).toEqual([[0], [1]]);
  });

  it('that cannot be tried still says what and where it was', () => {
    const { operations } = read([
      { method: 'put', path: '/Users/u 1?attributes=id', bulkId: 'q' },
      { method: 'GET', path: '/Printers/p1' },
      { method: 'POST', path: '/Users/u1', bulkId: 'p' },
    ]);
    expect(operations.map(({ method, bulkId, location }) => [method, bulkId, location])).toEqual([
      ['PUT', 'q', '/Users/u%201'],
      ['GET', undefined, '/Printers/p1'],
      ['POST', 'p', undefined],
    ]);
  });
});

describe('a reference (RFC 7644 section 3.7.2)', () => {
  const dataOf = (operation: Sent, ...before: Sent[]) => task(read([...before, operation]).operations.at(-1));

  it('gives way to the id in values of any depth, and at the end of a $ref', () => {
    const { data, refersTo } = dataOf(
      {
        method: 'PUT',
        path: '/Groups/g1',
        data: {
          displayName: 'g',
          members: [{ value: 'bulkId:a', $ref: 'https://example.com/v2/Users/bulkId:a' }, { value: 'bulkId:b' }],
        },
      },
      user('a'),
      user('b'),
    );
    expect(data).toEqual({
      displayName: 'g',
      members: [{ value: 'id-1', $ref: 'https://example.com/v2/Users/id-1' }, { value: 'id-2' }],
    });
    expect(refersTo).toEqual(new Set(['a', 'b']));
  });

  it.each([
    [{ [ENT]: { manager: { value: 'bulkId:a', $ref: '../Users/bulkId:a' } } }],
    [{ [ENT]: { manager: 'bulkId:a' } }],
    [{ [`${ENT}:manager`]: { value: 'bulkId:a' } }],
    [{ [`${ENT}:manager.value`]: 'bulkId:a' }],
  ])('gives way in an extension, in whatever spelling: %j', (data) => {
    const sent = dataOf({ method: 'PUT', path: '/Users/u1', data }, user('a'));
    expect(JSON.stringify(sent.data)).toBe(JSON.stringify(data).replaceAll('bulkId:a', 'id-1'));
    expect(sent.refersTo).toEqual(new Set(['a']));
  });

  it.each([
    ['POST', '/Users', { userName: 'a', password: 'bulkId:a', title: 'bulkId:a', emails: [{ value: 'x/bulkId:a' }] }],
    ['PATCH', '/Users/u1', { Operations: [{ op: 'add', path: 'password', value: 'x/bulkId:nobody' }] }],
    [
      'PATCH',
      '/Users/u1',
      { Operations: [{ op: 'add', path: 'emails[value eq "bulkId:a"].type', value: 'bulkId:a' }] },
    ],
  ])('is only where an attribute refers to a resource: %s %s %j', (method, path, body) => {
    const { data, refersTo } = dataOf({ method, path, data: body }, user('a'));
    expect(refersTo).toEqual(new Set());
    expect(data).toEqual(body);
  });

  it('is not looked for in paths that are longer than any, which would take minutes', () => {
    const path = `members[value eq ${'"\\'.repeat(30_000)}`;
    const Operations = Array.from({ length: 20 }, () => ({ op: 'remove', path }));
    expect(dataOf({ method: 'PATCH', path: '/Groups/g1', data: { Operations } }).refersTo).toEqual(new Set());
  });

  it('gives way in the values and path filters of a PATCH', () => {
    const { data, refersTo } = dataOf(
      {
        method: 'PATCH',
        path: '/Groups/g1',
        data: {
          schemas: [PATCHOP],
          operations: [
            { op: 'add', path: 'members', value: [{ value: 'bulkId:a' }] },
            { OP: 'remove', PATH: 'members[value eq "bulkId:b" or value eq "bulkId:c"]' },
            { op: 'replace', value: { members: 'bulkId:a' } },
          ],
        },
      },
      user('a'),
      user('b'),
      user('c'),
    );
    expect(data).toEqual({
      schemas: [PATCHOP],
      operations: [
        { op: 'add', path: 'members', value: [{ value: 'id-1' }] },
        { OP: 'remove', PATH: 'members[value eq "id-2" or value eq "id-3"]' },
        { op: 'replace', value: { members: 'id-1' } },
      ],
    });
    expect(refersTo).toEqual(new Set(['a', 'b', 'c']));
  });

  it.each(['/Users/bulkId:a b', '/Users/bulkId%3Aa%20b', '/Users/bulkId:a%20b?attributes=id'])(
    'gives way in the path %s',
    (path) => {
      const { id, refersTo, location } = dataOf({ method: 'DELETE', path }, user('a b'));
      expect({ id, refersTo, location }).toEqual({
        id: 'id-1',
        refersTo: new Set(['a b']),
        location: '/Users/id-1',
      });
    },
  );

  it('to nothing of this request is noticed and stays', () => {
    const { data, refersTo } = dataOf(user('b', 'nobody'));
    expect(refersTo).toEqual(new Set(['nobody']));
    expect(data).toMatchObject({ [ENT]: { manager: { value: 'bulkId:nobody' } } });
    expect(dataOf({ method: 'DELETE', path: '/Users/bulkId:nobody' }).location).toBeUndefined();
  });

  it('is no text that only contains one', () => {
    const { data, refersTo } = dataOf(
      { method: 'PUT', path: '/Users/u1', data: { userName: 'the bulkId:a', title: 'bulkId:', nickName: 'bulkid:a' } },
      user('a'),
    );
    expect(refersTo).toEqual(new Set());
    expect(data).toEqual({ userName: 'the bulkId:a', title: 'bulkId:', nickName: 'bulkid:a' });
  });

  it('in what is readOnly, and so passed over, is none', () => {
    const { data } = user('a');
    const echoed = { ...user('a'), data: { ...(data as Sent), groups: [{ value: 'bulkId:g' }], ID: 'bulkId:nobody' } };
    const { operations, units } = read([echoed, group('g', 'a')]);
    expect(task(operations[0]).refersTo).toEqual(new Set());
    expect(units).toEqual([[0], [1]]);
  });

  it('leaves what the client sent as it was', () => {
    const operations = [user('a'), group('g', 'a')];
    const before = structuredClone(operations);
    read(operations);
    expect(operations).toEqual(before);
  });

  it('in a path that is no path is left to who reads the path', () => {
    const path = 'members[value eq "bulkId:a\\x"]';
    const { data } = dataOf({ method: 'PATCH', path: '/Groups/g1', data: [{ op: 'remove', path }] }, user('a'));
    expect(data).toMatchObject({ Operations: [{ path }] });
  });
});

describe('the order of carrying out', () => {
  it("is the client's where nothing refers forward", () => {
    expect(orderOf([change('/Groups/1'), user('a'), change('/Users/2'), group('g', 'a')])).toEqual([0, 'a', 2, 'g']);
  });

  it('lets an operation wait for what it refers to, and go next then', () => {
    expect(orderOf([group('g', 'b', 'c'), user('a'), user('b'), user('c'), user('d')])).toEqual([
      'a',
      'b',
      'c',
      'g',
      'd',
    ]);
  });

  it('follows a chain of forward references, and one in the path', () => {
    const operations = [change('/Users/bulkId:a'), user('a', 'b'), user('b', 'c'), user('c')];
    expect(orderOf(operations)).toEqual(['c', 'b', 'a', 0]);
  });

  it('keeps the order of what is done to one resource', () => {
    const waiting = change('/Groups/1', 'bulkId:a');
    const operations = [waiting, change('/Groups/2'), { method: 'DELETE', path: '/Groups/1' }, user('a'), user('b')];
    expect(orderOf(operations)).toEqual([1, 'a', 0, 2, 'b']);
    const onOneThatIsCreated = [change('/Users/bulkId:a', 'bulkId:b'), change('/Users/bulkId:a'), user('a'), user('b')];
    expect(orderOf(onOneThatIsCreated)).toEqual(['a', 'b', 0, 1]);
  });

  it('makes one unit of two POSTs that refer to each other (section 3.7.1), where the last of them stands', () => {
    expect(orderOf([group('a', 'b'), user('x'), group('b', 'a'), user('y')])).toEqual(['x', ['a', 'b'], 'y']);
  });

  it('makes one unit of a longer circle, and lets others wait for it', () => {
    const operations = [group('z', 'a'), group('a', 'b'), group('b', 'c', 'u'), group('c', 'a'), user('u')];
    expect(orderOf(operations)).toEqual(['u', ['a', 'b', 'c'], 'z']);
  });

  it('keeps two circles apart of which one refers to the other', () => {
    const operations = [group('a', 'b'), group('b', 'a', 'c'), group('c', 'd'), group('d', 'c')];
    expect(orderOf(operations)).toEqual([
      ['c', 'd'],
      ['a', 'b'],
    ]);
  });

  it('takes a POST that refers to itself for no circle', () => {
    expect(orderOf([user('a', 'a'), user('b')])).toEqual(['a', 'b']);
    expect(task(read([user('a', 'a')]).operations[0]).data).toMatchObject({ [ENT]: { manager: { value: 'id-1' } } });
  });

  it('counts no POST that cannot be tried as part of a circle', () => {
    const { data, ...broken } = group('b', 'a');
    expect(orderOf([group('a', 'b'), broken])).toEqual(['b', 'a']);
  });

  it('follows no reference to what creates nothing', () => {
    const put = { method: 'PUT', path: '/Users/u1', bulkId: 'p', data: { userName: 'p' } };
    const operations = [change('/Groups/1', 'bulkId:p'), put];
    expect(orderOf(operations)).toEqual([0, 'p']);
    expect(read(operations).bulkIds).toEqual(new Set());
  });

  it('is worked out for a chain and a circle of the greatest length', () => {
    const chain = Array.from({ length: 1_000 }, (_, n) => user(`u${n}`, n < 999 ? `u${n + 1}` : undefined));
    expect(orderOf(chain)).toEqual(Array.from({ length: 1_000 }, (_, n) => `u${999 - n}`));
    const circle = Array.from({ length: 1_000 }, (_, n) => user(`u${n}`, `u${(n + 1) % 1_000}`));
    expect(read(circle).units).toEqual([Array.from({ length: 1_000 }, (_, n) => n)]);
  });
});
