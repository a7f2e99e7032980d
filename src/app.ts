/** The composition root: configuration -> store -> directory -> sync -> http. Nothing else knows how the parts fit. */

import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { serve } from '@hono/node-server';
import { type Config, hostForUrl, publicUrlOf } from './config.ts';
import { createDirectory, type Directory } from './directory/directory.ts';
import { createQuirkLedger, type QuirkLedger } from './directory/quirks.ts';
import { reindex } from './directory/reindex.ts';
import { createScopeCompiler } from './directory/scope.ts';
import { userShape } from './directory/user-shape.ts';
import { createMetrics } from './http/metrics.ts';
import { createServer } from './http/server.ts';
import type { Log } from './log.ts';
import { loadSchemas } from './schemas.ts';
import type { ResourceType, Schema } from './scim/schema.ts';
import { StoreUnavailable } from './store/errors.ts';
import { openStore, type Store, type StoreOptions } from './store/store.ts';
import type { TargetsContext } from './sync/admin/targets.ts';
import { createMappingCompiler } from './sync/rules/mapping/mapping.ts';
import { type SyncOptions, startSync } from './sync/sync.ts';
import { census } from './sync/upkeep/census.ts';
import { PROVISIONING, readProvisioning } from './sync/upkeep/provisioning-state.ts';
import { aboutPassword, takersOf } from './sync/work/pass-through.ts';
import { targetTypes } from './targets/registry.ts';
import type { TargetType } from './targets/target.ts';
import { type Cipher, createCipher, deriveKey } from './tenancy/cipher.ts';
import { createAuthenticator } from './tenancy/tokens.ts';

/** What every command needs. */
export interface App extends TargetsContext {
  store: Store;
  directory: Directory;
  quirks: QuirkLedger;
  resourceTypes: ReadonlyMap<string, ResourceType>;
  schemas: readonly Schema[];
  types: ReadonlyMap<string, TargetType>;
  cipher: Cipher;
  close(): Promise<void>;
}

export interface RunningServer {
  port: number;
  /** Without a trailing slash. */
  url: string;
  close(): Promise<void>;
}

export class MissingKey extends Error {
  override readonly name = 'MissingKey';
  constructor() {
    super(
      'LINKSPAN_SECRET_KEY is not set. It encrypts the credentials of targets. Make one with: openssl rand -base64 32',
    );
  }
}

export interface AppHooks {
  /** Told after every write that sync has to carry on. */
  wake: () => void;
  publicUrl: () => string;
  /** Told when the quirk ledger cannot be written: it is kept, and tried again. */
  onLedgerError: (error: unknown) => void;
}

export async function openApp(config: Config, hooks?: AppHooks, storeOptions?: StoreOptions): Promise<App> {
  const wake = hooks?.wake ?? (() => {});
  const publicUrl = hooks?.publicUrl ?? (() => publicUrlOf(config, config.port));
  const { resourceTypes, schemas } = await loadSchemas(config.dataDir);
  const userType = resourceTypes.get('User');
  if (!userType) throw new Error('scim-schemas/ defines no User.');
  const store = await openStore(config.databaseUrl, storeOptions);
  const cipher = config.secretKey ? createCipher(config.secretKey) : withoutKey();
  const quirks = createQuirkLedger(store, { onError: hooks?.onLedgerError });
  const directory = createDirectory({
    store,
    types: resourceTypes,
    computed: { [PROVISIONING]: readProvisioning },
    baseUrl: (tenant) => `${publicUrl()}/tenants/${tenant}/scim/v2`,
    // Without a key nothing is served, so no cursor has to be understood by another process.
    cursors: createCipher(deriveKey(config.secretKey ?? randomBytes(32), 'cursors')),
    onChange: wake,
    onNotes: quirks.record,
    passwords: { targets: takersOf, seal: (plain, owner) => cipher.seal(plain, aboutPassword(owner)) },
  });
  return {
    store,
    directory,
    quirks,
    resourceTypes,
    schemas,
    types: targetTypes,
    cipher,
    compileScope: createScopeCompiler(userType),
    compileMapping: createMappingCompiler(userShape(userType)),
    async close() {
      await quirks.close();
      await store.close();
    },
  };
}

/** Reading the directory needs no key; whatever touches a secret does. */
function withoutKey(): Cipher {
  const refuse = () => Promise.reject(new MissingKey());
  return { seal: refuse, open: refuse };
}

/** Serves SCIM and carries changes on, until closed. */
export async function startServer(
  config: Config,
  log: Log,
  storeOptions?: StoreOptions,
): Promise<RunningServer & { app: App }> {
  if (!config.secretKey) throw new MissingKey();
  let wake = () => {};
  let port = config.port;
  const hooks: AppHooks = {
    wake: () => wake(),
    publicUrl: () => publicUrlOf(config, port),
    onLedgerError: (error) => log.warn({ err: error }, 'the quirk ledger cannot be written; it will be tried again'),
  };
  const app = await openApp(config, hooks, storeOptions);
  const reindexed = await reindex(app.store, [...app.resourceTypes.values()]).catch(async (error) => {
    await app.close();
    throw error;
  });
  if (reindexed && reindexed.resources > 0) log.info(reindexed, 'search forms made anew for changed schemas');
  const metrics = createMetrics(() => census(app.store));
  const http = createServer({
    app,
    metrics,
    log,
    authenticate: createAuthenticator(app.store),
    onNotes: app.quirks.record,
    ready: async () => void (await app.store.now()),
  });
  const listener = await listen(http.fetch, config).catch(async (error) => {
    await app.close();
    throw error;
  });
  port = listener.port;
  const options: SyncOptions = {
    ...app,
    keep: { days: config.keepDays, receiptDays: config.keepReceiptDays },
    onCall: (lane, call) =>
      metrics.countCall(lane.tenant, lane.name, String(call.status ?? call.error), call.duration_ms / 1_000),
    onWorked(lane, account, { outcome, reason, held, removals }) {
      for (const { kind, seconds } of removals) metrics.countRemoval(lane.tenant, lane.name, kind, seconds);
      metrics.countOutcome(lane.tenant, lane.name, held ? outcome : 'lost', (Date.now() - account.changed_at) / 1_000);
      const level = outcome === 'reject' || outcome === 'pause' ? 'warn' : 'debug';
      log[level](
        { tenant: lane.tenant, target: lane.name, user: account.user_id, outcome, reason },
        'account worked on',
      );
    },
    onReconciled(lane, reconciled) {
      if (reconciled.kind !== 'run') return;
      const { id, state, problem, listed, counts } = reconciled.run;
      const level = state === 'done' ? 'info' : 'warn';
      log[level](
        { tenant: lane.tenant, target: lane.name, run: id, listed, ...JSON.parse(counts), reason: problem },
        'target reconciled',
      );
    },
    onCatalogue(lane, { kind, ...said }) {
      if (kind !== 'refreshed' && kind !== 'failed') return;
      const level = kind === 'failed' ? 'warn' : 'info';
      log[level]({ tenant: lane.tenant, target: lane.name, ...said }, `catalogue ${kind}`);
    },
    onBroken: ({ tenant, name }, problem) =>
      log.error({ tenant, target: name, reason: problem.message }, 'target cannot be opened'),
    onError: (error) => log.error({ err: error }, 'sync is held up and will try again'),
  };
  const sync = await startPersistently(options).catch(async (error) => {
    // Nobody would carry on what is accepted.
    await listener.close();
    await app.close();
    throw error;
  });
  wake = sync.wake;
  return {
    app,
    port,
    url: publicUrlOf(config, port),
    async close() {
      await listener.close();
      await sync.stop();
      await app.close();
    },
  };
}

/** Requests are accepted already: a database that goes away just now is waited for. */
async function startPersistently(options: SyncOptions): ReturnType<typeof startSync> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startSync(options);
    } catch (error) {
      if (!(error instanceof StoreUnavailable) || attempt === START_ATTEMPTS) throw error;
      options.onError(error);
      await sleep(START_PAUSE_MS);
    }
  }
}

const START_ATTEMPTS = 60;
const START_PAUSE_MS = 500;

/** A filter may stand in the URL: long enough for the longest that is read, percent-encoded (scim/filter). */
const MAX_HEADER_BYTES = 131_072;

/** @throws the system's own error (EADDRINUSE ...) where the address cannot be listened on. */
export function listen(
  fetch: (request: Request) => Response | Promise<Response>,
  { host, port }: { host: string; port: number },
): Promise<RunningServer> {
  return new Promise((resolve, reject) => {
    const options = { fetch, hostname: host, port, serverOptions: { maxHeaderSize: MAX_HEADER_BYTES } };
    const server = serve(options, (address: AddressInfo) => {
      server.off('error', reject);
      resolve({
        port: address.port,
        url: `http://${hostForUrl(host)}:${address.port}`,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            // Idle connections would keep the process alive; those with a request under way end with it.
            if ('closeIdleConnections' in server) server.closeIdleConnections();
            setTimeout(() => 'closeAllConnections' in server && server.closeAllConnections(), 3_000).unref();
          }),
      });
    });
    server.once('error', reject);
  });
}
