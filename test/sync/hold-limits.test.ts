import { describe, expect, it } from 'vitest';
import { allowance, kindsOf, Limits, limitText, mergeLimits } from '../../src/sync/holds/limits.ts';

describe('a limit', () => {
  it.each([
    [{ count: null, percent: null }, 1_000, null],
    [{ count: 3, percent: null }, 1_000, 3],
    [{ count: 0, percent: null }, 0, 0],
    [{ count: null, percent: 10 }, 50, null],
    [{ count: null, percent: 10 }, 51, 5],
    [{ count: null, percent: 10 }, 59, 5],
    [{ count: null, percent: 10 }, 60, 6],
    [{ count: null, percent: 1 }, 60, 1],
    [{ count: null, percent: 0 }, 60, 0],
    [{ count: 3, percent: 10 }, 50, 3],
    [{ count: 3, percent: 10 }, 100, 3],
    [{ count: 30, percent: 10 }, 100, 10],
  ])('of %o lets of %i linked accounts %o begin', (limit, linked, expected) => {
    expect(allowance(limit, linked)).toBe(expected);
  });

  it('is said in words', () => {
    expect(limitText({ count: 3, percent: 10 }, 60)).toBe('3, and 10 % of 60 linked accounts');
    expect(limitText({ count: 3, percent: 10 }, 50)).toBe('3');
  });
});

describe('limits', () => {
  const none = { count: null, percent: null };

  it('are ten per cent of what is disabled or deleted, unless it is said otherwise', () => {
    const share = { count: null, percent: 10 };
    expect(Limits.parse(undefined)).toEqual({
      create: none,
      update: none,
      disable: share,
      delete: share,
      unassign: none,
    });
    expect(Limits.parse({ disable: { count: 3 } })).toMatchObject({
      disable: { count: 3, percent: 10 },
      delete: share,
    });
    expect(Limits.parse({ disable: null })).toMatchObject({ disable: none, delete: share });
    expect(new Set(Object.values(Limits.parse('off')).map((limit) => JSON.stringify(limit)))).toEqual(
      new Set([JSON.stringify(none)]),
    );
  });

  it('are changed kind by kind', () => {
    const before = Limits.parse({ disable: { count: 3 }, delete: { count: 5, percent: null } });
    expect(mergeLimits(before, { disable: { percent: null } })).toEqual({
      ...before,
      disable: { count: 3, percent: null },
    });
    expect(mergeLimits(before, { delete: null })).toEqual({ ...before, delete: null });
    expect(mergeLimits(before, 'off')).toBe('off');
    expect(mergeLimits(undefined, { delete: null })).toEqual({ delete: null });
  });
});

it('what is unassigned counts as what it is a part of', () => {
  const plan = [{ kind: 'unassign' as const }, { kind: 'assign' as const }, { kind: 'rename' as const }];
  expect([...kindsOf(plan, { presence: 'active' })]).toEqual(['unassign', 'update']);
  expect([...kindsOf(plan, { presence: 'inactive' })]).toEqual(['disable', 'update']);
  expect([...kindsOf([{ kind: 'unassign' }, { kind: 'delete' }], null)]).toEqual(['delete']);
  expect([...kindsOf([{ kind: 'enable' }, { kind: 'assign' }], { presence: 'active' })]).toEqual([]);
});
