/**
 * Serves every target's sandbox under one address, and the control surface over all of them.
 *
 * It owns what is the same for all systems: which route a call belongs to, faults, the call log, profiles, state, reset. It
 * refuses to know any system: what a route answers is the part's own (`<type>/sandbox.ts`). Calls under `/sandbox` are
 * control: never logged, never hit by a fault.
 */

import { Hono } from 'hono';
import { TrieRouter } from 'hono/router/trie-router';
import type { SandboxApp, SandboxPart, SandboxSystem, SandboxWorld } from './sandbox.ts';
import { createControl } from './sandbox-control.ts';
import { createFaults, createTimers, type FaultRule, SYSTEMS, strike } from './sandbox-faults.ts';
import { createProfiles } from './sandbox-profiles.ts';
import { openSandboxStore } from './sandbox-store.ts';
import type { TargetType } from './target.ts';

export interface SandboxOptions {
  /** What `GET /sandbox/credentials` shows as the address. Default: the one that the request came to. */
  baseUrl?: string;
  /** SQLite file that the sandboxes' state outlives a process in. Default: memory. */
  stateFile?: string;
  clock: () => Date;
}

export interface Sandboxes {
  /** To be served by `serve({ fetch: app.fetch, ... })` of `@hono/node-server`, which the faults need. */
  app: SandboxApp;
  /** Every call that is served, in the order of the systems' documents. */
  endpoints: readonly Endpoint[];
  /** Ends pending faults and closes the state file; the caller closes the server. */
  close(): void;
}

interface Route {
  system: SandboxSystem;
  /** As the documents write it: `/checkin/v1/api/teammember/{teamMemberId}/assign/{eventId}`. */
  template: string;
}

export interface Endpoint extends Route {
  method: string;
}

export function createSandboxes(
  types: ReadonlyMap<string, Pick<TargetType, 'sandbox'>>,
  { baseUrl, stateFile, clock }: SandboxOptions,
): Sandboxes {
  const parts = [...types.values()].map((type) => type.sandbox);
  const store = openSandboxStore(stateFile);
  const timers = createTimers();
  const profiles = createProfiles(parts, store);
  const faults = createFaults((store.recall('faults') as FaultRule[] | undefined) ?? [], (rules) =>
    store.remember('faults', rules),
  );
  const worlds = new Map(SYSTEMS.map((system) => [system, worldOf(system)]));
  const world = (part: SandboxPart) => worlds.get(part.system) as SandboxWorld;

  function worldOf(system: SandboxSystem): SandboxWorld {
    return {
      collection: (name) => store.collection(system, name),
      profile: (point) => profiles.value(system, point),
      clock,
    };
  }

  function reset(): void {
    const lasting = new Set(parts.flatMap((part) => part.lasting?.map((name) => `${part.system}/${name}`) ?? []));
    store.clear((system, name) => lasting.has(`${system}/${name}`));
    faults.clear();
    profiles.clear();
    for (const part of parts) part.seed(world(part));
    store.remember('seeded', true);
  }
  if (!store.recall('seeded')) reset();

  const systems: SandboxApp = new Hono();
  const router = new TrieRouter<Route>();
  const endpoints = new Map<string, Endpoint>();
  for (const part of parts) {
    const routes = part.routes(world(part));
    systems.route('/', routes);
    for (const { method, path } of routes.routes) {
      if (method === 'ALL') continue;
      const route = { system: part.system, template: documented(path) };
      router.add(method, path, route);
      endpoints.set(`${method} ${path}`, { method, ...route });
    }
  }

  const app: SandboxApp = new Hono();
  app.route('/sandbox', createControl({ parts, world, store, faults, profiles, reset, baseUrl }));
  app.all('*', async (c) => {
    const { method, path } = c.req;
    const route = router.match(method, path)[0][0]?.[0] as Route | undefined;
    const time = clock().toISOString();
    const log = (status: number | null, fault: string | null) =>
      store.log({
        time,
        system: route?.system ?? null,
        method,
        path,
        template: route?.template ?? null,
        status,
        fault,
      });
    if (!route) {
      log(404, null);
      return c.text('No system has this path', 404);
    }
    // Read whole, so that the call can be carried out after its socket was cut.
    const body = method === 'GET' || method === 'HEAD' ? undefined : await c.req.arrayBuffer();
    const { url, headers } = c.req.raw;
    const handle = async () => systems.fetch(new Request(url, { method, headers, body }), c.env);
    const fault = faults.draw({ method, path, ...route });
    if (fault === null) {
      const response = await handle();
      log(response.status, null);
      return response;
    }
    const { response, status } = await strike(fault, handle, c.env, timers);
    log(status, fault);
    return response;
  });

  return {
    app,
    endpoints: [...endpoints.values()],
    close() {
      timers.close();
      store.close();
    },
  };
}

const documented = (path: string) => path.replace(/:(\w+)/g, '{$1}');
