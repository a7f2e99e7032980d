import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = path.join(import.meta.dirname, '..');

/** What each folder of src may import of ours, besides itself: a folder, or one file of it. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  scim: [],
  store: [],
  tenancy: ['store'],
  directory: ['scim', 'store'],
  targets: [],
  sync: ['directory', 'store', 'targets'],
  http: ['scim', 'directory', 'tenancy', 'sync', 'store/errors.ts', 'targets/registry.ts'],
  cli: [
    'app.ts',
    'config.ts',
    'log.ts',
    'scim/errors.ts',
    'directory',
    'sync',
    'tenancy',
    'targets',
    '../compliance/main.ts',
  ],
};

interface Import {
  /** Relative to src. */
  file: string;
  imported: string;
}

const files = readdirSync(path.join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter((f) =>
  f.endsWith('.ts'),
);

const imports: Import[] = files.flatMap((file) => {
  const text = readFileSync(path.join(ROOT, 'src', file), 'utf8');
  const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) => match[1] ?? '');
  return specifiers.map((specifier) => ({ file, imported: path.normalize(path.join(path.dirname(file), specifier)) }));
});

const layerOf = (file: string) => (file.includes('/') ? (file.split('/')[0] ?? '') : file);
const targetFolder = (file: string) => /^targets\/([^/]+)\//.exec(file)?.[1];
const show = ({ file, imported }: Import) => `${file} -> ${imported}`;

describe('imports point one way', () => {
  it('is judged on every file', () => {
    expect(files.length).toBeGreaterThan(80);
    expect(imports.length).toBeGreaterThan(200);
  });

  it.each(Object.keys(MAY_IMPORT))('%s imports only what it may', (layer) => {
    const allowed = MAY_IMPORT[layer] ?? [];
    const wrong = imports
      .filter(({ file }) => layerOf(file) === layer)
      .filter(({ imported }) => layerOf(imported) !== layer)
      .filter(({ imported }) => !allowed.some((each) => imported === each || imported.startsWith(`${each}/`)));
    expect(wrong.map(show)).toEqual([]);
  });

  it('lets nobody but a target type itself import from its folder', () => {
    const wrong = imports.filter(({ file, imported }) => {
      const folder = targetFolder(imported);
      return folder !== undefined && folder !== targetFolder(file);
    });
    expect(wrong.map(show)).toEqual([]);
  });

  it('keeps the compliance runner by itself: files of its own and of Node.js alone', () => {
    const folder = path.join(ROOT, 'compliance');
    const foreign = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) => {
        const text = readFileSync(path.join(folder, file), 'utf8');
        const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] ?? '');
        return specifiers
          .filter((each) => !each.startsWith('node:'))
          .filter((each) => !each.startsWith('.') || path.join(path.dirname(file), each).startsWith('..'))
          .map((each) => `${file} -> ${each}`);
      });
    expect(foreign).toEqual([]);
  });

  it('leaves the environment to config.ts', () => {
    const readers = files.filter((file) => /process\.env\b/.test(readFileSync(path.join(ROOT, 'src', file), 'utf8')));
    expect(readers.filter((file) => !file.startsWith('cli/'))).toEqual([]);
  });

  it('keeps HTTP, SQL and files out of the protocol', () => {
    const foreign = files
      .filter((file) => file.startsWith('scim/'))
      .flatMap((file) => [...readFileSync(path.join(ROOT, 'src', file), 'utf8').matchAll(/from '([^.'][^']*)'/g)])
      .map((match) => match[1]);
    expect([...new Set(foreign)].sort()).toEqual(['scim2-parse-filter', 'zod']);
  });
});
