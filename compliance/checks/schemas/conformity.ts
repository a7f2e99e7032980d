/** A resource held against the schemas of its type: names, types, what is never returned. */
import type { Attribute, Json, JsonObject, Server } from '../../trial.ts';
import { object, shown, strings } from '../reading.ts';

export interface Discrepancy {
  requirement: string;
  message: string;
}

/** Every requirement that `discrepancies` can name. */
export const CONFORMITY = [
  'RFC7643-2.3-2',
  'RFC7643-2.3.4-1',
  'RFC7643-2.3.5-1',
  'RFC7643-2.3.6-1',
  'RFC7643-2.3.7-1',
  'RFC7643-2.4-1',
  'RFC7643-3-3',
  'RFC7643-3-7',
  'RFC7643-7-17',
];

/** Members of every resource, which schemas need not list (RFC 7643 section 3.1). */
const COMMON = new Set(['schemas', 'id', 'externalid', 'meta']);

/** @param resource as the server gave it; null and absent are alike. */
export function discrepancies(server: Server, schema: string, resource: JsonObject): Discrepancy[] {
  const found: Discrepancy[] = [];
  const base = server.schemas.get(schema.toLowerCase());
  if (!base) return found;
  const named = strings(resource.schemas).map((each) => each.toLowerCase());
  for (const [key, value] of Object.entries(resource)) {
    if (COMMON.has(key.toLowerCase()) || value === null) continue;
    const extension = server.schemas.get(key.toLowerCase());
    if (extension && key.includes(':')) {
      if (!named.includes(key.toLowerCase()))
        found.push({
          requirement: 'RFC7643-3-3',
          message: `there are attributes of ${key}, which schemas does not name`,
        });
      const inner = object(value);
      if (inner) members(extension.attributes, inner, `${key}:`, found);
      else found.push(wrong(key, 'an object', value));
    } else members(base.attributes, { [key]: value }, '', found);
  }
  return found;
}

function members(declared: readonly Attribute[], given: JsonObject, start: string, found: Discrepancy[]): void {
  for (const [key, value] of Object.entries(given)) {
    const path = `${start}${key}`;
    const attribute = declared.find((each) => each.name.toLowerCase() === key.toLowerCase());
    if (!attribute) found.push({ requirement: 'RFC7643-3-7', message: `${path} is in no schema of the resource` });
    else if (value !== null) whole(attribute, value, path, found);
  }
}

function whole(attribute: Attribute, value: Json, path: string, found: Discrepancy[]): void {
  if (attribute.returned === 'never' || attribute.mutability === 'writeOnly')
    found.push({ requirement: 'RFC7643-7-17', message: `${path} should never be returned` });
  if (attribute.multiValued !== Array.isArray(value)) {
    found.push(
      attribute.multiValued ? wrong(path, 'an array', value, 'RFC7643-2.4-1') : wrong(path, 'one value', value),
    );
    return;
  }
  for (const each of Array.isArray(value) ? value : [value]) one(attribute, each, path, found);
}

function one(attribute: Attribute, value: Json, path: string, found: Discrepancy[]): void {
  switch (attribute.type.toLowerCase()) {
    case 'complex': {
      const inner = object(value);
      if (!inner) found.push(wrong(path, 'an object', value));
      else if (attribute.subAttributes.length > 0) members(attribute.subAttributes, inner, `${path}.`, found);
      return;
    }
    case 'boolean':
      if (typeof value !== 'boolean') found.push(wrong(path, 'true or false', value));
      return;
    case 'integer':
      if (typeof value !== 'number') found.push(wrong(path, 'a number', value));
      else if (!Number.isInteger(value)) found.push(wrong(path, 'a whole number', value, 'RFC7643-2.3.4-1'));
      return;
    case 'decimal':
      if (typeof value !== 'number') found.push(wrong(path, 'a number', value));
      return;
    default:
      if (typeof value !== 'string') found.push(wrong(path, 'a string', value));
      else if (!FORMS[attribute.type.toLowerCase()]?.test(value)) text(attribute, value, path, found);
  }
}

function text(attribute: Attribute, value: string, path: string, found: Discrepancy[]): void {
  const type = attribute.type.toLowerCase();
  if (type === 'datetime')
    found.push(wrong(path, 'a date and a time as in 2008-01-23T04:56:22Z', value, 'RFC7643-2.3.5-1'));
  if (type === 'binary') found.push(wrong(path, 'base64', value, 'RFC7643-2.3.6-1'));
  if (type === 'reference') found.push(wrong(path, 'a URI', value, 'RFC7643-2.3.7-1'));
}

export const DATE_TIME =
  /^-?\d{4,}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-4]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-](0\d|1[0-4]):[0-5]\d)?$/;
export const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

const FORMS: Record<string, RegExp> = {
  datetime: DATE_TIME,
  binary: BASE64,
  // Whatever a URI reference cannot contain (RFC 3986, Appendix A).
  reference: /^[^\s<>"{}|\\^`]*$/,
};

function wrong(path: string, expected: string, value: Json, requirement = 'RFC7643-2.3-2'): Discrepancy {
  return { requirement, message: `${path} should be ${expected}; it is ${shown(value)}` };
}
