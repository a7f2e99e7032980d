/**
 * Finds end users where the system has no exact look-up: its lists show one half at a time (active or not), match parts of
 * an address, and shift under the reader. It owns what makes a reading complete, and leaves out users of other tenants.
 */
import { TargetError } from '../outcome.ts';
import { patiently } from '../patience.ts';
import type { Io } from '../target.ts';
import type { Client } from './client.ts';
import { type EndUser, folded } from './mapping.ts';
import { isUuid, type Settings } from './settings.ts';

/** `by`: how it is known, that there is none included. */
export interface Looked {
  user: EndUser | null;
  by: 'read' | 'listing';
}

export interface Lookup {
  /** Every user with exactly this address, without case. @param halves which lists are read. Default: both. */
  withEmail(io: Io, email: string, halves?: readonly boolean[]): Promise<EndUser[]>;
  /** @param emails under which it may be. @param active where to look first. */
  withId(io: Io, id: string, emails: readonly string[], active?: boolean): Promise<Looked>;
  /** All of the tenant. */
  everybody(io: Io): Promise<EndUser[]>;
}

/** A list that still shifts then is read too slowly, or changed without end. */
const READINGS = 5;

export function createLookup(client: Client, settings: Settings): Lookup {
  /** Lists are sorted newest first and cut by offset [C]: what is added pushes others to the next page, what goes hides one. */
  async function whole(io: Io, filter: { active: boolean; email?: string }): Promise<EndUser[]> {
    for (let reading = 1; reading <= READINGS; reading++) {
      const users = await readPages(io, filter);
      if (users) return users;
    }
    throw unsteady();
  }

  async function half(io: Io, filter: { active: boolean; email?: string }): Promise<EndUser[]> {
    return (await whole(io, filter)).filter((user) => isOurs(user, settings));
  }

  /** @returns null: it shifted meanwhile. */
  async function readPages(io: Io, filter: { active: boolean; email?: string }): Promise<EndUser[] | null> {
    const seen = new Map<string, EndUser>();
    let before: number | null = null;
    for (let number = 1; ; number++) {
      const page = () => client.page(io, filter, number);
      const { users, total } = await (number === 1 ? page() : patiently(page));
      if (before !== null && total !== before) return null;
      for (const user of users) seen.set(user.id, user);
      if (seen.size >= total) return [...seen.values()];
      // Whoever came twice has taken the place of another.
      if (users.length === 0) return null;
      before = total;
    }
  }

  async function everybody(io: Io): Promise<EndUser[]> {
    for (let reading = 1; reading <= READINGS; reading++) {
      const active = await whole(io, { active: true });
      const inactive = await whole(io, { active: false });
      // Who was made active between the two is in neither.
      if ((await client.page(io, { active: true }, 1)).total > active.length) continue;
      const known = new Map([...active, ...inactive].map((user) => [user.id, user]));
      return [...known.values()].filter((user) => isOurs(user, settings));
    }
    throw unsteady();
  }

  return {
    everybody,
    async withEmail(io, email, halves = [true, false]) {
      const found = new Map<string, EndUser>();
      for (const active of halves) {
        for (const user of await half(io, { active, email }))
          if (folded(user.email) === folded(email)) found.set(user.id, user);
      }
      return [...found.values()];
    },
    async withId(io, id, emails, active = true) {
      if (settings.reality === 'code' && isUuid(id)) {
        const user = await client.get(io, id);
        if (user === null || isOurs(user, settings)) return { user, by: 'read' };
        const reason = `user ${id} belongs to another tenant; is tenantId right?`;
        throw new TargetError({ kind: 'pause', reason });
      }
      for (const email of new Set(emails)) {
        for (const first of [active, !active]) {
          const user = (await half(io, { active: first, email })).find((each) => each.id === id);
          if (user) return { user, by: 'read' };
        }
      }
      const all = await everybody(io);
      if (all.length === 0) {
        const reason = 'the list of users is empty although one is linked: nothing is concluded from it';
        throw new TargetError({ kind: 'retry', reason });
      }
      return { user: all.find((each) => each.id === id) ?? null, by: 'listing' };
    },
  };
}

const unsteady = () =>
  new TargetError({
    kind: 'retry',
    reason: `the list of users changed each time that it was read (${READINGS} times)`,
  });

/** Some versions list users of all tenants [C]; not every list says whose a user is. */
export function isOurs(user: EndUser, { tenantField, tenantId }: Pick<Settings, 'tenantField' | 'tenantId'>): boolean {
  const owner = user[tenantField] ?? user.tenant_id ?? user.workspace_id;
  return typeof owner !== 'string' || owner.toLowerCase() === tenantId.toLowerCase();
}
