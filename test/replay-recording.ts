/**
 * The form of the recordings in test/recordings/ (README.md there explains it), and how their placeholders are filled.
 * A key that the form does not know is an error: a misspelt expectation would otherwise expect nothing.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { QUIRKS } from '../src/scim/quirks.ts';
import { IDPS } from '../src/tenancy/tenants.ts';

const Texts = z.record(z.string(), z.string());
/** RFC 6901, into a JSON body. */
const Pointer = z.string().startsWith('/');

const Request = z
  .strictObject({
    method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']),
    /** Below the SCIM base URL, encoded as the identity provider encodes it. */
    path: z.string().startsWith('/').regex(/^\S+$/),
    /** On top of the recording's. */
    headers: Texts.optional(),
    body: z.unknown().optional(),
    /** Id of a resource: the body is what was last answered for it ... */
    bodyFrom: z.string().optional(),
    /** ... with these attributes put over it. */
    merge: z.record(z.string(), z.unknown()).optional(),
    /** A PATCH of so many operations, all like this one; `{{n}}` in it counts from 1 and is filled first. */
    operations: z.strictObject({ count: z.number().int().min(2), each: z.record(z.string(), z.unknown()) }).optional(),
  })
  .refine(
    ({ body, bodyFrom, operations }) => [body, bodyFrom, operations].filter((each) => each !== undefined).length < 2,
    'body, bodyFrom or operations',
  )
  .refine(({ merge, bodyFrom }) => merge === undefined || bodyFrom !== undefined, 'merge needs bodyFrom');

const Response = z.strictObject({
  status: z.number().int(),
  headers: Texts.optional(),
  /** What the body must contain; a list in it is complete. */
  body: z.unknown().optional(),
  /** True: the body contains nothing else. */
  exact: z.literal(true).optional(),
  /** Single values, where the rest is too long to write down. */
  values: z.record(Pointer, z.unknown()).optional(),
  /** What the body must not have. */
  absent: z.array(Pointer).optional(),
  /** What must not have the value given. */
  differs: z.record(Pointer, z.string()).optional(),
});

const Sandbox = z.strictObject({
  /** What `GET /sandbox/state` must contain; its lists are complete. */
  holds: z.record(z.string(), z.record(z.string(), z.array(z.record(z.string(), z.string())))).optional(),
  /** One list per account: the calls that were made for it since the last such expectation, in order. */
  calls: z.array(z.array(z.string()).min(1)),
});

const Exchange = z.strictObject({
  name: z.string().min(1),
  /** Where this exchange is known from, if not from the recording's sources. */
  source: z.array(z.string()).optional(),
  /** Sent so many times; `{{n}}` counts from 1. */
  repeat: z.number().int().min(2).optional(),
  request: Request,
  response: Response,
  /** Names may have `{{n}}` in them. */
  capture: z.record(z.string(), Pointer).optional(),
  /** Present: what was accepted is carried on first, then the sandboxes are looked at. */
  sandbox: Sandbox.optional(),
});

const Recording = z.strictObject({
  idp: z.enum(IDPS),
  title: z.string().min(1),
  /** Tags of the collected identity-provider behaviours. */
  source: z.array(z.string()).min(1),
  /** Names of test/linkspan.ts; all of them where it is left out. */
  targets: z.array(z.string()).optional(),
  /** Sent with every request. */
  headers: Texts,
  /** Sent with every request that has a body. */
  bodyHeaders: Texts,
  exchanges: z.array(Exchange).min(1),
  /** The quirk ledger afterwards: each rule, and in how many requests it occurred. No others. */
  quirks: z.partialRecord(z.enum(Object.keys(QUIRKS) as [keyof typeof QUIRKS]), z.number().int().min(1)),
});

export type Recording = z.infer<typeof Recording>;
export type Exchange = z.infer<typeof Exchange>;
export type ExpectedResponse = z.infer<typeof Response>;
export type ExpectedSandbox = z.infer<typeof Sandbox>;

/** Every recording in the folder, with the name of its file. */
export function readRecordings(folder: string): (Recording & { file: string })[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  return files.toSorted().map((file) => {
    const result = Recording.safeParse(JSON.parse(readFileSync(path.join(folder, file), 'utf8')));
    if (!result.success) throw new Error(`${file}: ${z.prettifyError(result.error)}`);
    return { ...result.data, file };
  });
}

/**
 * Fills `{{name}}` in every string of a JSON value.
 *
 * @param some the rest is filled later.
 * @throws where a name is not known yet.
 */
export function fill<T>(value: T, known: ReadonlyMap<string, string>, some = false): T {
  if (typeof value === 'string') {
    return value.replace(/\{\{(\w+)\}\}/g, (placeholder, name: string) => {
      const found = known.get(name);
      if (found === undefined && some) return placeholder;
      if (found === undefined) throw new Error(`${placeholder} has not been captured`);
      return found;
    }) as T;
  }
  if (Array.isArray(value)) return value.map((item) => fill(item, known, some)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, fill(member, known, some)])) as T;
}

/** What a pointer leads to; undefined where it leads nowhere. */
export function at(body: unknown, pointer: string): unknown {
  return pointer
    .slice(1)
    .split('/')
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined | null)?.[key], body);
}
