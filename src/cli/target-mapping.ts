/** `linkspan target mapping` and `target map`: what fills a target's fields, tried on real users before it is saved. */
import { Command } from 'commander';
import type { App } from '../app.ts';
import { requireTarget, setTarget, type TargetInput } from '../sync/admin/targets.ts';
import { draftOf } from '../sync/planning/draft.ts';
import type { Given } from '../sync/rules/mapping/mapping.ts';
import { fieldsOf, type MappedField, type PreviewedUser, previewMapping } from '../sync/rules/mapping/preview.ts';
import type { TargetType } from '../targets/target.ts';
import { AdminError, requireTenant } from '../tenancy/tenants.ts';
import { confirmPlan } from './confirm-plan.ts';
import { columnsOf, factText } from './facts.ts';
import { bad, bold, dim, print, printJson, withApp } from './terminal.ts';
import { count, requireUser, USER } from './users.ts';

interface Looking {
  user?: string;
  users: number;
  json?: boolean;
}

/** Previews are for looking at, one user after the other. */
const MOST_USERS = 100;

function withUsers(command: Command): Command {
  return command
    .option('--user <user>', `shown for this user: ${USER}`)
    .option('--users <n>', `shown for the first n in scope, at most ${MOST_USERS}`, count, 3)
    .option('--json', 'as JSON');
}

export const targetMapping = () =>
  withUsers(new Command('mapping').description('what fills each field of a target, and what it gives for real users'))
    .argument('<tenant>')
    .argument('<target>')
    .action((tenant: string, name: string, options: Looking) =>
      withApp(async (app) => {
        const { type, stored } = await readTarget(app, tenant, name);
        const fields = fieldsOf(type, stored);
        const users = await preview(app, tenant, name, {}, options);
        if (options.json) return printJson({ target: name, type: type.type, fields, users: users.map(withoutBefore) });
        print(`${bold(name)} ${dim(`(${type.type}, tenant ${tenant})`)}`);
        for (const field of fields) print(`\n${fieldText(field, users)}`);
        print(`\n${hint(tenant, name, users)}`);
      }),
    );

interface Mapping extends Looking {
  default?: boolean;
  preview?: boolean;
  yes?: boolean;
}

export const targetMap = () =>
  withUsers(new Command('map').description('fill a field of a target by another expression'))
    .argument('<tenant>')
    .argument('<target>')
    .argument('<field>', 'see: linkspan target mapping')
    .argument('[expression]', 'CEL over user and email, e.g. \'user.name.givenName + " " + user.name.familyName\'')
    .option('--default', "the target type's own expression counts again")
    .option('--preview', 'only show what would change for real users; nothing is saved')
    .option('--yes', 'do not ask, however many would lose something')
    .addHelpText(
      'after',
      '\nWhat an expression is made of and the user does not have leaves the field alone; clear() empties it.',
    )
    .action((tenant: string, name: string, field: string, expression: string | undefined, options: Mapping) =>
      withApp(async (app) => {
        if ((expression === undefined) !== (options.default === true)) {
          throw new AdminError('Give an expression, or --default for that of the target type.');
        }
        const { type, stored } = await readTarget(app, tenant, name);
        const { [field]: present, ...others } = stored.mapping ?? {};
        if (present === undefined && !(field in type.mapping)) throw new AdminError(noField(type, field));
        const mapping = expression === undefined ? others : { ...others, [field]: expression };
        const input: TargetInput = { rules: { mapping } };
        // Also where nothing is saved: what cannot be read is refused before anybody is looked up.
        const users = await preview(app, tenant, name, input, options);
        if (options.preview) {
          if (options.json) return printJson({ target: name, field, users: users.map((user) => changed(user, field)) });
          return print(previewText(users, field, name));
        }
        await confirmPlan(app, { tenant, name, input, yes: options.yes === true });
        await setTarget(app, tenant, name, input);
        if (options.json) return printJson({ target: name, field, users: users.map((user) => changed(user, field)) });
        print(previewText(users, field, name));
        print(`\nSaved; a running server takes it up within a second, for everybody in "${name}".`);
      }),
    );

async function readTarget(app: App, tenant: string, name: string) {
  await requireTenant(app.store, tenant);
  const row = await requireTarget(app.store, tenant, name);
  const type = app.types.get(row.type);
  if (!type) throw new AdminError(`This version has no target type "${row.type}".`);
  return { type, stored: JSON.parse(row.rules) as { mapping?: Record<string, string> } };
}

async function preview(app: App, tenant: string, name: string, input: TargetInput, { user, users }: Looking) {
  const draft = await draftOf(app, tenant, name, input);
  const userIds = user === undefined ? null : [await requireUser(app, tenant, user)];
  const rules = { rules: draft.after.rules, before: draft.before?.rules ?? null };
  return previewMapping(app.store, tenant, rules, { userIds, limit: Math.min(users, MOST_USERS) });
}

function noField({ type, mapping }: TargetType, field: string): string {
  return `${field} is no field of ${type}; it has ${Object.keys(mapping).join(', ')}.`;
}

function fieldText({ field, description, standard, override }: MappedField, users: readonly PreviewedUser[]): string {
  const columns = columnsOf();
  const facts = [
    override === null
      ? (['default', standard] as const)
      : (['set to', `${override}\n${dim(`in place of ${standard}`)}`] as const),
    ...users.map(({ userName, values }) => ['gives', `${givenText(values[field])}  ${dim(userName)}`] as const),
  ];
  return [`${bold(field)}  ${description}`, ...facts.map((fact) => factText(fact, columns))].join('\n');
}

function hint(tenant: string, name: string, users: readonly PreviewedUser[]): string {
  const nobody = users.length === 0 ? 'Nobody is in scope, so no values are shown. ' : '';
  return `${nobody}Change one with: linkspan target map ${tenant} ${name} <field> <expression> --preview`;
}

export function givenText(given: Given | undefined): string {
  switch (given?.kind) {
    case 'text':
      return JSON.stringify(given.text);
    case 'cleared':
      return 'nothing: the field is emptied';
    case 'failed':
      return bad(`cannot be computed: ${given.problem}; the account keeps what it has`);
    default:
      return 'left alone: what it is made of is missing';
  }
}

function previewText(users: readonly PreviewedUser[], field: string, name: string): string {
  if (users.length === 0) return `Nobody is in scope of "${name}", so there is nobody to try it on.`;
  const columns = columnsOf();
  const lines = users.map(({ userName, values, before }) => {
    const [old, now] = [givenText(before?.[field]), givenText(values[field])];
    return factText([userName, old === now ? `${now} ${dim('(as before)')}` : `${old} -> ${now}`], columns);
  });
  return [bold(field), ...lines].join('\n');
}

function changed({ userId, userName, values, before }: PreviewedUser, field: string) {
  return { userId, userName, before: before?.[field] ?? null, after: values[field] ?? null };
}

function withoutBefore({ before: _, ...user }: PreviewedUser) {
  return user;
}
