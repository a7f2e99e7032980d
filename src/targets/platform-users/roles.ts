/**
 * Roles and organisations: how assignments are written, which two mean the same, and which role is chosen where several are
 * wanted. Pure. What may be done about them is `mapping.ts`'s matter, and what the platform shows `connection.ts`'s.
 */
import { organisationsOf, type Settings } from './settings.ts';

/** What an assignment is here; the first is meant where none is written. */
export const KINDS = ['role', 'organisation'] as const;
export type Kind = (typeof KINDS)[number];

export interface Role {
  id: string;
  name: string;
  /** null: the platform gives none. */
  weight: number | null;
}

/** `role:Admin`, `Admin` or `organisation:17`, taken apart. */
export function readAssignment(assignment: string): { kind: Kind; name: string } {
  const [, written, rest = ''] = /^(role|organisation):(.*)$/is.exec(assignment.trim()) ?? [];
  const kind = KINDS.find((each) => each === written?.toLowerCase());
  return kind ? { kind, name: rest.trim() } : { kind: 'role', name: assignment.trim() };
}

/**
 * An assignment as it is compared and shown: with its kind, an organisation by the name that the settings give it, a role as
 * written, since only the platform knows its roles.
 */
export function canonical(assignment: string, settings: Settings): string {
  const { kind, name } = readAssignment(assignment);
  if (kind === 'role') return `role:${name}`;
  return `organisation:${organisationNamed(name, settings)?.name ?? name}`;
}

/** The id to send, or null for an organisation that the settings do not have while they have others. */
export function organisationId(name: string, settings: Settings): string | null {
  const known = organisationNamed(name, settings);
  if (known) return known.id;
  return settings.organisations === '' ? name : null;
}

function organisationNamed(name: string, settings: Settings) {
  const known = organisationsOf(settings);
  return known.find((each) => isSame(each.name, name)) ?? known.find((each) => each.id === name);
}

/** What a role is called in assignments. */
export function handleOf(role: Role, { rolesBy }: Pick<Settings, 'rolesBy'>): string {
  return rolesBy === 'id' ? role.id : role.name;
}

/** The one role that is called so, in this case; null where there is none, or several of one name. */
export function roleCalled(handle: string, roles: readonly Role[], settings: Pick<Settings, 'rolesBy'>): Role | null {
  const [role, ...others] = roles.filter((each) => handleOf(each, settings) === handle);
  return role && others.length === 0 ? role : null;
}

/** Those of the assignments that are roles, and that there are. */
export function rolesIn(
  assignments: readonly string[],
  roles: readonly Role[],
  settings: Pick<Settings, 'rolesBy'>,
): Role[] {
  const wanted = assignments.map(readAssignment).filter(({ kind }) => kind === 'role');
  return wanted.map(({ name }) => roleCalled(name, roles, settings)).filter((role) => role !== null);
}

/** Of several roles the one to give. Equal weights: the first by name; without a weight: the last of all. */
export function chosen(roles: readonly Role[], { roleByWeight }: Pick<Settings, 'roleByWeight'>): Role | null {
  const sign = roleByWeight === 'highest' ? -1 : 1;
  const rank = ({ weight }: Role) => (weight === null ? Number.POSITIVE_INFINITY : sign * weight);
  const order = (a: Role, b: Role) => {
    if (rank(a) !== rank(b)) return rank(a) < rank(b) ? -1 : 1;
    return a.name < b.name ? -1 : 1;
  };
  return [...roles].sort(order)[0] ?? null;
}

/** Roles as a text, for a record's field: the plan needs their weights, and sees nothing but the record. */
export function writeRoles(roles: readonly Role[]): string {
  return JSON.stringify(roles.map(({ id, name, weight }) => [id, name, weight]));
}

export function readRoles(text: string | undefined): Role[] {
  const rows = JSON.parse(text ?? '[]') as [string, string, number | null][];
  return rows.map(([id, name, weight]) => ({ id, name, weight }));
}

export const isSame = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();
