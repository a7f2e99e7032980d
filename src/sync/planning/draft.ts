/** A target as it would be decided by, were a change of its rules or settings saved: made in memory and stored nowhere. */
import type { Selectable } from 'kysely';
import type { TargetsTable } from '../../store/tables.ts';
import type { TargetType } from '../../targets/target.ts';
import {
  requireSameSystem,
  requireTarget,
  type TargetInput,
  TargetInputError,
  type TargetsContext,
  withInput,
} from '../admin/targets.ts';
import type { CompiledRules } from '../rules/rules.ts';
import type { Deciding } from '../work/wish.ts';

export interface Draft {
  tenant: string;
  name: string;
  /** Null: a target that is not there yet. */
  targetId: string | null;
  /** What decides now, where the draft changes it; null: nothing to compare with. */
  before: (Deciding & { rules: CompiledRules }) | null;
  after: Deciding & { rules: CompiledRules };
  /** False: it is the target as it is. */
  isDraft: boolean;
}

/** The target as it is, with the input laid over it. @throws TargetInputError, as saving it would. */
export async function draftOf(
  context: TargetsContext,
  tenant: string,
  name: string,
  input: TargetInput,
): Promise<Draft> {
  const row = await requireTarget(context.store, tenant, name);
  const type = requireType(context, row.type);
  const before = await deciding(context, type, {}, row);
  const isDraft = input.rules !== undefined || input.settings !== undefined;
  if (!isDraft) return { tenant, name, targetId: row.id, before: null, after: before, isDraft };
  const after = await deciding(context, type, input, row);
  if (type.systemKey(before.settings) !== type.systemKey(after.settings)) requireSameSystem(input);
  return { tenant, name, targetId: row.id, before, after, isDraft };
}

/** A target that is not there yet. Nobody is asked anything, so its secrets are not needed. @throws TargetInputError */
export async function draftOfNew(
  context: TargetsContext,
  tenant: string,
  name: string,
  typeName: string,
  input: TargetInput,
): Promise<Draft> {
  const type = requireType(context, typeName);
  const unknown = Object.fromEntries(type.secrets.map((secret) => [secret, '-']));
  const settings = { ...unknown, ...input.settings };
  const after = await deciding(context, type, { ...input, settings }, null);
  return { tenant, name, targetId: null, before: null, after, isDraft: true };
}

async function deciding(
  context: TargetsContext,
  type: TargetType,
  input: TargetInput,
  row: Selectable<TargetsTable> | null,
) {
  const { settings, compiled } = await withInput(context, type, input, row);
  return { type, settings, rules: compiled };
}

function requireType({ types }: TargetsContext, name: string): TargetType {
  const type = types.get(name);
  if (type) return type;
  throw new TargetInputError(`There is no target type "${name}". Known: ${[...types.keys()].join(', ')}.`);
}
