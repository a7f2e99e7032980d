/** `linkspan token`: the bearer tokens that identity providers push with. */
import { Command, InvalidArgumentError } from 'commander';
import { requireTenant } from '../tenancy/tenants.ts';
import { issueToken, listTokens, revokeToken, type TokenInfo } from '../tenancy/tokens.ts';
import { print, printJson, table, when, withApp } from './terminal.ts';

const DAY_MS = 86_400_000;

export const token = () =>
  new Command('token')
    .description('SCIM bearer tokens')
    .addCommand(
      new Command('add')
        .description('make a token and print it, once')
        .argument('<tenant>')
        .option('--label <text>', 'what it is for', 'scim')
        .option('--days <n>', 'in force for so many days; without it, until revoked', days)
        .action((tenant: string, options: { label: string; days?: number }) =>
          withApp(async ({ store }) => {
            await requireTenant(store, tenant);
            const expiresAt = options.days === undefined ? undefined : (await store.now()) + options.days * DAY_MS;
            print(await issueToken(store, tenant, { label: options.label, ...(expiresAt && { expiresAt }) }));
            process.stderr.write('It is not shown again: only a hash is kept.\n');
          }),
        ),
    )
    .addCommand(
      new Command('list')
        .description('list tokens, without their secret')
        .argument('<tenant>')
        .option('--json', 'as JSON')
        .action((tenant: string, { json }: { json?: boolean }) =>
          withApp(async ({ store }) => {
            await requireTenant(store, tenant);
            const tokens = await listTokens(store, tenant);
            if (json) return printJson(tokens);
            const rows = tokens.map((each) => [each.id, each.label, when(each.created_at), stateOf(each)]);
            print(table(['ID', 'LABEL', 'CREATED', 'STATE'], rows));
          }),
        ),
    )
    .addCommand(
      new Command('revoke')
        .description('end a token; running servers notice within a second')
        .argument('<tenant>')
        .argument('<id>')
        .action((tenant: string, id: string) =>
          withApp(async ({ store }) => {
            await requireTenant(store, tenant);
            await revokeToken(store, tenant, id);
            print('Revoked.');
          }),
        ),
    );

function stateOf({ revoked_at, expires_at }: TokenInfo): string {
  if (revoked_at !== null) return `revoked ${when(revoked_at)}`;
  return expires_at === null ? 'in force' : `until ${when(expires_at)}`;
}

function days(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0 && value <= 3_650) return value;
  throw new InvalidArgumentError('Days are a whole number from 1 to 3650.');
}
