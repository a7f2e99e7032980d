/** `linkspan target groups`: which groups, roles and entitlements grant what in a target, and which match nothing. */
import { Command } from 'commander';
import { type Granted, type Granting, type GrantsReport, reportGrants } from '../sync/rules/grants.ts';
import { requireTenant } from '../tenancy/tenants.ts';
import { progressBar } from './progress.ts';
import { bad, dim, good, print, printJson, table, withApp } from './terminal.ts';
import { count, openLanes } from './users.ts';

export const targetGroups = () =>
  new Command('groups')
    .description('which groups, roles and entitlements grant what, to how many, and which match nothing')
    .argument('<tenant>')
    .argument('<target>')
    .option('--limit <n>', 'how many lines in each list', count, 50)
    .option('--json', 'as JSON, whole')
    .addHelpText('after', '\nBy the directory as it is and what was last seen: the target is not called.')
    .action((tenant: string, name: string, { limit, json }: { limit: number; json?: boolean }) =>
      withApp(async (app) => {
        await requireTenant(app.store, tenant);
        const [lane] = await openLanes(app, tenant, name);
        if (!lane) return;
        const bar = progressBar();
        const report = await reportGrants(app.store, lane, lane, (done) => bar.show('users', done, done)).finally(() =>
          bar.clear(),
        );
        if (json) printJson({ target: name, ...report });
        else print(reportText(report, name, limit));
      }),
    );

const FROM = { groups: 'group', roles: 'role', entitlements: 'entitlement' } as const;

function reportText(report: GrantsReport, name: string, limit: number): string {
  const { granting, idle, grants, unmatched, failed } = report;
  const parts = [
    granting.length === 0
      ? `Nothing in the directory grants anything in "${name}".`
      : table(['', 'NAME', 'GRANTS', 'USERS'], cut(granting.map(grantingRow), limit)),
    ...(grants.length > 0 ? [table(['GRANT', 'WANTED', 'HELD', ''], cut(grants.map(grantedRow), limit))] : []),
    ...(idle.length > 0 ? [`Match no rule, and grant nothing here:\n${cut(idle.map(idleRow), limit).join('\n')}`] : []),
    ...(unmatched.length > 0
      ? [
          `${bad('Rules that match nothing:')}\n${cut(
            unmatched.map((rule) => `  ${rule}`),
            limit,
          ).join('\n')}`,
        ]
      : []),
    ...(failed > 0 ? [bad(`${failed} users cannot be computed, and are not counted: linkspan plan says why.`)] : []),
  ];
  return parts.join('\n\n');
}

function grantingRow({ from, name, grants, users }: Granting): string[] {
  return [FROM[from], name, grants.join(', '), String(users)];
}

function grantedRow({ grant, wanted, held, refused, reason }: Granted): string[] {
  const open = wanted - held - refused;
  const notes = [
    ...(refused > 0 ? [bad(`${refused} refused: ${reason}`)] : []),
    ...(open > 0 ? [`${open} on the way`] : []),
  ];
  return [grant, String(wanted), String(held), notes.join('; ') || good('as it should be')];
}

function idleRow({ from, name }: Granting): string {
  return `  ${dim(FROM[from])} ${name}`;
}

function cut<T extends string | string[]>(lines: readonly T[], limit: number): T[] {
  if (lines.length <= limit) return [...lines];
  const more = `  and ${lines.length - limit} more: --limit, or --json`;
  return [...lines.slice(0, limit), (Array.isArray(lines[0]) ? ['', more.trim()] : more) as T];
}
