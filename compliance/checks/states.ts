/** Whether two representations of a resource say the same. */
import type { Json, JsonObject } from '../trial.ts';
import { object, unassigned } from './reading.ts';

/** What changes by itself, or is a matter of precision. */
const ASIDE = new Set(['meta', 'schemas']);

/** @returns names of the attributes in which they differ. Multi-valued attributes have no order (RFC 7643 section 2.4). */
export function differences(one: JsonObject, other: JsonObject): string[] {
  const names = new Map([...Object.keys(one), ...Object.keys(other)].map((name) => [name.toLowerCase(), name]));
  return [...names].flatMap(([key, name]) => {
    if (ASIDE.has(key)) return [];
    const [a, b] = [one, other].map((each) => each[Object.keys(each).find((at) => at.toLowerCase() === key) ?? '']);
    return canonical(a) === canonical(b) ? [] : [name];
  });
}

function canonical(json: Json | undefined): string {
  if (unassigned(json)) return 'null';
  if (Array.isArray(json)) return `[${json.map(canonical).sort().join()}]`;
  const inner = object(json);
  if (!inner) return JSON.stringify(json);
  const parts = Object.entries(inner).flatMap(([name, value]) =>
    unassigned(value) ? [] : [`${JSON.stringify(name.toLowerCase())}:${canonical(value)}`],
  );
  return `{${parts.sort().join()}}`;
}
