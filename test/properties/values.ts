/** Values of attributes, mostly such as are easily got wrong, and few enough that two of them often are the same. */
import fc, { type Arbitrary } from 'fast-check';
import type { Scalar } from '../../src/scim/document.ts';
import type { Attribute } from '../../src/scim/schema.ts';

/** Longer than what an index keeps whole, alike for longer than what it keeps of it. */
const LONG = ['ab'.repeat(160), `${'ab'.repeat(160)}c`, 'AB'.repeat(160), '😀'.repeat(151), `${'é'.repeat(299)}😀x`];

export const TEXTS: readonly string[] = [
  ...['', ' ', 'a', 'A', 'b', 'ab', 'Ab', 'abc', 'work', 'Home', 'x', 'null', 'true', '1', '007', '-'],
  // Case beyond ASCII, and its pairs that are none when one looks at code points only.
  ...['straße', 'STRASSE', 'STRAẞE', 'İstanbul', 'ıstanbul', 'istanbul', 'ISTANBUL', 'ΟΔΟΣ', 'οδος', 'οδοσ', 'ς', 'Σ'],
  ...['ﬁ', 'Ａb', 'ab１', 'FI', 'Ǆ', 'ǅ', 'ǆ', 'ŉ', 'K', 'k', 'Å', 'å', 'Ω', 'ω'],
  // Composed and decomposed.
  ...[
    'é',
    'e\u0301',
    'É',
    '\u0301',
    'ḯ',
    'ΐ',
    'Ϊ\u0301',
    'ẖ',
    'H\u0331',
    'ǰ',
    'J\u030c',
    '가',
    '\u1100\u1161',
    '\u0345',
  ],
  // Where UTF-16 and code points sort differently, and the ends of ranges.
  ...['😀', '😁', '\uffee', '\ue000', '\ud7ff', '\u{10ffff}', '\u{10ffff}a', '\u{10ffff}\u{10ffff}', '👩‍👩‍👧'],
  // What LIKE, JSON, SQL and the filter's own grammar give a meaning.
  ...[
    '%',
    '_',
    'a%',
    'a_b',
    '100%',
    '"',
    "'",
    "a'b",
    '\\',
    'a\\',
    'a\\"b',
    '\\u0041',
    'x" or "1" eq "1',
    '$.a',
    '[',
    ']',
  ],
  ...[')', 'a b', 'a and b', ' a', 'a ', '\t', '\n', 'a\nb', '\u007f', '\u00a0', '\ufeff', '{"a":1}', '[1]', 'R&D'],
  ...LONG,
];

const INSTANTS = [
  ...['2026-01-31T12:00:00Z', '2026-01-31T14:00:00+02:00', '2026-01-31T12:00:00'],
  ...[
    '2026-01-31T12:00:00.1Z',
    '2026-01-31T12:00:00.10Z',
    '2026-01-31T12:00:00.1234567Z',
    '2026-01-31T12:00:00.12345678Z',
  ],
  ...['2026-01-31T07:30:00.1234567-04:30', '2026-01-31T12:00:00.123Z', '2026-02-01T01:59:59.9999999+14:00'],
  ...['0000-01-01T00:00:00Z', '9999-12-31T23:59:59.9999999Z', '1969-12-31T23:59:59.999Z', '2024-02-29T23:59:59Z'],
];
const INTEGERS = [
  0,
  1,
  -1,
  2,
  9,
  10,
  11,
  -10,
  100,
  1_000,
  2_147_483_648,
  Number.MAX_SAFE_INTEGER,
  Number.MIN_SAFE_INTEGER,
];
const DECIMALS = [
  ...INTEGERS,
  0.1,
  0.5,
  -0.5,
  1.5,
  1e-7,
  5e-324,
  1e21,
  1.7976931348623157e308,
  -1e300,
  0.30000000000000004,
];
const BASE64 = ['', 'AAEC', 'aaec', 'AAECAw==', '/+8=', 'QUJD'];

const anyText = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...TEXTS) },
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom(...TEXTS), fc.constantFrom(...TEXTS)).map((two) => two.join('')) },
  { weight: 2, arbitrary: fc.string({ unit: 'grapheme', maxLength: 5 }).filter((text) => !text.includes('\0')) },
);

/** A value as it is stored, in the type of the attribute. */
export function anyValueOf({ type, canonicalValues }: Pick<Attribute, 'type' | 'canonicalValues'>): Arbitrary<Scalar> {
  switch (type) {
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return fc.constantFrom(...INTEGERS);
    case 'decimal':
      return fc.constantFrom(...DECIMALS);
    case 'dateTime':
      return fc.constantFrom(...INSTANTS);
    case 'binary':
      return fc.constantFrom(...BASE64);
    default: {
      const labels = canonicalValues.flatMap((label) => [label, label, label.toUpperCase()]);
      return labels.length === 0 ? anyText : fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...labels) }, anyText);
    }
  }
}

/** So few that what is looked for is often there. */
export function fewValuesOf({
  type,
  canonicalValues,
  name,
}: Pick<Attribute, 'type' | 'canonicalValues' | 'name'>): Arbitrary<Scalar> {
  switch (type) {
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return fc.constantFrom(1, 2);
    case 'decimal':
      return fc.constantFrom(1, 1.5);
    case 'dateTime':
      return fc.constantFrom('2026-01-31T12:00:00Z', '2026-01-31T14:00:00.000+02:00', '2026-01-31T12:00:00.1Z');
    case 'binary':
      return fc.constantFrom('YQ==', 'yq==');
    default:
      return name === 'type'
        ? fc.constantFrom(...canonicalValues.slice(0, 2), 'Work', 'odd')
        : fc.constantFrom('a', 'A', 'b', 'ß', 'e\u0301', 'É');
  }
}
