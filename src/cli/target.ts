/** `linkspan target`: the downstream systems of a tenant. Secrets are read from a file or standard input, never from argv. */
import { Command, InvalidArgumentError } from 'commander';
import type { App } from '../app.ts';
import {
  addTarget,
  listTargets,
  pauseByAdmin,
  removeTarget,
  requireTarget,
  resumeByAdmin,
  setTarget,
  type TargetInput,
} from '../sync/admin/targets.ts';
import { createIo } from '../sync/lanes/calls.ts';
import { openLane } from '../sync/lanes/lanes.ts';
import { type Rules, scopeText } from '../sync/rules/rules.ts';
import { passwordProblem } from '../sync/work/pass-through.ts';
import { AdminError, requireTenant } from '../tenancy/tenants.ts';
import { readAssignments } from './assignments-file.ts';
import { confirmPlan } from './confirm-plan.ts';
import { nameOfGiven, readGiven } from './given-file.ts';
import { targetInvite } from './invite.ts';
import { warnAboutRules } from './rule-warnings.ts';
import { targetCatalogue } from './target-catalogue.ts';
import { targetGroups } from './target-groups.ts';
import { targetMap, targetMapping } from './target-mapping.ts';
import { targetPassword } from './target-password.ts';
import { targetProgress } from './target-progress.ts';
import { targetRoster } from './target-roster.ts';
import { targetTypes } from './target-types.ts';
import { bad, good, print, printJson, table, withApp } from './terminal.ts';

export interface InputOptions {
  sameSystem?: boolean;
  set?: Record<string, string>;
  secrets?: string;
  scope?: string;
  everybody?: boolean;
  group?: string[];
  grantGroups?: string[];
  assignmentsFile?: string;
  onlyAssigned?: boolean;
  passwords?: string;
  rules?: Record<string, unknown>;
  pace?: Record<string, unknown>;
}

export const target = () =>
  new Command('target')
    .description('targets: the systems that users are carried on into')
    .addCommand(
      withInput(new Command('add').description('add a target; everybody in scope follows at once'))
        .argument('<tenant>')
        .argument('<name>', 'what you call it: a-z, 0-9 and "-"')
        .argument('<type>', 'see: linkspan target types')
        .action((tenant: string, name: string, type: string, options: InputOptions) =>
          withApp(async (app) => {
            await requireTenant(app.store, tenant);
            const input = await inputOf(app, options, type);
            await addTarget(app, tenant, name, type, input);
            await warnAboutRules(app, tenant, type, input);
            print(`Target "${name}" is there. Test it with: linkspan target check ${tenant} ${name}`);
          }),
        ),
    )
    .addCommand(
      withInput(new Command('set').description('change settings, secrets, rules or pace of a target'))
        .option('--same-system', 'the address changes, the system does not')
        .option('--yes', 'do not ask, however many would lose something')
        .argument('<tenant>')
        .argument('<name>')
        .action((tenant: string, name: string, options: InputOptions & { yes?: boolean }) =>
          withApp(async (app) => {
            const { type, rules } = await requireTarget(app.store, tenant, name);
            const input = await inputOf(app, options, type, JSON.parse(rules));
            await confirmPlan(app, { tenant, name, input, yes: options.yes === true });
            await setTarget(app, tenant, name, input);
            await warnAboutRules(app, tenant, type, input);
            print(`Target "${name}" is changed; a running server takes it up within a second.`);
          }),
        ),
    )
    .addCommand(
      new Command('check')
        .description('try address and credentials of a target')
        .argument('<tenant>')
        .argument('<name>')
        .option('--json', 'as JSON')
        .action((tenant: string, name: string, { json }: { json?: boolean }) =>
          withApp(async (app) => {
            const { answer, problem } = await check(app, tenant, name);
            if (json) return printJson({ works: true, answer, ...(problem && { problem }) });
            print(`${good('It works.')} ${answer}`);
            if (problem) print(bad(problem));
          }),
        ),
    )
    .addCommand(
      new Command('list')
        .description('list targets, without their secrets')
        .argument('<tenant>')
        .option('--json', 'as JSON, with settings, rules and pace')
        .action((tenant: string, { json }: { json?: boolean }) =>
          withApp(async (app) => {
            await requireTenant(app.store, tenant);
            const targets = await listTargets(app, tenant);
            if (json) return printJson(targets);
            const rows = targets.map(({ name, type, state, pausedReason, rules }) => [
              name,
              type,
              state === 'active' ? good('active') : bad(`paused: ${pausedReason}`),
              scopeText(rules) ?? 'everybody',
            ]);
            print(table(['NAME', 'TYPE', 'STATE', 'SCOPE'], rows));
          }),
        ),
    )
    .addCommand(targetProgress())
    .addCommand(targetInvite())
    .addCommand(targetMapping())
    .addCommand(targetMap())
    .addCommand(targetGroups())
    .addCommand(targetCatalogue())
    .addCommand(targetPassword())
    .addCommand(targetRoster())
    .addCommand(targetTypes())
    .addCommand(
      new Command('pause')
        .description('stop carrying changes on; they are kept')
        .argument('<tenant>')
        .argument('<name>')
        .option('--reason <text>', 'shown to others', 'by an administrator')
        .action((tenant: string, name: string, { reason }: { reason: string }) =>
          withApp(async (app) => {
            await pauseByAdmin(app, tenant, name, reason);
            print(`Target "${name}" stands still until: linkspan target resume ${tenant} ${name}`);
          }),
        ),
    )
    .addCommand(
      new Command('resume')
        .description('carry on with what was kept')
        .argument('<tenant>')
        .argument('<name>')
        .action((tenant: string, name: string) =>
          withApp(async (app) => {
            await resumeByAdmin(app, tenant, name);
            print(`Target "${name}" goes on.`);
          }),
        ),
    )
    .addCommand(
      new Command('remove')
        .description('forget a target; what stands in the system stays there')
        .argument('<tenant>')
        .argument('<name>')
        .action((tenant: string, name: string) =>
          withApp(async (app) => {
            await removeTarget(app, tenant, name);
            print(`Target "${name}" is forgotten.`);
          }),
        ),
    );

export function withInput(command: Command): Command {
  return command
    .option('--set <name=value>', 'a setting; may be repeated', pairs)
    .option('--secrets <file>', 'JSON object with the secret settings; "-" reads standard input')
    .option('--scope <filter>', 'SCIM filter: who belongs here')
    .option('--group <name>', 'only who is in this group, or in one inside; may be repeated', list)
    .option('--everybody', 'no scope filter, and whatever the groups')
    .option('--grant-groups <prefix>', 'members of the group "<prefix>X" are granted X; may be repeated', list)
    .option('--assignments-file <file>', 'CSV with the columns group, grant and, where the target has several, kind')
    .option('--only-assigned', 'an account only for who is granted something')
    .option('--passwords <rule>', 'none, random-discard or pass-through: the passwords of accounts')
    .option('--rules <json>', 'rules as a JSON object', jsonObject)
    .option('--pace <json>', 'times and limits as a JSON object', jsonObject);
}

/** @param stored the target's rules, where it is there: of its assignments a file replaces the table alone. */
export async function inputOf(
  app: App,
  options: InputOptions,
  typeName: string,
  stored: Partial<Rules> = {},
): Promise<TargetInput> {
  const secretNames = app.types.get(typeName)?.secrets ?? [];
  const exposed = Object.keys(options.set ?? {}).find((name) => secretNames.includes(name));
  if (exposed) {
    throw new AdminError(`${exposed} is a secret: other users can read command lines. Pass it with --secrets <file>.`);
  }
  const secrets = options.secrets === undefined ? undefined : await readSecrets(options.secrets);
  const prefixes = options.grantGroups?.map((groupPrefix) => ({ groupPrefix }));
  const given = prefixes ?? (options.rules?.assignments as Rules['assignments'] | undefined);
  const file = options.assignmentsFile;
  const assignments = file === undefined ? given : await readAssignments(file, given ?? stored.assignments ?? []);
  const rules = {
    ...options.rules,
    ...(options.everybody && { scope: null, groups: null }),
    ...(options.scope !== undefined && { scope: options.scope }),
    ...(options.group && { groups: options.group }),
    ...(options.onlyAssigned && { onlyAssigned: true }),
    ...(options.passwords !== undefined && { passwords: options.passwords }),
    ...(assignments && { assignments }),
  };
  return {
    ...((options.set || secrets) && { settings: { ...options.set, ...secrets } }),
    ...(Object.keys(rules).length > 0 && { rules }),
    ...(options.pace && { pace: options.pace }),
    ...(options.sameSystem && { sameSystem: true }),
  };
}

async function readSecrets(file: string): Promise<Record<string, unknown>> {
  const json = await readGiven(file);
  try {
    return jsonObject(json);
  } catch {
    throw new AdminError(`${nameOfGiven(file)} holds no JSON object of secrets.`);
  }
}

/** @throws TargetError where it does not work. */
async function check(app: App, tenant: string, name: string): Promise<{ answer: string; problem: string | null }> {
  const lane = await openLane(await requireTarget(app.store, tenant, name), { ...app, onCall: () => {} });
  const io = createIo(lane, { userId: null, activityId: null, urgent: true, outlives: () => true });
  return { answer: await lane.connection.check(io), problem: passwordProblem(lane) };
}

function pairs(text: string, before: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Write name=value.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

function list(text: string, before: string[] = []): string[] {
  return [...before, text];
}

function jsonObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new InvalidArgumentError('It is not JSON.');
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new InvalidArgumentError('It is not a JSON object.');
}
