/** `linkspan tenant`: the customer organisations. */
import { Command, Option } from 'commander';
import { createTenant, IDPS, type Idp, listTenants, PROFILES, type Profile, setTenant } from '../tenancy/tenants.ts';
import { quirks } from './quirks.ts';
import { print, printJson, table, withApp } from './terminal.ts';

const idpOption = () => new Option('--idp <name>', 'whose habits to expect').choices(IDPS);
const profileOption = () =>
  new Option('--profile <name>', 'strict refuses bodies with unknown attributes, tolerant ignores them').choices(
    PROFILES,
  );

export const tenant = () =>
  new Command('tenant')
    .description('tenants: one customer organisation each')
    .addCommand(
      new Command('add')
        .description('add a tenant')
        .argument('<tenant>', 'its name in the URL: a-z, 0-9 and "-"')
        .option('--title <text>', 'what people call it')
        .addOption(idpOption().default('generic'))
        .addOption(profileOption().default('tolerant'))
        .action((name: string, { title, idp, profile }: { title?: string; idp: Idp; profile: Profile }) =>
          withApp(
            async (app) => {
              await createTenant(app.store, { tenant: name, title: title ?? name, idp, profile });
              print(`Tenant "${name}" is there. SCIM base URL: ${app.directory.baseUrl(name)}`);
              print(`Its identity provider needs a token: linkspan token add ${name}`);
            },
            { mayCreate: true },
          ),
        ),
    )
    .addCommand(
      new Command('set')
        .description('change a tenant; running servers notice within a second')
        .argument('<tenant>')
        .option('--title <text>', 'what people call it')
        .addOption(idpOption())
        .addOption(profileOption())
        .action((name: string, changes: { title?: string; idp?: Idp; profile?: Profile }) =>
          withApp(async ({ store }) => {
            const { title, idp, profile } = await setTenant(store, name, changes);
            print(`Tenant "${name}" is now: title "${title}", idp ${idp}, profile ${profile}.`);
          }),
        ),
    )
    .addCommand(quirks())
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
            const rows = tenants.map((each) => [each.tenant, each.title, each.idp, each.profile, each.scimBaseUrl]);
            print(table(['TENANT', 'TITLE', 'IDP', 'PROFILE', 'SCIM BASE URL'], rows));
          }),
        ),
    );
