/** Sets a run up: sandbox, recorder, a tenant with a target for each system, connectors. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { openApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { addTarget } from '../../src/sync/admin/targets.ts';
import { createTenant } from '../../src/tenancy/tenants.ts';
import { issueToken } from '../../src/tenancy/tokens.ts';
import type { Fleet } from './disturb.ts';
import { groupSets } from './load.ts';
import { freePort, type LinkspanProcess, startLinkspanProcess } from './processes.ts';
import { type Recorder, startRecorder } from './recorder.ts';
import { LATE_MS, type SandboxControl, sandboxControl } from './sandbox.ts';
import { loadSystems, type System } from './systems/system.ts';

export const TENANT = 'acme';

const CALL_TIMEOUT_MS = 500;
/** A lease outlives a call by three heartbeats (sync/accounts/leases.ts). */
export const LEASE_MS = CALL_TIMEOUT_MS + 6_000;

const PACE = {
  callTimeoutMs: CALL_TIMEOUT_MS,
  backoffMinMs: 50,
  backoffMaxMs: 500,
  settleMs: LATE_MS + 500,
  probeMs: 300,
  limitedMs: 300,
  ratePerSecond: 0,
  manualLookMs: 60_000,
};

export interface Stage {
  sandbox: SandboxControl;
  recorder: Recorder;
  fleet: Fleet;
  systems: readonly System[];
  token: string;
  /** For commands on the same database. */
  env: Record<string, string>;
  close(): Promise<void>;
}

/** SCIM base URLs of the processes that answer; where none does, of the frozen one. A dead one's port may be another's by now. */
export function basesOf({ processes }: Fleet): string[] {
  const up = processes.filter(({ state }) => state === 'up');
  const frozen = processes.filter(({ state }) => state === 'frozen');
  return (up.length > 0 ? up : frozen).map(({ url }) => `${url}/tenants/${TENANT}/scim/v2`);
}

export interface StageOptions {
  databaseUrl: string;
  /** Empty; the caller removes it. */
  directory: string;
  groups: number;
  processes: number;
  onCrash: (output: string) => void;
}

export async function setStage({ databaseUrl, directory, groups, processes, onCrash }: StageOptions): Promise<Stage> {
  await mkdir(directory, { recursive: true });
  const sandboxPort = await freePort();
  const env = {
    LINKSPAN_DATA_DIR: path.join(directory, 'data'),
    LINKSPAN_DATABASE_URL: databaseUrl,
    LINKSPAN_SANDBOX_PORT: String(sandboxPort),
    LINKSPAN_SECRET_KEY: Buffer.alloc(32, 7).toString('base64'),
    LINKSPAN_LOG_LEVEL: 'error',
  };
  const sandboxUrl = `http://127.0.0.1:${sandboxPort}`;
  const sandboxProcess = await startLinkspanProcess({
    args: ['sandbox'],
    env,
    url: sandboxUrl,
    readyAt: '/sandbox/faults',
    onCrash,
  });
  const sandbox = sandboxControl(sandboxUrl);
  const systems = await loadSystems();
  const recorder = await startRecorder(sandboxUrl, systems);
  for (const system of systems) await system.prepare(sandbox.post, groupSets(groups));
  const token = await makeTenant(env, sandbox, systems, (url) => url.replace(sandboxUrl, recorder.url));

  const started: LinkspanProcess[] = [];
  const start = async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const connector = await startLinkspanProcess({
      args: ['serve'],
      env: { ...env, LINKSPAN_PORT: String(port) },
      url,
      readyAt: '/readyz',
      onCrash,
    });
    started.push(connector);
    return connector;
  };
  const fleet: Fleet = { processes: [], start, shared: databaseUrl.startsWith('postgres'), onChange: () => {} };
  for (let count = 0; count < processes; count++) fleet.processes.push(await start());
  return {
    sandbox,
    recorder,
    fleet,
    systems,
    token,
    env,
    async close() {
      for (const each of [...started, sandboxProcess]) await each.kill();
      recorder.close();
    },
  };
}

async function makeTenant(
  env: Record<string, string>,
  sandbox: SandboxControl,
  systems: readonly System[],
  /** From the sandbox's address to one that is listened to. */
  heard: (url: string) => string,
): Promise<string> {
  const app = await openApp(readConfig(env));
  try {
    await createTenant(app.store, { tenant: TENANT, title: TENANT, idp: 'generic' });
    for (const { name, type: typeName, rules } of systems) {
      const type = app.types.get(typeName);
      if (!type) throw new Error(`there is no target type ${typeName}`);
      const offered = await sandbox.credentials(type.sandbox.system);
      const settings = Object.fromEntries(Object.entries(offered).filter(([key]) => key in type.settings.shape));
      await addTarget(app, TENANT, name, typeName, {
        settings: { ...settings, baseUrl: heard(String(settings.baseUrl)) },
        // Nobody is there to approve what would be held.
        rules: { ...rules, limits: 'off' },
        // Elsewhere the default is for one that is found with one call.
        pace: name === 'platform' ? PACE : { ...PACE, concurrency: 8 },
      });
    }
    return await issueToken(app.store, TENANT, { label: 'chaos' });
  } finally {
    await app.close();
  }
}
