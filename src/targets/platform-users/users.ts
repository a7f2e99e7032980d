/** Reads what the platform says: a user of the listing, and what came of an invitation. Pure. */
import type { Answer } from '../http.ts';
import type { Fields, Observed } from '../target.ts';
import { idIn, listIn, pick, text, type UserRecord } from './client.ts';
import { keysOf, ROLES_FIELD } from './mapping.ts';
import { canonical, handleOf, isSame, type Role, writeRoles } from './roles.ts';
import { itemsOf, type Settings } from './settings.ts';

/** @param roles the platform's, by whose names a user's are known. */
export function observe(user: UserRecord, roles: readonly Role[], settings: Settings): Observed {
  const state = text(user, 'State');
  const heldRoles = idsIn(pick(user, 'Roles'));
  const places = idsIn(pick(user, 'OrganizationIds'));
  const role = (idOrName: string) => roles.find(({ id, name }) => idOrName === id || idOrName === name);
  const called = (idOrName: string) => {
    const known = role(idOrName);
    return known ? handleOf(known, settings) : idOrName;
  };
  const fields: Fields = {
    ...textsOf(user),
    ...(heldRoles && { Roles: heldRoles.map((each) => role(each)?.name ?? each).join(', ') }),
    ...(places && { OrganizationIds: places.join(', ') }),
    [ROLES_FIELD]: writeRoles(roles),
  };
  // A list that shows the one and not the other could only mislead whoever compares.
  const held = heldRoles &&
    places && [
      ...heldRoles.map((each) => `role:${called(each)}`),
      ...places.map((id) => canonical(`organisation:${id}`, settings)),
    ];
  return {
    id: user.id,
    keys: keysOf(text(user, 'Email')),
    fields,
    enabled: !itemsOf(settings.blockedStates).some((blocked) => isSame(blocked, state)),
    assignments: held?.sort() ?? null,
    ...(state !== '' && { state }),
  };
}

/** Ids or names, plain or as records. @returns null where the listing does not show them. */
export function idsIn(list: unknown): string[] | null {
  if (!Array.isArray(list)) return null;
  return list
    .map((each) => (typeof each === 'string' || typeof each === 'number' ? String(each) : idIn(each)))
    .filter((each) => each !== null);
}

const NOT_FIELDS = ['id', 'email', 'state'];

/** Under the document's names, however they were written. */
function textsOf(user: UserRecord): Fields {
  const texts = Object.entries(user).filter(
    ([name, value]) => typeof value === 'string' && !NOT_FIELDS.includes(name.toLowerCase()),
  );
  return Object.fromEntries(
    texts.map(([name, value]) => [name.charAt(0).toUpperCase() + name.slice(1), String(value)]),
  );
}

export type Invited =
  /** `id`: where the answer names it. */
  | { kind: 'invited'; id: string | null }
  /** In words of the platform. */
  | { kind: 'refused'; words: string };

/** A success may hold a result per user, one of which may be a refusal; or nothing at all. */
export function resultOf({ body }: Answer, address: string): Invited {
  const list = listIn(body) ?? (typeof body === 'object' && body !== null ? [body] : []);
  const result = list.find((each) => isSame(text(each, 'Email'), address));
  if (result === undefined) return { kind: 'invited', id: null };
  const words = ['Error', 'ErrorMessage', 'Message'].map((name) => text(result, name)).find((each) => each !== '');
  const isRefused = pick(result, 'Success') === false || /fail|error|reject|invalid/i.test(text(result, 'Status'));
  if (isRefused || text(result, 'Error') !== '') return { kind: 'refused', words: words ?? 'no reason given' };
  return { kind: 'invited', id: idIn(result) ?? idIn(result, 'UserId') };
}
