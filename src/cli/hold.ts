/** `linkspan hold`: what waits for an administrator because it is more than a target's limits let through. */
import { userInfo } from 'node:os';
import { Command } from 'commander';
import { approveHold, type HoldDetail, type HoldInfo, listHolds, readHold, rejectHold } from '../sync/holds/decide.ts';
import { requireTenant } from '../tenancy/tenants.ts';
import { bad, bold, dim, good, print, printJson, table, when, withApp, wrapped } from './terminal.ts';

export const hold = () =>
  new Command('hold')
    .description('changes that are held back until an administrator approves them')
    .addCommand(
      new Command('list')
        .description('list holds, newest first')
        .argument('<tenant>')
        .option('--all', 'also what is over')
        .option('--json', 'as JSON')
        .action((tenant: string, { all, json }: { all?: boolean; json?: boolean }) =>
          withApp(async ({ store }) => {
            await requireTenant(store, tenant);
            const holds = await listHolds(store, tenant, { all: all === true });
            if (json) return printJson(holds);
            print(holds.length === 0 ? `Nothing is held back for "${tenant}".` : holdTable(holds));
          }),
        ),
    )
    .addCommand(
      new Command('show')
        .description('show a hold: why, who, and the code to approve exactly that')
        .argument('<tenant>')
        .argument('<id>', 'see: linkspan hold list')
        .option('--json', 'as JSON, with everybody')
        .action((tenant: string, id: string, { json }: { json?: boolean }) =>
          withApp(async ({ store }) => {
            await requireTenant(store, tenant);
            const detail = await readHold(store, tenant, id);
            if (json) printJson(detail);
            else print(holdText(tenant, detail, process.stdout.columns ?? PROSE));
          }),
        ),
    )
    .addCommand(
      new Command('approve')
        .description('let exactly the set that was shown go on')
        .argument('<tenant>')
        .argument('<id>')
        .requiredOption('--set <code>', 'as "linkspan hold show" shows it')
        .option('--json', 'as JSON')
        .action((tenant: string, id: string, { set, json }: { set: string; json?: boolean }) =>
          withApp(async ({ store }) => {
            await requireTenant(store, tenant);
            const approved = await approveHold(store, tenant, id, { set, by: whoAmI() });
            if (json) return printJson(approved);
            print(
              `Approved: ${number(approved.accounts)} may ${approved.kind} in "${approved.target}" until ${when(approved.expiresAt)}. A running server begins within seconds.`,
            );
          }),
        ),
    )
    .addCommand(
      new Command('reject')
        .description('keep these accounts as they are; may be approved later')
        .argument('<tenant>')
        .argument('<id>')
        .option('--set <code>', 'only if it is still the set that was shown')
        .option('--json', 'as JSON')
        .action((tenant: string, id: string, { set, json }: { set?: string; json?: boolean }) =>
          withApp(async ({ store }) => {
            await requireTenant(store, tenant);
            const rejected = await rejectHold(store, tenant, id, { set, by: whoAmI() });
            if (json) return printJson(rejected);
            print(
              `Rejected: ${number(rejected.accounts)} in "${rejected.target}" keep what they have, until somebody approves or it is not wanted any more.`,
            );
          }),
        ),
    );

/** Longer lines of prose are hard to read. */
const PROSE = 100;
/** Users shown by name; `--json` has all. */
const SHOWN = 50;

export function holdTable(holds: readonly HoldInfo[]): string {
  const rows = holds.map((each) => [
    each.id,
    each.target,
    each.kind,
    String(each.accounts),
    stateText(each),
    when(each.createdAt),
    each.origin,
  ]);
  return table(['ID', 'TARGET', 'KIND', 'ACCOUNTS', 'STATE', 'SINCE', 'ORIGIN'], rows);
}

export function holdText(tenant: string, detail: HoldDetail, columns: number): string {
  const { id, target, kind, users, set, state } = detail;
  const facts: [string, string][] = [
    ['target', target],
    ['kind', kind],
    ['accounts', String(detail.accounts)],
    ['origin', ORIGINS[detail.origin]],
    ['because', wrapped(detail.reason, Math.min(columns, PROSE) - 13).join(`\n${' '.repeat(13)}`)],
    ['since', when(detail.createdAt)],
    ...(detail.decidedAt === null
      ? []
      : [['decided', `${when(detail.decidedAt)} by ${detail.decidedBy}`] as [string, string]]),
    ...(detail.expiresAt === null ? [] : [['until', when(detail.expiresAt)] as [string, string]]),
    ...(users.length === 0 ? [] : [['set', set] as [string, string]]),
  ];
  const names = users.slice(0, SHOWN).map((user) => `  ${user.userName ?? dim(user.id)}`);
  const rest = users.length - names.length;
  const undecided = state === 'open' || state === 'rejected';
  return [
    `${bold(`Hold ${id}`)}  ${stateText(detail)}`,
    ...facts.map(([name, value]) => `  ${dim(name.padEnd(11))}${value}`),
    ...(users.length === 0 ? ['', 'Nobody is left in it.'] : ['', dim('USERS'), ...names]),
    ...(rest > 0 ? [dim(`  and ${rest} more; --json shows all`)] : []),
    ...(undecided && users.length > 0
      ? [
          '',
          `Let exactly these go:  linkspan hold approve ${tenant} ${id} --set ${set}`,
          ...(state === 'open' ? [`Keep them as they are: linkspan hold reject ${tenant} ${id} --set ${set}`] : []),
        ]
      : []),
  ].join('\n');
}

const ORIGINS: Record<HoldInfo['origin'], string> = {
  rules: 'a change of the rules or settings of the target',
  'first-sync': 'the first sync of the target',
  reconcile: 'a comparison with what stands in the target',
  group: 'a group that was changed or deleted',
  pushes: 'what the identity provider changed, one after the other',
};

function stateText({ state }: HoldInfo): string {
  if (state === 'open') return bad('open');
  return state === 'approved' ? good('approved') : state;
}

function number(accounts: number): string {
  return accounts === 1 ? '1 account' : `${accounts} accounts`;
}

export function whoAmI(): string {
  return `cli:${userInfo().username}`;
}
