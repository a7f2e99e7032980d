import { describe, expect, it } from 'vitest';
import { comparable, compareText, fold, instant, orderedNumber, searchForm } from '../../src/scim/comparable.ts';
import type { Scalar } from '../../src/scim/document.ts';
import { findAttribute, type ResourceType } from '../../src/scim/schema.ts';
import { DEVICE, deviceTypeOf, ENT, USER_TYPE } from './fixtures.ts';

const form = (type: ResourceType, name: string, value: Scalar) => {
  const attribute = findAttribute(type, name);
  if (!attribute) throw new Error(name);
  return comparable(attribute, value);
};

describe('folding', () => {
  it.each([
    ['ASCII', 'Jane.DOE@Example.com', 'jane.doe@example.com'],
    ['letters outside ASCII', 'ÄÖÜ ŁÓDŹ', 'äöü łódź'],
    ['a composed and a decomposed letter', 'A\u0308', 'ä'],
    ['a final sigma like any other', 'ΟΔΥΣΣΕΥΣ', 'οδυσσευσ'],
    ['a small final sigma too', 'ς', 'σ'],
    ['the Kelvin sign', '\u212a', 'k'],
    ['letters beyond the basic plane', '𐐀', '𐐨'],
    ['fullwidth letters', 'ＡＤＭＩＮ', 'admin'],
  ])('takes the case out of %s', (_, text, folded) => expect(fold(text)).toBe(folded));

  it('gives a text and its upper case the same form, also where only the small letter is composed', () => {
    for (const letter of ['ΐ', 'ẖ', 'ǰ', 'ä', 'σ']) expect(fold(letter.toUpperCase())).toBe(fold(letter));
  });

  it('folds every code point to something that folds to itself', () => {
    const unstable: string[] = [];
    for (let code = 1; code < 0x11_0000; code++) {
      if (code >= 0xd800 && code <= 0xdfff) continue;
      const once = fold(String.fromCodePoint(code));
      if (fold(once) !== once) unstable.push(code.toString(16));
    }
    expect(unstable).toEqual([]);
  });

  it('folds the parts of a text as it folds the whole, so that co, sw and ew find them', () => {
    const text = 'ΟΔΥΣΣΕΥΣ Straße İstanbul';
    for (let cut = 0; cut <= text.length; cut++) {
      expect(fold(text.slice(0, cut)) + fold(text.slice(cut))).toBe(fold(text));
    }
  });
});

describe('instants', () => {
  it.each([
    ['2026-01-31T12:00:00Z', '2026-01-31T12:00:00.000000000Z'],
    ['2026-01-31T12:00:00.5Z', '2026-01-31T12:00:00.500000000Z'],
    ['2026-01-31T12:00:00.123456789987Z', '2026-01-31T12:00:00.123456789Z'],
    ['2026-01-31T12:00:00+02:00', '2026-01-31T10:00:00.000000000Z'],
    ['2026-01-31T23:30:00.25-05:30', '2026-02-01T05:00:00.250000000Z'],
    ['2026-01-31T12:00:00+14:00', '2026-01-30T22:00:00.000000000Z'],
    ['2026-01-31T12:00:00-00:59', '2026-01-31T12:59:00.000000000Z'],
    ['2026-01-31T12:00:00', '2026-01-31T12:00:00.000000000Z'],
    ['2025-12-31T24:00:00+01:00', '2025-12-31T23:00:00.000000000Z'],
    ['0000-01-01T00:00:00Z', '0000-01-01T00:00:00.000000000Z'],
    ['0099-01-01T00:00:00Z', '0099-01-01T00:00:00.000000000Z'],
  ])('%s is %s', (text, utc) => expect(instant(text)).toBe(utc));

  it.each([
    '2026-02-30T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-31t12:00:00z',
    '2026-01-01T24:00:01Z',
    '2026-01-01T00:00:00+14:01',
    '2026-01-01T00:60:00Z',
    '2026-01-01',
    '2026-01-01T00:00Z',
    '2026-01-01T00:00:00+15:00',
    '9999-12-31T23:59:59-01:00',
    '0000-01-01T00:00:00+01:00',
    'yesterday',
    '',
  ])('%j is no dateTime', (text) => expect(instant(text)).toBeUndefined());
});

describe('numbers', () => {
  it('sort as texts in the order of their values', () => {
    const numbers = [-Infinity, -1e308, -42.5, -42, -1, -1e-300, 0, 5e-324, 0.1, 1, 2, 10, 1e21, 1e308];
    const texts = numbers.map(orderedNumber);
    expect(texts.toSorted(compareText)).toEqual(texts);
    expect(new Set(texts).size).toBe(numbers.length);
    expect(texts.every((text) => /^[\da-f]{16}$/.test(text))).toBe(true);
  });

  it('know one zero', () => expect(orderedNumber(-0)).toBe(orderedNumber(0)));
});

describe('text order', () => {
  it('is by code point, not by UTF-16 unit', () => {
    // U+FFFD sorts behind the surrogates of U+1F600 in UTF-16.
    expect('\ufffd' < '😀').toBe(false);
    expect(compareText('\ufffd', '😀')).toBeLessThan(0);
    expect(compareText('a😀', 'a\uffff')).toBeGreaterThan(0);
  });

  it('agrees with the order of the UTF-8 bytes, as the databases have it', () => {
    const texts = ['', 'a', 'ab', 'b', 'é', '\ud7ff', '\ue000', '\uffff', '𐀀', '😀', '😀a', '\u{10ffff}'];
    const sign = (a: string, b: string) => Math.sign(compareText(a, b));
    for (const a of texts)
      for (const b of texts) expect(sign(a, b)).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
  });
});

describe('the comparable form', () => {
  it('folds strings, but not where the attribute is caseExact', () => {
    expect(form(USER_TYPE, 'userName', 'JANE')).toBe('jane');
    expect(form(USER_TYPE, 'externalId', 'JANE')).toBe('JANE');
    expect(form(USER_TYPE, 'id', 'AB')).toBe('AB');
    expect(form(USER_TYPE, 'profileUrl', 'https://Host/A')).toBe('https://Host/A');
  });

  it('writes booleans, instants and numbers so that texts compare as the values do', () => {
    expect(form(USER_TYPE, 'active', true)).toBe('true');
    expect(form(deviceTypeOf(), 'bought', '2026-01-01T01:00:00+01:00')).toBe('2026-01-01T00:00:00.000000000Z');
    expect(form(deviceTypeOf(), 'ports', 7)).toBe(orderedNumber(7));
  });
});

describe('the search form of a document', () => {
  it('keeps its shape and turns every value into its comparable form', () => {
    const document = {
      externalId: 'X-1',
      userName: 'Jane@EX.com',
      active: false,
      emails: [{ value: 'Jane@EX.com', type: 'Work', primary: true }],
      x509Certificates: [{ value: 'MIIDQ' }],
      [ENT]: { department: 'SALES', manager: { value: 'U-9', displayName: 'Boss' } },
    };
    expect(searchForm(document, USER_TYPE)).toEqual({
      externalId: 'X-1',
      userName: 'jane@ex.com',
      active: 'false',
      emails: [{ value: 'jane@ex.com', type: 'work', primary: 'true' }],
      x509Certificates: [{ value: 'MIIDQ' }],
      [ENT]: { department: 'sales', manager: { value: 'U-9', displayName: 'boss' } },
    });
  });

  it('keeps lists of simple values, and leaves out what the schema does not know', () => {
    expect(searchForm({ tags: ['A', 'b'], gone: 'x', [DEVICE]: { tags: ['A'] } }, deviceTypeOf())).toEqual({
      tags: ['a', 'b'],
    });
  });
});
