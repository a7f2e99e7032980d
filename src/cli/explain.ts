/** `linkspan explain`: why somebody has or lacks access, for a person who has a minute. */
import { Command } from 'commander';
import { explain as explainUser } from '../sync/explain/explain.ts';
import { AdminError } from '../tenancy/tenants.ts';
import { carriedOnText, carryOn } from './carry-on.ts';
import { explanationText } from './explain-text.ts';
import { columnsOf } from './facts.ts';
import { bold, print, printJson, withApp } from './terminal.ts';
import { openLanes, requireUser, seconds, USER } from './users.ts';

interface Options {
  tenant: string;
  target?: string;
  apply?: boolean;
  wait: number;
  json?: boolean;
}

export const explain = () =>
  new Command('explain')
    .description('show for one user, step by step, what each target should hold, why, and what happens next')
    .usage('[options] [tenant] <user>')
    .argument('<words...>', `tenant (where it is not --tenant) and user: ${USER}`)
    .option('--tenant <tenant>', 'whose user', 'demo')
    .option('--target <name>', 'only this target')
    .option('--apply', 'do it now, and show what came of it')
    .option('--wait <seconds>', 'with --apply: for how long to wait', seconds, 30)
    .option('--json', 'as JSON')
    .addHelpText('after', '\nIt only reads, the target too, but with --apply. Exits 1 where that ends unsettled.')
    .action((words: string[], options: Options) =>
      withApp(async (app) => {
        const [tenant, text] = words.length === 1 ? [options.tenant, words[0]] : words;
        if (tenant === undefined || text === undefined || words.length > 2) {
          throw new AdminError('Write the tenant and one user: linkspan explain <tenant> <user>');
        }
        const userId = await requireUser(app, tenant, text);
        const lanes = await openLanes(app, tenant, options.target ?? null);
        const explanation = await explainUser(app.store, lanes, tenant, userId);
        if (!explanation) throw new AdminError(`User ${userId} is gone.`);
        const columns = columnsOf();
        if (!options.json) print(explanationText(explanation, tenant, columns));
        else if (!options.apply) printJson(explanation);
        if (!options.apply) return;

        const userName = String(explanation.user.resource.userName);
        const targets = lanes.map((lane) => lane.targetId);
        const applied = await carryOn(app, { tenant, userId, userName, targets }, options.wait * 1_000);
        if (options.json) printJson({ ...explanation, applied });
        else print(`\n${bold('applied')}\n${carriedOnText(applied, columns)}`);
        if (!applied.settled) process.exitCode = 1;
      }),
    );
