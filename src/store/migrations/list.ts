/** Every migration, oldest first. New ones are added at the end; a released one never changes. */
import { tables } from './0001-tables.ts';
import type { Migration } from './migration.ts';

export const migrations: readonly Migration[] = [tables];
