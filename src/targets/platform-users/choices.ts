/** What an invitation carries besides the person: the role and the log-in, by name in the settings, by id to the platform. */
import { TargetError } from '../outcome.ts';
import type { Io } from '../target.ts';
import type { Client } from './client.ts';
import { chosen, isSame, type Role, readAssignment, roleCalled, rolesIn } from './roles.ts';
import type { Settings } from './settings.ts';

export interface Choices {
  /** The platform's roles. @param handles that must be among them: where one is not, the roles are read again. */
  roles(io: Io, handles?: readonly string[]): Promise<readonly Role[]>;
  rolesNow(io: Io): Promise<readonly Role[]>;
  /** The one of these assignments' roles that a person gets, else the default; null: none. @throws TargetError `pause` */
  role(io: Io, assignments: readonly string[]): Promise<Role | null>;
  /** The id to send; null: none is sent. @throws TargetError `pause`: a disabled one would invite who cannot log in. */
  identityProvider(io: Io): Promise<string | null>;
}

/** Roles change seldom. */
const ROLES_MS = 60_000;

export function createChoices(client: Client, settings: Settings): Choices {
  let known: { roles: readonly Role[]; readAt: number } | null = null;

  async function rolesNow(io: Io): Promise<readonly Role[]> {
    const readAt = io.clock().getTime();
    const roles = await client.roles(io);
    known = { roles, readAt };
    return roles;
  }

  async function roles(io: Io, handles: readonly string[] = []): Promise<readonly Role[]> {
    const age = known ? io.clock().getTime() - known.readAt : Number.POSITIVE_INFINITY;
    const recent = known && age >= 0 && age < ROLES_MS ? known.roles : null;
    return recent && handles.every((handle) => roleCalled(handle, recent, settings)) ? recent : rolesNow(io);
  }

  return {
    roles,
    rolesNow,
    async role(io, assignments) {
      const read = assignments.map(readAssignment).filter(({ kind }) => kind === 'role');
      const known = await roles(
        io,
        read.map(({ name }) => name),
      );
      const wanted = chosen(rolesIn(assignments, known, settings), settings);
      if (wanted || settings.defaultRole === '') return wanted;
      const fallback = roleCalled(settings.defaultRole, await roles(io, [settings.defaultRole]), settings);
      return fallback ?? paused(`the platform has no role "${settings.defaultRole}" (setting defaultRole)`);
    },
    async identityProvider(io) {
      const wanted = settings.identityProvider;
      if (wanted === '') return null;
      const providers = await client.identityProviders(io);
      const found = providers.find(({ name }) => isSame(name, wanted)) ?? providers.find(({ id }) => id === wanted);
      if (!found) return paused(`the platform has no identity provider "${wanted}" (setting identityProvider)`);
      return found.enabled ? found.id : paused(`the identity provider "${found.name}" is disabled on the platform`);
    },
  };
}

function paused(reason: string): never {
  throw new TargetError({ kind: 'pause', reason });
}
