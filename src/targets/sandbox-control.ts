/** The control surface under `/sandbox`: what a test, a demo or a person sees and sets, outside the systems themselves. */
import { Hono } from 'hono';
import { z } from 'zod';
import type { SandboxApp, SandboxPart, SandboxRecord, SandboxWorld } from './sandbox.ts';
import { FaultRule, type Faults, SYSTEMS } from './sandbox-faults.ts';
import type { Profiles } from './sandbox-profiles.ts';
import type { SandboxStore } from './sandbox-store.ts';

export interface ControlParts {
  parts: readonly SandboxPart[];
  world: (part: SandboxPart) => SandboxWorld;
  store: SandboxStore;
  faults: Faults;
  profiles: Profiles;
  reset: () => void;
  baseUrl: string | undefined;
}

/** Every key of `GET /sandbox/state`, there whether or not the system is built. */
const STATE = {
  qflow: ['users', 'teamMembers', 'assignments', 'events'],
  flowmate: ['users', 'roles'],
  uflow: ['endUsers'],
  platform: ['users', 'invitations', 'roles', 'identityProviders'],
} as const;

const ProfileChoice = z.strictObject({
  system: z.enum([...SYSTEMS, '*']),
  profile: z.union([z.string().min(1), z.record(z.string(), z.string())]),
});

const After = z.coerce.number().int().min(0).default(0);

export function createControl({ parts, world, store, faults, profiles, reset, baseUrl }: ControlParts): SandboxApp {
  const app: SandboxApp = new Hono();

  app.get('/state', (c) => {
    const systems = SYSTEMS.map((system) => {
      const shown = parts.filter((part) => part.system === system).flatMap((part) => part.collections);
      const names = [...new Set([...STATE[system], ...shown])];
      const records = names.map((name): [string, SandboxRecord[]] => [name, store.collection(system, name).all()]);
      return [system, Object.fromEntries(records)];
    });
    return c.json({ ...Object.fromEntries(systems), calls: store.callCounts() });
  });

  app.get('/calls', (c) => c.json(store.callsAfter(read(After, c.req.query('after') ?? undefined))));

  app.get('/credentials', (c) => {
    const base = (baseUrl ?? new URL(c.req.url).origin).replace(/\/+$/, '');
    const credentials: Record<string, Record<string, string>> = {};
    for (const part of parts) credentials[part.system] = { ...credentials[part.system], ...part.credentials(base) };
    return c.json(credentials);
  });

  app.get('/faults', (c) => c.json({ faults: faults.rules() }));
  app.post('/faults', async (c) => {
    faults.set(read(FaultRule, await c.req.json()));
    return c.json({ faults: faults.rules() });
  });

  app.get('/profile', (c) => c.json(Object.fromEntries(SYSTEMS.map((system) => [system, profiles.all(system)]))));
  app.post('/profile', async (c) => {
    const { system, profile } = read(ProfileChoice, await c.req.json());
    const wishes =
      typeof profile === 'string'
        ? profile.split(',').map((wish) => wish.trim())
        : Object.entries(profile).map(([point, value]) => `${point}=${value}`);
    const chosen = system === '*' ? SYSTEMS : [system];
    profiles.set(chosen, wishes);
    return c.json(Object.fromEntries(chosen.map((each) => [each, profiles.all(each)])));
  });

  app.post('/reset', (c) => {
    reset();
    return c.json({ reset: true });
  });

  for (const part of parts) if (part.control) app.route(`/${part.system}`, part.control(world(part)));

  app.all('*', (c) => c.json({ error: `The control surface has no ${c.req.method} ${c.req.path}` }, 404));
  app.onError((error, c) => c.json({ error: error.message }, 400));
  return app;
}

/** @throws Error in plain words. */
function read<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new Error(result.error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`).join('; '));
}
