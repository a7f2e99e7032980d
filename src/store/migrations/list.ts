/** Every migration, oldest first. New ones are added at the end; a released one never changes. */
import { tables } from './0001-tables.ts';
import { quirks } from './0002-quirks.ts';
import { tombstones } from './0003-tombstones.ts';
import { memberRefs } from './0004-member-refs.ts';
import { why } from './0005-why.ts';
import { derived } from './0006-derived.ts';
import { holds } from './0007-holds.ts';
import { reconcile } from './0008-reconcile.ts';
import { lanes } from './0009-lanes.ts';
import { removals } from './0010-removals.ts';
import { adoption } from './0011-adoption.ts';
import { actions } from './0012-actions.ts';
import { nesting } from './0013-nesting.ts';
import { catalogue } from './0014-catalogue.ts';
import { passwords } from './0015-passwords.ts';
import type { Migration } from './migration.ts';

export const migrations: readonly Migration[] = [
  tables,
  quirks,
  tombstones,
  memberRefs,
  why,
  derived,
  holds,
  reconcile,
  lanes,
  removals,
  adoption,
  actions,
  nesting,
  catalogue,
  passwords,
];
