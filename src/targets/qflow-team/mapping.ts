/**
 * What a Qflow team member should look like, and the calls that make it so: pure functions, no HTTP. Keys are the names that
 * Qflow compares: trimmed, lower-cased, without the enterprise's pin.
 */
import { email, familyName, fieldsBut, givenName, required, userName } from '../person.ts';
import { canonicalName } from '../qflow-account.ts';
import type { Desired, Fields, Mapped, Memory, Observed, Person, Step } from '../target.ts';
import { namespaceOf, type Settings } from './settings.ts';

/** A member as the API gives it. */
export type Member = Readonly<Record<string, unknown>> & { id: string };

/** Stands for the password that the identity provider or an administrator gave (`Subject.password`). */
export const GIVEN = '<given>';

export const mapping: Record<string, Mapped> = { userName, email, firstName: givenName, lastName: familyName };

export function desired(person: Person, settings: Settings): Desired | null {
  if (person.presence === 'absent') return null;
  const address = required(person, 'email').toLowerCase();
  return {
    presence: person.presence,
    keys: { userName: canonicalName(required(person, 'userName'), namespaceOf(settings)), email: address },
    fields: { ...fieldsBut(person, 'userName'), email: address },
    assignments: person.presence === 'active' ? person.assignments : [],
    password: person.password,
  };
}

/** As Qflow compares it. */
export function nameOf(member: Member, settings: Settings): string {
  return canonicalName(text(member.userName), namespaceOf(settings));
}

/** @param assignments ids of the member's events, null where they were not read. */
export function observe(member: Member, assignments: readonly string[] | null, settings: Settings): Observed {
  const email = text(member.email).trim().toLowerCase();
  const texts = Object.entries(member).filter(
    ([name, value]) => typeof value === 'string' && !['id', 'userName', 'password'].includes(name),
  );
  return {
    id: member.id,
    keys: { userName: nameOf(member, settings), email },
    fields: { ...(Object.fromEntries(texts) as Fields), email },
    // A member without events may log in and see nothing: there is no flag beside the assignments.
    enabled: true,
    assignments,
  };
}

export function plan(desired: Desired | null, observed: Observed | null, memory: Memory, settings: Settings): Step[] {
  if (desired === null) {
    return observed ? [{ kind: 'delete', call: 'DELETE /api/teammember/delete', body: { id: observed.id } }] : [];
  }
  const id = observed?.id ?? '{id}';
  const notify = settings.notifyTeamMember ? '?notifyTeamMember=true' : '';
  const { give, take } = assignmentsOf(desired, observed, memory);
  return [
    ...take.map((event): Step => {
      return { kind: 'unassign', call: `POST /api/teammember/${id}/unassign/${event}`, subject: event };
    }),
    ...(observed ? correct(desired, observed) : [create(desired)]),
    ...give.map((event): Step => {
      return { kind: 'assign', call: `POST /api/teammember/${id}/assign/${event}${notify}`, subject: event };
    }),
  ];
}

/**
 * Active: what is wanted, and what others had given before we took it away, is given; only what we gave is taken. Inactive:
 * whatever was read is taken (the engine remembers what others had given); unread, what we gave.
 */
function assignmentsOf(
  desired: Desired,
  observed: Observed | null,
  memory: Memory,
): { give: string[]; take: string[] } {
  const seen = observed ? observed.assignments : [];
  if (desired.presence === 'inactive') return { give: [], take: [...(seen ?? memory.granted)] };
  const wanted = new Set([...desired.assignments, ...memory.remembered]);
  return {
    give: [...wanted].filter((event) => !seen?.includes(event)),
    take: memory.granted.filter((event) => !wanted.has(event) && (seen === null || seen.includes(event))),
  };
}

/** Where none is given, Qflow makes a password that nobody sees: that is what `random` asks for. */
function create(desired: Desired): Step {
  const { keys, fields } = desired;
  const filled = Object.entries(fields).filter(([, value]) => value !== '');
  return {
    kind: 'create',
    call: 'POST /api/teammember',
    body: { userName: keys.userName ?? '', ...Object.fromEntries(filled), ...givenTo(desired) },
  };
}

/** Only to who should have access. */
function givenTo({ presence, password }: Desired): Record<string, string> {
  return presence === 'active' && password === 'given' ? { password: GIVEN } : {};
}

/**
 * One PUT carries the whole record, the name included; it is a rename as soon as the name differs. Without a password it
 * leaves that as it is.
 */
function correct(desired: Desired, observed: Observed): Step[] {
  const { keys, fields } = desired;
  const userName = keys.userName ?? '';
  const renamed = userName === observed.keys.userName ? [] : ['userName'];
  const changed = Object.keys(fields).filter((name) => fields[name] !== (observed.fields[name] ?? '').trim());
  const given = givenTo(desired);
  const changes = [...renamed, ...changed, ...Object.keys(given)];
  if (changes.length === 0) return [];
  return [
    {
      kind: renamed.length > 0 ? 'rename' : 'update',
      call: 'PUT /api/teammember/update',
      body: { ...observed.fields, ...fields, id: observed.id, userName, ...given },
      changes,
    },
  ];
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
