import { expect, test } from 'vitest';
import { checks } from '../../compliance/checks/all.ts';
import { FEATURES } from '../../compliance/model.ts';
import { requirements } from '../../compliance/requirements/all.ts';

test('every requirement has an id of its own, that of an RFC names its document and section', () => {
  expect(duplicates(requirements.map((requirement) => requirement.id))).toEqual([]);
  for (const { id, source, section } of requirements) {
    if (!source.startsWith('RFC ')) continue;
    expect(id).toMatch(/^RFC\d{4}-[0-9.]+-\d+$/);
    expect(id.startsWith(`${source.replace(' ', '')}-${section}-`), id).toBe(true);
  }
});

test('no two requirements say the same', () => {
  expect(duplicates(requirements.map(({ source, text }) => `${source}: ${text}`))).toEqual([]);
});

test('a requirement of an RFC names its lines, none of another source does', () => {
  for (const { id, source, lines } of requirements) {
    if (!source.startsWith('RFC ')) {
      expect(lines, id).toBeNull();
      continue;
    }
    const [first = 0, last = first] = (lines ?? '').split('-').map(Number);
    expect(lines, id).toMatch(/^\d+(-\d+)?$/);
    expect(last - first, id).toBeGreaterThanOrEqual(0);
    expect(last - first, `${id}: a paragraph or a table, not a section`).toBeLessThan(60);
  }
});

test('sections come in the order of their lines', () => {
  const first = new Map<string, { section: string; line: number }[]>();
  for (const { source, section, lines } of requirements) {
    if (lines === null) continue;
    const list = first.get(source) ?? [];
    first.set(source, [...list, { section, line: Number(lines.split('-')[0]) }]);
  }
  for (const [source, places] of first) {
    for (const a of places) {
      const wrong = places.filter((b) => before(a.section, b.section) && a.line > b.line);
      expect(wrong, `${source}, line ${a.line} of section ${a.section}`).toEqual([]);
    }
  }
});

test('texts are one sentence each, and features exist', () => {
  for (const { id, text, feature, url } of requirements) {
    expect(text, id).toMatch(/^\S.*[.]$/s);
    expect(Object.keys(FEATURES), id).toContain(feature);
    expect(URL.canParse(url), id).toBe(true);
  }
});

test('every requirement that can be seen has a check, and none of the others', () => {
  const checked = new Set(checks.flatMap((check) => check.requirements));
  const visible = requirements.filter(({ unseen }) => unseen === undefined);
  expect(visible.filter(({ id }) => !checked.has(id)).map(({ id }) => id)).toEqual([]);
  const unseen = requirements.filter(({ unseen }) => unseen !== undefined);
  expect(unseen.filter(({ id }) => checked.has(id)).map(({ id }) => id)).toEqual([]);
});

test('every check has an id of its own, and requirements that exist', () => {
  const known = new Set(requirements.map(({ id }) => id));
  expect(duplicates(checks.map(({ id }) => id))).toEqual([]);
  for (const { id, title, feature, requirements: named } of checks) {
    expect(named.length, id).toBeGreaterThan(0);
    expect(
      named.filter((each) => !known.has(each)),
      id,
    ).toEqual([]);
    expect(duplicates(named), id).toEqual([]);
    expect(title, id).not.toMatch(/[.]$/);
    expect(Object.keys(FEATURES), id).toContain(feature);
  }
});

function duplicates(values: readonly string[]): string[] {
  return values.filter((value, index) => values.indexOf(value) !== index);
}

/** Of section numbers: "3.4.2.2" comes before "3.10"; a section does not come before its own parts. */
function before(a: string, b: string): boolean {
  const [left, right] = [a.split('.').map(Number), b.split('.').map(Number)];
  for (let index = 0; index < Math.min(left.length, right.length); index += 1) {
    const [x = 0, y = 0] = [left[index], right[index]];
    if (x !== y) return x < y;
  }
  return false;
}
