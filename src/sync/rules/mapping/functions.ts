/**
 * The functions of mapping expressions: CEL's string extensions and a few of ours, with bounds. CEL itself always ends, but
 * a chain of `replace` or a sum of `split`s may make more than any machine holds; so no text grows beyond
 * `LONGEST_TEXT` and no list beyond `LONGEST_LIST`, whatever an expression says.
 */
import {
  type CelFunc,
  type CelList,
  CelScalar,
  celFunc,
  celList,
  celListConcat,
  celMethod,
  listType,
} from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';

/** Characters. */
export const LONGEST_TEXT = 4_096;
export const LONGEST_LIST = 1_000;

/** What `clear()` gives. No value from outside can be it: U+0000 is refused everywhere. */
export const CLEAR = '\u0000clear';

const { STRING, DYN, BYTES } = CelScalar;
const TEXTS = listType(STRING);
const ANY_LIST = listType(DYN);

/** Grow without bound, or print anything: replaced below, or left out. */
const UNBOUNDED = new Set(['replace', 'split', 'join', 'format', 'strings.quote']);

export const functions: CelFunc[] = [
  ...strings.filter(({ name }) => !UNBOUNDED.has(name)),
  celFunc('clear', [], STRING, () => CLEAR),
  celMethod('lower', STRING, [], STRING, function () {
    return bounded(this.toLowerCase());
  }),
  celMethod('upper', STRING, [], STRING, function () {
    return bounded(this.toUpperCase());
  }),
  celMethod('replace', STRING, [STRING, STRING], STRING, function (from, to) {
    return bounded(this.replaceAll(from, () => to));
  }),
  celMethod('split', STRING, [STRING], TEXTS, function (separator) {
    return celList(this.split(separator, LONGEST_LIST));
  }),
  celMethod('join', TEXTS, [], STRING, function () {
    return joined(this, '');
  }),
  celMethod('join', TEXTS, [STRING], STRING, function (separator) {
    return joined(this, separator);
  }),
  celFunc('_+_', [STRING, STRING], STRING, (a, b) => bounded(a + b)),
  celFunc('_+_', [BYTES, BYTES], BYTES, () => {
    throw new Error('bytes cannot be joined');
  }),
  celFunc('_+_', [ANY_LIST, ANY_LIST], ANY_LIST, (a, b) => {
    if (a.size + b.size > LONGEST_LIST) throw new Error(`a list grows beyond ${LONGEST_LIST} elements`);
    return celListConcat(a, b);
  }),
];

function joined(list: CelList, separator: string): string {
  return bounded([...list].map(String).join(separator));
}

function bounded(text: string): string {
  if (text.length > LONGEST_TEXT) throw new Error(`a text grows beyond ${LONGEST_TEXT} characters`);
  return text;
}
