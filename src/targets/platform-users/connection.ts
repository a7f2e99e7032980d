/**
 * Finds, lists and invites users of one platform. It owns what the platform's listing means: when absence is proven, and
 * whether what is wanted shows. What a person does in the platform's own pages is seen here and never done.
 */
import { TargetError } from '../outcome.ts';
import { createSharedList } from '../shared-list.ts';
import type { Applied, CatalogueEntry, Connection, Found, Io, Query, Subject, Vault } from '../target.ts';
import { createChoices } from './choices.ts';
import { createClient, pick, type UserRecord } from './client.ts';
import { index, type Listing } from './directory.ts';
import { invite } from './invite.ts';
import { chosen, handleOf, isSame, organisationId, type Role, readAssignment, roleCalled, rolesIn } from './roles.ts';
import { organisationsOf, type Settings } from './settings.ts';
import { idsIn, observe as observeAs } from './users.ts';

export function open(settings: Settings, vault: Vault): Connection {
  const client = createClient(settings, vault);
  const listing = createSharedList(async (io) => index(await client.users(io)));
  const choices = createChoices(client, settings);
  const observe = async (user: UserRecord, io: Io) => observeAs(user, await choices.roles(io), settings);
  const parts = { client, listing, choices, settings, observe };

  async function find({ id, keys, openIntent }: Query, io: Io): Promise<Found> {
    const addresses = keys.map(({ Email = '' }) => Email);
    const fitting = (users: Listing): UserRecord[] => {
      const linked = id === null ? undefined : users.byId(id);
      if (linked) return [linked];
      return id !== null && !openIntent ? [] : users.at(addresses);
    };
    const users = await listed(fitting, id !== null || openIntent, io);
    if (users.items.length === 0 && id !== null) {
      const reason = 'the list of users is empty although one is linked: nothing is concluded from it';
      throw new TargetError({ kind: 'retry', reason });
    }
    const [first, ...others] = fitting(users);
    if (!first) return { kind: 'absent' };
    if (others.length === 0) return { kind: 'found', observed: await observe(first, io) };
    const ids = [first, ...others].map((user) => user.id);
    return { kind: 'ambiguous', ids, detail: `${ids.length} users have this e-mail address` };
  }

  /**
   * @param isDelicate the user was there once, or may be: then absence must hold in a list that was read for it and, where
   * pages may have moved under the reader, in a second one.
   */
  async function listed(fitting: (users: Listing) => UserRecord[], isDelicate: boolean, io: Io): Promise<Listing> {
    const maxAge = settings.listingSeconds * 1_000;
    const recent = await listing.recent(io, maxAge);
    if (!isDelicate || fitting(recent).length > 0) return recent;
    const fresh = maxAge > 0 ? await listing.fresh(io) : recent;
    return !fresh.isPaged || fitting(fresh).length > 0 ? fresh : listing.fresh(io);
  }

  /** No call assigns: this says whether the invitation could and did carry what is wanted. */
  async function confirm(subject: string, { desired, observed }: Subject, io: Io): Promise<Applied> {
    const { kind, name } = readAssignment(subject);
    const confirmed: Applied = { evidence: 'answer', ...(observed && { observed }) };
    if (kind === 'organisation') {
      if (organisationId(name, settings) !== null) return confirmed;
      throw new TargetError({ kind: 'reject', reason: `organisation ${name} is not in the setting organisations` });
    }
    const roles = await choices.roles(io, [name]);
    if (!roleCalled(name, roles, settings)) throw new TargetError({ kind: 'reject', reason: noRole(name, roles) });
    const winner = chosen(rolesIn(desired?.assignments ?? [], roles, settings), settings);
    const held = observed?.assignments;
    if (!held || !winner || held.includes(`role:${handleOf(winner, settings)}`)) return confirmed;
    throw new TargetError({ kind: 'retry', reason: `role ${winner.name} does not show on user ${observed.id}` });
  }

  function noRole(name: string, roles: readonly Role[]): string {
    const alike = roles.filter((role) => isSame(role.name, name) || role.id === name);
    const [first, ...others] = alike.map((role) => handleOf(role, settings));
    if (first === undefined) return `the platform has no role ${name}`;
    const ids = alike.map(({ id }) => id).join(', ');
    return others.length === 0
      ? `the platform has no role ${name}; write ${first}`
      : `the platform has several roles ${name} (ids ${ids}); set rolesBy to id`;
  }

  /** Organisations have no call: those of the settings, and those that some user is in. */
  async function catalogue(io: Io): Promise<CatalogueEntry[]> {
    const roles = (await choices.rolesNow(io)).map((role): CatalogueEntry => {
      const { name, weight } = role;
      return { kind: 'role', id: handleOf(role, settings), name, ...(weight !== null && { weight }) };
    });
    const names = new Map(organisationsOf(settings).map(({ id, name }) => [id, name]));
    const { items } = await listing.fresh(io);
    const seen = items.flatMap((user) => idsIn(pick(user, 'OrganizationIds')) ?? []);
    const ids = [...new Set([...names.keys(), ...seen])];
    return [...roles, ...ids.map((id) => ({ kind: 'organisation', id, name: names.get(id) ?? id }))];
  }

  return {
    /** Also the probe of a paused target, so it asks for whatever may have paused it. */
    async check(io) {
      const { items, total } = await client.firstUsers(io);
      await choices.rolesNow(io);
      await choices.role(io, []);
      await choices.identityProvider(io);
      const count = total ?? (items.length < settings.pageSize ? items.length : `${items.length} or more`);
      return `Signed in as ${settings.username}; ${count} users on the platform.`;
    },
    find,
    async *list(io) {
      for (const user of (await listing.fresh(io)).items) yield await observe(user, io);
    },
    async apply(step, subject, io) {
      if (step.kind === 'create') return invite(step, parts, io);
      if (step.kind === 'assign' && step.manual === undefined) return confirm(step.subject ?? '', subject, io);
      const reason = `the platform's API has no call for ${step.kind}: it is done by hand`;
      throw new TargetError({ kind: 'reject', reason });
    },
    catalogue,
  };
}
