/** Sets a run up: sandbox, recorder, a tenant with both targets, connectors. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { openApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { addTarget, type TargetInput } from '../../src/sync/targets.ts';
import { createTenant } from '../../src/tenancy/tenants.ts';
import { issueToken } from '../../src/tenancy/tokens.ts';
import type { Fleet } from './disturb.ts';
import { GROUP_PREFIXES } from './model.ts';
import { freePort, type LinkspanProcess, startLinkspanProcess } from './processes.ts';
import { type Recorder, startRecorder } from './recorder.ts';
import { LATE_MS, type SandboxControl, sandboxControl } from './sandbox.ts';

export const TENANT = 'acme';

const CALL_TIMEOUT_MS = 500;
/** A lease outlives a call by three heartbeats (sync/leases.ts). */
export const LEASE_MS = CALL_TIMEOUT_MS + 6_000;

const PACE = {
  callTimeoutMs: CALL_TIMEOUT_MS,
  backoffMinMs: 50,
  backoffMaxMs: 500,
  settleMs: LATE_MS + 500,
  probeMs: 300,
  limitedMs: 300,
  ratePerSecond: 0,
  concurrency: 8,
};

const SCOPE = 'userType ne "EndUser"';
const TARGETS: Record<string, [type: string, rules: TargetInput['rules']]> = {
  dashboard: ['qflow-enterprise', { scope: SCOPE }],
  door: [
    'qflow-team',
    { scope: SCOPE, onlyAssigned: true, assignments: GROUP_PREFIXES.map((groupPrefix) => ({ groupPrefix })) },
  ],
};

export interface Stage {
  sandbox: SandboxControl;
  recorder: Recorder;
  fleet: Fleet;
  token: string;
  events: string[];
  /** For commands on the same database. */
  env: Record<string, string>;
  close(): Promise<void>;
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
  const recorder = await startRecorder(sandboxUrl);
  const events = Array.from({ length: Math.max(10, groups) }, (_, index) => String(1001 + index));
  await sandbox.addEvents(events);
  const token = await makeTenant(env, sandbox, recorder.url);

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
  const fleet: Fleet = { processes: [], start, shared: databaseUrl.startsWith('postgres') };
  for (let count = 0; count < processes; count++) fleet.processes.push(await start());
  return {
    sandbox,
    recorder,
    fleet,
    token,
    events,
    env,
    async close() {
      for (const each of [...started, sandboxProcess]) await each.kill();
      recorder.close();
    },
  };
}

async function makeTenant(env: Record<string, string>, sandbox: SandboxControl, baseUrl: string): Promise<string> {
  const app = await openApp(readConfig(env));
  try {
    await createTenant(app.store, { tenant: TENANT, title: TENANT, idp: 'generic' });
    const credentials = await sandbox.credentials();
    for (const [name, [type, rules]] of Object.entries(TARGETS)) {
      const known = Object.keys(app.types.get(type)?.settings.shape ?? {});
      const settings = Object.fromEntries(Object.entries(credentials).filter(([key]) => known.includes(key)));
      await addTarget(app, TENANT, name, type, { settings: { ...settings, baseUrl }, rules, pace: PACE });
    }
    return await issueToken(app.store, TENANT, { label: 'chaos' });
  } finally {
    await app.close();
  }
}
