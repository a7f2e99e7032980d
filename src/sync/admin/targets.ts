/**
 * What an administrator does to targets: add, change, pause, resume, remove. The command line calls these functions; a
 * running server notices by the revision. Settings are checked as a whole, secrets are sealed before they are stored.
 */
import { randomUUIDv7 } from 'node:crypto';
import type { Kysely, Selectable, Updateable } from 'kysely';
import type { z } from 'zod';
import { recordChange } from '../../directory/changes.ts';
import type { Store } from '../../store/store.ts';
import type { Database, Millis, TargetsTable } from '../../store/tables.ts';
import type { TargetType } from '../../targets/target.ts';
import { forgetCatalogue } from '../catalogue/keep.ts';
import { mergeLimits } from '../holds/limits.ts';
import type { Cipher } from '../lanes/lanes.ts';
import { type Pace, paceFor } from '../lanes/pace.ts';
import { type CompiledRules, compileRules, type RuleCompilers, Rules, RulesError } from '../rules/rules.ts';
import { canPassThrough, dropPasswordsOf, passwordProblem } from '../work/pass-through.ts';

export interface TargetInput {
  /** Settings of the target type, secrets included; on a change only those that change. */
  settings?: Record<string, unknown>;
  rules?: Record<string, unknown>;
  pace?: Record<string, unknown>;
  /** The address changes, the system behind it does not: its records keep their ids. */
  sameSystem?: boolean;
}

export interface TargetInfo {
  name: string;
  type: string;
  state: TargetsTable['state'];
  pausedBy: TargetsTable['paused_by'];
  pausedReason: string | null;
  /** Secrets are left out; `secretsSet` names them. */
  settings: Record<string, unknown>;
  secretsSet: readonly string[];
  rules: Rules;
  pace: Pace;
}

export interface TargetsContext extends RuleCompilers {
  store: Store;
  cipher: Cipher;
  types: ReadonlyMap<string, TargetType>;
}

/** Says what is wrong with an administrator's request, in words for them. */
export class TargetInputError extends Error {
  override readonly name = 'TargetInputError';
}

const NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** Everybody in scope is enqueued at once. @throws TargetInputError */
export async function addTarget(
  context: TargetsContext,
  tenant: string,
  name: string,
  typeName: string,
  input: TargetInput,
): Promise<void> {
  if (!NAME.test(name)) throw new TargetInputError(`"${name}" cannot be a name: use 1 to 63 of a-z, 0-9 and "-".`);
  const type = context.types.get(typeName);
  if (!type) {
    const known = [...context.types.keys()].join(', ');
    throw new TargetInputError(`There is no target type "${typeName}". Known: ${known}.`);
  }
  if (await findTarget(context.store, tenant, name)) {
    throw new TargetInputError(
      `Tenant "${tenant}" has a target "${name}" already. Change it with: linkspan target set`,
    );
  }
  const columns = await toColumns(context, type, input, null);
  const now = await context.store.now();
  await context.store.write(async (trx) => {
    const id = randomUUIDv7();
    await trx
      .insertInto('targets')
      .values({
        tenant,
        id,
        name,
        type: typeName,
        ...columns,
        vault: null,
        state: 'active',
        revision: now,
        created_at: now,
      })
      .execute();
    await everybody(trx, tenant, id, now);
  });
}

/** Merges the input into what is there. @throws TargetInputError */
export async function setTarget(
  context: TargetsContext,
  tenant: string,
  name: string,
  input: TargetInput,
): Promise<void> {
  const row = await requireTarget(context.store, tenant, name);
  const type = context.types.get(row.type);
  if (!type) throw new TargetInputError(`This version has no target type "${row.type}".`);
  const columns = await toColumns(context, type, input, row);
  // From settings as stored: a system is named by what is no secret.
  const [before, after] = [row, columns].map(({ settings }) => type.systemKey(JSON.parse(settings)));
  if (before !== after) requireSameSystem(input);
  const values = {
    ...columns,
    // Other credentials: what was kept for the former ones is of no use.
    ...(input.settings && { vault: null }),
    // What the engine paused may be mended by this: it is tried at once.
    ...(row.paused_by === 'engine' && { probe_at: 0, trial_by: null }),
  };
  await change(context.store, row, values, async (trx, now) => {
    if (columns.takes_passwords === 0) await dropPasswordsOf(trx, row);
    if (after !== undefined && after !== before) await moveLinks(trx, row, after);
    if (input.settings || (input.rules && !concernsNobody(input.rules))) await everybody(trx, tenant, row.id, now);
  });
}

export async function pauseByAdmin(context: TargetsContext, tenant: string, name: string, reason: string) {
  const row = await requireTarget(context.store, tenant, name);
  await change(context.store, row, {
    state: 'paused',
    paused_by: 'admin',
    paused_reason: reason,
    probe_at: null,
    trial_by: null,
  });
}

export async function resumeByAdmin(context: TargetsContext, tenant: string, name: string) {
  const row = await requireTarget(context.store, tenant, name);
  await change(
    context.store,
    row,
    {
      state: 'active',
      paused_by: null,
      paused_reason: null,
      probe_at: null,
      trial_by: null,
    },
    async (trx, now) => {
      // What waited out a failure is tried at once.
      await trx
        .updateTable('accounts')
        .set({ due_at: now })
        .where('tenant', '=', tenant)
        .where('target_id', '=', row.id)
        .where('outcome', 'in', ['retry', 'pause'])
        .where('due_at', '>', now)
        .execute();
    },
  );
}

/** Linkspan forgets the target; what stands in the system stays there. */
export async function removeTarget(context: TargetsContext, tenant: string, name: string): Promise<void> {
  const { id } = await requireTarget(context.store, tenant, name);
  await context.store.write(async (trx) => {
    await forgetCatalogue(trx, context.store.dialect, tenant, id);
    for (const table of [
      'accounts',
      'intents',
      'remote_links',
      'passwords',
      'hold_items',
      'holds',
      'starts',
      'actions',
    ] as const) {
      await trx.deleteFrom(table).where('tenant', '=', tenant).where('target_id', '=', id).execute();
    }
    await trx.deleteFrom('targets').where('tenant', '=', tenant).where('id', '=', id).execute();
  });
}

export async function listTargets(context: TargetsContext, tenant: string): Promise<TargetInfo[]> {
  const rows = await context.store.read
    .selectFrom('targets')
    .selectAll()
    .where('tenant', '=', tenant)
    .orderBy('name')
    .execute();
  return Promise.all(rows.map((row) => toInfo(context, row)));
}

/** @throws TargetInputError where there is none. */
export async function requireTarget(store: Store, tenant: string, name: string): Promise<Selectable<TargetsTable>> {
  const row = await findTarget(store, tenant, name);
  if (!row)
    throw new TargetInputError(`Tenant "${tenant}" has no target "${name}". See: linkspan target list ${tenant}`);
  return row;
}

export function findTarget(store: Store, tenant: string, name: string) {
  return store.read
    .selectFrom('targets')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('name', '=', name)
    .executeTakeFirst();
}

async function change(
  store: Store,
  row: Selectable<TargetsTable>,
  values: Updateable<TargetsTable>,
  also: (trx: Kysely<Database>, now: Millis) => Promise<void> = async () => {},
): Promise<void> {
  const now = await store.now();
  await store.write(async (trx) => {
    const { numUpdatedRows } = await trx
      .updateTable('targets')
      .set({ ...values, revision: Math.max(now, row.revision + 1) })
      .where('tenant', '=', row.tenant)
      .where('id', '=', row.id)
      .where('revision', '=', row.revision)
      .executeTakeFirst();
    if (numUpdatedRows === 0n)
      throw new TargetInputError('The target was changed by somebody else meanwhile. Try again.');
    await also(trx, now);
  });
}

/** @throws TargetInputError */
export function requireSameSystem({ sameSystem }: TargetInput): void {
  if (sameSystem) return;
  throw new TargetInputError(
    'These settings name another system, where the same ids may be other people. If it only has a new address, add --same-system; else remove the target and add it anew.',
  );
}

async function moveLinks(
  trx: Kysely<Database>,
  { tenant, id }: Selectable<TargetsTable>,
  systemKey: string,
): Promise<void> {
  await trx
    .updateTable('remote_links')
    .set({ system_key: systemKey })
    .where('tenant', '=', tenant)
    .where('target_id', '=', id)
    .execute();
}

/** Rules or settings changed: fan-out looks at every user. */
async function everybody(trx: Kysely<Database>, tenant: string, targetId: string, now: Millis): Promise<void> {
  await recordChange(trx, { tenant, activityId: null }, { subject: 'target', subjectId: targetId, urgent: false }, now);
}

/** The input laid over what is there, checked as a whole and stored nowhere. @throws TargetInputError */
export async function withInput(
  { cipher, ...compilers }: TargetsContext,
  type: TargetType,
  input: TargetInput,
  before: Selectable<TargetsTable> | null,
): Promise<{ settings: Record<string, unknown>; rules: Rules; compiled: CompiledRules; pace: Pace }> {
  const sealed = before?.secrets ? JSON.parse(await cipher.open(before.secrets)) : {};
  const merge = (stored: string | undefined, changed: Record<string, unknown> | undefined) => ({
    ...(stored === undefined ? {} : JSON.parse(stored)),
    ...changed,
  });
  const unknown = Object.keys(input.settings ?? {}).filter((name) => !(name in type.settings.shape));
  if (unknown.length > 0) {
    const known = Object.keys(type.settings.shape).join(', ');
    throw new TargetInputError(`${type.type} has no setting ${unknown.join(', ')}. It has: ${known}.`);
  }
  const given = merge(before?.settings, { ...sealed, ...input.settings });
  const settings = parsed('Settings', type.settings, given, type.secrets) as Record<string, unknown>;
  const rules = parsed('Rules', Rules, mergeRules(before?.rules, input.rules));
  const pace = parsed('Pace', paceFor(type), merge(before?.pace, input.pace));
  const problem =
    rules.passwords !== 'pass-through' || canPassThrough(type, settings)
      ? null
      : passwordProblem({ type, settings, rules });
  if (problem !== null) throw new TargetInputError(problem);
  try {
    return { settings, rules, compiled: compileRules(rules, type, compilers), pace };
  } catch (error) {
    if (error instanceof RulesError) throw new TargetInputError(error.message);
    throw error;
  }
}

/** Limits are changed kind by kind, the other rules as a whole. */
function mergeRules(stored: string | undefined, changed: Record<string, unknown> | undefined): Record<string, unknown> {
  const before: Record<string, unknown> = stored === undefined ? {} : JSON.parse(stored);
  const limits = changed && 'limits' in changed ? { limits: mergeLimits(before.limits, changed.limits) } : {};
  return { ...before, ...changed, ...limits };
}

/**
 * Limits change what waits for a person, and nobody's wish: whom they let go is woken by the holds (holds/sweep.ts). A rule
 * about passwords is about those to come.
 */
const CONCERN_NOBODY = ['limits', 'approvalHours', 'passwords', 'passwordDays'];

function concernsNobody(rules: Record<string, unknown>): boolean {
  return Object.keys(rules).every((name) => CONCERN_NOBODY.includes(name));
}

async function toColumns(
  context: TargetsContext,
  type: TargetType,
  input: TargetInput,
  before: Selectable<TargetsTable> | null,
): Promise<Pick<TargetsTable, 'settings' | 'secrets' | 'rules' | 'pace'> & { limited: 0 | 1; takes_passwords: 0 | 1 }> {
  const { settings, rules, compiled, pace } = await withInput(context, type, input, before);
  const secrets = Object.fromEntries(type.secrets.map((name) => [name, settings[name]]));
  const open = Object.fromEntries(Object.entries(settings).filter(([name]) => !type.secrets.includes(name)));
  return {
    settings: JSON.stringify(open),
    secrets: await context.cipher.seal(JSON.stringify(secrets)),
    rules: JSON.stringify(rules),
    limited: compiled.limited.size > 0 ? 1 : 0,
    takes_passwords: rules.passwords === 'pass-through' ? 1 : 0,
    pace: JSON.stringify(pace),
  };
}

/** Every problem at once, with the setting's name and never the value of a secret. */
function parsed<T>(what: string, schema: z.ZodType<T>, value: unknown, secrets: readonly string[] = []): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => {
    const name = issue.path.join('.');
    if (secrets.includes(name)) return `  ${name}: is missing or not usable`;
    return `  ${name || what.toLowerCase()}: ${issue.message}`;
  });
  throw new TargetInputError(`${what} that do not fit:\n${problems.join('\n')}`);
}

async function toInfo({ cipher }: TargetsContext, row: Selectable<TargetsTable>): Promise<TargetInfo> {
  const secrets: Record<string, unknown> = row.secrets ? JSON.parse(await cipher.open(row.secrets)) : {};
  return {
    name: row.name,
    type: row.type,
    state: row.state,
    pausedBy: row.paused_by,
    pausedReason: row.paused_reason,
    settings: JSON.parse(row.settings),
    secretsSet: Object.keys(secrets).filter((name) => secrets[name] !== undefined && secrets[name] !== ''),
    rules: JSON.parse(row.rules),
    pace: JSON.parse(row.pace),
  };
}
