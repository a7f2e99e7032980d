/**
 * Roles and permissions between the names that assignments have and what the API wants. It owns how long the list of roles
 * is believed, and which role a name means where several have it.
 */
import { TargetError } from '../outcome.ts';
import type { Io } from '../target.ts';
import type { Client, Role } from './client.ts';
import { listOf, read, type UserRecord } from './mapping.ts';
import type { Settings } from './settings.ts';

/** What is sent: ids of roles, names of permissions. */
type Lists = { roles?: string[]; permissions?: string[] };
type Held = Pick<Role, 'id' | 'name'>;

export interface Roles {
  /** The user's. */
  of(user: UserRecord, io: Io): Promise<Held[]>;
  /**
   * What to write so that the user has the assignment, or has it no more; null: it is so already.
   * @param kept assignments that stay: the role taken may be one of them, by its other name. @throws TargetError reject
   */
  change(user: UserRecord, assignment: string, kept: readonly string[] | null, io: Io): Promise<Lists | null>;
  /** For a new user: what to write, and what that gives; an assignment that does not exist is left out. */
  forNew(assignments: readonly string[], io: Io): Promise<{ lists: Lists; roles: Held[] }>;
}

/** A list this old is believed as long as it knows what it is asked for, ... */
const BELIEVED_MS = 60_000;
/** ... and one this old when a role's name is missing for show only. To refuse an assignment it is read anew. */
const SHOWN_MS = 10_000;

export function createRoles(settings: Settings, client: Client): Roles {
  let last: { roles: Role[]; readAt: number } | null = null;
  let reading: Promise<Role[]> | null = null;

  async function list(io: Io, maxAgeMs: number): Promise<Role[]> {
    const now = io.clock().getTime();
    if (last && now >= last.readAt && now - last.readAt < maxAgeMs) return last.roles;
    reading ??= client.roles(io).finally(() => {
      reading = null;
    });
    const roles = await reading;
    last = { roles, readAt: now };
    return roles;
  }

  /** What fits, from a believed list or else from a newer one. */
  async function fitting(fits: (role: Role) => boolean, io: Io, doubtedMs = 0): Promise<Role[]> {
    const believed = (await list(io, BELIEVED_MS)).filter(fits);
    return believed.length > 0 ? believed : (await list(io, doubtedMs)).filter(fits);
  }

  /** Roles of a record come as objects or as ids. A role that is gone goes by its id. */
  async function held(user: UserRecord, io: Io): Promise<Held[]> {
    const entries: Held[] = [];
    for (const value of listOf(user.roles)) {
      const id = typeof value === 'string' ? value : client.idOf(value);
      if (id === null) continue;
      const { name } = (typeof value === 'object' ? value : {}) as { name?: unknown };
      if (typeof name === 'string') entries.push({ id, name });
      else entries.push({ id, name: (await fitting((role) => role.id === id, io, SHOWN_MS))[0]?.name ?? id });
    }
    return entries;
  }

  /** @throws TargetError `reject` where no role, or more than one, is meant. */
  async function meant(called: string, tenant: unknown, io: Io): Promise<Held> {
    const candidates = await fitting((role) => role.id === called || role.name === called, io);
    const byId = candidates.filter((role) => role.id === called);
    const own = candidates.filter((role) => role.tenant !== null && role.tenant === tenant);
    const global = candidates.filter((role) => role.tenant === null);
    const best = [byId, own, global, candidates].find((roles) => roles.length > 0) ?? [];
    if (best[0] && best.length === 1) return best[0];
    const known = last?.roles.map((role) => role.name).join(', ');
    const reason =
      best.length > 1
        ? `FlowMate has ${best.length} roles named "${called}"; write the id of one: ${best.map(({ id }) => id).join(', ')}`
        : `FlowMate has no role "${called}"; it has: ${known || 'none'}`;
    throw new TargetError({ kind: 'reject', reason: reason.slice(0, 300) });
  }

  const roles: Roles = {
    of: held,
    async change(user, assignment, kept, io): Promise<Lists | null> {
      const { kind, name } = read(assignment);
      const isTaken = kept !== null;
      if (kind === 'permission') {
        const permissions = listOf(user.permissions).map(String);
        if (permissions.includes(name) !== isTaken) return null;
        const others = permissions.filter((each) => each !== name);
        return { permissions: isTaken ? others : [...others, name] };
      }
      const all = await held(user, io);
      const ids = all.map(({ id }) => id);
      const called = all.filter((role) => role.id === name || role.name === name);
      if (called.length > 0 !== isTaken) return null;
      if (!isTaken) return { roles: [...ids, (await meant(name, user.tenant, io)).id] };
      // Of several that share the name, only the one that we would give is ours to take.
      const taken = called.length > 1 ? await meant(name, user.tenant, io) : called[0];
      const isKept = kept
        .map(read)
        .some((each) => each.kind === 'role' && [taken?.id, taken?.name].includes(each.name));
      return isKept ? null : { roles: ids.filter((id) => id !== taken?.id) };
    },
    async forNew(assignments, io) {
      const given: Held[] = [];
      const permissions: string[] = [];
      for (const { kind, name } of assignments.map(read)) {
        try {
          if (kind === 'permission') permissions.push(name);
          else given.push(await meant(name, settings.tenantId, io));
        } catch (error) {
          if (!(error instanceof TargetError) || error.failure.kind !== 'reject') throw error;
        }
      }
      const ids = [...new Set(given.map(({ id }) => id))];
      const lists = { ...(ids.length > 0 && { roles: ids }), ...(permissions.length > 0 && { permissions }) };
      return { lists, roles: given };
    },
  };
  return roles;
}
