/** Generated HTTP requests below a SCIM base URL: near what is right, far from it, and noise. */
import fc, { type Arbitrary } from 'fast-check';
import { ARGUMENTS, METHODS, PARAMETERS, PATHS, RIGHT, SENSIBLE } from './http-words.ts';
import { TEXTS } from './values.ts';

export interface RawRequest {
  method: string;
  /** As it stands in the request line, below the base; `{user}` and `{group}` stand for ids that there are. */
  path: string;
  /** Name and value, as bytes of Latin-1. */
  headers: [string, string][];
  body: Uint8Array;
  chunked: boolean;
}

/** What may stand in a header: Latin-1 without controls. */
const latin = fc.array(fc.integer({ min: 0x20, max: 0xff }), { maxLength: 12 }).map((codes) =>
  codes
    .filter((code) => code !== 0x7f)
    .map((code) => String.fromCharCode(code))
    .join(''),
);
/** What may stand in a request line; Node refuses the rest. */
const ascii = fc
  .array(fc.integer({ min: 0x21, max: 0x7e }), { maxLength: 12 })
  .map((codes) => String.fromCharCode(...codes));
const text = fc.oneof(fc.constantFrom(...TEXTS), fc.string({ unit: 'binary', maxLength: 8 }));
const escaped = (value: string) => encodeURIComponent(value.toWellFormed());
const noise = fc.oneof(ascii, text.map(escaped));

const path = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...PATHS) },
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom(...PATHS), noise).map(([known, more]) => `${known}/${more}`) },
  { weight: 1, arbitrary: noise.map((more) => `/${more}`) },
);
const argument = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...ARGUMENTS).map(escaped) },
  { weight: 1, arbitrary: fc.constantFrom(...ARGUMENTS).map((value) => escaped(value).replaceAll('%20', '+')) },
  { weight: 2, arbitrary: noise },
  { weight: 1, arbitrary: fc.constantFrom('%', '%ff', '%00', '%ud800', '%ED%A0%80', '=', '&&', '') },
);
const query = fc
  .array(fc.tuple(fc.constantFrom(...PARAMETERS), argument), { maxLength: 3 })
  .map((pairs) => (pairs.length === 0 ? '' : `?${pairs.map(([name, value]) => `${name}=${value}`).join('&')}`));

const TAGS = ['*', 'W/"1"', '"1"', 'W/"2", "3"', '"', 'W/', ',', '1'];
const header = fc.oneof(
  fc.tuple(
    fc.constantFrom('accept'),
    fc.constantFrom('application/json', 'application/scim+json', 'text/html', '*/*', '', ';q=', 'application/json;q=0'),
  ),
  fc.tuple(
    fc.constantFrom('content-type'),
    fc.constantFrom(
      'application/json',
      'application/scim+json; charset=utf-8',
      'text/xml',
      'multipart/form-data',
      ';',
      'application/json;charset=utf-16',
    ),
  ),
  fc.tuple(fc.constantFrom('if-match', 'if-none-match'), fc.oneof(fc.constantFrom(...TAGS), latin)),
  fc.tuple(
    fc.constantFrom('content-encoding', 'x-http-method-override', 'prefer', 'range', 'cookie', 'forwarded'),
    latin,
  ),
  fc.tuple(fc.constantFrom('accept', 'content-type', 'accept-encoding', 'accept-language'), latin),
  fc.tuple(
    fc.constant('authorization'),
    fc.oneof(fc.constantFrom('Bearer', 'Bearer ', 'Bearer x y', 'Basic eDp5', `Bearer ${'a'.repeat(9_000)}`), latin),
  ),
);

/** Something else in the place of one part of a JSON value. */
function nearTo(right: unknown): Arbitrary<unknown> {
  const json = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom<unknown[]>(null, '', [], {}, 0, -1, Number.POSITIVE_INFINITY, true, '{user}'),
    fc.constantFrom(...RIGHT),
    text,
  );
  if (typeof right !== 'object' || right === null) return json;
  const entries = Object.entries(right);
  if (entries.length === 0) return json;
  const inside = fc.constantFrom(...entries).chain(([key, value]) =>
    fc
      .tuple(nearTo(value), fc.constantFrom(key, key, key, key.toUpperCase(), 'shoe', '__proto__'))
      .map(([changed, name]): unknown => {
        if (Array.isArray(right)) return right.map((each) => (each === value ? changed : each));
        return Object.fromEntries(entries.map(([known, each]) => (known === key ? [name, changed] : [known, each])));
      }),
  );
  const without = fc.constantFrom(...entries).map(([key]) => {
    return Array.isArray(right) ? [...right, right] : Object.fromEntries(entries.filter(([known]) => known !== key));
  });
  return fc.oneof({ weight: 6, arbitrary: inside }, { weight: 1, arbitrary: json }, { weight: 1, arbitrary: without });
}

const bytesOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value) ?? '');
const near = fc.constantFrom(...RIGHT).chain(nearTo);
const cutOf = (from: Arbitrary<unknown>) =>
  fc.tuple(from, fc.nat(), fc.nat({ max: 5 }), fc.uint8Array({ maxLength: 3 })).map(([value, at, gone, put]) => {
    const bytes = bytesOf(value);
    const start = at % (bytes.length + 1);
    return new Uint8Array([...bytes.subarray(0, start), ...put, ...bytes.subarray(start + gone)]);
  });
const cut = cutOf(near);
const body = fc.oneof(
  { weight: 3, arbitrary: fc.constant(new Uint8Array()) },
  { weight: 2, arbitrary: fc.constantFrom(...RIGHT).map(bytesOf) },
  { weight: 6, arbitrary: near.map(bytesOf) },
  { weight: 2, arbitrary: cut },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
  { weight: 1, arbitrary: fc.jsonValue().map(bytesOf) },
);

const wild = fc.record({ method: fc.constantFrom(...METHODS), path, body });
const sensible = fc.constantFrom(...SENSIBLE).chain(([method, path, right]) => {
  const nearly =
    right === undefined
      ? fc.constant(new Uint8Array())
      : fc.oneof(nearTo(right).map(bytesOf), fc.constant(bytesOf(right)), cutOf(fc.constant(right)));
  return fc.record({ method: fc.constant(method), path: fc.constant(path), body: nearly });
});

export const rawRequest: Arbitrary<RawRequest> = fc
  .record({
    message: fc.oneof(wild, sensible),
    query,
    headers: fc.array(header, { maxLength: 2 }),
    chunked: fc.nat({ max: 5 }).map((one) => one === 0),
  })
  .map(({ message, query, ...rest }) => ({ ...message, path: message.path + query, ...rest }));
