/**
 * What a platform user should look like, and what has to be done so that it does: pure functions, no HTTP. Only an invitation
 * is a call; everything else is a step for a person, in the platform's own words.
 */
import { email, familyName, fieldsBut, givenName, required } from '../person.ts';
import type { Desired, Fields, Keys, Mapped, Memory, Observed, Person, Step, StepKind } from '../target.ts';
import {
  canonical,
  chosen,
  handleOf,
  organisationId,
  readAssignment,
  readRoles,
  roleCalled,
  rolesIn,
} from './roles.ts';
import { itemsOf, type Settings } from './settings.ts';

export const mapping: Record<string, Mapped> = {
  Email: { ...email, description: 'E-mail address: the invitation goes there, and it identifies the user' },
  FirstName: givenName,
  LastName: familyName,
};

/** A field of the observed record beside the user's own: the platform's roles with their weights, for the plan. */
export const ROLES_FIELD = 'PlatformRoles';

const LABELS: Readonly<Record<string, string>> = { FirstName: 'first name', LastName: 'last name' };

export function desired(person: Person, settings: Settings): Desired | null {
  if (person.presence === 'absent') return null;
  const wanted = person.assignments.map((assignment) => canonical(assignment, settings));
  return {
    presence: person.presence,
    keys: keysOf(required(person, 'Email')),
    fields: fieldsBut(person, 'Email'),
    assignments: person.presence === 'active' ? [...new Set(wanted)] : [],
  };
}

export function keysOf(address: string): Keys {
  return { Email: address.trim().toLowerCase() };
}

export function plan(desired: Desired | null, observed: Observed | null, memory: Memory, settings: Settings): Step[] {
  // Nobody is mailed who may not come in.
  if (observed === null) return desired?.presence === 'active' ? invitation(desired, settings) : [];
  const who = nameOf(observed);
  if (desired === null) return [byHand('delete', `delete ${who}`)];
  if (desired.presence === 'inactive') return observed.enabled ? [byHand('disable', `block ${who}`)] : [];
  return [
    ...correction(desired, observed, who),
    ...(observed.enabled ? [] : [byHand('enable', `unblock ${who}`)]),
    ...roleSteps(desired, observed, memory, settings, who),
    ...organisationSteps(desired, observed, memory, settings, who),
  ];
}

const ofKind = (assignments: readonly string[], kind: string) =>
  assignments.filter((assignment) => readAssignment(assignment).kind === kind);

/** Which role of several is sent only the platform's weights tell: they are read at the moment of sending. */
function invitation({ keys, fields, assignments }: Desired, settings: Settings): Step[] {
  const filled = Object.entries(fields).filter(([, value]) => value !== '');
  const wantedRoles = ofKind(assignments, 'role');
  const wantedPlaces = ofKind(assignments, 'organisation');
  const roles = wantedRoles.length > 0 || settings.defaultRole === '' ? wantedRoles : [`role:${settings.defaultRole}`];
  const known = wantedPlaces.filter((place) => idOf(place, settings) !== null);
  const places = wantedPlaces.length > 0 ? known : defaultPlaces(settings);
  const names = roles.map((role) => readAssignment(role).name);
  return [
    {
      kind: 'create',
      call: `POST ${settings.invitePath}`,
      body: {
        Email: keys.Email ?? '',
        ...Object.fromEntries(filled),
        ...(names.length > 0 && {
          [settings.roleField]: names.length > 1 ? `${settings.roleByWeight} of ${names.join(', ')}` : (names[0] ?? ''),
        }),
        ...(settings.identityProvider !== '' && { [settings.identityProviderField]: settings.identityProvider }),
        OrganizationIds: places.map((place) => idOf(place, settings)).join(', '),
      },
      grants: [...roles, ...places],
    },
    // The invitation leaves out what the platform does not have; these say so, each for itself.
    ...wantedRoles.map((role) => looked(role, settings)),
    ...wantedPlaces.filter((place) => !known.includes(place)).map((place) => looked(place, settings)),
  ];
}

function defaultPlaces(settings: Settings): string[] {
  return itemsOf(settings.defaultOrganisations).map((name) => canonical(`organisation:${name}`, settings));
}

const idOf = (place: string, settings: Settings) => organisationId(readAssignment(place).name, settings);

/** No call gives a role or an organisation to somebody: this one only finds out whether there is such a thing. */
const looked = (subject: string, settings: Settings): Step => {
  return { kind: 'assign', call: `GET ${settings.rolesPath}`, subject };
};

function byHand(kind: StepKind, what: string, more: Partial<Step> = {}): Step {
  return { kind, call: 'by hand', manual: `In the platform's user management, ${what}.`, ...more };
}

function nameOf({ id, keys, fields }: Observed): string {
  const name = [fields.FirstName, fields.LastName].filter((part) => part).join(' ');
  return `the user ${name === '' ? '' : `${name}, `}${keys.Email} (id ${id})`;
}

/** What a listing does not show is neither compared nor asked for. */
function correction({ keys, fields }: Desired, observed: Observed, who: string): Step[] {
  const wanted: Fields = { ...fields, Email: keys.Email ?? '' };
  const seen: Fields = { ...observed.fields, Email: observed.keys.Email ?? '' };
  const changes = Object.keys(wanted).filter((name) => name in seen && wanted[name] !== seen[name]?.trim());
  if (changes.length === 0) return [];
  const words = changes.map((name) => {
    const label = name === 'Email' ? 'e-mail address' : (LABELS[name] ?? name);
    return wanted[name] ? `the ${label} to "${wanted[name]}"` : `the ${label} to nothing`;
  });
  return [byHand('update', `change ${words.join(' and ')} for ${who}`, { changes })];
}

/** One role is wanted of each person; only those that we had given are taken, and the default stays if none is wanted. */
function roleSteps(
  { assignments }: Desired,
  observed: Observed,
  memory: Memory,
  settings: Settings,
  who: string,
): Step[] {
  const roles = readRoles(observed.fields[ROLES_FIELD]);
  const find = (assignment: string) => roleCalled(readAssignment(assignment).name, roles, settings);
  const granted = ofKind(memory.granted, 'role');
  const wanted = ofKind(assignments, 'role');
  // Unseen, what was granted counts as held, but for a role that lost by its weight: it was never given.
  const held = observed.assignments ?? granted;
  const mayBeHeld = (role: string) => held.includes(role) && (observed.assignments !== null || !wanted.includes(role));
  const winner = chosen(rolesIn(wanted, roles, settings), settings);
  const kept = winner ?? find(`role:${settings.defaultRole}`);
  const handle = kept && `role:${handleOf(kept, settings)}`;
  const taken = granted.filter((role) => mayBeHeld(role) && find(role) !== null && role !== handle);
  const lacks = kept && handle !== null && !held.includes(handle);
  const instead = lacks && winner === null ? ` and give the role ${kept.name}` : '';
  return [
    ...taken.map((subject) =>
      byHand('unassign', `take the role ${find(subject)?.name} from ${who}${instead}`, { subject }),
    ),
    ...(lacks && winner ? [byHand('assign', `give the role ${winner.name} to ${who}`, { subject: handle })] : []),
    ...wanted.filter((role) => find(role) === null).map((role) => looked(role, settings)),
  ];
}

function organisationSteps(
  { assignments }: Desired,
  observed: Observed,
  memory: Memory,
  settings: Settings,
  who: string,
): Step[] {
  const granted = ofKind(memory.granted, 'organisation');
  const held = ofKind(observed.assignments ?? granted, 'organisation');
  const wanted = ofKind(assignments, 'organisation');
  const kept = wanted.length > 0 ? wanted : defaultPlaces(settings);
  const label = (place: string) => {
    const { name } = readAssignment(place);
    const id = organisationId(name, settings);
    return id === null || id === name ? name : `${name} (id ${id})`;
  };
  return [
    ...granted
      .filter((place) => held.includes(place) && !kept.includes(place))
      .map((subject) => byHand('unassign', `remove ${who} from the organisation ${label(subject)}`, { subject })),
    ...wanted
      .filter((place) => !held.includes(place))
      .map((subject) =>
        idOf(subject, settings) === null
          ? looked(subject, settings)
          : byHand('assign', `add ${who} to the organisation ${label(subject)}`, { subject }),
      ),
  ];
}
