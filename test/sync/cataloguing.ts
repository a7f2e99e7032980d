/** A server, and a system of which a test decides what it has to assign: asked over HTTP, through a target's own lane. */
import { Hono } from 'hono';
import { onTestFinished } from 'vitest';
import { listen } from '../../src/app.ts';
import { requireTarget } from '../../src/sync/admin/targets.ts';
import { type RefreshOptions, refresh } from '../../src/sync/catalogue/refresh.ts';
import { type Lane, openLane } from '../../src/sync/lanes/lanes.ts';
import type { CatalogueEntry } from '../../src/targets/target.ts';
import { type Linkspan, type StartOptions, startLinkspan } from '../linkspan.ts';

export const ENTRY = 'urn:linkspan:params:scim:schemas:extension:catalogue:2.0:Entry';

export const ENTRIES: CatalogueEntry[] = [
  { kind: 'role', id: 'r1', name: 'Viewer', weight: 10 },
  { kind: 'role', id: 'r2', name: 'Editor', description: 'Changes things', weight: 20.5 },
  { kind: 'organisation', id: 'o1', name: 'North' },
];

export interface System {
  /** Two a page. */
  entries: CatalogueEntry[];
  /** Of every answer from now on; on the second page alone where `onlyLater`. */
  status: number;
  onlyLater: boolean;
  /** So many answers from now on are 503. */
  busyFor: number;
  /** Answers wait for it. */
  gate: Promise<void>;
  /** Requests so far. */
  requests: number;
  url: string;
}

export async function startSystem(): Promise<System> {
  const system: System = {
    entries: [...ENTRIES],
    status: 200,
    onlyLater: false,
    busyFor: 0,
    gate: Promise.resolve(),
    requests: 0,
    url: '',
  };
  const app = new Hono().get('/entries', async (c) => {
    system.requests++;
    await system.gate;
    if (system.busyFor > 0) {
      system.busyFor--;
      return c.text('busy', 503);
    }
    const from = Number(c.req.query('from'));
    const fails = system.status !== 200 && (from > 0 || !system.onlyLater);
    return fails ? c.text('no', system.status as 500) : c.json(system.entries.slice(from, from + 2));
  });
  const server = await listen(app.fetch, { host: '127.0.0.1', port: 0 });
  onTestFinished(() => server.close());
  return Object.assign(system, { url: server.url });
}

/** The target's lane, as if its type were a system with roles and organisations. */
export async function laneOf({ app }: Linkspan, system: System, tenant = 'acme', name = 'door'): Promise<Lane> {
  const lane = await openLane(await requireTarget(app.store, tenant, name), { ...app, onCall: () => {} });
  const assignments = { noun: 'role', kinds: ['role', 'organisation'] };
  lane.type = { ...lane.type, capabilities: { ...lane.type.capabilities, assignments } };
  // Answers are held back for as long as a test likes.
  lane.pace = { ...lane.pace, callTimeoutMs: 120_000 };
  lane.connection = {
    ...lane.connection,
    async catalogue(io) {
      const all: CatalogueEntry[] = [];
      for (let page: CatalogueEntry[]; ; all.push(...page)) {
        const response = await io.fetch(`${system.url}/entries?from=${all.length}`);
        if (!response.ok) throw new Error(`GET /entries answered ${response.status}`);
        page = (await response.json()) as CatalogueEntry[];
        if (page.length === 0) return all;
      }
    },
  };
  return lane;
}

export async function withCatalogue(options: StartOptions = {}) {
  const linkspan = await startLinkspan({ targets: ['door'], ...options });
  const system = await startSystem();
  const lane = await laneOf(linkspan, system);
  const { store, resourceTypes } = linkspan.app;
  const look = (more: Partial<RefreshOptions> = {}, of = lane) => refresh(store, of, { resourceTypes, ...more });
  /** Roles, or entitlements, by name. */
  const shown = async (endpoint: '/Roles' | '/Entitlements') => {
    const { body } = await linkspan.scim('GET', endpoint);
    return new Map<string, Record<string, unknown>>(
      // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects
      body.Resources.map((resource: any) => [resource[ENTRY].name, resource]),
    );
  };
  return { ...linkspan, system, lane, look, shown };
}
