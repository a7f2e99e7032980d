/** `linkspan tenant`: the customer organisations. */
import { Command, Option } from 'commander';
import { createTenant, IDPS, type Idp, listTenants } from '../tenancy/tenants.ts';
import { print, printJson, table, withApp } from './terminal.ts';

export const tenant = () =>
  new Command('tenant')
    .description('tenants: one customer organisation each')
    .addCommand(
      new Command('add')
        .description('add a tenant')
        .argument('<tenant>', 'its name in the URL: a-z, 0-9 and "-"')
        .option('--title <text>', 'what people call it')
        .addOption(new Option('--idp <name>', 'whose habits to expect').choices(IDPS).default('generic'))
        .action((name: string, { title, idp }: { title?: string; idp: Idp }) =>
          withApp(async (app) => {
            await createTenant(app.store, { tenant: name, title: title ?? name, idp });
            print(`Tenant "${name}" is there. SCIM base URL: ${app.directory.baseUrl(name)}`);
            print(`Its identity provider needs a token: linkspan token add ${name}`);
          }),
        ),
    )
    .addCommand(
      new Command('list')
        .description('list tenants')
        .option('--json', 'as JSON')
        .action(({ json }: { json?: boolean }) =>
          withApp(async (app) => {
            const tenants = (await listTenants(app.store)).map((each) => ({
              ...each,
              scimBaseUrl: app.directory.baseUrl(each.tenant),
            }));
            if (json) return printJson(tenants);
            const rows = tenants.map((each) => [each.tenant, each.title, each.idp, each.scimBaseUrl]);
            print(table(['TENANT', 'TITLE', 'IDP', 'SCIM BASE URL'], rows));
          }),
        ),
    );
