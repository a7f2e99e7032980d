/**
 * The one text form in which values are compared. The matcher, SQLite and PostgreSQL all compare these texts by code point,
 * so the three agree whatever their own ideas of case, numbers and time are (RFC 7643 section 2.2, RFC 7644 section 3.4.2.2).
 */
import { type Complex, type Document, isComplex, type Scalar, type Value } from './document.ts';
import { withoutOthers } from './etag.ts';
import { type Attribute, findAttribute, type ResourceType } from './schema.ts';

/** Raised with every change of what `comparable` gives: what is stored in that form is then made anew. */
export const COMPARABLE_VERSION = 2;

/**
 * Takes case and Unicode composition out of a text. Each code point is folded by itself, without looking at its
 * neighbours, so that a part of a text folds to a part of the folded text: `co`, `sw` and `ew` depend on it.
 */
export function fold(text: string): string {
  if (/^[ -~]*$/.test(text)) return text.toLowerCase();
  let folded = '';
  // By code point, because toLowerCase of a whole text turns a final capital sigma into another letter than the rest.
  for (const character of text.normalize('NFC')) folded += foldCharacter(character);
  // Some letters exist composed in lower case only (ΐ, ẖ).
  return folded.normalize('NFC');
}

/** Fullwidth letters are the ordinary ones: two people must not look alike (RFC 7644 section 7.8, RFC 8265). */
function foldCharacter(character: string): string {
  if (character === 'ς') return 'σ';
  const isWidthVariant = character >= '\uff01' && character <= '\uff5e';
  return (isWidthVariant ? character.normalize('NFKC') : character).toLowerCase();
}

const DATE_TIME = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.(\d+))?(?:Z|([+-])(\d\d):(\d\d))?$/;

/**
 * A dateTime as UTC with exactly nine fraction digits: `2026-01-01T00:00:00.000000000Z`. Further digits are cut; a time
 * without an offset is UTC.
 *
 * @returns undefined where the text is no dateTime (RFC 7643 section 2.3.5), or not one of the years 0000 to 9999 in UTC.
 */
export function instant(text: string): string | undefined {
  const [, date, clock, fraction = '', sign, hours = '0', minutes = '0'] = DATE_TIME.exec(text) ?? [];
  // XML Schema's name for the midnight that ends a day.
  const isEndOfDay = clock === '24:00:00' && /^0*$/.test(fraction);
  const seconds = `${date}T${isEndOfDay ? '00:00:00' : clock}`;
  const local = Date.parse(`${seconds}Z`);
  // Date.parse reads the 30th of February as the 2nd of March.
  if (Number.isNaN(local) || new Date(local).toISOString().slice(0, 19) !== seconds) return undefined;
  const offset = Number(hours) * 60 + Number(minutes);
  if (offset > 14 * 60 || Number(minutes) > 59) return undefined;
  const shift = (isEndOfDay ? 24 * 60 : 0) + (sign === '-' ? offset : -offset);
  const utc = new Date(local + shift * 60_000).toISOString();
  // A year of more than four digits would not sort among the others.
  if (utc.length !== 24) return undefined;
  return `${utc.slice(0, 19)}.${fraction.slice(0, 9).padEnd(9, '0')}Z`;
}

/** Sixteen hexadecimal digits that sort as the numbers do: the IEEE 754 double with its sign turned round. */
export function orderedNumber(value: number): string {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value === 0 ? 0 : value);
  const bits = view.getBigUint64(0);
  const ordered = bits >> 63n ? ~bits & 0xffff_ffff_ffff_ffffn : bits | (1n << 63n);
  return ordered.toString(16).padStart(16, '0');
}

/**
 * The comparable form of one value of a simple attribute. The value has been read by this schema (edit/values.ts).
 *
 * - string: folded, or as it is where the attribute is caseExact; reference, binary: as it is
 * - boolean: `true`, `false`
 * - dateTime: `instant`
 * - meta.version: without what others contribute (etag.ts)
 * - integer, decimal: `orderedNumber`
 */
export function comparable(attribute: Attribute, value: Scalar): string {
  if (typeof value === 'number') return orderedNumber(value);
  if (typeof value === 'boolean') return String(value);
  if (attribute.type === 'dateTime') return instant(value) ?? value;
  if (attribute.name === 'version' && attribute.mutability === 'readOnly') return withoutOthers(value);
  return attribute.caseExact ? value : fold(value);
}

/** Orders texts by code point, as SQLite's BINARY and PostgreSQL's "C" collation do. JavaScript's `<` does not. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const [left, right] = [a.charCodeAt(index), b.charCodeAt(index)];
    if (left !== right) return codePointRank(left) - codePointRank(right);
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above U+FFFF, so they rank behind every other unit of UTF-16. */
function codePointRank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x1_0000 : unit;
}

/**
 * A document with every value in its comparable form; arrays stay arrays, complex values stay objects, extensions stay
 * under their URN. This is what filters in SQL look into.
 */
export function searchForm(document: Document, type: ResourceType): Document {
  const form = searchComplex(document, type);
  for (const { schema } of type.extensions) {
    const extension = document[schema.id];
    if (isComplex(extension)) form[schema.id] = searchComplex(extension, schema);
  }
  return form;
}

function searchComplex(complex: Complex, scope: Parameters<typeof findAttribute>[0]): Complex {
  const form: Complex = {};
  for (const [name, value] of Object.entries(complex)) {
    const attribute = findAttribute(scope, name);
    if (attribute) form[name] = searchValue(attribute, value);
  }
  return form;
}

function searchValue(attribute: Attribute, value: Value): Value {
  if (Array.isArray(value)) return value.map((item) => searchValue(attribute, item));
  if (isComplex(value)) return searchComplex(value, attribute);
  return comparable(attribute, value);
}
