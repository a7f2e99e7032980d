/** Every migration, oldest first. New ones are added at the end; a released one never changes. */
import { tables } from './0001-tables.ts';
import { quirks } from './0002-quirks.ts';
import { tombstones } from './0003-tombstones.ts';
import { memberRefs } from './0004-member-refs.ts';
import { why } from './0005-why.ts';
import { derived } from './0006-derived.ts';
import type { Migration } from './migration.ts';

export const migrations: readonly Migration[] = [tables, quirks, tombstones, memberRefs, why, derived];
