/** `linkspan plan`: what a draft of a target's rules would do, before anybody saves it. */
import { Command } from 'commander';
import type { App } from '../app.ts';
import { findTarget } from '../sync/admin/targets.ts';
import { type Draft, draftOf, draftOfNew } from '../sync/planning/draft.ts';
import { AdminError, requireTenant } from '../tenancy/tenants.ts';
import { columnsOf } from './facts.ts';
import { planText } from './plan-text.ts';
import { planWithLimits } from './plan-with-limits.ts';
import { type InputOptions, inputOf, withInput } from './target.ts';
import { print, printJson, withApp } from './terminal.ts';
import { count } from './users.ts';

interface Options extends InputOptions {
  type?: string;
  limit: number;
  details?: boolean;
  json?: boolean;
}

export const plan = () =>
  withInput(
    new Command('plan').description('show what a draft of rules or settings would do; without one, the present rules'),
  )
    .argument('<tenant>')
    .argument('<target>', 'name of a target, or with --type of one that is not there yet')
    .option('--type <type>', 'of a target that is not there yet; its secrets are not needed')
    .option('--same-system', 'the draft changes the address, not the system')
    .option('--limit <n>', 'how many names in each list', count, 10)
    .option('--details', 'also the first accounts with their calls, as many as --limit')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nIt is worked out from the directory and from what was last seen in the target: nothing is called, nothing is written.' +
        '\nA create is planned also where the target has the record already, which would be linked instead.',
    )
    .action((tenant: string, name: string, options: Options) =>
      withApp(async (app) => {
        await requireTenant(app.store, tenant);
        const draft = await readDraft(app, tenant, name, options);
        const details = options.details ? options.limit : 0;
        const shown = await planWithLimits(app, draft, { limit: options.limit, details });
        if (options.json) printJson(shown);
        else print(planText(shown, columnsOf()));
      }),
    );

async function readDraft(app: App, tenant: string, name: string, options: Options): Promise<Draft> {
  const row = await findTarget(app.store, tenant, name);
  if (row && options.type) throw new AdminError(`Tenant "${tenant}" has a target "${name}" already: leave --type out.`);
  if (row || !options.type)
    return draftOf(app, tenant, name, row ? await inputOf(app, options, row.type, JSON.parse(row.rules)) : {});
  return draftOfNew(app, tenant, name, options.type, await inputOf(app, options, options.type));
}
