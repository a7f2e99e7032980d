/**
 * The whole product for a test: a real server on a free port, real sandboxes over HTTP, a real database. Nothing is
 * mocked; what a test sees is what an IdP and an administrator see.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { type App, listen, startServer } from '../src/app.ts';
import { type Config, readConfig } from '../src/config.ts';
import type { Log } from '../src/log.ts';
import type { StoreOptions } from '../src/store/store.ts';
import { addTarget, type TargetInput } from '../src/sync/admin/targets.ts';
import { targetTypes } from '../src/targets/registry.ts';
import { createSandboxes } from '../src/targets/sandbox-host.ts';
import { createTenant, type Idp } from '../src/tenancy/tenants.ts';
import { issueToken } from '../src/tenancy/tokens.ts';
import { type Kind, testDatabase } from './stores.ts';

/** Times short enough for tests; none of them decides what a test finds. */
export const QUICK = {
  callTimeoutMs: 1_000,
  backoffMinMs: 50,
  backoffMaxMs: 300,
  settleMs: 300,
  probeMs: 200,
  limitedMs: 200,
  ratePerSecond: 0,
  concurrency: 4,
  reconcileHours: 0,
  manualLookMs: 200,
  catalogueMinutes: 0,
};

export const STAFF = 'userType ne "EndUser"';

export const TARGETS: Record<string, [type: string, rules: TargetInput['rules']]> = {
  dashboard: ['qflow-enterprise', { scope: STAFF, limits: 'off' }],
  door: ['qflow-team', { scope: STAFF, onlyAssigned: true, assignments: [{ groupPrefix: 'Event ' }], limits: 'off' }],
};

export interface SandboxCall {
  number: number;
  method: string;
  path: string;
  template: string | null;
  status: number | null;
  fault: string | null;
}

type Records = Record<string, string>[];

export interface SandboxState {
  qflow: { users: Records; teamMembers: Records; assignments: Records; events: Records };
  calls: Record<string, number>;
}

export interface Sandbox {
  url: string;
  state(): Promise<SandboxState>;
  calls(): Promise<SandboxCall[]>;
  /** The last number in the call log, to look only at what comes after. */
  mark(): Promise<number>;
  faults(faults: Record<string, unknown>): Promise<void>;
  profile(profile: string): Promise<void>;
  credentials(system: string): Promise<Record<string, string>>;
  close(): Promise<void>;
}

/** @param stateFile outlives `close`, for tests that stop and start it. */
export async function startSandbox(options: { stateFile?: string; port?: number } = {}): Promise<Sandbox> {
  const sandboxes = createSandboxes(targetTypes, {
    clock: () => new Date(),
    ...(options.stateFile && { stateFile: options.stateFile }),
  });
  const server = await listen(sandboxes.app.fetch, { host: '127.0.0.1', port: options.port ?? 0 });
  const get = async (route: string) => (await fetch(`${server.url}/sandbox/${route}`)).json();
  const post = async (route: string, body: unknown) => {
    const response = await fetch(`${server.url}/sandbox/${route}`, { method: 'POST', body: JSON.stringify(body) });
    if (!response.ok) throw new Error(await response.text());
  };
  return {
    url: server.url,
    state: () => get('state') as Promise<SandboxState>,
    calls: () => get('calls') as Promise<SandboxCall[]>,
    mark: async () => ((await get('calls')) as SandboxCall[]).at(-1)?.number ?? 0,
    faults: (faults) => post('faults', { system: '*', rate: 1, kinds: ['500'], seed: 1, ...faults }),
    profile: (profile) => post('profile', { system: 'qflow', profile }),
    credentials: async (system) => ((await get('credentials')) as Record<string, Record<string, string>>)[system] ?? {},
    async close() {
      await server.close();
      sandboxes.close();
    },
  };
}

/** What an administrator of the downstream system does there, behind Linkspan's back. @returns the answer's JSON. */
export async function byHand(sandbox: Sandbox, method: string, path: string, body?: unknown): Promise<unknown> {
  const {
    tokenUrl = '',
    clientId = '',
    clientSecret = '',
    username = '',
    password = '',
    subscriptionKey = '',
  } = await sandbox.credentials('qflow');
  const grant = { grant_type: 'password', client_id: clientId, client_secret: clientSecret, username, password };
  const token = await fetch(tokenUrl, { method: 'POST', body: new URLSearchParams(grant) });
  const { access_token } = (await token.json()) as { access_token: string };
  const answer = await fetch(`${sandbox.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${access_token}`, 'ocp-apim-subscription-key': subscriptionKey },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}`);
  const text = await answer.text();
  return text === '' ? undefined : JSON.parse(text);
}

export interface ScimAnswer {
  status: number;
  headers: Headers;
  /** Parsed JSON; undefined where there is no body. */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects
  body: any;
}

export interface Scim {
  base: string;
  token: string;
  (method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<ScimAnswer>;
}

export interface Linkspan {
  app: App;
  url: string;
  config: Config;
  /** As the tenant's IdP. */
  scim: Scim;
  sandbox: Sandbox;
  /** Another tenant with the same targets, or none. */
  addTenant(tenant: string, options?: TenantOptions): Promise<Scim>;
  /** Resolves when every target of the tenant is as wanted. @throws after `withinMs`, with what is unsettled. */
  settled(withinMs?: number): Promise<void>;
  close(): Promise<void>;
}

interface TenantOptions {
  idp?: Idp;
  /** Where its targets are; the one of `startLinkspan` unless said otherwise. */
  sandbox?: Sandbox;
  /** Names of TARGETS. */
  targets?: readonly string[];
  pace?: TargetInput['pace'];
}

export interface StartOptions extends TenantOptions {
  kind?: Kind;
  /** A database that exists already; the caller removes it. */
  databaseUrl?: string;
  store?: StoreOptions;
  log?: Log;
  /** One that exists already; the caller removes it. */
  dataDir?: string;
  /** Null: none is made, the database has its own. */
  tenant?: null;
}

export const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

/** Ends with the test. */
export async function startLinkspan(options: StartOptions = {}): Promise<Linkspan> {
  const database = options.databaseUrl ? null : await testDatabase(options.kind ?? 'sqlite');
  const dataDir = options.dataDir ?? (await mkdtemp(path.join(tmpdir(), 'linkspan-data-')));
  const config = readConfig({
    LINKSPAN_PORT: '0',
    LINKSPAN_DATA_DIR: dataDir,
    LINKSPAN_DATABASE_URL: options.databaseUrl ?? database?.url,
    LINKSPAN_SECRET_KEY: Buffer.alloc(32, 7).toString('base64'),
  });
  const sandbox = options.sandbox ?? (await startSandbox());
  const server = await startServer(config, options.log ?? pino({ level: 'silent' }), options.store);
  let open = true;
  const close = async () => {
    if (!open) return;
    open = false;
    await server.close();
  };
  onTestFinished(async () => {
    await close();
    if (!options.sandbox) await sandbox.close();
    await database?.drop();
    if (!options.dataDir) await rm(dataDir, { recursive: true, force: true });
  });

  const addTenant = async (tenant: string, tenantOptions: TenantOptions = {}) => {
    const { app } = server;
    await createTenant(app.store, { tenant, title: tenant, idp: tenantOptions.idp ?? 'generic' });
    const settings = await (tenantOptions.sandbox ?? sandbox).credentials('qflow');
    for (const name of tenantOptions.targets ?? Object.keys(TARGETS)) {
      const [type, rules] = TARGETS[name] ?? [];
      if (!type) throw new Error(`no target ${name}`);
      const known = Object.keys(app.types.get(type)?.settings.shape ?? {});
      const fitting = Object.fromEntries(Object.entries(settings).filter(([key]) => known.includes(key)));
      await addTarget(app, tenant, name, type, { settings: fitting, rules, pace: { ...QUICK, ...tenantOptions.pace } });
    }
    return scimClient(server.url, tenant, await issueToken(app.store, tenant, { label: 'test' }));
  };

  return {
    app: server.app,
    url: server.url,
    config,
    scim: options.tenant === null ? scimClient(server.url, 'acme', 'none') : await addTenant('acme', options),
    sandbox,
    addTenant,
    settled: (withinMs) => settled(server.url, withinMs),
    close,
  };
}

export function scimClient(url: string, tenant: string, token: string): Scim {
  const base = `${url}/tenants/${tenant}/scim/v2`;
  const send = async (method: string, route: string, body?: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(`${base}${route}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { 'content-type': 'application/scim+json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
  };
  return Object.assign(send, { base, token });
}

/** Waits until /metrics says that nothing is unsettled. */
export async function settled(url: string, withinMs = 15_000): Promise<void> {
  const until = Date.now() + withinMs;
  for (;;) {
    const open = (await unsettled(url)).filter((lane) => !lane.endsWith(' 0'));
    if (open.length === 0) return;
    if (Date.now() > until) throw new Error(`not settled: ${open.join('; ')}`);
    await sleep(20);
  }
}

/** The lines of `linkspan_accounts_unsettled`. */
export async function unsettled(url: string): Promise<string[]> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return text.split('\n').filter((line) => line.startsWith('linkspan_accounts_unsettled{'));
}

/** Waits for something that comes about by itself. @throws after `withinMs`, naming it. */
export async function eventually(what: string, holds: () => Promise<boolean>, withinMs = 15_000): Promise<void> {
  const until = Date.now() + withinMs;
  while (!(await holds())) {
    if (Date.now() > until) throw new Error(`did not come about: ${what}`);
    await sleep(20);
  }
}

export function patch(...operations: unknown[]) {
  return { schemas: [PATCH_OP], Operations: operations };
}
