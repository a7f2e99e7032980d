/** A target's mapping, and what it gives for real users. It only reads, and asks no system anything. */
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { type DirectoryUser, readPeople } from '../../../directory/people.ts';
import type { Store } from '../../../store/store.ts';
import type { TargetType } from '../../../targets/target.ts';
import type { CompiledRules, Rules } from '../rules.ts';
import type { Given } from './mapping.ts';

export interface MappedField {
  field: string;
  description: string;
  /** The target type's own expression. */
  standard: string;
  /** The administrator's, which counts in its place; null: none. */
  override: string | null;
}

export interface PreviewedUser {
  userId: string;
  userName: string;
  values: Record<string, Given>;
  /** By the rules as they are, where a draft is looked at. */
  before: Record<string, Given> | null;
}

export function fieldsOf({ mapping }: Pick<TargetType, 'mapping'>, rules: Partial<Rules>): MappedField[] {
  return Object.entries(mapping).map(([field, { description, expression }]) => ({
    field,
    description,
    standard: expression,
    override: rules.mapping?.[field] ?? null,
  }));
}

/** Users read at once, and altogether: where hardly anybody is in scope the search ends. */
const SLICE = 100;
const SEARCHED = 5_000;

/** @param userIds null: the first `limit` in scope. */
export async function previewMapping(
  store: Store,
  tenant: string,
  { rules, before }: { rules: CompiledRules; before: CompiledRules | null },
  { userIds, limit }: { userIds: readonly string[] | null; limit: number },
): Promise<PreviewedUser[]> {
  const users = userIds ? await named(store, tenant, userIds) : await firstInScope(store, tenant, rules, limit);
  return users.map(({ id, resource }) => ({
    userId: id,
    userName: String(resource.userName),
    values: rules.fields.eachOf(resource),
    before: before?.fields.eachOf(resource) ?? null,
  }));
}

async function named(store: Store, tenant: string, userIds: readonly string[]): Promise<DirectoryUser[]> {
  const people = await readPeople(store.read, tenant, userIds);
  return userIds.flatMap((id) => people.get(id) ?? []);
}

async function firstInScope(
  store: Store,
  tenant: string,
  rules: CompiledRules,
  limit: number,
): Promise<DirectoryUser[]> {
  const found: DirectoryUser[] = [];
  let last = '';
  for (let searched = 0; searched < SEARCHED && found.length < limit; searched += SLICE) {
    const rows = await store.read
      .selectFrom('resources')
      .select('id')
      .where('tenant', '=', tenant)
      .where('type', '=', 'User')
      .where('id', '>', last)
      .where('deleted_at', 'is', null)
      .orderBy('id')
      .limit(SLICE)
      .execute();
    const ids = rows.map(({ id }) => id);
    const slice = await named(store, tenant, ids);
    found.push(...slice.filter((user) => isIn(user, rules)));
    if (rows.length < SLICE) break;
    last = ids.at(-1) ?? last;
    await turnOfTheLoop();
  }
  return found.slice(0, limit);
}

function isIn(user: DirectoryUser, rules: CompiledRules): boolean {
  try {
    return rules.inScope(user);
  } catch {
    return false;
  }
}
