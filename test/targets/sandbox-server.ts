/** Serves sandboxes over real HTTP for a test, and asks their control surface what happened. */
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { targetTypes } from '../../src/targets/registry.ts';
import { createSandboxes, type SandboxOptions } from '../../src/targets/sandbox-host.ts';
import type { SandboxCall } from '../../src/targets/sandbox-store.ts';
import type { Io, Vault } from '../../src/targets/target.ts';

type Record = { [name: string]: string };

export interface State {
  qflow: { users: Record[]; teamMembers: Record[]; assignments: Record[]; events: Record[]; mails: Record[] };
  flowmate: { users: Record[]; roles: Record[] };
  uflow: { endUsers: Record[]; mails: Record[] };
  platform: { users: Record[]; invitations: Record[]; roles: Record[]; identityProviders: Record[] };
  calls: { [call: string]: number };
}

export interface SandboxServer {
  url: string;
  state(): Promise<State>;
  calls(after?: number): Promise<SandboxCall[]>;
  /** What a client needs to call `system`. Default: qflow. */
  credentials(system?: string): Promise<Record>;
  /** Posts to `/sandbox{path}`. @throws for any status but a 2xx. */
  control(path: string, body?: unknown): Promise<unknown>;
  close(): Promise<void>;
}

export async function startSandboxes(options: Partial<SandboxOptions> = {}): Promise<SandboxServer> {
  const sandboxes = createSandboxes(targetTypes, { clock: () => new Date(), ...options });
  const server = serve({ fetch: sandboxes.app.fetch, port: 0, hostname: '127.0.0.1' });
  if (!server.listening) await new Promise((resolve) => server.once('listening', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const read = async (path: string) => (await fetch(`${url}/sandbox${path}`)).json();
  return {
    url,
    state: () => read('/state') as Promise<State>,
    calls: (after = 0) => read(`/calls?after=${after}`) as Promise<SandboxCall[]>,
    credentials: async (system = 'qflow') =>
      ((await read('/credentials')) as { [system: string]: Record })[system] ?? {},
    async control(path, body = {}) {
      const response = await fetch(`${url}/sandbox${path}`, { method: 'POST', body: JSON.stringify(body) });
      if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
      return response.json();
    },
    async close() {
      await new Promise((resolve) => {
        server.close(resolve);
        if ('closeAllConnections' in server) server.closeAllConnections();
      });
      sandboxes.close();
    },
  };
}

/** As the engine's: cuts at a time-out. @param clock lets a test move on without waiting. */
export function testIo({ timeoutMs = 2_000, clock = () => new Date() } = {}): Io {
  return { clock, fetch: (url, init) => fetch(url, { ...init, signal: AbortSignal.timeout(timeoutMs) }) };
}

/** Keeps its value in memory, and every value that it was given. */
export function testVault(): Vault & { saved: string[] } {
  const saved: string[] = [];
  return {
    saved,
    load: async () => saved.at(-1) ?? null,
    save: async (value) => {
      saved.push(value);
    },
  };
}
