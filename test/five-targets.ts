/** Tenants with the five targets of the demo, and what the sandboxes behind them hold. */
import { furnishTargets } from '../src/cli/demo.ts';
import { type ActionInfo, listActions } from '../src/sync/admin/actions.ts';
import { createTenant, type Idp } from '../src/tenancy/tenants.ts';
import { issueToken } from '../src/tenancy/tokens.ts';
import { type Linkspan, type Sandbox, type Scim, scimClient } from './linkspan.ts';

// biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects
type Records = Record<string, any>[];

export interface State {
  qflow: { users: Records; teamMembers: Records; assignments: Records };
  flowmate: { users: Records; roles: Records };
  uflow: { endUsers: Records };
  platform: { users: Records; invitations: Records };
}

/** There from the start. */
const OWNER = 'owner@sandbox.test';

/** Without what is there from the start. */
export async function stateOf(sandbox: Sandbox): Promise<State> {
  const state = (await (await fetch(`${sandbox.url}/sandbox/state`)).json()) as State;
  return { ...state, uflow: { endUsers: state.uflow.endUsers.filter(({ email }) => email !== OWNER) } };
}

/** The names of a FlowMate user's roles. */
export const rolesOf = ({ flowmate }: State, username: string): string[] =>
  (flowmate.users.find((user) => user.username === username)?.roles ?? []).map(
    (id: string) => flowmate.roles.find((role) => role.id === id)?.name,
  );

/** A tenant like the demo's. @param options.first adds targets that are to be otherwise. */
export async function addDemoTenant(
  { app, url }: Linkspan,
  tenant: string,
  { sandbox, idp = 'generic', first }: { sandbox: Sandbox; idp?: Idp; first?: () => Promise<void> },
): Promise<Scim> {
  await createTenant(app.store, { tenant, title: tenant, idp });
  await first?.();
  await furnishTargets(app, tenant, sandbox.url);
  return scimClient(url, tenant, await issueToken(app.store, tenant, { label: 'test' }));
}

/** What people are asked to do, open ones only. */
export async function asked({ app }: Linkspan, tenant: string): Promise<ActionInfo[]> {
  return (await listActions(app.store, tenant)).actions;
}

/** How often each call was made after `number`, log-ins and what only reads left out: `METHOD template` -> n. */
export async function writesAfter(sandbox: Sandbox, number: number): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { number: each, method, template } of await sandbox.calls()) {
    const call = `${method} ${template}`;
    if (each <= number || method === 'GET' || READS.test(call)) continue;
    counts[call] = (counts[call] ?? 0) + 1;
  }
  return counts;
}

const READS = /\/(token|login|list)$/;
