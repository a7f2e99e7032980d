/** `linkspan target progress`: how far a first sync, changed rules or a backlog have come. */
import { Command } from 'commander';
import { progressOf, type TargetProgress } from '../sync/admin/progress.ts';
import { requireTarget } from '../sync/admin/targets.ts';
import { requireTenant } from '../tenancy/tenants.ts';
import { bad, print, printJson, when, withApp } from './terminal.ts';

export const targetProgress = () =>
  new Command('progress')
    .description('how far a first sync, changed rules or a backlog have come')
    .argument('<tenant>')
    .argument('<name>')
    .option('--json', 'as JSON')
    .action((tenant: string, name: string, { json }: { json?: boolean }) =>
      withApp(async (app) => {
        await requireTenant(app.store, tenant);
        const { id, state, paused_reason } = await requireTarget(app.store, tenant, name);
        const progress = await progressOf(app.store, tenant, id);
        if (json) return printJson({ paused: state === 'paused' ? paused_reason : null, ...progress });
        print(inWords(progress).join('\n'));
        if (state === 'paused') print(`${bad('Paused')}: ${paused_reason}. Nothing is lost, and no call is made.`);
      }),
    );

function inWords({ run, accounts }: TargetProgress): string[] {
  const { settled, due, rejected, held, manual } = accounts;
  const number = (count: number) => count.toLocaleString('en');
  const of = run && run.users > 0 ? ` (${Math.floor((100 * run.lookedAt) / run.users)} %)` : '';
  return [
    run
      ? `Looking at everybody since ${when(run.since)}: ${number(run.lookedAt)} of ${number(run.users)} users${of}.`
      : 'No first sync or change of rules is under way.',
    `Accounts: ${number(settled)} as wanted, ${number(due)} to be worked on, ${number(rejected)} need a person, ${number(held)} wait for approval${manual > 0 ? `, of ${number(manual)} something is to be done by hand` : ''}.`,
  ];
}
