/** Reads `scim-schemas/`: schemas one a file, resource types in one. */
import { readdir, readFile } from 'node:fs/promises';
import { buildResourceTypes } from './scim/schema.ts';

const FOLDER = new URL('../scim-schemas/', import.meta.url);
const RESOURCE_TYPES = 'resource-types.json';

export async function loadSchemas() {
  const names = (await readdir(FOLDER)).filter((name) => name.endsWith('.json') && name !== RESOURCE_TYPES).sort();
  const read = async (name: string): Promise<unknown> => JSON.parse(await readFile(new URL(name, FOLDER), 'utf8'));
  return buildResourceTypes(await Promise.all(names.map(read)), (await read(RESOURCE_TYPES)) as unknown[]);
}
