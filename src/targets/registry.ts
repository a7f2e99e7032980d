/**
 * Finds the target types: every folder beside this file whose `index.ts` exports `target`. It checks their shape when the
 * process starts, so that a mistake in one is a sentence then and not a surprise later; it knows none of them by name.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import type { TargetType } from './target.ts';

const method = z.custom<(...args: never[]) => unknown>((value) => typeof value === 'function', 'must be a function');

const Capabilities = z.strictObject({
  disable: z.enum(['native', 'emulated', 'none']),
  delete: z.enum(['hard', 'soft', 'none']),
  rename: z.boolean(),
  create: z.enum(['natural', 'conflict', 'none']),
  lookup: z.enum(['exact', 'filter', 'list']),
  verify: z.enum(['read', 'listing', 'answer', 'none']),
  assignments: z.strictObject({ noun: z.string().min(1), kinds: z.array(z.string().min(1)).optional() }).nullable(),
  invites: z.boolean(),
});

const points = z.record(z.string(), z.array(z.string()).min(1));

const Mapping = z.record(z.string(), z.strictObject({ expression: z.string().min(1), description: z.string().min(1) }));

const Shape = z.strictObject({
  type: z.string().regex(/^[a-z][a-z0-9-]*$/, 'must be lower-case letters, digits and hyphens'),
  title: z.string().min(1),
  settings: z.custom<z.ZodObject>((value) => value instanceof z.ZodObject, 'must be a Zod object'),
  secrets: z.array(z.string()),
  capabilities: Capabilities,
  mapping: Mapping,
  limitGroup: method,
  systemKey: method,
  desired: method,
  plan: method,
  open: method,
  sandbox: z.strictObject({
    system: z.enum(['qflow', 'flowmate', 'uflow', 'platform']),
    collections: z.array(z.string()),
    lasting: z.array(z.string()).optional(),
    seed: method,
    profiles: points,
    switches: points.optional(),
    credentials: method,
    routes: method,
    control: method.optional(),
  }),
});

/** @throws Error that names the folder and everything wrong with it. */
export async function loadTargetTypes(root: string): Promise<ReadonlyMap<string, TargetType>> {
  const entries = await readdir(root, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const types = await Promise.all(folders.sort().map((folder) => load(root, folder)));
  return new Map(types.map((type) => [type.type, type]));
}

async function load(root: string, folder: string): Promise<TargetType> {
  const file = join(root, folder, 'index.ts');
  let module: { target?: unknown };
  try {
    module = await import(pathToFileURL(file).href);
  } catch (cause) {
    throw new Error(`Target type ${file} cannot be loaded: ${(cause as Error).message}`, { cause });
  }
  const problems = problemsOf(module.target, folder);
  if (problems.length > 0) throw new Error(`Target type ${file} is not right: ${problems.join('; ')}`);
  return module.target as TargetType;
}

function problemsOf(target: unknown, folder: string): string[] {
  if (target === undefined) return ['it must export `target`'];
  const result = Shape.safeParse(target);
  if (!result.success) return result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  const { type, settings, secrets } = result.data;
  const fields = Object.entries(settings.shape);
  return [
    ...(type === folder ? [] : [`type: "${type}" is not the folder's name`]),
    ...secrets.filter((secret) => !(secret in settings.shape)).map((secret) => `secrets: no setting "${secret}"`),
    ...fields.filter(([, field]) => !field.description).map(([name]) => `settings.${name}: has no description`),
  ];
}

/** Every target type there is, by its name. */
export const targetTypes: ReadonlyMap<string, TargetType> = await loadTargetTypes(import.meta.dirname);
