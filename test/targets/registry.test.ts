import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadTargetTypes, targetTypes } from '../../src/targets/registry.ts';

describe('the registry', () => {
  let root: string;
  const real = new URL('../../src/targets/qflow-team/index.ts', import.meta.url).href;

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'linkspan-registry-'));
  });
  afterAll(() => rm(root, { recursive: true }));

  /** A folder of target types with one in it, made of the real one and `changes`. */
  async function withFolder(name: string, source: string): Promise<string> {
    const types = await mkdtemp(join(root, 'types-'));
    await mkdir(join(types, name));
    await writeFile(join(types, name, 'index.ts'), source);
    return types;
  }
  const changed = (changes: string) =>
    `import { target as real } from '${real}';\nexport const target = { ...real, ${changes} };\n`;

  test('finds every folder beside it, by its type', () => {
    expect([...targetTypes.keys()]).toEqual(expect.arrayContaining(['qflow-enterprise', 'qflow-team']));
    for (const [name, type] of targetTypes) expect(type.type).toBe(name);
  });

  test('takes a folder that is right', async () => {
    const types = await withFolder('door-two', changed(`type: 'door-two'`));
    expect([...(await loadTargetTypes(types)).keys()]).toEqual(['door-two']);
  });

  test.each([
    ['another name than the folder', `type: 'elsewhere'`, `"elsewhere" is not the folder's name`],
    ['a name with capitals', `type: 'Door'`, 'lower-case'],
    ['no plan', `type: 'door', plan: undefined`, 'plan: must be a function'],
    [
      'an unknown capability',
      `type: 'door', capabilities: { ...real.capabilities, disable: 'maybe' }`,
      'capabilities.disable',
    ],
    ['a secret that is no setting', `type: 'door', secrets: ['pin']`, 'no setting "pin"'],
    ['settings that are no Zod object', `type: 'door', settings: {}`, 'settings: must be a Zod object'],
    ['something beyond the contract', `type: 'door', retries: 3`, 'retries'],
    ['a sandbox without routes', `type: 'door', sandbox: { ...real.sandbox, routes: null }`, 'sandbox.routes'],
  ])('refuses %s, and says where', async (_, changes, said) => {
    const types = await withFolder('door', changed(changes));
    const error = await loadTargetTypes(types).catch((reason: Error) => reason.message);
    expect(error).toContain(join('door', 'index.ts'));
    expect(error).toContain(said);
  });

  test('names every problem at once', async () => {
    const types = await withFolder('door', changed(`type: 'door', plan: 1, open: 2`));
    await expect(loadTargetTypes(types)).rejects.toThrow(/plan: .*; open: /);
  });

  test('wants each setting described', async () => {
    const zod = new URL('../../node_modules/zod/index.js', import.meta.url).href;
    const source = `import { z } from '${zod}';\n${changed(`type: 'door', secrets: [], settings: z.object({ region: z.string() })`)}`;
    await expect(loadTargetTypes(await withFolder('door', source))).rejects.toThrow(
      'settings.region: has no description',
    );
  });

  test('refuses a folder without index.ts, without `target`, or with a mistake in it', async () => {
    const types = await mkdtemp(join(root, 'types-'));
    await mkdir(join(types, 'door'));
    await expect(loadTargetTypes(types)).rejects.toThrow(/door.*cannot be loaded/);
    await expect(loadTargetTypes(await withFolder('door', 'export const other = 1;'))).rejects.toThrow(
      'must export `target`',
    );
    await expect(loadTargetTypes(await withFolder('door', 'throw new Error("broken");'))).rejects.toThrow('broken');
  });
});
