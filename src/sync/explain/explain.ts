/**
 * Why somebody has or lacks access, in five steps: import (what the IdP last said), scope (who wants the user, and why),
 * match (which record that is), map (what each field should be and is), actions (what would be done now, and was done last).
 * It walks the same path as a worker, stopped before anything is written: no lease, no link, no create; the target is only
 * read.
 */

import { type DirectoryUser, readPeople } from '../../directory/people.ts';
import type { Store } from '../../store/store.ts';
import type { Lane } from '../lanes/lanes.ts';
import { explainTarget, type TargetExplanation } from './target.ts';

export interface Explanation {
  /** The first step, import: the same for every target. */
  user: DirectoryUser;
  /** The deleted user whose accounts this one takes over, being the same person; for as long as it is remembered. */
  wasBefore: string | null;
  /** A deleted user: who has taken over the accounts. */
  isNow: string | null;
  /** The user changed, and nobody has looked yet at which targets that concerns. */
  isWaiting: boolean;
  targets: TargetExplanation[];
}

/** @returns null where no user, deleted ones included, has this id. */
export async function explain(
  store: Store,
  lanes: readonly Lane[],
  tenant: string,
  userId: string,
): Promise<Explanation | null> {
  const user = (await readPeople(store.read, tenant, [userId])).get(userId);
  if (!user) return null;
  const targets = await Promise.all(lanes.map((lane) => explainTarget(store, lane, tenant, user)));
  const { wasBefore, isNow } = await kin(store, tenant, userId);
  return { user, wasBefore, isNow, isWaiting: await isWaiting(store, tenant, userId), targets };
}

async function kin(store: Store, tenant: string, userId: string) {
  const tombstones = await store.read
    .selectFrom('tombstones')
    .select(['resource_id', 'heir_id'])
    .where('tenant', '=', tenant)
    .where((row) => row.or([row('resource_id', '=', userId), row('heir_id', '=', userId)]))
    .orderBy('resource_id', 'desc')
    .execute();
  return {
    wasBefore: tombstones.find((row) => row.heir_id === userId)?.resource_id ?? null,
    isNow: tombstones.find((row) => row.resource_id === userId)?.heir_id ?? null,
  };
}

async function isWaiting(store: Store, tenant: string, userId: string): Promise<boolean> {
  const change = await store.read
    .selectFrom('changes')
    .select('seq')
    .where('tenant', '=', tenant)
    .where('subject', '=', 'user')
    .where('subject_id', '=', userId)
    .limit(1)
    .executeTakeFirst();
  return change !== undefined;
}
