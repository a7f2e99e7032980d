import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import { quirkTable } from '../../src/cli/quirks.ts';
import { QUIRKS } from '../../src/scim/quirks.ts';

const lastAt = Date.UTC(2026, 10, 22, 7);
const counted = Object.entries(QUIRKS).map(([rule, meaning], index) => ({
  rule,
  count: 10 ** (index % 5),
  firstAt: 0,
  lastAt,
  example: {
    method: 'PATCH',
    type: 'User',
    path: 'x'.repeat(1 + index * 5),
    client: index % 2 ? 'Okta SCIM Client' : null,
  },
  ...meaning,
}));
const lines = (columns: number) => stripVTControlCharacters(quirkTable(counted, columns)).split('\n');

it.each([60, 80, 100, 200])('the table of quirks fits %i columns and loses nothing', (columns) => {
  const shown = lines(columns);
  for (const line of shown) expect(line.length, line).toBeLessThanOrEqual(columns);
  const text = shown.join(' ').replace(/\s+/g, ' ');
  for (const { rule, does, advice } of counted) {
    expect(text).toContain(rule);
    expect(text).toContain(`${does} ${advice}`);
  }
  const examples = text.match(/x+/g)?.join('').length ?? 0;
  expect(examples).toBeGreaterThanOrEqual(counted.reduce((sum, { example }) => sum + example.path.length, 0));
});

it('an example stands beside its rule where there is room', () => {
  expect(lines(60)[0]).toMatch(/^RULE +TIMES {2}LAST$/);
  expect(lines(120)[0]).toMatch(/^RULE +TIMES {2}LAST +EXAMPLE$/);
  expect(lines(120)[1]).toMatch(/^array-for-single-value +1 {2}2026-11-22 07:00:00 UTC {2}PATCH User x$/);
  expect(lines(60)[2]).toBe('  in PATCH User x');
});
