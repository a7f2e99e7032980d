/**
 * Reads the schemas: those in `scim-schemas/`, one a file, with the resource types in one; `service-provider/` there has the
 * schemas of what discovery shows (RFC 7643 section 8.7.2), which no resource type uses. An operator's own extensions are
 * files in the folder of the same name in the data dir.
 */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError } from './config.ts';
import { buildResourceTypes } from './scim/schema.ts';

const NAME = 'scim-schemas';
const FOLDER = fileURLToPath(new URL(`../${NAME}/`, import.meta.url));
const RESOURCE_TYPES = 'resource-types.json';

/** @throws ConfigError that names what is wrong in an operator's file. */
export async function loadSchemas(dataDir: string) {
  const builtIn = await filesIn(FOLDER);
  const resourceTypes = (await readJson(path.join(FOLDER, RESOURCE_TYPES))) as unknown[];
  const schemas = builtIn.filter((file) => path.basename(file) !== RESOURCE_TYPES);
  const provider = await filesIn(path.join(FOLDER, 'service-provider'));
  const own = await filesIn(path.join(dataDir, NAME)).catch((error) => {
    if (error.code === 'ENOENT') return [];
    throw new ConfigError([`The extension schemas cannot be read: ${error.message}`]);
  });
  try {
    return buildResourceTypes(await Promise.all([...schemas, ...own, ...provider].map(readJson)), resourceTypes);
  } catch (error) {
    if (own.length === 0) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError([`The schemas in ${path.join(dataDir, NAME)} cannot be used. ${reason}`]);
  }
}

async function filesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  return names
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => path.join(folder, name));
}

async function readJson(file: string): Promise<unknown> {
  const text = (await readFile(file, 'utf8')).replace(/^\uFEFF/, '');
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${file} is no JSON: ${error instanceof Error ? error.message : error}`);
  }
}
