import type { Complex, Value } from '../scim/document.ts';
import type { Meta } from '../scim/projection.ts';

/** A list of values too long to hold: read page by page, while it goes out. Can be read once. */
export class Streamed {
  readonly pages: AsyncIterable<readonly Value[]>;
  constructor(pages: AsyncIterable<readonly Value[]>) {
    this.pages = pages;
  }
}

/** A resource as it goes out, in which the values of a relation may be streamed. */
export interface Presented {
  readonly schemas: string[];
  readonly id: string;
  readonly meta: Meta;
  readonly [name: string]: Value | Complex | Streamed;
}

/** A body's levels above what may be streamed: a list, its resources, a resource's attributes; one more in Bulk. */
const DEPTH = 4;

export function holdsStreamed(value: unknown, depth = DEPTH): boolean {
  if (typeof value !== 'object' || value === null || depth < 0) return false;
  if (value instanceof Streamed) return true;
  const parts: unknown[] = Array.isArray(value) ? value : Object.values(value);
  return parts.some((part) => holdsStreamed(part, depth - 1));
}

/** The JSON of a body in pieces. */
export async function* jsonPieces(value: unknown): AsyncGenerator<string> {
  if (value instanceof Streamed) yield* pagesJson(value);
  else if (!holdsStreamed(value)) yield JSON.stringify(value);
  else if (Array.isArray(value)) {
    for (const [index, element] of value.entries()) {
      yield index === 0 ? '[' : ',';
      yield* jsonPieces(element);
    }
    yield ']';
  } else {
    let opening = '{';
    for (const [name, member] of Object.entries(value as object)) {
      if (member === undefined) continue;
      yield `${opening}${JSON.stringify(name)}:`;
      opening = ',';
      yield* jsonPieces(member);
    }
    yield '}';
  }
}

async function* pagesJson({ pages }: Streamed): AsyncGenerator<string> {
  let opening = '[';
  for await (const page of pages) {
    if (page.length === 0) continue;
    yield opening + JSON.stringify(page).slice(1, -1);
    opening = ',';
  }
  yield opening === '[' ? '[]' : ']';
}
