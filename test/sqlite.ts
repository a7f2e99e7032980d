/** A migrated, empty SQLite database, made once a run; each test gets a copy of it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { openStore } from '../src/store/store.ts';
import { memoryDisk } from './memory-disk.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Path of the database. */
    sqlite: string;
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(await memoryDisk(), 'linkspan-template-'));
  const file = join(directory, 'linkspan.db');
  const store = await openStore(`sqlite:${file}`);
  await store.close();
  project.provide('sqlite', file);
  return () => rm(directory, { recursive: true, force: true });
}
