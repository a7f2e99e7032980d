/**
 * What a Qflow Enterprise user should look like, and the calls that make it so: pure functions, no HTTP. The marker of the
 * emulated disable lives here because both what is read and what is planned depend on it.
 */

import { email, familyName, fieldsBut, givenName, required, userName } from '../person.ts';
import { canonicalName, pinOf, sameEmail } from '../qflow-account.ts';
import type { Desired, Fields, Mapped, Observed, Person, Step } from '../target.ts';
import type { Settings } from './settings.ts';

/** A user as the API gives it, without `password` (cut out at the door). */
export type UserRecord = Readonly<Record<string, unknown>> & { id: string };

/** There is no enabled flag, so this in `customData` says that the password was scrambled, or that a person disabled the user. */
export const DISABLED_MARKER = '[linkspan:disabled]';

/** Stands for a password that is made at the moment of sending and kept nowhere. */
export const RANDOM = '<random>';

/** Stands for the password that the identity provider or an administrator gave (`Subject.password`). */
export const GIVEN = '<given>';

const API = '/users/v1/api';

/** Whoever has no company or time zone in the directory keeps the one that stands there. */
export const mapping: Record<string, Mapped> = {
  userName: { ...userName, description: "Name to log in with; the enterprise's pin is put before it" },
  firstName: givenName,
  lastName: familyName,
  email,
  companyName: {
    expression: 'user["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"].organization',
    description: 'Company',
  },
  timeZoneId: { expression: 'user.timezone', description: 'Time zone' },
};

export function desired(person: Person, settings: Settings): Desired | null {
  if (person.presence === 'absent') return null;
  if (person.presence === 'inactive' && settings.disableBy === 'delete') return null;
  const keys = { userName: fullName(required(person, 'userName'), settings), email: required(person, 'email') };
  return {
    presence: person.presence,
    keys,
    fields: fieldsBut(person, 'userName'),
    assignments: [],
    password: person.password,
  };
}

/** Neither kept as fields nor compared: keys, what is ours to keep out of sight, and the marker's place. */
const NOT_FIELDS = ['id', 'userName', 'password', 'customData'];

/** With the enterprise's pin before it, as Qflow asks for it. */
function fullName(userName: string, settings: Settings): string {
  const pin = pinOf(settings);
  const isPrefixed = userName.toLowerCase().startsWith(`${pin.toLowerCase()}/`);
  return `${pin}/${isPrefixed ? userName.slice(pin.length + 1) : userName}`;
}

export function observe(record: UserRecord, settings: Settings): Observed {
  const texts = Object.entries(record).filter(
    ([name, value]) => typeof value === 'string' && !NOT_FIELDS.includes(name),
  );
  return {
    id: record.id,
    keys: { userName: fullName(text(record.userName), settings), email: text(record.email) },
    fields: Object.fromEntries(texts) as Fields,
    enabled: !text(record.customData).includes(DISABLED_MARKER),
    assignments: [],
  };
}

export function plan(desired: Desired | null, observed: Observed | null, settings: Settings): Step[] {
  if (desired === null) {
    return observed ? [{ kind: 'delete', call: `DELETE ${API}/user`, body: { id: observed.id } }] : [];
  }
  if (observed === null) return [{ kind: 'create', call: `POST ${API}/user`, body: newUser(desired) }];
  const steps: Step[] = [];
  const { id } = observed;
  if (desired.presence === 'inactive' && observed.enabled) steps.push(disable(observed, settings));
  const pin = pinOf(settings);
  const userName = desired.keys.userName ?? '';
  if (canonicalName(observed.keys.userName ?? '', pin) !== canonicalName(userName, pin)) {
    const body = { id, oldUserName: observed.keys.userName ?? '', newUserName: userName };
    steps.push({ kind: 'rename', call: `PUT ${API}/user/changeusername`, body });
  }
  const changes = Object.entries(desired.fields).filter(([name, value]) => differs(name, value, observed.fields[name]));
  if (changes.length > 0) {
    const body = { id, ...Object.fromEntries(changes) };
    steps.push({ kind: 'update', call: `PUT ${API}/user`, body, changes: changes.map(([name]) => name) });
  }
  return [...steps, ...letIn(desired, observed)];
}

/** By hand, what shows that it was done is what a read can see: the user gone, or the mark. */
function disable({ id, keys }: Observed, { disableBy }: Settings): Step {
  if (disableBy === 'keep') {
    const manual = `In Qflow, take the access of ${keys.userName} (user ${id}) away: delete the user, or change the password and write ${DISABLED_MARKER} into customData. Either is seen and closes this; no other way of doing it can be read from Qflow.`;
    return { kind: 'disable', call: 'by hand', manual };
  }
  const body = { id, newPassword: RANDOM, customData: DISABLED_MARKER };
  return { kind: 'disable', call: `PUT ${API}/user/changepassword, PUT ${API}/user`, body };
}

/**
 * The mark is taken away and a given password is set, who is inactive gets none: it would open the account. It goes last, as
 * any PUT may blank it [A]; an enable is a PUT and comes after the updates, so there both are one step.
 */
function letIn({ presence, password }: Desired, { id, enabled }: Observed): Step[] {
  if (presence === 'inactive') return [];
  const given: Record<string, string> = password === 'given' ? { newPassword: GIVEN } : {};
  const call = `PUT ${API}/user/changepassword`;
  if (enabled)
    return password === 'given' ? [{ kind: 'update', call, body: { id, ...given }, changes: ['password'] }] : [];
  const calls = [`PUT ${API}/user`, ...(password === 'given' ? [call] : [])];
  return [{ kind: 'enable', call: calls.join(', '), body: { id, customData: '', ...given } }];
}

/** Made disabled at once where it should be: there is nothing to scramble before there is a user. */
function newUser({ keys, fields, presence, password = 'random' }: Desired): Record<string, string> {
  const filled = Object.entries(fields).filter(([, value]) => value !== '');
  const secret = presence === 'inactive' ? RANDOM : { random: RANDOM, given: GIVEN, none: null }[password];
  return {
    userName: keys.userName ?? '',
    ...Object.fromEntries(filled),
    ...(secret !== null && { password: secret }),
    ...(presence === 'inactive' && { customData: DISABLED_MARKER }),
  };
}

function differs(name: string, wanted: string, seen = ''): boolean {
  return name === 'email' ? !sameEmail(wanted, seen) : wanted !== seen.trim();
}

/** `customData` with the marker, beside whatever stands there. */
export function marked(customData: unknown): string {
  const kept = text(customData);
  return kept.includes(DISABLED_MARKER) ? kept : `${kept} ${DISABLED_MARKER}`.trimStart();
}

/** `customData` as it was before `marked`. */
export function unmarked(customData: unknown): string {
  return text(customData).replaceAll(` ${DISABLED_MARKER}`, '').replaceAll(DISABLED_MARKER, '');
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
