/**
 * `linkspan demo`, which is what `npm start` runs: serve, with embedded sandboxes and a tenant `demo` that is wired to
 * them. Everything it makes can be made by the other commands; it only chooses the names and the settings.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { type App, type RunningServer, startServer } from '../app.ts';
import { type Config, readConfig } from '../config.ts';
import { createLog } from '../log.ts';
import { addTarget, findTarget, setTarget, type TargetInput } from '../sync/admin/targets.ts';
import { createTenant, findTenant } from '../tenancy/tenants.ts';
import { replaceToken } from '../tenancy/tokens.ts';
import { makeDemoSecrets, readDemoSecrets } from './demo-secrets.ts';
import { startSandboxes } from './sandbox.ts';
import { bold, dim, print, untilStopped } from './terminal.ts';

export const demo = () =>
  new Command('demo')
    .description('serve, with embedded sandboxes and a tenant "demo" that is wired to them')
    .action(async () => {
      const given = readConfig(process.env);
      const secrets = (await readDemoSecrets(given)) ?? (await makeDemoSecrets(given));
      const config: Config = {
        ...given,
        secretKey: given.secretKey ?? Buffer.from(secrets.secretKey, 'base64'),
        demoToken: given.demoToken ?? secrets.token,
      };
      const stopped = untilStopped();
      const sandboxes = config.sandboxUrl ? null : await startSandboxes(config);
      const sandboxUrl = config.sandboxUrl ?? sandboxes?.url ?? '';
      let server: RunningServer | null = null;
      try {
        const started = await startServer(config, createLog(config));
        server = started;
        await furnish(started.app, config, sandboxUrl);
        print(welcome(server.url, config.demoToken ?? '', sandboxUrl));
        await stopped;
        print('\nStopping: finishing what is under way.');
      } finally {
        await server?.close();
        await sandboxes?.close();
      }
    });

/** Quick, because the sandboxes are: a change reaches an idle one at once, and faults are got over in seconds. */
const PACE = {
  callTimeoutMs: 1_000,
  backoffMinMs: 100,
  backoffMaxMs: 2_000,
  settleMs: 2_000,
  probeMs: 1_000,
  limitedMs: 1_000,
  ratePerSecond: 0,
  concurrency: 8,
  reconcileHours: 0,
  manualLookMs: 2_000,
};
const STAFF = 'userType ne "EndUser"';
const ROLES = [{ groupPrefix: 'Role ' }];

/** Who goes where, by the name of the target. */
const TARGETS: Record<string, [type: string, rules: TargetInput['rules']]> = {
  dashboard: ['qflow-enterprise', { scope: STAFF, limits: 'off' }],
  door: ['qflow-team', { scope: STAFF, onlyAssigned: true, assignments: [{ groupPrefix: 'Event ' }], limits: 'off' }],
  flows: ['flowmate', { scope: STAFF, assignments: ROLES, limits: 'off' }],
  platform: ['platform-users', { scope: STAFF, assignments: ROLES, limits: 'off' }],
  guests: ['uflow', { scope: 'userType eq "EndUser"', limits: 'off' }],
};

/** The tenant, its token and its targets: made where they are missing, else left as they are but for the address. */
export async function furnish(app: App, config: Config, sandboxUrl: string): Promise<void> {
  const tenant = 'demo';
  if (!(await findTenant(app.store, tenant))) await createTenant(app.store, { tenant, title: 'Demo', idp: 'generic' });
  if (config.demoToken) await replaceToken(app.store, tenant, 'demo', config.demoToken);
  await furnishTargets(app, tenant, sandboxUrl);
}

/** The five targets of a tenant, wired to the sandboxes there. */
export async function furnishTargets(app: App, tenant: string, sandboxUrl: string): Promise<void> {
  const credentials = await sandboxCredentials(sandboxUrl);
  for (const [name, [type, rules]] of Object.entries(TARGETS)) {
    const settings = settingsFrom(app, type, credentials);
    const existing = await findTarget(app.store, tenant, name);
    if (!existing) await addTarget(app, tenant, name, type, { settings, rules, pace: PACE });
    else if (addressOf(existing.settings) !== settings.baseUrl) {
      await setTarget(app, tenant, name, { settings, sameSystem: true });
    }
  }
}

/** What the sandbox says a client needs, as far as the target type asks for it. */
function settingsFrom(app: App, typeName: string, credentials: Record<string, Record<string, string>>) {
  const type = app.types.get(typeName);
  const offered = Object.entries((type && credentials[type.sandbox.system]) ?? {});
  return Object.fromEntries(offered.filter(([name]) => type && name in type.settings.shape));
}

function addressOf(settings: string): unknown {
  return JSON.parse(settings).baseUrl;
}

/** A sandbox of its own may still be starting. */
async function sandboxCredentials(url: string): Promise<Record<string, Record<string, string>>> {
  for (let attempt = 0; ; attempt++) {
    try {
      return (await (await fetch(`${url}/sandbox/credentials`)).json()) as Record<string, Record<string, string>>;
    } catch (cause) {
      if (attempt >= 20)
        throw new Error(`The sandbox at ${url} does not answer. Start it with: linkspan sandbox`, { cause });
      await sleep(250);
    }
  }
}

function welcome(publicUrl: string, token: string, sandboxUrl: string): string {
  const base = `${publicUrl}/tenants/demo/scim/v2`;
  return `
${bold('Linkspan is ready.')} An identity provider pushes in here, five systems follow.

  SCIM base URL   ${bold(base)}
  Bearer token    ${bold(token)}

${bold('1. Create a user')}, as an identity provider does:

  curl -X POST ${base}/Users \\
    -H 'Authorization: Bearer ${token}' \\
    -H 'Content-Type: application/scim+json' \\
    -d '{"userName":"jane@example.com","name":{"givenName":"Jane","familyName":"Doe"},"active":true}'

${bold('2. See it arrive')} in Qflow, FlowMate and the partner platform:

  curl ${sandboxUrl}/sandbox/state

${bold('3. See why')} it did, and what would be done next:

  npm run --silent linkspan -- explain jane@example.com

${dim(`A group "Event 1001" puts its members on the door of that event, a group "Role Editor" gives them that role in FlowMate.
A user whose userType is EndUser goes to uflow only. Stop with Ctrl-C; the data stays.`)}
`;
}
